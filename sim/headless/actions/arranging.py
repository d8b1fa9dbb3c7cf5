"""Arranging the scene: poses of many objects, random placement, taking objects out and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.headless.actions.handling import release
from sim.headless.actions.registry import action
from sim.headless.disturbance import disturb
from sim.headless.errors import ActionError
from sim.headless.geometry import matrix_from_euler, vector
from sim.headless.objects import SimObject
from sim.headless.placement import settle
from sim.headless.randomize import spawn_randomly
from sim.headless.session import Session


@action("SetObjectPoses", open_ended=True)
def set_object_poses(session: Session, *, object_poses: list[Any], place_stationary: bool = True) -> None:
    """Put objects, named by their Unity names, at poses; pickupable and moveable objects not listed leave the scene."""
    world = session.world
    by_name = {obj.name: obj for obj in world}
    listed: list[tuple[SimObject, dict[str, Any]]] = []
    for pose in object_poses:
        if not isinstance(pose, dict) or not {"objectName", "position", "rotation"} <= pose.keys():
            raise ActionError("each of objectPoses needs objectName, position and rotation", code="InvalidArgument")
        obj = by_name.get(pose["objectName"])
        if obj is None:
            raise ActionError(f"No object of name {pose['objectName']} found in scene.")
        if not obj.can_move:
            raise ActionError(f"{pose['objectName']} is not a Moveable or Pickupable object.")
        listed.append((obj, pose))
    if world.held is not None:
        release(session)
    kept = {obj.object_id for obj, _ in listed}
    for obj in [o for o in world if o.can_move and o.object_id not in kept]:
        world.remove(obj)
    for obj, _ in listed:
        world.detach(obj)
    # from the ground up, so that what carries others is there before them
    for obj, pose in sorted(listed, key=lambda pair: float(pair[1]["position"]["y"])):
        position, rotation = vector(pose["position"]), matrix_from_euler(vector(pose["rotation"]))
        world.move(obj, position, rotation)
        if place_stationary:
            session.find_support(obj)
        else:
            settle(world, obj, obj.center + np.array([0.0, 0.02, 0.0]), rotation)


@action("InitialRandomSpawn", open_ended=True)
def initial_random_spawn(
    session: Session,
    *,
    random_seed: int = 0,
    force_visible: bool = False,
    num_placement_attempts: int = 5,
    place_stationary: bool = True,
    num_duplicates_of_type: list[Any] | None = None,
    excluded_receptacles: list[Any] | None = None,
    excluded_object_ids: list[Any] | None = None,
    object_types: list[Any] | None = None,
) -> None:
    """Put pickupable objects in or on random receptacles that take them; ids stay what they were."""
    if session.world.held is not None:
        raise ActionError("InitialRandomSpawn cannot be used while the agent holds something")
    duplicates: dict[str, int] = {}
    for entry in num_duplicates_of_type or []:
        if not isinstance(entry, dict) or "objectType" not in entry or "count" not in entry:
            raise ActionError("numDuplicatesOfType takes {objectType, count} dictionaries", code="InvalidArgument")
        duplicates[str(entry["objectType"])] = int(entry["count"])
    spawn_randomly(
        session.world,
        seed=random_seed,
        only_open=force_visible,
        attempts=max(1, num_placement_attempts),
        duplicates=duplicates,
        excluded_receptacles=frozenset(map(str, excluded_receptacles or ())),
        excluded_ids=frozenset(map(str, excluded_object_ids or ())),
    )


@action("DisturbScene")
def disturb_scene(
    session: Session,
    *,
    random_seed: int,
    moves: int = 1,
    states: int = 0,
    closings: int = 0,
    spare_visible: bool = True,
) -> list[dict[str, str]]:
    """Change the scene as another inhabitant would; not an action of AI2-THOR."""
    spare = session.visible() if spare_visible else frozenset[str]()
    return disturb(session.world, seed=random_seed, moves=moves, states=states, closings=closings, spare=spare)


@action("DisableObject")
def disable_object(session: Session, *, object_id: str) -> None:
    """Take an object out of the scene; EnableObject brings it back."""
    world = session.world
    if object_id in world.disabled:
        raise ActionError(f"{object_id} is already disabled")
    obj = session.find(object_id)
    _drop_contents(session, obj)
    world.disabled[object_id] = obj


@action("EnableObject")
def enable_object(session: Session, *, object_id: str) -> None:
    """Bring a disabled object back where it was."""
    world = session.world
    obj = world.disabled.pop(object_id, None)
    if obj is None:
        session.find(object_id)
        return
    world.add(obj)
    if obj.can_move:
        session.find_support(obj)


@action("RemoveFromScene")
def remove_from_scene(session: Session, *, object_id: str) -> None:
    """Take an object out of the scene for good."""
    _drop_contents(session, session.find(object_id))


@action("RemoveObjsFromScene")
def remove_objects(session: Session, *, object_ids: list[Any]) -> None:
    """Take objects out of the scene for good."""
    for obj in [session.find(str(object_id)) for object_id in object_ids]:
        _drop_contents(session, obj)


def _drop_contents(session: Session, obj: SimObject) -> None:
    """Remove an object; what it carried falls on what is below."""
    world = session.world
    if obj is world.held:
        release(session)
    orphans = world.children(obj)
    world.remove(obj)
    for orphan in orphans:
        settle(world, orphan, orphan.center + np.array([0.0, 0.02, 0.0]), orphan.rotation)
