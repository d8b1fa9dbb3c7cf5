"""Many runs: every task under every condition and seed, resumable, one JSON line each.

A run is named by what determines it: the task's content, the condition, the seed. What a results folder holds already
is not run again, so that a killed evaluation goes on where it stopped; nothing in the folder is ever thrown away.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from karma_eval.condition import Condition
from karma_eval.errors import EvalError
from karma_eval.pool import spread
from karma_eval.recording import RecordedSimulation, compress
from karma_eval.run import run_history
from karma_eval.stack import Stack
from karma_eval.suites import sample_tasks
from karma_eval.tasks import Task
from sim.simulation import Simulation

__all__ = ["RUNS", "Job", "check_player", "evaluate", "load_records", "plan_jobs", "run_job", "write_results"]

RUNS = "runs.jsonl"
"""Name of the file of runs in a results folder."""

_REPLAY = ("definition", "actions", "marks", "outcomes", "memory_digest", "made_with")
"""Keys of a run that only a replay needs; ``results.json`` goes without."""


@dataclass(frozen=True)
class Job:
    """One run to do.

    Attributes:
        suite: Name of its task file, without folder and suffix.
        task: What is asked.
        condition: Memory, planner, policy.
        seed: Of all that is drawn.
        real_thor: Whether in the Unity player rather than the headless simulator.
    """

    suite: str
    task: Task
    condition: Condition
    seed: int
    real_thor: bool = False

    @property
    def key(self) -> str:
        """What determines the run, as text: tasks that were edited, or moved to another file, are others."""
        content = hashlib.sha256(self.task.model_dump_json(by_alias=True).encode()).hexdigest()[:16]
        parts = [self.suite, self.task.id, content, asdict(self.condition), self.seed]
        return json.dumps([*parts, "real"] if self.real_thor else parts, sort_keys=True)

    @property
    def run_id(self) -> str:
        """A short name of the run, for `karma eval replay`."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:10]


def plan_jobs(
    suites: Sequence[Path],
    conditions: Sequence[Condition],
    seeds: int,
    *,
    sample: int | None = None,
    real_thor: bool = False,
) -> list[Job]:
    """Every task of the suites, or a sample of each, under every condition and seed.

    Raises:
        TaskError: If a suite is malformed.
        EvalError: If two suites hold the same task, which could not be told apart in the results.
    """
    tasks = [(path.stem, task) for path in suites for task in sample_tasks(path, sample)]
    jobs = [
        Job(suite, task, condition, seed, real_thor)
        for suite, task in tasks
        for seed in range(seeds)
        for condition in conditions
    ]
    if len({job.key for job in jobs}) < len(jobs):
        raise EvalError("a task or a condition is given twice; name every task file and every condition once")
    return jobs


def check_player(jobs: Sequence[Job]) -> None:
    """Start the Unity player once if jobs need it, so that a missing one is told before anything is run.

    Raises:
        EvalError: If a task is set in a composed home, which the player cannot load.
        SimulatorStartError: If the player cannot be had.
    """
    real = [job for job in jobs if job.real_thor]
    composed = sorted({job.task.id for job in real if "+" in job.task.place})
    if composed:
        raise EvalError(
            f"the Unity player has no composed homes, as {', '.join(composed[:3])}{' …' if composed[3:] else ''} "
            "needs; leave out --real-thor, or those tasks"
        )
    if real:
        Simulation.start(real[0].task.place, real_thor=True).close()


def load_records(folder: Path) -> list[dict[str, Any]]:
    """The runs that a results folder holds; a last line that was cut off by a kill is left out.

    Raises:
        EvalError: If the file holds something else.
    """
    path = folder / RUNS
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    records = []
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        try:
            record = json.loads(line)
        except ValueError as error:
            if not line.endswith("\n"):
                break
            raise EvalError(f"{path}:{number}: not a run; use another --out, or delete that line") from error
        if not isinstance(record, dict) or "job" not in record:
            raise EvalError(f"{path}:{number}: not a run; use another --out, or delete that line")
        records.append(record)
    return records


def evaluate(
    jobs: Sequence[Job],
    folder: Path,
    *,
    workers: int = 1,
    on_run: Callable[[int, int, dict[str, Any]], None] | None = None,
) -> list[dict[str, Any]]:
    """Do what a results folder does not hold yet, and return the runs of these jobs, in their order.

    Args:
        jobs: What to run.
        folder: Results folder; made if need be. Runs of other jobs in it stay.
        workers: Runs at a time, each in a process of its own.
        on_run: Takes how many runs are done, of how many, and the newest.

    Raises:
        EvalError: If the folder's runs cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {job.key: n for n, job in enumerate(jobs)}
    records = {r["job"]: r for r in load_records(folder) if r["job"] in wanted}
    _drop_cut_line(folder / RUNS)
    pending = [job for job in jobs if job.key not in records]
    with (folder / RUNS).open("a", encoding="utf-8") as file:
        for record in spread(run_job, pending, workers=workers):
            file.write(json.dumps(record) + "\n")
            file.flush()
            records[record["job"]] = record
            if on_run is not None:
                on_run(len(records), len(jobs), record)
    return sorted(records.values(), key=lambda r: wanted[r["job"]])


def _drop_cut_line(path: Path) -> None:
    """Cut off an unfinished last line, so that the next run begins a line of its own."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        data = file.read()
        if data and not data.endswith(b"\n"):
            try:
                json.loads(data[data.rfind(b"\n") + 1 :])
            except ValueError:
                file.truncate(data.rfind(b"\n") + 1)
            else:
                file.write(b"\n")


def write_results(records: Sequence[dict[str, Any]], summary: Sequence[dict[str, Any]], folder: Path) -> Path:
    """Write ``results.json``: the summary, and every run without what only a replay needs."""
    path = folder / "results.json"
    runs = [{key: value for key, value in r.items() if key not in _REPLAY} for r in records]
    failed = sum(r.get("error") is not None for r in records)
    data = {"summary": summary, "failed": failed, "runs": runs}
    partial = path.with_suffix(".json.partial")
    partial.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, path)
    return path


def run_job(job: Job) -> dict[str, Any]:
    """One run, as the record that is kept of it.

    A task that does not fit its scene is a record with an error. A stack that crashes has failed the task: its record
    is judged so and holds the traceback. Either way the other runs go on.
    """
    base: dict[str, Any] = {
        "job": job.key,
        "run": job.run_id,
        "suite": job.suite,
        "definition": job.task.model_dump(mode="json", by_alias=True),
        "made_with": _made_with(),
        "real_thor": job.real_thor,
    }
    failed: dict[str, Any] = {
        "task": job.task.id,
        "class": job.task.task_class.value,
        "scene": job.task.place,
        **asdict(job.condition),
        "seed": job.seed,
        "claimed": False,
        "seconds": 0.0,
        "explored": 0,
        "mapping_seconds": 0.0,
        "side_effects": [],
        "instructions": [],
    }
    digests: list[str] = []
    marks: list[int] = []  # how many actions there were when each instruction ended

    def note(stack: Stack) -> None:
        digests.append(stack.memory.digest())

    try:
        with RecordedSimulation.start(job.task.place, real_thor=job.real_thor) as simulation:
            try:
                result = run_history(
                    job.task,
                    job.condition,
                    seed=job.seed,
                    simulation=simulation,
                    on_instruction=lambda index, outcome: marks.append(len(simulation.actions)),
                    on_stack=note,
                )
                record = {**base, **result.to_json(), "error": None}
            except EvalError as error:
                record = {**base, **failed, "judged": None, "error": str(error)}
            except Exception:  # whatever the stack does wrong is this run's failure, not the evaluation's
                record = {**base, **failed, "judged": False, "error": None, "crash": traceback.format_exc()}
            record["actions"] = compress(simulation.actions)
            record["marks"] = marks
            record["outcomes"] = simulation.outcomes_digest()
    except Exception as error:  # the simulator did not start, or did not end: nothing can be said of the robot
        record = {**base, **failed, "judged": None, "error": f"{type(error).__name__}: {error}"}
    record["memory_digest"] = digests[0] if digests else None
    return record


@cache
def _made_with() -> dict[str, str | None]:
    """Versions of what a run depends on."""
    return {
        "karma": _version("karma"),
        "commit": _commit(),
        "ai2thor": _version("ai2thor"),
        "numpy": _version("numpy"),
        "python": ".".join(map(str, sys.version_info[:3])),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The checkout's commit, with a plus where files differ from it; None outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=12", "--dirty=+"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
