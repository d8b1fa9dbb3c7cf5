"""Pushing and pulling things along what they stand on."""

from __future__ import annotations

import math

import numpy as np

from sim.headless.actions.registry import action
from sim.headless.errors import ActionError
from sim.headless.geometry import Array, yaw_matrix
from sim.headless.motion import slide
from sim.headless.objects import SimObject
from sim.headless.placement import settle
from sim.headless.session import Session


def _push(session: Session, obj: SimObject, direction: Array, force: float) -> None:
    world = session.world
    if not obj.can_move:
        raise ActionError("Target SimObject must be Moveable or Pickupable to be pushed or pulled!")
    if obj is world.held:
        raise ActionError("Cannot push or pull an object that is held")
    if force <= 0:
        raise ActionError("moveMagnitude must be positive")
    before = obj.position.copy(), obj.parent
    settle(world, obj, slide(world, obj, direction, force), obj.rotation)
    if session.space.blocker(world.agent.position[[0, 2]], world.agent.position[[0, 2]]) is not None:
        world.move(obj, before[0])
        if before[1] is not None:
            world.attach(obj, world.objects[before[1]])


def _outward(session: Session, obj: SimObject) -> Array:
    away = obj.bounds_center - session.world.agent.position
    away[1] = 0.0
    length = float(np.linalg.norm(away))
    return away / length if length > 1e-6 else session.world.agent.forward


@action("PushObject", seconds=1.0)
def push_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    move_magnitude: float = 100.0,
    force_action: bool = False,
) -> None:
    """Push an object away from the agent, with a force in newtons."""
    obj = session.target(object_id, x, y, force_action)
    _push(session, obj, _outward(session, obj), move_magnitude)


@action("PullObject", seconds=1.0)
def pull_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    move_magnitude: float = 100.0,
    force_action: bool = False,
) -> None:
    """Pull an object towards the agent, with a force in newtons."""
    obj = session.target(object_id, x, y, force_action)
    _push(session, obj, -_outward(session, obj), move_magnitude)


@action("DirectionalPush", seconds=1.0)
def directional_push(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    move_magnitude: float = 100.0,
    push_angle: float = 0.0,
    force_action: bool = False,
) -> None:
    """Push an object at an angle, clockwise from where the agent looks, with a force in newtons."""
    if not (math.isfinite(push_angle) and 0 <= push_angle <= 360):
        raise ActionError("please give a pushAngle between 0 and 360.")
    obj = session.target(object_id, x, y, force_action)
    _push(session, obj, yaw_matrix(session.world.agent.yaw + push_angle)[:, 2], move_magnitude)
