"""Cuts doors out of walls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from sim.headless.geometry import Array
from sim.headless.rooms import Wall

__all__ = ["Opening", "cut_openings"]


@dataclass(frozen=True)
class Opening:
    """A box of air through one or more walls.

    Attributes:
        low: Least corner (x, y, z), metres.
        high: Greatest corner.
    """

    low: Array
    high: Array


def cut_openings(walls: Iterable[Wall], openings: Iterable[Opening]) -> tuple[Wall, ...]:
    """The walls with the openings taken out; a wall that one goes through falls into pieces beside and above it."""
    pieces = list(walls)
    for opening in openings:
        pieces = [part for wall in pieces for part in (_cut(wall, opening) if wall.kind == "wall" else [wall])]
    return tuple(pieces)


def _cut(wall: Wall, opening: Opening) -> list[Wall]:
    low, high = np.array(wall.low), np.array(wall.high)
    if not ((opening.low < high) & (opening.high > low)).all():
        return [wall]
    along = 0 if high[0] - low[0] >= high[2] - low[2] else 2
    a, b = max(opening.low[along], low[along]), min(opening.high[along], high[along])
    parts: list[Wall] = []
    for start, end, bottom, top in (
        (low[along], a, low[1], high[1]),
        (b, high[along], low[1], high[1]),
        (a, b, min(opening.high[1], high[1]), high[1]),
        (a, b, low[1], max(opening.low[1], low[1])),
    ):
        if end - start > 0.005 and top - bottom > 0.005:
            part_low, part_high = low.copy(), high.copy()
            part_low[along], part_high[along], part_low[1], part_high[1] = start, end, bottom, top
            name = f"{wall.name}|{len(parts)}"
            parts.append(replace(wall, name=name, low=tuple(part_low.tolist()), high=tuple(part_high.tolist())))
    return parts
