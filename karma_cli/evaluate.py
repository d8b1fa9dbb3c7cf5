"""``karma eval``: task suites under several memories, compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from karma_cli.errors import CliError
from karma_eval.lint import lint
from karma_eval.metrics import summarise
from karma_eval.report import write_report
from karma_eval.run import Condition
from karma_eval.runner import evaluate, plan_jobs, write_results
from karma_eval.stack import MEMORIES, PLANNERS
from karma_eval.tasks import load_tasks
from sim.disturb import Passing
from sim.noise import SensorNoise
from sim.simulation import Simulation

__all__ = ["check_suites", "run_suites"]


def run_suites(
    tasks: list[Path],
    *,
    planner: str,
    memory: str,
    seeds: int,
    out: Path,
    jobs: int,
    noise: str = "",
    disturb: str = "",
) -> int:
    """Run task suites and write ``results.json``, ``report.html`` and ``report.md``; returns the exit code.

    Args:
        tasks: Task files.
        planner: Planners, comma-separated.
        memory: Memories, comma-separated.
        seeds: Runs of each task and condition.
        out: Results folder; runs that it holds already are not done again.
        jobs: Runs at a time.
        noise: What sensors get wrong, in every run; see `sim.noise.SensorNoise.parse`.
        disturb: What somebody else does between instructions; see `sim.disturb.Passing.parse`.

    Raises:
        CliError: If a planner or memory is unknown.
        TaskError: If a task file is malformed.
        SimError: If noise or disturbances make no sense.
    """
    planners = _choose(planner, PLANNERS, "planner")
    memories = _choose(memory, MEMORIES, "memory")
    # Written anew, so that what means the same is the same condition, and what means nothing fails at once.
    noise, disturb = str(SensorNoise.parse(noise)), str(Passing.parse(disturb))
    conditions = [Condition(memory=m, planner=p, noise=noise, disturb=disturb) for p in planners for m in memories]
    planned = plan_jobs(tasks, conditions, seeds)
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("runs", total=len(planned))

        def on_run(done: int, total: int, record: dict[str, Any]) -> None:
            progress.update(bar, completed=done, total=total)
            word = (
                record["error"] or {True: "carried out", False: "not carried out", None: "not judged"}[record["judged"]]
            )
            progress.console.print(f"{record['task']} ({record['memory']}, seed {record['seed']}): {word}")

        records = evaluate(planned, out, workers=jobs, on_run=on_run)
    usable = [r for r in records if r["error"] is None]
    summary = summarise(usable)
    write_results(records, out)
    page = write_report(summary, usable, out)
    console.print(_table(summary))
    failed = len(records) - len(usable)
    if failed:
        console.print(f"{failed} run(s) could not be done; their errors are in {out / 'results.json'}")
    console.print(f"{out / 'results.json'}, {page}")
    return 1 if failed else 0


def check_suites(tasks: list[Path]) -> int:
    """Check task files against their scenes and print what is wrong; returns the exit code.

    Args:
        tasks: Task files.

    Raises:
        TaskError: If a task file is malformed.
    """
    loaded = [(path, task) for path in tasks for task in load_tasks(path)]
    console = Console()
    wrong = 0
    with Simulation.start(loaded[0][1].place) as simulation:
        for path, task in loaded:
            problems = lint(task, simulation)
            wrong += bool(problems)
            for problem in problems:
                console.print(f"{path}:{task.id}: {problem}", highlight=False)
    console.print(f"{len(loaded) - wrong} of {len(loaded)} tasks fit their scenes")
    return 1 if wrong else 0


def _choose(text: str, known: tuple[str, ...], what: str) -> list[str]:
    chosen = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in known]
    if unknown or not chosen:
        raise CliError(f"unknown {what} {', '.join(unknown) or text!r}; use any of {', '.join(known)}")
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
