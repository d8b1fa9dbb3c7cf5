"""Asking back, and understanding the answer.

The robot asks in two cases only: when two remembered things fit the words equally well and what is to be done cannot be
undone, and when it cannot tell whether something dangerous was meant. The next instruction may then be the answer; if
it is none, it is an instruction like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from planner_node.errors import PlannerError
from planner_node.parser import parse_instruction
from planner_node.parser.words import word_set
from scene_graph.ontology import Ontology

__all__ = ["AmbiguousError", "NotUnderstoodError", "Pending", "UnconfirmedError", "answers_yes", "choose", "is_no"]

_YES = word_set(
    "yes yeah yep sure ok okay please confirm confirmed do go certainly definitely affirmative right correct"
)
_NO = word_set("no nope not don't dont stop cancel never forget leave negative")
_FILLER = word_set(
    "the a an one it that this is was i mean meant take use with of in on at please just want to them "
    "do it ahead go sure really anyway all same your mind thanks thank you"
)
_ORDINALS = {"first": 0, "former": 0, "second": 1, "third": 2, "fourth": 3, "last": -1, "latter": -1}
_EITHER = word_set("either any whichever whatever matter care")
_WORD = re.compile(r"[a-z']+")


class NotUnderstoodError(PlannerError):
    """An instruction, or a part of it, that no skill could be found for.

    Attributes:
        question: What to ask the person.
    """

    def __init__(self, message: str, *, question: str = "") -> None:
        super().__init__(message)
        self.question = question or message


class AmbiguousError(NotUnderstoodError):
    """Words that fit several things equally well, where it matters which is meant.

    Attributes:
        phrase: The words.
        options: What they may mean: a description for people, and memory's id.
    """

    def __init__(self, phrase: str, options: Sequence[tuple[str, str]]) -> None:
        described = [text for text, _ in options]
        listed = ", ".join(described[:-1]) + f" or {described[-1]}"
        super().__init__(
            f"{phrase!r} may be {listed}, and it cannot be undone", question=f"Which do you mean: {listed}?"
        )
        self.phrase = phrase
        self.options = tuple(options)


class UnconfirmedError(NotUnderstoodError):
    """Something that cannot be undone, or is dangerous, and was not clearly asked for."""


@dataclass(frozen=True)
class Pending:
    """A question that the person was asked.

    Attributes:
        instruction: The instruction that waits for the answer.
        phrase: Words that the answer says the meaning of; empty for a question of yes or no.
        options: What they may mean.
        answers: Earlier answers about the same instruction.
    """

    instruction: str
    phrase: str = ""
    options: tuple[tuple[str, str], ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def answers_yes(text: str) -> bool:
    """Whether a text says yes, and nothing besides."""
    words = _words(text)
    return bool(_YES & set(words)) and not set(words) - _YES - _FILLER


def is_no(text: str) -> bool:
    """Whether a text says no, and nothing besides."""
    words = _words(text)
    return bool(_NO & set(words)) and not set(words) - _NO - _FILLER


def choose(text: str, options: Sequence[tuple[str, str]], ontology: Ontology) -> str | None:
    """Which option an answer means; None if it is no answer, or fits several.

    Args:
        text: What the person said.
        options: Descriptions and memory's ids.
        ontology: Class knowledge.
    """
    words = _words(text)
    intents, unclear = parse_instruction(text, ontology)
    if intents and not unclear:
        return None
    ordinal = next((_ORDINALS[w] for w in words if w in _ORDINALS), None)
    if ordinal is not None and -1 <= ordinal < len(options):
        return options[ordinal][1]
    told = set(words) - _FILLER
    shares = [len(told & set(_words(description))) for description, _ in options]
    best = max(shares, default=0)
    if best and shares.count(best) == 1:
        return options[shares.index(best)][1]
    return options[0][1] if not best and _EITHER & set(words) else None
