"""From an object's type, box and state to its mesh."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from sim.headless.shapes.mesh import Mesh, box

__all__ = ["Appearance", "build_mesh"]


@dataclass(frozen=True)
class Appearance:
    """What of an object's state can be seen.

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


def build_mesh(object_type: str, size: tuple[float, float, float], appearance: Appearance) -> Mesh:
    """The mesh of an object.

    Args:
        object_type: AI2-THOR object type, e.g. ``"Mug"``.
        size: Extents (x, y, z) of its axis-aligned box, metres.
        appearance: Its visible state.

    Returns:
        A mesh in the box-centred frame, y up, filling the box.
    """
    code = zlib.crc32(f"{object_type}{appearance.seed}".encode())
    color = tuple(0.3 + 0.6 * ((code >> shift) & 255) / 255 for shift in (0, 8, 16))
    return box((0, 0, 0), size, (color[0], color[1], color[2]))
