"""Where the time of a step goes: processor time of each phase, in the simulator and in AI2-THOR's client.

`bench_sim` prints these figures. The simulator's phases are timed without a client. Processor time sums over the
renderer's threads, which begin to draw fragments while vertices are still worked on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from ai2thor import fifo_server
from ai2thor.controller import Controller
from ai2thor.fifo_server import FifoServer

from sim.headless import bodies, eyes, metadata, render, server, visibility
from sim.headless.protocol import Field
from sim.headless.scene import load_scene
from sim.headless.session import Session

__all__ = ["client_phases", "simulator_phases"]


class _Stopwatch:
    """Adds up the processor time that this process spends in phases."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time what runs inside; phases must not contain each other."""
        begin = time.process_time()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - begin

    @contextmanager
    def on(self, owner: Any, name: str, phase: str) -> Iterator[None]:
        """Time a function of a class or module as a phase, while inside."""
        function: Callable[..., Any] = getattr(owner, name)

        def timed(*arguments: Any, **options: Any) -> Any:
            with self.phase(phase):
                return function(*arguments, **options)

        setattr(owner, name, timed)
        try:
            yield
        finally:
            setattr(owner, name, function)

    def milliseconds(self, whole: float, steps: int) -> dict[str, float]:
        """Of each phase, and of what is in none, for one of the steps that took `whole` seconds in all."""
        rest = whole - sum(self.seconds.values())
        return {name: 1000 * spent / steps for name, spent in (*self.seconds.items(), ("other", rest))}


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
    watch = _Stopwatch()

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


def client_phases(controller: Controller, actions: list[dict[str, Any]]) -> dict[str, float]:
    """Milliseconds of processor time that the client takes for a step, by phase.

    Args:
        controller: A running one.
        actions: Steps.
    """
    watch = _Stopwatch()
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
