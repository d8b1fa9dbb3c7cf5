"""Areas spread evenly over the free floor that was seen, the ways between them, and the rooms that they form.

**Areas** cover the floor greedily: where most floor is farther than `reach` from every area, a new one is put, until
none is left to speak of. They stay where they are, and keep their ids, as the map grows. The floor nearest to an area
by travel is its own (a geodesic Voronoi diagram); two areas are neighbours where their floors touch, so that one can be
driven to from the other without crossing a third.

**Rooms** are parts of the space between walls that hang together through narrow passages only: what remains of it when
everything nearer than half a door's width to a wall is taken away (distance-transform segmentation; R. Bormann et al.,
"Room segmentation: survey, implementation, and analysis", ICRA 2016). Only what is as tall as a wall parts rooms, so
that furniture does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scene_graph.grid import CellState, OccupancyGrid
from scene_graph.types import FloatArray

__all__ = ["AreaMap", "Room"]

XY = tuple[float, float]

_WORTHWHILE = 0.6
"""Square metres of uncovered floor for which an area is put where the map may still grow."""
_LEFTOVER = 0.12
"""Square metres of uncovered floor for which one is put where nothing unseen is near."""
_SHARE = 0.01
"""Share of the floor that may stay uncovered; while it is more, areas are put for less than `_LEFTOVER` too."""
_SCRAP = 0.02
"""Square metres for which none is put in any case."""
_DOOR = 1.1
"""Passages narrower than this part rooms, metres; doors are 0.7 to 1.0 m wide."""
_ROOM = 1.0
"""The least core of a room, square metres."""
_THRESHOLD = 0.7
"""What a place in a passage as narrow as a door counts for, as a share, where an area is to be put."""


@dataclass(frozen=True)
class Room:
    """A room.

    Attributes:
        room_id: Stable id.
        areas: Ids of its areas.
        name: What people call it; empty for a room that is named by what is in it.
    """

    room_id: str
    areas: tuple[str, ...]
    name: str = ""


@dataclass
class AreaMap:
    """Areas, their neighbours and rooms; grows with the grid by `update`.

    Attributes:
        reach: Metres of travel from any seen free floor to its area, at most.
        areas: Where each area is, by id, metres.
        edges: Metres of travel between neighbouring areas, by the pair of their ids in sorted order.
        rooms: Rooms in the order in which they were found.
    """

    reach: float = 1.0
    areas: dict[str, XY] = field(default_factory=dict)
    edges: dict[tuple[str, str], float] = field(default_factory=dict)
    rooms: list[Room] = field(default_factory=list)
    next_area: int = 1
    next_room: int = 1

    def update(self, grid: OccupancyGrid, start: Sequence[float], *, settled: bool = False) -> bool:
        """Follow the grid: areas for newly seen floor, none where there is no floor any more.

        Args:
            grid: The floor.
            start: Where the robot is, metres: only floor that it can reach gets areas.
            settled: Whether the floor has ceased to grow; until then its border is covered only where much of it is
                seen, since the best places for areas there are not known yet.

        Returns:
            Whether anything changed.
        """
        before = (dict(self.areas), dict(self.edges), list(self.rooms))
        reachable = np.isfinite(grid.distance_field(start))
        if not reachable.any():
            return False
        self._drop_blocked(grid)
        self._cover(grid, reachable, settled=settled)
        distance, owner = grid.nearest_of(list(self.areas.values()))
        self._connect(grid, distance, owner)
        self._divide(grid)
        return before != (self.areas, self.edges, self.rooms)

    def nearest(self, x: float, y: float) -> str | None:
        """Id of the area nearest to a place as the crow flies; None while there is none."""
        if not self.areas:
            return None
        return min(self.areas, key=lambda a: (math.dist(self.areas[a], (x, y)), a))

    def room_of(self, area_id: str) -> str | None:
        """Id of the room that an area is in."""
        return next((room.room_id for room in self.rooms if area_id in room.areas), None)

    # -- inside -------------------------------------------------------------------------------------------------

    def _drop_blocked(self, grid: OccupancyGrid) -> None:
        places = np.array(list(self.areas.values())).reshape(-1, 2)
        free = grid.at(np.where(grid.traversable(), 0.0, np.inf), places, within=0.4)
        for area_id, cost in zip(list(self.areas), free.tolist(), strict=True):
            if not math.isfinite(cost):
                del self.areas[area_id]

    def _cover(self, grid: OccupancyGrid, reachable: npt.NDArray[np.bool_], *, settled: bool) -> None:
        cell = grid.resolution**2
        narrow = _to_wall(grid) <= _DOOR / 2
        width = 2 * round(0.8 * self.reach / grid.resolution) + 1
        border = 2 * round(0.4 / grid.resolution) + 1
        growing = ndimage.maximum_filter((grid.states == CellState.UNSEEN).astype(np.uint8), size=border) > 0
        if settled:
            growing[:] = False
        tolerated = _SHARE * float(reachable.sum())
        distance, _ = grid.nearest_of(list(self.areas.values()), limit=self.reach + 1e-6)
        while True:
            uncovered = reachable & ~np.isfinite(distance)
            if not uncovered.any():
                return
            covered = ndimage.uniform_filter(uncovered.astype(np.float64), size=width, mode="constant") * width**2
            gains = covered * cell
            # On a threshold an area would belong to both rooms: where there is much to cover, it had better be beside.
            gains[narrow & (gains >= _WORTHWHILE)] *= _THRESHOLD
            # Among places that cover alike, the one with the most room around it is the best to stand at.
            score = np.where(uncovered, gains + 0.05 * np.minimum(grid.clearance(), 1.0), -1.0)
            row, column = np.unravel_index(int(np.argmax(score)), grid.shape)
            gain = float(covered[row, column]) * cell
            if gain < (_LEFTOVER if uncovered.sum() <= tolerated else _SCRAP):
                return
            if gain < _WORTHWHILE and growing[row, column]:
                # All that is left gains less, so the rest of the growing border can wait for more of the map.
                reachable = reachable & ~growing
                continue
            x, y = grid.centres(np.array([row]), np.array([column]))[0].tolist()
            self.areas[f"area-{self.next_area}"] = (round(x, 4), round(y, 4))
            self.next_area += 1
            near, _ = grid.nearest_of([(x, y)], limit=self.reach + 1e-6)
            distance = np.minimum(distance, near)

    def _connect(self, grid: OccupancyGrid, distance: FloatArray, owner: npt.NDArray[np.intp]) -> None:
        """Areas whose floors touch are neighbours, as far apart as the shortest way over their own floors.

        The shortest way from any floor to its area stays on that area's floor, so the way through the border cells at
        which the two distances add up to least crosses no third area.
        """
        names = list(self.areas)
        self.edges = {}
        step = grid.resolution
        for near, far in ((np.s_[1:, :], np.s_[:-1, :]), (np.s_[:, 1:], np.s_[:, :-1])):
            a, b = owner[near], owner[far]
            across = (a != b) & (a >= 0) & (b >= 0)
            lengths = distance[near][across] + distance[far][across] + step
            for i, j, length in zip(a[across].tolist(), b[across].tolist(), lengths.tolist(), strict=True):
                pair = (min(names[i], names[j]), max(names[i], names[j]))
                self.edges[pair] = min(self.edges.get(pair, math.inf), round(length, 3))
        self.edges = dict(sorted(self.edges.items()))

    def _divide(self, grid: OccupancyGrid) -> None:
        """Form rooms, and give each the id of the old one with which it has most areas in common."""
        members: dict[int, list[str]] = {}
        for area_id, label in zip(self.areas, self._room_labels(grid), strict=True):
            members.setdefault(label, []).append(area_id)
        groups = sorted(members.values(), key=lambda areas: (-len(areas), areas))
        taken: set[str] = set()
        named: list[Room] = []
        for areas in groups:
            shared = [(len(set(areas) & set(r.areas)), r.room_id) for r in self.rooms if r.room_id not in taken]
            count, room_id = max(shared, default=(0, ""), key=lambda item: item[0])
            if count == 0:
                room_id = f"room-{self.next_room}"
                self.next_room += 1
            taken.add(room_id)
            name = next((r.name for r in self.rooms if r.room_id == room_id), "")
            named.append(Room(room_id, tuple(sorted(areas, key=_number)), name))
        self.rooms = sorted(named, key=lambda room: _number(room.room_id))

    def _room_labels(self, grid: OccupancyGrid) -> list[int]:
        """Number of each area's room."""
        states, tall = grid.states, grid.tall
        space = (states != CellState.UNSEEN) & ~tall
        core = space & (_to_wall(grid) > _DOOR / 2)
        labels, count = ndimage.label(core)
        sizes = ndimage.sum_labels(core, labels, index=range(1, count + 1)) * grid.resolution**2
        rooms = np.zeros(count + 1, dtype=np.intp)
        large = [n for n, size in enumerate(sizes, start=1) if size >= _ROOM]
        rooms[large] = range(1, len(large) + 1)
        seeds = rooms[labels]
        if not large or not self.areas:
            return [0] * len(self.areas)
        # Floor near walls, in niches and on thresholds goes to the room that is nearest.
        _, (rows, columns) = ndimage.distance_transform_edt(seeds == 0, return_indices=True)
        filled = seeds[rows, columns]
        cells = grid.cells(np.array(list(self.areas.values())))
        return [int(v) for v in filled[cells[:, 0], cells[:, 1]]]


def _to_wall(grid: OccupancyGrid) -> FloatArray:
    """Metres from each stored cell to the nearest thing as tall as a wall, [row, column]."""
    tall = grid.tall
    if not tall.any():
        return np.full(tall.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(~tall)) * grid.resolution


def _number(name: str) -> tuple[int, str]:
    """Sort key that puts ``area-10`` after ``area-9``."""
    tail = name.rpartition("-")[2]
    return (int(tail), name) if tail.isdigit() else (0, name)


def neighbours(edges: Mapping[tuple[str, str], float], area_ids: Iterable[str]) -> dict[str, dict[str, float]]:
    """Neighbours of each area with the metres to them, in the order of their ids."""
    found: dict[str, dict[str, float]] = {area_id: {} for area_id in area_ids}
    for (a, b), cost in sorted(edges.items(), key=lambda item: (_number(item[0][0]), _number(item[0][1]))):
        found[a][b] = cost
        found[b][a] = cost
    return found
