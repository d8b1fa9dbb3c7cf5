"""Units and their history on disk: one SQLite file, one transaction a frame.

Write-ahead logging lets several readers look on while one writer works, and a process that is killed at any instant
leaves the last committed frame. With ``durability="process"`` that holds for a killed process; ``"power"`` also waits
for the disk at every commit, which makes it a hundred times slower.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from memory_node.columns import NUMBERS, Kind
from memory_node.errors import StoreError
from memory_node.schema import APPLICATION_ID, VERSION, Summary, migrate
from memory_node.units import Past, Unit
from scene_graph.types import SceneGraphError

__all__ = ["Contents", "Durability", "Record", "Store"]

Durability = Literal["process", "power"]

_SYNCHRONOUS: dict[str, str] = {"process": "NORMAL", "power": "FULL"}
_SUMMARY = ("tier", "record", "label", "map_id", "frame_id", "parent", "states", "sensor_id", "numbers", "ghosts")
_KIND = " || char(31) || ".join(("label", "map_id", "frame_id", "states"))
_INSERT = (
    f"INSERT INTO units (number, namespace, id, {', '.join(_SUMMARY)}) VALUES ({', '.join('?' * (len(_SUMMARY) + 3))})"
)
_UPDATE = f"UPDATE units SET {', '.join(f'{name} = ?' for name in _SUMMARY)} WHERE number = ?"
_MARGIN = 0.1
"""Metres by which bounds in the R*-tree are wider than the thing, so that jitter of its place does not move them."""


@dataclass(slots=True)
class Record:
    """A unit, and where it is kept.

    Attributes:
        unit: The unit.
        tier: Code of its tier.
        words: What full-text search finds it by.
        anew: Whether its past was altered, and not only added to.
    """

    unit: Unit
    tier: int
    words: str
    anew: bool = False


@dataclass(slots=True)
class _Known:
    """What the file holds of a unit in use, so that only differences are written.

    Attributes:
        number: Of its row.
        dropped: Position of the oldest belief kept.
        history: Position after the newest one.
        words: What full-text search finds it by.
        place: Its bounds, a little wider; None if not read.
        image: Its image.
        aliases: Sensor ids that joined it.
    """

    number: int
    dropped: int
    history: int
    words: str
    place: tuple[float, ...] | None
    image: bytes | None
    aliases: tuple[str, ...]


@dataclass(slots=True)
class _Batch:
    """Rows of one transaction, gathered by statement: writing many with one call costs half of as many calls."""

    units: list[tuple[object, ...]] = field(default_factory=list)
    words: list[tuple[int, str]] = field(default_factory=list)
    places: list[tuple[float, ...]] = field(default_factory=list)
    history: list[tuple[int, int, str]] = field(default_factory=list)
    lost_aliases: list[tuple[int, str]] = field(default_factory=list)
    aliases: list[tuple[str, str, int]] = field(default_factory=list)

    def write(self, db: sqlite3.Connection) -> None:
        """Execute them; what a sensor id leaves comes before where it goes."""
        db.executemany(_INSERT, self.units)
        db.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", self.words)
        db.executemany("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, ?, ?, ?)", self.places)
        db.executemany("INSERT INTO history VALUES (?, ?, ?)", self.history)
        db.executemany("DELETE FROM aliases WHERE number = ? AND alias = ?", self.lost_aliases)
        db.executemany("INSERT OR REPLACE INTO aliases (namespace, alias, number) VALUES (?, ?, ?)", self.aliases)


@dataclass(slots=True)
class Contents:
    """What a file holds of all units, column by column, in the order in which they were first kept.

    Attributes:
        ids: Memory's ids.
        kinds: What is the same for many units: class, map, frame of reference and states.
        kind: Of each unit, its index in `kinds`.
        parents: What they are on or in.
        sensors: Newest sensor ids.
        numbers: Records of `columns.NUMBERS`.
        ghosts: (N, 2) places (metres) where a unit may still be, by id, for those that have any.
    """

    ids: list[str]
    kinds: list[Kind]
    kind: npt.NDArray[np.intp]
    parents: list[str | None]
    sensors: list[str | None]
    numbers: npt.NDArray[Any]
    ghosts: dict[str, npt.NDArray[np.float64]]


class Store:
    """The file of one memory, or of several with different namespaces.

    Args:
        path: Of the file; made if missing.
        namespace: Whose memory it is, e.g. a home's, a robot's or a person's; others in the file are not seen.
        durability: What a commit outlives: the process, or a power failure.

    Raises:
        StoreError: If the file is no store of this project, is damaged, or was written by a newer release. The file
            is left as it is.
    """

    def __init__(self, path: str | PathLike[str], *, namespace: str = "", durability: Durability = "process") -> None:
        if durability not in _SYNCHRONOUS:
            raise StoreError(f"durability must be one of {', '.join(_SYNCHRONOUS)}, got {durability!r}")
        self.path = Path(path)
        if not self.path.parent.is_dir():
            raise StoreError(f"cannot open {self.path}: its folder does not exist; create it first")
        self._namespace = namespace
        self._numbers: dict[str, int] = {}
        self._known: dict[str, _Known] = {}
        try:
            self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StoreError(f"cannot open {self.path}: {error}") from error
        try:
            self._open(durability)
        except sqlite3.Error as error:
            self._db.close()
            raise StoreError(
                f"{self.path} is not a memory of this project, or is damaged ({error}); "
                "give another path, or restore it from a backup. It was not changed"
            ) from error
        except StoreError:
            self._db.close()
            raise

    def _open(self, durability: Durability) -> None:
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and application != APPLICATION_ID:
            raise StoreError(f"{self.path} is another program's database; give another path. It was not changed")
        if version > VERSION:
            raise StoreError(
                f"{self.path} has schema version {version}, this release reads up to {VERSION}; "
                "upgrade karma, or give another path. It was not changed"
            )
        self._db.execute("PRAGMA busy_timeout = 5000")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA synchronous = {_SYNCHRONOUS[durability]}")
        self._db.execute("PRAGMA secure_delete = ON")
        if version < VERSION:
            migrate(self._db)

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self._db.close()

    # Reading.

    def contents(self) -> Contents:
        """What it holds of all units; the units themselves are loaded when they are needed."""
        with self._reporting():
            rows = self._db.execute(
                f"SELECT number, id, {_KIND}, parent, sensor_id, numbers FROM units"
                " WHERE namespace = ? ORDER BY number",
                (self._namespace,),
            ).fetchall()
            places = self._db.execute(
                "SELECT id, ghosts FROM units WHERE namespace = ? AND ghosts IS NOT NULL ORDER BY number",
                (self._namespace,),
            ).fetchall()
        numbers, ids, texts, parents, sensors, packed = (
            map(list, zip(*rows, strict=True)) if rows else ([] for _ in range(6))
        )
        self._numbers = dict(zip(ids, numbers, strict=True))
        indices = {text: index for index, text in enumerate(dict.fromkeys(texts))}
        try:
            table = np.frombuffer(b"".join(packed), dtype=NUMBERS)
            if len(table) != len(ids):
                raise ValueError("its columns are of different lengths")
            kinds = [Kind.parse(text) for text in indices]
            ghosts = {i: np.frombuffer(blob, dtype=np.float64).reshape(-1, 2) for i, blob in places}
        except ValueError as error:
            raise StoreError(f"{self.path} is damaged ({error}); restore it from a backup") from error
        kind = np.fromiter(map(indices.__getitem__, texts), dtype=np.intp, count=len(texts))
        return Contents(ids, kinds, kind, parents, sensors, table, ghosts)

    def load(self, object_id: str) -> Unit:
        """A unit with its history and image.

        Raises:
            KeyError: If it is not kept here.
            StoreError: If its record cannot be read.
        """
        number = self._numbers[object_id]
        with self._reporting():
            (record,) = self._db.execute("SELECT record FROM units WHERE number = ?", (number,)).fetchone()
            history = self._db.execute("SELECT record FROM history WHERE number = ? ORDER BY position", (number,))
            past = [text for (text,) in history]
            image = self._db.execute("SELECT image FROM images WHERE number = ?", (number,)).fetchone()
            aliases = self._db.execute("SELECT alias FROM aliases WHERE number = ? ORDER BY position", (number,))
            names = tuple(alias for (alias,) in aliases)
            (words,) = self._db.execute("SELECT text FROM words WHERE rowid = ?", (number,)).fetchone() or ("",)
        try:
            unit = Unit.from_json(json.loads(record))
            unit.history = [Past.from_json(json.loads(text)) for text in past]
        except (ValueError, KeyError, TypeError, SceneGraphError) as error:
            raise StoreError(f"{self.path}: the record of {object_id} is damaged ({error})") from error
        unit.image = image[0] if image is not None else None
        unit.aliases = dict.fromkeys(names)
        end = unit.dropped + len(unit.history)
        self._known[object_id] = _Known(number, unit.dropped, end, words, None, unit.image, names)
        return unit

    def owner(self, sensor_id: str) -> str | None:
        """Id of the unit that a sensor id joined; see `unit_table.UnitSource`."""
        with self._reporting():
            found = self._db.execute(
                "SELECT id FROM aliases JOIN units USING (number) WHERE aliases.namespace = ? AND alias = ?",
                (self._namespace, sensor_id),
            ).fetchone()
        return found[0] if found is not None else None

    def mentioning(self, object_ids: Iterable[str]) -> list[str]:
        """Ids of the units that were ever on, in or made from some objects."""
        among = "IN (SELECT value FROM json_each(?1))"
        with self._reporting():
            found = self._db.execute(
                f"SELECT id FROM units WHERE namespace = ?2 AND (parent {among}"
                f" OR json_extract(record, '$.origin') {among}"
                " OR EXISTS (SELECT 1 FROM json_each(record, '$.ghosts') AS ghost"
                f" WHERE json_extract(ghost.value, '$.parent') {among})"
                f" OR number IN (SELECT number FROM history WHERE json_extract(record, '$.state.parent') {among}))"
                " ORDER BY number",
                (json.dumps(list(object_ids)), self._namespace),
            )
            return [object_id for (object_id,) in found]

    def cool(self, object_id: str) -> None:
        """Forget what was known of a unit's rows, since it is no longer in the process."""
        self._known.pop(object_id, None)

    def vectors(self, model: str) -> dict[str, bytes]:
        """Vectors of texts that were embedded by a model, float32."""
        with self._reporting():
            return dict(
                self._db.execute(
                    "SELECT text, vector FROM vectors WHERE namespace = ? AND model = ?", (self._namespace, model)
                )
            )

    @property
    def live_bytes(self) -> int:
        """Bytes of the file that hold something."""
        with self._reporting():
            (pages,) = self._db.execute("PRAGMA page_count").fetchone()
            (free,) = self._db.execute("PRAGMA freelist_count").fetchone()
            (size,) = self._db.execute("PRAGMA page_size").fetchone()
            return int((pages - free) * size)

    def meta(self) -> dict[str, Any]:
        """What was kept beside the units."""
        with self._reporting():
            rows = self._db.execute("SELECT key, value FROM meta WHERE namespace = ?", (self._namespace,))
            return {key: json.loads(value) for key, value in rows}

    def _read_numbers(self) -> None:
        """Take note of what the file holds in truth, after a transaction that failed."""
        self._known.clear()
        rows = self._db.execute("SELECT id, number FROM units WHERE namespace = ?", (self._namespace,))
        self._numbers = dict(rows.fetchall())

    # Writing.

    def write(self, records: Iterable[Record], meta: Mapping[str, Any]) -> None:
        """Keep units and facts beside them, all or nothing.

        Raises:
            StoreError: If the disk is full or the file is locked by another writer.
        """
        with self._transaction():
            batch = _Batch()
            (newest,) = self._db.execute("SELECT max(number) FROM units").fetchone()
            for record in records:
                self._write_unit(record, batch, (newest or 0) + len(batch.units) + 1)
            batch.write(self._db)
            self._write_meta(meta)

    def drop(self, object_ids: Iterable[str], meta: Mapping[str, Any]) -> None:
        """Delete units whose time has come; their bytes are overwritten when the pages are used again.

        Raises:
            StoreError: If it cannot be done; then nothing was deleted.
        """
        with self._transaction():
            self._delete_units(object_ids)
            self._write_meta(meta)

    def erase(self, object_ids: Iterable[str], meta: Mapping[str, Any]) -> None:
        """Delete units with all that belongs to them, down to the bytes of the file and its log.

        Raises:
            StoreError: If it cannot be done; then nothing was deleted.
        """
        with self._transaction():
            self._delete_units(object_ids)
            self._write_meta(meta)
            # They were made of texts that may name what goes; those in use are made again.
            self._db.execute("DELETE FROM vectors WHERE namespace = ?", (self._namespace,))
            # Full-text search only marks what was deleted: merging its segments drops the words themselves.
            self._db.execute("INSERT INTO words (words) VALUES ('optimize')")
        with self._reporting():
            # Free pages are overwritten (secure_delete), the file is rebuilt without them, and the log is emptied.
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def write_vectors(self, model: str, vectors: Mapping[str, bytes]) -> None:
        """Keep vectors of texts."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)",
                [(self._namespace, model, text, vector) for text, vector in vectors.items()],
            )

    def _delete_units(self, object_ids: Iterable[str]) -> None:
        numbers = []
        for object_id in object_ids:
            self._known.pop(object_id, None)
            if (number := self._numbers.pop(object_id, None)) is not None:
                numbers.append((number,))
        for table in ("history", "images", "places", "aliases", "units"):
            self._db.executemany(f"DELETE FROM {table} WHERE number = ?", numbers)
        self._db.executemany("DELETE FROM words WHERE rowid = ?", numbers)

    def _write_meta(self, meta: Mapping[str, Any]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?, ?)",
            [(self._namespace, key, json.dumps(value)) for key, value in meta.items()],
        )

    def _write_unit(self, record: Record, batch: _Batch, number: int) -> None:
        """Write what differs of a unit; `number` is its row's if it is new."""
        unit = record.unit
        known = self._known.get(unit.id)
        if known is None and unit.id in self._numbers:
            self.load(unit.id)
            known = self._known[unit.id]
        summary = Summary.of(unit)
        row = (
            record.tier,
            _json(unit.record()),
            summary.label,
            summary.map_id,
            summary.frame_id,
            summary.parent,
            summary.states,
            summary.sensor_id,
            summary.numbers,
            summary.ghosts,
        )
        if known is None:
            batch.units.append((number, self._namespace, unit.id, *row))
            batch.words.append((number, record.words))
            known = self._known[unit.id] = _Known(number, 0, 0, record.words, None, None, ())
            self._numbers[unit.id] = number
        else:
            self._db.execute(_UPDATE, (*row, known.number))
            if record.words != known.words:
                self._db.execute("UPDATE words SET text = ? WHERE rowid = ?", (record.words, known.number))
                known.words = record.words
        box = _box(unit)
        if known.place is None or not _encloses(known.place, box):
            known.place = tuple(v + _MARGIN if n % 2 else v - _MARGIN for n, v in enumerate(box))
            batch.places.append((known.number, *known.place))
        if record.anew:
            self._db.execute("DELETE FROM history WHERE number = ?", (known.number,))
            known.dropped = known.history = unit.dropped
        self._write_history(unit, known, batch)
        self._write_aliases(unit, known, batch)
        if unit.image is not known.image:
            self._db.execute("INSERT OR REPLACE INTO images VALUES (?, ?)", (known.number, unit.image))
            known.image = unit.image

    def _write_history(self, unit: Unit, known: _Known, batch: _Batch) -> None:
        end = unit.dropped + len(unit.history)
        if known.history > end:  # a split gave part of it to another unit
            self._db.execute("DELETE FROM history WHERE number = ? AND position >= ?", (known.number, end))
            known.history = end
        if known.dropped < unit.dropped:
            self._db.execute("DELETE FROM history WHERE number = ? AND position < ?", (known.number, unit.dropped))
            known.dropped = unit.dropped
        if known.history < end:
            batch.history += [
                (known.number, position, _json(unit.history[position - unit.dropped].to_json()))
                for position in range(max(known.history, unit.dropped), end)
            ]
            known.history = end

    def _write_aliases(self, unit: Unit, known: _Known, batch: _Batch) -> None:
        names = tuple(unit.aliases)
        if names == known.aliases:
            return
        if len(names) > 1 and names[:-1] == known.aliases:
            gone, new = [], [names[-1]]
        else:
            gone, new = [name for name in known.aliases if name not in unit.aliases], list(names)
        batch.lost_aliases += [(known.number, name) for name in gone]
        batch.aliases += [(self._namespace, name, known.number) for name in new]
        known.aliases = names

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._reporting():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # SQLite may have undone it by itself, e.g. since the disk is full
                    self._db.execute("ROLLBACK")
                self._read_numbers()
                raise

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"cannot use {self.path}: {error}") from error


_json = json.JSONEncoder(separators=(",", ":")).encode


def _box(unit: Unit) -> tuple[float, ...]:
    """Bounds of a unit for the R-tree: min and max of x, y, z."""
    half = [extent / 2 for extent in unit.state.size] if unit.state.size is not None else [0.0, 0.0, 0.0]
    bounds: list[float] = []
    for centre, reach in zip(unit.state.position, half, strict=True):
        bounds += [centre - reach, centre + reach]
    return tuple(bounds)


def _encloses(bounds: tuple[float, ...], box: tuple[float, ...]) -> bool:
    return all(b >= v if n % 2 else b <= v for n, (b, v) in enumerate(zip(bounds, box, strict=True)))
