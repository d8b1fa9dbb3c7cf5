"""Names of AI2-THOR's iTHOR floor plans: four room types, thirty plans each."""

from __future__ import annotations

import difflib

from sim.errors import UnknownSceneError

__all__ = ["ROOM_TYPES", "check_scene", "room_type", "scene_names"]

ROOM_TYPES: dict[str, range] = {
    "kitchen": range(1, 31),
    "living_room": range(201, 231),
    "bedroom": range(301, 331),
    "bathroom": range(401, 431),
}
"""Room type → numbers of its floor plans."""


def scene_names() -> list[str]:
    """All floor plans, ``FloorPlan1`` to ``FloorPlan430``, in order."""
    return [f"FloorPlan{number}" for numbers in ROOM_TYPES.values() for number in numbers]


def room_type(scene: str) -> str:
    """The room type of a floor plan, or of a home's first room: a key of `ROOM_TYPES`.

    Raises:
        UnknownSceneError: If there is no such floor plan.
    """
    number = int(check_scene(scene).split("+")[0].removeprefix("FloorPlan"))
    return next(name for name, numbers in ROOM_TYPES.items() if number in numbers)


def check_scene(scene: str) -> str:
    """Return a scene's name without AI2-THOR's ``_physics`` suffix.

    Args:
        scene: A floor plan or, for a home of several rooms, floor plans joined by ``+``.

    Raises:
        UnknownSceneError: If there is no such floor plan; the message suggests near names and gives the ranges.
    """
    if "+" in scene:
        return "+".join(check_scene(part) for part in scene.split("+"))
    name = scene.strip().removesuffix("_physics")
    names = scene_names()
    if name in names:
        return name
    folded = {known.lower(): known for known in names}
    near = [folded[match] for match in difflib.get_close_matches(name.lower(), folded, n=3, cutoff=0.7)]
    hint = f" Did you mean {', '.join(near)}?" if near else ""
    ranges = ", ".join(f"FloorPlan{r[0]}–{r[-1]} ({n.replace('_', ' ')}s)" for n, r in ROOM_TYPES.items())
    raise UnknownSceneError(f"There is no scene {scene!r}.{hint} Valid scenes: {ranges}.")
