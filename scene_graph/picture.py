"""A picture of the scene graph from above: floor, rooms, areas and the ways between them, and things with their names.

`draw_map` draws on given axes, so that others can draw paths and what moves over it; `save_picture` writes a PNG.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.colors import ListedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from scipy import ndimage

from scene_graph.graph import SceneGraph
from scene_graph.grid import CellState
from scene_graph.ontology import ontology
from scene_graph.types import ObjectState

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_map", "save_picture"]

_UNSEEN, _FREE, _OCCUPIED = "#e9e9ec", "#ffffff", "#c9c4bb"
_ROOMS = ("#d7e8f7", "#fde8cf", "#dff2dc", "#f3dff0", "#fbf4cc", "#dff1f1")
_KINDS = (
    ("appliance", "#d1495b", "appliance"),
    ("storage", "#8d6a3f", "storage"),
    ("seating", "#5b7db1", "seat"),
    ("table", "#b08848", "table"),
    ("fixture", "#3f8f8b", "fixture"),
    ("lighting", "#e0a419", "light"),
)
_OTHER = "#7a7a7a"
_AREA = "#2f4b7c"


def draw_map(axes: Axes, graph: SceneGraph, *, labels: bool = True) -> list[Patch | Line2D]:
    """Draw a scene graph on axes in map coordinates.

    Args:
        axes: Where to draw.
        graph: What to draw.
        labels: Whether to write names beside things and rooms.

    Returns:
        Entries for a legend.
    """
    legend = [*_draw_floor(axes, graph), *_draw_areas(axes, graph)]
    legend += _draw_things(axes, graph.objects(), labels=labels)
    if labels:
        _name_rooms(axes, graph)
    _frame(axes, graph)
    return legend


def save_picture(
    graph: SceneGraph,
    path: str | PathLike[str],
    *,
    title: str = "",
    route: Sequence[Sequence[float]] = (),
    dpi: int = 150,
) -> None:
    """Write a picture of the graph from above as PNG.

    Args:
        graph: What to draw.
        path: The file to write.
        title: Above the picture; the map's id unless given.
        route: (x, y, ...) where the robot was, in turn, metres.
        dpi: Dots per inch.
    """
    with mpl.rc_context({"font.size": 7, "font.family": "DejaVu Sans"}):
        figure = Figure(figsize=(9.0, 7.0), layout="constrained")
        axes = figure.add_subplot()
        legend = draw_map(axes, graph)
        if len(route):
            xs, ys = [float(p[0]) for p in route], [float(p[1]) for p in route]
            axes.plot(xs, ys, color="#1b9e4b", linewidth=1.1, alpha=0.85, zorder=3)
            axes.plot(xs[-1], ys[-1], marker="o", color="#1b9e4b", markersize=8, markeredgecolor="white", zorder=8)
            legend.append(Line2D([], [], color="#1b9e4b", marker="o", label="robot's path"))
        figure.suptitle(title or graph.map_id or "scene graph", fontsize=10, x=0.02, ha="left")
        figure.legend(handles=legend, loc="outside lower center", ncols=6, frameon=False)
        figure.savefig(path, dpi=dpi, format="png")


def _draw_floor(axes: Axes, graph: SceneGraph) -> list[Patch | Line2D]:
    grid = graph.grid
    if min(grid.shape) == 0:
        return []
    states = grid.states
    left, bottom = grid.origin
    extent = (left, left + grid.shape[1] * grid.resolution, bottom, bottom + grid.shape[0] * grid.resolution)
    axes.imshow(
        states,
        cmap=ListedColormap([_UNSEEN, _FREE, _OCCUPIED]),
        vmin=0,
        vmax=2,
        origin="lower",
        extent=extent,
        interpolation="nearest",
        zorder=0,
    )
    _tint_rooms(axes, graph, states == CellState.FREE, extent)
    return [
        Patch(facecolor=_UNSEEN, edgecolor="#bbbbbb", label="unseen"),
        Patch(facecolor=_OCCUPIED, edgecolor="#bbbbbb", label="occupied"),
    ]


def _tint_rooms(axes: Axes, graph: SceneGraph, free: np.ndarray, extent: tuple[float, float, float, float]) -> None:
    """Colour the floor by the room that each part of it belongs to."""
    areas = graph.areas
    if not areas.rooms:
        return
    _, owner = graph.grid.nearest_of(list(areas.areas.values()))
    number = {area: n for n, room in enumerate(areas.rooms) for area in room.areas}
    # Beside walls no robot can stand, but the floor belongs to the room all the same.
    _, (rows, columns) = ndimage.distance_transform_edt(owner < 0, return_indices=True)
    owner = owner[rows, columns]
    tint = np.array([to_rgba(_ROOMS[number.get(a, 0) % len(_ROOMS)]) for a in areas.areas] + [(0, 0, 0, 0)])
    picture = tint[np.where(free, owner, -1)]
    axes.imshow(picture, origin="lower", extent=extent, interpolation="nearest", zorder=1)


def _draw_areas(axes: Axes, graph: SceneGraph) -> list[Patch | Line2D]:
    areas = graph.areas
    if not areas.areas:
        return []
    for a, b in areas.edges:
        (x0, y0), (x1, y1) = areas.areas[a], areas.areas[b]
        axes.plot([x0, x1], [y0, y1], color=_AREA, linewidth=0.8, alpha=0.45, zorder=2)
    for area_id, (x, y) in areas.areas.items():
        axes.plot(x, y, marker="o", color="white", markeredgecolor=_AREA, markersize=9, zorder=4)
        axes.text(
            x, y, area_id.rpartition("-")[2], ha="center", va="center_baseline", fontsize=5.5, color=_AREA, zorder=5
        )
    area = Line2D([], [], color=_AREA, marker="o", markerfacecolor="white", linewidth=0.8, label="area, way")
    return [area]


def _draw_things(axes: Axes, things: Sequence[ObjectState], *, labels: bool) -> list[Patch | Line2D]:
    used: dict[str, str] = {}
    # Large things first, so that what stands on them is drawn over them.
    for thing in sorted(things, key=lambda t: -(t.size[0] * t.size[1]) if t.size else 0.0):
        colour, kind = _colour_of(thing)
        used.setdefault(kind, colour)
        x, y, _ = thing.position
        width, depth = (max(v, 0.06) for v in (thing.size or (0.1, 0.1, 0.1))[:2])
        faded = 0.25 if thing.stale else 1.0
        axes.add_patch(
            Rectangle(
                (x - width / 2, y - depth / 2),
                width,
                depth,
                facecolor=(*to_rgba(colour)[:3], 0.28 * faded),
                edgecolor=(*to_rgba(colour)[:3], 0.9 * faded),
                linewidth=0.8,
                linestyle="--" if thing.stale else "-",
                zorder=2.5,
            )
        )
    if labels:
        _name_things(axes, things)
    entries: list[Patch | Line2D] = [
        Patch(facecolor=(*to_rgba(colour)[:3], 0.28), edgecolor=colour, label=kind) for kind, colour in used.items()
    ]
    if any(thing.stale for thing in things):
        entries.append(Patch(facecolor="none", edgecolor=_OTHER, linestyle="--", label="not seen again"))
    return entries


def _colour_of(thing: ObjectState) -> tuple[str, str]:
    categories = ontology().get(thing.label).categories
    for category, colour, kind in _KINDS:
        if category in categories:
            return colour, kind
    return _OTHER, "other"


def _name_things(axes: Axes, things: Sequence[ObjectState]) -> None:
    """Write names once for things of a kind that lie together, and never two names over one another."""
    placed: list[tuple[float, float, str]] = []
    for thing in sorted(things, key=lambda t: (-(t.size[0] * t.size[1]) if t.size else 0.0, t.object_id)):
        x, y, _ = thing.position
        if any(name == thing.label and abs(x - px) < 0.7 and abs(y - py) < 0.7 for px, py, name in placed):
            continue
        # Names are about 0.05 m a letter wide at the size of a home's picture.
        clear = next(
            (
                y + shift
                for shift in (0.0, 0.13, -0.13, 0.26, -0.26)
                if not any(
                    abs(y + shift - py) < 0.12 and abs(x - px) < 0.028 * (len(name) + len(thing.label))
                    for px, py, name in placed
                )
            ),
            None,
        )
        if clear is None:
            continue
        placed.append((x, clear, thing.label))
        word = ontology().get(thing.label).word
        axes.text(x, clear, word, ha="center", va="center", fontsize=5.5, color="#222222", zorder=6)


def _name_rooms(axes: Axes, graph: SceneGraph) -> None:
    for room in graph.rooms():
        places = np.array([area["position"][:2] for area in room["areas"]])
        if len(places):
            x, y = places[:, 0].mean(), places[:, 1].mean() + 0.25
            axes.text(x, y, room["name"], ha="center", fontsize=9, color="#555555", style="italic", zorder=7)


def _frame(axes: Axes, graph: SceneGraph) -> None:
    """Show what is known and little around it."""
    rows, columns = np.nonzero(graph.grid.states)
    if rows.size:
        low, high = np.percentile(graph.grid.centres(rows, columns), [0.2, 99.8], axis=0)
        axes.set_xlim(float(low[0]) - 0.3, float(high[0]) + 0.3)
        axes.set_ylim(float(low[1]) - 0.3, float(high[1]) + 0.3)
    axes.set_aspect("equal")
    axes.set_xlabel("x in m")
    axes.set_ylabel("y in m")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
