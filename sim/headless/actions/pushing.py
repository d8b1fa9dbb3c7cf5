"""Pushing and pulling things along what they stand on."""

from __future__ import annotations

from sim.headless.actions.registry import action
from sim.headless.errors import ActionError
from sim.headless.geometry import Array, xyz, yaw_matrix
from sim.headless.motion import slide
from sim.headless.objects import SimObject
from sim.headless.placement import settle
from sim.headless.session import Session


def _movable(session: Session, object_id: str | None, x: float | None, y: float | None, force: bool, message: str
             ) -> SimObject:  # fmt: skip
    held = session.held
    if held is not None and object_id == held.object_id:
        raise ActionError("Please use Throw for an item in the Agent's Hand")
    obj = session.target(object_id, x, y, force)
    if not obj.can_move:
        raise ActionError(message)
    return obj


def _push(session: Session, obj: SimObject, direction: Array, force: float) -> dict[str, float]:
    """Push an object with a force in newtons; returns where it comes to rest."""
    world = session.world
    before = obj.position.copy(), obj.parent
    if force:
        along = direction if force > 0 else -direction
        settle(world, obj, slide(world, obj, along, abs(force)), obj.rotation)
        if session.space.blocker(world.agent.position[[0, 2]], world.agent.position[[0, 2]]) is not None:
            world.move(obj, before[0])
            if before[1] is not None:
                world.attach(obj, world.objects[before[1]])
    return xyz(obj.position)


_CANNOT_MOVE = "Target Sim Object cannot be moved. It's primary property must be Pickupable or Moveable"


@action("PushObject", seconds=1.0, open_ended=True)
def push_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    move_magnitude: float = 0.0,
    force_action: bool = False,
) -> dict[str, float]:
    """Push an object the way the agent looks, with a force in newtons."""
    obj = _movable(session, object_id, x, y, force_action, _CANNOT_MOVE)
    return _push(session, obj, session.world.agent.forward, move_magnitude)


@action("PullObject", seconds=1.0, open_ended=True)
def pull_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    move_magnitude: float = 0.0,
    force_action: bool = False,
) -> dict[str, float]:
    """Pull an object against the way the agent looks, with a force in newtons."""
    obj = _movable(session, object_id, x, y, force_action, _CANNOT_MOVE)
    return _push(session, obj, -session.world.agent.forward, move_magnitude)


@action("DirectionalPush", seconds=1.0, open_ended=True)
def directional_push(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    move_magnitude: float = 0.0,
    push_angle: float = 0.0,
    force_action: bool = False,
) -> dict[str, float]:
    """Push an object at an angle, clockwise from where the agent looks, with a force in newtons."""
    message = "InvalidOperationException: Target Primary Property type incompatible with push/pull"
    obj = _movable(session, object_id, x, y, force_action, message)
    return _push(session, obj, yaw_matrix(session.world.agent.yaw + push_angle % 360)[:, 2], move_magnitude)
