"""Solids with room cut out of them: carcasses around drawers, tops around sinks, walls around windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from sim.headless.materials import Paint
from sim.headless.shapes.appearance import Box
from sim.headless.shapes.mesh import Sketch

__all__ = ["carve"]

_GRAIN = 1e-3
"""Cuts closer than this are one, metres."""


def carve(
    sketch: Sketch,
    lo: Sequence[float],
    hi: Sequence[float],
    cavities: Iterable[Box],
    paint: Paint,
) -> None:
    """Add a block with boxes cut out of it; only faces between matter and air are drawn.

    Args:
        sketch: Where to.
        lo: Lower corner (x, y, z) of the block, metres.
        hi: Upper corner.
        cavities: What is cut out.
        paint: Of all faces.
    """
    low, high = np.asarray(lo, np.float64), np.asarray(hi, np.float64)
    holes = [np.asarray(c, np.float64) for c in cavities]
    holes = [c for c in holes if (c[:3] < high - _GRAIN).all() and (c[3:] > low + _GRAIN).all()]
    cuts = []
    for axis in range(3):
        at = [low[axis], high[axis], *(c[axis] for c in holes), *(c[axis + 3] for c in holes)]
        inner = np.unique(np.clip(np.round(at, 3), low[axis], high[axis]))
        cuts.append(inner[np.concatenate([[True], np.diff(inner) > _GRAIN / 2])])
    middles = [(c[:-1] + c[1:]) / 2 for c in cuts]
    shape = tuple(len(c) for c in middles)
    if 0 in shape:
        return
    solid = np.ones(shape, bool)
    for c in holes:
        within = [(middles[i] > c[i]) & (middles[i] < c[i + 3]) for i in range(3)]
        solid &= ~(within[0][:, None, None] & within[1][None, :, None] & within[2][None, None, :])
    _add_faces(sketch, cuts, solid, paint)


def _add_faces(sketch: Sketch, cuts: list[npt.NDArray[np.float64]], solid: npt.NDArray[np.bool_], paint: Paint) -> None:
    padded = np.pad(solid, 1)
    vertices, normals = [], []
    for axis in range(3):
        for sign in (-1, 1):
            beside = np.roll(padded, -sign, axis=axis)[1:-1, 1:-1, 1:-1]
            u, v = (axis + 1) % 3, (axis + 2) % 3
            runs = _rectangles((solid & ~beside).transpose(axis, u, v))
            if not len(runs):
                continue
            corners = np.empty((len(runs), 4, 3))
            corners[:, :, axis] = cuts[axis][runs[:, 0] + (sign > 0)][:, None]
            u0, u1, v0, v1 = cuts[u][runs[:, 1]], cuts[u][runs[:, 2]], cuts[v][runs[:, 3]], cuts[v][runs[:, 4]]
            turn = ((u0, v0), (u1, v0), (u1, v1), (u0, v1)) if sign > 0 else ((u0, v0), (u0, v1), (u1, v1), (u1, v0))
            for i, (cu, cv) in enumerate(turn):
                corners[:, i, u], corners[:, i, v] = cu, cv
            normal = np.zeros(3)
            normal[axis] = sign
            vertices.append(corners.reshape(-1, 3))
            normals.append(np.tile(normal, (4 * len(runs), 1)))
    if not vertices:
        return
    points = np.concatenate(vertices)
    first = np.arange(0, len(points), 4)[:, None]
    triangles = np.concatenate([first + np.array(half) for half in ((0, 1, 2), (0, 2, 3))])
    sketch.add(points, np.concatenate(normals), triangles, paint)


def _rectangles(faces: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Cover the cells of each layer with few rectangles: runs along the last axis, joined where they repeat.

    Args:
        faces: (layers, U, V) cells to cover.

    Returns:
        (N, 5) layer, first and end index along U, first and end index along V.
    """
    edges = np.diff(np.pad(faces, ((0, 0), (0, 0), (1, 1))).astype(np.int8), axis=2)
    starts, ends = np.argwhere(edges > 0).tolist(), np.argwhere(edges < 0)[:, 2].tolist()
    found: list[list[int]] = []
    growing: dict[tuple[int, int, int], list[int]] = {}  # layer and run along V → the rectangle that ends there
    for (layer, row, first), end in zip(starts, ends, strict=True):
        rectangle = growing.get((layer, first, end))
        if rectangle is not None and rectangle[2] == row:
            rectangle[2] = row + 1
        else:
            growing[layer, first, end] = rectangle = [layer, row, row + 1, first, end]
            found.append(rectangle)
    return np.array(found, dtype=np.intp).reshape(-1, 5)
