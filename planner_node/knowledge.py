"""What the planner asks of memory: the protocol that in-process memory and the ROS client both serve.

The executor never sees a `Memory` or a ROS service, only `Knowledge`. `planner_node/local.py` serves it from a
`memory_node.Memory`, `planner_node/node.py` from the memory and scene_graph nodes' services.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from memory_node.recollection import Recollection
from planner_node.errors import PlannerError
from scene_graph.search import SearchPlace
from scene_graph.types import Point

__all__ = ["Knowledge", "KnowledgeError", "SearchPlace"]


class KnowledgeError(PlannerError):
    """Memory could not answer: its node is away, inactive or too slow."""


class Knowledge(Protocol):
    """Memory as the planner sees it; every call may raise `KnowledgeError`."""

    def settle(self, seq: int, *, timeout: float = 5.0) -> None:
        """Wait until memory has taken in the robot's frame number `seq`."""
        ...

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
        """Answer a query over all tiers, best first. See `memory_node.Memory.recall`."""
        ...

    def get(self, object_id: str) -> Recollection | None:
        """What memory believes now about one object: memory's id or a sensor id."""
        ...

    def rank_places(
        self, sought: str, *, start: Point, exclude: Collection[str] = (), k: int = 10
    ) -> list[SearchPlace]:
        """Places to look for `sought` (a class or a phrase), in the order to visit them.

        Args:
            sought: Class or phrase.
            start: Where the robot is, map frame, metres.
            exclude: Place ids already looked at.
            k: How many.
        """
        ...

    def labels(self) -> Sequence[str]:
        """Classes of all that is remembered, sorted."""
        ...

    def render(self, instruction: str, *, token_budget: int) -> str:
        """Memory as prompt text within a token budget. See `memory_node.Memory.render`."""
        ...

    def pin(self, object_id: str) -> None:
        """Keep an object of the running task in short-term memory."""
        ...

    def unpin(self, object_id: str) -> None:
        """Undo `pin`."""
        ...

    def placed(self, object_id: str, holder_id: str) -> bool:
        """Tell memory that a thing was put in or on another, seen there or not; returns whether it knows both."""
        ...

    def used(self, object_id: str) -> bool:
        """Tell memory that a skill used this object; returns whether it was a hit (it came from ``short``)."""
        ...
