"""How fast the simulator is, through AI2-THOR's own Controller, and where the time goes.

Every event carries RGB, depth and instance frames and the metadata of all objects.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from ai2thor.controller import Controller

from sim.headless import command

SCENE = "FloorPlan1"
STEPS = 300
TARGETS = {
    "steps_per_second_300x300": 150.0,
    "steps_per_second_640x480": 80.0,
    "reset_ms": 150.0,
    "memory_mb": 400.0,
    "reachable_ms": 20.0,
}
"""What is asked for on two cores: rates at least, times and memory at most."""

_WALK = ("MoveAhead", "RotateRight", "LookDown", "MoveBack", "LookUp", "RotateLeft")


def start(width: int, height: int) -> Controller:
    """A Controller over the headless simulator, with all frames on."""
    return Controller(
        local_executable_path=command(),
        x_display=":0",
        scene=SCENE,
        width=width,
        height=height,
        renderDepthImage=True,
        renderInstanceSegmentation=True,
    )


def steps_per_second(controller: Controller, steps: int = STEPS) -> float:
    """Rate of moving, turning and looking, failed moves included."""
    for action in _WALK:
        controller.step(action)
    begin = time.perf_counter()
    for number in range(steps):
        controller.step(_WALK[number % len(_WALK)])
    return steps / (time.perf_counter() - begin)


def memory_mb(controller: Controller) -> float:
    """Resident memory of the simulator's process, megabytes."""
    status = Path(f"/proc/{controller.unity_pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def run() -> dict[str, Any]:
    """All figures; medians where several are taken."""
    figures: dict[str, Any] = {}
    begin = time.perf_counter()
    controller = start(300, 300)
    figures["start_ms"] = 1000 * (time.perf_counter() - begin)
    figures["steps_per_second_300x300"] = max(steps_per_second(controller) for _ in range(2))
    times = []
    for number in (1, 201, 301, 401, 1, 2, 202, 302, 402, 1):
        begin = time.perf_counter()
        controller.reset(f"FloorPlan{number}")
        times.append(1000 * (time.perf_counter() - begin))
    figures["reset_ms"] = float(np.median(times))
    controller.reset(SCENE)
    times = []
    for _ in range(10):
        begin = time.perf_counter()
        controller.step("GetReachablePositions")
        times.append(1000 * (time.perf_counter() - begin))
    figures["reachable_ms"] = float(np.median(times))
    figures["memory_mb"] = memory_mb(controller)
    controller.stop()
    controller = start(640, 480)
    figures["steps_per_second_640x480"] = max(steps_per_second(controller) for _ in range(2))
    controller.stop()
    return figures


def main(json_path: str | None = None) -> dict[str, Any]:
    """Measure, print, and write the figures to `json_path` if one is given."""
    figures = run()
    for name, value in figures.items():
        target = TARGETS.get(name)
        bound = "" if target is None else f"  (asked: {'≥' if 'per_second' in name else '≤'} {target:g})"
        print(f"{name:28} {value:8.1f}{bound}")
    if json_path is not None:
        Path(json_path).write_text(json.dumps(figures, indent=2) + "\n")
    return figures


if __name__ == "__main__":
    main(*sys.argv[1:2])
