"""Coloured triangle meshes and the primitives that every shape is composed of.

Coordinates are AI2-THOR's: left-handed, y up, metres. A triangle faces the side towards which the algebraic cross
product (b − a) × (c − a) points. Primitives are cached as unit shapes and only scaled and moved afterwards, so that
composing an object of thirty parts stays well under a millisecond.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Color", "Mesh", "box", "merge"]

Color = tuple[float, float, float]
"""Linear-free display colour (r, g, b), each in [0, 1]."""

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles with a colour for each vertex.

    Attributes:
        vertices: (N, 3) float32 metres.
        normals: (N, 3) float32 unit normals.
        colors: (N, 3) float32 in [0, 1].
        triangles: (M, 3) int32 indices into the vertices.
        glow: (N,) float32 in [0, 1]: how far a vertex shines by itself, regardless of light.
        pattern: (N,) uint8: surface pattern, a `Pattern` code.
    """

    vertices: F32
    normals: F32
    colors: F32
    triangles: I32
    glow: F32
    pattern: U8

    def transformed(self, matrix: npt.ArrayLike) -> Mesh:
        """This mesh under a (4, 4) rigid transform."""
        m = np.asarray(matrix, dtype=np.float32)
        vertices = self.vertices @ m[:3, :3].T + m[:3, 3]
        normals = self.normals @ m[:3, :3].T
        return Mesh(vertices, normals, self.colors, self.triangles, self.glow, self.pattern)


def merge(parts: Iterable[Mesh]) -> Mesh:
    """One mesh of several; empty input gives an empty mesh."""
    items = list(parts)
    if not items:
        zero = np.zeros((0, 3), np.float32)
        return Mesh(zero, zero, zero, np.zeros((0, 3), np.int32), np.zeros(0, np.float32), np.zeros(0, np.uint8))
    offsets = np.cumsum([0] + [len(m.vertices) for m in items[:-1]])
    return Mesh(
        np.concatenate([m.vertices for m in items]),
        np.concatenate([m.normals for m in items]),
        np.concatenate([m.colors for m in items]),
        np.concatenate([m.triangles + np.int32(o) for m, o in zip(items, offsets, strict=True)]),
        np.concatenate([m.glow for m in items]),
        np.concatenate([m.pattern for m in items]),
    )


def _unit_box() -> tuple[F32, F32, I32]:
    vertices, normals, triangles = [], [], []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            normal = np.zeros(3)
            normal[axis] = sign
            u, v = np.zeros(3), np.zeros(3)
            u[(axis + 1) % 3] = 0.5
            v[(axis + 2) % 3] = 0.5 * sign  # keeps the algebraic cross product pointing outwards
            first = len(vertices)
            for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                vertices.append(normal * 0.5 + a * u + b * v)
                normals.append(normal)
            triangles += [(first, first + 1, first + 2), (first, first + 2, first + 3)]
    return np.array(vertices, np.float32), np.array(normals, np.float32), np.array(triangles, np.int32)


_BOX = _unit_box()


def box(center: npt.ArrayLike, size: npt.ArrayLike, color: Color, *, glow: float = 0.0, pattern: int = 0) -> Mesh:
    """An axis-aligned box of `size` metres around `center`."""
    vertices, normals, triangles = _BOX
    n = len(vertices)
    return Mesh(
        vertices * np.asarray(size, np.float32) + np.asarray(center, np.float32),
        normals,
        np.broadcast_to(np.asarray(color, np.float32), (n, 3)),
        triangles,
        np.full(n, glow, np.float32),
        np.full(n, pattern, np.uint8),
    )
