"""Thousands of units: those that lie on disk until they are asked for, files of earlier releases, an index."""

import json
import sqlite3
import zlib

import numpy as np
import pytest

from memory_node import Memory, unit_table, vectors
from memory_node.embeddings import CachedEmbedder
from memory_node.store import Store
from memory_node.units import Unit
from memory_node.vectors import TextVectors
from scene_graph.types import ObjectState, Observation


class Words:
    """Vectors of hashed words."""

    name = "words"
    dimension = 32

    def __init__(self):
        self.asked = []

    def embed(self, texts):
        self.asked += texts
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.split():
                row += np.random.default_rng(zlib.crc32(word.encode())).standard_normal(self.dimension)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def thing(n, stamp=0.0, **more):
    more = {"object_id": f"s{n}", **more}
    return Observation(f"Thing{n}", (3.0 * n, 0.0, 0.9), stamp=stamp, size=(0.1, 0.1, 0.1), **more)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "memory.db"


class TestUnitsOnDisk:
    @pytest.fixture(autouse=True)
    def few_in_the_process(self, monkeypatch):
        monkeypatch.setattr(unit_table, "_HOT", 8)

    def test_they_answer_as_if_they_were_in_the_process(self, path):
        with Memory.open(path, capacity=4, policy="lru") as kept, Memory.open(capacity=4, policy="lru") as other:
            for step in range(60):
                frame = [thing((7 * step + k) % 40, float(step), states=frozenset({"open"})) for k in range(3)]
                assert kept.observe(frame) == other.observe(frame)
            assert kept.digest() == other.digest()
            assert kept.history("s3") == other.history("s3")
            assert kept.get("s39") == other.get("s39")
            assert kept.locate("thing 12") == other.locate("thing 12")

    def test_new_sensor_ids_find_old_units(self, path):
        with Memory.open(path, capacity=2, policy="lru") as memory:
            memory.observe([thing(n) for n in range(40)])
            first = memory.get("s0").object.object_id
            memory.observe([thing(n, 1.0) for n in range(1, 40)])
            memory.observe([thing(0, 2.0, object_id="other")])
            assert memory.get("other").object.object_id == memory.get("s0").object.object_id == first

    def test_a_sensor_id_that_was_given_to_another_thing_is_that_ones(self, path):
        with Memory.open(path, capacity=2, policy="lru") as memory:
            memory.observe([thing(n) for n in range(40)])
            memory.observe([thing(39, 1.0, object_id="s0")])
            assert memory.get("s0").object.label == "Thing39"
            memory.forget(object_id="s0")
            assert "Thing39" not in memory.labels()
            assert "Thing0" in memory.labels()
        with Memory.open(path) as memory:
            assert memory.get("s0") is None

    def test_what_is_pinned_or_held_stays_right(self, path):
        with Memory.open(path, capacity=4, policy="lru") as memory:
            memory.observe([thing(n) for n in range(40)])
            memory.pin("s5")
            memory.observe([thing(7, 1.0, held=True)])
            memory.observe([thing(n, 2.0) for n in range(10, 30)] + [thing(7, 2.0, held=True)])
        with Memory.open(path, capacity=4, policy="lru") as memory:
            assert memory.stats.pinned == 2
            assert memory.get("s7").object.held


class TestEarlierFiles:
    def test_version_1_is_brought_up_to_date(self, path):
        with sqlite3.connect(path) as db:
            db.executescript(
                """
                CREATE TABLE meta (namespace TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
                    PRIMARY KEY (namespace, key)) WITHOUT ROWID;
                CREATE TABLE units (number INTEGER PRIMARY KEY, namespace TEXT NOT NULL, id TEXT NOT NULL,
                    tier INTEGER NOT NULL, record TEXT NOT NULL, UNIQUE (namespace, id));
                CREATE TABLE history (number INTEGER NOT NULL, position INTEGER NOT NULL, record TEXT NOT NULL,
                    PRIMARY KEY (number, position)) WITHOUT ROWID;
                CREATE TABLE images (number INTEGER PRIMARY KEY, image BLOB NOT NULL);
                CREATE VIRTUAL TABLE places USING rtree (number, min_x, max_x, min_y, max_y, min_z, max_z);
                CREATE VIRTUAL TABLE words USING fts5 (text);
                """
            )
            state = ObjectState("mug-1", "Mug", (1.0, 2.0, 0.9), 5.0, frozenset({"dirty"}), (("dirty", 5.0),))
            unit = Unit(state, 5.0, aliases={"sensor-9": None})
            db.execute("INSERT INTO units VALUES (1, '', 'mug-1', 0, ?)", (json.dumps(unit.to_json()),))
            db.execute("INSERT INTO meta VALUES ('', 'next_number', '2')")
            db.execute("INSERT INTO meta VALUES ('', 'now', '5.0')")
            db.execute("PRAGMA application_id = 1262572109")
            db.execute("PRAGMA user_version = 1")
        db.close()
        with Memory.open(path) as memory:
            assert memory.get("sensor-9").object == state
            memory.observe([Observation("Mug", (1.0, 2.0, 0.9), stamp=6.0, states=frozenset({"clean"}))])
            assert [s.states for s in memory.history("sensor-9")] == [{"clean"}, {"dirty"}]
        with Memory.open(path) as memory:
            assert memory.locate("clean mug").object.object_id == "mug-1"

    def test_a_file_whose_columns_were_damaged_is_refused(self, path):
        from memory_node import StoreError

        with Memory.open(path) as memory:
            memory.observe([thing(1)])
        with sqlite3.connect(path) as db:
            db.execute("UPDATE units SET numbers = x'00'")
        db.close()
        with pytest.raises(StoreError, match="damaged"):
            Memory.open(path)


class TestVectors:
    def test_the_index_finds_what_comparing_all_finds(self, monkeypatch):
        embedder = Words()
        exact, indexed = TextVectors(embedder, None), TextVectors(embedder, None)
        for n in range(3000):
            exact.number(f"thing {n} of kind {n % 7}")
            indexed.number(f"thing {n} of kind {n % 7}")
        for query in ("thing 77 of kind 0", "kind 3", "2500"):
            right = exact.similarities(query)
            monkeypatch.setattr(vectors, "EXACT", 100)
            found = indexed.similarities(query)
            monkeypatch.setattr(vectors, "EXACT", 10_000)
            best = np.argsort(-right)[:10]
            assert np.mean(found[best] > 0) >= 0.9
            some = np.flatnonzero(found)
            np.testing.assert_allclose(found[some], right[some], atol=1e-5)

    def test_they_are_kept_in_the_file_and_made_again_where_missing(self, path):
        embedder = Words()
        with Memory.open(path, embedder=embedder) as memory:
            memory.observe([thing(n) for n in range(5)])
            before = memory.recall("a peculiar question", min_score=0.0)
        embedder.asked.clear()
        with Memory.open(path, embedder=embedder) as memory:
            assert [r.score for r in memory.recall("a peculiar question", min_score=0.0)] == [r.score for r in before]
            assert embedder.asked == ["a peculiar question"]
        with sqlite3.connect(path) as db:
            db.execute("DELETE FROM vectors")
        db.close()
        with Memory.open(path, embedder=embedder) as memory:
            assert [r.score for r in memory.recall("a peculiar question", min_score=0.0)] == [r.score for r in before]

    def test_another_model_makes_its_own(self, path):
        with Memory.open(path, embedder=Words()) as memory:
            memory.observe([thing(1)])
            memory.recall("a peculiar question")
        other = Words()
        other.name = "other words"
        with Memory.open(path, embedder=other) as memory:
            memory.recall("a peculiar question")
        assert len(other.asked) > 1

    def test_an_embedder_behind_a_cache_is_asked_once(self):
        embedder = Words()
        texts = TextVectors(CachedEmbedder(embedder), None)
        texts.number("one")
        texts.similarities("query")
        texts.similarities("query")
        assert embedder.asked == ["one", "query"]


def test_bounds_in_the_r_tree_enclose_the_thing_however_it_jitters(path):
    with Memory.open(path) as memory:
        for step in range(30):
            x = 0.03 * step
            memory.observe([Observation("Mug", (x, 0.0, 0.9), stamp=float(step), object_id="m")])
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
                ((low, high),) = db.execute("SELECT min_x, max_x FROM places").fetchall()
            db.close()
            assert low <= x <= high


def test_a_store_tells_who_had_a_sensor_id(path):
    with Memory.open(path) as memory:
        memory.observe([thing(1), thing(2)])
    store = Store(path)
    assert store.contents().ids == ["thing1-1", "thing2-2"]
    assert store.owner("s2") == "thing2-2"
    assert store.owner("nobody") is None
    store.close()
