"""A run done again from its record, and compared with it action by action."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from karma_eval.condition import Condition
from karma_eval.errors import EvalError
from karma_eval.recording import expand
from karma_eval.runner import RUNS, Job, load_records, run_job
from karma_eval.tasks import Task

__all__ = ["Replay", "find_run", "replay"]

_WALL_TIME = frozenset({"planning_seconds"})
"""What of an instruction's record is measured by the wall clock, which no replay repeats."""

_COMPARED = ("error", "claimed", "judged", "seconds", "explored", "side_effects", "outcomes", "memory_digest")


@dataclass(frozen=True)
class Replay:
    """How a replay compares with its record.

    Attributes:
        actions: Actions of the record.
        differences: In words, the first action that differs before all else; empty if the two are the same.
        notes: What was made with other versions.
    """

    actions: int
    differences: tuple[str, ...]
    notes: tuple[str, ...] = ()


def find_run(reference: str) -> dict[str, Any]:
    """The record that a reference names.

    Args:
        reference: ``FOLDER:RUN`` or ``FILE:RUN``; RUN is a run's id, its task's id, or its line number. It may be left
            out where there is one run only.

    Raises:
        EvalError: If there is no such run, or there are several.
    """
    path, name = Path(reference), ""
    if not path.exists() and ":" in reference:
        path, name = Path(reference.rpartition(":")[0]), reference.rpartition(":")[2]
    folder = path.parent if path.name == RUNS else path
    records = load_records(folder)
    if not records:
        raise EvalError(f"{folder} holds no {RUNS}; give the folder that `karma eval --out` wrote, as in results:RUN")
    if name.isdigit() and 0 < int(name) <= len(records):
        return records[int(name) - 1]
    matching = [r for r in records if name in ("", r.get("run"), r.get("task"))]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        raise EvalError(f"{folder / RUNS} has no run {name!r}; its first: {_names(records)}")
    raise EvalError(f"{folder / RUNS} has {len(matching)} such runs; choose one: {_names(matching)}")


def _names(records: list[dict[str, Any]]) -> str:
    shown = [f"{r.get('run')} ({r.get('task')}, {r.get('memory')}, seed {r.get('seed')})" for r in records[:5]]
    return ", ".join(shown) + (" …" if len(records) > 5 else "")


def replay(record: Mapping[str, Any]) -> Replay:
    """Do a run again and compare.

    Raises:
        EvalError: If the record does not say how.
    """
    job = _job(record)
    again = run_job(job)
    differences: list[str] = []
    before, after = expand(record.get("actions") or ()), expand(again.get("actions") or ())
    for number, (old, new) in enumerate(zip(before, after, strict=False), start=1):
        if old != new:
            differences.append(f"action {number}: {old} in the record, {new} now")
            break
    else:
        if len(before) != len(after):
            differences.append(f"{len(before)} actions in the record, {len(after)} now")
    for key in _COMPARED:
        if record.get(key) != again.get(key):
            differences.append(f"{key}: {record.get(key)!r} in the record, {again.get(key)!r} now")
    old_items, new_items = (_steady(r) for r in (record, again))
    for number, (old_item, new_item) in enumerate(zip(old_items, new_items, strict=False), start=1):
        keys = [key for key in old_item if old_item[key] != new_item.get(key)]
        differences += [f"instruction {number}: {key} differs" for key in keys]
    return Replay(actions=len(before), differences=tuple(differences), notes=_notes(record, again))


def _job(record: Mapping[str, Any]) -> Job:
    try:
        condition = Condition(**{f.name: record[f.name] for f in fields(Condition)})
        task = Task.model_validate(record["definition"])
        return Job(str(record["suite"]), task, condition, int(record["seed"]), bool(record["real_thor"]))
    except (KeyError, TypeError, ValidationError) as error:
        raise EvalError(
            f"the record does not hold what a replay needs ({error}); it was made by another release"
        ) from None


def _steady(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The instructions of a record as JSON has them, without wall time."""
    items = json.loads(json.dumps(record["instructions"]))
    return [{k: v for k, v in item.items() if k not in _WALL_TIME} for item in items]


def _notes(record: Mapping[str, Any], again: Mapping[str, Any]) -> tuple[str, ...]:
    before, now = record.get("made_with") or {}, again["made_with"]
    return tuple(f"{name} {before.get(name)} then, {now[name]} now" for name in now if before.get(name) != now[name])
