"""Memory that other nodes serve."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

from karma import msg, srv
from rclpy.node import Node

from memory_node.recollection import Recollection
from memory_node.ros import recollection_from_message, recollections_from_messages
from planner_node.knowledge import KnowledgeError, SearchPlace
from scene_graph.ros.managed import NodeError, ask
from scene_graph.ros.messages import optional, point_to_message
from scene_graph.ros.places import place_from_message
from scene_graph.ros.qos import EVENTS
from scene_graph.types import Point

__all__ = ["RosKnowledge"]


class RosKnowledge:
    """The planner's `Knowledge`, over the services of the memory and scene_graph nodes.

    It blocks the thread that calls it, which must not be the executor's.

    Args:
        node: Whose executor completes what this waits for.
        memory: Name of the memory node, relative to the node's namespace or absolute.
        scene_graph: Name of the scene_graph node, likewise.
        timeout: Seconds, on a steady clock, to wait for an answer.
    """

    def __init__(self, node: Node, memory: str, scene_graph: str, *, timeout: float = 10.0) -> None:
        self._node = node
        self._timeout = timeout
        self._progress = threading.Condition()
        self._taken_in = {memory: -1, scene_graph: -1}
        self._subscriptions = [
            node.create_subscription(msg.Changes, f"{memory}/changes", self._noting(memory), EVENTS),
            node.create_subscription(
                msg.GraphUpdate, f"{scene_graph}/graph_updates", self._noting(scene_graph), EVENTS
            ),
        ]
        services = {
            "recall": srv.Recall,
            "locate": srv.Locate,
            "list_labels": srv.ListLabels,
            "render": srv.Render,
            "pin": srv.Pin,
            "use": srv.Use,
            "placed": srv.Placed,
        }
        self._clients = {name: node.create_client(kind, f"{memory}/{name}") for name, kind in services.items()}
        self._clients["rank_areas"] = node.create_client(srv.RankAreas, f"{scene_graph}/rank_areas")

    def _noting(self, name: str) -> Callable[[Any], None]:
        def note(message: Any) -> None:
            with self._progress:
                self._taken_in[name] = message.seq
                self._progress.notify_all()

        return note

    def _call(self, name: str, request: Any) -> Any:
        """Ask a service.

        Raises:
            KnowledgeError: If it is away, inactive, too slow, or refuses.
        """
        client = self._clients[name]
        deadline = time.monotonic() + self._timeout
        if not client.wait_for_service(self._timeout):
            raise KnowledgeError(f"nobody serves {client.srv_name}; start its node")
        try:
            response = ask(self._node, lambda: client.call_async(request), max(0.1, deadline - time.monotonic()))
        except NodeError as error:
            raise KnowledgeError(f"{client.srv_name}: {error}") from error
        if not response.success:
            raise KnowledgeError(f"{client.srv_name}: {response.message}")
        return response

    def settle(self, seq: int, *, timeout: float = 5.0) -> None:
        """Wait until both memories have taken in the robot's frame number `seq`."""
        timeout = max(timeout, self._timeout)
        with self._progress:
            if not self._progress.wait_for(lambda: min(self._taken_in.values()) >= seq, timeout):
                behind = [f"{name} is at {at}" for name, at in self._taken_in.items() if at < seq]
                raise KnowledgeError(f"memory has not taken in frame {seq} within {timeout:g} s: {', '.join(behind)}")

    def recall(
        self,
        query: str,
        *,
        k: int = 5,
        min_score: float | None = None,
        near: tuple[Point, float] | None = None,
        within: str | None = None,
        labels: Collection[str] | None = None,
        states: Collection[str] | None = None,
    ) -> list[Recollection]:
        """Answer a query over all tiers, best first."""
        request = srv.Recall.Request(
            query=query,
            k=k,
            min_score=[] if min_score is None else [float(min_score)],
            within=within or "",
            labels=sorted(labels or ()),
            states=sorted(states or ()),
        )
        if near is not None:
            request.near = [point_to_message(near[0])]
            request.radius = float(near[1])
        return recollections_from_messages(self._call("recall", request).recollections)

    def get(self, object_id: str) -> Recollection | None:
        """What memory believes now about one object."""
        answer = optional(self._call("locate", srv.Locate.Request(object_id=object_id)).recollection)
        return None if answer is None else recollection_from_message(answer)

    def rank_places(
        self, sought: str, *, start: Point, exclude: Collection[str] = (), k: int = 10
    ) -> list[SearchPlace]:
        """Places to look for `sought`, in the order to visit them."""
        request = srv.RankAreas.Request(sought=sought, start=point_to_message(start), exclude=sorted(exclude), k=k)
        return [place_from_message(place) for place in self._call("rank_areas", request).places]

    def labels(self) -> Sequence[str]:
        """Classes of all that is remembered, sorted."""
        return list(self._call("list_labels", srv.ListLabels.Request()).labels)

    def render(self, instruction: str, *, token_budget: int) -> str:
        """Memory as prompt text within a token budget."""
        return str(self._call("render", srv.Render.Request(instruction=instruction, token_budget=token_budget)).text)

    def pin(self, object_id: str) -> None:
        """Keep an object of the running task in short-term memory."""
        self._call("pin", srv.Pin.Request(object_id=object_id, pinned=True))

    def unpin(self, object_id: str) -> None:
        """Undo `pin`."""
        self._call("pin", srv.Pin.Request(object_id=object_id, pinned=False))

    def placed(self, object_id: str, holder_id: str) -> bool:
        """Tell memory where a thing was put that cannot be seen there."""
        return bool(self._call("placed", srv.Placed.Request(object_id=object_id, holder_id=holder_id)).known)

    def used(self, object_id: str) -> bool:
        """Tell memory that a skill used this object; returns whether it was a hit."""
        return bool(self._call("use", srv.Use.Request(object_id=object_id)).hit)
