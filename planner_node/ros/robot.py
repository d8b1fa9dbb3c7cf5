"""A robot that another node serves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from karma import msg
from karma.action import ExecuteSkill
from rclpy.action.client import ActionClient
from rclpy.node import Node

from planner_node.robot import Frame, SkillCall, SkillCode, SkillResult
from planner_node.ros.messages import call_to_goal, frame_from_message, result_from_message
from scene_graph.ros.frames import FrameOrder
from scene_graph.ros.managed import NodeError, ask
from scene_graph.ros.qos import EVENTS

__all__ = ["RosRobot"]


class RosRobot:
    """The planner's `Robot`, over `execute_skill` and `ObservationArray`: any embodiment that serves the two.

    It blocks the thread that calls it, which must not be the executor's.

    Args:
        node: Whose executor completes what this waits for.
        robot: Name of the robot's node, relative to the node's namespace or absolute.
        observer: Name of the node whose ``observations`` to take; empty for the robot.
        start_timeout: Seconds to wait for the robot's first frame and for its action server.
        skill_timeout: Seconds, on a steady clock, after which a skill counts as lost.
    """

    def __init__(
        self,
        node: Node,
        robot: str,
        *,
        observer: str = "",
        start_timeout: float = 10.0,
        skill_timeout: float = 300.0,
    ) -> None:
        self._node = node
        self._robot = robot
        self._observer = observer or robot
        self._start_timeout = start_timeout
        self._skill_timeout = skill_timeout
        self._listeners: list[Callable[[Frame], None]] = []
        self._newest: Frame | None = None
        self._order = FrameOrder()
        self._arrived = threading.Condition()
        self._goal: Any = None
        self._cancelled = threading.Event()
        self._log = node.get_logger()
        self._subscription = node.create_subscription(
            msg.ObservationArray, f"{self._observer}/observations", self._take_in, EVENTS
        )
        self._client = ActionClient(node, ExecuteSkill, f"{robot}/execute_skill")

    def _take_in(self, message: msg.ObservationArray) -> None:
        if not self._order.is_new(message):
            return
        try:
            frame = frame_from_message(message)
        except ValueError as error:
            self._log.warning(f"{self._observer}/observations, frame {message.seq}: {error}")
            return
        with self._arrived:
            self._newest = frame
            self._arrived.notify_all()
        for listener in tuple(self._listeners):
            listener(frame)

    def _wait_for(self, seq: int, timeout: float) -> bool:
        """Wait until the newest frame is `seq` or later; returns whether it is."""
        with self._arrived:
            return self._arrived.wait_for(lambda: self._newest is not None and self._newest.seq >= seq, timeout)

    def frame(self) -> Frame:
        """The newest frame.

        Raises:
            NodeError: If the robot has not published any.
        """
        if self._newest is None:
            self._wait_for(0, self._start_timeout)
        if self._newest is None:
            raise NodeError(f"nothing was published on {self._observer}/observations; start the robot's node")
        return self._newest

    def subscribe(self, listener: Callable[[Frame], None]) -> Callable[[], None]:
        """Call `listener` with every new frame, in order; returns what ends the subscription."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def execute(self, call: SkillCall) -> SkillResult:
        """Do it and report; a robot that does not answer is a result, too."""
        self._cancelled.clear()
        if not self._client.wait_for_server(self._start_timeout):
            return SkillResult(
                code=SkillCode.FAILED, message=f"nobody serves {self._robot}/execute_skill; start the robot's node"
            )
        try:
            goal = ask(self._node, lambda: self._client.send_goal_async(call_to_goal(call)), self._start_timeout)
            if not goal.accepted:
                return SkillResult(code=SkillCode.FAILED, message=f"the robot refused {call.skill}")
            self._goal = goal
            if self._cancelled.is_set():
                self._cancel(goal)
            result = result_from_message(ask(self._node, goal.get_result_async, self._skill_timeout).result)
        except NodeError as error:
            return SkillResult(code=SkillCode.TIMEOUT, message=f"{call.skill}: {error}")
        finally:
            self._goal = None
        # Results and observations travel apart; the caller may rely on having seen the frame that the result names.
        self._wait_for(result.seq, self._start_timeout)
        return result

    def cancel(self) -> None:
        """Stop what `execute` is doing, from another thread."""
        self._cancelled.set()
        goal = self._goal
        if goal is not None:
            self._cancel(goal)

    def _cancel(self, goal: Any) -> None:
        executor = self._node.executor
        if executor is not None:
            executor.create_task(goal.cancel_goal_async)
