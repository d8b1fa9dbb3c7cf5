"""Everything: the simulated robot, both memories, and the planner, ready for `ros2 action send_goal`."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution, PythonExpression
from launch_ros.actions import Node, PushRosNamespace
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare


def generate_launch_description() -> LaunchDescription:
    """The nodes robot, scene_graph, memory and planner; RViz if asked for. They configure and activate themselves."""
    share = FindPackageShare("karma")
    namespace, perception = LaunchConfiguration("namespace"), LaunchConfiguration("perception")
    by_camera = ["'", perception, "' == 'camera'"]
    observer = PythonExpression(["'scene_graph' if ", *by_camera, " else ''"])
    database = LaunchConfiguration("database")
    experience = PythonExpression(["'", database, "' and '", database, ".experience'"])
    return LaunchDescription(
        [
            DeclareLaunchArgument("namespace", default_value="", description="namespace of all nodes"),
            DeclareLaunchArgument("scene", default_value="FloorPlan1", description="one of AI2-THOR's floor plans"),
            DeclareLaunchArgument("real_thor", default_value="false", description="drive the real Unity player"),
            DeclareLaunchArgument("planner", default_value="learned", description="learned, rules or llm"),
            DeclareLaunchArgument("policy", default_value="adaptive", description="replacement policy"),
            DeclareLaunchArgument("capacity", default_value="25", description="units in the short-term memory"),
            DeclareLaunchArgument("database", default_value="", description="file that keeps memory across restarts"),
            DeclareLaunchArgument(
                "perception", default_value="robot", description="camera: the scene_graph node perceives"
            ),
            DeclareLaunchArgument("rviz", default_value="false", description="start RViz"),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(PathJoinSubstitution([share, "launch", "sim.launch.py"])),
                launch_arguments={
                    "namespace": namespace,
                    "scene": LaunchConfiguration("scene"),
                    "real_thor": LaunchConfiguration("real_thor"),
                    "perceive": PythonExpression(["'false' if ", *by_camera, " else 'true'"]),
                }.items(),
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(PathJoinSubstitution([share, "launch", "memory.launch.py"])),
                launch_arguments={
                    "namespace": namespace,
                    "policy": LaunchConfiguration("policy"),
                    "capacity": LaunchConfiguration("capacity"),
                    "database": database,
                    "perception": perception,
                    "use_sim_time": "true",
                }.items(),
            ),
            GroupAction(
                [
                    PushRosNamespace(namespace),
                    Node(
                        package="karma",
                        executable="planner_server",
                        name="planner",
                        output="screen",
                        parameters=[
                            PathJoinSubstitution([share, "config", "planner.yaml"]),
                            {
                                "planner": ParameterValue(LaunchConfiguration("planner"), value_type=str),
                                "observer": ParameterValue(observer, value_type=str),
                                # What tasks taught is kept beside memory's file, where there is one.
                                "experience": ParameterValue(experience, value_type=str),
                            },
                        ],
                    ),
                    Node(
                        package="rviz2",
                        executable="rviz2",
                        name="rviz",
                        arguments=["-d", PathJoinSubstitution([share, "rviz", "karma.rviz"])],
                        condition=IfCondition(LaunchConfiguration("rviz")),
                    ),
                ]
            ),
        ]
    )
