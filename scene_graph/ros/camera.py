"""The robot's camera as `scene_graph.perception` needs it: the messages of one frame, brought together by their stamp.

Depth, instances and what goes with them are sent apart, some of them at best effort. `Camera` keeps the newest of each
until the frame that they belong to is asked for.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from karma import msg
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from scene_graph.perception import Instance, PerceptionLimits, perceive
from scene_graph.ros.messages import seconds_from_time, view_from_message
from scene_graph.ros.qos import LATCHED, SENSOR
from scene_graph.types import FloatArray, InvalidObservationError, Observation, View

__all__ = ["Camera", "Picture", "depth_from_image", "instances_from_image"]

_KEPT = 64
"""Frames whose images are kept: more than one skill of a robot takes."""
_COARSE = 160
"""Pixels of the longer side of a coarse view."""

_Stamp = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Picture:
    """The camera's messages of one frame.

    Attributes:
        depth: ``32FC1`` metres or ``16UC1`` millimetres.
        instances: ``8UC1``, ``mono8``, ``16UC1`` or ``mono16``: a number for each instance, as `legend` has them.
        camera_info: Intrinsics.
        legend: What the numbers stand for.
    """

    depth: Image
    instances: Image
    camera_info: CameraInfo
    legend: msg.InstanceLegend

    def observations(self, view: msg.View, *, limits: PerceptionLimits, source: str = "camera") -> list[Observation]:
        """What perception makes of it.

        Args:
            view: The frame's, for the camera's pose.
            limits: What is taken from a frame.
            source: Who observed it.

        Raises:
            InvalidObservationError: If the images cannot be read, or do not fit one another.
        """
        legend = {
            int(entry.value): Instance(
                entry.label,
                object_id=entry.object_id or None,
                states=frozenset(entry.states),
                confidence=float(entry.confidence),
            )
            for entry in self.legend.instances
        }
        seen = View(view_from_message(view).pose, self._intrinsics, depth_from_image(self.depth))
        stamp = seconds_from_time(self.depth.header.stamp)
        return perceive(instances_from_image(self.instances), seen, legend, stamp=stamp, source=source, limits=limits)

    def thinned(self, view: msg.View) -> View:
        """A coarse view of its depth, for a frame whose own view has the camera's pose only."""
        depth = depth_from_image(self.depth)
        stride = max(1, round(max(depth.shape) / _COARSE))
        fx, fy, cx, cy = (v / stride for v in self._intrinsics)
        return View(view_from_message(view).pose, (fx, fy, cx, cy), np.ascontiguousarray(depth[::stride, ::stride]))

    @property
    def _intrinsics(self) -> tuple[float, float, float, float]:
        fx, _, cx, _, fy, cy = (float(v) for v in self.camera_info.k[:6])
        return (fx, fy, cx, cy)


class Camera:
    """Listens to a robot's camera.

    Args:
        node: Whose executor receives the messages.
        robot: Name of the robot's node, relative to the node's namespace or absolute.
    """

    def __init__(self, node: Node, robot: str) -> None:
        self._arrived = threading.Condition()
        self._parts: OrderedDict[_Stamp, dict[str, Any]] = OrderedDict()
        for name, kind, qos in (
            ("depth", Image, SENSOR),
            ("instances", Image, SENSOR),
            ("camera_info", CameraInfo, SENSOR),
            ("legend", msg.InstanceLegend, LATCHED),
        ):
            node.create_subscription(kind, f"{robot}/camera/{name}", partial(self._take, name), qos)

    def _take(self, name: str, message: Any) -> None:
        stamp = (message.header.stamp.sec, message.header.stamp.nanosec)
        with self._arrived:
            self._parts.setdefault(stamp, {})[name] = message
            while len(self._parts) > _KEPT:
                self._parts.popitem(last=False)
            self._arrived.notify_all()

    def picture(self, stamp: Any, timeout: float) -> Picture | None:
        """The messages of the frame of that stamp; None if one of them does not come in time.

        Args:
            stamp: ROS time.
            timeout: Longest wait, seconds.
        """
        key = (stamp.sec, stamp.nanosec)
        with self._arrived:
            if not self._arrived.wait_for(
                lambda: len(self._parts.get(key, ())) == len(Picture.__annotations__), timeout
            ):
                return None
            return Picture(**self._parts[key])


def depth_from_image(image: Image) -> FloatArray:
    """(H, W) float32 metres of a depth image; 0 or NaN is unknown.

    Raises:
        InvalidObservationError: If it is of another encoding, or shorter than it says.
    """
    if image.encoding == "32FC1":
        return _pixels(image, np.dtype(np.float32))
    if image.encoding in ("16UC1", "mono16"):
        return _pixels(image, np.dtype(np.uint16)).astype(np.float32) * np.float32(1e-3)
    raise InvalidObservationError(f"depth must be 32FC1 (metres) or 16UC1 (millimetres), not {image.encoding!r}")


def instances_from_image(image: Image) -> npt.NDArray[Any]:
    """(H, W) numbers of an image of instances.

    Raises:
        InvalidObservationError: If it is of another encoding, or shorter than it says.
    """
    kinds = {"8UC1": np.uint8, "mono8": np.uint8, "16UC1": np.uint16, "mono16": np.uint16, "32SC1": np.int32}
    if image.encoding not in kinds:
        raise InvalidObservationError(f"instances must be one of {', '.join(kinds)}, not {image.encoding!r}")
    return _pixels(image, np.dtype(kinds[image.encoding]))


def _pixels(image: Image, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    ordered = kind.newbyteorder(">" if image.is_bigendian else "<")
    step = image.step or image.width * kind.itemsize
    data = np.frombuffer(image.data, dtype=np.uint8)
    if step < image.width * kind.itemsize or data.size < step * image.height:
        raise InvalidObservationError(
            f"an image of {image.height} × {image.width} {image.encoding} pixels needs more than its {data.size} bytes"
        )
    rows = data[: step * image.height].reshape(image.height, step)[:, : image.width * kind.itemsize]
    return np.ascontiguousarray(rows).view(ordered).astype(kind, copy=False)
