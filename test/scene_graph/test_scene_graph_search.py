"""Where to look: what phrases mean, in which order places are visited, and what looking teaches."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from boxworld import look_around, two_rooms
from hypothesis import given, settings
from hypothesis import strategies as st

from scene_graph import SceneGraph
from scene_graph.placement import Habits, Placements, procthor_placements
from scene_graph.search import best_order, expected_cost, meanings


@pytest.fixture(scope="module")
def built() -> SceneGraph:
    graph = SceneGraph()
    for place, (x, y) in enumerate([(0.6, 0.6), (0.6, 2.4), (3.0, 3.5), (4.5, 2.0)]):
        for seen, view in look_around(two_rooms(), x, y, 10.0 * place):
            graph.observe(seen, view, robot_pose=(x, y, 0.0), stamp=10.0 * place)
    return graph


@pytest.fixture
def home(built: SceneGraph) -> SceneGraph:
    """A copy of its own for every test."""
    return SceneGraph.from_json(built.to_json())


@pytest.mark.parametrize(
    ("phrase", "label"),
    [
        ("Mug", "Mug"),
        ("mugs", "Mug"),
        ("the knife", "Knife"),
        ("something to write with", "Pencil"),
        ("something to read", "Book"),
        ("red fruit", "Tomato"),
        ("a healthy snack", "Apple"),
    ],
)
def test_phrases_mean_classes(phrase: str, label: str) -> None:
    weights = meanings(phrase)
    assert label in weights
    assert sum(weights.values()) == pytest.approx(1.0)


def test_an_embedding_model_decides_when_there_is_one() -> None:
    def likes_boots(_: str, texts: object) -> list[float]:
        return [1.0 if str(t).startswith("boots") else 0.1 for t in texts]  # type: ignore[attr-defined]

    assert max(meanings("for rainy days", similarity=likes_boots).items(), key=lambda i: i[1])[0] == "Boots"


def test_what_means_nothing_is_sought_as_it_is() -> None:
    assert meanings("zorgel") == {"zorgel": 1.0}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 6))
def test_the_order_is_close_to_the_best_there_is(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    places = random.uniform(0, 10, (count + 1, 2))
    travel = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    chances, look = random.dirichlet(np.ones(count)), np.full(count, 0.5)
    arguments = (chances.tolist(), travel.tolist(), look.tolist())
    order = best_order(chances, travel, look)
    assert sorted(order) == list(range(count))
    best = min(expected_cost(o, *arguments) for o in itertools.permutations(range(count)))
    assert expected_cost(order, *arguments) <= 1.15 * best


def test_a_near_unlikely_place_on_the_way_is_not_left_out_greedily() -> None:
    # Greedy by probability walks 10 m past the place at 1 m and back again.
    travel = np.abs(np.subtract.outer([10.0, 1.0, 0.0], [10.0, 1.0, 0.0]))
    assert best_order(np.array([0.55, 0.45]), travel, np.zeros(2)) == [1, 0]


def test_places_are_plausible_and_ordered(home: SceneGraph) -> None:
    places = home.rank_places("Apple", start=(0.6, 0.6, 0.0))
    by_label = {p.label: p for p in places}
    assert by_label["around the dining table"].probability > by_label["around the sofa"].probability
    assert by_label["Fridge"].kind == "container"
    assert sum(p.probability for p in home.rank_places("Apple", start=(0.6, 0.6), k=100)) == pytest.approx(1.0)
    for place in places:
        assert place.viewpoint is None or home.grid.is_traversable([place.viewpoint[:2]])[0]


def test_excluded_places_are_left_out(home: SceneGraph) -> None:
    first = home.rank_places("Apple", start=(0.6, 0.6), k=100)
    rest = home.rank_places("Apple", start=(0.6, 0.6), k=100, exclude=[first[0].place_id])
    assert {p.place_id for p in rest} == {p.place_id for p in first} - {first[0].place_id}
    assert len(home.rank_places("Apple", start=(0.6, 0.6), k=2)) == 2
    everything = [p.place_id for p in first]
    assert home.rank_places("Apple", start=(0.6, 0.6), exclude=everything) == []


def chance(graph: SceneGraph, place_id: str, *, now: float | None = None, sought: str = "Apple") -> float:
    places = graph.rank_places(sought, start=(0.6, 0.6), k=100, now=now)
    return next((p.probability for p in places if p.place_id == place_id), 0.0)


def test_a_place_seen_empty_drops_and_recovers(home: SceneGraph) -> None:
    fridge = home.find("Fridge")[0].object_id
    before = chance(home, fridge)
    home.note_search(fridge, found=False)
    empty = chance(home, fridge)
    assert empty < 0.4 * before
    later = chance(home, fridge, now=home.stamp + 4 * 3600)
    assert later > 2 * empty


def test_a_closed_container_in_view_does_not_drop(home: SceneGraph) -> None:
    fridge = home.find("Fridge")[0].object_id
    before = chance(home, fridge)
    for seen, view in look_around(two_rooms(), 0.6, 2.4, 100.0):
        home.observe(seen, view, robot_pose=(0.6, 2.4), stamp=100.0)
    assert chance(home, fridge) >= before


def test_where_it_was_last_seen_comes_first(home: SceneGraph) -> None:
    places = home.rank_places("Apple", start=(0.6, 0.6), k=100, last_seen=(4.6, 0.4, 0.85))
    likeliest = max(places, key=lambda p: p.probability)
    assert likeliest.place_id == home.place_of((4.6, 1.2, 0.0)) or likeliest.label == "around the sofa"


def test_habits_are_learned(home: SceneGraph) -> None:
    cabinet = home.find("Cabinet")[0].object_id
    before = chance(home, cabinet, sought="Watch")
    for stamp in range(5):
        home.note_put("Watch", (5.75, 2.2, 0.5), stamp=float(stamp))
    assert chance(home, cabinet, sought="Watch") > max(2 * before, 0.5)


def test_habits_fade_and_never_grow_when_time_jumps_back() -> None:
    habits = Habits(half_life=100.0)
    habits.note("Mug", "shelf", 1000.0)
    assert habits.weight("Mug", "shelf", 1100.0) == pytest.approx(0.5)
    assert habits.weight("Mug", "shelf", 0.0) == 1.0
    again = Habits.from_json(habits.to_json())
    assert again.counts == habits.counts
    assert habits.forget(label="Mug") == 1
    assert habits.weight("Mug", "shelf", 1000.0) == 0.0


def test_an_unmapped_home_is_searched_at_its_frontiers() -> None:
    graph = SceneGraph()
    assert graph.rank_places("Apple", start=(0, 0)) == []
    seen, view = look_around(two_rooms(), 0.6, 0.6, 0.0)[1]
    graph.observe(seen, view, robot_pose=(0.6, 0.6), stamp=0.0)
    assert "frontier" in {p.kind for p in graph.rank_places("Apple", start=(0.6, 0.6), k=20)}


def test_counts_outweigh_guesses_where_there_are_many() -> None:
    counted = Placements.count([("Mug", "Sofa")] * 90, {"Sofa": 100, "CounterTop": 100})
    assert counted.rate("Mug", "Sofa") > 0.8
    assert counted.rate("Mug", "CounterTop") < 0.01
    assert counted.rate("Mug", "Shelf") > counted.rate("Mug", "Toilet")


def test_the_packages_statistics_are_used_when_installed() -> None:
    statistics = procthor_placements()
    if not statistics.rates:
        pytest.skip("the procthor package is not installed")
    assert statistics.rate("Pillow", "Bed") > 0.5 > statistics.rate("Pillow", "DiningTable")
