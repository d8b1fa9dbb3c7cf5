"""Simulated time: what each primitive action costs, written once and quoted in reports."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COSTS", "Costs", "SimulatedClock"]


@dataclass(frozen=True)
class Costs:
    """Seconds that primitive actions take on the robot's clock; planning takes none.

    Attributes:
        step: One grid step of `step_length`; a shorter or longer move pro rata. A step that is blocked costs as much.
        step_length: Metres.
        quarter_turn: A turn of 90°; others pro rata.
        look: One change of the camera's pitch, or of crouching and standing.
        interaction: One action on an object.
    """

    step: float = 1.0
    step_length: float = 0.25
    quarter_turn: float = 1.0
    look: float = 0.5
    interaction: float = 2.0

    def move(self, metres: float) -> float:
        """Seconds to travel so far."""
        return self.step * metres / self.step_length

    def turn(self, degrees: float) -> float:
        """Seconds to turn by so much, either way."""
        return self.quarter_turn * abs(degrees) / 90.0


COSTS = Costs()
"""The costs that every run uses."""


class SimulatedClock:
    """Time that passes only when the robot acts; callable, so that it can be injected as a clock.

    Args:
        start: First time, seconds.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def __call__(self) -> float:
        """Now, seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            ValueError: If `seconds` is negative: time restarts only by a new clock and a new epoch.
        """
        if seconds < 0:
            raise ValueError(f"time cannot go back by {-seconds} s; start a new epoch with a new clock")
        self._now += seconds
