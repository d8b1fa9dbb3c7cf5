"""A picture of the scene graph from above: floor, rooms, areas and the ways between them, and things with their names.

`draw_map` draws on given axes, so that others can draw paths and what moves over it; `save_picture` writes a PNG.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke
from scipy import ndimage

from scene_graph.graph import SceneGraph
from scene_graph.grid import CellState
from scene_graph.listing import outline
from scene_graph.ontology import ontology
from scene_graph.palette import AREA, NOTE, OTHER, ROOMS, ROUTE, kind_of, rgb
from scene_graph.types import ObjectState

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_map", "save_picture"]

_UNSEEN, _FREE, _OCCUPIED = "#eeeef1", "#ffffff", "#b9b5ae"
_HALO = [withStroke(linewidth=2.2, foreground="white", alpha=0.85)]
_LETTER = 0.062
"""Metres that a letter of a name is wide on a picture in which a metre is an inch; names are spaced by it."""
_LINE = 0.17
"""Metres that a line of names is high there."""


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
    legend += _draw_things(axes, graph.objects())
    legend += _draw_notes(axes, graph)
    _frame(axes, graph)
    if labels:
        _name_rooms(axes, graph)
        _name_things(axes, graph.objects(), _metres_an_inch(axes))
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
    with mpl.rc_context({"font.size": 8, "font.family": "DejaVu Sans"}):
        low, high = _extent(graph)
        width, depth = high[0] - low[0], high[1] - low[1]
        scale = min(10.0 / width, 8.0 / depth, 1.6)
        figure = Figure(figsize=(max(width * scale, 4.5) + 0.9, depth * scale + 1.6), layout="constrained")
        axes = figure.add_subplot()
        legend = draw_map(axes, graph)
        if len(route):
            xs, ys = [float(p[0]) for p in route], [float(p[1]) for p in route]
            axes.plot(xs, ys, color=ROUTE, linewidth=1.2, alpha=0.8, zorder=3)
            axes.plot(xs[-1], ys[-1], marker="o", color=ROUTE, markersize=8, markeredgecolor="white", zorder=8)
            legend.append(Line2D([], [], color=ROUTE, marker="o", label="robot's path"))
        rooms = len(graph.areas.rooms)
        count = f"{rooms} room{'s' * (rooms != 1)}, {len(graph.areas.areas)} areas, {len(graph)} things"
        figure.suptitle(f"{title or graph.map_id or 'scene graph'}: {count}", fontsize=11, x=0.02, ha="left")
        columns = max(3, int(figure.get_figwidth() / 1.35))
        figure.legend(handles=legend, loc="outside lower center", ncols=columns, frameon=False)
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
    # Beside walls no robot can stand, but the floor belongs to the room all the same; what lies beyond walls does not.
    patches, _ = ndimage.label(free)
    inside = free & np.isin(patches, np.unique(patches[(owner >= 0) & free]))
    _, (rows, columns) = ndimage.distance_transform_edt(owner < 0, return_indices=True)
    number = {area: n for n, room in enumerate(areas.rooms) for area in room.areas}
    tints = [(*_light(ROOMS[number.get(a, 0) % len(ROOMS)], 0.78), 1.0) for a in areas.areas]
    picture = np.array([*tints, (0.0, 0.0, 0.0, 0.0)])[np.where(inside, owner[rows, columns], -1)]
    axes.imshow(picture, origin="lower", extent=extent, interpolation="nearest", zorder=1)


def _draw_areas(axes: Axes, graph: SceneGraph) -> list[Patch | Line2D]:
    areas = graph.areas
    if not areas.areas:
        return []
    for a, b in areas.edges:
        (x0, y0), (x1, y1) = areas.areas[a], areas.areas[b]
        axes.plot([x0, x1], [y0, y1], color=AREA, linewidth=0.9, alpha=0.5, zorder=3)
    xs, ys = zip(*areas.areas.values(), strict=True)
    axes.scatter(xs, ys, s=22, color="white", edgecolors=AREA, linewidths=1.0, zorder=4)
    return [Line2D([], [], color=AREA, marker="o", markersize=5, markerfacecolor="white", label="area, way")]


def _draw_things(axes: Axes, things: Sequence[ObjectState]) -> list[Patch | Line2D]:
    used: dict[str, str] = {}
    # Large things first, so that what stands on them is drawn over them.
    for thing in sorted(things, key=lambda t: -_floor_area(t)):
        kind, colour = kind_of(thing.label)
        used.setdefault(kind, colour)
        x, y, _ = thing.position
        width, depth = (max(v, 0.06) for v in (thing.size or (0.1, 0.1, 0.1))[:2])
        axes.add_patch(
            Rectangle(
                (x - width / 2, y - depth / 2),
                width,
                depth,
                facecolor=(*_light(colour, 0.62), 0.15 if thing.stale else 0.8),
                edgecolor=(*rgb(colour), 0.45 if thing.stale else 1.0),
                linewidth=0.9,
                linestyle="--" if thing.stale else "-",
                zorder=2.5,
            )
        )
    entries: list[Patch | Line2D] = [
        Patch(facecolor=_light(colour, 0.62), edgecolor=colour, label=kind) for kind, colour in used.items()
    ]
    if any(thing.stale for thing in things):
        entries.append(Patch(facecolor="none", edgecolor=OTHER, linestyle="--", label="not seen again"))
    return entries


def _draw_notes(axes: Axes, graph: SceneGraph) -> list[Patch | Line2D]:
    """Crosses where things were that turned out to move."""
    if not graph.notes:
        return []
    for note in graph.notes:
        axes.plot(*note.position[:2], marker="x", color=NOTE, markersize=6, alpha=0.7, zorder=5)
    return [Line2D([], [], color=NOTE, marker="x", linewidth=0, label="moved away")]


def _floor_area(thing: ObjectState) -> float:
    return thing.size[0] * thing.size[1] if thing.size else 0.0


def _name_things(axes: Axes, things: Sequence[ObjectState], metres_an_inch: float) -> None:
    """Write names once for things of a kind that lie together, and never two names over one another."""
    letter, line = _LETTER * metres_an_inch, _LINE * metres_an_inch
    placed: list[tuple[float, float, str]] = []
    for thing in sorted(things, key=lambda t: (-_floor_area(t), t.object_id)):
        x, y, _ = thing.position
        word = ontology().get(thing.label).word
        if any(name == word and abs(x - px) < 0.7 and abs(y - py) < 0.7 for px, py, name in placed):
            continue
        for shift in (0.0, line, -line, 2 * line, -2 * line):
            height = y + shift
            if not any(
                abs(height - py) < line and abs(x - px) < letter / 2 * (len(name) + len(word))
                for px, py, name in placed
            ):
                placed.append((x, height, word))
                axes.text(
                    x,
                    height,
                    word,
                    ha="center",
                    va="center",
                    fontsize=6.5,
                    color="#888888" if thing.stale else "#1d1d1f",
                    path_effects=_HALO,
                    zorder=6,
                    clip_on=True,
                )
                break


def _name_rooms(axes: Axes, graph: SceneGraph) -> None:
    """Write each room's name where there is most room around it."""
    clearance = graph.grid.clearance()
    _, owner = graph.grid.nearest_of(list(graph.areas.areas.values()))
    number = {area: n for n, area in enumerate(graph.areas.areas)}
    for room, name, middle in outline(graph):
        cells = np.isin(owner, [number[area] for area in room.areas])
        if middle is None or not cells.any():
            continue
        row, column = np.unravel_index(int(np.argmax(np.where(cells, clearance, -1.0))), cells.shape)
        x, y = graph.grid.centres(np.array([row]), np.array([column]))[0].tolist()
        axes.text(
            x,
            y + 0.18,
            name,
            ha="center",
            fontsize=10.5,
            color="#44464d",
            style="italic",
            weight="bold",
            path_effects=_HALO,
            zorder=7,
        )


def _extent(graph: SceneGraph) -> tuple[tuple[float, float], tuple[float, float]]:
    """Lower and upper corner of what is known and a little around it, metres."""
    rows, columns = np.nonzero(graph.grid.states)
    points = [graph.grid.centres(rows, columns)] if rows.size else []
    if graph.areas.areas:
        points.append(np.array(list(graph.areas.areas.values())))
    boxes = [thing for thing in graph.objects() if not points or thing.size]
    for sign in (-0.5, 0.5):
        spots = [[p + sign * s for p, s in zip(t.position[:2], t.size or (0, 0, 0), strict=False)] for t in boxes]
        points += [np.array(spots)] if spots else []
    if not points:
        return (-1.0, -1.0), (1.0, 1.0)
    low, high = np.percentile(np.concatenate(points), [0.2, 99.8], axis=0)
    return (float(low[0]) - 0.3, float(low[1]) - 0.3), (float(high[0]) + 0.3, float(high[1]) + 0.3)


def _frame(axes: Axes, graph: SceneGraph) -> None:
    """Show what is known and little around it."""
    low, high = _extent(graph)
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.set_aspect("equal")
    axes.set_xlabel("x in m")
    axes.set_ylabel("y in m")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _metres_an_inch(axes: Axes) -> float:
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    figure = axes.figure
    width, height = figure.get_size_inches() if isinstance(figure, Figure) else (6.4, 4.8)
    return float(max((right - left) / max(width - 1.2, 1.0), (top - bottom) / max(height - 1.8, 1.0)))


def _light(colour: str, share: float) -> tuple[float, float, float]:
    """A colour with a share of white."""
    r, g, b = (v + (1 - v) * share for v in rgb(colour))
    return r, g, b
