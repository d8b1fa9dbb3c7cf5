"""Where to look for something: the places that a search visits, and their order."""

from __future__ import annotations

from dataclasses import dataclass

from scene_graph.types import Point

__all__ = ["SearchPlace"]


@dataclass(frozen=True, kw_only=True)
class SearchPlace:
    """A place worth looking at in search of something.

    Attributes:
        place_id: Id of the area or container, in the scene graph.
        kind: ``"area"``, ``"container"`` (to be opened first) or ``"frontier"`` (edge of the unseen).
        label: Class of the container, or the area's name.
        position: Where to look, map frame, metres.
        viewpoint: Where to stand, map frame, metres; None to let the robot choose.
        probability: That the sought thing is there, in [0, 1].
        cost: Travel from the start of the search, metres.
    """

    place_id: str
    kind: str
    label: str
    position: Point
    viewpoint: Point | None = None
    probability: float = 0.0
    cost: float = 0.0
