"""Which known objects the observations of a frame might be, and which of them the frame should have shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Hashable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from memory_node.columns import HELD, LONG, RETIRED, STALE, Columns, Rows
from memory_node.grid import CELL
from memory_node.units import Unit
from scene_graph.association import Association, Gates, Match, Track, associate, box_distance
from scene_graph.types import ObjectState, Observation, View
from scene_graph.visibility import Sight, clear_view

__all__ = ["Candidates", "ghost_key", "ghost_track"]

_FEW = 24
"""Individuals of a class up to which all are candidates; of more, those near the observation and those gone."""
_REACH = 2
"""Cells around an observation in which candidates that may have moved are looked for, among many individuals."""
_WIDEST = 4
"""Cells around an observation in which it is looked for at most, however uncertain its place."""
_GRASP_TIME = 3.0
"""Seconds that it takes somebody to pick a thing up and put it down, at least."""
_CARRY_SPEED = 1.0
"""Metres a second at which somebody carries a thing, at most."""
_CHI = math.sqrt(Gates().chi_square)


class Candidates:
    """Finds candidates in the columns, and joins a frame's observations to them.

    Args:
        columns: What is known.
        unit: The unit of an id.
        sight: What the sensor can be relied upon to see.
    """

    def __init__(self, columns: Columns, unit: Callable[[str], Unit], sight: Sight) -> None:
        self._columns = columns
        self._unit = unit
        self._sight = sight
        self._ghost_cells: dict[tuple[str, int, int], dict[str, None]] = {}
        self._ghost_places: dict[str, tuple[tuple[str, int, int], ...]] = {}

    def note_places(self, object_id: str, map_id: str, places: Sequence[Sequence[float]]) -> None:
        """Keep up with the old places (metres) where a unit may still be."""
        if object_id in self._ghost_places:
            for place in self._ghost_places.pop(object_id):
                ids = self._ghost_cells[place]
                ids.pop(object_id, None)
                if not ids:
                    del self._ghost_cells[place]
        if places:
            cells = dict.fromkeys((map_id, math.floor(p[0] / CELL), math.floor(p[1] / CELL)) for p in places)
            self._ghost_places[object_id] = tuple(cells)
            for place in cells:
                self._ghost_cells.setdefault(place, {})[object_id] = None

    def join(
        self,
        observations: Sequence[Observation],
        *,
        view: View | None,
        hidden: Callable[[Track], bool],
        hinted: Callable[[str], str | None],
        held: Iterable[str],
        map_id: str,
        frame_id: str,
        epoch: int,
    ) -> Association:
        """Say which observation is which known object; see `scene_graph.association.associate`.

        What is near an observation is tried first. Only if that leaves one of a class unexplained are all of the class
        candidates that may have moved: in most frames most things are where they were.

        Args:
            observations: Of one frame.
            view: What was in clear view; None if unknown.
            hidden: Whether a track could not be seen though its place is in clear view.
            hinted: The object that a sensor id belongs to.
            held: Ids of what the gripper holds.
            map_id: Of the positions.
            frame_id: Of the positions: what is known in another frame of reference takes no part.
            epoch: The present one.
        """
        columns = self._columns
        here = (columns.maps.of(map_id), columns.frames.of(frame_id))
        near: dict[int, None] = {}
        for observation in observations:
            code = columns.labels.get(observation.label)
            if code is not None and columns.count_of(code):
                x, y, _ = observation.position
                near.update(dict.fromkeys(columns.of_label_near(code, x, y, _spread(observation))))
        near.update((columns.rows[i], None) for i in held if i in columns.rows)
        tracks = {track.key: track for track in self._tracks(list(near), here)}
        tracks.update((g.key, g) for g in self._ghosts(observations, view, map_id, frame_id))
        clear: frozenset[Hashable] = frozenset()
        if view is not None:
            looked_at = [track for track in self._clear(view, here) if not track.held]
            tracks.update((track.key, track) for track in looked_at)
            looked_at += self._clear_ghosts([t for t in tracks.values() if t.ghost], view)
            clear = frozenset(track.key for track in looked_at if not hidden(track))
        grouped: dict[str, list[Track]] = {}
        for track in tracks.values():
            grouped.setdefault(track.label, []).append(track)
        result = associate(grouped, observations, clear=clear, distance=box_distance)
        left = {observations[i].label for i in result.new}
        left |= {observations[m.index].label for m in (*result.moved, *result.provisional)}
        wide: dict[str, list[Track]] = {}
        for label in sorted(left):
            if columns.count_of(columns.labels.get(label)):
                known = {track.key: track for track in grouped.get(label, ())}
                for track in self._anywhere(label, observations, hinted, here):
                    known.setdefault(track.key, track)
                wide[label] = list(known.values())
        if not wide:
            return result
        if view is not None:
            wide = self._settled(wide, observations, clear, epoch)
        return _revised(result, wide, observations, clear)

    def _tracks(self, rows: Sequence[int] | Rows, here: tuple[int, int]) -> list[Track]:
        """Tracks of those rows that are things which move, in the map and frame of reference given by their codes."""
        if not len(rows):
            return []
        columns = self._columns
        chosen = np.asarray(rows, dtype=np.intp)
        flags = columns.column("flags")[chosen]
        usable = (columns.column("map")[chosen] == here[0]) & (columns.column("frame")[chosen] == here[1])
        usable &= (flags & RETIRED == 0) & (columns.column("tier")[chosen] != LONG)
        chosen, flags = chosen[usable], flags[usable]
        covariances = columns.column("covariance")[chosen]
        return [
            Track(
                key=columns.ids[row],
                label=columns.label_of(row),
                position=(x, y, z),
                stamp=stamp,
                covariance=covariance.reshape(3, 3).astype(np.float64) if known else None,
                size=None if length != length else (length, width, height),
                sensor_id=columns.sensors[row],
                gone=bool(flag & STALE),
                held=bool(flag & HELD),
            )
            for row, (x, y, z), stamp, covariance, known, (length, width, height), flag in zip(
                chosen.tolist(),
                columns.column("position")[chosen].tolist(),
                columns.column("stamp")[chosen].tolist(),
                covariances,
                (covariances[:, 0] == covariances[:, 0]).tolist(),
                columns.column("size")[chosen].tolist(),
                flags.tolist(),
                strict=True,
            )
        ]

    def _anywhere(
        self,
        label: str,
        observations: Sequence[Observation],
        hinted: Callable[[str], str | None],
        here: tuple[int, int],
    ) -> list[Track]:
        """Individuals of a class that may have moved to where one was seen."""
        columns = self._columns
        code = columns.labels.get(label)
        assert code is not None  # the caller counted its rows
        rows = columns.rows_of([code])
        if len(rows) <= _FEW:
            return self._tracks(rows, here)
        chosen = dict.fromkeys(rows[columns.column("flags")[rows] & STALE != 0].tolist())
        for observation in observations:
            if observation.label != label:
                continue
            x, y, _ = observation.position
            chosen.update(dict.fromkeys(columns.of_label_near(code, x, y, _REACH)))
            owner = hinted(observation.object_id) if observation.object_id is not None else None
            if owner is not None and owner in columns and columns.label_of(columns.rows[owner]) == label:
                chosen[columns.rows[owner]] = None
        return self._tracks(list(chosen), here)

    def _settled(
        self,
        tracks: dict[str, list[Track]],
        observations: Sequence[Observation],
        clear: Container[Hashable],
        epoch: int,
    ) -> dict[str, list[Track]]:
        """The same tracks; what was seen at its place a moment ago, too short to be carried off, cannot be elsewhere.

        A robot that turns around sees like things one after the other: within seconds they are two, not one that
        moved. Frames without a view do not tell what the robot attended to meanwhile, so this is not asked of them.
        """
        columns = self._columns
        epochs = columns.column("epoch")
        settled: dict[str, list[Track]] = {}
        for label, group in tracks.items():
            seen = [o for o in observations if o.label == label]
            settled[label] = [
                replace(track, movable=False)
                if not (track.ghost or track.held or track.gone or track.key in clear)
                and epochs[columns.rows[str(track.key)]] == epoch
                and not any(
                    o.stamp - track.stamp >= _GRASP_TIME + math.dist(o.position, track.position) / _CARRY_SPEED
                    for o in seen
                )
                else track
                for track in group
            ]
        return settled

    # Clear view.

    def _clear(self, view: View, here: tuple[int, int]) -> list[Track]:
        """Tracks of what would have been seen at its place."""
        columns = self._columns
        x, y, _ = view.position
        rows = columns.rows_near(x, y, self._sight.max_range)
        if rows is None:
            rows = np.flatnonzero(columns.column("alive"))
        if not rows.size:
            return []
        seen = clear_view(view, columns.column("position")[rows], sizes=columns.column("size")[rows], sight=self._sight)
        return self._tracks(rows[seen], here)

    def _clear_ghosts(self, ghosts: Sequence[Track], view: View) -> list[Track]:
        """Old places at which something would have been seen."""
        if not ghosts:
            return []
        unknown = (math.nan,) * 3
        sizes = np.array([t.size if t.size is not None else unknown for t in ghosts])
        seen = clear_view(view, np.array([t.position for t in ghosts]), sizes=sizes, sight=self._sight)
        return [track for track, visible in zip(ghosts, seen.tolist(), strict=True) if visible]

    def _ghosts(
        self, observations: Sequence[Observation], view: View | None, map_id: str, frame_id: str
    ) -> list[Track]:
        """Old places near an observation or a camera, as tracks."""
        if not self._ghost_cells:
            return []
        around = [(o.position[0], o.position[1], _spread(o)) for o in observations]
        if view is not None:
            around.append((*view.position[:2], math.ceil(self._sight.max_range / CELL)))
        found: dict[str, None] = {}
        for x, y, reach in around:
            column, line = math.floor(x / CELL), math.floor(y / CELL)
            for i in range(column - reach, column + reach + 1):
                for j in range(line - reach, line + reach + 1):
                    found.update(self._ghost_cells.get((map_id, i, j), {}))
        return [
            ghost_track(ghost, (object_id, index))
            for object_id in found
            for index, ghost in enumerate(self._unit(object_id).ghosts)
            if ghost.frame_id == frame_id
        ]


def ghost_track(ghost: ObjectState, key: tuple[str, int]) -> Track:
    """The track of an old place: its key is the unit's id and the place's index."""
    return Track(
        key=key,
        label=ghost.label,
        position=ghost.position,
        stamp=ghost.stamp,
        covariance=np.array(ghost.covariance).reshape(3, 3) if ghost.covariance is not None else None,
        size=ghost.size,
        sensor_id=ghost.sensor_id,
        gone=ghost.stale,
        ghost=True,
    )


def ghost_key(track: Track) -> tuple[str, int]:
    """Id and index that the key of an old place's track consists of."""
    assert isinstance(track.key, tuple)  # only ghosts are asked
    object_id, index = track.key
    return str(object_id), int(index)


def _spread(observation: Observation) -> int:
    """Cells around an observation in which what it is may be believed to be."""
    if observation.covariance is None:
        return 1
    variance = max(float(observation.covariance[0, 0]), float(observation.covariance[1, 1]))
    return max(1, min(_WIDEST, math.ceil(_CHI * math.sqrt(variance) / CELL)))


def _revised(
    first: Association,
    tracks: dict[str, list[Track]],
    observations: Sequence[Observation],
    clear: Container[Hashable],
) -> Association:
    """An association in which some classes are joined again, with more candidates."""
    indices = [i for i, o in enumerate(observations) if o.label in tracks]
    second = associate(tracks, [observations[i] for i in indices], clear=clear, distance=box_distance)
    result = Association(new=[i for i in first.new if observations[i].label not in tracks])
    for kind in ("pairs", "moved", "provisional"):
        kept = [m for m in getattr(first, kind) if observations[m.index].label not in tracks]
        getattr(result, kind).extend(kept)
        getattr(result, kind).extend(Match(m.track, indices[m.index], m.cost) for m in getattr(second, kind))
    result.new = sorted([*result.new, *(indices[i] for i in second.new)])
    result.absent = [*(t for t in first.absent if t.label not in tracks), *second.absent]
    return result
