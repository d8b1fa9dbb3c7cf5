"""What short-term memory asks of the things that do not move: what supports an object, and what is shut."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from scene_graph.ontology import Ontology
from scene_graph.types import FloatArray, ObjectState, Point

__all__ = ["Surroundings", "is_shut"]

_MARGIN = 0.05
"""Metres by which an object's centre may overhang what supports it."""
_GAP = 0.15
"""Metres by which an object's lower side may be above or below the upper side of what supports it."""
_REACH = 0.5
"""Metres beside the hand at which it may have let go of something."""
_UNKNOWN_HEIGHT = 0.1
"""Metres assumed for the height of an object of unknown size."""


def is_shut(state: ObjectState, knowledge: Ontology) -> bool:
    """Whether a container hides what is in it. One that can be closed counts as closed until it was seen open."""
    return knowledge.get(state.label).closes and "open" not in state.states


class Surroundings:
    """The receptacles around: finds what an object is on or in, by geometry and by what goes where.

    Args:
        knowledge: What goes where.
    """

    def __init__(self, knowledge: Ontology) -> None:
        self._knowledge = knowledge
        self._known: dict[str, ObjectState] = {}
        self._rows: dict[str, int] = {}
        self._ids: list[str] = []
        self._boxes: FloatArray = np.empty((2, 0, 3))  # lower and upper corner of each row's receptacle, metres

    def update(self, changed: Iterable[ObjectState], gone: Iterable[str]) -> None:
        """Follow what changed of the things that do not move.

        Args:
            changed: Beliefs that are new or differ; what holds nothing, or is of unknown size, is left out.
            gone: Ids of what is no more.
        """
        for object_id in gone:
            self._drop(object_id)
        for state in changed:
            if state.size is None or "receptacle" not in self._knowledge.get(state.label).affordances:
                self._drop(state.object_id)
                continue
            row = self._rows.get(state.object_id)
            if row is None:
                row = self._rows[state.object_id] = len(self._ids)
                self._ids.append(state.object_id)
                if row >= self._boxes.shape[1]:
                    self._boxes = np.concatenate([self._boxes, np.empty((2, max(64, row), 3))], axis=1)
            half = np.asarray(state.size) / 2
            self._boxes[:, row] = (state.position - half, state.position + half)
            self._known[state.object_id] = state

    def _drop(self, object_id: str) -> None:
        row = self._rows.pop(object_id, None)
        if row is None:
            return
        del self._known[object_id]
        last = self._ids.pop()
        if last != object_id:
            self._ids[row] = last
            self._rows[last] = row
            self._boxes[:, row] = self._boxes[:, len(self._ids)]

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
        if not self._ids:
            return None
        low, high = self._boxes[:, : len(self._ids)]
        point = np.asarray(position)
        within = ((point[:2] >= low[:, :2] - _MARGIN) & (point[:2] <= high[:, :2] + _MARGIN)).all(axis=1)
        if not within.any():
            return None
        bottom = position[2] - (size[2] if size is not None else _UNKNOWN_HEIGHT) / 2
        inside = within & (position[2] >= low[:, 2]) & (position[2] <= high[:, 2])
        upon = within & (np.abs(bottom - high[:, 2]) <= _GAP)
        best: tuple[float, str] | None = None
        for row in np.flatnonzero(inside | upon).tolist():
            receptacle = self._known[self._ids[row]]
            # What its class never goes into encloses it by accident.
            if receptacle.label == label or label not in self._knowledge.get(receptacle.label).holds:
                continue
            candidate = (float(np.prod(high[row] - low[row])), receptacle.object_id)
            if best is None or candidate < best:
                best = candidate
        return best[1] if best is not None else None

    def rest(self, label: str, hand: Point, size: Point | None) -> tuple[str, Point] | None:
        """Where a thing most likely came to rest that the hand let go of unseen.

        That is in or on the receptacle nearest to the hand that its class goes into, if one is within reach: in it if
        the hand was within its box, or before it while it was open; else upon it, if its upper side was below the hand.

        Args:
            label: Class of the thing.
            hand: Where it was held, metres.
            size: Its extents, metres.

        Returns:
            Id of the receptacle, and the thing's centre, metres; None if nothing near takes it.
        """
        if not self._ids:
            return None
        half = (size[2] if size is not None else _UNKNOWN_HEIGHT) / 2
        low, high = self._boxes[:, : len(self._ids)]
        nearest = np.clip(np.asarray(hand), low, high)
        apart = np.hypot(*(nearest - hand)[:, :2].T)
        best: tuple[float, float, str, Point] | None = None
        for row in np.flatnonzero(apart <= _REACH).tolist():
            receptacle = self._known[self._ids[row]]
            info = self._knowledge.get(receptacle.label)
            if receptacle.label == label or label not in info.holds:
                continue
            x, y, z = nearest[row].tolist()
            level = bool(low[row, 2] <= hand[2] <= high[row, 2])
            open_to_it = "open" in receptacle.states if info.closes else apart[row] == 0.0
            if level and open_to_it:
                drop = 0.0
            elif not info.closes and high[row, 2] <= hand[2] + _GAP:
                drop, z = hand[2] - float(high[row, 2]), float(high[row, 2]) + half
            else:
                continue
            candidate = (float(apart[row]), drop, receptacle.object_id, (x, y, z))
            if best is None or candidate[:3] < best[:3]:
                best = candidate
        return (best[2], best[3]) if best is not None else None
