"""Paints: colours and surface patterns of the materials that AI2-THOR's assets are made of.

Colours were chosen to match frames of the real player; names of materials are AI2-THOR's salient materials.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

__all__ = ["DIRTY", "LIQUIDS", "Paint", "Pattern", "pick", "tint"]


class Pattern(IntEnum):
    """Surface patterns that the fragment shader draws from the world position."""

    PLAIN = 0
    WOOD = 1
    TILES = 2
    FABRIC = 3
    STONE = 4
    METAL = 5
    GLASS = 6
    PLANKS = 7
    LEAVES = 8


DIRTY = 0x80
"""Flag beside a `Pattern`: dirt stains over it."""


@dataclass(frozen=True)
class Paint:
    """Colour (r, g, b) in [0, 1], surface pattern, and how far it shines by itself in [0, 1]."""

    color: tuple[float, float, float]
    pattern: int = Pattern.PLAIN
    glow: float = 0.0

    def lit(self, glow: float) -> Paint:
        """The same paint shining."""
        return replace(self, glow=glow)


def tint(paint: Paint, factor: float) -> Paint:
    """A darker (factor < 1) or brighter variant."""
    r, g, b = (min(1.0, c * factor) for c in paint.color)
    return replace(paint, color=(r, g, b))


def pick(options: tuple[Paint, ...], seed: int) -> Paint:
    """The option that a seed names."""
    return options[seed % len(options)]


def _p(r: int, g: int, b: int, pattern: int = Pattern.PLAIN, glow: float = 0.0) -> Paint:
    return Paint((r / 255, g / 255, b / 255), pattern, glow)


WHITE = _p(238, 237, 232)
OFF_WHITE = _p(222, 217, 205)
BLACK = _p(28, 28, 30)
CHARCOAL = _p(58, 58, 62)
GREY = _p(140, 142, 145)
RED = _p(178, 40, 36)
BLUE = _p(46, 84, 150)
NAVY = _p(36, 48, 86)
GREEN = _p(74, 122, 66)
YELLOW = _p(226, 186, 60)
ORANGE = _p(222, 120, 42)
PINK = _p(222, 150, 160)
PURPLE = _p(110, 76, 140)
TEAL = _p(54, 128, 128)
BEIGE = _p(206, 190, 162)
BROWN = _p(112, 78, 52)
CARDBOARD = _p(184, 142, 94)
PORCELAIN = _p(242, 242, 240)
STEEL = _p(176, 179, 184, Pattern.METAL)
DARK_STEEL = _p(84, 87, 92, Pattern.METAL)
BRASS = _p(196, 160, 86, Pattern.METAL)
COPPER = _p(184, 112, 74, Pattern.METAL)
GLASS = _p(176, 206, 212, Pattern.GLASS)
GREEN_GLASS = _p(44, 84, 54, Pattern.GLASS)
BROWN_GLASS = _p(104, 62, 30, Pattern.GLASS)
MIRROR = _p(176, 196, 206, Pattern.GLASS, 0.25)
OAK = _p(186, 140, 88, Pattern.WOOD)
WALNUT = _p(104, 68, 44, Pattern.WOOD)
PINE = _p(212, 176, 124, Pattern.WOOD)
CHERRY = _p(138, 74, 46, Pattern.WOOD)
WHITE_WOOD = _p(232, 229, 220)
GRANITE = _p(122, 110, 98, Pattern.STONE)
MARBLE = _p(212, 206, 198, Pattern.STONE)
DARK_STONE = _p(74, 72, 72, Pattern.STONE)
TILE = _p(224, 222, 214, Pattern.TILES)
PLANKS = _p(172, 122, 76, Pattern.PLANKS)
CARPET = _p(176, 160, 142, Pattern.FABRIC)
LEAF = _p(64, 120, 52, Pattern.LEAVES)
SOIL = _p(70, 50, 36)
CREAM_FABRIC = _p(212, 202, 184, Pattern.FABRIC)
GREY_FABRIC = _p(128, 128, 132, Pattern.FABRIC)
BLUE_FABRIC = _p(70, 96, 140, Pattern.FABRIC)
BROWN_FABRIC = _p(120, 92, 70, Pattern.FABRIC)
RED_FABRIC = _p(150, 56, 50, Pattern.FABRIC)
GREEN_FABRIC = _p(96, 122, 92, Pattern.FABRIC)
BLACK_LEATHER = _p(48, 44, 44)
WHITE_FABRIC = _p(236, 234, 228, Pattern.FABRIC)
PAPER = _p(244, 242, 236)
WARM_LIGHT = _p(255, 236, 178, glow=1.0)
HOT = _p(240, 84, 28, glow=1.0)
SCREEN_OFF = _p(20, 22, 26, Pattern.GLASS)
SCREEN_ON = _p(92, 160, 226, glow=1.0)

WOODS = (OAK, WALNUT, PINE, CHERRY)
FABRICS = (GREY_FABRIC, BROWN_FABRIC, CREAM_FABRIC, BLUE_FABRIC, RED_FABRIC, GREEN_FABRIC)
BRIGHT = (RED, BLUE, GREEN, YELLOW, TEAL, ORANGE, PURPLE, NAVY)
CERAMICS = (PORCELAIN, BLUE, RED, BEIGE, TEAL, OFF_WHITE)

LIQUIDS = {
    "water": _p(120, 178, 214),
    "coffee": _p(62, 36, 20),
    "wine": _p(112, 20, 36),
}
"""Paint of each liquid that AI2-THOR fills things with."""


def main_paint(materials: tuple[str, ...], seed: int, default: Paint) -> Paint:
    """The paint of a thing's largest part.

    Args:
        materials: AI2-THOR's salient materials, the most salient first.
        seed: Picks among like paints.
        default: For none known.
    """
    by_name: dict[str, tuple[Paint, ...]] = {
        "Wood": WOODS,
        "Metal": (STEEL, DARK_STEEL, STEEL),
        "Fabric": FABRICS,
        "Leather": (BLACK_LEATHER, BROWN),
        "Glass": (GLASS,),
        "Ceramic": CERAMICS,
        "Stone": (MARBLE, DARK_STONE, GRANITE),
        "Plastic": (WHITE, CHARCOAL, RED, BLUE, GREY),
        "Rubber": (BLACK, CHARCOAL),
        "Paper": (PAPER,),
        "Wax": (OFF_WHITE, RED, PINK),
    }
    for material in materials:
        if material in by_name:
            return pick(by_name[material], seed)
    return default
