"""Both memories, beside a robot that publishes ObservationArray: what a user with a robot of their own starts."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution, PythonExpression
from launch_ros.actions import Node, PushRosNamespace
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare


def generate_launch_description() -> LaunchDescription:
    """The nodes scene_graph and memory. They configure and activate themselves."""
    config = PathJoinSubstitution([FindPackageShare("karma"), "config", "memory.yaml"])
    use_sim_time = {"use_sim_time": ParameterValue(LaunchConfiguration("use_sim_time"), value_type=bool)}
    perception = LaunchConfiguration("perception")
    observer = PythonExpression(["'scene_graph' if '", perception, "' == 'camera' else ''"])
    robot = {"robot": ParameterValue(LaunchConfiguration("robot"), value_type=str)}
    return LaunchDescription(
        [
            DeclareLaunchArgument("namespace", default_value="", description="namespace of the nodes"),
            DeclareLaunchArgument(
                "robot", default_value="robot", description="name of the robot's node, relative to the namespace"
            ),
            DeclareLaunchArgument("policy", default_value="adaptive", description="replacement policy"),
            DeclareLaunchArgument("capacity", default_value="25", description="units in the short-term memory"),
            DeclareLaunchArgument("database", default_value="", description="file that keeps memory across restarts"),
            DeclareLaunchArgument("graph_file", default_value="", description="scene graph to begin with"),
            DeclareLaunchArgument(
                "perception", default_value="robot", description="camera: perceive from the robot's camera"
            ),
            DeclareLaunchArgument("use_sim_time", default_value="false", description="take time from /clock"),
            GroupAction(
                [
                    PushRosNamespace(LaunchConfiguration("namespace")),
                    Node(
                        package="karma",
                        executable="graph_server",
                        name="scene_graph",
                        output="screen",
                        parameters=[
                            config,
                            use_sim_time,
                            robot,
                            {
                                "graph_file": ParameterValue(LaunchConfiguration("graph_file"), value_type=str),
                                "perception": ParameterValue(perception, value_type=str),
                            },
                        ],
                    ),
                    Node(
                        package="karma",
                        executable="memory_server",
                        name="memory",
                        output="screen",
                        parameters=[
                            config,
                            use_sim_time,
                            robot,
                            {
                                "observer": ParameterValue(observer, value_type=str),
                                "policy": ParameterValue(LaunchConfiguration("policy"), value_type=str),
                                "capacity": ParameterValue(LaunchConfiguration("capacity"), value_type=int),
                                "database": ParameterValue(LaunchConfiguration("database"), value_type=str),
                            },
                        ],
                    ),
                ]
            ),
        ]
    )
