"""How the objects of a world look: their shapes' arguments, and what their surroundings add to them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from sim.headless.geometry import Array
from sim.headless.objects import SimObject
from sim.headless.rectangle import Rectangle
from sim.headless.scene import Scene
from sim.headless.shapes import Appearance, Arrangement, Fixture, Hint, Mesh, Thing, arrange, build_mesh

if TYPE_CHECKING:
    from sim.headless.world import World

__all__ = ["Look", "arrange_looks", "look_of", "mesh_of"]


_known: WeakKeyDictionary[Scene, Arrangement] = WeakKeyDictionary()
"""By scene: what was worked out for it; a scene never changes, and is reset to many times."""


@dataclass(frozen=True)
class Look:
    """What a body's mesh depends on, one for each of its parts.

    Attributes:
        object_type: As of the object.
        sizes: Extents of each part, metres.
        appearances: Appearance of each part.
    """

    object_type: str
    sizes: tuple[tuple[float, float, float], ...]
    appearances: tuple[Appearance, ...]


def arrange_looks(world: World) -> Arrangement:
    """Work out what surroundings tell about looks, and note on each object which way it faces."""
    arrangement = _known.get(world.scene)
    if arrangement is None:
        arrangement = _known[world.scene] = _arrange(world)
    for obj in world:
        if obj.parts is None:
            obj.facing = arrangement.hints[obj.object_id].facing
    return arrangement


def _arrange(world: World) -> Arrangement:
    """The arrangement of each room, joined."""
    rooms: list[list[Thing]] = [[] for _ in world.scene.rooms]
    for obj in world:
        number = world.scene.room_at(obj.bounds_center[[0, 2]])
        if obj.parts is None:
            pivot = obj.frame.T @ (obj.position - obj.center)
            rooms[number].append(Thing(obj.object_id, obj.object_type, 2 * obj.half, obj.box_transform(), pivot))
        for piece, part in enumerate(obj.parts or ()):
            size, transform = _part_box(obj, part)
            rooms[number].append(Thing(_part_name(obj, piece), obj.object_type, size, transform))
    hints: dict[str, Hint] = {}
    fixtures: list[Fixture] = []
    for room, things in zip(world.scene.rooms, rooms, strict=True):
        low, high = (room.low[0], room.floor, room.low[1]), (room.high[0], room.ceiling, room.high[1])
        found = arrange(things, low, high)
        hints.update(found.hints)
        fixtures += found.fixtures
    return Arrangement(hints, tuple(fixtures))


def look_of(world: World, obj: SimObject) -> Look:
    """How an object looks now."""
    hints = world.looks.hints
    if obj.parts is None:
        sizes = [2 * obj.half]
        # what moved is no longer surrounded by what it was arranged with
        found = [
            hints.get(obj.object_id, Hint()) if obj.tight_half is not None or not obj.oriented else Hint(obj.facing)
        ]
    else:
        sizes = [_part_box(obj, part)[0] for part in obj.parts]
        found = [hints[_part_name(obj, number)] for number in range(len(obj.parts))]
    return Look(
        obj.object_type,
        tuple(_rounded(size) for size in sizes),
        tuple(_appearance(obj, hint) for hint in found),
    )


def mesh_of(obj: SimObject, look: Look) -> list[tuple[Mesh, Array]]:
    """The meshes of an object's parts, each with its (4, 4) transform from the part's frame to the object's box."""
    meshes = [
        build_mesh(look.object_type, size, appearance)
        for size, appearance in zip(look.sizes, look.appearances, strict=True)
    ]
    if obj.parts is None:
        return [(meshes[0], np.eye(4))]
    to_box = np.linalg.inv(obj.box_transform())
    return [(mesh, to_box @ _part_box(obj, part)[1]) for mesh, part in zip(meshes, obj.parts, strict=True)]


def _appearance(obj: SimObject, hint: Hint) -> Appearance:
    seed = int.from_bytes(hashlib.md5(obj.asset_id.encode()).digest()[:2], "big")
    if obj.object_type == "Fridge":
        seed |= 1  # hinges on the viewer's left, as the Unity player's recorded fridge has them
    return Appearance(
        openness=obj.openness,
        on=obj.is_toggled,
        sliced=obj.is_sliced,
        cooked=obj.is_cooked,
        dirty=obj.is_dirty,
        broken=obj.is_broken,
        filled=obj.fill_liquid if obj.is_filled else None,
        used_up=obj.is_used_up,
        materials=obj.kind.materials or (),
        seed=seed,
        facing=hint.facing,
        box_openness=obj.box_openness,
        cavities=hint.cavities,
        footprint=hint.footprint,
    )


def _part_name(obj: SimObject, number: int) -> str:
    return f"{obj.object_id}#{number}"


def _part_box(obj: SimObject, part: Rectangle) -> tuple[Array, Array]:
    """(3,) extents and (4, 4) frame-to-world of a part, whose sides lie along the world's axes."""
    transform = np.eye(4)
    transform[:3, 3] = (part.center[0], obj.bounds_center[1], part.center[1])
    return np.array([2 * part.half[0], 2 * obj.bounds_half[1], 2 * part.half[1]]), transform


def _rounded(size: Array) -> tuple[float, float, float]:
    x, y, z = np.maximum(size, 0.002).round(4).tolist()
    return (x, y, z)
