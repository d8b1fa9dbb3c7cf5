"""What must not be left running when a task ends early: taps, microwaves, burners that it switched on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from planner_node.body import Body
from planner_node.knowledge import KnowledgeError
from planner_node.result import EventKind
from planner_node.robot import SkillCode
from scene_graph.types import Observation, Point

__all__ = ["Safety"]

_UNSAFE = {"heats", "cooks", "washes"}
"""Affordances of devices that must not be left running."""

_SAME = 0.4
"""Metres within which a device of the class is taken to be the one that was switched on, should memory fail."""

_TRIES = 3
"""Viewpoints from which to try to switch a device off."""


@dataclass(frozen=True)
class _Running:
    """A device that this task switched on, with what is needed to find it without memory's help."""

    object_id: str | None
    label: str
    position: Point


@dataclass
class Safety:
    """Keeps account of what one task switched on, and switches it off.

    Attributes:
        body: Robot and memory.
    """

    body: Body
    _running: dict[str, _Running] = field(default_factory=dict)

    def note(self, skill: str, name: str, object_id: str | None, seen: Observation) -> None:
        """Take note that a skill switches a device on or off, or is about to.

        Args:
            skill: Its name; others than ``toggle_on`` and ``toggle_off`` mean nothing here.
            name: The device's reference.
            object_id: Memory's id of it.
            seen: Its observation.
        """
        affordances = self.body.ontology.get(seen.label).affordances
        if skill == "toggle_on" and (affordances & _UNSAFE or seen.label == "StoveKnob"):
            self._running[name] = _Running(object_id, seen.label, seen.position)
        elif skill == "toggle_off":
            self._running.pop(name, None)

    def make_safe(self) -> None:
        """Switch off what runs. Cancelled or not, with memory or without: what is seen decides."""
        for name, device in list(self._running.items()):
            if self._switch_off(device):
                self._running.pop(name)
            else:
                self.body.tell(EventKind.NOTE, f"could not make sure that {device.label} is off; please look after it")

    def _switch_off(self, device: _Running) -> bool:
        for attempt in range(_TRIES):
            seen = self._see(device)
            if seen is None:
                self._call("go_to", device, target=device.position, attempt=attempt)
                seen = self._see(device)
            if seen is None:
                continue
            if "off" in seen.states:
                return True
            if self._call("toggle_off", device, object_id=seen.object_id):
                return True
            self._call("go_to", device, target=device.position, attempt=attempt + 1)
        return False

    def _call(
        self,
        skill: str,
        device: _Running,
        *,
        object_id: str | None = None,
        target: Point | None = None,
        attempt: int = 0,
    ) -> bool:
        """Call a skill that even a cancelled task may use; a late cancellation that stops it is overruled once."""
        for _ in range(2):
            try:
                outcome = self.body.call(
                    skill, label=device.label, object_id=object_id, target=target, attempt=attempt, safety=True
                )
            except KnowledgeError:
                # The robot has acted; only memory lags behind.
                return self._shows_off(device)
            if outcome.code is not SkillCode.CANCELLED:
                return outcome.ok
        return False

    def _shows_off(self, device: _Running) -> bool:
        seen = self._see(device)
        return seen is not None and "off" in seen.states

    def _see(self, device: _Running) -> Observation | None:
        """The device in the newest frame: by memory, else the like one nearest to where it was."""
        try:
            known = self.body.observation_of(device.object_id) if device.object_id is not None else None
        except KnowledgeError:
            known = None
        if known is not None:
            return known
        like = [o for o in self.body.visible({device.label}) if math.dist(o.position, device.position) < _SAME]
        return min(like, key=lambda o: math.dist(o.position, device.position), default=None)
