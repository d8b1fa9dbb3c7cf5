"""How fast the simulator is, through AI2-THOR's own Controller, and where the time goes.

Every event carries RGB, depth and instance frames and the metadata of all objects. Each timed step succeeds and shows
a new picture: what could be sent again as it was is not counted. Beside it, the same steps against a simulator that
only replays one recorded event (`sim_replay`) say what the client and the pipe leave at most.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from ai2thor import fifo_server
from ai2thor.controller import Controller
from ai2thor.fifo_server import FifoServer

from sim.headless import command

sys.path.insert(0, str(Path(__file__).parent))
from sim_stopwatch import Stopwatch

SCENE = "FloorPlan1"
STEPS = 300
SIZES = ((300, 300), (640, 480))
TARGETS = {
    "steps_per_second_300x300": 150.0,
    "steps_per_second_640x480": 80.0,
    "reset_ms": 150.0,
    "memory_mb": 400.0,
    "reachable_ms": 20.0,
}
"""What is asked for on two idle cores: rates at least, times and memory at most."""

_CHOICES = ("MoveAhead", "MoveAhead", "MoveAhead", "RotateLeft", "RotateRight", "LookUp", "LookDown")


def start(executable: str, width: int, height: int) -> Controller:
    """A Controller over a simulator, with all frames on."""
    return Controller(
        local_executable_path=executable,
        x_display=":0",
        scene=SCENE,
        width=width,
        height=height,
        renderDepthImage=True,
        renderInstanceSegmentation=True,
    )


def walk(controller: Controller, steps: int = STEPS) -> list[dict[str, Any]]:
    """A seeded walk about the room of steps that all succeed, after a teleport to where it begins.

    A refused step changes nothing, so the walk without it succeeds as well.
    """
    agent = controller.last_event.metadata["agent"]
    begin = {key: agent[key] for key in ("position", "rotation")}
    begin |= {"action": "TeleportFull", "horizon": agent["cameraHorizon"], "standing": agent["isStanding"]}
    random, taken = np.random.default_rng(0), [begin]
    while len(taken) <= steps:
        action = {"action": str(random.choice(_CHOICES))}
        if controller.step(action):
            taken.append(action)
    return taken


def steps_per_second(controller: Controller, actions: list[dict[str, Any]]) -> float:
    """The better rate of two walks."""
    rates = []
    for _ in range(2):
        controller.step(actions[0])
        begin = time.perf_counter()
        for action in actions[1:]:
            controller.step(action)
        rates.append((len(actions) - 1) / (time.perf_counter() - begin))
    return max(rates)


def memory_mb(controller: Controller) -> float:
    """Resident memory of the simulator's process, megabytes."""
    status = Path(f"/proc/{controller.unity_pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def scenes(controller: Controller) -> dict[str, float]:
    """Medians of changing the scene and of asking for the reachable positions, milliseconds; memory after it."""
    resets, queries = [], []
    for number in (1, 201, 301, 401, 1, 2, 202, 302, 402, 1):
        begin = time.perf_counter()
        controller.reset(f"FloorPlan{number}")
        resets.append(1000 * (time.perf_counter() - begin))
    for _ in range(10):
        begin = time.perf_counter()
        controller.step("GetReachablePositions")
        queries.append(1000 * (time.perf_counter() - begin))
    return {
        "reset_ms": float(np.median(resets)),
        "reachable_ms": float(np.median(queries)),
        "memory_mb": memory_mb(controller),
    }


def client_phases(controller: Controller, actions: list[dict[str, Any]]) -> dict[str, float]:
    """Milliseconds of processor time that the client takes for a step, by phase.

    Args:
        controller: A running one.
        actions: Steps.
    """
    watch = Stopwatch()
    with ExitStack() as stack:
        for owner, name, phase in (
            (fifo_server.msgpack, "loads", "decoding metadata"),
            (FifoServer, "_read_with_timeout", "reading the pipe"),
            (FifoServer, "create_event", "building the event"),
        ):
            stack.enter_context(watch.on(owner, name, phase))
        begin = time.process_time()
        for action in actions:
            controller.step(action)
        whole = time.process_time() - begin
    return watch.milliseconds(whole, len(actions))


def simulator_phases(actions: list[dict[str, Any]], width: int, height: int) -> dict[str, float]:
    """The same of the simulator.

    Measured in a process of its own: the simulator's objects would slow down this process's garbage collector, which
    takes a good part of what a client spends on decoding metadata.
    """
    words = [sys.executable, str(Path(__file__).with_name("sim_phases.py"))]
    arguments = json.dumps({"scene": SCENE, "actions": actions, "width": width, "height": height})
    phases: dict[str, float] = json.loads(subprocess.check_output(words, input=arguments, text=True))
    return phases


def run() -> dict[str, float]:
    """All figures. Phases are milliseconds of processor time a step."""
    figures: dict[str, float] = {}
    replay = shlex.join([sys.executable, str(Path(__file__).with_name("sim_replay.py"))])
    for width, height in SIZES:
        size = f"{width}x{height}"
        begin = time.perf_counter()
        controller = start(command(), width, height)
        figures.setdefault("start_ms", 1000 * (time.perf_counter() - begin))
        actions = walk(controller)
        figures[f"steps_per_second_{size}"] = steps_per_second(controller, actions)
        if "reset_ms" not in figures:
            figures |= scenes(controller)
        controller.stop()
        controller = start(replay, width, height)
        figures[f"replayed_per_second_{size}"] = steps_per_second(controller, actions)
        phases = {f"client, {name}": spent for name, spent in client_phases(controller, actions).items()}
        controller.stop()
        phases |= {f"simulator, {name}": v for name, v in simulator_phases(actions, width, height).items()}
        figures |= {f"{name} ({size})": value for name, value in phases.items()}
    return figures


def main(json_path: str | None = None) -> dict[str, float]:
    """Measure, print, and write the figures to `json_path` if one is given."""
    figures = run()
    for name, value in figures.items():
        target = TARGETS.get(name)
        bound = "" if target is None else f"  (asked: {'≥' if 'per_second' in name else '≤'} {target:g})"
        print(f"{name:42} {value:8.2f}{bound}")
    if json_path is not None:
        Path(json_path).write_text(json.dumps(figures, indent=2) + "\n")
    return figures


if __name__ == "__main__":
    main(*sys.argv[1:2])
