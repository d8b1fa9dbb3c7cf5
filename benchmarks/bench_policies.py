"""Hit rates and speed of every replacement policy, of Belady's optimum, and of pip-installable peers in the same run.

Groups of traces, to be chosen with ``--groups``:

- ``published``: those of ``../shared/data/traces``, where they are.
- ``synthetic``: seeded, of the kinds on which the constants of `adaptive` were chosen.
- ``unseen``: seeded, of kinds made after the last change of a policy.
- ``household``: what a robot touches, made from ALFRED's tasks where these are; see `policies.household_tasks`.
- ``large``: half a million to a million requests at capacities of 10,000 and 100,000; only asked of the policies that
  are O(1) and worth comparing there.

The last lines say, for each group, how far `adaptive` is behind the better of our LRU and W-TinyLFU at worst, and how
far behind theine, which is a W-TinyLFU whose window adapts. Peers (theine, cachetools) are measured if they are
installed: ``pip install -r requirements/bench.txt``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import time
from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np

from memory_node import policies

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
HOUSEHOLD_CAPACITIES = (2, 4, 8, 16, 25, 32, 64)
LINEAR = frozenset({"karma", "ebbinghaus", "relevance"})
"""Policies that compare all units at an eviction: measured up to the largest household capacity only."""
LARGE = ("fifo", "lru", "lfu", "wtinylfu", "s3fifo", "sieve", "adaptive")
"""Policies measured on the large traces."""
GROUPS = ("published", "synthetic", "unseen", "household", "large")
THEINE = "theine W-TinyLFU"


@dataclass(frozen=True)
class Row:
    """One policy on one trace at one capacity.

    Attributes:
        group: Group of the trace.
        trace: Name of the trace.
        requests: Its length.
        capacity: Keys that the cache held.
        policy: Its name; peers' begin with the package's.
        rate: Hits over requests.
        speed: Requests a second.
    """

    group: str
    trace: str
    requests: int
    capacity: int
    policy: str
    rate: float
    speed: float


class Task:
    """What policies may ask in a household trace; moves on with the trace."""

    def __init__(self) -> None:
        self.named: frozenset[Hashable] = frozenset()

    def place(self, key: Hashable) -> Hashable:
        """The home: what a place-centric policy can tell from an ALFRED trace."""
        assert isinstance(key, tuple)
        return key[0]

    def relevance(self, key: Hashable) -> float:
        """Whether the task at hand names the key."""
        return float(key in self.named)


def zipf(count: int, keys: int, exponent: float, rng: random.Random) -> list[int]:
    """Keys drawn with probability falling as a power of their rank."""
    bounds = list(accumulate((rank + 1) ** -exponent for rank in range(keys)))
    return [bisect_left(bounds, rng.random() * bounds[-1]) for _ in range(count)]


def synthetic() -> dict[str, list[Hashable]]:
    """Traces that show what each kind of policy is good and bad at."""
    rng = random.Random(20)
    rooms: list[Hashable] = []
    while len(rooms) < 15000:
        room = rng.randrange(14)
        rooms += [(room, key) for key in zipf(rng.randint(20, 100), 12, 0.8, rng)]
    phases: list[Hashable] = []
    while len(phases) < 15000:
        phases += zipf(1500, 300, 1.0, rng)
        phases += [10_000 + n % 400 for n in range(1500)]
    drift: list[Hashable] = [n // 20 + key for n, key in enumerate(zipf(15000, 200, 1.0, rng))]
    return {"rooms": rooms, "zipf": list(zipf(15000, 2000, 0.9, rng)), "phases": phases, "drift": drift}


def unseen() -> dict[str, list[Hashable]]:
    """Traces of kinds on which no constant of a policy was chosen: they were made after the last change of those."""
    rng = random.Random(11)
    count = 12_000
    stack = list(range(400))
    depths = list(accumulate((depth + 1) ** -1.2 for depth in range(400)))
    recency: list[Hashable] = []
    while len(recency) < count:
        key = stack.pop(bisect_left(depths, rng.random() * depths[-1]))
        stack.insert(0, key)
        recency.append(key)
    shuffled: list[Hashable] = []
    while len(shuffled) < count:
        shuffled += rng.sample(range(60), 60)
    there_and_back: list[Hashable] = []
    while len(there_and_back) < count:
        order = rng.sample(range(25), 25)
        there_and_back += order + order[::-1]
    hot: list[Hashable] = [
        (n // 2500, rng.randrange(20)) if rng.random() < 0.7 else rng.randrange(5000) for n in range(count)
    ]
    wandering: list[Hashable] = [int(rng.gauss(n / 30, 15)) for n in range(count)]
    chores: list[Hashable] = []
    while len(chores) < count:
        things = zipf(rng.randint(3, 6), 118, 0.7, rng)
        for _ in range(rng.randint(2, 5)):
            chores += rng.sample(things, len(things))
        if rng.random() < 0.3:
            chores += [1000 + n for n in range(rng.randint(5, 40))]
    return {
        "stack": recency,
        "shuffled": shuffled,
        "there+back": there_and_back,
        "hot set": hot,
        "wandering": wandering,
        "chores": chores[:count],
    }


def large() -> dict[int, list[Hashable]]:
    """By capacity, a trace whose popular keys change thrice, broken by scans of as many keys as the cache holds."""
    traces: dict[int, list[Hashable]] = {}
    for capacity, count in ((10_000, 500_000), (100_000, 1_000_000)):
        rng = np.random.default_rng(capacity)
        bounds = np.cumsum(np.arange(1, 10 * capacity + 1) ** -0.9)
        trace: list[Hashable] = []
        for phase in range(4):
            popular = np.searchsorted(bounds, rng.random(count // 4) * bounds[-1])
            half = len(popular) // 2
            first, second = (popular + phase * 3 * capacity).reshape(2, half).tolist()
            scan = 10**9 + phase * capacity
            trace += [*first, *range(scan, scan + capacity), *second]
        traces[capacity] = trace
    return traces


def cases(group: str) -> Iterator[tuple[str, list[Hashable], Sequence[int]]]:
    """Traces of a group with the capacities to try."""
    if group == "published":
        for name, file, form, capacities in (
            ("loop", "loop.lirs.gz", "lirs", (500,)),
            ("multi3", "multi3.lirs.gz", "lirs", (8, 32, 600)),
            ("web12", "web12.cache2k.xz", "cache2k", (8, 32, 512)),
        ):
            if (SHARED / "traces" / file).exists():
                trace = policies.read_trace(SHARED / "traces" / file, form)
                yield name, trace[:60_000], capacities
    elif group == "large":
        for capacity, trace in large().items():
            yield f"shifts {capacity}", trace, (capacity,)
    else:
        for name, trace in {"synthetic": synthetic, "unseen": unseen}[group]().items():
            yield name, trace, (4, 16, 32, 200)


def measure(trace: Sequence[Hashable], name: str, capacity: int) -> tuple[float, float]:
    """Hit rate of one of our policies, and requests a second."""
    start = time.perf_counter()
    result = policies.simulate(trace, policy=name, capacity=capacity)
    return result.rate, result.requests / (time.perf_counter() - start)


def peers() -> dict[str, Callable[[int], Callable[[Hashable], bool]]]:
    """Installed peers: name → capacity → a function that asks for a key, admits it if missing, and tells of a hit."""
    found: dict[str, Callable[[int], Callable[[Hashable], bool]]] = {}
    if importlib.util.find_spec("cachetools"):
        import cachetools

        def from_cachetools(kind: str) -> Callable[[int], Callable[[Hashable], bool]]:
            def make(capacity: int) -> Callable[[Hashable], bool]:
                cache = getattr(cachetools, kind)(capacity)

                def ask(key: Hashable) -> bool:
                    if key in cache:
                        cache[key]
                        return True
                    cache[key] = None
                    return False

                return ask

            return make

        found |= {f"cachetools {kind}": from_cachetools(kind) for kind in ("LRUCache", "LFUCache", "FIFOCache")}
    if importlib.util.find_spec("theine"):
        import theine

        def from_theine(capacity: int) -> Callable[[Hashable], bool]:
            cache = theine.Cache(capacity)

            def ask(key: Hashable) -> bool:
                if cache.get(key)[1]:
                    return True
                cache.set(key, 1)
                return False

            return ask

        found[THEINE] = from_theine
    return found


def compare(
    group: str, name: str, trace: Sequence[Hashable], capacities: Sequence[int], *, without: Sequence[str] = ()
) -> Iterator[Row]:
    """All policies, the optimum and the peers on one trace.

    Args:
        group: Of the trace.
        name: Of the trace.
        trace: Keys in the order of their requests.
        capacities: To try.
        without: Policies to leave out.
    """
    compared = (*(LARGE if group == "large" else policies.names()), "opt")
    for capacity in capacities:
        for policy in compared:
            if policy in without or (policy in LINEAR and capacity > max(HOUSEHOLD_CAPACITIES)):
                continue
            rate, speed = measure(trace, policy, capacity)
            yield Row(group, name, len(trace), capacity, policy, rate, speed)
        for peer, make in peers().items():
            ask = make(capacity)
            start = time.perf_counter()
            hits = sum(map(ask, trace))
            speed = len(trace) / (time.perf_counter() - start)
            yield Row(group, name, len(trace), capacity, peer, hits / len(trace), speed)


def compare_household(seed: int) -> Iterator[Row]:
    """The same on a household trace, with the context that spatial and relevance ask for."""
    path = SHARED / "alfred_train.jsonl.gz"
    if not path.exists():
        return
    tasks = policies.household_tasks(path, seed=seed)
    trace = [key for keys in tasks for key in keys]
    name = f"household {seed}"
    yield from compare("household", name, trace, HOUSEHOLD_CAPACITIES, without=("spatial", "relevance"))
    for policy in ("spatial", "relevance"):
        for capacity in HOUSEHOLD_CAPACITIES:
            context = Task()

            def told(context: Task = context) -> Iterator[Hashable]:
                for keys in tasks:
                    context.named = frozenset(keys)
                    yield from keys

            start = time.perf_counter()
            result = policies.simulate(told(), policy=policy, capacity=capacity, context=context)
            speed = result.requests / (time.perf_counter() - start)
            yield Row("household", name, len(trace), capacity, policy, result.rate, speed)


def gaps(rows: Sequence[Row], ahead: Sequence[str]) -> list[tuple[float, str, int]]:
    """By how much the best of some policies beats `adaptive`, worst first, on traces of 10,000 requests or more."""
    rates = {(row.trace, row.capacity, row.policy): row.rate for row in rows}
    places = {(row.trace, row.capacity) for row in rows if row.requests >= 10_000}
    return sorted(
        (
            (max(rates[t, c, policy] for policy in ahead if (t, c, policy) in rates) - rates[t, c, "adaptive"], t, c)
            for t, c in places
            if any((t, c, policy) in rates for policy in ahead)
        ),
        reverse=True,
    )


def plot(rows: Sequence[Row], path: Path) -> None:
    """Draw hit rate over capacity on the household traces, mean over seeds."""
    found: dict[str, dict[int, list[float]]] = {}
    for row in rows:
        if row.group == "household":
            found.setdefault(row.policy, {}).setdefault(row.capacity, []).append(row.rate)
    means = {policy: {c: sum(r) / len(r) for c, r in by_size.items()} for policy, by_size in found.items()}
    policies.draw_rates(means, path, title="Replacement policies, household accesses")


def main(
    json_path: str | None = None,
    *,
    plot_path: str | None = None,
    seeds: Sequence[int] = (0, 1),
    groups: Sequence[str] = GROUPS,
) -> dict[str, object]:
    """Run all, print a table, and write the figures.

    Args:
        json_path: File to write the result to, if any.
        plot_path: File to draw the household hit rates to, if any.
        seeds: Of the household traces.
        groups: Of traces, some of `GROUPS`.
    """
    rows: list[Row] = []
    for group in groups:
        if group == "household":
            for seed in seeds:
                rows += _shown(compare_household(seed))
        else:
            for name, trace, capacities in cases(group):
                rows += _shown(compare(group, name, trace, capacities))
    worst: list[dict[str, object]] = []
    for group in groups:
        own = [row for row in rows if row.group == group]
        for ahead in (("lru", "wtinylfu"), (THEINE,)):
            found = gaps(own, ahead)
            worst += [{"group": group, "behind": ahead, "gap": g, "trace": t, "capacity": c} for g, t, c in found]
            if found:
                gap, trace_name, capacity = found[0]
                mean = sum(g for g, _, _ in found) / len(found)
                print(
                    f"{group}: adaptive is behind {' and '.join(ahead)} by at most {100 * gap:+.2f} points"
                    f" ({trace_name} at {capacity}), on average {100 * mean:+.2f}, of {len(found)}"
                )
    result: dict[str, object] = {"rows": [asdict(row) for row in rows], "adaptive_behind": worst}
    if json_path is not None:
        Path(json_path).write_text(json.dumps(result, indent=1), encoding="utf-8")
    if plot_path is not None and any(row.group == "household" for row in rows):
        plot(rows, Path(plot_path))
    return result


def run() -> dict[str, object]:
    """The figures, for `karma bench`."""
    return main()


def _shown(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        print(f"{row.trace:12} {row.capacity:5} {row.policy:22} {row.rate:.4f} {row.speed:12,.0f}/s", flush=True)
        yield row


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", help="file to write the figures to")
    parser.add_argument("--plot", help="picture of the household hit rates")
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=GROUPS, help="groups of traces; all by default")
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1), help="of the household traces")
    arguments = parser.parse_args()
    main(arguments.json, plot_path=arguments.plot, seeds=arguments.seeds, groups=arguments.groups)
