"""Random placement of objects, reproducible from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from sim.headless.compatibility import fits
from sim.headless.objects import SimObject
from sim.headless.placement import spots
from sim.headless.support import HANGING
from sim.headless.world import World

__all__ = ["Spawning", "spawn_randomly"]

_SPOTS = 30
"""Places of a receptacle among which one is drawn."""

_NOT_AT_RANDOM = frozenset(["Mug", "Cup", "Bowl", "Plate", "Pot", "Pan", "CoffeeMachine", "Toaster", *HANGING])
"""Receptacles into which nothing is put at random, as in AI2-THOR."""


@dataclass(frozen=True, kw_only=True)
class Spawning:
    """What InitialRandomSpawn is asked for.

    Attributes:
        seed: The same seed in the same state gives the same places.
        only_open: Put things only where they can be seen: not in what is closed.
        attempts: Receptacles that are tried for each object.
        duplicates: How many of a type there should be; copies of those there are added.
        excluded_receptacles: Types of receptacles to leave alone.
        excluded_ids: Ids of objects to leave alone.
        only_ids: Ids of the objects that are moved, None for all.
        only_receptacles: Ids of the receptacles that are used, None for all.
        floor: Put things on the floor too.
        moveable: Move what can only be pushed, too.
    """

    seed: int = 0
    only_open: bool = False
    attempts: int = 5
    duplicates: Mapping[str, int] = field(default_factory=dict)
    excluded_receptacles: frozenset[str] = frozenset()
    excluded_ids: frozenset[str] = frozenset()
    only_ids: frozenset[str] | None = None
    only_receptacles: frozenset[str] | None = None
    floor: bool = False
    moveable: bool = False

    def moves(self, obj: SimObject) -> bool:
        """Whether an object is to be put elsewhere."""
        able = obj.kind.pickupable or (self.moveable and obj.kind.moveable)
        wanted = self.only_ids is None or obj.object_id in self.only_ids
        return able and wanted and obj.object_id not in self.excluded_ids

    def uses(self, obj: SimObject) -> bool:
        """Whether things may be put into or onto an object."""
        if not obj.kind.receptacle or obj.object_type in _NOT_AT_RANDOM | self.excluded_receptacles:
            return False
        if obj.object_type == "Floor" and not self.floor:
            return False
        if self.only_open and obj.kind.openable and not obj.is_open:
            return False
        return self.only_receptacles is None or obj.object_id in self.only_receptacles


def spawn_randomly(world: World, spawning: Spawning) -> None:
    """Put objects in or on random receptacles that take them and have room; the others stay."""
    generator = np.random.default_rng(spawning.seed % 2**32)
    copies = _duplicate(world, spawning.duplicates)
    movable = [obj for obj in world if spawning.moves(obj) or obj.object_id in copies]
    receptacles = [obj for obj in world if spawning.uses(obj)]
    for index in generator.permutation(len(movable)).tolist():
        obj = movable[index]
        inside = {obj.object_id, *(o.object_id for o in world.contents(obj))}
        suitable = [r for r in receptacles if r.object_id not in inside and fits(obj.object_type, r.object_type)]
        tries = len(suitable) if obj.object_id in copies else spawning.attempts
        placed = any(
            _place(world, obj, suitable[choice], generator)
            for choice in generator.permutation(len(suitable)).tolist()[:tries]
        )
        if not placed and obj.object_id in copies:  # it has no place of its own to stay at
            world.remove(obj)


def _place(world: World, obj: SimObject, receptacle: SimObject, generator: np.random.Generator) -> bool:
    near = receptacle.bounds_center + generator.uniform(-1, 1, 3) * receptacle.bounds_half
    found = spots(world, obj, receptacle, near, limit=_SPOTS)
    if not found:
        return False
    spot = found[int(generator.integers(len(found)))]
    world.move(obj, spot.position, spot.rotation)
    world.attach(obj, receptacle)
    return True


def _duplicate(world: World, wanted: Mapping[str, int]) -> set[str]:
    """Add copies until there are as many of each type as wanted; returns their ids."""
    added: set[str] = set()
    for object_type, count in wanted.items():
        present = [obj for obj in world.of_type(object_type) if obj.can_move]
        for number in range(count - len(present) if present else 0):
            copy = _copy(world, present[number % len(present)], number)
            world.add(copy)
            added.add(copy.object_id)
    return added


def _copy(world: World, obj: SimObject, number: int) -> SimObject:
    twin = replace(obj)
    twin.object_id, twin.name = f"{obj.object_id}_copy_{number}", f"{obj.name}_random_copy_{number}"
    twin.instance, twin.parent, twin.children = world.next_instance(), None, []
    return twin
