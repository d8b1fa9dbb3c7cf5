"""Where the agent can stand and go: free space between boxes.

The agent is an upright cylinder. A place is free if the cylinder touches no box at body height; a step is possible if
all places on the way are. Boxes are kept as rotated rectangles and renewed only after something moved.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.headless.footprints import object_footprint
from sim.headless.geometry import Array
from sim.headless.objects import SimObject
from sim.headless.rectangle import Rectangle
from sim.headless.world import AGENT_RADIUS, World

__all__ = ["AGENT_RADIUS", "BODY_HEIGHT", "Space"]

BODY_HEIGHT = 1.8
"""Height of the agent's body above the floor, metres."""

_STEP_OVER = 0.04
"""What is lower than this above the floor does not stop the agent, metres."""

_SAMPLE = 0.0625
"""Distance between the places that are checked along a move, metres."""

_HANGS = frozenset(["Curtains", "Blinds", "Window"])

_MAX_CELLS = 40_000
"""Grid cells that a search may visit."""


@dataclass(frozen=True)
class _Obstacles:
    """Rectangles at body height, stacked.

    Attributes:
        names: Unity name of the object, or name of the wall, of each rectangle.
        centers: (N, 2) in (x, z).
        axes: (N, 2, 2) columns are the rectangle's axes.
        halves: (N, 2) half extents.
    """

    names: list[str]
    centers: Array
    axes: Array
    halves: Array

    def clearance(self, points: Array) -> Array:
        """(P, N) distance from each point to each rectangle; 0 inside."""
        offset = points[:, None, :] - self.centers[None, :, :]
        local = np.abs(np.einsum("pni,nij->pnj", offset, self.axes)) - self.halves
        np.maximum(local, 0.0, out=local)
        distance: Array = np.sqrt((local * local).sum(axis=2))
        return distance

    def free_grid(self, xs: Array, zs: Array, radius: float) -> npt.NDArray[np.bool_]:
        """(X, Z) whether places of a regular grid are farther than `radius` from all rectangles."""
        free = np.ones((len(xs), len(zs)), dtype=bool)
        reach = np.einsum("nij,nj->ni", np.abs(self.axes), self.halves) + radius
        first_x, last_x = (
            np.searchsorted(xs, self.centers[:, 0] - reach[:, 0]),
            np.searchsorted(xs, self.centers[:, 0] + reach[:, 0], side="right"),
        )
        first_z, last_z = (
            np.searchsorted(zs, self.centers[:, 1] - reach[:, 1]),
            np.searchsorted(zs, self.centers[:, 1] + reach[:, 1], side="right"),
        )
        for n in np.flatnonzero((first_x < last_x) & (first_z < last_z)).tolist():
            rows, columns = slice(first_x[n], last_x[n]), slice(first_z[n], last_z[n])
            x, z = xs[rows, None] - self.centers[n, 0], zs[None, columns] - self.centers[n, 1]
            (ux, vx), (uz, vz) = self.axes[n]
            u = np.maximum(np.abs(x * ux + z * uz) - self.halves[n, 0], 0.0)
            v = np.maximum(np.abs(x * vx + z * vz) - self.halves[n, 1], 0.0)
            free[rows, columns] = np.logical_and(free[rows, columns], u * u + v * v >= radius * radius)
        return free


class Space:
    """Free space of one world.

    Args:
        world: Read whenever its `layout` counter has moved.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._layout = -1
        self._stacked: _Obstacles | None = None

    def free(self, points: npt.ArrayLike, *, ignore_walls: bool = False) -> npt.NDArray[np.bool_]:
        """(P,) whether the agent can stand at each of (P, 2) places (x, z), walls apart if they are to be ignored."""
        obstacles = self._obstacles()
        distances = obstacles.clearance(np.asarray(points, float))
        if ignore_walls:
            distances = distances[:, [not name.startswith("wall|") for name in obstacles.names]]
        return np.asarray(np.all(distances >= AGENT_RADIUS - 1e-6, axis=1), dtype=np.bool_)

    def blocker(self, start: Array, end: Array) -> str | None:
        """Name of what stops the agent between two places (x, z), or None.

        What the agent touches already at the start stops it only if the move goes deeper.
        """
        count = max(1, int(np.ceil(np.linalg.norm(end - start) / _SAMPLE)))
        points = start + (end - start) * np.linspace(0.0, 1.0, count + 1)[:, None]
        obstacles = self._obstacles()
        distances = obstacles.clearance(points)
        limit = np.minimum(AGENT_RADIUS, distances[0]) - 1e-6
        hits = (distances[1:] < limit).any(axis=0)
        if not hits.any():
            return None
        return obstacles.names[int(np.flatnonzero(hits)[np.argmin(distances[:, hits].min(axis=0))])]

    def overlapping(self, point: Array) -> str | None:
        """Name of what the agent would stand in at a place (x, z), or None."""
        obstacles = self._obstacles()
        distances = obstacles.clearance(point[None])[0]
        nearest = int(np.argmin(distances)) if len(distances) else -1
        return obstacles.names[nearest] if nearest >= 0 and distances[nearest] < AGENT_RADIUS - 1e-6 else None

    def reachable(self, start: Array, grid: float) -> Array:
        """(P, 2) places (x, z) that the agent can get to in steps of `grid` metres along x and z, by x, then z.

        Args:
            start: (2,) where it is now; always among the places.
            grid: Step, metres.
        """
        low, high = self._world.scene.low[[0, 2]], self._world.scene.high[[0, 2]]
        first = np.ceil((low - start) / grid).astype(int)
        last = np.floor((high - start) / grid).astype(int)
        shape = last - first + 1
        if (shape <= 0).any() or shape.prod() > _MAX_CELLS:
            return start[None]
        # places at every half step, so that a step between two cells is judged by the place between them too
        fine = 2 * shape - 1
        xs = start[0] + grid * (first[0] + np.arange(fine[0]) / 2)
        zs = start[1] + grid * (first[1] + np.arange(fine[1]) / 2)
        free = self._obstacles().free_grid(xs, zs, AGENT_RADIUS - 1e-6)
        origin = (-2 * int(first[0]), -2 * int(first[1]))
        if not (0 <= origin[0] < fine[0] and 0 <= origin[1] < fine[1]):
            return start[None]
        seen = {origin}
        queue = deque([origin])
        while queue:
            i, j = queue.popleft()
            for di, dj in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                cell = (i + 2 * di, j + 2 * dj)
                if cell in seen or not (0 <= cell[0] < fine[0] and 0 <= cell[1] < fine[1]):
                    continue
                if free[cell] and free[i + di, j + dj]:
                    seen.add(cell)
                    queue.append(cell)
        cells = np.array(list(seen))
        found = np.column_stack([xs[cells[:, 0]], zs[cells[:, 1]]])
        return found[np.lexsort((found[:, 1], found[:, 0]))]

    def path(self, start: Array, goal: Array, grid: float, allowed_error: float) -> Array | None:
        """Corners (x, z) of a shortest way over the grid, straightened where nothing is in between.

        Args:
            start: (2,) where it begins.
            goal: (2,) where it should end.
            grid: Edge of the grid, metres.
            allowed_error: How far from the goal it may end, metres.

        Returns:
            (C, 2), or None if there is no way.
        """
        places = self.reachable(start, grid)
        away = np.hypot(*(places - goal).T)
        index = {key: row for row, key in enumerate(map(tuple, np.rint((places - start) / grid).astype(int).tolist()))}
        first, last = index[(0, 0)], int(np.argmin(away))
        if away[last] > allowed_error + grid:
            return None
        came: dict[int, int] = {first: first}
        queue = deque([first])
        cells = list(index)
        while queue and last not in came:
            row = queue.popleft()
            i, j = cells[row]
            for step in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                other = index.get((i + step[0], j + step[1]))
                if other is not None and other not in came:
                    came[other] = row
                    queue.append(other)
        rows = [last]
        while rows[-1] != first:
            rows.append(came[rows[-1]])
        return self._straighten(places[rows[::-1]])

    def _straighten(self, points: Array) -> Array:
        corners = [points[0]]
        at = 0
        while at < len(points) - 1:
            ahead = len(points) - 1
            while ahead > at + 1 and self.blocker(points[at], points[ahead]) is not None:
                ahead = at + (ahead - at) // 2
            corners.append(points[ahead])
            at = max(ahead, at + 1)
        return np.array(corners)

    def _obstacles(self) -> _Obstacles:
        world = self._world
        if self._stacked is None or self._layout != world.layout:
            self._stacked, self._layout = self._stack(), world.layout
        return self._stacked

    def _stack(self) -> _Obstacles:
        world = self._world
        ground = world.ground
        names: list[str] = []
        rectangles: list[Rectangle] = []
        for obj in world:
            if not self._stops(obj, ground):
                continue
            for rectangle in object_footprint(obj):
                names.append(obj.name)
                rectangles.append(rectangle)
        for wall in world.scene.walls:
            if wall.low[1] < ground + BODY_HEIGHT and wall.high[1] > ground + _STEP_OVER and wall.kind == "wall":
                names.append(wall.name)
                rectangles.append(Rectangle.between(wall.low, wall.high))
        obstacles = _Obstacles(
            names,
            np.array([r.center for r in rectangles]).reshape(-1, 2),
            np.array([r.axes for r in rectangles]).reshape(-1, 2, 2),
            np.array([r.half for r in rectangles]).reshape(-1, 2),
        )
        starts = np.array(world.scene.starts).reshape(-1, 2)
        if len(starts):
            # a box that the agent touches where it is known to have stood is looser than the thing in it
            excess = np.maximum(AGENT_RADIUS - obstacles.clearance(starts).min(axis=0), 0.0) * np.sqrt(2)
            obstacles.halves[:] -= excess[:, None]
        return obstacles

    def _stops(self, obj: SimObject, ground: float) -> bool:
        held = self._world.held
        if held is not None and (obj is held or any(obj is inside for inside in self._world.contents(held))):
            return False
        if obj.object_type == "Floor":
            return False
        if obj.object_id in self._world.spawned_in:
            return False
        if obj.object_type in _HANGS and obj.bounds_half[[0, 2]].min() > 0.2:
            return False  # the box of curtains that run around a corner
        return bool(obj.low[1] < ground + BODY_HEIGHT and obj.high[1] > ground + _STEP_OVER)
