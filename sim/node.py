"""The node `robot`, for AI2-THOR: its sensors as topics, its skills as an action.

A physical robot takes this node's place under the same name, with the same `~/observations` and `~/execute_skill`.
"""

from __future__ import annotations

import array
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from karma import msg, srv
from karma.action import ExecuteSkill
from nav_msgs.msg import Odometry
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.clock import Clock, ClockType
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import CameraInfo, Image

from planner_node.robot import Frame, SkillCode, SkillResult
from planner_node.ros.messages import call_from_goal, frame_to_message, result_to_message
from scene_graph.ros.managed import ManagedNode, run
from scene_graph.ros.messages import header, pose_from_planar, quaternion_from_matrix, time_from_seconds
from scene_graph.ros.qos import CLOCK, EVENTS, LATCHED, SENSOR, TRANSFORMS
from sim import frames
from sim.bridge import ThorRobot
from sim.changes import apply_changes
from sim.errors import SimError
from sim.noise import LIMITS as NOISE_LIMITS
from sim.noise import WORDS as NOISE_WORDS
from sim.noise import SensorNoise
from sim.simulation import Simulation

try:
    from tf2_msgs.msg import TFMessage
except ImportError:
    TFMessage = None

__all__ = ["RobotNode", "main"]

_REPEAT = 1.0
"""Seconds, wall time, between repetitions of the newest frame and of the clock: for nodes that came later."""


class RobotNode(ManagedNode):
    """AI2-THOR's agent as a ROS robot.

    Args:
        start: Makes the simulation from scene, width, height and real_thor. Whoever also has to watch it, as the judge
            has, passes their own.
        errors: Further exceptions that `start` and a subclass's services report.
    """

    def __init__(
        self, start: Callable[..., Simulation] = Simulation.start, *, errors: tuple[type[Exception], ...] = ()
    ) -> None:
        super().__init__("robot", errors=(SimError, *errors))
        self._start = start
        self.parameter("scene", "FloorPlan1", "floor plan: FloorPlan1-30, 201-230, 301-330 or 401-430")
        self.parameter("width", 800, "of the camera's images, pixels", low=100, high=1920)
        self.parameter("height", 600, "of the camera's images, pixels", low=100, high=1080)
        self.parameter("real_thor", False, "drive the real Unity player, which AI2-THOR downloads")
        self.parameter("reissue_ids", True, "give every object a new sensor id in every frame")
        for name, (low, high) in NOISE_LIMITS.items():
            self.parameter(f"noise_{name}", 0.0, NOISE_WORDS[name], low=low, high=high)
        self.parameter("noise_seed", 0, "seed of all sensor noise", low=0, high=2**31 - 1)
        self.parameter(
            "perceive",
            True,
            "publish what perception makes of the camera's images; false: leave that to the scene_graph node",
        )
        self.parameter("map_frame", "map", "name of the map frame")
        self.parameter("odom_frame", "odom", "name of the odometry frame; it coincides with the map's")
        self.parameter("base_frame", "base_link", "name of the frame of the robot's base, on the floor")
        self.parameter("camera_frame", "camera_optical_frame", "name of the camera's optical frame")
        self._simulation: Simulation | None = None
        self._robot: ThorRobot | None = None
        self._busy = threading.Lock()
        self._running: Any = None

        self._observations = self.create_publisher(msg.ObservationArray, "~/observations", EVENTS)
        self._color = self.create_publisher(Image, "~/camera/color", SENSOR)
        self._depth = self.create_publisher(Image, "~/camera/depth", SENSOR)
        self._instances = self.create_publisher(Image, "~/camera/instances", SENSOR)
        self._camera_info = self.create_publisher(CameraInfo, "~/camera/camera_info", SENSOR)
        self._legend = self.create_publisher(msg.InstanceLegend, "~/camera/legend", LATCHED)
        self._odometry = self.create_publisher(Odometry, "~/odometry", SENSOR)
        self._clock_topic = self.create_publisher(ClockMessage, "/clock", CLOCK)
        self._tf = None if TFMessage is None else self.create_publisher(TFMessage, "/tf", TRANSFORMS)
        self.serve(srv.Disturb, "~/disturb", self._disturb)
        self._skills = ActionServer(
            self,
            ExecuteSkill,
            "~/execute_skill",
            self._execute,
            goal_callback=lambda _: GoalResponse.ACCEPT,
            cancel_callback=self._cancel,
        )
        self.create_timer(_REPEAT, self._repeat, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def simulation(self) -> Simulation | None:
        """The running simulation, once configured."""
        return self._simulation

    @property
    def robot(self) -> ThorRobot | None:
        """The robot in it, once configured."""
        return self._robot

    # Life cycle.

    def configure(self) -> None:
        """Start the simulator and load the scene."""
        if self._tf is None:
            self.get_logger().warning("tf2_msgs is missing, so /tf is not published: apt install ros-jazzy-tf2-msgs")
        scene = str(self.value("scene"))
        self.get_logger().info(f"starting the simulator with {scene}")
        self._simulation = self._start(
            scene, width=self.value("width"), height=self.value("height"), real_thor=self.value("real_thor")
        )
        noise = SensorNoise(**{name: self.value(f"noise_{name}") for name in (*NOISE_LIMITS, "seed")})
        self._robot = ThorRobot(
            self._simulation,
            reissue_tokens=self.value("reissue_ids"),
            noise=noise,
            perceives=self.value("perceive"),
        )
        self._robot.subscribe(self._publish_frame)

    def activate(self) -> None:
        """Show the first frame."""
        self.submit(self._repeat_in_worker)

    def deactivate(self) -> None:
        """Stop the skill that is being executed."""
        if self._robot is not None:
            self._robot.cancel()

    def cleanup(self) -> None:
        """End the simulator."""
        self.deactivate()
        if self._simulation is not None:
            self._simulation.close()
        self._robot = None
        self._simulation = None

    # Skills.

    def _cancel(self, goal: Any) -> Any:
        if self._running is goal and self._robot is not None:
            self._robot.cancel()
        return CancelResponse.ACCEPT

    async def _execute(self, goal: Any) -> Any:
        refusal = None
        if not self.active:
            refusal = self.inactive_message
        elif not self._busy.acquire(blocking=False):
            refusal = "another skill is being executed; cancel it or wait for its end"
        if refusal is not None:
            goal.abort()
            return result_to_message(SkillResult(code=SkillCode.FAILED, message=refusal))
        try:
            result = await self.in_worker(self._perform, goal)
        finally:
            self._busy.release()
        if result.code is SkillCode.CANCELLED and goal.is_cancel_requested:
            goal.canceled()
        elif result.ok:
            goal.succeed()
        else:
            goal.abort()
        return result_to_message(result)

    def _perform(self, goal: Any) -> SkillResult:
        assert self._robot is not None
        if goal.is_cancel_requested:
            return SkillResult(code=SkillCode.CANCELLED, message="cancelled before it began")
        end = self._robot.subscribe(
            lambda frame: goal.publish_feedback(ExecuteSkill.Feedback(seq=frame.seq)) if self.context.ok() else None
        )
        self._running = goal
        try:
            return self._robot.execute(call_from_goal(goal.request))
        except SimError as error:
            self.get_logger().error(str(error))
            return SkillResult(code=SkillCode.FAILED, message=str(error))
        finally:
            self._running = None
            end()

    def _disturb(self, request: Any, response: Any) -> None:
        response.message = self.disturb(request.changes)

    def disturb(self, changes: str) -> str:
        """Change the home behind the robot's back, in the worker thread; returns in words what was done.

        Args:
            changes: As in task files, see `sim.changes`.

        Raises:
            DisturbanceError: If it cannot be done.
        """
        assert self._simulation is not None
        return apply_changes(self._simulation, changes)

    # Sensors.

    def _repeat(self) -> None:
        """Show nodes that came later where things stand; the same frame, under the same number."""
        if self.active and not self._busy.locked():
            self.submit(self._repeat_in_worker)

    def _repeat_in_worker(self) -> None:
        if self._robot is not None:
            self._publish_frame(self._robot.frame())

    def _publish_frame(self, frame: Frame) -> None:
        stamp = time_from_seconds(frame.stamp)
        self.publish(self._clock_topic, ClockMessage(clock=stamp))
        self._publish_pose(frame)
        self._publish_images(frame)
        self.publish(self._observations, frame_to_message(frame, map_frame=self.value("map_frame")))

    def _publish_pose(self, frame: Frame) -> None:
        odom, base = self.value("odom_frame"), self.value("base_frame")
        odometry = Odometry(header=header(frame.stamp, odom), child_frame_id=base)
        odometry.pose.pose = pose_from_planar(*frame.robot_pose)
        self.publish(self._odometry, odometry)
        if self._tf is None:
            return
        x, y, yaw = frame.robot_pose
        base_in_map = np.eye(4)
        base_in_map[:2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
        base_in_map[:2, 3] = x, y
        transforms = [
            _transform(frame.stamp, self.value("map_frame"), odom, np.eye(4)),
            _transform(frame.stamp, odom, base, base_in_map),
        ]
        if frame.view is not None:
            camera_in_base = np.linalg.inv(base_in_map) @ frame.view.pose
            transforms.append(_transform(frame.stamp, base, self.value("camera_frame"), camera_in_base))
        self.publish(self._tf, TFMessage(transforms=transforms))

    def _publish_images(self, frame: Frame) -> None:
        """Publish what somebody listens to: filling an image costs more than everything else in a frame."""
        assert self._simulation is not None
        assert self._robot is not None
        event = self._simulation.event
        head = header(frame.stamp, self.value("camera_frame"))
        if self._camera_info.get_subscription_count():
            self.publish(self._camera_info, _camera_info(head, event))
        if self._color.get_subscription_count():
            self.publish(self._color, _image(head, "rgb8", np.asarray(event.frame, dtype=np.uint8)))
        if self._depth.get_subscription_count():
            self.publish(self._depth, _image(head, "32FC1", self._robot.view.depth))
        if self._instances.get_subscription_count() or self._legend.get_subscription_count():
            assert self._robot is not None
            image, legend = self._robot.instances()
            self.publish(self._instances, _image(head, "16UC1", image))
            self.publish(
                self._legend,
                msg.InstanceLegend(
                    header=head,
                    seq=frame.seq,
                    instances=[
                        msg.InstanceLabel(
                            value=value,
                            object_id=thing.object_id or "",
                            label=thing.label,
                            states=sorted(thing.states),
                            confidence=thing.confidence,
                        )
                        for value, thing in legend.items()
                    ],
                ),
            )


def _image(head: Any, encoding: str, pixels: npt.NDArray[Any]) -> Image:
    height, width = pixels.shape[:2]
    data = array.array("B")
    # An array of the field's own type is taken as it is; a NumPy array would be copied element by element.
    data.frombytes(np.ascontiguousarray(pixels).tobytes())
    return Image(header=head, height=height, width=width, encoding=encoding, step=len(data) // height, data=data)


def _camera_info(head: Any, event: Any) -> CameraInfo:
    height, width = event.depth_frame.shape
    fx, fy, cx, cy = frames.intrinsics(width, height, event.metadata["fov"])
    return CameraInfo(
        header=head,
        height=height,
        width=width,
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def _transform(stamp: float, parent: str, child: str, pose: npt.NDArray[Any]) -> TransformStamped:
    x, y, z = (float(v) for v in pose[:3, 3])
    rotation: Quaternion = quaternion_from_matrix(pose[:3, :3])
    return TransformStamped(
        header=header(stamp, parent),
        child_frame_id=child,
        transform=Transform(translation=Vector3(x=x, y=y, z=z), rotation=rotation),
    )


def main() -> None:
    """Start the node."""
    run(RobotNode)
