"""Step by step with feedback (ReAct): the planner is told what came of each step before it gives the next.

What a model thinks to be done counts for nothing: the instruction's own goals must have come about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from planner_node.asked import Asked
from planner_node.clarify import NotUnderstoodError
from planner_node.executor import Executor
from planner_node.plan import Plan
from planner_node.planner import Situation, StepPlanner
from planner_node.result import Event, EventKind, Listener, TaskResult
from planner_node.verifier import advance, initial_state, verify

__all__ = ["Stepwise"]

_MOST_STEPS = 20
"""Steps of one instruction at most."""

_MOST_FAILURES = 3
"""Steps that fail, or claims of being done that are not true, after which it is given up."""


class Stepwise:
    """One instruction carried out step by step.

    Args:
        instruction: The person's words.
        planner: Who is asked for each step.
        situation: Makes what the planner may know now.
        executor: Makes what carries out a step, filling a result.
        emit: Takes progress events.
    """

    def __init__(
        self,
        instruction: str,
        planner: StepPlanner,
        situation: Callable[[], Situation],
        executor: Callable[[TaskResult], Executor],
        emit: Listener,
    ) -> None:
        self._instruction = instruction
        self._planner = planner
        self._situation = situation
        self._executor = executor
        self._emit = emit
        self._asked = Asked.of(instruction, situation())
        self._plans: list[Plan] = []

    def go(self, result: TaskResult) -> bool:
        """Ask for steps and carry them out until all is done or it is no use.

        Args:
            result: Filled while running; `claimed` is set if what was asked for came about.

        Returns:
            Whether it is to be left at that: done, cancelled, or in want of an answer.
        """
        failures = 0
        for _ in range(_MOST_STEPS):
            situation = self._situation()
            if situation.cancelled.is_set():
                return True
            try:
                move = self._planner.next_move(self._instruction, situation)
            except NotUnderstoodError as error:
                result.reason, result.question = str(error), error.question
                return False
            if move.plan is None:
                if self._plans and not self._asked.goals:
                    result.claimed, result.plan = True, self._whole()
                    return True
                missing = ", ".join(self._asked.describe()) or "everything"
                result.reason = f"the model says that all is done, but {missing} is not"
                failures += 1
                self._feed_back(result.reason)
            elif not self._do(move.plan, situation, result):
                failures += 1
            if result.cancelled or situation.cancelled.is_set():
                return True
            if failures >= _MOST_FAILURES:
                return False
        result.reason = f"not done after {_MOST_STEPS} steps"
        return False

    def _do(self, plan: Plan, situation: Situation, result: TaskResult) -> bool:
        violations = verify(plan, situation, whole=False)
        if violations:
            result.reason = "; ".join(v.message for v in violations)
            self._feed_back(f"refused: {result.reason}")
            return False
        self._emit(Event(kind=EventKind.PLAN, message=", ".join(s.describe() for s in plan.steps), data=plan.to_json()))
        state = initial_state(plan, situation)
        if not self._executor(result).run(plan):
            return False
        for step in plan.steps:
            advance(state, step)
            self._asked.strike(state, plan.refs)
        self._plans.append(plan)
        return True

    def _feed_back(self, text: str) -> None:
        self._emit(Event(kind=EventKind.RECOVERY, message=text))

    def _whole(self) -> dict[str, object]:
        """What was carried out, as one plan."""
        whole = replace(self._plans[0], steps=tuple(step for plan in self._plans for step in plan.steps))
        refs = {name: ref for plan in self._plans for name, ref in plan.refs.items()}
        goals = tuple(goal for plan in self._plans for goal in plan.goals)
        return replace(whole, refs=refs, goals=goals).to_json()
