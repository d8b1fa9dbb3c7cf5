"""From a question to answers: read, scored over all tiers, and told with how memory knows."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memory_node.beliefs import Beliefs
from memory_node.columns import STALE, TIERS
from memory_node.errors import QueryError
from memory_node.recall import Hit, Narrowing, Recall
from memory_node.recollection import LookNext, Recollection
from memory_node.short_tier import ShortTier
from memory_node.stats import Counters
from scene_graph.types import ObjectState, Point, as_point

__all__ = ["MIN_SCORE", "Answers", "Question"]

MIN_SCORE = 0.35
"""Score below which memory says that it does not know."""
_SHOWN_HISTORY = 8
"""Earlier beliefs that come with an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What `Memory.recall` is asked; see there."""

    query: str = ""
    k: int = 5
    min_score: float | None = None
    near: tuple[Sequence[float], float] | None = None
    within: str | None = None
    after: float | None = None
    before: float | None = None
    labels: Collection[str] | None = None
    states: Collection[str] | None = None


class Answers:
    """Answers questions about what is believed.

    Args:
        beliefs: What is believed.
        short: Tier short, told of what was found.
        recall: Scores.
        counters: Where queries are counted.
    """

    def __init__(self, beliefs: Beliefs, short: ShortTier, recall: Recall, counters: Counters) -> None:
        self._beliefs = beliefs
        self._short = short
        self._recall = recall
        self._counters = counters

    def hits(self, question: Question) -> list[Hit]:
        """Objects that answer a question, best first.

        Raises:
            QueryError: If an argument makes no sense.
        """
        if question.k < 1:
            raise QueryError(f"k must be at least 1, got {question.k}")
        least = MIN_SCORE if question.min_score is None else question.min_score
        if not 0.0 <= least <= 1.0:
            raise QueryError(f"min_score must be in [0, 1], got {question.min_score}")
        beliefs = self._beliefs
        beliefs.sync()
        parsed = beliefs.parser.parse(question.query)
        if parsed.labels:
            self._short.concern(frozenset(parsed.labels))
        now = beliefs.now
        found, archived = self._recall.search(
            parsed,
            narrowing=self._narrowing(question),
            k=question.k,
            min_score=least,
            now=now if now is not None else 0.0,
            epoch=beliefs.epoch,
            map_id=beliefs.map_id,
        )
        # The archive answers only after a miss: where short and long have fewer answers than were asked for.
        if sum(map(self._fresh, found)) < question.k:
            found += archived
        found.sort(key=lambda hit: (-hit.score, hit.object_id))
        del found[question.k :]
        self._counters.queries[parsed.kind] += 1
        if not found:
            self._counters.unanswered[parsed.kind] += 1
        self._short.served(found, parsed.kind)
        return found

    def tell(self, hit: Hit, others: Sequence[ObjectState] = ()) -> Recollection:
        """An answer, with how memory knows.

        Args:
            hit: Which object.
            others: Other objects that may be meant.
        """
        unit = self._beliefs.unit(hit.object_id)
        state = unit.state if unit is not None else self._beliefs.graph_states[hit.object_id]
        ghosts = tuple(reversed(unit.ghosts)) if unit is not None else ()
        history = unit.history[-_SHOWN_HISTORY:] if unit is not None else []
        return Recollection(
            object=state,
            score=hit.score,
            age=self._beliefs.age(state),
            tier=TIERS[hit.tier],
            alternatives=(*ghosts, *others),
            look_next=self._look_next(state) if state.stale else (),
            history=tuple(past.state for past in reversed(history)),
            explanation=hit.explanation,
        )

    def matching(self, question: Question, object_id: str | None) -> list[str]:
        """Ids of all objects that meet all conditions, in any map, of any tier.

        Args:
            question: The conditions; its `k`, `min_score`, `within` and `states` do not count.
            object_id: Of the only object that may meet them.
        """
        beliefs, columns = self._beliefs, self._beliefs.columns
        narrowing = self._narrowing(question)
        beliefs.sync()
        meets = columns.column("alive").copy()
        if object_id is not None:
            known = beliefs.resolve(object_id)
            meets &= np.arange(len(columns)) == (columns.rows.get(known, -1) if known is not None else -1)
        if question.labels is not None:
            meets &= np.isin(columns.column("label"), columns.labels.among(question.labels))
        if question.before is not None:
            meets &= columns.column("stamp") <= question.before
        if question.after is not None:
            meets &= columns.column("stamp") >= question.after
        if narrowing.near is not None:
            offsets = columns.column("position") - np.asarray(narrowing.near[0])
            meets &= np.einsum("ij,ij->i", offsets, offsets) <= narrowing.near[1] ** 2
        chosen = [columns.ids[row] for row in np.flatnonzero(meets).tolist()]
        if question.query:
            found = {hit.object_id for hit in self.hits(question)}
            chosen = [candidate for candidate in chosen if candidate in found]
        return chosen

    def _fresh(self, hit: Hit) -> bool:
        columns = self._beliefs.columns
        return not columns.column("flags")[columns.rows[hit.object_id]] & STALE

    def _narrowing(self, question: Question) -> Narrowing:
        circle: tuple[Point, float] | None = None
        if question.near is not None:
            point, radius = question.near
            if not (math.isfinite(radius) and radius >= 0):
                raise QueryError(f"the radius of near must be a finite number of metres, got {radius!r}")
            circle = (as_point(point, what="the point of near"), float(radius))
        for name, bound in (("after", question.after), ("before", question.before)):
            if bound is not None and not math.isfinite(bound):
                raise QueryError(f"{name} must be finite seconds, got {bound!r}")
        if isinstance(question.labels, str) or isinstance(question.states, str):
            raise QueryError("labels and states are collections of words, not one string")
        inside: list[str] | None = None
        area: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.bool_]] | None = None
        if question.within is not None:
            container = self._beliefs.resolve(question.within)
            if container is not None:
                inside = self._recall.contents([container])
            else:
                area = self._in_area(question.within)
        return Narrowing(
            near=circle,
            inside=inside,
            area=area,
            after=question.after,
            before=question.before,
            labels=question.labels,
            states=question.states,
        )

    def _in_area(self, area_id: str) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.bool_]]:
        def inside(positions: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
            graph = self._beliefs.graph
            return np.array([graph.contains(area_id, (x, y, z)) for x, y, z in positions.tolist()], dtype=bool)

        return inside

    def _look_next(self, state: ObjectState) -> tuple[LookNext, ...]:
        beliefs = self._beliefs
        start = beliefs.robot if beliefs.robot is not None else state.position
        places = beliefs.graph.rank_places(state.label, start=start, last_seen=state.position, now=beliefs.now, k=3)
        return tuple(
            LookNext(place_id=p.place_id, label=p.label, position=p.position, probability=p.probability)
            for p in sorted(places, key=lambda p: -p.probability)
        )
