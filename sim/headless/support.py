"""Where things can stand: surfaces and insides of receptacles, and what rests on what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.headless.compatibility import fits
from sim.headless.geometry import Array
from sim.headless.objects import SimObject

if TYPE_CHECKING:
    from sim.headless.world import World

__all__ = ["ENCLOSING", "FURNITURE", "HANGING", "OPEN_ABOVE", "Surface", "built_into", "contains", "surfaces"]

ENCLOSING = frozenset(
    [
        "Fridge",
        "Microwave",
        "Cabinet",
        "Drawer",
        "Box",
        "Safe",
        "GarbageCan",
        "LaundryHamper",
        "SinkBasin",
        "Sink",
        "BathtubBasin",
        "Bathtub",
        "Pot",
        "Pan",
        "Bowl",
        "Mug",
        "Cup",
        "CoffeeMachine",
        "Toaster",
        "Toilet",
    ]
)
"""Receptacles that hold things inside their box, not on top of it."""

OPEN_ABOVE = frozenset(
    ["SinkBasin", "Sink", "BathtubBasin", "Bathtub", "Box", "GarbageCan", "LaundryHamper", "Pot", "Pan", "Bowl"]
)
"""Those of them that have no lid: what is tall may stand out of them, and things may lie on one another."""

FURNITURE = frozenset(["CoffeeTable", "Desk", "DiningTable", "Dresser", "ShelvingUnit", "SideTable", "TVStand"])
"""What drawers, doors and shelves are built into."""

HANGING = frozenset(["ToiletPaperHanger", "TowelHolder", "HandTowelHolder"])
"""Receptacles from which things hang."""

_LEVELS: dict[str, tuple[float, ...]] = {
    "ArmChair": (0.48,),
    "BathtubBasin": (0.01,),
    "Bed": (0.62,),
    "Bowl": (0.1,),
    "Box": (0.04,),
    "Cabinet": (0.02,),
    "Chair": (0.5,),
    "CoffeeMachine": (0.13,),
    "Cup": (0.1,),
    "Drawer": (0.1,),
    "GarbageCan": (0.07,),
    "LaundryHamper": (0.05,),
    "Microwave": (0.12,),
    "Mug": (0.1,),
    "Pan": (0.15,),
    "Plate": (0.4,),
    "Pot": (0.06,),
    "Safe": (0.06,),
    "Sink": (0.3,),
    "SinkBasin": (0.02,),
    "Sofa": (0.47,),
    "Toaster": (0.35,),
}
"""Heights of the surfaces on which things stand, as fractions of the box's height; 1.0 (the top) where not listed.
Where the recordings show things in or on a type, it is the median of their heights."""

_LIDDED = frozenset(["Cabinet", "Drawer", "Fridge", "Microwave", "Safe"])
"""Receptacles whose top limits the height of what goes in."""

_MARGIN = {"Fridge": 0.06, "Microwave": 0.03, "Cabinet": 0.03, "Drawer": 0.02, "SinkBasin": 0.03, "BathtubBasin": 0.08}
"""Thickness of the walls of a receptacle, metres."""

CONTACT = 0.04
"""How far apart two boxes may be for one to rest on the other, metres: recorded boxes are off by that much."""


@dataclass(frozen=True)
class Surface:
    """A horizontal rectangle on which things can stand.

    Attributes:
        owner: Id of the receptacle.
        height: World y, metres.
        center: (x, z) of the rectangle.
        half: Half extents along its own axes, metres.
        axes: (2, 2) columns are the rectangle's axes in (x, z).
        clearance: Free height above it, metres; infinite where only other objects limit it.
    """

    owner: str
    height: float
    center: Array
    half: Array
    axes: Array
    clearance: float


def surfaces(obj: SimObject) -> list[Surface]:
    """Where things can stand in or on a receptacle, lowest first."""
    low, high = float(obj.low[1]), float(obj.high[1])
    height = high - low
    if obj.object_type == "Shelf":
        levels = [float(obj.position[1]) + 0.01]
    elif obj.object_type == "Fridge":
        levels = _fridge_levels(low, height)
    else:
        levels = [low + fraction * height for fraction in _LEVELS.get(obj.object_type, (1.0,))]
    if obj.parts is not None:
        return [Surface(obj.object_id, high, r.center, r.half, r.axes, np.inf) for r in obj.parts]
    axes = obj.frame[np.ix_([0, 2], [0, 2])]
    if not np.allclose(axes @ axes.T, np.eye(2), atol=0.05):  # tilted: take the box around it
        axes, half = np.eye(2), obj.bounds_half[[0, 2]]
    else:
        half = obj.half[[0, 2]]
    half = np.maximum(half - _MARGIN.get(obj.object_type, 0.0), 0.01)
    center = obj.center[[0, 2]]
    if obj.object_type == "Toilet":  # on the cistern, at the back
        center, half = center - axes[:, 1] * 0.55 * half[1], np.array([min(half[0], 0.22), 0.2 * half[1]])
    tall_enough = [*levels[1:], high if obj.object_type in _LIDDED else np.inf]
    return [
        Surface(obj.object_id, y, center, half, axes, float(above - y))
        for y, above in zip(levels, tall_enough, strict=True)
    ]


def _fridge_levels(low: float, height: float) -> list[float]:
    """Tops of a fridge's floor, of its three shelves and of its freezer's floor, as it is drawn."""
    floor, split = low + 0.05, low + 0.7 * height
    shelves = [floor + (split - floor) * i / 4 + 0.01 for i in range(1, 4)]
    return [floor + 0.04, *shelves, split + 0.04]


def contains(obj: SimObject, point: Array, slack: float = 0.0) -> bool:
    """Whether a point lies in an object's box, grown by `slack` metres."""
    local = obj.frame.T @ (point - obj.center)
    return bool((np.abs(local) <= obj.half + slack).all())


def built_into(furniture: SimObject, objects: Iterable[SimObject]) -> tuple[str, ...]:
    """Ids of the drawers, doors and shelves in a piece of furniture."""
    return tuple(
        obj.object_id
        for obj in objects
        if obj.object_type in ("Cabinet", "Drawer", "Shelf")
        and obj is not furniture
        and contains(furniture, obj.bounds_center, 0.02)
        and (obj.bounds_half <= furniture.bounds_half + 0.05).all()
    )


def settle_recorded(world: World, records: list[dict[str, Any]]) -> float:
    """Decide from recorded containment what each movable object is in or on.

    The recordings report every trigger volume that an object touches: a fridge in a cabinet, a table in its chairs.
    The one that can be true is kept: the receptacle that takes the type and whose box holds or supports the object.

    Returns:
        How far above the floor AI2-THOR still counts a thing as on the floor in this scene, metres.
    """
    by_id = {record["objectId"]: record for record in records}
    floor_contact = 0.1
    for obj in list(world):
        recorded = by_id[obj.object_id]["parentReceptacles"] or []
        if not obj.can_move:
            continue
        candidates = [world.objects[i] for i in recorded if i in world.objects and i != obj.object_id]
        ranked = sorted(
            ((_plausibility(obj, candidate), candidate) for candidate in candidates), key=lambda pair: -pair[0]
        )
        if not ranked or ranked[0][0] <= 0:
            continue
        parent = ranked[0][1]
        if obj in world.ancestors(parent):
            continue
        world.attach(obj, parent)
        floors = [c for c in candidates if c.object_type == "Floor"]
        if parent.object_type != "Floor" and floors and obj.kind.pickupable:
            floor_contact = max(floor_contact, min(float(obj.low[1] - floors[0].high[1]) + 0.02, 0.6))
    return floor_contact


def _plausibility(obj: SimObject, receptacle: SimObject) -> float:
    """How likely it is that an object truly is in or on a receptacle; 0 is no."""
    if not receptacle.kind.receptacle or receptacle.bounds_half[[0, 2]].prod() * 4 < obj.bounds_half[[0, 2]].prod():
        return 0.0
    if receptacle.object_type == "Floor":
        return 1.0 if obj.low[1] < receptacle.high[1] + 0.12 else 0.1
    score = 1.0 + 2.0 * fits(obj.object_type, receptacle.object_type)
    overlap = np.minimum(obj.high, receptacle.high) - np.maximum(obj.low, receptacle.low)
    if overlap[0] <= 0 or overlap[2] <= 0:
        return 0.0
    inside = contains(receptacle, obj.bounds_center, 0.02)
    if receptacle.object_type in ENCLOSING:
        return score + 1.0 if inside else 0.0
    base = float(obj.low[1])
    gaps = [abs(base - surface.height) for surface in surfaces(receptacle)]
    return score + 1.0 / (1.0 + 10 * min(gaps))
