"""The memory of a robot: what it saw, what it believes, and how it knows.

`Memory` is the facade over three tiers. *Short* is a bounded cache of units, one an object, under a replacement
policy. *Long* is the scene graph of what does not move. *Archive* is whatever the cache gave up, with all history; it
is asked when the other two have no answer. Identity, change and absence are `shortterm`'s, answering is `recall`'s,
keeping is `store`'s.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import math
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from threading import RLock
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from memory_node import policies
from memory_node.columns import ARCHIVE, LONG, SHORT, TIERS, Columns
from memory_node.embeddings import CachedEmbedder, Embedder, MiniLM
from memory_node.errors import EmbeddingError, QueryError
from memory_node.longterm import LongTerm
from memory_node.policies import PinError, Policy
from memory_node.query import Parser
from memory_node.recall import Hit, Narrowing, Recall
from memory_node.recollection import LookNext, Recollection
from memory_node.render import Line, render
from memory_node.shortterm import ShortTermMemory
from memory_node.stats import Counters, Stats
from memory_node.store import Durability, Record, Store
from memory_node.surroundings import Surroundings
from memory_node.transfer import read_units, rename, write_units
from memory_node.units import Unit
from scene_graph.graph import SceneGraph
from scene_graph.ontology import Ontology, ontology, plural
from scene_graph.routing import is_static
from scene_graph.similarity import similarity_of
from scene_graph.types import Change, ObjectState, Observation, Point, View, as_point

__all__ = ["ErasureReport", "Memory"]

MIN_SCORE = 0.35
"""Score below which memory says that it does not know."""

_JUMP = 1.0
"""Seconds by which stamps may go back, from sensors that are not in step, before that is a restart of time."""
_RETENTION_INTERVAL = 32
"""Frames after which the size of the file is looked at again."""
_RECENT_QUERIES = 8
"""Queries whose classes count as what the present task is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReport:
    """What `Memory.forget` erased.

    Attributes:
        object_ids: Memory's ids of the erased objects.
        states: Beliefs erased with them, present and past.
        images: Images erased with them.
        graph_objects: How many of the objects were in the scene graph.
    """

    object_ids: tuple[str, ...]
    states: int
    images: int
    graph_objects: int


class Memory:
    """What a robot remembers of the things in a home. Made by `Memory.open`; a context manager; safe across threads.

    The methods that a user needs: `observe` takes in what the sensors show; `recall` and `locate` answer questions;
    `history` tells how it came about; `forget` erases; `pin` keeps; `render` writes a prompt; `stats` counts.
    """

    def __init__(
        self,
        *,
        capacity: int,
        policy: str,
        archive: bool,
        embedder: Embedder,
        clock: Callable[[], float] | None,
        scene_graph: LongTerm,
        store: Store | None,
        knowledge: Ontology,
        map_id: str,
        seed: int,
        owns_graph: bool,
        max_units: int | None,
        max_bytes: int | None,
    ) -> None:
        for name, limit in (("max_units", max_units), ("max_bytes", max_bytes)):
            if limit is not None and limit < 1:
                raise QueryError(f"{name} must be at least 1, got {limit}")
        self._max_units = max_units
        self._max_bytes = max_bytes
        self._graph = scene_graph
        self._owns_graph = owns_graph
        self._graph_changed = False
        self._archive = archive
        self._clock = clock
        self._store = store
        self._knowledge = knowledge
        self._seed = seed
        self._lock = RLock()
        self._counters = Counters()
        self._next_number = 1
        self._epoch = 0
        self._now = -math.inf
        self._map_id = map_id
        self._robot: Point | None = None
        self._held: dict[str, None] = {}
        self._task_pins: dict[str, None] = {}
        self._served: dict[str, tuple[bool, str]] = {}  # id → was in short, kind of query
        self._dirty: dict[str, None] = {}
        self._recent_labels: deque[frozenset[str]] = deque(maxlen=_RECENT_QUERIES)
        self._units = ShortTermMemory(knowledge, new_id=self._new_id)
        self._columns = Columns()
        self._class_words: dict[str, list[str]] = {}
        self._classes_known = 0
        self._parser = Parser(knowledge, self._known_classes)
        self._embedder = CachedEmbedder(embedder)
        self._recall = Recall(self._columns, knowledge, self._embedder, self._state_of)
        self._graph_version: int | None = None
        self._graph_states: dict[str, ObjectState] = {}
        self._graph_aliases: dict[str, str] = {}
        self._surroundings = Surroundings((), knowledge)
        self._policy_name = policy
        self._cache: Policy[str, Unit] = self._new_policy(policy, capacity)
        if store is not None:
            self._restore(store)
        self._lend_embedder()

    @classmethod
    def open(
        cls,
        path: str | PathLike[str] | None = None,
        *,
        capacity: int = 25,
        policy: str = policies.DEFAULT,
        archive: bool = True,
        embedder: Embedder | None = None,
        clock: Callable[[], float] | None = None,
        scene_graph: LongTerm | None = None,
        durability: Durability = "process",
        knowledge: Ontology | None = None,
        map_id: str = "",
        namespace: str = "",
        max_units: int | None = None,
        max_bytes: int | None = None,
        seed: int = 0,
    ) -> Self:
        """Open a memory: what its file holds, or an empty one.

        Args:
            path: File that keeps it; None keeps it in this process only.
            capacity: Units that tier ``short`` holds.
            policy: What leaves ``short`` when it is full; one of `policies.names`.
            archive: Whether what leaves is archived. False is the paper's volatile cache: what leaves is forgotten.
            embedder: For what a query leaves to be understood by similarity; by default all-MiniLM-L6-v2.
            clock: The present, seconds, on the clock of the observations' stamps; by default the newest stamp.
            scene_graph: Long-term memory, kept by its owner; by default an own one, kept in the same file.
            durability: What an acknowledged observation outlives: ``"process"`` or ``"power"``.
            knowledge: What is known of classes; by default the shipped household knowledge.
            map_id: Which map positions refer to.
            namespace: Whose memory it is (a home's, a robot's, a person's), if several share a file.
            max_units: Units kept at most in all; of more, those of the archive that were seen longest ago go.
            max_bytes: Bytes that the file may fill, kept to in the same way.
            seed: For the policies that draw or hash.

        Raises:
            StoreError: If the file is no memory, damaged, or of a newer release.
            PolicyError: If there is no such policy, or capacity is below 1.
        """
        owns_graph = scene_graph is None
        if scene_graph is None:
            scene_graph = SceneGraph(map_id=map_id, knowledge=knowledge)
        policies.create(policy, capacity)  # a bad name or capacity is an error before any file is touched
        return cls(
            capacity=capacity,
            policy=policy,
            archive=archive,
            embedder=embedder if embedder is not None else MiniLM(),
            clock=clock,
            scene_graph=scene_graph,
            store=Store(path, namespace=namespace, durability=durability) if path is not None else None,
            knowledge=knowledge if knowledge is not None else ontology(),
            map_id=map_id,
            seed=seed,
            owns_graph=owns_graph,
            max_units=max_units,
            max_bytes=max_bytes,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Keep what is not yet kept, and close the file."""
        with self._lock:
            if self._store is not None:
                self._graph_changed = True  # what changed in it without being news: extents, the floor seen
                self._persist()
                self._store.close()
                self._store = None

    # Observing.

    def observe(
        self,
        observations: Iterable[Observation],
        *,
        view: View | None = None,
        stamp: float | None = None,
        robot_pose: Sequence[float] | None = None,
    ) -> list[Change]:
        """Take in one frame: the single way into memory.

        Args:
            observations: What was seen. An error in building one of them (`InvalidObservationError`) came before
                this call; whatever arrives here is taken in as a whole.
            view: What was in clear view: makes absence evidence. None draws no conclusion from what was not seen.
            stamp: Time of the frame, seconds; by default the newest observation's. Frames without any need it.
            robot_pose: (x, y, …) of the robot's base, metres, map frame, for the scene graph's floor.

        Returns:
            What changed, of things that move and of things that do not.

        Raises:
            StoreError: If it cannot be kept; memory in the process is then ahead of the file.
        """
        # Whole seconds given as int would make another digest than the same seconds read back from the file.
        frame = [o if isinstance(o.stamp, float) else replace(o, stamp=float(o.stamp)) for o in observations]
        with self._lock:
            if stamp is None:
                stamp = max((o.stamp for o in frame), default=self._now)
            if stamp < self._now - _JUMP:
                self._begin_epoch()
            self._now = max(self._now, stamp) if math.isfinite(stamp) else self._now
            fixed: list[Observation] = []
            moving: list[Observation] = []
            for observation in frame:
                static = is_static(observation, knowledge=self._knowledge) and not self._graph.left(observation)
                (fixed if static else moving).append(observation)
            changes: list[Change] = []
            if view is not None or robot_pose is not None:
                place = view.position if view is not None else tuple(robot_pose or ())
                self._robot = (place[0], place[1], 0.0)
            if not self._graph.read_only and (fixed or view is not None):
                changes += self._graph.observe(
                    fixed, view, robot_pose=robot_pose, stamp=stamp if math.isfinite(stamp) else None
                )
                self._graph_changed |= bool(changes)
                moving += [o for o in fixed if self._graph.left(o)]  # what the graph has just found to move after all
            self._sync_graph()
            for frame_id in dict.fromkeys(o.frame_id for o in moving) or {"map": None}:
                outcome = self._units.observe(
                    [o for o in moving if o.frame_id == frame_id],
                    view=view if frame_id == "map" else None,
                    surroundings=self._surroundings,
                    static_ids=self._graph_aliases,
                    epoch=self._epoch,
                    map_id=self._map_id,
                    frame_id=frame_id,
                    stamp=stamp,
                )
                changes += outcome.changes
                self._take(outcome.touched, outcome.entered)
                self._graph.consolidate(outcome.changes)
            self._counters.frames += 1
            self._counters.observations += len(frame)
            self._counters.changes.update(change.kind.value for change in changes)
            self._persist()
            self._retain()
            return changes

    def _lend_embedder(self) -> None:
        """Let the scene graph understand what is sought as memory does, unless it has a model of its own."""
        if isinstance(self._graph, SceneGraph) and self._graph.similarity is None:
            self._graph.similarity = similarity_of(self._embedder, errors=(EmbeddingError,))

    def _begin_epoch(self) -> None:
        self._epoch += 1
        self._now = -math.inf

    def _take(self, touched: Iterable[str], entered: Iterable[str]) -> None:
        """Bring cache and columns up to date with units that changed."""
        for object_id in touched:
            unit = self._units.units[object_id]
            tier = SHORT if object_id in self._cache else ARCHIVE
            if unit.retired and tier == SHORT:
                self._unpin_all(object_id)
                del self._cache[object_id]
                tier = ARCHIVE
            self._put_row(unit, tier)
            self._dirty[object_id] = None
        for object_id in entered:
            if object_id in self._units.units and not self._units.units[object_id].retired:
                self._admit(object_id)
        self._hold()

    def _admit(self, object_id: str) -> None:
        """Make a unit the cache's, or note an access to one that is."""
        unit = self._units.units[object_id]
        known = object_id in self._cache
        try:
            self._cache[object_id] = unit
        except PinError:
            return  # every place is pinned by the task: the unit stays in the archive
        if not known:
            self._columns.set_tier(object_id, SHORT)
            self._dirty[object_id] = None

    def _evicted(self, object_id: str, unit: Unit) -> None:
        self._counters.evictions += 1
        if self._archive:
            self._columns.set_tier(object_id, ARCHIVE)
            self._dirty[object_id] = None
        else:
            self._units.remove(object_id)
            self._erase_rows([object_id])

    def _hold(self) -> None:
        """What the gripper holds stays in the cache for as long."""
        held = {unit.id: None for unit in self._units.held()}
        for object_id in [i for i in self._held if i not in held]:
            del self._held[object_id]
            if object_id in self._cache and object_id not in self._task_pins:
                self._cache.unpin(object_id)
        for object_id in held:
            if object_id not in self._cache:
                self._admit(object_id)
            if object_id in self._cache:
                self._cache.pin(object_id)
                self._held[object_id] = None

    # Asking.

    def recall(
        self,
        query: str,
        *,
        k: int = 5,
        min_score: float | None = None,
        near: tuple[Sequence[float], float] | None = None,
        within: str | None = None,
        after: float | None = None,
        before: float | None = None,
        labels: Collection[str] | None = None,
        states: Collection[str] | None = None,
    ) -> list[Recollection]:
        """Answer a question from all tiers, best first. "I don't know" is an empty list.

        The text may name classes ("mug"), kinds ("fruit"), states ("dirty dishes"), places ("in the fridge", "near
        the sofa"), times ("in the last ten minutes") and what it must not be ("not on the table"); what else it says
        is compared by meaning ("something to write with"). The arguments narrow what the text asks for, and win.

        Args:
            query: The question, or a description of what is sought; may be empty where arguments say it all.
            k: How many answers at most.
            min_score: Answers that score less are none; by default `MIN_SCORE`.
            near: Point and radius, metres, map frame.
            within: Id of an area or a container.
            after: Seen at this stamp or later, seconds.
            before: Seen at this stamp or earlier, seconds.
            labels: Of one of these classes.
            states: With all of these states.

        Raises:
            QueryError: If an argument makes no sense.
            EmbeddingError: If the query needs an embedder, and that fails.
        """
        with self._lock:
            return [
                self._recollect(hit)
                for hit in self._hits(query, k, min_score, near, within, after, before, labels, states)
            ]

    def locate(self, query: str) -> Recollection | None:
        """Where a thing is: the best answer to a question, with what else it could be; None if memory does not know.

        Args:
            query: As for `recall`.

        Raises:
            EmbeddingError: If the query needs an embedder, and that fails.
        """
        with self._lock:
            hits = self._hits(query, 4, None, None, None, None, None, None, None)
            if not hits:
                return None
            others = [state for hit in hits[1:] if (state := self._state_of(hit.object_id)) is not None]
            return self._recollect(hits[0], others=others)

    def get(self, object_id: str) -> Recollection | None:
        """What memory believes now about one object; None if it knows none of that id.

        Args:
            object_id: Memory's id, or a sensor id that joined it.
        """
        with self._lock:
            known = self._resolve(object_id)
            if known is None:
                return None
            tier = int(self._columns.column("tier")[self._columns.rows[known]])
            return self._recollect(Hit(known, 1.0, tier, {}))

    def history(self, object_id: str) -> list[ObjectState]:
        """All that was believed of an object, newest first; the present belief comes first.

        Args:
            object_id: Memory's id, or a sensor id that joined it.

        Returns:
            Empty if memory knows no such object.
        """
        with self._lock:
            unit = self._units.find(object_id)
            if unit is None:
                known = self._resolve(object_id)
                return [self._graph_states[known]] if known is not None else []
            return [unit.state, *(past.state for past in reversed(unit.history))]

    def state_at(self, object_id: str, stamp: float) -> ObjectState | None:
        """What was believed of an object at some time, e.g. where it was at ten o'clock.

        Args:
            object_id: Memory's id, or a sensor id that joined it.
            stamp: Seconds, in the present epoch.

        Returns:
            The belief that held then; None if the object was not yet known.
        """
        with self._lock:
            unit = self._units.find(object_id)
            if unit is None:
                known = self._resolve(object_id)
                return self._graph_states[known] if known is not None else None
            if unit.epoch == self._epoch and unit.since <= stamp:
                return unit.state
            for past in reversed(unit.history):
                if past.epoch == self._epoch and past.since <= stamp:
                    return past.state
            return None

    def export(self, path: str | PathLike[str]) -> int:
        """Write all units with their history as JSON Lines, see `transfer`; returns how many.

        Args:
            path: Of the file; replaced if it exists.

        Raises:
            StoreError: If it cannot be written.
        """
        with self._lock:
            return write_units(path, self._units.units.values())

    def import_from(self, path: str | PathLike[str]) -> int:
        """Take in the units of a file that `export` wrote, as archive of this memory; returns how many.

        What memory knows already under the same id stays as it is, and the unit of the file gets a new id.

        Args:
            path: Of the file.

        Raises:
            StoreError: If it cannot be read, or is no such file; then nothing is taken in.
        """
        with self._lock:
            units = read_units(path)
            renamed = {u.id: self._new_id(u.state.label) for u in units if u.id in self._units.units}
            for unit in units:
                rename(unit, renamed)
                self._units.add(unit)
                self._put_row(unit, ARCHIVE)
                self._dirty[unit.id] = None
            numbers = [int(n) for unit in units if (n := unit.id.rpartition("-")[2]).isdecimal()]
            self._next_number = max([self._next_number, *(n + 1 for n in numbers)])
            if not self._archive:
                for unit in units:
                    self._admit(unit.id)
            self._persist()
            return len(units)

    def labels(self) -> list[str]:
        """Classes of all that is remembered, sorted."""
        with self._lock:
            self._sync_graph()
            alive = self._columns.column("alive")
            codes = np.unique(self._columns.column("label")[alive]).tolist()
            return sorted(self._columns.labels.names[code] for code in codes)

    def used(self, object_id: str) -> bool:
        """Tell that a skill used an object; returns whether that was a hit.

        A hit is a unit that the newest query which found it had found in tier ``short``. A unit that no query found
        was met by searching, not by remembering: a miss. Either way it is now in ``short``, as just accessed.

        Args:
            object_id: Memory's id, or a sensor id that joined it.
        """
        with self._lock:
            known = self._resolve(object_id)
            served = self._served.pop(known, None) if known is not None else None
            hit, kind = served if served is not None else (False, "none")
            self._counters.use(policy=self._policy_name, kind=kind, hit=hit)
            unit = self._units.units.get(known) if known is not None else None
            if unit is not None:
                unit.uses += 1
                self._admit(unit.id)
                self._dirty[unit.id] = None
                self._persist()
            return hit

    # Keeping.

    def pin(self, object_id: str) -> None:
        """Keep an object in tier ``short``, recalling it from the archive if need be.

        What does not move cannot leave long-term memory, so pinning it does nothing.

        Args:
            object_id: Memory's id, or a sensor id that joined it.

        Raises:
            QueryError: If memory knows no such object.
            PinError: If every place of ``short`` is pinned; the message names what is.
        """
        with self._lock:
            known = self._resolve(object_id)
            if known is None:
                raise QueryError(f"cannot pin {object_id!r}: memory knows no such object")
            unit = self._units.units.get(known)
            if unit is None:
                return
            if known not in self._cache:
                self._cache[known] = unit
                self._columns.set_tier(known, SHORT)
                self._dirty[known] = None
            self._cache.pin(known)
            self._task_pins[known] = None
            self._persist()

    def unpin(self, object_id: str) -> None:
        """Undo `pin`; no effect on what is not pinned, or in the gripper."""
        with self._lock:
            known = self._resolve(object_id)
            if known is not None and self._task_pins.pop(known, known) is None and known not in self._held:
                self._cache.unpin(known)

    def forget(
        self,
        *,
        object_id: str | None = None,
        labels: Collection[str] | None = None,
        query: str | None = None,
        near: tuple[Sequence[float], float] | None = None,
        before: float | None = None,
        after: float | None = None,
    ) -> ErasureReport:
        """Erase objects from memory and from the bytes of its file: beliefs, history, images, ids, words.

        The conditions are all to be met; at least one must be given. Habits of the named classes go, too. A scene
        graph that is kept in a file of its own must be saved again by whoever keeps it.

        Args:
            object_id: Memory's id, or a sensor id that joined it.
            labels: Of one of these classes.
            query: Whatever answers this question.
            near: Within a radius (metres) of a point (map frame).
            before: Last seen at this stamp or earlier, seconds.
            after: Last seen at this stamp or later, seconds.

        Raises:
            QueryError: If no condition is given, one makes no sense, or it meets objects of a read-only replica.
            StoreError: If the file cannot be rewritten.
        """
        if all(value is None for value in (object_id, labels, query, near, before, after)):
            raise QueryError("forget needs a condition; to erase everything, delete the file")
        with self._lock:
            ids = self._matching(object_id, labels, query, near, before, after)
            return self._forget(ids, labels)

    def set_policy(self, policy: str | None = None, *, capacity: int | None = None) -> None:
        """Change policy or capacity while running; units that no longer fit are given up, none is lost otherwise.

        Args:
            policy: One of `policies.names`; None keeps it.
            capacity: Units that tier ``short`` holds; None keeps it.

        Raises:
            PolicyError: If there is no such policy, or capacity is below 1.
            PinError: If more units are pinned than fit; nothing is changed then.
        """
        with self._lock:
            name = policy if policy is not None else self._policy_name
            size = capacity if capacity is not None else self._cache.capacity
            pinned = self._cache.pinned
            fresh = self._new_policy(name, size)
            if len(pinned) > size:
                raise PinError(f"capacity {size} is less than what is pinned: {', '.join(pinned)}; unpin some first")
            old, self._cache, self._policy_name = self._cache, fresh, name
            # Least recently seen first, so that the new policy takes them for what they are.
            units = sorted(old.items(), key=lambda item: (item[0] in pinned, item[1].epoch, item[1].state.stamp))
            for key, unit in units:
                fresh[key] = unit
                if key in pinned:
                    fresh.pin(key)
            self._persist()

    @property
    def scene_graph(self) -> LongTerm:
        """The long-term memory beside it; another one may be put in its place."""
        return self._graph

    @scene_graph.setter
    def scene_graph(self, graph: LongTerm) -> None:
        with self._lock:
            self._graph = graph
            self._lend_embedder()
            self._graph_version = None
            self._graph_changed = True
            self._sync_graph()

    @property
    def map_id(self) -> str:
        """Which map positions refer to: what was seen in another map is kept, and not asked."""
        return self._map_id

    @map_id.setter
    def map_id(self, map_id: str) -> None:
        with self._lock:
            self._map_id = map_id

    @property
    def epoch(self) -> int:
        """How often time has restarted."""
        return self._epoch

    @property
    def now(self) -> float | None:
        """The present, seconds; None before the first observation, unless there is a clock."""
        if self._clock is not None:
            return self._clock()
        return self._now if math.isfinite(self._now) else None

    @property
    def stats(self) -> Stats:
        """Figures so far."""
        with self._lock:
            self._sync_graph()
            counters = self._counters
            return Stats(
                policy=self._policy_name,
                capacity=self._cache.capacity,
                short=len(self._cache),
                long=len(self._graph_states),
                archive=len(self._units.units) - len(self._cache),
                pinned=len(self._cache.pinned),
                hits=sum(counters.hits_by_policy.values()),
                uses=sum(counters.uses_by_policy.values()),
                hits_by_policy=dict(counters.hits_by_policy),
                uses_by_policy=dict(counters.uses_by_policy),
                hits_by_kind=dict(counters.hits_by_kind),
                uses_by_kind=dict(counters.uses_by_kind),
                queries=dict(counters.queries),
                unanswered=dict(counters.unanswered),
                frames=counters.frames,
                observations=counters.observations,
                changes=dict(counters.changes),
                evictions=counters.evictions,
                epoch=self._epoch,
            )

    def render(self, instruction: str, *, token_budget: int) -> str:
        """Memory as prompt text: the long-term graph, and short-term units, the most useful for an instruction first.

        Args:
            instruction: What the robot is asked to do.
            token_budget: Tokens that the text may take, as `render.count_tokens` counts them.

        Raises:
            QueryError: If the budget is negative.
        """
        if token_budget < 0:
            raise QueryError(f"token_budget must not be negative, got {token_budget}")
        with self._lock:
            self._sync_graph()
            named = self._labels_in(instruction)
            self._recent_labels.append(named)

            def order(state: ObjectState) -> tuple[bool, bool, bool, str, str]:
                fits = any(self._knowledge.derives(state.label, label) for label in named)
                return (not state.held, not fits, state.stale, state.label, state.object_id)

            short = sorted((unit.state for unit in self._cache.values()), key=order)
            long = sorted(self._graph_states.values(), key=order)
            return render([self._line(s) for s in long], [self._line(s) for s in short], token_budget=token_budget)

    def digest(self) -> str:
        """SHA-256 of all that is remembered: the same inputs in the same order give the same digest."""
        with self._lock:
            content = {
                "epoch": self._epoch,
                "map": self._map_id,
                "short": list(self._cache),
                "pinned": sorted(self._cache.pinned),
                "units": [
                    {**unit.to_json(), "history": [past.to_json() for past in unit.history]}
                    for _, unit in sorted(self._units.units.items())
                ],
                "graph": self._graph.digest(),
            }
            return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    # Inner workings.

    def _hits(
        self,
        query: str,
        k: int,
        min_score: float | None,
        near: tuple[Sequence[float], float] | None,
        within: str | None,
        after: float | None,
        before: float | None,
        labels: Collection[str] | None,
        states: Collection[str] | None,
    ) -> list[Hit]:
        if k < 1:
            raise QueryError(f"k must be at least 1, got {k}")
        least = MIN_SCORE if min_score is None else min_score
        if not 0.0 <= least <= 1.0:
            raise QueryError(f"min_score must be in [0, 1], got {min_score}")
        self._sync_graph()
        parsed = self._parser.parse(query)
        if parsed.labels:
            self._recent_labels.append(frozenset(parsed.labels))
        narrowing = self._narrowing(near, within, after, before, labels, states)
        now = self.now
        found, archived = self._recall.search(
            parsed,
            narrowing=narrowing,
            k=k,
            min_score=least,
            now=now if now is not None else 0.0,
            epoch=self._epoch,
            map_id=self._map_id,
        )
        # The archive answers only after a miss: where short and long have fewer answers than were asked for.
        if sum(map(self._certain, found)) < k:
            found += archived
        found.sort(key=lambda hit: (-hit.score, hit.object_id))
        del found[k:]
        self._counters.queries[parsed.kind] += 1
        if not found:
            self._counters.unanswered[parsed.kind] += 1
        for hit in found:
            self._served[hit.object_id] = (hit.tier == SHORT, parsed.kind)
        return found

    def _certain(self, hit: Hit) -> bool:
        state = self._state_of(hit.object_id)
        return state is not None and not state.stale

    def _narrowing(
        self,
        near: tuple[Sequence[float], float] | None,
        within: str | None,
        after: float | None,
        before: float | None,
        labels: Collection[str] | None,
        states: Collection[str] | None,
    ) -> Narrowing:
        circle: tuple[Point, float] | None = None
        if near is not None:
            point, radius = near
            if not (math.isfinite(radius) and radius >= 0):
                raise QueryError(f"the radius of near must be a finite number of metres, got {radius!r}")
            circle = (as_point(point, what="the point of near"), float(radius))
        for name, bound in (("after", after), ("before", before)):
            if bound is not None and not math.isfinite(bound):
                raise QueryError(f"{name} must be finite seconds, got {bound!r}")
        if isinstance(labels, str) or isinstance(states, str):
            raise QueryError("labels and states are collections of words, not one string")
        inside: list[str] | None = None
        area: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.bool_]] | None = None
        if within is not None:
            container = self._resolve(within)
            if container is not None:
                inside = self._recall.contents([container])
            else:
                area = self._in_area(within)
        return Narrowing(
            near=circle, inside=inside, area=area, after=after, before=before, labels=labels, states=states
        )

    def _in_area(self, area_id: str) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.bool_]]:
        def inside(positions: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
            return np.array([self._graph.contains(area_id, (x, y, z)) for x, y, z in positions.tolist()], dtype=bool)

        return inside

    def _matching(
        self,
        object_id: str | None,
        labels: Collection[str] | None,
        query: str | None,
        near: tuple[Sequence[float], float] | None,
        before: float | None,
        after: float | None,
    ) -> list[str]:
        """Ids of all objects that meet the conditions, in any map, of any tier."""
        narrowing = self._narrowing(near, None, after, before, labels, None)
        self._sync_graph()
        chosen = list(self._columns.rows)
        if object_id is not None:
            known = self._resolve(object_id)
            chosen = [known] if known is not None else []
        if query is not None:
            hits = self._hits(query, max(1, len(self._columns)), None, near, None, after, before, labels, None)
            chosen = [hit.object_id for hit in hits if hit.object_id in set(chosen)]
        kept: list[str] = []
        for candidate in chosen:
            state = self._state_of(candidate)
            if state is None:
                continue
            if labels is not None and state.label not in labels:
                continue
            if before is not None and state.stamp > before:
                continue
            if after is not None and state.stamp < after:
                continue
            if narrowing.near is not None and math.dist(state.position, narrowing.near[0]) > narrowing.near[1]:
                continue
            kept.append(candidate)
        return kept

    def _forget(self, ids: Sequence[str], labels: Collection[str] | None) -> ErasureReport:
        """Erase objects of both memories, and habits of classes."""
        states = images = 0
        units = [i for i in ids if i in self._units.units]
        fixed = [i for i in ids if i in self._graph_states]
        if fixed and self._graph.read_only:
            raise QueryError("cannot erase from a replica of the scene graph: ask the node that owns it to forget")
        for object_id in units:
            if object_id in self._cache:
                self._unpin_all(object_id)
                del self._cache[object_id]
            unit = self._units.remove(object_id)
            states += 1 + len(unit.history) + len(unit.ghosts)
            images += unit.image is not None
        self._erase_rows(units)
        if not self._graph.read_only:
            for object_id in fixed:
                states += len(self._graph.forget(object_id=object_id))
            if labels:
                self._graph.forget(labels=[label for label in labels if label not in self._labels_left()])
        self._sync_graph()
        self._parser.clear()
        self._embedder.forget()
        if self._store is not None:
            self._graph_changed = True
            self._persist()
            self._store.erase(units, self._meta())
        return ErasureReport(object_ids=(*units, *fixed), states=states, images=images, graph_objects=len(fixed))

    def _labels_left(self) -> set[str]:
        return {unit.state.label for unit in self._units.units.values()}

    def _erase_rows(self, ids: Iterable[str]) -> None:
        for object_id in ids:
            if object_id in self._columns:
                self._columns.drop(object_id)
            self._dirty.pop(object_id, None)
            self._served.pop(object_id, None)
            self._held.pop(object_id, None)
            self._task_pins.pop(object_id, None)

    def _unpin_all(self, object_id: str) -> None:
        self._held.pop(object_id, None)
        self._task_pins.pop(object_id, None)
        self._cache.unpin(object_id)

    def _resolve(self, object_id: str) -> str | None:
        """Memory's id for an id of either kind."""
        unit = self._units.find(object_id)
        if unit is not None:
            return unit.id
        self._sync_graph()
        if object_id in self._graph_states:
            return object_id
        return self._graph_aliases.get(object_id)

    def _state_of(self, object_id: str) -> ObjectState | None:
        unit = self._units.units.get(object_id)
        return unit.state if unit is not None else self._graph_states.get(object_id)

    def _known_classes(self, words: str) -> list[str]:
        """Classes in memory that household knowledge does not have, by their words."""
        return self._class_words.get(words, [])

    def _labels_in(self, instruction: str) -> frozenset[str]:
        """Classes that an instruction names."""
        words = "".join(c if c.isalnum() or c in "'-" else " " for c in instruction.lower()).split()
        named: set[str] = set()
        for start in range(len(words)):
            for end in range(start + 1, min(start + 4, len(words)) + 1):
                named.update(self._parser.classes(" ".join(words[start:end])))
        return frozenset(named)

    def _recollect(self, hit: Hit, others: Sequence[ObjectState] = ()) -> Recollection:
        unit = self._units.units.get(hit.object_id)
        state = unit.state if unit is not None else self._graph_states[hit.object_id]
        epoch = unit.epoch if unit is not None else self._epoch
        now = self.now
        ghosts = tuple(reversed(unit.ghosts)) if unit is not None else ()
        return Recollection(
            object=state,
            score=hit.score,
            age=max(0.0, now - state.stamp) if now is not None and epoch == self._epoch else None,
            tier=TIERS[hit.tier],
            alternatives=(*ghosts, *others),
            look_next=self._look_next(state) if state.stale else (),
            history=tuple(past.state for past in reversed(unit.history[-8:])) if unit is not None else (),
            explanation=hit.explanation,
        )

    def _look_next(self, state: ObjectState) -> tuple[LookNext, ...]:
        start = self._robot if self._robot is not None else state.position
        places = self._graph.rank_places(state.label, start=start, last_seen=state.position, now=self.now, k=3)
        return tuple(
            LookNext(place_id=p.place_id, label=p.label, position=p.position, probability=p.probability)
            for p in sorted(places, key=lambda p: -p.probability)
        )

    def _line(self, state: ObjectState) -> Line:
        unit = self._units.units.get(state.object_id)
        now = self.now
        known_age = now is not None and (unit is None or unit.epoch == self._epoch)
        parent = self._state_of(state.parent) if state.parent is not None else None
        return Line(
            state,
            max(0.0, now - state.stamp) if known_age and now is not None else None,
            f"{parent.label} [{parent.object_id}]" if parent is not None else "",
        )

    def _put_row(self, unit: Unit, tier: int) -> None:
        self._columns.put(unit.state, epoch=unit.epoch, map_id=unit.map_id, tier=tier, retired=unit.retired)
        self._learn_classes()

    def _learn_classes(self) -> None:
        """Note the words of classes that memory meets for the first time and household knowledge does not have."""
        names = self._columns.labels.names
        if len(names) == self._classes_known:
            return
        for label in names[self._classes_known :]:
            if label not in self._knowledge:
                for word in dict.fromkeys((label.lower(), *self._knowledge.get(label).words)):
                    for form in dict.fromkeys((word, plural(word))):
                        self._class_words.setdefault(form, []).append(label)
        self._classes_known = len(names)
        self._parser.clear()

    def _own_graph(self) -> SceneGraph | None:
        """The scene graph, if it is kept in memory's own file."""
        return self._graph if self._owns_graph and isinstance(self._graph, SceneGraph) else None

    def _sync_graph(self) -> None:
        """Bring what is known of the scene graph up to date with it."""
        version = self._graph.version
        if version == self._graph_version:
            return
        self._graph_version = version
        states = {state.object_id: state for state in self._graph.objects()}
        for gone in [i for i in self._graph_states if i not in states]:
            self._columns.drop(gone)
        for object_id, state in states.items():
            if self._graph_states.get(object_id) != state:
                self._columns.put(state, epoch=self._epoch, map_id=self._map_id, tier=LONG)
        self._learn_classes()
        self._graph_states = states
        self._graph_aliases = {s.sensor_id: i for i, s in states.items() if s.sensor_id is not None}
        self._surroundings = Surroundings(states.values(), self._knowledge)

    def _new_id(self, label: str) -> str:
        number = self._next_number
        self._next_number += 1
        return f"{label.lower()}-{number}"

    def _new_policy(self, name: str, capacity: int) -> Policy[str, Unit]:
        clock = self._clock if self._clock is not None else lambda: self._now
        return policies.create(
            name, capacity, clock=clock, seed=self._seed, context=_Context(self), on_evict=self._evicted
        )

    def _meta(self) -> dict[str, object]:
        own = self._own_graph() if self._graph_changed else None
        graph = {"graph": own.to_json()} if own is not None else {}
        return {
            **graph,
            "next_number": self._next_number,
            "epoch": self._epoch,
            "now": self._now if math.isfinite(self._now) else None,
            "map_id": self._map_id,
            "short": list(self._cache),
            "pins": list(self._task_pins),
        }

    def _persist(self) -> None:
        """Keep what changed since the last time, in one transaction."""
        graph_changed = self._own_graph() is not None and self._graph_changed
        if self._store is None or not (self._dirty or graph_changed):
            self._dirty.clear()
            return
        records = []
        for object_id in self._dirty:
            unit = self._units.units.get(object_id)
            if unit is not None:
                tier = SHORT if object_id in self._cache else ARCHIVE
                records.append(Record(unit, tier, self._words(unit)))
        self._store.write(records, self._meta())
        self._dirty.clear()
        self._graph_changed = False

    def _retain(self) -> None:
        """Keep to the limits: drop units of the archive, those first that were seen longest ago."""
        count = len(self._units.units)
        surplus = count - self._max_units if self._max_units is not None else 0
        if self._store is not None and self._max_bytes is not None and not self._counters.frames % _RETENTION_INTERVAL:
            used = self._store.live_bytes
            if used > self._max_bytes:
                # A tenth more than the units' share of what is too much, so that it is not too much again at once.
                surplus = max(surplus, math.ceil(count * (1.1 - self._max_bytes / used)))
        if surplus <= 0:
            return
        archived = [unit for key, unit in self._units.units.items() if key not in self._cache]
        oldest = heapq.nsmallest(surplus, archived, key=lambda unit: (unit.epoch, unit.state.stamp, unit.id))
        for unit in oldest:
            self._units.remove(unit.id)
        self._erase_rows([unit.id for unit in oldest])
        if self._store is not None:
            self._store.drop([unit.id for unit in oldest], self._meta())

    def _words(self, unit: Unit) -> str:
        info = self._knowledge.get(unit.state.label)
        parent = self._state_of(unit.state.parent) if unit.state.parent is not None else None
        place = self._knowledge.get(parent.label).word if parent is not None else ""
        return " ".join([unit.state.label, *info.words, *sorted(unit.state.states), place, *unit.aliases]).strip()

    def _restore(self, store: Store) -> None:
        meta = store.meta()
        # Until a frame says otherwise the robot is where it was: asked before, memory knows what it knew.
        self._map_id = self._map_id or str(meta.get("map_id", ""))
        if self._owns_graph and "graph" in meta:
            self._graph = SceneGraph.from_json(meta["graph"], knowledge=self._knowledge)
        self._sync_graph()
        for unit, _ in store.units():
            self._units.add(unit)
            self._put_row(unit, ARCHIVE)
        self._next_number = int(meta.get("next_number", 1))
        self._epoch = int(meta.get("epoch", 0))
        if meta.get("now") is not None:
            self._now = float(meta["now"])
        for object_id in meta.get("short", ()):
            if object_id in self._units.units:
                self._admit(object_id)
        for object_id in meta.get("pins", ()):
            if object_id in self._cache:
                self._cache.pin(object_id)
                self._task_pins[object_id] = None
        self._hold()
        self._dirty.clear()


class _Context:
    """What policies may ask about a unit; see `policies.Context`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def place(self, key: Hashable) -> Hashable | None:
        """The area that the unit is in, else its square metre cell of four by four."""
        state = self._memory._state_of(str(key))
        if state is None:
            return None
        area = self._memory.scene_graph.place_of(state.position)
        return area if area is not None else (state.position[0] // 4.0, state.position[1] // 4.0)

    def relevance(self, key: Hashable) -> float:
        """Whether recent queries or the newest instruction named the unit's class."""
        state = self._memory._state_of(str(key))
        recent = self._memory._recent_labels
        return float(state is not None and any(state.label in labels for labels in recent))
