"""Random placement of objects, reproducible from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from sim.headless.compatibility import fits
from sim.headless.objects import SimObject
from sim.headless.placement import spots
from sim.headless.support import HANGING
from sim.headless.world import World

__all__ = ["spawn_randomly"]

_SPOTS = 30
"""Places of a receptacle among which one is drawn."""

_NOT_AT_RANDOM = frozenset(["Floor", "Mug", "Cup", "Bowl", "Plate", "Pot", "Pan", "CoffeeMachine", "Toaster", *HANGING])
"""Receptacles into which nothing is put at random, as in AI2-THOR."""


def spawn_randomly(
    world: World,
    *,
    seed: int,
    only_open: bool,
    attempts: int,
    duplicates: Mapping[str, int],
    excluded_receptacles: frozenset[str],
    excluded_ids: frozenset[str],
) -> None:
    """Put pickupable objects in or on random receptacles that take them and have room; the others stay.

    Args:
        world: Whose.
        seed: The same seed in the same state gives the same places.
        only_open: Put things only where they can be seen: not in what is closed.
        attempts: Receptacles that are tried for each object.
        duplicates: How many of a type there should be; copies of the first one are added.
        excluded_receptacles: Types of receptacles, or ids, to leave alone.
        excluded_ids: Ids of objects to leave alone.
    """
    generator = np.random.default_rng(seed)
    _duplicate(world, duplicates)
    movable = [obj for obj in world if obj.kind.pickupable and obj.object_id not in excluded_ids]
    receptacles = [
        obj
        for obj in world
        if obj.kind.receptacle
        and obj.object_type not in _NOT_AT_RANDOM | excluded_receptacles
        and obj.object_id not in excluded_receptacles
        and not (only_open and obj.kind.openable and not obj.is_open)
    ]
    for index in generator.permutation(len(movable)).tolist():
        obj = movable[index]
        suitable = [r for r in receptacles if fits(obj.object_type, r.object_type)]
        for choice in generator.permutation(len(suitable)).tolist()[:attempts]:
            receptacle = suitable[choice]
            near = receptacle.bounds_center + generator.uniform(-1, 1, 3) * receptacle.bounds_half
            found = spots(world, obj, receptacle, near, limit=_SPOTS)
            if found:
                spot = found[int(generator.integers(len(found)))]
                world.move(obj, spot.position, spot.rotation)
                world.attach(obj, receptacle)
                break


def _duplicate(world: World, wanted: Mapping[str, int]) -> None:
    for object_type, count in wanted.items():
        present = world.of_type(object_type)
        for number in range(count - len(present) if present else 0):
            world.add(_copy(world, present[0], number))


def _copy(world: World, obj: SimObject, number: int) -> SimObject:
    twin = replace(obj)
    twin.object_id, twin.name = f"{obj.object_id}_copy_{number}", f"{obj.name}_copy_{number}"
    twin.instance, twin.parent, twin.children = world.next_instance(), None, []
    return twin
