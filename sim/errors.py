"""What the bridge can fail with, short of the skill results that report the world."""

from __future__ import annotations

__all__ = [
    "DisturbanceError",
    "NoiseError",
    "SimError",
    "SimulatorDiedError",
    "SimulatorStartError",
    "UnknownSceneError",
]


class SimError(Exception):
    """Root of all errors raised by the bridge."""


class UnknownSceneError(SimError, ValueError):
    """No such floor plan; the message names the valid ranges."""


class SimulatorStartError(SimError):
    """The simulator did not come up; the message says what to check."""


class SimulatorDiedError(SimError):
    """The simulator's process ended or stopped answering."""


class DisturbanceError(SimError, ValueError):
    """A disturbance that cannot be applied: no such object, no room, or a state that the object does not have."""


class NoiseError(SimError, ValueError):
    """Sensor noise that makes no sense; the message says what is allowed."""
