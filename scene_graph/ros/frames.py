"""Observation arrays as they arrive: which is new, and where the robot was."""

from __future__ import annotations

from karma import msg

from scene_graph.ros.messages import yaw_from_quaternion

__all__ = ["FrameOrder", "robot_pose"]


class FrameOrder:
    """Tells new frames from repeated ones: robots repeat their newest frame for nodes that came later."""

    def __init__(self) -> None:
        self._newest: tuple[int, int] | None = None

    def is_new(self, message: msg.ObservationArray) -> bool:
        """Whether this frame has not been seen; it has then."""
        number = (message.epoch, message.seq)
        if self._newest is not None and number <= self._newest and number[0] == self._newest[0]:
            return False
        self._newest = number
        return True


def robot_pose(message: msg.ObservationArray) -> tuple[float, float, float]:
    """(x, y, yaw) of the robot's base in the map frame, metres and radians."""
    position = message.robot_pose.position
    return (position.x, position.y, yaw_from_quaternion(message.robot_pose.orientation))
