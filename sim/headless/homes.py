"""Scenes by any name: floor plans."""

from __future__ import annotations

from sim.headless.scene import Scene, load_scene

__all__ = ["load_any_scene"]


def load_any_scene(name: str) -> Scene:
    """The scene of a name.

    Raises:
        SceneError: If there is none.
    """
    return load_scene(name)
