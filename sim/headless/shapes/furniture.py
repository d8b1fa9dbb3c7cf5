"""Seats, tables, beds: furniture that stands open in the room. Fronts face +z."""

from __future__ import annotations

from dataclasses import replace

from sim.headless import materials as m
from sim.headless.materials import Paint, pick, tint
from sim.headless.shapes.appearance import Appearance, Size, resting_level
from sim.headless.shapes.carving import carve
from sim.headless.shapes.mesh import Sketch

__all__ = ["SHAPES"]


def _legs(k: Sketch, x: float, z: float, lo: float, hi: float, thick: float, paint: Paint) -> None:
    for sx in (-1, 1):
        for sz in (-1, 1):
            k.box((sx * x, lo, sz * z), (sx * (x - thick), hi, sz * (z - thick)), paint)


def table(k: Sketch, s: Size, a: Appearance) -> None:
    """A top on four legs; with cavities (drawers, shelves, cabinets in it) a carcass around them."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    solid = tuple(name for name in a.materials if name != "Glass")
    wood = m.main_paint(solid, a.seed, pick(m.WOODS, a.seed) if solid == a.materials else m.STEEL)
    top = min(0.045, s[1] * 0.25)
    if any(c[4] < y for c in a.cavities):
        storage(k, s, a)
        return
    y = resting_level(s, a)
    if s[1] < 0.12:
        k.box((-x, min(-s[1] / 2, y - 0.02), -z), (x, y, z), wood)
        return
    if "Glass" in a.materials:
        k.box((-x, y - 0.02, -z), (x, y, z), m.GLASS)
        k.box((-x + 0.02, y - 0.05, -z + 0.02), (x - 0.02, y - 0.02, z - 0.02), tint(wood, 0.9))
    elif abs(s[0] - s[2]) < 0.03 and a.seed % 3 == 0 and s[0] < 1.3:
        k.cylinder((0, y - top, 0), x, top, wood, segments=28)
        k.cylinder((0, -y, 0), min(0.3, x * 0.7), 0.03, tint(wood, 0.8), segments=20)
        k.cylinder((0, -y + 0.03, 0), 0.05, s[1] - top - 0.03, tint(wood, 0.85))
        return
    else:
        k.box((-x, y - top, -z), (x, y, z), wood)
        rail = min(0.08, s[1] * 0.15)
        e = min(0.03, x * 0.1)
        k.box((-x + e, y - top - rail, -z + e), (x - e, y - top, z - e), tint(wood, 0.86))
    thick = min(0.07, 0.12 * min(s[0], s[2]))
    _legs(k, x - 0.02, z - 0.02, -y, y - top, thick, tint(wood, 0.8))


def desk(k: Sketch, s: Size, a: Appearance) -> None:
    """A desk: with drawers, a carcass around them with knee room in the widest gap; above the top only a hutch."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    if not any(c[4] < y for c in a.cavities):
        table(k, s, a)
        return
    writing = min(y, -y + 0.78)
    spans = sorted((c[0], c[3]) for c in a.cavities if c[1] < writing - 0.1)
    edges = [-x, *(end for _, end in spans)]
    reach = [max(edges[: i + 1]) for i in range(len(edges))]
    starts = [*(start for start, _ in spans), x]
    gap, low = max((start - end, end) for start, end in zip(starts, reach, strict=True))
    extra = []
    if gap > 0.3:
        extra.append((low + 0.02, -y - 0.01, -z + 0.02, low + gap - 0.02, writing - 0.05, z + 0.01))
    if writing < y - 0.2:
        extra.append((-x - 0.01, writing, -0.1 * z, x + 0.01, y + 0.01, z + 0.01))
    storage(k, s, replace(a, cavities=(*a.cavities, *extra)))


def storage(k: Sketch, s: Size, a: Appearance) -> None:
    """A piece with drawers, cupboards or shelves: a carcass hollow where they are, on short feet."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    wood = m.main_paint(a.materials, a.seed, pick((*m.WOODS, m.WHITE_WOOD), a.seed))
    lowest = min((c[1] for c in a.cavities if c[4] < y), default=-y + 0.1)
    foot = max(-y, lowest - 0.02)
    if not a.cavities:
        k.box((-x, foot, -z), (x, y, z), wood)
        rows = 3
        for row in range(rows):
            lo = foot + (y - foot) * row / rows + 0.015
            hi = foot + (y - foot) * (row + 1) / rows - 0.015
            k.box((-x + 0.02, lo, z - 0.005), (x - 0.02, hi, z), tint(wood, 0.85))
            k.ellipsoid((0, (lo + hi) / 2, z), (0.015, 0.015, 0.015), m.DARK_STEEL, segments=6, rings=4)
    else:
        carve(k, (-x, foot, -z), (x, y, z), a.cavities, wood)
    if foot > -y + 0.005:
        _legs(k, x - 0.01, z - 0.01, -y, foot, 0.05, tint(wood, 0.7))


def shelving(k: Sketch, s: Size, a: Appearance) -> None:
    """Open shelves: uprights and boards at the shelves' levels."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    wood = m.main_paint(a.materials, a.seed, m.OAK)
    t = 0.025
    # boards no deeper than the shelves, and no back: either may hide what stands on them
    shelves = a.cavities or [(-x, -y + 0.08 + i * (s[1] - 0.1) / 4, -z, x, y, z) for i in range(4)]
    for c in shelves:
        k.box((max(-x, c[0]), c[1] - t, max(-z, c[2])), (min(x, c[3]), c[1], min(z, c[5])), wood)
    k.box((-x, y - t, max(-z, min(c[2] for c in shelves))), (x, y, min(z, max(c[5] for c in shelves))), wood)
    if "Metal" in a.materials:
        _legs(k, x, z, -y, y, t, m.DARK_STEEL)
    else:
        # uprights at the ends of the longer side: elsewhere they would stand before the shelves
        end = (t, s[1], s[2]) if x >= z else (s[0], s[1], t)
        for at in ((-x, -y, -z), (x - end[0], -y, z - end[2])):
            k.box(at, (at[0] + end[0], at[1] + end[1], at[2] + end[2]), wood)


def shelf(k: Sketch, s: Size, a: Appearance) -> None:
    """One shelf: its box is the room above the board, so only the board is drawn, too thin to bury a flat thing."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    t = min(0.003, s[1])
    k.box((-x, -y, -z), (x, -y + t, z), pick((m.WHITE_WOOD, m.OAK, m.WALNUT), a.seed))


def chair(k: Sketch, s: Size, a: Appearance) -> None:
    """A seat on four legs with a back at −z."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    wood = m.main_paint(tuple(n for n in a.materials if n != "Fabric"), a.seed, m.OAK)
    seat = -y + min(0.47, 0.52 * s[1])
    t = min(0.05, 0.1 * s[0])
    cover = pick(m.FABRICS, a.seed) if "Fabric" in a.materials else wood
    k.cushion((-x, seat - 0.055, -z), (x, seat, z), cover, roundness=0.15)
    _legs(k, x, z, -y, seat - 0.04, t, wood)
    for sx in (-1, 1):
        k.box((sx * x, seat, -z), (sx * (x - t), y, -z + t), wood)
    if "Fabric" in a.materials:
        k.cushion((-x + t, seat + 0.1, -z), (x - t, y, -z + 0.06), cover, roundness=0.2)
    else:
        k.box((-x + t, y - 0.1, -z), (x - t, y, -z + 0.03), wood)
        for i in range(4):
            c = (-0.6 + 0.4 * i) * (x - t)
            k.box((c - 0.015, seat, -z + 0.005), (c + 0.015, y - 0.1, -z + 0.025), tint(wood, 0.92))


def stool(k: Sketch, s: Size, a: Appearance) -> None:
    """A round seat on four splayed legs with a foot ring."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    wood = m.main_paint(a.materials, a.seed, m.OAK)
    r = min(x, z)
    k.cylinder((0, y - 0.05, 0), r * 0.85, 0.05, wood, segments=18)
    for sx in (-1, 1):
        for sz in (-1, 1):
            k.tube([(sx * r * 0.5, y - 0.05, sz * r * 0.5), (sx * r * 0.68, -y, sz * r * 0.68)], 0.02, tint(wood, 0.8))
    low = -y + 0.3 * s[1]
    k.box((-r * 0.6, low, -0.012), (r * 0.6, low + 0.025, 0.012), tint(wood, 0.75))
    k.box((-0.012, low, -r * 0.6), (0.012, low + 0.025, r * 0.6), tint(wood, 0.75))


def _upholstery(a: Appearance) -> Paint:
    if "Leather" in a.materials or (a.seed % 5 == 0 and "Fabric" not in a.materials):
        return m.BLACK_LEATHER
    return pick((m.GREY_FABRIC, m.BROWN_FABRIC, m.CREAM_FABRIC, m.BLUE_FABRIC), a.seed)


def sofa(k: Sketch, s: Size, a: Appearance) -> None:
    """A sofa or armchair: base, back, two arms, one seat cushion for every 0.75 m."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    fabric = _upholstery(a)
    arm = min(0.22, 0.16 * s[0] + 0.03)
    back = min(0.26, 0.28 * s[2])
    seat = min(-y + min(0.45, 0.48 * s[1]), max(-y + 0.2, resting_level(s, a)))
    k.box((-x + 0.02, -y + 0.06, -z + 0.02), (x - 0.02, seat - 0.12, z - 0.02), tint(fabric, 0.8))
    k.cushion((-x, -y + 0.05, -z), (x, y, -z + back), fabric, roundness=0.2)
    for sx in (-1, 1):
        k.cushion((sx * x, -y + 0.05, -z), (sx * (x - arm), seat + 0.2 * s[1], z), tint(fabric, 0.95), roundness=0.22)
    seats = max(1, round((s[0] - 2 * arm) / 0.75))
    width = (s[0] - 2 * arm) / seats
    for i in range(seats):
        lo = -x + arm + i * width
        k.cushion((lo, seat - 0.17, -z + back - 0.05), (lo + width, seat, z), tint(fabric, 1.06), roundness=0.25)
        k.cushion(
            (lo + 0.02, seat - 0.02, -z + back - 0.08),
            (lo + width - 0.02, y - 0.04, -z + back + 0.1),
            tint(fabric, 1.02),
            roundness=0.3,
        )
    _legs(k, x - 0.03, z - 0.03, -y, -y + 0.07, 0.05, m.WALNUT)


def ottoman(k: Sketch, s: Size, a: Appearance) -> None:
    """A padded stool without a back."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    fabric = _upholstery(a)
    k.cushion((-x, -y + 0.22 * s[1], -z), (x, y, z), fabric, roundness=0.2)
    _legs(k, x - 0.02, z - 0.02, -y, -y + 0.4 * s[1], 0.05, m.WALNUT)


def bed(k: Sketch, s: Size, a: Appearance) -> None:
    """A frame with a headboard at −z, a mattress with a place for pillows, and a blanket; unmade when dirty."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    wood = pick(m.WOODS, a.seed)
    cover = pick((m.BLUE_FABRIC, m.CREAM_FABRIC, m.GREY_FABRIC, m.RED_FABRIC, m.GREEN_FABRIC), a.seed)
    top = resting_level(s, a)
    if top == y or top < -y + 0.2:
        top = min(y, -y + min(0.62, 0.62 * s[1]))
    foot = max(-y + 0.1, top - 0.6)  # a loft bed stands on posts, with room below
    k.box((-x, foot - 0.1, -z), (x, y, -z + 0.06), wood)
    k.box((-x, foot, -z + 0.06), (x, top - 0.24, z), tint(wood, 0.92))
    k.box((-x, foot - 0.1, z - 0.06), (x, top - 0.1, z), tint(wood, 0.95))
    _legs(k, x, z, -y, foot + 0.02, 0.08, tint(wood, 0.7))
    sheet = top - (0.09 if a.dirty else 0.03)  # what lies on the bed lies on the blanket
    k.cushion((-x + 0.02, sheet - 0.23, -z + 0.06), (x - 0.02, sheet, z - 0.06), m.WHITE_FABRIC, roundness=0.15)
    fold = -z + 0.06 + 0.3 * s[2]
    if a.dirty:  # unmade: the blanket lies askew in a heap, the sheet bare beside it
        k.turn(17, (0, top, 0.2 * z))
        k.cushion((-0.75 * x, top - 0.16, fold - 0.1), (0.9 * x, top - 0.04, 0.78 * z), cover, roundness=0.3)
        k.turn(-24, (0, top, 0))
        k.cushion((-0.6 * x, top - 0.15, -0.1 * z), (0.5 * x, top - 0.005, 0.3 * z), tint(cover, 0.93), roundness=0.5)
        k.cushion((0.1 * x, top - 0.15, 0.2 * z), (0.85 * x, top - 0.01, 0.6 * z), tint(cover, 1.07), roundness=0.5)
        k.turn(0)
        return
    k.cushion((-x, top - 0.25, fold), (x, top - 0.008, z - 0.03), cover, roundness=0.12)
    k.box((-x + 0.01, top - 0.05, fold), (x - 0.01, top - 0.003, fold + 0.14), tint(m.WHITE_FABRIC, 0.92))


def dog_bed(k: Sketch, s: Size, a: Appearance) -> None:
    """A round padded rim about a low cushion."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    fabric = pick((m.BROWN_FABRIC, m.GREY_FABRIC, m.BLUE_FABRIC), a.seed)
    r = 1.0
    k.lathe(
        [(0, -y), (r * 0.9, -y), (r, 0), (r * 0.9, y), (r * 0.76, y * 0.6), (r * 0.7, -y * 0.2), (0, 0)],
        fabric,
        segments=24,
        stretch=(x, z),
    )
    k.cylinder((0, -y * 0.2, 0), r * 0.72, s[1] * 0.15, m.CREAM_FABRIC, segments=20, stretch=(x, z))


SHAPES = {
    "ArmChair": sofa,
    "Bed": bed,
    "Chair": chair,
    "CoffeeTable": table,
    "Desk": desk,
    "DiningTable": table,
    "DogBed": dog_bed,
    "Dresser": storage,
    "Footstool": ottoman,
    "Ottoman": ottoman,
    "Shelf": shelf,
    "ShelvingUnit": shelving,
    "SideTable": table,
    "Sofa": sofa,
    "Stool": stool,
    "TVStand": storage,
}
"""Builder of each object type."""
