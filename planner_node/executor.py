"""Carries out a verified plan in a closed loop: go there, look, act, look again.

Nothing is believed that the newest frame does not show. `finder` stands before things, `hands` acts on them, `safety`
switches off what must not run on; here a clause that failed is begun once more, what it was to bring about is checked,
and the conversation learns what was done. Every loop is bounded by `Limits`.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence

from planner_node.bindings import Bindings
from planner_node.body import Body, CancelledError
from planner_node.evidence import contradicts
from planner_node.failures import HopelessError, Limits, StepFailedError, require
from planner_node.finder import Finder
from planner_node.hands import Hands
from planner_node.knowledge import Knowledge, KnowledgeError
from planner_node.plan import Call, Goal, Plan, Step
from planner_node.result import EventKind, Listener, TaskResult
from planner_node.robot import Robot, SkillCode
from planner_node.safety import Safety
from planner_node.session import Session
from planner_node.skills import SKILLS
from scene_graph.ontology import Ontology
from scene_graph.types import Observation

__all__ = ["Executor"]

_LOOK = 2.0
"""Metres within which a thing is worth turning to, to see what became of it."""


class Executor:
    """Carries out one plan.

    Args:
        robot: The embodiment.
        knowledge: Memory.
        ontology: Class knowledge.
        session: The conversation, which learns what was done.
        result: Filled while running.
        emit: Takes progress events.
        cancel: Ends the task when set.
        limits: Bounds.
    """

    def __init__(
        self,
        robot: Robot,
        knowledge: Knowledge,
        ontology: Ontology,
        session: Session,
        result: TaskResult,
        *,
        emit: Listener,
        cancel: threading.Event,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._knowledge = knowledge
        self._session = session
        self._result = result
        self._body = Body(robot, knowledge, ontology, result, session.sightings, emit=emit, cancel=cancel)
        self._bindings = Bindings(self._body, session)
        self._safety = Safety(self._body)
        finder = Finder(self._body, self._bindings, self._limits)
        self._finder = finder
        self._hands = Hands(self._body, self._bindings, finder, self._safety, self._limits, used=self._count_use)
        self._used: set[tuple[int, str]] = set()
        self._start = self._body.frame.robot_pose
        self._step: Step | None = None
        self._unseen: list[str] = []
        self.failed: Call | None = None
        """The clause that could not be done, once `run` has ended."""
        self.refusals = self._hands.refusals
        """Which places did not take what was put there, and which did, see `planner_node.hands`."""

    def run(self, plan: Plan) -> bool:
        """Carry out the plan.

        Returns:
            Whether every step was done and what was seen bears out every goal; the reason, or what could not be seen,
            is in the result.
        """
        self._bindings.refs = dict(plan.refs)
        self._bindings.bound = {n: r.object_id for n, r in plan.refs.items() if r.object_id is not None}
        pinned = sorted(set(self._bindings.bound.values()))
        done, end = False, None
        try:
            self._session.sightings.drop_unknown(lambda sensor_id: self._knowledge.get(sensor_id) is not None)
            self._session.sightings(self._body.frame)
            end = self._body.robot.subscribe(self._session.sightings)
            for object_id in pinned:
                self._forgiving(self._knowledge.pin, object_id)
            done = self._calls(plan)
        except CancelledError:
            self._result.cancelled = True
            self._result.reason = "cancelled"
        except KnowledgeError as error:
            self._result.reason = f"memory did not answer: {error}"
        finally:
            if end is not None:
                end()
            if not done:
                self._safety.make_safe()
            try:
                self._remember(plan)
            except KnowledgeError as error:
                self._body.tell(EventKind.NOTE, f"what was spoken of is not noted: {error}")
            for object_id in pinned:
                self._forgiving(self._knowledge.unpin, object_id)
        if done:
            self._result.reason = "; ".join([*self._hands.unseen.values(), *self._unseen])
        return done

    def _calls(self, plan: Plan) -> bool:
        for index, call in enumerate(plan.calls):
            steps = [s for s in plan.steps if s.call == index]
            goals = [g for g in plan.goals if g.call == index]
            failure = self._clause(steps, goals)
            self._body.tell(
                EventKind.CLAUSE,
                f"{call.describe()}: {failure or 'done'}",
                call=index,
                skill=call.skill,
                done=not failure,
                reason=failure,
            )
            if failure:
                self._result.reason, self.failed = failure, call
                return False
            self._note_deed(plan, index)
        return True

    def _clause(self, steps: Sequence[Step], goals: Sequence[Goal]) -> str:
        """Carry out one clause, if need be twice; why it failed, empty if it did not."""
        failure = ""
        for repeat in range(self._limits.repeats + 1):
            if repeat:
                self._body.tell(EventKind.RECOVERY, f"beginning again: {failure}")
            try:
                for step in steps:
                    self._do(step)
                self._check_goals(goals)
            except HopelessError as error:
                return str(error)
            except StepFailedError as error:
                failure = str(error)
            else:
                return ""
        return failure

    # Steps.

    def _do(self, step: Step) -> None:
        self._step = step
        match step.skill:
            case "go_to":
                self._finder.approach(_need(step.object))
            case "look_at":
                seen = self._finder.approach(_need(step.object))
                self._body.call("look_at", label=seen.label, target=seen.position)
            case "pick_up":
                self._hands.pick_up(_need(step.object))
            case "put":
                if step.ensure:
                    self._hands.put_somewhere(step)
                else:
                    self._hands.put(_need(step.object), step.objects["receptacle"])
            case "slice":
                self._hands.slice(_need(step.object), step.objects.get("tool"))
            case "open" | "close" | "toggle_on" | "toggle_off" | "clean" | "empty" | "break":
                self._hands.change(_need(step.object), step.skill)
            case "push" | "pull":
                self._hands.change(_need(step.object), step.skill, amount=step.amount)
            case "hand_over":
                x, y, yaw = self._start
                outcome = self._body.call("go_to_pose", label="start", target=(x, y, 0.0), yaw=yaw)
                require(outcome, "going back to the person")
            case _:
                outcome = self._body.call(step.skill, amount=step.amount)
                if outcome.code is not SkillCode.HAND_EMPTY:
                    require(outcome, step.skill)

    # Bookkeeping.

    def _count_use(self, name: str) -> None:
        bound = self._bindings.bound.get(name)
        key = (self._step.call if self._step is not None else 0, name)
        if bound is None or key in self._used:
            return
        self._used.add(key)
        self._result.uses += 1
        self._result.hits += int(self._knowledge.used(bound))

    def _note_deed(self, plan: Plan, index: int) -> None:
        call = plan.calls[index]
        bound = self._bindings.bound.get(call.objects.get("object", ""))
        if bound is not None:
            self._session.record(call.skill, bound)

    def _remember(self, plan: Plan) -> None:
        """Tell the session what was spoken of, under the ids that the things turned out to have."""
        groups: dict[tuple[str, str], list[str]] = {}
        for call in plan.calls:
            for parameter in SKILLS[call.skill].parameters:
                name = call.objects.get(parameter.name)
                role = parameter.name if parameter.name in {"object", "receptacle"} else "tool"
                if name is not None and name not in groups.setdefault((call.text, role), []):
                    groups[call.text, role].append(name)
        for (_, role), names in groups.items():
            self._session.mention([self._now(name) for name in names], role)

    def _now(self, name: str) -> tuple[str | None, str]:
        """What a reference stands for at the end: a slice, where the thing was sliced."""
        refs, bound = self._bindings.refs, self._bindings.bound
        piece = next((r for r in refs.values() if r.part_of == name and r.name in bound), None)
        if piece is not None:
            return bound[piece.name], piece.label
        own = bound.get(name)
        slices = self._session.slices.get(own or "", ())
        if slices:
            known = self._knowledge.get(slices[0])
            if known is not None:
                return known.object.object_id, known.object.label
        return own, refs[name].label

    def _forgiving(self, ask: Callable[[str], None], object_id: str) -> None:
        """Pin or unpin; a memory that has no room for a pin is no reason to stop."""
        try:
            ask(object_id)
        except KnowledgeError as error:
            self._body.tell(EventKind.NOTE, f"{object_id}: {error}")

    # Goals.

    def _check_goals(self, goals: Sequence[Goal]) -> None:
        """See what a clause was to bring about; what cannot be seen is noted, for the person to know.

        Raises:
            StepFailedError: If what is seen contradicts it.
        """
        for goal in goals:
            name = goal.objects[0]
            held = self._body.held()
            if goal.predicate == "holding" and (held is None or not self._bindings.is_held(held, name)):
                raise StepFailedError(f"{self._bindings.refs[name].phrase} is not in the hand")
            if goal.predicate == "is":
                self._check_state(name, goal.value)

    def _check_state(self, name: str, value: str) -> None:
        phrase = self._bindings.refs[name].phrase
        seen = self._look_again(name)
        if seen is not None and contradicts(seen.states, value):
            raise StepFailedError(f"{phrase} is not {value}")
        if seen is None and value not in {"cold", "sliced"}:
            # What turned cold is shut up in the fridge, what was sliced is gone for its slices.
            self._unseen.append(f"could not see that {phrase} is {value}")

    def _look_again(self, name: str) -> Observation | None:
        """The thing as the newest frame shows it, after turning to it if need be."""
        held = self._body.held()
        if held is not None and self._bindings.is_held(held, name):
            return held
        seen = self._bindings.see(name)
        known = self._knowledge.get(self._bindings.bound[name]) if name in self._bindings.bound else None
        if seen is None and known is not None and math.dist(known.position, self._body.position) < _LOOK:
            self._body.call("look_at", label=known.object.label, target=known.position)
            seen = self._bindings.see(name)
        return seen


def _need(name: str | None) -> str:
    if name is None:
        raise StepFailedError("the step names no object")
    return name
