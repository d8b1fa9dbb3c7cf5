"""Scene graphs of Spark-DSG, both ways: what Hydra and Khronos write, and what their tools read.

Spark-DSG (A. Rosinol et al., MIT SPARK lab; pip ``spark-dsg``) has layers that map as buildings → building, rooms →
rooms, places → areas, objects → objects. Whatever else a document holds (agents, meshes, other layers, attributes that
have no meaning here, boxes that lie askew) is kept with the graph, also in its own file, and written out again as it
was; only what changed since is written anew. The other way round everything that this package knows travels in the
nodes' metadata, so that a graph comes back from Spark-DSG as it went.
"""

from __future__ import annotations

import copy
import importlib
import importlib.util
import json
import math
import tempfile
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from scene_graph.areas import AreaMap, Room
from scene_graph.document import object_from_json
from scene_graph.files import GraphFileError, write_text
from scene_graph.graph import SceneGraph
from scene_graph.listing import LOOSE, outline
from scene_graph.objects import SceneObject
from scene_graph.ontology import Ontology
from scene_graph.spark_encoding import (
    BUILDINGS,
    NO_BOX,
    OBJECTS,
    PLACES,
    ROOMS,
    edge,
    is_number_name,
    node,
    skeleton,
    symbol,
    up_to_date,
)
from scene_graph.state import number_of
from scene_graph.types import Observation, Point, SceneGraphError

__all__ = ["from_spark_dsg", "load_spark_dsg", "save_spark_dsg", "to_spark_dsg"]

_ORIGIN = "spark_dsg"
"""Field of our own file, and of nothing else, that holds the document that a graph came from."""
_OURS = "karma"
"""Key of the metadata in which our own knowledge travels."""
_FOREIGN = "foreign"
"""Field of that which tells whether nodes of the document are somebody else's, and what we call them."""
_MOVED = 1e-3
"""Metres by which a place or box must differ from the document's to be written anew."""


def save_spark_dsg(graph: SceneGraph, path: str | PathLike[str]) -> None:
    """Write a file that ``spark_dsg.DynamicSceneGraph.load`` reads.

    Raises:
        GraphFileError: If it cannot be written; what was there stays.
    """
    write_text(path, json.dumps(to_spark_dsg(graph), ensure_ascii=False))


def load_spark_dsg(path: str | PathLike[str], **options: Any) -> SceneGraph:
    """Read a file of Spark-DSG, Hydra or Khronos: JSON, or its binary form where pip's ``spark_dsg`` is installed.

    Args:
        path: The file.
        **options: As for the constructor of `SceneGraph`.

    Raises:
        GraphFileError: If it cannot be read as one.
    """
    try:
        data = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise GraphFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        data = _from_binary(path, error)
    try:
        return from_spark_dsg(data, **options)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, SceneGraphError) as error:
        raise GraphFileError(f"{path} is no scene graph of Spark-DSG: {error!r}") from error


def _from_binary(path: str | PathLike[str], reason: Exception) -> Any:
    if importlib.util.find_spec("spark_dsg") is None:
        raise GraphFileError(
            f"{path} is no JSON ({reason}); if it is a binary file of Spark-DSG, pip install spark-dsg to read it"
        ) from reason
    library = importlib.import_module("spark_dsg")
    try:
        with tempfile.TemporaryDirectory() as folder:
            copied = Path(folder) / "graph.json"
            library.DynamicSceneGraph.load(str(path)).save(str(copied), False)
            return json.loads(copied.read_bytes())
    except (RuntimeError, ValueError, TypeError) as error:
        raise GraphFileError(f"{path} is damaged or no scene graph of Spark-DSG ({error}); export it again") from error


# -- out ------------------------------------------------------------------------------------------------------------


def to_spark_dsg(graph: SceneGraph) -> dict[str, Any]:
    """The graph in Spark-DSG's JSON encoding."""
    origin = graph.extra.get("", {}).get(_ORIGIN)
    if origin is None:
        document, ids = skeleton(), {}
    else:
        document, ids = copy.deepcopy(origin["document"]), dict(origin["ids"])
    _Writer(graph, document, ids).write()
    return document


class _Writer:
    """Brings a document up to date with a graph.

    Args:
        graph: The graph.
        document: The document that it came from, or an empty one; it is changed.
        ids: Ids of the document's nodes by ours.
    """

    def __init__(self, graph: SceneGraph, document: dict[str, Any], ids: dict[str, int]) -> None:
        self._graph = graph
        self._document = document
        self._ids = ids
        self._nodes: dict[int, dict[str, Any]] = {int(n["id"]): n for n in document["nodes"]}
        self._added: list[dict[str, Any]] = []
        self._layers = _layers(document)
        self._stamp = _nanoseconds(graph.stamp)

    def write(self) -> None:
        graph = self._graph
        self._drop()
        building = next((key for key, n in self._nodes.items() if n["layer"] == self._layers["BUILDINGS"]), None)
        if building is None:
            building = self._add("B", "BUILDINGS", "SemanticNodeAttributes", (0.0, 0.0, 0.0), name=graph.map_id)
        for room, name, middle in outline(graph):
            self._room(room, name, middle, building)
        for (a, b), cost in graph.areas.edges.items():
            self._link(self._ids[a], self._ids[b], weight=cost)
        classes = self._classes()
        for key in sorted(graph.things, key=number_of):
            self._object(graph.things[key], classes)
        for thing in graph.things.values():
            if thing.parent in graph.things:
                self._link(self._ids[thing.object_id], self._ids[str(thing.parent)], relation=thing.relation)
        self._document["nodes"] = [*self._nodes.values()]
        self._document["edges"] += self._added
        known = {(key["layer"], key["partition"]) for key in self._document["layer_keys"]}
        used = {(n["layer"], n["partition"]) for n in self._document["nodes"]}
        self._document["layer_keys"] += [{"layer": a, "partition": b} for a, b in sorted(used - known)]
        metadata = self._document.setdefault("metadata", {})
        metadata["map_id"] = graph.map_id
        metadata[_OURS] = _own_document(graph, self._ids)

    def _drop(self) -> None:
        """Take out what the graph had from the document and has no more."""
        graph = self._graph
        alive = {*graph.things, *graph.areas.areas, *(room.room_id for room in graph.areas.rooms)}
        gone = {key for ours, key in self._ids.items() if ours not in alive}
        self._ids = {ours: key for ours, key in self._ids.items() if ours in alive}
        for key in gone:
            self._nodes.pop(key, None)
        edges = self._document["edges"]
        self._document["edges"] = [e for e in edges if e["source"] not in gone and e["target"] not in gone]
        self._edges = {frozenset((e["source"], e["target"])) for e in self._document["edges"]}

    def _add(self, letter: str, layer: str, kind: str, position: Any, *, ours: str = "", **attributes: Any) -> int:
        number = number_of(ours)[0]
        while (key := symbol(letter, number)) in self._nodes:
            number += 1
        self._nodes[key] = node(key, self._layers[layer], kind, position, last_update_time_ns=self._stamp, **attributes)
        if ours:
            self._ids[ours] = key
        return key

    def _link(self, source: int, target: int, *, weight: float | None = None, **metadata: Any) -> None:
        pair = frozenset((source, target))
        if pair not in self._edges and len(pair) == 2:
            self._edges.add(pair)
            self._added.append(edge(source, target, weight=weight, **metadata))

    def _room(self, room: Room, name: str, middle: Point | None, building: int) -> None:
        graph = self._graph
        key = self._ids.get(room.room_id)
        if key is None and room.room_id != LOOSE:
            place = middle or (0.0, 0.0, 0.0)
            metadata = {"id": room.room_id}
            key = self._add("R", "ROOMS", "RoomNodeAttributes", place, ours=room.room_id, name=name, metadata=metadata)
            self._link(building, key)
        for area in room.areas:
            if area not in self._ids:
                place = (*graph.areas.areas[area], graph.grid.floor)
                kind, metadata = "PlaceNodeAttributes", {"id": area}
                self._add("p", "PLACES", kind, place, ours=area, name=area, metadata=metadata)
                if key is not None:
                    self._link(key, self._ids[area])

    def _classes(self) -> dict[str, int]:
        """Numbers of the classes in the document, the new ones after those that it has."""
        spaces = self._document.setdefault("metadata", {}).setdefault("labelspaces", {})
        space = spaces.setdefault(f"_l{self._layers['OBJECTS']}p0", [])
        classes = {str(name): int(number) for number, name in space}
        following = max([-1, *classes.values(), *self._used_labels()]) + 1
        for label in self._graph.labels():
            if label not in classes:
                classes[label] = following
                space.append([following, label])
                following += 1
        return classes

    def _used_labels(self) -> Iterable[int]:
        for item in self._nodes.values():
            label = item["attributes"].get("semantic_label")
            if item["layer"] == self._layers["OBJECTS"] and isinstance(label, int) and label < 2**31:
                yield label

    def _object(self, thing: SceneObject, classes: Mapping[str, int]) -> None:
        box = {**NO_BOX, "world_P_center": list(thing.position)}
        if thing.sized:
            box |= {"type": "AABB", "dimensions": list(thing.size)}
        key = self._ids.get(thing.object_id)
        if key is None:
            key = self._add(
                "O",
                "OBJECTS",
                "ObjectNodeAttributes",
                thing.position,
                ours=thing.object_id,
                name=thing.label,
                bounding_box=box,
                semantic_label=classes[thing.label],
            )
        elif _changed(self._nodes[key]["attributes"], thing):
            self._nodes[key]["attributes"] |= {"position": list(thing.position), "bounding_box": box}
        attributes = self._nodes[key]["attributes"]
        if (
            abs(_nanoseconds(thing.stamp) - (attributes.get("last_update_time_ns") or 0)) > 1000
        ):  # more than floats are off by
            attributes["last_update_time_ns"] = _nanoseconds(thing.stamp)
        attributes["metadata"] = {**(attributes.get("metadata") or {}), "id": thing.object_id, _OURS: thing.to_json()}
        if thing.area is not None and thing.area in self._ids:
            self._under(self._ids[thing.area], key)

    def _under(self, place: int, key: int) -> None:
        """Hang an object under a place, in stead of any other: a node has one parent."""
        layer = self._layers["PLACES"]
        others = {
            frozenset((e["source"], e["target"]))
            for e in self._document["edges"]
            if key in (e["source"], e["target"])
            and any(self._nodes.get(n, {}).get("layer") == layer for n in (e["source"], e["target"]))
        }
        if frozenset((place, key)) in others:
            return
        self._document["edges"] = [
            e for e in self._document["edges"] if frozenset((e["source"], e["target"])) not in others
        ]
        self._edges -= others
        self._link(place, key)


def _own_document(graph: SceneGraph, ids: Mapping[str, int]) -> dict[str, Any]:
    """What no node holds: habits, notes, the floor and so on; of somebody else's nodes, what they are called here."""
    document = graph.to_json()
    left_out = {"objects", "areas", "rooms", "ways", _ORIGIN}
    own = {key: value for key, value in document.items() if key not in left_out}
    if _ORIGIN not in document:
        return {**own, _FOREIGN: False}
    layout = {ours: key for ours, key in ids.items() if ours not in graph.things}
    names = {room.room_id: room.name for room in graph.areas.rooms}
    return {**own, _FOREIGN: {"ids": layout, "ways": document["ways"], "names": names}}


def _changed(attributes: Mapping[str, Any], thing: SceneObject) -> bool:
    centre, size = _box(attributes)
    pairs = [*zip(centre, thing.position, strict=True), *zip(size or (0.0, 0.0, 0.0), thing.size, strict=True)]
    return any(abs(a - b) > _MOVED for a, b in pairs)


def _nanoseconds(stamp: float) -> int:
    return int(max(stamp, 0.0) * 1e9) if math.isfinite(stamp) else 0


# -- in -------------------------------------------------------------------------------------------------------------


def from_spark_dsg(data: Mapping[str, Any], **options: Any) -> SceneGraph:
    """A scene graph from Spark-DSG's JSON encoding.

    Objects are called by the class names in the document's label space, else by their name, else by their class's
    number (``"class 3"``); a name that household knowledge has a class for is that class. A graph that was not written
    by this package has no floor grid: travel is by the places' edges.

    Args:
        data: The document, of encoding 1.1.3 or older.
        **options: As for the constructor of `SceneGraph`.
    """
    document = up_to_date(data)
    own = document["metadata"].get(_OURS)
    ours = isinstance(own, dict)
    foreign = own.pop(_FOREIGN, False) if isinstance(own, dict) else True
    kept = foreign if isinstance(foreign, Mapping) else {}
    base = {"objects": [], "areas": [], "rooms": [], "ways": [], "grid": SceneGraph().grid.to_json()}
    graph = SceneGraph.from_json({**base, **own} if ours else base, **options)
    graph.map_id = str(document["metadata"].get("map_id", graph.map_id))
    layers = _layers(document)
    nodes = {int(n["id"]): n for n in document["nodes"] if "Agent" not in str(n["attributes"]["type"])}
    ids: dict[int, str] = {}
    _read_layout(graph, document, nodes, layers, ids, kept)
    names = _class_names(document, layers["OBJECTS"])
    parents: dict[int, str] = {}
    for item in document["edges"]:
        for over, under in ((item["source"], item["target"]), (item["target"], item["source"])):
            if ids.get(over) in graph.areas.areas:
                parents.setdefault(under, ids[over])
    for key, item in nodes.items():
        if item["layer"] != layers["OBJECTS"] or key in ids:
            continue
        thing = _thing(graph, item["attributes"], names)
        ids[key] = thing.object_id
        thing.area = parents.get(key) or thing.area or graph.area_for(thing)
        graph.add(thing)
    graph.version += 1
    if not ours:
        graph.stamp = max((thing.stamp for thing in graph.things.values()), default=-math.inf)
    if foreign:
        origin = {"document": document, "ids": {ours: key for key, ours in ids.items()}}
        graph.extra.setdefault("", {})[_ORIGIN] = origin
    return graph


def _layers(document: Mapping[str, Any]) -> dict[str, int]:
    """Numbers of the four layers that are ours, as the document names them."""
    layers = {"OBJECTS": OBJECTS, "PLACES": PLACES, "ROOMS": ROOMS, "BUILDINGS": BUILDINGS}
    for name, key in document.get("layer_names", {}).items():
        if name in layers and isinstance(key, Mapping):
            layers[name] = int(key["layer"])
    return layers


def _read_layout(
    graph: SceneGraph,
    document: Mapping[str, Any],
    nodes: Mapping[int, Mapping[str, Any]],
    layers: Mapping[str, int],
    ids: dict[int, str],
    kept: Mapping[str, Any],
) -> None:
    """Areas, the ways between them, and rooms; `kept` is what they were called when we had them last."""
    called = {int(key): str(ours) for ours, key in kept.get("ids", {}).items()}
    costs = {(str(a), str(b)): float(cost) for a, b, cost, *_ in kept.get("ways", ())}
    places = {key: n for key, n in nodes.items() if n["layer"] == layers["PLACES"]}
    if not places:  # outdoors, and with newer mappers, places are two-dimensional and have a layer of their own
        places = {key: n for key, n in nodes.items() if "Place" in n["attributes"]["type"]}
    spots: dict[str, tuple[float, float]] = {}
    for key, item in places.items():
        name = _own_id(item, "area", spots, called) or f"area-{graph.areas.next_area}"
        graph.areas.next_area = max(graph.areas.next_area, number_of(name)[0] + 1)
        x, y, _ = item["attributes"]["position"]
        ids[key], spots[name] = name, (float(x), float(y))
    members: dict[str, list[str]] = {}
    titles: dict[str, str] = {}
    for key, item in nodes.items():
        if item["layer"] == layers["ROOMS"]:
            name = _own_id(item, "room", members, called) or f"room-{graph.areas.next_room}"
            graph.areas.next_room = max(graph.areas.next_room, number_of(name)[0] + 1)
            ids[key], members[name] = name, []
            given = str(item["attributes"].get("name") or "")
            foreign = _OURS not in document["metadata"] and not is_number_name(given)
            titles[name] = str(kept.get("names", {}).get(name, given if foreign else ""))
    ways: dict[tuple[str, str], float] = {}
    for item in document["edges"]:
        a, b = ids.get(int(item["source"]), ""), ids.get(int(item["target"]), "")
        if a in spots and b in spots and a != b:
            pair = (min(a, b), max(a, b))
            metres = math.dist(spots[a], spots[b])
            told = (
                float(item["info"]["weight"]) if item["info"].get("weighted") and _OURS in document["metadata"] else 0
            )
            ways[pair] = costs.get(pair) or (not kept and told) or round(metres, 3)
        for room, area in ((a, b), (b, a)):
            if room in members and area in spots and area not in members[room]:
                members[room].append(area)
    graph.areas = AreaMap(
        areas=dict(sorted(spots.items(), key=lambda item: number_of(item[0]))),
        edges=ways,
        rooms=[Room(name, tuple(areas), titles[name]) for name, areas in members.items()],
        next_area=graph.areas.next_area,
        next_room=graph.areas.next_room,
    )


def _own_id(item: Mapping[str, Any], kind: str, taken: Iterable[str], called: Mapping[int, str]) -> str | None:
    name = called.get(int(item["id"])) or str((item["attributes"].get("metadata") or {}).get("id", ""))
    return name if name.startswith(f"{kind}-") and name not in set(taken) else None


def _class_names(document: Mapping[str, Any], layer: int) -> dict[int, str]:
    spaces = document["metadata"].get("labelspaces") or {}
    for name in (f"_l{layer}p0", "OBJECTS", *spaces):
        if isinstance(spaces.get(name), list):
            return {int(number): str(label) for number, label in spaces[name]}
    return {}


def _thing(graph: SceneGraph, attributes: Mapping[str, Any], names: Mapping[int, str]) -> SceneObject:
    metadata = attributes.get("metadata") or {}
    centre, size = _box(attributes)
    own = metadata.get(_OURS)
    if isinstance(own, Mapping):
        thing = object_from_json(own)
        if _changed(attributes, thing):  # somebody else's tool moved it
            thing.position, thing.size = centre, size or (0.0, 0.0, 0.0)
        if thing.object_id not in graph.things:
            return thing
    observation = Observation(
        _label(graph.knowledge, attributes, names),
        centre,
        stamp=float(attributes.get("last_update_time_ns") or 0) / 1e9,
        size=size,
        states=frozenset(str(s) for s in metadata.get("states", ())),
        source=_ORIGIN,
    )
    key = f"object-{graph.next_object}"
    graph.next_object += 1
    return SceneObject.first_seen(key, observation)


def _label(knowledge: Ontology, attributes: Mapping[str, Any], names: Mapping[int, str]) -> str:
    number = attributes.get("semantic_label")
    given = str(attributes.get("name") or "")
    name = names.get(int(number)) if isinstance(number, int) else None
    if name is None:
        name = given if given and not is_number_name(given) else f"class {number}"
    return knowledge.class_of(name)


def _box(attributes: Mapping[str, Any]) -> tuple[Point, Point | None]:
    """Centre of a node's box and its extents along the map's axes; None without a box."""
    box = attributes.get("bounding_box") or NO_BOX
    x, y, z = (float(v) for v in attributes["position"])
    if box["type"] == "INVALID":
        return (x, y, z), None
    size = np.array([float(v) for v in box["dimensions"]])
    if box["type"] != "AABB":
        size = np.abs(_rotation(box["world_R_center"])) @ size
    x, y, z = (float(v) for v in box["world_P_center"])
    width, depth, height = size.tolist()
    return (x, y, z), (width, depth, height)


def _rotation(quaternion: Mapping[str, float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(3, 3) matrix of a unit quaternion."""
    w, x, y, z = (float(quaternion[name]) for name in "wxyz")
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
