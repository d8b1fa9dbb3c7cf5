"""The planner as others use it: an instruction in, a `TaskResult` out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from planner_node.errors import PlannerError
from planner_node.executor import Executor, Limits
from planner_node.knowledge import Knowledge, KnowledgeError
from planner_node.plan import Plan
from planner_node.planner import NotUnderstoodError, Planner, Situation
from planner_node.result import Event, EventKind, Listener, TaskResult
from planner_node.robot import Robot
from planner_node.rules import RulesPlanner
from planner_node.session import Session
from planner_node.verifier import verify
from scene_graph.ontology import Ontology, ontology

__all__ = ["Agent"]


def _ignore(event: Event) -> None:
    """Listener for those who want none."""


class Agent:
    """Carries out a person's instructions in turn, on one robot with one memory.

    Args:
        robot: The embodiment.
        knowledge: Memory.
        planner: Makes plans; the `rules` planner by default.
        fallback: Plans when `planner` fails to make a plan that passes verification.
        classes: Class knowledge; what ships by default.
        on_event: Takes progress events, on the thread that calls `run`.
        limits: How long to keep trying.
        wall_clock: Seconds, for planning time.

    One instruction runs at a time; `cancel` may be called from any thread.
    """

    def __init__(
        self,
        robot: Robot,
        knowledge: Knowledge,
        *,
        planner: Planner | None = None,
        fallback: Planner | None = None,
        classes: Ontology | None = None,
        on_event: Listener | None = None,
        limits: Limits | None = None,
        wall_clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._robot = robot
        self._knowledge = knowledge
        self._planner: Planner = planner or RulesPlanner()
        self._fallback = fallback
        self._ontology = classes or ontology()
        self._emit = on_event or _ignore
        self._limits = limits or Limits()
        self._wall_clock = wall_clock
        self._cancel = threading.Event()
        self._busy = threading.Lock()
        self.session = Session()

    def cancel(self) -> None:
        """Stop the running instruction; `run` then returns a result that says so. Harmless when nothing runs."""
        if self._busy.locked():
            self._cancel.set()
            self._planner.cancel()
            self._robot.cancel()

    def run(self, instruction: str) -> TaskResult:
        """Plan, verify and carry out one instruction.

        Returns:
            What happened. What goes wrong in the world, in memory or in understanding is told there, not raised.

        Raises:
            PlannerError: If another instruction is running.
        """
        if not self._busy.acquire(blocking=False):
            raise PlannerError("an instruction is running; wait for it, or cancel it first")
        try:
            self._cancel.clear()
            return self._run(instruction)
        finally:
            self._busy.release()

    def _run(self, instruction: str) -> TaskResult:
        result = TaskResult(instruction=instruction)
        self.session.begin()
        self._emit(Event(kind=EventKind.INSTRUCTION, message=instruction))
        began = self._wall_clock()
        try:
            plan = self._plan(instruction)
        except NotUnderstoodError as error:
            result.reason, result.question = str(error), error.question
            plan = None
        except KnowledgeError as error:
            result.reason = f"memory did not answer: {error}"
            plan = None
        result.planning_seconds = self._wall_clock() - began
        if self._cancel.is_set():
            result.cancelled, result.reason = True, "cancelled"
        elif plan is not None:
            self._carry_out(plan, result)
        self._emit(
            Event(
                kind=EventKind.RESULT,
                message="done" if result.claimed else f"not done: {result.reason}",
                data={"claimed": result.claimed, "reason": result.reason},
            )
        )
        return result

    def _situation(self) -> Situation:
        frame = self._robot.frame()
        held = next((o.object_id for o in frame.observations if o.held and o.object_id is not None), None)
        known = self._knowledge.get(held) if held is not None else None
        x, y, _ = frame.robot_pose
        return Situation(
            knowledge=self._knowledge,
            session=self.session,
            ontology=self._ontology,
            position=(x, y, 0.0),
            held=known.object.object_id if known is not None else None,
        )

    def _plan(self, instruction: str) -> Plan:
        """A verified plan.

        Raises:
            NotUnderstoodError: If no planner makes one.
        """
        self._knowledge.settle(self._robot.frame().seq)
        situation = self._situation()
        reason = ""
        for planner in (self._planner, self._fallback):
            if planner is None:
                continue
            try:
                plan = planner.plan(instruction, situation)
            except NotUnderstoodError as error:
                if planner is self._fallback or self._fallback is None:
                    raise
                self._emit(Event(kind=EventKind.NOTE, message=f"{planner.name}: {error}"))
                continue
            violations = verify(plan, situation)
            if not violations:
                return plan
            reason = "; ".join(v.message for v in violations)
            self._emit(
                Event(
                    kind=EventKind.NOTE,
                    message=f"the plan of {planner.name} was refused: {reason}",
                    data={"violations": [{"code": v.code, "message": v.message, "step": v.step} for v in violations]},
                )
            )
        raise NotUnderstoodError(f"no plan passes verification: {reason}", question=f"I cannot do that: {reason}.")

    def _carry_out(self, plan: Plan, result: TaskResult) -> None:
        result.plan = plan.to_json()
        for ref in plan.refs.values():
            self._tell_recalled(ref.name, ref.phrase, ref.object_id, result)
        steps = ", ".join(s.describe() for s in plan.steps) or "nothing to do"
        self._emit(Event(kind=EventKind.PLAN, message=steps, data=result.plan))
        executor = Executor(
            self._robot,
            self._knowledge,
            self._ontology,
            self.session,
            result,
            emit=self._emit,
            cancel=self._cancel,
            limits=self._limits,
        )
        done = executor.run(plan)
        missed = [n for n in plan.notes if n.startswith("not understood")]
        if done and missed:
            result.reason, result.question = "; ".join(missed), "What did you mean by that?"
        result.claimed = done and not missed

    def _tell_recalled(self, name: str, phrase: str, object_id: str | None, result: TaskResult) -> None:
        try:
            known = self._knowledge.get(object_id) if object_id is not None else None
        except KnowledgeError:
            known = None
        record = {
            "name": name,
            "phrase": phrase,
            "object_id": object_id,
            "label": known.object.label if known is not None else None,
            "age": known.age if known is not None else None,
            "tier": known.tier if known is not None else None,
            "stale": known.stale if known is not None else None,
        }
        result.recalled.append(record)
        if known is None:
            message = f"{phrase}: not remembered, to be searched for"
        else:
            age = "of another time" if known.age is None else f"{known.age:.0f} s ago"
            message = f"{phrase}: {known.object.label}, {age}, {known.tier}"
        self._emit(Event(kind=EventKind.RECALLED, message=message, data=record))
