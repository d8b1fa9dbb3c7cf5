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
from sim.headless.placement import settle
from sim.headless.rules import breaks
from sim.headless.session import Session
from sim.headless.world import HAND

_REACH = 1.0
"""How far the hand goes from the camera, metres; AI2-THOR keeps it within the view."""


def _move_hand(session: Session, offset: Array) -> None:
    agent, world = session.world.agent, session.world
    if world.held is None:
        raise ActionError("Agent can only move hand if holding an item")
    before = agent.hand_offset
    moved = before + offset
    place = HAND + moved
    if np.linalg.norm(place) > _REACH or place[2] < 0.05:
        raise ActionError("The object would be moved out of the agent's reach or view")
    agent.hand_offset = moved
    world.carry()
    blocker = session.overlapping(world.held)
    if blocker is not None or session.hand_blocked():
        agent.hand_offset = before
        world.carry()
        raise ActionError(f"{blocker or 'a wall'} is in the way of the held object")


@action("MoveHeldObject")
def move_held_object(
    session: Session, *, ahead: float = 0.0, right: float = 0.0, up: float = 0.0, force_visible: bool = False
) -> None:
    """Move what is held relative to the agent."""
    _move_hand(session, np.array([right, up, ahead]))


def _along(name: str, direction: tuple[float, float, float]) -> None:
    @action(f"MoveHeldObject{name}", f"MoveHand{name}")
    def move(session: Session, *, move_magnitude: float = 0.1, force_visible: bool = False) -> None:
        _move_hand(session, np.array(direction) * move_magnitude)


for _name, _direction in {
    "Ahead": (0.0, 0.0, 1.0),
    "Back": (0.0, 0.0, -1.0),
    "Left": (-1.0, 0.0, 0.0),
    "Right": (1.0, 0.0, 0.0),
    "Up": (0.0, 1.0, 0.0),
    "Down": (0.0, -1.0, 0.0),
}.items():
    _along(_name, _direction)


@action("RotateHeldObject", "RotateHand")
def rotate_held_object(
    session: Session,
    *,
    rotation: dict[str, Any] | None = None,
    pitch: float = 0.0,
    yaw: float = 0.0,
    roll: float = 0.0,
    x: float = 0.0,
    y: float = 0.0,
    z: float = 0.0,
) -> None:
    """Turn what is held: to `rotation`, or by pitch, yaw and roll, in the agent's frame."""
    world = session.world
    if world.held is None:
        raise ActionError("Can't rotate hand if not holding anything!")
    agent = world.agent
    if rotation is not None:
        agent.hand_rotation = matrix_from_euler(vector({"x": 0.0, "y": 0.0, "z": 0.0, **rotation}))
    else:
        agent.hand_rotation = matrix_from_euler((pitch + x, yaw + y, roll + z)) @ agent.hand_rotation
    world.carry()


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
    settle(world, obj, start, obj.rotation)
    position = xyz(obj.position)
    ground = None if obj.parent is None else world.objects[obj.parent]
    fall = max(0.0, float(start[1] - obj.center[1]))
    if breaks(obj, max(speed, math.sqrt(2 * GRAVITY * fall)), ground):
        break_up(session, obj)
    return position


@action("DropHandObject", "DropHeldObject", seconds=1.5)
def drop_hand_object(session: Session, *, force_action: bool = False, auto_simulation: bool = True) -> dict[str, float]:
    """Let go of what is held; it falls and comes to rest."""
    held = release(session)
    return land(session, held, held.center)


@action("ThrowObject", seconds=1.5)
def throw_object(
    session: Session, *, move_magnitude: float = 0.0, force_action: bool = False, auto_simulation: bool = True
) -> dict[str, float]:
    """Throw what is held ahead, with a force in newtons; it may break where it hits."""
    world = session.world
    if world.held is None:
        raise ActionError("Nothing in hand to throw!")
    if move_magnitude < 0:
        raise ActionError("moveMagnitude must not be negative")
    held = release(session)
    flight = fly(world, held, world.agent.camera_rotation[:, 2], move_magnitude)
    return land(session, held, flight.landing, flight.impact_speed)
