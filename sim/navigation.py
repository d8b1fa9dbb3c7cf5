"""Where to stand and how to get there, from nothing but what depth has shown and what the robot bumped into.

AI2-THOR's agent drives on a lattice of 0.25 m steps along four headings. Whatever was not seen is taken to be free
until the robot bumps into it; routes over seen floor are preferred. No simulator query about reachable positions,
interactable poses or shortest paths is used anywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from scene_graph.grid import CellState, OccupancyGrid
from scene_graph.types import FloatArray, Point, View
from sim.clock import COSTS
from sim.voxels import VoxelMap

__all__ = ["STEP", "Navigator", "Pose", "Route", "Viewpoint"]

STEP = COSTS.step_length
"""Edge of the lattice, metres."""

_HEADINGS = ((1, 0), (0, 1), (-1, 0), (0, -1))
"""Lattice directions of the four headings, counter-clockwise from map x."""

_RADIUS = 0.2
"""Radius of AI2-THOR's agent, metres."""

_TIGHT = 0.06
"""Metres of clearance below the radius that may be the map's rounding: passable, at a price."""

_BOLD = 0.1
"""Clearance that a bold route asks for, metres: obstacles that the map has may be gone, and a bump tells."""

_BOLD_PRICE = 6.0
"""Seconds added for a step through what only a bold route dares."""

_FAR = 2.0
"""Metres from a target beyond which nothing is near it, however large it is."""

_MARGIN = 6
"""Lattice cells around the mapped space that routes may use."""

_UNSEEN_PRICE, _TIGHT_PRICE = 0.5, 2.0
"""Seconds added for a step onto floor that was not seen, and through a gap that may be too narrow."""

_OBLIQUE_PRICE = 5.0
"""Seconds added for a place from which furniture is seen end-on, doors and drawers from the side."""

_EYE = (1.576, 1.576 - 0.22)
"""Height of the camera, standing and crouching, metres."""

_REACH = (0.5, 1.05)
"""Horizontal distances (nearest, farthest) from which a point is best seen and reached, metres."""

_LOW = 0.6
"""Height below which crouching helps to see into things, metres."""


@dataclass(frozen=True)
class Pose:
    """Where the agent stands: (x, y) in the map, metres, and yaw, radians."""

    x: float
    y: float
    yaw: float


@dataclass(frozen=True)
class Viewpoint:
    """Where to stand to see and reach a point.

    Attributes:
        x: Map x, metres.
        y: Map y, metres.
        yaw: Heading, radians, a multiple of 45°.
        horizon: Pitch of the camera, degrees, positive looking down, a multiple of 30.
        crouch: Whether to crouch.
    """

    x: float
    y: float
    yaw: float
    horizon: float
    crouch: bool = False


@dataclass(frozen=True)
class Route:
    """Headings (0–3, quarter turns from map x) of the steps to take, in order."""

    headings: tuple[int, ...]


class Navigator:
    """Chooses viewpoints and routes on the lattice that the agent's own position spans."""

    def __init__(self) -> None:
        self._grid = OccupancyGrid()
        self._space = VoxelMap()
        self._bumps: set[tuple[int, int, int]] = set()

    def update(self, view: View) -> None:
        """Take in what one view shows of floor, obstacles and lines of sight."""
        self._grid.update(view)
        self._space.update(view)

    def forget(self) -> None:
        """Start with an empty map, as after a reset."""
        self._grid = OccupancyGrid()
        self._space = VoxelMap()
        self._bumps.clear()

    def bump(self, x: float, y: float, heading: int) -> None:
        """Remember that a step from (x, y) along a heading was blocked."""
        self._bumps.add((round(x / STEP), round(y / STEP), heading))

    def forget_bumps(self) -> None:
        """Try blocked steps again: what stood there may have moved."""
        self._bumps.clear()

    def route_to(self, start: Pose, x: float, y: float, *, within: float = 0.18, bold: bool = False) -> Route | None:
        """The cheapest route to the lattice point nearest to (x, y) that can be stood on.

        Args:
            start: Where the agent stands.
            x: Map x, metres.
            y: Map y, metres.
            within: Metres from the goal that will do without a price.
            bold: Whether to try gaps that the map says are too narrow.

        Returns:
            The route, or None if no lattice point near the goal can be reached.
        """
        plan = _Plan(self, start, extra=((x, y),), bold=bold)
        distance = np.hypot(plan.xy[:, 0] - x, plan.xy[:, 1] - y)
        # A metre short of the goal weighs as much as ten metres of driving.
        price = plan.cost + np.maximum(0.0, distance - within) * 10 / STEP
        price[distance > 1.5] = np.inf
        best = int(np.argmin(price))
        return plan.route(best) if np.isfinite(price[best]) else None

    def viewpoints(
        self, start: Pose, target: Point, *, count: int, bold: bool = False
    ) -> list[tuple[Viewpoint, Route]]:
        """Places to see and reach a point from, best first, each from another side or distance.

        Args:
            start: Where the agent stands.
            target: The point, map frame, metres.
            count: How many at most.
            bold: Whether to try gaps that the map says are too narrow.

        Returns:
            Viewpoints with their routes; empty if no place near the target can be reached.
        """
        plan = _Plan(self, start, extra=(target[:2],), bold=bold)
        offset = plan.xy - np.asarray(target[:2])
        distance = np.hypot(offset[:, 0], offset[:, 1])
        reachable = np.isfinite(plan.cost)
        if not reachable.any() or float(distance[reachable].min()) > _FAR:
            return []
        # Large furniture is reached from its edge: the nearest place to its middle, and those not much farther.
        limit = max(_REACH[1] + 0.45, float(distance[reachable].min()) + 0.5)
        candidates = np.flatnonzero(reachable & (distance <= limit))
        price = plan.cost[candidates] + 40 * np.maximum(0.0, distance[candidates] - _REACH[1])
        price += 20 * np.maximum(0.0, _REACH[0] - distance[candidates])
        price += _OBLIQUE_PRICE * _obliqueness(offset[candidates], distance[candidates])
        order = candidates[np.argsort(price, kind="stable")][:60]
        prices = dict(zip(candidates.tolist(), price.tolist(), strict=True))
        low = target[2] < _LOW
        scored = []
        for index in order.tolist():
            x, y = plan.xy[index]
            gap = self._space.sight_gap((float(x), float(y), _EYE[0]), target)
            scored.append((prices[index] + 25 * max(0.0, gap - 0.25), index))
        scored.sort()
        chosen: list[int] = []
        for spacing in (0.7, 0.3):
            for _, index in scored:
                apart = all(np.hypot(*(plan.xy[index] - plan.xy[other])) > spacing for other in chosen)
                if apart and len(chosen) < count:
                    chosen.append(index)
        result = [(_face(plan.xy[i], target, crouch=False), plan.route(i)) for i in chosen]
        if low:
            result += [(_face(plan.xy[i], target, crouch=True), plan.route(i)) for i in chosen[:2]]
        return result[:count]

    def bumps_along(self, heading: int) -> list[tuple[int, int]]:
        """Lattice indices (multiples of `STEP` in the map) from which a step along a heading was blocked."""
        return [(i, j) for i, j, h in self._bumps if h == heading]

    def bounds(self) -> tuple[float, float, float, float]:
        """(x_min, y_min, x_max, y_max) of the mapped floor, metres; empty before anything was seen."""
        (x, y), (rows, columns) = self._grid.origin, self._grid.shape
        return (x, y, x + columns * self._grid.resolution, y + rows * self._grid.resolution)

    def room(self, xy: FloatArray) -> FloatArray:
        """Metres from (N, 2) places to the nearest obstacle seen at body height; infinite off the map."""
        return self._look_up(self._grid.clearance(), xy, np.inf)

    def unseen(self, xy: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether nothing is known of the floor at (N, 2) places."""
        return np.asarray(self._look_up(self._grid.states, xy, CellState.UNSEEN) == CellState.UNSEEN)

    def _look_up(self, field: npt.NDArray[Any], xy: FloatArray, outside: float) -> FloatArray:
        cells = np.floor((xy - self._grid.origin) / self._grid.resolution + 1e-9).astype(np.int64)[:, ::-1]
        inside = (cells >= 0).all(axis=1) & (cells < field.shape).all(axis=1)
        result = np.full(len(xy), outside, dtype=np.float64)
        result[inside] = field[cells[inside, 0], cells[inside, 1]]
        return result


class _Plan:
    """Costs, in seconds, from one pose to every lattice point around the mapped space.

    Attributes:
        xy: (N, 2) lattice points, metres.
        cost: (N,) seconds to get there, whatever the heading on arrival; infinite where that cannot be.
    """

    def __init__(
        self, navigator: Navigator, start: Pose, *, extra: tuple[tuple[float, float], ...], bold: bool
    ) -> None:
        x_min, y_min, x_max, y_max = navigator.bounds()
        xs, ys = [start.x, *(p[0] for p in extra)], [start.y, *(p[1] for p in extra)]
        if x_max > x_min:
            xs, ys = [*xs, x_min, x_max], [*ys, y_min, y_max]
        low = np.array([math.floor(min(xs) / STEP), math.floor(min(ys) / STEP)]) - _MARGIN
        high = np.array([math.ceil(max(xs) / STEP), math.ceil(max(ys) / STEP)]) + _MARGIN
        self._shape = (int(high[0] - low[0] + 1), int(high[1] - low[1] + 1))
        ij = np.stack(np.meshgrid(*(np.arange(n) for n in self._shape), indexing="ij"), axis=-1).reshape(-1, 2) + low
        # The lattice passes through the agent, which a blocked push may have left off its multiples of a step.
        shift = np.array([start.x, start.y]) - np.rint(np.array([start.x, start.y]) / STEP) * STEP
        self.xy = ij * STEP + shift
        self._graph = self._edges(navigator, low, start, bold)
        here = np.rint(np.array([start.x, start.y]) / STEP).astype(np.int64) - low
        node = int(here[0] * self._shape[1] + here[1])
        heading = round(start.yaw / (math.pi / 2)) % 4
        costs, previous = dijkstra(self._graph, indices=np.array([node * 4 + heading]), return_predecessors=True)
        self._previous = previous[0]
        by_heading = costs[0].reshape(-1, 4)
        self._arrival = by_heading.argmin(axis=1)
        self.cost: FloatArray = by_heading.min(axis=1)

    def route(self, index: int) -> Route:
        """The steps to lattice point `index`, which must be of finite cost."""
        headings = []
        state = int(index * 4 + self._arrival[index])
        while (before := int(self._previous[state])) >= 0:
            if before // 4 != state // 4:
                headings.append(state % 4)
            state = before
        return Route(tuple(reversed(headings)))

    def _edges(self, navigator: Navigator, low: npt.NDArray[np.int64], start: Pose, bold: bool) -> csr_array:
        rows, columns = self._shape
        nodes = np.arange(rows * columns)
        room = navigator.room(self.xy)
        enough = _BOLD if bold else _RADIUS - _TIGHT
        passable, tight = room > enough, room <= _RADIUS
        # Wherever the agent stands, it stands: what its map says of that place is wrong by rounding.
        near_start = np.hypot(self.xy[:, 0] - start.x, self.xy[:, 1] - start.y) < STEP / 2
        passable = passable | near_start
        unseen = navigator.unseen(self.xy)
        price = COSTS.move(STEP) + _UNSEEN_PRICE * unseen + _TIGHT_PRICE * tight
        price = price + _BOLD_PRICE * (room <= _RADIUS - _TIGHT)
        source, target, weight = [], [], []
        for heading, (di, dj) in enumerate(_HEADINGS):
            for turn in (1, 3):
                source.append(nodes * 4 + heading)
                target.append(nodes * 4 + (heading + turn) % 4)
                weight.append(np.full(len(nodes), COSTS.turn(90)))
            i, j = nodes // columns + di, nodes % columns + dj
            inside = (i >= 0) & (i < rows) & (j >= 0) & (j < columns)
            here, there = nodes[inside], (i * columns + j)[inside]
            between = navigator.room((self.xy[here] + self.xy[there]) / 2) > enough
            bumped = [(bi - int(low[0])) * columns + bj - int(low[1]) for bi, bj in navigator.bumps_along(heading)]
            free = passable[there] & passable[here] & (between | near_start[here]) & ~np.isin(here, bumped)
            here, there = here[free], there[free]
            source.append(here * 4 + heading)
            target.append(there * 4 + heading)
            weight.append(price[there])
        edges = (np.concatenate(weight), (np.concatenate(source), np.concatenate(target)))
        return coo_array(edges, shape=(len(nodes) * 4, len(nodes) * 4)).tocsr()


def _obliqueness(offset: FloatArray, distance: FloatArray) -> FloatArray:
    """How far from straight ahead each place sees a target, 0 to 2: one minus the cosine of the angle.

    What stands against a wall or in a row faces the places that are nearest to it.

    Args:
        offset: (N, 2) from the target to each place, metres.
        distance: (N,) its length, metres.
    """
    nearest = distance < distance.min() + STEP / 2
    front = offset[nearest].sum(axis=0)
    length = float(np.hypot(*front))
    if length < STEP / 2:
        return np.zeros(len(distance))
    cosine: FloatArray = offset @ (front / length) / np.maximum(distance, 1e-6)
    return 1.0 - cosine


def _face(xy: FloatArray, target: Point, *, crouch: bool) -> Viewpoint:
    """The heading and pitch, on their allowed multiples, that bring a point into view from a place."""
    x, y = float(xy[0]), float(xy[1])
    yaw = round(math.atan2(target[1] - y, target[0] - x) / (math.pi / 4)) * (math.pi / 4)
    return Viewpoint(x=x, y=y, yaw=yaw, horizon=horizon_to((x, y), target, crouch=crouch), crouch=crouch)


def horizon_to(xy: tuple[float, float], target: Point, *, crouch: bool = False) -> float:
    """The camera pitch, degrees, a multiple of 30 within AI2-THOR's limits, that centres a point best."""
    distance = max(0.05, math.hypot(target[0] - xy[0], target[1] - xy[1]))
    down = math.degrees(math.atan2(_EYE[1 if crouch else 0] - target[2], distance))
    return float(min(60, max(-30, round(down / 30) * 30)))
