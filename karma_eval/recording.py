"""Every action that the simulator was sent, so that a run can be repeated and compared action by action."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from sim.simulation import Simulation

__all__ = ["RecordedSimulation", "compress", "expand"]


class RecordedSimulation(Simulation):
    """A simulation that notes its actions since the last reset.

    Attributes:
        actions: One line an action: its name, its arguments, and `` !`` where it failed.
    """

    def __init__(self, controller: Any, scene: str) -> None:
        super().__init__(controller, scene)
        self.actions: list[str] = []
        self._outcomes = hashlib.sha256()

    def reset(self, scene: str | None = None) -> Any:
        """See `Simulation.reset`; begins a new record."""
        self.actions = []
        self._outcomes = hashlib.sha256()
        return super().reset(scene)

    def step(self, action: str, **arguments: Any) -> Any:
        """See `Simulation.step`."""
        event = super().step(action, **arguments)
        metadata = event.metadata
        given = "".join(f" {name}={_text(value)}" for name, value in sorted(arguments.items()))
        self.actions.append(f"{action}{given}{'' if metadata['lastActionSuccess'] else ' !'}")
        agent = metadata["agent"]
        held = [item["objectId"] for item in metadata["inventoryObjects"]]
        outcome = (self.actions[-1], _text(agent["position"]), _text(agent["rotation"]), agent["cameraHorizon"], held)
        self._outcomes.update(repr(outcome).encode())
        return event

    def outcomes_digest(self) -> str:
        """SHA-256 of all actions with the agent's pose and what it held after each."""
        return self._outcomes.hexdigest()


def compress(actions: Iterable[str]) -> list[str]:
    """Runs of the same action as one entry, ``3*MoveAhead``."""
    grouped = ((text, sum(1 for _ in group)) for text, group in groupby(actions))
    return [text if times == 1 else f"{times}*{text}" for text, times in grouped]


def expand(entries: Iterable[str]) -> list[str]:
    """The actions that `compress` wrote."""
    actions: list[str] = []
    for entry in entries:
        times, star, text = entry.partition("*")
        actions += [text] * int(times) if star and times.isdigit() else [entry]
    return actions


def _text(value: Any) -> str:
    """A value in the same words however its mapping is ordered."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{k}:{_text(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_text, value)) + "]"
    return repr(value)
