"""Picking up, putting down, letting go, placing and slicing."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.headless.actions.registry import action
from sim.headless.compatibility import fits
from sim.headless.errors import ActionError
from sim.headless.geometry import Array, matrix_from_euler, vector
from sim.headless.objects import SimObject
from sim.headless.placement import settle, spots
from sim.headless.rules import MUST_BE_OPEN_TO_PLACE
from sim.headless.session import Session
from sim.headless.slicing import slice_up

_AIM = 0.7
"""How far ahead of the agent things are put down if there is a choice, metres."""


_PLACES = 400
"""Free places of a receptacle that are looked at."""

_TRIES = 8
"""Of those, how many are tried for being in view."""


def _aim(session: Session) -> Array:
    agent = session.world.agent
    return np.asarray(agent.position + _AIM * agent.forward)


def take(session: Session, obj: SimObject, *, force: bool) -> None:
    """Take an object into the hand.

    Raises:
        ActionError: If the hand is full, the object cannot be picked up or is shut away.
    """
    world = session.world
    if world.held is not None:
        raise ActionError("Agent hand has something in it already! Can't pick up anything else")
    if not obj.kind.pickupable:
        raise ActionError(f"{obj.object_id} must have the property CanPickup to be picked up.")
    shut = next((a for a in world.ancestors(obj) if a.kind.openable and not a.is_open and a.kind.receptacle), None)
    if shut is not None and shut.object_type in MUST_BE_OPEN_TO_PLACE and not force:
        raise ActionError("NullReferenceException: Target object not found within the specified visibility.")
    world.detach(obj)
    world.held, obj.is_held = obj, True
    world.agent.hand_offset, world.agent.hand_rotation = np.zeros(3), np.eye(3)
    if not force and session.hand_blocked():
        world.held, obj.is_held = None, False
        raise ActionError("Picking up object would cause it to collide and clip into something!")
    world.touch(obj)
    world.carry()


@action("PickupObject")
def pickup_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    force_action: bool = False,
    manual_interact: bool = False,
) -> str:
    """Pick up an object."""
    obj = session.target(object_id, x, y, force_action)
    origin = obj.position.copy(), obj.rotation.copy(), obj.parent
    try:
        take(session, obj, force=force_action)
    except ActionError:
        if obj.parent != origin[2] and origin[2] is not None:
            session.world.attach(obj, session.world.objects[origin[2]])
        raise
    return obj.object_id


def release(session: Session) -> SimObject:
    """Open the hand; where the object goes is the caller's to say.

    Raises:
        ActionError: If the hand is empty.
    """
    world = session.world
    obj = world.held
    if obj is None:
        raise ActionError("Nothing in hand to drop!")
    world.held, obj.is_held = None, False
    world.agent.hand_offset, world.agent.hand_rotation = np.zeros(3), np.eye(3)
    world.touch(obj)
    return obj


@action("PutObject", "PlaceHeldObject")
def put_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    force_action: bool = False,
    place_stationary: bool = True,
    put_near_xy: bool = False,
    random_seed: int = 0,
    z: float = 0.0,
    max_distance: float | None = None,
) -> None:
    """Put what is held in or on a receptacle."""
    world = session.world
    held = world.held
    if held is None:
        raise ActionError("Can't place an object if Agent isn't holding anything")
    receptacle = session.target(object_id, x, y, force_action)
    check_receives(receptacle, held, force=force_action)
    found = spots(world, held, receptacle, _aim(session), limit=_PLACES)
    if not found:
        raise ActionError("No valid positions to place object found")
    in_view = receptacle.object_id in session.visible()
    release(session)
    world.attach(held, receptacle)
    # of places spread over the receptacle, the nearest that the agent then sees; else the nearest
    tried = found[:: max(1, len(found) // _TRIES)][:_TRIES] if in_view else []
    for spot in tried:
        world.move(held, spot.position, spot.rotation)
        if held.object_id in session.visible():
            return
    world.move(held, found[0].position, found[0].rotation)


def check_receives(receptacle: SimObject, item: SimObject, *, force: bool) -> None:
    """Refuse a receptacle that cannot take an item.

    Args:
        receptacle: Where to.
        item: What.
        force: Whether any type of receptacle will do.

    Raises:
        ActionError: With the reason.
    """
    if not receptacle.kind.receptacle:
        raise ActionError("This target object is NOT a receptacle!")
    if receptacle.object_type in MUST_BE_OPEN_TO_PLACE and receptacle.kind.openable and not receptacle.is_open:
        raise ActionError("Target openable Receptacle is CLOSED, can't place if target is not open!")
    if not force and not fits(item.object_type, receptacle.object_type):
        raise ActionError(f"{item.object_id} is not a valid Object Type to be placed in {receptacle.object_id}")


@action("PlaceObjectAtPoint")
def place_object_at_point(
    session: Session, *, object_id: str, position: dict[str, Any], rotation: dict[str, Any] | float | None = None
) -> None:
    """Put an object down at a point, on whatever is there."""
    world = session.world
    obj = session.find(object_id)
    if not obj.can_move:
        raise ActionError(f"Cannot place object at point, {object_id} is not Moveable or Pickupable.")
    if obj is world.held:
        release(session)
    turn = obj.rotation
    if rotation is not None:
        turn = matrix_from_euler((0.0, rotation, 0.0) if isinstance(rotation, float) else vector(rotation))
    place_at(session, obj, vector(position), turn)


def place_at(session: Session, obj: SimObject, position: Array, rotation: Array) -> None:
    """Put an object so that its pivot is above a point, standing on what is below, if there is room.

    Raises:
        ActionError: If there is none.
    """
    world = session.world
    before = obj.position.copy(), obj.rotation.copy(), obj.parent
    settle(world, obj, position + rotation @ obj.local_center + [0.0, 0.02, 0.0], rotation)
    blocker = session.overlapping(obj)
    if blocker is None:
        return
    world.move(obj, before[0], before[1])
    if before[2] is not None:
        world.attach(obj, world.objects[before[2]])
    else:
        world.detach(obj)
    raise ActionError(f"spawn area not clear ({blocker}), can't place object at that point", code=None)


@action("SliceObject")
def slice_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    force_action: bool = False,
) -> None:
    """Cut an object into pieces; an egg is cracked."""
    obj = session.target(object_id, x, y, force_action)
    if not obj.kind.sliceable:
        raise ActionError(f"{obj.object_id} Does not have the CanBeSliced property!")
    if obj.is_sliced:
        raise ActionError(f"{obj.object_id} is already Sliced!")
    if obj is session.world.held:
        raise ActionError(f"target object {obj.object_id} cannot be sliced if it is in the agent's hand")
    slice_up(session.world, obj)
