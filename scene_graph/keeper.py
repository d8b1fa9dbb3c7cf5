"""Keeping a scene graph in a file while it grows, so that its process may be killed at any moment.

One file a map: the file named holds the map that it was begun with; other maps get files beside it, with the map's id
in the name, so that a robot that is carried to another home and back finds both again.
"""

from __future__ import annotations

import contextlib
import re
from os import PathLike
from pathlib import Path
from typing import Any

from scene_graph.files import temporary_of
from scene_graph.graph import SceneGraph

__all__ = ["GraphKeeper"]


class GraphKeeper:
    """Reads a graph at the start and writes it whenever it has changed.

    A write is one step: whoever is killed during one leaves the file of the one before. Files that cannot be read are
    never written over.

    Args:
        path: The file.
        **options: For the graphs that it makes, as for the constructor of `SceneGraph`.
    """

    def __init__(self, path: str | PathLike[str], **options: Any) -> None:
        self._main = Path(path).expanduser()
        self._options = options
        self._path = self._main
        self._kept: tuple[int, int] | None = None

    @property
    def path(self) -> Path:
        """The file of the present map."""
        return self._path

    def open(self, map_id: str = "") -> SceneGraph:
        """The graph of a map as it was kept last, or an empty one; "" is the map that the file was begun with.

        Raises:
            GraphFileError: If the file is damaged, newer, or no scene graph.
        """
        graph = self._read(self._main)
        if map_id and graph.map_id and graph.map_id != map_id:
            word = re.sub(r"[^\w+-]+", "_", map_id)
            graph = self._read(self._main.with_name(f"{self._main.stem}.{word}{self._main.suffix}"))
        graph.map_id = graph.map_id or map_id
        return graph

    def _read(self, path: Path) -> SceneGraph:
        for leftover in temporary_of(path):
            with contextlib.suppress(OSError):
                leftover.unlink()  # of a write that was cut short
        self._path = path
        graph = SceneGraph.load(path, **self._options) if path.exists() else SceneGraph(**self._options)
        self._kept = (id(graph), graph.version)
        return graph

    def keep(self, graph: SceneGraph) -> bool:
        """Write the graph if it has changed since; returns whether it had.

        Raises:
            GraphFileError: If it cannot be written.
        """
        state = (id(graph), graph.version)
        if state == self._kept:
            return False
        graph.save(self._path)
        self._kept = state
        return True
