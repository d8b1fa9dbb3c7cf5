"""What is on, in and beside what, by boxes and by what goes where."""

from __future__ import annotations

from collections.abc import Iterable

from scene_graph.boxes import gap, inside, over, overlap, volume
from scene_graph.objects import SceneObject
from scene_graph.state import GraphState

__all__ = ["beside", "relate"]

_REST = 0.15
"""Metres between an underside and the top that it rests on, at most."""
_REACH = 2.0
"""Metres from a thing's centre within which the centre of what holds it is."""
_BESIDE = 0.35
"""Metres between the sides of two things that stand beside one another, at most: nobody fits between them."""
_LEVEL = 0.5
"""Share of the lower one's height that both must have in common to stand beside one another."""
_NEIGHBOURS = 4
"""How many things are named as standing beside one."""


def relate(state: GraphState, thing: SceneObject, *, told: SceneObject | None = None) -> None:
    """Note what a thing is on or in: what the sensor says, else the smallest thing that fits by class and boxes."""
    holder = told or _holder(state, thing, state.around(thing.position, _REACH))
    if holder is not None and holder is not thing:
        thing.parent = holder.object_id
        thing.relation = "in" if inside(thing, holder) else "on"


def beside(state: GraphState, thing: SceneObject) -> list[str]:
    """Ids of what stands beside a thing, nearest first, at most four.

    Two things stand beside one another when they rest on the same (the floor, a counter), are at one height, and leave
    no more than 35 cm between their sides.
    """
    if not thing.sized or thing.stale:
        return []
    found = []
    for other in state.around(thing.position, max(thing.size[:2]) / 2 + _REACH):
        if other is thing or other.stale or not other.sized or other.parent != thing.parent:
            continue
        apart = gap(thing, other)
        if apart <= _BESIDE and _level(thing, other) and overlap(thing, other) < 0.5:
            found.append((round(apart, 3), other.object_id))
    return [key for _, key in sorted(found)[:_NEIGHBOURS]]


def _holder(state: GraphState, thing: SceneObject, near: Iterable[SceneObject]) -> SceneObject | None:
    if not thing.sized:
        return None
    bottom = thing.position[2] - thing.size[2] / 2
    best: tuple[float, str] | None = None
    holder: SceneObject | None = None
    for other in near:
        if other is thing or other.stale or not other.sized:
            continue
        if thing.label not in state.knowledge.get(other.label).holds:
            continue
        top = other.position[2] + other.size[2] / 2
        if (abs(bottom - top) < _REST and over(thing, other)) or inside(thing, other):
            rank = (volume(other), other.object_id)
            if best is None or rank < best:
                best, holder = rank, other
    return holder


def _level(a: SceneObject, b: SceneObject) -> bool:
    """Whether two things are at one height for half of the lower one's extent."""
    common = (a.size[2] + b.size[2]) / 2 - abs(a.position[2] - b.position[2])
    return common >= _LEVEL * min(a.size[2], b.size[2]) and common > -0.01
