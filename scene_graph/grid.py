"""The floor as the robot knows it: free, occupied or unseen, fused from depth, and travel over it.

A cell is *free* once its floor was seen, *occupied* while something at body height was seen over it, and *unseen*
otherwise. Seeing floor never clears an obstacle, since one can see the floor under a table; looking *through* the place
where the obstacle was does. Arrays grow in chunks up to a bound; what lies beyond is ignored and counted.

Coordinates are metres in the map frame, with the floor at a known height. Paths and travel costs come from
`scipy.sparse.csgraph` on the 8-connected cells whose clearance lets the robot through.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from scene_graph.types import FloatArray, SceneGraphError, View
from scene_graph.visibility import sample_depth

__all__ = ["CellState", "Frontier", "GridError", "OccupancyGrid"]

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]
XY = tuple[float, float]

_CHUNK = 32
_ROWS = "?.#xW"
"""Characters of the states in files, in the order of `CellState`; ``x`` is a bump, ``W`` as tall as a wall."""
_BUMP, _TALL = 3, 4
_WALL = 1.3
"""Height above the floor, metres: furniture seldom reaches it, walls and door frames always do."""
_BLIND = 1.0
"""How far from the robot the nearest floor that is known to be passable may be, metres."""
_FEET = 0.8
"""How much floor around its feet a robot takes to be free unseen, metres."""
_GAP = 0.15
"""Unseen patches smaller than this, in square metres, are gaps between looks, not places to explore."""
_MAX_SIDE = 120
"""Pixels of the longer side to which depth is thinned out before it is sought for obstacles."""


class GridError(SceneGraphError, ValueError):
    """A grid that cannot be read, or a place that cannot be on it."""


class CellState(IntEnum):
    """What is known of a cell of the floor."""

    UNSEEN = 0
    FREE = 1
    OCCUPIED = 2


@dataclass(frozen=True)
class Frontier:
    """A stretch of the border between free and unseen floor.

    Attributes:
        position: A free cell of it, near its middle, metres.
        length: How long it is, metres.
    """

    position: XY
    length: float


class OccupancyGrid:
    """Free, occupied and unseen floor.

    The methods most users need: `update` with each view, `path` and `distance_field` to travel, `approach_poses` to
    stand before something, `frontiers` to explore.

    Args:
        resolution: Side of a cell, metres.
        floor: Height of the floor in the map frame, metres.
        robot_radius: Half of the robot's width, metres.
        body: Heights above the floor between which things stand in the robot's way, metres.
        max_range: Depth is used up to this distance, metres.
        max_cells: Bound on memory; a cell takes eight bytes.
    """

    def __init__(
        self,
        resolution: float = 0.05,
        *,
        floor: float = 0.0,
        robot_radius: float = 0.2,
        body: tuple[float, float] = (0.08, 1.75),
        max_range: float = 5.0,
        max_cells: int = 4_000_000,
    ) -> None:
        if not 0.01 <= resolution <= 1.0:
            raise GridError(f"resolution must be between 0.01 and 1 m, got {resolution!r}")
        self.resolution = resolution
        self.floor = floor
        self.robot_radius = robot_radius
        self.body = body
        self.max_range = max_range
        self.max_cells = max_cells
        self.version = 0
        self.ignored = 0
        self._origin = (0, 0)  # column and row, in cells, of the arrays' first element
        self._seen: BoolArray = np.zeros((0, 0), dtype=np.bool_)
        self._tall: BoolArray = np.zeros((0, 0), dtype=np.bool_)
        self._hits: npt.NDArray[np.int8] = np.zeros((0, 0), dtype=np.int8)
        self._height: npt.NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)
        self._bumped: BoolArray = np.zeros((0, 0), dtype=np.bool_)
        self._cache: dict[Any, Any] = {}

    # -- what is known ------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, int]:
        """Rows (y) and columns (x) of the part of the floor that is stored."""
        return self._seen.shape[0], self._seen.shape[1]

    @property
    def origin(self) -> XY:
        """Map coordinates of the lower corner of the first cell, metres."""
        return self._origin[0] * self.resolution, self._origin[1] * self.resolution

    @property
    def states(self) -> npt.NDArray[np.uint8]:
        """`CellState` of each stored cell, [row (y), column (x)]."""
        occupied = (self._hits > 0) | self._bumped
        return np.where(occupied, CellState.OCCUPIED, np.where(self._seen, CellState.FREE, 0)).astype(np.uint8)

    @property
    def tall(self) -> BoolArray:
        """Cells with something as tall as a wall, [row, column]: what parts rooms from one another."""
        return self._tall.copy()

    def state(self, x: float, y: float) -> CellState:
        """What is known of the floor at a place."""
        row, column = self.cells(np.array([[x, y]]))[0]
        if not (0 <= row < self.shape[0] and 0 <= column < self.shape[1]):
            return CellState.UNSEEN
        if self._hits[row, column] > 0 or self._bumped[row, column]:
            return CellState.OCCUPIED
        return CellState.FREE if self._seen[row, column] else CellState.UNSEEN

    def area(self) -> float:
        """Free floor seen, square metres."""
        return float(np.count_nonzero(self.states == CellState.FREE)) * self.resolution**2

    def cells(self, xy: FloatArray) -> IntArray:
        """(N, 2) places in metres → (N, 2) row and column; may lie outside of what is stored."""
        cells = np.floor(xy / self.resolution + 1e-9).astype(np.intp)
        return np.stack([cells[:, 1] - self._origin[1], cells[:, 0] - self._origin[0]], axis=1)

    def centres(self, rows: npt.NDArray[Any], columns: npt.NDArray[Any]) -> FloatArray:
        """(N,) rows and columns → (N, 2) centres of the cells, metres."""
        return np.stack(
            [(columns + self._origin[0] + 0.5) * self.resolution, (rows + self._origin[1] + 0.5) * self.resolution],
            axis=1,
        )

    def traversable(self, optimistic: bool = False) -> BoolArray:
        """Cells where the robot's middle may be, [row, column]; do not write to it.

        Args:
            optimistic: Whether unseen floor counts as free.
        """
        key = ("traversable", optimistic)
        if key not in self._cache:
            known = np.ones(self.shape, dtype=np.bool_) if optimistic else self._seen
            self._cache[key] = known & (self.clearance() >= self.robot_radius - 0.5 * self.resolution)
        result: BoolArray = self._cache[key]
        return result

    # -- learning -----------------------------------------------------------------------------------------------

    def update(self, view: View) -> None:
        """Take in what a frame shows of floor and obstacles."""
        camera = np.asarray(view.position)
        if camera[2] - self.floor <= 0.05:
            return  # a camera on the floor sees none of it
        points = _coarse(view).points()
        offsets = points[:, :2] - camera[:2]
        distance = np.hypot(offsets[:, 0], offsets[:, 1])
        heights = points[:, 2] - self.floor
        # Far floor rises into the band by the pose's error in pitch: the farther, the higher the band begins.
        low = self.body[0] + 0.015 * distance
        solid = (heights > low) & (heights < self.body[1]) & (distance <= self.max_range)
        known = points[distance <= self.max_range, :2]
        if len(known) == 0:
            return
        low_corner = np.minimum(known.min(axis=0), camera[:2])
        high_corner = np.maximum(known.max(axis=0), camera[:2])
        self._grow(low_corner, high_corner)
        self._clear_looked_through(view, camera)
        self._mark_solid(points[solid], heights[solid])
        self._mark_floor(view, camera, low_corner, high_corner)
        self._mark_feet(view, camera)
        self._changed()

    def mark_blocked(self, x: float, y: float) -> None:
        """Note that the robot was stopped there by something that it did not see."""
        self._paint(x, y, self.resolution, bumped=True)

    def mark_free(self, x: float, y: float) -> None:
        """Note that the robot stands there, so nothing else does."""
        self._paint(x, y, self.robot_radius * 0.75, bumped=False)

    # -- travel -------------------------------------------------------------------------------------------------

    def is_traversable(self, xy: npt.ArrayLike, *, optimistic: bool = False) -> BoolArray:
        """Whether the robot's middle may be at each of (N, 2) places.

        Args:
            xy: (N, 2) metres.
            optimistic: Whether unseen floor counts as free.
        """
        index = self.cells(np.asarray(xy, dtype=np.float64).reshape(-1, 2))
        inside = self._contains(index)
        result = np.full(len(index), optimistic)
        rows, columns = index[inside].T
        result[inside] = self.traversable(optimistic)[rows, columns]
        return result

    def clearance(self) -> FloatArray:
        """Metres from each stored cell to the nearest obstacle, [row, column]."""
        if "clearance" not in self._cache:
            blocked = self.states == CellState.OCCUPIED
            distance = (
                ndimage.distance_transform_edt(~blocked) if blocked.any() else np.full(blocked.shape, 1e3, np.float64)
            )
            # From centre to centre; the obstacle fills its cell.
            self._cache["clearance"] = np.maximum(np.asarray(distance) - 0.5, 0.0) * self.resolution
        result: FloatArray = self._cache["clearance"]
        return result

    def path(
        self, start: Sequence[float], goal: Sequence[float], *, optimistic: bool = True, snap: float = 0.3
    ) -> list[XY] | None:
        """The shortest way that keeps clear of obstacles.

        Args:
            start: (x, y), metres.
            goal: (x, y), metres.
            optimistic: Whether to plan through unseen floor, at a higher cost.
            snap: How far from `goal` a traversable cell may be, metres.

        Returns:
            Waypoints at the corners, from the start's cell to the goal's, metres; None if there is no way.
        """
        self._grow(
            np.minimum(start[:2], goal[:2]) - 2 * self.robot_radius,
            np.maximum(start[:2], goal[:2]) + 2 * self.robot_radius,
        )
        source = self._snap(start, max(snap, _BLIND), optimistic)
        target = self._snap(goal, snap, optimistic)
        if source is None or target is None:
            return None
        costs, before = self._dijkstra(source, optimistic, comfort=True)
        if not math.isfinite(costs[target]):
            return None
        cells = [target]
        while cells[-1] != source:
            cells.append(int(before[cells[-1]]))
        return self._pull_taut(cells[::-1], optimistic)

    def distance_field(self, start: Sequence[float], *, optimistic: bool = False, snap: float = _BLIND) -> FloatArray:
        """Metres of travel from a place to every stored cell; infinite where there is no way.

        Args:
            start: (x, y), metres.
            optimistic: Whether to travel over unseen floor, at a higher cost.
            snap: How far from `start` a traversable cell may be, metres.

        Returns:
            [row, column]; see `at` to look places up in it.
        """
        source = self._snap(start, snap, optimistic)
        if source is None:
            return np.full(self.shape, np.inf)
        costs, _ = self._dijkstra(source, optimistic, comfort=False)
        result: FloatArray = costs.reshape(self.shape)
        return result

    def at(self, field: FloatArray, xy: npt.ArrayLike, *, within: float = 0.0) -> FloatArray:
        """Look (N, 2) costs up in a field of the grid's shape: the least sum of value and metres to its cell.

        Args:
            field: [row, column], e.g. of `distance_field`.
            xy: (N, 2) metres.
            within: Radius, metres.

        Returns:
            (N,) values; infinite off the grid.
        """
        index = self.cells(np.asarray(xy, dtype=np.float64).reshape(-1, 2))
        reach = math.ceil(within / self.resolution)
        result = np.full(len(index), np.inf)
        for n, (row, column) in enumerate(index.tolist()):
            rows = slice(max(row - reach, 0), max(row + reach + 1, 0))
            columns = slice(max(column - reach, 0), max(column + reach + 1, 0))
            window = field[rows, columns]
            if window.size:
                dy, dx = np.ogrid[rows.start - row : rows.stop - row, columns.start - column : columns.stop - column]
                apart = np.hypot(dy, dx)[: window.shape[0], : window.shape[1]] * self.resolution
                result[n] = np.where(apart <= within, window + apart, np.inf).min()
        return result

    def nearest_of(self, places: npt.ArrayLike, *, limit: float = np.inf) -> tuple[FloatArray, IntArray]:
        """Divide the known floor among places by travel: a geodesic Voronoi diagram.

        Args:
            places: (N, 2) metres; each on, or within half a metre of, a traversable cell, else it gets nothing.
            limit: Cells farther than this from every place belong to none, metres.

        Returns:
            Metres to the nearest place, [row, column], infinite where none is within the limit; and which place that
            is, or -1.
        """
        sources = [self._snap(p, 0.5, False) for p in np.asarray(places, dtype=np.float64).reshape(-1, 2).tolist()]
        known = {s: n for n, s in reversed(list(enumerate(sources))) if s is not None}
        distance = np.full(self.shape, np.inf)
        owner = np.full(self.shape, -1, dtype=np.intp)
        if known:
            costs, _, origin = dijkstra(
                self._graph(False, False), indices=list(known), min_only=True, return_predecessors=True, limit=limit
            )
            distance = costs.reshape(self.shape)
            numbers = np.full(distance.size + 1, -1, dtype=np.intp)
            numbers[list(known)] = list(known.values())
            reached = np.where(np.isfinite(costs), origin, distance.size)
            owner = numbers[reached].reshape(self.shape)
        return distance, owner

    def distances(self, start: Sequence[float], goals: npt.ArrayLike, *, within: float = 0.3) -> FloatArray:
        """Metres of travel over known floor from a place to each of (N, 2) places."""
        return self.at(self.distance_field(start), goals, within=within)

    def is_walled_off(self, a: Sequence[float], b: Sequence[float]) -> bool:
        """Whether something as tall as a wall stands on the straight line between two places, metres."""
        ends = np.array([a[:2], b[:2]], dtype=np.float64)
        count = max(int(np.hypot(*(ends[1] - ends[0])) / (0.5 * self.resolution)), 1)
        index = self.cells(ends[0] + (ends[1] - ends[0]) * np.linspace(0, 1, count + 1)[:, None])
        index = index[self._contains(index)]
        return bool(self._tall[index[:, 0], index[:, 1]].any())

    def frontiers(
        self, *, start: Sequence[float] | None = None, min_length: float = 0.3, split: float = 1.5
    ) -> list[Frontier]:
        """Stretches where traversable floor meets unseen floor, longest first.

        Args:
            start: Where the robot is; stretches that it cannot reach over known floor are left out.
            min_length: Shorter ones are left out, metres.
            split: Longer ones are divided, metres.
        """
        states = self.states
        unseen = np.pad(states == CellState.UNSEEN, 1, constant_values=True)
        patches, _ = ndimage.label(unseen)
        unseen &= np.bincount(patches.ravel())[patches] * self.resolution**2 >= _GAP
        beside = ndimage.binary_dilation(unseen, structure=np.ones((3, 3), dtype=np.bool_))[1:-1, 1:-1]
        border = beside & (states == CellState.FREE) & (self.clearance() >= self.robot_radius * 0.5)
        if start is not None:
            field = self.distance_field(start)
            reach = math.ceil(self.robot_radius / self.resolution)
            border &= ndimage.minimum_filter(field, size=2 * reach + 1, mode="nearest") < np.inf
        labels, count = ndimage.label(border, structure=np.ones((3, 3)))
        if count == 0:
            return []
        rows, columns = np.nonzero(border)
        xy = self.centres(rows, columns)
        tile = np.floor(xy / split).astype(np.int64)
        keys = np.stack([labels[rows, columns].astype(np.int64), tile[:, 0], tile[:, 1]], axis=1)
        _, member = np.unique(keys, axis=0, return_inverse=True)
        result = []
        for cluster in range(int(member.max()) + 1):
            own = xy[member.ravel() == cluster]
            if len(own) * self.resolution >= min_length:
                nearest = own[np.argmin(np.sum((own - own.mean(axis=0)) ** 2, axis=1))]
                result.append(Frontier((float(nearest[0]), float(nearest[1])), len(own) * self.resolution))
        return sorted(result, key=lambda f: (-f.length, f.position))

    def approach_poses(
        self,
        point: Sequence[float],
        *,
        min_distance: float = 0.4,
        max_distance: float = 1.0,
        count: int = 8,
        start: Sequence[float] | None = None,
        optimistic: bool = False,
    ) -> list[tuple[float, float, float]]:
        """Where to stand before a point, facing it: best first, spread around it.

        Good places are reached without a detour, have little standing between them and the point, and some clearance.

        Args:
            point: What to face, metres; its first two coordinates count.
            min_distance: Nearest, metres.
            max_distance: Farthest, metres.
            count: How many at most.
            start: Where the robot is; places that it cannot reach are left out.
            optimistic: Whether unseen floor counts as free.

        Returns:
            (x, y, yaw) in metres and radians.
        """
        target = np.asarray(point[:2], dtype=np.float64)
        self._grow(target - max_distance, target + max_distance)
        rows, columns = np.nonzero(self.traversable(optimistic))
        xy = self.centres(rows, columns)
        distance = np.hypot(*(xy - target).T)
        near = (distance >= min_distance) & (distance <= max_distance)
        xy, distance = xy[near], distance[near]
        score = 0.5 * distance + 1.5 * self._obstructed(xy, target)
        index = self.cells(xy)
        score -= 0.3 * np.minimum(self.clearance()[index[:, 0], index[:, 1]], 0.5)
        if start is not None and len(xy):
            field = self.distance_field(start, optimistic=optimistic)
            travel = field[index[:, 0], index[:, 1]]
            reachable = np.isfinite(travel)
            xy, score = xy[reachable], score[reachable] + 0.05 * travel[reachable]
        poses: list[tuple[float, float, float]] = []
        for n in np.argsort(score, kind="stable").tolist():
            x, y = float(xy[n, 0]), float(xy[n, 1])
            if all(math.hypot(x - px, y - py) >= 0.25 for px, py, _ in poses):
                poses.append((x, y, math.atan2(float(target[1]) - y, float(target[0]) - x)))
                if len(poses) == count:
                    break
        return poses

    # -- files --------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready mapping that a person can read: one string a row, north up; `from_json` reads it back."""
        codes = np.where(self._bumped, _BUMP, np.where(self._tall, _TALL, self.states))
        known_rows, known_columns = np.nonzero(codes)
        bottom, left = (int(v.min()) if v.size else 0 for v in (known_rows, known_columns))
        codes = codes[bottom : known_rows.max(initial=-1) + 1, left : known_columns.max(initial=-1) + 1]
        rows = ["".join(_ROWS[c] for c in row) for row in codes[::-1].tolist()]
        return {
            "resolution": self.resolution,
            "floor": self.floor,
            "robot_radius": self.robot_radius,
            "origin": [self._origin[0] + left, self._origin[1] + bottom],
            "rows": rows,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> OccupancyGrid:
        """Read what `to_json` wrote.

        Raises:
            GridError: If it is not of that form.
        """
        try:
            grid = cls(
                float(data["resolution"]),
                floor=float(data.get("floor", 0.0)),
                robot_radius=float(data.get("robot_radius", 0.2)),
            )
            rows = [[_ROWS.index(c) for c in row] for row in reversed(data["rows"])]
            codes = np.array(rows, dtype=np.uint8).reshape(len(rows), len(rows[0]) if rows else 0)
            grid._origin = (int(data["origin"][0]), int(data["origin"][1]))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise GridError(f"not an occupancy grid: {error}") from error
        if codes.size > grid.max_cells:
            raise GridError(f"grid of {codes.size} cells is larger than {grid.max_cells}")
        grid._seen = (codes == CellState.FREE).copy()
        grid._tall = codes == _TALL
        grid._hits = np.where((codes == CellState.OCCUPIED) | grid._tall, 1, 0).astype(np.int8)
        grid._height = np.full(codes.shape, sum(grid.body) / 2, dtype=np.float32)
        grid._bumped = codes == _BUMP
        return grid

    # -- inside -------------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self.version += 1
        self._cache.clear()

    def _contains(self, index: IntArray) -> BoolArray:
        return np.asarray(((index >= 0) & (index < np.array(self.shape))).all(axis=1))

    def _grow(self, low: npt.ArrayLike, high: npt.ArrayLike) -> None:
        """Make room for a rectangle, in whole chunks, unless that would go beyond `max_cells`."""
        first = np.floor(np.asarray(low, dtype=np.float64) / self.resolution).astype(int)
        last = np.floor(np.asarray(high, dtype=np.float64) / self.resolution).astype(int) + 1
        rows, columns = self.shape
        if rows and columns:
            first = np.minimum(first, self._origin)
            last = np.maximum(last, [self._origin[0] + columns, self._origin[1] + rows])
        first = first // _CHUNK * _CHUNK
        last = -(-last // _CHUNK) * _CHUNK
        width, height = int(last[0] - first[0]), int(last[1] - first[1])
        if (height, width) == (rows, columns):
            return
        if width * height > self.max_cells:
            self.ignored += 1
            return
        dx, dy = self._origin[0] - int(first[0]), self._origin[1] - int(first[1])
        if rows == 0:
            dx = dy = 0
        pad = ((dy, height - rows - dy), (dx, width - columns - dx))
        self._seen = np.pad(self._seen, pad)
        self._tall = np.pad(self._tall, pad)
        self._hits = np.pad(self._hits, pad)
        self._height = np.pad(self._height, pad)
        self._bumped = np.pad(self._bumped, pad)
        self._origin = (int(first[0]), int(first[1]))
        self._changed()

    def _mark_solid(self, points: FloatArray, heights: FloatArray) -> None:
        index = self.cells(points[:, :2])
        inside = self._contains(index)
        flat = np.ravel_multi_index((index[inside, 0], index[inside, 1]), self.shape) if inside.any() else index[:0, 0]
        cells = np.unique(flat)
        hits = self._hits.ravel()
        hits[cells] = np.minimum(hits[cells] + 1, 5)
        self._height.ravel()[flat] = heights[inside]
        self._tall.ravel()[flat[heights[inside] > _WALL]] = True

    def _mark_floor(self, view: View, camera: FloatArray, low: FloatArray, high: FloatArray) -> None:
        """Mark the cells whose floor is what depth shows at their pixel: no gaps, however coarse the image."""
        forward = view.pose[:2, 2]
        lower, upper = self.cells(np.stack([low, high]))
        window = np.maximum(lower, 0), np.minimum(upper + 1, self.shape)
        rows, columns = np.mgrid[window[0][0] : window[1][0], window[0][1] : window[1][1]]
        rows, columns = rows.ravel(), columns.ravel()
        xy = self.centres(rows, columns)
        ahead = ((xy - camera[:2]) @ forward > -0.5) & (np.hypot(*(xy - camera[:2]).T) <= self.max_range)
        rows, columns, xy = rows[ahead], columns[ahead], xy[ahead]
        pixels, z = view.project(np.column_stack([xy, np.full(len(xy), self.floor)]))
        height, width = view.depth.shape
        with np.errstate(invalid="ignore"):
            inside = (
                (z > 0)
                & (pixels[:, 0] >= 0)
                & (pixels[:, 0] <= width - 1)
                & (pixels[:, 1] >= 0)
                & (pixels[:, 1] <= height - 1)
            )
        rows, columns, xy, pixels, z = rows[inside], columns[inside], xy[inside], pixels[inside], z[inside]
        depth = sample_depth(view, pixels)
        distance = np.hypot(*(xy - camera[:2]).T)
        with np.errstate(invalid="ignore"):
            short = np.abs(1 - depth / z)
            # The foot of a wall is as low as floor, so what was hit must also lie in or beside the cell itself.
            floor = ((camera[2] - self.floor) * short < self.body[0] + 0.015 * distance) & (
                distance * short < np.maximum(1.5 * self.resolution, 0.03 * distance)
            )
        self._seen[rows[floor], columns[floor]] = True

    def _mark_feet(self, view: View, camera: FloatArray) -> None:
        """Take the floor between the robot and the nearest that its camera shows to be free, until a bump says no.

        A camera does not see its own robot's feet; without this the robot would stand on an island.
        """
        height = view.depth.shape[0]
        _, fy, _, cy = view.intrinsics
        down = -view.pose[2, :3] @ np.array([0.0, (height - 1 - cy) / fy, 1.0])
        if down <= 0:
            return
        lowest = view.pose[:3, :3] @ np.array([0.0, (height - 1 - cy) / fy, 1.0])
        nearest = (camera[2] - self.floor) * float(np.hypot(*lowest[:2])) / down
        radius = min(nearest + 2 * self.resolution, _FEET)
        self._grow(camera[:2] - radius, camera[:2] + radius)
        rows, columns = self._disc(camera[0], camera[1], radius)
        ahead = (self.centres(rows, columns) - camera[:2]) @ view.pose[:2, 2] >= 0
        self._seen[rows[ahead], columns[ahead]] = True

    def _clear_looked_through(self, view: View, camera: FloatArray) -> None:
        """Take evidence from obstacles where depth now reaches beyond the place that they were seen at."""
        rows, columns = np.nonzero(self._hits)
        xy = self.centres(rows, columns)
        near = np.hypot(*(xy - camera[:2]).T) <= self.max_range
        rows, columns, xy = rows[near], columns[near], xy[near]
        if rows.size == 0:
            return
        heights = self._height[rows, columns] + self.floor
        pixels, z = view.project(np.column_stack([xy, heights]))
        with np.errstate(invalid="ignore"):
            through = (z > 0.1) & (sample_depth(view, pixels) > z + 0.15 + self.resolution)
        self._hits[rows[through], columns[through]] -= 1
        self._tall &= self._hits > 0

    def _paint(self, x: float, y: float, radius: float, *, bumped: bool) -> None:
        self._grow((x - radius, y - radius), (x + radius, y + radius))
        rows, columns = self._disc(x, y, radius)
        self._bumped[rows, columns] = bumped
        if not bumped:
            self._seen[rows, columns] = True
            self._hits[rows, columns] = 0
            self._tall[rows, columns] = False
        self._changed()

    def _disc(self, x: float, y: float, radius: float) -> tuple[IntArray, IntArray]:
        """Rows and columns of the stored cells within a radius of a place, its own cell among them."""
        reach = math.ceil(radius / self.resolution)
        row, column = self.cells(np.array([[x, y]]))[0]
        rows, columns = np.mgrid[row - reach : row + reach + 1, column - reach : column + reach + 1].reshape(2, -1)
        inside = (np.hypot(*(self.centres(rows, columns) - (x, y)).T) <= radius) | ((rows == row) & (columns == column))
        inside &= self._contains(np.stack([rows, columns], axis=1))
        return rows[inside], columns[inside]

    def _snap(self, place: Sequence[float], radius: float, optimistic: bool) -> int | None:
        """Flat index of the traversable cell nearest to a place, within a radius."""
        passable = self.traversable(optimistic)
        row, column = (int(v) for v in self.cells(np.array([[place[0], place[1]]], dtype=np.float64))[0])
        reach = math.ceil(radius / self.resolution)
        top, left = max(row - reach, 0), max(column - reach, 0)
        rows, columns = np.nonzero(passable[top : max(row + reach + 1, 0), left : max(column + reach + 1, 0)])
        if rows.size == 0:
            return None
        rows, columns = rows + top, columns + left
        distance = np.hypot(*(self.centres(rows, columns) - (place[0], place[1])).T)
        best = int(np.argmin(distance))
        if distance[best] > radius + self.resolution:
            return None
        return int(rows[best] * self.shape[1] + columns[best])

    def _dijkstra(self, source: int, optimistic: bool, *, comfort: bool) -> tuple[FloatArray, IntArray]:
        key = ("dijkstra", source, optimistic, comfort)
        if key not in self._cache:
            costs, before = dijkstra(self._graph(optimistic, comfort), indices=[source], return_predecessors=True)
            self._cache[key] = (costs[0], before[0])
        result: tuple[FloatArray, IntArray] = self._cache[key]
        return result

    def _graph(self, optimistic: bool, comfort: bool) -> csr_array[np.float64, tuple[int, int]]:
        """Edges between neighbouring traversable cells, in metres; with `comfort`, dearer beside obstacles."""
        key = ("graph", optimistic, comfort)
        if key not in self._cache:
            passable = self.traversable(optimistic)
            weight = np.where(self._seen, 1.0, 2.0)
            if comfort:
                weight = weight * (1 + np.clip(0.4 - self.clearance(), 0, None))
            number = np.arange(passable.size).reshape(passable.shape)
            rows, columns = passable.shape
            sources, targets, costs = [], [], []
            for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
                a = (slice(0, rows - dy), slice(max(-dx, 0), columns - max(dx, 0)))
                b = (slice(dy, rows), slice(max(dx, 0), columns - max(-dx, 0)))
                both = passable[a] & passable[b]
                sources.append(number[a][both])
                targets.append(number[b][both])
                costs.append((weight[a] + weight[b])[both] * (0.5 * math.hypot(dx, dy) * self.resolution))
            start, end, cost = np.concatenate(sources), np.concatenate(targets), np.concatenate(costs)
            self._cache[key] = csr_array(
                (np.tile(cost, 2), (np.concatenate([start, end]), np.concatenate([end, start]))),
                shape=(passable.size, passable.size),
            )
        result: csr_array[np.float64, tuple[int, int]] = self._cache[key]
        return result

    def _pull_taut(self, cells: Sequence[int], optimistic: bool) -> list[XY]:
        """Leave out the waypoints between which the way is straight and free."""
        rows, columns = np.divmod(np.array(cells), self.shape[1])
        xy = self.centres(rows, columns)
        passable = self.traversable(optimistic)
        kept, last = [0], 0
        while last < len(xy) - 1:
            step = 1
            while last + 2 * step < len(xy) and self._straight(xy[last], xy[last + 2 * step], passable):
                step *= 2
            ahead = next(
                (
                    n
                    for n in range(min(last + 2 * step, len(xy) - 1), last + 1, -1)
                    if self._straight(xy[last], xy[n], passable)
                ),
                last + 1,
            )
            kept.append(ahead)
            last = ahead
        return [(float(x), float(y)) for x, y in xy[kept]]

    def _straight(self, a: FloatArray, b: FloatArray, passable: BoolArray) -> bool:
        count = max(int(np.hypot(*(b - a)) / (0.5 * self.resolution)), 1)
        index = self.cells(a + (b - a) * np.linspace(0, 1, count + 1)[:, None])
        return bool(self._contains(index).all() and passable[index[:, 0], index[:, 1]].all())

    def _obstructed(self, xy: FloatArray, target: FloatArray) -> FloatArray:
        """Metres of obstacle on the straight line from each place to a target."""
        if len(xy) == 0:
            return np.zeros(0)
        steps = 24
        shares = (np.arange(steps) + 0.5) / steps
        samples = xy[:, None, :] + (target - xy)[:, None, :] * shares[None, :, None]
        index = self.cells(samples.reshape(-1, 2))
        inside = self._contains(index)
        blocked = np.zeros(len(index), dtype=np.bool_)
        blocked[inside] = self.states[index[inside, 0], index[inside, 1]] == CellState.OCCUPIED
        result: FloatArray = blocked.reshape(-1, steps).mean(axis=1) * np.hypot(*(target - xy).T)
        return result


def _coarse(view: View) -> View:
    """The view with its depth thinned out to at most `_MAX_SIDE` pixels a side."""
    step = -(-max(view.depth.shape) // _MAX_SIDE)
    if step == 1:
        return view
    fx, fy, cx, cy = view.intrinsics
    first = step // 2
    return View(
        view.pose,
        (fx / step, fy / step, (cx - first) / step, (cy - first) / step),
        view.depth[first::step, first::step],
    )
