"""From where things were seen well, so that the robot can stand and look so again.

What is small or half hidden shows from few places. One from which it did show is worth more than any that geometry
proposes. Kept across instructions, for as long as memory knows the thing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from planner_node.robot import Frame
from scene_graph.types import Point

__all__ = ["Sighting", "Sightings"]

_REACH = 1.3
"""Metres along the floor within which a thing may be in reach from where it was seen."""

_SAME = 0.25
"""Metres within which two sightings of a class are of one thing in one place."""

_MOST = 12
"""Sightings of one class that are kept, the newest ones."""


@dataclass(frozen=True)
class Sighting:
    """Where a thing was seen, and how the robot stood and looked when it showed best.

    Attributes:
        sensor_id: The thing's sensor id in the newest frame that showed it.
        position: Where it was then, map frame, metres.
        pose: (x, y, yaw) of the robot's base, metres and radians.
        gaze: A point on the camera's axis, map frame, metres; None where the frame brought no view.
        confidence: Of the observation from there, in [0, 1].
    """

    sensor_id: str
    position: Point
    pose: tuple[float, float, float]
    gaze: Point | None
    confidence: float


@dataclass
class Sightings:
    """The best sighting of each thing in each place; takes frames as a listener."""

    _kept: dict[str, list[Sighting]] = field(default_factory=dict)

    def __call__(self, frame: Frame) -> None:
        """Take in a frame."""
        gaze: Point | None = None
        if frame.view is not None:
            x, y, z = (frame.view.pose[:3, 3] + frame.view.pose[:3, 2]).tolist()
            gaze = (x, y, z)
        for seen in frame.observations:
            if seen.held or seen.object_id is None:
                continue
            new = Sighting(seen.object_id, seen.position, frame.robot_pose, gaze, seen.confidence)
            kept = self._kept.setdefault(seen.label, [])
            near = [s for s in kept if math.dist(s.position, new.position) < _SAME]
            old = min(near, key=lambda s: math.dist(s.position, new.position), default=None)
            within = math.dist(seen.position[:2], frame.robot_pose[:2]) <= _REACH
            if old is not None and (not within or old.confidence > new.confidence):
                new = replace(old, sensor_id=new.sensor_id, position=new.position)
            elif not within:
                continue
            if old is not None:
                kept.remove(old)
            kept.append(new)
            del kept[:-_MOST]

    def of(self, sensor_id: str | None) -> Sighting | None:
        """How a thing was seen best from within reach, by the sensor id that memory knows it by; None if never."""
        return next((s for kept in self._kept.values() for s in kept if s.sensor_id == sensor_id), None)

    def drop_unknown(self, known: Callable[[str], bool]) -> None:
        """Forget what memory forgot.

        Args:
            known: Whether memory knows the thing of a sensor id, and has it where it was seen.
        """
        self._kept = {label: [s for s in kept if known(s.sensor_id)] for label, kept in self._kept.items()}
