"""Checks a plan before anything moves: arguments, preconditions, goals, and what cannot be undone.

Three levels (LightPlanner, arXiv 2503.08508): every step's arguments exist and are of a class that the skill works on;
every precondition holds in the state that memory predicts; the end is what the plan says and the instruction asks for.
What cannot be undone, or is dangerous, must be asked for, or confirmed by the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from planner_node.asked import Asked
from planner_node.compose import Composer
from planner_node.parser import Intent, read_instruction
from planner_node.plan import Plan, Step
from planner_node.planner import Situation
from planner_node.skills import SKILLS
from planner_node.state import State

__all__ = ["Violation", "ViolationCode", "advance", "initial_state", "verify"]


class ViolationCode(StrEnum):
    """What is wrong with a plan."""

    EMPTY = "empty"
    UNKNOWN_SKILL = "unknown_skill"
    MISSING_ARGUMENT = "missing_argument"
    UNKNOWN_OBJECT = "unknown_object"
    WRONG_TYPE = "wrong_type"
    PRECONDITION = "precondition"
    GOAL = "goal"
    NOT_ASKED_FOR = "not_asked_for"
    DANGEROUS = "dangerous"


_CONFIRMABLE = {ViolationCode.NOT_ASKED_FOR, ViolationCode.DANGEROUS}


@dataclass(frozen=True)
class Violation:
    """One reason why a plan is refused.

    Attributes:
        code: For machines.
        message: For people, and for the model that is to repair it.
        step: Index of the step; None for the plan as a whole.
    """

    code: ViolationCode
    message: str
    step: int | None = None

    @property
    def confirmable(self) -> bool:
        """Whether it is no reason any more once the person says so."""
        return self.code in _CONFIRMABLE


def verify(plan: Plan, situation: Situation, *, whole: bool = True) -> list[Violation]:
    """Why a plan must not be carried out; empty for a good one.

    Args:
        plan: What a planner made.
        situation: What it was made for.
        whole: Whether it is to do all that the instruction asks for, rather than a step of it.
    """
    if not plan.steps:
        return [] if plan.notes else [Violation(ViolationCode.EMPTY, "the plan has no steps")]
    result = [v for i, step in enumerate(plan.steps) for v in _arguments(plan, step, i, situation)]
    if result:
        return result
    if not situation.confirmed:
        result = _irreversible(plan, situation)
    state = initial_state(plan, situation)
    # Grammar's own plans do what grammar reads; those of others are held to it.
    asked = Asked.of(plan.instruction, situation) if whole and plan.planner not in _READERS else None
    if asked is not None:
        asked.strike(state, plan.refs)
    for i, step in enumerate(plan.steps):
        skill = SKILLS[step.skill]
        for condition in skill.preconditions:
            if state.violated(condition, step.objects):
                result.append(
                    Violation(
                        ViolationCode.PRECONDITION, f"{step.describe()} needs {condition}, which will not hold", i
                    )
                )
        if not situation.confirmed:
            result += _dangerous(plan, situation, state, i)
        advance(state, step)
        if asked is not None:
            asked.strike(state, plan.refs)
        last = i + 1 == len(plan.steps) or plan.steps[i + 1].call != step.call
        if last:
            result += [
                Violation(ViolationCode.GOAL, f"{goal.describe()} will not hold after {step.describe()}", i)
                for goal in plan.goals
                if goal.call == step.call and _decidable(goal.value) and not state.satisfied(goal)
            ]
    if asked is not None and asked.goals:
        missing = ", ".join(asked.describe())
        result.append(Violation(ViolationCode.GOAL, f"the instruction asks for {missing}, which the plan does not do"))
    return result


def _decidable(value: str) -> bool:
    """Whether the predicted state can promise this: what a device does to a thing shows only when it is done."""
    return value.split(":", 1)[0] not in {"clean", "filled", "hot", "cooked", "cold", "sliced"}


def _arguments(plan: Plan, step: Step, index: int, situation: Situation) -> list[Violation]:
    skill = SKILLS.get(step.skill)
    if skill is None or skill.composite:
        return [Violation(ViolationCode.UNKNOWN_SKILL, f"there is no primitive skill {step.skill!r}", index)]
    result = []
    for parameter in skill.parameters:
        if parameter.kind == "number":
            if step.amount is None and not parameter.optional:
                result.append(
                    Violation(ViolationCode.MISSING_ARGUMENT, f"{skill.signature()} needs {parameter.name}", index)
                )
            continue
        name = step.objects.get(parameter.name)
        if name is None:
            if not parameter.optional:
                result.append(
                    Violation(ViolationCode.MISSING_ARGUMENT, f"{skill.signature()} needs {parameter.name}", index)
                )
            continue
        ref = plan.refs.get(name)
        if ref is None or not ref.labels:
            result.append(
                Violation(ViolationCode.UNKNOWN_OBJECT, f"{step.describe()}: nothing is called {name!r}", index)
            )
            continue
        info = situation.ontology.get(ref.label)
        known = ref.label in situation.ontology
        if known and parameter.affordances and not parameter.affordances & info.affordances:
            needs = " or ".join(sorted(parameter.affordances))
            result.append(
                Violation(ViolationCode.WRONG_TYPE, f"{step.describe()}: {info.words[0]} is not {needs}", index)
            )
    return result


_READERS = {"rules", "learned"}
"""Planners whose plans come from reading the instruction."""

_LICENCE = {"slice": {"cut", "cook"}, "break": {"break"}, "throw": {"throw", "throw_away"}}
"""Irreversible skills to the skills that an instruction must ask for."""


def _asked(plan: Plan, situation: Situation) -> list[Intent]:
    """What the instruction asks for, "the bread too" by what was asked for before it."""
    texts = filter(None, (plan.instruction, plan.read_as))
    return [i for text in texts for i in read_instruction(text, situation.ontology, situation.session.asked).intents]


def _irreversible(plan: Plan, situation: Situation) -> list[Violation]:
    """Steps that cannot be undone, or end in the bin, and that the instruction does not ask for."""
    asked = {i.skill for i in _asked(plan, situation)}
    result = []
    for i, step in enumerate(plan.steps):
        licence = _LICENCE.get(step.skill, {step.skill}) if SKILLS[step.skill].irreversible else set()
        holder = plan.refs.get(step.objects.get("receptacle", ""))
        if step.skill == "put" and holder is not None and "waste" in situation.ontology.get(holder.label).categories:
            licence = {"throw_away"}
        if licence and not licence & asked:
            message = f"{step.describe()} cannot be undone and was not asked for"
            result.append(Violation(ViolationCode.NOT_ASKED_FOR, message, i))
    return result


def _dangerous(plan: Plan, situation: Situation, state: State, index: int) -> list[Violation]:
    """Putting something on a burner that is lit, unless it is to be heated."""
    step = plan.steps[index]
    holder = step.objects.get("receptacle")
    if step.skill != "put" or holder is None:
        return []
    lit = next((n for n in state.around(holder) if state.labels.get(n) == "StoveBurner" and state.has(n, "on")), None)
    if lit is None or {"heat", "cook"} & {i.skill for i in _asked(plan, situation)}:
        return []
    return [Violation(ViolationCode.DANGEROUS, f"{step.describe()} puts it on a burner that is lit", index)]


def initial_state(plan: Plan, situation: Situation) -> State:
    """The state that memory predicts for the start, with the plan's names for things."""
    composer = Composer(plan.instruction, situation.grounder())
    for ref in plan.refs.values():
        if ref.object_id is not None:
            composer.add(ref)
    names = {r.object_id: r.name for r in plan.refs.values() if r.object_id is not None}
    known = {name: ref.object_id for name, ref in composer.refs.items()}

    def own(name: str) -> str:
        object_id = known.get(name)
        return names.get(object_id, name) if object_id is not None else name

    before = composer.state
    state = State(situation.ontology)
    for ref in plan.refs.values():
        state.learn(ref, ref.states)
    state.holding = own(before.holding) if before.holding is not None else None
    state.location = {own(a): own(b) for a, b in before.location.items()}
    state.states |= {own(n): s for n, s in before.states.items()}
    state.labels |= {own(n): lb for n, lb in before.labels.items()}
    for ref in plan.refs.values():
        if ref.beside is not None:
            state.location.setdefault(ref.name, ref.beside)
    return state


def advance(state: State, step: Step) -> None:
    """Predict what a step does, a fridge's cooling included."""
    state.apply(step)
    holder = step.objects.get("receptacle")
    if step.skill == "put" and holder and "cools" in state.ontology.get(state.labels.get(holder, "")).affordances:
        state.cool(step.objects["object"])
