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
from sim.headless.placement import let_fall, settle
from sim.headless.randomize import Spawning, spawn_randomly
from sim.headless.recordings import object_types
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


@action("InitialRandomSpawn")
def initial_random_spawn(
    session: Session,
    *,
    random_seed: int = 0,
    force_visible: bool = False,
    place_stationary: bool = True,
    num_duplicates_of_type: list[Any] | None = None,
    excluded_receptacles: list[Any] | None = None,
    excluded_object_ids: list[Any] | None = None,
    object_ids: list[Any] | None = None,
    receptacle_object_ids: list[Any] | None = None,
    num_placement_attempts: int = 5,
    allow_floor: bool = False,
    allow_moveable: bool = False,
) -> None:
    """Put pickupable objects in or on random receptacles that take them; ids stay what they were."""
    world = session.world
    if num_placement_attempts <= 0:
        raise ActionError("numPlacementAttempts must be a positive integer.")
    known = object_types()
    for receptacle_type in excluded_receptacles or ():
        if receptacle_type not in known:
            raise ActionError(f"invalid Object Type used in excludedReceptacles array: {receptacle_type}")
    for object_id in (*(excluded_object_ids or ()), *(object_ids or ()), *(receptacle_object_ids or ())):
        if object_id not in world.objects:
            raise ActionError(f"Cannot find sim object with id '{object_id}'")
    duplicates: dict[str, int] = {}
    for entry in num_duplicates_of_type or []:
        if not isinstance(entry, dict) or not isinstance(entry.get("count"), int) or "objectType" not in entry:
            raise ActionError("numDuplicatesOfType takes {objectType, count} dictionaries", code="InvalidArgument")
        duplicates[str(entry["objectType"])] = entry["count"]
    if world.held is not None:
        held = release(session)
        let_fall(world, held, held.center)
    spawn_randomly(
        world,
        Spawning(
            seed=random_seed,
            only_open=force_visible,
            attempts=num_placement_attempts,
            duplicates=duplicates,
            excluded_receptacles=frozenset(excluded_receptacles or ()),
            excluded_ids=frozenset(excluded_object_ids or ()),
            only_ids=None if object_ids is None else frozenset(object_ids),
            only_receptacles=None if receptacle_object_ids is None else frozenset(receptacle_object_ids),
            floor=allow_floor,
            moveable=allow_moveable,
        ),
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
        return
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


@action("DisableAllObjectsOfType", open_ended=True)
def disable_type(session: Session, *, object_type: str | None = None, object_id: str | None = None) -> None:
    """Take all objects of a type out of the scene; EnableObject brings each back."""
    for obj in session.world.of_type(object_type or object_id or ""):
        disable_object(session, object_id=obj.object_id)


@action("RemoveFromScene", "RemoveObjsFromScene")
def remove_from_scene(session: Session, *, object_id: str | None = None, object_ids: list[Any] | None = None) -> None:
    """Take one object or several out of the scene for good."""
    named = [object_id] if object_id is not None else object_ids
    if not named:
        raise ActionError("objectIds must not be empty!")
    for obj in [session.find(str(name)) for name in named]:
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
