"""The ground that objects cover, as rectangles in (x, z).

The recorded box of an L- or U-shaped counter also spans the floor that the counter runs around. What it truly covers
shows in what it is built over (cabinets, drawers, sinks, stoves) and in what stands on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sim.headless.geometry import Array
from sim.headless.objects import SimObject
from sim.headless.rectangle import Rectangle

__all__ = ["counter_parts", "object_footprint"]

_NARROW = 1.3
"""A counter with a side shorter than this is a straight one, metres."""

_UNDER = frozenset(["Cabinet", "Drawer", "Sink", "SinkBasin", "StoveBurner", "StoveKnob", "Faucet"])
_UPON = frozenset(["Microwave", "CoffeeMachine", "Toaster"])

_OVERHANG = 0.03
"""How far a counter reaches beyond what shows where it is, metres: a deeper one would hide the fronts below it."""

_TO_EDGE = 0.4
"""What shows where a counter is stands this near to the edge of its box, metres, when the counter reaches that edge."""

_GAP = 0.7
"""A gap between two parts of a counter that is narrower than this is covered too: a dishwasher fits in it, metres."""

_CELL = 0.05


@dataclass(frozen=True)
class _Grid:
    """Cells over a counter's box."""

    low: Array
    shape: tuple[int, int]

    def cells(self, low: Array, high: Array) -> tuple[slice, slice]:
        """Cells that a rectangle covers, its edges rounded to whole cells."""
        first = np.clip(np.rint((low - self.low) / _CELL), 0, self.shape).astype(int)
        last = np.clip(np.rint((high - self.low) / _CELL), 0, self.shape).astype(int)
        return slice(first[0], last[0]), slice(first[1], last[1])


def object_footprint(obj: SimObject) -> Sequence[Rectangle]:
    """What an object covers of the ground."""
    if obj.parts is not None:
        return obj.parts
    if obj.oriented and abs(obj.frame[1, 1]) > 0.98:
        axes = obj.frame[np.ix_([0, 2], [0, 2])]
        axes = axes / np.linalg.norm(axes, axis=0)
        return [Rectangle(obj.center[[0, 2]], axes, obj.half[[0, 2]])]
    return [Rectangle.between(obj.low, obj.high)]


def counter_parts(counter: SimObject, others: Iterable[SimObject], starts: Array) -> list[Rectangle] | None:
    """The rectangles that a counter covers, or None if it covers its box.

    Args:
        counter: A CounterTop.
        others: All objects of the scene.
        starts: (S, 2) places (x, z) where agents are known to have stood; there is no counter.
    """
    low, high = counter.low[[0, 2]], counter.high[[0, 2]]
    if (high - low).min() <= _NARROW:
        return None
    shape = np.ceil((high - low) / _CELL).astype(int)
    grid = _Grid(low, (int(shape[0]), int(shape[1])))
    covered = np.zeros(grid.shape, dtype=bool)
    for obj in others:
        if obj is not counter and _shows(obj, counter):
            a, b = obj.low[[0, 2]] - _OVERHANG, obj.high[[0, 2]] + _OVERHANG
            covered[grid.cells(np.where(a < low + _TO_EDGE, low, a), np.where(b > high - _TO_EDGE, high, b))] = True
    if not covered.any():
        return None
    covered = _close_gaps(covered) | _close_gaps(covered.T).T
    for place in starts:
        covered[grid.cells(place - 0.2, place + 0.2)] = False
    return [
        Rectangle.between_corners(low + np.array(first) * _CELL, np.minimum(low + np.array(last) * _CELL, high))
        for first, last in _rectangles(covered)
    ]


def _shows(obj: SimObject, counter: SimObject) -> bool:
    """Whether there is counter above or below an object."""
    if not ((obj.high[[0, 2]] > counter.low[[0, 2]]) & (obj.low[[0, 2]] < counter.high[[0, 2]])).all():
        return False
    if obj.low[1] > counter.high[1] + 0.15:
        return False
    if obj.object_type in ("Cabinet", "Drawer"):
        return True
    near = obj.high[1] > counter.low[1] - 0.35
    return bool(near and (obj.object_type in _UNDER | _UPON or obj.parent == counter.object_id))


def _close_gaps(covered: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Cover short runs between covered cells, row by row along the first axis."""
    closed = covered.copy()
    for column in range(covered.shape[1]):
        rows = np.flatnonzero(covered[:, column])
        for a, b in pairwise(rows.tolist()):
            if 1 < b - a <= _GAP / _CELL:
                closed[a:b, column] = True
    return closed


def _rectangles(covered: npt.NDArray[np.bool_]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Disjoint rectangles of cells, (first, last + 1), that make up what is covered."""
    left = covered.copy()
    found = []
    for i, j in np.argwhere(covered).tolist():
        if not left[i, j]:
            continue
        j_end = j
        while j_end < left.shape[1] and left[i, j_end]:
            j_end += 1
        i_end = i
        while i_end < left.shape[0] and left[i_end, j:j_end].all():
            i_end += 1
        left[i:i_end, j:j_end] = False
        found.append(((i, j), (i_end, j_end)))
    return found
