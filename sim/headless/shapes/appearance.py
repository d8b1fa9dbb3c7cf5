"""What of an object's state and surroundings shapes its looks."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CORNERED", "SLAB", "Appearance", "Box", "Size", "resting_level"]

CORNERED = frozenset(["Blinds", "Curtains", "Mirror", "ShowerCurtain", "ShowerGlass", "Window"])
"""Panels that may run around a corner: their footprint then holds one rectangle for each."""

SLAB = 0.025
"""Least thickness of a counter top, metres."""

Size = tuple[float, float, float]
"""Extents (x, y, z) in metres."""

Box = tuple[float, float, float, float, float, float]
"""Lower and upper corner (x0, y0, z0, x1, y1, z1), metres."""


@dataclass(frozen=True)
class Appearance:
    """What of an object's state can be seen, and how it is built in.

    Attributes:
        openness: 0 closed … 1 open.
        on: Switched on.
        sliced: Cut (or cracked, for an egg).
        cooked: Cooked.
        dirty: Dirty.
        broken: Broken.
        filled: Name of the liquid in it, as in AI2-THOR ("water", "coffee", "wine"), or None.
        used_up: Used up, as a roll of paper.
        materials: AI2-THOR's salient materials, e.g. ("Wood",).
        seed: Picks among the colours that things of this type come in.
        facing: Quarter turns, clockwise from above, from +z to where the front faces: 0 +z, 1 +x, 2 −z, 3 −x.
        box_openness: Openness at which the box was measured: recorded laptops and cartons stand open.
        cavities: Room that other objects take up inside this one's box (drawers in a dresser, a sink in a
            counter top): boxes in its box-centred frame. They stay hollow.
            One over the whole of the box says that things rest on its bottom, below the box's top.
        footprint: For panels that run around a corner (`CORNERED`): the rectangle (x0, z0, x1, z1) of each, same frame;
            empty for a straight one.
    """

    openness: float = 0.0
    on: bool = False
    sliced: bool = False
    cooked: bool = False
    dirty: bool = False
    broken: bool = False
    filled: str | None = None
    used_up: bool = False
    materials: tuple[str, ...] = ()
    seed: int = 0
    facing: int = 0
    box_openness: float = 0.0
    cavities: tuple[Box, ...] = ()
    footprint: tuple[tuple[float, float, float, float], ...] = ()


def resting_level(size: Size, appearance: Appearance) -> float:
    """The height, in the box-centred frame, at which things rest on a top: the box's top unless a cavity lowers it."""
    x, y, z = (0.49 * extent for extent in size)
    lowered = [c[1] for c in appearance.cavities if c[0] < -x and c[2] < -z and c[3] > x and c[5] > z and c[4] > y]
    return min(lowered, default=size[1] / 2)
