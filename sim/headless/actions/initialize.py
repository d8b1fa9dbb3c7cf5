"""Setting up: what the agent is like, resolution, scenes, cameras."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.headless.actions.registry import action, unsupported
from sim.headless.errors import ActionError, SceneError
from sim.headless.geometry import vector, xyz
from sim.headless.homes import compose_home
from sim.headless.houses import load_house
from sim.headless.scene import scene_names
from sim.headless.session import Session
from sim.headless.world import ThirdPartyCamera

_MAX_SIDE = 4096


@action("Initialize", open_ended=True)
def initialize(
    session: Session,
    *,
    grid_size: float = 0.25,
    snap_to_grid: bool = True,
    rotate_step_degrees: float = 90.0,
    visibility_distance: float = 1.5,
    field_of_view: float | None = None,
    render_image: bool = True,
    render_depth_image: bool = False,
    render_instance_segmentation: bool = False,
    render_semantic_segmentation: bool = False,
    render_object_image: bool = False,
    render_class_image: bool = False,
    max_downward_look_angle: float = 0.0,
    max_upward_look_angle: float = 0.0,
    agent_mode: str = "default",
    agent_count: int = 1,
) -> dict[str, Any]:
    """Set the agent up; the world keeps its state."""
    if session.unloaded is not None:
        raise ActionError(session.unloaded, code="InvalidArgument")
    if agent_mode.lower() != "default":
        raise ActionError(
            f"the headless simulator has no agentMode '{agent_mode}', only 'default'", code="InvalidArgument"
        )
    if agent_count != 1:
        raise ActionError("the headless simulator has one agent: agentCount must be 1", code="InvalidArgument")
    grid_size = grid_size or 0.25
    if not 0 < grid_size <= 5:
        raise ActionError("grid size must be in the range (0,5]", code="InvalidArgument")
    if rotate_step_degrees <= 0:
        raise ActionError("rotateStepDegrees must be a non-zero, non-negative float", code="InvalidArgument")
    for name, angle in (("Downward", max_downward_look_angle), ("Upward", max_upward_look_angle)):
        if angle < 0:
            raise ActionError(f"max{name}LookAngle must be a non-negative float", code="InvalidArgument")
    if not 0 < visibility_distance < 1e4:
        raise ActionError(f"visibilityDistance must be positive, got {visibility_distance}", code="InvalidArgument")
    fov = session.settings.fov if field_of_view is None or field_of_view == 0 else field_of_view
    if not 1 <= fov < 180:
        raise ActionError("fov must be set to (0, 180) noninclusive.", code="InvalidArgument")
    settings = session.settings
    settings.grid_size, settings.snap_to_grid = grid_size, snap_to_grid
    settings.rotate_step, settings.visibility_distance, settings.fov = rotate_step_degrees, visibility_distance, fov
    settings.lowest_look, settings.highest_look = max_downward_look_angle or 60.0, -(max_upward_look_angle or 30.0)
    settings.render_image, settings.render_depth = render_image, render_depth_image
    settings.render_instances = render_instance_segmentation or render_object_image
    settings.render_classes = render_semantic_segmentation or render_class_image
    return session.initialize_return()


@action("CreateHouse", seconds=0.0)
def create_house(session: Session, *, house: dict[str, Any]) -> None:
    """Replace the scene by a ProcTHOR house, or by the floor plans listed under its key ``compose``."""
    names = house.get("compose")
    try:
        scene = load_house(house) if names is None else compose_home(tuple(str(name) for name in names))
    except SceneError as error:
        raise ActionError(str(error), code="InvalidArgument") from error
    session.start(scene, keep_settings=True)


@action("ChangeResolution")
def change_resolution(session: Session, *, x: int, y: int) -> None:
    """Set the size of the frames."""
    if not (0 < x <= _MAX_SIDE and 0 < y <= _MAX_SIDE):
        raise ActionError(f"a frame's sides must be in [1, {_MAX_SIDE}], got {x} × {y}", code="InvalidArgument")
    session.settings.width, session.settings.height = x, y


@action("ChangeQuality", open_ended=True)
def change_quality(session: Session, *, quality: str = "") -> None:
    """There is one quality only; accepted so that programs that set it run."""


@action("GetScenesInBuild")
def get_scenes_in_build(session: Session) -> list[str]:
    """Names that the client may reset to."""
    return [*scene_names(), *session.homes, "Procedural"]


@action("ChangeFOV", "ChangeFieldOfView")
def change_fov(session: Session, *, field_of_view: float) -> None:
    """Set the vertical field of view of the agent's camera."""
    if not 0 < field_of_view < 180:
        raise ActionError("fov must be set to (0, 180) noninclusive.")
    session.settings.fov = field_of_view


def _orientation(given: dict[str, Any] | None, otherwise: Any) -> Any:
    return otherwise if given is None else np.array([given.get(axis, 0.0) for axis in "xyz"], dtype=float)


@action("AddThirdPartyCamera", open_ended=True)
def add_third_party_camera(
    session: Session,
    *,
    position: dict[str, Any],
    rotation: dict[str, Any],
    field_of_view: float = 90.0,
    orthographic: bool = False,
    orthographic_size: float | None = None,
    near_clipping_plane: float | None = None,
    far_clipping_plane: float | None = None,
) -> None:
    """Add a camera that no agent carries."""
    session.world.cameras.append(
        ThirdPartyCamera(
            position=vector(position),
            rotation=_orientation(rotation, np.zeros(3)),
            fov=_checked_fov(field_of_view),
            orthographic_size=(orthographic_size or 5.0) if orthographic else None,
            near=near_clipping_plane or 0.01,
            far=far_clipping_plane or 20.0,
        )
    )


@action("UpdateThirdPartyCamera", open_ended=True)
def update_third_party_camera(
    session: Session,
    *,
    third_party_camera_id: int = 0,
    position: dict[str, Any] | None = None,
    rotation: dict[str, Any] | None = None,
    field_of_view: float | None = None,
    orthographic: bool | None = None,
    orthographic_size: float | None = None,
) -> None:
    """Change one of the added cameras; what is not given stays."""
    cameras = session.world.cameras
    if not 0 <= third_party_camera_id < len(cameras):
        raise ActionError(
            f"ThirdPartyCameraId: {third_party_camera_id} (int: default=0) must in "
            f"[0: len(thirdPartyCameras)={len(cameras)}]."
        )
    camera = cameras[third_party_camera_id]
    if position is not None:
        camera.position = vector({**xyz(camera.position), **position})
    camera.rotation = _orientation(rotation, camera.rotation)
    if field_of_view is not None:
        camera.fov = _checked_fov(field_of_view)
    if orthographic is False:
        camera.orthographic_size = None
    elif orthographic or (orthographic_size is not None and camera.orthographic_size is not None):
        camera.orthographic_size = orthographic_size or camera.orthographic_size or 5.0


@action("GetMapViewCameraProperties")
def get_map_view_camera_properties(session: Session) -> dict[str, Any]:
    """Where an orthographic camera sees the whole scene from above; arguments for AddThirdPartyCamera."""
    scene = session.world.scene
    low, high = scene.low, scene.high
    center = (low + high) / 2
    return {
        "position": {"x": float(center[0]), "y": float(high[1]) - 0.02, "z": float(center[2])},
        "rotation": {"x": 90.0, "y": 0.0, "z": 0.0},
        "orthographicSize": float(max(high[0] - low[0], high[2] - low[2])) / 2 + 0.1,
        "orthographic": True,
    }


@action("ToggleMapView")
def toggle_map_view(session: Session) -> None:
    """Let the agent's camera see the whole scene from above, or see as before; deprecated in AI2-THOR."""
    world = session.world
    if world.map_view is not None:
        world.map_view = None
        return
    view = get_map_view_camera_properties(session)
    world.map_view = ThirdPartyCamera(
        position=vector(view["position"]),
        rotation=vector(view["rotation"]),
        fov=session.settings.fov,
        orthographic_size=view["orthographicSize"],
    )


@action("PausePhysicsAutoSim")
def pause_physics(session: Session) -> None:
    """Let time pass by AdvancePhysicsStep only; things come to rest at once all the same."""
    session.settings.paused = True


@action("UnpausePhysicsAutoSim")
def unpause_physics(session: Session) -> None:
    """Take PausePhysicsAutoSim back."""
    session.settings.paused = False


@action("AdvancePhysicsStep", seconds=0.0)
def advance_physics(
    session: Session,
    *,
    time_step: float = 0.02,
    sim_seconds: float | None = None,
    allow_auto_simulation: bool = False,
) -> None:
    """Let time pass, which changes temperatures: everything rests already."""
    if not (allow_auto_simulation or session.settings.paused):
        raise ActionError(
            "AdvancePhysicsStep can only be called if Physics AutoSimulation is currently paused or if you have passed "
            "allowAutoSimulation=true! Either use the PausePhysicsAutoSim() action first, or if you already used it, "
            "Physics AutoSimulation has been turned back on already."
        )
    if not 0 < time_step <= 0.05:
        raise ActionError(
            "Please use a timeStep between 0.0f and 0.05f. Larger timeSteps produce inconsistent simulation results."
        )
    seconds = time_step if sim_seconds is None else sim_seconds
    if seconds < 0:
        raise ActionError(f"simSeconds must be non-negative (simSeconds=={seconds:g}).")
    session.after(seconds)


@action("MakeAllObjectsMoveable", "MakeAllObjectsStationary", "MakeObjectsStaticKinematicMassThreshold",
        "PhysicsSyncTransforms", open_ended=True)  # fmt: skip
def rest(session: Session) -> None:
    """How Unity is to simulate objects that nothing touches; here they rest."""


@action("SetRandomSeed")
def set_random_seed(session: Session, *, seed: int) -> None:
    """Nothing here is random but what is given a seed itself."""


@action("GetSceneBounds")
def get_scene_bounds(session: Session) -> dict[str, Any]:
    """The box around all rooms."""
    return session.bounds


def _checked_fov(fov: float) -> float:
    if not 0 < fov < 180:
        raise ActionError("fov must be set to (0, 180) noninclusive.")
    return fov


unsupported("it has no physics engine", "TouchThenApplyForce", "ApplyForceObject", "LaunchObject")
unsupported(
    "it has the default agent only, no arm and no drone",
    "MoveArm", "MoveArmBase", "MoveArmBaseUp", "MoveArmBaseDown", "RotateWristRelative", "RotateElbow", "ReleaseObject",
    "SetHandSphereRadius", "FlyAhead", "FlyBack", "FlyUp", "FlyDown",
)  # fmt: skip
unsupported(
    "its surfaces have no materials to exchange",
    "RandomizeMaterials", "ResetMaterials", "RandomizeColors", "ResetColors", "RandomizeLighting", "ResetLighting",
    "ChangeSkybox",
)  # fmt: skip
