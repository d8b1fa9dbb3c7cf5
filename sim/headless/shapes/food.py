"""Food, whole, sliced and cooked."""

from __future__ import annotations

import math

from sim.headless import materials as m
from sim.headless.materials import Paint, pick, tint
from sim.headless.shapes.appearance import Appearance, Size
from sim.headless.shapes.mesh import Sketch

__all__ = ["SHAPES"]

_APPLE = (Paint((0.74, 0.12, 0.1)), Paint((0.78, 0.18, 0.14)), Paint((0.66, 0.74, 0.22)))
_TOMATO = Paint((0.86, 0.17, 0.09))
_POTATO = Paint((0.72, 0.55, 0.34))
_CRUST = Paint((0.7, 0.44, 0.19))
_CRUMB = Paint((0.95, 0.87, 0.68))
_TOAST = Paint((0.55, 0.31, 0.12))
_LETTUCE = Paint((0.42, 0.66, 0.24), m.Pattern.LEAVES)
_STEM = Paint((0.32, 0.22, 0.1))


def _cooked(paint: Paint, a: Appearance) -> Paint:
    if not a.cooked:
        return paint
    r, g, b = paint.color
    return Paint((0.45 * r + 0.2, 0.4 * g + 0.07, 0.3 * b + 0.02), paint.pattern)


def _round(k: Sketch, s: Size, skin: Paint, flesh: Paint, a: Appearance) -> None:
    """A whole round fruit, or its two halves showing their flesh."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    if not a.sliced:
        k.ellipsoid((0, 0, 0), (x, y, z), skin, segments=14, rings=8)
        return
    for side in (-1, 1):
        k.lathe(
            [(0, -y), (0.7, -0.7 * y), (0.95, -0.1 * y), (0.95, 0.0), (0, 0.0)],
            skin,
            at=(side * 0.5 * x, 0, 0),
            segments=12,
            stretch=(x * 0.5, z),
        )
        k.cylinder((side * 0.5 * x, 0.0, 0), 0.88, 0.004, flesh, segments=12, stretch=(x * 0.5, z))


def apple(k: Sketch, s: Size, a: Appearance) -> None:
    """An apple with dimple and stalk."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    skin = _cooked(pick(_APPLE, a.seed), a)
    if a.sliced:
        _round(k, s, skin, _CRUMB, a)
        return
    h = s[1]
    k.lathe(
        [
            (0, -y + 0.08 * h),
            (0.35, -y),
            (0.75, -0.3 * h),
            (1, 0.06 * h),
            (0.85, 0.28 * h),
            (0.4, 0.4 * h),
            (0.1, 0.32 * h),
            (0, 0.3 * h),
        ],
        skin,
        segments=14,
        stretch=(x, z),
        sharp=0.2,
    )
    k.tube([(0, 0.3 * h, 0), (0.06 * x, y, 0)], 0.03 * h, _STEM, segments=5)


def tomato(k: Sketch, s: Size, a: Appearance) -> None:
    """A tomato with its green star."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    skin = _cooked(_TOMATO, a)
    _round(k, (s[0], s[1] * 0.94, s[2]), skin, Paint((0.93, 0.4, 0.28)), a)
    if not a.sliced:
        for i in range(5):
            k.turn(72 * i)
            k.prism([(0.0, -0.1 * x), (0.55 * z, 0.0), (0.0, 0.1 * x)], 0.9 * y, y, m.LEAF, axis="y")
        k.turn(0)


def potato(k: Sketch, s: Size, a: Appearance) -> None:
    """A potato; cooked it is brown and steaming hot to look at."""
    _round(k, s, _cooked(_POTATO, a), Paint((0.94, 0.85, 0.52)) if not a.cooked else Paint((0.86, 0.66, 0.3)), a)
    if not a.sliced:
        for i in range(5):
            u, v = 2.4 * i, 0.6 * math.sin(5.0 * i)
            c = math.cos(v)
            k.ellipsoid(
                (0.46 * s[0] * c * math.cos(u), 0.46 * s[1] * math.sin(v), 0.46 * s[2] * c * math.sin(u)),
                (0.006, 0.006, 0.006), tint(_cooked(_POTATO, a), 0.6), segments=6, rings=4,
            )  # fmt: skip


def lettuce(k: Sketch, s: Size, a: Appearance) -> None:
    """A head of crinkled leaves."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.ellipsoid((0, 0, 0), (0.8 * x, 0.88 * y, 0.8 * z), tint(_LETTUCE, 0.85))
    for i in range(7):
        k.turn(360 / 7 * i)
        k.ellipsoid(
            (0, 0.1 * y * (i % 3), 0.55 * min(x, z)),
            (0.5 * min(x, z), 0.8 * y, 0.42 * min(x, z)),
            tint(_LETTUCE, 0.95 + 0.12 * (i % 3)),
            segments=8,
            rings=5,
        )
    k.turn(0)
    if a.sliced:
        k.box((-0.02, -y, -z), (0.02, y, z), Paint((0.85, 0.93, 0.7)))


def bread(k: Sketch, s: Size, a: Appearance) -> None:
    """A loaf with scores; sliced, its cut end shows."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    crust = _cooked(_CRUST, a)
    k.cushion((-x, -y, -z), (x, y, z), crust, roundness=0.5)
    along_z = z >= x
    for i in range(4):
        u = -0.55 + 0.37 * i
        if along_z:
            k.ellipsoid(
                (0, y * 0.86, u * z), (0.45 * x, 0.14 * y, 0.06 * z), Paint((0.9, 0.72, 0.46)), segments=8, rings=4
            )
        else:
            k.ellipsoid(
                (u * x, y * 0.86, 0), (0.06 * x, 0.14 * y, 0.45 * z), Paint((0.9, 0.72, 0.46)), segments=8, rings=4
            )
    if a.sliced:
        if along_z:
            k.cylinder((0, 0, 0.9 * z), 1.0, 0.05 * z, _CRUMB, axis="z", stretch=(y * 0.8, x * 0.8))
        else:
            k.cylinder((0.9 * x, 0, 0), 1.0, 0.05 * x, _CRUMB, axis="x", stretch=(z * 0.8, y * 0.8))


def egg(k: Sketch, s: Size, a: Appearance) -> None:
    """An egg."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    if a.sliced or a.broken:
        egg_cracked(k, s, a)
        return
    k.ellipsoid(
        (0, 0, 0),
        (x, y, z),
        pick((Paint((0.93, 0.85, 0.74)), Paint((0.96, 0.94, 0.9)), Paint((0.82, 0.64, 0.48))), a.seed),
    )


def egg_cracked(k: Sketch, s: Size, a: Appearance) -> None:
    """White and yolk run out; cooked, the white is white and its edge brown."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    high = min(s[1], 0.5 * min(x, z))
    white = Paint((0.98, 0.97, 0.93)) if a.cooked else Paint((0.93, 0.92, 0.82))
    if a.cooked:
        k.cylinder((0, -y, 0), 1.0, 0.15 * high, Paint((0.72, 0.5, 0.26)), segments=16, stretch=(x, z))
    k.cylinder((0, -y, 0), 0.95, 0.3 * high, white, top=0.8, segments=16, stretch=(x, z))
    k.ellipsoid(
        (0.1 * x, -y + 0.35 * high, 0),
        (0.42 * x, 0.65 * high, 0.42 * z),
        Paint((0.97, 0.66, 0.1)) if not a.cooked else Paint((0.96, 0.74, 0.24)),
    )


def _slice(k: Sketch, s: Size, skin: Paint, flesh: Paint) -> None:
    """A piece cut from something round: a thick disc across the thinnest side, or a half with a flat face."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    axis = min(range(3), key=lambda i: s[i])
    name = "xyz"[axis]
    stretch = {"y": (x, z), "z": (y, x), "x": (z, y)}[name]
    half = (x, y, z)[axis]
    at = [0.0, 0.0, 0.0]
    at[axis] = -half
    e = 0.04 * half
    k.lathe(
        [(0, e), (0.93, e), (1.0, 0.5 * half), (1.0, 1.5 * half), (0.93, 2 * half - e), (0, 2 * half - e)],
        skin,
        at=(at[0], at[1], at[2]),
        axis=name,
        segments=14,
        stretch=stretch,
    )
    k.cylinder((at[0], at[1], at[2]), 0.88, 2 * half, flesh, axis=name, segments=14, stretch=stretch)


def apple_slice(k: Sketch, s: Size, a: Appearance) -> None:
    """A piece of apple: pale flesh, red skin, a core."""
    _slice(k, s, _cooked(pick(_APPLE, 0), a), _cooked(Paint((0.96, 0.91, 0.72)), a))


def tomato_slice(k: Sketch, s: Size, a: Appearance) -> None:
    """A piece of tomato: light red flesh."""
    _slice(k, s, _cooked(_TOMATO, a), _cooked(Paint((0.94, 0.42, 0.3)), a))


def potato_slice(k: Sketch, s: Size, a: Appearance) -> None:
    """A piece of potato: yellow flesh; cooked golden brown."""
    _slice(k, s, _cooked(_POTATO, a), _cooked(Paint((0.95, 0.87, 0.55)), a))


def lettuce_slice(k: Sketch, s: Size, a: Appearance) -> None:
    """A piece of lettuce: leaves about a pale heart."""
    _slice(k, s, _LETTUCE, Paint((0.8, 0.88, 0.55), m.Pattern.LEAVES))


def bread_slice(k: Sketch, s: Size, a: Appearance) -> None:
    """A slice of bread: crust about crumb; cooked it is toast."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    axis = min(range(3), key=lambda i: s[i])
    crumb = _TOAST if a.cooked else _CRUMB
    crust = tint(_CRUST, 0.7) if a.cooked else _CRUST
    k.cushion((-x * 0.999, -y * 0.999, -z * 0.999), (x * 0.999, y * 0.999, z * 0.999), crust, roundness=0.25)
    lo, hi = [-0.84 * x, -0.84 * y, -0.84 * z], [0.84 * x, 0.84 * y, 0.84 * z]
    lo[axis], hi[axis] = -(x, y, z)[axis], (x, y, z)[axis]
    k.cushion((lo[0], lo[1], lo[2]), (hi[0], hi[1], hi[2]), crumb, roundness=0.15)


SHAPES = {
    "Apple": apple,
    "AppleSliced": apple_slice,
    "Bread": bread,
    "BreadSliced": bread_slice,
    "Egg": egg,
    "EggCracked": egg_cracked,
    "Lettuce": lettuce,
    "LettuceSliced": lettuce_slice,
    "Potato": potato,
    "PotatoSliced": potato_slice,
    "Tomato": tomato,
    "TomatoSliced": tomato_slice,
}
"""Builder of each object type."""
