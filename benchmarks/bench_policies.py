"""Hit rates and speed of every replacement policy, of Belady's optimum, and of pip-installable peers in the same run.

Traces: the published ones of ``../shared/data/traces`` where they are; accesses of a household robot, made from ALFRED
tasks where these are (the objects and receptacles that the experts touch, all tasks of one home in sequence, seeded);
and seeded synthetic ones, which are always there. Peers (theine, cachetools) are measured if they are installed:
``pip install -r requirements/bench.txt``.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import random
import time
from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path

from memory_node import policies

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
HOUSEHOLD_CAPACITIES = (2, 4, 8, 16, 25, 32, 64)
LINEAR = frozenset({"karma", "ebbinghaus", "relevance"})
"""Policies that compare all units at an eviction: measured up to the largest household capacity only."""


@dataclass(frozen=True)
class Row:
    """One policy on one trace at one capacity.

    Attributes:
        trace: Name of the trace.
        requests: Its length.
        capacity: Keys that the cache held.
        policy: Its name; peers' begin with the package's.
        rate: Hits over requests.
        speed: Requests a second.
    """

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


def household(seed: int, *, homes: int = 25) -> list[tuple[list[Hashable], frozenset[Hashable]]]:
    """Tasks of ALFRED homes as (keys in the order of access, keys that the task names); empty without ALFRED.

    Args:
        seed: Of the order of homes and of the tasks of each.
        homes: How many of them.
    """
    path = SHARED / "alfred_train.jsonl.gz"
    if not path.exists():
        return []
    by_home: dict[str, list[list[Hashable]]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            task = json.loads(line)
            home = task["floor_plan"]
            touched = [(home, name) for _, arguments in task["plan"] for name in arguments if name]
            by_home.setdefault(home, []).append(touched)
    rng = random.Random(seed)
    chosen = rng.sample(sorted(by_home), min(homes, len(by_home)))
    return [
        (keys, frozenset(keys)) for home in chosen for keys in rng.sample(by_home[home], len(by_home[home])) if keys
    ]


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


def cases() -> Iterator[tuple[str, list[Hashable], Sequence[int]]]:
    """Traces with the capacities to try."""
    for name, file, form, capacities in (
        ("loop", "loop.lirs.gz", "lirs", (500,)),
        ("multi3", "multi3.lirs.gz", "lirs", (8, 32, 600)),
        ("web12", "web12.cache2k.xz", "cache2k", (8, 32, 512)),
    ):
        if (SHARED / "traces" / file).exists():
            trace = policies.read_trace(SHARED / "traces" / file, form)
            yield name, trace[:60_000], capacities
    for name, trace in {**synthetic(), **unseen()}.items():
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

        found["theine W-TinyLFU"] = from_theine
    return found


def compare(name: str, trace: Sequence[Hashable], capacities: Sequence[int]) -> Iterator[Row]:
    """All policies, the optimum and the peers on one trace."""
    for capacity in capacities:
        for policy in (*policies.names(), "opt"):
            if policy in LINEAR and capacity > max(HOUSEHOLD_CAPACITIES):
                continue
            rate, speed = measure(trace, policy, capacity)
            yield Row(name, len(trace), capacity, policy, rate, speed)
        for peer, make in peers().items():
            ask = make(capacity)
            start = time.perf_counter()
            hits = sum(map(ask, trace))
            yield Row(name, len(trace), capacity, peer, hits / len(trace), len(trace) / (time.perf_counter() - start))


def compare_household(seed: int, capacities: Sequence[int]) -> Iterator[Row]:
    """The same on a household trace, with the context that spatial and relevance ask for."""
    tasks = household(seed)
    trace = [key for keys, _ in tasks for key in keys]
    if not trace:
        return
    name = f"household {seed}"
    for row in compare(name, trace, capacities):
        if row.policy not in {"spatial", "relevance"}:
            yield row
    for policy in ("spatial", "relevance"):
        for capacity in capacities:
            context = Task()

            def told(context: Task = context) -> Iterator[Hashable]:
                for keys, named in tasks:
                    context.named = named
                    yield from keys

            start = time.perf_counter()
            result = policies.simulate(told(), policy=policy, capacity=capacity, context=context)
            speed = result.requests / (time.perf_counter() - start)
            yield Row(name, len(trace), capacity, policy, result.rate, speed)


def gaps(rows: Sequence[Row]) -> list[tuple[float, str, int]]:
    """By how much the better of LRU and W-TinyLFU beats `adaptive`, worst first."""
    rates = {(row.trace, row.capacity, row.policy): row.rate for row in rows}
    places = {(row.trace, row.capacity) for row in rows if row.requests >= 10_000}
    return sorted(
        (
            (
                max(rates[t, c, "lru"], rates[t, c, "wtinylfu"], rates.get((t, c, "theine W-TinyLFU"), 0.0))
                - rates[t, c, "adaptive"],
                t,
                c,
            )
            for t, c in places
        ),
        reverse=True,
    )


def plot(rows: Sequence[Row], path: Path) -> None:
    """Hit rate over capacity on the household traces, mean over seeds."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    household_rows = [row for row in rows if row.trace.startswith("household")]
    for policy in dict.fromkeys(row.policy for row in household_rows):
        by_capacity: dict[int, list[float]] = {}
        for row in household_rows:
            if row.policy == policy:
                by_capacity.setdefault(row.capacity, []).append(row.rate)
        points = [(c, sum(rates) / len(rates)) for c, rates in sorted(by_capacity.items())]
        style = {"opt": "k--", "adaptive": "r-"}.get(policy, "-")
        axes.plot(*zip(*points, strict=True), style, label=policy, linewidth=2.5 if policy == "adaptive" else 1.2)
    axes.set(
        xscale="log", xlabel="capacity, units", ylabel="hit rate", title="Replacement policies, household accesses"
    )
    axes.set_xticks(HOUSEHOLD_CAPACITIES, [str(c) for c in HOUSEHOLD_CAPACITIES])
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main(
    json_path: str | None = None, *, plot_path: str | None = None, seeds: Sequence[int] = (0,)
) -> dict[str, object]:
    """Run all, print a table, and write the figures.

    Args:
        json_path: File to write the result to, if any.
        plot_path: File to draw the household hit rates to, if any.
        seeds: Of the household traces.
    """
    rows: list[Row] = []
    for name, trace, capacities in cases():
        rows += _shown(compare(name, trace, capacities))
    for seed in seeds:
        rows += _shown(compare_household(seed, HOUSEHOLD_CAPACITIES))
    worst = gaps(rows)
    print("adaptive falls behind the better of LRU and W-TinyLFU (theine's included) by at most:")
    for gap, trace_name, capacity in worst[:5]:
        print(f"  {100 * gap:+.2f} points on {trace_name} at {capacity}")
    result: dict[str, object] = {
        "rows": [asdict(row) for row in rows],
        "adaptive_worst": [{"gap": g, "trace": t, "capacity": c} for g, t, c in worst],
    }
    if json_path is not None:
        Path(json_path).write_text(json.dumps(result, indent=1), encoding="utf-8")
    if plot_path is not None and any(row.trace.startswith("household") for row in rows):
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
    arguments = parser.parse_args()
    main(arguments.json, plot_path=arguments.plot)
