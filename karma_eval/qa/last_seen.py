"""The memory that other planners keep (CAPEAM's, for one): the last place and states seen, for every class."""

from __future__ import annotations

from karma_eval.qa.answers import Answer
from karma_eval.qa.questions import Asks, Question
from planner_node.robot import Frame
from scene_graph.ontology import ontology
from scene_graph.types import Observation

__all__ = ["LastSeenAnswerer"]


class LastSeenAnswerer:
    """A table from class to its newest observation, never wrong about what it saw and blind to all else."""

    name = "last seen"

    def __init__(self) -> None:
        self._seen: dict[str, Observation] = {}

    def observe(self, frame: Frame) -> None:
        """Overwrite what the frame shows."""
        self._seen.update((seen.label, seen) for seen in frame.observations)

    def close(self) -> None:
        """Nothing to close."""

    def answer(self, question: Question) -> Answer:
        """Answer from the table; it has no history, counts, or contents."""
        rows = [self._find(word) for word in question.subjects]
        found = [row for row in rows if row is not None]
        if len(found) < len(rows):
            return Answer(known=False)
        if question.asks is Asks.ORDER:
            return Answer(labels=tuple(o.label for o in sorted(found, key=lambda o: o.stamp)))
        if question.asks is Asks.CHANGED:
            return Answer()
        newest = found[0]
        return Answer(
            position=newest.position,
            positions=(newest.position,),
            states=frozenset(s.split(":", 1)[0] for s in newest.states),
            stamp=newest.stamp,
            count=1,
            yes=False,
        )

    def _find(self, word: str) -> Observation | None:
        return next((self._seen[label] for label in ontology().find(word) if label in self._seen), None)
