"""Where to look: what phrases mean, in which order places are visited, and what looking teaches."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from boxworld import look_around, two_rooms
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_node import Memory
from scene_graph import Change, ChangeKind, ObjectState, Observation, SceneGraph
from scene_graph.placement import Habits, Placements, procthor_placements
from scene_graph.search import best_order, expected_cost, meanings
from scene_graph.similarity import SimilarityError, load_similarity, similarity_of


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


def test_habits_come_from_what_short_term_memory_sees_put_somewhere(home: SceneGraph) -> None:
    cabinet, fridge = home.find("Cabinet")[0], home.find("Fridge")[0]
    watch = ObjectState("unit-1", "Watch", cabinet.position, 5.0)
    apple = ObjectState("unit-2", "Apple", fridge.position, 6.0)
    counted = home.consolidate(
        [
            Change(ChangeKind.APPEARED, "unit-1", 5.0, None, watch),
            Change(ChangeKind.MOVED, "unit-2", 6.0, apple.but(position=(1, 1, 1)), apple),
            Change(ChangeKind.MOVED, "unit-2", 7.0, apple, apple.but(held=True)),
            Change(ChangeKind.STALE, "unit-2", 8.0, apple, apple.but(stale=True)),
            Change(ChangeKind.STATE_CHANGED, "unit-1", 8.0, watch, watch),
            Change(ChangeKind.APPEARED, fridge.object_id, 8.0, None, fridge),
        ]
    )
    assert counted == 2
    assert home.habits.weight("Watch", cabinet.object_id, 5.0) == 1.0
    assert home.habits.weight("Apple", fridge.object_id, 6.0) == 1.0
    assert set(home.habits.counts) == {"Watch", "Apple"}


def test_memory_teaches_the_graph_habits_and_lends_it_its_embedder() -> None:
    class Embedder:
        name, dimension = "toy", 2

        def embed(self, texts: Sequence[str]) -> np.ndarray:
            return np.array([[1.0, 0.0] if "boot" in t or "rain" in t else [0.0, 1.0] for t in texts], np.float32)

    with Memory.open(embedder=Embedder()) as memory:
        shelf = Observation("Shelf", (1, 1, 1), stamp=0.0, size=(1, 0.4, 0.1))
        boots = Observation("Boots", (1, 1, 1.15), stamp=0.0, size=(0.3, 0.2, 0.2))
        memory.observe([shelf, boots])
        graph = memory.scene_graph
        assert isinstance(graph, SceneGraph)
        assert graph.habits.weight("Boots", graph.find("Shelf")[0].object_id, 0.0) == 1.0
        assert max(meanings("for rainy days", similarity=graph.similarity).items(), key=lambda i: i[1])[0] == "Boots"


def test_a_chair_that_moves_is_remembered_by_short_term_memory() -> None:
    with Memory.open() as memory:
        graph = memory.scene_graph
        assert isinstance(graph, SceneGraph)
        memory.observe([Observation("Chair", (1, 1, 0.4), stamp=0.0, size=(0.5, 0.5, 0.9))])
        assert [o.label for o in graph.objects()] == ["Chair"]
        for thing in graph.things.values():
            thing.stale = True  # as after three clear views of its empty place
        for stamp in (1.0, 2.0):
            memory.observe([Observation("Chair", (3, 1, 0.4), stamp=stamp, size=(0.5, 0.5, 0.9))])
        assert graph.objects() == []
        found = memory.locate("chair")
        assert found is not None
        assert found.position == pytest.approx((3, 1, 0.4))
        assert found.tier == "short"


def test_a_model_that_cannot_be_used_is_done_without() -> None:
    class Broken:
        def embed(self, texts: Sequence[str]) -> np.ndarray:
            raise ConnectionError("no network")

    similarity = similarity_of(Broken(), errors=(ConnectionError,))
    assert meanings("something to read", similarity=similarity) == meanings("something to read")
    assert load_similarity("") is None
    for name in ("nowhere:nothing", "scene_graph.search:nothing", "scene_graph"):
        with pytest.raises(SimilarityError, match=name):
            load_similarity(name)


def test_what_nobody_knows_is_sought_beside_what_is_like_it(home: SceneGraph) -> None:
    def like_cushions(phrase: str, texts: Sequence[str]) -> list[float]:
        return [0.9 if "sofa" in text else 0.2 for text in texts]

    plain = home.rank_places("zorgel", start=(0.6, 0.6), k=100)
    home.similarity = like_cushions
    places = home.rank_places("zorgel", start=(0.6, 0.6), k=100)
    best = max(places, key=lambda p: p.probability)
    assert "sofa" in best.label
    assert best.probability > 2 * next(p.probability for p in plain if p.place_id == best.place_id)
