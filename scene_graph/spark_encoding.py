"""Spark-DSG's JSON encoding 1.1.3: what its documents, nodes and edges look like, and older ones brought up to it.

Source: the files that pip's ``spark_dsg`` 1.1.3 writes; older encodings as it reads and re-writes them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["BUILDINGS", "OBJECTS", "PLACES", "ROOMS", "edge", "node", "skeleton", "symbol", "up_to_date"]

OBJECTS, PLACES, ROOMS, BUILDINGS = 2, 3, 4, 5
"""Numbers of the layers, where a document does not say otherwise."""

_LAYERS = {"OBJECTS": OBJECTS, "PLACES": PLACES, "ROOMS": ROOMS, "BUILDINGS": BUILDINGS}
_HEADER = {"project_name": "main", "version": {"major": 1, "minor": 1, "patch": 3}}
_UNLABELLED = 4294967295
_BOXES = ("INVALID", "AABB", "OBB", "RAABB")
UPRIGHT = {"w": 1.0, "x": 0.0, "y": 0.0, "z": 0.0}
NO_BOX: dict[str, Any] = {
    "type": "INVALID",
    "dimensions": [0.0, 0.0, 0.0],
    "world_P_center": [0.0, 0.0, 0.0],
    "world_R_center": UPRIGHT,
}
_ANY: dict[str, Any] = {"is_active": False, "is_predicted": False, "metadata": {}, "last_update_time_ns": 0}
_SEMANTIC: dict[str, Any] = {
    **_ANY,
    "bounding_box": NO_BOX,
    "color": {"r": 128, "g": 128, "b": 128, "a": 255},
    "name": "",
    "semantic_feature": {"cols": 0, "data": None, "rows": 0},
    "semantic_label": _UNLABELLED,
}
_PLACE: dict[str, Any] = {
    **_SEMANTIC,
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
    "orientation": UPRIGHT,
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "AgentNodeAttributes": {**_ANY, "timestamp": 0},
    "NodeAttributes": _ANY,
    "ObjectNodeAttributes": {**_SEMANTIC, "mesh_connections": [], "registered": False, "world_R_object": UPRIGHT},
    "PlaceNodeAttributes": _PLACE,
    "RoomNodeAttributes": {**_SEMANTIC, "semantic_class_probabilities": {}},
    "SemanticNodeAttributes": _SEMANTIC,
}


def symbol(letter: str, number: int) -> int:
    """Spark-DSG's node id: a letter in the upper byte, a number below."""
    return (ord(letter) << 56) | number


def skeleton() -> dict[str, Any]:
    """A document without nodes."""
    return {
        "SPARK_DSG_header": _HEADER,
        "directed": False,
        "multigraph": False,
        "layer_keys": [{"layer": n, "partition": 0} for n in _LAYERS.values()],
        "layer_names": {name: {"layer": n, "partition": 0} for name, n in _LAYERS.items()},
        "metadata": {},
        "nodes": [],
        "edges": [],
    }


def node(key: int, layer: int, kind: str, position: Sequence[float], **attributes: Any) -> dict[str, Any]:
    """A node of a kind, with that kind's defaults for what is not given."""
    place = [float(v) for v in position]
    return {
        "id": key,
        "layer": layer,
        "partition": 0,
        "attributes": {**_DEFAULTS[kind], "type": kind, "position": place, **attributes},
    }


def edge(source: int, target: int, *, weight: float | None = None, **metadata: Any) -> dict[str, Any]:
    """An edge; its weight is a length in metres."""
    info = {
        "type": "EdgeAttributes",
        "metadata": metadata,
        "weighted": weight is not None,
        "weight": 1.0 if weight is None else weight,
    }
    return {"source": source, "target": target, "info": info}


def up_to_date(data: Mapping[str, Any]) -> dict[str, Any]:
    """A document in encoding 1.1.3 from one in that or an older one; what is not understood is kept."""
    result = dict(data)
    result["nodes"] = [_node_up_to_date(item) for item in data["nodes"]]
    result["edges"] = [_edge_up_to_date(item) for item in data["edges"]]
    result["metadata"] = data.get("metadata") or {}
    keys = {(n["layer"], n["partition"]) for n in result["nodes"]}
    keys |= {(key["layer"], key.get("partition", 0)) for key in data.get("layer_keys", ())}
    keys |= {(number, 0) for number in result.pop("layer_ids", ())}
    result["layer_keys"] = [{"layer": layer, "partition": part} for layer, part in sorted(keys)]
    known = {name: {"layer": n, "partition": 0} for name, n in _LAYERS.items()}
    names = data.get("layer_names") or {}
    result["layer_names"] = {**known, **{k: v if isinstance(v, dict) else {"layer": v} for k, v in names.items()}}
    result["SPARK_DSG_header"] = data.get("SPARK_DSG_header", _HEADER)
    version = result["SPARK_DSG_header"].get("version", {})
    if (version.get("major", 0), version.get("minor", 0)) < (1, 1):
        result["SPARK_DSG_header"] = _HEADER
    return {**result, "directed": False, "multigraph": False}


def _node_up_to_date(item: Mapping[str, Any]) -> dict[str, Any]:
    attributes = dict(item["attributes"])
    result = {**item, "attributes": attributes}
    # Agents had a letter of their own and their time beside the attributes.
    result["partition"] = int(item.get("partition", result.pop("prefix", 0)))
    result.pop("prefix", None)
    stamp = result.pop("timestamp", None)
    for name, value in _DEFAULTS.get(str(attributes["type"]), {}).items():
        attributes.setdefault(name, value)
    if stamp is not None and not attributes.get("timestamp"):
        attributes["timestamp"] = stamp
    if "bounding_box" in attributes:
        attributes["bounding_box"] = _box_up_to_date(attributes["bounding_box"])
    colour = attributes.get("color")
    if isinstance(colour, list):
        attributes["color"] = dict(zip("rgba", [*colour, 255][:4], strict=True))
    attributes["metadata"] = attributes.get("metadata") or {}
    return result


def _box_up_to_date(box: Mapping[str, Any] | None) -> dict[str, Any]:
    if not box:
        return dict(NO_BOX)
    result = dict(box)
    kind = result.get("type", "INVALID")
    result["type"] = _BOXES[kind] if isinstance(kind, int) else str(kind)
    low, high = result.pop("min", None), result.pop("max", None)
    if "dimensions" not in result:
        result["dimensions"] = [0.0, 0.0, 0.0]
        if low is not None and high is not None:
            result["dimensions"] = [float(b) - float(a) for a, b in zip(low, high, strict=True)]
            if result["type"] == "AABB" or "world_P_center" not in result:
                result["world_P_center"] = [(float(a) + float(b)) / 2 for a, b in zip(low, high, strict=True)]
    result.setdefault("world_P_center", [0.0, 0.0, 0.0])
    result.setdefault("world_R_center", UPRIGHT)
    return result


def _edge_up_to_date(item: Mapping[str, Any]) -> dict[str, Any]:
    info = dict(item.get("info") or {})
    info.setdefault("type", "EdgeAttributes")
    info["metadata"] = info.get("metadata") or {}
    info.setdefault("weighted", False)
    info.setdefault("weight", 1.0)
    return {**item, "info": info}


def is_number_name(name: str) -> bool:
    """Whether a name is none: Hydra names nodes after their ids, as in "O(12)"."""
    return re.fullmatch(r"\w\(\d+\)", name) is not None
