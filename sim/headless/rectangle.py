"""A rectangle on the floor plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.headless.geometry import Array

__all__ = ["Rectangle"]


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
        return cls.between_corners(np.asarray(low, float)[[0, 2]], np.asarray(high, float)[[0, 2]])

    @classmethod
    def between_corners(cls, low: Array, high: Array) -> Rectangle:
        """The axis-aligned rectangle given by two corners (x, z)."""
        return cls((low + high) / 2, np.eye(2), (high - low) / 2)
