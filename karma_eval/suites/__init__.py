"""The task suites that ship; see README.md beside them."""

from __future__ import annotations

import random
from pathlib import Path

from karma_eval.tasks import Task, load_tasks

__all__ = ["FIRST_SCORES", "QUICK", "SUITES", "sample_tasks"]

_HERE = Path(__file__).parent

SUITES = tuple(_HERE / f"{name}.yaml" for name in ("simple", "composite", "complex", "histories"))
"""All suites."""

FIRST_SCORES = _HERE / "first_scores.json"
"""The first runs on them, made before anybody had worked on what they showed."""

QUICK = _HERE.parent / "quick.yaml"
"""A few short tasks, for a look and for CI."""


def sample_tasks(path: Path, sample: int | None = None, *, seed: int = 0) -> list[Task]:
    """The tasks of a file, or so many of them, the same ones every time.

    Raises:
        TaskError: If the file is malformed.
    """
    tasks = load_tasks(path)
    if sample is None or sample >= len(tasks):
        return tasks
    chosen = set(random.Random(seed).sample([task.id for task in tasks], sample))
    return [task for task in tasks if task.id in chosen]
