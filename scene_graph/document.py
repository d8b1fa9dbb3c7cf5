"""A scene graph as the mapping that its file holds, both ways. Fields that this release does not know are kept."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from scene_graph.areas import AreaMap, Room
from scene_graph.files import FORMAT, VERSION
from scene_graph.grid import GridError, OccupancyGrid
from scene_graph.objects import KNOWN_FIELDS, Part, SceneObject
from scene_graph.placement import Habits
from scene_graph.state import GraphState, Note, number_of
from scene_graph.types import SceneGraphError

__all__ = ["object_from_json", "read_document", "write_document"]

_KNOWN = frozenset(
    [
        "format",
        "version",
        "map_id",
        "stamp",
        "epoch",
        "next_ids",
        "rooms",
        "areas",
        "ways",
        "objects",
        "aliases",
        "apart",
        "looked",
        "habits",
        "notes",
        "grid",
        "digest",
    ]
)
_KNOWN_ROOM = frozenset({"id", "areas", "name"})
_KNOWN_AREA = frozenset({"id", "position"})
_KNOWN_NOTE = frozenset({"id", "label", "position", "stamp", "area"})
_KNOWN_PART = frozenset({"id", "position", "size"})
_NUMBERS = frozenset({"object", "area", "room"})


def write_document(state: GraphState) -> dict[str, Any]:
    """A JSON-ready mapping in a stable order; `read_document` reads it back."""
    areas = state.areas
    extra = state.extra
    numbers = {"object": state.next_object, "area": areas.next_area, "room": areas.next_room}
    return {
        "format": FORMAT,
        "version": VERSION,
        "map_id": state.map_id,
        "stamp": state.stamp if math.isfinite(state.stamp) else None,
        "epoch": state.epoch,
        "next_ids": {**numbers, **extra.get("next_ids", {})},
        "rooms": [
            {"id": room.room_id, "areas": list(room.areas)}
            | ({"name": room.name} if room.name else {})
            | extra.get(room.room_id, {})
            for room in areas.rooms
        ],
        "areas": [{"id": a, "position": list(xy), **extra.get(a, {})} for a, xy in areas.areas.items()],
        "ways": [[a, b, cost, *extra.get((a, b), ())] for (a, b), cost in sorted(areas.edges.items())],
        "objects": [state.things[key].to_json() for key in sorted(state.things, key=number_of)],
        "aliases": dict(sorted(state.aliases.items())),
        "apart": sorted([a, b, count] for (a, b), count in state.apart.items()),
        "looked": dict(sorted(state.looked.items())),
        "habits": state.habits.to_json(),
        "notes": [_note(note) for note in state.notes],
        "grid": {**state.grid.to_json(), **extra.get("grid", {})},
        **extra.get("", {}),
    }


def read_document(state: GraphState, data: Mapping[str, Any]) -> None:
    """Fill an empty state from what `write_document` wrote.

    Args:
        state: To be filled.
        data: The mapping; of an older version it must have been brought up to date (`scene_graph.files`).

    Raises:
        SceneGraphError: If it is not of that form.
    """
    try:
        _read(state, data)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, msgspec.ValidationError) as error:
        if isinstance(error, GridError):
            raise
        raise SceneGraphError(f"not a scene graph: {error}; restore a copy of the file") from error


def _read(state: GraphState, data: Mapping[str, Any]) -> None:
    state.map_id = str(data.get("map_id", ""))
    state.grid = OccupancyGrid.from_json(data["grid"])
    stamp = data.get("stamp")
    state.stamp = -math.inf if stamp is None else float(stamp)
    state.epoch = int(data.get("epoch", 0))
    numbers = data.get("next_ids", {})
    state.areas = AreaMap(
        areas={str(a["id"]): (float(a["position"][0]), float(a["position"][1])) for a in data["areas"]},
        edges={(str(way[0]), str(way[1])): float(way[2]) for way in data["ways"]},
        rooms=[Room(str(r["id"]), tuple(str(a) for a in r["areas"]), str(r.get("name", ""))) for r in data["rooms"]],
        next_area=int(numbers.get("area", 1)),
        next_room=int(numbers.get("room", 1)),
    )
    unplaced = {a for edge in state.areas.edges for a in edge} - set(state.areas.areas)
    unplaced |= {a for room in state.areas.rooms for a in room.areas} - set(state.areas.areas)
    if unplaced:
        raise ValueError(f"no area is called {', '.join(sorted(unplaced))}")
    things = _objects(data["objects"])
    state.add_all(things)
    state.next_object = int(numbers.get("object", 1))
    state.aliases = {str(k): str(v) for k, v in data.get("aliases", {}).items()}
    state.apart = {(str(pair[0]), str(pair[1])): int(pair[2]) for pair in data.get("apart", ())}
    state.looked = {str(k): float(v) for k, v in data.get("looked", {}).items()}
    state.habits = Habits.from_json(data.get("habits", {}))
    notes = data.get("notes", [])
    state.notes = msgspec.convert(notes, list[Note])
    for n, raw in enumerate(notes):
        if rest := _rest(raw, _KNOWN_NOTE):
            state.notes[n] = msgspec.structs.replace(state.notes[n], extra=rest)
    state.extra = _unknown(data, state.grid)
    state.covered = state.grid.area()


def _objects(data: list[Any]) -> list[SceneObject]:
    """Objects from mappings, or as the file's reader has built them already."""
    built = bool(data) and isinstance(data[0], SceneObject)
    things: list[SceneObject] = data if built else [object_from_json(item) for item in data]
    for thing in things:
        if thing.first_stamp == math.inf:
            thing.first_stamp = thing.stamp
    return things


def object_from_json(raw: Mapping[str, Any]) -> SceneObject:
    """Read what `SceneObject.to_json` wrote; unknown fields are kept in its `extra`.

    Raises:
        msgspec.ValidationError: If a field is missing or of the wrong kind.
    """
    parts = [
        msgspec.structs.replace(msgspec.convert(_only(part, _KNOWN_PART), Part), extra=_rest(part, _KNOWN_PART))
        for part in raw.get("merged", ())
    ]
    thing = msgspec.convert({**_only(raw, KNOWN_FIELDS), "merged": []}, SceneObject)
    thing.merged = tuple(parts)
    thing.extra = _rest(raw, KNOWN_FIELDS)
    return thing


def _note(note: Note) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": note.object_id,
        "label": note.label,
        "position": list(note.position),
        "stamp": note.stamp,
        "area": note.area,
    }
    return {**entry, **note.extra}


def _unknown(data: Mapping[str, Any], grid: OccupancyGrid) -> dict[Any, Any]:
    """Unknown fields of the document, by where they belong: ``""`` is the document itself."""
    found: dict[Any, Any] = {
        "": _rest(data, _KNOWN),
        "next_ids": _rest(data.get("next_ids", {}), _NUMBERS),
        "grid": _rest(data["grid"], grid.to_json().keys()),
    }
    found |= {str(room["id"]): _rest(room, _KNOWN_ROOM) for room in data["rooms"]}
    found |= {str(area["id"]): _rest(area, _KNOWN_AREA) for area in data["areas"]}
    found |= {(str(way[0]), str(way[1])): list(way[3:]) for way in data["ways"]}
    return {key: rest for key, rest in found.items() if rest}


def _only(data: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key in known}


def _rest(data: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in known}
