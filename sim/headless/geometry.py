"""Rotations and boxes in AI2-THOR's frame: left-handed, y up, metres, degrees.

Unity applies Euler angles in the order z, x, y; a positive yaw turns clockwise seen from above, from +z towards +x.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "Array",
    "box_corners",
    "euler_from_matrix",
    "matrix_from_euler",
    "rotated_extent",
    "vector",
    "xyz",
    "yaw_matrix",
]

Array = npt.NDArray[np.float64]

CORNER_SIGNS = np.array([[x, y, z] for x in (1, -1) for y in (1, -1) for z in (1, -1)], dtype=np.float64)
"""Corners of an axis-aligned box in the order in which AI2-THOR lists them."""

ORIENTED_CORNER_SIGNS = np.array(
    [[1, -1, 1], [-1, -1, 1], [-1, -1, -1], [1, -1, -1], [1, 1, 1], [-1, 1, 1], [-1, 1, -1], [1, 1, -1]],
    dtype=np.float64,
)
"""Corners of an oriented box in the order in which AI2-THOR lists them: bottom ring, then top ring."""


def vector(mapping: dict[str, Any]) -> Array:
    """(3,) from ``{"x": …, "y": …, "z": …}``."""
    return np.array([mapping["x"], mapping["y"], mapping["z"]], dtype=np.float64)


def xyz(point: npt.ArrayLike) -> dict[str, float]:
    """``{"x": …, "y": …, "z": …}`` from (3,)."""
    x, y, z = np.asarray(point, dtype=np.float64).tolist()
    return {"x": x, "y": y, "z": z}


def yaw_matrix(yaw: float) -> Array:
    """(3, 3) rotation by `yaw` degrees about y."""
    c, s = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def matrix_from_euler(euler: npt.ArrayLike) -> Array:
    """(3, 3) rotation from Unity Euler angles (x, y, z), degrees."""
    x, y, z = np.radians(np.asarray(euler, dtype=np.float64))
    cx, sx, cz, sz = math.cos(x), math.sin(x), math.cos(z), math.sin(z)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    matrix: Array = yaw_matrix(math.degrees(y)) @ about_x @ about_z
    return matrix


def euler_from_matrix(matrix: Array) -> Array:
    """Unity Euler angles (x, y, z) in [0, 360) degrees of a (3, 3) rotation."""
    sin_x = -matrix[1, 2]
    if abs(sin_x) < 1 - 1e-9:
        x = math.asin(sin_x)
        y = math.atan2(matrix[0, 2], matrix[2, 2])
        z = math.atan2(matrix[1, 0], matrix[1, 1])
    else:  # looking straight up or down: roll and yaw turn about the same axis, so all goes to yaw
        x = math.copysign(math.pi / 2, sin_x)
        y = math.atan2(-matrix[2, 0], matrix[0, 0])
        z = 0.0
    angles: Array = np.degrees(np.array([x, y, z])) % 360.0
    return angles


def box_corners(center: Array, half: Array, rotation: Array | None = None) -> Array:
    """(8, 3) corners of a box, in AI2-THOR's order for axis-aligned or (with `rotation`) oriented boxes."""
    if rotation is None:
        return center + CORNER_SIGNS * half
    return center + (ORIENTED_CORNER_SIGNS * half) @ rotation.T


def rotated_extent(half: Array, rotation: Array) -> Array:
    """(3,) half extents of the axis-aligned box around an oriented box of half extents `half`."""
    extent: Array = np.abs(rotation) @ half
    return extent
