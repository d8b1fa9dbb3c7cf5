"""A picture of what a robot knows: map, path, areas, remembered things, and what its camera sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from memory_node.recollection import Recollection
from scene_graph.graph import SceneGraph
from scene_graph.picture import draw_map

__all__ = ["draw"]

_TIER_COLOURS = {"short": "tab:red", "archive": "tab:orange"}


def draw(
    file: Path,
    *,
    title: str,
    graph: SceneGraph,
    remembered: Sequence[Recollection],
    path: Sequence[tuple[float, float, float]] = (),
    camera: npt.NDArray[np.uint8] | None = None,
) -> None:
    """Save the picture.

    Args:
        file: PNG to write.
        title: Above the map.
        graph: Long-term memory.
        remembered: What memory holds.
        path: (x, y, yaw) of the robot over time, metres and radians.
        camera: (H, W, 3) newest camera picture.
    """
    with mpl.rc_context({"font.size": 7}):
        figure = Figure(figsize=(13 if camera is not None else 8, 6.5), layout="constrained")
        columns = [figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)] if camera is not None else None
        axes = columns[0] if columns else figure.add_subplot()
        legend: list[Any] = [*draw_map(axes, graph)]
        _draw_things(axes, remembered)
        if path:
            xs, ys = [p[0] for p in path], [p[1] for p in path]
            axes.plot(xs, ys, color="tab:green", linewidth=1.0, alpha=0.8, label="path", zorder=7)
            axes.plot(xs[-1], ys[-1], marker="o", color="tab:green", markersize=8, zorder=8, label="robot")
        axes.set(title=title, xlabel="x in m", ylabel="y in m", aspect="equal")
        legend += axes.get_legend_handles_labels()[0]
        axes.legend(handles=legend, loc="lower right", framealpha=0.9)
        if columns and camera is not None:
            columns[1].imshow(camera)
            columns[1].set(title="what the camera sees", xticks=[], yticks=[])
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, dpi=110)


def _draw_things(axes: Any, remembered: Sequence[Recollection]) -> None:
    for tier, colour in _TIER_COLOURS.items():
        things = [r.object for r in remembered if r.tier == tier]
        if not things:
            continue
        xs, ys = [t.position[0] for t in things], [t.position[1] for t in things]
        axes.scatter(xs, ys, s=16, marker="D", color=colour, zorder=7, label=f"remembered ({tier})")
        for thing in things:
            words = f"{thing.label} (stale)" if thing.stale else thing.label
            axes.annotate(
                words, thing.position[:2], (3, 3), textcoords="offset points", fontsize=5.5, color=colour, zorder=8
            )
