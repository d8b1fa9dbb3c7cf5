"""Another process looks into a memory's file by place, by words and by id, while it is written."""

import math
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_node import Memory, QueryError, Reader, StoreError
from scene_graph.types import Observation


def thing(label, x, y, stamp, **fields):
    return Observation(label, (x, y, 0.9), stamp=stamp, size=(0.1, 0.1, 0.1), **fields)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "memory.db"


def test_it_sees_each_frame_while_the_memory_is_open(path):
    with Memory.open(path, capacity=3) as memory, Reader(path) as reader:
        for step in range(12):
            memory.observe([thing(f"Thing{step}", 3.0 * step, 0, step, object_id=f"s{step}")])
            assert step in [state.position[0] / 3 for state in reader.near((3.0 * step, 0, 0.9), 0.5)]
        memory.observe([thing("Thing1", 200.0, 0, 100.0, object_id="s1", states=frozenset({"dirty"}))])
        assert [s.position[0] for s in reader.history("s1")] == [200.0, 3.0]
        assert reader.history("s1") == memory.history("s1")
        assert [s.object_id for s in reader.search("dirty thing1")] == [memory.get("s1").object.object_id]
        assert [s.label for s in reader.search("thing7")] == ["Thing7"]
        memory.forget(object_id="s1")
        assert reader.search("dirty") == []
        assert reader.history("s1") == []
        assert reader.near((200.0, 0, 0.9), 1.0) == []


places = st.tuples(st.integers(-6, 6), st.integers(-6, 6))


@settings(max_examples=25, deadline=None)
@given(st.lists(places, min_size=1, max_size=30, unique=True), places, st.sampled_from([0.0, 0.5, 1.0, 2.5, 40.0]))
def test_it_finds_by_place_what_memory_finds(tmp_path_factory, spots, centre, radius):
    path = tmp_path_factory.mktemp("reader") / "m.db"
    with Memory.open(path, capacity=5) as memory:
        memory.observe([thing(f"Thing{n}", x, y, 1.0) for n, (x, y) in enumerate(spots)])
        memory.observe([thing(f"Thing{n}", x + 0.07, y, 2.0) for n, (x, y) in enumerate(spots)])
        ball = ((*map(float, centre), 0.9), radius)
        with Reader(path) as reader:
            found = [state.object_id for state in reader.near(*ball)]
        known = memory.recall("", k=99, min_score=0.0, near=ball)
    assert set(found) == {r.object.object_id for r in known}
    assert len(found) == len(set(found))


def test_slices_answer_and_their_whole_does_not(path):
    with Memory.open(path) as memory, Reader(path) as reader:
        memory.observe([thing("Apple", 0, 0, 1)])
        memory.observe([thing("AppleSliced", 0.05, 0, 2), thing("AppleSliced", -0.05, 0.1, 2)])
        assert {s.label for s in reader.near((0, 0, 0.9), 1.0)} == {"AppleSliced"}
        assert "Apple" not in {s.label for s in reader.search("apple")}


def test_namespaces_are_kept_apart(path):
    for name, label in (("kitchen", "Mug"), ("hall", "Vase")):
        with Memory.open(path, namespace=name) as memory:
            memory.observe([thing(label, 0, 0, 1, object_id="s")])
    with Reader(path, namespace="hall") as reader:
        assert [s.label for s in reader.near((0, 0, 0.9), 1.0)] == ["Vase"]
        assert reader.search("mug") == []
        assert [s.label for s in reader.history("s")] == ["Vase"]


def test_the_indices_are_what_answers(path):
    """Not a walk over all units: SQLite's own account of how it runs the queries."""
    with Memory.open(path) as memory, Reader(path) as reader:
        memory.observe([thing("Mug", 0, 0, 1)])
        seen = []
        reader._db.set_trace_callback(seen.append)
        reader.near((0, 0, 0.9), 1.0)
        reader.search("mug")
        reader._db.set_trace_callback(None)
        asked = [sql for sql in seen if sql.startswith("SELECT record FROM")]
        plans = [" ".join(row[3] for row in reader._db.execute(f"EXPLAIN QUERY PLAN {sql}")) for sql in asked]
    assert [plan.count("VIRTUAL TABLE INDEX") for plan in plans] == [1, 1]
    assert all("SEARCH units USING INTEGER PRIMARY KEY" in plan for plan in plans)


@pytest.mark.parametrize("words", ["", " ", "!?", '"'])
def test_a_search_needs_a_word(path, words):
    with Memory.open(path), Reader(path) as reader, pytest.raises(QueryError):
        reader.search(words)


def test_odd_words_and_places_are_no_errors_of_sqlite(path):
    with Memory.open(path) as memory, Reader(path) as reader:
        memory.observe([thing("Mug", 0, 0, 1)])
        for words in ("NEAR", "mug OR", 'mug" OR "a', "mug*", "Ünïcode", "text:mug"):
            assert len(reader.search(words)) <= 1
        for radius in (math.nan, math.inf, -1.0):
            with pytest.raises(QueryError):
                reader.near((0, 0, 0), radius)


def test_what_is_no_memory_is_refused(tmp_path):
    with pytest.raises(StoreError, match="no memory at"):
        Reader(tmp_path / "none.db")
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE t (a)").connection.close()
    with pytest.raises(StoreError, match=r"Memory\.open"):
        Reader(other)
    (tmp_path / "text.db").write_text("no database, but long enough to be read as one" * 40)
    with pytest.raises(StoreError):
        Reader(tmp_path / "text.db")
