"""Axis-aligned boxes in plain numbers: at one box at a time, arrays of three cost ten times as much.

A box is given by its centre and extents, metres, as in the scene graph's file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from scene_graph.types import Point

__all__ = ["Boxed", "alike", "covered", "encloses", "gap", "inside", "over", "overlap", "volume"]

_THIN = 0.02
"""Boxes thinner than this count as so thick, metres, so that fronts and paintings have a volume."""
_ABOVE = 0.3
"""Metres above a top within which something rests on it."""


class Boxed(Protocol):
    """What has a box."""

    @property
    def position(self) -> Point:
        """Its centre, metres."""
        ...

    @property
    def size(self) -> Point:
        """Its extents, metres."""
        ...


def volume(box: Boxed) -> float:
    """Cubic metres; extents count as at least 1 cm."""
    return math.prod(max(extent, 0.01) for extent in box.size)


def covered(box: Boxed, by: Boxed) -> float:
    """Share of one box that another covers, in [0, 1]."""
    return _common(box, by) / _solid(box)


def overlap(a: Boxed, b: Boxed) -> float:
    """Share of the smaller of two boxes that the other covers, in [0, 1]."""
    return _common(a, b) / min(_solid(a), _solid(b))


def alike(a: Boxed, b: Boxed, *, slack: float = 0.15) -> float:
    """Share of the smaller of two boxes that the other covers when what is thin may be off by some metres.

    The fronts of cupboards, windows and pictures are a few centimetres thick: seen with a pose that is off by as much,
    the same front has another place altogether. Two like fronts never hang so close behind one another.
    """
    return overlap(_thickened(a, slack), _thickened(b, slack))


def union_share(a: Boxed, b: Boxed) -> float:
    """Intersection over union of two boxes, in [0, 1]."""
    common = _common(a, b)
    return common / (_solid(a) + _solid(b) - common)


def gap(a: Boxed, b: Boxed, *, axes: tuple[int, ...] = (0, 1)) -> float:
    """Metres between two boxes, on the floor plan unless axes are given; 0 where they touch or overlap."""
    return math.hypot(*(_apart(a, b, axis) for axis in axes))


def over(box: Boxed, other: Boxed) -> bool:
    """Whether the middle of one is above or below the other's outline."""
    return all(abs(box.position[axis] - other.position[axis]) <= other.size[axis] / 2 for axis in (0, 1))


def inside(box: Boxed, other: Boxed, *, slack: float = 0.03) -> bool:
    """Whether one box is within the other, but for some slack in metres."""
    return all(
        abs(box.position[axis] - other.position[axis]) <= (other.size[axis] - box.size[axis]) / 2 + slack
        for axis in (0, 1, 2)
    )


def encloses(box: Boxed, point: Point) -> bool:
    """Whether a point is in a box, or rests on it."""
    low = box.position[2] - box.size[2] / 2 - 0.05
    return (
        abs(point[0] - box.position[0]) <= box.size[0] / 2 + 0.05
        and abs(point[1] - box.position[1]) <= box.size[1] / 2 + 0.05
        and low <= point[2] <= low + box.size[2] + 0.05 + _ABOVE
    )


@dataclass(frozen=True, slots=True)
class _Plain:
    position: Point
    size: Point


def _thickened(box: Boxed, slack: float) -> _Plain:
    """A box that is at least as thick as the slack along the axes along which it is thin."""
    thin = max(box.size) / 2
    width, depth, height = (max(extent, slack) if extent < thin else extent for extent in box.size)
    return _Plain(box.position, (width, depth, height))


def _apart(a: Boxed, b: Boxed, axis: int) -> float:
    return max(abs(a.position[axis] - b.position[axis]) - (a.size[axis] + b.size[axis]) / 2, 0.0)


def _solid(box: Boxed) -> float:
    return (box.size[0] + _THIN) * (box.size[1] + _THIN) * (box.size[2] + _THIN)


def _common(a: Boxed, b: Boxed) -> float:
    common = 1.0
    for axis in (0, 1, 2):
        reach = (a.size[axis] + b.size[axis]) / 2 - abs(a.position[axis] - b.position[axis])
        both = min(reach, a.size[axis], b.size[axis]) + _THIN
        if both <= 0:
            return 0.0
        common *= both
    return common
