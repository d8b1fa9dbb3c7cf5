"""From one simulator event to what the robot saw: the border that ground truth does not cross.

Of all that an event's metadata says, only this leaves here, and only for objects that the current picture shows with
at least `SensorLimits.min_pixels` pixels within `SensorLimits.max_range` metres: class, state flags and position.
Extents come from the depth of the object's pixels. The gripper knows what it holds, in the picture or not.
Containment, reachability, ids and everything out of sight stay behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scene_graph.types import FloatArray, Observation, Point, View
from sim import frames

__all__ = ["SensorLimits", "Sighting", "coarse_view", "object_states", "sight", "to_observation"]


@dataclass(frozen=True, kw_only=True)
class SensorLimits:
    """What the camera can make out.

    Attributes:
        min_pixels: Pixels of its instance mask that an object must show.
        max_range: Metres from the camera to the median of its visible pixels.
        view_stride: The view's depth keeps every so-manyth pixel, each way.
    """

    min_pixels: int = 100
    max_range: float = 5.0
    view_stride: int = 5


@dataclass(frozen=True)
class Sighting:
    """One object in one picture; `simulator_id` must not leave the bridge.

    Attributes:
        simulator_id: AI2-THOR's id.
        pixels: How many pixels show it.
        size: Extents (x, y, z) in metres, map axes, of its visible surface; None without depth.
    """

    simulator_id: str
    pixels: int
    size: Point | None


def object_states(metadata: Mapping[str, Any]) -> frozenset[str]:
    """The states that an object's flags show, in the words of `scene_graph.types`; only those that it can have."""
    states: set[str] = set()
    if metadata["openable"]:
        states.add("open" if metadata["isOpen"] else "closed")
    if metadata["toggleable"]:
        states.add("on" if metadata["isToggled"] else "off")
    if metadata["dirtyable"]:
        states.add("dirty" if metadata["isDirty"] else "clean")
    if metadata["canFillWithLiquid"]:
        liquid = metadata.get("fillLiquid")
        states.add((f"filled:{liquid}" if liquid else "filled") if metadata["isFilledWithLiquid"] else "empty")
    if metadata["isSliced"] or metadata["objectType"].endswith("Sliced") or metadata["objectType"] == "EggCracked":
        states.add("sliced")
    for flag, word in (("isCooked", "cooked"), ("isBroken", "broken"), ("isUsedUp", "used_up")):
        if metadata[flag]:
            states.add(word)
    if metadata["pickupable"]:
        states.add({"Hot": "hot", "Cold": "cold"}.get(metadata["temperature"], "room_temperature"))
    return frozenset(states)


def event_view(event: Any, stride: int = 1) -> View:
    """The event's depth image with its camera, every `stride`-th pixel each way."""
    metadata = event.metadata
    agent = metadata["agent"]
    depth = np.asarray(event.depth_frame, dtype=np.float32)
    height, width = depth.shape
    fx, fy, cx, cy = frames.intrinsics(width, height, metadata["fov"])
    first = stride // 2
    return View(
        pose=frames.camera_pose(
            metadata["cameraPosition"],
            yaw=agent["rotation"]["y"],
            horizon=agent["cameraHorizon"],
            floor=frames.floor_height(agent["position"]),
        ),
        intrinsics=(fx / stride, fy / stride, (cx - first) / stride, (cy - first) / stride),
        depth=np.ascontiguousarray(depth[first::stride, first::stride]),
    )


def coarse_view(event: Any, limits: SensorLimits) -> View:
    """What was in clear view, at the resolution that memory needs."""
    return event_view(event, limits.view_stride)


def sight(event: Any, limits: SensorLimits) -> list[Sighting]:
    """The objects that the event's picture shows well enough.

    Args:
        event: An event with depth and instance frames.
        limits: What the camera can make out.

    Returns:
        Sightings, in the order in which the picture shows their first pixels, row by row.
    """
    masks = event.instance_masks
    codes: npt.NDArray[np.uint32] = np.ascontiguousarray(masks.instance_segmentation_frame_uint32).ravel()
    starts = np.concatenate([[0], np.flatnonzero(codes[1:] != codes[:-1]) + 1])
    lengths = np.diff(starts, append=codes.size)
    colours, first_run, run_index = np.unique(codes[starts], return_index=True, return_inverse=True)
    pixels = np.bincount(run_index, weights=lengths).astype(np.int64)
    names = {_colour_code(colour): name for name, colour in masks.instance_colors.items()}
    order = [
        int(i)
        for i in np.argsort(first_run, kind="stable")
        if pixels[i] >= limits.min_pixels and int(colours[i]) in names
    ]
    labels = np.repeat(run_index.astype(np.int16), lengths)  # NumPy sorts 16-bit integers in linear time
    extents = _visible_extents(event, labels, {i: int(pixels[i]) for i in order})
    result = []
    for i in order:
        distance, size = extents[i]
        if distance <= limits.max_range:
            result.append(Sighting(simulator_id=names[int(colours[i])], pixels=int(pixels[i]), size=size))
    return result


def _colour_code(colour: list[int]) -> int:
    red, green, blue = colour
    return int.from_bytes(bytes((red, green, blue, 255)), "little")


def _visible_extents(
    event: Any, labels: npt.NDArray[np.int16], pixels: Mapping[int, int]
) -> dict[int, tuple[float, Point | None]]:
    """Median distance and map-axes extents of the visible surface of each label, both in metres."""
    view = event_view(event)
    width = view.depth.shape[1]
    depth = view.depth.ravel()
    rotation, (fx, fy, cx, cy) = view.pose[:3, :3], view.intrinsics
    by_label = np.argsort(labels, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(labels))])
    result: dict[int, tuple[float, Point | None]] = {}
    for label, count in pixels.items():
        # A few hundred pixels fix the extents of a large object as well as all of them would.
        chosen = by_label[bounds[label] : bounds[label + 1] : max(1, count // 400)]
        z = depth[chosen].astype(np.float64)
        known = np.isfinite(z) & (z > 0)
        if not known.any():
            result[label] = (float("inf"), None)
            continue
        z, chosen = z[known], chosen[known]
        local = np.stack([(chosen % width - cx) / fx * z, (chosen // width - cy) / fy * z, z], axis=1)
        points = local @ rotation.T
        points.sort(axis=0)
        stray = len(points) // 100
        extent = points[-1 - stray] - points[stray]
        result[label] = (float(np.median(np.linalg.norm(local, axis=1))), _as_size(extent))
    return result


def _as_size(extent: FloatArray) -> Point:
    x, y, z = (float(v) for v in np.maximum(extent, 0.0))
    return (x, y, z)


def to_observation(
    metadata: Mapping[str, Any], *, token: str, stamp: float, floor: float, size: Point | None, held: bool = False
) -> Observation:
    """What the robot may know of one visible or held object.

    Args:
        metadata: The object's metadata in the event.
        token: Its opaque id.
        stamp: Time of the frame, seconds.
        floor: THOR y of the floor, metres.
        size: Extents of its visible surface, metres.
        held: Whether the gripper holds it.
    """
    return Observation(
        metadata["objectType"],
        frames.map_from_thor(metadata["axisAlignedBoundingBox"]["center"], floor),
        stamp=stamp,
        object_id=token,
        size=size,
        states=object_states(metadata),
        source="gripper" if held else "camera",
        held=held,
    )
