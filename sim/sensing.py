"""From one simulator event to what the robot's sensors give: the border that ground truth does not cross.

Of all that an event's metadata says, only this leaves here, and only for objects that the current picture shows with
at least `SensorLimits.min_pixels` pixels within `SensorLimits.max_range` metres: class and state flags. Which pixels
are theirs is the instance mask's word; where they are and how large is for `scene_graph.perception` to find out from
depth. The gripper knows what it holds and where the hand is, in the picture or not. Positions, containment,
reachability, ids and everything out of sight stay behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scene_graph.perception import Instance
from scene_graph.types import Observation, Point, View
from sim import frames

__all__ = [
    "SensorLimits",
    "Sighting",
    "coarse_view",
    "event_view",
    "held_observation",
    "instance",
    "object_states",
    "sight",
]


@dataclass(frozen=True, kw_only=True)
class SensorLimits:
    """What the camera can make out.

    Attributes:
        min_pixels: Pixels of its instance mask that an object must show.
        max_range: Metres from the camera to its visible surface, in the mean.
        view_stride: The view's depth keeps every so-manyth pixel, each way.
    """

    min_pixels: int = 100
    max_range: float = 5.0
    view_stride: int = 5


@dataclass(frozen=True)
class Sighting:
    """The objects in one picture.

    Attributes:
        instances: (H, W) number of the object that each pixel shows, from 1; 0 is none of them.
        simulator_ids: AI2-THOR's id of each, number 1 first; they must not leave the bridge.
    """

    instances: npt.NDArray[np.uint16]
    simulator_ids: tuple[str, ...]


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


def event_view(event: Any) -> View:
    """The event's depth image with its camera."""
    metadata = event.metadata
    agent = metadata["agent"]
    depth = np.asarray(event.depth_frame, dtype=np.float32)
    height, width = depth.shape
    return View(
        pose=frames.camera_pose(
            metadata["cameraPosition"],
            yaw=agent["rotation"]["y"],
            horizon=agent["cameraHorizon"],
            floor=frames.floor_height(agent["position"]),
        ),
        intrinsics=frames.intrinsics(width, height, metadata["fov"]),
        depth=depth,
    )


def coarse_view(view: View, limits: SensorLimits) -> View:
    """A view of `event_view` at the resolution that memory needs."""
    stride = limits.view_stride
    first = stride // 2
    fx, fy, cx, cy = view.intrinsics
    return View(
        pose=view.pose,
        intrinsics=(fx / stride, fy / stride, (cx - first) / stride, (cy - first) / stride),
        depth=np.ascontiguousarray(view.depth[first::stride, first::stride]),
    )


def sight(event: Any, limits: SensorLimits) -> Sighting:
    """The objects that the event's picture shows well enough.

    Args:
        event: An event with depth and instance frames.
        limits: What the camera can make out.

    Returns:
        Their pixels and ids, in the order in which the picture shows their first pixels, row by row.
    """
    masks = event.instance_masks
    codes: npt.NDArray[np.uint32] = np.ascontiguousarray(masks.instance_segmentation_frame_uint32)
    flat = codes.ravel()
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    lengths = np.diff(starts, append=flat.size)
    colours, first_run, run_index = np.unique(flat[starts], return_index=True, return_inverse=True)
    pixels = np.bincount(run_index, weights=lengths)
    within = _mean_distance(event, starts, run_index, colours.size) <= limits.max_range
    objects = {o["objectId"] for o in event.metadata["objects"]}
    names = {_colour_code(colour): name for name, colour in masks.instance_colors.items() if name in objects}
    chosen = [
        int(i)
        for i in np.argsort(first_run, kind="stable")
        if pixels[i] >= limits.min_pixels and within[i] and int(colours[i]) in names
    ]
    numbers = np.zeros(colours.size, dtype=np.uint16)
    numbers[chosen] = np.arange(1, len(chosen) + 1)
    return Sighting(
        instances=np.repeat(numbers[run_index], lengths).reshape(codes.shape),
        simulator_ids=tuple(names[int(colours[i])] for i in chosen),
    )


def _colour_code(colour: list[int]) -> int:
    red, green, blue = colour
    return int.from_bytes(bytes((red, green, blue, 255)), "little")


def _mean_distance(
    event: Any, starts: npt.NDArray[np.intp], run_index: npt.NDArray[np.intp], count: int
) -> npt.NDArray[np.float64]:
    """Metres from the camera to each colour's pixels of known depth, in the mean; infinite where there are none."""
    depth = np.asarray(event.depth_frame, dtype=np.float32)
    height, width = depth.shape
    fx, fy, cx, cy = frames.intrinsics(width, height, event.metadata["fov"])
    across, down = (np.arange(width) - cx) / fx, (np.arange(height) - cy) / fy
    # How much longer the ray through a pixel is than its depth.
    rays = np.sqrt(1.0 + across[None, :] ** 2 + down[:, None] ** 2).astype(np.float32)
    known = np.isfinite(depth) & (depth > 0)
    distance = np.where(known, depth * rays, np.float32(0.0)).ravel()
    total = np.bincount(run_index, np.add.reduceat(distance, starts, dtype=np.float64), count)
    pixels = np.bincount(run_index, np.add.reduceat(known.ravel(), starts, dtype=np.float64), count)
    return np.where(pixels > 0, total / np.maximum(pixels, 1.0), np.inf)


def instance(metadata: Mapping[str, Any], *, token: str) -> Instance:
    """What a detector would say of one visible object: its class and the states it shows.

    Args:
        metadata: The object's metadata in the event.
        token: Its opaque id.
    """
    return Instance(metadata["objectType"], object_id=token, states=object_states(metadata))


def held_observation(metadata: Mapping[str, Any], *, token: str, stamp: float, hand: Point) -> Observation:
    """The gripper's report of what it holds.

    Args:
        metadata: The object's metadata in the event.
        token: Its opaque id.
        stamp: Time of the frame, seconds.
        hand: Where the hand is, from the arm's joints, map frame, metres.
    """
    return Observation(
        metadata["objectType"],
        hand,
        stamp=stamp,
        object_id=token,
        states=object_states(metadata),
        source="gripper",
        held=True,
    )
