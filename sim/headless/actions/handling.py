"""Picking up, putting down, letting go, placing and slicing."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.headless.actions.registry import action
from sim.headless.compatibility import MADE_FOR, fits
from sim.headless.errors import ActionError
from sim.headless.geometry import Array, matrix_from_euler, vector, xyz, yaw_matrix
from sim.headless.objects import SimObject
from sim.headless.placement import settle, spots
from sim.headless.rules import MUST_BE_OPEN_TO_PLACE
from sim.headless.session import Session
from sim.headless.slicing import slice_up
from sim.headless.world import HAND

_AIM = 0.7
"""How far ahead of the agent things are put down if there is a choice, metres."""


_PLACES = 400
"""Free places of a receptacle that are looked at."""

_TRIES = 8
"""Of those, how many are tried for being in view."""


def _aim(session: Session) -> Array:
    agent = session.world.agent
    return np.asarray(agent.position + _AIM * agent.forward)


def take(session: Session, obj: SimObject, *, force: bool, manual: bool) -> None:
    """Take an object into the hand.

    Args:
        session: Whose.
        obj: What to take.
        force: Whether it may stick in things and need not be open to the hand.
        manual: Whether the hand goes to the object, and not the object to the hand.

    Raises:
        ActionError: If the object cannot be picked up or is shut away, or the hand is full.
    """
    world = session.world
    if not obj.kind.pickupable:
        raise ActionError(
            f"InvalidOperationException: {obj.object_id} must have the property CanPickup to be picked up."
        )
    if world.held is not None:
        raise ActionError(
            "InvalidOperationException: Agent hand has something in it already! Can't pick up anything else"
        )
    shut = next((a for a in world.ancestors(obj) if a.kind.openable and not a.is_open and a.kind.receptacle), None)
    if shut is not None and shut.object_type in MUST_BE_OPEN_TO_PLACE and not force:
        raise ActionError("NullReferenceException: Target object not found within the specified visibility.")
    world.detach(obj)
    world.held, obj.is_held = obj, True
    agent = world.agent
    agent.reset_hand()
    if manual:
        agent.hand_offset = agent.camera_rotation.T @ (obj.position - agent.camera) - HAND
        agent.hand_rotation = yaw_matrix(-agent.yaw) @ obj.rotation
    elif not force and session.hand_blocked():
        world.held, obj.is_held = None, False
        raise ActionError(
            "InvalidOperationException: Picking up object would cause it to collide and clip into something!"
        )
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
    parent = obj.parent
    try:
        take(session, obj, force=force_action, manual=manual_interact)
    except ActionError:
        if obj.parent != parent and parent is not None:
            session.world.attach(obj, session.world.objects[parent])
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
        raise ActionError("InvalidOperationException: Nothing is in the agent's hand to drop!")
    world.held, obj.is_held = None, False
    world.agent.reset_hand()
    world.touch(obj)
    return obj


@action("PutObject")
def put_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    force_action: bool = False,
    place_stationary: bool = True,
    put_near_x_y: bool = False,
    random_seed: int = 0,
) -> None:
    """Put what is held in or on a receptacle: where the agent sees it, at random, or near a place in the frame."""
    _put(session, object_id, x, y, force_action, put_near_x_y, random_seed, session.settings.visibility_distance)


@action("PlaceHeldObject")
def place_held_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    max_distance: float,
    force_action: bool = False,
    place_stationary: bool = True,
    put_near_x_y: bool = False,
    random_seed: int = 0,
) -> None:
    """Put what is held in or on a receptacle; with a seed or near a place, no farther away than `max_distance`."""
    _put(session, object_id, x, y, force_action, put_near_x_y, random_seed, max_distance)


def _put(
    session: Session,
    object_id: str | None,
    x: float | None,
    y: float | None,
    force: bool,
    near: bool,
    seed: int,
    max_distance: float,
) -> None:
    world = session.world
    receptacle = session.target(object_id, x, y, force)
    held = world.held
    if held is None:
        raise ActionError("Can't place an object if Agent isn't holding anything")
    shards = receptacle.is_broken and receptacle.kind.pickupable
    if shards or receptacle is held or receptacle in world.contents(held):  # a thing does not go into what it holds
        raise ActionError("No valid positions to place object found")
    check_receives(receptacle, held, force=force)
    aim = session.eyes.point_at(session.settings, x or 0.0, y or 0.0) if near and object_id is None else _aim(session)
    found = spots(world, held, receptacle, aim, limit=_PLACES)
    if seed or near:
        found = [s for s in found if np.hypot(*(s.position - world.agent.position)[[0, 2]]) < max_distance]
    if seed and not near:
        found = [found[i] for i in np.random.default_rng(seed % 2**32).permutation(len(found)).tolist()]
    if not found:
        blocked = receptacle.object_type == "StoveBurner"
        raise ActionError(
            "another object's collision is blocking held object from being placed"
            if blocked
            else "No valid positions to place object found"
        )
    in_view = receptacle.object_id in session.visible() and not seed and not near
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
        force: Whether any type of receptacle will do, of those that are not made for one type of thing.

    Raises:
        ActionError: With the reason.
    """
    if not receptacle.kind.receptacle:
        raise ActionError("This target object is NOT a receptacle!")
    if receptacle.object_type in MUST_BE_OPEN_TO_PLACE and receptacle.kind.openable and not receptacle.is_open:
        raise ActionError("Target openable Receptacle is CLOSED, can't place if target is not open!")
    suits = fits(item.object_type, receptacle.object_type)
    if receptacle.object_type in MADE_FOR:
        if receptacle.children:
            raise ActionError(f"{receptacle.name} is full right now")
        if not suits:
            raise ActionError(f"{item.name} is not a valid Object Type to be placed in {receptacle.name}")
    elif not force and not suits:
        raise ActionError(f"{item.name} cannot be placed in {receptacle.name}")


@action("PlaceObjectAtPoint", ignored=("forceKinematic",))
def place_object_at_point(
    session: Session,
    *,
    object_id: str,
    position: dict[str, Any] | None = None,
    positions: list[Any] | None = None,
    rotation: dict[str, Any] | float | None = None,
) -> dict[str, float]:
    """Put an object down at a point, or at the first of some that has room, on whatever is there."""
    world = session.world
    points = _points("PlaceObjectAtPoint", position, positions)
    obj = world.objects.get(object_id)
    if obj is None:
        raise ActionError(f"Cannot find object with id {object_id}.")
    if not obj.can_move:
        raise ActionError(f"Cannot place object at point, {object_id} is not Moveable or Pickupable.")
    turn = obj.rotation
    if rotation is not None:
        turn = matrix_from_euler((0.0, rotation, 0.0) if isinstance(rotation, float) else vector(rotation))
    first: ActionError | None = None
    for point in points:
        try:
            place_at(session, obj, point, turn)
        except ActionError as refused:
            first = first or refused
        else:
            return xyz(obj.position)
    assert first is not None
    raise first


def _points(name: str, position: dict[str, Any] | None, positions: list[Any] | None) -> list[Array]:
    given = [position] if position is not None else positions
    if not given:
        raise ActionError(f"action: {name} is missing the following arguments: position", code="MissingArguments")
    if not all(isinstance(point, dict) for point in given):
        raise ActionError(f"action: {name} has an invalid argument: positions. Cannot convert to: Vector3[]",
                          code="InvalidArgument")  # fmt: skip
    return [vector(point) for point in given]


def place_at(session: Session, obj: SimObject, position: Array, rotation: Array) -> None:
    """Put an object so that its pivot is above a point, standing on what is below, if there is room.

    Raises:
        ActionError: If there is none; then nothing changes.
    """
    world = session.world
    low, high = world.scene.low - 0.1, world.scene.high + 0.1
    if (position < low).any() or (position > high).any():
        x, y, z = position.tolist()
        raise ActionError(f"Position coordinate (({x:.2f}, {y:.2f}, {z:.2f})) is not within scene bounds")
    before = obj.position.copy(), obj.rotation.copy(), obj.parent
    settle(world, obj, position + rotation @ obj.local_center + [0.0, 0.02, 0.0], rotation)
    blocker = session.overlapping(obj)
    if blocker is None:
        if obj is world.held:
            release(session)
        return
    _undo(session, obj, before)
    raise ActionError(f"Spawn area not clear ({blocker}) is in the way), can't place object at that point")


def _undo(session: Session, obj: SimObject, before: tuple[Array, Array, str | None]) -> None:
    """Put an object back where it was, and in what."""
    session.world.move(obj, before[0], before[1])
    if before[2] is not None:
        session.world.attach(obj, session.world.objects[before[2]])
    else:
        session.world.detach(obj)


@action("TeleportObject", ignored=("forceKinematic",))
def teleport_object(
    session: Session,
    *,
    object_id: str,
    position: dict[str, Any] | None = None,
    positions: list[Any] | None = None,
    x: float | None = None,
    y: float | None = None,
    z: float | None = None,
    rotation: dict[str, Any],
    force_action: bool = False,
    allow_teleport_out_of_hand: bool = False,
    make_unbreakable: bool = False,
) -> dict[str, float]:
    """Put an object at a pose, or at the first of some that is free; there it comes to rest on what is below."""
    world = session.world
    if position is None and x is not None and y is not None and z is not None:
        position = {"x": x, "y": y, "z": z}
    points = _points("TeleportObject", position, positions)
    obj = world.objects.get(object_id)
    if obj is None:
        raise ActionError(f"Cannot find object with id {object_id}")
    if obj is world.held and not allow_teleport_out_of_hand:
        raise ActionError("Cannot teleport object in hand.")
    turn = matrix_from_euler(vector({"x": 0.0, "y": 0.0, "z": 0.0, **rotation}))
    before = obj.position.copy(), obj.rotation.copy(), obj.parent
    blocker = None
    for point in points:
        world.move(obj, point, turn)
        blocker = None if force_action else session.overlapping(obj)
        if blocker is None:
            break
    if blocker is not None:
        world.move(obj, before[0], before[1])
        raise ActionError(f"{object_id} is colliding with {blocker} after teleport.")
    if obj is world.held:
        release(session)
    if make_unbreakable:
        world.unbreakable.add(object_id)
    if obj.can_move:
        settle(world, obj, obj.center, turn)
    return xyz(obj.position)


@action("SliceObject", open_ended=True)
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
    if obj is session.world.held:
        raise ActionError("target object cannot be sliced if it is in the agent's hand")
    if not obj.kind.sliceable:
        raise ActionError(f"{obj.name} Does not have the CanBeSliced property!")
    obj.is_sliced = True
    slice_up(session.world, obj)
