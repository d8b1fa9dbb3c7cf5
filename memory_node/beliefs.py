"""All that memory believes, of all tiers, on one clock and in one map."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from memory_node.columns import LONG, Columns, Entry
from memory_node.longterm import LongTerm
from memory_node.query import Parser
from memory_node.shortterm import ShortTermMemory
from memory_node.store import Store
from memory_node.surroundings import Surroundings
from memory_node.units import Unit
from scene_graph.ontology import Ontology, plural
from scene_graph.types import ObjectState, Point

__all__ = ["Beliefs"]

_JUMP = 1.0
"""Seconds by which stamps may go back, from sensors that are not in step, before that is a restart of time."""


class Beliefs:
    """Units and the scene graph side by side, laid out in the same columns.

    Args:
        graph: The scene graph.
        knowledge: What is known of classes.
        store: Where units are kept that are not in the process, if there is one.
        clock: The present, seconds; None takes the newest stamp.
        map_id: Which map positions refer to.

    Attributes:
        columns: Rows of all tiers.
        units: What moves.
        dirty: Ids of units that are not yet kept as they are now.
        epoch: Restarts of time so far.
        newest: Newest stamp of the epoch, seconds; minus infinity before the first.
        map_id: Which map positions refer to.
        robot: Where the robot is, as far as frames told.
        next_number: Number of the next new unit.
        parser: Reads questions.
        surroundings: Receptacles that do not move.
        graph_states: Beliefs about what does not move, by id.
        graph_aliases: Their ids, by sensor id.
    """

    def __init__(
        self,
        graph: LongTerm,
        knowledge: Ontology,
        *,
        store: Store | None,
        clock: Callable[[], float] | None,
        map_id: str,
    ) -> None:
        self.knowledge = knowledge
        self.columns = Columns()
        self.units = ShortTermMemory(knowledge, columns=self.columns, new_id=self.new_id, source=store)
        self.dirty: dict[str, None] = {}
        self.epoch = 0
        self.newest = -math.inf
        self.map_id = map_id
        self.robot: Point | None = None
        self.next_number = 1
        self.parser = Parser(knowledge, self._known_classes)
        self.surroundings = Surroundings(knowledge)
        self.graph_states: dict[str, ObjectState] = {}
        self.graph_aliases: dict[str, str] = {}
        self._graph = graph
        self._graph_version: int | None = None
        self._clock = clock
        self._class_words: dict[str, list[str]] = {}
        self._classes_known = 0

    @property
    def graph(self) -> LongTerm:
        """The scene graph; another one may be put in its place."""
        return self._graph

    @graph.setter
    def graph(self, graph: LongTerm) -> None:
        self._graph = graph
        self._graph_version = None
        self.sync()

    # Time.

    @property
    def now(self) -> float | None:
        """The present, seconds; None before the first observation, unless there is a clock."""
        if self._clock is not None:
            return self._clock()
        return self.newest if math.isfinite(self.newest) else None

    def policy_clock(self) -> float:
        """The present for policies, which ask for it only when something was observed."""
        return self._clock() if self._clock is not None else self.newest

    def pass_time(self, stamp: float) -> None:
        """Go on to the stamp of a frame; one that lies well in the past begins a new epoch."""
        if stamp < self.newest - _JUMP:
            self.epoch += 1
            self.newest = -math.inf
        if math.isfinite(stamp):
            self.newest = max(self.newest, stamp)

    def age(self, state: ObjectState) -> float | None:
        """Seconds since an object was observed; None across epochs and before there is a present."""
        now = self.now
        row = self.columns.rows.get(state.object_id)
        if now is None or row is None or int(self.columns.column("epoch")[row]) != self.epoch:
            return None
        return max(0.0, now - state.stamp)

    # Objects.

    def new_id(self, label: str) -> str:
        """An id that no object had yet."""
        number = self.next_number
        self.next_number += 1
        return f"{label.lower()}-{number}"

    def unit(self, object_id: str) -> Unit | None:
        """A unit by memory's id."""
        return self.units.units.get(object_id)

    def state_of(self, object_id: str) -> ObjectState | None:
        """Belief about an object of any tier, by memory's id."""
        state = self.graph_states.get(object_id)
        if state is not None:
            return state
        unit = self.unit(object_id)
        return unit.state if unit is not None else None

    def resolve(self, object_id: str) -> str | None:
        """Memory's id for an id of either kind."""
        known = self.units.units.resolve(object_id)
        if known is not None:
            return known
        self.sync()
        if object_id in self.graph_states:
            return object_id
        return self.graph_aliases.get(object_id)

    def label_of(self, object_id: str) -> str | None:
        """Class of an object of any tier."""
        row = self.columns.rows.get(object_id)
        return self.columns.label_of(row) if row is not None else None

    def drop_rows(self, ids: Iterable[str]) -> None:
        """Take objects that were removed out of the columns."""
        for object_id in ids:
            if object_id in self.columns:
                self.columns.drop(object_id)
            self.dirty.pop(object_id, None)

    def resync(self) -> None:
        """Bring it up to date even where its version says nothing of a change."""
        self._graph_version = None
        self.sync()

    def sync(self) -> None:
        """Bring what is known of the scene graph up to date with it: all of it at first, then what changed."""
        version, known = self._graph.version, self._graph_version
        if version == known:
            return
        self._graph_version = version
        if known is not None and version > known:
            changed, gone = self._graph.news(known)
            gone = [i for i in gone if i in self.graph_states]
        else:
            changed = self._graph.objects()
            present = {state.object_id for state in changed}
            gone = [i for i in self.graph_states if i not in present]
        changed = [state for state in changed if self.graph_states.get(state.object_id) != state]
        for object_id in gone:
            self.columns.drop(object_id)
            self._drop_alias(self.graph_states.pop(object_id))
        self.columns.put_all([Entry(state, self.epoch, self.map_id) for state in changed])
        for state in changed:
            self.columns.set_tier(state.object_id, LONG)
            before = self.graph_states.get(state.object_id)
            if before is not None and before.sensor_id != state.sensor_id:
                self._drop_alias(before)
            self.graph_states[state.object_id] = state
            if state.sensor_id is not None:
                self.graph_aliases[state.sensor_id] = state.object_id
        self.learn_classes()
        self.surroundings.update(changed, gone)

    def _drop_alias(self, state: ObjectState) -> None:
        """A thing that does not move is no longer called so by the sensor, unless another one is by now."""
        if state.sensor_id is not None and self.graph_aliases.get(state.sensor_id) == state.object_id:
            del self.graph_aliases[state.sensor_id]

    # Classes.

    def learn_classes(self) -> None:
        """Note the words of classes that memory meets for the first time and household knowledge does not have."""
        names = self.columns.labels.names
        if len(names) == self._classes_known:
            return
        for label in names[self._classes_known :]:
            if label not in self.knowledge:
                for word in dict.fromkeys((label.lower(), *self.knowledge.get(label).words)):
                    for form in dict.fromkeys((word, plural(word))):
                        self._class_words.setdefault(form, []).append(label)
        self._classes_known = len(names)
        self.parser.clear()

    def labels_in(self, instruction: str) -> frozenset[str]:
        """Classes that an instruction names."""
        words = "".join(c if c.isalnum() or c in "'-" else " " for c in instruction.lower()).split()
        named: set[str] = set()
        for start in range(len(words)):
            for end in range(start + 1, min(start + 4, len(words)) + 1):
                named.update(self.parser.classes(" ".join(words[start:end])))
        return frozenset(named)

    def _known_classes(self, words: str) -> list[str]:
        """Classes in memory that household knowledge does not have, by their words."""
        return self._class_words.get(words, [])
