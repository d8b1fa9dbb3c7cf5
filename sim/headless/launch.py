"""How a client is to start the simulator."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

__all__ = ["command"]


def command(*, homes: Sequence[str] = ()) -> str:
    """The value for the Controller's ``local_executable_path``.

    Args:
        homes: Composed homes that the client will ask for by name, e.g. ``"FloorPlan1+FloorPlan201"``. The client
            refuses scene names that the simulator has not announced, so they are announced at the start.
    """
    words = [sys.executable, "-m", "sim.headless"]
    for home in homes:
        words += ["--home", home]
    return shlex.join(words)
