"""The simulated robot: AI2-THOR's bridge under the name that a physical robot would have."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node, PushRosNamespace
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare


def generate_launch_description() -> LaunchDescription:
    """The node robot. It configures and activates itself."""
    return LaunchDescription(
        [
            DeclareLaunchArgument("namespace", default_value="", description="namespace of the node"),
            DeclareLaunchArgument("scene", default_value="FloorPlan1", description="one of AI2-THOR's floor plans"),
            DeclareLaunchArgument("real_thor", default_value="false", description="drive the real Unity player"),
            DeclareLaunchArgument("perceive", default_value="true", description="false: leave that to scene_graph"),
            GroupAction(
                [
                    PushRosNamespace(LaunchConfiguration("namespace")),
                    Node(
                        package="karma",
                        executable="robot_sim",
                        name="robot",
                        output="screen",
                        parameters=[
                            PathJoinSubstitution([FindPackageShare("karma"), "config", "sim.yaml"]),
                            {
                                "scene": ParameterValue(LaunchConfiguration("scene"), value_type=str),
                                "real_thor": ParameterValue(LaunchConfiguration("real_thor"), value_type=bool),
                                "perceive": ParameterValue(LaunchConfiguration("perceive"), value_type=bool),
                            },
                        ],
                    ),
                ]
            ),
        ]
    )
