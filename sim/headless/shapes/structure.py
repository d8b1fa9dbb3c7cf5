"""What a room is made of: counter tops, floors, walls and ceilings."""

from __future__ import annotations

from collections.abc import Sequence

from sim.headless import materials as m
from sim.headless.materials import Paint, pick
from sim.headless.shapes.appearance import SLAB, Appearance, Box, Size, resting_level
from sim.headless.shapes.carving import carve
from sim.headless.shapes.mesh import Mesh, Sketch

__all__ = ["SHAPES", "slab"]

_FLOORS = {
    "Kitchen": (m.TILE, m.PLANKS, m.PLANKS),
    "LivingRoom": (m.PLANKS, m.CARPET),
    "Bedroom": (m.CARPET, m.PLANKS),
    "Bathroom": (m.TILE, Paint((0.66, 0.72, 0.74), m.Pattern.TILES)),
}
_WALLS = {
    "Kitchen": (Paint((0.88, 0.83, 0.7)), Paint((0.8, 0.85, 0.82)), Paint((0.9, 0.88, 0.84))),
    "LivingRoom": (Paint((0.84, 0.8, 0.7)), Paint((0.78, 0.8, 0.78))),
    "Bedroom": (Paint((0.76, 0.81, 0.86)), Paint((0.86, 0.8, 0.76)), Paint((0.82, 0.84, 0.76))),
    "Bathroom": (Paint((0.82, 0.88, 0.9)), Paint((0.88, 0.87, 0.8))),
}


def counter_top(k: Sketch, s: Size, a: Appearance) -> None:
    """A stone slab at the level at which things rest on it, open above sinks."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    stone = pick((m.GRANITE, m.MARBLE, m.DARK_STONE), a.seed)
    top = resting_level(s, a)
    bottom = min(-y, top - SLAB)
    sinks = [(*c[:1], bottom - 1.0, *c[2:4], top + 1.0, c[5]) for c in a.cavities if c[1] < top]
    whole = (-0.98 * x, -0.98 * z, 0.98 * x, 0.98 * z)  # what lowers the level is no hole
    holes = [c for c in sinks if c[0] > whole[0] or c[2] > whole[1] or c[3] < whole[2] or c[5] < whole[3]]
    carve(k, (-x, bottom, -z), (x, top, z), holes, stone)


def floor(k: Sketch, s: Size, a: Appearance) -> None:
    """The floor, of wood, tiles or carpet."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = m.CARPET if "Fabric" in a.materials else m.PLANKS if "Wood" in a.materials else m.TILE
    k.box((-x, -y, -z), (x, y, z), paint)


def slab(
    kind: str,
    low: Sequence[float],
    high: Sequence[float],
    *,
    room_kind: str = "",
    seed: int = 0,
    holes: Sequence[Box] = (),
) -> Mesh:
    """A wall, ceiling or floor.

    Args:
        kind: ``"wall"``, ``"ceiling"`` or ``"floor"``.
        low: Least corner, metres, in the frame in which the mesh is wanted.
        high: Greatest corner.
        room_kind: ``"Kitchen"``, ``"LivingRoom"``, ``"Bedroom"`` or ``"Bathroom"``; colours the slab.
        seed: Picks among a room kind's colours.
        holes: Boxes cut out of it: windows and doors.
    """
    paint = Paint((0.93, 0.93, 0.91))
    if kind == "wall":
        paint = pick(_WALLS.get(room_kind, (Paint((0.86, 0.84, 0.79)),)), seed)
    elif kind == "floor":
        paint = pick(_FLOORS.get(room_kind, (m.PLANKS,)), seed)
    sketch = Sketch()
    carve(sketch, low, high, holes, paint)
    if kind == "wall":
        base = min(high[1], low[1] + 0.1)
        grow = 0.012
        carve(
            sketch,
            (low[0] - grow, low[1], low[2] - grow),
            (high[0] + grow, base, high[2] + grow),
            holes,
            m.WHITE,
        )
    return sketch.mesh()


SHAPES = {"CounterTop": counter_top, "Floor": floor}
"""Builder of each object type."""
