"""How primitive skills on objects become AI2-THOR actions, and how its error messages become reasons of failure.

The messages are matched on the words that both the real player and the headless simulator use. They never leave the
bridge as they are: they name simulator ids.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from planner_node.robot import SkillCode

__all__ = ["OBJECT_ACTIONS", "ObjectAction", "explain"]


@dataclass(frozen=True, kw_only=True)
class ObjectAction:
    """An AI2-THOR action that serves a primitive skill.

    Attributes:
        action: AI2-THOR's name of it.
        arguments: Fixed arguments, as (name, value).
        amount: Name of the argument that takes `SkillCall.amount`, if any.
        default_amount: Its value when the call has none.
    """

    action: str
    arguments: tuple[tuple[str, str | bool], ...] = ()
    amount: str | None = None
    default_amount: float = 0.0


OBJECT_ACTIONS: dict[str, ObjectAction] = {
    "pick_up": ObjectAction(action="PickupObject"),
    "put": ObjectAction(action="PutObject"),
    "open": ObjectAction(action="OpenObject"),
    "close": ObjectAction(action="CloseObject"),
    "toggle_on": ObjectAction(action="ToggleObjectOn"),
    "toggle_off": ObjectAction(action="ToggleObjectOff"),
    "slice": ObjectAction(action="SliceObject"),
    "break": ObjectAction(action="BreakObject"),
    "clean": ObjectAction(action="CleanObject"),
    "fill": ObjectAction(action="FillObjectWithLiquid", arguments=(("fillLiquid", "water"),)),
    "empty": ObjectAction(action="EmptyLiquidFromObject"),
    "push": ObjectAction(action="PushObject", amount="moveMagnitude", default_amount=50.0),
    "pull": ObjectAction(action="PullObject", amount="moveMagnitude", default_amount=50.0),
}
"""Skills that name an object, and the action each becomes."""

_REASONS: tuple[tuple[str, SkillCode, str], ...] = (
    (r"within the specified visibility|not visible|is not interactable|obstruct", SkillCode.NOT_VISIBLE,
     "it cannot be seen well enough from here; try another viewpoint"),
    (r"too far|out of reach|not close enough", SkillCode.OUT_OF_REACH, "it is out of reach; go nearer"),
    (r"hand has something in it|already holding|hand already|hands? (is|are) full", SkillCode.HAND_FULL,
     "the hand already holds something"),
    (r"hand is empty|not holding|nothing (is )?in|no object.*(hand|held)|isn't holding", SkillCode.HAND_EMPTY,
     "the hand holds nothing"),
    (r"is CLOSED|not open|closed receptacle", SkillCode.CLOSED, "it is closed; open it first"),
    (r"no valid positions|full right now|no room|not enough space|too big|doesn't fit", SkillCode.NO_ROOM,
     "there is no room for it there"),
    (r"to be placed in|not a receptacle|must have the property|not an? \w+ object|not \w+able|can(no|')t be",
     SkillCode.INCOMPATIBLE, "that cannot be done with it"),
    (r"must be OFF|already|can't toggle|isn't|is not (open|closed|on|off|filled|dirty)", SkillCode.PRECONDITION,
     "its state does not allow it"),
    (r"blocking|collide|clip|would hit|in the way|failed to (open|close)", SkillCode.BLOCKED,
     "something is in the way"),
    (r"not the objectId on any object|no object found", SkillCode.UNKNOWN_OBJECT, "there is no such object any more"),
)  # fmt: skip


def explain(message: str) -> tuple[SkillCode, str]:
    """Why an action on an object failed.

    Args:
        message: The event's ``errorMessage``.

    Returns:
        The code, and the reason in words that hold nothing of the simulator's.
    """
    for pattern, code, reason in _REASONS:
        if re.search(pattern, message, re.IGNORECASE):
            return code, reason
    return SkillCode.FAILED, "the robot could not do it"
