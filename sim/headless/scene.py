"""What a scene is before anybody acts in it: its objects, its rooms and where the agent starts.

The recordings hold neither the agent's pose nor walls. The pose follows exactly from the recorded distances between
the agent and every object (trilateration); the heading is the quarter turn that explains best which objects were
recorded as visible. Rooms and walls are found by `rooms`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from sim.headless.errors import SceneError
from sim.headless.geometry import Array, vector, yaw_matrix
from sim.headless.recordings import recorded_objects, scene_numbers
from sim.headless.rooms import Room, Wall, find_room, room_walls

__all__ = ["Scene", "Spawn", "load_scene", "recorded_scene", "scene_names"]

AGENT_HEIGHT = 0.901
"""Height of the agent's reference point above the floor, metres."""


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


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that a world is made from.

    Attributes:
        name: As the client asked for it, e.g. ``"FloorPlan1_physics"``.
        objects: Metadata of every object, as recorded.
        rooms: At least one.
        walls: Around and between the rooms.
        spawn: Where the agent starts.
        starts: Places (x, z) where an agent is known to have stood, one for each recorded floor plan: there is
            free floor, whatever the boxes say.
    """

    name: str
    objects: list[dict[str, Any]]
    rooms: tuple[Room, ...]
    walls: tuple[Wall, ...]
    spawn: Spawn
    starts: tuple[tuple[float, float], ...] = ()

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

    def room_at(self, place: Array) -> int:
        """Number of the room at, or nearest to, a place (x, z)."""
        off = [
            float(np.hypot(*np.maximum(np.maximum(room.low - place, place - room.high), 0.0))) for room in self.rooms
        ]
        return int(np.argmin(off))


def scene_names() -> list[str]:
    """Names of the floor plans as the client expects them from ``GetScenesInBuild``."""
    return [f"FloorPlan{number}_physics" for number in scene_numbers()]


def load_scene(name: str) -> Scene:
    """A floor plan as recorded; the same object each time, not to be changed.

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
    return _load(int(match[1]))


@lru_cache(maxsize=8)
def _load(number: int) -> Scene:
    objects = recorded_objects(number)
    return recorded_scene(number, objects, _spawn(objects))


def recorded_scene(number: int, objects: list[dict[str, Any]], spawn: Spawn) -> Scene:
    """A scene from metadata of its objects, e.g. of a recorded event.

    Args:
        number: Of the floor plan.
        objects: Metadata of every object.
        spawn: Where the agent is.
    """
    place = np.array(spawn.position)[[0, 2]]
    room = find_room(f"FloorPlan{number}", _room_kind(number), objects, place)
    x, _, z = spawn.position
    return Scene(f"FloorPlan{number}_physics", objects, (room,), room_walls(room, 0), spawn, ((x, z),))


def _room_kind(number: int) -> str:
    return ("Kitchen", "", "LivingRoom", "Bedroom", "Bathroom")[number // 100]


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
    camera = position + np.array([0, 0.675, 0])
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
