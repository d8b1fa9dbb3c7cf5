"""Finds the poses from which an object can be seen and acted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sim.headless.eyes import Eyes
from sim.headless.geometry import Array, matrix_from_euler
from sim.headless.objects import SimObject
from sim.headless.settings import Settings
from sim.headless.visibility import reach
from sim.headless.world import Agent, World

__all__ = ["interactable_poses"]

_SIDE = 150
"""Pixels of the frames in which the object is looked for; small ones are quick and show it all the same."""


def interactable_poses(
    world: World,
    eyes: Eyes,
    settings: Settings,
    obj: SimObject,
    places: Array,
    *,
    yaws: Sequence[float],
    horizons: Sequence[float],
    standings: Sequence[bool],
    limit: int | None,
) -> list[dict[str, Any]]:
    """Poses from which an object is visible, as AI2-THOR lists them.

    Args:
        world: Whose; its agent is left as it was.
        eyes: To look with.
        settings: Field of view and visibility distance.
        obj: To be seen.
        places: (P, 2) where the agent can stand, (x, z).
        yaws: Headings to try, degrees.
        horizons: Pitches to try, degrees.
        standings: Standing, crouching or both.
        limit: Stop after so many poses.
    """
    actual = world.agent
    small = replace(settings, width=_SIDE, height=_SIDE)
    corners = obj.bounds_corners()
    found: list[dict[str, Any]] = []
    try:
        for x, z in places.tolist():
            world.agent = agent = Agent(np.array([x, actual.position[1], z]), 0.0, 0.0)
            if reach(agent.camera, obj) > settings.visibility_distance:
                continue
            for standing in standings:
                for yaw in yaws:
                    for horizon in horizons:
                        agent.yaw, agent.horizon, agent.standing = yaw, horizon, standing
                        if not _may_see(agent, corners, settings.fov):
                            continue
                        if obj.object_id in eyes.visible(small):
                            pose = {"x": x, "y": float(actual.position[1]), "z": z, "rotation": yaw}
                            found.append({**pose, "standing": standing, "horizon": horizon})
                            if limit is not None and len(found) >= limit:
                                return found
    finally:
        world.agent = actual
    return found


def _may_see(agent: Agent, corners: Array, fov: float) -> bool:
    """Whether a box is not wholly beside the view of a square frame."""
    local = (corners - agent.camera) @ matrix_from_euler((agent.horizon, agent.yaw, 0.0))
    limit = np.tan(np.radians(fov / 2))
    ahead = local[:, 2]
    if (ahead <= 0).all():
        return False
    if (ahead <= 0).any():
        return True  # around the camera: let the frame decide
    return bool(
        (np.abs(local[:, 0]).min() <= limit * ahead.max() or local[:, 0].min() * local[:, 0].max() < 0)
        and (local[:, 1].min() <= limit * ahead.max() and local[:, 1].max() >= -limit * ahead.max())
    )
