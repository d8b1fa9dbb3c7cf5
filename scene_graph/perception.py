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
from typing import Any

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
    number = _positions(masks, keys)
    usable = np.isfinite(view.depth) & (view.depth > 0) & (number < keys.size)
    count = np.bincount(number[usable], minlength=keys.size)
    outline = _Outline.of(number, view.depth, usable)
    chosen, rows, columns = _sample(number, usable, outline.bleeding, keys.size, limits)
    if chosen.size == 0:
        return []
    points = _back_project(view, rows, columns)
    low, high, present = _extents(points, chosen, limits.trim)
    distance = np.linalg.norm((low + high) / 2 - view.pose[:3, 3], axis=1)
    # Points are middles of pixels; a flat face is where its points are.
    pad = np.where(high - low > _FACE, 0.5 * (distance / view.intrinsics[0])[:, None], 0.0)
    low, high = low - pad, high + pad
    centre, extent = (low + high) / 2, high - low
    partial = _partial_axes(view, outline.doubtful, number, present, low, high)
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


def _positions(masks: npt.NDArray[Any], keys: npt.NDArray[np.int64]) -> npt.NDArray[np.uint16]:
    """Position in `keys` of what each pixel shows; their number for what is not in `keys`."""
    background = keys.size
    if masks.dtype in (np.uint8, np.uint16):
        table = np.full(np.iinfo(masks.dtype).max + 1, background, dtype=np.uint16)
        known = keys[(keys >= 0) & (keys < table.size)]
        table[known] = np.searchsorted(keys, known)
        positions: npt.NDArray[np.uint16] = table[masks]
        return positions
    found = np.searchsorted(keys, masks)
    found = np.where((found < background) & (keys[np.minimum(found, background - 1)] == masks), found, background)
    return found.astype(np.uint16)


@dataclass(frozen=True, slots=True)
class _Outline:
    """Pixels at the edges of masks, as indices into the flattened image.

    Attributes:
        doubtful: Beyond them a thing may go on unseen: they are at the image's border, or beside something nearer.
        bleeding: They show what is behind the thing: by depth they belong outside of its mask.
    """

    doubtful: IntArray
    bleeding: IntArray

    @classmethod
    def of(cls, number: npt.NDArray[np.uint16], depth: FloatArray, usable: BoolArray) -> _Outline:
        """Find them: only pixels whose neighbour belongs to something else are looked at."""
        height, width = number.shape
        own, far, known = number.ravel(), np.asarray(depth, dtype=np.float32).ravel(), usable.ravel()
        far = np.where(np.isfinite(far) & (far > 0), far, np.float32(np.inf))
        doubtful, bleeding = [], []
        across = np.flatnonzero(own[1:] != own[:-1])
        across = across[(across + 1) % width != 0]  # the end of a row is no neighbour of the next one's beginning
        down = np.flatnonzero(own[width:] != own[:-width])
        for first, step in ((across, 1), (down, width)):
            place, last = (first % width, width - 1) if step == 1 else (first // width, height - 1)
            second = first + step
            for inner, outer, deeper, has_deeper in (
                (first, second, first - step, place > 0),
                (second, first, second + step, place + 1 < last),
            ):
                with np.errstate(invalid="ignore"):  # infinity less infinity
                    doubtful.append(inner[known[inner] & (far[inner] - far[outer] > _JUMP)])
                    inner, outer, deeper = inner[has_deeper], outer[has_deeper], deeper[has_deeper]
                    beyond = far[inner] - far[deeper]
                    bleeds = (own[deeper] == own[inner]) & (beyond > _JUMP)
                    bleeds &= np.abs(far[outer] - far[inner]) < 0.5 * beyond
                bleeding.append(inner[bleeds])
        border = np.zeros(number.shape, dtype=np.bool_)
        border[0] = border[-1] = border[:, 0] = border[:, -1] = True
        doubtful.append(np.flatnonzero(border & usable))
        return cls(doubtful=np.unique(np.concatenate(doubtful)), bleeding=np.concatenate(bleeding))


def _sample(
    number: npt.NDArray[np.uint16], usable: BoolArray, bleeding: IntArray, count: int, limits: PerceptionLimits
) -> tuple[IntArray, IntArray, IntArray]:
    """Up to `limits.samples` pixels of each instance, without those that bleed over its edge."""
    take = usable.copy()
    take.ravel()[bleeding] = False
    flat = np.flatnonzero(take)
    own = number.ravel()[flat]
    order = np.argsort(own, kind="stable")  # NumPy sorts 16-bit integers in linear time
    flat, own = flat[order], own[order].astype(np.intp)
    per = np.bincount(own, minlength=count)
    first = np.concatenate([[0], np.cumsum(per)[:-1]])
    stride = np.maximum(per // limits.samples, 1)
    kept = (np.arange(own.size) - first[own]) % stride[own] == 0
    kept &= per[own] >= min(limits.min_pixels, 10)
    rows, columns = np.divmod(flat[kept], number.shape[1])
    return own[kept], rows, columns


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
    view: View,
    doubtful: IntArray,
    number: npt.NDArray[np.uint16],
    present: IntArray,
    low: FloatArray,
    high: FloatArray,
) -> BoolArray:
    """Along which map axes the extent of each instance is only a lower bound, (M, 3)."""
    partial = np.zeros(low.shape, dtype=np.bool_)
    slot = np.full(int(number.max()) + 1, -1, dtype=np.intp)
    slot[present] = np.arange(present.size)
    own = slot[number.ravel()[doubtful]]
    rows, columns = np.divmod(doubtful[own >= 0], number.shape[1])
    own = own[own >= 0]
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
