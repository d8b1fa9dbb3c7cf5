"""How well each remembered object answers a query: one score in [0, 1], the product of what each criterion says.

A product, because the criteria of a question are a conjunction: the clean plate on the table must be a plate, and
clean, and on the table. Each factor is 1 where memory knows that the criterion holds, small where it knows the
contrary, and between where it does not know. `Weights` holds every constant; `Hit.explanation` names every factor.

| factor | is 1 if | otherwise |
| --- | --- | --- |
| ``meaning`` | the object's class is called so | less for second names and for what is made of it; else by cosine |
| ``state`` | it has the state | its container gives it; unknown; the opposite |
| ``relation`` | it is there | its support is unknown; it is elsewhere |
| ``freshness`` | just seen | falls with age, a little: ties go to the newest evidence |
| ``certainty`` | seen there last | less if stale, or provisionally the same |
| ``tier`` | short or long | archive |

Time, place, and whatever a caller's arguments ask for, are conditions: what fails them is no answer at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from memory_node.columns import ARCHIVE, PROVISIONAL, RETIRED, STALE, Columns, Rows
from memory_node.descriptions import Descriptions
from memory_node.query import Query, Relation
from memory_node.vectors import TextVectors
from scene_graph.ontology import Ontology
from scene_graph.types import OPPOSITES, Point

__all__ = ["Hit", "Narrowing", "Recall", "Weights"]

_NAMED_BY_ARGUMENT = 0.05
"""Least meaning of a class that a caller's argument names and the text does not."""
_USUAL = frozenset({"clean", "closed", "off", "empty", "room_temperature"})
"""States in which things usually are."""

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codings = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Weights:
    """Constants of the score.

    Attributes:
        cosine_zero: Cosine similarity of query and class that means nothing: unrelated household things have it.
        cosine_half: Cosine similarity beyond that which makes half a match; a full one takes a name.
        instance: Weight of an object's own text (its states, its place) beside that of its class in that cosine.
        serves: Least meaning of what serves the purpose that was named, and what similarity can add to it.
        serves_not: Of meaning, for what does not serve that purpose.
        mentioned: Of meaning, for what the purpose speaks of: bread is not what bread is cut with.
        modified: Of meaning, for a class of the right name that fits the words beside it ("tall lamp") least.
        category_floor: Meaning of an object of the kind that was named; similarity orders those above it.
        state_inferred: It has the state by its container: what is in the fridge is cold.
        state_unknown: A state that things usually have (clean, closed, off, empty) was never observed.
        state_unlikely: A state that things seldom have was never observed.
        state_alone: The same, where the state is all that was asked for.
        state_opposite: It has the opposite state.
        relation_unknown: What it is on or in is not known.
        relation_wrong: It is elsewhere.
        near: Metres within which things are near each other, from side to centre.
        age_half: Seconds after which freshness has fallen half its way.
        fresh_floor: Freshness of what was seen long ago, or in another epoch.
        stale: Certainty of what was not where it should be.
        provisional: Certainty of what is provisionally the same.
        archive: Of what the cache gave up.
    """

    cosine_zero: float = 0.12
    cosine_half: float = 0.31
    instance: float = 0.1
    serves: float = 0.5
    serves_not: float = 0.6
    mentioned: float = 0.4
    modified: float = 0.8
    category_floor: float = 0.7
    state_inferred: float = 0.9
    state_unknown: float = 0.55
    state_unlikely: float = 0.3
    state_alone: float = 0.2
    state_opposite: float = 0.1
    relation_unknown: float = 0.4
    relation_wrong: float = 0.1
    near: float = 1.0
    age_half: float = 600.0
    fresh_floor: float = 0.9
    stale: float = 0.6
    provisional: float = 0.97
    archive: float = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Conditions that a caller's arguments add to a query.

    Attributes:
        near: Point and radius, metres.
        inside: Ids within which it must be: a container and what is in it.
        area: Tells of (N, 3) positions which are in the area asked for.
        after: Seen at this stamp or later, seconds.
        before: Seen at this stamp or earlier, seconds.
        labels: Of these classes.
        states: With all these states.
    """

    near: tuple[Point, float] | None = None
    inside: Collection[str] | None = None
    area: Callable[[Floats], Bools] | None = None
    after: float | None = None
    before: float | None = None
    labels: Collection[str] | None = None
    states: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """An object that answers a query.

    Attributes:
        object_id: Memory's id.
        score: In [0, 1].
        tier: Its code, see `columns.TIERS`.
        explanation: Factors of the score, by name.
    """

    object_id: str
    score: float
    tier: int
    explanation: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well what was asked for is met, by description or by class.

    Attributes:
        column: Of the rows' numbers into `of`: ``"text"`` or ``"label"``.
        of: In [0, 1]; 0 is no candidate.
        labels: Code of the class of each.
    """

    column: str
    of: Floats
    labels: Codings


@dataclass(slots=True)
class _Factors:
    """Factors of the chosen rows, multiplied up as they are found."""

    total: Floats
    named: dict[str, Floats] = field(default_factory=dict)

    def add(self, name: str, values: Floats) -> None:
        self.named[name] = values
        self.total = self.total * values


class Recall:
    """Answers queries from the columns.

    Args:
        columns: What is remembered, of all tiers.
        knowledge: What is known of classes.
        vectors: For what a query leaves to be understood by similarity.
        weights: Constants of the score.
    """

    def __init__(
        self,
        columns: Columns,
        knowledge: Ontology,
        vectors: TextVectors,
        *,
        weights: Weights | None = None,
    ) -> None:
        self.weights = weights if weights is not None else Weights()
        self._columns = columns
        self._knowledge = knowledge
        self._descriptions = Descriptions(columns, knowledge, vectors)
        self._kinds: dict[frozenset[str], Bools] = {}

    def forget(self) -> None:
        """Forget what objects were described by, since some of it must not be remembered."""
        self._descriptions.clear()
        self._kinds.clear()

    def search(
        self,
        query: Query,
        *,
        narrowing: Narrowing,
        k: int,
        min_score: float,
        now: float,
        epoch: int,
        map_id: str,
    ) -> tuple[list[Hit], list[Hit]]:
        """The best answers of the tiers short and long, and those of the archive, best first.

        Args:
            query: What is asked.
            narrowing: Further conditions.
            k: How many of either at most.
            min_score: Answers that score less are none.
            now: The present, seconds.
            epoch: The present's epoch: what was seen in another one has no age.
            map_id: Only what is in that map.
        """
        fit = self._meaning(query, narrowing)
        rows = self._candidates(query, narrowing, fit, now, epoch, map_id)
        if rows.size == 0:
            return [], []
        factors = _Factors(np.ones(rows.size))
        factors.add("meaning", fit.of[self._columns.column(fit.column)[rows]])
        self._add_states(query, rows, factors)
        for relation in query.relations:
            self._add_relation(relation, rows, factors, alone=query.bare)
        self._add_salience(rows, factors, now, epoch)
        passing = factors.total >= min_score
        archived = self._columns.column("tier")[rows] == ARCHIVE
        return self._best(rows, factors, passing & ~archived, k), self._best(rows, factors, passing & archived, k)

    def _best(self, rows: Rows, factors: _Factors, chosen: Bools, k: int) -> list[Hit]:
        """The k best of the chosen candidates."""
        places = np.flatnonzero(chosen)
        if places.size > k:
            places = places[np.argpartition(-factors.total[places], k - 1)[:k]]
        ids, tier = self._columns.ids, self._columns.column("tier")
        return [
            Hit(
                ids[rows[i]],
                float(factors.total[i]),
                int(tier[rows[i]]),
                {name: round(float(values[i]), 4) for name, values in factors.named.items()},
            )
            for i in sorted(places.tolist(), key=lambda i: (-factors.total[i], ids[rows[i]]))
        ]

    # Candidates.

    def _meaning(self, query: Query, narrowing: Narrowing) -> _Fit:
        """How well each description is what was asked for; each class, where similarity does not matter."""
        codes, weights = self._columns.labels, self.weights
        if query.meaning:
            labels = self._descriptions.labels()
            beyond = np.maximum(
                self._descriptions.similarities(query.meaning, weight=weights.instance) - weights.cosine_zero, 0.0
            )
            meaning = beyond / (beyond + weights.cosine_half)
        else:
            labels = np.arange(len(codes))
            meaning = np.ones(len(codes))
        if query.labels:
            meaning = self._named(query, meaning, labels)
        elif query.purpose:
            serving = self._of_kind(query.purpose)[labels]
            served = weights.serves + (1 - weights.serves) * meaning
            meaning = np.where(serving, served, weights.serves_not * meaning)
        if query.mentioned and not query.labels:
            meaning[np.isin(labels, codes.among(query.mentioned))] *= weights.mentioned
        if query.categories:
            floor = weights.category_floor
            meaning = np.where(self._of_kind(query.categories)[labels], floor + (1 - floor) * meaning, 0.0)
        if query.not_categories:
            meaning[self._of_kind(query.not_categories)[labels]] = 0.0
        if query.not_labels:
            meaning[np.isin(labels, codes.among(query.not_labels))] = 0.0
        if narrowing.labels is not None:
            # The argument wins over the text: what it names is an answer, if a poor one, whatever the text says.
            wanted = np.isin(labels, codes.among(narrowing.labels))
            some = bool(meaning[wanted].any())
            meaning = np.where(wanted, np.maximum(meaning, _NAMED_BY_ARGUMENT) if some else 1.0, 0.0)
        return _Fit("text" if query.meaning else "label", meaning, labels)

    def _named(self, query: Query, similar: Floats, labels: Codings) -> Floats:
        """Meaning where classes are named; similarity tells apart those that the words beside the name fit."""
        fits = np.zeros(len(self._columns.labels))
        for label, named in query.labels.items():
            code = self._columns.labels.get(label)
            if code is not None:
                fits[code] = named
        meaning: Floats = fits[labels]
        if query.meaning:
            best = float(similar[meaning > 0].max(initial=0.0))
            fit = similar / best if best > 0 else np.ones(len(similar))
            meaning = meaning * (self.weights.modified + (1 - self.weights.modified) * np.minimum(fit, 1.0))
        return meaning

    def _of_kind(self, kinds: frozenset[str]) -> Bools:
        """Which classes known to the columns have one of some categories or affordances."""
        known = self._kinds.get(kinds)
        names = self._columns.labels.names
        if known is None or len(known) != len(names):
            infos = map(self._knowledge.get, names)
            found = [bool(kinds & info.categories or kinds & info.affordances) for info in infos]
            known = self._kinds[kinds] = np.array(found, dtype=np.bool_)
        return known

    def _candidates(
        self,
        query: Query,
        narrowing: Narrowing,
        fit: _Fit,
        now: float,
        epoch: int,
        map_id: str,
    ) -> Rows:
        columns = self._columns
        map_code = columns.maps.get(map_id)
        if map_code is None or len(columns) == 0:
            return np.empty(0, dtype=np.intp)
        # Start from the few rows that an index gives, where there is one for the question.
        rows: Rows | None = None
        if narrowing.near is not None:
            (x, y, _), radius = narrowing.near
            rows = columns.rows_near(x, y, radius)
        if rows is None and (query.labels or narrowing.labels is not None):
            rows = columns.rows_of(np.unique(fit.labels[fit.of > 0]).tolist())
        if rows is None:
            rows = np.flatnonzero(columns.column("alive"))
        keep = (fit.of[columns.column(fit.column)[rows]] > 0) & (columns.column("map")[rows] == map_code)
        keep &= (columns.column("flags")[rows] & RETIRED) == 0
        rows = rows[keep]
        after, before = narrowing.after, narrowing.before
        # The arguments win over the text's "in the last ten minutes".
        if after is None and before is None:
            after = now - query.max_age if query.max_age is not None else None
            before = now - query.min_age if query.min_age is not None else None
        if after is not None or before is not None:
            stamp = columns.column("stamp")[rows]
            timely = columns.column("epoch")[rows] == epoch
            if after is not None:
                timely &= stamp >= after
            if before is not None:
                timely &= stamp <= before
            rows = rows[timely]
        if narrowing.states is not None:
            bits = np.uint64(columns.mask(narrowing.states))
            rows = rows[(columns.column("state")[rows] & bits) == bits]
        if narrowing.near is not None:
            point, radius = narrowing.near
            offsets = columns.column("position")[rows] - np.asarray(point)
            rows = rows[np.einsum("ij,ij->i", offsets, offsets) <= radius * radius]
        if narrowing.inside is not None:
            rows = rows[np.isin(columns.column("parent")[rows], columns.parents.among(narrowing.inside))]
        if narrowing.area is not None and rows.size:
            rows = rows[narrowing.area(columns.column("position")[rows])]
        return rows

    # Factors.

    def _add_states(self, query: Query, rows: Rows, factors: _Factors) -> None:
        if not query.states and not query.not_states:
            return
        weights, columns = self.weights, self._columns
        bits = columns.column("state")[rows]
        alone = query.bare
        values = np.ones(rows.size)
        for state in sorted(query.states):
            has = (bits & np.uint64(columns.mask([state]))) != 0
            rivals = np.uint64(columns.mask(OPPOSITES.get(state, frozenset())))
            contrary = (bits & rivals) != 0
            guess = weights.state_unknown if state in _USUAL else weights.state_unlikely
            value = np.where(contrary, weights.state_opposite, min(guess, weights.state_alone) if alone else guess)
            inferred = self._inferred(state, rows)
            if inferred is not None:
                value = np.where(inferred & ~contrary, weights.state_inferred, value)
            values *= np.where(has, 1.0, value)
        for state in sorted(query.not_states):
            has = (bits & np.uint64(columns.mask([state]))) != 0
            values *= np.where(has, weights.state_opposite, 1.0)
        factors.add("state", values)

    def _inferred(self, state: str, rows: Rows) -> Bools | None:
        """Which rows have a state by what they are in."""
        affordance = {"cold": "cools"}.get(state)
        if affordance is None:
            return None
        parents = self._columns.column("parent")[rows]
        giving = [code for code in np.unique(parents).tolist() if code >= 0 and self._gives(code, affordance)]
        inferred: Bools = np.isin(parents, giving)
        return inferred

    def _gives(self, parent_code: int, affordance: str) -> bool:
        row = self._columns.rows.get(self._columns.parents.names[parent_code])
        return row is not None and affordance in self._knowledge.get(self._columns.label_of(row)).affordances

    def _add_relation(self, relation: Relation, rows: Rows, factors: _Factors, *, alone: bool) -> None:
        weights, columns = self.weights, self._columns
        anchors = self.ids_of(relation.labels)
        parents = columns.column("parent")[rows]
        there = np.isin(parents, columns.parents.among(self.contents(anchors)))
        unknown = parents < 0
        if relation.kind in {"near", "at"}:
            close = self._near(anchors, columns.column("position")[rows])
            there = there | close
            unknown = np.zeros_like(there)
        # A thing is not on, in or near itself.
        own = np.isin(rows, [columns.rows[i] for i in anchors if i in columns])
        there &= ~own
        if relation.negated:
            values = np.where(there, weights.relation_wrong, 1.0)
        else:
            guess = weights.state_alone if alone else weights.relation_unknown
            values = np.where(there, 1.0, np.where(unknown, guess, weights.relation_wrong))
        previous = factors.named.get("relation")
        factors.add("relation", values)
        if previous is not None:
            factors.named["relation"] = previous * values

    def ids_of(self, labels: Iterable[str]) -> list[str]:
        """Ids of all remembered objects of some classes."""
        columns = self._columns
        chosen = columns.column("alive") & np.isin(columns.column("label"), columns.labels.among(labels))
        return [columns.ids[row] for row in np.flatnonzero(chosen).tolist()]

    def contents(self, containers: Iterable[str]) -> list[str]:
        """Containers, and all containers in or on them, however deep."""
        columns = self._columns
        found = dict.fromkeys(containers)
        parent = columns.column("parent")
        frontier = list(found)
        while frontier:
            codes = columns.parents.among(frontier)
            inside = np.flatnonzero(np.isin(parent, codes) & columns.column("alive")) if codes else np.empty(0, int)
            frontier = [
                columns.ids[row]
                for row in inside.tolist()
                if columns.ids[row] not in found and columns.parents.get(columns.ids[row]) is not None
            ]
            found.update(dict.fromkeys(frontier))
        return list(found)

    def _near(self, anchors: Iterable[str], positions: Floats) -> Bools:
        close = np.zeros(len(positions), dtype=np.bool_)
        columns = self._columns
        for row in [columns.rows[anchor] for anchor in anchors if anchor in columns]:
            half = np.nan_to_num(columns.column("size")[row]) / 2
            gap = np.maximum(np.abs(positions - columns.column("position")[row]) - half, 0.0)
            close |= np.einsum("ij,ij->i", gap, gap) <= self.weights.near**2
        return close

    def _add_salience(self, rows: Rows, factors: _Factors, now: float, epoch: int) -> None:
        weights, columns = self.weights, self._columns
        age = np.maximum(now - columns.column("stamp")[rows], 0.0)
        fresh = np.where(columns.column("epoch")[rows] == epoch, np.exp2(-age / weights.age_half), 0.0)
        factors.add("freshness", weights.fresh_floor + (1 - weights.fresh_floor) * fresh)
        flags = columns.column("flags")[rows]
        certainty = np.where(flags & STALE, weights.stale, 1.0)
        certainty *= np.where(flags & PROVISIONAL, weights.provisional, 1.0)
        factors.add("certainty", certainty)
        tier: npt.NDArray[Any] = columns.column("tier")[rows]
        factors.add("tier", np.where(tier == ARCHIVE, weights.archive, 1.0))
