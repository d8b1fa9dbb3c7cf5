"""The one place where AI2-THOR's coordinates become the map's, and back.

AI2-THOR (Unity): left-handed, x right, y up, z ahead; yaw clockwise from +z, in degrees; camera horizon positive
looking down. Map (REP 103): right-handed, x forward, y left, z up; yaw counter-clockwise from x, in radians.
Map x is THOR z, map y is THOR −x, and map z is the height above the floor that the robot stands on, which in a few
floor plans is not THOR's y = 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from scene_graph.types import FloatArray, Point

__all__ = ["camera_pose", "floor_height", "intrinsics", "map_from_thor", "thor_yaw_from_map", "yaw_from_thor"]


_AGENT_HEIGHT = 0.901
"""THOR y of an agent above the floor it stands on, metres."""


def floor_height(agent_position: Mapping[str, float]) -> float:
    """THOR y of the floor on which an agent at a THOR position stands, metres."""
    return float(agent_position["y"]) - _AGENT_HEIGHT


def map_from_thor(position: Mapping[str, float], floor: float) -> Point:
    """A THOR position ``{x, y, z}`` as a point of the map, metres, where the floor is at THOR y = `floor`."""
    return (float(position["z"]), -float(position["x"]), float(position["y"]) - floor)


def yaw_from_thor(degrees: float) -> float:
    """A THOR heading in degrees as a map yaw in radians, in (−π, π]."""
    yaw = -math.radians(float(degrees))
    return math.atan2(math.sin(yaw), math.cos(yaw))


def thor_yaw_from_map(radians: float) -> float:
    """A map yaw in radians as a THOR heading in degrees, in [0, 360)."""
    return -math.degrees(radians) % 360.0


def camera_pose(position: Mapping[str, float], *, yaw: float, horizon: float, floor: float) -> FloatArray:
    """Camera-to-map transform of a THOR camera.

    Args:
        position: The camera's THOR position, metres.
        yaw: The agent's THOR heading, degrees.
        horizon: The camera's pitch, degrees, positive looking down.
        floor: THOR y of the floor, metres.

    Returns:
        (4, 4) matrix; its columns are the optical frame's x (right), y (down) and z (ahead) in the map.
    """
    heading, pitch = yaw_from_thor(yaw), math.radians(float(horizon))
    cos_yaw, sin_yaw, cos_pitch, sin_pitch = math.cos(heading), math.sin(heading), math.cos(pitch), math.sin(pitch)
    pose = np.eye(4)
    pose[:3, 0] = (sin_yaw, -cos_yaw, 0.0)
    pose[:3, 1] = (-sin_pitch * cos_yaw, -sin_pitch * sin_yaw, -cos_pitch)
    pose[:3, 2] = (cos_pitch * cos_yaw, cos_pitch * sin_yaw, -sin_pitch)
    pose[:3, 3] = map_from_thor(position, floor)
    return pose


def intrinsics(width: int, height: int, vertical_fov: float) -> tuple[float, float, float, float]:
    """Pinhole intrinsics (fx, fy, cx, cy) in pixels of a THOR camera.

    Args:
        width: Image width, pixels.
        height: Image height, pixels.
        vertical_fov: Vertical field of view, degrees, as AI2-THOR gives it.

    Returns:
        Intrinsics whose pixel centres have whole-numbered coordinates.
    """
    focal = height / 2 / math.tan(math.radians(vertical_fov) / 2)
    return (focal, focal, (width - 1) / 2, (height - 1) / 2)
