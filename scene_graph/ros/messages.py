"""Types of `scene_graph` ↔ ROS messages.

Reading a message checks it as building the type does: what cannot be true raises `InvalidObservationError`.
"""

from __future__ import annotations

import array
import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point as PointMessage
from geometry_msgs.msg import Pose, Quaternion, Vector3
from karma import msg
from std_msgs.msg import Header

from scene_graph.types import (
    Change,
    ChangeKind,
    FloatArray,
    InvalidObservationError,
    ObjectState,
    Observation,
    Point,
    View,
)

_T = TypeVar("_T")

__all__ = [
    "change_from_message",
    "change_to_message",
    "header",
    "observation_from_message",
    "observation_to_message",
    "optional",
    "point_from_message",
    "point_to_message",
    "pose_from_planar",
    "quaternion_from_matrix",
    "seconds_from_time",
    "state_from_message",
    "state_to_message",
    "time_from_seconds",
    "view_from_message",
    "view_to_message",
    "yaw_from_quaternion",
]


def time_from_seconds(seconds: float) -> Time:
    """Seconds as a ROS time, rounded to nanoseconds."""
    whole = math.floor(seconds)
    rest = round((seconds - whole) * 1e9)
    if rest == 1_000_000_000:
        whole, rest = whole + 1, 0
    return Time(sec=whole, nanosec=rest)


def seconds_from_time(time: Time) -> float:
    """A ROS time in seconds."""
    return float(time.sec) + float(time.nanosec) * 1e-9


def header(stamp: float, frame_id: str) -> Header:
    """A header.

    Args:
        stamp: Seconds.
        frame_id: Name of the frame.
    """
    return Header(stamp=time_from_seconds(stamp), frame_id=frame_id)


def optional(values: Sequence[_T]) -> _T | None:
    """The element of a sequence of at most one, which is how the messages say what may be missing."""
    return values[0] if values else None


def point_to_message(point: Point) -> PointMessage:
    """A point as a message."""
    return PointMessage(x=float(point[0]), y=float(point[1]), z=float(point[2]))


def point_from_message(message: PointMessage | Vector3) -> Point:
    """A message's point or vector."""
    return (message.x, message.y, message.z)


def pose_from_planar(x: float, y: float, yaw: float) -> Pose:
    """A pose on the floor: metres, and radians about z."""
    return Pose(
        position=PointMessage(x=float(x), y=float(y), z=0.0),
        orientation=Quaternion(x=0.0, y=0.0, z=math.sin(yaw / 2), w=math.cos(yaw / 2)),
    )


def yaw_from_quaternion(quaternion: Quaternion) -> float:
    """Heading about z, radians."""
    q = quaternion
    return math.atan2(2.0 * (q.w * q.z + q.x * q.y), 1.0 - 2.0 * (q.y * q.y + q.z * q.z))


def observation_to_message(observation: Observation) -> msg.Observation:
    """An observation as a message."""
    message = msg.Observation(
        header=header(observation.stamp, observation.frame_id),
        label=observation.label,
        object_id=observation.object_id or "",
        position=point_to_message(observation.position),
        states=sorted(observation.states),
        confidence=float(observation.confidence),
        source=observation.source,
        parent=observation.parent or "",
        held=observation.held,
    )
    if observation.size is not None:
        message.size = [_vector(observation.size)]
    if observation.orientation is not None:
        x, y, z, w = observation.orientation
        message.orientation = [Quaternion(x=x, y=y, z=z, w=w)]
    if observation.covariance is not None:
        message.covariance = observation.covariance.ravel().tolist()
    if observation.image is not None:
        message.image = _bytes(observation.image)
    return message


def observation_from_message(message: msg.Observation, *, now: float | None = None) -> Observation:
    """A message's observation.

    Args:
        message: The message.
        now: What a zero stamp stands for, seconds; None to take it as it is.

    Raises:
        InvalidObservationError: If it cannot be true.
    """
    stamp = seconds_from_time(message.header.stamp)
    size = optional(message.size)
    orientation = optional(message.orientation)
    covariance = None
    if len(message.covariance):
        if len(message.covariance) != 9:
            raise InvalidObservationError(f"covariance must have nine values or none, got {len(message.covariance)}")
        covariance = np.array(message.covariance, dtype=np.float64).reshape(3, 3)
    return Observation(
        message.label,
        point_from_message(message.position),
        stamp=now if now is not None and stamp == 0.0 else stamp,
        object_id=message.object_id or None,
        size=None if size is None else point_from_message(size),
        orientation=None if orientation is None else (orientation.x, orientation.y, orientation.z, orientation.w),
        covariance=covariance,
        states=frozenset(message.states),
        confidence=message.confidence,
        frame_id=message.header.frame_id or "map",
        source=message.source,
        parent=message.parent or None,
        held=message.held,
        image=bytes(message.image) if len(message.image) else None,
    )


def view_to_message(view: View) -> msg.View:
    """A view as a message."""
    height, width = view.depth.shape
    fx, fy, cx, cy = view.intrinsics
    depth = array.array("f")
    depth.frombytes(np.ascontiguousarray(view.depth, dtype=np.float32).tobytes())
    x, y, z = view.position
    return msg.View(
        pose=Pose(position=PointMessage(x=x, y=y, z=z), orientation=quaternion_from_matrix(view.pose[:3, :3])),
        fx=fx,
        fy=fy,
        cx=cx,
        cy=cy,
        height=height,
        width=width,
        depth=depth,
    )


def view_from_message(message: msg.View) -> View:
    """A message's view.

    Raises:
        InvalidObservationError: If it cannot be true.
    """
    if len(message.depth) != message.height * message.width:
        raise InvalidObservationError(
            f"view depth must have height × width = {message.height} × {message.width} values, got {len(message.depth)}"
        )
    pose = np.eye(4)
    pose[:3, :3] = _matrix_from_quaternion(message.pose.orientation)
    pose[:3, 3] = point_from_message(message.pose.position)
    depth = np.frombuffer(message.depth, dtype=np.float32).reshape(message.height, message.width)
    return View(pose=pose, intrinsics=(message.fx, message.fy, message.cx, message.cy), depth=depth)


def state_to_message(state: ObjectState) -> msg.ObjectState:
    """An object state as a message."""
    message = msg.ObjectState(
        header=header(state.stamp, state.frame_id),
        object_id=state.object_id,
        label=state.label,
        position=point_to_message(state.position),
        states=sorted(state.states),
        state_stamps=[msg.StateStamp(state=s, stamp=time_from_seconds(t)) for s, t in state.state_stamps],
        confidence=float(state.confidence),
        source=state.source,
        parent=state.parent or "",
        held=state.held,
        stale=state.stale,
        provisional=state.provisional,
        sensor_id=state.sensor_id or "",
    )
    if state.size is not None:
        message.size = [_vector(state.size)]
    if state.covariance is not None:
        message.covariance = [float(v) for v in state.covariance]
    return message


def state_from_message(message: msg.ObjectState) -> ObjectState:
    """A message's object state."""
    size = optional(message.size)
    return ObjectState(
        object_id=message.object_id,
        label=message.label,
        position=point_from_message(message.position),
        stamp=seconds_from_time(message.header.stamp),
        states=frozenset(message.states),
        state_stamps=tuple((s.state, seconds_from_time(s.stamp)) for s in message.state_stamps),
        size=None if size is None else point_from_message(size),
        covariance=tuple(message.covariance) if len(message.covariance) else None,
        confidence=message.confidence,
        frame_id=message.header.frame_id,
        source=message.source,
        parent=message.parent or None,
        held=message.held,
        stale=message.stale,
        provisional=message.provisional,
        sensor_id=message.sensor_id or None,
    )


def change_to_message(change: Change) -> msg.Change:
    """A change as a message."""
    return msg.Change(
        kind=change.kind.value,
        object_id=change.object_id,
        stamp=time_from_seconds(change.stamp),
        before=_states(change.before),
        after=_states(change.after),
    )


def change_from_message(message: msg.Change) -> Change:
    """A message's change."""
    before, after = optional(message.before), optional(message.after)
    return Change(
        ChangeKind(message.kind),
        message.object_id,
        seconds_from_time(message.stamp),
        None if before is None else state_from_message(before),
        None if after is None else state_from_message(after),
    )


def _states(state: ObjectState | None) -> list[msg.ObjectState]:
    return [] if state is None else [state_to_message(state)]


def _vector(size: Point) -> Vector3:
    return Vector3(x=float(size[0]), y=float(size[1]), z=float(size[2]))


def _bytes(data: Iterable[int] | bytes) -> array.array[int]:
    # rclpy copies an array of the field's own type as it is; anything else it checks element by element.
    return array.array("B", bytes(data))


def quaternion_from_matrix(rotation: FloatArray) -> Quaternion:
    """Unit quaternion of a rotation, by the largest of its components (Shepperd's method)."""
    m = rotation
    trace = float(np.trace(m))
    candidates = np.array([trace, m[0, 0], m[1, 1], m[2, 2]])
    index = int(np.argmax(candidates))
    if index == 0:
        q = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], 1.0 + trace])
    else:
        i = index - 1
        j, k = (i + 1) % 3, (i + 2) % 3
        q = np.empty(4)
        q[i] = 1.0 - trace + 2.0 * m[i, i]
        q[j] = m[j, i] + m[i, j]
        q[k] = m[k, i] + m[i, k]
        q[3] = m[k, j] - m[j, k]
    x, y, z, w = (float(v) for v in q / np.linalg.norm(q))
    return Quaternion(x=x, y=y, z=z, w=w)


def _matrix_from_quaternion(quaternion: Quaternion) -> FloatArray:
    """Rotation of a quaternion.

    Raises:
        InvalidObservationError: If it is not a unit quaternion.
    """
    q = np.array([quaternion.x, quaternion.y, quaternion.z, quaternion.w])
    norm = float(np.linalg.norm(q))
    if not math.isfinite(norm) or abs(norm - 1.0) > 1e-3:
        raise InvalidObservationError(f"the view's orientation must be a unit quaternion, its norm is {norm}")
    x, y, z, w = q / norm
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
