"""From instance masks, depth and the camera's pose to observations in the map frame.

For each instance the visible surface gives a box: its extents between robust percentiles, since masks bleed over
edges and depth is noisy there. Where an extent is only a lower bound, the covariance along that axis says so:

- the points farthest out along it lie at the image's border, or where something nearer hides what comes next;
- the camera does not look down on the thing, or shows no more than a face of what is usually thick: then only its
  front shows and its depth is unknown.

Everything is done on arrays over all pixels or all instances at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scene_graph.ontology import Ontology, ontology
from scene_graph.types import FloatArray, InvalidObservationError, Observation, View

__all__ = ["Instance", "PerceptionLimits", "perceive"]

IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Instance:
    """What a detector says of one instance in a frame.

    Attributes:
        label: Class name.
        object_id: The sensor's id of it.
        states: States that were recognised on it.
        confidence: In [0, 1].
    """

    label: str
    object_id: str | None = None
    states: frozenset[str] = frozenset()
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class PerceptionLimits:
    """What is taken from a frame.

    Attributes:
        min_pixels: Instances with fewer pixels of known depth are passed over.
        max_range: Metres from the camera to the middle of an instance's visible surface, at most.
        samples: Pixels of an instance from which its extents are taken, at most.
        trim: Share of the samples left out at each end of an extent.
        noise: Standard deviation of a face's position, metres, at the camera and per metre of distance.
    """

    min_pixels: int = 100
    max_range: float = 5.0
    samples: int = 400
    trim: float = 0.01
    noise: tuple[float, float] = (0.01, 0.005)


_DEFAULT_LIMITS = PerceptionLimits()
_JUMP = 0.05
"""Metres by which a neighbouring pixel must be nearer to hide what is behind it."""
_FACE = 0.05
"""A face is doubtful where doubtful pixels come this near to it, metres."""
_FACE_SHARE = 0.4
"""Thinner than this share of what is usual for its class, only a face of a thing was seen."""
_FEW = 3
"""So many doubtful pixels may be stray."""
_PARTIAL = 0.08
"""The least standard deviation along an axis of which only part was seen, metres."""


def perceive(
    instances: npt.ArrayLike,
    view: View,
    legend: Mapping[int, Instance],
    *,
    stamp: float,
    source: str = "camera",
    limits: PerceptionLimits = _DEFAULT_LIMITS,
    knowledge: Ontology | None = None,
) -> list[Observation]:
    """Observations of the instances in a frame.

    Args:
        instances: (H, W) integers, which instance each pixel shows; what `legend` does not name is background.
        view: Pose, intrinsics and (H, W) depth of the same pixels.
        legend: What each integer stands for.
        stamp: Time of the frame, seconds.
        source: Who observed it.
        limits: What is taken from a frame.
        knowledge: Usual extents of classes, for the covariance of what is seen in part.

    Returns:
        One observation for each instance that shows enough, in the order of their integers; positions are the centres
        of what was seen.

    Raises:
        InvalidObservationError: If masks and depth are not of the same shape.
    """
    masks = np.asarray(instances)
    if masks.shape != view.depth.shape:
        raise InvalidObservationError(f"masks are {masks.shape}, depth is {view.depth.shape}: they must be aligned")
    known = knowledge or ontology()
    keys = np.array(sorted(legend), dtype=np.int64)
    if keys.size == 0:
        return []
    number = np.searchsorted(keys, masks)  # position of each pixel's instance in `keys`
    number = np.where((number < keys.size) & (keys[np.minimum(number, keys.size - 1)] == masks), number, keys.size)
    usable = np.isfinite(view.depth) & (view.depth > 0) & (number < keys.size)
    count = np.bincount(number[usable], minlength=keys.size)
    chosen, rows, columns = _sample(number, view.depth, usable, count.size, limits)
    if chosen.size == 0:
        return []
    points = _back_project(view, rows, columns)
    low, high, present = _extents(points, chosen, limits.trim)
    distance = np.linalg.norm((low + high) / 2 - view.pose[:3, 3], axis=1)
    # Points are middles of pixels; a flat face is where its points are.
    pad = np.where(high - low > _FACE, 0.5 * (distance / view.intrinsics[0])[:, None], 0.0)
    low, high = low - pad, high + pad
    centre, extent = (low + high) / 2, high - low
    partial = _partial_axes(view, _doubtful(number, view.depth, usable), number, present, low, high)
    usual = np.array([known.get(legend[int(key)].label).size or (0.0, 0.0, 0.0) for key in keys[present].tolist()])
    thin = extent[:, :2] < _FACE_SHARE * usual[:, 1:2]
    partial[:, :2] |= thin & (np.abs(_heading(view, centre)) > 0.3)
    missing = np.maximum(usual[:, [0, 0, 2]] - extent, 0.0)
    result = []
    for n, which in enumerate(present.tolist()):
        if count[which] < limits.min_pixels or distance[n] > limits.max_range:
            continue
        instance = legend[int(keys[which])]
        sigma = np.full(3, limits.noise[0] + limits.noise[1] * float(distance[n]))
        sigma = np.where(partial[n], np.maximum(_PARTIAL, 0.5 * missing[n]), sigma)
        x, y, z = centre[n].tolist()
        width, length, height = extent[n].tolist()
        result.append(
            Observation(
                instance.label,
                (x, y, z),
                stamp=stamp,
                object_id=instance.object_id,
                size=(width, length, height),
                covariance=np.diag(sigma**2),
                states=instance.states,
                confidence=instance.confidence * min(1.0, 0.5 + count[which] / 800),
                source=source,
            )
        )
    return result


def _doubtful(number: IntArray, depth: FloatArray, usable: BoolArray) -> BoolArray:
    """Pixels beyond which a thing may go on unseen: at the image's border, and beside something nearer."""
    result = np.zeros(number.shape, dtype=np.bool_)
    result[0] = result[-1] = True
    result[:, 0] = result[:, -1] = True
    near = np.where(usable, depth, np.nan)
    full = np.where(np.isfinite(depth) & (depth > 0), depth, np.inf)
    with np.errstate(invalid="ignore"):
        for own, other in (
            (np.s_[:, :-1], np.s_[:, 1:]),
            (np.s_[:, 1:], np.s_[:, :-1]),
            (np.s_[:-1], np.s_[1:]),
            (np.s_[1:], np.s_[:-1]),
        ):
            result[own] |= (number[own] != number[other]) & (near[own] - full[other] > _JUMP)
    return result & usable


def _sample(
    number: IntArray, depth: FloatArray, usable: BoolArray, count: int, limits: PerceptionLimits
) -> tuple[IntArray, IntArray, IntArray]:
    """Up to `limits.samples` pixels of each instance, without those that bleed over its edge."""
    take = usable & ~_bleeding(number, depth)
    flat = np.flatnonzero(take)
    own = number.ravel()[flat].astype(np.uint16)  # NumPy sorts 16-bit integers in linear time
    order = np.argsort(own, kind="stable")
    flat, own = flat[order], own[order].astype(np.intp)
    per = np.bincount(own, minlength=count)
    first = np.concatenate([[0], np.cumsum(per)[:-1]])
    stride = np.maximum(per // limits.samples, 1)
    kept = (np.arange(own.size) - first[own]) % stride[own] == 0
    kept &= per[own] >= min(limits.min_pixels, 10)
    rows, columns = np.divmod(flat[kept], depth.shape[1])
    return own[kept], rows, columns


def _bleeding(number: IntArray, depth: FloatArray) -> BoolArray:
    """Pixels at the edge of a mask that show what is behind the thing: by depth they belong outside."""
    result = np.zeros(number.shape, dtype=np.bool_)
    for flip in (np.s_[:, :], np.s_[:, ::-1]):
        for turn in (False, True):
            own = (number.T if turn else number)[flip]
            far = (depth.T if turn else depth)[flip]
            edge = (own[:, 1:-1] != own[:, :-2]) & (own[:, 1:-1] == own[:, 2:])
            with np.errstate(invalid="ignore"):
                beyond = far[:, 1:-1] - far[:, 2:]
                edge &= (beyond > _JUMP) & (np.abs(far[:, :-2] - far[:, 1:-1]) < 0.5 * beyond)
            target = (result.T if turn else result)[flip]
            target[:, 1:-1] |= edge
    return result


def _back_project(view: View, rows: IntArray, columns: IntArray) -> FloatArray:
    """(N, 3) map points of pixels, metres."""
    fx, fy, cx, cy = view.intrinsics
    z = view.depth[rows, columns].astype(np.float64)
    local = np.stack([(columns - cx) / fx * z, (rows - cy) / fy * z, z], axis=1)
    points: FloatArray = local @ view.pose[:3, :3].T + view.pose[:3, 3]
    return points


def _extents(points: FloatArray, own: IntArray, trim: float) -> tuple[FloatArray, FloatArray, IntArray]:
    """Lower and upper corners, (M, 3) each, of each group of points, and which groups there are.

    Args:
        points: (N, 3), sorted by group.
        own: (N,) group of each point, ascending.
        trim: Share of a group's points left out at each end, along each axis.
    """
    present, first, per = np.unique(own, return_index=True, return_counts=True)
    skip = (per * trim).astype(np.intp)
    low, high = np.empty((present.size, 3)), np.empty((present.size, 3))
    for axis in range(3):
        order = np.lexsort((points[:, axis], own))
        ranked = points[order, axis]
        low[:, axis] = ranked[first + skip]
        high[:, axis] = ranked[first + per - 1 - skip]
    return low, high, present


def _partial_axes(
    view: View, doubtful: BoolArray, number: IntArray, present: IntArray, low: FloatArray, high: FloatArray
) -> BoolArray:
    """Along which map axes the extent of each instance is only a lower bound, (M, 3)."""
    partial = np.zeros(low.shape, dtype=np.bool_)
    rows, columns = np.nonzero(doubtful)
    slot = np.full(number.max() + 1, -1, dtype=np.intp)
    slot[present] = np.arange(present.size)
    own = slot[number[rows, columns]]
    rows, columns, own = rows[own >= 0], columns[own >= 0], own[own >= 0]
    points = _back_project(view, rows, columns)
    for axis in range(3):
        for at_face in (points[:, axis] <= low[own, axis] + _FACE, points[:, axis] >= high[own, axis] - _FACE):
            partial[:, axis] |= np.bincount(own[at_face], minlength=present.size) > _FEW
    # Looking down on a thing shows its top, and with it how deep it is; looking at it, only its front.
    front_only = high[:, 2] > view.pose[2, 3] - 0.1
    partial[:, :2] |= front_only[:, None] & (np.abs(_heading(view, (low + high) / 2)) > 0.4)
    return partial


def _heading(view: View, points: FloatArray) -> FloatArray:
    """(N, 2) horizontal unit vectors from the camera to points."""
    towards = points[:, :2] - view.pose[:2, 3]
    result: FloatArray = towards / np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-6)
    return result
