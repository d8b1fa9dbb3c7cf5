"""The rules of the household: what heat, cold, water and coffee do to things, and what breaks.

`apply` is run after every action. It looks at the few objects that act by themselves (taps, burners, fridges …) and
at what is warm or cold, never at the whole scene.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sim.headless.objects import SimObject
from sim.headless.world import World

__all__ = [
    "MUST_BE_CLOSED_TO_RUN",
    "MUST_BE_OFF_TO_OPEN",
    "MUST_BE_OPEN_TO_PLACE",
    "Household",
    "breaks",
    "fill",
    "is_lit",
]

MUST_BE_OPEN_TO_PLACE = frozenset(["Drawer", "Cabinet", "LaundryHamper", "Microwave", "Fridge", "Box", "Safe"])
"""Receptacles that take things only while open."""

MUST_BE_CLOSED_TO_RUN = frozenset(["Microwave"])
"""Appliances that run only closed."""

MUST_BE_OFF_TO_OPEN = frozenset(["Microwave", "Laptop"])
"""What is neither opened nor closed while it runs."""

_SOURCES = frozenset(["Faucet", "Sink", "StoveBurner", "Microwave", "Toaster", "CoffeeMachine", "Fridge"])
_SOFT = frozenset(["Bed", "Sofa", "ArmChair", "Ottoman", "Pillow", "DogBed", "LaundryHamper"])
_BREAKING_SPEED = 5.5
"""Speed of an impact on something hard that breaks things, metres a second: more than that of a drop from the hand
(5.2), after which the Unity player recorded a mug as whole, less than that of a throw."""

_SOFT_BREAKING_SPEED = 9.0
"""The same for something soft."""


class Household:
    """Applies the rules to one world.

    Attributes:
        decay: Whether temperatures return to the room's.
        decay_seconds: Simulated seconds after which they do.
        decay_by_type: The same for single types.
        decay_by_id: The same for single objects; it goes before their type's.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.decay = True
        self.decay_seconds = 10.0
        self.decay_by_type: dict[str, float] = {}
        self.decay_by_id: dict[str, float] = {}
        self._basins: dict[str, SimObject | None] = {}

    def apply(self, seconds: float) -> None:
        """Let the time since the last action pass.

        Args:
            seconds: Simulated.
        """
        world = self._world
        exposed: set[str] = set()
        for source in world.of_type(*_SOURCES):
            if source.object_type in ("Faucet", "Sink"):  # the sinks of ProcTHOR are their own taps
                if source.is_toggled:
                    self._rinse(source)
            elif source.object_type == "Fridge":
                if source.kind.cold_source:
                    exposed |= self._expose(world.contents(source), "Cold")
            elif is_lit(world, source):
                self._heat(source, exposed)
        if self.decay:
            self._decay(exposed, seconds)

    def basin(self, faucet: SimObject) -> SimObject | None:
        """The basin that a tap runs into, or None."""
        if faucet.object_id not in self._basins:
            basins = self._world.of_type("SinkBasin", "BathtubBasin") or self._world.of_type("Sink", "Bathtub")
            near = [
                (float(np.linalg.norm((basin.bounds_center - faucet.bounds_center)[[0, 2]])), i)
                for i, basin in enumerate(basins)
            ]
            nearest = min(near, default=None)
            self._basins[faucet.object_id] = basins[nearest[1]] if nearest is not None and nearest[0] < 1.5 else None
        return self._basins[faucet.object_id]

    def _rinse(self, faucet: SimObject) -> None:
        world = self._world
        basin = self.basin(faucet)
        if basin is None:
            return
        washed = world.contents(basin)
        for other in world.of_type("Sink", "Bathtub"):
            # a few sinks are receptacles themselves: what lies in one lies under its tap
            if other.kind.receptacle and other is not basin and basin.object_id.startswith(other.object_id):
                washed += world.contents(other)
        for obj in washed:
            if obj.is_dirty:
                obj.is_dirty = False
                world.touch(obj)
            if obj.kind.can_fill and not obj.is_filled:
                fill(world, obj, "water")

    def _heat(self, source: SimObject, exposed: set[str]) -> None:
        world = self._world
        contents = world.contents(source)
        if source.object_type == "CoffeeMachine":
            for mug in contents:
                if mug.kind.can_fill and not mug.is_filled:
                    fill(world, mug, "coffee")
            contents = [obj for obj in contents if obj.is_filled]
        exposed |= self._expose(contents, "Hot")
        if source.object_type != "CoffeeMachine":
            for obj in contents:
                if obj.kind.cookable and not obj.is_cooked:
                    obj.is_cooked = True
                    world.touch(obj)

    def _expose(self, objects: Iterable[SimObject], temperature: str) -> set[str]:
        reached: set[str] = set()
        for obj in objects:
            reached.add(obj.object_id)
            obj.temperature_left = self.time_until_room_temperature(obj)
            if obj.temperature != temperature:
                obj.temperature = temperature
                self._world.touch(obj)
        return reached

    def time_until_room_temperature(self, obj: SimObject) -> float:
        """Simulated seconds that an object stays hot or cold away from heat or cold."""
        by_type = self.decay_by_type.get(obj.object_type, self.decay_seconds)
        return self.decay_by_id.get(obj.object_id, by_type)

    def _decay(self, exposed: set[str], seconds: float) -> None:
        for obj in self._world:
            if obj.temperature == "RoomTemp" or obj.object_id in exposed or not obj.can_move:
                continue
            if obj.temperature_left <= 0:
                obj.temperature_left = self.time_until_room_temperature(obj)
            obj.temperature_left -= seconds
            if obj.temperature_left <= 0:
                obj.temperature = "RoomTemp"
                self._world.touch(obj)


def is_lit(world: World, appliance: SimObject) -> bool:
    """Whether an appliance gives heat now; a burner does while one of its knobs is on."""
    if appliance.object_type == "StoveBurner":
        return any(
            knob.is_toggled and knob.controlled and appliance.object_id in knob.controlled
            for knob in world.of_type("StoveKnob")
        )
    return appliance.is_toggled


def fill(world: World, obj: SimObject, liquid: str) -> None:
    """Fill an object with a liquid; hot coffee makes it hot."""
    obj.is_filled, obj.fill_liquid = True, liquid
    world.touch(obj)


def breaks(obj: SimObject, speed: float, ground: SimObject | None) -> bool:
    """Whether an object breaks when it hits something.

    Args:
        obj: What falls or flies.
        speed: Metres a second at the impact.
        ground: What it hits, or None for the building.
    """
    threshold = _SOFT_BREAKING_SPEED if ground is not None and ground.object_type in _SOFT else _BREAKING_SPEED
    return obj.kind.breakable and not obj.is_broken and speed > threshold
