"""Moving, turning and looking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sim.headless.actions.registry import action
from sim.headless.errors import ActionError
from sim.headless.geometry import Array, matrix_from_euler, vector, yaw_matrix
from sim.headless.session import Session

_LOOK_DEGREES = 30.0
_SLACK = 0.5
"""Degrees by which a pitch may exceed its limits, as single precision makes them do."""

_FLOOR_SLACK = 0.05
"""Metres by which the height of a place that is teleported to may be wrong."""

_TINY = 1e-4


_IGNORED_MOVING = ("maxAgentsDistance", "allowAgentsToIntersect", "speed", "fixedDeltaTime", "returnToStart",
                   "disableRendering", "noise")  # fmt: skip
_IGNORED_TURNING = ("speed", "waitForFixedUpdate", "returnToStart", "disableRendering", "fixedDeltaTime")
"""Arguments that say how Unity is to animate a motion, or that are about other agents."""


def _move(session: Session, degrees: float, magnitude: float | None, force: bool, manual: bool) -> None:
    if magnitude is not None and magnitude <= 0:
        raise ActionError("InvalidOperationException: moveMagnitude must be > 0")
    settings, agent = session.settings, session.world.agent
    distance = settings.grid_size if magnitude is None else magnitude
    direction = yaw_matrix(agent.yaw + degrees)[:, 2]
    target = agent.position + direction * distance
    if settings.snap_to_grid:
        for axis in (0, 2):
            target[axis] = round(target[axis] / settings.grid_size) * settings.grid_size
    walk(session, target, force=force, manual=manual)


def walk(session: Session, target: Array, *, force: bool = False, manual: bool = False) -> None:
    """Walk the agent straight to a place.

    Args:
        session: Whose.
        target: (3,) the place; its height is ignored.
        force: Whether what the agent holds may stick in things on the way.
        manual: Whether the hand stays where it was moved to.

    Raises:
        ActionError: Naming what stands in the way of the agent, or of what it holds.
    """
    agent = session.world.agent
    x, y, z = (target - agent.position).tolist()
    offset = f"({x:.4f}, {y:.4f}, {z:.4f})"
    blocker = session.space.blocker(agent.position[[0, 2]], target[[0, 2]])
    if blocker is not None:
        raise ActionError(f"{blocker} is blocking Agent 0 from moving by {offset}.")
    before = agent.position
    message = f"{{}} is blocking the Agent from moving by {offset} with {{}}"
    with _holding(session, message, force=force, manual=manual):
        agent.position = np.array([target[0], before[1], target[2]])


@contextmanager
def _holding(session: Session, message: str, *, force: bool, manual: bool) -> Iterator[None]:
    """Carry along what is held; take the motion back if it would then stick in something in which it did not before.

    Args:
        session: Whose.
        message: Of the error, with places for the name of what is in the way and of what is held.
        force: Whether what is held may stick in things.
        manual: Whether the hand stays where it was moved to; else it goes back to its default place.
    """
    agent = session.world.agent
    before = set() if force else session.touched_by_held()
    pose = agent.position, agent.yaw, agent.horizon, agent.standing
    hand = agent.hand_offset, agent.hand_rotation
    yield
    if manual:  # the hand hangs on the camera
        tilt = matrix_from_euler((agent.horizon - pose[2], 0.0, 0.0))
        agent.hand_rotation = tilt @ agent.hand_rotation
    else:
        agent.reset_hand()
    session.world.carry()
    hit = set() if force else session.touched_by_held() - before
    if hit and session.held is not None:
        agent.position, agent.yaw, agent.horizon, agent.standing = pose
        agent.hand_offset, agent.hand_rotation = hand
        session.world.carry()
        raise ActionError(message.format(min(hit), session.held.name))


def _mover(name: str, degrees: float) -> None:
    @action(name, ignored=_IGNORED_MOVING)
    def move(
        session: Session,
        *,
        move_magnitude: float | None = None,
        object_id: str | None = None,
        force_action: bool = False,
        manual_interact: bool = False,
    ) -> None:
        _move(session, degrees, move_magnitude, force_action, manual_interact)


for _name, _degrees in {"MoveAhead": 0.0, "MoveBack": 180.0, "MoveLeft": 270.0, "MoveRight": 90.0}.items():
    _mover(_name, _degrees)


def _rotate(session: Session, degrees: float, side: str, *, force: bool = False, manual: bool = False) -> None:
    agent = session.world.agent
    message = f"a held item: {{1}} with something if agent rotates {side} {abs(degrees):g} degrees"
    with _holding(session, message, force=force, manual=manual):
        agent.yaw = (agent.yaw + degrees) % 360.0
        nearest = round(agent.yaw / session.settings.rotate_step) * session.settings.rotate_step
        if abs(nearest - agent.yaw) < 1e-3:
            agent.yaw = nearest % 360.0


def _turner(side: str, sign: float) -> None:
    @action(f"Rotate{side}", ignored=_IGNORED_TURNING)
    def rotate(
        session: Session, *, degrees: float | None = None, force_action: bool = False, manual_interact: bool = False
    ) -> None:
        if degrees == 0:
            raise ActionError(
                "InvalidOperationException: Cannot rotate by 0 degrees as this previously defaulted to rotating by a "
                "diferent amount."
            )
        turn = session.settings.rotate_step if degrees is None else degrees
        _rotate(session, sign * turn, side, force=force_action, manual=manual_interact)


_turner("Right", 1.0)
_turner("Left", -1.0)


def _look(session: Session, name: str, degrees: float, manual: bool) -> None:
    if degrees < 0:
        raise ActionError(f"{name} action requires positive degree value. Invalid value used: {degrees:g}")
    if abs(degrees * 10 - round(degrees * 10)) > _TINY:
        raise ActionError(f"{name} action requires degree value to be a multiple of 0.1f")
    agent = session.world.agent
    down = name == "LookDown"
    change = (degrees or _LOOK_DEGREES) * (1 if down else -1)
    horizon = agent.horizon + change
    lowest, highest = session.settings.lowest_look, session.settings.highest_look
    if not highest - _TINY <= horizon <= lowest + _TINY:
        beyond = f"down beyond {lowest:g} degrees below" if down else f"up beyond {-highest:g} degrees above"
        raise ActionError(f"can't look {beyond} the forward horizon", code="LookDownCantExceedMin")
    side = "down" if down else "up"
    message = f"a held item: {{1}} will collide with something if agent rotates {side} {abs(change):g} degrees"
    with _holding(session, message, force=False, manual=manual):
        agent.horizon = float(np.clip(horizon, highest, lowest))


@action("LookUp", open_ended=True)
def look_up(session: Session, *, degrees: float = 0.0, manual_interact: bool = False) -> None:
    """Raise the camera, by 30 degrees if none are given."""
    _look(session, "LookUp", degrees, manual_interact)


@action("LookDown", open_ended=True)
def look_down(session: Session, *, degrees: float = 0.0, manual_interact: bool = False) -> None:
    """Lower the camera, by 30 degrees if none are given."""
    _look(session, "LookDown", degrees, manual_interact)


@action("Crouch")
def crouch(session: Session) -> None:
    """Lower the body."""
    if not session.world.agent.standing:
        raise ActionError("Already crouching.")
    session.world.agent.standing = False
    session.world.carry()


@action("Stand")
def stand(session: Session) -> None:
    """Rise from crouching."""
    if session.world.agent.standing:
        raise ActionError("Already standing.")
    session.world.agent.standing = True
    session.world.carry()


@action("Pass", "Done", "Noop", "NoOp")
def pass_time(session: Session) -> None:
    """Do nothing."""


def _teleport(
    session: Session,
    position: Array,
    rotation: dict[str, Any] | None,
    horizon: float | None,
    standing: bool | None,
    force: bool,
) -> None:
    """Put the agent somewhere, unless it would stand in something; `force` skips all checks."""
    agent = session.world.agent
    turn = None if rotation is None else vector({"x": 0.0, "y": agent.yaw, "z": 0.0, **rotation})
    if not force:
        _check_pose(session, position, turn, horizon)
    before = agent.position, agent.yaw, agent.horizon, agent.standing, agent.hand_offset, agent.hand_rotation
    touched = session.touched_by_held()
    agent.position = np.array([position[0], agent.position[1], position[2]])
    if turn is not None:
        agent.yaw = float(turn[1]) % 360.0
    agent.horizon = agent.horizon if horizon is None else horizon
    agent.standing = agent.standing if standing is None else standing
    agent.reset_hand()
    session.world.carry()
    if not force and session.touched_by_held() - touched:
        agent.position, agent.yaw, agent.horizon, agent.standing, agent.hand_offset, agent.hand_rotation = before
        session.world.carry()
        raise ActionError("InvalidOperationException: Cannot teleport due to hand object collision.")


def _check_pose(session: Session, position: Array, turn: Array | None, horizon: float | None) -> None:
    scene, settings, agent = session.world.scene, session.settings, session.world.agent
    if turn is not None and (abs(turn[[0, 2]]) >= 1e-2).any():
        raise ActionError(
            "ArgumentOutOfRangeException: No agents currently can change in pitch or roll. So, you must set "
            f"rotation(x=0, y=yaw, z=0). You gave ({turn[0]:.6f}, {turn[1]:.6f}, {turn[2]:.6f})."
        )
    lowest, highest = settings.lowest_look, settings.highest_look
    if horizon is not None and not highest - _SLACK <= horizon <= lowest + _SLACK:
        raise ActionError(
            f"ArgumentOutOfRangeException: Each horizon must be in [{highest:g}:{lowest:g}]. You gave {horizon:g}."
        )
    if (position < scene.low - 0.1).any() or (position > scene.high + 0.1).any():
        x, y, z = position.tolist()
        raise ActionError(
            f"ArgumentOutOfRangeException: Teleport position ({x:.6f}, {y:.6f}, {z:.6f}) out of scene bounds! "
            "Ignore this by setting forceAction=true."
        )
    overlapped = session.space.overlapping(position[[0, 2]])
    if overlapped is not None:
        overlapped = next((o.object_id for o in session.world if o.name == overlapped), overlapped)
        raise ActionError(f"InvalidOperationException: Collided with: {overlapped}.")
    change = abs(float(position[1] - agent.position[1]))
    if change > _FLOOR_SLACK:
        raise ActionError(
            "InvalidOperationException: After teleporting and adjusting agent position to floor, there was too large a "
            f"change({change:g} > {_FLOOR_SLACK}) in the y component. Consider using `forceAction=true` if you'd like "
            "to teleport anyway."
        )


def _destination(
    session: Session, position: dict[str, Any] | None, x: float | None, y: float | None, z: float | None
) -> Array:
    current = session.world.agent.position
    if position is not None:
        x, y, z = (position.get(axis) for axis in "xyz")
    values = [current[i] if value is None else float(value) for i, value in enumerate((x, y, z))]
    if not np.isfinite(values).all():
        raise ActionError("the target position must be finite")
    return np.array(values)


@action("Teleport", ignored=("rotateOnTeleport",))
def teleport(
    session: Session,
    *,
    position: dict[str, Any] | None = None,
    x: float | None = None,
    y: float | None = None,
    z: float | None = None,
    rotation: dict[str, Any] | float | None = None,
    horizon: float | None = None,
    standing: bool | None = None,
    force_action: bool = False,
) -> None:
    """Be somewhere else; what is not given stays."""
    turn = {"y": rotation} if isinstance(rotation, float) else rotation
    _teleport(session, _destination(session, position, x, y, z), turn, horizon, standing, force_action)


@action("TeleportFull", ignored=("rotateOnTeleport",))
def teleport_full(
    session: Session,
    *,
    position: dict[str, Any] | None = None,
    x: float | None = None,
    y: float | None = None,
    z: float | None = None,
    rotation: dict[str, Any] | float,
    horizon: float,
    standing: bool,
    force_action: bool = False,
) -> None:
    """Be somewhere else, with everything given."""
    if position is None and (x is None or y is None or z is None):
        missing = ",".join(name for name, value in (("x", x), ("y", y), ("z", z)) if value is None)
        raise ActionError(
            f"action: TeleportFull is missing the following arguments: {missing}", code="MissingArguments"
        )
    turn = {"y": rotation} if isinstance(rotation, float) else rotation
    _teleport(session, _destination(session, position, x, y, z), turn, horizon, standing, force_action)


@action("GetReachablePositions")
def get_reachable_positions(
    session: Session,
    *,
    max_step_count: int | None = None,
    directions_relative_agent: bool = False,
    grid_size: float | None = None,
) -> list[dict[str, float]]:
    """Places that the agent can get to on its grid, which lies along the world's axes."""
    agent = session.world.agent
    grid = session.settings.grid_size if grid_size is None else grid_size
    if grid <= 0:
        raise ActionError("gridSize must be positive", code="InvalidArgument")
    if directions_relative_agent and agent.yaw % 90.0:
        raise ActionError("directionsRelativeAgent needs an agent that looks along an axis of the world")
    places = session.space.reachable(agent.position[[0, 2]], grid)
    if max_step_count is not None and len(places) > max_step_count / grid**2:
        raise ActionError("InvalidOperationException: Too many steps taken in GetReachablePositions.")
    y = float(agent.position[1])
    return [{"x": x, "y": y, "z": z} for x, z in places.tolist()]


@action("MoveAgent", "Move", ignored=("returnToStart", "speed", "fixedDeltaTime", "disableRendering"))
def move_agent(
    session: Session,
    *,
    ahead: float = 0.0,
    right: float = 0.0,
    x: float = 0.0,
    z: float = 0.0,
    move_magnitude: float | None = None,
    force_action: bool = False,
) -> None:
    """Move by an offset in the agent's frame (ahead, right) or along the world's axes (x, z)."""
    agent = session.world.agent
    offset = yaw_matrix(agent.yaw) @ np.array([right, 0.0, ahead]) + np.array([x, 0.0, z])
    walk(session, agent.position + offset, force=force_action)


@action("MoveGlobal")
def move_global(session: Session, *, x: float, z: float) -> None:
    """Move by an offset along the world's axes."""
    walk(session, session.world.agent.position + np.array([x, 0.0, z]))


@action("RotateAgent", ignored=("returnToStart", "speed", "fixedDeltaTime", "disableRendering", "waitForFixedUpdate"))
def rotate_agent(session: Session, *, degrees: float) -> None:
    """Turn clockwise by any angle."""
    _rotate(session, degrees, "Right" if degrees >= 0 else "Left")


@action("RotateLook", open_ended=True)
def rotate_look(session: Session, *, rotation: dict[str, Any] | None = None, horizon: float = 0.0) -> None:
    """Turn to a heading and a pitch, whatever is held."""
    agent = session.world.agent
    agent.yaw, agent.horizon = float((rotation or {}).get("y", 0.0)) % 360.0, horizon
    session.world.carry()
