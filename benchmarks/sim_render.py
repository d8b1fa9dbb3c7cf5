"""How long a frame takes to render: plain boxes against full looks, without the simulator around it.

Run ``python benchmarks/sim_render.py``; ``--json FILE`` also writes the figures. Wall time depends on what else the
machine does; processor time sums over the renderer's threads.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sim.headless.eyes import Eyes
from sim.headless.render import Camera, Renderer
from sim.headless.scene import load_scene
from sim.headless.settings import Settings
from sim.headless.shapes import box
from sim.headless.world import ThirdPartyCamera, World

SIZES = ((300, 300), (640, 480))
POSES = 32


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scene", default="FloorPlan1")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    world = World(load_scene(options.scene))
    rows: list[dict[str, Any]] = []
    started = time.perf_counter()
    eyes = Eyes()
    eyes.start(world)
    look(eyes)((0.0, 1.5, 0.0), 0.0, 0.0, *SIZES[0])
    rows.append({"what": "first picture, every mesh built", "wall_ms": 1e3 * (time.perf_counter() - started)})
    for name, render in (("boxes", boxes(world)), ("looks", look(eyes))):
        rows += [frames(f"{name} {width}×{height}", render, world, width, height) for width, height in SIZES]
    rows.append(moving(eyes, world))
    for row in rows:
        print(", ".join(f"{key} {value:.2f}" if isinstance(value, float) else str(value) for key, value in row.items()))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


Render = Callable[[tuple[float, float, float], float, float, int, int], None]
"""Renders from (x, y, z), yaw, pitch (degrees) at a width and height."""


def boxes(world: World) -> Render:
    """Renders every object as a plain box."""
    renderer = Renderer()
    for obj in world:
        x, y, z = np.maximum(2 * obj.half, 0.002).tolist()
        renderer.set_body(obj.object_id, box((0, 0, 0), (x, y, z), (0.6, 0.6, 0.6)), obj.box_transform(), obj.instance)
    for number, wall in enumerate(world.scene.walls, start=1):
        low, high = np.array(wall.low), np.array(wall.high)
        x, y, z = (high - low).tolist()
        a, b, c = ((low + high) / 2).tolist()
        renderer.set_body(wall.name, box((a, b, c), (x, y, z), (0.8, 0.8, 0.8)), np.eye(4), number)

    def render(position: tuple[float, float, float], yaw: float, pitch: float, width: int, height: int) -> None:
        renderer.render(Camera(position, yaw, pitch, width=width, height=height)).keep()

    return render


def look(eyes: Eyes) -> Render:
    """Renders as the simulator does."""

    def render(position: tuple[float, float, float], yaw: float, pitch: float, width: int, height: int) -> None:
        camera = ThirdPartyCamera(np.array(position), np.array([pitch, yaw, 0.0]), 90.0)
        eyes.third_party_frame(camera, Settings(width=width, height=height)).keep()

    return render


def frames(name: str, render: Render, world: World, width: int, height: int) -> dict[str, Any]:
    """Time frames from poses about the room; colour, depth and instance numbers are read back."""
    low, high = world.scene.low, world.scene.high
    places = np.random.default_rng(0).uniform(low + 0.7, high - 0.7, (POSES, 3)).tolist()
    poses = [((x, float(world.agent.camera[1]), z), 90.0 * k, 30.0 * (k % 2)) for k, (x, _, z) in enumerate(places)]
    for pose in poses[:4]:
        render(*pose, width, height)
    walls, processor = [], time.process_time()
    for pose in poses:
        started = time.perf_counter()
        render(*pose, width, height)
        walls.append(1e3 * (time.perf_counter() - started))
    spent = 1e3 * (time.process_time() - processor) / len(poses)
    return {"what": name, "median_ms": statistics.median(walls), "best_ms": min(walls), "processor_ms": spent}


def moving(eyes: Eyes, world: World) -> dict[str, Any]:
    """Time frames in each of which an object moves, its shadow with it."""
    thing = next(obj for obj in world if obj.kind.pickupable)
    render, walls = look(eyes), []
    for step in range(POSES):
        thing.place(thing.position + np.array([0.02 * (-1) ** step, 0.0, 0.0]))
        world.touch(thing)
        started = time.perf_counter()
        render((0.0, 1.5, 0.0), 0.0, 20.0, *SIZES[0])
        walls.append(1e3 * (time.perf_counter() - started))
    return {"what": "looks 300×300, one object moving", "median_ms": statistics.median(walls), "best_ms": min(walls)}


if __name__ == "__main__":
    main()
