"""What recall returned during an instruction: `Knowledge` with an ear on it, for the recall metric."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from memory_node.recollection import Recollection
from planner_node.knowledge import Knowledge, SearchPlace
from scene_graph.types import Point

__all__ = ["RecallLog"]


class RecallLog:
    """Serves `Knowledge` from another one and notes the answers.

    Args:
        inner: Who answers.
        k: How many of each answer count.

    Attributes:
        answers: The best `k` of each recall since `clear`, in order.
    """

    def __init__(self, inner: Knowledge, *, k: int = 5) -> None:
        self._inner = inner
        self._k = k
        self.answers: list[tuple[Recollection, ...]] = []

    def clear(self) -> None:
        """Begin anew, as for the next instruction."""
        self.answers = []

    def settle(self, seq: int, *, timeout: float = 5.0) -> None:
        """See `Knowledge.settle`."""
        self._inner.settle(seq, timeout=timeout)

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
        """See `Knowledge.recall`."""
        found = self._inner.recall(
            query, k=k, min_score=min_score, near=near, within=within, labels=labels, states=states
        )
        self.answers.append(tuple(found[: self._k]))
        return found

    def get(self, object_id: str) -> Recollection | None:
        """See `Knowledge.get`."""
        return self._inner.get(object_id)

    def rank_places(
        self, sought: str, *, start: Point, exclude: Collection[str] = (), k: int = 10
    ) -> list[SearchPlace]:
        """See `Knowledge.rank_places`."""
        return self._inner.rank_places(sought, start=start, exclude=exclude, k=k)

    def labels(self) -> Sequence[str]:
        """See `Knowledge.labels`."""
        return self._inner.labels()

    def render(self, instruction: str, *, token_budget: int) -> str:
        """See `Knowledge.render`."""
        return self._inner.render(instruction, token_budget=token_budget)

    def pin(self, object_id: str) -> None:
        """See `Knowledge.pin`."""
        self._inner.pin(object_id)

    def unpin(self, object_id: str) -> None:
        """See `Knowledge.unpin`."""
        self._inner.unpin(object_id)

    def placed(self, object_id: str, holder_id: str) -> bool:
        """See `Knowledge.placed`."""
        return self._inner.placed(object_id, holder_id)

    def used(self, object_id: str) -> bool:
        """See `Knowledge.used`."""
        return self._inner.used(object_id)
