"""Which rows are where: a sparse grid over the floor, for looking up what is near a place among many thousands."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["CELL", "Grid"]

CELL = 2.0
"""Metres of a cell's side."""

_WIDTH = 1 << 32  # cells a row of the plane: one integer a cell takes a third of the memory of a pair


class Grid:
    """Row numbers by the cell of their place; a row is in one cell, and heights do not matter."""

    def __init__(self) -> None:
        self._cells: dict[int, list[int]] = {}
        self._of: dict[int, int] = {}

    def __len__(self) -> int:
        """How many cells hold something."""
        return len(self._cells)

    def put(self, row: int, x: float, y: float) -> None:
        """File a row at a place (metres), wherever it was before."""
        cell = math.floor(x / CELL) * _WIDTH + math.floor(y / CELL)
        known = self._of.get(row)
        if known == cell:
            return
        if known is not None:
            self._leave(row, known)
        self._of[row] = cell
        rows = self._cells.get(cell)
        if rows is None:
            self._cells[cell] = [row]
        else:
            rows.append(row)

    def fill(self, positions: npt.NDArray[np.float64]) -> None:
        """File rows 0 to N − 1, of (N, 3) positions in metres, in a grid that has none yet."""
        columns = np.floor(positions[:, :2] / CELL).astype(np.int64)
        cells = (columns[:, 0] * _WIDTH + columns[:, 1]).tolist()
        self._of = dict(enumerate(cells))
        for row, cell in enumerate(cells):
            if cell in self._cells:
                self._cells[cell].append(row)
            else:
                self._cells[cell] = [row]

    def drop(self, row: int) -> None:
        """Take a row out."""
        self._leave(row, self._of.pop(row))

    def near(self, x: float, y: float, reach: int) -> list[int]:
        """Rows in the cell of a place and in those up to `reach` cells around it."""
        column, line = math.floor(x / CELL), math.floor(y / CELL)
        cells = self._cells
        found: list[int] = []
        for cell in range((column - reach) * _WIDTH + line, (column + reach) * _WIDTH + line + 1, _WIDTH):
            for place in range(cell - reach, cell + reach + 1):
                if place in cells:
                    found += cells[place]
        return found

    def within(self, x: float, y: float, radius: float) -> list[int] | None:
        """Rows that may be within a radius (metres) of a place, and some farther; None if that is most of them."""
        reach = math.ceil(radius / CELL)
        if (2 * reach + 1) ** 2 > max(16, len(self._cells) // 4):
            return None
        return self.near(x, y, reach)

    def _leave(self, row: int, cell: int) -> None:
        rows = self._cells[cell]
        rows.remove(row)
        if not rows:
            del self._cells[cell]
