"""A world of boxes on a floor, seen by a pinhole camera: enough to try maps and memories on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scene_graph.types import FloatArray, Observation, View

WALL = 0.1


@dataclass(frozen=True)
class Box:
    """A labelled box, by its lower and upper corners in metres; walls have no label."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    label: str = ""

    @property
    def centre(self) -> tuple[float, float, float]:
        x, y, z = ((np.array(self.low) + self.high) / 2).tolist()
        return (x, y, z)

    @property
    def size(self) -> tuple[float, float, float]:
        x, y, z = (np.array(self.high) - self.low).tolist()
        return (x, y, z)


def room(x0: float, y0: float, x1: float, y1: float, height: float = 2.5) -> list[Box]:
    """Four walls around a floor."""
    return [
        Box((x0 - WALL, y0 - WALL, 0), (x1 + WALL, y0, height)),
        Box((x0 - WALL, y1, 0), (x1 + WALL, y1 + WALL, height)),
        Box((x0 - WALL, y0, 0), (x0, y1, height)),
        Box((x1, y0, 0), (x1 + WALL, y1, height)),
    ]


def two_rooms() -> list[Box]:
    """A kitchen (west) and a living room (east), joined by a door 0.9 m wide in the north."""
    return [
        *room(0, 0, 6, 4),
        Box((2.95, 0, 0), (3.05, 3.1, 2.5)),
        Box((0.05, 3.2, 0), (0.75, 3.95, 1.8), "Fridge"),
        Box((1.0, 1.0, 0.7), (1.8, 1.6, 0.75), "DiningTable"),
        Box((3.9, 0.0, 0.0), (5.4, 0.8, 0.8), "Sofa"),
        Box((5.5, 1.8, 0.0), (6.0, 2.6, 0.9), "Cabinet"),
    ]


def pose(x: float, y: float, yaw: float, *, pitch: float = 0.3, z: float = 1.5) -> FloatArray:
    """(4, 4) camera-to-map transform of a camera that looks `pitch` radians down."""
    ahead = np.array([math.cos(yaw) * math.cos(pitch), math.sin(yaw) * math.cos(pitch), -math.sin(pitch)])
    right = np.array([math.sin(yaw), -math.cos(yaw), 0.0])
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = right, np.cross(ahead, right), ahead, (x, y, z)
    return matrix


def look(boxes: list[Box], camera: FloatArray, *, pixels: int = 75) -> tuple[View, npt.NDArray[np.int64]]:
    """Depth and which box each pixel shows (from 1; 0 is the floor or nothing), field of view 90°."""
    focal, centre = pixels / 2, (pixels - 1) / 2
    rows, columns = np.mgrid[0:pixels, 0:pixels]
    local = np.stack([(columns - centre) / focal, (rows - centre) / focal, np.ones_like(rows)], axis=-1).reshape(-1, 3)
    rays = local @ camera[:3, :3].T + 1e-12
    origin = camera[:3, 3]
    floor = -origin[2] / rays[:, 2]
    best = np.where(floor > 0, floor, np.inf)
    shown = np.zeros(len(rays), dtype=np.int64)
    for number, box in enumerate(boxes, start=1):
        a, b = (np.array(box.low) - origin) / rays, (np.array(box.high) - origin) / rays
        enter, leave = np.minimum(a, b).max(axis=1), np.maximum(a, b).min(axis=1)
        hit = (enter > 0) & (leave >= enter) & (enter < best)
        best, shown = np.where(hit, enter, best), np.where(hit, number, shown)
    depth = np.where(np.isfinite(best), best, 0).reshape(pixels, pixels).astype(np.float32)
    return View(camera, (focal, focal, centre, centre), depth), shown.reshape(pixels, pixels)


def observe(
    boxes: list[Box], camera: FloatArray, stamp: float, *, pixels: int = 75, least: int = 25
) -> tuple[list[Observation], View]:
    """A frame: true centres and extents of the labelled boxes that it shows, with ids that change every frame."""
    view, shown = look(boxes, camera, pixels=pixels)
    seen = [
        Observation(box.label, box.centre, stamp=stamp, size=box.size, object_id=f"{stamp}-{number}", source="camera")
        for number, box in enumerate(boxes, start=1)
        if box.label and np.count_nonzero(shown == number) >= least
    ]
    return seen, view


def look_around(boxes: list[Box], x: float, y: float, stamp: float) -> list[tuple[list[Observation], View]]:
    """Eight frames, once around."""
    return [observe(boxes, pose(x, y, n * math.pi / 4), stamp + n) for n in range(8)]
