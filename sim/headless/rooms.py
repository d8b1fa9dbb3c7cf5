"""Finds the walls of a room from what stands in it and what hangs on them.

The recordings have no walls, and the floor's box often reaches far beyond them. What a room holds lies within its
walls, so the box around all of it is the room. A room that is no rectangle shows in an empty corner behind something
that hangs on a wall: that corner is cut off along the wall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.headless.geometry import Array, matrix_from_euler, vector

__all__ = ["Room", "Wall", "find_room", "room_walls"]

CEILING = 2.6
"""Usual height of a room, metres."""

WALL_THICKNESS = 0.1
"""Metres."""

_FACES_ROOM = frozenset(["LightSwitch", "TowelHolder", "HandTowelHolder", "ToiletPaperHanger", "Blinds"])
"""Types on walls whose pivot's forward axis points into the room."""

_ON_WALLS = _FACES_ROOM | {"Painting", "Mirror", "Poster"}

_NOT_INSIDE = frozenset(["Floor", "Window", "Blinds", "Curtains"])
"""Types that may lie beyond the walls of the room."""

_MIN_CUT = 0.45
"""Least width of a corner that is cut off, metres."""

_SPAWN_MARGIN = 0.21
"""The walls keep this far from where the agent starts, metres."""


@dataclass(frozen=True)
class Wall:
    """A slab that closes a room.

    Attributes:
        name: Unique within the scene, e.g. ``"wall|2|1"``.
        kind: ``"wall"``, ``"ceiling"`` or ``"floor"`` (a floor that is no object).
        low: Least corner (x, y, z), metres.
        high: Greatest corner.
    """

    name: str
    kind: str
    low: tuple[float, float, float]
    high: tuple[float, float, float]


@dataclass(frozen=True)
class Room:
    """The inside of a room.

    Attributes:
        name: Unique within the scene, e.g. ``"FloorPlan1"``.
        kind: ``"Kitchen"``, ``"LivingRoom"``, ``"Bedroom"`` or ``"Bathroom"``.
        polygon: Corners (x, z) of its floor, counter-clockwise with x to the right and z up; edges run along x or z.
        floor: Height of the floor, metres.
        ceiling: Height of the ceiling.
    """

    name: str
    kind: str
    polygon: tuple[tuple[float, float], ...]
    floor: float
    ceiling: float

    @property
    def low(self) -> Array:
        """(2,) least (x, z)."""
        return np.asarray(np.min(self.polygon, axis=0))

    @property
    def high(self) -> Array:
        """(2,) greatest (x, z)."""
        return np.asarray(np.max(self.polygon, axis=0))


@dataclass(frozen=True)
class _Box:
    """An object's footprint and what is needed to tell walls from it."""

    object_type: str
    low: Array
    high: Array
    top: float
    facing: Array


def find_room(name: str, kind: str, records: Sequence[dict[str, Any]], spawn: Array) -> Room:
    """The room around recorded objects.

    Args:
        name: For the room.
        kind: For the room.
        records: Metadata of the objects; one of them is the floor.
        spawn: (x, z) where the agent starts.
    """
    boxes = [_box(record) for record in records]
    ground = next(box for box in boxes if box.object_type == "Floor")
    low, high = spawn - _SPAWN_MARGIN, spawn + _SPAWN_MARGIN
    for box in boxes:
        if box.object_type not in _NOT_INSIDE:
            low, high = np.minimum(low, box.low), np.maximum(high, box.high)
        elif box.object_type == "Window":
            inner = _inner_face(box, spawn)
            if inner is not None:
                low, high = np.minimum(low, inner.min(axis=0)), np.maximum(high, inner.max(axis=0))
    low = np.minimum(np.maximum(low, ground.low), spawn - _SPAWN_MARGIN)
    high = np.maximum(np.minimum(high, ground.high), spawn + _SPAWN_MARGIN)
    ceiling = max(ground.top + CEILING, max(box.top for box in boxes) + 0.05)
    return Room(name, kind, _polygon(low, high, _cut_corners(boxes, low, high, spawn)), ground.top, ceiling)


def room_walls(room: Room, index: int) -> tuple[Wall, ...]:
    """Walls along the edges of a room, and its ceiling.

    Args:
        room: Whose.
        index: Number of the room, for the names.
    """
    corners = room.polygon
    slabs: list[Wall] = []
    for i, (a, b) in enumerate(zip(corners, corners[1:] + corners[:1], strict=True)):
        # corners turn counter-clockwise, so the outside lies to the right of each edge
        outward = np.array([b[1] - a[1], a[0] - b[0]])
        outward = outward / np.linalg.norm(outward) * WALL_THICKNESS
        ends = np.array([a, b, a + outward, b + outward])
        (x0, z0), (x1, z1) = ends.min(axis=0).tolist(), ends.max(axis=0).tolist()
        slabs.append(Wall(f"wall|{index}|{i}", "wall", (x0, room.floor, z0), (x1, room.ceiling, z1)))
    (x0, z0), (x1, z1) = room.low.tolist(), room.high.tolist()
    top = room.ceiling
    slabs.append(Wall(f"ceiling|{index}", "ceiling", (x0, top, z0), (x1, top + 0.05, z1)))
    return tuple(slabs)


def _box(record: dict[str, Any]) -> _Box:
    bounds = record["axisAlignedBoundingBox"]
    center, half = vector(bounds["center"]), vector(bounds["size"]) / 2
    facing = matrix_from_euler(vector(record["rotation"]))[[0, 2], 2]
    top = float(center[1] + half[1])
    return _Box(record["objectType"], (center - half)[[0, 2]], (center + half)[[0, 2]], top, facing)


def _inner_face(window: _Box, spawn: Array) -> Array | None:
    """(2, 2) ends of a window's face towards the room, or None if it is no flat window."""
    size = window.high - window.low
    axis = int(np.argmin(size))
    if size[axis] > 0.6:
        return None
    face = np.stack([window.low, window.high])
    face[:, axis] = window.low[axis] if window.low[axis] > spawn[axis] else window.high[axis]
    return face


def _cut_corners(boxes: Sequence[_Box], low: Array, high: Array, spawn: Array) -> dict[tuple[int, int], Array]:
    """By corner, (±1, ±1) for greatest or least x and z: the (x, z) lengths that are cut off there."""
    solid = [box for box in boxes if box.object_type != "Floor"]
    lows = np.array([box.low for box in solid] + [spawn - _SPAWN_MARGIN])
    highs = np.array([box.high for box in solid] + [spawn + _SPAWN_MARGIN])
    largest: dict[tuple[int, int], Array] = {}
    for box in solid:
        axis = int(np.argmin(box.high - box.low))
        if box.object_type not in _ON_WALLS or box.high[axis] - box.low[axis] > 0.3:
            continue
        for side in (-1, 1):
            if box.object_type in _FACES_ROOM and box.facing[axis] * side > 0.3:
                continue  # it faces that way, so there the room goes on
            for corner, cut in _cuts_behind(box, axis, side, lows, highs, low, high):
                if cut.prod() > largest.get(corner, np.zeros(2)).prod():
                    largest[corner] = cut
    return largest


def _cuts_behind(
    box: _Box, axis: int, side: int, lows: Array, highs: Array, low: Array, high: Array
) -> list[tuple[tuple[int, int], Array]]:
    """Empty rectangles from the plane of a wall to the corners behind it."""
    along = 1 - axis
    plane, border = (box.high[axis], high[axis]) if side > 0 else (box.low[axis], low[axis])
    width = abs(border - plane)
    if width < _MIN_CUT:
        return []
    near, far = sorted((plane, border))
    behind = (highs[:, axis] > near + 0.02) & (lows[:, axis] < far - 0.02)
    middle = (box.low[along] + box.high[along]) / 2
    found = []
    for end in (-1, 1):
        if end > 0:
            limit = highs[behind, along].max(initial=low[along])
            reaches, length = limit <= middle, high[along] - limit
        else:
            limit = lows[behind, along].min(initial=high[along])
            reaches, length = limit >= middle, limit - low[along]
        if reaches and length >= _MIN_CUT:
            corner = (side, end) if axis == 0 else (end, side)
            found.append((corner, np.array([width, length] if axis == 0 else [length, width])))
    return found


def _polygon(low: Array, high: Array, cuts: dict[tuple[int, int], Array]) -> tuple[tuple[float, float], ...]:
    """The rectangle's corners, counter-clockwise, each replaced by three where it is cut."""
    corners: list[tuple[float, float]] = []
    for sx, sz in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        x, z = float(high[0] if sx > 0 else low[0]), float(high[1] if sz > 0 else low[1])
        cut = cuts.get((sx, sz))
        if cut is None:
            corners.append((x, z))
            continue
        inner_x, inner_z = x - sx * float(cut[0]), z - sz * float(cut[1])
        # going round, the edge that arrives runs along x at the bottom and top, along z at the sides
        first, last = ((x, inner_z), (inner_x, z)) if sx == sz else ((inner_x, z), (x, inner_z))
        corners += [first, (inner_x, inner_z), last]
    return tuple(corners)
