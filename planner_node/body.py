"""One task's hold on robot and memory: calls a skill, waits until memory knows, and keeps the account.

Everything that a task does to the world goes through `Body.call`, so that cancellation, time, outcomes and events
are in one place.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection
from typing import Any

from memory_node.recollection import Recollection
from planner_node.knowledge import Knowledge
from planner_node.plan import ObjectRef
from planner_node.result import Event, EventKind, Listener, TaskResult
from planner_node.robot import Frame, Robot, SkillCall, SkillCode, SkillResult
from planner_node.sightings import Sightings
from scene_graph.ontology import Ontology
from scene_graph.types import Observation, Point

__all__ = ["Body", "CancelledError"]

_SLIDE = 0.8
"""Metres within which a thing is looked for after acting on it."""


class CancelledError(Exception):
    """The task was cancelled; caught by the executor."""


class Body:
    """Robot and memory during one task.

    Attributes:
        robot: The embodiment.
        knowledge: Memory.
        ontology: Class knowledge.
        result: The task's result, filled as it runs.
        sightings: From where things were seen.
    """

    def __init__(
        self,
        robot: Robot,
        knowledge: Knowledge,
        ontology: Ontology,
        result: TaskResult,
        sightings: Sightings,
        *,
        emit: Listener,
        cancel: threading.Event,
    ) -> None:
        self.sightings = sightings
        self.robot = robot
        self.knowledge = knowledge
        self.ontology = ontology
        self.result = result
        self._emit = emit
        self._cancel = cancel

    def tell(self, kind: EventKind, text: str, /, **data: Any) -> None:
        """Report progress."""
        self._emit(Event(kind=kind, message=text, data=data))

    def call(
        self,
        skill: str,
        *,
        label: str = "",
        object_id: str | None = None,
        target: Point | None = None,
        yaw: float | None = None,
        attempt: int = 0,
        amount: float | None = None,
        safety: bool = False,
    ) -> SkillResult:
        """Execute one primitive skill and wait until memory has taken in what it showed.

        Args:
            skill: Its name.
            label: What it acts on, for people.
            object_id: Sensor id from the newest frame.
            target: Map frame, metres.
            yaw: Radians.
            attempt: Which viewpoint.
            amount: Number argument.
            safety: Do it although the task was cancelled.

        Raises:
            CancelledError: If the task was cancelled before or meanwhile.
            KnowledgeError: If memory does not keep up.
        """
        if self._cancel.is_set() and not safety:
            raise CancelledError
        call = SkillCall(skill=skill, object_id=object_id, target=target, yaw=yaw, attempt=attempt, amount=amount)
        outcome = self.robot.execute(call)
        self.result.actions += outcome.actions
        self.result.seconds += outcome.seconds
        record = {
            "skill": skill,
            "object": label,
            "code": str(outcome.code),
            "message": outcome.message,
            "actions": outcome.actions,
            "seconds": round(outcome.seconds, 3),
        }
        self.result.skills.append(record)
        words = f"{skill} {label}".strip()
        self.tell(EventKind.SKILL, f"{words}: {outcome.message or outcome.code}", **record)
        if outcome.code is SkillCode.CANCELLED and not safety:
            raise CancelledError
        if outcome.seq:
            self.knowledge.settle(outcome.seq)
        return outcome

    def see_again(self, object_id: str) -> Observation | None:
        """Stand and look as when a thing was seen best before; its observation, if it is seen once more."""
        known = self.knowledge.get(object_id)
        sighting = self.sightings.of(known.object.sensor_id) if known is not None else None
        if known is None or known.stale or sighting is None:
            return None
        x, y, yaw = sighting.pose
        self.call("go_to_pose", label=known.object.label, target=(x, y, 0.0), yaw=yaw)
        seen = self.observation_of(object_id)
        if seen is None and sighting.gaze is not None:
            self.call("look_at", label=known.object.label, target=sighting.gaze)
            seen = self.observation_of(object_id)
        return seen

    # What the newest frame shows.

    @property
    def frame(self) -> Frame:
        """The newest frame."""
        return self.robot.frame()

    @property
    def position(self) -> Point:
        """Where the robot stands, map frame, metres."""
        x, y, _ = self.frame.robot_pose
        return (x, y, 0.0)

    def observation_of(self, object_id: str) -> Observation | None:
        """The observation in the newest frame of a remembered object; None if it does not show it."""
        found = self.knowledge.get(object_id)
        if found is None or found.object.sensor_id is None:
            return None
        return next((o for o in self.frame.observations if o.object_id == found.object.sensor_id), None)

    def follow(self, before: Observation, state: str | None = None) -> Observation | None:
        """The same thing in the newest frame after acting on it, by class, state and place.

        A drawer that opens slides out under like drawers: of those in the new state, the one nearest to where it
        was, its height weighed most.

        Args:
            before: Its observation in an earlier frame.
            state: The state that the action was to bring about; None for none.
        """

        def gap(o: Observation) -> float:
            across = math.dist(o.position[:2], before.position[:2])
            return across + 4.0 * abs(o.position[2] - before.position[2])

        like = [o for o in self.visible({before.label}) if state is None or state in o.states]
        best = min(like, key=gap, default=None)
        return best if best is not None and gap(best) < _SLIDE else None

    def memory_of(self, observation: Observation) -> Recollection | None:
        """What memory made of an observation of the newest frame."""
        return self.knowledge.get(observation.object_id) if observation.object_id is not None else None

    def visible(self, labels: Collection[str]) -> list[Observation]:
        """Observations in the newest frame of these classes, nearest first, without what is held."""
        shown = [o for o in self.frame.observations if o.label in labels and not o.held and o.object_id is not None]
        x, y, _ = self.frame.robot_pose
        return sorted(shown, key=lambda o: (math.dist(o.position[:2], (x, y)), o.position))

    def held(self) -> Observation | None:
        """What the gripper holds, by its latest report."""
        return next((o for o in self.frame.observations if o.held), None)

    def fits(self, observation: Observation, ref: ObjectRef) -> bool:
        """Whether an observation may be what a reference means, by class."""
        return any(self.ontology.derives(observation.label, label) for label in ref.labels)
