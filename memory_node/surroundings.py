"""What short-term memory asks of the things that do not move: what supports an object, and what is shut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from scene_graph.ontology import Ontology
from scene_graph.types import FloatArray, ObjectState, Point

__all__ = ["Surroundings", "is_shut"]

_MARGIN = 0.05
"""Metres by which an object's centre may overhang what supports it."""
_GAP = 0.15
"""Metres by which an object's lower side may be above or below the upper side of what supports it."""
_UNKNOWN_HEIGHT = 0.1
"""Metres assumed for the height of an object of unknown size."""


def is_shut(state: ObjectState, knowledge: Ontology) -> bool:
    """Whether a container hides what is in it. One that can be closed counts as closed until it was seen open."""
    return knowledge.get(state.label).closes and "open" not in state.states


class Surroundings:
    """The receptacles around: finds what an object is on or in, by geometry and by what goes where.

    Args:
        receptacles: Beliefs about things that may hold others; those of unknown size are left out.
        knowledge: What goes where.
    """

    def __init__(self, receptacles: Iterable[ObjectState], knowledge: Ontology) -> None:
        sized = [r for r in receptacles if r.size is not None and "receptacle" in knowledge.get(r.label).affordances]
        self._known = {r.object_id: r for r in sized}
        self._receptacles: Sequence[ObjectState] = sized
        self._knowledge = knowledge
        centres: FloatArray = np.array([r.position for r in sized], dtype=np.float64).reshape(-1, 3)
        halves: FloatArray = np.array([r.size for r in sized], dtype=np.float64).reshape(-1, 3) / 2
        self._low = centres - halves
        self._high = centres + halves
        self._volume = np.prod(halves, axis=1)

    def get(self, object_id: str) -> ObjectState | None:
        """The receptacle of that id."""
        return self._known.get(object_id)

    def support(self, label: str, position: Point, size: Point | None) -> str | None:
        """Id of what an object is on or in.

        Its centre must lie within the receptacle's outline. It is *in* a receptacle that encloses its centre, *on* one
        whose upper side is at its lower side; the smallest such receptacle that its class goes into is taken.

        Args:
            label: Class of the object.
            position: Its centre, metres.
            size: Its extents, metres.
        """
        if not self._receptacles:
            return None
        point = np.asarray(position)
        within = ((point[:2] >= self._low[:, :2] - _MARGIN) & (point[:2] <= self._high[:, :2] + _MARGIN)).all(axis=1)
        if not within.any():
            return None
        bottom = position[2] - (size[2] if size is not None else _UNKNOWN_HEIGHT) / 2
        inside = within & (position[2] >= self._low[:, 2]) & (position[2] <= self._high[:, 2])
        upon = within & (np.abs(bottom - self._high[:, 2]) <= _GAP)
        best: tuple[bool, float, str] | None = None
        for index in np.flatnonzero(inside | upon).tolist():
            receptacle = self._receptacles[index]
            if receptacle.label == label:
                continue
            fits = label in self._knowledge.get(receptacle.label).holds
            candidate = (not fits, float(self._volume[index]), receptacle.object_id)
            if best is None or candidate < best:
                best = candidate
        # What its class never goes into is taken only if nothing better encloses it, and never for a floor-sized box.
        return best[2] if best is not None and not best[0] else None
