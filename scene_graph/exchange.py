"""Scene graphs for other people's tools: GraphML here, Spark-DSG in `scene_graph.spark_dsg`."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import networkx as nx

from scene_graph.files import write_text
from scene_graph.graph import SceneGraph
from scene_graph.spark_dsg import from_spark_dsg, load_spark_dsg, save_spark_dsg, to_spark_dsg

__all__ = ["from_spark_dsg", "load_spark_dsg", "save_graphml", "save_spark_dsg", "to_spark_dsg"]


def save_graphml(graph: SceneGraph, path: str | PathLike[str]) -> None:
    """Write all layers as GraphML, for networkx, Gephi, yEd and the like; positions become x, y and z.

    Raises:
        GraphFileError: If it cannot be written; what was there stays.
    """
    tree = graph.network()
    flat: nx.DiGraph[str] = nx.DiGraph(map_id=graph.map_id)
    for node, data in tree.nodes(data=True):
        flat.add_node(node, **_scalars(data))
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
            names = ("x", "y", "z") if key == "position" else ("width", "depth", "height")
            result.update(zip(names, (float(v) for v in value), strict=True))
        elif isinstance(value, list | tuple):
            result[key] = " ".join(str(v) for v in value)
        else:
            result[key] = value
    return result
