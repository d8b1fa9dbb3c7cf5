"""Scene graphs for other people's tools, by the names of their formats."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import Any

from scene_graph.files import FORMAT, GraphFileError
from scene_graph.graph import SceneGraph
from scene_graph.graphml import load_graphml, save_graphml
from scene_graph.spark_dsg import from_spark_dsg, load_spark_dsg, save_spark_dsg, to_spark_dsg

__all__ = [
    "Format",
    "export_graph",
    "from_spark_dsg",
    "import_graph",
    "load_graphml",
    "load_spark_dsg",
    "save_graphml",
    "save_spark_dsg",
    "to_spark_dsg",
]


class Format(StrEnum):
    """Formats of other tools."""

    SPARK_DSG = "spark-dsg"
    GRAPHML = "graphml"


_SUFFIXES = {
    ".graphml": Format.GRAPHML,
    ".xml": Format.GRAPHML,
    ".json": Format.SPARK_DSG,
    ".sparkdsg": Format.SPARK_DSG,
}
_READERS: dict[Format, Callable[..., SceneGraph]] = {
    Format.SPARK_DSG: load_spark_dsg,
    Format.GRAPHML: load_graphml,
}
_WRITERS: dict[Format, Callable[[SceneGraph, str | PathLike[str]], None]] = {
    Format.SPARK_DSG: save_spark_dsg,
    Format.GRAPHML: save_graphml,
}


def import_graph(path: str | PathLike[str], form: Format | None = None, **options: Any) -> SceneGraph:
    """Read another tool's graph.

    Args:
        path: The file.
        form: Its format; by the file's name unless given.
        **options: As for the constructor of `SceneGraph`.

    Raises:
        GraphFileError: If it cannot be read as one.
    """
    return _READERS[form or _format_of(path)](path, **options)


def export_graph(graph: SceneGraph, path: str | PathLike[str], form: Format | None = None) -> None:
    """Write a graph for another tool.

    Args:
        graph: The graph.
        path: The file. One that holds a graph of ours is never written over.
        form: Its format; by the file's name unless given.

    Raises:
        GraphFileError: If it cannot be written; what was there stays.
    """
    write = _WRITERS[form or _format_of(path)]
    if _is_ours(Path(path)):
        raise GraphFileError(
            f"{path} is a scene graph of this package, which an export would lose; choose another name"
        )
    write(graph, path)


def _format_of(path: str | PathLike[str]) -> Format:
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        raise GraphFileError(
            f"{path}: say which format it has, {' or '.join(Format)}, or name it {', '.join(_SUFFIXES)}"
        )
    return _SUFFIXES[suffix]


def _is_ours(path: Path) -> bool:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and data.get("format") == FORMAT
