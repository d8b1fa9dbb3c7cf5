"""The nearest rival as an answerer: eMEM 0.3 (``pip install emem``), given the same observations.

Every observation of every frame becomes an entry of eMEM's with its text, place and time, as its own examples add
detections. What its searches return is read as a careful person would: entries that do not name the thing are left
aside, the newest that does counts, and entries less than `_SAME_THING` apart are one thing.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from karma_eval.qa.answers import Answer
from karma_eval.qa.questions import Asks, Question
from karma_eval.rivals.emem import RESULTS, add_to_emem, open_emem, search_emem, stamp_of
from planner_node.robot import Frame
from scene_graph.ontology import ontology

__all__ = ["EmemAnswerer"]

_SAME_THING = 0.4
_AROUND = 0.8
_MOVED = 0.5


class EmemAnswerer:
    """Answers from eMEM's searches by meaning, place and time.

    Raises:
        EvalError: If eMEM is not installed.
    """

    name = "emem"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._memory = open_emem(Path(self._folder.name))

    def observe(self, frame: Frame) -> None:
        """Add every observation of a frame."""
        for seen in frame.observations:
            add_to_emem(self._memory, ontology().get(seen.label).word, seen, frame.stamp)

    def close(self) -> None:
        """Close the memory and delete its files."""
        self._memory.close()
        self._folder.cleanup()

    def answer(self, question: Question) -> Answer:
        """Answer from what the searches return."""
        if question.asks is Asks.ORDER:
            return self._order(question.subjects)
        if question.asks is Asks.CHANGED:
            return self._changed(question.subjects, *question.between)
        word = question.subjects[0]
        found = self._named(word)
        if not found:
            return Answer(known=False)
        newest = found[-1]
        match question.asks:
            case Asks.WHERE:
                return Answer(position=_position(newest))
            case Asks.STATE:
                return Answer(states=frozenset(s.split(":", 1)[0] for s in newest.metadata["states"]))
            case Asks.WHEN:
                return Answer(stamp=stamp_of(newest))
            case Asks.WHERE_THEN:
                then = self._until(word, question.between[0])
                return Answer(known=False) if then is None else Answer(position=_position(then))
            case Asks.MOVED:
                first, last = (self._until(word, stamp) for stamp in question.between)
                if first is None or last is None:
                    return Answer(known=False)
                return Answer(yes=math.dist(_position(first), _position(last)) > _MOVED)
            case Asks.COUNT:
                return Answer(count=len(_different(found)))
            case Asks.EACH:
                return Answer(positions=tuple(_position(o) for o in _different(found)))
            case Asks.CONTENTS:
                around = self._memory.store.spatial_query(newest.coordinates, _AROUND, n_results=RESULTS)
                labels = {o.metadata["label"] for o in around}
                return Answer(labels=tuple(sorted(n for n in labels if "pickupable" in ontology().get(n).affordances)))
        raise AssertionError(f"unknown question {question.asks}")

    def _order(self, words: Sequence[str]) -> Answer:
        found = [self._named(word) for word in words]
        if not all(found):
            return Answer(known=False)
        newest = sorted((entries[-1] for entries in found), key=lambda o: o.timestamp)
        return Answer(labels=tuple(o.metadata["label"] for o in newest))

    def _changed(self, words: Sequence[str], first: float, last: float) -> Answer:
        moved = set()
        for word in words:
            before, after = self._until(word, first), self._until(word, last)
            if before is not None and after is not None and math.dist(_position(before), _position(after)) > _MOVED:
                moved.add(after.metadata["label"])
        return Answer(labels=tuple(sorted(moved)))

    def _named(self, word: str, until: float | None = None) -> list[Any]:
        """What a search for a thing returns that names it, oldest first."""
        return [o for o in search_emem(self._memory, word, until=until) if o.text.split(",")[0] == word]

    def _until(self, word: str, stamp: float) -> Any:
        entries = self._named(word, stamp)
        return entries[-1] if entries else None


def _position(entry: Any) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in entry.coordinates)
    return (x, y, z)


def _different(entries: Sequence[Any]) -> list[Any]:
    """The newest entry of each thing, when what is close together is one."""
    things: list[Any] = []
    for entry in reversed(entries):
        if all(math.dist(_position(entry), _position(other)) > _SAME_THING for other in things):
            things.append(entry)
    return things
