"""One set of checks that every policy passes, and a plain model of each simple one that it must agree with."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_node import policies
from memory_node.policies import PinError, PolicyError
from memory_node.policies.sketch import FrequencySketch, stable_hash

KEYS = st.integers(0, 11)
OPERATIONS = st.lists(st.tuples(st.sampled_from(["get", "set", "set", "del", "pin", "unpin"]), KEYS), max_size=150)


def run(cache, operations, *, on_step=lambda: None):
    """Apply operations as a careful caller would; returns how many reads hit."""
    hits = 0
    for step, (operation, key) in enumerate(operations):
        if operation == "set":
            try:
                cache[key] = step
            except PinError:
                assert set(cache.pinned) == set(cache)
        elif operation == "unpin":
            cache.unpin(key)
        elif key in cache:
            if operation == "get":
                cache[key]
                hits += 1
            elif operation == "del":
                del cache[key]
            else:
                cache.pin(key)
        on_step()
    return hits


@pytest.mark.parametrize("name", policies.names())
class TestEveryPolicy:
    def test_behaves_as_a_mapping(self, name):
        cache = policies.create(name, 3)
        assert not cache
        cache["a"] = 1
        cache.update(b=2, c=3)
        assert dict(cache) == {"a": 1, "b": 2, "c": 3}
        assert cache.pop("b") == 2
        assert "b" not in cache
        assert cache.get("b") is None
        with pytest.raises(KeyError):
            cache["b"]
        with pytest.raises(KeyError):
            del cache["b"]
        assert cache.peek("a") == 1
        cache.clear()
        assert len(cache) == 0

    def test_setting_a_known_key_replaces_in_place(self, name):
        evicted = []
        cache = policies.create(name, 2, on_evict=lambda key, value: evicted.append(key))
        cache["a"], cache["b"] = 1, 2
        cache["a"] = 3
        assert cache.peek("a") == 3
        assert not evicted

    @pytest.mark.parametrize("capacity", [0, -1, 2.5, True, None])
    def test_refuses_a_bad_capacity(self, name, capacity):
        with pytest.raises(PolicyError, match="capacity"):
            policies.create(name, capacity)

    @given(operations=OPERATIONS, capacity=st.integers(1, 6))
    @settings(max_examples=60, deadline=None)
    def test_is_bounded_keeps_pins_and_accounts_for_every_key(self, name, operations, capacity):
        evicted: Counter = Counter()
        cache = policies.create(name, capacity, on_evict=lambda key, value: evicted.update([key]))
        pins: set = set()

        def check():
            assert len(cache) <= capacity
            assert len(list(cache)) == len(cache)
            assert set(cache.pinned) <= set(cache)

        entered: Counter = Counter()
        left: Counter = Counter()
        for step, (operation, key) in enumerate(operations):
            before = set(cache)
            run(cache, [(operation, key)], on_step=check)
            if operation == "set" and key not in before and key in cache:
                entered[key] += 1
            if operation == "del" and key in before:
                left[key] += 1
                pins.discard(key)
            if operation == "pin" and key in before:
                pins.add(key)
            if operation == "unpin":
                pins.discard(key)
            assert pins == set(cache.pinned), step
        assert entered == left + evicted + Counter(list(cache))

    @given(operations=OPERATIONS, capacity=st.integers(1, 6))
    @settings(max_examples=30, deadline=None)
    def test_is_deterministic_for_a_seed(self, name, operations, capacity):
        first, second = (policies.create(name, capacity, seed=7) for _ in range(2))
        run(first, operations)
        run(second, operations)
        assert dict(first) == dict(second)
        assert list(first) == list(second)

    def test_what_just_came_in_is_held(self, name):
        cache = policies.create(name, 4)
        for key in range(100):
            cache[key % 17] = key
            assert key % 17 in cache

    def test_more_pins_than_capacity_is_an_error_that_names_them(self, name):
        cache = policies.create(name, 2)
        cache["mug"], cache["knife"] = 1, 2
        cache.pin("mug")
        cache.pin("knife")
        with pytest.raises(PinError, match=r"mug.*knife"):
            cache["plate"] = 3
        assert dict(cache) == {"mug": 1, "knife": 2}
        cache.unpin("mug")
        cache["plate"] = 3
        assert set(cache) == {"knife", "plate"}

    def test_a_key_that_is_not_held_cannot_be_pinned(self, name):
        with pytest.raises(KeyError):
            policies.create(name, 2).pin("mug")

    def test_never_beats_the_optimum(self, name):
        trace = [key * key % 23 for key in range(400)]
        for capacity in (1, 3, 8):
            bound = policies.simulate(trace, policy="opt", capacity=capacity)
            assert policies.simulate(trace, policy=name, capacity=capacity).hits <= bound.hits

    def test_holds_everything_that_fits(self, name):
        rate = policies.simulate([1, 2, 3] * 50, policy=name, capacity=3)
        assert rate.hits == rate.requests - 3


def fifo_model(capacity: int) -> Callable:
    order: list = []

    def access(key):
        if key in order:
            return True
        order.append(key)
        del order[:-capacity]
        return False

    return access


def lru_model(capacity: int) -> Callable:
    order: list = []

    def access(key):
        hit = key in order
        if hit:
            order.remove(key)
        order.append(key)
        del order[:-capacity]
        return hit

    return access


def lfu_model(capacity: int) -> Callable:
    held: dict = {}  # key → (count, time it got that count)
    clock = iter(range(10**9))

    def access(key):
        hit = key in held
        if not hit and len(held) == capacity:
            del held[min(held, key=held.get)]
        held[key] = (held.get(key, (0, 0))[0] + 1, next(clock))
        return hit

    return access


def sieve_model(capacity: int) -> Callable:
    queue: list = []  # [key, visited], oldest first
    hand = [None]

    def access(key):
        for entry in queue:
            if entry[0] == key:
                entry[1] = True
                return True
        if len(queue) == capacity:
            at = next((i for i, entry in enumerate(queue) if entry[0] == hand[0]), 0)
            while queue[at][1]:
                queue[at][1] = False
                at = (at + 1) % len(queue)
            hand[0] = queue[at + 1][0] if at + 1 < len(queue) else None
            del queue[at]
        queue.append([key, False])
        return False

    return access


def s3fifo_model(capacity: int) -> Callable:
    small: list = []
    main: list = []
    ghost: list = []
    count: dict = {}
    quota = max(1, int(capacity * 0.1))

    def evict():
        while True:
            if small and (not main or len(small) >= quota):
                key = small.pop(0)
                if count[key] > 1:
                    count[key] = 0
                    main.append(key)
                    continue
                ghost.append(key)
                del ghost[: -max(1, capacity - int(capacity * 0.1))]
                return
            key = main.pop(0)
            if not count[key]:
                return
            count[key] -= 1
            main.append(key)

    def access(key):
        if key in small or key in main:
            count[key] = min(3, count[key] + 1)
            return True
        if len(small) + len(main) == capacity:
            evict()
        count[key] = 0
        if key in ghost:
            ghost.remove(key)
            main.append(key)
        else:
            small.append(key)
        return False

    return access


def ebbinghaus_model(capacity: int) -> Callable:
    held: dict = {}
    time = [0]

    def access(key):
        hit = key in held
        if not hit and len(held) == capacity:
            del held[min(held, key=lambda k: (-(time[0] - held[k][0]) / held[k][1], held[k][0]))]
        time[0] += 1
        held[key] = (time[0], held.get(key, (0, 0))[1] + 1)
        return hit

    return access


def segments_model(capacity: int, *, window_share: float, compare_all: bool) -> Callable:
    """W-TinyLFU, or the paper's variant of it, with plain lists; frequencies counted exactly and never halved."""
    window_size = max(1, round(capacity * window_share))
    window: list = []
    probation: list = []
    protected: list = []
    count: Counter = Counter()

    def evict():
        if compare_all:
            pool = probation + window or protected
            victim = min(pool, key=lambda key: min(count[key], 15))
            (window if victim in window else probation if victim in probation else protected).remove(victim)
            return
        main = probation or protected
        if not main:
            window.pop(0)
        elif len(window) < window_size:
            main.pop(0)
        else:
            candidate = window.pop(0)
            if min(count[candidate], 15) > min(count[main[0]], 15):
                main.pop(0)
                probation.append(candidate)

    def access(key):
        hit = key in window or key in probation or key in protected
        if not hit and len(window) + len(probation) + len(protected) == capacity:
            evict()
        count[key] += 1
        if not hit:
            window.append(key)
            while len(window) > window_size:
                probation.append(window.pop(0))
        elif key in window:
            window.remove(key)
            window.append(key)
        elif key in protected:
            protected.remove(key)
            protected.append(key)
        else:
            probation.remove(key)
            protected.append(key)
            while len(protected) > int((capacity - window_size) * 0.8):
                probation.append(protected.pop(0))
        return hit

    return access


MODELS = {
    "wtinylfu": lambda capacity: segments_model(capacity, window_share=0.01, compare_all=False),
    "karma": lambda capacity: segments_model(capacity, window_share=0.2, compare_all=True),
    "fifo": fifo_model,
    "lru": lru_model,
    "lfu": lfu_model,
    "sieve": sieve_model,
    "s3fifo": s3fifo_model,
    "ebbinghaus": ebbinghaus_model,
    "relevance": lru_model,  # without a task, nothing is relevant
    "spatial": lru_model,  # without places, there is one
}


@pytest.mark.parametrize("name", MODELS)
@given(trace=st.lists(st.integers(0, 15), max_size=300), capacity=st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_agrees_with_its_plain_model(name, trace, capacity):
    access = MODELS[name](capacity)
    cache = policies.create(name, capacity)
    for key in trace:
        hit = key in cache
        assert hit == access(key)
        cache[key] = None


@given(trace=st.lists(st.integers(0, 6), max_size=12), capacity=st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_opt_is_the_best_that_any_choice_could_do(trace, capacity):
    states = {frozenset(): 0}  # all contents that choices could lead to, with their most hits
    for key in trace:
        following: dict = {}
        for held, hits in states.items():
            if key in held:
                options = [held]
            elif len(held) < capacity:
                options = [held, held | {key}]
            else:
                options = [held, *(held - {gone} | {key} for gone in held)]
            for option in options:
                following[option] = max(following.get(option, 0), hits + (key in held))
        states = following
    assert policies.simulate(trace, policy="opt", capacity=capacity).hits == max(states.values())


@pytest.mark.parametrize("capacity", [4, 16, 32, 200])
def test_wtinylfu_hits_as_often_as_another_implementation(capacity):
    """theine's, whose window hardly adapts where only frequency counts."""
    theine = pytest.importorskip("theine", reason="pip install -r requirements/bench.txt")
    bounds = np.cumsum(np.arange(1, 2001) ** -0.9)
    trace = np.searchsorted(bounds, np.random.default_rng(20).random(15_000) * bounds[-1]).tolist()
    cache, hits = theine.Cache(capacity), 0
    for key in trace:
        if cache.get(key)[1]:
            hits += 1
        else:
            cache.set(key, 1)
    rate = policies.simulate(trace, policy="wtinylfu", capacity=capacity).rate
    assert rate == pytest.approx(hits / len(trace), abs=0.02)


def test_a_sketch_counts_what_was_added_lately():
    sketch = FrequencySketch(100, sample=1000)
    for _ in range(9):
        sketch.add("often")
    sketch.add("once")
    assert (sketch.estimate("often"), sketch.estimate("once"), sketch.estimate("never")) == (9, 1, 0)
    for n in range(990):
        sketch.add(("other", n))
    assert sketch.estimate("often") == 4, "halved, and its mark in the doorkeeper gone"
    assert sketch.estimate("once") == 0


def test_hashes_are_the_same_in_every_process():
    assert [stable_hash(key) for key in (7, "mug", b"mug", ("a", 1), 1.5)] == [
        stable_hash(key) for key in (7, "mug", b"mug", ("a", 1), 1.5)
    ]
    script = "from memory_node.policies.sketch import stable_hash; print(stable_hash('mug'), stable_hash(('a', 1)))"
    root = Path(__file__).parents[2]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {f"{stable_hash('mug')} {stable_hash(('a', 1))}\n"}


LOOP = [n % 200 for n in range(10_000)]
JUMPS = [1000 * (n // 97) + (n * n) % 11 for n in range(10_000)]


@pytest.mark.parametrize(("trace", "capacity"), [(LOOP, 100), (LOOP, 32), (JUMPS, 4), (JUMPS, 8), (JUMPS, 16)])
def test_adaptive_is_within_a_point_of_the_better(trace, capacity):
    rates = {
        name: policies.simulate(trace, policy=name, capacity=capacity).rate for name in ("lru", "wtinylfu", "adaptive")
    }
    assert rates["adaptive"] >= max(rates["lru"], rates["wtinylfu"]) - 0.01


def test_unknown_names_say_which_there_are():
    with pytest.raises(PolicyError, match="lru"):
        policies.create("mru", 3)
    with pytest.raises(PolicyError, match="simulate"):
        policies.create("opt", 3)


def test_parameters_of_a_policy_follow_its_name():
    trace = list("abcabcabdefdefdefgababcdgh" * 3)
    hits = {
        name: policies.simulate(trace, policy=name, capacity=4).hits
        for name in ("karma", "karma:window=0.2:protected=0.8", "karma:window=1")
    }
    assert hits["karma"] == hits["karma:window=0.2:protected=0.8"] != hits["karma:window=1"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("karma:width=1", "no parameter 'width'; it has protected, sample, window"),
        ("karma:capacity=3", "no parameter 'capacity'"),
        ("karma:window=wide", "is a number, not 'wide'"),
        ("karma:window=2", "shares in"),
        ("lru:window=1", "it has none"),
    ],
)
def test_wrong_parameters_say_which_there_are(name, says):
    with pytest.raises(PolicyError, match=re.escape(says)):
        policies.create(name, 10)


class Home:
    """A context: even keys are in the kitchen, odd ones in the hall; the task names what is in `task`."""

    def __init__(self, task=()):
        self.task = set(task)

    def place(self, key):
        return "hall" if key % 2 else "kitchen"

    def relevance(self, key):
        return float(key in self.task)


def test_relevance_keeps_what_the_task_names():
    home = Home(task={1, 2})
    cache = policies.create("relevance", 4, context=home)
    for key in range(20):
        cache[key] = None
    assert {1, 2} <= set(cache)
    home.task = {19}
    for key in range(20, 30):
        cache[key] = None
    assert 19 in cache
    assert not {1, 2} & set(cache)


def test_spatial_does_not_let_one_place_wipe_out_another():
    cache = policies.create("spatial", 8, context=Home())
    for key in [0, 2, 4, 6] * 5:
        cache[key] = None
    for key in range(1, 40, 2):  # a walk through the hall
        cache[key] = None
    assert {0, 2, 4, 6} & set(cache)
    plain = policies.create("lru", 8)
    for key in [*[0, 2, 4, 6] * 5, *range(1, 40, 2)]:
        plain[key] = None
    assert not {0, 2, 4, 6} & set(plain)


def test_ebbinghaus_forgets_by_the_clock():
    now = [0.0]
    cache = policies.create("ebbinghaus", 2, clock=lambda: now[0])
    cache["old"] = None
    for _ in range(4):
        cache["old"]
    now[0] = 4.0
    cache["new"] = None
    now[0] = 6.0  # 6 s over strength 5 against 2 s over strength 1
    assert cache.retention("old") > cache.retention("new")
    cache["next"] = None
    assert set(cache) == {"old", "next"}


class TestTraces:
    def test_lirs_marks_are_skipped(self, tmp_path):
        (tmp_path / "t").write_text("1\n2\n*\n1\n")
        assert policies.read_trace(tmp_path / "t", "lirs") == [1, 2, 1]

    def test_cache2k_is_big_endian(self, tmp_path):
        (tmp_path / "t").write_bytes(b"\0\0\0\7\0\0\1\0")
        assert policies.read_trace(tmp_path / "t", "cache2k") == [7, 256]

    @pytest.mark.parametrize(
        ("name", "content", "format"), [("t", b"one\n", "lirs"), ("t.gz", b"x", "text"), ("t", b"123", "cache2k")]
    )
    def test_what_cannot_be_read_is_an_error_with_the_path(self, tmp_path, name, content, format):  # noqa: A002
        (tmp_path / name).write_bytes(content)
        with pytest.raises(PolicyError, match=name):
            policies.read_trace(tmp_path / name, format)
