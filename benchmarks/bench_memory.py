"""How fast memory takes in, answers and reopens, at 10,000 and 100,000 units; with eMEM on the same data if installed.

The things: 200 classes, seen once all of a class in one frame, then in frames of 20 as a robot meets them, one of each
class at a time. Embedding is left out of all figures: both memories get the same vectors, made by hashing words, and
queries are asked once before they are timed. Each memory runs in a process of its own, and what is observed is made
frame by frame, so that the process holds nothing else: ``added_mb`` is what its peak grew by since all was imported and
a memory of a few units had answered once, ``peak_rss_mb`` is the whole process with Python, NumPy and all libraries.
The figures of ``reader`` are another process's: the file's R*-tree and full-text index.
The peer: ``pip install -r requirements/bench.txt``.

The moved-object test is run on both: a mug is seen five times at (0, 0), then once at (20, 0). Where is it?
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import re
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from memory_node import Memory, Reader
from memory_node.embeddings import Vectors
from scene_graph.types import Observation

CLASSES = 200
FRAME = 20
QUERIES = 300
_EMEM_MOST = 10_000
"""Units up to which eMEM is measured; more take it hours."""
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


class Things:
    """As many objects, spread over a large hall, class by class; observations of them are made when asked for."""

    def __init__(self, count: int) -> None:
        side = 3.0 * np.sqrt(count)
        self.places = np.random.default_rng(1).uniform((0, 0, 0), (side, side, 2), (count, 3))

    def __len__(self) -> int:
        return len(self.places)

    def see(self, n: int, *, stamp: float = 0.0, off: float = 0.0) -> Observation:
        """One of them, as if seen `off` metres to the side."""
        x, y, z = self.places[n].tolist()
        return Observation(
            f"kind {n * CLASSES // len(self)}",
            (x + off, y, z),
            stamp=stamp,
            size=(0.1, 0.1, 0.1),
            states=STATES[n % 3],
            object_id=f"sensor-{n}",
        )

    def first(self) -> Iterator[list[Observation]]:
        """All, all of a class in one frame."""
        each = len(self) // CLASSES
        for begin in range(0, len(self), each):
            yield [self.see(n) for n in range(begin, begin + each)]

    def again(self, count: int) -> Iterator[list[Observation]]:
        """As many once more, in frames of different classes, each a centimetre off."""
        each = len(self) // CLASSES
        for begin in range(0, min(count, len(self)), FRAME):
            order = [n % CLASSES * each + n // CLASSES for n in range(begin, begin + FRAME)]
            yield [self.see(n, stamp=1.0 + begin + i, off=0.01) for i, n in enumerate(order)]


def timed(
    name: str, frames: Iterator[list[Observation]], take: Callable[[list[Observation]], object]
) -> dict[str, Any]:
    """Observations a second that something takes in, the making of them left out: by the clock, and by the processor.

    Where other programs keep the cores busy, only the processor's time tells what it costs.
    """
    passed = worked = 0.0
    count = 0
    for frame in frames:
        start, begun = time.perf_counter(), time.process_time()
        take(frame)
        passed += time.perf_counter() - start
        worked += time.process_time() - begun
        count += len(frame)
    return {f"{name}_per_s": count / passed, f"{name}_per_cpu_s": count / worked}


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


def resident(field: str) -> float:
    """Resident memory of this process, MB: ``VmRSS`` now or ``VmHWM`` at its peak. Linux only."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(text.split(f"{field}:")[1].split()[0]) / 1024


def questions(count: int) -> tuple[list[int], list[tuple[float, float, float]]]:
    """Classes and places to ask about."""
    rng = np.random.default_rng(2)
    kinds = rng.integers(0, CLASSES, QUERIES).tolist()
    places = Things(count).places[rng.integers(0, count, QUERIES)]
    return kinds, [(x, y, z) for x, y, z in places.tolist()]


def warm_up() -> float:
    """Load what memory loads when it is first used; returns resident memory, MB."""
    with tempfile.TemporaryDirectory() as folder, Memory.open(Path(folder) / "m", embedder=HashEmbedder()) as memory:
        memory.observe([Things(CLASSES).see(n) for n in range(FRAME)])
        memory.recall("odd words")
    return resident("VmRSS")


def measure(count: int, path: Path | None) -> dict[str, Any]:
    """All figures of one memory; persisted if it has a path."""
    kinds, points = questions(count)
    before, things = warm_up(), Things(count)
    memory = Memory.open(path, embedder=HashEmbedder())
    result: dict[str, Any] = {"units": count, **timed("observe_new", things.first(), memory.observe)}
    result |= timed("observe_again", things.again(20_000), memory.observe)
    result["units_after"] = memory.stats.short + memory.stats.archive
    result |= ask(memory, kinds, points)
    result["added_mb"] = resident("VmHWM") - before
    result["peak_rss_mb"] = resident("VmHWM")
    memory.close()
    return result


def ask(memory: Memory, kinds: Sequence[int], points: Sequence[tuple[float, float, float]]) -> dict[str, Any]:
    """Times of memory's answers."""
    return {
        "recall_meaning": percentiles(lambda n: memory.recall(f"odd words of {n % 50}")),
        "recall_state": percentiles(lambda n: memory.recall(f"a dirty kind {kinds[n]}")),
        "locate": percentiles(lambda n: memory.locate(f"kind {kinds[n]}")),
        "radius": percentiles(lambda n: memory.recall("", near=(points[n], 3.0))),
    }


def reopen(count: int, path: Path) -> dict[str, Any]:
    """Figures of a memory that another process left."""
    kinds, points = questions(count)
    before = warm_up()
    start = time.perf_counter()
    memory = Memory.open(path, embedder=HashEmbedder())
    memory.locate("kind 7")
    result: dict[str, Any] = {"reopen_s": time.perf_counter() - start, "file_mb": path.stat().st_size / 2**20}
    result |= ask(memory, kinds, points)
    result["added_mb"] = resident("VmHWM") - before
    result["peak_rss_mb"] = resident("VmHWM")
    with Reader(path) as reader:
        result["reader_radius"] = percentiles(lambda n: reader.near(points[n], 3.0))
        result["reader_words"] = percentiles(lambda n: reader.search(f"dirty {kinds[n]}", k=5))
    memory.close()
    return result


def measure_emem(count: int, folder: Path) -> dict[str, Any]:
    """EMEM's figures on the same things: it is always persisted, and takes in one thing at a time."""
    from emem import SpatioTemporalMemory, SpatioTemporalMemoryConfig

    kinds, points = questions(count)
    things = Things(count)
    config = SpatioTemporalMemoryConfig(
        db_path=str(folder / "emem.db"), hnsw_path=str(folder / "emem.bin"), hnsw_max_elements=2 * count
    )
    memory = SpatioTemporalMemory(config=config, embedding_provider=HashEmbedder())
    texts = [f"{' '.join(states)} kind {kind}" for kind in range(CLASSES) for states in STATES]
    vectors = dict(zip(texts, HashEmbedder().embed(texts), strict=True))

    def take(frame: list[Observation]) -> None:
        for o in frame:
            text = f"{' '.join(o.states)} {o.label}"
            memory.add(text, *o.position, timestamp=1.0 + o.stamp, embedding=vectors[text])

    result: dict[str, Any] = {"units": count, **timed("observe_new", things.first(), take)}
    result |= timed("observe_again", things.again(20_000), take)
    asked = {text: HashEmbedder().embed([text]) for text in {f"odd words of {n}" for n in range(50)}}
    asked |= {text: HashEmbedder().embed([text]) for text in {f"kind {n}" for n in range(CLASSES)}}
    asked |= {text: HashEmbedder().embed([text]) for text in {f"a dirty kind {n}" for n in range(CLASSES)}}
    memory.store.embedding_provider.embed = lambda texts: asked[texts[0]]
    result["recall_meaning"] = percentiles(lambda n: memory.semantic_search(f"odd words of {n % 50}", n_results=5))
    result["recall_state"] = percentiles(lambda n: memory.semantic_search(f"a dirty kind {kinds[n]}", n_results=5))
    result["locate"] = percentiles(lambda n: memory.locate(f"kind {kinds[n]}"))
    result["radius"] = percentiles(lambda n: memory.spatial_query(points[n][0], points[n][1], radius=3.0))
    result["peak_rss_mb"] = resident("VmHWM")
    memory.close()
    start = time.perf_counter()
    memory = SpatioTemporalMemory(config=config, embedding_provider=HashEmbedder())
    memory.locate("kind 7")
    result["reopen_s"] = time.perf_counter() - start
    memory.close()
    result["file_mb"] = sum(file.stat().st_size for file in folder.glob("emem*")) / 2**20
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
            path = folder / f"{size}.db"
            result[f"memory {size}"] = _alone(measure, size, None)
            result[f"persisted {size}"] = _alone(measure, size, path)
            result[f"reopened {size}"] = _alone(reopen, size, path)
            if peer and size <= _EMEM_MOST:
                (folder / str(size)).mkdir()
                result[f"emem {size}"] = _alone(measure_emem, size, folder / str(size))
                _compare(result, size)
        result["moved object"] = moved_object(folder if peer else None)
        _show("moved object", result["moved object"])
    if json_path is not None:
        Path(json_path).write_text(json.dumps(result, indent=2), encoding="utf-8")
    return result


def run() -> dict[str, Any]:
    """The figures, for `karma bench`."""
    return main()


def _alone(task: Callable[..., dict[str, Any]], *arguments: object) -> dict[str, Any]:
    """What a task finds in a process of its own, shown."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        figures = pool.submit(task, *arguments).result()
    _show(f"{task.__name__} {arguments[0]}{' in a file' if isinstance(arguments[1], Path) else ''}", figures)
    return figures


def _compare(result: dict[str, Any], size: int) -> None:
    """How many times faster than eMEM, in the same setting: kept in a file."""
    ours, theirs = {**result[f"persisted {size}"], **result[f"reopened {size}"]}, result[f"emem {size}"]
    rates = [f"observe_{kind}_per_{clock}" for kind in ("new", "again") for clock in ("s", "cpu_s")]
    times = {name: ours[name] / theirs[name] for name in rates}
    times |= {
        f"{name}_p50": theirs[name]["p50_ms"] / ours[name]["p50_ms"]
        for name in ("recall_meaning", "recall_state", "locate", "radius")
    }
    times["reopen_s"] = theirs["reopen_s"] / ours["reopen_s"]
    result[f"times faster than emem {size}"] = times
    _show(f"times faster than eMEM, {size}, both in a file", times)


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
