"""From finished tasks to experience: plans that worked as examples, clauses that failed as tips."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from planner_node.experience import Experience, ExperienceError, Refusal, Tip
from planner_node.plan import Call, Plan
from planner_node.result import Event, EventKind, Listener, TaskResult
from planner_node.skills import SKILLS

__all__ = ["Lessons"]


@dataclass(frozen=True)
class Lessons:
    """Reads from and writes to experience; where that is out of order, tasks go on without, and it is said.

    Attributes:
        experience: Where lessons are kept; None for nowhere.
        emit: Takes progress events.
    """

    experience: Experience | None
    emit: Listener

    def tips(self, instruction: str) -> list[Tip]:
        """What went wrong before with instructions like this one."""
        if self.experience is None:
            return []
        try:
            return self.experience.tips(instruction)
        except ExperienceError as error:
            self.emit(Event(kind=EventKind.NOTE, message=str(error)))
            return []

    def learn(
        self, plan: Plan, failed: Call | None, result: TaskResult, refusals: Sequence[tuple[Refusal, bool]] = ()
    ) -> None:
        """Take in how a plan went; a cancelled one teaches nothing but which places took what.

        Args:
            plan: What was carried out.
            failed: The clause that could not be done.
            result: What came of it.
            refusals: Which places did not take a thing, and which did (True), in order.
        """
        if self.experience is None:
            return
        try:
            for refusal, took in refusals:
                (self.experience.took if took else self.experience.refused)(refusal)
            if result.cancelled:
                return
            if result.claimed:
                clauses = [_clause(call, plan) for call in plan.calls]
                self.experience.succeeded(
                    plan.instruction, _reply(plan), clauses=clauses, seconds=result.seconds, actions=result.actions
                )
            elif failed is not None and result.reason:
                self.experience.failed(plan.instruction, _clause(failed, plan), result.reason)
        except ExperienceError as error:
            self.emit(Event(kind=EventKind.NOTE, message=str(error)))


def _clause(call: Call, plan: Plan) -> str:
    """A call in words that outlive the plan."""
    return f"{call.skill}({', '.join(plan.refs[name].phrase for name in call.objects.values())})"


def _reply(plan: Plan) -> str:
    """A plan as a language model would have to answer it: phrases instead of ids, which outlive the home's memory."""
    steps = []
    for call in plan.calls:
        step: dict[str, str | float | None] = {"skill": call.skill}
        for parameter in SKILLS[call.skill].parameters:
            name = call.objects.get(parameter.name)
            step[parameter.name] = (
                call.amount if parameter.kind == "number" else plan.refs[name].phrase if name is not None else None
            )
        steps.append(step)
    return json.dumps({"steps": steps, "question": ""}, ensure_ascii=False, separators=(",", ":"))
