"""What is asked of thousands of objects at once, laid out in columns: identity and recall read these, not the units.

One row an object of any tier. A unit itself, with its history and all that is asked of single objects, may meanwhile
lie on the disk.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memory_node.grid import Grid
from scene_graph.types import ObjectState

__all__ = [
    "ARCHIVE",
    "GHOSTS",
    "HELD",
    "LONG",
    "PROVISIONAL",
    "RETIRED",
    "SHORT",
    "STALE",
    "TIERS",
    "Codes",
    "Columns",
    "Kind",
    "Rows",
]

SHORT, LONG, ARCHIVE = 0, 1, 2
TIERS = ("short", "long", "archive")
"""Names of the tiers, by their code."""

STALE, PROVISIONAL, HELD, RETIRED, GHOSTS = 1, 2, 4, 8, 16
"""Bits of the column ``flags``; the last says that the unit has old places where it may still be."""

NUMBERS = np.dtype(
    [
        ("position", "<f8", (3,)),
        ("stamp", "<f8"),
        ("size", "<f4", (3,)),
        ("covariance", "<f4", (9,)),
        ("epoch", "<i4"),
        ("flags", "u1"),
    ]
)
"""The numbers of a row, as the store keeps them: metres, seconds, m²; NaN where unknown."""

_UNKNOWN = (math.nan, math.nan, math.nan)
_UNKNOWN_COVARIANCE = (math.nan,) * 9

Rows = npt.NDArray[np.intp]


class Codes:
    """Small integers for strings, in the order in which they were met."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._codes: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.names)

    def of(self, name: str) -> int:
        """The code of a string, made if new."""
        code = self._codes.get(name)
        if code is None:
            code = self._codes[name] = len(self.names)
            self.names.append(name)
        return code

    def get(self, name: str) -> int | None:
        """The code of a string, if it has one."""
        return self._codes.get(name)

    def among(self, names: Iterable[str]) -> list[int]:
        """Codes of those strings that have one."""
        return [self._codes[name] for name in names if name in self._codes]


@dataclass(frozen=True, slots=True)
class Kind:
    """What is the same for many rows.

    Attributes:
        label: Class.
        map_id: Of the position.
        frame_id: Of the position.
        states: The object's states.
    """

    label: str
    map_id: str
    frame_id: str
    states: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Kind:
        """Read one from its parts with the unit separator (character 31) between them, states a line each.

        Raises:
            ValueError: If there are more or fewer parts.
        """
        label, map_id, frame_id, states = text.split("\x1f")
        return cls(label, map_id, frame_id, frozenset(states.split("\n")) if states else frozenset())


@dataclass(frozen=True, slots=True)
class Entry:
    """What a row is made from.

    Attributes:
        state: The present belief.
        epoch: Of its stamp.
        map_id: Of its position.
        retired: It was made into other things.
        ghosts: It has old places where it may still be.
    """

    state: ObjectState
    epoch: int
    map_id: str
    retired: bool = False
    ghosts: bool = False

    @property
    def flags(self) -> int:
        """The bits of the column ``flags``."""
        state = self.state
        return (
            STALE * state.stale
            | PROVISIONAL * state.provisional
            | HELD * state.held
            | RETIRED * self.retired
            | GHOSTS * self.ghosts
        )


class Columns:
    """One row an object: place, time, class, states, tier. Rows of forgotten objects are used again.

    All columns have the same length, `len(self)`; rows that are not in use have `alive` False.

    Attributes:
        ids: Object id by row; empty where not in use.
        rows: Row by object id.
        sensors: Newest sensor id by row.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.rows: dict[str, int] = {}
        self.sensors: list[str | None] = []
        self.labels = Codes()
        self.states = Codes()
        self.parents = Codes()
        self.maps = Codes()
        self.frames = Codes()
        self.changes = 0
        """Counts up whenever a row changes."""
        self._label_of: list[int] = []
        self._by_label: dict[int, dict[int, None]] = {}
        self._label_rows: dict[int, Rows] = {}
        self._grid = Grid()
        self._masks: dict[frozenset[str], int] = {}
        self._free: list[int] = []
        self._size = 0
        self._room = 0
        self._columns: dict[str, npt.NDArray[Any]] = {
            "position": np.empty((0, 3), dtype=np.float64),
            "stamp": np.empty(0, dtype=np.float64),
            "size": np.empty((0, 3), dtype=np.float32),
            "covariance": np.empty((0, 9), dtype=np.float32),
            "epoch": np.empty(0, dtype=np.int32),
            "label": np.empty(0, dtype=np.int32),
            "parent": np.empty(0, dtype=np.int32),
            "map": np.empty(0, dtype=np.int32),
            "frame": np.empty(0, dtype=np.int32),
            "state": np.empty(0, dtype=np.uint64),
            "text": np.empty(0, dtype=np.int32),
            "tier": np.empty(0, dtype=np.int8),
            "flags": np.empty(0, dtype=np.uint8),
            "alive": np.empty(0, dtype=np.bool_),
        }

    def __len__(self) -> int:
        return self._size

    def __contains__(self, object_id: str) -> bool:
        return object_id in self.rows

    def column(self, name: str) -> npt.NDArray[Any]:
        """A view of one column."""
        return self._columns[name][: self._size]

    # Writing.

    def put(self, entry: Entry, *, tier: int | None = None) -> None:
        """Write an object's row; its tier, if given, else a new row is of the archive and another keeps its own."""
        self.put_all([entry])
        if tier is not None:
            self.set_tier(entry.state.object_id, tier)

    def put_all(self, entries: Sequence[Entry]) -> None:
        """Write the rows of several objects; new ones are of the archive."""
        if not entries:
            return
        rows: list[int] = []
        for entry in entries:
            state = entry.state
            row = self.rows.get(state.object_id)
            label = self.labels.of(state.label)
            if row is None:
                row = self._allocate(state.object_id)
                self._enlist(row, label)
            elif self._label_of[row] != label:
                self._delist(row)
                self._enlist(row, label)
            self._grid.put(row, state.position[0], state.position[1])
            self.sensors[row] = state.sensor_id
            rows.append(row)
        columns, states = self._columns, [entry.state for entry in entries]
        columns["position"][rows] = [s.position for s in states]
        columns["stamp"][rows] = [s.stamp for s in states]
        columns["size"][rows] = [s.size or _UNKNOWN for s in states]
        columns["covariance"][rows] = [s.covariance or _UNKNOWN_COVARIANCE for s in states]
        columns["epoch"][rows] = [entry.epoch for entry in entries]
        columns["label"][rows] = [self._label_of[row] for row in rows]
        columns["parent"][rows] = [-1 if s.parent is None else self.parents.of(s.parent) for s in states]
        columns["map"][rows] = [self.maps.of(entry.map_id) for entry in entries]
        columns["frame"][rows] = [self.frames.of(s.frame_id) for s in states]
        columns["state"][rows] = [self.mask(s.states) for s in states]
        columns["flags"][rows] = [entry.flags for entry in entries]
        columns["text"][rows] = -1
        self.changes += 1

    def set_tier(self, object_id: str, tier: int) -> None:
        """Move an object to another tier."""
        self._columns["tier"][self.rows[object_id]] = tier

    def set_parent(self, object_id: str, parent: str | None) -> None:
        """Put an object on or in another one."""
        row = self.rows[object_id]
        self._columns["parent"][row] = -1 if parent is None else self.parents.of(parent)
        self._columns["text"][row] = -1
        self.changes += 1

    def fill(
        self,
        ids: Sequence[str],
        kinds: Sequence[Kind],
        kind: npt.NDArray[np.intp],
        parents: Sequence[str | None],
        sensors: Sequence[str | None],
        numbers: npt.NDArray[Any],
    ) -> None:
        """Write the rows of a whole file at once, as of the archive, into columns that have none yet.

        Args:
            ids: Of the objects.
            kinds: What is the same for many of them.
            kind: Of each object, its index in `kinds`.
            parents: What they are on or in.
            sensors: Their newest sensor ids.
            numbers: Their numbers, see `NUMBERS`.
        """
        count = len(ids)
        if not count:
            return
        self._grow(count)
        self._size = count
        columns = self._columns
        for name in ("position", "stamp", "size", "covariance", "epoch", "flags"):
            columns[name][:count] = numbers[name]
        labels = np.array([self.labels.of(k.label) for k in kinds])[kind]
        columns["label"][:count] = labels
        columns["map"][:count] = np.array([self.maps.of(k.map_id) for k in kinds])[kind]
        columns["frame"][:count] = np.array([self.frames.of(k.frame_id) for k in kinds])[kind]
        columns["state"][:count] = np.array([self.mask(k.states) for k in kinds], dtype=np.uint64)[kind]
        columns["parent"][:count] = -1
        on = [row for row, parent in enumerate(parents) if parent is not None]
        columns["parent"][on] = [self.parents.of(parents[row] or "") for row in on]
        columns["text"][:count] = -1
        columns["tier"][:count] = ARCHIVE
        columns["alive"][:count] = True
        self.ids = list(ids)
        self.sensors = list(sensors)
        self._label_of = labels.tolist()
        self.rows = dict(zip(ids, range(count), strict=True))
        for code in np.unique(labels).tolist():
            self._by_label[code] = dict.fromkeys(np.flatnonzero(labels == code).tolist())
        self._grid.fill(columns["position"][:count])
        self.changes += 1

    def drop(self, object_id: str) -> None:
        """Give up an object's row."""
        row = self.rows.pop(object_id)
        self._delist(row)
        self._grid.drop(row)
        self.ids[row] = ""
        self.sensors[row] = None
        for column in self._columns.values():
            column[row] = 0
        self._free.append(row)
        self.changes += 1

    # Looking up.

    def count_of(self, label: int | None) -> int:
        """How many objects there are of a class, by its code."""
        return len(self._by_label.get(label, ())) if label is not None else 0

    def rows_of(self, labels: Iterable[int]) -> Rows:
        """Rows of all objects of some classes, by the classes' codes."""
        parts = [self._rows_of(label) for label in labels if label in self._by_label]
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.intp)

    def rows_near(self, x: float, y: float, radius: float) -> Rows | None:
        """Rows of all objects that may be within a radius of a place, and of some farther; None if it is too large."""
        rows = self._grid.within(x, y, radius)
        return None if rows is None else np.array(rows, dtype=np.intp)

    def cells_near(self, x: float, y: float, reach: int) -> list[int]:
        """Rows of all objects in the cells up to `reach` around that of a place."""
        return self._grid.near(x, y, reach)

    def of_label_near(self, label: int, x: float, y: float, reach: int) -> list[int]:
        """The same, of one class."""
        label_of = self._label_of
        return [row for row in self._grid.near(x, y, reach) if label_of[row] == label]

    def label_of(self, row: int) -> str:
        """Class of a row's object."""
        return self.labels.names[self._label_of[row]]

    def mask(self, states: Iterable[str]) -> int:
        """States as bits; ``filled:coffee`` sets the bits of both ``filled`` and itself."""
        key = states if isinstance(states, frozenset) else frozenset(states)
        bits = self._masks.get(key)
        if bits is None:
            bits = 0
            for state in sorted(key):
                bits |= self._bit(state)
                base, colon, _ = state.partition(":")
                if colon:
                    bits |= self._bit(base)
            self._masks[key] = bits
        return bits

    def _rows_of(self, label: int) -> Rows:
        rows = self._label_rows.get(label)
        if rows is None:
            rows = self._label_rows[label] = np.array(sorted(self._by_label[label]), dtype=np.intp)
        return rows

    def _bit(self, state: str) -> int:
        code = self.states.of(state)
        # 64 different states are more than any home has; further ones share the last bit.
        return 1 << min(code, 63)

    def _enlist(self, row: int, label: int) -> None:
        self._label_of[row] = label
        self._by_label.setdefault(label, {})[row] = None
        self._label_rows.pop(label, None)

    def _delist(self, row: int) -> None:
        label = self._label_of[row]
        rows = self._by_label[label]
        del rows[row]
        if not rows:
            del self._by_label[label]
        self._label_rows.pop(label, None)

    def _allocate(self, object_id: str) -> int:
        if self._free:
            row = self._free.pop()
            self.ids[row] = object_id
        else:
            row = self._size
            self._grow(row + 1)
            self._size += 1
            self.ids.append(object_id)
            self.sensors.append(None)
            self._label_of.append(-1)
        self.rows[object_id] = row
        self._columns["alive"][row] = True
        self._columns["tier"][row] = ARCHIVE
        return row

    def _grow(self, size: int) -> None:
        if size <= self._room:
            return
        # By half: doubling would leave half of the memory unused on average at the sizes that matter.
        self._room = max(256, size, self._room + self._room // 2)
        for name, column in self._columns.items():
            grown = np.zeros((self._room, *column.shape[1:]), dtype=column.dtype)
            grown[: self._size] = column[: self._size]
            self._columns[name] = grown
