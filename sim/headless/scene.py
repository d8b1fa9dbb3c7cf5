"""What a scene is before anybody acts in it: its objects, its rooms and where the agent starts.

The recordings hold neither the agent's pose nor walls. The pose follows exactly from the recorded distances between
the agent and every object (trilateration); the heading is the quarter turn that explains best which objects were
recorded as visible. The walls stand around the floor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.headless.errors import SceneError
from sim.headless.geometry import Array, vector, yaw_matrix
from sim.headless.recordings import recorded_objects, scene_numbers

__all__ = ["Room", "Scene", "Spawn", "Wall", "load_scene", "scene_names"]

AGENT_HEIGHT = 0.901
"""Height of the agent's reference point above the floor, metres."""

_CEILING = 2.6
_WALL_THICKNESS = 0.1
_WALL_TYPES = frozenset(
    ["Window", "LightSwitch", "Painting", "Mirror", "Poster", "TowelHolder", "HandTowelHolder", "ToiletPaperHanger"]
)


@dataclass(frozen=True)
class Spawn:
    """Where the agent starts.

    Attributes:
        position: (x, y, z) of the agent's reference point.
        yaw: Degrees clockwise from +z.
        horizon: Degrees, positive looks down.
    """

    position: tuple[float, float, float]
    yaw: float
    horizon: float = 0.0


@dataclass(frozen=True)
class Wall:
    """A vertical slab that closes a room; also a ceiling or a floor that is no object.

    Attributes:
        name: Unique within the scene, e.g. ``"wall|2|1"``.
        kind: ``"wall"``, ``"ceiling"`` or ``"floor"``.
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
        polygon: Corners (x, z) of its floor, in order.
        floor: Height of the floor, metres.
        ceiling: Height of the ceiling.
    """

    name: str
    kind: str
    polygon: tuple[tuple[float, float], ...]
    floor: float
    ceiling: float


@dataclass(frozen=True)
class Scene:
    """Everything that a world is made from.

    Attributes:
        name: As the client asked for it, e.g. ``"FloorPlan1_physics"``.
        objects: Metadata of every object, as recorded.
        rooms: At least one.
        walls: Around and between the rooms.
        spawn: Where the agent starts.
    """

    name: str
    objects: list[dict[str, Any]]
    rooms: tuple[Room, ...]
    walls: tuple[Wall, ...]
    spawn: Spawn
    lights: tuple[str, ...] = field(default=())

    @property
    def low(self) -> Array:
        """(3,) least corner of all rooms."""
        corners = [corner for room in self.rooms for corner in room.polygon]
        x, z = np.min(corners, axis=0)
        return np.array([x, min(room.floor for room in self.rooms), z])

    @property
    def high(self) -> Array:
        """(3,) greatest corner of all rooms."""
        corners = [corner for room in self.rooms for corner in room.polygon]
        x, z = np.max(corners, axis=0)
        return np.array([x, max(room.ceiling for room in self.rooms), z])


def scene_names() -> list[str]:
    """Names of the floor plans as the client expects them from ``GetScenesInBuild``."""
    return [f"FloorPlan{number}_physics" for number in scene_numbers()]


def load_scene(name: str) -> Scene:
    """A floor plan as recorded.

    Args:
        name: ``"FloorPlan1"`` or ``"FloorPlan1_physics"``.

    Raises:
        SceneError: If there is no such floor plan.
    """
    match = re.fullmatch(r"FloorPlan(\d+)(?:_physics)?", name)
    if match is None or int(match[1]) not in scene_numbers():
        raise SceneError(
            f"Scene '{name}' not contained in build (scene names are case sensitive); "
            "the floor plans are FloorPlan1-30, 201-230, 301-330 and 401-430"
        )
    number = int(match[1])
    objects = recorded_objects(number)
    room = _room(f"FloorPlan{number}", _room_kind(number), objects)
    return Scene(f"FloorPlan{number}_physics", objects, (room,), room_walls(room, 0), _spawn(objects))


def room_walls(room: Room, index: int) -> tuple[Wall, ...]:
    """Walls along the edges of an axis-aligned room, and its ceiling."""
    corners = room.polygon
    slabs: list[Wall] = []
    xs, zs = [c[0] for c in corners], [c[1] for c in corners]
    for i, (a, b) in enumerate(zip(corners, corners[1:] + corners[:1], strict=True)):
        # corners turn counter-clockwise in (x, z), so the outside lies to the right of each edge
        outward = np.array([b[1] - a[1], a[0] - b[0]])
        outward = outward / np.linalg.norm(outward) * _WALL_THICKNESS
        ends = np.array([a, b, a + outward, b + outward])
        (x0, z0), (x1, z1) = ends.min(axis=0), ends.max(axis=0)
        slabs.append(Wall(f"wall|{index}|{i}", "wall", (x0, room.floor, z0), (x1, room.ceiling, z1)))
    top = room.ceiling
    slabs.append(Wall(f"ceiling|{index}", "ceiling", (min(xs), top, min(zs)), (max(xs), top + 0.05, max(zs))))
    return tuple(slabs)


def _room_kind(number: int) -> str:
    return ("Kitchen", "", "LivingRoom", "Bedroom", "Bathroom")[number // 100]


def _room(name: str, kind: str, objects: list[dict[str, Any]]) -> Room:
    """The room around the objects: the floor's rectangle, drawn in to where things hang on its walls."""
    floor = next(o for o in objects if o["objectType"] == "Floor")
    center, half = (
        vector(floor["axisAlignedBoundingBox"]["center"]),
        vector(floor["axisAlignedBoundingBox"]["size"]) / 2,
    )
    low, high = center - half, center + half
    ground = float(high[1])
    ceiling = ground + _CEILING
    for record in objects:
        bounds = record["axisAlignedBoundingBox"]
        middle, size = vector(bounds["center"]), vector(bounds["size"])
        if record["objectType"] != "Floor":
            ceiling = max(ceiling, float(middle[1] + size[1] / 2) + 0.05)
        if record["objectType"] not in _WALL_TYPES:
            continue
        axis = 0 if size[0] < size[2] else 2
        if size[axis] > 0.35:
            continue
        for side in (low, high):
            # what hangs on a wall touches it: within a hand's breadth of the floor's edge it tells where the wall is
            back = middle[axis] + (size[axis] / 2 if side is high else -size[axis] / 2)
            if abs(back - side[axis]) < 0.25:
                side[axis] = max(side[axis], back) if side is high else min(side[axis], back)
    (x0, _, z0), (x1, _, z1) = low.tolist(), high.tolist()
    return Room(name, kind, ((x0, z0), (x1, z0), (x1, z1), (x0, z1)), ground, ceiling)


def _spawn(objects: list[dict[str, Any]]) -> Spawn:
    positions = np.array([vector(o["position"]) for o in objects])
    distances = np.array([o["distance"] for o in objects])
    # |p − s|² = d² is linear in (s, |s|²)
    system = np.column_stack([-2 * positions, np.ones(len(positions))])
    solution, *_ = np.linalg.lstsq(system, distances**2 - (positions**2).sum(axis=1), rcond=None)
    x, y, z = solution[:3]
    position = (round(x * 4) / 4, float(y), round(z * 4) / 4)
    return Spawn(position, _spawn_yaw(objects, np.asarray(position)))


def _spawn_yaw(objects: list[dict[str, Any]], position: Array) -> float:
    """The quarter turn that explains best what was recorded as visible, with a 90° field of view."""
    camera = position + [0, 0.675, 0]
    nearby = [
        (record["visible"], vector(record["axisAlignedBoundingBox"]["center"]) - camera)
        for record in objects
        if record["objectType"] != "Floor"
    ]
    scores = []
    for yaw in (0.0, 90.0, 180.0, 270.0):
        forward = yaw_matrix(yaw)[:, 2]
        score = 0.0
        for visible, offset in nearby:
            ahead = float(offset @ forward)
            across = float(np.linalg.norm(offset - ahead * forward))
            if ahead > 0 and across < ahead:
                score += 1.0 if visible else -0.01 * (ahead < 1.5)
        scores.append((score, -yaw))
    return -max(scores)[1]
