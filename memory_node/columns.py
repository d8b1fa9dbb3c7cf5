"""What recall scores, laid out in columns, so that ten thousand objects are scored by a few vector operations."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from scene_graph.types import ObjectState

__all__ = ["ARCHIVE", "LONG", "SHORT", "TIERS", "Codes", "Columns"]

SHORT, LONG, ARCHIVE = 0, 1, 2
TIERS = ("short", "long", "archive")
"""Names of the tiers, by their code."""

_CELL = 2.0
"""Metres of a cell of the grid over places."""

_STALE, _PROVISIONAL, _HELD, _RETIRED = 1, 2, 4, 8


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


class Columns:
    """One row an object: place, time, class, states, tier. Rows of forgotten objects are used again.

    All columns have the same length, `len(self)`; rows that are not in use have `alive` False.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.rows: dict[str, int] = {}
        self.labels = Codes()
        self.states = Codes()
        self.parents = Codes()
        self.maps = Codes()
        self._by_label: dict[int, dict[int, None]] = {}
        self._by_cell: dict[tuple[int, int], dict[int, None]] = {}
        self._cell_of: dict[int, tuple[int, int]] = {}
        self._free: list[int] = []
        self._size = 0
        self._room = 0
        self._columns: dict[str, npt.NDArray[Any]] = {
            "position": np.empty((0, 3), dtype=np.float64),
            "stamp": np.empty(0, dtype=np.float64),
            "epoch": np.empty(0, dtype=np.int32),
            "label": np.empty(0, dtype=np.int32),
            "parent": np.empty(0, dtype=np.int32),
            "map": np.empty(0, dtype=np.int32),
            "state": np.empty(0, dtype=np.uint64),
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

    def put(self, state: ObjectState, *, epoch: int, map_id: str, tier: int, retired: bool = False) -> int:
        """Write an object's row; returns its number."""
        row = self.rows.get(state.object_id)
        label = self.labels.of(state.label)
        columns = self._columns
        if row is None:
            row = self._allocate(state.object_id)
            columns = self._columns
            self._by_label.setdefault(label, {})[row] = None
        elif columns["label"][row] != label:
            del self._by_label[int(columns["label"][row])][row]
            self._by_label.setdefault(label, {})[row] = None
        self._file(row, (math.floor(state.position[0] / _CELL), math.floor(state.position[1] / _CELL)))
        columns["position"][row] = state.position
        columns["stamp"][row] = state.stamp
        columns["epoch"][row] = epoch
        columns["label"][row] = label
        columns["parent"][row] = -1 if state.parent is None else self.parents.of(state.parent)
        columns["map"][row] = self.maps.of(map_id)
        columns["state"][row] = self.mask(state.states)
        columns["tier"][row] = tier
        columns["flags"][row] = (
            _STALE * state.stale | _PROVISIONAL * state.provisional | _HELD * state.held | _RETIRED * retired
        )
        return row

    def set_tier(self, object_id: str, tier: int) -> None:
        """Move an object to another tier."""
        self._columns["tier"][self.rows[object_id]] = tier

    def rows_of(self, labels: Iterable[int]) -> npt.NDArray[np.intp]:
        """Rows of all objects of some classes, by the classes' codes."""
        return _array([row for label in labels for row in self._by_label.get(label, ())])

    def rows_near(self, x: float, y: float, radius: float) -> npt.NDArray[np.intp] | None:
        """Rows of all objects that may be within a radius of a place, and of some farther; None if it is too large."""
        reach = math.ceil(radius / _CELL)
        if (2 * reach + 1) ** 2 > max(16, len(self._by_cell) // 4):
            return None
        column, row = math.floor(x / _CELL), math.floor(y / _CELL)
        found: list[int] = []
        for i in range(column - reach, column + reach + 1):
            for j in range(row - reach, row + reach + 1):
                found.extend(self._by_cell.get((i, j), ()))
        return _array(found)

    def drop(self, object_id: str) -> None:
        """Give up an object's row."""
        row = self.rows.pop(object_id)
        del self._by_label[int(self._columns["label"][row])][row]
        del self._by_cell[self._cell_of.pop(row)][row]
        self.ids[row] = ""
        for name, column in self._columns.items():
            column[row] = np.zeros((), dtype=column.dtype) if name != "position" else 0.0
        self._free.append(row)

    def mask(self, states: Iterable[str]) -> int:
        """States as bits; ``filled:coffee`` sets the bits of both ``filled`` and itself."""
        bits = 0
        for state in states:
            bits |= self._bit(state)
            base, colon, _ = state.partition(":")
            if colon:
                bits |= self._bit(base)
        return bits

    def flagged(self, *, stale: bool = False, provisional: bool = False, retired: bool = False) -> int:
        """The bits of flags in the column of that name."""
        return _STALE * stale | _PROVISIONAL * provisional | _RETIRED * retired

    def _file(self, row: int, cell: tuple[int, int]) -> None:
        known = self._cell_of.get(row)
        if known == cell:
            return
        if known is not None:
            del self._by_cell[known][row]
            if not self._by_cell[known]:
                del self._by_cell[known]
        self._by_cell.setdefault(cell, {})[row] = None
        self._cell_of[row] = cell

    def _bit(self, state: str) -> int:
        code = self.states.of(state)
        # 64 different states are more than any home has; further ones share the last bit.
        return 1 << min(code, 63)

    def _allocate(self, object_id: str) -> int:
        if self._free:
            row = self._free.pop()
            self.ids[row] = object_id
        else:
            row = self._size
            if row == self._room:
                self._room = max(256, 2 * self._room)
                for name, column in self._columns.items():
                    grown = np.zeros((self._room, *column.shape[1:]), dtype=column.dtype)
                    grown[: self._size] = column[: self._size]
                    self._columns[name] = grown
            self._size += 1
            self.ids.append(object_id)
        self.rows[object_id] = row
        self._columns["alive"][row] = True
        return row


def _array(rows: list[int]) -> npt.NDArray[np.intp]:
    return np.array(sorted(rows), dtype=np.intp)
