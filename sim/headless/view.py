"""A contact sheet of a scene: what it looks like from its corners, and from above with everything named."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sim.headless.eyes import Eyes
from sim.headless.geometry import Array
from sim.headless.objects import SimObject
from sim.headless.scene import load_scene
from sim.headless.settings import Settings
from sim.headless.world import ThirdPartyCamera, World

__all__ = ["Picture", "save_contact_sheet", "take_pictures"]

_WIDTH, _HEIGHT = 560, 420
"""Size of one picture, pixels."""

_LABEL = {"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.65, "linewidth": 0}

_UNNAMED = frozenset(["Floor", "Cabinet", "Drawer", "Shelf", "StoveKnob", "StoveBurner", "LightSwitch", "Window"])
"""Too many or too plain to be named on the map."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture of a scene.

    Attributes:
        title: What it shows.
        color: (H, W, 3) uint8, rows from the top.
        labels: Texts with their (column, row) in it.
    """

    title: str
    color: npt.NDArray[np.uint8]
    labels: tuple[tuple[str, float, float], ...] = ()


def save_contact_sheet(scene: str, path: str | Path, *, open_all: bool = False) -> Path:
    """Save pictures of a scene as one PNG: what the robot sees ahead, four corners, and a map.

    Args:
        scene: Floor plan, e.g. ``"FloorPlan1"``.
        path: PNG to write.
        open_all: Open everything that opens, to show what is inside.

    Returns:
        The path.

    Raises:
        SceneError: If there is no such scene.
        OSError: If the picture cannot be written.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    world = World(load_scene(scene))
    if open_all:
        for obj in world:
            if obj.kind.openable and obj.object_type not in ("Book", "Blinds"):
                obj.openness = 1.0
                world.touch(obj)
    pictures = take_pictures(world)
    figure, axes = plt.subplots(2, 3, figsize=(16.8, 8.9), layout="constrained")
    for axis, picture in zip(axes.flat, pictures, strict=True):
        axis.imshow(picture.color)
        axis.set_title(picture.title, fontsize=10)
        axis.axis("off")
        for text, column, row in picture.labels:
            axis.text(column, row, text, fontsize=5.5, ha="center", va="center", bbox=_LABEL)
    figure.suptitle(world.scene.name)
    try:
        figure.savefig(path, dpi=100)
    finally:
        plt.close(figure)
    return Path(path)


def take_pictures(world: World) -> list[Picture]:
    """Six pictures of a world: the agent's view, from four corners, and from above."""
    eyes = Eyes()
    eyes.start(world)
    settings = Settings(width=_WIDTH, height=_HEIGHT)
    low, high = world.scene.low, world.scene.high
    agent = world.agent
    ahead = ThirdPartyCamera(agent.camera, np.array([20.0, agent.yaw, 0.0]), 75.0)
    pictures = [_picture(eyes, ahead, settings, "the agent's view")]
    middle = (low + high) / 2
    for name, sx, sz in (("−x −z", -1, -1), ("−x +z", -1, 1), ("+x +z", 1, 1), ("+x −z", 1, -1)):
        place = _clear_place(world, middle + np.array([sx, 0, sz]) * ((high - low) / 2 - 0.3), middle)
        aim = middle - place
        yaw = math.degrees(math.atan2(aim[0], aim[2]))
        camera = ThirdPartyCamera(place, np.array([22.0, yaw, 0.0]), 75.0)
        pictures.append(_picture(eyes, camera, settings, f"from the corner at {name}"))
    pictures.append(_map(eyes, world, settings, low, high))
    return pictures


def _clear_place(world: World, corner: Array, middle: Array) -> Array:
    """The place nearest to a corner, on the way to the middle, where a camera stands in nothing and has room ahead."""
    way = (middle - corner) * [1, 0, 1]
    way /= np.linalg.norm(way)
    for step in np.arange(0.0, 1.5, 0.1):
        place = corner + way * step
        place[1] = world.scene.low[1] + 1.75
        probes = place + way * np.array([[0.0], [0.25], [0.5], [0.75]])
        if not any(
            ((probes > obj.low - 0.12) & (probes < obj.high + 0.12)).all(axis=1).any()
            for obj in world
            if obj.object_type != "Floor"
        ):
            return place
    return place


def _picture(eyes: Eyes, camera: ThirdPartyCamera, settings: Settings, title: str) -> Picture:
    frame = eyes.third_party_frame(camera, settings)
    assert frame.color is not None
    return Picture(title, frame.color[::-1])


def _map(eyes: Eyes, world: World, settings: Settings, low: Array, high: Array) -> Picture:
    """From above, the ceiling cut away, with the names of what stands there."""
    span = high - low
    size = max(float(span[2]) / 2, float(span[0]) / 2 * _HEIGHT / _WIDTH) + 0.1
    middle = (low + high) / 2
    eye = np.array([middle[0], high[1] - 0.01, middle[2]])
    camera = ThirdPartyCamera(eye, np.array([90.0, 0.0, 0.0]), 60.0, size)
    frame = eyes.third_party_frame(camera, settings)
    assert frame.color is not None
    scale = _HEIGHT / (2 * size)
    labels = tuple(
        (obj.object_type, _WIDTH / 2 + (x - middle[0]) * scale, _HEIGHT / 2 - (z - middle[2]) * scale)
        for obj, x, z in _spread(world, 0.22)
    )
    return Picture("from above", frame.color[::-1], labels)


def _spread(objects: Iterable[SimObject], apart: float) -> list[tuple[SimObject, float, float]]:
    """The largest things first, each named where no other name is within `apart` metres."""
    chosen: list[tuple[SimObject, float, float]] = []
    for obj in sorted(objects, key=lambda o: (-float(np.prod(o.bounds_half[[0, 2]])), o.object_id)):
        if obj.object_type in _UNNAMED:
            continue
        x, z = float(obj.bounds_center[0]), float(obj.bounds_center[2])
        if all(abs(z - other_z) > apart / 2 or abs(x - other_x) > 3 * apart for _, other_x, other_z in chosen):
            chosen.append((obj, x, z))
    return chosen
