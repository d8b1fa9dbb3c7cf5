"""The world as memory predicts it while a plan unfolds: what is held, where things are, what is open or on.

What memory does not know is left open: a precondition that cannot be decided passes, since the executor checks it
against what the camera shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from planner_node.evidence import contradicts
from planner_node.plan import Goal, ObjectRef, Step
from planner_node.skills import SKILLS, Condition
from scene_graph.ontology import Ontology
from scene_graph.types import apply_states

__all__ = ["State"]


@dataclass
class State:
    """Predicted facts, by reference name.

    Attributes:
        ontology: Class knowledge.
        holding: Name of what is held.
        at: Name of what the robot stands at.
        near: That, and what it was in when the robot came there.
        location: What each thing is in or on, by name.
        states: Known states of each thing.
        labels: Class of each thing.
    """

    ontology: Ontology
    holding: str | None = None
    at: str | None = None
    near: frozenset[str] = frozenset()
    location: dict[str, str] = field(default_factory=dict)
    states: dict[str, frozenset[str]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def has(self, name: str, state: str) -> bool | None:
        """Whether a thing is in a state; None if memory does not know."""
        known = self.states.get(name, frozenset())
        base = state.split(":", 1)[0]
        if state in known or (state == base and any(s.split(":", 1)[0] == base for s in known)):
            return True
        return False if contradicts(known, state) else None

    def within(self, name: str, holder: str) -> bool:
        """Whether a thing is in or on another, directly or through something that was moved there."""
        return holder in self._around(name)

    def around(self, name: str) -> list[str]:
        """A thing itself, then what it is in or on, from the inside out."""
        return [name, *self._around(name)]

    def _around(self, name: str) -> list[str]:
        """What a thing is in or on, from the inside out."""
        result: list[str] = []
        current = self.location.get(name)
        while current is not None and current not in result:
            result.append(current)
            current = self.location.get(current)
        return result

    def closed_around(self, name: str) -> str | None:
        """Name of the closed thing that a thing is shut up in, if memory knows of one."""
        for holder in self._around(name):
            if self.ontology.get(self.labels.get(holder, "")).closes and self.has(holder, "closed"):
                return holder
        return None

    def violated(self, condition: Condition, objects: Mapping[str, str]) -> bool:
        """Whether a precondition certainly does not hold; an optional argument left out violates nothing."""
        if any(argument not in objects for argument in condition.arguments):
            return False
        value = self._value(condition, [objects[a] for a in condition.arguments])
        return value is not None and value == condition.negated

    def _value(self, condition: Condition, names: list[str]) -> bool | None:
        match condition.predicate:
            case "hand_empty":
                return self.holding is None
            case "holding":
                return self.holding == names[0]
            case "near":
                return (
                    names[0] in self.near
                    or self.holding == names[0]
                    or any(self.within(names[0], name) for name in self.near)
                )
            case "reachable":
                return self.closed_around(names[0]) is None
            case "accessible":
                info = self.ontology.get(self.labels.get(names[0], ""))
                return not (info.closes and self.has(names[0], "closed") is True)
            case "in":
                return self.within(names[0], names[1])
            case "is":
                return self.has(names[0], condition.value)
        raise AssertionError(f"unknown predicate {condition.predicate}")

    def apply(self, step: Step) -> None:
        """Predict the effects of a step."""
        for effect in SKILLS[step.skill].effects:
            names = [step.objects[a] for a in effect.arguments if a in step.objects]
            if len(names) == len(effect.arguments):
                self._assert(effect, names)
        self._consequences(step)

    def _assert(self, effect: Condition, names: list[str]) -> None:
        match effect.predicate:
            case "hand_empty":
                self.holding = None
            case "holding":
                self.holding = names[0]
                self.location.pop(names[0], None)
            case "near":
                self.at = names[0]
                self.near = frozenset([names[0], *self._around(names[0])])
            case "in":
                self.location[names[0]] = names[1]
            case "is":
                self.states[names[0]] = apply_states(self.states.get(names[0], frozenset()), {effect.value})

    def _consequences(self, step: Step) -> None:
        """What a device does to what is in it: the household's rules, as far as plans rely on them."""
        target = step.objects.get("object")
        if step.skill != "toggle_on" or target is None:
            return
        device = self.ontology.get(self.labels.get(target, ""))
        # A tap or a stove knob works on what its basin or burner holds.
        served = self.location.get(target, target)
        for name in [n for n in self.labels if n not in {served, target} and self.within(n, served)]:
            info = self.ontology.get(self.labels[name])
            gained: set[str] = set()
            if "washes" in device.affordances:
                gained.add("clean")
                if "fillable" in info.affordances:
                    gained.add("filled")
            if "heats" in device.affordances or device.label == "StoveKnob":
                gained.add("hot")
            if ("cooks" in device.affordances or "heats" in device.affordances or device.label == "StoveKnob") and (
                "cookable" in info.affordances
            ):
                gained.add("cooked")
            if device.label == "CoffeeMachine":
                gained.add("filled:coffee")
            self.states[name] = apply_states(self.states.get(name, frozenset()), gained)

    def cool(self, name: str) -> None:
        """Predict that a thing shut up in a fridge turns cold."""
        self.states[name] = apply_states(self.states.get(name, frozenset()), {"cold"})

    def satisfied(self, goal: Goal) -> bool:
        """Whether a goal certainly holds."""
        condition = Condition(goal.predicate, goal.objects, goal.value)
        return self._value(condition, list(goal.objects)) is True

    def learn(self, ref: ObjectRef, states: frozenset[str]) -> None:
        """Take in a reference with the states that memory knows of it."""
        self.labels.setdefault(ref.name, ref.label)
        self.states.setdefault(ref.name, states)
