"""A running AI2-THOR scene: the one holder of the real `Controller`.

Robot, judge and disturbances share it. The robot acts through `Simulation.step` and keeps what `sim.sensing` lets
through; whoever may see ground truth (the judge) watches the raw events.
"""

from __future__ import annotations

import os
import shlex
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scene_graph.collector import collector_off
from sim.errors import SimError, SimulatorDiedError, SimulatorStartError
from sim.scenes import check_scene

__all__ = ["Simulation"]

_START_TIMEOUT = 120.0
"""Seconds until the simulator must have answered its first request."""


class Simulation:
    """One scene under a real `ai2thor.controller.Controller`; a context manager that ends the simulator.

    Args:
        controller: A started controller with depth and instance frames.
        scene: Name of its floor plan.
    """

    def __init__(self, controller: Any, scene: str) -> None:
        self._controller = controller
        self._lock = threading.RLock()
        self._watchers: list[Callable[[Any], None]] = []
        self.scene = scene

    @classmethod
    def start(cls, scene: str, *, width: int = 800, height: int = 600, real_thor: bool = False) -> Self:
        """Start a simulator and load a floor plan.

        Args:
            scene: ``FloorPlan1`` …, or a home of several rooms, ``FloorPlan1+FloorPlan201``.
            width: Of the images, pixels.
            height: Of the images, pixels.
            real_thor: Use the real Unity player, which AI2-THOR downloads, instead of the headless simulator.

        Raises:
            UnknownSceneError: If there is no such floor plan.
            SimulatorStartError: If the simulator does not come up.
        """
        name = check_scene(scene)
        from ai2thor.controller import Controller  # type: ignore[import-untyped]  # imported late: it takes long

        options: dict[str, Any] = {
            "scene": name.split("+")[0],
            "width": width,
            "height": height,
            "renderDepthImage": True,
            "renderInstanceSegmentation": True,
            "server_start_timeout": _START_TIMEOUT,
        }
        if not real_thor:
            options["local_executable_path"] = f"{shlex.quote(sys.executable)} -m sim.headless --client {os.getpid()}"
            options["x_display"] = ":0"
        try:
            with _importable_from_anywhere():
                controller = Controller(**options)
        except Exception as error:
            which = "the real AI2-THOR player" if real_thor else "the headless simulator"
            hint = (
                "it needs a display and, the first time, a download"
                if real_thor
                else f"run `{sys.executable} -m sim.headless --help` to see whether it starts, and install libegl1"
            )
            raise SimulatorStartError(f"Could not start {which} with {name}: {error}; {hint}") from error
        simulation = cls(controller, name)
        if "+" in name:
            try:
                simulation.reset()
            except SimError:
                simulation.close()
                raise
        return simulation

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def event(self) -> Any:
        """The newest event: ground truth, for the bridge's sensing and for the judge."""
        return self._controller.last_event

    def step(self, action: str, **arguments: Any) -> Any:
        """Send one action; AI2-THOR's failures are events with ``lastActionSuccess`` False.

        Raises:
            SimulatorDiedError: If the simulator ended or stopped answering.
        """
        with self._lock:
            try:
                with collector_off():
                    event = self._controller.step(action=action, **arguments)
            except ValueError:
                # The client raises for arguments that the action refuses; the event says the same.
                event = self._controller.last_event
            except (RuntimeError, TimeoutError, OSError, EOFError) as error:
                raise SimulatorDiedError(f"The simulator stopped answering at {action}: {error}") from error
            for watcher in tuple(self._watchers):
                watcher(event)
            return event

    def watch(self, watcher: Callable[[Any], None]) -> Callable[[], None]:
        """Call `watcher` with every event from now on; returns what ends it. For the judge, never for the robot."""
        self._watchers.append(watcher)

        def end() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return end

    def reset(self, scene: str | None = None) -> Any:
        """Load a floor plan anew, the present one by default, and return the first event.

        Raises:
            UnknownSceneError: If there is no such floor plan.
            SimulatorStartError: If a home cannot be composed of these floor plans.
        """
        with self._lock:
            self.scene = check_scene(scene or self.scene)
            if "+" not in self.scene:
                return self._controller.reset(self.scene)
            # The headless simulator composes homes; the real player knows no such house.
            try:
                event = self._controller.reset({"compose": self.scene.split("+")})
            except (ValueError, RuntimeError) as error:
                raise SimulatorStartError(f"Cannot compose the home {self.scene}: {error}") from error
            if not event.metadata["lastActionSuccess"]:
                raise SimulatorStartError(f"Cannot compose the home {self.scene}: {event.metadata['errorMessage']}")
            return event

    def close(self) -> None:
        """End the simulator's process; harmless when it has ended already."""
        with self._lock:
            self._controller.stop()


@contextmanager
def _importable_from_anywhere() -> Iterator[None]:
    """Let the simulator's process import `sim.headless` whatever the working directory."""
    before = os.environ.get("PYTHONPATH")
    root = str(Path(__file__).resolve().parent.parent)
    os.environ["PYTHONPATH"] = root if not before else os.pathsep.join((root, before))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
