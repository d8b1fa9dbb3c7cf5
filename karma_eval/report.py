"""A report that opens in any browser: one self-contained page, readable in light and dark, narrow and wide."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from karma_eval.charts import bound_chart, capacity_chart, history_chart, success_chart
from karma_eval.failures import Failure, causes, list_failures, worst
from karma_eval.findings import cache_findings, pooled
from karma_eval.metrics import bootstrap, goal_rate, mean_recall, success_rate
from karma_eval.pictures import draw_failures
from karma_eval.published import CLASSES, DIFFERENCES, PUBLISHED
from karma_eval.suites import FIRST_SCORES

__all__ = ["markdown_table", "write_report"]

_TEXT = ("class", "memory", "planner", "policy")
_COLUMNS = (
    *_TEXT,
    "capacity",
    "n",
    "SR",
    "GC",
    "MRA",
    "precision",
    "hit_rate",
    "E",
    "T",
    "RE",
    "RE_of_bound",
    "RT",
    "RT_of_bound",
    "speedup",
    "speedup_both",
    "p_SR",
    "p_seconds",
    "p_SR_full",
    "p_seconds_full",
    "stale",
    "recovery",
    "wrong_objects",
    "false_claims",
)

_MEANING = {
    "SR": "success rate: share of tasks with every milestone met",
    "GC": "goal conditions: share of milestones met",
    "MRA": "memory retrieval accuracy: share of instructions for which recall returned all that was needed, at k = 5",
    "precision": "share of what recall returned that was needed",
    "hit_rate": "share of uses of remembered things that short-term memory served",
    "E": "areas and closed containers visited in search of something, a task",
    "T": "simulated seconds, a task",
    "RE": "share of E that was saved against the reference, which remembers within an instruction only",
    "RE_of_bound": "RE over that of a robot that is told where everything is",
    "RT": "share of T that was saved against the reference",
    "RT_of_bound": "RT over that of a robot that is told where everything is",
    "speedup": "T of the reference over T, whatever came of it",
    "speedup_both": "the same over the instructions that both carried out",
    "p_SR": "paired permutation test of SR against the reference",
    "p_seconds": "the same of T",
    "p_SR_full": "paired permutation test of SR against full memory",
    "p_seconds_full": "the same of T",
    "stale": "times that a thing was not where memory had it, a task",
    "recovery": "share of those in which it was found all the same",
    "wrong_objects": "things moved or changed that the task does not name, a task",
    "false_claims": "share of instructions that the robot claims and the judge denies",
}

_MEMORIES = {
    "full": "this project's: a scene graph of what keeps its place, a bounded cache of what moves, an archive",
    "no-ltm": "the same without the scene graph outliving an instruction",
    "no-stm": "the same without the memory of what moves outliving an instruction",
    "none": "the reference: remembers within an instruction only",
    "omniscient": "the bound: is told where everything is whenever an instruction begins",
    "paper": "KARMA as published: volatile cache, search by likelihood alone, one try for each step",
    "last-seen": "where each thing was seen last, without bound or doubt, as CAPEAM keeps it",
    "emem": "eMEM 0.3 for what moves",
}

_MOST_FAILURES = 60


def markdown_table(summary: Sequence[Mapping[str, Any]]) -> str:
    """The summary as a Markdown table."""
    columns = _columns(summary)
    lines = ["| " + " | ".join(columns) + " |", "| " + " | ".join("---" for _ in columns) + " |"]
    for row in summary:
        cells = (" ".join(filter(None, _cell(row, c))) for c in columns)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def write_report(
    summary: Sequence[Mapping[str, Any]],
    runs: Sequence[Mapping[str, Any]],
    folder: Path,
    *,
    pictures: int = 0,
    workers: int = 1,
    on_picture: Callable[[int, int], None] | None = None,
) -> Path:
    """Write ``report.html`` and ``report.md`` into a results folder; returns the page's path.

    Args:
        summary: Rows of `karma_eval.metrics.summarise`.
        runs: The runs that they count, with their actions if there are to be pictures.
        folder: Where to.
        pictures: How many of the worst failures are drawn.
        workers: Simulators at a time that draw them.
        on_picture: Takes how many are drawn, of how many.
    """
    (folder / "report.md").write_text(markdown_table(summary), encoding="utf-8")
    environment = Environment(
        loader=PackageLoader("karma_eval", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    failures = list_failures(runs)
    chosen = worst(failures, pictures)
    drawn = draw_failures(chosen, folder / "pictures", workers=workers, on_picture=on_picture) if chosen else {}
    page = environment.get_template("report.html").render(
        runs=len(runs),
        tasks=len({r["task"] for r in runs}),
        scenes=len({r.get("scene") for r in runs}),
        seeds=len({r["seed"] for r in runs}),
        main=_table(_default(summary)),
        sweep=_table(summary),
        text_columns=_TEXT,
        meaning=_MEANING,
        memories={name: text for name, text in _MEMORIES.items() if any(r["memory"] == name for r in runs)},
        success=_markup(success_chart(_default(summary))),
        bound=_markup(bound_chart(_default(summary))),
        first=_first_scores(runs),
        capacity=_markup(capacity_chart(pooled(runs))),
        findings=cache_findings(runs),
        history=_markup(history_chart(runs)),
        classes=CLASSES,
        comparison=_comparison(summary),
        differences=DIFFERENCES,
        failures=[_told(f) for f in failures[:_MOST_FAILURES]],
        failed=len(failures),
        judged=sum(i["judged"] is not None for r in runs for i in r["instructions"]),
        causes=causes(failures),
        worst=[{**_told(f), "picture": _markup(drawn.get(f.name))} for f in chosen],
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def _told(failure: Failure) -> dict[str, Any]:
    """A failure as the page shows it."""
    item = failure.item
    skills = [s for s in item.get("skills") or () if s["code"] != "ok"]
    return {
        "task": failure.run["task"],
        "run": failure.run.get("run", failure.run["task"]),
        "memory": failure.run["memory"],
        "instruction": item.get("instruction", "(the run broke off)"),
        "number": failure.index + 1,
        "claimed": failure.claimed,
        "kind": failure.kind,
        "cause": failure.cause,
        "understood": ", ".join((item.get("plan") or {}).get("goals") or ()),
        "last_failure": f"{skills[-1]['skill']} {skills[-1]['object']}: {skills[-1]['message']}" if skills else "",
    }


def _first_scores(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each class: the first scores on the frozen suites, now on the same tasks, and now on all tasks run."""
    first = json.loads(FIRST_SCORES.read_text(encoding="utf-8"))
    tasks = {run["task"] for run in first["runs"]}
    mine = [r for r in runs if r["memory"] == "full" and r.get("suite") in CLASSES and not r.get("policy")]
    rows = []
    for row in sorted(first["summary"], key=lambda row: _place(row["class"], CLASSES)):
        now = [r for r in mine if r["class"] == row["class"] and r["planner"] == row["planner"]]
        same = [r for r in now if r["task"] in tasks]
        if not same:
            continue
        figures = {"SR": success_rate, "GC": goal_rate, "MRA": mean_recall}
        cells = []
        for name, figure in figures.items():
            cells.append(_cell(row, name))
            for group in (same, now):
                interval = bootstrap(group, figure)
                ends = None if interval.low is None else [interval.low, interval.high]
                cells.append(_cell({name: interval.value, f"{name}_ci": ends}, name))
        rows.append({"class": row["class"], "n": (row["n"], len(same), len(now)), "cells": cells})
    return rows


def _columns(summary: Sequence[Mapping[str, Any]]) -> list[str]:
    """Columns that say something; policy and capacity only where they differ."""
    return [
        c
        for c in _COLUMNS
        if any(row.get(c) is not None for row in summary)
        and (c not in ("policy", "capacity") or len({row.get(c) for row in summary}) > 1)
    ]


def _table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Rows as the page's macro `table` takes them."""
    columns = _columns(rows)
    cells = [[(*_cell(r, c), c in _TEXT) for c in columns] for r in rows]
    return {
        "columns": columns,
        "rows": [{"ours": r["memory"] == "full", "cells": c} for r, c in zip(rows, cells, strict=True)],
    }


def _cell(row: Mapping[str, Any], column: str) -> tuple[str, str]:
    """A figure and its interval, as text."""
    value = row.get(column)
    if value is None:
        return ("–", "")
    interval = row.get(f"{column}_ci")
    text = f"{value:.2f}" if isinstance(value, float) else str(value)
    return (text, f"[{interval[0]:.2f}, {interval[1]:.2f}]" if interval else "")


def _markup(svg: str | None) -> Markup | None:
    return None if svg is None else Markup(svg)


def _default(summary: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One row a class and memory: that of the largest capacity, and of the default policy if it was run."""
    best: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in sorted(summary, key=lambda r: (r.get("policy") is None, r.get("capacity") or 0)):
        best[row["class"], row["memory"]] = row
    return sorted(best.values(), key=lambda r: (_place(r["class"], CLASSES), _place(r["memory"], tuple(_MEMORIES))))


def _place(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)


def _comparison(summary: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Published rows, and measured ones of whole memories; empty if no class of the paper was run."""
    measured = [r for r in _default(summary) if r["class"] in CLASSES]
    if not measured:
        return []
    rows: list[dict[str, Any]] = []
    for system in dict.fromkeys(p.system for p in PUBLISHED):
        by_class = {p.task_class: p for p in PUBLISHED if p.system == system}
        values = [v for c in CLASSES for p in [by_class[c]] for v in (p.sr, p.mra, p.re, p.rt)]
        rows.append({"system": system, "source": "printed", "cells": [_number(v) for v in values]})
    for memory in dict.fromkeys(r["memory"] for r in measured):
        mine = {r["class"]: r for r in measured if r["memory"] == memory}
        values = [mine.get(c, {}).get(name) for c in CLASSES for name in ("SR", "MRA", "RE", "RT")]
        rows.append({"system": memory, "source": "measured here", "cells": [_number(v) for v in values]})
    return rows


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
