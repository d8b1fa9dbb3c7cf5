"""The scene graph laid out by its layers: as nested mappings for people and prompts, and as one networkx graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import networkx as nx

from scene_graph.areas import Room, neighbours
from scene_graph.objects import SceneObject
from scene_graph.relations import beside
from scene_graph.state import GraphState, Note, number_of
from scene_graph.types import Point

__all__ = ["LOOSE", "network", "outline", "rooms"]

RELATIONS = ("on", "in")


def rooms(state: GraphState) -> list[dict[str, Any]]:
    """Rooms → areas → objects with positions in metres, JSON-ready; what is under no area yet is in a room of its own.

    An object has its id, label, position and size, and where they apply: ``on`` or ``in`` (an id), ``beside`` (ids),
    ``states``, ``stale`` and ``viewpoints``, the places from which it is seen and reached well, best first. An area
    has ``notes`` on things that were there and turned out to move.
    """
    around = neighbours(state.areas.edges, state.areas.areas)
    under = _under(state)
    notes: dict[str | None, list[Note]] = {}
    for note in state.notes:
        notes.setdefault(note.area, []).append(note)
    floor = state.grid.floor
    result = []
    for room, name, position in _outline(state, under):
        areas = []
        for area_id in room.areas:
            x, y = state.areas.areas[area_id]
            area: dict[str, Any] = {
                "id": area_id,
                "position": [x, y, floor],
                "neighbours": around[area_id],
                "objects": [_entry(state, thing) for thing in under.get(area_id, ())],
            }
            if area_id in notes:
                area["notes"] = [
                    {"label": n.label, "position": [round(v, 3) for v in n.position], "until": n.stamp}
                    for n in notes[area_id]
                ]
            areas.append(area)
        entry: dict[str, Any] = {
            "id": room.room_id,
            "name": name,
            "position": None if position is None else list(position),
            "areas": areas,
        }
        if room.room_id == LOOSE:
            entry["objects"] = [_entry(state, thing) for thing in under.get(None, ())]
        result.append(entry)
    return result


def outline(state: GraphState) -> list[tuple[Room, str, Point | None]]:
    """The rooms with their names, by what is in them, and their middles, metres; None for a room without areas."""
    return _outline(state, _under(state))


def network(state: GraphState) -> nx.DiGraph[str]:
    """The layers as one directed graph, building → floor → room → area → object, with attributes for export.

    Edges have a ``relation``: ``contains``, ``way`` (with its ``cost``), ``on``, ``in``, ``beside``.
    """
    tree: nx.DiGraph[str] = nx.DiGraph(map_id=state.map_id)
    tree.add_node("building", layer="building")
    tree.add_node("floor-1", layer="floor")
    tree.add_edge("building", "floor-1", relation="contains")
    things: list[Mapping[str, Any]] = []
    for room in rooms(state):
        tree.add_node(room["id"], layer="room", label=room["name"], position=room["position"])
        tree.add_edge("floor-1", room["id"], relation="contains")
        for area in room["areas"]:
            tree.add_node(area["id"], layer="area", position=area["position"])
            tree.add_edge(room["id"], area["id"], relation="contains")
            things += [{**thing, "over": area["id"]} for thing in area["objects"]]
        things += [{**thing, "over": room["id"]} for thing in room.get("objects", ())]
    for thing in things:
        attributes = {k: v for k, v in thing.items() if k not in ("id", "over", "beside", *RELATIONS)}
        tree.add_node(thing["id"], layer="object", **attributes)
        tree.add_edge(thing["over"], thing["id"], relation="contains")
    for thing in things:
        for relation in RELATIONS:
            if relation in thing:
                tree.add_edge(thing["id"], thing[relation], relation=relation)
        for other in thing.get("beside", ()):
            tree.add_edge(thing["id"], other, relation="beside")
    for (a, b), cost in state.areas.edges.items():
        tree.add_edge(a, b, relation="way", cost=cost)
        tree.add_edge(b, a, relation="way", cost=cost)
    return tree


LOOSE = "room-0"
"""Id of the room of what is in no room yet."""


def _under(state: GraphState) -> dict[str | None, list[SceneObject]]:
    """Objects by the area that they are under, in the order of their numbers."""
    under: dict[str | None, list[SceneObject]] = {}
    for key in sorted(state.things, key=number_of):
        thing = state.things[key]
        under.setdefault(thing.area if thing.area in state.areas.areas else None, []).append(thing)
    return under


def _outline(
    state: GraphState, under: Mapping[str | None, Sequence[SceneObject]]
) -> list[tuple[Room, str, Point | None]]:
    placed = {a for room in state.areas.rooms for a in room.areas}
    loose = tuple(a for a in state.areas.areas if a not in placed)
    every = [*state.areas.rooms, *([Room(LOOSE, loose)] if loose or None in under else [])]
    result: list[tuple[Room, str, Point | None]] = []
    for room in every:
        labels = [thing.label for a in room.areas for thing in under.get(a, ()) if not thing.stale]
        places = [state.areas.areas[a] for a in room.areas]
        middle: Point | None = None
        if places:
            x, y = (round(sum(values) / len(places), 3) for values in zip(*places, strict=True))
            middle = (x, y, state.grid.floor)
        result.append((room, room.name or state.knowledge.room_name(labels), middle))
    return result


def _entry(state: GraphState, thing: SceneObject) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": thing.object_id,
        "label": thing.label,
        "position": [round(v, 3) for v in thing.position],
        "size": [round(v, 3) for v in thing.size] if thing.sized else None,
    }
    if thing.parent in state.things:
        entry[thing.relation] = thing.parent
    if neighbours_of := beside(state, thing):
        entry["beside"] = neighbours_of
    if thing.states:
        entry["states"] = sorted(thing.states)
    if thing.stale:
        entry["stale"] = True
    if thing.viewpoints:
        entry["viewpoints"] = [[round(v, 2) for v in viewpoint[:3]] for viewpoint in thing.viewpoints]
    return entry
