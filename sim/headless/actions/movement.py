"""Moving, turning and looking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sim.headless.actions.registry import action
from sim.headless.errors import ActionError
from sim.headless.geometry import Array, yaw_matrix
from sim.headless.session import Session

_LOOK_DEGREES = 30.0
_LOWEST, _HIGHEST = 60.0, -30.0
_TINY = 1e-4


def _move(session: Session, degrees: float, magnitude: float | None, force: bool) -> None:
    settings, agent = session.settings, session.world.agent
    distance = settings.grid_size if magnitude is None or magnitude == 0 else magnitude
    direction = yaw_matrix(agent.yaw + degrees)[:, 2]
    target = agent.position + direction * distance
    if settings.snap_to_grid:
        for axis in (0, 2):
            target[axis] = round(target[axis] / settings.grid_size) * settings.grid_size
    walk(session, target, force=force)


def walk(session: Session, target: Array, *, force: bool = False) -> None:
    """Walk the agent straight to a place.

    Args:
        session: Whose.
        target: (3,) the place; its height is ignored.
        force: Whether what the agent holds may stick in things on the way.

    Raises:
        ActionError: Naming what stands in the way of the agent, or of what it holds.
    """
    agent = session.world.agent
    blocker = session.space.blocker(agent.position[[0, 2]], target[[0, 2]])
    if blocker is not None:
        x, y, z = (target - agent.position).tolist()
        raise ActionError(f"{blocker} is blocking Agent 0 from moving by ({x:.4f}, {y:.4f}, {z:.4f}).")
    before = agent.position
    with _holding(session, force, "blocking Agent 0 from moving") as undo:
        agent.position = np.array([target[0], before[1], target[2]])
        undo.append(lambda: setattr(agent, "position", before))


@contextmanager
def _holding(session: Session, force: bool, what: str) -> Iterator[list[Callable[[], None]]]:
    """Carry along what is held; take the motion back if it would then stick in something in which it did not before."""
    before = set() if force else session.touched_by_held()
    undo: list[Callable[[], None]] = []
    yield undo
    session.world.carry()
    hit = set() if force else session.touched_by_held() - before
    if hit and session.held is not None:
        for step in undo:
            step()
        session.world.carry()
        raise ActionError(f"{min(hit)} is {what} with {session.held.name}")


@action("MoveAhead")
def move_ahead(
    session: Session, *, move_magnitude: float | None = None, noise: float = 0.0, force_action: bool = False
) -> None:
    """Step forward."""
    _move(session, 0, move_magnitude, force_action)


@action("MoveBack")
def move_back(
    session: Session, *, move_magnitude: float | None = None, noise: float = 0.0, force_action: bool = False
) -> None:
    """Step backward."""
    _move(session, 180, move_magnitude, force_action)


@action("MoveLeft")
def move_left(
    session: Session, *, move_magnitude: float | None = None, noise: float = 0.0, force_action: bool = False
) -> None:
    """Step to the left."""
    _move(session, 270, move_magnitude, force_action)


@action("MoveRight")
def move_right(
    session: Session, *, move_magnitude: float | None = None, noise: float = 0.0, force_action: bool = False
) -> None:
    """Step to the right."""
    _move(session, 90, move_magnitude, force_action)


def _rotate(session: Session, degrees: float, force: bool = False) -> None:
    agent = session.world.agent
    before = agent.yaw
    with _holding(session, force, "in the way: a held item will collide if the agent rotates") as undo:
        agent.yaw = (before + degrees) % 360.0
        nearest = round(agent.yaw / session.settings.rotate_step) * session.settings.rotate_step
        if abs(nearest - agent.yaw) < 1e-3:
            agent.yaw = nearest % 360.0
        undo.append(lambda: setattr(agent, "yaw", before))


@action("RotateRight")
def rotate_right(session: Session, *, degrees: float | None = None, force_action: bool = False) -> None:
    """Turn clockwise."""
    _rotate(session, session.settings.rotate_step if degrees is None else degrees, force_action)


@action("RotateLeft")
def rotate_left(session: Session, *, degrees: float | None = None, force_action: bool = False) -> None:
    """Turn counter-clockwise."""
    _rotate(session, -(session.settings.rotate_step if degrees is None else degrees), force_action)


def _look(session: Session, degrees: float) -> None:
    agent = session.world.agent
    horizon = agent.horizon + degrees
    if not _HIGHEST - _TINY <= horizon <= _LOWEST + _TINY:
        where = "below" if degrees > 0 else "above"
        limit = _LOWEST if degrees > 0 else -_HIGHEST
        raise ActionError(
            f"can't look {where} {limit:.0f} degrees {'below' if degrees > 0 else 'above'} the forward horizon"
        )
    agent.horizon = float(np.clip(horizon, _HIGHEST, _LOWEST))
    session.world.carry()


@action("LookUp")
def look_up(session: Session, *, degrees: float = _LOOK_DEGREES, force_action: bool = False) -> None:
    """Raise the camera."""
    if degrees < 0:
        raise ActionError("LookUp action requires positive degree value. Invalid value used: " + str(degrees))
    _look(session, -degrees)


@action("LookDown")
def look_down(session: Session, *, degrees: float = _LOOK_DEGREES, force_action: bool = False) -> None:
    """Lower the camera."""
    if degrees < 0:
        raise ActionError("LookDown action requires positive degree value. Invalid value used: " + str(degrees))
    _look(session, degrees)


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
    agent, scene = session.world.agent, session.world.scene
    if horizon is not None and not force and not _HIGHEST - 0.5 <= horizon <= _LOWEST + 0.5:
        raise ActionError(f"Each horizon must be in [{_HIGHEST:.0f}:{_LOWEST:.0f}]. You gave {horizon}.", code=None)
    if not force:
        if (position < scene.low - 0.1).any() or (position > scene.high + 0.1).any():
            raise ActionError("Teleport target position is out of the bounds of the scene.")
        overlapped = session.space.overlapping(position[[0, 2]])
        if overlapped is not None:
            raise ActionError(f"Cannot teleport due to hitting an object: {overlapped} is in the way.")
    agent.position = np.array([position[0], agent.position[1], position[2]])
    if rotation is not None:
        agent.yaw = float(rotation.get("y", 0.0)) % 360.0
    if horizon is not None:
        agent.horizon = horizon
    if standing is not None:
        agent.standing = standing
    session.world.carry()


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


@action("Teleport")
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


@action("TeleportFull")
def teleport_full(
    session: Session,
    *,
    position: dict[str, Any] | None = None,
    x: float | None = None,
    y: float | None = None,
    z: float | None = None,
    rotation: dict[str, Any] | float,
    horizon: float,
    standing: bool | None = None,
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


@action("GetReachablePositions", open_ended=True)
def get_reachable_positions(
    session: Session, *, grid_size: float | None = None, max_step_count: int | None = None
) -> list[dict[str, float]]:
    """Places that the agent can get to on its grid."""
    agent = session.world.agent
    grid = session.settings.grid_size if grid_size is None else grid_size
    if grid <= 0:
        raise ActionError("gridSize must be positive", code="InvalidArgument")
    places = session.space.reachable(agent.position[[0, 2]], grid)
    y = float(agent.position[1])
    return [{"x": x, "y": y, "z": z} for x, z in places.tolist()]


@action("MoveAgent", "Move")
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


@action("RotateAgent")
def rotate_agent(session: Session, *, degrees: float) -> None:
    """Turn clockwise by any angle."""
    _rotate(session, degrees)
