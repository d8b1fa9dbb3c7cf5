"""A picture of hit rates over capacities."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["draw_rates"]

_OWN = {"opt": ("black", "--", 1.5), "adaptive": ("red", "-", 3.0)}


def draw_rates(rates: Mapping[str, Mapping[int, float]], path: Path, *, title: str) -> None:
    """Draw a line a policy.

    Args:
        rates: Hit rate in [0, 1] by policy and capacity.
        path: Of the picture; its suffix tells the format.
        title: Above it.

    Raises:
        OSError: If it cannot be written.
        ValueError: If there is no such format.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 5), layout="constrained")
    palette = mpl.colormaps["tab20"]
    for number, (policy, row) in enumerate(rates.items()):
        color, line, width = _OWN.get(policy, (palette(number % 20), "-", 1.3))
        axes.plot(*zip(*sorted(row.items()), strict=True), line, color=color, label=policy, linewidth=width)
    capacities = sorted({capacity for row in rates.values() for capacity in row})
    axes.set(xscale="log", ylim=(0, 1), xlabel="capacity, units", ylabel="hit rate", title=title)
    axes.set_xticks(capacities, [str(capacity) for capacity in capacities])
    axes.minorticks_off()
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes.grid(alpha=0.3)
    try:
        figure.savefig(path, dpi=150)
    finally:
        plt.close(figure)
