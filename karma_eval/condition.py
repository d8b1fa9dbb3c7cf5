"""What a run is done with: memory, planner, sizes, and how the world misbehaves."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_PLANNER", "PLANNERS", "Condition"]

PLANNERS = ("rules", "learned", "llm")
"""Names of planners."""

DEFAULT_PLANNER = "learned"
"""The planner used where none is asked for."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What a run is done with.

    Attributes:
        memory: ``full``, ``no-ltm``, ``no-stm``, ``none`` (remembers within an instruction only: the reference), or
            one of `karma_eval.rivals.RIVALS`.
        planner: One of `PLANNERS`, or ``FILE.py:CLASS`` of a planner of the user's own.
        policy: Replacement policy of short-term memory, by the name that `memory_node.policies.create` takes; None for
            the default.
        capacity: Objects that short-term memory holds.
        archive: Whether what short-term memory gives up can still be searched for.
        noise: What sensors get wrong, as `sim.noise.SensorNoise.parse` reads it; the run's seed is added to its own.
        disturb: What somebody else does between instructions, as `sim.disturb.Passing.parse` reads it; likewise.
    """

    memory: str = "full"
    planner: str = DEFAULT_PLANNER
    policy: str | None = None
    capacity: int = 25
    archive: bool = True
    noise: str = ""
    disturb: str = ""
