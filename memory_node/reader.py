"""A look into a memory's file from beside the process that writes it: by place, by words, by id.

Memory itself answers from its columns, which hold every unit of every tier. Another process (a viewer, a report, a
second robot) has none: it asks the file's own indices, the R*-tree for places and the full-text index for words, and
reads only the records that these name.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

from memory_node.errors import QueryError, StoreError
from memory_node.schema import APPLICATION_ID, VERSION
from memory_node.units import Past, Unit
from scene_graph.types import ObjectState, SceneGraphError, as_point

__all__ = ["Reader"]


class Reader:
    """Reads the file of a memory, which may be open for writing elsewhere, as of its last frame. A context manager.

    Args:
        path: Of the file.
        namespace: Whose memory it is; see `Memory.open`.

    Raises:
        StoreError: If there is no such file, or it is no memory of this release.
    """

    def __init__(self, path: str | PathLike[str], *, namespace: str = "") -> None:
        self.path = Path(path)
        self._namespace = namespace
        if not self.path.is_file():
            raise StoreError(f"there is no memory at {self.path}; give the path that Memory.open was given")
        with self._reporting():
            self._db = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
            (application,) = self._db.execute("PRAGMA application_id").fetchone()
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID or version != VERSION:
            self._db.close()
            raise StoreError(f"{self.path} is no memory of schema version {VERSION}; open it with Memory.open first")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def near(self, point: Sequence[float], radius: float) -> list[ObjectState]:
        """What is believed to be within a radius, nearest first, whatever the map.

        Args:
            point: Metres.
            radius: Metres, from the point to a thing's centre.

        Raises:
            QueryError: If the point or the radius is no finite number.
        """
        centre = as_point(point, what="the point of near")
        if not (math.isfinite(radius) and radius >= 0):
            raise QueryError(f"radius must be a finite number of metres, got {radius!r}")
        # A thing's bounds enclose its centre: those that touch the cube around the ball are all that may be in it.
        bounds = [value for v in centre for value in (v + radius, v - radius)]
        found = self._states(
            "places CROSS JOIN units ON units.number = places.number WHERE min_x <= ? AND max_x >= ?"
            " AND min_y <= ? AND max_y >= ? AND min_z <= ? AND max_z >= ?",
            bounds,
        )
        apart = {state.object_id: math.dist(state.position, centre) for state in found}
        within = [state for state in found if apart[state.object_id] <= radius]
        return sorted(within, key=lambda state: (apart[state.object_id], state.object_id))

    def search(self, words: str, *, k: int = 20) -> list[ObjectState]:
        """What all of some words were written of: its class, that class's names, its states, and what it is on or in.

        Args:
            words: As in "dirty mug"; nothing but letters and digits counts.
            k: How many at most, best match first.

        Raises:
            QueryError: If there is no word, or k is below 1.
        """
        terms = "".join(c if c.isalnum() else " " for c in words).split()
        if not terms or k < 1:
            raise QueryError(f"search needs a word, and k of at least 1; got {words!r} and {k}")
        query = " AND ".join(f'"{term}"' for term in terms)
        return self._states(
            "words CROSS JOIN units ON units.number = words.rowid WHERE words MATCH ?",
            [query],
            order="rank, units.number",
        )[:k]

    def history(self, object_id: str) -> list[ObjectState]:
        """All that was believed of an object, newest first; empty if it is not known.

        Args:
            object_id: Memory's id, or a sensor id that joined it.
        """
        with self._reporting():
            found = self._db.execute(
                "SELECT number, record FROM units WHERE namespace = ?1 AND (id = ?2 OR number ="
                " (SELECT number FROM aliases WHERE namespace = ?1 AND alias = ?2)) ORDER BY id != ?2",
                (self._namespace, object_id),
            ).fetchone()
            if found is None:
                return []
            past = self._db.execute("SELECT record FROM history WHERE number = ? ORDER BY position DESC", found[:1])
            return [
                Unit.from_json(json.loads(found[1])).state,
                *(Past.from_json(json.loads(record)).state for (record,) in past),
            ]

    def _states(self, chosen: str, values: Sequence[object], *, order: str = "units.number") -> list[ObjectState]:
        """Beliefs about the units that an index names; what was made into other things is left out.

        A cross join asks the index first and then for the units that it names; the plus sign keeps the namespace, which
        most units share, from being looked up instead.
        """
        with self._reporting():
            rows = self._db.execute(
                f"SELECT record FROM {chosen} AND +namespace = ? ORDER BY {order}",
                (*values, self._namespace),
            ).fetchall()
            units = [Unit.from_json(json.loads(record)) for (record,) in rows]
        return [unit.state for unit in units if not unit.retired]

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError, KeyError, TypeError, SceneGraphError) as error:
            raise StoreError(f"cannot read {self.path}: {error}") from error
