"""Questions about the scene that change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.headless.actions.registry import action
from sim.headless.errors import ActionError
from sim.headless.geometry import Array, vector, xyz
from sim.headless.objects import SimObject
from sim.headless.placement import spots
from sim.headless.poses import interactable_poses
from sim.headless.session import Session

_POINTS_ABOVE = 100


@action("GetObjectInFrame")
def get_object_in_frame(session: Session, *, x: float, y: float, check_visible: bool = False) -> str:
    """Id of the object at a place in the agent's frame."""
    obj = session.at_pixel(x, y)
    if check_visible and obj.object_id not in session.visible():
        raise ActionError(
            f"InvalidOperationException: target hit ({obj.object_id}) at ({x}, {y}) is not currently Visible to Agent"
        )
    return obj.object_id


@action("GetCoordinateFromRaycast")
def get_coordinate_from_raycast(session: Session, *, x: float, y: float) -> dict[str, float]:
    """World position of what is seen at a place in the agent's frame."""
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ActionError(f"ArgumentOutOfRangeException: x and y must be in [0:1] not (x={x}, y={y}).")
    return xyz(session.eyes.point_at(session.settings, x, y))


@action("GetVisibleObjects", open_ended=True)
def get_visible_objects(session: Session, *, max_distance: float | None = None) -> list[str]:
    """Ids of the objects that the agent sees."""
    seen = session.visible()
    return [object_id for object_id in session.world.objects if object_id in seen]


@action("GetSpawnCoordinatesAboveReceptacle")
def get_spawn_coordinates(session: Session, *, object_id: str, anywhere: bool = True) -> list[dict[str, float]]:
    """Points on the surfaces of a receptacle where something small can stand; all, or those within the agent's view."""
    receptacle = session.find(object_id)
    if not receptacle.kind.receptacle:
        raise ActionError("This target object is NOT a receptacle!")
    probe = _probe(receptacle)
    found = spots(session.world, probe, receptacle, session.world.agent.position, limit=_POINTS_ABOVE)
    points = [spot.position - [0.0, probe.half[1], 0.0] for spot in found]
    if not anywhere:
        camera, reach = session.world.agent.camera, session.settings.visibility_distance
        points = [p for p in points if np.hypot(*(p - camera)[[0, 2]]) <= reach and _ahead(session, p)]
    return [xyz(point) for point in points]


def _probe(receptacle: SimObject) -> SimObject:
    """A small thing that is not in the scene."""
    small = np.full(3, 0.02)
    return SimObject(
        object_id="", name="", object_type="Probe", asset_id="", kind=receptacle.kind, instance=0,
        position=np.zeros(3), rotation=np.eye(3), local_center=np.zeros(3), half=small, frame=np.eye(3), oriented=True,
    )  # fmt: skip


def _ahead(session: Session, point: Array) -> bool:
    agent = session.world.agent
    local = agent.camera_rotation.T @ (point - agent.camera)
    limit = np.tan(np.radians(session.settings.fov / 2))
    aspect = session.settings.width / session.settings.height
    return bool(local[2] > 0 and abs(local[1]) <= limit * local[2] and abs(local[0]) <= limit * aspect * local[2])


@action("GetInteractablePoses")
def get_interactable_poses(
    session: Session,
    *,
    object_id: str,
    positions: list[Any] | None = None,
    rotations: list[Any] | None = None,
    horizons: list[Any] | None = None,
    standings: list[Any] | None = None,
    max_distance: float | None = None,
    max_poses: int | None = None,
) -> list[dict[str, Any]]:
    """Poses of the agent from which an object can be acted on."""
    obj = session.find(object_id)
    if positions is None:
        places = session.space.reachable(session.world.agent.position[[0, 2]], session.settings.grid_size)
    else:
        places = np.array([vector(p)[[0, 2]] for p in positions]).reshape(-1, 2)
    return interactable_poses(
        session.world,
        session.eyes,
        session.settings,
        obj,
        places,
        yaws=[float(r) for r in rotations] if rotations is not None else [0.0, 90.0, 180.0, 270.0],
        horizons=[float(h) for h in horizons] if horizons is not None else [-30.0, 0.0, 30.0, 60.0],
        standings=[bool(s) for s in standings] if standings is not None else [True, False],
        limit=max_poses,
    )


def _path(session: Session, start: Array, goal: Array, allowed_error: float) -> dict[str, Any]:
    corners = session.space.path(start[[0, 2]], goal[[0, 2]], session.settings.grid_size, allowed_error)
    if corners is None:
        raise ActionError("Path to target could not be found")
    y = session.world.ground
    return {"corners": [{"x": x, "y": y, "z": z} for x, z in corners.tolist()]}


def _start(session: Session, position: dict[str, Any] | None) -> Array:
    return session.world.agent.position if position is None else vector(position)


@action("GetShortestPath")
def get_shortest_path(
    session: Session,
    *,
    object_id: str | None = None,
    object_type: str | None = None,
    position: dict[str, Any] | None = None,
    allowed_error: float | None = None,
    sample_from_navmesh: bool = True,
) -> dict[str, Any]:
    """Corners of the shortest way to the nearest place beside an object."""
    if object_id is None and object_type is None:
        raise ActionError("GetShortestPath needs objectId or objectType", code="MissingArguments")
    if object_id is not None:
        obj = session.find(object_id)
    else:
        found = session.world.of_type(str(object_type))
        if not found:
            raise ActionError(f"No object of type {object_type} in the scene")
        obj = found[0]
    reach = session.settings.visibility_distance if allowed_error is None else allowed_error
    return _path(session, _start(session, position), obj.bounds_center, max(reach, session.settings.grid_size))


@action("GetShortestPathToPoint")
def get_shortest_path_to_point(
    session: Session,
    *,
    target: dict[str, Any] | None = None,
    x: float | None = None,
    y: float | None = None,
    z: float | None = None,
    position: dict[str, Any] | None = None,
    allowed_error: float | None = None,
    sample_from_navmesh: bool = True,
) -> dict[str, Any]:
    """Corners of the shortest way to a point."""
    if target is None:
        if x is None or z is None:
            raise ActionError("GetShortestPathToPoint needs a target", code="MissingArguments")
        target = {"x": x, "y": y or 0.0, "z": z}
    error = session.settings.grid_size if allowed_error is None or allowed_error == 0 else allowed_error
    return _path(session, _start(session, position), vector(target), error)


@action("PositionsFromWhichObjectIsInteractable")
def positions_for(session: Session, *, object_id: str) -> list[dict[str, Any]]:
    """The poses of GetInteractablePoses, by its older name."""
    return list(get_interactable_poses(session, object_id=object_id))
