"""Questions about the scene that change nothing."""

from __future__ import annotations

from dataclasses import replace
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
    if obj is None:
        raise ActionError(f"InvalidOperationException: no sim objects found at ({x:g},{y:g})")
    if check_visible and obj.object_id not in session.visible():
        raise ActionError(
            f"InvalidOperationException: target hit ({obj.object_id}) at ({x:g}, {y:g}) is not currently Visible to "
            "Agent"
        )
    return obj.object_id


@action("GetCoordinateFromRaycast")
def get_coordinate_from_raycast(session: Session, *, x: float, y: float) -> dict[str, float]:
    """World position of what is seen at a place in the agent's frame."""
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ActionError(f"ArgumentOutOfRangeException: x and y must be in [0:1] not (x={x}, y={y}).")
    return xyz(session.eyes.point_at(session.settings, x, y))


@action("GetVisibleObjects")
def get_visible_objects(
    session: Session,
    *,
    max_distance: float | None = None,
    visibility_scheme: str | None = None,
    third_party_camera_index: int | None = None,
    object_ids: list[Any] | None = None,
) -> list[str]:
    """Ids of the objects that the agent sees, or another camera, within a distance."""
    cameras = session.world.cameras
    if third_party_camera_index is not None and not 0 <= third_party_camera_index < len(cameras):
        raise ActionError(f"there is no third-party camera {third_party_camera_index}", code="InvalidArgument")
    for object_id in object_ids or ():
        if object_id not in session.world.objects:
            raise ActionError(f"ArgumentException: Object with id {object_id} does not exist in scene.")
    camera = None if third_party_camera_index is None else cameras[third_party_camera_index]
    reach = session.settings.visibility_distance if max_distance is None else max_distance
    seen = session.eyes.visible_within(session.settings, reach, camera)
    asked = session.world.objects if object_ids is None else object_ids
    return [object_id for object_id in asked if object_id in seen]


@action("DistanceToObject")
def distance_to_object(session: Session, *, object_id: str) -> float:
    """Horizontal distance from the agent to an object's box, metres."""
    obj = session.find(object_id)
    agent = session.world.agent.position
    off = np.maximum(np.maximum(obj.low - agent, agent - obj.high), 0.0)
    return float(np.hypot(off[0], off[2]))


@action("GetSpawnCoordinatesAboveReceptacle", open_ended=True)
def get_spawn_coordinates(session: Session, *, object_id: str, anywhere: bool = True) -> list[dict[str, float]]:
    """Points on the surfaces of a receptacle where something small can stand; all, or those within the agent's view."""
    receptacle = session.world.objects.get(object_id)
    if receptacle is None:
        raise ActionError("Object ID appears to be invalid.")
    if not receptacle.kind.receptacle or not (anywhere or object_id in session.visible()):
        raise ActionError(f"No valid Receptacle found in {'scene' if anywhere else 'view'}")
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
    settings, agent = session.settings, session.world.agent
    if max_poses is not None and max_poses <= 0:
        raise ActionError("ArgumentOutOfRangeException: maxPoses must be > 0.")
    if max_distance is not None and max_distance <= 0:
        raise ActionError("ArgumentOutOfRangeException: maxDistance must be >= 0 meters from the object.")
    obj = session.find(object_id)
    lowest, highest = settings.lowest_look, settings.highest_look
    pitches = [highest, 0.0, 30.0, lowest] if horizons is None else _numbers("horizons", horizons)
    for pitch in pitches:
        if not highest <= pitch <= lowest:
            raise ActionError(
                f"ArgumentException: Each horizon must be in [{highest:g}:{lowest:g}]. You gave {pitch:g}."
            )
    if rotations is None:
        count = round(360 / settings.rotate_step)
        offset = round(agent.yaw % settings.rotate_step)
        yaws = [(offset + k * settings.rotate_step) % 360.0 for k in range(count)]
    else:
        yaws = _numbers("rotations", rotations)
    if positions is None:
        places = session.space.reachable(agent.position[[0, 2]], settings.grid_size)
    else:
        places = np.array([vector(p)[[0, 2]] for p in positions]).reshape(-1, 2)
    reach = settings.visibility_distance if max_distance is None else max_distance
    return interactable_poses(
        session.world,
        session.eyes,
        replace(settings, visibility_distance=reach),
        obj,
        places,
        yaws=yaws,
        horizons=pitches,
        standings=[bool(s) for s in standings] if standings is not None else [True, False],
        limit=max_poses,
    )


def _numbers(name: str, values: list[Any]) -> list[float]:
    try:
        return [float(value) for value in values]
    except (TypeError, ValueError):
        message = f"action: GetInteractablePoses has an invalid argument: {name} (=={values}). Cannot convert to: float"
        raise ActionError(message, code="InvalidArgument") from None


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
