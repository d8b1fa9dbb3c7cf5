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

__all__ = [
    "LONG",
    "Interval",
    "bootstrap",
    "goal_rate",
    "hit_rate",
    "mean_recall",
    "pair",
    "paired_p_value",
    "saved",
    "success_rate",
    "summarise",
]

Record = Mapping[str, Any]
"""A run as `HistoryResult.to_json` writes it."""

LONG = 20
"""Instructions from which on a task is summed up apart, as class ``history``: one failure in twenty fails it."""

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
        reference = references.get(pair(run))
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


def speedup(runs: Sequence[Record], *, references: Mapping[tuple[str, int], Record]) -> float | None:
    """Simulated time of the reference over that of these runs, as it was spent: nothing is charged for failures."""
    pairs = [(run, references[pair(run)]) for run in runs if pair(run) in references]
    spent = sum(float(run["seconds"]) for run, _ in pairs)
    return sum(float(reference["seconds"]) for _, reference in pairs) / spent if spent else None


def speedup_where_both_succeed(runs: Sequence[Record], *, references: Mapping[tuple[str, int], Record]) -> float | None:
    """The same over those instructions alone that were carried out both with the memory and with the reference."""
    spent = total = 0.0
    for run in runs:
        items = references[pair(run)]["instructions"] if pair(run) in references else ()
        for mine, other in zip(run["instructions"], items, strict=False):
            if mine["judged"] and other["judged"]:
                spent += float(mine["seconds"])
                total += float(other["seconds"])
    return total / spent if spent else None


def _share_of_bound(
    runs: Sequence[Record],
    *,
    references: Mapping[tuple[str, int], Record],
    bounds: Mapping[tuple[str, int], Record],
    key: str,
    limit: float,
) -> float | None:
    """What these runs saved of the reference's effort over what the omniscient ones saved; None if those saved none."""
    mine = best = 0.0
    for run in runs:
        if pair(run) in references and pair(run) in bounds:
            cost = _charged(references[pair(run)], key, limit)
            mine += cost - _charged(run, key, limit)
            best += cost - _charged(bounds[pair(run)], key, limit)
    return mine / best if best > 0 else None


def pair(run: Record) -> tuple[str, int]:
    """What two runs of different conditions must share to be compared."""
    return (run["task"], run["seed"])


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

    Tasks of `LONG` instructions and more are a class of their own, ``history``.

    RE, RT and the speed-up compare with the runs of memory ``none`` (remembers within an instruction only) of the same
    planner, and of the same policy and capacity where there are such. Where the omniscient memory ran as well,
    ``RE_of_bound`` and ``RT_of_bound`` say what share of its saving was reached. ``p_SR``, ``p_seconds`` and
    ``p_explored`` are paired tests against the reference, ``p_SR_full`` and ``p_seconds_full`` against full memory.
    """
    groups: dict[_Key, list[Record]] = {}
    for record in records:
        groups.setdefault(_key(record), []).append(record)
    return [_row(key, groups) for key in sorted(groups, key=lambda key: tuple(map(str, key)))]


_CONDITION = ("class", "memory", "planner", "noise", "disturb", "policy", "capacity", "archive")
_WORLD = 5
"""How many of these, from the left, two runs must share to be compared; the rest they need not."""

_Key = tuple[Any, ...]


def _key(record: Record) -> _Key:
    condition = tuple(record.get(name) for name in _CONDITION)
    return ("history", *condition[1:]) if len(record["instructions"]) >= LONG else condition


def _row(key: _Key, groups: Mapping[_Key, Sequence[Record]]) -> dict[str, Any]:
    runs = groups[key]
    row: dict[str, Any] = {**dict(zip(_CONDITION, key, strict=True)), "n": len(runs)}
    reference, bound, full = (_partners(key, memory, groups) for memory in ("none", "omniscient", "full"))
    figures: dict[str, Callable[[Sequence[Record]], float | None]] = dict(_FIGURES)
    # What a failed run is charged: the dearest of all that are compared, so that giving up early saves nothing.
    compared = [*runs, *reference.values(), *bound.values()]
    limits = {name: max(float(r[name]) for r in compared) for name in ("seconds", "explored")}
    if reference:
        figures["speedup"] = partial(speedup, references=reference)
        figures["speedup_both"] = partial(speedup_where_both_succeed, references=reference)
        for name, key_ in (("RE", "explored"), ("RT", "seconds")):
            shared: dict[str, Any] = {"references": reference, "key": key_, "limit": limits[key_]}
            figures[name] = partial(_share_saved, **shared)
            if bound:
                figures[f"{name}_of_bound"] = partial(_share_of_bound, bounds=bound, **shared)
    for name, figure in figures.items():
        interval = bootstrap(runs, figure)
        row[name] = interval.value
        row[f"{name}_ci"] = None if interval.low is None else [interval.low, interval.high]
    if reference:
        row["RE_nothing_to_save"] = saved(runs, reference, "explored", limits["explored"])[1]
    for name, others in (("", reference), ("_full", full)):
        pairs = [(run, others[pair(run)]) for run in runs if pair(run) in others and others[pair(run)] is not run]
        if not pairs:
            continue
        for effort in ("SR", "seconds", "explored"):
            mine, theirs = ([_tested(run, effort) for run in side] for side in zip(*pairs, strict=True))
            row[f"p_{effort}{name}"] = paired_p_value(mine, theirs)
    return row


def _tested(run: Record, effort: str) -> float:
    return float(bool(run["judged"])) if effort == "SR" else float(run[effort])


def _partners(key: _Key, memory: str, groups: Mapping[_Key, Sequence[Record]]) -> dict[tuple[str, int], Record]:
    """Runs of another memory to compare with, by task and seed: of the same policy and capacity if there are such."""
    wanted = (key[0], memory, *key[2:_WORLD])
    alike = [(other[_WORLD:] == key[_WORLD:], runs) for other, runs in groups.items() if other[:_WORLD] == wanted]
    runs = max(alike, key=lambda pair: pair[0], default=(False, ()))[1]
    return {pair(r): r for r in runs}


def _total(runs: Sequence[Record], name: str) -> float:
    return float(sum(i.get(name) or 0 for r in runs for i in r["instructions"]))


def _mean(name: str) -> Callable[[Sequence[Record]], float | None]:
    return lambda runs: float(np.mean([r[name] for r in runs]))


def _per_run(name: str) -> Callable[[Sequence[Record]], float | None]:
    return lambda runs: _total(runs, name) / len(runs)


def recovery_rate(runs: Sequence[Record]) -> float | None:
    """The share of cases of stale memory in which the thing was found all the same."""
    stale = _total(runs, "stale")
    return _total(runs, "recovered") / stale if stale else None


def wrong_objects(runs: Sequence[Record]) -> float | None:
    """Objects that no milestone names and that the robot moved or changed all the same, a run."""
    return float(np.mean([len(r.get("side_effects") or ()) for r in runs]))


def false_claims(runs: Sequence[Record]) -> float | None:
    """The share of judged instructions that the robot claims and the judge denies."""
    judged = [i for r in runs for i in r["instructions"] if i["judged"] is not None]
    return sum(i["claimed"] and not i["judged"] for i in judged) / len(judged) if judged else None


def planning_latency(runs: Sequence[Record]) -> float | None:
    """95th percentile of the wall time of planning an instruction, seconds."""
    times = [i["planning_seconds"] for r in runs for i in r["instructions"] if "planning_seconds" in i]
    return float(np.percentile(times, 95)) if times else None


_FIGURES: dict[str, Callable[[Sequence[Record]], float | None]] = {
    "SR": success_rate,
    "GC": goal_rate,
    "MRA": mean_recall,
    "precision": recall_precision,
    "hit_rate": hit_rate,
    "E": _mean("explored"),
    "T": _mean("seconds"),
    "path": _per_run("distance"),
    "stale": _per_run("stale"),
    "recovery": recovery_rate,
    "wrong_objects": wrong_objects,
    "false_claims": false_claims,
    "planning_p95": planning_latency,
    "tokens": _per_run("prompt_tokens"),
    "cost": _per_run("cost"),
}
"""Figures of any condition by themselves, see the functions; ``path`` in metres, ``tokens`` and ``cost`` a run."""
