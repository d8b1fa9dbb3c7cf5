"""The report's pictures, as SVG that reads on light and on dark paper."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from karma_eval.metrics import LONG
from karma_eval.published import CLASSES

__all__ = ["bound_chart", "capacity_chart", "history_chart", "success_chart"]

_INK = "#808890"
"""Axes and words: a grey that stands out from white and from black."""

_PALETTE = ("#3b82c4", "#d9822b", "#3f9e5a", "#b05fb0", "#c0504d", "#8c7b5a", "#4bb3b3", "#9aa03c")

_GOAL = 0.85
"""The share of the bound's saving that this project wants to reach."""

Record = Mapping[str, Any]


def success_chart(summary: Sequence[Record]) -> str | None:
    """Success rates by class of task, one bar a memory, with intervals."""
    rows = [r for r in summary if r.get("SR") is not None]
    classes = [name for name in (*CLASSES, "history") if any(r["class"] == name for r in rows)]
    memories = list(dict.fromkeys(r["memory"] for r in rows))
    if not rows:
        return None
    figure, axes = _figure(7.5, 3.2)
    width = 0.8 / len(memories)
    for n, memory in enumerate(memories):
        mine = {r["class"]: r for r in rows if r["memory"] == memory}
        shown = [(i, mine[name]) for i, name in enumerate(classes) if name in mine]
        low = [r["SR"] - r["SR_ci"][0] if r.get("SR_ci") else 0 for _, r in shown]
        high = [r["SR_ci"][1] - r["SR"] if r.get("SR_ci") else 0 for _, r in shown]
        axes.bar(
            [i + (n - (len(memories) - 1) / 2) * width for i, _ in shown],
            [r["SR"] for _, r in shown],
            width * 0.92,
            yerr=np.maximum([low, high], 0),
            color=_PALETTE[n % len(_PALETTE)],
            ecolor=_INK,
            label=memory,
        )
    axes.set_xticks(range(len(classes)), classes)
    axes.set_ylim(0, 1.05)
    axes.set_ylabel("success rate")
    _legend(figure, axes)
    return _svg(figure)


def bound_chart(summary: Sequence[Record]) -> str | None:
    """RE and RT as a share of what a robot that knows every place saves, by class; None without such runs."""
    rows = [r for r in summary if r["memory"] not in ("none", "omniscient") and r.get("RT_of_bound") is not None]
    if not rows:
        return None
    classes = [name for name in (*CLASSES, "history") if any(r["class"] == name for r in rows)]
    memories = list(dict.fromkeys(r["memory"] for r in rows))
    figure, both = _figure(9.0, 3.2, columns=2)
    for axes, name in zip(both, ("RE", "RT"), strict=True):
        for n, memory in enumerate(memories):
            mine = {r["class"]: r for r in rows if r["memory"] == memory and r.get(f"{name}_of_bound") is not None}
            shown = [(i, mine[c]) for i, c in enumerate(classes) if c in mine]
            values = [r[f"{name}_of_bound"] for _, r in shown]
            ends = [r.get(f"{name}_of_bound_ci") or (v, v) for (_, r), v in zip(shown, values, strict=True)]
            axes.errorbar(
                [i + (n - (len(memories) - 1) / 2) * 0.7 / len(memories) for i, _ in shown],
                values,
                yerr=np.maximum([[v - e[0], e[1] - v] for v, e in zip(values, ends, strict=True)], 0).T
                if values
                else None,
                fmt="o",
                color=_PALETTE[n % len(_PALETTE)],
                label=memory,
            )
        axes.axhline(_GOAL, color=_INK, linestyle="--", linewidth=1)
        axes.set_xticks(range(len(classes)), classes)
        axes.set_xlim(-0.6, len(classes) - 0.4)
        axes.set_ylabel(f"{name}, share of the bound's")
    _legend(figure, both[0])
    return _svg(figure)


def capacity_chart(pooled: Sequence[Record]) -> str | None:
    """Hit rate against capacity, and saved exploration against hit rate, one line a policy.

    Args:
        pooled: Rows of `karma_eval.findings.pooled`.

    Returns:
        The picture; None without several capacities.
    """
    rows = [r for r in pooled if r["hit_rate"] is not None]
    if len({r["capacity"] for r in rows}) < 2:
        return None
    figure, (hits, saving) = _figure(9.0, 3.2, columns=2)
    for n, policy in enumerate(sorted({r["policy"] for r in rows})):
        mine = sorted((r for r in rows if r["policy"] == policy), key=lambda r: r["capacity"])
        style = {"color": _PALETTE[n % len(_PALETTE)], "label": policy}
        hits.plot([r["capacity"] for r in mine], [r["hit_rate"] for r in mine], "o-", **style)
        known = [r for r in mine if r["RE"] is not None]
        saving.plot([r["hit_rate"] for r in known], [r["RE"] for r in known], "o", **style)
    capacities = sorted({r["capacity"] for r in rows})
    hits.set_xscale("log", base=2)
    hits.set_xticks(capacities, [str(c) for c in capacities])
    hits.set_xlabel("capacity, objects")
    hits.set_ylabel("hit rate")
    saving.set_xlabel("hit rate")
    saving.set_ylabel("exploration saved (RE)")
    _legend(figure, hits)
    return _svg(figure)


def history_chart(runs: Sequence[Record]) -> str | None:
    """Time spent along long histories, one line a memory; None without histories of `LONG` instructions."""
    costs: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        if len(run["instructions"]) >= LONG:
            for index, item in enumerate(run["instructions"]):
                costs[run["memory"]][index].append(float(item["seconds"]))
    if not costs:
        return None
    figure, axes = _figure(7.5, 3.2)
    for n, (memory, by_index) in enumerate(sorted(costs.items())):
        means = [float(np.mean(by_index[i])) for i in sorted(by_index)]
        axes.plot(range(1, len(means) + 1), np.cumsum(means), color=_PALETTE[n % len(_PALETTE)], label=memory)
    axes.set_xlabel("instructions so far")
    axes.set_ylabel("simulated seconds so far")
    _legend(figure, axes)
    return _svg(figure)


def _figure(width: float, height: float, *, columns: int = 1) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    figure.patch.set_alpha(0.0)
    axes = figure.subplots(1, columns)
    for each in np.atleast_1d(axes):
        each.patch.set_alpha(0.0)
        each.tick_params(colors=_INK)
        each.xaxis.label.set_color(_INK)
        each.yaxis.label.set_color(_INK)
        each.grid(axis="y", color=_INK, alpha=0.25)
        for side, spine in each.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(_INK)
    return figure, axes


def _legend(figure: Any, axes: Any) -> None:
    """Above the picture, where it hides nothing."""
    handles, labels = axes.get_legend_handles_labels()
    columns = min(len(labels), 6)
    figure.legend(
        handles, labels, loc="outside upper center", frameon=False, labelcolor=_INK, fontsize="small", ncols=columns
    )


def _svg(figure: Any) -> str:
    """The figure as an ``<svg>`` element, the same bytes for the same figure."""
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": "karma", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = buffer.getvalue()
    # Within a page the names of namespaces are superfluous.
    return re.sub(r' xmlns(:\w+)?="[^"]*"', "", text[text.index("<svg") :])
