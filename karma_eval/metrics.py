"""What runs are compared by: success, recall, and what remembering saved against a reference run.

RE and RT compare runs with the same planner, sensors and seeds, of which the reference remembers within an instruction
only: sums over runs, then the ratio. A failed run is charged the limit. Pairs in which the reference spent nothing
have nothing to save; they are left out and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

__all__ = ["Interval", "bootstrap", "mean_recall", "paired_p_value", "saved", "success_rate", "summarise"]

Record = Mapping[str, Any]
"""A run as `HistoryResult.to_json` writes it."""

_RESAMPLES = 2000


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % bootstrap interval.

    Attributes:
        value: The figure on all runs; None when nothing could be counted.
        low: Lower end.
        high: Upper end.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


def success_rate(runs: Sequence[Record]) -> float | None:
    """SR: the share of runs in which every milestone was met; runs without milestones are left out."""
    judged = [r["judged"] for r in runs if r["judged"] is not None]
    return sum(judged) / len(judged) if judged else None


def goal_rate(runs: Sequence[Record]) -> float | None:
    """The share of milestones met."""
    met = [m["met"] for r in runs for i in r["instructions"] for m in i["milestones"]]
    return sum(met) / len(met) if met else None


def mean_recall(runs: Sequence[Record]) -> float | None:
    """MRA: the share of instructions, of those that need memory, for which recall returned all that was needed."""
    needing = [i["needs"] for r in runs for i in r["instructions"] if i["needs"]["needed"]]
    return sum(n["recalled"] == n["needed"] for n in needing) / len(needing) if needing else None


def recall_precision(runs: Sequence[Record]) -> float | None:
    """The share of what recall returned that was needed, over instructions that need memory."""
    needing = [i["needs"] for r in runs for i in r["instructions"] if i["needs"]["needed"]]
    returned = sum(n["returned"] for n in needing)
    return sum(n["useful"] for n in needing) / returned if returned else None


def hit_rate(runs: Sequence[Record]) -> float | None:
    """The share of uses of remembered objects that short-term memory served."""
    uses = sum(i["uses"] for r in runs for i in r["instructions"])
    return sum(i["hits"] for r in runs for i in r["instructions"]) / uses if uses else None


def saved(
    runs: Sequence[Record], references: Mapping[tuple[str, int], Record], key: str, limit: float
) -> tuple[float | None, int]:
    """RE or RT: what share of the reference's effort was saved.

    Args:
        runs: Of the condition.
        references: Runs of the reference, by (task, seed).
        key: ``explored`` or ``seconds``.
        limit: What a failed run is charged.

    Returns:
        The share, None if there was nothing to save, and the number of pairs left out for that reason.
    """
    total = spent = 0.0
    left_out = 0
    for run in runs:
        reference = references.get((run["task"], run["seed"]))
        if reference is None:
            continue
        cost = _charged(reference, key, limit)
        if cost <= 0:
            left_out += 1
            continue
        total += cost
        spent += _charged(run, key, limit)
    return ((total - spent) / total if total else None), left_out


def _share_saved(
    runs: Sequence[Record], *, references: Mapping[tuple[str, int], Record], key: str, limit: float
) -> float | None:
    return saved(runs, references, key, limit)[0]


def _charged(run: Record, key: str, limit: float) -> float:
    """What a run is charged: a failed one at least the limit, so that giving up early saves nothing."""
    value = float(run[key])
    return max(value, limit) if run["judged"] is False else value


def bootstrap(runs: Sequence[Record], figure: Callable[[Sequence[Record]], float | None], *, seed: int = 0) -> Interval:
    """A figure with the 95 % percentile interval over resampled runs."""
    value = figure(runs)
    if value is None or len(runs) < 2:
        return Interval(value)
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(_RESAMPLES if len(runs) < 200 else _RESAMPLES // 4):
        sample = figure([runs[i] for i in rng.integers(0, len(runs), len(runs))])
        if sample is not None:
            drawn.append(sample)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Interval(value, float(low), float(high))


def paired_p_value(a: Sequence[float], b: Sequence[float], *, seed: int = 0) -> float | None:
    """Two-sided sign-flip permutation test of paired differences; None without a difference to test."""
    differences = np.asarray(a, dtype=float) - np.asarray(b, dtype=float)
    differences = differences[differences != 0]
    if not len(differences):
        return None
    rng = np.random.default_rng(seed)
    flips = rng.choice((-1.0, 1.0), size=(_RESAMPLES, len(differences)))
    observed = abs(differences.mean())
    extreme = int((np.abs((flips * differences).mean(axis=1)) >= observed - 1e-12).sum())
    return (extreme + 1) / (_RESAMPLES + 1)


def summarise(records: Iterable[Record]) -> list[dict[str, Any]]:
    """One row for each class of task and condition, with intervals: the summary of ``results.json``.

    Rows of memory ``none`` are the reference that RE and RT of the same planner, policy and capacity compare with.
    """
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for record in records:
        key = (record["class"], record["memory"], record["planner"], record["policy"], record["capacity"])
        groups.setdefault(key, []).append(record)
    rows = []
    for key, runs in sorted(groups.items(), key=lambda item: tuple(map(str, item[0]))):
        task_class, memory, planner, policy, capacity = key
        reference = {(r["task"], r["seed"]): r for r in groups.get((task_class, "none", planner, policy, capacity), [])}
        limits = {
            name: max((float(r[name]) for r in [*runs, *reference.values()]), default=0.0)
            for name in ("seconds", "explored")
        }
        row: dict[str, Any] = {
            "class": task_class,
            "memory": memory,
            "planner": planner,
            "policy": policy,
            "capacity": capacity,
            "n": len(runs),
        }
        figures: dict[str, Callable[[Sequence[Record]], float | None]] = {
            "SR": success_rate,
            "GC": goal_rate,
            "MRA": mean_recall,
            "precision": recall_precision,
            "hit_rate": hit_rate,
            "E": lambda rs: float(np.mean([r["explored"] for r in rs])),
            "T": lambda rs: float(np.mean([r["seconds"] for r in rs])),
        }
        if reference:
            for name, effort in (("RE", "explored"), ("RT", "seconds")):
                figures[name] = partial(_share_saved, references=reference, key=effort, limit=limits[effort])
        for name, figure in figures.items():
            interval = bootstrap(runs, figure)
            row[name] = interval.value
            row[f"{name}_ci"] = None if interval.low is None else [interval.low, interval.high]
        if reference:
            row["RE_nothing_to_save"] = saved(runs, reference, "explored", limits["explored"])[1]
            paired = [(r, reference[r["task"], r["seed"]]) for r in runs if (r["task"], r["seed"]) in reference]
            spent = sum(_charged(r, "seconds", limits["seconds"]) for r, _ in paired)
            total = sum(_charged(ref, "seconds", limits["seconds"]) for _, ref in paired)
            row["speedup"] = total / spent if spent else None
            row["p_seconds"] = paired_p_value(
                [float(r["seconds"]) for r, _ in paired], [float(ref["seconds"]) for _, ref in paired]
            )
        rows.append(row)
    return rows
