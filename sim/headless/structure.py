"""Draws what closes the rooms and fills their gaps: walls, ceilings, and built-in bodies that are no objects."""

from __future__ import annotations

import zlib

import numpy as np

from sim.headless.render import Renderer
from sim.headless.rooms import Wall
from sim.headless.shapes import slab
from sim.headless.world import World

__all__ = ["draw_structure"]


def draw_structure(renderer: Renderer, world: World) -> dict[int, str]:
    """Put a world's walls and fixtures on the renderer.

    Returns:
        Their names by instance number.
    """
    names: dict[int, str] = {}
    scene = world.scene
    for number, wall in enumerate(scene.walls, start=1):
        room = scene.rooms[min(_room_index(wall), len(scene.rooms) - 1)]
        mesh = slab(
            wall.kind,
            wall.low,
            wall.high,
            room_kind=room.kind,
            seed=zlib.crc32(room.name.encode()) & 0xFFFF,
            holes=_windows(world, wall),
        )
        renderer.set_body(wall.name, mesh, np.eye(4), number)
        names[number] = wall.name
    for number, fixture in zip(world.fixture_instances, world.looks.fixtures, strict=True):
        name = f"fixture|{fixture.name.split('|')[0]}|{number}"
        renderer.set_body(name, fixture.mesh, np.eye(4), number)
        names[number] = name
    return names


def _room_index(wall: Wall) -> int:
    return int(wall.name.split("|")[1])


def _windows(world: World, wall: Wall) -> list[tuple[float, float, float, float, float, float]]:
    """Boxes of the windows in a wall, grown through it."""
    if wall.kind != "wall":
        return []
    low, high = np.array(wall.low), np.array(wall.high)
    thin = int(np.argmin((high - low)[[0, 2]])) * 2
    holes = []
    for window in world.of_type("Window"):
        a, b = window.low.copy(), window.high.copy()
        if int(np.argmin((b - a)[[0, 2]])) * 2 != thin:
            continue
        if (a < high + 0.1).all() and (b > low - 0.1).all():
            a[thin], b[thin] = low[thin] - 0.1, high[thin] + 0.1
            holes.append((float(a[0]), float(a[1]), float(a[2]), float(b[0]), float(b[1]), float(b[2])))
    return holes
