"""Suites checked against their scenes, in parallel: the linter's and the oracle's findings for every task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from karma_eval.lint import lint
from karma_eval.pool import spread
from karma_eval.proof import prove
from karma_eval.suites import sample_tasks
from karma_eval.tasks import Task
from sim.simulation import Simulation

__all__ = ["Finding", "check"]

_CHUNK = 4
"""Tasks that share one simulator."""

_FRAME = (400, 300)
"""Pixels of the oracle's frames: enough to see what can be acted on."""


@dataclass(frozen=True)
class Finding:
    """What the check of one task showed.

    Attributes:
        suite: Task file.
        task: Id of the task.
        problems: In words; empty if the task fits its scene.
        twins: Instructions that were done to the wrong twin.
    """

    suite: Path
    task: str
    problems: tuple[str, ...]
    twins: int = 0


def check(
    suites: Sequence[Path],
    *,
    workers: int = 1,
    sample: int | None = None,
    seed: int = 0,
    on_task: Callable[[int, int, Finding], None] | None = None,
) -> list[Finding]:
    """Check every task: its objects exist, nothing holds already, an oracle can do it, a twin's run fails.

    Args:
        suites: Task files.
        workers: Simulators at a time.
        sample: Check only so many tasks of each suite, the same ones every time.
        seed: Of the choices that set-ups leave open.
        on_task: Takes how many tasks are checked, of how many, and the newest finding.

    Returns:
        One finding a task, in the order of the files.

    Raises:
        TaskError: If a file is malformed.
    """
    tasks = [(path, task) for path in suites for task in sample_tasks(path, sample)]
    # Tasks of one scene follow one another: its simulator has it loaded.
    ordered = sorted(tasks, key=lambda item: item[1].place)
    chunks = [(ordered[i : i + _CHUNK], seed) for i in range(0, len(ordered), _CHUNK)]
    found: dict[tuple[Path, str], Finding] = {}
    for findings in spread(_check_chunk, chunks, workers=workers):
        for finding in findings:
            found[finding.suite, finding.task] = finding
            if on_task is not None:
                on_task(len(found), len(tasks), finding)
    return [found[path, task.id] for path, task in tasks]


def _check_chunk(chunk: tuple[list[tuple[Path, Task]], int]) -> list[Finding]:
    tasks, seed = chunk
    findings = []
    with Simulation.start(tasks[0][1].place, width=_FRAME[0], height=_FRAME[1]) as simulation:
        for path, task in tasks:
            problems = lint(task, simulation, seed=seed)
            twins = 0
            if not problems:
                proof = prove(task, simulation, seed=seed)
                problems, twins = proof.problems, proof.twins
            findings.append(Finding(path, task.id, tuple(problems), twins))
    return findings
