"""KARMA as published (arXiv 2409.14908), as far as the text says: a volatile cache, and search by likelihood alone."""

from __future__ import annotations

from collections.abc import Collection

from planner_node.knowledge import SearchPlace
from planner_node.local import LocalKnowledge
from scene_graph.types import Point

__all__ = ["PaperKnowledge"]

_ALL = 100
"""More places than a home has areas."""


class PaperKnowledge(LocalKnowledge):
    """Both memories as usual, but places to search come likeliest first, however far they are."""

    def rank_places(
        self, sought: str, *, start: Point, exclude: Collection[str] = (), k: int = 10
    ) -> list[SearchPlace]:
        """Places by probability alone."""
        places = super().rank_places(sought, start=start, exclude=exclude, k=_ALL)
        return sorted(places, key=lambda place: -place.probability)[:k]
