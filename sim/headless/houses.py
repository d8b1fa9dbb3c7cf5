"""Houses in ProcTHOR's JSON, as AI2-THOR's CreateHouse takes them.

Rooms, walls with their doorways, and objects are used; boxes and capabilities come from the asset database of the
``procthor`` package. Doors are open passages. Drawers, shelves and burners inside of an asset are no objects of their
own, as the asset database does not say where they are; a sink gets its basin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sim.headless.errors import SceneError
from sim.headless.geometry import Array, vector
from sim.headless.openings import Opening, cut_openings
from sim.headless.recordings import asset_database
from sim.headless.records import make_record
from sim.headless.rooms import CEILING, WALL_THICKNESS, Room, Wall
from sim.headless.scene import AGENT_HEIGHT, Scene, Spawn

__all__ = ["empty_scene", "load_house"]

_MATERIALS = frozenset(
    ["Metal", "Wood", "Plastic", "Glass", "Ceramic", "Stone", "Fabric", "Rubber", "Food", "Paper", "Wax", "Soap",
     "Sponge", "Organic", "Leather"]
)  # fmt: skip
_BASIN = np.array([0.7, 0.4, 0.7])
"""Size of a sink's basin as fractions of the sink's."""


def empty_scene() -> Scene:
    """What the client sees between Reset("Procedural") and CreateHouse: a bare room."""
    polygon = ((-5.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-5.0, 5.0))
    floor = _floor_record("Floor|+00.00|+00.00|+00.00", np.array(polygon), 0.0)
    room = Room("Procedural", "LivingRoom", polygon, 0.0, CEILING)
    return Scene("Procedural", [floor], (room,), (), Spawn((0.0, AGENT_HEIGHT, 0.0), 0.0))


def load_house(house: Mapping[str, Any]) -> Scene:
    """A scene from ProcTHOR house JSON.

    Args:
        house: The parsed JSON: ``rooms`` and ``walls`` are needed, ``doors``, ``windows``, ``objects`` and
            ``metadata.agent`` are used if there.

    Raises:
        SceneError: If it is no house; the message says what is wrong.
    """
    try:
        rooms = tuple(_room(room, house.get("walls") or []) for room in house["rooms"])
        if not rooms:
            raise SceneError("the house has no rooms")
        walls = _walls(house, rooms)
        records = [_floor_record(room.name, np.array(room.polygon), room.floor) for room in rooms]
        for item in house.get("objects") or []:
            records += _objects(item, ())
        spawn = _spawn(house, rooms)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise SceneError(f"this is no ProcTHOR house: {type(error).__name__}: {error}") from error
    ids = [record["objectId"] for record in records]
    if len(set(ids)) != len(ids):
        twice = next(i for i in ids if ids.count(i) > 1)
        raise SceneError(f"two objects of the house have the id {twice}")
    return Scene("Procedural", records, rooms, walls, spawn)


def _room(room: Mapping[str, Any], walls: Sequence[Mapping[str, Any]]) -> Room:
    points = [(float(p["x"]), float(p["z"])) for p in room["floorPolygon"]]
    if len(points) < 3:
        raise SceneError(f"room {room['id']} has no floor polygon")
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1], strict=True))
    if area < 0:
        points.reverse()
    tops = [float(p["y"]) for wall in walls if wall.get("roomId") == room["id"] for p in wall["polygon"]]
    floor = float(room["floorPolygon"][0]["y"])
    ceiling = max(tops, default=floor + CEILING)
    return Room(str(room["id"]), str(room.get("roomType", "LivingRoom")), tuple(points), floor, ceiling)


def _walls(house: Mapping[str, Any], rooms: Sequence[Room]) -> tuple[Wall, ...]:
    names = {room.name: number for number, room in enumerate(rooms)}
    slabs: list[Wall] = []
    lines: dict[str, tuple[Array, Array]] = {}
    for number, wall in enumerate(house.get("walls") or []):
        points = [vector(p) for p in wall["polygon"]]
        bottom, top = min(p[1] for p in points), max(p[1] for p in points)
        ends = [p for p in points if p[1] < (bottom + top) / 2] or points[:2]
        lines[str(wall["id"])] = (ends[0], ends[1])
        if wall.get("empty"):
            continue
        low, high = np.minimum(ends[0], ends[1]), np.maximum(ends[0], ends[1])
        grow = np.array([WALL_THICKNESS / 2, 0.0, WALL_THICKNESS / 2])
        low, high = low - grow, high + grow
        low[1], high[1] = bottom, top
        room = names.get(str(wall.get("roomId")), 0)
        slabs.append(Wall(f"wall|{room}|{number}", "wall", _triple(low), _triple(high)))
    for number, inside in enumerate(rooms):
        (x0, z0), (x1, z1) = inside.low.tolist(), inside.high.tolist()
        low_corner, high_corner = (x0, inside.ceiling, z0), (x1, inside.ceiling + 0.05, z1)
        slabs.append(Wall(f"ceiling|{number}", "ceiling", low_corner, high_corner))
    doors = [_opening(door, lines) for door in house.get("doors") or []]
    return cut_openings(slabs, doors)


def _opening(door: Mapping[str, Any], lines: Mapping[str, tuple[Array, Array]]) -> Opening:
    wall = str(door.get("wall0") or door.get("wall1"))
    if wall not in lines:
        raise SceneError(f"door {door.get('id')} is in wall {wall}, which the house does not have")
    start, end = lines[wall]
    if "holePolygon" in door:
        low_corner, high_corner = door["holePolygon"]
    else:
        low_corner, high_corner = door["boundingBox"]["min"], door["boundingBox"]["max"]
    direction = (end - start) / np.linalg.norm(end - start)
    a, b = start + direction * float(low_corner["x"]), start + direction * float(high_corner["x"])
    low, high = np.minimum(a, b), np.maximum(a, b)
    across = np.array([direction[2] != 0, 0.0, direction[0] != 0], dtype=float) * 0.3
    low, high = low - across, high + across
    low[1], high[1] = start[1] - 0.01, start[1] + float(high_corner["y"])
    return Opening(low, high)


def _floor_record(name: str, polygon: Array, height: float) -> dict[str, Any]:
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    center = np.array([(low[0] + high[0]) / 2, height - 0.05, (low[1] + high[1]) / 2])
    size = np.array([high[0] - low[0], 0.1, high[1] - low[1]])
    return make_record(name, "Floor", center=center, size=size, properties=frozenset(["Receptacle"]))


def _objects(item: Mapping[str, Any], parents: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    asset = asset_database().get(str(item["assetId"]))
    if asset is None:
        raise SceneError(f"object {item.get('id')}: the asset database has no asset {item['assetId']}")
    object_id = str(item["id"])
    properties = frozenset([asset.get("primaryProperty"), *asset.get("secondaryProperties", ())])
    if item.get("kinematic") and "CanPickup" not in properties:
        properties -= {"Moveable"}
    center, euler, size = vector(item["position"]), vector(item["rotation"]), vector(asset["boundingBox"])
    listed = {str(material[0]) for material in asset.get("materials", ())} & _MATERIALS
    record = make_record(
        object_id,
        asset["objectType"],
        center=center,
        size=size,
        euler=euler,
        properties=frozenset(p for p in properties if p),
        asset_id=asset["assetId"],
        parents=parents,
        materials=tuple(sorted(listed)) or None,
    )
    record["isToggled"] = bool(item.get("isOn", False))
    record["openness"] = float(item.get("openness", 0.0) or 0.0)
    record["isOpen"] = record["openness"] > 0
    record["isDirty"] = bool(item.get("isDirty", False))
    yield record
    if asset["objectType"] == "Sink":
        basin = center + np.array([0.0, size[1] * (0.5 - _BASIN[1] / 2), 0.0])
        yield make_record(
            f"{object_id}|SinkBasin", "SinkBasin", center=basin, size=size * _BASIN, euler=euler,
            properties=frozenset(["Receptacle"]),
        )  # fmt: skip
    for child in item.get("children") or []:
        yield from _objects(child, (object_id,))


def _spawn(house: Mapping[str, Any], rooms: Sequence[Room]) -> Spawn:
    agent = (house.get("metadata") or {}).get("agent") or {}
    if "position" in agent:
        x, y, z = vector(agent["position"]).tolist()
        rotation = agent.get("rotation", 0.0)
        yaw = float(rotation["y"] if isinstance(rotation, Mapping) else rotation)
        return Spawn((x, y, z), yaw, float(agent.get("horizon", 0.0)))
    largest = max(rooms, key=lambda room: float((room.high - room.low).prod()))
    x, z = (((largest.low + largest.high) / 8).round() * 4 / 4 * 4).tolist()
    return Spawn((x, largest.floor + AGENT_HEIGHT, z), 0.0)


def _triple(point: Array) -> tuple[float, float, float]:
    x, y, z = point.tolist()
    return (x, y, z)
