"""This project's memory as an answerer: questions become calls of its public interface."""

from __future__ import annotations

import math
from collections.abc import Sequence

from karma_eval.qa.answers import Answer
from karma_eval.qa.questions import Asks, Question
from memory_node.memory import Memory
from memory_node.recollection import Recollection
from planner_node.robot import Frame
from scene_graph.graph import SceneGraph
from scene_graph.ontology import ontology
from scene_graph.types import ObjectState

__all__ = ["KarmaAnswerer"]

_MANY = 50
"""More things of one kind than a home holds."""

_MOVED = 0.5
"""Metres between two places of a thing that moved."""


class KarmaAnswerer:
    """Answers with both memories and the archive.

    Args:
        capacity: Objects that short-term memory holds.
        archive: Whether what it gives up can still be asked for.
    """

    name = "karma"

    def __init__(self, *, capacity: int = 25, archive: bool = True) -> None:
        self._now = 0.0
        self._memory = Memory.open(
            capacity=capacity, archive=archive, clock=lambda: self._now, scene_graph=SceneGraph(map_id="")
        )

    def observe(self, frame: Frame) -> None:
        """Take in a frame, as the robot's memory does."""
        self._now = frame.stamp
        self._memory.map_id = frame.map_id
        self._memory.observe(frame.observations, view=frame.view, stamp=frame.stamp, robot_pose=frame.robot_pose)

    def close(self) -> None:
        """Close the memory."""
        self._memory.close()

    def answer(self, question: Question) -> Answer:
        """Answer from recall, history and containment."""
        if question.asks is Asks.COUNT:
            return self._count(question.subjects[0])
        if question.asks is Asks.ORDER:
            return self._order(question.subjects)
        if question.asks is Asks.CHANGED:
            return self._changed(question.subjects, *question.between)
        if question.asks is Asks.EACH:
            return self._each(question.subjects[0])
        found = self._memory.locate(question.subjects[0])
        if found is None:
            return Answer(known=False)
        match question.asks:
            case Asks.WHERE:
                return Answer(position=found.position, stale=found.stale)
            case Asks.STATE:
                return Answer(states=frozenset(s.split(":", 1)[0] for s in found.object.states))
            case Asks.WHEN:
                return Answer(stamp=found.stamp)
            case Asks.WHERE_THEN:
                then = self._at(found, question.between[0])
                return Answer(known=False) if then is None else Answer(position=then.position)
            case Asks.MOVED:
                first, last = (self._at(found, stamp) for stamp in question.between)
                if first is None or last is None:
                    return Answer(known=False)
                return Answer(yes=_apart(first, last))
            case Asks.CONTENTS:
                inside = self._memory.recall("", within=found.object.object_id, k=_MANY, min_score=0.0)
                labels = {r.object.label for r in inside if not r.stale}
                return Answer(labels=tuple(sorted(n for n in labels if "pickupable" in ontology().get(n).affordances)))
        raise AssertionError(f"unknown question {question.asks}")

    def _count(self, word: str) -> Answer:
        labels = [label for label in ontology().find(word) if label in set(self._memory.labels())]
        if not labels:
            return Answer(known=False)
        return Answer(count=len(self._memory.recall("", labels=labels, k=_MANY, min_score=0.0)))

    def _each(self, word: str) -> Answer:
        found = self._memory.recall("", labels=ontology().find(word), k=_MANY, min_score=0.0)
        return Answer(known=bool(found), positions=tuple(r.position for r in found if not r.stale))

    def _changed(self, words: Sequence[str], first: float, last: float) -> Answer:
        moved = set()
        for word in words:
            found = self._memory.locate(word)
            if found is not None:
                before, after = self._at(found, first), self._at(found, last)
                if before is not None and after is not None and _apart(before, after):
                    moved.add(found.object.label)
        return Answer(labels=tuple(sorted(moved)))

    def _order(self, words: Sequence[str]) -> Answer:
        found = [self._memory.locate(word) for word in words]
        if any(f is None for f in found):
            return Answer(known=False)
        ordered = sorted((f for f in found if f is not None), key=lambda f: f.stamp)
        return Answer(labels=tuple(f.object.label for f in ordered))

    def _at(self, found: Recollection, stamp: float) -> ObjectState | None:
        return self._memory.state_at(found.object.object_id, stamp)


def _apart(a: ObjectState, b: ObjectState) -> bool:
    return math.dist(a.position, b.position) > _MOVED
