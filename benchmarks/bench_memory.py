"""How fast memory takes in, answers and reopens, at 10,000 and 100,000 units; with eMEM on the same data if installed.

The things: 200 classes, seen once all of a class in one frame, then in frames of 20 as a robot meets them, one of each
class at a time. Embedding is left out of all figures: both memories get the same vectors, made by hashing words, and
queries are asked once before they are timed. The peer: ``pip install -r requirements/bench.txt``.

The moved-object test is run on both: a mug is seen five times at (0, 0), then once at (20, 0). Where is it?
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import resource
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from memory_node import Memory
from memory_node.embeddings import Vectors
from scene_graph.types import Observation

CLASSES = 200
FRAME = 20
QUERIES = 300
STATES = (frozenset({"clean"}), frozenset({"dirty"}), frozenset[str]())


class HashEmbedder:
    """Vectors that cost nothing: a random one for each word, summed."""

    name = "hash"
    dimension = 384
    dim = 384  # eMEM's word for it

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row += np.random.default_rng(zlib.crc32(word.encode())).standard_normal(self.dimension)
        unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return unit


def things(count: int) -> list[Observation]:
    """As many observed objects, class by class, spread over a large hall."""
    rng = np.random.default_rng(1)
    side = 3.0 * np.sqrt(count)
    places = rng.uniform((0, 0, 0), (side, side, 2), (count, 3))
    return [
        Observation(
            f"kind {n * CLASSES // count}",
            (float(x), float(y), float(z)),
            stamp=0.0,
            size=(0.1, 0.1, 0.1),
            states=STATES[n % 3],
            object_id=f"sensor-{n}",
        )
        for n, (x, y, z) in enumerate(places)
    ]


def seen_again(first: Sequence[Observation]) -> list[list[Observation]]:
    """The same things once more, in frames of different classes, each a centimetre off."""
    each = len(first) // CLASSES
    order = [kind * each + n for n in range(each) for kind in range(CLASSES)]
    again = [
        Observation(
            o.label,
            (o.position[0] + 0.01, o.position[1], o.position[2]),
            stamp=1.0 + number,
            size=o.size,
            states=o.states,
            object_id=o.object_id,
        )
        for number, o in enumerate(first[n] for n in order)
    ]
    return [again[start : start + FRAME] for start in range(0, len(again), FRAME)]


def percentiles(ask: Callable[[int], object]) -> dict[str, float]:
    """Milliseconds a call, asked after every question was asked once.

    Beside the time that passed stands the processor's time: what a call costs where other programs keep the cores busy.
    """
    for n in range(QUERIES):
        ask(n)
    passed, worked = [], []
    for n in range(QUERIES):
        start, begun = time.perf_counter(), time.thread_time()
        ask(n)
        passed.append(1000 * (time.perf_counter() - start))
        worked.append(1000 * (time.thread_time() - begun))
    p50, p99 = np.percentile(passed, [50, 99]).tolist()
    return {"p50_ms": p50, "p99_ms": p99, "p99_cpu_ms": float(np.percentile(worked, 99))}


def measure(count: int, path: Path | None) -> dict[str, Any]:
    """All figures of one memory; persisted if it has a path."""
    first = things(count)
    each = count // CLASSES
    memory = Memory.open(path, embedder=HashEmbedder())
    start = time.perf_counter()
    for begin in range(0, count, each):
        memory.observe(first[begin : begin + each])
    result: dict[str, Any] = {"units": count, "observe_new_per_s": count / (time.perf_counter() - start)}
    frames = seen_again(first)[: 20_000 // FRAME]
    start = time.perf_counter()
    for frame in frames:
        memory.observe(frame)
    result["observe_again_per_s"] = len(frames) * FRAME / (time.perf_counter() - start)
    result["units_after"] = memory.stats.short + memory.stats.archive
    rng = np.random.default_rng(2)
    kinds = rng.integers(0, CLASSES, QUERIES)
    points = [first[int(n)].position for n in rng.integers(0, count, QUERIES)]
    result["recall_meaning"] = percentiles(lambda n: memory.recall(f"odd words of {n % 50}"))
    result["recall_state"] = percentiles(lambda n: memory.recall(f"a dirty kind {kinds[n]}"))
    result["locate"] = percentiles(lambda n: memory.locate(f"kind {kinds[n]}"))
    result["radius"] = percentiles(lambda n: memory.recall("", near=(points[n], 3.0)))
    memory.close()
    if path is not None:
        start = time.perf_counter()
        memory = Memory.open(path, embedder=HashEmbedder())
        memory.locate("kind 7")
        result["reopen_s"] = time.perf_counter() - start
        memory.close()
        result["file_mb"] = path.stat().st_size / 2**20
    result["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result


def measure_emem(count: int, folder: Path) -> dict[str, Any]:
    """EMEM's figures on the same things."""
    from emem import SpatioTemporalMemory, SpatioTemporalMemoryConfig

    first = things(count)
    config = SpatioTemporalMemoryConfig(
        db_path=str(folder / "emem.db"), hnsw_path=str(folder / "emem.bin"), hnsw_max_elements=2 * count
    )
    memory = SpatioTemporalMemory(config=config, embedding_provider=HashEmbedder())
    vectors = HashEmbedder().embed([f"{' '.join(o.states)} {o.label}" for o in first])
    start = time.perf_counter()
    for o, vector in zip(first, vectors, strict=True):
        text = f"{' '.join(o.states)} {o.label}"
        memory.add(text, *o.position, timestamp=1.0 + o.stamp, embedding=vector)
    result: dict[str, Any] = {"units": count, "observe_new_per_s": count / (time.perf_counter() - start)}
    rng = np.random.default_rng(2)
    kinds = rng.integers(0, CLASSES, QUERIES)
    points = [first[int(n)].position for n in rng.integers(0, count, QUERIES)]
    asked = {text: HashEmbedder().embed([text]) for text in {f"odd words of {n}" for n in range(50)}}
    asked |= {text: HashEmbedder().embed([text]) for text in {f"kind {n}" for n in range(CLASSES)}}
    memory.store.embedding_provider.embed = lambda texts: asked[texts[0]]
    result["recall_meaning"] = percentiles(lambda n: memory.semantic_search(f"odd words of {n % 50}", n_results=5))
    result["locate"] = percentiles(lambda n: memory.locate(f"kind {kinds[n]}"))
    result["radius"] = percentiles(lambda n: memory.spatial_query(points[n][0], points[n][1], radius=3.0))
    memory.close()
    return result


def moved_object(folder: Path | None) -> dict[str, Any]:
    """Where each memory says that the mug is."""
    with Memory.open() as memory:
        for stamp in range(5):
            memory.observe([Observation("mug", (0.0, 0.0, 0.0), stamp=float(stamp), source="camera")])
        memory.observe([Observation("mug", (20.0, 0.0, 0.0), stamp=10.0, source="camera")])
        found = memory.locate("mug")
        assert found is not None
        result: dict[str, Any] = {
            "truth": [20.0, 0.0],
            "karma": list(found.position[:2]),
            "karma_age_s": found.age,
            "karma_history": [list(state.position[:2]) for state in found.history],
            "karma_units": len(memory.recall("mug")),
        }
    if folder is not None:
        from emem import SpatioTemporalMemory

        peer = SpatioTemporalMemory(db_path=str(folder / "moved.db"), embedding_provider=HashEmbedder())
        for stamp in range(5):
            peer.add("mug", 0.0, 0.0, timestamp=1.0 + stamp)
        peer.add("mug", 20.0, 0.0, timestamp=11.0)
        answer = peer.locate("mug")
        place = re.search(r"\((-?[\d.]+), (-?[\d.]+)", answer)
        result["emem"] = [float(v) for v in place.groups()] if place else None
        result["emem_answer"] = answer.split("\n")[:3]
        peer.close()
    return result


def main(json_path: str | None = None, *, sizes: Sequence[int] = (10_000, 100_000)) -> dict[str, Any]:
    """Run all, print the figures, and write them.

    Args:
        json_path: File to write the result to, if any.
        sizes: Numbers of units.
    """
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peer = importlib.util.find_spec("emem") is not None
        for size in sizes:
            result[f"memory {size}"] = measure(size, None)
            _show(f"memory {size}", result[f"memory {size}"])
            result[f"persisted {size}"] = measure(size, folder / f"{size}.db")
            _show(f"persisted {size}", result[f"persisted {size}"])
        if peer:
            result["emem 10000"] = measure_emem(10_000, folder)
            _show("emem 10000", result["emem 10000"])
        result["moved object"] = moved_object(folder if peer else None)
        _show("moved object", result["moved object"])
    if json_path is not None:
        Path(json_path).write_text(json.dumps(result, indent=2), encoding="utf-8")
    return result


def run() -> dict[str, Any]:
    """The figures, for `karma bench`."""
    return main()


def _show(name: str, figures: dict[str, Any]) -> None:
    print(name)
    for key, value in figures.items():
        if isinstance(value, dict):
            p50, p99, cpu = value["p50_ms"], value["p99_ms"], value["p99_cpu_ms"]
            value = f"p50 {p50:.3f} ms, p99 {p99:.3f} ms ({cpu:.3f} ms of the processor)"
        elif isinstance(value, float):
            value = f"{value:,.2f}"
        print(f"  {key:22} {value}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", help="file to write the figures to")
    parser.add_argument("--sizes", default="10000,100000", help="numbers of units, comma-separated")
    arguments = parser.parse_args()
    main(arguments.json, sizes=[int(size) for size in arguments.sizes.split(",")])
