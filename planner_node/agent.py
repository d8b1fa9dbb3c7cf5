"""The planner as others use it: an instruction in, a `TaskResult` out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from planner_node.clarify import (
    AmbiguousError,
    NotUnderstoodError,
    Pending,
    UnconfirmedError,
    answers_yes,
    choose,
    is_no,
)
from planner_node.errors import PlannerError
from planner_node.executor import Executor
from planner_node.experience import Experience
from planner_node.failures import Limits
from planner_node.knowledge import Knowledge, KnowledgeError
from planner_node.lessons import Lessons
from planner_node.plan import Plan
from planner_node.planner import Metered, Planner, Situation, StepPlanner, Usage
from planner_node.reorder import reorder
from planner_node.result import Event, EventKind, Listener, TaskResult
from planner_node.robot import Robot, SkillCall
from planner_node.rules import RulesPlanner
from planner_node.session import Session
from planner_node.stepwise import Stepwise
from planner_node.verifier import Violation, verify
from planner_node.working import WorkingMemory
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
        experience: What earlier tasks taught and later ones will; None for none.
        wall_clock: Seconds, for planning time.

    One instruction runs at a time; `cancel` may be called from any thread. A result with a `question` may be answered
    by the next instruction.
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
        experience: Experience | None = None,
        wall_clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._robot = robot
        self._knowledge = knowledge
        self._planner: Planner = planner or RulesPlanner()
        self._fallback = fallback
        self._ontology = classes or ontology()
        self._listener = on_event or _ignore
        self._limits = limits or Limits()
        self._experience = experience
        self._wall_clock = wall_clock
        self._cancel = threading.Event()
        self._guard = threading.Lock()
        self._busy = False
        self.session = Session()
        self.working = WorkingMemory()

    def cancel(self) -> None:
        """Stop the running instruction; `run` then returns a result that says so. Harmless when nothing runs."""
        with self._guard:
            if not self._busy:
                return
            self._cancel.set()
        self._planner.cancel()
        if self._fallback is not None:
            self._fallback.cancel()
        self._robot.cancel()

    def run(self, instruction: str, *, given_up: Callable[[], bool] = lambda: False) -> TaskResult:
        """Plan, verify and carry out one instruction, or take it as the answer to a question.

        Args:
            instruction: The person's words.
            given_up: Asked once, as soon as `cancel` has an effect: whether it was cancelled before that.

        Returns:
            What happened. What goes wrong in the world, in memory or in understanding is told there, not raised.

        Raises:
            PlannerError: If another instruction is running.
        """
        with self._guard:
            if self._busy:
                raise PlannerError("an instruction is running; wait for it, or cancel it first")
            self._busy = True
            self._cancel.clear()
        try:
            if given_up():
                return TaskResult(instruction=instruction, cancelled=True, reason="cancelled")
            return self._run(instruction)
        finally:
            with self._guard:
                self._busy = False

    def _emit(self, event: Event) -> None:
        self.working.take_in(event)
        self._listener(event)

    def _run(self, said: str) -> TaskResult:
        result = TaskResult(instruction=said)
        self.session.begin()
        self._emit(Event(kind=EventKind.INSTRUCTION, message=said))
        before = self._used()
        try:
            self._understand_and_do(said, result)
        except KnowledgeError as error:
            result.reason = f"memory did not answer: {error}"
        after = self._used()
        result.prompt_tokens = after.prompt_tokens - before.prompt_tokens
        result.completion_tokens = after.completion_tokens - before.completion_tokens
        result.cost = after.cost - before.cost
        if self._cancel.is_set() and not result.claimed:
            result.cancelled, result.reason = True, "cancelled"
        self._emit(
            Event(
                kind=EventKind.RESULT,
                message=result.summary,
                data={"claimed": result.claimed, "reason": result.reason, "question": result.question},
            )
        )
        return result

    def _used(self) -> Usage:
        return self._planner.used if isinstance(self._planner, Metered) else Usage()

    def _understand_and_do(self, said: str, result: TaskResult) -> None:
        pending, self.session.pending = self.session.pending, None
        instruction, answers, confirmed = said, dict[str, str](), False
        if pending is not None:
            if is_no(said):
                result.reason = f"left undone: {pending.instruction!r}"
                return
            chosen = choose(said, pending.options, self._ontology) if pending.phrase else None
            if chosen is not None or (not pending.phrase and answers_yes(said)):
                instruction = pending.instruction
                answers = {**pending.answers, **({pending.phrase: chosen} if chosen is not None else {})}
                confirmed = chosen is None
        # Somebody may have changed what is in view since the last frame.
        self._robot.execute(SkillCall(skill="wait", amount=0.0))
        began = self._wall_clock()
        self._knowledge.settle(self._robot.frame().seq)
        try:
            situation = self._situation(answers, confirmed=confirmed)
            self._tell_tips(instruction)
            if isinstance(self._planner, StepPlanner) and self._planner.stepwise:
                self._go_stepwise(instruction, self._planner, result)
                return
            plan = self._plan(instruction, situation)
        except NotUnderstoodError as error:
            result.planning_seconds = self._wall_clock() - began
            self._ask_back(instruction, answers, error, result)
            self.session.mention(situation.grounder().named_in(instruction), "object")
            return
        result.planning_seconds = self._wall_clock() - began
        if not self._cancel.is_set():
            self._carry_out(plan, result)

    def _ask_back(
        self, instruction: str, answers: dict[str, str], error: NotUnderstoodError, result: TaskResult
    ) -> None:
        """Tell why nothing is done and what to say for it to be done."""
        result.reason, result.question = str(error), error.question
        match error:
            case AmbiguousError():
                self.session.pending = Pending(instruction, error.phrase, error.options, answers)
            case UnconfirmedError():
                self.session.pending = Pending(instruction, answers=answers)

    def _situation(self, answers: dict[str, str] | None = None, *, confirmed: bool = False) -> Situation:
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
            answers=answers or {},
            confirmed=confirmed,
            working=self.working,
            experience=self._experience,
            map_id=frame.map_id,
            cancelled=self._cancel,
        )

    # Planning.

    def _plan(self, instruction: str, situation: Situation) -> Plan:
        """A verified plan.

        Raises:
            NotUnderstoodError: If no planner makes one.
        """
        violations: list[Violation] = []
        for planner in (self._planner, self._fallback):
            if planner is None or self._cancel.is_set():
                continue
            try:
                plan = reorder(planner.plan(instruction, situation), situation)
            except NotUnderstoodError as error:
                if planner is self._fallback or self._fallback is None or isinstance(error, AmbiguousError):
                    raise
                self._emit(Event(kind=EventKind.NOTE, message=f"{planner.name}: {error}"))
                continue
            violations = verify(plan, situation)
            if not violations:
                return plan
            self._emit(
                Event(
                    kind=EventKind.NOTE,
                    message=f"the plan of {planner.name} was refused: {_reasons(violations)}",
                    data={"violations": [{"code": v.code, "message": v.message, "step": v.step} for v in violations]},
                )
            )
        reason = _reasons(violations)
        if violations and all(v.confirmable for v in violations):
            raise UnconfirmedError(
                f"not without your word: {reason}", question=f"{reason}. Shall I do it all the same?"
            )
        raise NotUnderstoodError(f"no plan passes verification: {reason}", question=f"I cannot do that: {reason}.")

    def _tell_tips(self, instruction: str) -> None:
        """Say what went wrong before with instructions like this one."""
        for tip in Lessons(self._experience, self._emit).tips(instruction):
            self._emit(Event(kind=EventKind.NOTE, message=f"known from before: {tip.describe()}"))

    # Doing.

    def _executor(self, result: TaskResult) -> Executor:
        return Executor(
            self._robot,
            self._knowledge,
            self._ontology,
            self.session,
            result,
            emit=self._emit,
            cancel=self._cancel,
            limits=self._limits,
        )

    def _carry_out(self, plan: Plan, result: TaskResult) -> None:
        result.plan = plan.to_json()
        for ref in plan.refs.values():
            self._tell_recalled(ref.name, ref.phrase, ref.object_id, result)
        steps = ", ".join(s.describe() for s in plan.steps) or "nothing to do"
        self._emit(Event(kind=EventKind.PLAN, message=steps, data=result.plan))
        executor = self._executor(result)
        done = executor.run(plan)
        missed = [n for n in plan.notes if n.startswith("not understood")]
        if done and missed:
            result.reason, result.question = "; ".join(missed), "What did you mean by that?"
        elif done:
            guesses = [n for n in plan.notes if n.startswith("took ")]
            result.reason = "; ".join(filter(None, [result.reason, *guesses]))
        result.claimed = done and not missed
        Lessons(self._experience, self._emit).learn(plan, executor.failed, result, executor.refusals)

    def _go_stepwise(self, instruction: str, planner: StepPlanner, result: TaskResult) -> None:
        """Let a planner go step by step; where it cannot go on, the fallback plans what is left.

        Raises:
            NotUnderstoodError: If there is no fallback, or it makes no plan either.
        """
        run = Stepwise(instruction, planner, self._situation, self._executor, self._emit)
        if run.go(result) or self._cancel.is_set():
            return
        if self._fallback is None:
            return
        self._emit(Event(kind=EventKind.NOTE, message=f"going on without the model: {result.reason}"))
        result.reason = result.question = ""
        violations: list[Violation] = []
        plan = self._fallback.plan(instruction, self._situation())
        violations = verify(plan, self._situation())
        if violations:
            raise NotUnderstoodError(f"no plan passes verification: {_reasons(violations)}")
        self._carry_out(plan, result)

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


def _reasons(violations: list[Violation]) -> str:
    return "; ".join(v.message for v in violations)
