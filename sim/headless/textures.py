"""Tileable surface patterns as small images: wood grain, tiles, weave, stone, dirt.

Each layer multiplies the colour of a surface. They are drawn here with numpy from fixed seeds, because evaluating
noise for every pixel of every frame costs a software renderer more than everything else together.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sim.headless.materials import Pattern

__all__ = ["BRIGHTEST", "DIRT_LAYER", "DIRT_METRES", "PIXELS", "TILE_METRES", "layers"]

Array = npt.NDArray[np.float64]

PIXELS = 256
"""Side of a layer."""

BRIGHTEST = 1.25
"""The factor that the value 255 stands for."""

DIRT_LAYER = len(Pattern)
"""The last layer: stains over whatever lies below."""

TILE_METRES = {
    Pattern.PLAIN: 1.0,
    Pattern.WOOD: 0.45,
    Pattern.TILES: 0.6,
    Pattern.FABRIC: 0.2,
    Pattern.STONE: 0.35,
    Pattern.METAL: 0.3,
    Pattern.GLASS: 1.0,
    Pattern.PLANKS: 1.04,
    Pattern.LEAVES: 0.25,
}
"""Side of the square that a layer covers on a surface, metres."""

DIRT_METRES = 0.22
"""The same for dirt."""


def _noise(cells: int, seed: int, *, stretch: int = 1) -> Array:
    """(PIXELS, PIXELS) smooth tileable noise in [0, 1] on a lattice of `cells` × `cells * stretch`."""
    lattice = np.random.default_rng(seed).random((cells, cells * stretch))
    result: Array = np.zeros((PIXELS, PIXELS))
    at = [np.arange(PIXELS) / PIXELS * n for n in lattice.shape]
    first = [a.astype(int) for a in at]
    share = [(a - f) ** 2 * (3 - 2 * (a - f)) for a, f in zip(at, first, strict=True)]
    for di in (0, 1):
        for dj in (0, 1):
            rows = (first[0] + di) % lattice.shape[0]
            columns = (first[1] + dj) % lattice.shape[1]
            weight_i = share[0] if di else 1 - share[0]
            weight_j = share[1] if dj else 1 - share[1]
            result += weight_i[:, None] * weight_j[None, :] * lattice[np.ix_(rows, columns)]
    return result


def _wood() -> Array:
    across = np.arange(PIXELS)[None, :] / PIXELS
    wave = np.sin(2 * np.pi * (across * 16 + 0.9 * _noise(4, 1) + 0.5 * _noise(8, 2)))
    return 0.97 + 0.055 * wave + 0.05 * (_noise(3, 3) - 0.5)


def _tiles() -> Array:
    side = PIXELS // 2
    at = np.arange(PIXELS) % side
    joint = np.minimum(at, side - at) < 2
    tone = np.repeat(np.repeat(np.random.default_rng(4).uniform(0.96, 1.03, (2, 2)), side, 0), side, 1)
    return np.where(joint[:, None] | joint[None, :], 0.78, tone + 0.03 * (_noise(16, 5) - 0.5))


def _planks() -> Array:
    boards = 8
    wide = PIXELS // boards
    draw = np.random.default_rng(6)
    result = np.ones((PIXELS, PIXELS))
    grain = 0.05 * np.sin(2 * np.pi * (np.arange(PIXELS)[None, :] / PIXELS * 48 + 1.3 * _noise(6, 7)))
    for board in range(boards):
        columns = slice(board * wide, (board + 1) * wide)
        ends = np.sort(draw.choice(PIXELS, 2, replace=False))
        tones = draw.uniform(0.88, 1.08, 2)
        column = np.full(PIXELS, tones[0])
        column[ends[0] : ends[1]] = tones[1]
        for end in ends:
            column[end] = 0.72
        result[:, columns] = column[:, None]
        result[:, board * wide] = 0.74
    return result + grain


def _dirt() -> npt.NDArray[np.float64]:
    stain = 0.6 * _noise(9, 8) + 0.4 * _noise(26, 9)
    amount = np.clip((stain - 0.47) / 0.1, 0, 1)[..., None] * 0.9
    return 1.0 * (1 - amount) + np.array([0.3, 0.21, 0.11]) * amount


@lru_cache(maxsize=1)
def layers() -> npt.NDArray[np.uint8]:
    """(layers, PIXELS, PIXELS, 4) factors, one layer a `Pattern` and the dirt; 255 stands for `BRIGHTEST`.

    The fourth channel only pads: four bytes a pixel are sampled faster than three.
    """
    fine = np.random.default_rng(10).random((PIXELS, PIXELS))
    one = np.ones((PIXELS, PIXELS))
    grey = {
        Pattern.PLAIN: one,
        Pattern.WOOD: _wood(),
        Pattern.TILES: _tiles(),
        Pattern.FABRIC: 0.95 + 0.1 * _noise(64, 11) + 0.04 * (fine - 0.5),
        Pattern.STONE: 0.84 + 0.16 * _noise(40, 12) + 0.12 * _noise(12, 13) + 0.06 * (fine - 0.5),
        Pattern.METAL: 0.97 + 0.05 * np.repeat(fine[:, :1], PIXELS, 1),
        Pattern.GLASS: one,
        Pattern.PLANKS: _planks(),
        Pattern.LEAVES: 0.82 + 0.36 * _noise(24, 14),
    }
    images = np.stack([np.repeat(grey[p][..., None], 3, axis=2) for p in Pattern] + [_dirt()])
    images = np.pad(images, ((0, 0), (0, 0), (0, 0), (0, 1)))
    return np.clip(np.rint(images * (255 / BRIGHTEST)), 0, 255).astype(np.uint8)
