"""Opening, closing and switching."""

from __future__ import annotations

from sim.headless.actions.registry import action
from sim.headless.errors import ActionError
from sim.headless.objects import SimObject
from sim.headless.rules import MUST_BE_CLOSED_TO_RUN, MUST_BE_OFF_TO_OPEN
from sim.headless.session import Session
from sim.headless.sliding import set_openness


def open_to(session: Session, obj: SimObject, openness: float) -> None:
    """Open an object by a fraction, or close it with 0, if it can be.

    Raises:
        ActionError: If it is not openable, or runs.
    """
    if not 0 <= openness <= 1:
        raise ActionError("openness must be in [0:1]")
    if not obj.kind.openable:
        raise ActionError(f"{obj.object_id} is not an Openable object")
    if obj.object_type in MUST_BE_OFF_TO_OPEN and obj.is_toggled:
        raise ActionError("Target must be OFF to open!")
    blocker = set_openness(session.world, session.space, obj, openness)
    if blocker is not None:
        raise ActionError(f"Openable object collided with {blocker}")


_IGNORED = ("returnToStart", "ignoreAgentInTransition", "stopAtNonStaticCol", "physicsInterval", "useGripper",
            "simplifyPhysics")  # fmt: skip
"""How Unity is to animate an opening."""


@action("OpenObject", ignored=_IGNORED)
def open_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    openness: float = 1.0,
    move_magnitude: float | None = None,
    force_action: bool = False,
) -> None:
    """Open an object, fully or by a fraction, which older programs call `moveMagnitude`."""
    target = session.target(object_id, x, y, force_action)
    open_to(session, target, openness if move_magnitude is None else move_magnitude or 1.0)


@action("CloseObject", ignored=_IGNORED)
def close_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    force_action: bool = False,
) -> None:
    """Close an object."""
    open_to(session, session.target(object_id, x, y, force_action), 0.0)


def toggle(session: Session, obj: SimObject, on: bool) -> None:
    """Switch an object, and what it controls, on or off.

    Raises:
        ActionError: If it cannot be switched, is so already, or is open and must not be.
    """
    if not obj.kind.toggleable:
        raise ActionError("object is not toggleable.")
    if obj.is_toggled == on:
        state = "on" if on else "off"
        raise ActionError(f"can't toggle object {state} if it's already {state}!")
    if on and obj.is_broken:
        raise ActionError("Target is broken and cannot be Toggled On!")
    if on and obj.object_type in MUST_BE_CLOSED_TO_RUN and obj.is_open:
        raise ActionError("Target must be closed to Toggle On!")
    obj.is_toggled = on
    session.world.touch(obj)
    for controlled in obj.controlled or ():
        other = session.world.objects.get(controlled)
        if other is not None:
            other.is_toggled = on if other.kind.toggleable else other.is_toggled
            session.world.touch(other)


@action("ToggleObjectOn")
def toggle_object_on(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    force_action: bool = False,
) -> None:
    """Switch an object on."""
    toggle(session, session.target(object_id, x, y, force_action), True)


@action("ToggleObjectOff")
def toggle_object_off(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    force_action: bool = False,
) -> None:
    """Switch an object off."""
    toggle(session, session.target(object_id, x, y, force_action), False)


def _all_visible(session: Session, openness: float) -> None:
    seen = session.visible()
    for obj in [o for o in session.world if o.object_id in seen and o.kind.openable and not o.is_open]:
        try:
            open_to(session, obj, openness)
        except ActionError:  # as AI2-THOR, which opens what can be opened and reports success
            continue


@action("OpenVisibleObjects", ignored=("simplifyPhysics",))
def open_visible_objects(session: Session, *, openness: float = 1.0) -> None:
    """Open everything closed that the agent sees."""
    _all_visible(session, openness)
