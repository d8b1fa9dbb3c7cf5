"""Many runs: every task under every condition and seed, resumable, one JSON line each.

A run is named by what determines it. What a results folder holds already is not run again, so that a killed
evaluation goes on where it stopped.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from karma_eval.errors import EvalError
from karma_eval.metrics import summarise
from karma_eval.run import Condition, run_history
from karma_eval.tasks import Task, load_tasks

__all__ = ["Job", "evaluate", "load_records", "plan_jobs", "write_results"]

RUNS = "runs.jsonl"
"""Name of the file of runs in a results folder."""


@dataclass(frozen=True)
class Job:
    """One run to do.

    Attributes:
        suite: Task file.
        task_id: Of a task in it.
        condition: Memory, planner, policy.
        seed: Of all that is drawn.
    """

    suite: str
    task_id: str
    condition: Condition
    seed: int

    @property
    def key(self) -> str:
        """What determines the run, as text."""
        return json.dumps([self.suite, self.task_id, asdict(self.condition), self.seed], sort_keys=True)


def plan_jobs(suites: Sequence[Path], conditions: Sequence[Condition], seeds: int) -> list[Job]:
    """Every task of the suites, under every condition and seed.

    Raises:
        TaskError: If a suite is malformed.
    """
    tasks = [(str(path), task) for path in suites for task in load_tasks(path)]
    return [
        Job(path, task.id, condition, seed) for path, task in tasks for seed in range(seeds) for condition in conditions
    ]


def load_records(folder: Path) -> list[dict[str, Any]]:
    """The runs that a results folder holds; a last line that was cut off by a kill is left out.

    Raises:
        EvalError: If the file holds something else.
    """
    path = folder / RUNS
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(json.loads(line))
        except ValueError as error:
            if number < len(lines):
                raise EvalError(f"{path}:{number}: not a run; use another --out, or delete that line") from error
    return records


def evaluate(
    jobs: Sequence[Job],
    folder: Path,
    *,
    workers: int = 1,
    on_run: Callable[[int, int, dict[str, Any]], None] | None = None,
) -> list[dict[str, Any]]:
    """Do what a results folder does not hold yet, and return all its runs.

    Args:
        jobs: What to run.
        folder: Results folder; made if need be.
        workers: Runs at a time, each in a process of its own.
        on_run: Takes how many runs are done, of how many, and the newest.

    Raises:
        EvalError: If the folder's runs cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {job.key for job in jobs}
    records = [r for r in load_records(folder) if r["job"] in wanted]
    # What a kill cut off is dropped from the file as well.
    (folder / RUNS).write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    done = {r["job"] for r in records}
    pending = [job for job in jobs if job.key not in done]
    with (folder / RUNS).open("a", encoding="utf-8") as file:
        for record in _results(pending, workers):
            file.write(json.dumps(record) + "\n")
            file.flush()
            records.append(record)
            if on_run is not None:
                on_run(len(records), len(jobs), record)
    order = {job.key: n for n, job in enumerate(jobs)}
    return sorted(records, key=lambda r: order[r["job"]])


def write_results(records: Sequence[dict[str, Any]], folder: Path) -> Path:
    """Write ``results.json``: the summary, and every run."""
    usable = [r for r in records if r.get("error") is None]
    path = folder / "results.json"
    data = {"summary": summarise(usable), "failed": len(records) - len(usable), "runs": list(records)}
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return path


def _results(jobs: Sequence[Job], workers: int) -> Iterator[dict[str, Any]]:
    if workers <= 1:
        yield from map(_do, jobs)
        return
    # Spawned, not forked: a run starts a simulator, threads and numerical libraries of its own.
    with multiprocessing.get_context("spawn").Pool(workers, maxtasksperchild=20) as pool:
        yield from pool.imap_unordered(_do, jobs)


def _do(job: Job) -> dict[str, Any]:
    """One run; a task that does not fit its scene is a record with an error, and the others go on."""
    task = _task(job)
    base = {"job": job.key, "suite": job.suite}
    try:
        return {**base, **run_history(task, job.condition, seed=job.seed).to_json(), "error": None}
    except EvalError as error:
        return {
            **base,
            "task": task.id,
            "class": task.task_class.value,
            "scene": task.place,
            **asdict(job.condition),
            "seed": job.seed,
            "judged": None,
            "instructions": [],
            "error": str(error),
        }


def _task(job: Job) -> Task:
    return next(task for task in load_tasks(job.suite) if task.id == job.task_id)
