"""The table of skills: one source for prompts, JSON schema, verifier, executor and documentation.

A *primitive* skill maps to one call of the robot (`planner_node.robot`). A *composite* skill is what people ask
for (wash, heat, slice …); `planner_node.compose` turns it into primitives. Conditions are facts of the symbolic
state (`planner_node.state`) with the skill's parameter names as arguments.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from planner_node.robot import SkillCode

__all__ = ["SKILLS", "Condition", "Parameter", "Skill", "skills_table"]


@dataclass(frozen=True)
class Parameter:
    """One argument of a skill.

    Attributes:
        name: Its name.
        description: What it is, for prompts and documentation.
        kind: ``"object"`` (a phrase or memory's id) or ``"number"``.
        affordances: The class must offer one of these (`scene_graph.ontology`); empty: anything goes.
        optional: Whether it may be left out; the planner then chooses.
    """

    name: str
    description: str
    kind: str = "object"
    affordances: frozenset[str] = frozenset()
    optional: bool = False


@dataclass(frozen=True)
class Condition:
    """A fact about the world as memory predicts it.

    Attributes:
        predicate: ``hand_empty``, ``holding``, ``near``, ``reachable`` (not in something closed), ``accessible``
            (open, or without a door), ``in`` (the first is in or on the second) or ``is`` (the object has `value`).
        arguments: Parameter names.
        value: The state, for ``is``.
        negated: Whether it must not hold.
    """

    predicate: str
    arguments: tuple[str, ...] = ()
    value: str = ""
    negated: bool = False

    def __str__(self) -> str:
        inner = ", ".join([*self.arguments, *([self.value] if self.value else [])])
        return f"{'not ' if self.negated else ''}{self.predicate}({inner})"


@dataclass(frozen=True)
class Skill:
    """What the robot can be asked to do.

    Attributes:
        name: Its name; of a primitive, the robot's name for it.
        description: One sentence, for prompts and documentation.
        parameters: Its arguments in order.
        preconditions: What must hold before.
        effects: What holds afterwards.
        seconds: Typical cost, seconds of the robot's time without travel.
        failures: How it can end other than well.
        irreversible: Needs an instruction that asks for it.
        composite: Expands into primitives.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...] = ()
    preconditions: tuple[Condition, ...] = ()
    effects: tuple[Condition, ...] = ()
    seconds: float = 2.0
    failures: tuple[SkillCode, ...] = ()
    irreversible: bool = False
    composite: bool = False

    def signature(self) -> str:
        """The skill as prompts show it, e.g. ``put(object, receptacle)``."""
        return f"{self.name}({', '.join(p.name + ('?' if p.optional else '') for p in self.parameters)})"


def _object(description: str, *affordances: str) -> Parameter:
    return Parameter("object", description, affordances=frozenset(affordances))


def _optional(name: str, description: str, *affordances: str) -> Parameter:
    return Parameter(name, description, affordances=frozenset(affordances), optional=True)


def _is(value: str, *, negated: bool = False) -> Condition:
    return Condition("is", ("object",), value, negated)


_HAND_EMPTY = Condition("hand_empty")
_HOLDING = Condition("holding", ("object",))
_NOT_HOLDING = Condition("holding", ("object",), negated=True)
_NEAR = Condition("near", ("object",))
_REACHABLE = Condition("reachable", ("object",))
_TRAVEL = (SkillCode.NO_PATH, SkillCode.BLOCKED, SkillCode.NOT_VISIBLE)
_TOUCH = (SkillCode.NOT_VISIBLE, SkillCode.OUT_OF_REACH, SkillCode.UNKNOWN_OBJECT)
_FETCH = (*_TRAVEL, SkillCode.OUT_OF_REACH, SkillCode.HAND_FULL, SkillCode.CLOSED)
_CARRY = (*_FETCH, SkillCode.INCOMPATIBLE, SkillCode.NO_ROOM)
_DEVICE = (*_CARRY, SkillCode.PRECONDITION)
_RECEPTACLE = Parameter("receptacle", "where to put it", affordances=frozenset({"receptacle"}))

_TABLE: tuple[Skill, ...] = (
    Skill(
        "go_to",
        "Go to where the object can be seen and reached; an object of unknown place is searched for.",
        (_object("what to go to"),),
        (),
        (_NEAR,),
        0.0,
        _TRAVEL,
    ),
    Skill(
        "explore",
        "Search the home for an object, the likeliest places first.",
        (_object("what to find"),),
        (),
        (_NEAR,),
        30.0,
        _TRAVEL,
    ),
    Skill("look_at", "Turn the camera to an object.", (_object("what to look at"),), (), (), 1.0, _TRAVEL),
    Skill(
        "pick_up",
        "Take an object into the hand, which must be empty.",
        (_object("what to take", "pickupable"),),
        (_NEAR, _HAND_EMPTY, _REACHABLE),
        (_HOLDING,),
        2.0,
        (*_TOUCH, SkillCode.HAND_FULL, SkillCode.CLOSED, SkillCode.BLOCKED),
    ),
    Skill(
        "put",
        "Put the held object on or in a receptacle, which must not be closed.",
        (_object("what is held", "pickupable"), _RECEPTACLE),
        (
            _HOLDING,
            Condition("near", ("receptacle",)),
            Condition("accessible", ("receptacle",)),
        ),
        (_HAND_EMPTY, Condition("in", ("object", "receptacle"))),
        2.0,
        (*_TOUCH, SkillCode.HAND_EMPTY, SkillCode.CLOSED, SkillCode.INCOMPATIBLE, SkillCode.NO_ROOM),
    ),
    Skill(
        "open",
        "Open a door, drawer, box or book; it must be switched off.",
        (_object("what to open", "openable"),),
        (_NEAR, _is("on", negated=True)),
        (_is("open"),),
        2.0,
        (*_TOUCH, SkillCode.PRECONDITION, SkillCode.BLOCKED),
    ),
    Skill(
        "close",
        "Close a door, drawer, box or book.",
        (_object("what to close", "openable"),),
        (_NEAR,),
        (_is("closed"),),
        2.0,
        (*_TOUCH, SkillCode.PRECONDITION, SkillCode.BLOCKED),
    ),
    Skill(
        "toggle_on",
        "Switch a device on; one with a door must be closed.",
        (_object("what to switch on", "toggleable"),),
        (_NEAR, _is("open", negated=True)),
        (_is("on"),),
        2.0,
        (*_TOUCH, SkillCode.PRECONDITION),
    ),
    Skill(
        "toggle_off",
        "Switch a device off.",
        (_object("what to switch off", "toggleable"),),
        (_NEAR,),
        (_is("off"),),
        2.0,
        (*_TOUCH, SkillCode.PRECONDITION),
    ),
    Skill(
        "slice",
        "Slice food; an empty hand first fetches a knife.",
        (_object("what to slice", "sliceable"), _optional("tool", "the knife", "cuts")),
        (_NEAR, Condition("holding", ("tool",)), _NOT_HOLDING, _REACHABLE),
        (_is("sliced"),),
        2.0,
        (*_TOUCH, SkillCode.PRECONDITION),
        irreversible=True,
    ),
    Skill(
        "break",
        "Break an object.",
        (_object("what to break", "breakable"),),
        (_NEAR,),
        (_is("broken"),),
        2.0,
        (*_TOUCH, SkillCode.PRECONDITION),
        irreversible=True,
    ),
    Skill(
        "clean",
        "Wipe an object clean where it stands.",
        (_object("what to clean", "dirtyable"),),
        (_NEAR,),
        (_is("clean"),),
        2.0,
        (*_TOUCH, SkillCode.PRECONDITION),
    ),
    Skill(
        "empty",
        "Pour out what is in an object, over the sink if it can be carried.",
        (_object("what to empty", "fillable"),),
        (_NEAR,),
        (_is("empty"),),
        2.0,
        (*_TOUCH, SkillCode.PRECONDITION),
    ),
    Skill("drop", "Let go of what is held.", (), (), (_HAND_EMPTY,), 2.0, (SkillCode.HAND_EMPTY,)),
    Skill(
        "throw",
        "Throw what is held.",
        (Parameter("amount", "force, newtons", kind="number", optional=True),),
        (),
        (_HAND_EMPTY,),
        2.0,
        (SkillCode.HAND_EMPTY,),
        irreversible=True,
    ),
    Skill(
        "push",
        "Push an object away from the robot.",
        (_object("what to push"), Parameter("amount", "force, newtons", kind="number", optional=True)),
        (_NEAR,),
        (),
        2.0,
        _TOUCH,
    ),
    Skill(
        "pull",
        "Pull an object towards the robot.",
        (_object("what to pull"), Parameter("amount", "force, newtons", kind="number", optional=True)),
        (_NEAR,),
        (),
        2.0,
        _TOUCH,
    ),
    Skill("wait", "Wait.", (Parameter("amount", "seconds", kind="number"),), (), (), 0.0, ()),
    Skill(
        "move",
        "Carry an object to a receptacle and put it there, opening and closing doors as needed.",
        (_object("what to carry", "pickupable"), _RECEPTACLE),
        (),
        (Condition("in", ("object", "receptacle")),),
        10.0,
        _CARRY,
        composite=True,
    ),
    Skill(
        "wash",
        "Wash an object in the sink under the running tap.",
        (_object("what to wash", "pickupable"), _optional("receptacle", "the sink", "receptacle")),
        (),
        (_is("clean"),),
        12.0,
        _DEVICE,
        composite=True,
    ),
    Skill(
        "heat",
        "Heat an object in the microwave, or on the stove, and take it out.",
        (_object("what to heat", "pickupable"), _optional("receptacle", "the appliance", "heats")),
        (),
        (_is("hot"),),
        20.0,
        _DEVICE,
        composite=True,
    ),
    Skill(
        "cook",
        "Cook food in the microwave, the toaster or a pan on the stove.",
        (_object("what to cook", "pickupable"), _optional("receptacle", "the appliance or pan", "receptacle")),
        (),
        (_is("cooked"),),
        20.0,
        _DEVICE,
        irreversible=True,
        composite=True,
    ),
    Skill(
        "cool",
        "Cool an object in the fridge.",
        (_object("what to cool", "pickupable"), _optional("receptacle", "the fridge", "cools")),
        (),
        (_is("cold"),),
        12.0,
        _DEVICE,
        composite=True,
    ),
    Skill(
        "cut",
        "Fetch a knife, slice food with it, and put the knife down.",
        (_object("what to slice", "sliceable"), _optional("tool", "the knife", "cuts")),
        (),
        (_is("sliced"),),
        12.0,
        _DEVICE,
        irreversible=True,
        composite=True,
    ),
    Skill(
        "fill",
        "Fill a vessel with water from the tap.",
        (_object("what to fill", "fillable"), _optional("receptacle", "the sink", "receptacle")),
        (),
        (_is("filled"),),
        12.0,
        _DEVICE,
        composite=True,
    ),
    Skill(
        "brew",
        "Make coffee: a mug into the coffee machine, which is then run.",
        (_object("the mug", "fillable"), _optional("receptacle", "the coffee machine", "receptacle")),
        (),
        (_is("filled:coffee"),),
        12.0,
        _DEVICE,
        composite=True,
    ),
    Skill(
        "examine",
        "Hold an object under the light of a lamp.",
        (_object("what to examine", "pickupable"), _optional("device", "the lamp", "toggleable")),
        (),
        (_HOLDING,),
        8.0,
        _DEVICE,
        composite=True,
    ),
    Skill(
        "throw_away",
        "Put an object into the bin.",
        (_object("what to throw away", "pickupable"), _optional("receptacle", "the bin", "receptacle")),
        (),
        (Condition("in", ("object", "receptacle")),),
        10.0,
        _CARRY,
        irreversible=True,
        composite=True,
    ),
    Skill(
        "put_down",
        "Put what is held on something near.",
        (),
        (),
        (_HAND_EMPTY,),
        5.0,
        _CARRY,
        composite=True,
    ),
    Skill(
        "hand_over",
        "Bring an object to the person: to where the instruction was given.",
        (_object("what to bring", "pickupable"),),
        (_HOLDING,),
        (),
        5.0,
        _TRAVEL,
    ),
)

SKILLS: Mapping[str, Skill] = MappingProxyType({skill.name: skill for skill in _TABLE})
"""All skills by name."""


def skills_table() -> str:
    """The table of skills in Markdown, for the documentation: ``python -m planner_node.skills`` prints it."""
    lines = [
        "| skill | what it does | needs before | holds afterwards | seconds | can fail with |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for skill in SKILLS.values():
        marks = [*(["composite"] if skill.composite else []), *(["must be asked for"] if skill.irreversible else [])]
        cells = [
            f"`{skill.signature()}`",
            skill.description + (f" *{', '.join(marks)}*" if marks else ""),
            ", ".join(f"`{condition}`" for condition in skill.preconditions) or "–",
            ", ".join(f"`{condition}`" for condition in skill.effects) or "–",
            f"{skill.seconds:g}",
            ", ".join(str(code) for code in skill.failures) or "–",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(skills_table() + "\n")
