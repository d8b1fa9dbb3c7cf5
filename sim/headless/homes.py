"""Several floor plans composed into one home, and scenes by any name.

A home's name joins those of its floor plans: ``"FloorPlan1+FloorPlan201+FloorPlan301"``. The first plan stays where
it is; each further one is moved, and turned by quarters if need be, to where one of its free walls meets a free wall of
a room that is there already, and a doorway is cut through both. Ids follow the new positions, as AI2-THOR's ids do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from sim.headless.errors import SceneError
from sim.headless.geometry import Array, vector, xyz, yaw_matrix
from sim.headless.houses import empty_scene
from sim.headless.openings import Opening, cut_openings
from sim.headless.rooms import WALL_THICKNESS, Room, Wall, room_walls
from sim.headless.scene import Scene, Spawn, load_scene, recorded_scene
from sim.headless.space import AGENT_RADIUS, Space
from sim.headless.world import World

__all__ = ["compose_home", "load_any_scene"]

_GRID = 0.25
_DOOR_HALF = 0.45
"""Half the width of a doorway, metres."""

_DOOR_HEIGHT = 2.05
_GAP = 2 * WALL_THICKNESS
"""Between the insides of two rooms: a wall of each, metres."""

_MAX_PLANS = 8

_APPROACH = 2.0
"""Farthest that a place the agent reaches may be from a wall for a doorway in it, metres."""

_SIDES = ((0, 1), (1, 1), (1, -1), (0, -1))
"""(axis of (x, z), direction) of the walls at which a room may be joined, in order of preference."""


def load_any_scene(name: str) -> Scene:
    """The scene of a name: a floor plan, a composed home, or ``"Procedural"``, the empty one.

    Raises:
        SceneError: If there is none.
    """
    if name == "Procedural":
        return empty_scene()
    if "+" in name:
        return compose_home(tuple(name.split("+")))
    return load_scene(name)


@dataclass(frozen=True)
class _Plan:
    """A floor plan on its own.

    Attributes:
        scene: As recorded.
        doors: By side: the coordinates along the wall, on the grid, at which a doorway has free floor behind it.
    """

    scene: Scene
    doors: dict[tuple[int, int], list[float]]

    @property
    def room(self) -> Room:
        return self.scene.rooms[0]


@lru_cache(maxsize=4)
def compose_home(names: tuple[str, ...]) -> Scene:
    """One home of several floor plans.

    Args:
        names: Names of the floor plans, the agent starts in the first.

    Raises:
        SceneError: If a plan is unknown or no free walls can be joined.
    """
    if not 2 <= len(names) <= _MAX_PLANS:
        raise SceneError(f"a home is composed of 2 to {_MAX_PLANS} floor plans, got {len(names)}")
    plans, shifts, openings = [_plan(names[0], 0)], [np.zeros(3)], []
    for name in names[1:]:
        plan, shift, opening = _join(plans, shifts, name)
        plans.append(plan)
        shifts.append(shift)
        openings.append(opening)
    rooms = tuple(_moved_room(plan.room, shift) for plan, shift in zip(plans, shifts, strict=True))
    walls = [wall for index, room in enumerate(rooms) for wall in room_walls(room, index)]
    walls += [jamb for index, opening in enumerate(openings) for jamb in _jambs(opening, index)]
    objects: list[dict[str, Any]] = []
    taken: set[str] = set()
    for plan, shift in zip(plans, shifts, strict=True):
        moved = _moved_objects(plan.scene.objects, shift, taken)
        taken |= {record["objectId"] for record in moved}
        objects += moved
    starts = tuple(
        (x + float(shift[0]), z + float(shift[2]))
        for plan, shift in zip(plans, shifts, strict=True)
        for x, z in plan.scene.starts
    )
    return Scene("+".join(names), objects, rooms, cut_openings(walls, openings), plans[0].scene.spawn, starts)


@lru_cache(maxsize=16)
def _plan(name: str, quarter: int) -> _Plan:
    """A floor plan turned clockwise by quarters."""
    scene = _turned(load_scene(name), quarter)
    world = World(scene)
    space = Space(world)
    start = world.agent.position[[0, 2]]
    reachable = space.reachable(start, _GRID)
    room = scene.rooms[0]
    doors: dict[tuple[int, int], list[float]] = {}
    for axis, direction in _SIDES:
        edge = room.high[axis] if direction > 0 else room.low[axis]
        doors[(axis, direction)] = [
            float(along) for along in _free_along(reachable, space, axis, direction, float(edge))
        ]
    return _Plan(scene, doors)


def _free_along(reachable: Array, space: Space, axis: int, direction: int, edge: float) -> Iterator[float]:
    """Places along a wall from which a straight way, as wide as the agent, leads to a reachable place nearby."""
    across = 1 - axis
    for along in np.unique(reachable[:, across]):
        row = reachable[np.abs(reachable[:, across] - along) < 1e-6]
        nearest = row[np.argmin(np.abs(row[:, axis] - edge))]
        distance = abs(edge - nearest[axis])
        if distance > _APPROACH:
            continue
        steps = np.arange(0.0, distance + AGENT_RADIUS, 0.05)
        points = np.repeat(nearest[None], len(steps), axis=0)
        points[:, axis] += direction * steps
        # near the wall that will be cut only other things stop the agent
        inside = steps < distance - AGENT_RADIUS
        if space.free(points[inside]).all() and space.free(points, ignore_walls=True).all():
            yield along


def _join(plans: Sequence[_Plan], shifts: Sequence[Array], name: str) -> tuple[_Plan, Array, Opening]:
    """How a further plan is turned and moved, and the doorway to it."""
    there_already = [_moved_room(plan.room, shift) for plan, shift in zip(plans, shifts, strict=True)]
    for quarter in range(4):
        new = _plan(name, quarter)
        for index, (axis, direction) in product(range(len(plans) - 1, -1, -1), _SIDES):
            old, facing = plans[index], (axis, -direction)
            for here, there in product(
                _by_middle(old.doors[(axis, direction)], old.room, axis), _by_middle(new.doors[facing], new.room, axis)
            ):
                shift = _shift(old, shifts[index], new, axis, direction, here, there)
                room = _moved_room(new.room, shift)
                if not any(_overlap(room, other) for other in there_already):
                    return new, shift, _doorway(old, shifts[index], room, axis, direction, here)
    raise SceneError(
        f"{name} cannot be joined to {', '.join(plan.scene.name for plan in plans)}: no free walls meet; "
        "try another order or another floor plan"
    )


def _by_middle(places: list[float], room: Room, axis: int) -> list[float]:
    """At most eight of the places along a wall, spread over it, those nearest to its middle first."""
    middle = float((room.low[1 - axis] + room.high[1 - axis]) / 2)
    spread = places[:: max(1, len(places) // 8)]
    return sorted(spread, key=lambda place: abs(place - middle))


def _shift(old: _Plan, shift: Array, new: _Plan, axis: int, direction: int, here: float, there: float) -> Array:
    world_axis, across = (0, 2)[axis], (2, 0)[axis]
    moved = np.zeros(3)
    if direction > 0:
        gap = old.room.high[axis] + shift[world_axis] + _GAP - new.room.low[axis]
        moved[world_axis] = np.ceil(gap / _GRID) * _GRID
    else:
        gap = old.room.low[axis] + shift[world_axis] - _GAP - new.room.high[axis]
        moved[world_axis] = np.floor(gap / _GRID) * _GRID
    moved[across] = here + shift[across] - there
    moved[1] = old.room.floor + shift[1] - new.room.floor
    return moved


def _doorway(old: _Plan, shift: Array, room: Room, axis: int, direction: int, here: float) -> Opening:
    world_axis, across = (0, 2)[axis], (2, 0)[axis]
    inside = (old.room.high if direction > 0 else old.room.low)[axis] + shift[world_axis]
    outside = (room.low if direction > 0 else room.high)[axis]
    low, high = np.zeros(3), np.zeros(3)
    low[world_axis], high[world_axis] = min(inside, outside), max(inside, outside)
    low[across], high[across] = here + shift[across] - _DOOR_HALF, here + shift[across] + _DOOR_HALF
    low[1] = room.floor - 0.01
    high[1] = room.floor + _DOOR_HEIGHT
    return Opening(low, high)


def _jambs(opening: Opening, index: int) -> list[Wall]:
    """What closes the gap between two walls around a doorway, and the floor in it."""
    along = 0 if opening.high[0] - opening.low[0] < opening.high[2] - opening.low[2] else 2
    across = 2 - along
    pieces = []
    for number, (start, end) in enumerate(
        ((opening.low[across] - 0.1, opening.low[across]), (opening.high[across], opening.high[across] + 0.1))
    ):
        low, high = opening.low.copy(), opening.high.copy()
        low[across], high[across] = start, end
        pieces.append(_wall(f"wall|{index}|jamb{number}", "wall", low, high))
    low, high = opening.low.copy(), opening.high.copy()
    above, below = np.array([low[0], high[1], low[2]]), np.array([high[0], low[1] + 0.01, high[2]])
    pieces.append(_wall(f"wall|{index}|lintel", "wall", above, high + np.array([0, 0.1, 0])))
    pieces.append(_wall(f"floor|{index}", "floor", low - np.array([0, 0.05, 0]), below))
    return pieces


def _wall(name: str, kind: str, low: Array, high: Array) -> Wall:
    a, b, c = low.tolist()
    d, e, f = high.tolist()
    return Wall(name, kind, (a, b, c), (d, e, f))


def _overlap(a: Room, b: Room) -> bool:
    return bool(((a.low < b.high + _GAP - 0.01) & (a.high > b.low - _GAP + 0.01)).all())


def _moved_room(room: Room, shift: Array) -> Room:
    x, y, z = shift.tolist()
    return replace(
        room, polygon=tuple((a + x, b + z) for a, b in room.polygon), floor=room.floor + y, ceiling=room.ceiling + y
    )


def _moved_objects(records: Sequence[dict[str, Any]], shift: Array, taken: set[str]) -> list[dict[str, Any]]:
    if not shift.any():
        return list(records)
    names = {record["objectId"]: _moved_id(record["objectId"], shift, taken) for record in records}
    return [_moved(record, shift, names) for record in records]


def _moved(record: dict[str, Any], shift: Array, names: dict[str, str]) -> dict[str, Any]:
    def shifted(point: dict[str, float]) -> dict[str, float]:
        return {axis: point[axis] + float(shift[i]) for i, axis in enumerate("xyz")}

    bounds, oriented = record["axisAlignedBoundingBox"], record["objectOrientedBoundingBox"]
    return _renamed(record, names) | {
        "position": shifted(record["position"]),
        "axisAlignedBoundingBox": {
            "center": shifted(bounds["center"]),
            "size": bounds["size"],
            "cornerPoints": (np.array(bounds["cornerPoints"]) + shift).tolist(),
        },
        "objectOrientedBoundingBox": oriented
        and {"cornerPoints": (np.array(oriented["cornerPoints"]) + shift).tolist()},
    }


def _turned(scene: Scene, quarter: int) -> Scene:
    """A floor plan turned clockwise by quarters about the origin."""
    if quarter == 0:
        return scene
    turn = yaw_matrix(90.0 * quarter).round()
    names: dict[str, str] = {}
    for record in scene.objects:
        object_type, *rest = record["objectId"].split("|")
        point = turn @ [float(text) for text in rest[:3]]
        names[record["objectId"]] = "|".join([object_type, *(_coordinate(c) for c in point.tolist()), *rest[3:]])
    x, y, z = (turn @ scene.spawn.position).tolist()
    spawn = Spawn((x, y, z), (scene.spawn.yaw + 90.0 * quarter) % 360, scene.spawn.horizon)
    number = int(scene.name.removeprefix("FloorPlan").removesuffix("_physics"))
    return recorded_scene(number, [_turned_record(record, turn, quarter, names) for record in scene.objects], spawn)


def _turned_record(record: dict[str, Any], turn: Array, quarter: int, names: dict[str, str]) -> dict[str, Any]:
    bounds, oriented = record["axisAlignedBoundingBox"], record["objectOrientedBoundingBox"]
    angles = record["rotation"]
    return _renamed(record, names) | {
        "position": xyz(turn @ vector(record["position"])),
        "rotation": angles | {"y": (angles["y"] + 90.0 * quarter) % 360},
        "axisAlignedBoundingBox": {
            "center": xyz(turn @ vector(bounds["center"])),
            "size": xyz(np.abs(turn) @ vector(bounds["size"])),
            "cornerPoints": (np.array(bounds["cornerPoints"]) @ turn.T).tolist(),
        },
        "objectOrientedBoundingBox": oriented
        and {"cornerPoints": (np.array(oriented["cornerPoints"]) @ turn.T).tolist()},
    }


def _renamed(record: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """An object's metadata with ids exchanged."""

    def renamed(ids: list[str] | None) -> list[str] | None:
        return None if ids is None else [names.get(i, i) for i in ids]

    return record | {
        "objectId": names[record["objectId"]],
        "parentReceptacles": renamed(record["parentReceptacles"]),
        "receptacleObjectIds": renamed(record["receptacleObjectIds"]),
        "controlledObjects": renamed(record["controlledObjects"]),
    }


def _moved_id(object_id: str, shift: Array, taken: set[str]) -> str:
    """An id with the coordinates in it moved; one that is taken already gets the next free hundredth."""
    object_type, *rest = object_id.split("|")
    point = [float(text) for text in rest[:3]] + shift
    while True:
        text = "|".join([object_type, *(_coordinate(c) for c in point.tolist()), *rest[3:]])
        if text not in taken:
            return text
        point = point + np.array([0.0, 0.01, 0.0])


def _coordinate(value: float) -> str:
    """A coordinate as AI2-THOR writes it in ids: signed, but for what is negative and rounds to zero."""
    text = f"{value:+06.2f}"
    return "00.00" if text == "-00.00" else text
