"""What is kept on disk: everything acknowledged, nothing forgotten, and no other program's files."""

import json
import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from memory_node import Memory, QueryError, Reader, StoreError
from memory_node.store import Store
from memory_node.units import MAX_HISTORY
from scene_graph.types import Observation


def thing(label, x, stamp, **more):
    return Observation(label, (x, 0.0, 0.9), stamp=stamp, size=(0.1, 0.1, 0.1), **more)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "memory.db"


class TestReopening:
    def test_everything_comes_back(self, path):
        with Memory.open(path, capacity=3, policy="lru") as memory:
            memory.observe([thing("Fridge", 0, 0, object_id="f", states=frozenset({"closed"}))])
            for step in range(12):
                label = ("Apple", "Mug", "Plate", "Knife")[step % 4]
                memory.observe([thing(label, 10.0 * step, step, object_id=f"s{step}", image=b"picture")])
            memory.pin("s11")
            before = memory.digest()
            history = memory.history("s0")
        with Memory.open(path, capacity=3, policy="lru") as memory:
            assert memory.digest() == before
            assert memory.history("s0") == history
            assert memory.locate("fridge").object.states == {"closed"}
            assert memory.locate("fridge").tier == "long"
            assert memory.stats.pinned == 1
            assert memory.locate("knife").age == 0

    def test_a_clock_that_starts_again_begins_an_epoch(self, path):
        with Memory.open(path) as memory:
            memory.observe([thing("Mug", 0, 5000)])
        with Memory.open(path) as memory:
            memory.observe([thing("Plate", 5, 0.5)])
            assert memory.locate("mug").age is None
            assert memory.locate("plate").age == 0

    def test_a_smaller_capacity_archives_what_does_not_fit(self, path):
        with Memory.open(path, capacity=8) as memory:
            memory.observe([thing(f"Thing{n}", 3.0 * n, 0) for n in range(8)])
        with Memory.open(path, capacity=2) as memory:
            assert memory.stats.short == 2
            assert memory.stats.archive == 6

    def test_identity_goes_on(self, path):
        with Memory.open(path) as memory:
            memory.observe([thing("Mug", 0, 0, object_id="a")])
            known = memory.get("a").object.object_id
        with Memory.open(path) as memory:
            memory.observe([thing("Mug", 0, 1, object_id="b"), thing("Mug", 2, 1, object_id="c")])
            assert memory.get("b").object.object_id == known
            assert memory.get("c").object.object_id not in {known, None}


class TestOtherFiles:
    def test_a_file_that_is_no_database_is_refused_and_left_alone(self, path):
        path.write_bytes(b"This is a diary, not a database.\n" * 50)
        content = path.read_bytes()
        with pytest.raises(StoreError, match="not a memory"):
            Memory.open(path)
        assert path.read_bytes() == content

    def test_another_programs_database_is_refused_and_left_alone(self, path):
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE recipes (name)")
        db.close()
        content = path.read_bytes()
        with pytest.raises(StoreError, match="another program"):
            Memory.open(path)
        assert path.read_bytes() == content

    def test_a_newer_release_is_refused_and_left_alone(self, path):
        Memory.open(path).close()
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
        with pytest.raises(StoreError, match="upgrade"):
            Memory.open(path)
        with sqlite3.connect(path) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (99,)
        db.close()

    def test_a_missing_folder_and_a_folder_are_clear_errors(self, tmp_path):
        with pytest.raises(StoreError, match="folder"):
            Memory.open(tmp_path / "no" / "memory.db")
        with pytest.raises(StoreError):
            Memory.open(tmp_path)

    def test_an_unknown_durability_is_refused(self, path):
        with pytest.raises(StoreError, match="power"):
            Store(path, durability="paper")

    def test_a_truncated_file_is_refused(self, path):
        with Memory.open(path) as memory:
            memory.observe([thing(f"Thing{n}", 3.0 * n, 0) for n in range(300)])
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 3])
        with pytest.raises(StoreError):
            Memory.open(path)
        assert path.read_bytes() == content[: len(content) // 3]


def test_readers_see_the_last_frame_while_one_writes(path):
    with Memory.open(path) as memory:
        reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        for step in range(20):
            memory.observe([thing(f"Thing{step}", 3.0 * step, step)])
            assert reader.execute("SELECT count(*) FROM units").fetchone() == (step + 1,)
        near = reader.execute("SELECT count(*) FROM places WHERE min_x < 10 AND max_x > -1").fetchone()
        assert near == (4,)
        assert reader.execute("SELECT rowid FROM words WHERE words MATCH 'thing7'").fetchall() == [(8,)]
        reader.close()


def test_what_a_full_disk_refused_is_kept_once_there_is_room(path):
    with Memory.open(path) as memory:
        memory.observe([thing("Mug", 0, 0, object_id="m")])
        db = memory._keeper._store._db
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StoreError, match="full"):
            memory.observe([thing(f"Thing{n}", 3.0 * n, 1, object_id=f"t{n}", image=b"x" * 9000) for n in range(9)])
        with Reader(path) as reader:
            assert [s.label for s in reader.near((0, 0, 0), 99.0)] == ["Mug"], (
                "a frame is kept as a whole or not at all"
            )
        db.execute("PRAGMA max_page_count = 1000000")
        memory.observe([thing("Mug", 0.5, 2, object_id="m")])
        digest = memory.digest()
    with Memory.open(path) as memory:
        assert memory.digest() == digest
        assert set(memory.labels()) == {"Mug", *(f"Thing{n}" for n in range(9))}
        assert memory.get("t7").object.label == "Thing7"


class Words:
    """An embedder that costs nothing, and tells what it was asked."""

    name = "words"
    dimension = 8
    asked = ""

    def embed(self, texts):
        Words.asked += " ".join(texts).lower()
        return np.ones((len(texts), self.dimension), dtype=np.float32) / np.sqrt(self.dimension)


class TestForgetting:
    SECRET = "quetzalcoatlus"  # a word that nothing else writes

    def bytes_on_disk(self, path: Path) -> bytes:
        return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*")).lower()

    def remember(self, memory):
        memory.observe([thing("Mug", 0, 0, object_id="mug-sensor", image=b"IMAGE-OF-MUG" * 40)])
        for step in range(1, 6):
            memory.observe(
                [
                    thing(
                        self.SECRET,
                        4.0 * step,
                        step,
                        object_id=f"{self.SECRET}-{step}",
                        states=frozenset({f"{self.SECRET}ish"}),
                        image=self.SECRET.encode() * 200,
                        source=self.SECRET,
                    )
                ]
            )

    def test_no_byte_is_left(self, path):
        with Memory.open(path) as memory:
            self.remember(memory)
            assert memory.recall(self.SECRET)
            assert self.SECRET.encode() in self.bytes_on_disk(path)
            report = memory.forget(labels=[self.SECRET])
            assert len(report.object_ids) == 1
            assert report.states >= 5
            assert report.images == 1
            assert self.SECRET.encode() not in self.bytes_on_disk(path), "erased before the file is closed"
            assert memory.locate(self.SECRET) is None
            assert memory.get(f"{self.SECRET}-3") is None
            assert memory.history(f"{self.SECRET}-3") == []
        assert self.SECRET.encode() not in self.bytes_on_disk(path)
        with Memory.open(path) as memory:
            assert memory.labels() == ["Mug"]
            assert memory.get("mug-sensor") is not None

    @pytest.mark.parametrize("durability", ["process", "power"])
    @pytest.mark.parametrize(
        "condition",
        [
            {"object_id": f"{SECRET}-3"},
            {"labels": [SECRET]},
            {"query": SECRET},
            {"near": ((20.0, 0.0, 0.9), 1.0)},
            {"after": 4.5},
        ],
        ids=lambda condition: next(iter(condition)),
    )
    def test_whatever_it_was_found_by_it_leaves_no_byte(self, path, condition, durability):
        """Described for similarity, exported as a parent, made into parts, and put where a habit was learned."""
        with Memory.open(path, embedder=Words(), durability=durability) as memory:
            self.remember(memory)
            memory.observe([thing("Spoon", 20, 3, object_id="spoon", parent=f"{self.SECRET}-5")])
            memory.observe([thing("Spoon", 40, 4, object_id="spoon")])
            memory.observe(
                [
                    thing(self.SECRET, 20, 5, object_id=f"{self.SECRET}-6"),
                    thing("Fork", 20, 5, object_id="fork", parent=f"{self.SECRET}-6"),
                ]
            )
            memory.observe([thing("Spoon", 0.0, 4.2, object_id="spoon")])
            memory.recall("something odd to look at", min_score=0.0)
            memory.render(f"bring the {self.SECRET}", token_budget=400)
            assert self.SECRET in Words.asked
            report = memory.forget(**condition)
            if "after" in condition:
                memory.observe([thing("Fork", 20, 6, object_id="fork")])
            assert len(report.object_ids) >= 1
            assert self.SECRET.encode() not in self.bytes_on_disk(path), "erased before the file is closed"
            assert self.SECRET not in memory.render("", token_budget=400)
            memory.recall("something odd to look at", min_score=0.0)
        assert self.SECRET.encode() not in self.bytes_on_disk(path)
        with Memory.open(path, embedder=Words()) as memory:
            assert "Mug" in memory.labels()
            assert self.SECRET not in str([memory.history(r.object.object_id) for r in memory.recall("", k=50)])

    def test_things_that_do_not_move_are_erased_too(self, path):
        with Memory.open(path) as memory:
            memory.observe([thing("Safe", 0, 0, object_id="hidden-safe-77"), thing("Sofa", 5, 0)])
            report = memory.forget(object_id="hidden-safe-77")
            assert report.graph_objects == 1
            assert memory.labels() == ["Sofa"]
        assert b"hidden-safe-77" not in self.bytes_on_disk(path)

    @pytest.mark.parametrize(
        ("condition", "left"),
        [
            ({"object_id": "a"}, ["Mug", "Plate"]),
            ({"labels": ["Apple", "Mug"]}, ["Plate"]),
            ({"query": "fruit"}, ["Mug", "Plate"]),
            ({"near": ((5, 0, 0.9), 1)}, ["Apple", "Plate"]),
            ({"before": 1.5}, ["Plate"]),
            ({"after": 0.5}, ["Apple"]),
            ({"labels": ["Apple", "Plate"], "after": 1.5}, ["Apple", "Mug"]),
            ({"object_id": "unknown"}, ["Apple", "Mug", "Plate"]),
        ],
    )
    def test_too_much_and_too_little(self, path, condition, left):
        with Memory.open(path) as memory:
            memory.observe([thing("Apple", 0, 0, object_id="a")])
            memory.observe([thing("Mug", 5, 1)])
            memory.observe([thing("Plate", 10, 2)])
            memory.forget(**condition)
            assert memory.labels() == left
        with Memory.open(path) as memory:
            assert memory.labels() == left

    def test_a_condition_is_needed(self):
        with Memory.open() as memory, pytest.raises(QueryError, match="condition"):
            memory.forget()

    def test_what_is_held_and_pinned_can_be_forgotten(self):
        with Memory.open(capacity=2) as memory:
            memory.observe([thing("Mug", 0, 0, held=True, object_id="m")])
            memory.pin("m")
            memory.forget(labels=["Mug"])
            assert memory.labels() == []
            memory.observe([thing("Mug", 0, 1, object_id="m")])
            assert memory.stats.pinned == 0


KILLER = textwrap.dedent(
    """
    import os, random, signal, sqlite3, sys, time
    from memory_node import Memory
    from scene_graph.types import Observation

    path, kills, rng = sys.argv[1], int(sys.argv[2]), random.Random(5)

    def frame(step):
        return [
            Observation(
                f"Thing{n}", (3.0 * n, 0.01 * step, 0.0), stamp=float(step), object_id=f"s{step}-{n}",
                states=frozenset({"clean" if step % 3 else "dirty"}), image=bytes([step % 256]) * 300,
            )
            for n in range(12)
        ]

    def write(acknowledge):
        memory = Memory.open(path, capacity=5)
        for step in range(int(memory.now or 0) + 1, 10**6):
            memory.observe(frame(step))
            os.write(acknowledge, b"%d " % step)
            if step % 10 == 0:
                memory.forget(object_id=f"s{step}-3")

    last = longest = 0
    for kill in range(kills):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            write(writing)
        os.close(writing)
        # While it still opens the file, or some way into a frame after the first, third or ninth.
        said = b""
        for _ in range(rng.choice((0, 1, 3, 9))):
            while not said.endswith(b" ") or not said:
                said += os.read(reading, 1)
            said += os.read(reading, 1)
        time.sleep(0.015 * rng.random())
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reading, "rb") as pipe:
            acknowledged = [int(word) for word in (said + pipe.read()).split()]
        with Memory.open(path, capacity=5) as memory:
            now = int(memory.now or 0)
            assert now >= (acknowledged[-1] if acknowledged else last), (kill, now, acknowledged[-1:], last)
            longest, last = max(longest, now - last), now
            found = memory.recall("", k=50, min_score=0)
            if now:
                assert len(found) in ({11, 12} if now % 10 == 0 else {12}), (kill, now, len(found))
                assert {r.stamp for r in found} == {float(now)}, "a frame is there as a whole or not at all"
                for n in range(12):
                    known = memory.get(f"s{now}-{n}")
                    assert known is not None and known.object.label == f"Thing{n}" or n == 3 and now % 10 == 0
        db = sqlite3.connect(path)
        assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)
        db.close()
    print(kills, "kills,", last, "frames, at most", longest, "between two")
    """
)


KILLS = int(os.environ.get("KARMA_KILLS", "100"))


@pytest.mark.timeout(120 + KILLS)
def test_killed_at_any_instant_it_reopens_to_the_last_acknowledged_frame(path):
    """Kill the writer at random points, while it opens, writes and erases. `KARMA_KILLS` sets how often."""
    run = subprocess.run(
        [sys.executable, "-c", KILLER, str(path), str(KILLS)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"{KILLS} kills")
    assert int(run.stdout.split()[2]) > KILLS, "it was killed while writing, most of the time"


class TestHistory:
    def test_where_was_it_at_ten_o_clock(self, path):
        with Memory.open(path) as memory:
            for hour, x in ((8, 0.0), (9, 0.0), (11, 5.0)):
                memory.observe([thing("KeyChain", x, 3600.0 * hour, object_id="keys")])
            assert memory.state_at("keys", 3600.0 * 10).position[0] == 0
            assert memory.state_at("keys", 3600.0 * 12).position[0] == 5
            assert memory.state_at("keys", 3600.0 * 7) is None
            assert memory.state_at("nothing", 0) is None

    def test_it_is_bounded_per_object_in_the_process_and_on_disk(self, path):
        states = [frozenset({"open"}), frozenset({"closed"})]
        with Memory.open(path) as memory:
            for step in range(MAX_HISTORY * 2):
                memory.observe([thing("Laptop", 0, step, states=states[step % 2], object_id="l")])
            kept = memory.history("l")
            assert len(kept) <= MAX_HISTORY + 1
            assert kept[0].stamp == MAX_HISTORY * 2 - 1
        with sqlite3.connect(path) as db:
            assert db.execute("SELECT count(*) FROM history").fetchone() == (len(kept) - 1,)
        db.close()
        with Memory.open(path) as memory:
            assert memory.history("l") == kept
            memory.observe([thing("Laptop", 0, MAX_HISTORY * 2, states=states[0], object_id="l")])
        with Memory.open(path) as memory:
            assert memory.history("l")[1:] == kept


class TestTransfer:
    def test_what_is_exported_can_be_imported(self, path, tmp_path):
        with Memory.open(path) as memory:
            memory.observe([thing("Box", 0, 0, object_id="b"), thing("Mug", 0, 0, parent="b", image=b"picture")])
            memory.observe([thing("Plate", 9, 1)])
            memory.observe([thing("Plate", 4, 2)])
            assert memory.export(tmp_path / "all.jsonl") == 3
            plates = memory.history(memory.locate("plate").object.object_id)
        with Memory.open() as other:
            assert other.import_from(tmp_path / "all.jsonl") == 3
            assert [s.position for s in other.history(other.locate("plate").object.object_id)] == [
                s.position for s in plates
            ]
            box = other.locate("box").object.object_id
            assert other.locate("mug").object.parent == box
            assert other.import_from(tmp_path / "all.jsonl") == 3, "again, under new ids"
            boxes = other.recall("box")
            assert len({r.object.object_id for r in boxes}) == 2
            assert {r.object.parent for r in other.recall("mug")} == {r.object.object_id for r in boxes}
            known = {r.object.object_id for r in other.recall("", k=50)}
            other.observe([thing("Fork", 20, 5, object_id="f")])
            assert other.get("f").object.object_id not in known

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "not json",
            '{"format": "recipes", "version": 1}',
            '{"format": "karma-memory", "version": 99}',
            '{"format": "karma-memory", "version": 1}\n{"state": {}}',
            "[]",
        ],
    )
    def test_what_is_no_export_is_refused_and_nothing_taken_in(self, tmp_path, content):
        (tmp_path / "bad.jsonl").write_text(content)
        with Memory.open() as memory:
            with pytest.raises(StoreError, match=r"bad\.jsonl"):
                memory.import_from(tmp_path / "bad.jsonl")
            assert memory.labels() == []

    def test_a_missing_file_and_an_unwritable_place_are_clear_errors(self, tmp_path):
        with Memory.open() as memory:
            with pytest.raises(StoreError, match="cannot read"):
                memory.import_from(tmp_path / "none.jsonl")
            with pytest.raises(StoreError, match="cannot write"):
                memory.export(tmp_path / "no" / "all.jsonl")


def test_namespaces_share_a_file_and_nothing_else(path):
    with Memory.open(path, namespace="ann") as ann, Memory.open(path, namespace="bob") as bob:
        ann.observe([thing("Mug", 0, 0)])
        bob.observe([thing("Plate", 0, 0)])
        assert ann.labels() == ["Mug"]
        bob.forget(labels=["Plate"])
    with Memory.open(path, namespace="ann") as ann, Memory.open(path, namespace="bob") as bob:
        assert ann.labels() == ["Mug"]
        assert bob.labels() == []


class TestLimits:
    def test_units(self, path):
        with Memory.open(path, capacity=2, policy="lru", max_units=5) as memory:
            for step in range(20):
                memory.observe([thing(f"Thing{step}", 3.0 * step, step)])
            assert memory.labels() == [f"Thing{n}" for n in range(15, 20)]
        with Memory.open(path, capacity=2) as memory:
            assert memory.labels() == [f"Thing{n}" for n in range(15, 20)]

    def test_bytes(self, path):
        with Memory.open(path, capacity=2, policy="lru", max_bytes=300_000) as memory:
            for step in range(400):
                memory.observe([thing(f"Thing{step}", 3.0 * step, step, image=bytes(5000))])
            assert 5 < len(memory.labels()) < 100
            assert "Thing399" in memory.labels()
        assert path.stat().st_size < 1_500_000

    def test_nonsense_is_refused(self, path):
        with pytest.raises(QueryError):
            Memory.open(path, max_units=0)


def test_records_are_plain_json(path):
    with Memory.open(path) as memory:
        memory.observe([thing("Mug", 0, 0)])
    with sqlite3.connect(path) as db:
        ((record,),) = db.execute("SELECT record FROM units")
    db.close()
    assert json.loads(record)["state"]["label"] == "Mug"
