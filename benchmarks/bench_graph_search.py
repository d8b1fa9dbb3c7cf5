"""How far a robot drives until it finds a thing: our order of places against others, in the 120 iTHOR floor plans.

Each home's receptacles and free floor come from the recorded metadata in the `procthor` package. Twice the question is
asked for every (home, kind of thing): with the thing hidden at a place drawn from the *other* homes' statistics, and
with the thing where it really is, the home in question left out of the statistics. The robot knows the map and starts
at a random place; what it costs is the metres that it drives until it looks where the thing is.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scene_graph.grid import OccupancyGrid
from scene_graph.ontology import ontology
from scene_graph.placement import Placements
from scene_graph.search import best_order

SEED = 7
RESOLUTION = 0.1
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Home:
    """A floor plan as a search sees it.

    Attributes:
        kind: ``"kitchens"``, ``"living_rooms"``, ``"bedrooms"`` or ``"bathrooms"``.
        receptacles: Class of each receptacle that can be reached.
        travel: (N, N) metres between their stands.
        things: (class, receptacle's number) of everything that truly lies on or in one.
    """

    kind: str
    receptacles: list[str]
    travel: FloatArray
    things: list[tuple[str, int]]


def load_homes() -> list[Home]:
    """The 120 floor plans.

    Raises:
        FileNotFoundError: If the `procthor` package is not installed.
    """
    spec = importlib.util.find_spec("procthor")
    folders = list(spec.submodule_search_locations or []) if spec else []
    if not folders:
        raise FileNotFoundError("install the procthor package (requirements/data.txt): it holds the floor plans")
    path = Path(folders[0]) / "databases" / "ai2thor-object-metadata.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    kinds = ("kitchens", "living_rooms", "bedrooms", "bathrooms")
    return [home for kind in kinds for plan in data[kind] if (home := read_home(kind, plan)) is not None]


def read_home(kind: str, plan: list[dict[str, Any]]) -> Home | None:
    """One floor plan; None if its receptacles cannot be reached."""
    grid = floor_of(plan)
    free = np.argwhere(grid.traversable())
    if len(free) == 0:
        return None
    # The largest connected part of the floor is where the robot lives.
    fields = [grid.distance_field(grid.centres(row[:1], row[1:])[0]) for row in free[:: max(len(free) // 7, 1)]]
    room = max(fields, key=lambda field: np.count_nonzero(np.isfinite(field)))
    known = ontology()
    objects = {o["objectId"]: o for o in plan}
    numbers: dict[str, int] = {}
    labels: list[str] = []
    stands: list[Any] = []
    for o in plan:
        label = o["objectType"]
        if not o["receptacle"] or o["pickupable"] or label == "Floor" or not known.get(label).holds:
            continue
        rows, columns = np.nonzero(np.isfinite(room))
        centres = grid.centres(rows, columns)
        x, y = centre(o)
        nearest = int(np.argmin(np.hypot(*(centres - (x, y)).T)))
        if np.hypot(*(centres[nearest] - (x, y))) < 1.5:
            numbers[o["objectId"]] = len(labels)
            labels.append(label)
            stands.append(centres[nearest])
    if len(labels) < 3:
        return None
    travel = np.array([grid.distances(stand, stands) for stand in stands])
    things = []
    for o in plan:
        if o["pickupable"]:
            parents = [p for p in o["parentReceptacles"] or () if p in numbers and holds(objects[p], o)]
            if parents:
                smallest = min(parents, key=lambda p: volume(objects[p]))
                things.append((o["objectType"], numbers[smallest]))
    return Home(kind, labels, (travel + travel.T) / 2, things)


def floor_of(plan: list[dict[str, Any]]) -> OccupancyGrid:
    """Free floor: what the floor's box spans, less what stands in the way of the robot's body."""
    floor = next(o for o in plan if o["objectType"] == "Floor")
    boxes = [corners(o) for o in plan if not o["pickupable"] and o["objectType"] not in ("Floor", "Window", "Painting")]
    low, high = corners(floor)
    ground = high[2]
    columns = np.arange(low[0], high[0], RESOLUTION) + RESOLUTION / 2
    rows = np.arange(low[1], high[1], RESOLUTION) + RESOLUTION / 2
    xs, ys = np.meshgrid(columns, rows)
    blocked = np.zeros(xs.shape, dtype=bool)
    for a, b in boxes:
        if a[2] < ground + 1.5 and b[2] > ground + 0.1:
            blocked |= (xs > a[0]) & (xs < b[0]) & (ys > a[1]) & (ys < b[1])
    text = ["".join("#" if cell else "." for cell in row) for row in blocked[::-1].tolist()]
    origin = [round(low[0] / RESOLUTION), round(low[1] / RESOLUTION)]
    return OccupancyGrid.from_json({"resolution": RESOLUTION, "origin": origin, "rows": text})


def centre(o: dict[str, Any]) -> tuple[float, float]:
    """Middle of an object's box on the floor, metres."""
    c = o["axisAlignedBoundingBox"]["center"]
    return c["x"], c["z"]


def corners(o: dict[str, Any]) -> tuple[FloatArray, FloatArray]:
    """Lower and upper corner of an object's box, height last, metres."""
    box = o["axisAlignedBoundingBox"]
    middle = np.array([box["center"][k] for k in "xzy"])
    half = np.array([box["size"][k] for k in "xzy"]) / 2
    return middle - half, middle + half


def volume(o: dict[str, Any]) -> float:
    """Of an object's box, cubic metres."""
    low, high = corners(o)
    return float(np.prod(np.maximum(high - low, 0.01)))


def holds(receptacle: dict[str, Any], thing: dict[str, Any]) -> bool:
    """Whether the boxes agree with the recorded containment, which is wrong in places."""
    low, high = corners(receptacle)
    a, b = corners(thing)
    middle = (a + b) / 2
    inside = (middle[:2] >= low[:2] - 0.05).all() and (middle[:2] <= high[:2] + 0.05).all()
    return bool(inside and low[2] - 0.05 <= middle[2] <= high[2] + 0.6)


def statistics(homes: list[Home]) -> Placements:
    """Placements counted over homes."""
    exposures: dict[str, int] = {}
    for home in homes:
        for label in home.receptacles:
            exposures[label] = exposures.get(label, 0) + 1
    return Placements.count(((t, home.receptacles[n]) for home in homes for t, n in home.things), exposures)


def nearest_first(travel: FloatArray, start: int, among: list[int]) -> list[int]:
    """Always on to the nearest place that was not visited."""
    order, here, left = [], start, set(among)
    while left:
        here = min(left, key=lambda n: (travel[here, n], n))
        order.append(here)
        left.remove(here)
    return order


def metres(order: list[int], travel: FloatArray, start: int, goal: int) -> float:
    """What is driven until the goal is visited."""
    spent, here = 0.0, start
    for place in order:
        spent += float(travel[here, place])
        here = place
        if place == goal:
            return spent
    raise ValueError("the order leaves the goal out")


def orders(home: Home, label: str, placements: Placements, start: int, random: np.random.Generator) -> dict[str, Any]:
    """Every order that is compared, by name; all visit all receptacles in the end."""
    count = len(home.receptacles)
    rates = np.array([placements.rate(label, r) for r in home.receptacles])
    chances = rates / rates.sum()
    from_start = np.append(home.travel, home.travel[start : start + 1], axis=0)
    table = np.append(from_start, np.append(home.travel[:, start], 0.0)[:, None], axis=1)
    plausible = [n for n, r in enumerate(home.receptacles) if label in ontology().get(r).holds]
    rest = [n for n in range(count) if n not in set(plausible)]
    first = nearest_first(home.travel, start, plausible)
    return {
        "ours": best_order(chances, table, np.zeros(count)),
        "likelihood only": sorted(range(count), key=lambda n: (-chances[n], home.travel[start, n])),
        "nearest": nearest_first(home.travel, start, list(range(count))),
        "nearest plausible": first + nearest_first(home.travel, first[-1] if first else start, rest),
        "random": random.permutation(count).tolist(),
    }


def compare(homes: list[Home], pick: Callable[[int, Placements], list[tuple[str, int]]]) -> dict[str, Any]:
    """Mean metres by order over all (home, thing) pairs, and what ours saves, with 95 % bootstrap intervals."""
    random = np.random.default_rng(SEED)
    driven: dict[str, list[float]] = {}
    for number, home in enumerate(homes):
        placements = statistics(homes[:number] + homes[number + 1 :])
        for label, goal in pick(number, placements):
            start = int(random.integers(len(home.receptacles)))
            for name, order in orders(home, label, placements, start, random).items():
                driven.setdefault(name, []).append(metres(order, home.travel, start, goal))
            driven.setdefault("omniscient", []).append(float(home.travel[start, goal]))
    result: dict[str, Any] = {"pairs": len(driven["ours"])}
    ours = np.array(driven["ours"])
    for name, values in driven.items():
        result[f"{name}, m"] = float(np.mean(values))
    for name in ("nearest", "nearest plausible", "likelihood only"):
        other = np.array(driven[name])
        draws = random.integers(len(ours), size=(1000, len(ours)))
        saved = 1 - ours[draws].mean(axis=1) / other[draws].mean(axis=1)
        low, high = np.percentile(saved, [2.5, 97.5]).tolist()
        result[f"saved against {name}, %"] = 100 * float(1 - ours.mean() / other.mean())
        result[f"saved against {name}, 95 %"] = f"{100 * low:.1f} to {100 * high:.1f}"
    return result


def run() -> dict[str, Any]:
    """Both questions; figures by name."""
    homes = load_homes()
    random = np.random.default_rng(SEED)
    kinds = sorted({label for home in homes for label, _ in home.things})

    def hidden(number: int, placements: Placements) -> list[tuple[str, int]]:
        pairs = []
        for label in kinds:
            counted = np.array([placements.rates.get(r, {}).get(label, 0.0) for r in homes[number].receptacles])
            if counted.sum() > 0:
                pairs.append((label, int(random.choice(len(counted), p=counted / counted.sum()))))
        return pairs

    figures: dict[str, Any] = {"homes": len(homes)}
    figures |= {f"drawn: {name}": value for name, value in compare(homes, hidden).items()}
    figures |= {f"real: {name}": value for name, value in compare(homes, lambda n, _: homes[n].things).items()}
    return figures


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
