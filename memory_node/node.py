"""The node `memory`: short-term memory and recall over all tiers, beside a replica of the scene graph."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from karma import msg, srv
from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.parameter import Parameter

from memory_node import policies
from memory_node.backup import copy_store
from memory_node.errors import MemoryNodeError
from memory_node.memory import Memory
from memory_node.replica import GraphReplica
from memory_node.ros import recollection_to_message, shares
from scene_graph.ros.frames import FrameOrder, robot_pose
from scene_graph.ros.graph import NOTE
from scene_graph.ros.managed import ManagedNode, NodeError, ask, run
from scene_graph.ros.messages import (
    change_to_message,
    header,
    observation_from_message,
    optional,
    point_from_message,
    point_to_message,
    seconds_from_time,
    state_from_message,
    state_to_message,
    view_from_message,
)
from scene_graph.ros.places import place_from_message
from scene_graph.ros.qos import EVENTS, LATCHED
from scene_graph.search import SearchPlace
from scene_graph.types import Observation, Point, SceneGraphError

__all__ = ["MemoryNode", "main"]

_REPORT = 1.0
"""Seconds, wall time, between reports of how memory is doing."""

_RANKING = 2.0
"""Longest wait for places to look next, seconds, wall time."""

_ERASING = 10.0
"""Longest wait for the owner of the graph to erase something, seconds, wall time."""

_FIXED = ("archive", "database", "durability", "map_frame")
"""Parameters that cannot change while a memory is open."""

_RANKINGS = 3
"""Stale answers of one query, the best ones, that come with places to look next."""


class _Replica(GraphReplica):
    """A replica that asks the node that owns the graph for what only that one knows: travel and habits.

    Attributes:
        allowance: How often it may still ask: a query with many stale answers must not take long for all of them.
    """

    def __init__(self, node: ManagedNode, scene_graph: str) -> None:
        super().__init__()
        self.allowance = _RANKINGS
        self._node = node
        # A group of their own: they are asked while a service of this node, whose group is then busy, awaits them.
        group = ReentrantCallbackGroup()
        self._client = node.create_client(srv.RankAreas, f"{scene_graph}/rank_areas", callback_group=group)
        self._forgetter = node.create_client(srv.Forget, f"{scene_graph}/forget", callback_group=group)

    def rank_places(
        self,
        sought: str,
        *,
        start: Sequence[float],
        exclude: Collection[str] = (),
        k: int = 10,
        last_seen: Point | None = None,
        now: float | None = None,
    ) -> list[SearchPlace]:
        """Where to look for something; nothing if the node that owns the graph does not answer soon."""
        if self.allowance <= 0 or not self._client.service_is_ready():
            return []
        self.allowance -= 1
        request = srv.RankAreas.Request(
            sought=sought,
            start=point_to_message((start[0], start[1], start[2] if len(start) > 2 else 0.0)),
            exclude=sorted(exclude),
            k=k,
            last_seen=[] if last_seen is None else [point_to_message(last_seen)],
        )
        try:
            answer = ask(self._node, lambda: self._client.call_async(request), _RANKING)
        except NodeError:
            return []
        return [place_from_message(place) for place in answer.places]

    def forget(self, *, object_id: str | None = None, labels: Collection[str] | None = None) -> list[str]:
        """Let the owner erase objects and habits, and leave them out here.

        Raises:
            ReadOnlyError: If no such node runs.
            NodeError: If it does not answer, or refuses.
        """
        if not self._forgetter.service_is_ready():
            return super().forget(object_id=object_id, labels=labels)
        request = srv.Forget.Request(object_id=object_id or "", labels=list(labels or ()))
        answer = ask(self._node, lambda: self._forgetter.call_async(request), _ERASING)
        if not answer.success:
            raise NodeError(answer.message)
        self.drop(answer.object_ids)
        return list(answer.object_ids)


class MemoryNode(ManagedNode):
    """Takes in observations, answers queries, keeps everything in a file.

    Frames are taken in when the scene_graph node has taken them in, so that both memories know the same world; where
    no such node runs, at once.
    """

    def __init__(self) -> None:
        super().__init__("memory", errors=(MemoryNodeError, SceneGraphError))
        self.parameter("robot", "robot", "name of the robot's node, relative to this node's namespace; read at start")
        self.parameter("scene_graph", "scene_graph", "name of the scene_graph node, likewise")
        self.parameter("observer", "", "name of the node whose ~/observations to take; empty: the robot")
        self.parameter("map_frame", "map", "name of the map frame")
        self.parameter("capacity", 25, "units that the short-term memory holds", low=1, high=100_000)
        self.parameter("policy", policies.DEFAULT, "replacement policy", choices=tuple(policies.names()))
        self.parameter("archive", True, "keep what leaves the short-term memory; false: forget it, as the paper does")
        self.parameter("database", "", "file that keeps memory across restarts; empty: this process only")
        self.parameter(
            "durability",
            "process",
            "what memory outlives: end of the process, or of power",
            choices=("process", "power"),
        )
        self.parameter(
            "graph_timeout",
            10.0,
            "longest wait for the scene_graph node to take in a frame, seconds",
            low=0.0,
            high=60.0,
        )
        self.parameter(
            "max_sigma",
            1.0,
            "largest standard deviation of an observed place along any axis, metres; what is less certain is refused",
            low=0.01,
            high=100.0,
        )
        self._refused = 0
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._apply_parameters)
        self._memory: Memory | None = None
        self._replica = _Replica(self, str(self.value("scene_graph")))
        self._order = FrameOrder()
        self._progress = threading.Condition()
        self._graph_frame = (-1, -1)
        self._graph_follows = True
        self._graph_messages: list[Any] = []
        self._newest = (0.0, 0, 0)

        robot, graph = str(self.value("robot")), str(self.value("scene_graph"))
        self._changes = self.create_publisher(msg.Changes, "~/changes", EVENTS)
        self._stats = self.create_publisher(msg.MemoryStats, "~/stats", EVENTS)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", EVENTS)
        self._graph_topic = f"{graph}/graph_updates"
        self.create_subscription(msg.GraphUpdate, self._graph_topic, self._note_graph, EVENTS)
        self.create_subscription(msg.SceneGraph, f"{graph}/graph", self._note_graph, LATCHED)
        self.listen(msg.ObservationArray, f"{self.value('observer') or robot}/observations", self._observe, EVENTS)
        for kind, name, handler in (
            (srv.Recall, "recall", self._recall),
            (srv.Locate, "locate", self._locate),
            (srv.History, "history", self._history),
            (srv.Render, "render", self._render),
            (srv.ListLabels, "list_labels", self._list_labels),
            (srv.Remember, "remember", self._remember),
            (srv.Forget, "forget", self._forget),
            (srv.Pin, "pin", self._pin),
            (srv.Use, "use", self._use),
            (srv.Placed, "placed", self._placed),
            (srv.Save, "save", self._save),
            (srv.Load, "load", self._load),
        ):
            self.serve(kind, f"~/{name}", handler)
        self.create_timer(_REPORT, lambda: self.submit(self._report), clock=Clock(clock_type=ClockType.STEADY_TIME))

    # Life cycle.

    def configure(self) -> None:
        """Open the memory."""
        self.chosen("policy", tuple(policies.names()))
        self.chosen("durability", ("process", "power"))
        database = str(self.value("database"))
        self._memory = self._open(Path(database).expanduser() if database else None)
        kept = f"kept in {database}" if database else "kept in this process only"
        self.get_logger().info(f"memory with policy {self.value('policy')}, {kept}")

    def cleanup(self) -> None:
        """Close the memory; what it holds is in its file."""
        if self._memory is not None:
            self._memory.close()
        self._memory = None

    def _open(self, path: Path | None) -> Memory:
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise NodeError(f"cannot make the folder of {path}: {error.strerror}") from error
        simulated = bool(self.value("use_sim_time"))
        return Memory.open(
            path,
            capacity=self.value("capacity"),
            policy=self.value("policy"),
            archive=self.value("archive"),
            durability=self.value("durability"),
            # Simulated time reaches nodes apart from the frames; the newest frame's stamp is the same in every run.
            clock=None if simulated else lambda: self.get_clock().now().nanoseconds * 1e-9,
            scene_graph=self._replica,
        )

    # Parameters that change while it runs.

    def _check_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        """Refuse what could not be applied; ranges are checked by ROS itself."""
        for parameter in parameters:
            if parameter.name == "policy" and parameter.value not in policies.names():
                reason = f"no policy {parameter.value!r}; choose one of {', '.join(policies.names())}"
                return SetParametersResult(successful=False, reason=reason)
            if parameter.name == "capacity" and self._memory is not None:
                pinned = self._memory.stats.pinned
                if parameter.value < pinned:
                    reason = f"{pinned} units are pinned: capacity must be at least that; unpin some first"
                    return SetParametersResult(successful=False, reason=reason)
            if parameter.name in _FIXED and self._memory is not None:
                reason = f"{parameter.name} is read when the node is configured: clean it up first"
                return SetParametersResult(successful=False, reason=reason)
        return SetParametersResult(successful=True)

    def _apply_parameters(self, parameters: list[Parameter]) -> None:
        if self._memory is not None and {"policy", "capacity"} & {parameter.name for parameter in parameters}:
            self.submit(self._swap)

    def _swap(self) -> None:
        """Take up policy and capacity; units that no longer fit go to the archive."""
        try:
            self.memory.set_policy(str(self.value("policy")), capacity=int(self.value("capacity")))
        except (MemoryNodeError, NodeError) as error:
            self.get_logger().error(f"policy and capacity stay as they were: {error}")

    @property
    def memory(self) -> Memory:
        """The open memory.

        Raises:
            NodeError: If the node is not configured.
        """
        if self._memory is None:
            raise NodeError(self.inactive_message)
        return self._memory

    # Taking in.

    def _note_graph(self, message: Any) -> None:
        """Keep a graph message for the worker thread, and tell it if it waits for one."""
        with self._progress:
            self._graph_messages.append(message)
            self._graph_frame = max(self._graph_frame, (message.epoch, message.seq))
            self._graph_follows = self._graph_follows or isinstance(message, msg.GraphUpdate)
            self._progress.notify_all()

    def _follow_graph(self, frame: tuple[int, int]) -> None:
        """Bring the replica up to date, once the scene_graph node has taken in a frame."""
        with self._progress:
            if self._graph_follows and self.count_publishers(self._graph_topic):
                self._graph_follows = self._progress.wait_for(
                    lambda: self._graph_frame >= frame, self.value("graph_timeout")
                )
                if not self._graph_follows:
                    self.get_logger().warning(
                        f"scene_graph has not taken in frame {frame[1]}; going on without it until it takes in another"
                    )
            messages, self._graph_messages = self._graph_messages, []
        for message in messages:
            self._apply_graph(message)

    def _apply_graph(self, message: Any) -> None:
        objects = [state_from_message(state) for state in message.objects]
        areas = {n.id: (n.position.x, n.position.y) for n in message.nodes if n.kind == msg.GraphNode.AREA}
        mobile = {n.label for n in message.nodes if n.kind == NOTE}
        if isinstance(message, msg.SceneGraph):
            if message.version > self._replica.version:
                self._replica.replace(objects, areas, version=message.version, mobile=mobile)
            return
        self._replica.apply(
            objects,
            message.removed,
            areas if message.layout_changed else None,
            base_version=message.base_version,
            version=message.version,
            mobile=mobile if message.layout_changed else None,
        )

    def _observe(self, message: msg.ObservationArray) -> None:
        stamp = seconds_from_time(message.header.stamp)
        report = msg.Changes(header=message.header, seq=message.seq, epoch=message.epoch, map_id=message.map_id)
        self._follow_graph((message.epoch, message.seq))
        try:
            if self._order.is_new(message):
                self._newest = (stamp, message.seq, message.epoch)
                if message.map_id:
                    self.memory.map_id = message.map_id
                view = optional(message.view)
                seen, reasons = self._believable(
                    observation_from_message(observation, now=stamp) for observation in message.observations
                )
                if reasons:
                    self._refused += len(reasons)
                    report.error = f"{len(reasons)} observations refused: {reasons[0]}"
                    self.get_logger().warning(report.error, throttle_duration_sec=5.0)
                changes = self.memory.observe(
                    seen,
                    view=None if view is None else view_from_message(view),
                    stamp=stamp,
                    robot_pose=robot_pose(message),
                )
                report.changes = [change_to_message(change) for change in changes]
        except (MemoryNodeError, SceneGraphError, NodeError) as error:
            report.error = str(error)
            raise
        finally:
            self.publish(self._changes, report)

    def _believable(self, observations: Iterable[Observation]) -> tuple[list[Observation], list[str]]:
        """Observations in the map frame whose places are certain enough, and why others are not taken in."""
        taken: list[Observation] = []
        reasons: list[str] = []
        frame, bound = str(self.value("map_frame")), float(self.value("max_sigma"))
        for observation in observations:
            sigma = 0.0
            if observation.covariance is not None:
                sigma = float(np.sqrt(np.linalg.eigvalsh(observation.covariance)[-1]))
            if observation.frame_id != frame:
                reasons.append(
                    f"{observation.label} is given in frame {observation.frame_id!r}, memory is kept in {frame!r}: "
                    "transform it before publishing"
                )
            elif sigma > bound:
                reasons.append(
                    f"the place of {observation.label} is uncertain by {sigma:.2f} m, more than max_sigma = {bound:g} m"
                )
            else:
                taken.append(observation)
        return taken, reasons

    def _remember(self, request: Any, response: Any) -> None:
        if not request.observations:
            raise NodeError("give at least one observation")
        now = self.memory.now
        if now is None:
            now = self.get_clock().now().nanoseconds * 1e-9
        observations = [observation_from_message(observation, now=now) for observation in request.observations]
        seen, reasons = self._believable(observations)
        if reasons:
            raise NodeError(f"nothing taken in: {reasons[0]}")
        changes = self.memory.observe(seen)
        response.changes = [change_to_message(change) for change in changes]
        response.message = f"{len(observations)} taken in"

    # Answering.

    def _recall(self, request: Any, response: Any) -> None:
        self._replica.allowance = _RANKINGS
        after, before = optional(request.after), optional(request.before)
        found = self.memory.recall(
            request.query,
            k=request.k,
            min_score=optional(request.min_score),
            near=_ball(request),
            within=request.within or None,
            after=None if after is None else seconds_from_time(after),
            before=None if before is None else seconds_from_time(before),
            labels=list(request.labels) or None,
            states=list(request.states) or None,
        )
        response.recollections = [recollection_to_message(recollection) for recollection in found]
        response.graph_version = self._replica.version

    def _locate(self, request: Any, response: Any) -> None:
        if bool(request.query.strip()) == bool(request.object_id):
            raise NodeError("give either a query or an object_id")
        self._replica.allowance = _RANKINGS
        found = self.memory.get(request.object_id) if request.object_id else self.memory.locate(request.query)
        response.recollection = [] if found is None else [recollection_to_message(found)]
        response.graph_version = self._replica.version

    def _history(self, request: Any, response: Any) -> None:
        states = self.memory.history(request.object_id)
        if not states:
            raise NodeError(f"memory knows no object {request.object_id!r}")
        response.states = [state_to_message(state) for state in states]

    def _render(self, request: Any, response: Any) -> None:
        response.text = self.memory.render(request.instruction, token_budget=request.token_budget)

    def _list_labels(self, request: Any, response: Any) -> None:
        response.labels = list(self.memory.labels())

    # Keeping and erasing.

    def _forget(self, request: Any, response: Any) -> None:
        after, before = optional(request.after), optional(request.before)
        report = self.memory.forget(
            object_id=request.object_id or None,
            labels=list(request.labels) or None,
            query=request.query or None,
            near=_ball(request),
            before=None if before is None else seconds_from_time(before),
            after=None if after is None else seconds_from_time(after),
        )
        response.object_ids = list(report.object_ids)
        response.states, response.images, response.graph_objects = report.states, report.images, report.graph_objects
        response.message = f"{len(report.object_ids)} erased"

    def _pin(self, request: Any, response: Any) -> None:
        if request.pinned:
            self.memory.pin(request.object_id)
        else:
            self.memory.unpin(request.object_id)

    def _use(self, request: Any, response: Any) -> None:
        response.hit = self.memory.used(request.object_id)

    def _placed(self, request: Any, response: Any) -> None:
        response.known = self.memory.placed(request.object_id, request.holder_id)

    def _save(self, request: Any, response: Any) -> None:
        path = _path(request.path)
        copy_store(self._database(), path)
        response.message = f"saved to {path}"

    def _load(self, request: Any, response: Any) -> None:
        database, path = self._database(), _path(request.path)
        with tempfile.TemporaryDirectory() as folder:
            # Open a copy first: a file that is no memory is found out before anything is given up for it.
            trial = Path(folder) / "trial.db"
            copy_store(path, trial)
            self._open(trial).close()
            self.memory.close()
            try:
                copy_store(trial, database)
            finally:
                self._memory = self._open(database)
        response.message = f"loaded from {path}"

    def _database(self) -> Path:
        """The memory's own file.

        Raises:
            NodeError: If it has none.
        """
        database = str(self.value("database"))
        if not database:
            raise NodeError("this memory is kept in its process only; start it with the parameter database")
        return Path(database).expanduser()

    # Reporting.

    def _report(self) -> None:
        if not self.active or self._memory is None:
            return
        stats = self._memory.stats
        stamp = header(self._newest[0], str(self.value("map_frame")))
        self.publish(
            self._stats,
            msg.MemoryStats(
                header=stamp,
                policy=stats.policy,
                capacity=stats.capacity,
                short_units=stats.short,
                long_objects=stats.long,
                archived=stats.archive,
                pinned=stats.pinned,
                graph_version=self._replica.version,
                hits=stats.hits,
                uses=stats.uses,
                evictions=stats.evictions,
                frames=stats.frames,
                observations=stats.observations,
                epoch=stats.epoch,
                hits_by_policy=shares(stats.hits_by_policy, stats.uses_by_policy),
                hits_by_query=shares(stats.hits_by_kind, stats.uses_by_kind),
                answers=shares(stats.answered, stats.queries),
            ),
        )
        values = {
            "policy": stats.policy,
            "hit rate": f"{stats.hit_rate:.3f}",
            "long-term objects": str(stats.long),
            "observations refused": str(self._refused),
        }
        for kind, uses in sorted(stats.uses_by_policy.items()):
            values[f"hits under {kind}"] = f"{stats.hits_by_policy.get(kind, 0)} of {uses}"
        for kind, uses in sorted(stats.uses_by_kind.items()):
            values[f"hits by {kind} queries"] = f"{stats.hits_by_kind.get(kind, 0)} of {uses}"
        for kind, asked in sorted(stats.queries.items()):
            values[f"{kind} queries answered"] = f"{stats.answered[kind]} of {asked}"
        status = DiagnosticStatus(
            level=DiagnosticStatus.OK,
            name=self.get_fully_qualified_name(),
            message=f"{stats.short} of {stats.capacity} units, {stats.archive} archived",
            hardware_id="karma",
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )
        report = DiagnosticArray(status=[status])
        report.header.stamp = self.get_clock().now().to_msg()
        self.publish(self._diagnostics, report)


def _ball(request: Any) -> tuple[Point, float] | None:
    near = optional(request.near)
    return None if near is None else (point_from_message(near), float(request.radius))


def _path(text: str) -> Path:
    if not text.strip():
        raise NodeError("give the path of a file")
    return Path(text).expanduser()


def main() -> None:
    """Start the node."""
    run(MemoryNode)
