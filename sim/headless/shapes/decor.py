"""Pictures, windows, plants, toys, containers and small things. Fronts face +z."""

from __future__ import annotations

import math

from sim.headless import materials as m
from sim.headless.materials import Paint, pick, tint
from sim.headless.shapes.appearance import Appearance, Size
from sim.headless.shapes.appliances import cracks
from sim.headless.shapes.carving import carve
from sim.headless.shapes.mesh import Sketch

__all__ = ["SHAPES"]


def painting(k: Sketch, s: Size, a: Appearance) -> None:
    """A framed landscape."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    frame = min(0.05, 0.12 * min(s[0], s[1]))
    k.box((-x, -y, -z), (x, y, z * 0.6), pick((m.WALNUT, m.BLACK, m.BRASS, m.WHITE_WOOD), a.seed))
    lo, hi = (-x + frame, -y + frame), (x - frame, y - frame)
    k.box((*lo, z * 0.6), (*hi, z * 0.7), m.PAPER)
    height, width = hi[1] - lo[1], hi[0] - lo[0]
    sky = pick((Paint((0.6, 0.76, 0.88)), Paint((0.92, 0.74, 0.5)), Paint((0.86, 0.84, 0.78))), a.seed)
    land = pick((Paint((0.36, 0.5, 0.3)), Paint((0.3, 0.38, 0.5)), Paint((0.62, 0.4, 0.3))), a.seed // 3)
    k.box(
        (lo[0] + 0.06 * width, lo[1] + 0.45 * height, z * 0.7),
        (hi[0] - 0.06 * width, hi[1] - 0.06 * height, z * 0.8),
        sky,
    )
    k.box(
        (lo[0] + 0.06 * width, lo[1] + 0.06 * height, z * 0.7),
        (hi[0] - 0.06 * width, lo[1] + 0.45 * height, z * 0.8),
        land,
    )
    hill = [
        (lo[0] + 0.15 * width, lo[1] + 0.45 * height),
        (lo[0] + 0.8 * width, lo[1] + 0.45 * height),
        (lo[0] + 0.45 * width, lo[1] + 0.75 * height),
    ]
    k.prism(hill, z * 0.75, z * 0.9, tint(land, 0.75))
    r = 0.07 * min(width, height)
    k.ellipsoid(
        (lo[0] + 0.75 * width, lo[1] + 0.78 * height, z * 0.8),
        (r, r, max(z * 0.2, 1e-3)),
        pick((m.YELLOW, m.RED), a.seed),
        rings=4,
    )


def poster(k: Sketch, s: Size, a: Appearance) -> None:
    """A bright unframed sheet."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.box((-x, -y, -z), (x, y, z * 0.8), pick(m.BRIGHT, a.seed))
    k.box((-0.85 * x, 0.55 * y, z * 0.8), (0.85 * x, 0.8 * y, z), m.PAPER)
    k.cylinder((0, -0.1 * y, z * 0.8), 0.5 * min(x, y), z * 0.2, pick(m.BRIGHT, a.seed + 3), axis="z", segments=18)
    k.box((-0.6 * x, -0.85 * y, z * 0.8), (0.6 * x, -0.75 * y, z), m.PAPER)


def mirror(k: Sketch, s: Size, a: Appearance) -> None:
    """A bright pane with slanted glints in a thin frame; stained when dirty, starred when broken."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    frame = min(0.04, 0.08 * min(s[0], s[1]))
    k.box((-x, -y, -z), (x, y, z * 0.5), pick((m.STEEL, m.WALNUT, m.BRASS), a.seed))
    k.box((-x + frame, -y + frame, z * 0.5), (x - frame, y - frame, z), m.MIRROR)
    w = 0.06 * s[0]
    if not a.broken:
        for shift in (-0.3, 0.0):
            glint = [
                (shift * x - 0.3 * x, -0.6 * y),
                (shift * x - 0.3 * x + w, -0.6 * y),
                (shift * x + 0.3 * x + w, 0.6 * y),
                (shift * x + 0.3 * x, 0.6 * y),
            ]
            k.prism(glint, z, z + 0.001, m.WHITE.lit(0.6))
    else:
        cracks(k, x * 0.85, y * 0.85, z + 0.001)


def window(k: Sketch, s: Size, a: Appearance) -> None:
    """A frame with mullions over a bright outside; hills and sky beyond."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    frame = min(0.06, 0.1 * min(s[0], s[1]))
    white = m.WHITE
    for lo, hi in (
        ((-x, -y), (x, -y + frame)),
        ((-x, y - frame), (x, y)),
        ((-x, -y), (-x + frame, y)),
        ((x - frame, -y), (x, y)),
    ):
        k.box((*lo, -z), (*hi, z), white)
    pane = z - 0.012
    k.box((-x + frame, -y + frame, -pane), (x - frame, -0.3 * y, pane), Paint((0.6, 0.74, 0.52), glow=0.9))
    k.box((-x + frame, -0.3 * y, -pane), (x - frame, y - frame, pane), Paint((0.76, 0.88, 0.98), glow=1.0))
    k.box((-0.015, -y + frame, 0.006 - z), (0.015, y - frame, (z - 0.006)), white)
    k.box((-x + frame, -0.015, 0.006 - z), (x - frame, 0.015, (z - 0.006)), white)
    if a.broken:
        cracks(k, x * 0.85, y * 0.85, 0.9 * z)


def plant(k: Sketch, s: Size, a: Appearance) -> None:
    """Leaves on stalks in a pot."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    pot = pick((Paint((0.7, 0.36, 0.22)), m.PORCELAIN, m.CHARCOAL, m.TEAL), a.seed)
    h = min(0.34 * s[1], 0.4)
    r = 0.42 * min(x, z) + 0.02
    k.lathe(
        [(0, -y), (0.72 * r, -y), (r, -y + h), (0.86 * r, -y + h), (0.8 * r, -y + 0.8 * h), (0, -y + 0.8 * h)],
        pot,
        segments=16,
    )
    k.cylinder((0, -y + 0.78 * h, 0), 0.84 * r, 0.05 * h, m.SOIL, segments=14)
    rise = y - (-y + h)
    leaves = 11
    for i in range(leaves):
        angle = 2.399 * i
        lean = 0.35 + 0.65 * ((i * 5) % leaves) / leaves
        top = -y + h + rise * (1.0 - 0.72 * lean * lean)
        tip = (x * 0.97 * lean * math.cos(angle), top, z * 0.97 * lean * math.sin(angle))
        root = (0.3 * r * math.cos(angle), -y + 0.8 * h, 0.3 * r * math.sin(angle))
        _leaf(k, root, tip, 0.16 * min(x, z) + 0.01, tint(m.LEAF, 0.8 + 0.1 * (i % 5)))


def _leaf(
    k: Sketch, root: tuple[float, float, float], tip: tuple[float, float, float], half: float, paint: Paint
) -> None:
    middle = tuple((p + 2 * q) / 3 for p, q in zip(root, tip, strict=True))
    rise = (middle[0] * 0.9, middle[1] + 0.25 * (tip[1] - root[1]) * 0.5 + 0.02, middle[2] * 0.9)
    k.tube([root, rise, tip], 0.006, tint(paint, 0.8), segments=3)
    k.ellipsoid(
        (tip[0] * 0.86, tip[1] - half * 0.4, tip[2] * 0.86), (half, half * 0.9, half), paint, segments=7, rings=4
    )


def vase(k: Sketch, s: Size, a: Appearance) -> None:
    """A swelling, open vase."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = m.main_paint(a.materials, a.seed, m.BLUE)
    h = s[1]
    profile = [
        (0, -y),
        (0.5, -y),
        (0.85, -0.25 * h),
        (1, -0.05 * h),
        (0.75, 0.2 * h),
        (0.45, 0.36 * h),
        (0.55, y),
        (0.45, y),
        (0.36, 0.34 * h),
        (0.6, 0),
        (0.4, -0.4 * h),
        (0, -0.42 * h),
    ]
    k.lathe(profile, paint, segments=18, stretch=(x, z), sharp=0.3)


def statue(k: Sketch, s: Size, a: Appearance) -> None:
    """A figure on a plinth."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    stone = m.main_paint(a.materials, a.seed, m.MARBLE)
    h = s[1]
    k.box((-x, -y, -z), (x, -y + 0.12 * h, z), m.DARK_STONE)
    k.lathe(
        [(0.5, -y + 0.12 * h), (0.32, -0.1 * h), (0.62, 0.2 * h), (0.2, 0.27 * h), (0, 0.27 * h)],
        stone,
        segments=12,
        stretch=(x, z),
        sharp=0.0,
    )
    r = 0.13 * h
    k.ellipsoid((0, y - r, 0), (min(r, 0.5 * x), r, min(r, 0.5 * z)), stone, segments=10, rings=6)
    k.tube([(0.45 * x, 0.18 * h, 0), (0.9 * x, -0.05 * h, 0.2 * z), (0.4 * x, -0.12 * h, 0.6 * z)], 0.04 * h, stone)
    k.tube([(-0.45 * x, 0.18 * h, 0), (-0.9 * x, -0.05 * h, 0.2 * z), (-0.4 * x, -0.1 * h, 0.6 * z)], 0.04 * h, stone)


def candle(k: Sketch, s: Size, a: Appearance) -> None:
    """A candle with a wick, or a flame when on."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    top = y - 0.1 * s[1]
    wax = pick((m.OFF_WHITE, m.RED, m.PINK), a.seed)
    k.cylinder((0, -y, 0), 1.0, top + y, wax.lit(0.35) if a.on else wax, segments=14, stretch=(x, z))
    k.cylinder((0, top, 0), 0.003, 0.08 * s[1], m.BLACK, segments=5)
    if a.on:
        f = max(0.012, 0.12 * s[1])
        k.lathe(
            [(0, 0), (0.5 * f, 0.5 * f), (0.3 * f, 1.4 * f), (0, 2.4 * f)],
            Paint((1.0, 0.72, 0.2), glow=1.0),
            at=(0, top, 0),
            segments=8,
        )


def pillow(k: Sketch, s: Size, a: Appearance) -> None:
    """A soft pillow."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.cushion(
        (-x, -y, -z),
        (x, y, z),
        pick((m.WHITE_FABRIC, m.BLUE_FABRIC, m.CREAM_FABRIC, m.RED_FABRIC), a.seed),
        roundness=0.55,
    )


def cloth(k: Sketch, s: Size, a: Appearance) -> None:
    """A folded cloth with a stripe."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = pick((m.WHITE_FABRIC, m.BLUE_FABRIC, m.RED_FABRIC, m.GREEN_FABRIC, m.CREAM_FABRIC), a.seed)
    k.cushion((-x, -y, -z), (x, y * 0.6, z), paint, roundness=0.15)
    k.cushion((-x * 0.95, -y * 0.2, -z * 0.9), (x * 0.4, y, z * 0.9), tint(paint, 0.93), roundness=0.2)
    k.box((-x * 0.93, y * 0.7, z * 0.5), (x * 0.38, y * 1.0, z * 0.65), tint(paint, 0.7))


def sponge(k: Sketch, s: Size, a: Appearance) -> None:
    """A yellow sponge with a green scouring side."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.cushion((-x, -y, -z), (x, y * 0.5, z), Paint((0.93, 0.8, 0.25), m.Pattern.FABRIC), roundness=0.15)
    k.box((-x * 0.97, y * 0.3, -z * 0.97), (x * 0.97, y, z * 0.97), Paint((0.2, 0.45, 0.24), m.Pattern.FABRIC))


def teddy(k: Sketch, s: Size, a: Appearance) -> None:
    """A sitting bear."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    fur = pick((Paint((0.62, 0.42, 0.24), m.Pattern.FABRIC), Paint((0.8, 0.66, 0.46), m.Pattern.FABRIC)), a.seed)
    pale = tint(fur, 1.25)
    h = s[1]
    r = 0.24 * h
    k.ellipsoid((0, -0.2 * h, -0.1 * z), (0.55 * x, 0.3 * h, 0.55 * z), fur)
    k.ellipsoid((0, y - r, 0), (min(r, 0.6 * x), r, min(r, 0.6 * z)), fur)
    k.ellipsoid((0, y - 1.2 * r, 0.5 * min(r, z)), (0.4 * r, 0.32 * r, 0.4 * r), pale, segments=8, rings=5)
    k.ellipsoid(
        (0, y - 1.08 * r, 0.5 * min(r, z) + 0.36 * r), (0.12 * r, 0.1 * r, 0.1 * r), m.BLACK, segments=6, rings=4
    )
    for side in (-1, 1):
        k.ellipsoid((side * 0.75 * r, y - 0.28 * r, 0), (0.3 * r, 0.3 * r, 0.15 * r), fur, segments=8, rings=5)
        k.ellipsoid(
            (side * 0.35 * r, y - 0.85 * r, 0.52 * min(r, z) + 0.18 * r),
            (0.08 * r, 0.09 * r, 0.08 * r),
            m.BLACK,
            segments=6,
            rings=4,
        )
        k.ellipsoid((side * 0.72 * x, -0.12 * h, 0.2 * z), (0.28 * x, 0.13 * h, 0.3 * z), fur, segments=8, rings=5)
        k.ellipsoid((side * 0.5 * x, -y + 0.12 * h, 0.55 * z), (0.3 * x, 0.12 * h, 0.45 * z), fur, segments=8, rings=5)
        k.ellipsoid((side * 0.5 * x, -y + 0.12 * h, 0.92 * z), (0.2 * x, 0.09 * h, 0.08 * z), pale, segments=8, rings=4)


def ball(k: Sketch, s: Size, a: Appearance) -> None:
    """An orange ball with black seams."""
    r = min(s) / 2
    k.ellipsoid((0, 0, 0), (r, r, r), Paint((0.85, 0.42, 0.15)), segments=18, rings=10)
    ring = [(1.005 * r, -0.012), (1.005 * r, 0.012), (0.97 * r, 0.012), (0.97 * r, -0.012), (1.005 * r, -0.012)]
    for axis in ("x", "y", "z"):
        k.lathe([(p[0] * 0.999, p[1] * 0.4) for p in ring], m.BLACK, axis=axis, segments=20)


def bat(k: Sketch, s: Size, a: Appearance) -> None:
    """A baseball bat from one corner of its box to the opposite one."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = pick((m.PINE, m.STEEL, m.RED), a.seed)
    r = min(0.04, 0.49 * sorted(s)[1], 0.49 * max(sorted(s)[0], 0.05))

    def at(t: float) -> tuple[float, float, float]:
        return (
            max(0.0, x - r) * (2 * t - 1),
            max(0.0, y - r) * (2 * t - 1),
            max(0.0, z - r) * (2 * t - 1),
        )

    k.tube([at(0.0), at(0.45)], 0.4 * r, m.BLACK, segments=8)
    k.tube([at(0.4), at(0.6)], 0.65 * r, paint, segments=8)
    k.tube([at(0.58), at(1.0)], r, paint, segments=10)


def racket(k: Sketch, s: Size, a: Appearance) -> None:
    """A tennis racket: strings in an oval frame, along its two longer sides."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    order = sorted(range(3), key=lambda i: -s[i])
    long, wide = order[0], order[1]
    half = (x, y, z)

    def at(u: float, v: float) -> tuple[float, float, float]:
        p = [0.0, 0.0, 0.0]
        p[long], p[wide] = u * half[long], v * half[wide] * 0.93
        return (p[0], p[1], p[2])

    paint = pick((m.RED, m.BLUE, m.BLACK), a.seed)
    k.tube([at(-1, 0), at(-0.3, 0)], 0.014, m.BLACK, segments=8)
    k.tube([at(0.35 + 0.63 * math.cos(t), math.sin(t)) for t in [i * math.pi / 10 for i in range(21)]], 0.01, paint)
    for i in range(-4, 5):
        v = i / 5
        reach = 0.6 * math.sqrt(1 - v * v)
        k.tube([at(0.35 - reach, v), at(0.35 + reach, v)], 0.0015, m.PAPER, segments=4)
    for i in range(-5, 6):
        u = i / 6
        reach = math.sqrt(1 - u * u)
        k.tube([at(0.35 + 0.6 * u, -reach), at(0.35 + 0.6 * u, reach)], 0.0015, m.PAPER, segments=4)


def dumbbell(k: Sketch, s: Size, a: Appearance) -> None:
    """Two weights on a bar."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    along_x = x >= z
    long, r = (x, min(y, z)) if along_x else (z, min(y, x))
    axis = "x" if along_x else "z"
    for lo, width, radius, paint in (
        (-long, 0.5, r, m.CHARCOAL),
        (0.5 * long, 0.5, r, m.CHARCOAL),
        (-0.5 * long, 1.0, 0.25 * r, m.STEEL),
    ):
        k.cylinder((lo, 0, 0) if along_x else (0, 0, lo), radius, width * long, paint, axis=axis, segments=10)


def boots(k: Sketch, s: Size, a: Appearance) -> None:
    """A pair of boots."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = pick((m.GREEN, m.YELLOW, m.BLACK), a.seed)
    for side in (-1, 1):
        c = side * 0.5 * x
        w = 0.42 * x
        k.cushion((c - w, -y, -0.9 * z), (c + w, -y + 0.3 * s[1], z), paint, roundness=0.35)
        k.lathe(
            [(0.9, -y + 0.15 * s[1]), (1, y), (0.85, y), (0.75, 0.0), (0, 0.0)],
            paint,
            at=(c, 0, -0.4 * z),
            segments=12,
            stretch=(w, 0.5 * z),
        )
        k.box((c - w, -y, -0.9 * z), (c + w, -y + 0.03, 0.9 * z), m.BLACK)


def garbage_can(k: Sketch, s: Size, a: Appearance) -> None:
    """An open bin with a dark inside and a rim."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = pick((m.STEEL, m.CHARCOAL, m.GREY, m.WHITE), a.seed)
    if abs(s[0] - s[2]) < 0.02 and a.seed % 2:
        k.lathe(
            [(0, -y), (0.8, -y), (1, y), (0.94, y), (0.76, -y + 0.03), (0, -y + 0.03)],
            paint,
            segments=20,
            stretch=(x, z),
        )
        return
    t = 0.015
    k.shell(
        (-x * 0.96, -y, -z * 0.96), (x * 0.96, y - 0.03, z * 0.96), t, paint, open_side="+y", inside=tint(paint, 0.6)
    )
    carve(
        k,
        (-x, y - 0.04, -z),
        (x, y, z),
        [(-x + 0.03, y - 0.05, -z + 0.03, x - 0.03, y + 0.01, z - 0.03)],
        tint(paint, 0.85),
    )


def hamper(k: Sketch, s: Size, a: Appearance) -> None:
    """A wicker basket, with a lid that opens."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    wicker = Paint((0.7, 0.56, 0.38), m.Pattern.FABRIC)
    k.shell((-x, -y, -z), (x, y - 0.03, z), 0.015, wicker, open_side="+y", inside=tint(wicker, 0.7))
    for i in range(4):
        level = -y + (i + 0.5) * s[1] / 4.4
        k.box((-x - 0.001, level, -z - 0.001), (x + 0.001, level + 0.015, -z + 0.002), tint(wicker, 0.7))
        k.box((-x - 0.001, level, z - 0.002), (x + 0.001, level + 0.015, z + 0.001), tint(wicker, 0.7))
    k.turn(-100 * a.openness, (0, y - 0.03, -z), axis="x")
    k.box((-x, y - 0.03, -z), (x, y, z), tint(wicker, 0.88))
    k.turn(0)


def garbage_bag(k: Sketch, s: Size, a: Appearance) -> None:
    """A tied black sack."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.lathe(
        [(0, -y), (0.8, -y), (1, -0.3 * s[1]), (0.75, 0.15 * s[1]), (0.12, 0.38 * s[1]), (0.3, y), (0, 0.42 * s[1])],
        m.BLACK,
        segments=12,
        stretch=(x, z),
        sharp=0.1,
    )


def newspaper(k: Sketch, s: Size, a: Appearance) -> None:
    """A folded paper with a headline, a picture and columns; or rolled if it is thick."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.box((-x, -y, -z), (x, y * 0.9, z), tint(m.PAPER, 0.88))
    wide = x >= z
    u, v = (x, z) if wide else (z, x)

    def mark(u0: float, v0: float, u1: float, v1: float, paint: Paint) -> None:
        if wide:
            k.box((u0 * u, y * 0.9, v0 * v), (u1 * u, y, v1 * v), paint)
        else:
            k.box((v0 * v, y * 0.9, u0 * u), (v1 * v, y, u1 * u), paint)

    mark(-0.85, -0.85, 0.85, -0.62, m.BLACK)
    mark(-0.85, -0.4, 0.0, 0.4, m.GREY)
    for i in range(6):
        mark(0.1, -0.45 + 0.2 * i, 0.85, -0.38 + 0.2 * i, m.CHARCOAL)


def tissue_box(k: Sketch, s: Size, a: Appearance) -> None:
    """A box with a tissue standing out of it, unless used up."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    top = y - 0.3 * s[1]
    k.box((-x, -y, -z), (x, top, z), pick((Paint((0.5, 0.68, 0.8)), m.PINK, m.TEAL), a.seed))
    k.cylinder((0, top - 0.001, 0), 1.0, 0.002, m.BLACK, stretch=(0.5 * x, 0.3 * z), segments=12)
    if not a.used_up:
        k.lathe(
            [(0.12, top), (0.5, y), (0.05, y - 0.1 * s[1]), (0, y - 0.1 * s[1])],
            m.PAPER,
            segments=6,
            stretch=(x * 0.6, z * 0.6),
        )


def card(k: Sketch, s: Size, a: Appearance) -> None:
    """A plastic card with chip and stripe."""
    x, y, z = s[0] / 2, max(s[1] / 2, 0.0008), s[2] / 2
    k.box((-x, -y, -z), (x, y * 0.8, z), pick((m.BLUE, m.CHARCOAL, m.TEAL, m.YELLOW), a.seed))
    k.box((-0.7 * x, y * 0.8, -0.2 * z), (-0.35 * x, y, 0.2 * z), m.BRASS)
    k.box((-x, y * 0.8, 0.5 * z), (x, y, 0.75 * z), m.BLACK)


def compact_disc(k: Sketch, s: Size, a: Appearance) -> None:
    """A shiny disc with a hole."""
    x, y, z = s[0] / 2, max(s[1] / 2, 0.0008), s[2] / 2
    k.lathe(
        [(0.15, -y), (1, -y), (1, y), (0.15, y), (0.15, -y)],
        Paint((0.75, 0.8, 0.9), m.Pattern.GLASS),
        segments=20,
        stretch=(x, z),
    )
    k.lathe([(0.5, y), (0.5, y + 0.0004), (0.3, y + 0.0004), (0.3, y)], m.PURPLE, segments=16, stretch=(x, z))


def keys(k: Sketch, s: Size, a: Appearance) -> None:
    """A ring with two keys and a tag."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    r = 0.45 * min(x, z)
    k.lathe([(r, -y), (r, 0), (0.75 * r, 0), (0.75 * r, -y), (r, -y)], m.STEEL, at=(0.3 * x, 0, 0), segments=14)
    k.box((-x, -y, -0.16 * z), (0.2 * x, y, 0.16 * z), m.BRASS)
    k.box((-0.6 * x, -y * 0.8, 0.2 * z), (0.3 * x, y * 0.8, z), m.STEEL)
    k.box((-0.2 * x, -y * 0.6, -z), (x, y * 0.6, -0.3 * z), pick(m.BRIGHT, a.seed))


def pencil(k: Sketch, s: Size, a: Appearance) -> None:
    """A yellow pencil with a point and a rubber."""
    _stick(k, s, Paint((0.93, 0.72, 0.16)), m.PINE, m.PINK)


def pen(k: Sketch, s: Size, a: Appearance) -> None:
    """A pen with a cap."""
    body = pick((m.BLUE, m.BLACK, m.RED), a.seed)
    _stick(k, s, body, m.STEEL, tint(body, 0.7))


def _stick(k: Sketch, s: Size, body: Paint, tip: Paint, end: Paint) -> None:
    axis = max(range(3), key=lambda i: s[i])
    name = "xyz"[axis]
    long = s[axis] / 2
    r = sorted(s)[0] / 2
    r = max(0.003, min(r, 0.008))

    def at(u: float) -> tuple[float, float, float]:
        p = [0.0, 0.0, 0.0]
        p[axis] = u * long
        return (p[0], p[1], p[2])

    k.cylinder(at(-0.85), r, 1.55 * long, body, axis=name, segments=7)
    k.cylinder(at(0.7), r, 0.3 * long, tip, top=0.1 * r, axis=name, segments=7)
    k.cylinder(at(-1.0), r, 0.15 * long, end, axis=name, segments=7)


def foil(k: Sketch, s: Size, a: Appearance) -> None:
    """A roll of aluminium foil in its carton."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.box((-x, -y, -z), (x, y * 0.7, z * 0.6), m.BLUE)
    k.box((-0.9 * x, -y * 0.5, z * 0.6), (0.9 * x, y * 0.4, z), m.STEEL)
    k.box((-0.7 * x, y * 0.7, -0.5 * z), (0.7 * x, y, 0.2 * z), m.PAPER)


def watering_can(k: Sketch, s: Size, a: Appearance) -> None:
    """A can with a spout and a bow."""
    y = s[1] / 2
    along_z = s[2] >= s[0]
    long, side = (s[2] / 2, s[0] / 2) if along_z else (s[0] / 2, s[2] / 2)
    paint = pick((m.GREEN, m.STEEL, m.RED), a.seed)
    r = min(side * 0.95, 0.5 * long)

    def at(u: float, h: float) -> tuple[float, float, float]:
        return (0.0, h, u) if along_z else (u, h, 0.0)

    centre = at(-long + r, 0)
    k.lathe(
        [(0, -y), (r, -y), (0.9 * r, 0.2 * s[1]), (0.8 * r, 0.2 * s[1]), (0.85 * r, -y + 0.02), (0, -y + 0.02)],
        paint,
        at=centre,
        segments=14,
    )
    if a.filled:
        k.cylinder(
            (centre[0], 0.08 * s[1], centre[2]),
            0.82 * r,
            0.004,
            m.LIQUIDS.get(a.filled, m.LIQUIDS["water"]),
            segments=14,
        )
    k.tube([at(-long + 1.8 * r, -y + 0.2 * s[1]), at(long * 0.6, 0.1 * s[1]), at(long * 0.97, 0.3 * s[1])], 0.01, paint)
    k.tube(
        [
            at(-long + 0.2 * r, 0.1 * s[1]),
            at(-long + 0.3 * r, y - 0.02),
            at(-long + 1.4 * r, y - 0.01),
            at(-long + 1.8 * r, 0.15 * s[1]),
        ],
        0.009,
        paint,
    )


def room_decor(k: Sketch, s: Size, a: Appearance) -> None:
    """A tall vase with dry branches."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    h = s[1]
    k.lathe(
        [(0, -y), (0.45, -y), (0.7, -0.25 * h), (0.4, -0.02 * h), (0.3, -0.05 * h), (0.3, -0.3 * h), (0, -0.3 * h)],
        m.CHARCOAL,
        segments=14,
        stretch=(x, z),
        sharp=0.3,
    )
    for i in range(7):
        angle = 2.4 * i
        tip = (0.95 * x * math.cos(angle), y - 0.03 * i, 0.95 * z * math.sin(angle))
        k.tube([(0, -0.1 * h, 0), (0.3 * tip[0], 0.15 * h, 0.3 * tip[2]), tip], 0.008, m.BROWN, segments=5)
        k.ellipsoid(tip, (0.03, 0.05, 0.03), m.BEIGE, segments=6, rings=4)


def centrepiece(k: Sketch, s: Size, a: Appearance) -> None:
    """A glass dish with coloured balls."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.lathe(
        [(0, -y), (0.5, -y), (1, y), (0.94, y), (0.45, -0.5 * y), (0, -0.5 * y)], m.GLASS, segments=18, stretch=(x, z)
    )
    for i in range(5):
        angle = 1.257 * i
        k.ellipsoid(
            (0.35 * x * math.cos(angle), 0, 0.35 * z * math.sin(angle)),
            (0.2 * min(x, z), 0.2 * min(x, z), 0.2 * min(x, z)),
            pick(m.BRIGHT, i),
            segments=8,
            rings=5,
        )


SHAPES = {
    "AluminumFoil": foil,
    "BaseballBat": bat,
    "BasketBall": ball,
    "Boots": boots,
    "CD": compact_disc,
    "Candle": candle,
    "Cloth": cloth,
    "CreditCard": card,
    "DishSponge": sponge,
    "Dumbbell": dumbbell,
    "GarbageBag": garbage_bag,
    "GarbageCan": garbage_can,
    "HousePlant": plant,
    "KeyChain": keys,
    "LaundryHamper": hamper,
    "Mirror": mirror,
    "Newspaper": newspaper,
    "Painting": painting,
    "Pen": pen,
    "Pencil": pencil,
    "Pillow": pillow,
    "Poster": poster,
    "RoomDecor": room_decor,
    "Statue": statue,
    "TableTopDecor": centrepiece,
    "TeddyBear": teddy,
    "TennisRacket": racket,
    "TissueBox": tissue_box,
    "Vase": vase,
    "WateringCan": watering_can,
    "Window": window,
}
"""Builder of each object type."""
