"""Dishes, pots, bottles and cutlery. Vessels are hollow, so that their contents show."""

from __future__ import annotations

import math

from sim.headless import materials as m
from sim.headless.materials import Paint, pick, tint
from sim.headless.shapes.appearance import Appearance, Size
from sim.headless.shapes.mesh import Sketch

__all__ = ["SHAPES", "shards"]


def shards(k: Sketch, s: Size, paint: Paint) -> None:
    """Broken pieces lying about the floor of the box."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    reach = max(x, z, 0.04)
    for i in range(9):
        angle = 2.4 * i
        r = reach * (0.15 + 0.1 * i)
        px, pz = r * math.cos(angle), r * math.sin(angle)
        size = reach * (0.2 + 0.12 * ((i * 7) % 4))
        k.turn(37.0 * i, (px, -y, pz))
        thick = max(0.004, 0.06 * reach)
        corners = [(pz - size / 2, px - size / 3), (pz + size / 2, px - size / 4), (pz + size / 5, px + size / 2)]
        k.prism(corners, -y, -y + thick * (1 + i % 3), tint(paint, 0.9 + 0.05 * (i % 4)), axis="y")
    k.turn(0)


def _liquid(k: Sketch, a: Appearance, radius: float, level: float, stretch: tuple[float, float]) -> None:
    if a.filled:
        paint = m.LIQUIDS.get(a.filled, m.LIQUIDS["water"])
        k.cylinder((0, level - 0.004, 0), radius, 0.004, paint, segments=16, stretch=stretch)


def _handle(
    k: Sketch, x: float, lo: float, hi: float, reach: float, r: float, paint: Paint, *, along_z: bool = False
) -> None:
    middle = (lo + hi) / 2
    path = [
        (x, hi, 0.0),
        (x + 0.7 * reach, hi - 0.02 * (hi - lo), 0.0),
        (x + reach, middle, 0.0),
        (x + 0.7 * reach, lo, 0.0),
        (x, lo, 0.0),
    ]
    k.tube([(p[2], p[1], p[0]) for p in path] if along_z else path, r, paint, segments=6)


def mug(k: Sketch, s: Size, a: Appearance) -> None:
    """A thick cup with a handle along its longer side."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = pick((m.PORCELAIN, m.RED, m.BLUE, m.TEAL, m.YELLOW, m.CHARCOAL), a.seed)
    r = min(x, z) * 0.98
    along_z = z > x + 0.002
    centre = (0.0, 0.0, r - z) if along_z else (r - x, 0.0, 0.0)
    wall = 0.12 * r
    profile = [
        (0, -y),
        (0.9 * r, -y),
        (r, -y + 0.08 * s[1]),
        (r, y),
        (r - wall, y),
        (r - wall, -y + 0.1 * s[1]),
        (0, -y + 0.1 * s[1]),
    ]
    k.lathe(profile, paint, at=centre, segments=16)
    # the inside is white whatever the outside
    k.lathe(
        [(r - wall * 1.05, y - 0.002), (r - wall * 1.05, -y + 0.11 * s[1]), (0, -y + 0.11 * s[1])],
        m.PORCELAIN,
        at=centre,
        segments=16,
    )
    reach = max(0.25 * r, 2 * max(x, z) - 2 * r)
    start = centre[2] + r * 0.97 if along_z else centre[0] + r * 0.97
    _handle(k, start, -0.45 * y, 0.6 * y, reach * 0.95, 0.1 * r, paint, along_z=along_z)
    if a.filled:
        k.cylinder(
            (centre[0], 0.62 * y, centre[2]), r - wall, 0.004, m.LIQUIDS.get(a.filled, m.LIQUIDS["water"]), segments=16
        )


def cup(k: Sketch, s: Size, a: Appearance) -> None:
    """A tumbler, wider at the top."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = m.main_paint(a.materials, a.seed, m.GLASS)
    profile = [(0, -y), (0.72, -y), (1, y), (0.92, y), (0.64, -y + 0.06 * s[1]), (0, -y + 0.06 * s[1])]
    k.lathe(profile, paint, segments=16, stretch=(x, z))
    _liquid(k, a, 0.87, 0.7 * y, (x, z))


def bowl(k: Sketch, s: Size, a: Appearance) -> None:
    """A deep open bowl."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = m.main_paint(a.materials, a.seed, m.PORCELAIN)
    profile = [
        (0, -y),
        (0.45, -y),
        (0.5, -y + 0.06 * s[1]),
        (0.8, -0.25 * y),
        (1, y),
        (0.94, y),
        (0.74, -0.2 * y),
        (0.42, -y + 0.14 * s[1]),
        (0, -y + 0.1 * s[1]),
    ]
    k.lathe(profile, paint, segments=18, stretch=(x, z))
    _liquid(k, a, 0.8, 0.25 * y, (x, z))


def plate(k: Sketch, s: Size, a: Appearance) -> None:
    """A flat dish with a raised, coloured rim."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = pick((m.PORCELAIN, m.PORCELAIN, Paint((0.72, 0.82, 0.9)), m.BEIGE), a.seed)
    k.lathe(
        [(0, -y), (0.6, -y), (0.95, 0.6 * y), (1, y), (0.96, y), (0.62, -0.2 * y), (0, -0.2 * y)],
        paint,
        segments=22,
        stretch=(x, z),
    )
    k.lathe(
        [(0.99, y * 0.94), (0.99, y * 1.0), (0.93, y * 1.0), (0.93, y * 0.94)],
        tint(pick(m.BRIGHT, a.seed), 0.9),
        segments=22,
        stretch=(x, z),
    )


def _long_axis(s: Size) -> tuple[bool, float, float]:
    """Whether the thing lies along z, and its half length and half width."""
    return (True, s[2] / 2, s[0] / 2) if s[2] >= s[0] else (False, s[0] / 2, s[2] / 2)


def pan(k: Sketch, s: Size, a: Appearance) -> None:
    """A shallow pan, its handle along the longer side."""
    y = s[1] / 2
    along_z, long, r = _long_axis(s)
    paint = pick((m.CHARCOAL, m.DARK_STEEL, m.STEEL), a.seed)
    shift = long - r
    at = (0.0, 0.0, -shift) if along_z else (-shift, 0.0, 0.0)
    low = y if s[1] < 0.07 else 0.3 * y
    k.lathe(
        [(0, -y), (0.86 * r, -y), (r, low), (0.95 * r, low), (0.82 * r, -y + 0.008), (0, -y + 0.008)],
        paint,
        at=at,
        segments=20,
    )
    k.cylinder((at[0], -y + 0.008, at[2]), 0.8 * r, 0.002, m.BLACK, segments=18)
    start = -shift + r * 0.95
    t, h = 0.014, max(0.01, 0.3 * s[1])
    if along_z:
        k.box((-t, low - h, start), (t, low, long), m.BLACK)
    else:
        k.box((start, low - h, -t), (long, low, t), m.BLACK)
    if a.filled:
        k.cylinder(
            (at[0], -y + 0.012, at[2]), 0.84 * r, 0.004, m.LIQUIDS.get(a.filled, m.LIQUIDS["water"]), segments=18
        )


def pot(k: Sketch, s: Size, a: Appearance) -> None:
    """A deep pot with a handle at each end."""
    y = s[1] / 2
    along_z, long, r = _long_axis(s)
    paint = pick((m.STEEL, m.RED, m.DARK_STEEL, m.COPPER), a.seed)
    r = min(r, long * 0.82)
    k.lathe(
        [(0, -y), (0.94 * r, -y), (r, -y + 0.02), (r, y), (0.94 * r, y), (0.92 * r, -y + 0.012), (0, -y + 0.012)],
        paint,
        segments=20,
    )
    k.lathe([(0.93 * r, y - 0.002), (0.91 * r, -y + 0.014), (0, -y + 0.014)], m.STEEL, segments=20)
    t = 0.3 * r
    for side in (-1, 1):
        path = [
            (side * r * 0.95, 0.55 * y, -t),
            (side * long * 0.97, 0.55 * y, -t * 0.8),
            (side * long * 0.97, 0.55 * y, t * 0.8),
            (side * r * 0.95, 0.55 * y, t),
        ]
        k.tube([(p[2], p[1], p[0]) for p in path] if along_z else path, 0.009, m.BLACK)
    _liquid(k, a, 0.92 * r, 0.35 * y, (1.0, 1.0))


def kettle(k: Sketch, s: Size, a: Appearance) -> None:
    """A round body with a spout, a lid and a handle above; open, the lid stands up."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = pick((m.STEEL, m.RED, m.CHARCOAL), a.seed)
    h = s[1]
    k.lathe(
        [
            (0, -y),
            (0.85, -y),
            (0.92, -y + 0.12 * h),
            (0.6, 0.1 * h),
            (0.3, 0.16 * h),
            (0.26, 0.1 * h),
            (0.5, 0.0),
            (0, 0.0),
        ],
        paint,
        segments=18,
        stretch=(x * 0.9, z * 0.9),
    )
    k.turn(70 * a.openness, (x * 0.25, 0.16 * h, 0), axis="z")
    k.cylinder((0, 0.13 * h, 0), 0.32 * x, 0.05 * h, paint, top=0.1 * x, segments=14)
    k.ellipsoid((0, 0.21 * h, 0), (0.08 * x, 0.05 * h, 0.08 * x), m.BLACK, segments=8, rings=4)
    k.turn(0)
    k.tube([(0, -0.1 * h, z * 0.6), (0, 0.1 * h, z * 0.9), (0, 0.2 * h, z)], 0.1 * x, paint)
    k.tube(
        [(0, 0.1 * h, z * 0.55), (0, y - 0.02, z * 0.4), (0, y - 0.015, -z * 0.4), (0, 0.05 * h, -z * 0.75)],
        0.08 * x,
        m.BLACK,
    )


def bottle(k: Sketch, s: Size, a: Appearance) -> None:
    """A bottle with a neck; a filled one is coloured as its liquid up to the shoulder."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    glass = pick((GREEN_TINT, m.BROWN_GLASS, m.GLASS), a.seed)
    body = m.LIQUIDS.get(a.filled, glass) if a.filled else glass
    h = s[1]
    k.lathe([(0, -y), (0.95, -y), (1, -y + 0.03 * h), (1, 0.1 * h)], body, segments=14, stretch=(x, z))
    k.lathe(
        [(1, 0.1 * h), (0.45, 0.28 * h), (0.36, y), (0.28, y), (0.3, 0.25 * h), (0, 0.2 * h)],
        glass,
        segments=14,
        stretch=(x, z),
        sharp=0.4,
    )
    k.lathe(
        [(0.96, -y + 0.16 * h), (1.02, -y + 0.17 * h), (1.02, 0.0), (0.96, 0.01 * h)],
        m.PAPER,
        segments=14,
        stretch=(x, z),
    )


GREEN_TINT = Paint((0.45, 0.66, 0.5), m.Pattern.GLASS)


def wine_bottle(k: Sketch, s: Size, a: Appearance) -> None:
    """A dark green bottle with a long neck, a label and a foil cap."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    h = s[1]
    k.lathe(
        [(0, -y), (1, -y), (1, 0.12 * h), (0.38, 0.26 * h), (0.36, 0.42 * h), (0, 0.42 * h)],
        m.GREEN_GLASS,
        segments=14,
        stretch=(x, z),
    )
    k.cylinder((0, 0.36 * h, 0), 0.42, y - 0.36 * h, Paint((0.5, 0.1, 0.14)), segments=10, stretch=(x, z))
    k.lathe(
        [(0.98, -y + 0.14 * h), (1.03, -y + 0.14 * h), (1.03, 0.02 * h), (0.98, 0.02 * h)],
        m.PAPER,
        segments=14,
        stretch=(x, z),
    )


def _rod(k: Sketch, s: Size, start: float, end: float, wide: float, lo: float, hi: float, paint: Paint) -> None:
    """A bar along the longer side, from `start` to `end` of it (−1 … 1), `wide` of the shorter (0 … 1)."""
    along_z, long, side = _long_axis(s)
    if along_z:
        k.box((-wide * side, lo, start * long), (wide * side, hi, end * long), paint)
    else:
        k.box((start * long, lo, -wide * side), (end * long, hi, wide * side), paint)


def _place(s: Size, u: float) -> tuple[float, float, float]:
    along_z, long, _ = _long_axis(s)
    return (0.0, 0.0, u * long) if along_z else (u * long, 0.0, 0.0)


def knife(k: Sketch, s: Size, a: Appearance) -> None:
    """A pointed blade on a dark handle."""
    y = s[1] / 2
    along_z, long, side = _long_axis(s)
    _rod(k, s, -1, -0.3, 0.55, -y, y, m.BLACK)
    _rod(k, s, -0.3, -0.24, 0.6, -y * 0.8, y * 0.8, m.BRASS)
    blade = [(-0.24, -0.6), (-0.24, 1.0), (0.7, 1.0), (1.0, -0.6)]
    t = min(0.2 * y + 0.001, y)
    outline = [(u * long, v * side) for u, v in blade]
    if along_z:
        k.prism(outline[::-1], -t, t, m.STEEL, axis="y")
    else:
        k.prism([(v, u) for u, v in outline], -t, t, m.STEEL, axis="y")


def butter_knife(k: Sketch, s: Size, a: Appearance) -> None:
    """A blunt knife all of steel."""
    y = s[1] / 2
    _rod(k, s, -1, 0.1, 0.45, -y, y, m.STEEL)
    _rod(k, s, 0.1, 1, 0.95, -y * 0.6, y * 0.6, m.STEEL)


def fork(k: Sketch, s: Size, a: Appearance) -> None:
    """A handle, a neck and four tines."""
    y = s[1] / 2
    along_z, long, side = _long_axis(s)
    _rod(k, s, -1, -0.2, 0.45, -y, 0, m.STEEL)
    _rod(k, s, -0.2, 0.4, 0.22, -y * 0.5, y * 0.3, m.STEEL)
    _rod(k, s, 0.4, 0.58, 1.0, -y * 0.2, y * 0.6, m.STEEL)
    for i in range(4):
        v = (-0.85 + 0.567 * i) * side
        lo, hi = 0.58 * long, long
        if along_z:
            k.box((v - 0.13 * side, 0, lo), (v + 0.13 * side, y, hi), m.STEEL)
        else:
            k.box((lo, 0, v - 0.13 * side), (hi, y, v + 0.13 * side), m.STEEL)


def spoon(k: Sketch, s: Size, a: Appearance) -> None:
    """A handle and an oval bowl."""
    y = s[1] / 2
    along_z, long, side = _long_axis(s)
    _rod(k, s, -1, 0.45, 0.3, -y * 0.3, y * 0.5, m.STEEL)
    stretch = (side, 0.3 * long) if along_z else (0.3 * long, side)
    k.lathe(
        [(0, -y), (0.6, -0.7 * y), (1, y), (0.9, y), (0.5, -0.3 * y), (0, -0.5 * y)],
        m.STEEL,
        at=_place(s, 0.7),
        segments=12,
        stretch=stretch,
    )


def ladle(k: Sketch, s: Size, a: Appearance) -> None:
    """A deep round bowl on a long handle."""
    y = s[1] / 2
    _, long, side = _long_axis(s)
    r = min(side, 0.32 * long)
    k.lathe(
        [(0, -y), (0.7 * r, -0.6 * y), (r, y), (0.9 * r, y), (0.55 * r, -0.3 * y), (0, -0.6 * y)],
        m.STEEL,
        at=_place(s, 1 - r / long),
        segments=14,
    )
    _rod(k, s, -1, 1 - 2 * r / long, 0.16, y * 0.5, y, m.BLACK)


def spatula(k: Sketch, s: Size, a: Appearance) -> None:
    """A slotted blade on a long handle."""
    y = s[1] / 2
    along_z, long, side = _long_axis(s)
    _rod(k, s, -1, 0.35, 0.22, -y, y, m.BLACK)
    for v in (-0.8, 0.0, 0.8):
        c = v * side
        if along_z:
            k.box((c - 0.2 * side, -y * 0.4, 0.4 * long), (c + 0.2 * side, 0, long), m.DARK_STEEL)
        else:
            k.box((0.4 * long, -y * 0.4, c - 0.2 * side), (long, 0, c + 0.2 * side), m.DARK_STEEL)
    _rod(k, s, 0.33, 0.45, 1.0, -y * 0.4, 0, m.DARK_STEEL)
    _rod(k, s, 0.94, 1.0, 1.0, -y * 0.4, 0, m.DARK_STEEL)


def shaker(k: Sketch, s: Size, a: Appearance, content: Paint) -> None:
    """A glass shaker with a steel cap."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    h = s[1]
    k.lathe([(0, -y), (1, -y), (0.9, 0.2 * h), (0, 0.2 * h)], content, segments=10, stretch=(x, z))
    k.lathe([(0.95, 0.18 * h), (0.9, 0.36 * h), (0.5, y), (0, y)], m.STEEL, segments=10, stretch=(x, z))


def salt(k: Sketch, s: Size, a: Appearance) -> None:
    """A salt shaker: white inside."""
    shaker(k, s, a, m.WHITE)


def pepper(k: Sketch, s: Size, a: Appearance) -> None:
    """A pepper shaker: dark inside."""
    shaker(k, s, a, Paint((0.22, 0.17, 0.14)))


SHAPES = {
    "Bottle": bottle,
    "Bowl": bowl,
    "ButterKnife": butter_knife,
    "Cup": cup,
    "Fork": fork,
    "Kettle": kettle,
    "Knife": knife,
    "Ladle": ladle,
    "Mug": mug,
    "Pan": pan,
    "PepperShaker": pepper,
    "Plate": plate,
    "Pot": pot,
    "SaltShaker": salt,
    "Spatula": spatula,
    "Spoon": spoon,
    "WineBottle": wine_bottle,
}
"""Builder of each object type."""
