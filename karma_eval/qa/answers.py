"""What an answer is, what may answer, and how an answer is graded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import linear_sum_assignment

from karma_eval.qa.questions import Asks, Question
from planner_node.robot import Frame
from scene_graph.types import Point

__all__ = ["NEAR", "SOON", "Answer", "Answerer", "grade"]

NEAR = 0.5
"""Metres within which an answered place is right."""

SOON = 5.0
"""Seconds within which an answered time is right."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer; a question reads the fields that it asks for, and the rest is left out.

    Attributes:
        known: False is "I don't know".
        position: Map frame, metres.
        positions: Of each of several, map frame, metres.
        stale: The thing is no longer where it was seen last.
        states: Of the thing.
        stamp: Seconds.
        count: How many.
        yes: To a question that is answered by yes or no.
        labels: Classes: of what lies somewhere in any order, or in the order asked for.
    """

    known: bool = True
    position: Point | None = None
    positions: tuple[Point, ...] = ()
    stale: bool = False
    states: frozenset[str] = frozenset()
    stamp: float | None = None
    count: int | None = None
    yes: bool | None = None
    labels: tuple[str, ...] = ()


class Answerer(Protocol):
    """A memory that is asked.

    It gets the frames of a history, in order, and then the questions. The subject of a question and what is asked of
    it are told apart already (`Question.subjects`, `Question.asks`), so that memories are compared, not their reading.
    """

    name: str

    def observe(self, frame: Frame) -> None:
        """Take in a frame."""
        ...

    def answer(self, question: Question) -> Answer:
        """Answer a question about all frames so far."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


def grade(question: Question, answer: Answer) -> float:
    """How right an answer is, in [0, 1]; only lists can be right in part, by their F1 measure."""
    if not question.known or not answer.known:
        return float(question.known == answer.known)
    match question.asks:
        case Asks.WHERE | Asks.WHERE_THEN:
            near = answer.position is not None and _distance(answer.position, question.position) <= NEAR
            # That a thing has left a place where it was not looked for again, nobody can know.
            return float(near and (question.stale is None or answer.stale is question.stale))
        case Asks.STATE:
            return float(question.state in answer.states)
        case Asks.WHEN:
            return float(answer.stamp is not None and abs(answer.stamp - (question.stamp or 0.0)) <= SOON)
        case Asks.COUNT:
            return float(answer.count == question.count)
        case Asks.MOVED:
            return float(answer.yes is question.yes)
        case Asks.ORDER:
            return float(answer.labels == question.labels)
        case Asks.CONTENTS | Asks.CHANGED:
            common = len(set(answer.labels) & set(question.labels))
            return _f1(common, len(set(answer.labels)), len(set(question.labels)))
        case Asks.EACH:
            common = _matched(answer.positions, question.positions)
            return _f1(common, len(answer.positions), len(question.positions))


def _distance(a: Sequence[float], b: Sequence[float] | None) -> float:
    return math.inf if b is None else math.dist(a, b)


def _f1(common: int, found: int, right: int) -> float:
    return 2 * common / (found + right) if common else 0.0


def _matched(found: Sequence[Point], right: Sequence[Point]) -> int:
    """How many places are near each other, each counted once."""
    if not found or not right:
        return 0
    far = np.linalg.norm(np.asarray(found)[:, None] - np.asarray(right)[None], axis=2) > NEAR
    rows, columns = linear_sum_assignment(far)
    return int((~far[rows, columns]).sum())
