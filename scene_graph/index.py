"""A hash of space: which things are near a point, in time that does not grow with how many there are."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from itertools import chain
from typing import Generic, TypeVar

import numpy as np

from scene_graph.types import Point

__all__ = ["SpatialHash"]

K = TypeVar("K", bound=Hashable)


class SpatialHash(Generic[K]):
    """Points by key, found by place: `put`, `remove`, `within`, `nearest`.

    Points are filed under square columns of space; a query looks at the columns that it touches. Homes are flat and
    evenly filled, so this beats trees here and updates in constant time.

    Args:
        cell: Side of a column, metres: about the usual query radius.
    """

    def __init__(self, cell: float = 1.0) -> None:
        self._cell = cell
        self._points: dict[K, Point] = {}
        self._cells: dict[tuple[int, int], dict[K, Point]] = {}

    def __len__(self) -> int:
        return len(self._points)

    def __contains__(self, key: object) -> bool:
        return key in self._points

    def __iter__(self) -> Iterator[K]:
        return iter(self._points)

    def put(self, key: K, point: Point) -> None:
        """Add a point, or move the one that has this key."""
        before = self._points.get(key)
        if before == point:
            return
        cell = self._cell_of(point)
        if before is not None:
            old = self._cell_of(before)
            if old != cell:
                self._leave(old, key)
        self._points[key] = point
        self._cells.setdefault(cell, {})[key] = point

    def put_all(self, points: Mapping[K, Point]) -> None:
        """Add many points at once, none of whose keys is in the index yet."""
        self._points.update(points)
        # `fromiter` reads tuples several times as fast as `array` does.
        flat = np.fromiter(chain.from_iterable(points.values()), float, 3 * len(points))
        columns, rows = np.floor(flat.reshape(-1, 3)[:, :2] / self._cell).astype(np.intp).T.tolist()
        cells = self._cells
        for i, j, (key, point) in zip(columns, rows, points.items(), strict=True):
            cell = cells.get((i, j))
            if cell is None:
                cells[i, j] = {key: point}
            else:
                cell[key] = point

    def remove(self, key: K) -> None:
        """Take a point out; an unknown key is no error."""
        point = self._points.pop(key, None)
        if point is not None:
            self._leave(self._cell_of(point), key)

    def within(self, point: Point, radius: float) -> list[tuple[float, K]]:
        """Keys within a radius of a point with their distances in metres, nearest first."""
        x, y, z = point
        size, bound = self._cell, radius * radius
        left, right = math.floor((x - radius) / size), math.floor((x + radius) / size)
        near, far = math.floor((y - radius) / size), math.floor((y + radius) / size)
        stored = self._cells
        if (right - left + 1) * (far - near + 1) > len(stored):
            cells = list(stored.values())
        else:
            keys = [(i, j) for i in range(left, right + 1) for j in range(near, far + 1)]
            cells = [stored[key] for key in keys if key in stored]
        found: list[tuple[float, K]] = []
        for cell in cells:
            for key, (px, py, pz) in cell.items():
                squared = (px - x) ** 2 + (py - y) ** 2 + (pz - z) ** 2
                if squared <= bound:
                    found.append((math.sqrt(squared), key))
        found.sort(key=lambda item: item[0])
        return found

    def nearest(self, point: Point, count: int = 1) -> list[tuple[float, K]]:
        """The nearest keys with their distances in metres, nearest first."""
        radius = self._cell
        while True:
            found = self.within(point, radius)
            if len(found) >= count or len(found) == len(self._points):
                return found[:count]
            radius *= 2

    def _cell_of(self, point: Point) -> tuple[int, int]:
        return (math.floor(point[0] / self._cell), math.floor(point[1] / self._cell))

    def _leave(self, cell: tuple[int, int], key: K) -> None:
        members = self._cells[cell]
        del members[key]
        if not members:
            del self._cells[cell]
