"""The ground that objects cover, as rectangles in (x, z)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.headless.geometry import Array
from sim.headless.objects import SimObject

if TYPE_CHECKING:
    from sim.headless.world import World

__all__ = ["Rectangle", "object_footprint"]


@dataclass(frozen=True, eq=False)
class Rectangle:
    """A rectangle in (x, z).

    Attributes:
        center: (2,) metres.
        axes: (2, 2) columns are its axes.
        half: (2,) half extents along them.
    """

    center: Array
    axes: Array
    half: Array

    @classmethod
    def between(cls, low: Sequence[float] | Array, high: Sequence[float] | Array) -> Rectangle:
        """The footprint of an axis-aligned box given by two corners (x, y, z)."""
        a, b = np.asarray(low, float)[[0, 2]], np.asarray(high, float)[[0, 2]]
        return cls((a + b) / 2, np.eye(2), (b - a) / 2)


def object_footprint(world: World, obj: SimObject) -> list[Rectangle]:
    """What an object covers of the ground."""
    upright = abs(obj.frame[1, 1]) > 0.98
    if obj.oriented and upright:
        axes = obj.frame[np.ix_([0, 2], [0, 2])]
        axes = axes / np.linalg.norm(axes, axis=0)
        return [Rectangle(obj.center[[0, 2]], axes, obj.half[[0, 2]])]
    return [Rectangle.between(obj.low, obj.high)]
