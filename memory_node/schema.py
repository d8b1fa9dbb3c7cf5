"""The tables of a memory's file, and how files of earlier releases become what they are now."""

from __future__ import annotations

import json
import math
import sqlite3
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from memory_node.columns import NUMBERS, Entry
from memory_node.units import Unit
from scene_graph.types import ObjectState

__all__ = ["APPLICATION_ID", "VERSION", "Summary", "migrate"]

APPLICATION_ID = 0x4B41524D
"""Bytes "KARM", so that another program's database is not taken for ours."""

_NUMBERS = struct.Struct("<3dd3f9fiB")
"""The layout of `columns.NUMBERS`, written one at a time."""
assert _NUMBERS.size == NUMBERS.itemsize

_UNKNOWN_SIZE = (math.nan,) * 3
_UNKNOWN_COVARIANCE = (math.nan,) * 9


@dataclass(frozen=True, slots=True)
class Summary:
    """What of a unit stands in columns of its own, to be read without its record.

    Attributes:
        label: Its class.
        map_id: Of its position.
        frame_id: Of its position.
        parent: Id of what it is on or in.
        states: Its states, sorted, a line each.
        sensor_id: Newest sensor id.
        numbers: A record of `columns.NUMBERS`, as bytes.
        ghosts: (x, y) of old places where it may still be, float64 as bytes; None if there are none.
    """

    label: str
    map_id: str
    frame_id: str
    parent: str | None
    states: str
    sensor_id: str | None
    numbers: bytes
    ghosts: bytes | None

    @classmethod
    def of(cls, unit: Unit) -> Summary:
        """A unit's."""
        state = unit.state
        entry = Entry(state, unit.epoch, unit.map_id, unit.retired, bool(unit.ghosts))
        return cls(
            state.label,
            unit.map_id,
            state.frame_id,
            state.parent,
            "\n".join(sorted(state.states)),
            state.sensor_id,
            _pack(state, unit.epoch, entry.flags),
            np.array([g.position[:2] for g in unit.ghosts], dtype=np.float64).tobytes() if unit.ghosts else None,
        )


def _pack(state: ObjectState, epoch: int, flags: int) -> bytes:
    size, covariance = state.size or _UNKNOWN_SIZE, state.covariance or _UNKNOWN_COVARIANCE
    return _NUMBERS.pack(*state.position, state.stamp, *size, *covariance, epoch, flags)


def _create(db: sqlite3.Connection) -> None:
    _run(
        db,
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


def _summarise(db: sqlite3.Connection) -> None:
    """Give units columns of their own for what is asked of all of them, and sensor ids a table; add vectors."""
    _run(
        db,
        """
        ALTER TABLE units ADD COLUMN label TEXT NOT NULL DEFAULT '';
        ALTER TABLE units ADD COLUMN map_id TEXT NOT NULL DEFAULT '';
        ALTER TABLE units ADD COLUMN frame_id TEXT NOT NULL DEFAULT '';
        ALTER TABLE units ADD COLUMN parent TEXT;
        ALTER TABLE units ADD COLUMN states TEXT NOT NULL DEFAULT '';
        ALTER TABLE units ADD COLUMN sensor_id TEXT;
        ALTER TABLE units ADD COLUMN numbers BLOB NOT NULL DEFAULT x'';
        ALTER TABLE units ADD COLUMN ghosts BLOB;
        CREATE TABLE aliases (
            position INTEGER PRIMARY KEY,
            namespace TEXT NOT NULL,
            alias TEXT NOT NULL,
            number INTEGER NOT NULL,
            UNIQUE (namespace, alias)
        );
        CREATE INDEX aliases_by_unit ON aliases (number);
        CREATE TABLE vectors (
            namespace TEXT NOT NULL,
            model TEXT NOT NULL,
            text TEXT NOT NULL,
            vector BLOB NOT NULL,
            PRIMARY KEY (namespace, model, text)
        ) WITHOUT ROWID;
        """,
    )
    for number, namespace, record in db.execute("SELECT number, namespace, record FROM units").fetchall():
        data = json.loads(record)
        unit = Unit.from_json(data)
        summary = Summary.of(unit)
        data.pop("aliases", None)
        db.execute(
            "UPDATE units SET record = ?, label = ?, map_id = ?, frame_id = ?, parent = ?, states = ?, sensor_id = ?,"
            " numbers = ?, ghosts = ? WHERE number = ?",
            (
                json.dumps(data, separators=(",", ":")),
                summary.label,
                summary.map_id,
                summary.frame_id,
                summary.parent,
                summary.states,
                summary.sensor_id,
                summary.numbers,
                summary.ghosts,
                number,
            ),
        )
        db.executemany(
            "INSERT OR REPLACE INTO aliases (namespace, alias, number) VALUES (?, ?, ?)",
            [(namespace, alias, number) for alias in unit.aliases],
        )


_MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_create, _summarise)
"""What leads from each version of the schema to the next; a new file passes through all of them."""

VERSION = len(_MIGRATIONS)
"""Of the schema that this release writes."""


def migrate(db: sqlite3.Connection) -> None:
    """Bring a file to the newest schema, in one transaction a version."""
    while True:
        db.execute("BEGIN IMMEDIATE")  # another process may be at it, too
        try:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version < VERSION:
                _MIGRATIONS[version](db)
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {version + 1}")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
        if version >= VERSION:
            return


def _run(db: sqlite3.Connection, statements: str) -> None:
    # `executescript` would commit the transaction that this is part of.
    for statement in statements.split(";"):
        if statement.strip():
            db.execute(statement)
