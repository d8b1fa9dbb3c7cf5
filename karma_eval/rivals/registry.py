"""Rival memories by name."""

from __future__ import annotations

import runpy
from collections.abc import Callable

from karma_eval.errors import EvalError
from karma_eval.rivals.emem import EmemKnowledge
from karma_eval.rivals.last_seen import LastSeenKnowledge
from karma_eval.rivals.omniscient import OmniscientKnowledge
from karma_eval.rivals.paper import PaperKnowledge
from memory_node.memory import Memory
from planner_node.local import LocalKnowledge
from sim.bridge import ThorRobot
from sim.simulation import Simulation

__all__ = ["RIVALS", "is_own", "open_rival"]

RIVALS: dict[str, Callable[[Memory, ThorRobot, Simulation], LocalKnowledge]] = {
    "paper": lambda memory, robot, simulation: PaperKnowledge(memory, robot=robot),
    "last-seen": lambda memory, robot, simulation: LastSeenKnowledge(memory, robot=robot),
    "emem": lambda memory, robot, simulation: EmemKnowledge(memory, robot=robot),
    "omniscient": lambda memory, robot, simulation: OmniscientKnowledge(memory, robot=robot, simulation=simulation),
}
"""``paper``: KARMA as published; ``last-seen``: CAPEAM's map; ``emem``: eMEM; ``omniscient``: the bound."""


def is_own(name: str) -> bool:
    """Whether a memory's name is ``FILE.py:CLASS``, a memory of the user's own."""
    return ":" in name


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
        return _load(name)(memory, robot=robot)
    if name not in RIVALS:
        raise EvalError(f"there is no rival memory {name!r}; use one of {', '.join(RIVALS)}")
    return RIVALS[name](memory, robot, simulation)


def _load(name: str) -> Callable[..., LocalKnowledge]:
    path, _, attribute = name.rpartition(":")
    try:
        found = runpy.run_path(path)[attribute]
    except KeyError:
        raise EvalError(f"{path} defines no {attribute}; name a class of it") from None
    except Exception as error:  # whatever the user's file raises
        raise EvalError(f"{path} cannot be loaded as a memory: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise EvalError(f"{attribute} of {path} is no class")
    return found  # type: ignore[no-any-return]
