"""A ROS client of the running nodes: gives instructions, follows their progress, asks judge and memory."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import rclpy
import rclpy.utilities
from action_msgs.msg import GoalStatus
from karma import msg, srv
from karma.action import ExecuteTask
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image

from karma_cli.processes import NodeProcessError, NodeProcesses
from karma_eval.judge import InstructionVerdict, MilestoneVerdict, SideEffect
from memory_node.recollection import Recollection
from memory_node.ros import recollections_from_messages
from planner_node.result import Event, EventKind, TaskResult
from planner_node.ros.messages import task_result_from_message
from scene_graph.ros.frames import FrameOrder, robot_pose
from scene_graph.ros.managed import NodeError, ask
from scene_graph.ros.qos import EVENTS, SENSOR

__all__ = ["NODES", "Client"]

NODES = ("robot", "scene_graph", "memory", "planner")
"""Names of the project's nodes."""

_TASK_TIMEOUT = 900.0
"""Seconds after which an instruction counts as lost."""


class Client:
    """Talks to the nodes of one namespace; a context manager.

    Args:
        environment: Variables for this process, the same that the nodes have: see `processes.loopback_environment`.
        namespace: Of the nodes.
        timeout: Longest wait for an answer of a service, seconds.
    """

    def __init__(
        self, *, environment: Mapping[str, str] | None = None, namespace: str = "", timeout: float = 60.0
    ) -> None:
        os.environ.update(environment or {})
        self._timeout = timeout
        self._context = Context()
        rclpy.init(context=self._context)
        self._node = rclpy.create_node("karma_client", namespace=namespace, context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._tasks = ActionClient(self._node, ExecuteTask, "planner/execute_task")
        self._services: dict[str, Any] = {}
        self._order = FrameOrder()
        self.path: list[tuple[float, float, float]] = []
        self._picture: Any = None
        self._node.create_subscription(msg.ObservationArray, "robot/observations", self._note_pose, EVENTS)
        self._node.create_subscription(Image, "robot/camera/color", self._note_picture, SENSOR)
        self._spinning = threading.Thread(target=self._spin, name="karma_client", daemon=True)
        self._spinning.start()

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self._spinning.join(timeout=5.0)
        self._node.destroy_node()
        rclpy.utilities.try_shutdown(context=self._context)

    @property
    def node(self) -> Node:
        """The client's ROS node, for further publishers and subscriptions."""
        return self._node

    def _note_pose(self, message: msg.ObservationArray) -> None:
        if self._order.is_new(message):
            self.path.append(robot_pose(message))

    def _note_picture(self, message: Image) -> None:
        self._picture = message

    @property
    def distance(self) -> float:
        """Metres that the robot has driven since this client came."""
        return sum(math.dist(a[:2], b[:2]) for a, b in zip(self.path, self.path[1:], strict=False))

    @property
    def picture(self) -> npt.NDArray[np.uint8] | None:
        """The camera's newest (H, W, 3) picture."""
        if self._picture is None:
            return None
        image = self._picture
        return np.frombuffer(image.data, dtype=np.uint8).reshape(image.height, image.width, 3)

    def call(self, kind: Any, name: str, request: Any, *, timeout: float | None = None) -> Any:
        """Ask a service.

        Args:
            kind: Its type.
            name: Its name, e.g. ``"memory/recall"``.
            request: What is asked.
            timeout: Longest wait, seconds.

        Returns:
            Its response; whether it succeeded is in there.

        Raises:
            NodeError: If it is away or does not answer.
        """
        limit = self._timeout if timeout is None else timeout
        if name not in self._services:
            self._services[name] = self._node.create_client(kind, name)
        client = self._services[name]
        if not client.wait_for_service(limit):
            raise NodeError(f"nobody serves {client.srv_name}")
        return ask(self._node, lambda: client.call_async(request), limit)

    def demand(self, kind: Any, name: str, request: Any) -> Any:
        """Ask a service that has to succeed.

        Raises:
            NodeError: If it does not; with its reason.
        """
        response = self.call(kind, name, request)
        if not response.success:
            raise NodeError(f"{name}: {response.message}")
        return response

    def wait_active(self, processes: NodeProcesses, *names: str, timeout: float = 90.0) -> None:
        """Wait until nodes are active.

        Args:
            processes: That run them.
            *names: Of the nodes.
            timeout: For all of them, seconds.

        Raises:
            NodeProcessError: If one ends, cannot start its work, or takes too long; with the end of its log.
        """
        deadline = time.monotonic() + timeout
        for name in names:
            # A node answers once it has configured itself, or has failed to.
            client = self._node.create_client(GetState, f"{name}/get_state")
            while not client.wait_for_service(0.2):
                processes.check()
                if time.monotonic() > deadline:
                    raise NodeProcessError(f"the node {name} did not come up:\n{processes.tail(name)}")
            state = None
            while state != State.PRIMARY_STATE_ACTIVE:
                processes.check()
                try:
                    state = self._state(client)
                except NodeError:
                    state = None
                if state == State.PRIMARY_STATE_UNCONFIGURED or time.monotonic() > deadline:
                    raise NodeProcessError(f"the node {name} did not start its work:\n{processes.tail(name)}")
            self._node.destroy_client(client)

    def _state(self, client: Any) -> int:
        """A node's state in its life cycle."""
        return int(ask(self._node, lambda: client.call_async(GetState.Request()), 1.0).current_state.id)

    def execute_task(self, instruction: str, on_event: Callable[[Event], None]) -> TaskResult:
        """Have an instruction carried out; on ctrl-C it is cancelled.

        Args:
            instruction: The person's words.
            on_event: Takes progress, one event at a time, on the client's own thread or this one; the last, and only
                the last, tells how it ended.

        Raises:
            NodeError: If the planner is away or does not answer.
        """
        if not self._tasks.wait_for_server(self._timeout):
            raise NodeError("nobody serves planner/execute_task")

        guard = threading.Lock()
        ended = False

        def tell(event: Event) -> None:
            nonlocal ended
            with guard:
                if not ended:
                    ended = event.kind is EventKind.RESULT
                    on_event(event)

        def feedback(message: Any) -> None:
            tell(Event(kind=EventKind(message.feedback.phase), message=message.feedback.text))

        request = ExecuteTask.Goal(instruction=instruction)
        goal = ask(self._node, lambda: self._tasks.send_goal_async(request, feedback_callback=feedback), self._timeout)
        if not goal.accepted:
            raise NodeError("the planner refused the instruction")
        try:
            answer = ask(self._node, goal.get_result_async, _TASK_TIMEOUT)
        except BaseException:
            self._executor.create_task(goal.cancel_goal_async)
            raise
        result = task_result_from_message(answer.result, instruction=instruction)
        result.cancelled = result.cancelled or answer.status == GoalStatus.STATUS_CANCELED
        # rclpy gives up what feedback is still on its way when the result comes, and the last is sent just before it.
        tell(Event(kind=EventKind.RESULT, message=result.summary))
        return result

    def begin_instruction(self, index: int) -> None:
        """Tell the judge that an instruction of its task begins."""
        self.demand(srv.BeginInstruction, "robot/begin_instruction", srv.BeginInstruction.Request(index=index))

    def end_instruction(self) -> InstructionVerdict:
        """The judge's verdict on the instruction that began last."""
        answer = self.demand(srv.EndInstruction, "robot/end_instruction", srv.EndInstruction.Request())
        return InstructionVerdict(
            succeeded=answer.succeeded[0] if answer.succeeded else None,
            milestones=tuple(
                MilestoneVerdict(milestone=text, met=met, stamp=None)
                for texts, met in ((answer.met, True), (answer.missed, False))
                for text in texts
            ),
            harm=tuple(_side_effect(text) for text in answer.harm),
            error=answer.message or None,
        )

    def disturb(self, changes: str) -> str:
        """Have somebody else change the home; returns in words what was done."""
        return str(self.demand(srv.Disturb, "robot/disturb", srv.Disturb.Request(changes=changes)).message)

    def remembered(self) -> list[Recollection]:
        """Everything in memory."""
        labels = self.demand(srv.ListLabels, "memory/list_labels", srv.ListLabels.Request()).labels
        request = srv.Recall.Request(query="", k=1000, min_score=[0.0], labels=labels)
        return recollections_from_messages(self.demand(srv.Recall, "memory/recall", request).recollections)

    def save_graph(self, path: Path) -> None:
        """Have the scene graph written to a file."""
        self.demand(srv.Save, "scene_graph/save", srv.Save.Request(path=str(path)))


def _side_effect(text: str) -> SideEffect:
    """What the judge tells of harm: ``CLASS was KIND``; ids and times stay with it."""
    label, _, kind = text.partition(" was ")
    return SideEffect(kind=kind, label=label, object_id="", stamp=math.nan)
