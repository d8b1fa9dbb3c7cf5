"""What depth has shown of the space around the robot, in three dimensions: where lines of sight end.

`scene_graph.grid` knows the floor; choosing a place from which a thing can be *seen* needs heights too. What later
turns out to be empty (a door that was opened, a chair that was moved) is cleared by looking through it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scene_graph.types import Point, View

__all__ = ["VoxelMap"]

_GROWTH = 20
"""Cells by which the map outgrows what it must hold."""


class VoxelMap:
    """A growing voxel map in the map frame.

    Args:
        resolution: Edge of a voxel, metres.
        height: Height that is mapped above the floor, metres.
        clear_margin: How much farther than a voxel the depth must reach to prove it empty, metres.
    """

    def __init__(
        self,
        *,
        resolution: float = 0.1,
        height: float = 2.5,
        clear_margin: float = 0.1,
    ) -> None:
        self.resolution = resolution
        self._layers = round(height / resolution)
        self._clear_margin = clear_margin
        self._filled: npt.NDArray[np.bool_] = np.zeros((0, 0, self._layers), dtype=bool)
        self._origin: npt.NDArray[np.int64] = np.zeros(2, dtype=np.int64)

    def update(self, view: View) -> None:
        """Take in one view: fill where its depth ends, clear what it looked through."""
        points = view.points()
        points = points[(points[:, 2] < self._layers * self.resolution) & (points[:, 2] > 0.0)]
        if not len(points):
            return
        cells = np.floor(points[:, :2] / self.resolution).astype(np.int64)
        self._cover(cells.min(axis=0), cells.max(axis=0))
        self._clear(view)
        cells -= self._origin
        layers = np.floor(points[:, 2] / self.resolution).astype(np.int64)
        self._filled[cells[:, 0], cells[:, 1], layers] = True

    def sight_gap(self, eye: Point, target: Point) -> float:
        """How far short of a target a line of sight ends, metres: 0 when nothing seen stands before it."""
        start, end = np.asarray(eye), np.asarray(target)
        length = float(np.linalg.norm(end - start))
        if not self._filled.size or length < 1e-6:
            return 0.0
        steps = max(2, round(length / self.resolution))
        fractions = np.linspace(0.0, 1.0, steps)[1:]
        points = start + fractions[:, None] * (end - start)
        cells = np.floor(points[:, :2] / self.resolution).astype(np.int64) - self._origin
        layers = np.floor(points[:, 2] / self.resolution).astype(np.int64)
        inside = (
            (cells >= 0).all(axis=1)
            & (cells < self._filled.shape[:2]).all(axis=1)
            & (layers >= 0)
            & (layers < self._layers)
        )
        hit = np.zeros(len(points), dtype=bool)
        hit[inside] = self._filled[cells[inside, 0], cells[inside, 1], layers[inside]]
        return float((1.0 - fractions[hit.argmax()]) * length) if hit.any() else 0.0

    def _cover(self, low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> None:
        """Grow until the cells from `low` to `high` are on the map."""
        rows, columns = self._filled.shape[:2]
        old_low, old_high = self._origin, self._origin + np.array([rows, columns])
        if rows and (low >= old_low).all() and (high < old_high).all():
            return
        if rows:
            low, high = np.minimum(low, old_low), np.maximum(high, old_high)
        new_low, new_high = low - _GROWTH, high + _GROWTH
        filled = np.zeros((*(new_high - new_low), self._layers), dtype=bool)
        if rows:
            i, j = old_low - new_low
            filled[i : i + rows, j : j + columns] = self._filled
        self._filled, self._origin = filled, new_low

    def _clear(self, view: View) -> None:
        """Empty the filled voxels that the view sees behind."""
        flat = np.flatnonzero(self._filled)  # many times as fast as argwhere on three axes
        filled = np.stack(np.unravel_index(flat, self._filled.shape), axis=1)
        if not len(filled):
            return
        centres = (filled + 0.5) * self.resolution
        centres[:, :2] += self._origin * self.resolution
        pixels, ahead = view.project(centres)
        height, width = view.depth.shape
        with np.errstate(invalid="ignore"):
            u, v = np.rint(pixels[:, 0]), np.rint(pixels[:, 1])
            visible = (ahead > 0) & (u >= 0) & (u < width) & (v >= 0) & (v < height)
        seen, z = filled[visible], ahead[visible]
        depth = view.depth[v[visible].astype(np.int64), u[visible].astype(np.int64)]
        beyond = np.isfinite(depth) & (depth > 0) & (depth > z + self._clear_margin)
        gone = seen[beyond]
        self._filled[gone[:, 0], gone[:, 1], gone[:, 2]] = False
