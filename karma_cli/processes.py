"""Starts the project's nodes as processes of their own, with the parameter files that the launch files use.

For machines without `ros2 launch`, and for tests. Nothing outlives the runner: the nodes are ended when its context is
left, and the kernel ends them should the runner be killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ruamel.yaml import YAML

__all__ = [
    "NodeProcessError",
    "NodeProcesses",
    "NodeSpec",
    "config_folder",
    "die_with_parent",
    "loopback_environment",
]

_PR_SET_PDEATHSIG = 1
_GRACE = 8.0
"""Seconds that a node has to end by itself."""


class NodeProcessError(Exception):
    """A node did not start or ended by itself; the message shows the end of its log."""


def config_folder() -> Path:
    """Where the parameter files are: beside the sources, else in the installed ROS package's share folder.

    Raises:
        NodeProcessError: If they are in neither place.
    """
    beside = Path(__file__).resolve().parent.parent / "config"
    if beside.is_dir():
        return beside
    from ament_index_python.packages import PackageNotFoundError, get_package_share_directory

    try:
        return Path(get_package_share_directory("karma")) / "config"
    except PackageNotFoundError as error:
        raise NodeProcessError("the ROS package karma is not installed; source your workspace") from error


def loopback_environment(domain: int | None = None) -> dict[str, str]:
    """Environment variables that keep nodes on this machine and let images through.

    Args:
        domain: ROS domain; None for the one that is set, else one that follows from this process's number.
    """
    chosen = os.environ.get("ROS_DOMAIN_ID") if domain is None else str(domain)
    profile = str(config_folder() / "loopback.xml")
    return {
        "ROS_DOMAIN_ID": chosen or str(1 + os.getpid() % 100),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "FASTDDS_DEFAULT_PROFILES_FILE": profile,
        "FASTRTPS_DEFAULT_PROFILES_FILE": profile,
    }


@dataclass(frozen=True, kw_only=True)
class NodeSpec:
    """How to start one node.

    Attributes:
        name: Its ROS name.
        module: Python module whose `main` runs it.
        config: Parameter file in the config folder.
        parameters: What differs from that file.
    """

    name: str
    module: str
    config: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


class NodeProcesses:
    """Nodes as child processes; a context manager that ends them.

    Args:
        folder: Where logs and parameter files go.
        environment: Beside this process's own, see `loopback_environment`.
        namespace: Of all nodes; empty for the root.
    """

    def __init__(self, folder: Path, *, environment: Mapping[str, str], namespace: str = "") -> None:
        self._folder = folder
        self._environment = dict(environment)
        self._namespace = namespace
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, *specs: NodeSpec) -> None:
        """Start nodes; they come up side by side."""
        for spec in specs:
            overrides = self._folder / f"{spec.name}.yaml"
            with overrides.open("w") as file:
                YAML().dump({f"/**/{spec.name}": {"ros__parameters": dict(spec.parameters)}}, file)
            arguments = ["--ros-args", "--params-file", str(config_folder() / spec.config)]
            if spec.parameters:
                arguments += ["--params-file", str(overrides)]
            if self._namespace:
                arguments += ["--remap", f"__ns:=/{self._namespace.strip('/')}"]
            self._running[spec.name] = self._spawn(spec, arguments)

    def _spawn(self, spec: NodeSpec, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        root = str(Path(__file__).resolve().parent.parent)
        variables = {**os.environ, **self._environment, "PYTHONUNBUFFERED": "1"}
        variables["PYTHONPATH"] = os.pathsep.join(p for p in (root, os.environ.get("PYTHONPATH", "")) if p)
        with self.log(spec.name).open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", f"from {spec.module} import main; main()", *arguments],
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Out of the terminal's process group: on ctrl-C the runner alone is told, and ends the nodes in order.
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def log(self, name: str) -> Path:
        """The log file of a node."""
        return self._folder / f"{name}.log"

    def check(self) -> None:
        """Make sure that all nodes run.

        Raises:
            NodeProcessError: If one has ended.
        """
        for name, process in self._running.items():
            if process.poll() is not None:
                raise NodeProcessError(f"the node {name} ended with code {process.returncode}:\n{self.tail(name)}")

    def tail(self, name: str, lines: int = 12) -> str:
        """The end of a node's log."""
        log = self.log(name)
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""

    def kill(self, name: str) -> None:
        """End one node at once, as a power cut would."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End all nodes: by request, then by force."""
        for process in self._running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + _GRACE
        for process in self._running.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._running.clear()


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends, for `subprocess`'s ``preexec_fn``. Linux only."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
