"""Keeping memory in its file: what changed after every call, all of it when it is opened, and within limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from memory_node.beliefs import Beliefs
from memory_node.columns import ARCHIVE
from memory_node.errors import QueryError
from memory_node.short_tier import ShortTier
from memory_node.store import Record, Store
from memory_node.units import Unit
from scene_graph.collector import collector_off
from scene_graph.graph import SceneGraph

__all__ = ["Keeper"]

_RETENTION_INTERVAL = 32
"""Frames after which the size of the file is looked at again."""


class Keeper:
    """Writes what changed, reads what was kept, and gives up what exceeds the limits.

    Args:
        beliefs: What is believed.
        short: Tier short.
        store: The file; None keeps nothing.
        owns_graph: Whether the scene graph is kept in the file, too.
        max_units: Units kept at most; None for any number.
        max_bytes: Bytes that the file may fill; None for any number.

    Raises:
        QueryError: If a limit is below 1.
    """

    def __init__(
        self,
        beliefs: Beliefs,
        short: ShortTier,
        store: Store | None,
        *,
        owns_graph: bool,
        max_units: int | None,
        max_bytes: int | None,
    ) -> None:
        for name, limit in (("max_units", max_units), ("max_bytes", max_bytes)):
            if limit is not None and limit < 1:
                raise QueryError(f"{name} must be at least 1, got {limit}")
        self.graph_changed = False
        self._beliefs = beliefs
        self._short = short
        self._store = store
        self._owns_graph = owns_graph
        self._max_units = max_units
        self._max_bytes = max_bytes
        self._altered: set[str] = set()  # ids of those whose past was altered
        self._words: dict[tuple[str, str, frozenset[str]], str] = {}

    def close(self) -> None:
        """Keep what is not yet kept, and close the file."""
        if self._store is not None:
            self.graph_changed = True  # what changed in it without being news: extents, the floor seen
            self.persist()
            self._store.close()
            self._store = None

    def persist(self) -> None:
        """Keep what changed since the last time, in one transaction."""
        beliefs = self._beliefs
        if self._store is None or not (beliefs.dirty or (self._own_graph() is not None and self.graph_changed)):
            beliefs.dirty.clear()
            return
        units = beliefs.units.units
        tiers, rows = beliefs.columns.column("tier"), beliefs.columns.rows
        self._store.write(
            [
                Record(units[i], int(tiers[rows[i]]), self._describe(units[i]), i in self._altered)
                for i in beliefs.dirty
                if i in units
            ],
            self._meta(),
        )
        self._altered.clear()
        beliefs.dirty.clear()
        self.graph_changed = False
        units.cool(self._short.ids)

    def restore(self, knowledge_graph: Callable[[dict[str, Any]], SceneGraph]) -> None:
        """Take in what the file holds.

        Args:
            knowledge_graph: Reads a scene graph that is kept in the file.
        """
        if self._store is None:
            return
        beliefs = self._beliefs
        meta = self._store.meta()
        # Until a frame says otherwise the robot is where it was: asked before, memory knows what it knew.
        beliefs.map_id = beliefs.map_id or str(meta.get("map_id", ""))
        with collector_off():
            kept = self._store.contents()
            beliefs.columns.fill(kept.ids, kept.kinds, kept.kind, kept.parents, kept.sensors, kept.numbers)
        beliefs.units.restored(len(kept.ids), kept.ghosts)
        beliefs.next_number = int(meta.get("next_number", 1))
        beliefs.epoch = int(meta.get("epoch", 0))
        if meta.get("now") is not None:
            beliefs.newest = float(meta["now"])
        if self._owns_graph and "graph" in meta:
            beliefs.graph = knowledge_graph(meta["graph"])
        beliefs.sync()
        beliefs.learn_classes()
        self._short.restore(meta.get("short", ()), meta.get("pins", ()))
        beliefs.dirty.clear()

    def mentioning(self, ids: Iterable[str]) -> list[str]:
        """Ids of units that may ever have been on, in or made from some objects."""
        if self._store is None:
            return list(self._beliefs.units.units)
        return list(dict.fromkeys([*self._store.mentioning(ids), *self._beliefs.dirty]))

    def altered(self, object_id: str) -> None:
        """Note that a unit's past is no longer as it is kept."""
        self._beliefs.dirty[object_id] = None
        self._altered.add(object_id)

    def erase(self, ids: Iterable[str]) -> None:
        """Delete units that were removed, down to the bytes of the file."""
        if self._store is not None:
            self.graph_changed = True
            self._words.clear()
            self.persist()
            self._store.erase(ids, self._meta())

    def retain(self, frames: int, remove: Callable[[list[str]], None]) -> None:
        """Keep to the limits: give up units of the archive, those first that were seen longest ago.

        Args:
            frames: Taken in so far.
            remove: Takes units out of the process.
        """
        beliefs = self._beliefs
        count = len(beliefs.units.units)
        surplus = count - self._max_units if self._max_units is not None else 0
        if self._store is not None and self._max_bytes is not None and not frames % _RETENTION_INTERVAL:
            used = self._store.live_bytes
            if used > self._max_bytes:
                # A tenth more than the units' share of what is too much, so that it is not too much again at once.
                surplus = max(surplus, math.ceil(count * (1.1 - self._max_bytes / used)))
        if surplus <= 0:
            return
        columns = beliefs.columns
        archived = np.flatnonzero(columns.column("alive") & (columns.column("tier") == ARCHIVE))
        order = np.lexsort((archived, columns.column("stamp")[archived], columns.column("epoch")[archived]))
        oldest = [columns.ids[row] for row in archived[order[:surplus]].tolist()]
        remove(oldest)
        if self._store is not None:
            self._store.drop(oldest, self._meta())

    def _own_graph(self) -> SceneGraph | None:
        """The scene graph, if it is kept in memory's own file."""
        graph = self._beliefs.graph
        return graph if self._owns_graph and isinstance(graph, SceneGraph) else None

    def _meta(self) -> dict[str, object]:
        beliefs = self._beliefs
        own = self._own_graph() if self.graph_changed else None
        return {
            **({"graph": own.to_json()} if own is not None else {}),
            "next_number": beliefs.next_number,
            "epoch": beliefs.epoch,
            "now": beliefs.newest if math.isfinite(beliefs.newest) else None,
            "map_id": beliefs.map_id,
            "short": self._short.ids,
            "pins": self._short.task_pins,
        }

    def _describe(self, unit: Unit) -> str:
        """What full-text search finds a unit by."""
        beliefs = self._beliefs
        holder = beliefs.label_of(unit.state.parent) if unit.state.parent is not None else None
        key = (unit.state.label, holder or "", unit.state.states)
        words = self._words.get(key)
        if words is None:
            info = beliefs.knowledge.get(unit.state.label)
            place = beliefs.knowledge.get(holder).word if holder is not None else ""
            words = " ".join([unit.state.label, *info.words, *sorted(unit.state.states), place]).strip()
            self._words[key] = words
        return words
