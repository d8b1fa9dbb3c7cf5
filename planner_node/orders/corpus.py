"""Instructions with the orders in them, and words for things: what the reader of orders is trained on.

One instruction a line, ``TEXT => skill(THING > PLACE) ; …``, where a thing and a place are words of the text, and
``^`` a thing that is not said ("Counter, please." => ``move(^ > Counter)``). ``it#2`` is the second "it" of a text, and
a text in which nothing is asked for means ``-``.

What people may call a thing is in a file of its own, a phrase a line, with the classes that it may mean, likeliest
first: ``the thing that keeps the time | Watch AlarmClock``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from planner_node.errors import PlannerError

__all__ = [
    "CORPUS",
    "NO_CLASS",
    "PHRASES",
    "SKILLS",
    "WITH_PLACE",
    "CorpusError",
    "Example",
    "Order",
    "Phrase",
    "Span",
    "parse_line",
    "read_corpus",
    "read_phrases",
]

CORPUS: Final = Path(__file__).with_name("corpus.txt")
PHRASES: Final = Path(__file__).with_name("phrases.txt")
SKILLS: Final = (
    "pick_up",
    "open",
    "toggle_on",
    "break",
    "wash",
    "cut",
    "cook",
    "heat",
    "cool",
    "empty",
    "fill",
    "brew",
    "same",
    "undo",
    "back",
    "move",
    "put_down",
    "hand_over",
    "throw_away",
    "explore",
    "look_at",
    "examine",
    "go_to",
    "toggle_off",
    "close",
    "wait",
    "beyond",
)
"""What can be asked for, ``beyond`` being all that the robot cannot do.

Of two that are asked of one thing, the one that comes first here is done first.
"""
NO_CLASS: Final = "-"
"""What a phrase means that means none of the classes."""
WITH_PLACE: Final = frozenset({"move", "same", "heat", "cook", "cool", "cut", "fill", "examine", "brew"})
"""Skills that may name a second thing: where to, with which device or tool, or what with."""

T = TypeVar("T")

_ORDER = re.compile(r"(?P<skill>\w+)\((?P<things>.*)\)", re.DOTALL)


class CorpusError(PlannerError):
    """The corpus, or a line of it, cannot be read."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters ``[start, end)`` of a text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done with a thing.

    Attributes:
        skill: One of `SKILLS`.
        thing: Where the text says it; None if it does not.
        place: Where the text says the place, device, tool or liquid; None if there is none.
    """

    skill: str
    thing: Span | None = None
    place: Span | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A text and the orders in it, in the order in which they are to be carried out."""

    text: str
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words for a thing, and the classes they may mean, likeliest first."""

    text: str
    labels: tuple[str, ...]


def parse_line(line: str) -> Example:
    """Read a line of the corpus.

    Raises:
        CorpusError: It is not as the module says.
    """
    text, arrow, meaning = line.rpartition(" => ")
    if not arrow or not text.strip():
        raise CorpusError(f"not 'TEXT => orders': {line!r}")
    if meaning.strip() == "-":
        return Example(text, ())
    taken: list[Span] = []
    orders = []
    for part in meaning.split(" ; "):
        match = _ORDER.fullmatch(part.strip())
        if match is None or match["skill"] not in SKILLS:
            raise CorpusError(f"no order: {part.strip()!r} in {line!r}")
        thing, _, place = (word.strip() for word in match["things"].partition(" > "))
        spans = [_span(text, words, taken) if words not in {"", "^"} else None for words in (thing, place)]
        taken += [span for span in spans if span is not None]
        orders.append(Order(match["skill"], *spans))
    return Example(text, tuple(orders))


def _span(text: str, words: str, taken: Sequence[Span]) -> Span:
    """Where words stand in a text: where they were not found yet, if they stand there more than once."""
    words, _, number = words.partition("#") if re.search(r"#\d+$", words) else (words, "", "")
    pattern = rf"(?<!\w){re.escape(words)}(?!\w)"
    matches = list(re.finditer(pattern, text)) or re.finditer(pattern, text, re.IGNORECASE)
    found = [Span(m.start(), m.end()) for m in matches]
    if not found or (number and int(number) > len(found)):
        raise CorpusError(f"{words!r} does not stand in {text!r}")
    if number:
        return found[int(number) - 1]
    # Said once and meant twice ("wash the mug and dry it"), or said again for another ("a fork … a fork").
    return next((span for span in found if span not in taken), found[0])


def read_corpus(path: Path = CORPUS) -> list[Example]:
    """The examples of a file; empty lines and lines that begin with ``#`` are skipped.

    Raises:
        CorpusError: It cannot be read, or a line of it is wrong.
    """
    return _read(path, parse_line)


def read_phrases(path: Path = PHRASES) -> list[Phrase]:
    """The phrases of a file. See `read_corpus`."""
    return _read(path, _phrase)


def _phrase(line: str) -> Phrase:
    text, bar, labels = line.rpartition(" | ")
    if not bar or not text.strip() or not labels.split():
        raise CorpusError(f"not 'PHRASE | Class …': {line!r}")
    return Phrase(text, tuple(labels.split()))


def _read(path: Path, parse: Callable[[str], T]) -> list[T]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"cannot read {path}: {error}") from error
    result = []
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith("#"):
            try:
                result.append(parse(line))
            except CorpusError as error:
                raise CorpusError(f"{path}:{number}: {error}") from error
    return result
