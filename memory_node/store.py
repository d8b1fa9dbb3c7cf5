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
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from memory_node.errors import StoreError
from memory_node.units import Past, Unit

__all__ = ["Durability", "Record", "Store"]

Durability = Literal["process", "power"]

_SYNCHRONOUS: dict[str, str] = {"process": "NORMAL", "power": "FULL"}
_APPLICATION_ID = 0x4B41524D  # "KARM", so that another program's database is not taken for ours
_MIGRATIONS = (
    """
    CREATE TABLE meta (
        namespace TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (namespace, key)
    ) WITHOUT ROWID;
    CREATE TABLE units (
        number INTEGER PRIMARY KEY,
        namespace TEXT NOT NULL,
        id TEXT NOT NULL,
        tier INTEGER NOT NULL,
        record TEXT NOT NULL,
        UNIQUE (namespace, id)
    );
    CREATE TABLE history (
        number INTEGER NOT NULL,
        position INTEGER NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (number, position)
    ) WITHOUT ROWID;
    CREATE TABLE images (number INTEGER PRIMARY KEY, image BLOB NOT NULL);
    CREATE VIRTUAL TABLE places USING rtree (number, min_x, max_x, min_y, max_y, min_z, max_z);
    CREATE VIRTUAL TABLE words USING fts5 (text);
    """,
)
"""Statements that lead from each version of the schema to the next; a new file passes through all of them."""


@dataclass(slots=True)
class Record:
    """A unit, and where it is kept.

    Attributes:
        unit: The unit.
        tier: Code of its tier.
        words: What full-text search finds it by.
    """

    unit: Unit
    tier: int
    words: str


@dataclass(slots=True)
class _Known:
    """What the file holds of a unit, so that only differences are written.

    Attributes:
        number: Of its row.
        dropped: Position of the oldest belief kept.
        history: Position after the newest one.
        words: What full-text search finds it by.
        place: Its bounds.
        image: Its image.
    """

    number: int
    dropped: int
    history: int
    words: str
    place: tuple[float, ...]
    image: bytes | None


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
        if tables and application != _APPLICATION_ID:
            raise StoreError(f"{self.path} is another program's database; give another path. It was not changed")
        if version > len(_MIGRATIONS):
            raise StoreError(
                f"{self.path} has schema version {version}, this release reads up to {len(_MIGRATIONS)}; "
                "upgrade karma, or give another path. It was not changed"
            )
        self._db.execute("PRAGMA busy_timeout = 5000")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA synchronous = {_SYNCHRONOUS[durability]}")
        self._db.execute("PRAGMA secure_delete = ON")
        for number, statements in enumerate(_MIGRATIONS[version:], start=version + 1):
            script = f"BEGIN IMMEDIATE; {statements} PRAGMA application_id = {_APPLICATION_ID};"
            self._db.executescript(f"{script} PRAGMA user_version = {number}; COMMIT;")

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self._db.close()

    # Reading.

    def units(self) -> Iterator[tuple[Unit, int]]:
        """All units with their tiers, in the order in which they were first kept."""
        with self._reporting():
            ours = "number IN (SELECT number FROM units WHERE namespace = ?)"
            name = (self._namespace,)
            history: dict[int, list[Past]] = {}
            for number, record in self._db.execute(
                f"SELECT number, record FROM history WHERE {ours} ORDER BY number, position", name
            ):
                history.setdefault(number, []).append(Past.from_json(json.loads(record)))
            images = dict(self._db.execute(f"SELECT number, image FROM images WHERE {ours}", name))
            words = dict(self._db.execute("SELECT rowid, text FROM words"))
            for number, tier, record in self._db.execute(
                "SELECT number, tier, record FROM units WHERE namespace = ? ORDER BY number", name
            ):
                unit = Unit.from_json(json.loads(record))
                unit.history = history.get(number, [])
                unit.image = images.get(number)
                end = unit.dropped + len(unit.history)
                known = _Known(number, unit.dropped, end, words.get(number, ""), _box(unit), unit.image)
                self._known[unit.id] = known
                yield unit, tier

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

    # Writing.

    def write(self, records: Iterable[Record], meta: Mapping[str, Any]) -> None:
        """Keep units and facts beside them, all or nothing.

        Raises:
            StoreError: If the disk is full or the file is locked by another writer.
        """
        with self._transaction():
            for record in records:
                self._write_unit(record)
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
            # Full-text search only marks what was deleted: merging its segments drops the words themselves.
            self._db.execute("INSERT INTO words (words) VALUES ('optimize')")
        with self._reporting():
            # Free pages are overwritten (secure_delete), the file is rebuilt without them, and the log is emptied.
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _delete_units(self, object_ids: Iterable[str]) -> None:
        for object_id in object_ids:
            known = self._known.pop(object_id, None)
            if known is not None:
                for table in ("history", "images", "places", "units"):
                    self._db.execute(f"DELETE FROM {table} WHERE number = ?", (known.number,))
                self._db.execute("DELETE FROM words WHERE rowid = ?", (known.number,))

    def _write_meta(self, meta: Mapping[str, Any]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?, ?)",
            [(self._namespace, key, json.dumps(value)) for key, value in meta.items()],
        )

    def _write_unit(self, record: Record) -> None:
        unit = record.unit
        known = self._known.get(unit.id)
        row = (record.tier, _json(unit.to_json()))
        box = _box(unit)
        if known is None:
            cursor = self._db.execute(
                "INSERT INTO units (tier, record, namespace, id) VALUES (?, ?, ?, ?)", (*row, self._namespace, unit.id)
            )
            assert cursor.lastrowid is not None
            known = self._known[unit.id] = _Known(cursor.lastrowid, 0, 0, record.words, box, None)
            self._db.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (known.number, record.words))
            self._db.execute("INSERT INTO places VALUES (?, ?, ?, ?, ?, ?, ?)", (known.number, *box))
        else:
            self._db.execute("UPDATE units SET tier = ?, record = ? WHERE number = ?", (*row, known.number))
            if record.words != known.words:
                self._db.execute("UPDATE words SET text = ? WHERE rowid = ?", (record.words, known.number))
                known.words = record.words
            if box != known.place:
                self._db.execute("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, ?, ?, ?)", (known.number, *box))
                known.place = box
        end = unit.dropped + len(unit.history)
        if known.history > end:  # a split gave part of it to another unit
            self._db.execute("DELETE FROM history WHERE number = ? AND position >= ?", (known.number, end))
            known.history = end
        if known.dropped < unit.dropped:
            self._db.execute("DELETE FROM history WHERE number = ? AND position < ?", (known.number, unit.dropped))
            known.dropped = unit.dropped
        if known.history < end:
            self._db.executemany(
                "INSERT INTO history VALUES (?, ?, ?)",
                [
                    (known.number, position, _json(unit.history[position - unit.dropped].to_json()))
                    for position in range(max(known.history, unit.dropped), end)
                ],
            )
            known.history = end
        if unit.image is not known.image:
            self._db.execute("INSERT OR REPLACE INTO images VALUES (?, ?)", (known.number, unit.image))
            known.image = unit.image

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._reporting():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"cannot use {self.path}: {error}") from error


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":"))


def _box(unit: Unit) -> tuple[float, ...]:
    """Bounds of a unit for the R-tree: min and max of x, y, z."""
    half = [extent / 2 for extent in unit.state.size] if unit.state.size is not None else [0.0, 0.0, 0.0]
    bounds: list[float] = []
    for centre, reach in zip(unit.state.position, half, strict=True):
        bounds += [centre - reach, centre + reach]
    return tuple(bounds)
