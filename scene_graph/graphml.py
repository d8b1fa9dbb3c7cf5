"""Scene graphs as GraphML, both ways: what networkx, Gephi, yEd and the like read and write.

All layers are nodes with a ``layer``, a ``label`` and scalars for place and extents; all relations are edges. Whatever
else this package knows travels as JSON in an attribute of each object and of the graph, so that a graph comes back as
it went, with what another tool changed of places, extents, names and edges.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from os import PathLike
from typing import Any
from xml.etree import ElementTree

import networkx as nx

from scene_graph.files import GraphFileError, write_text
from scene_graph.graph import SceneGraph
from scene_graph.listing import LOOSE, RELATIONS
from scene_graph.state import number_of
from scene_graph.types import SceneGraphError

__all__ = ["load_graphml", "save_graphml"]

_OURS = "karma"
"""Attribute in which our own knowledge travels."""
_PLACE = ("x", "y", "z")
_EXTENTS = ("width", "depth", "height")
_MOVED = 1e-3
"""Metres by which a place or extent must differ from ours to have been changed by another tool."""
_LAYERS = ("object", "area", "room", "floor", "building")


# -- out ------------------------------------------------------------------------------------------------------------


def save_graphml(graph: SceneGraph, path: str | PathLike[str]) -> None:
    """Write all layers as GraphML; positions become x, y and z, extents width, depth and height, metres.

    Raises:
        GraphFileError: If it cannot be written; what was there stays.
    """
    document = graph.to_json()
    things = {thing["id"]: thing for thing in document.pop("objects")}
    tree = graph.network()
    flat: nx.DiGraph[str] = nx.DiGraph(map_id=graph.map_id)
    flat.graph[_OURS] = json.dumps(document, ensure_ascii=False)
    for node, data in tree.nodes(data=True):
        flat.add_node(node, **_scalars(data))
        if node in things:
            flat.nodes[node][_OURS] = json.dumps(things[node], ensure_ascii=False)
    for a, b, data in tree.edges(data=True):
        flat.add_edge(a, b, **_scalars(data))
    write_text(path, "\n".join(nx.generate_graphml(flat)) + "\n")


def _scalars(data: Mapping[str, Any]) -> dict[str, Any]:
    """GraphML holds scalars only."""
    result: dict[str, Any] = {}
    for key, value in data.items():
        if value is None:
            continue
        if key in ("position", "size"):
            names = _PLACE if key == "position" else _EXTENTS
            result.update(zip(names, (float(v) for v in value), strict=True))
        elif isinstance(value, list | tuple):
            result[key] = " ".join(str(v) for v in value)
        else:
            result[key] = value
    return result


# -- in -------------------------------------------------------------------------------------------------------------


def load_graphml(path: str | PathLike[str], **options: Any) -> SceneGraph:
    """Read a graph from GraphML.

    Nodes are objects unless their ``layer`` says otherwise; objects need ``x``, ``y``, ``z`` and a ``label``, areas
    ``x`` and ``y``. An edge between two areas is a way, one between room and area or area and object tells what
    contains what, and one between objects may have the ``relation`` ``on`` or ``in``. A graph that another tool made
    has no floor grid: travel is by its ways.

    Args:
        path: The file.
        **options: As for the constructor of `SceneGraph`.

    Raises:
        GraphFileError: If it cannot be read as one, with the reason.
    """
    try:
        read = nx.read_graphml(path)
    except OSError as error:
        raise GraphFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (ElementTree.ParseError, nx.NetworkXError, KeyError, ValueError, TypeError, StopIteration) as error:
        raise GraphFileError(f"{path} is no GraphML: {error}; export it again") from error
    try:
        own = _mapping(read.graph.get(_OURS))
        document = _Reader(read, own, SceneGraph(**options)).document()
        graph = SceneGraph.from_json(document, **options)
    except (KeyError, TypeError, ValueError, AttributeError, SceneGraphError) as error:
        raise GraphFileError(f"{path} holds no scene graph: {error}") from error
    if not own:
        graph.map_id = str(read.graph.get("map_id", ""))
        graph.stamp = max((thing.stamp for thing in graph.things.values()), default=-math.inf)
        for thing in graph.things.values():
            thing.area = thing.area or graph.area_for(thing)
    graph.version += 1
    return graph


def _mapping(text: Any) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    if not isinstance(found, dict):
        raise TypeError(f"its attribute {_OURS!r} is no mapping")
    return found


class _Reader:
    """Makes our own document of what GraphML holds.

    Args:
        read: The graph as networkx reads it.
        own: What travelled with it.
        empty: A graph without anything, for what GraphML does not hold.
    """

    def __init__(self, read: nx.Graph[Any], own: dict[str, Any], empty: SceneGraph) -> None:
        self._read = read
        self._own = own
        self._base = empty.to_json()
        self._knowledge = empty.knowledge
        self._layer = {node: str(data.get("layer", "object")) for node, data in read.nodes(data=True)}
        unknown = sorted(set(self._layer.values()) - set(_LAYERS))
        if unknown:
            raise ValueError(f"there is no layer {unknown[0]!r}; use {', '.join(_LAYERS)}")

    def document(self) -> dict[str, Any]:
        document = {**self._base, **self._own}
        document["areas"] = self._areas()
        document["rooms"] = self._rooms()
        document["ways"] = self._ways({area["id"]: area["position"] for area in document["areas"]})
        document["objects"] = self._objects()
        numbers = dict(document.get("next_ids", {}))
        for kind, nodes in (("object", "objects"), ("area", "areas"), ("room", "rooms")):
            least = max((number_of(item["id"])[0] for item in document[nodes]), default=0) + 1
            numbers[kind] = max(least, int(numbers.get(kind, 1)))
        return {**document, "next_ids": numbers}

    def _of_layer(self, layer: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for node, data in self._read.nodes(data=True):
            if self._layer[node] == layer:
                yield str(node), data

    def _edges(self, over: str, under: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Edges between two layers, in either direction."""
        for a, b, data in self._read.edges(data=True):
            if (self._layer[a], self._layer[b]) == (over, under):
                yield str(a), str(b), data
            elif (self._layer[b], self._layer[a]) == (over, under):
                yield str(b), str(a), data

    def _areas(self) -> list[dict[str, Any]]:
        known = {str(area["id"]): area for area in self._own.get("areas", ())}
        areas = []
        for node, data in self._of_layer("area"):
            place = _numbers(node, data, _PLACE[:2])
            before = known.get(node, {})
            if "position" in before and not _differs(before["position"], place):
                place = before["position"]
            areas.append({**before, "id": node, "position": place})
        return sorted(areas, key=lambda area: number_of(area["id"]))

    def _rooms(self) -> list[dict[str, Any]]:
        known = {str(room["id"]): room for room in self._own.get("rooms", ())}
        members: dict[str, list[str]] = {node: [] for node, _ in self._of_layer("room") if node != LOOSE}
        for room, area, _ in self._edges("room", "area"):
            if room in members and area not in members[room]:
                members[room].append(area)
        rooms = []
        for node, areas in members.items():
            # The name that we write may be what we call the room by what is in it: only another tool's is a given one.
            name = {} if node in known else {"name": str(self._read.nodes[node].get("label", ""))}
            rooms.append({**known.get(node, {}), "id": node, "areas": areas, **name})
        return rooms

    def _ways(self, places: Mapping[str, list[float]]) -> list[list[Any]]:
        known = {(str(a), str(b)): list(rest) for a, b, *rest in self._own.get("ways", ())}
        ways: dict[tuple[str, str], list[Any]] = {}
        for a, b, data in self._edges("area", "area"):
            if a == b:
                continue
            pair = (min(a, b), max(a, b))
            cost, *rest = known.get(pair, [math.dist(places[a], places[b])])
            ways[pair] = [*pair, float(data.get("cost", cost)), *rest]
        return [ways[pair] for pair in sorted(ways)]

    def _objects(self) -> list[dict[str, Any]]:
        over: dict[str, str] = {}
        for area, thing, _ in self._edges("area", "object"):
            over.setdefault(thing, area)
        holders: dict[str, tuple[str, str]] = {}
        for a, b, data in self._read.edges(data=True):
            if self._layer[a] == self._layer[b] == "object" and data.get("relation") in RELATIONS:
                holders[str(a)] = (str(b), str(data["relation"]))
        return [self._object(node, data, over, holders) for node, data in self._of_layer("object")]

    def _object(
        self,
        node: str,
        data: Mapping[str, Any],
        over: Mapping[str, str],
        holders: Mapping[str, tuple[str, str]],
    ) -> dict[str, Any]:
        own = _mapping(data.get(_OURS))
        thing: dict[str, Any] = own or {
            "id": node,
            "stamp": float(data.get("stamp", 0.0)),
            "seen": 1,
            "states": dict.fromkeys(sorted(str(data.get("states", "")).split()), float(data.get("stamp", 0.0))),
        }
        label = str(data.get("label") or "")
        if not label:
            raise ValueError(f"object {node!r} has no label; give each object its class as the attribute 'label'")
        if label != own.get("label"):
            thing["label"] = self._knowledge.class_of(label)
            thing["votes"] = {thing["label"]: 1.0}
        place = _numbers(node, data, _PLACE)
        if _differs(own.get("position"), place):
            thing["position"] = place
        if all(name in data for name in _EXTENTS):
            extents = _numbers(node, data, _EXTENTS)
            if _differs(own.get("size"), extents):
                thing["size"] = extents
        if node in over:
            thing["area"] = over[node]
        if node in holders:
            thing["parent"], thing["relation"] = holders[node]
        elif thing.get("parent") in self._layer:  # another tool has cut what joined them
            del thing["parent"]
            thing.pop("relation", None)
        return thing


def _numbers(node: str, data: Mapping[str, Any], names: tuple[str, ...]) -> list[float]:
    missing = [name for name in names if name not in data]
    if missing:
        raise ValueError(f"node {node!r} has no {', '.join(missing)}; give its place in metres")
    values = [float(data[name]) for name in names]
    if not all(map(math.isfinite, values)):
        raise ValueError(f"node {node!r} has {values} for {', '.join(names)}, which is no place")
    return values


def _differs(before: Any, now: list[float]) -> bool:
    return (
        before is None or len(before) != len(now) or any(abs(a - b) > _MOVED for a, b in zip(before, now, strict=True))
    )
