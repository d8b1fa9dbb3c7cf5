"""Where the time of the simulator's step goes: processor time of each phase, without a client.

`bench_sim` runs this and prints the figures. Processor time sums over the renderer's threads, which begin to draw
fragments while vertices are still worked on.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from sim_stopwatch import Stopwatch

from sim.headless import bodies, eyes, metadata, render, server, visibility
from sim.headless.protocol import Field
from sim.headless.scene import load_scene
from sim.headless.session import Session


class _Script:
    """Stands for the pipes to a client that asks for some actions and drops what it is sent."""

    def __init__(self, actions: list[dict[str, Any]]) -> None:
        self._actions = iter(actions)

    def receive(self) -> dict[str, Any] | None:
        """The next action."""
        return next(self._actions, None)

    def send(self, fields: Iterable[tuple[Field, bytes | memoryview]]) -> None:
        """Make every field."""
        for _ in fields:
            pass


def simulator_phases(scene: str, actions: list[dict[str, Any]], width: int, height: int) -> dict[str, float]:
    """Milliseconds of processor time a step, by phase, all frames on.

    Args:
        scene: Floor plan.
        actions: Steps, as `Controller.step` takes them.
        width: Pixels.
        height: Pixels.
    """
    session = Session(load_scene(scene), width, height)
    session.settings.render_depth = session.settings.render_instances = True

    def serve(script: list[dict[str, Any]]) -> None:
        pipes: Any = _Script(script)
        server.serve(pipes, session)

    serve(actions)  # once untimed: programs are translated when they are first used
    watch = Stopwatch()

    with ExitStack() as stack:
        for owner, name, phase in (
            (server, "perform", "action"),
            (render.Camera, "matrices", "camera and culling"),
            (bodies.Layout, "seen_by", "camera and culling"),
            (bodies.Bodies, "draw", "vertices"),
            (render.Target, "ids", "fragments, instance numbers read"),  # reading waits for the drawing
            (render.Target, "color", "colour and depth read"),
            (render.Target, "depth", "colour and depth read"),
            (visibility.Sight, "visible", "visibility"),
            (eyes.Eyes, "instance_image", "instance colours"),
            (metadata.ObjectPacker, "pack", "metadata"),
            (server, "pack_event", "metadata"),
        ):
            stack.enter_context(watch.on(owner, name, phase))
        begin = time.process_time()
        serve(actions)
        whole = time.process_time() - begin
    return watch.milliseconds(whole, len(actions))


if __name__ == "__main__":  # reads the arguments of `simulator_phases` as JSON
    print(json.dumps(simulator_phases(**json.load(sys.stdin))))
