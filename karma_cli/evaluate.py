"""``karma eval``: task suites under several memories, compared, checked and replayed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from karma_cli.counting import counting
from karma_cli.errors import CliError
from karma_eval.check import Finding, check
from karma_eval.condition import PLANNERS, Condition
from karma_eval.metrics import summarise
from karma_eval.own import is_own
from karma_eval.replay import find_run, replay
from karma_eval.report import write_report
from karma_eval.runner import RUNS, check_player, evaluate, load_records, plan_jobs, write_results
from karma_eval.stack import MEMORIES, make_planner
from karma_eval.suites import QUICK, SUITES
from memory_node.policies import create
from sim.disturb import Passing
from sim.noise import SensorNoise

__all__ = ["check_suites", "choose_suites", "replay_run", "report_runs", "run_suites"]


CACHED = frozenset({"full", "no-ltm", "paper"})
"""Memories to which a replacement policy and a capacity make a difference beyond one instruction."""


def run_suites(
    tasks: list[Path],
    *,
    planner: str,
    memory: str,
    seeds: int,
    out: Path,
    jobs: int | None,
    sample: int | None = None,
    policy: str = "",
    capacity: str = "",
    archive: bool = True,
    noise: str = "",
    disturb: str = "",
    real_thor: bool = False,
    pictures: int = 0,
) -> int:
    """Run task suites and write ``results.json``, ``report.html`` and ``report.md``; returns the exit code.

    Args:
        tasks: Task files.
        planner: Planners, comma-separated; FILE.py:CLASS is the user's own.
        memory: Memories, likewise.
        seeds: Runs of each task and condition.
        out: Results folder; runs that it holds already are not done again.
        jobs: Runs at a time; None for one a core.
        sample: Only so many tasks of each file.
        policy: Replacement policies of short-term memory, as `memory_node.policies.create` takes them,
            comma-separated; none for the default.
        capacity: Its capacities, comma-separated; none for the default.
        archive: Whether what it gives up can still be searched for.
        noise: What sensors get wrong, in every run; see `sim.noise.SensorNoise.parse`.
        disturb: What somebody else does between instructions; see `sim.disturb.Passing.parse`.
        real_thor: Run in the Unity player.
        pictures: How many of the worst failures the report draws.

    Raises:
        CliError: If a planner or memory is unknown, or a capacity is no number.
        PolicyError: If a policy is unknown.
        TaskError: If a task file is malformed.
        SimError: If noise or disturbances make no sense, or the Unity player cannot be had.
    """
    planners = _choose(planner, PLANNERS, "planner")
    for name in filter(is_own, planners):
        make_planner(name)  # what cannot be loaded is told before anything is run
    memories = _choose(memory, MEMORIES, "memory")
    policies = _policies(policy) if policy else [None]
    capacities = _capacities(capacity)
    # Written anew, so that what means the same is the same condition, and what means nothing fails at once.
    noise, disturb = str(SensorNoise.parse(noise)), str(Passing.parse(disturb))
    conditions = [
        Condition(memory=m, planner=p, policy=c, capacity=size, archive=archive, noise=noise, disturb=disturb)
        for p in planners
        for m in memories
        for c in (policies if m in CACHED else policies[:1])
        for size in (capacities if m in CACHED else capacities[-1:])
    ]
    planned = plan_jobs(tasks, conditions, seeds, sample=sample, real_thor=real_thor)
    check_player(planned)
    console = Console()
    with counting(console) as progress:
        bar = progress.add_task("runs", total=len(planned))

        def on_run(done: int, total: int, record: dict[str, Any]) -> None:
            progress.update(bar, completed=done, total=total)
            word = (
                record["error"] or {True: "carried out", False: "not carried out", None: "not judged"}[record["judged"]]
            )
            progress.console.print(f"{record['task']} ({record['memory']}, seed {record['seed']}): {word}")

        records = evaluate(planned, out, workers=jobs or os.cpu_count() or 1, on_run=on_run)
    return _report(console, records, out, jobs=jobs, pictures=pictures)


def report_runs(folder: Path, *, jobs: int | None, pictures: int) -> int:
    """Write summary and report of all runs that a results folder holds; returns the exit code.

    Args:
        folder: Results folder.
        jobs: Simulators at a time that draw; None for one a core.
        pictures: How many of the worst failures are drawn.

    Raises:
        CliError: If the folder holds no runs.
        EvalError: If they cannot be read.
    """
    records = load_records(folder)
    if not records:
        raise CliError(f"{folder} holds no {RUNS}; give the folder that `karma eval --out` wrote")
    return _report(Console(), records, folder, jobs=jobs, pictures=pictures)


def _report(console: Console, records: Sequence[dict[str, Any]], out: Path, *, jobs: int | None, pictures: int) -> int:
    usable = [r for r in records if r["error"] is None]
    summary = summarise(usable)
    write_results(records, summary, out)
    with counting(console) as progress:
        bar = progress.add_task("pictures", total=None, visible=False)
        page = write_report(
            summary,
            usable,
            out,
            pictures=pictures,
            workers=jobs or os.cpu_count() or 1,
            on_picture=lambda done, total: progress.update(bar, completed=done, total=total, visible=True),
        )
    console.print(_table(summary))
    failed = len(records) - len(usable)
    if failed:
        console.print(f"{failed} run(s) could not be done; their errors are in {out / 'results.json'}")
    console.print(f"{out / 'results.json'}, {page}")
    return 1 if failed else 0


def choose_suites(tasks: list[Path], *, quick: bool) -> list[Path]:
    """The task files that are meant: those given, else the quick suite or all that ship.

    Raises:
        CliError: If files are given and the quick suite is asked for.
    """
    if tasks and quick:
        raise CliError("--quick has tasks of its own; leave out either the task files or --quick")
    if tasks:
        return tasks
    return [QUICK] if quick else list(SUITES)


def check_suites(tasks: list[Path], *, jobs: int | None, sample: int | None) -> int:
    """Check task files against their scenes and print what is wrong; returns the exit code.

    Args:
        tasks: Task files.
        jobs: Simulators at a time; None for one a core.
        sample: Only so many tasks of each file.

    Raises:
        TaskError: If a task file is malformed.
    """
    console = Console()
    with counting(console) as progress:
        bar = progress.add_task("tasks", total=None)

        def on_task(done: int, total: int, finding: Finding) -> None:
            progress.update(bar, completed=done, total=total)
            for problem in finding.problems:
                progress.console.print(f"{finding.suite}: {finding.task}: {problem}", highlight=False, markup=False)

        findings = check(tasks, workers=jobs or os.cpu_count() or 1, sample=sample, on_task=on_task)
    wrong = sum(bool(f.problems) for f in findings)
    twins = sum(f.twins for f in findings)
    console.print(
        f"{len(findings) - wrong} of {len(findings)} tasks fit their scenes, were carried out by the oracle and earn "
        f"nothing undone; {twins} instructions were done to the wrong twin and failed"
    )
    return 1 if wrong else 0


def replay_run(reference: str) -> int:
    """Do a recorded run again and print how it compares; returns the exit code, 0 if the two are the same.

    Raises:
        EvalError: If there is no such run.
    """
    record = find_run(reference)
    console = Console()
    console.print(f"{record['task']} ({record['memory']}, {record['planner']}, seed {record['seed']})")
    found = replay(record)
    for line in (*found.notes, *found.differences):
        console.print(line, highlight=False, markup=False)
    console.print(
        f"differs from its record in {len(found.differences)} way(s)"
        if found.differences
        else f"the same, in all {found.actions} actions and what came of them"
    )
    return 1 if found.differences else 0


def _capacities(text: str) -> list[int]:
    try:
        sizes = sorted({int(size) for size in text.split(",")}) if text else [Condition().capacity]
    except ValueError:
        sizes = [0]
    if sizes[0] < 1:
        raise CliError(f"--capacity takes whole numbers from 1, comma-separated, not {text!r}")
    return sizes


def _policies(text: str) -> list[str | None]:
    """The policies of a comma-separated list; a wrong one is told before anything is run."""
    chosen: list[str | None] = []
    for name in filter(None, map(str.strip, text.split(","))):
        create(name, 1)
        chosen.append(name)
    if not chosen:
        raise CliError(f"--policy takes names, comma-separated, not {text!r}")
    return chosen


def _choose(text: str, known: tuple[str, ...], what: str) -> list[str]:
    """The names of a comma-separated list, each known or ``FILE.py:CLASS``."""
    chosen = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in known and not is_own(name)]
    if unknown or not chosen:
        names = f"{', '.join(known)}, FILE.py:CLASS"
        raise CliError(f"unknown {what} {', '.join(unknown) or text!r}; use any of {names}")
    return chosen


def _table(summary: list[dict[str, Any]]) -> Table:
    table = Table(title="Does memory help?")
    names = ("class", "memory", "planner", "n", "SR", "MRA", "E", "T", "RE", "RT", "speedup")
    for name in names:
        table.add_column(name, justify="left" if name in names[:3] else "right")
    for row in summary:
        values = (row.get(name) for name in names)
        table.add_row(*("–" if v is None else f"{v:.2f}" if isinstance(v, float) else str(v) for v in values))
    return table
