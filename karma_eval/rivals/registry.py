"""Rival memories by name."""

from __future__ import annotations

from collections.abc import Callable

from karma_eval.errors import EvalError
from karma_eval.own import is_own, load_own
from karma_eval.rivals.emem import EmemKnowledge
from karma_eval.rivals.last_seen import LastSeenKnowledge
from karma_eval.rivals.omniscient import OmniscientKnowledge
from karma_eval.rivals.paper import PaperKnowledge
from memory_node.memory import Memory
from planner_node.local import LocalKnowledge
from sim.bridge import ThorRobot
from sim.simulation import Simulation

__all__ = ["RIVALS", "open_rival"]

RIVALS: dict[str, Callable[[Memory, ThorRobot, Simulation], LocalKnowledge]] = {
    "paper": lambda memory, robot, simulation: PaperKnowledge(memory, robot=robot),
    "last-seen": lambda memory, robot, simulation: LastSeenKnowledge(memory, robot=robot),
    "emem": lambda memory, robot, simulation: EmemKnowledge(memory, robot=robot),
    "omniscient": lambda memory, robot, simulation: OmniscientKnowledge(memory, robot=robot, simulation=simulation),
}
"""``paper``: KARMA as published; ``last-seen``: CAPEAM's map; ``emem``: eMEM; ``omniscient``: the bound."""


def open_rival(name: str, memory: Memory, robot: ThorRobot, simulation: Simulation) -> LocalKnowledge:
    """A rival memory behind the planner's interface.

    Args:
        name: One of `RIVALS`, or ``FILE.py:CLASS`` for a class that is called as they are: with the memory, and the
            robot by its keyword.
        memory: For what keeps its place; of what moves, too, for ``paper`` and ``omniscient``.
        robot: Whose frames it takes in.
        simulation: The scene; only the omniscient one reads it.

    Raises:
        EvalError: If there is none of that name, or it is not installed or cannot be loaded.
    """
    if is_own(name):
        own: LocalKnowledge = load_own(name, "memory")(memory, robot=robot)
        return own
    if name not in RIVALS:
        raise EvalError(f"there is no rival memory {name!r}; use one of {', '.join(RIVALS)}")
    return RIVALS[name](memory, robot, simulation)
