"""Draws what closes the rooms: walls, ceilings and floors that are no objects."""

from __future__ import annotations

import numpy as np

from sim.headless.render import Renderer
from sim.headless.scene import Scene
from sim.headless.shapes import box

__all__ = ["draw_structure"]

_COLORS = {"wall": (0.86, 0.84, 0.79), "ceiling": (0.93, 0.93, 0.92), "floor": (0.62, 0.52, 0.42)}


def draw_structure(renderer: Renderer, scene: Scene, *, first_instance: int) -> dict[int, str]:
    """Put a scene's walls on the renderer.

    Args:
        renderer: Where.
        scene: Whose walls.
        first_instance: Instance number of the first wall.

    Returns:
        The walls' names by instance number.
    """
    names: dict[int, str] = {}
    for number, wall in enumerate(scene.walls, start=first_instance):
        low, high = np.array(wall.low), np.array(wall.high)
        transform = np.eye(4)
        transform[:3, 3] = (low + high) / 2
        x, y, z = (high - low).tolist()
        renderer.set_body(wall.name, box((0, 0, 0), (x, y, z), _COLORS[wall.kind]), transform, number)
        names[number] = wall.name
    return names
