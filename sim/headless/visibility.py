"""What the agent sees, and what of that it can act on.

As in AI2-THOR an object is visible if part of its box lies within a vertical cylinder of radius `visibilityDistance`
around the camera and the camera has an unobstructed view of part of it. Obstruction is judged by the rendered frame
of instance numbers: an object of which no pixel is seen is hidden.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sim.headless.geometry import Array
from sim.headless.objects import SimObject
from sim.headless.world import World

__all__ = ["Sight", "reach"]

_MIN_PIXELS_AT_300 = 1.0
"""Pixels of a 300 × 300 frame that must show an object."""


class Sight:
    """Which objects are seen from where the agent is.

    Args:
        world: Whose.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._changed = world.watch()
        self._low = np.zeros((0, 3))
        self._high = np.zeros((0, 3))
        self._numbers = np.zeros(0, np.int64)
        self._ids: list[str] = []
        self._row: dict[str, int] = {}

    def visible(self, numbers: npt.NDArray[np.int32], distance: float, axis: Array | None = None) -> set[str]:
        """Ids of the visible objects.

        Args:
            numbers: (H, W) instance numbers that a camera sees.
            distance: Radius of the cylinder, metres.
            axis: (3,) that camera's position, the agent's by default.
        """
        if self._changed:
            self._renew()
        world = self._world
        counts = _counted(numbers.reshape(-1), world.instances + 1)
        seen = counts[self._numbers] >= _MIN_PIXELS_AT_300 * numbers.size / 90_000
        camera = (world.agent.camera if axis is None else axis)[[0, 2]]
        off = np.maximum(np.maximum(self._low[:, [0, 2]] - camera, camera - self._high[:, [0, 2]]), 0.0)
        near = (off * off).sum(axis=1) <= distance * distance
        return {self._ids[row] for row in np.flatnonzero(seen & near)}

    def _renew(self) -> None:
        world = self._world
        if len(self._ids) != len(world.objects) or not self._changed <= self._row.keys():
            self._ids = list(world.objects)
            self._row = {object_id: row for row, object_id in enumerate(self._ids)}
            self._numbers = np.array([obj.instance for obj in world])
            self._low = np.array([obj.low for obj in world])
            self._high = np.array([obj.high for obj in world])
        else:
            for object_id in self._changed:
                row, obj = self._row[object_id], world.objects[object_id]
                self._low[row], self._high[row] = obj.low, obj.high
        self._changed.clear()


def _counted(numbers: npt.NDArray[np.int32], length: int) -> npt.NDArray[Any]:
    """(length,) how often each number occurs. Counts runs: in a picture neighbours are mostly alike."""
    starts = np.concatenate([[0], np.flatnonzero(numbers[1:] != numbers[:-1]) + 1, [len(numbers)]])
    return np.bincount(numbers[starts[:-1]], weights=np.diff(starts), minlength=length)


def reach(camera: Array, obj: SimObject) -> float:
    """Horizontal distance from the camera's axis to the nearest point of an object's box, metres."""
    off = np.maximum(np.maximum(obj.low - camera, camera - obj.high), 0.0)
    return float(np.hypot(off[0], off[2]))
