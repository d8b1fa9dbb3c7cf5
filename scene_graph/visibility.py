"""Which remembered places were in clear view of a camera: the evidence that a thing is *not* there.

Absence may only be concluded where the object, had it been there, would have been seen. So a place counts as in clear
view only if

- it projects inside the image, away from the border, within the sensor's range;
- depth is known there and nothing stands before it, at the centre and around it;
- no surface lies clearly nearer than its centre: that may be the object's own front, which was not recognised;
- the object would have covered enough of the image to be reported.

A closed container hides what is in it although its place is "visible" from nowhere: depth ends at its door, so the
third rule holds. But a remembered place may lie on the hither side of a door that is drawn too thin; callers leave
out what they know to be shut up. All functions are vectorised over places, and depth may be coarse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scene_graph.types import FloatArray, View

__all__ = ["Sight", "clear_view", "sample_depth", "visible_fraction"]

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a sensor can be relied upon to see.

    Attributes:
        max_range: Metres from the camera within which objects are reported.
        border: Share of the image's width and height at each edge where objects are cut off.
        tolerance: Metres by which measured depth may fall short of a place that is not hidden.
        min_area: Steradians that an object must cover to be reported for sure; 0.0065 is one and a half times 100
            pixels of a 300×300 image with a field of view of 90°.
        clear_share: Share of the samples around the centre that must be unhidden.
    """

    max_range: float = 5.0
    border: float = 0.04
    tolerance: float = 0.03
    min_area: float = 0.0065
    clear_share: float = 0.75


_DEFAULT_SIGHT = Sight()
_UNKNOWN_SIZE = 0.08
"""Extent in metres assumed for objects of unknown size: small, so that absence is concluded late, not wrongly."""
_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64) * 0.35
"""Samples around a centre, in units of the extents: corners of the box shrunk to 70 %."""


def clear_view(
    view: View, points: npt.ArrayLike, *, sizes: npt.ArrayLike | None = None, sight: Sight = _DEFAULT_SIGHT
) -> BoolArray:
    """Places where a frame would have shown an object, had it been there.

    Args:
        view: The frame.
        points: (N, 3) remembered centres, map frame, metres.
        sizes: (N, 3) extents in metres; NaN or None where unknown.
        sight: What the sensor can be relied upon to see.

    Returns:
        (N,) True where an unseen object is absent; False means hidden, out of sight, too small or unknown.
    """
    centres = _rows(points)
    extents = _extents(sizes, len(centres))
    pixels, z = view.project(centres)
    offsets = centres - view.pose[:3, 3]
    distance = np.linalg.norm(offsets, axis=1)
    result: BoolArray = (z > 0.05) & (distance <= sight.max_range) & _inside(view, pixels, sight.border)
    result &= _solid_angle(offsets, distance, extents) >= sight.min_area
    index = np.flatnonzero(result)
    if index.size == 0:
        return result
    depth = sample_depth(view, pixels[index])
    with np.errstate(invalid="ignore"):
        empty = depth >= z[index] - sight.tolerance
    samples = (centres[index, None, :] + _CORNERS[None] * extents[index, None, :]).reshape(-1, 3)
    sample_pixels, sample_z = view.project(samples)
    sample_depths = sample_depth(view, sample_pixels)
    reach = np.repeat(extents[index].max(axis=1), len(_CORNERS)) / 2 + sight.tolerance
    with np.errstate(invalid="ignore"):
        unhidden = (sample_depths >= sample_z - reach) & _inside(view, sample_pixels, 0.0)
    shares = unhidden.reshape(-1, len(_CORNERS)).mean(axis=1)
    result[index] = empty & (shares >= sight.clear_share)
    return result


def visible_fraction(
    view: View, centres: npt.ArrayLike, sizes: npt.ArrayLike, *, sight: Sight = _DEFAULT_SIGHT, samples: int = 5
) -> FloatArray:
    """How much of the upper sides of boxes a frame showed: which surfaces were searched by it.

    Args:
        view: The frame.
        centres: (N, 3) of the boxes, map frame, metres.
        sizes: (N, 3) extents, metres.
        sight: What the sensor can be relied upon to see.
        samples: Samples along each side.

    Returns:
        (N,) shares in [0, 1].
    """
    middle, extents = _rows(centres), _rows(sizes)
    steps = (np.arange(samples) + 0.5) / samples - 0.5
    x, y = (grid.ravel() for grid in np.meshgrid(steps, steps))
    unit = np.stack([x, y, np.full(x.size, 0.5)], axis=1)
    points = (middle[:, None, :] + unit[None] * extents[:, None, :]).reshape(-1, 3)
    pixels, z = view.project(points)
    near = np.linalg.norm(points - view.pose[:3, 3], axis=1) <= sight.max_range
    with np.errstate(invalid="ignore"):
        seen = near & _inside(view, pixels, 0.0) & (sample_depth(view, pixels) >= z - 2 * sight.tolerance)
    return np.asarray(seen.reshape(len(middle), -1).mean(axis=1))


def sample_depth(view: View, pixels: FloatArray) -> FloatArray:
    """Depth at sub-pixel places: interpolated on surfaces, the nearer one at their edges.

    Inverse depth of a plane is linear in the image, so a table seen at a grazing angle is interpolated exactly even in
    a coarse image; where the four neighbours lie on different surfaces the nearest counts, as for an occluder.

    Args:
        view: The frame.
        pixels: (N, 2) of (u, v).

    Returns:
        (N,) metres along the optical axis; NaN outside the image and where depth is unknown.
    """
    height, width = view.depth.shape
    u, v = pixels[:, 0], pixels[:, 1]
    with np.errstate(invalid="ignore"):
        inside = (u >= -0.5) & (u <= width - 0.5) & (v >= -0.5) & (v <= height - 0.5)
    uu, vv = np.where(inside, u, 0.0), np.where(inside, v, 0.0)
    left = np.clip(np.floor(uu).astype(np.intp), 0, max(width - 2, 0))
    top = np.clip(np.floor(vv).astype(np.intp), 0, max(height - 2, 0))
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    corners = np.stack([view.depth[a, b] for a in (top, bottom) for b in (left, right)]).astype(np.float64)
    known = np.isfinite(corners) & (corners > 0)
    corners = np.where(known, corners, np.nan)
    fu, fv = np.clip(uu - left, 0.0, 1.0), np.clip(vv - top, 0.0, 1.0)
    weights = np.stack([(1 - fv) * (1 - fu), (1 - fv) * fu, fv * (1 - fu), fv * fu])
    smooth = 1.0 / np.sum(weights / corners, axis=0)
    filled = np.where(known, corners, np.inf)
    nearest, farthest = filled.min(axis=0), np.where(known, corners, -np.inf).max(axis=0)
    edge = (farthest - nearest > 0.15 * nearest) | ~known.all(axis=0)
    depth = np.where(edge, nearest, smooth)
    result: FloatArray = np.where(inside & known.any(axis=0), depth, np.nan)
    return result


def _rows(points: npt.ArrayLike) -> FloatArray:
    return np.asarray(points, dtype=np.float64).reshape(-1, 3)


def _extents(sizes: npt.ArrayLike | None, count: int) -> FloatArray:
    if sizes is None:
        return np.full((count, 3), _UNKNOWN_SIZE)
    extents = _rows(sizes)
    return np.where(np.isfinite(extents), np.maximum(extents, 0.005), _UNKNOWN_SIZE)


def _inside(view: View, pixels: FloatArray, border: float) -> BoolArray:
    height, width = view.depth.shape
    du, dv = border * width, border * height
    with np.errstate(invalid="ignore"):
        inside: BoolArray = (
            (pixels[:, 0] >= du - 0.5)
            & (pixels[:, 0] <= width - 0.5 - du)
            & (pixels[:, 1] >= dv - 0.5)
            & (pixels[:, 1] <= height - 0.5 - dv)
        )
    return inside


def _solid_angle(offsets: FloatArray, distance: FloatArray, extents: FloatArray) -> FloatArray:
    """Steradians that boxes cover, about: the area of their silhouette, half filled, over squared distance."""
    direction = np.abs(offsets) / np.maximum(distance, 1e-6)[:, None]
    faces = np.stack(
        [extents[:, 1] * extents[:, 2], extents[:, 0] * extents[:, 2], extents[:, 0] * extents[:, 1]], axis=1
    )
    result: FloatArray = 0.6 * np.sum(direction * faces, axis=1) / np.maximum(distance, 0.1) ** 2
    return result
