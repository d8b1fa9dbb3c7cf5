"""What a frame shows of what a skill was to bring about: a thing in its place, elsewhere or not at all; a state."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from planner_node.robot import Frame
from scene_graph.types import OPPOSITES, FloatArray, ObjectState, Observation, Point, as_point

__all__ = ["Box", "Evidence", "box_of", "contradicts", "count_in", "outside", "whereabouts"]

_MARGIN = 0.15
"""Metres that a thing may stick out over the edge of what it lies on, or that sight may be wrong by."""

_FAR = 0.8
"""Metres beside a receptacle beyond which a thing is certainly not in or on it: often only a part of one is in view."""

_FALLEN = 0.35
"""Metres below the bottom of a receptacle beyond which a thing certainly fell beside it."""

_UNKNOWN = 0.6
"""Extents, metres, that a receptacle is taken to have of which none were seen."""


class Evidence(StrEnum):
    """Where a thing is seen to be after it was let go."""

    THERE = "there"
    ELSEWHERE = "elsewhere"
    UNSEEN = "unseen"


@dataclass(frozen=True)
class Box:
    """An axis-aligned box in the map frame.

    Attributes:
        low: Least corner, metres.
        high: Greatest corner, metres.
    """

    low: Point
    high: Point

    def beside(self, point: Point) -> float:
        """Horizontal metres from the box to a point; 0 above, in or below it."""
        dx = max(self.low[0] - point[0], point[0] - self.high[0], 0.0)
        dy = max(self.low[1] - point[1], point[1] - self.high[1], 0.0)
        return math.hypot(dx, dy)

    def below(self, point: Point) -> float:
        """Metres by which a point is lower than the box; 0 if it is not."""
        return max(0.0, self.low[2] - point[2])

    def holds(self, point: Point) -> bool:
        """Whether a thing at a point may be in or on the box."""
        return self.beside(point) <= _MARGIN and self.below(point) <= _MARGIN


def box_of(seen: Observation | None, known: ObjectState) -> Box:
    """What a receptacle takes up, as far as memory and one frame tell: each may have seen only a part of it.

    Args:
        seen: The receptacle in the frame, if that shows it.
        known: What memory believes of it.
    """
    ends = [_ends(known.position, known.size)]
    if seen is not None:
        ends.append(_ends(seen.position, seen.size))
    low, high = np.min([e[0] for e in ends], axis=0), np.max([e[1] for e in ends], axis=0)
    return Box(as_point(low), as_point(high))


def _ends(centre: Point, size: Point | None) -> tuple[FloatArray, FloatArray]:
    half = np.asarray(size if size is not None else (_UNKNOWN,) * 3) / 2
    return np.asarray(centre) - half, np.asarray(centre) + half


def count_in(frame: Frame, label: str, box: Box) -> int:
    """How many things of a class a frame shows in or on a receptacle, without what is held."""
    return sum(o.label == label and not o.held and box.holds(o.position) for o in frame.observations)


def whereabouts(
    frame: Frame, label: str, box: Box, *, receptacle: str | None, own: Observation | None, before: int
) -> Evidence:
    """Where a thing of a class is seen to be after it was put into or onto a receptacle.

    Args:
        frame: After the thing was let go.
        label: Its class.
        box: What the receptacle takes up.
        receptacle: The receptacle's sensor id in that frame, if it shows it.
        own: The thing itself in that frame, if memory recognizes it.
        before: How many like things were seen there before it was let go: a twin proves nothing.
    """
    if count_in(frame, label, box) > before:
        return Evidence.THERE
    if own is None or own.held:
        return Evidence.UNSEEN
    if own.parent is not None and own.parent == receptacle:
        return Evidence.THERE
    if box.beside(own.position) > _FAR or box.below(own.position) > _FALLEN:
        return Evidence.ELSEWHERE
    return Evidence.THERE


def contradicts(states: Collection[str], wanted: str) -> bool:
    """Whether states that were seen rule out one that should have come about: its opposite, or another liquid."""
    if wanted in states:
        return False
    base, _, liquid = wanted.partition(":")
    bases = {s.split(":", 1)[0] for s in states}
    if base in bases:
        return bool(liquid) and base not in states
    return bool(bases & OPPOSITES.get(base, frozenset()))


def outside(thing: ObjectState, holder: ObjectState) -> bool:
    """Whether a thing that memory has in a closed container cannot be in it: it was seen when that was closed already.

    What is inferred from places only takes what lies on a chest for what is in its drawer.
    """
    return "closed" in holder.states and not thing.held and thing.stamp >= holder.stamp
