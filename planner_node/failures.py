"""How a step gives up, and how long it may keep trying; failures are caught by the executor, never seen outside."""

from __future__ import annotations

from dataclasses import dataclass

from planner_node.robot import SkillResult

__all__ = ["HopelessError", "Limits", "StepFailedError", "require"]


class StepFailedError(Exception):
    """A step could not be done, for the reason in words."""


class HopelessError(StepFailedError):
    """It cannot be done at all, or all places were looked at in vain: beginning the clause again is no use."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long to keep trying.

    Attributes:
        viewpoints: Places to stand for one thing.
        candidates: Things of a class to try.
        repeats: Times that a clause is begun anew.
        places: Places to look at for one thing.
    """

    viewpoints: int = 6
    candidates: int = 4
    repeats: int = 1
    places: int = 60


def require(outcome: SkillResult, what: str) -> None:
    """Go on only if a skill succeeded.

    Raises:
        StepFailedError: If it did not.
    """
    if not outcome.ok:
        raise StepFailedError(f"{what} failed: {outcome.message or outcome.code}")
