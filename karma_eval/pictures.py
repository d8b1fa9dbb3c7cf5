"""Pictures of what failed: the home from above with the robot's way and the things concerned, and its last view.

They are made from a run's record: its actions are sent to the headless simulator once more, without any planner, so
that the picture shows what was recorded whatever has become of the code since.
"""

from __future__ import annotations

import ast
import base64
import io
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import escape
from PIL import Image

from karma_eval.failures import Failure
from karma_eval.pool import spread
from karma_eval.recording import expand
from karma_eval.tasks import Task
from karma_eval.world import World
from sim.errors import SimError
from sim.simulation import Simulation

__all__ = ["draw_failures", "parse_action"]

_FRAME = (640, 480)
"""Pixels of the frames; the record's actions succeed or fail as they did at any size, which is checked."""

_MAP_SIZE = (320, 300)
_VIEW_WIDTH = 200
_QUALITY = 70
_MARGIN = 0.3
"""Metres around the home."""

_ALIKE = 8
"""Things of one class that are marked, at most."""

_TOGETHER = 0.5
"""Metres within which things of one class share a mark."""

_ARGUMENT = re.compile(r" (\w+)=((?:'[^']*'|\"[^\"]*\"|[^\s'\"])+)")


def draw_failures(
    failures: Sequence[Failure],
    folder: Path,
    *,
    workers: int = 1,
    on_picture: Callable[[int, int], None] | None = None,
) -> dict[str, str]:
    """Draw failures, or take the pictures that a folder holds already.

    Args:
        failures: What to draw; their runs' records hold all actions.
        folder: Where they are kept; made if need be.
        workers: Simulators at a time.
        on_picture: Takes how many are drawn, of how many.

    Returns:
        The pictures that could be drawn, by `Failure.name`: an ``<svg>`` of the map and an ``<img>`` of the view.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = {f.name: _path(folder, f).read_text(encoding="utf-8") for f in failures if _path(folder, f).exists()}
    missing = [f for f in failures if f.name not in found and f.run.get("actions") and not f.run.get("real_thor")]
    for done, (name, picture) in enumerate(spread(partial(_draw, folder=folder), missing, workers=workers), start=1):
        if picture is not None:
            found[name] = picture
        if on_picture is not None:
            on_picture(done, len(missing))
    return found


def _path(folder: Path, failure: Failure) -> Path:
    return folder / f"{failure.name}.html"


def parse_action(text: str) -> tuple[str, dict[str, Any], bool]:
    """An action as `RecordedSimulation` writes it: its name, its arguments, and whether it succeeded.

    Example:
        >>> parse_action("MoveAhead moveMagnitude=0.25 !")
        ('MoveAhead', {'moveMagnitude': 0.25}, False)
    """
    succeeded = not text.endswith(" !")
    arguments = {name: _value(value) for name, value in _ARGUMENT.findall(text.removesuffix(" !"))}
    return text.split(" ", 1)[0], arguments, succeeded


def _value(text: str) -> Any:
    """The value that `recording` wrote: a literal, but for the bare keys of its mappings."""
    return ast.literal_eval(re.sub(r"([{,])(\w+):", r"\1'\2':", text) if text[0] in "{[" else text)


@dataclass
class _Scene:
    """What a picture shows, in THOR's coordinates, metres."""

    above: Image.Image
    view: Image.Image
    middle: tuple[float, float]
    scale: float
    bounds: tuple[float, float, float, float]
    before: list[tuple[float, float]] = field(default_factory=list)
    way: list[tuple[float, float]] = field(default_factory=list)
    heading: float = 0.0
    things: list[_Thing] = field(default_factory=list)


@dataclass
class _Thing:
    """Things of one class that lie together, in THOR's coordinates, metres."""

    label: str
    x: float
    z: float
    subject: bool
    count: int = 1

    @property
    def name(self) -> str:
        return self.label if self.count == 1 else f"{self.label} × {self.count}"


def _draw(failure: Failure, *, folder: Path) -> tuple[str, str | None]:
    try:
        scene = _replayed(failure)
    except SimError:
        return failure.name, None
    if scene is None:
        return failure.name, None
    picture = "".join(_drawn(scene))
    _path(folder, failure).write_text(picture, encoding="utf-8")
    return failure.name, picture


def _replayed(failure: Failure) -> _Scene | None:
    """The scene after an instruction; None if the simulator no longer does what the record says."""
    record = failure.run
    actions = expand(record["actions"])
    marks = record.get("marks") or []
    end = marks[failure.index] if failure.index < len(marks) else len(actions)
    start = marks[failure.index - 1] if 0 < failure.index <= len(marks) else 0
    with Simulation.start(record["scene"], width=_FRAME[0], height=_FRAME[1]) as simulation:
        event = simulation.reset(record["scene"])
        places = [_place(event)]
        for text in actions[:end]:
            name, arguments, succeeded = parse_action(text)
            event = simulation.step(name, **arguments)
            if event.metadata["lastActionSuccess"] is not succeeded:
                return None
            places.append(_place(event))
        scene = _from_above(simulation, Image.fromarray(event.frame))
        scene.before, scene.way = places[: start + 1], places[start:]
        scene.heading = float(event.metadata["agent"]["rotation"]["y"])
        scene.things = _things(failure, event.metadata["objects"])
        return scene


def _place(event: Any) -> tuple[float, float]:
    position = event.metadata["agent"]["position"]
    return (float(position["x"]), float(position["z"]))


def _from_above(simulation: Simulation, view: Image.Image) -> _Scene:
    camera = simulation.step("GetMapViewCameraProperties").metadata["actionReturn"]
    event = simulation.step("AddThirdPartyCamera", **camera)
    picture = Image.fromarray(event.third_party_camera_frames[-1])
    scale = picture.height / (2 * float(camera["orthographicSize"]))
    middle = (float(camera["position"]["x"]), float(camera["position"]["z"]))
    size = event.metadata["sceneBounds"]["size"]
    width, depth = (float(size[axis]) / 2 + _MARGIN for axis in "xz")
    box = (
        max(0.0, picture.width / 2 - width * scale),
        max(0.0, picture.height / 2 - depth * scale),
        min(float(picture.width), picture.width / 2 + width * scale),
        min(float(picture.height), picture.height / 2 + depth * scale),
    )
    return _Scene(above=picture, view=view, middle=middle, scale=scale, bounds=box)


def _things(failure: Failure, objects: Sequence[Mapping[str, Any]]) -> list[_Thing]:
    """The things that the instruction's milestones name, and what they are to be brought to."""
    task = Task.model_validate(failure.run["definition"])
    if failure.index >= len(task.instructions):
        return []
    world = World(objects)
    shown: set[str] = set()
    things: list[_Thing] = []
    for milestone in task.instructions[failure.index].milestones:
        for selector in milestone.selectors:
            for object_id in [i for i in world.select(selector, {}) if i not in shown][:_ALIKE]:
                shown.add(object_id)
                centre = world.by_id[object_id]["axisAlignedBoundingBox"]["center"]
                label, x, z = str(world.by_id[object_id]["objectType"]), float(centre["x"]), float(centre["z"])
                beside = (t for t in things if t.label == label and math.hypot(t.x - x, t.z - z) < _TOGETHER)
                thing = next(beside, None)
                if thing is not None:
                    thing.count += 1
                else:
                    things.append(_Thing(label, x, z, selector == milestone.subject))
    return things


def _drawn(scene: _Scene) -> Iterator[str]:
    """Map and view; the map's words have colours and halos of their own, so that they read on light and dark pages."""
    left, top, right, bottom = scene.bounds
    zoom = min(_MAP_SIZE[0] / (right - left), _MAP_SIZE[1] / (bottom - top))
    map_width, height = round((right - left) * zoom), round((bottom - top) * zoom)

    def at(x: float, z: float) -> tuple[float, float]:
        column = scene.above.width / 2 + (x - scene.middle[0]) * scene.scale
        row = scene.above.height / 2 - (z - scene.middle[1]) * scene.scale
        return round((column - left) * zoom, 1), round((row - top) * zoom, 1)

    above = scene.above.crop((round(left), round(top), round(right), round(bottom))).resize((map_width, height))
    yield (
        f'<svg viewBox="0 0 {map_width} {height}" width="{map_width}" role="img" aria-label="map" '
        'font-family="sans-serif" font-size="12">'
        f'<image href="{_data(above)}" width="{map_width}" height="{height}"/>'
    )
    for way, colour, thickness in ((scene.before, "#fff", 1.2), (scene.way, "#ffb300", 2.6)):
        if len(way) > 1:
            points = " ".join(f"{x},{y}" for x, y in _distinct([at(*place) for place in way]))
            yield (
                f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{thickness}" '
                'stroke-linejoin="round" opacity=".85"/>'
            )
    taken: list[tuple[float, float]] = []
    for thing in scene.things:
        column, row = at(thing.x, thing.z)
        colour = "#c4002b" if thing.subject else "#0b3fa8"
        yield f'<circle cx="{column}" cy="{row}" r="5" fill="none" stroke="{colour}" stroke-width="2.4"/>'
        while any(abs(row - y) < 11 and abs(column - x) < 7 * len(thing.name) for x, y in taken):
            row += 11
        taken.append((column, row))
        anchor, shift = ("end", -8) if column > map_width * 0.72 else ("start", 8)
        yield (
            f'<text x="{column + shift}" y="{row + 4}" text-anchor="{anchor}" fill="{colour}" stroke="#fff" '
            f'stroke-width="3" paint-order="stroke">{escape(thing.name)}</text>'
        )
    column, row = at(*scene.way[-1])
    yield (
        f'<path d="M0-9L6 7L0 3L-6 7Z" transform="translate({column} {row}) rotate({scene.heading:.0f})" '
        'fill="#ffb300" stroke="#222"/>'
    )
    yield "</svg>"
    view = scene.view.resize((_VIEW_WIDTH, round(_VIEW_WIDTH * scene.view.height / scene.view.width)))
    yield f'<img src="{_data(view)}" width="{_VIEW_WIDTH}" alt="what the camera saw last">'


def _distinct(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without those that repeat the one before."""
    return [p for n, p in enumerate(points) if n == 0 or p != points[n - 1]]


def _data(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
