"""The memory of a robot: what it saw, what it believes, and how it knows.

`Memory` is the facade over three tiers. *Short* is a bounded cache of units, one an object, under a replacement
policy. *Long* is the scene graph of what does not move. *Archive* is whatever the cache gave up, with all history; it
is asked when the other two have no answer. Identity, change and absence are `shortterm`'s, answering is `recall`'s,
keeping is `store`'s.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from threading import RLock
from types import TracebackType
from typing import Self

import numpy as np

from memory_node import policies
from memory_node.answers import MIN_SCORE, Answers, Question
from memory_node.beliefs import Beliefs
from memory_node.embeddings import CachedEmbedder, Embedder, MiniLM
from memory_node.errors import EmbeddingError, QueryError
from memory_node.keeper import Keeper
from memory_node.longterm import LongTerm
from memory_node.recall import Hit, Recall
from memory_node.recollection import Recollection
from memory_node.render import Line, render
from memory_node.short_tier import ShortTier
from memory_node.stats import Counters, Stats
from memory_node.store import Durability, Store
from memory_node.transfer import read_units, rename, write_units
from memory_node.vectors import TextVectors
from scene_graph.graph import ReadOnlyError, SceneGraph
from scene_graph.ontology import Ontology, ontology
from scene_graph.routing import is_static
from scene_graph.similarity import similarity_of
from scene_graph.types import Change, ObjectState, Observation, View

__all__ = ["MIN_SCORE", "ErasureReport", "Memory"]


_ALTERNATIVES = 3
"""Other objects that may be meant, told beside the answer of `Memory.locate`."""


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
        self._lock = RLock()
        self._counters = Counters()
        self._archive = archive
        self._embedder = CachedEmbedder(embedder)
        self._static: dict[tuple[str, bool], bool] = {}  # routing by class and whether it is held
        self._beliefs = Beliefs(scene_graph, knowledge, store=store, clock=clock, map_id=map_id)
        self._short = ShortTier(
            self._beliefs,
            policy=policy,
            capacity=capacity,
            archive=archive,
            seed=seed,
            counters=self._counters,
            forget=lambda object_id: self._remove([object_id]),
        )
        self._recall = Recall(self._beliefs.columns, knowledge, TextVectors(self._embedder, store))
        self._answers = Answers(self._beliefs, self._short, self._recall, self._counters)
        self._keeper = Keeper(
            self._beliefs, self._short, store, owns_graph=owns_graph, max_units=max_units, max_bytes=max_bytes
        )
        self._keeper.restore(lambda data: SceneGraph.from_json(data, knowledge=knowledge))
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
            self._keeper.close()

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
            beliefs = self._beliefs
            if stamp is None:
                stamp = max((o.stamp for o in frame), default=beliefs.newest)
            beliefs.pass_time(stamp)
            if view is not None and not beliefs.graph.read_only:
                frame, view = beliefs.graph.align(frame, view)  # things that move err with the pose as the others do
            fixed, moving = self._routed(frame)
            changes: list[Change] = []
            if view is not None or robot_pose is not None:
                place = view.position if view is not None else tuple(robot_pose or ())
                beliefs.robot = (place[0], place[1], 0.0)
            if not beliefs.graph.read_only and (fixed or view is not None):
                changes += beliefs.graph.observe(
                    fixed, view, robot_pose=robot_pose, stamp=stamp if math.isfinite(stamp) else None, aligned=True
                )
                self._keeper.graph_changed |= bool(changes)
                moving += [o for o in fixed if beliefs.graph.left(o)]  # what it has just found to move after all
            beliefs.sync()
            for frame_id in dict.fromkeys(o.frame_id for o in moving) or {"map": None}:
                outcome = beliefs.units.observe(
                    [o for o in moving if o.frame_id == frame_id],
                    view=view if frame_id == "map" else None,
                    surroundings=beliefs.surroundings,
                    static_ids=beliefs.graph_aliases,
                    epoch=beliefs.epoch,
                    map_id=beliefs.map_id,
                    frame_id=frame_id,
                    stamp=stamp,
                )
                changes += outcome.changes
                self._short.take(outcome.touched, outcome.entered)
                self._keeper.graph_changed |= bool(beliefs.graph.consolidate(outcome.changes))
            beliefs.learn_classes()
            self._counters.frames += 1
            self._counters.observations += len(frame)
            self._counters.changes.update([change.kind.value for change in changes])
            self._keeper.persist()
            self._keeper.retain(self._counters.frames, self._remove)
            return changes

    def _lend_embedder(self) -> None:
        """Let the scene graph understand what is sought as memory does, unless it has a model of its own."""
        graph = self._beliefs.graph
        if isinstance(graph, SceneGraph) and graph.similarity is None:
            graph.similarity = similarity_of(self._embedder, errors=(EmbeddingError,))

    def _routed(self, frame: Iterable[Observation]) -> tuple[list[Observation], list[Observation]]:
        """A frame's observations of what keeps its place, and of what moves."""
        fixed: list[Observation] = []
        moving: list[Observation] = []
        for observation in frame:
            kind = (observation.label, observation.held)
            static = self._static.get(kind)
            if static is None:
                static = self._static[kind] = is_static(observation, knowledge=self._beliefs.knowledge)
            static = static and not self._beliefs.graph.left(observation)
            (fixed if static else moving).append(observation)
        return fixed, moving

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
        question = Question(
            query=query,
            k=k,
            min_score=min_score,
            near=near,
            within=within,
            after=after,
            before=before,
            labels=labels,
            states=states,
        )
        with self._lock:
            return [self._answers.tell(hit) for hit in self._answers.hits(question)]

    def locate(self, query: str) -> Recollection | None:
        """Where a thing is: the best answer to a question, with what else it could be; None if memory does not know.

        Args:
            query: As for `recall`.

        Raises:
            EmbeddingError: If the query needs an embedder, and that fails.
        """
        with self._lock:
            hits = self._answers.hits(Question(query=query, k=1 + _ALTERNATIVES))
            if not hits:
                return None
            others = [state for hit in hits[1:] if (state := self._beliefs.state_of(hit.object_id)) is not None]
            return self._answers.tell(hits[0], others)

    def get(self, object_id: str) -> Recollection | None:
        """What memory believes now about one object; None if it knows none of that id.

        Args:
            object_id: Memory's id, or a sensor id that joined it.
        """
        with self._lock:
            known = self._resolve(object_id)
            if known is None:
                return None
            columns = self._beliefs.columns
            return self._answers.tell(Hit(known, 1.0, int(columns.column("tier")[columns.rows[known]]), {}))

    def history(self, object_id: str) -> list[ObjectState]:
        """All that was believed of an object, newest first; the present belief comes first.

        Args:
            object_id: Memory's id, or a sensor id that joined it.

        Returns:
            Empty if memory knows no such object.
        """
        with self._lock:
            unit = self._beliefs.units.find(object_id)
            if unit is None:
                known = self._resolve(object_id)
                return [self._beliefs.graph_states[known]] if known is not None else []
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
            unit = self._beliefs.units.find(object_id)
            if unit is None:
                known = self._resolve(object_id)
                return self._beliefs.graph_states[known] if known is not None else None
            if unit.epoch == self.epoch and unit.since <= stamp:
                return unit.state
            for past in reversed(unit.history):
                if past.epoch == self.epoch and past.since <= stamp:
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
            return write_units(path, self._beliefs.units.units.values())

    def import_from(self, path: str | PathLike[str]) -> int:
        """Take in the units of a file that `export` wrote, as archive of this memory; returns how many.

        What memory knows already under the same id stays as it is, and the unit of the file gets a new id.

        Args:
            path: Of the file.

        Raises:
            StoreError: If it cannot be read, or is no such file; then nothing is taken in.
        """
        with self._lock:
            beliefs = self._beliefs
            units = read_units(path)
            renamed = {u.id: beliefs.new_id(u.state.label) for u in units if u.id in beliefs.columns}
            for unit in units:
                rename(unit, renamed)
                beliefs.units.add(unit)
                beliefs.dirty[unit.id] = None
            beliefs.learn_classes()
            numbers = [int(n) for unit in units if (n := unit.id.rpartition("-")[2]).isdecimal()]
            beliefs.next_number = max([beliefs.next_number, *(n + 1 for n in numbers)])
            if not self._archive:
                for unit in units:
                    self._short.admit(unit.id)
            self._keeper.persist()
            return len(units)

    def labels(self) -> list[str]:
        """Classes of all that is remembered, sorted."""
        with self._lock:
            self._beliefs.sync()
            columns = self._beliefs.columns
            codes = np.unique(columns.column("label")[columns.column("alive")]).tolist()
            return sorted(columns.labels.names[code] for code in codes)

    def used(self, object_id: str) -> bool:
        """Tell that a skill used an object; returns whether that was a hit.

        A hit is a unit that the newest query which found it had found in tier ``short``. A unit that no query found
        was met by searching, not by remembering: a miss. Either way it is now in ``short``, as just accessed.

        Args:
            object_id: Memory's id, or a sensor id that joined it.
        """
        with self._lock:
            known = self._resolve(object_id)
            hit = self._short.used(known)
            unit = self._beliefs.unit(known) if known is not None else None
            if unit is not None:
                unit.uses += 1
                self._short.admit(unit.id)
                self._beliefs.dirty[unit.id] = None
                self._keeper.persist()
            return hit

    def placed(self, object_id: str, holder_id: str) -> bool:
        """Believe the robot's own report that it put something in or on something, seen there or not.

        Args:
            object_id: Memory's id of the thing, or a sensor id that joined it.
            holder_id: Memory's id of what it was put in or on, or such a sensor id.

        Returns:
            Whether both are known, and the thing is one that moves.

        Raises:
            StoreError: If it cannot be kept.
        """
        with self._lock:
            known = self._resolve(object_id)
            holder = self.get(holder_id)
            beliefs = self._beliefs
            if known is None or holder is None or beliefs.unit(known) is None or holder.object.object_id == known:
                return False
            outcome = beliefs.units.put(known, holder.object, stamp=beliefs.newest)
            self._short.take(outcome.touched, outcome.entered)
            self._counters.changes.update([change.kind.value for change in outcome.changes])
            self._keeper.graph_changed |= bool(beliefs.graph.consolidate(outcome.changes))
            self._keeper.persist()
            return True

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
            if self._beliefs.unit(known) is not None:
                self._short.pin(known)
                self._keeper.persist()

    def unpin(self, object_id: str) -> None:
        """Undo `pin`; no effect on what is not pinned, or in the gripper."""
        with self._lock:
            known = self._resolve(object_id)
            if known is not None and self._short.unpin(known):
                self._beliefs.dirty[known] = None
                self._keeper.persist()

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
            k = max(1, len(self._beliefs.columns))
            question = Question(query=query or "", k=k, labels=labels, near=near, before=before, after=after)
            return self._forget(self._answers.matching(question, object_id), labels)

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
            self._short.swap(policy, capacity)
            self._keeper.persist()

    @property
    def scene_graph(self) -> LongTerm:
        """The long-term memory beside it; another one may be put in its place."""
        return self._beliefs.graph

    @scene_graph.setter
    def scene_graph(self, graph: LongTerm) -> None:
        with self._lock:
            self._beliefs.graph = graph
            self._lend_embedder()
            self._keeper.graph_changed = True

    @property
    def map_id(self) -> str:
        """Which map positions refer to: what was seen in another map is kept, and not asked."""
        return self._beliefs.map_id

    @map_id.setter
    def map_id(self, map_id: str) -> None:
        with self._lock:
            self._beliefs.map_id = map_id

    @property
    def epoch(self) -> int:
        """How often time has restarted."""
        return self._beliefs.epoch

    @property
    def now(self) -> float | None:
        """The present, seconds; None before the first observation, unless there is a clock."""
        return self._beliefs.now

    @property
    def stats(self) -> Stats:
        """Figures so far."""
        with self._lock:
            self._beliefs.sync()
            counters = self._counters
            return Stats(
                policy=self._short.policy,
                capacity=self._short.capacity,
                short=len(self._short),
                long=len(self._beliefs.graph_states),
                archive=len(self._beliefs.units.units) - len(self._short),
                pinned=len(self._short.pinned),
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
                epoch=self.epoch,
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
            beliefs = self._beliefs
            beliefs.sync()
            named = beliefs.labels_in(instruction)
            self._short.concern(named)

            def order(state: ObjectState) -> tuple[bool, bool, bool, str, str]:
                fits = any(beliefs.knowledge.derives(state.label, label) for label in named)
                return (not state.held, not fits, state.stale, state.label, state.object_id)

            short = sorted((unit.state for unit in self._short.units), key=order)
            long = sorted(beliefs.graph_states.values(), key=order)
            return render([self._line(s) for s in long], [self._line(s) for s in short], token_budget=token_budget)

    def digest(self) -> str:
        """SHA-256 of all that is remembered: the same inputs in the same order give the same digest."""
        with self._lock:
            content = {
                "epoch": self.epoch,
                "map": self.map_id,
                "short": self._short.ids,
                "pinned": sorted(self._short.pinned),
                "units": [
                    {**unit.to_json(), "history": [past.to_json() for past in unit.history]}
                    for _, unit in sorted(self._beliefs.units.units.items())
                ],
                "graph": self._beliefs.graph.digest(),
            }
            return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    # Inner workings.

    def _resolve(self, object_id: str) -> str | None:
        return self._beliefs.resolve(object_id)

    def _remove(self, ids: Iterable[str]) -> None:
        """Take units out of the process."""
        for object_id in ids:
            self._short.drop(object_id)
            self._beliefs.units.remove(object_id)
            self._beliefs.drop_rows([object_id])

    def _forget(self, ids: Sequence[str], labels: Collection[str] | None) -> ErasureReport:
        """Erase objects of both memories, and habits of classes."""
        beliefs = self._beliefs
        states = images = 0
        units = [unit for i in ids if (unit := beliefs.unit(i)) is not None]
        fixed = [i for i in ids if i in beliefs.graph_states]
        # The graph first: if its owner cannot be reached, nothing was erased.
        states += self._forget_in_graph(ids, labels)
        for unit in units:
            states += 1 + len(unit.history) + len(unit.ghosts)
            images += unit.image is not None
        gone = {*(unit.id for unit in units), *fixed}
        mentioning = self._keeper.mentioning(gone)
        self._remove([unit.id for unit in units])
        # An id names the class: what was on or in it, or made from it, must not tell of it.
        for object_id in mentioning:
            if object_id in beliefs.units.units and beliefs.units.part(object_id, gone):
                self._keeper.altered(object_id)
        beliefs.resync()
        beliefs.parser.clear()
        self._embedder.forget()
        self._recall.forget()
        self._keeper.erase([unit.id for unit in units])
        return ErasureReport(
            object_ids=(*(unit.id for unit in units), *fixed),
            states=states,
            images=images,
            graph_objects=len(fixed),
        )

    def _forget_in_graph(self, ids: Collection[str], labels: Collection[str] | None) -> int:
        """Erase things that keep their place, and habits of classes of which all goes; returns how many things went."""
        graph, columns = self._beliefs.graph, self._beliefs.columns
        fixed = [object_id for object_id in ids if object_id in self._beliefs.graph_states]
        going = {columns.rows[object_id] for object_id in ids}
        touched = {*(labels or ()), *(columns.label_of(row) for row in going)}
        try:
            gone = sum(len(graph.forget(object_id=object_id)) for object_id in fixed)
            classes = [
                label
                for label in sorted(touched)
                if going.issuperset(columns.rows_of(columns.labels.among([label])).tolist())
            ]
            if classes:
                gone += len(graph.forget(labels=classes))
        except ReadOnlyError as error:
            if fixed:
                raise QueryError(f"cannot erase what keeps its place: {error}") from error
            gone = 0
        return gone

    def _line(self, state: ObjectState) -> Line:
        beliefs = self._beliefs
        holder = beliefs.label_of(state.parent) if state.parent is not None else None
        return Line(state, beliefs.age(state), f"{holder} [{state.parent}]" if holder is not None else "")
