"""Typed plans: what is to be done, to which objects, and what must be true in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["Call", "Goal", "ObjectRef", "Plan", "Step"]


@dataclass(frozen=True, kw_only=True)
class ObjectRef:
    """What a phrase refers to; steps with equal `name` mean the same object.

    Attributes:
        name: Name within the plan, e.g. ``"apple"`` or ``"pen_2"``.
        phrase: The person's words, or the planner's own for what was not said.
        labels: Classes that it may be, best first.
        object_id: Memory's id; None for what has to be found while executing.
        states: States that it must have, as far as memory knows.
        part_of: Name of the reference whose slices these are.
        beside: Name of the reference that it belongs to and stands nearest to (the tap of a sink).
        inside: Name of the reference that it is in or on.
        distinct: Names of references that it must differ from ("another plate").
        definite: One particular object is meant, so that a like one is second choice.
    """

    name: str
    phrase: str
    labels: tuple[str, ...]
    object_id: str | None = None
    states: frozenset[str] = frozenset()
    part_of: str | None = None
    beside: str | None = None
    inside: str | None = None
    distinct: tuple[str, ...] = ()
    definite: bool = True

    @property
    def label(self) -> str:
        """The likeliest class."""
        return self.labels[0] if self.labels else ""

    def but(self, **changes: Any) -> ObjectRef:
        """A copy with some fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One skill, primitive or composite, with resolved arguments: what one clause asks for.

    Attributes:
        skill: Its name in the skill table.
        objects: Parameter name to reference name.
        amount: Number argument, where the skill has one.
        text: The clause, for people.
    """

    skill: str
    objects: Mapping[str, str] = field(default_factory=dict)
    amount: float | None = None
    text: str = ""

    def describe(self) -> str:
        """For people: ``move(apple, plate)``."""
        return _shown(self.skill, self.objects, self.amount)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One primitive skill with its arguments.

    Attributes:
        skill: Its name in the skill table.
        objects: Parameter name to reference name.
        amount: Number argument, where the skill has one.
        call: Index of the `Call` that it serves.
        ensure: The step only prepares or clears away: it is skipped if its effect holds already, and another place
            will do for what it puts down.
    """

    skill: str
    objects: Mapping[str, str] = field(default_factory=dict)
    amount: float | None = None
    call: int = 0
    ensure: bool = False

    @property
    def object(self) -> str | None:
        """Name of what is acted on."""
        return self.objects.get("object")

    def describe(self) -> str:
        """For people: ``put(apple, plate)``."""
        return _shown(self.skill, self.objects, self.amount)


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What must hold once a call is done.

    Attributes:
        predicate: ``in``, ``is``, ``holding`` or ``near``.
        objects: Reference names.
        value: The state, for ``is``.
        call: Index of the `Call` that it belongs to.
    """

    predicate: str
    objects: tuple[str, ...]
    value: str = ""
    call: int = 0

    def describe(self) -> str:
        """For people: ``in(apple, fridge)``."""
        return f"{self.predicate}({', '.join([*self.objects, *([self.value] if self.value else [])])})"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan: what was asked, as calls, and the primitive steps that do it.

    Attributes:
        instruction: The person's words.
        calls: One per clause.
        steps: Primitive steps in order.
        refs: Every reference by name.
        goals: What must hold after which call.
        planner: Who made it: ``"rules"``, ``"learned"``, ``"llm"``.
        notes: What was assumed or not understood, in words.
        read_as: The instruction in plain words, where the order reader put it so.
    """

    instruction: str
    calls: Sequence[Call]
    steps: Sequence[Step]
    refs: Mapping[str, ObjectRef]
    goals: Sequence[Goal] = ()
    planner: str = "rules"
    notes: Sequence[str] = ()
    read_as: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready mapping."""
        return {
            "planner": self.planner,
            "steps": [
                {"skill": s.skill, **dict(s.objects), **({"amount": s.amount} if s.amount is not None else {})}
                for s in self.steps
            ],
            "objects": {
                name: {"phrase": r.phrase, "labels": list(r.labels), "object_id": r.object_id}
                for name, r in self.refs.items()
            },
            "goals": [g.describe() for g in self.goals],
            "notes": list(self.notes),
            "read_as": self.read_as,
        }


def _shown(skill: str, objects: Mapping[str, str], amount: float | None) -> str:
    words = list(objects.values()) + ([f"{amount:g}"] if amount is not None else [])
    return f"{skill}({', '.join(words)})"
