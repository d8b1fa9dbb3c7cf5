"""Scene graphs for other people's tools: GraphML, and Spark-DSG both ways.

Spark-DSG (A. Rosinol et al., MIT SPARK lab; pip ``spark-dsg``) is what Hydra and Khronos write. Its layers map as
buildings → building, rooms → rooms, places → areas, objects → objects; agents are passed over. We write its JSON
encoding 1.1.3 and read that and older ones.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import networkx as nx

from scene_graph.areas import AreaMap, Room
from scene_graph.files import GraphFileError
from scene_graph.graph import SceneGraph
from scene_graph.types import Observation, Point

__all__ = ["from_spark_dsg", "load_spark_dsg", "save_graphml", "save_spark_dsg", "to_spark_dsg"]

_OBJECTS, _PLACES, _ROOMS, _BUILDINGS = 2, 3, 4, 5
_UNLABELLED = 4294967295
_NO_BOX: dict[str, Any] = {
    "type": "INVALID",
    "dimensions": [0.0, 0.0, 0.0],
    "world_P_center": [0.0, 0.0, 0.0],
    "world_R_center": {"w": 1.0, "x": 0.0, "y": 0.0, "z": 0.0},
}
_NO_FEATURE = {"cols": 0, "data": None, "rows": 0}
_UPRIGHT = {"w": 1.0, "x": 0.0, "y": 0.0, "z": 0.0}


def save_graphml(graph: SceneGraph, path: str | PathLike[str]) -> None:
    """Write all layers as GraphML, for networkx, Gephi, yEd and the like; positions become x, y and z."""
    tree = graph.network()
    flat: nx.DiGraph[str] = nx.DiGraph(map_id=graph.map_id)
    for node, data in tree.nodes(data=True):
        flat.add_node(node, **_scalars(data))
    for a, b, data in tree.edges(data=True):
        flat.add_edge(a, b, **_scalars(data))
    nx.write_graphml(flat, path)


def save_spark_dsg(graph: SceneGraph, path: str | PathLike[str]) -> None:
    """Write a file that ``spark_dsg.DynamicSceneGraph.load`` reads."""
    Path(path).write_text(json.dumps(to_spark_dsg(graph)), encoding="utf-8")


def load_spark_dsg(path: str | PathLike[str]) -> SceneGraph:
    """Read a JSON file of Spark-DSG, Hydra or Khronos.

    Raises:
        GraphFileError: If it cannot be read as one.
    """
    try:
        data = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise GraphFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise GraphFileError(f"{path} is no JSON ({error}); Spark-DSG's binary files must be saved as JSON") from error
    try:
        return from_spark_dsg(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise GraphFileError(f"{path} is no scene graph of Spark-DSG: {error!r}") from error


def to_spark_dsg(graph: SceneGraph) -> dict[str, Any]:
    """The graph in Spark-DSG's JSON encoding."""
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []
    building = _symbol("B", 0)
    stamp = int(max(graph.stamp, 0.0) * 1e9) if math.isfinite(graph.stamp) else 0
    common: dict[str, Any] = {"last_update_time_ns": stamp}
    nodes.append(_node(building, _BUILDINGS, "SemanticNodeAttributes", (0.0, 0.0, 0.0), graph.map_id, common))
    classes = {label: number for number, label in enumerate(graph.labels())}
    ids: dict[str, int] = {}
    over: dict[str, str] = {}
    for number, room in enumerate(graph.rooms()):
        key = _symbol("R", number)
        place = room["position"] or (0.0, 0.0, 0.0)
        extra = {**common, "semantic_class_probabilities": {}, "metadata": {"id": room["id"]}}
        nodes.append(_node(key, _ROOMS, "RoomNodeAttributes", place, room["name"], extra))
        edges.append(_edge(building, key))
        for area in room["areas"]:
            ids[area["id"]] = _symbol("p", len(ids))
            extra = {**common, **_place_defaults(), "metadata": {"id": area["id"]}}
            nodes.append(_node(ids[area["id"]], _PLACES, "PlaceNodeAttributes", area["position"], area["id"], extra))
            edges.append(_edge(key, ids[area["id"]]))
            over.update((thing["id"], area["id"]) for thing in area["objects"])
    edges += [_edge(ids[a], ids[b], cost) for (a, b), cost in graph.areas.edges.items()]
    for number, thing in enumerate(graph.objects()):
        key = _symbol("O", number)
        box = {**_NO_BOX, "world_P_center": list(thing.position)}
        if thing.size is not None:
            box |= {"type": "AABB", "dimensions": list(thing.size)}
        extra = {
            "last_update_time_ns": int(max(thing.stamp, 0.0) * 1e9),
            "bounding_box": box,
            "semantic_label": classes[thing.label],
            "mesh_connections": [],
            "registered": False,
            "world_R_object": _UPRIGHT,
            "metadata": {"id": thing.object_id, "label": thing.label, "states": sorted(thing.states)},
        }
        nodes.append(_node(key, _OBJECTS, "ObjectNodeAttributes", thing.position, thing.label, extra))
        if thing.object_id in over:
            edges.append(_edge(ids[over[thing.object_id]], key))
    layers = {"OBJECTS": _OBJECTS, "PLACES": _PLACES, "ROOMS": _ROOMS, "BUILDINGS": _BUILDINGS}
    return {
        "SPARK_DSG_header": {"project_name": "main", "version": {"major": 1, "minor": 1, "patch": 3}},
        "directed": False,
        "multigraph": False,
        "layer_keys": [{"layer": n, "partition": 0} for n in layers.values()],
        "layer_names": {name: {"layer": n, "partition": 0} for name, n in layers.items()},
        "metadata": {"map_id": graph.map_id},
        "nodes": nodes,
        "edges": edges,
    }


def from_spark_dsg(data: Mapping[str, Any]) -> SceneGraph:
    """A scene graph from Spark-DSG's JSON encoding; it has no floor grid, so travel is by the places' edges.

    Objects without a name get their class's number as one (``"class 3"``): Spark-DSG keeps class names elsewhere.
    """
    graph = SceneGraph(map_id=str((data.get("metadata") or {}).get("map_id", "")))
    by_layer: dict[int, list[Mapping[str, Any]]] = {}
    for node in data["nodes"]:
        if "Agent" not in node["attributes"]["type"]:
            by_layer.setdefault(int(node["layer"]), []).append(node)
    areas: dict[int, str] = {}
    places: dict[str, tuple[float, float]] = {}
    for node in by_layer.get(_PLACES, ()):
        name = f"area-{len(areas) + 1}"
        x, y, _ = node["attributes"]["position"]
        areas[int(node["id"])], places[name] = name, (float(x), float(y))
    rooms: dict[int, list[str]] = {int(node["id"]): [] for node in by_layer.get(_ROOMS, ())}
    ways: dict[tuple[str, str], float] = {}
    for edge in data["edges"]:
        a, b = int(edge["source"]), int(edge["target"])
        if a in areas and b in areas:
            pair = (min(areas[a], areas[b]), max(areas[a], areas[b]))
            ways[pair] = round(math.dist(places[pair[0]], places[pair[1]]), 3)
        for room, area in ((a, b), (b, a)):
            if room in rooms and area in areas:
                rooms[room].append(areas[area])
    graph.areas = AreaMap(
        areas=places,
        edges=ways,
        rooms=[Room(f"room-{n}", tuple(members)) for n, members in enumerate(rooms.values(), start=1)],
        next_area=len(places) + 1,
        next_room=len(rooms) + 1,
    )
    for node in by_layer.get(_OBJECTS, ()):
        graph.insert(_observation(node["attributes"]))
    return graph


def _observation(attributes: Mapping[str, Any]) -> Observation:
    metadata = attributes.get("metadata") or {}
    name = str(metadata.get("label") or attributes.get("name") or "")
    # Hydra names nodes after their ids, as in "O(12)": that is no class.
    label = name if name and not re.fullmatch(r"\w\(\d+\)", name) else f"class {attributes.get('semantic_label')}"
    box = attributes.get("bounding_box") or _NO_BOX
    centre: Any = attributes["position"]
    size: Point | None = None
    if box.get("type") != "INVALID":
        centre = box.get("world_P_center", centre)
        if "dimensions" in box:
            width, depth, height = (float(v) for v in box["dimensions"])
        else:
            width, depth, height = (float(b) - float(a) for a, b in zip(box["min"], box["max"], strict=True))
        size = (width, depth, height)
    return Observation(
        label,
        centre,
        stamp=float(attributes.get("last_update_time_ns", 0)) / 1e9,
        size=size,
        states=frozenset(metadata.get("states", ())),
        source="spark_dsg",
    )


def _symbol(letter: str, number: int) -> int:
    """Spark-DSG's node id: a letter in the upper byte, a number below."""
    return (ord(letter) << 56) | number


def _node(key: int, layer: int, kind: str, position: Any, name: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {
        "type": kind,
        "position": [float(v) for v in position],
        "name": name,
        "bounding_box": _NO_BOX,
        "color": {"r": 128, "g": 128, "b": 128, "a": 255},
        "is_active": False,
        "is_predicted": False,
        "metadata": {},
        "semantic_feature": _NO_FEATURE,
        "semantic_label": _UNLABELLED,
        **extra,
    }
    return {"id": key, "layer": layer, "partition": 0, "attributes": attributes}


def _place_defaults() -> dict[str, Any]:
    return {
        "distance": 0.0,
        "num_basis_points": 0,
        "voxblox_mesh_connections": [],
        "pcl_mesh_connections": [],
        "mesh_vertex_labels": [],
        "deformation_connections": [],
        "real_place": True,
        "need_cleanup": False,
        "active_frontier": False,
        "anti_frontier": False,
        "frontier_scale": [0.0, 0.0, 0.0],
        "num_frontier_voxels": 0,
        "orientation": _UPRIGHT,
    }


def _edge(source: int, target: int, weight: float | None = None) -> dict[str, Any]:
    info = {"type": "EdgeAttributes", "metadata": {}, "weighted": weight is not None, "weight": weight or 1.0}
    return {"source": source, "target": target, "info": info}


def _scalars(data: Mapping[str, Any]) -> dict[str, Any]:
    """GraphML holds scalars only."""
    result: dict[str, Any] = {}
    for key, value in data.items():
        if value is None:
            continue
        if key in ("position", "size"):
            names = ("x", "y", "z") if key == "position" else ("width", "depth", "height")
            result.update(zip(names, (float(v) for v in value), strict=True))
        elif isinstance(value, list | tuple):
            result[key] = " ".join(str(v) for v in value)
        else:
            result[key] = value
    return result
