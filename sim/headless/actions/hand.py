"""Moving, turning and throwing what is held."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.headless.actions.handling import release
from sim.headless.actions.registry import action
from sim.headless.actions.states import break_up
from sim.headless.errors import ActionError
from sim.headless.geometry import Array, matrix_from_euler, vector, xyz
from sim.headless.motion import GRAVITY, fly
from sim.headless.objects import SimObject
from sim.headless.placement import let_fall, settle
from sim.headless.rules import breaks
from sim.headless.session import Session

_TIPPED = 95.0
"""Degrees from upright beyond which a held vessel loses what is in it."""

_SPILLED = 90.0
"""Degrees from upright beyond which it loses what it is filled with."""


def _move_hand(session: Session, offset: Array, visible: bool) -> None:
    """Move the hand by (right, up, ahead), camera frame, metres."""
    agent, world = session.world.agent, session.world
    held = world.held
    if held is None:
        raise ActionError("Agent can only move hand if currently holding an item")
    before = agent.hand_offset
    agent.hand_offset = before + offset
    world.carry()
    try:
        _check_hand(session, held, visible)
    except ActionError:
        agent.hand_offset = before
        world.carry()
        raise


def _check_hand(session: Session, held: SimObject, visible: bool) -> None:
    agent, settings = session.world.agent, session.settings
    off = agent.hand - agent.camera
    if float(np.hypot(off[0], off[2])) > settings.visibility_distance:
        raise ActionError("The target position is out of range- object cannot move outside of max visibility distance.")
    place = agent.camera_rotation.T @ off
    tangent = math.tan(math.radians(settings.fov / 2))
    aspect = settings.width / settings.height
    if place[2] <= 0 or abs(place[1]) > tangent * place[2] or abs(place[0]) > tangent * aspect * place[2]:
        raise ActionError(
            "Target position is outside of the agent's viewport. The target position must be within the frustrum of "
            "the viewport."
        )
    if visible and held.object_id not in session.visible():
        raise ActionError("The target position is not in the Area of the Agent's Viewport!")
    blocker = session.overlapping(held)
    if blocker is not None or session.hand_blocked():
        raise ActionError(f"{blocker or 'Wall'} is in Object In Hand's Path! Can't Move Hand holding {held.name}")


@action("MoveHeldObject")
def move_held_object(
    session: Session, *, right: float = 0.0, up: float = 0.0, ahead: float = 0.0, force_visible: bool = False
) -> None:
    """Move what is held relative to the camera."""
    _move_hand(session, np.array([right, up, ahead]), force_visible)


@action("MoveHandDelta")
def move_hand_delta(session: Session, *, x: float, y: float, z: float, force_visible: bool = False) -> None:
    """MoveHeldObject by its older name."""
    _move_hand(session, np.array([x, y, z]), force_visible)


def _along(name: str, direction: tuple[float, float, float]) -> None:
    @action(f"MoveHeldObject{name}", f"MoveHand{name}")
    def move(session: Session, *, move_magnitude: float, force_visible: bool = False) -> None:
        _move_hand(session, np.array(direction) * move_magnitude, force_visible)


for _name, _direction in {
    "Ahead": (0.0, 0.0, 1.0),
    "Back": (0.0, 0.0, -1.0),
    "Left": (-1.0, 0.0, 0.0),
    "Right": (1.0, 0.0, 0.0),
    "Up": (0.0, 1.0, 0.0),
    "Down": (0.0, -1.0, 0.0),
}.items():
    _along(_name, _direction)


def _turn_hand(session: Session, rotation: Array, failure: str) -> None:
    """Turn what is held to a rotation in the frame of the body; what it holds falls out if it is tipped."""
    agent, world = session.world.agent, session.world
    held = world.held
    if held is None:
        raise ActionError("InvalidOperationException: Can't rotate held object since no object is being held.")
    before = agent.hand_rotation
    agent.hand_rotation = rotation
    world.carry()
    if session.overlapping(held) is not None or session.hand_blocked():
        agent.hand_rotation = before
        world.carry()
        raise ActionError(f"InvalidOperationException: {failure}")
    tipped = math.degrees(math.acos(float(np.clip(held.rotation[1, 1], -1.0, 1.0))))
    if tipped > _SPILLED and held.is_filled:
        held.is_filled, held.fill_liquid = False, None
        world.touch(held)
    if tipped > _TIPPED:
        for fallen in world.children(held):
            settle(world, fallen, fallen.center, fallen.rotation)


@action("RotateHeldObject")
def rotate_held_object(
    session: Session,
    *,
    rotation: dict[str, Any] | None = None,
    pitch: float = 0.0,
    yaw: float = 0.0,
    roll: float = 0.0,
) -> None:
    """Turn what is held: to `rotation` in the camera's frame, or by pitch, yaw and roll in the agent's."""
    agent = session.world.agent
    if rotation is not None:
        wanted = matrix_from_euler(vector({"x": 0.0, "y": 0.0, "z": 0.0, **rotation}))
        tilt = matrix_from_euler((agent.horizon, 0.0, 0.0))
        _turn_hand(session, tilt @ wanted, "Object is unable to rotate in its current state!")
    else:
        turn = matrix_from_euler((pitch, yaw, -roll))
        _turn_hand(session, turn @ agent.hand_rotation, "Held object is coliding after rotation.")


@action("RotateHand")
def rotate_hand(session: Session, *, x: float, y: float, z: float) -> None:
    """RotateHeldObject to a rotation, by its older name."""
    rotate_held_object(session, rotation={"x": x, "y": y, "z": z})


@action("RotateHandRelative")
def rotate_hand_relative(session: Session, *, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> None:
    """RotateHeldObject by angles, by its older name."""
    rotate_held_object(session, pitch=x, yaw=y, roll=-z)


def land(session: Session, obj: SimObject, start: Array, speed: float = 0.0) -> dict[str, float]:
    """Let an object fall from a point and come to rest; it may break.

    Args:
        session: Whose.
        obj: What falls.
        start: (3,) where the centre of its box is, metres.
        speed: At which it has hit something there already, metres a second.

    Returns:
        Where it came to rest.
    """
    world = session.world
    let_fall(world, obj, start)
    position = xyz(obj.position)
    ground = None if obj.parent is None else world.objects[obj.parent]
    fall = max(0.0, float(start[1] - obj.center[1]))
    sound = obj.object_id not in world.unbreakable
    if sound and breaks(obj, max(speed, math.sqrt(2 * GRAVITY * fall)), ground):
        break_up(session, obj)
    return position


@action("DropHeldObject", "DropHandObject", seconds=1.5)
def drop_held_object(session: Session, *, force_action: bool = False, auto_simulation: bool = True) -> dict[str, float]:
    """Let go of what is held; it falls and comes to rest."""
    held = session.held
    if held is not None and not force_action:
        _check_clear(session, held)
    held = release(session)
    return land(session, held, held.center)


def _check_clear(session: Session, held: SimObject) -> None:
    if session.overlapping(held) is not None or session.hand_blocked():
        raise ActionError(
            f"InvalidOperationException: {held.name} can't be dropped. It must be clear of all other collision first, "
            "including the Agent."
        )


@action("ThrowObject", seconds=1.5)
def throw_object(
    session: Session, *, move_magnitude: float, force_action: bool = False, auto_simulation: bool = True
) -> dict[str, float]:
    """Throw what is held ahead, with a force in newtons; it may break where it hits."""
    world = session.world
    held = world.held
    if held is None:
        raise ActionError("InvalidOperationException: Nothing in Hand to Throw!")
    if not force_action:
        _check_clear(session, held)
    release(session)
    forward = world.agent.camera_rotation[:, 2] * (1.0 if move_magnitude >= 0 else -1.0)
    flight = fly(world, held, forward, abs(move_magnitude))
    return land(session, held, flight.landing, flight.impact_speed)
