"""Cutting things up: a whole is replaced by its pieces, with AI2-THOR's ids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.headless.geometry import Array, yaw_matrix
from sim.headless.objects import SimObject
from sim.headless.world import World

__all__ = ["slice_up"]

_PIECES = {"Apple": 6, "Bread": 8, "Lettuce": 6, "Potato": 6, "Tomato": 6, "Egg": 1}
"""Into how many pieces each type is cut."""

_COOKABLE_PIECES = frozenset(["BreadSliced", "PotatoSliced", "EggCracked"])


def slice_up(world: World, whole: SimObject) -> list[SimObject]:
    """Replace an object by its pieces.

    The pieces lie side by side where the whole was, along its longest horizontal axis, on the same surface. They keep
    its temperature and whether it was cooked. Of the whole only metadata stay, as in AI2-THOR.

    Returns:
        The pieces.
    """
    cracked = whole.object_type == "Egg"
    piece_type = "EggCracked" if cracked else f"{whole.object_type}Sliced"
    count = _PIECES[whole.object_type]
    center, extent = whole.bounds_center, whole.bounds_half
    bottom = float(whole.low[1])
    along = 0 if extent[0] >= extent[2] else 2
    parent = None if whole.parent is None else world.objects[whole.parent]
    half: Array = extent.copy()
    if cracked:
        half = np.array([extent.max() * 1.3, 0.012, extent.max() * 1.3])
    else:
        half[along] = extent[along] / count
    world.replace(whole)
    pieces = []
    for k in range(count):
        middle = center.copy()
        middle[along] += (2 * k + 1 - count) * half[along]
        middle[1] = bottom + half[1] + 0.001
        pieces.append(_piece(world, whole, piece_type, k, middle, half))
        world.add(pieces[-1])
        if parent is not None:
            world.attach(pieces[-1], parent)
    return pieces


def _piece(world: World, whole: SimObject, piece_type: str, number: int, middle: Array, half: Array) -> SimObject:
    kind = replace(
        whole.kind,
        sliceable=False,
        breakable=False,
        pickupable=True,
        cookable=piece_type in _COOKABLE_PIECES,
        mass=whole.kind.mass / _PIECES[whole.object_type],
    )
    return SimObject(
        object_id=f"{whole.object_id}|{piece_type}_{number}",
        name=f"{whole.name}_{piece_type}_{number}",
        object_type=piece_type,
        asset_id=whole.asset_id,
        kind=kind,
        instance=world.next_instance(),
        position=middle,
        rotation=yaw_matrix(0.0),
        local_center=np.zeros(3),
        half=half,
        frame=yaw_matrix(0.0),
        oriented=True,
        is_cooked=whole.is_cooked and piece_type in _COOKABLE_PIECES,
        temperature=whole.temperature,
        temperature_left=whole.temperature_left,
    )
