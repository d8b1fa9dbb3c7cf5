"""What every part shares: observations, views, object states and changes.

A leaf module: it imports nothing of the project. Units are metres, radians and seconds; the map frame
follows REP 103 (x forward, y left, z up). All types are immutable and check their input when built, so that
a NaN or a malformed box is refused at the door and never reaches a memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "Change",
    "ChangeKind",
    "FloatArray",
    "InvalidObservationError",
    "ObjectState",
    "Observation",
    "Point",
    "SceneGraphError",
    "View",
    "apply_states",
    "as_point",
]

Point = tuple[float, float, float]
"""A position in metres, (x, y, z)."""

FloatArray = npt.NDArray[np.floating[Any]]


class SceneGraphError(Exception):
    """Root of all errors raised by `scene_graph`."""


class InvalidObservationError(SceneGraphError, ValueError):
    """An observation or a view that cannot be true, such as a NaN position; it was not stored."""


OPPOSITES: dict[str, frozenset[str]] = {
    state: frozenset(group) - {state}
    for group in (
        ("clean", "dirty"),
        ("open", "closed"),
        ("on", "off"),
        ("hot", "cold", "room_temperature"),
        ("filled", "empty"),
    )
    for state in group
}
"""States of which an object has one at a time: observing one replaces the others."""


def apply_states(known: Iterable[str], observed: Iterable[str]) -> frozenset[str]:
    """Bring what is known of an object's states up to date with what was observed.

    Args:
        known: States held so far.
        observed: States just seen. A state replaces its opposites (`OPPOSITES`); ``filled:LIQUID`` counts as
            ``filled``; none given means not observed, and changes nothing.

    Returns:
        The new set of states.
    """
    result = set(known)
    for state in sorted(observed):
        base = state.split(":", 1)[0]
        rivals = OPPOSITES.get(base, frozenset())
        result = {s for s in result if s.split(":", 1)[0] not in rivals and s.split(":", 1)[0] != base}
        result.add(state)
    return frozenset(result)


def as_point(value: Sequence[float], *, what: str = "position") -> Point:
    """Check three finite coordinates and return them as a tuple of floats.

    Raises:
        InvalidObservationError: If there are not three, or one is NaN or infinite.
    """
    try:
        x, y, z = (float(v) for v in value)
    except (TypeError, ValueError) as error:
        raise InvalidObservationError(f"{what} must be three numbers (x, y, z), got {value!r}") from error
    if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(z)):
        raise InvalidObservationError(f"{what} must be finite, got {value!r}; drop the observation")
    return (x, y, z)


def _as_covariance(value: Any) -> FloatArray:
    matrix = np.array(value, dtype=np.float64)
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all():
        raise InvalidObservationError(f"covariance must be a finite 3×3 matrix, got {value!r}")
    diagonal = not np.any(matrix - np.diag(np.diagonal(matrix)))
    smallest = matrix.diagonal().min() if diagonal else np.linalg.eigvalsh(matrix)[0]
    if not (diagonal or np.allclose(matrix, matrix.T, atol=1e-9)) or float(smallest) < -1e-9:
        raise InvalidObservationError(f"covariance must be symmetric and positive semi-definite, got {value!r}")
    matrix.flags.writeable = False
    return matrix


@dataclass(frozen=True, eq=False)
class Observation:
    """One object as one sensor reading shows it.

    Attributes:
        label: Class name, e.g. ``"Mug"``.
        position: Centre of the object, metres, in `frame_id`.
        stamp: When it was seen, seconds.
        object_id: The sensor's id of it; a hint, since sensor ids churn.
        size: Extents (x, y, z) in metres of what was seen of it, a lower bound when it was truncated.
        orientation: Unit quaternion (x, y, z, w).
        covariance: 3×3 covariance of `position`, m².
        states: States seen on it. Empty means not observed.
        confidence: In [0, 1].
        frame_id: Frame of `position`.
        source: Who says so, e.g. ``"camera"`` or ``"person"``.
        parent: Sensor id, of the same source, of what it is on or in.
        held: Whether the robot's gripper holds it.
        image: A crop of it, encoded (PNG or JPEG).
    """

    label: str
    position: Point
    stamp: float = field(kw_only=True)
    object_id: str | None = field(default=None, kw_only=True)
    size: Point | None = field(default=None, kw_only=True)
    orientation: tuple[float, float, float, float] | None = field(default=None, kw_only=True)
    covariance: FloatArray | None = field(default=None, kw_only=True)
    states: frozenset[str] = field(default=frozenset(), kw_only=True)
    confidence: float = field(default=1.0, kw_only=True)
    frame_id: str = field(default="map", kw_only=True)
    source: str = field(default="", kw_only=True)
    parent: str | None = field(default=None, kw_only=True)
    held: bool = field(default=False, kw_only=True)
    image: bytes | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.label, str) or not self.label.strip():
            raise InvalidObservationError(f"label must be a non-empty string, got {self.label!r}")
        set_ = object.__setattr__
        set_(self, "position", as_point(self.position))
        if not math.isfinite(self.stamp):
            raise InvalidObservationError(f"stamp must be finite seconds, got {self.stamp!r}")
        if self.size is not None:
            size = as_point(self.size, what="size")
            if min(size) < 0:
                raise InvalidObservationError(f"size must not be negative, got {self.size!r}")
            set_(self, "size", size)
        if self.orientation is not None:
            quaternion = tuple(float(v) for v in self.orientation)
            norm = math.hypot(*quaternion)
            if len(quaternion) != 4 or not math.isfinite(norm) or abs(norm - 1) > 1e-3:
                raise InvalidObservationError(
                    f"orientation must be a unit quaternion (x, y, z, w), got {self.orientation!r}"
                )
            set_(self, "orientation", quaternion)
        if self.covariance is not None:
            set_(self, "covariance", _as_covariance(self.covariance))
        if not 0.0 <= self.confidence <= 1.0:
            raise InvalidObservationError(f"confidence must be in [0, 1], got {self.confidence!r}")
        if isinstance(self.states, str):
            raise InvalidObservationError(f"states must be a set of words, got the string {self.states!r}")
        set_(self, "states", frozenset(self.states))


@dataclass(frozen=True, eq=False)
class View:
    """What was in clear view of a camera in one frame: the evidence for absence.

    Attributes:
        pose: (4, 4) camera-to-map transform; optical frame (x right, y down, z ahead), metres.
        intrinsics: (fx, fy, cx, cy) in pixels of `depth`.
        depth: (H, W) float32 metres along the optical axis; 0 or NaN is unknown. May be coarse.
    """

    pose: FloatArray
    intrinsics: tuple[float, float, float, float]
    depth: FloatArray

    def __post_init__(self) -> None:
        pose = np.array(self.pose, dtype=np.float64)
        if pose.shape != (4, 4) or not np.isfinite(pose).all():
            raise InvalidObservationError(f"view pose must be a finite 4×4 matrix, got shape {pose.shape}")
        depth = np.asarray(self.depth, dtype=np.float32)
        if depth.ndim != 2:
            raise InvalidObservationError(f"view depth must be (H, W) metres, got shape {depth.shape}")
        fx, fy, cx, cy = (float(v) for v in self.intrinsics)
        if not all(math.isfinite(v) for v in (fx, fy, cx, cy)) or fx <= 0 or fy <= 0:
            raise InvalidObservationError(f"intrinsics must be finite (fx, fy, cx, cy), got {self.intrinsics!r}")
        object.__setattr__(self, "pose", pose)
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "intrinsics", (fx, fy, cx, cy))

    @property
    def position(self) -> Point:
        """Where the camera was, map frame, metres."""
        x, y, z = (float(v) for v in self.pose[:3, 3])
        return (x, y, z)

    def project(self, points: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Project map points into the image.

        Args:
            points: (N, 3) metres, map frame.

        Returns:
            (N, 2) pixel coordinates (u, v) and (N,) depths along the optical axis, metres. Pixels of points
            behind the camera are NaN.
        """
        world = np.atleast_2d(np.asarray(points, dtype=np.float64))
        rotation, origin = self.pose[:3, :3], self.pose[:3, 3]
        local = (world - origin) @ rotation
        z = local[:, 2]
        fx, fy, cx, cy = self.intrinsics
        ahead = np.where(z > 1e-6, z, np.nan)
        pixels = np.stack([fx * local[:, 0] / ahead + cx, fy * local[:, 1] / ahead + cy], axis=1)
        return pixels, z

    def points(self) -> FloatArray:
        """Back-project every pixel of known depth: (N, 3) metres, map frame."""
        height, width = self.depth.shape
        fx, fy, cx, cy = self.intrinsics
        v, u = np.mgrid[0:height, 0:width]
        known = np.isfinite(self.depth) & (self.depth > 0)
        z = self.depth[known].astype(np.float64)
        local = np.stack([(u[known] - cx) / fx * z, (v[known] - cy) / fy * z, z], axis=1)
        result: FloatArray = local @ self.pose[:3, :3].T + self.pose[:3, 3]
        return result


@dataclass(frozen=True, slots=True)
class ObjectState:
    """What a memory believes, or once believed, about one object.

    Attributes:
        object_id: Memory's own id.
        label: Class name.
        position: Centre, metres, in `frame_id`.
        stamp: When this was last observed, seconds.
        states: Its states.
        state_stamps: When each state was last observed, seconds.
        size: Extents in metres, where known.
        covariance: Row-major 3×3 covariance of `position`, m², where known.
        confidence: In [0, 1].
        frame_id: Frame of `position`.
        source: Who says so.
        parent: Memory's id of what it is on or in, where known.
        held: Whether the gripper holds it.
        stale: Its place was in clear view and it was not there.
        provisional: Believed the same as a like object that was seen elsewhere, not yet confirmed.
        sensor_id: The sensor's id of it in the newest frame that showed it.
    """

    object_id: str
    label: str
    position: Point
    stamp: float
    states: frozenset[str] = frozenset()
    state_stamps: tuple[tuple[str, float], ...] = ()
    size: Point | None = None
    covariance: tuple[float, ...] | None = None
    confidence: float = 1.0
    frame_id: str = "map"
    source: str = ""
    parent: str | None = None
    held: bool = False
    stale: bool = False
    provisional: bool = False
    sensor_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready mapping, in a stable order; `from_json` reads it back."""
        result: dict[str, Any] = {name: getattr(self, name) for name in _STATE_FIELDS}
        result["states"] = sorted(self.states)
        return result

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ObjectState:
        """Read what `to_json` wrote.

        Raises:
            InvalidObservationError: If a field is missing or of the wrong kind.
        """
        try:
            kwargs = {k: v for k, v in data.items() if k in _STATE_FIELDS}
            kwargs["position"] = as_point(kwargs["position"])
            kwargs["states"] = frozenset(kwargs.get("states", ()))
            kwargs["state_stamps"] = tuple((str(s), float(t)) for s, t in kwargs.get("state_stamps", ()))
            for name in ("size", "covariance"):
                if kwargs.get(name) is not None:
                    kwargs[name] = tuple(float(v) for v in kwargs[name])
            return cls(**kwargs)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidObservationError(f"not an object state: {error}") from error

    def but(self, **changes: Any) -> ObjectState:
        """A copy with some fields changed."""
        return replace(self, **changes)


_STATE_FIELDS = tuple(item.name for item in fields(ObjectState))


class ChangeKind(StrEnum):
    """What happened to an object, as memory sees it."""

    APPEARED = "appeared"
    MOVED = "moved"
    STATE_CHANGED = "state_changed"
    STALE = "gone_stale"
    REAPPEARED = "reappeared"
    SPLIT = "split"
    MERGED = "merged"


@dataclass(frozen=True)
class Change:
    """One change in a memory, with what was believed before and after it.

    Attributes:
        kind: What happened.
        object_id: Memory's id of the object.
        stamp: When it was observed, seconds.
        before: Belief before; None for what appeared.
        after: Belief after.
    """

    kind: ChangeKind
    object_id: str
    stamp: float
    before: ObjectState | None
    after: ObjectState | None
