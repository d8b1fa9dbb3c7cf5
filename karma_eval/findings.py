"""KARMA's statements about its cache, each beside what a sweep over policies and capacities says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from karma_eval.metrics import hit_rate, pair, saved

__all__ = ["cache_findings", "pooled"]

Record = Mapping[str, Any]

_SMALL, _LARGE = 5, 25
"""The capacities between which the paper reports the growth of the hit rate."""

_GROWTH = {"fifo": ("FIFO", 4.6), "karma": ("its W-TinyLFU", 3.9)}
"""Policies for which it does, how it calls them, and by what factor the hit rate grew."""

_SPLIT_CAPACITY = 10
_DEFAULT_WINDOW = 0.2
"""Share of window that `memory_node.policies.karma` has where none is given."""

_FEWEST = 4
"""Conditions that a correlation is computed from, at least."""


def pooled(runs: Sequence[Record]) -> list[dict[str, Any]]:
    """Hit rate and RE of full memory for each policy and capacity, over all classes of tasks together.

    Returns:
        One row each: policy, capacity, n, hit_rate, RE (None without the reference's runs).
    """
    references = {pair(r): r for r in runs if r["memory"] == "none"}
    full = [r for r in runs if r["memory"] == "full"]
    # An archive hides what a small cache costs, so runs with one are no part of a sweep without.
    full = [r for r in full if r.get("archive") is False] or full
    limit = max((float(r["explored"]) for r in [*full, *references.values()]), default=0.0)
    groups: dict[tuple[str, int], list[Record]] = {}
    for run in full:
        groups.setdefault((run["policy"] or "adaptive", int(run["capacity"])), []).append(run)
    return [
        {
            "policy": policy,
            "capacity": capacity,
            "n": len(mine),
            "hit_rate": hit_rate(mine),
            "RE": saved(mine, references, "explored", limit)[0],
        }
        for (policy, capacity), mine in sorted(groups.items())
    ]


def cache_findings(runs: Sequence[Record]) -> list[str]:
    """The paper's findings confirmed or refuted, a sentence each; those for which the runs are missing are left out."""
    rows = [r for r in pooled(runs) if r["hit_rate"] is not None]
    rates = {(r["policy"], r["capacity"]): float(r["hit_rate"]) for r in rows}
    return [*_growth(rates), *_split(rates), *_linear(rows)]


def _growth(rates: Mapping[tuple[str, int], float]) -> list[str]:
    lines = []
    for policy, (name, claim) in _GROWTH.items():
        small, large = rates.get((policy, _SMALL)), rates.get((policy, _LARGE))
        if small and large is not None:
            lines.append(
                f"The paper's hit rate grew {claim}-fold from capacity {_SMALL} to {_LARGE} with {name}; here it grew "
                f"{large / small:.1f}-fold, from {small:.2f} to {large:.2f}."
            )
    return lines


def _split(rates: Mapping[tuple[str, int], float]) -> list[str]:
    """How the hit rate at one capacity depends on what share of it is window."""
    by_window = {
        window: rate
        for (policy, capacity), rate in rates.items()
        if capacity == _SPLIT_CAPACITY and (window := _window(policy)) is not None
    }
    if len(by_window) < 2:
        return []
    size = {window: max(1, round(_SPLIT_CAPACITY * window)) for window in by_window}
    best = max(by_window, key=lambda window: by_window[window])
    measured = ", ".join(
        f"{size[w]} + {_SPLIT_CAPACITY - size[w]}: {rate:.2f}" for w, rate in sorted(by_window.items())
    )
    sentence = (
        f"The paper finds a window of 9 and a main part of 1 best at capacity {_SPLIT_CAPACITY}; here hit rates by "
        f"window and main part are {measured}, so that {size[best]} + {_SPLIT_CAPACITY - size[best]} is best."
    )
    return [sentence]


def _window(policy: str) -> float | None:
    """The share of window of a variant of KARMA's policy that differs in nothing else."""
    name, *settings = policy.split(":")
    if name != "karma" or len(settings) > 1:
        return None
    if not settings:
        return _DEFAULT_WINDOW
    key, _, value = settings[0].partition("=")
    return float(value) if key == "window" else None


def _linear(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    pairs = np.array([(r["hit_rate"], r["RE"]) for r in rows if r["RE"] is not None])
    if len(pairs) < _FEWEST or np.ptp(pairs[:, 0]) == 0 or np.ptp(pairs[:, 1]) == 0:
        return []
    r = float(np.corrcoef(pairs.T)[0, 1])
    slope = float(np.polyfit(pairs[:, 0], pairs[:, 1], 1)[0])
    sentence = (
        f"The paper finds saved exploration linear in hit rate; here, over {len(pairs)} policies and capacities, a "
        f"line (slope {slope:.2f}) explains {r * r:.0%} of how RE varies (correlation {r:.2f})."
    )
    return [sentence]
