"""Questions in plain words, and the arguments that narrow them."""

import pytest

from memory_node import Memory, QueryError
from memory_node.query import Parser
from scene_graph.ontology import ontology
from scene_graph.types import InvalidObservationError, Observation


def at(label, x, *, stamp=0.0, parent=None, states=(), object_id=None, z=0.9):
    size = (1.0, 1.0, 1.0) if ontology().get(label).static else (0.1, 0.1, 0.1)
    return Observation(
        label, (x, 0.0, z), stamp=stamp, parent=parent, states=frozenset(states), object_id=object_id, size=size
    )


@pytest.fixture(scope="module")
def kitchen():
    with Memory.open() as memory:
        memory.observe([at("Fridge", 0, object_id="fridge"), at("DiningTable", 4, object_id="table", z=0.4)])
        memory.observe(
            [
                at("Apple", 4.0, stamp=10, parent="table", states=["clean"]),
                at("Tomato", 6.0, stamp=20),
                at("Lettuce", 0.0, stamp=30, parent="fridge"),
                at("Plate", 4.2, stamp=40, parent="table", states=["dirty"]),
                at("Bowl", 4.4, stamp=50, parent="table", states=["clean"]),
                at("Pencil", 4.3, stamp=60, parent="table"),
                at("Potato", 8.0, stamp=70),
                at("Mug", 8.3, stamp=80),
            ]
        )
        memory.observe([at("Cup", 9.0, stamp=1000)])
        yield memory


def labels(found):
    return [r.object.label for r in found]


class TestNames:
    @pytest.mark.parametrize(
        ("phrase", "label"),
        [
            ("apple", "Apple"),
            ("The apple", "Apple"),
            ("the apples", "Apple"),
            ("coffee mug", "Mug"),
            ("my refrigerator", "Fridge"),
            ("the plate you saw before", "Plate"),
            ("where is the pencil?", "Pencil"),
        ],
    )
    def test_a_name_means_its_class(self, kitchen, phrase, label):
        found = kitchen.locate(phrase)
        assert found.object.label == label
        assert found.score > 0.8

    @pytest.mark.parametrize("phrase", ["pot", "pen", "the knife", "tomato slice", "slices of tomato", "sinks"])
    def test_a_name_means_no_class_that_is_spelt_alike(self, kitchen, phrase):
        assert kitchen.locate(phrase) is None
        assert kitchen.recall(phrase) == []

    @pytest.mark.parametrize("phrase", ["spaceship", "my unicorn", "the quarterly report", ""])
    def test_i_do_not_know_is_an_answer(self, kitchen, phrase):
        assert kitchen.locate(phrase) is None or phrase == ""

    def test_a_class_that_knowledge_lacks_is_known_by_its_own_name(self):
        with Memory.open() as memory:
            memory.observe([Observation("rubberDuck", (0, 0, 0), stamp=0), Observation("mug 17", (3, 0, 0), stamp=0)])
            assert memory.locate("the rubber duck").object.label == "rubberDuck"
            assert memory.locate("mug 17").object.label == "mug 17"


class TestMeaning:
    @pytest.mark.parametrize(
        ("phrase", "right"),
        [
            ("red fruit", {"Apple", "Tomato"}),
            ("something to write with", {"Pencil"}),
            ("something to drink from", {"Mug", "Cup"}),
            ("leafy vegetable", {"Lettuce"}),
            ("something that keeps food cold", {"Fridge"}),
        ],
    )
    def test_vague_words_find_what_they_mean(self, kitchen, phrase, right):
        assert kitchen.locate(phrase).object.label in right

    def test_the_explanation_multiplies_up_to_the_score(self, kitchen):
        for phrase in ("dirty dishes", "something to write with", "the apple on the table"):
            found = kitchen.locate(phrase)
            product = 1.0
            for factor in found.explanation.values():
                product *= factor
            assert product == pytest.approx(found.score, abs=1e-3)


class TestStates:
    def test_dirty_dishes(self, kitchen):
        assert labels(kitchen.recall("dirty dishes")) == ["Plate"]
        assert labels(kitchen.recall("the used tableware")) == ["Plate"]

    def test_the_opposite_state_is_no_answer(self, kitchen):
        assert kitchen.locate("clean plate") is None
        assert kitchen.locate("dirty bowl") is None
        assert kitchen.locate("clean bowl").object.label == "Bowl"

    def test_what_is_in_the_fridge_is_cold(self, kitchen):
        assert labels(kitchen.recall("something cold")) == ["Lettuce"]

    def test_negated_states(self, kitchen):
        assert "Plate" not in labels(kitchen.recall("dishes that are not dirty", k=10))
        assert "Bowl" in labels(kitchen.recall("dishes that are not dirty", k=10))


class TestPlace:
    def test_what_is_on_the_table(self, kitchen):
        assert set(labels(kitchen.recall("what is on the table", k=10))) == {"Apple", "Plate", "Bowl", "Pencil"}

    def test_a_named_place_is_a_condition(self, kitchen):
        assert kitchen.locate("the apple in the fridge") is None
        assert kitchen.locate("the apple on the table").object.label == "Apple"
        assert kitchen.locate("vegetable in the fridge").object.label == "Lettuce"

    def test_not_there(self, kitchen):
        assert set(labels(kitchen.recall("fruit that is not on the table"))) == {"Tomato"}

    def test_near(self, kitchen):
        assert "Potato" in labels(kitchen.recall("something near the mug"))
        assert "Apple" not in labels(kitchen.recall("something near the mug"))

    def test_near_a_point(self, kitchen):
        assert set(labels(kitchen.recall("", near=((8, 0, 0.9), 0.5)))) == {"Potato", "Mug"}
        assert labels(kitchen.recall("mug", near=((0, 0, 0), 2))) == []

    def test_within_a_container(self, kitchen):
        fridge = kitchen.locate("fridge").object.object_id
        assert labels(kitchen.recall("", within=fridge)) == ["Lettuce"]
        assert labels(kitchen.recall("food", within="fridge")) == ["Lettuce"]


class TestTime:
    def test_arguments(self, kitchen):
        assert set(labels(kitchen.recall("", after=65, before=85))) == {"Potato", "Mug"}

    def test_words(self, kitchen):
        assert labels(kitchen.recall("something seen in the last ten minutes")) == ["Cup"]
        assert "Cup" not in labels(kitchen.recall("drinkware seen more than ten minutes ago"))


class TestNegation:
    def test_other_than(self, kitchen):
        assert labels(kitchen.recall("fruit other than the apple")) == ["Tomato"]
        assert set(labels(kitchen.recall("vegetables except the potato"))) == {"Lettuce", "Tomato"}

    def test_kinds(self, kitchen):
        assert "Apple" not in labels(kitchen.recall("food other than fruit"))


class TestArguments:
    def test_labels_narrow_and_win(self, kitchen):
        assert labels(kitchen.recall("red fruit", labels=["Tomato"])) == ["Tomato"]
        assert labels(kitchen.recall("apple", labels=["Mug"])) == ["Mug"]

    def test_states_narrow(self, kitchen):
        assert labels(kitchen.recall("", states=["dirty"])) == ["Plate"]

    def test_k_and_threshold(self, kitchen):
        assert len(kitchen.recall("", k=3)) == 3
        assert kitchen.recall("something to write with", min_score=0.95) == []
        scores = [r.score for r in kitchen.recall("food", k=10, min_score=0)]
        assert scores == sorted(scores, reverse=True)

    @pytest.mark.parametrize(
        "bad",
        [
            {"k": 0},
            {"min_score": 2},
            {"near": ((0, 0, 0), -1)},
            {"near": ((0, 0, 0), float("nan"))},
            {"after": float("nan")},
            {"labels": "Mug"},
            {"states": "clean"},
        ],
    )
    def test_nonsense_is_refused(self, kitchen, bad):
        with pytest.raises(QueryError):
            kitchen.recall("mug", **bad)

    def test_a_point_that_is_none_is_refused(self, kitchen):
        with pytest.raises(InvalidObservationError):
            kitchen.recall("mug", near=((0, float("nan"), 0), 1))


class TestTiers:
    def test_what_the_cache_gave_up_is_archived_and_found(self):
        with Memory.open(capacity=2, policy="lru") as memory:
            for n, label in enumerate(["Apple", "Mug", "Plate", "Knife"]):
                memory.observe([at(label, 3.0 * n, stamp=n)])
            assert memory.locate("apple").tier == "archive"
            assert memory.locate("knife").tier == "short"
            assert memory.stats.short == 2
            assert memory.stats.archive == 2

    def test_without_an_archive_it_is_forgotten(self):
        with Memory.open(capacity=2, policy="lru", archive=False) as memory:
            for n, label in enumerate(["Apple", "Mug", "Plate", "Knife"]):
                memory.observe([at(label, 3.0 * n, stamp=n)])
            assert memory.locate("apple") is None
            assert memory.labels() == ["Knife", "Plate"]

    def test_a_hit_is_a_unit_that_came_from_short(self):
        with Memory.open(capacity=2, policy="lru") as memory:
            for n, label in enumerate(["Apple", "Mug", "Plate"]):
                memory.observe([at(label, 3.0 * n, stamp=n)])
            plate, apple = memory.locate("plate"), memory.locate("apple")
            assert memory.used(plate.object.object_id)
            assert not memory.used(apple.object.object_id), "it came from the archive"
            assert memory.locate("apple").tier == "short", "using it brought it back"
            assert not memory.used("no such thing")
            stats = memory.stats
            assert (stats.hits, stats.uses, stats.hit_rate) == (1, 3, pytest.approx(1 / 3))
            assert stats.hits_by_policy == {"lru": 1}
            assert stats.uses_by_kind == {"class": 2, "none": 1}

    def test_pins_recall_from_the_archive_and_stay(self):
        with Memory.open(capacity=2, policy="lru") as memory:
            for n, label in enumerate(["Apple", "Mug", "Plate"]):
                memory.observe([at(label, 3.0 * n, stamp=n)])
            apple = memory.locate("apple").object.object_id
            memory.pin(apple)
            for n, label in enumerate(["Knife", "Fork", "Spoon"]):
                memory.observe([at(label, 20 + 3.0 * n, stamp=10 + n)])
            assert memory.get(apple).tier == "short"
            memory.unpin(apple)
            for n, label in enumerate(["Pen", "Pencil"]):
                memory.observe([at(label, 40 + 3.0 * n, stamp=20 + n)])
            assert memory.get(apple).tier == "archive"
            with pytest.raises(QueryError):
                memory.pin("no such thing")

    def test_policy_and_capacity_change_without_losing_units(self):
        with Memory.open(capacity=4) as memory:
            for n, label in enumerate(["Apple", "Mug", "Plate", "Knife"]):
                memory.observe([at(label, 3.0 * n, stamp=n)])
            memory.pin(memory.locate("apple").object.object_id)
            memory.set_policy("s3fifo", capacity=2)
            assert memory.stats.short == 2
            assert memory.stats.policy == "s3fifo"
            assert memory.locate("apple").tier == "short"
            assert memory.locate("knife").tier == "short", "the newest stay"
            assert len(memory.recall("", k=10)) == 4


def test_reading_of_questions():
    parser = Parser(ontology(), lambda words: [])
    query = parser.parse("the clean plate that is not on the table")
    assert set(query.labels) == {"Plate"}
    assert query.states == {"clean"}
    (relation,) = query.relations
    assert relation.negated
    assert "DiningTable" in relation.labels
    assert parser.parse("Slices of bread").labels == {"BreadSliced": 1.0}
    assert parser.parse("sliced bread").labels == {"BreadSliced": 1.0}
    assert parser.parse("bread").labels["BreadSliced"] < parser.parse("bread").labels["Bread"]
    assert "Bread" in parser.parse("something to cut bread with").mentioned
    assert not parser.parse("something to cut bread with").labels
    assert parser.parse("seen in the last 5 minutes").max_age == 300
    assert parser.parse("a lamp that is on").states == {"on"}
    assert parser.parse("the lamp on the desk").states == frozenset()


@pytest.mark.parametrize(
    ("phrase", "state", "label"),
    [
        ("the laptop that is running", "on", "Laptop"),
        ("the lamp that is dark", "off", "DeskLamp"),
        ("running shoes", None, "Boots"),
    ],
)
def test_some_words_tell_a_state_only_as_predicates(phrase, state, label):
    with Memory.open() as memory:
        memory.observe(
            [
                Observation("Laptop", (0, 0, 1), stamp=0.0, states=frozenset({"on"})),
                Observation("DeskLamp", (2, 0, 1), stamp=0.0, states=frozenset({"off"})),
                Observation("FloorLamp", (4, 0, 1), stamp=0.0, states=frozenset({"on"})),
                Observation("Boots", (6, 0, 0), stamp=0.0),
            ]
        )
        found = memory.locate(phrase)
        assert found.object.label == label
        assert ("state" in found.explanation) == (state is not None)
