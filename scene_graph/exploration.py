"""Where to go next to get to know an unknown home.

First the border of the unseen: the frontier that shows most new floor for the way to it (information gain per cost,
after B. Yamauchi, "A frontier-based approach for autonomous exploration", CIRA 1997, and H. González-Baños and
J.-C. Latombe, "Navigation strategies for exploring indoor environments", IJRR 2002). Then furniture that was seen, but
from too far away to look into sinks and recognise small things: it is visited until every part that the robot can come
near to is within `Explorer.detail` of a place where it looked around.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scene_graph.grid import CellState, OccupancyGrid
from scene_graph.types import FloatArray

__all__ = ["Explorer", "NextView"]

BoolArray = npt.NDArray[np.bool_]
XY = tuple[float, float]


@dataclass(frozen=True)
class NextView:
    """A place to look around at.

    Attributes:
        position: Where to stand, metres.
        yaw: Towards what is to be seen, radians.
        gain: Floor, or top of furniture, that it is expected to show, square metres.
        cost: Travel to it, metres.
        reason: ``"frontier"`` or ``"detail"``.
    """

    position: XY
    yaw: float
    gain: float
    cost: float
    reason: str


@dataclass
class Explorer:
    """Decides where to look around next; tell it with `looked` and `give_up` what came of it.

    Attributes:
        detail: Metres around a look-around within which small things, and what is in basins, are recognised.
        min_gain: Less unseen floor than this is not worth a visit, square metres.
        min_detail: Less furniture not yet seen from near than this is not worth a visit, square metres.
        visited: Where the robot looked around.
        given_up: Places that could not be reached, or that were: the robot then stood as near to them as it can.
    """

    detail: float = 1.1
    min_gain: float = 0.3
    min_detail: float = 0.1
    visited: list[XY] = field(default_factory=list)
    given_up: list[XY] = field(default_factory=list)

    def looked(self, x: float, y: float, *, meant: XY | None = None) -> None:
        """The robot looked around here.

        Args:
            x: Where it was, metres.
            y: Likewise.
            meant: Where it was sent, which is done with even if it stood beside it: a robot that drives on a lattice
                gets no nearer, and would be sent there again and again.
        """
        self.visited.append((x, y))
        if meant is not None:
            self.given_up.append(meant)

    def give_up(self, place: XY) -> None:
        """The robot could not get there."""
        self.given_up.append(place)

    def next(self, grid: OccupancyGrid, position: Sequence[float]) -> NextView | None:
        """The place to look around at next; None when the home is known.

        Args:
            grid: The floor as known now.
            position: Where the robot is, metres.
        """
        field_ = grid.distance_field(position)
        return self._frontier(grid, position, field_) or self._detail(grid, position, field_)

    def _frontier(self, grid: OccupancyGrid, position: Sequence[float], costs: FloatArray) -> NextView | None:
        unseen = (grid.states == CellState.UNSEEN).astype(np.float64)
        # A border cell is worth the unseen floor around it; behind walls there is none that the border touches.
        width = 2 * round(1.0 / grid.resolution) + 1
        around = ndimage.uniform_filter(unseen, size=width, mode="constant", cval=1.0) * (width * grid.resolution) ** 2
        best: tuple[float, NextView] | None = None
        for frontier in grid.frontiers(start=position):
            x, y = frontier.position
            if self._is_given_up(x, y) or self._is_visited(x, y, 0.5):
                continue
            row, column = grid.cells(np.array([[x, y]]))[0].tolist()
            gain = float(around[row, column]) * min(frontier.length, 1.0)
            cost = float(grid.at(costs, [(x, y)], within=grid.robot_radius + grid.resolution)[0])
            if gain < self.min_gain or not math.isfinite(cost):
                continue
            # Straight on beats back and forth, so the way counts a little more than in proportion.
            score = gain / (1.0 + cost) ** 1.2
            if best is None or score > best[0]:
                yaw = _towards_unseen(grid, unseen, x, y)
                best = (score, NextView((x, y), yaw, gain, cost, "frontier"))
        return best[1] if best else None

    def _detail(self, grid: OccupancyGrid, position: Sequence[float], costs: FloatArray) -> NextView | None:
        reachable = np.isfinite(costs)
        furniture = (grid.states == CellState.OCCUPIED) & ~grid.tall
        furniture &= _within(reachable, self.detail - 0.2, grid)
        furniture &= ~self._near(grid, self.visited, self.detail)
        stand = reachable & ~self._near(grid, self.given_up, 0.4) & ~self._near(grid, self.visited, 0.4)
        width = 2 * round(0.7 * self.detail / grid.resolution) + 1
        gain = ndimage.uniform_filter(furniture.astype(np.float64), size=width, mode="constant")
        gain *= (width * grid.resolution) ** 2
        gain[~stand] = 0.0
        if gain.size == 0 or gain.max() < self.min_detail:
            return None
        score = gain / (1.0 + np.where(reachable, costs, 0.0))
        row, column = np.unravel_index(int(np.argmax(score)), grid.shape)
        if gain[row, column] < self.min_detail:
            row, column = np.unravel_index(int(np.argmax(gain)), grid.shape)
        x, y = grid.centres(np.array([row]), np.array([column]))[0].tolist()
        yaw = math.atan2(y - position[1], x - position[0])
        return NextView((x, y), yaw, float(gain[row, column]), float(costs[row, column]), "detail")

    def _near(self, grid: OccupancyGrid, places: Sequence[XY], radius: float) -> BoolArray:
        """Cells within a radius of any of several places."""
        marked = np.zeros(grid.shape, dtype=np.bool_)
        if places:
            index = grid.cells(np.array(places))
            inside = ((index >= 0) & (index < np.array(grid.shape))).all(axis=1)
            marked[index[inside, 0], index[inside, 1]] = True
        return _within(marked, radius, grid)

    def _is_given_up(self, x: float, y: float) -> bool:
        return any(math.dist((x, y), place) < 0.5 for place in self.given_up)

    def _is_visited(self, x: float, y: float, radius: float) -> bool:
        return any(math.dist((x, y), place) < radius for place in self.visited)


def _within(marked: BoolArray, radius: float, grid: OccupancyGrid) -> BoolArray:
    """Cells within a radius of marked ones."""
    if not marked.any():
        return np.zeros(grid.shape, dtype=np.bool_)
    distance = np.asarray(ndimage.distance_transform_edt(~marked))
    return np.asarray(distance * grid.resolution <= radius)


def _towards_unseen(grid: OccupancyGrid, unseen: FloatArray, x: float, y: float) -> float:
    """Heading from a border cell to the middle of the unseen floor beside it, radians."""
    row, column = grid.cells(np.array([[x, y]]))[0].tolist()
    reach = round(1.0 / grid.resolution)
    rows = slice(max(row - reach, 0), row + reach + 1)
    columns = slice(max(column - reach, 0), column + reach + 1)
    near_rows, near_columns = np.nonzero(unseen[rows, columns])
    if near_rows.size == 0:
        return 0.0
    middle = grid.centres(near_rows + rows.start, near_columns + columns.start).mean(axis=0)
    return math.atan2(float(middle[1]) - y, float(middle[0]) - x)
