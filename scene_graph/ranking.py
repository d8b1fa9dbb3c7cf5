"""How likely a sought thing is at each place of a scene graph, and in which order to look.

The prior of a place is made from this home's habits, other homes' statistics and household knowledge; what was looked
at since and found empty loses most of it and regains it with time; what is where nothing was seen yet shares in it
while the map is incomplete. A closed container seen from outside loses nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import networkx as nx
import numpy as np

from scene_graph.placement import FLOOR
from scene_graph.search import SearchPlace, best_order, meanings
from scene_graph.state import GraphState
from scene_graph.types import FloatArray, Point

__all__ = ["rank"]

_SEARCHED = 0.85
"""Probability that a thing is recognised when the place where it is was looked at."""
_SETTLED = 1800.0
"""Seconds after which what was seen empty is as likely as before to hold something again, times *e*."""
_UNSEEN_SHARE = 0.5
"""The greatest probability that a thing is where nothing was seen yet."""
_LOOK_COST = {"area": 1.0, "container": 2.0, "frontier": 1.0}
"""What looking costs beside travel, in metres of travel that take as long."""
_EYE = 0.9
"""Height above the floor to look at in an area: that of tables and counters, metres."""
_HABIT = 2.0
"""How many findings in this home outweigh what is known of other homes."""
_SHARP = 0.1
"""Difference of cosine similarities that makes a place *e* times as likely."""
_CONSIDERED = 16
"""The likeliest places, among which the order is optimised."""


def rank(
    graph: GraphState,
    sought: str,
    *,
    start: Sequence[float],
    exclude: Collection[str],
    k: int,
    last_seen: Point | None,
    now: float | None,
) -> list[SearchPlace]:
    """Places to look for something, in the order to visit them; see `SceneGraph.rank_places`."""
    time = graph.stamp if now is None else now
    weights = _weights(graph, meanings(sought, knowledge=graph.knowledge, similarity=graph.similarity), time)
    if last_seen is not None and weights:
        likely = graph.support_of(last_seen) or graph.place_of(last_seen)
        likely = likely if likely in weights else graph.place_of(last_seen)
        if likely in weights:
            weights[likely] += sum(weights.values()) * _unlooked(graph, likely, time)
    candidates = _candidates(graph, weights, sought, start, set(exclude))
    if not candidates:
        return []
    candidates.sort(key=lambda place: (-place.probability, place.place_id))
    chosen = candidates[: max(k, _CONSIDERED)]
    travel = _travel(graph, [_ground(p) for p in chosen] + [(float(start[0]), float(start[1]))])
    look = np.array([_LOOK_COST[p.kind] for p in chosen])
    order = best_order(np.array([p.probability for p in chosen]), travel, look)[:k]
    return [_with_viewpoint(graph, chosen[n], float(travel[-1, n])) for n in order]


def _unlooked(graph: GraphState, place_id: str, now: float) -> float:
    """What is left of a place's probability after it was last looked at."""
    thing = graph.things.get(place_id)
    looked = thing.looked if thing is not None else graph.looked.get(place_id)
    if looked is None:
        return 1.0
    return 1.0 - _SEARCHED * math.exp(-max(now - looked, 0.0) / _SETTLED)


def _weights(graph: GraphState, classes: Mapping[str, float], now: float) -> dict[str, float]:
    """Unnormalised probability of each place to be searched: areas, and containers that close."""
    prior: dict[str, float] = {}
    for label, share in classes.items():
        rates: dict[str, float] = {}
        furniture = graph.knowledge.get(label).static
        for thing in graph.things.values():
            receptacle = graph.knowledge.get(thing.label)
            if thing.stale or not receptacle.holds or (furniture and receptacle.closes):
                continue  # nobody keeps furniture in a drawer
            rate = graph.placements.rate(label, thing.label, knowledge=graph.knowledge)
            rates[thing.object_id] = rate * _unlooked(graph, thing.object_id, now)
        floor = graph.placements.rate(label, FLOOR, knowledge=graph.knowledge)
        for area_id in graph.areas.areas:
            rates[area_id] = floor / len(graph.areas.areas) * _unlooked(graph, area_id, now)
        if label not in graph.knowledge:
            affinity = _affinity(graph, label)
            rates = {place: rate * affinity.get(_search_unit(graph, place) or "", 1.0) for place, rate in rates.items()}
        total = sum(rates.values()) or 1.0
        habits = {place: graph.habits.weight(label, place, now) for place in rates}
        learned = sum(habits.values())
        for place, rate in rates.items():
            fresh = _unlooked(graph, place, now)
            prior[place] = prior.get(place, 0.0) + share * (habits[place] * fresh + _HABIT * rate / total) / (
                learned + _HABIT
            )
    weights = dict.fromkeys(graph.areas.areas, 0.0)
    for place, weight in prior.items():
        keeper = _search_unit(graph, place)
        if keeper is not None:
            weights[keeper] = weights.get(keeper, 0.0) + weight
    return weights


def _affinity(graph: GraphState, label: str) -> dict[str, float]:
    """How much likelier a thing is at each place by how alike it is to what the place holds; 1 at the best.

    For things of which nothing else is known: a drill is sooner found beside tools than beside towels.
    """
    if graph.similarity is None:
        return {}
    contents: dict[str, set[str]] = {area: set() for area in graph.areas.areas}
    for thing in graph.things.values():
        if not thing.stale:
            place = _search_unit(graph, thing.object_id)
            contents.setdefault(place or "", set()).add(graph.knowledge.get(thing.label).word)
    texts = {place: ", ".join(sorted(words)) or "empty floor" for place, words in contents.items()}
    cosines = graph.similarity(graph.knowledge.get(label).word, list(texts.values()))
    best = max(cosines, default=0.0)
    return {place: math.exp((c - best) / _SHARP) for place, c in zip(texts, cosines, strict=False)}


def _search_unit(graph: GraphState, place_id: str) -> str | None:
    """The place that a search visits to look there: the container to open, else the area."""
    thing = graph.things.get(place_id)
    if thing is None:
        return place_id if place_id in graph.areas.areas else None
    if graph.knowledge.get(thing.label).closes:
        return place_id
    return thing.area


def _candidates(
    graph: GraphState, weights: Mapping[str, float], sought: str, start: Sequence[float], exclude: set[str]
) -> list[SearchPlace]:
    floor = graph.grid.floor
    frontiers = graph.grid.frontiers(start=start)
    unseen = min(_UNSEEN_SHARE, 0.04 * sum(f.length for f in frontiers)) if weights else 1.0
    if graph.knowledge.get(sought).static and frontiers:
        unseen = max(unseen, 0.8)  # what keeps its place and was not seen is where nothing was seen
    total = sum(w for place, w in weights.items() if place not in exclude) or 1.0
    found = []
    for place, weight in weights.items():
        if place in exclude:
            continue
        probability = (1 - unseen) * weight / total
        thing = graph.things.get(place)
        if thing is not None:
            found.append(
                SearchPlace(
                    place_id=place,
                    kind="container",
                    label=thing.label,
                    position=thing.position,
                    probability=probability,
                )
            )
        else:
            x, y = graph.areas.areas[place]
            found.append(
                SearchPlace(
                    place_id=place,
                    kind="area",
                    label=_area_name(graph, place),
                    position=(x, y, floor + _EYE),
                    viewpoint=(x, y, floor),
                    probability=probability,
                )
            )
    length = sum(f.length for f in frontiers) or 1.0
    for frontier in frontiers:
        x, y = frontier.position
        name = f"frontier-{x:.1f},{y:.1f}"
        if name not in exclude:
            found.append(
                SearchPlace(
                    place_id=name,
                    kind="frontier",
                    label="edge of the unseen",
                    position=(x, y, floor + _EYE),
                    viewpoint=(x, y, floor),
                    probability=unseen * frontier.length / length,
                )
            )
    return found


def _area_name(graph: GraphState, area_id: str) -> str:
    """What an area is called: by its largest thing, else by its room."""
    inside = [o for o in graph.things.values() if o.area == area_id and not o.stale]
    if inside:
        largest = max(inside, key=lambda o: (math.prod(o.size), o.object_id))
        return f"around the {graph.knowledge.get(largest.label).word}"
    return area_id


def _travel(graph: GraphState, places: list[tuple[float, float]]) -> FloatArray:
    """Metres between places, by the ways between their areas."""
    points = np.array(places)
    direct: FloatArray = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    if not graph.areas.areas:
        return direct
    ways: nx.Graph[str] = nx.Graph()
    ways.add_nodes_from(graph.areas.areas)
    ways.add_weighted_edges_from((a, b, cost) for (a, b), cost in graph.areas.edges.items())
    own = [graph.areas.nearest(x, y) or "" for x, y in places]
    result = direct.copy()
    for i, a in enumerate(own):
        reach: dict[str, float] = nx.single_source_dijkstra_path_length(ways, a)
        for j, b in enumerate(own):
            if a != b:
                result[i, j] = max(direct[i, j], reach.get(b, direct[i, j] + 10.0))
    return np.maximum(result, result.T)


def _with_viewpoint(graph: GraphState, place: SearchPlace, cost: float) -> SearchPlace:
    viewpoint = place.viewpoint
    if viewpoint is None:
        poses = graph.grid.approach_poses(place.position, min_distance=0.5, max_distance=1.2, count=1)
        viewpoint = (poses[0][0], poses[0][1], graph.grid.floor) if poses else None
    return replace(place, viewpoint=viewpoint, cost=cost)


def _ground(place: SearchPlace) -> tuple[float, float]:
    point = place.viewpoint or place.position
    return point[0], point[1]
