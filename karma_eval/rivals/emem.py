"""EMEM 0.3 (``pip install emem``) plugged in as the memory of what moves: an example of how to bring one's own.

The whole plug is three methods: what to keep of a frame, what to answer to a question, what is behind an id.
"""

from __future__ import annotations

import importlib.util
import math
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from karma_eval.errors import EvalError
from karma_eval.rivals.table import TableKnowledge
from memory_node.embeddings import CachedEmbedder, MiniLM, Vectors
from memory_node.memory import Memory
from planner_node.robot import Frame, Robot
from scene_graph.types import ObjectState, Observation

__all__ = ["RESULTS", "EmemEmbedding", "EmemKnowledge", "add_to_emem", "open_emem", "search_emem", "stamp_of"]

RESULTS = 200
"""Entries asked for in a search."""

_SAME = 0.4
"""Metres within which entries of one class are read as of one thing; the newest counts."""

_SHIFT = 1.0
"""Added to every time, since eMEM takes a time of 0 for none given."""


class EmemEmbedding:
    """The project's embedder in the form that eMEM wants, so that both memories use the same."""

    def __init__(self) -> None:
        self._embedder = CachedEmbedder(MiniLM())
        self.dim = self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text."""
        return self._embedder.embed(texts)


def open_emem(folder: Path) -> Any:
    """An empty eMEM with its files in a folder.

    Raises:
        EvalError: If eMEM is not installed.
    """
    if importlib.util.find_spec("emem") is None:
        raise EvalError("eMEM is not installed: pip install -r requirements/bench.txt")
    from emem import SpatioTemporalMemory, SpatioTemporalMemoryConfig

    # With its own, smaller setting a search for so many results raises an error of the index's.
    config = SpatioTemporalMemoryConfig(
        db_path=str(folder / "emem.db"), hnsw_path=str(folder / "emem.bin"), hnsw_ef_search=5 * RESULTS
    )
    return SpatioTemporalMemory(config=config, embedding_provider=EmemEmbedding())


def search_emem(memory: Any, text: str, *, until: float | None = None) -> list[Any]:
    """The entries that a search by meaning returns, oldest first; `until` is the latest time of an entry, seconds."""
    memory.save()
    span = None if until is None else (0.0, until + _SHIFT)
    wanted = RESULTS
    while True:
        try:
            found = memory.store.semantic_search(text, n_results=wanted, time_range=span)
            return sorted((o for o in found if hasattr(o, "timestamp")), key=lambda o: o.timestamp)
        except RuntimeError:  # its index finds fewer of many equal texts than it is asked for
            if wanted == 1:
                return []
            wanted //= 2


def add_to_emem(memory: Any, word: str, seen: Observation, stamp: float) -> None:
    """Add an observation as eMEM's own examples add detections: text, place and time."""
    memory.add(
        ", ".join([word, *sorted(s.replace("_", " ") for s in seen.states)]),
        *(float(v) for v in seen.position),
        timestamp=stamp + _SHIFT,
        layer_name="detections",
        confidence=seen.confidence,
        metadata={"label": seen.label, "states": sorted(seen.states)},
    )


def stamp_of(entry: Any) -> float:
    """When an entry was seen, seconds."""
    return float(entry.timestamp) - _SHIFT


class EmemKnowledge(TableKnowledge):
    """What moves, in eMEM; what its searches return is read newest first.

    Args:
        memory: For what keeps its place.
        robot: Whose frames it takes in.

    Raises:
        EvalError: If eMEM is not installed.
    """

    def __init__(self, memory: Memory, *, robot: Robot) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._emem = open_emem(Path(self._folder.name))
        self._found: dict[str, ObjectState] = {}
        self._visible: dict[str, ObjectState] = {}
        self._classes: set[str] = set()
        super().__init__(memory, robot=robot)

    def close(self) -> None:
        """Stop listening, and delete eMEM's files."""
        super().close()
        self._emem.close()
        self._folder.cleanup()

    def take(self, seen: Sequence[Observation], frame: Frame) -> None:
        """Add every observation."""
        self._visible = {}
        for observation in seen:
            add_to_emem(self._emem, self._ontology.get(observation.label).word, observation, frame.stamp)
            self._classes.add(observation.label)
            if observation.object_id is not None:
                self._visible[observation.object_id] = ObjectState(
                    object_id=observation.object_id,
                    label=observation.label,
                    position=observation.position,
                    stamp=frame.stamp,
                    states=observation.states,
                    size=observation.size,
                    held=observation.held,
                    sensor_id=observation.object_id,
                )

    def find(self, query: str, labels: Collection[str] | None) -> list[tuple[ObjectState, float]]:
        """What its search by meaning returns for the words of the classes, or for the text."""
        texts = [query] if labels is None else [self._ontology.get(n).word for n in sorted(labels)]
        states: list[ObjectState] = []
        for text in texts:
            for entry in reversed(search_emem(self._emem, text)):
                if labels is not None and entry.metadata["label"] not in labels:
                    continue
                state = self._as_state(entry)
                if all(state.label != s.label or math.dist(s.position, state.position) > _SAME for s in states):
                    states.append(state)
        states.sort(key=lambda s: -s.stamp)
        self._found.update((s.object_id, s) for s in states)
        return [(state, 0.9 - 0.01 * min(n, 50)) for n, state in enumerate(states)]

    def state(self, object_id: str) -> ObjectState | None:
        """What the newest frame shows under an id, or what a search returned."""
        return self._visible.get(object_id) or self._found.get(object_id)

    def kept(self) -> Collection[str]:
        """Classes of everything that was added."""
        return self._classes

    def _as_state(self, entry: Any) -> ObjectState:
        x, y, z = (float(v) for v in entry.coordinates)
        label, stamp = entry.metadata["label"], stamp_of(entry)
        shown = next(
            (s for s in self._visible.values() if s.label == label and math.dist(s.position, (x, y, z)) < 1e-6), None
        )
        if shown is not None and shown.stamp == stamp:
            return shown
        return ObjectState(
            object_id=entry.id, label=label, position=(x, y, z), stamp=stamp, states=frozenset(entry.metadata["states"])
        )
