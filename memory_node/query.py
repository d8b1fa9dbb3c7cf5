"""What a question asks for: classes, states, relations, place, time and negation, read from plain words.

`parse` is a small reader of noun phrases, not a language model: what it recognises becomes exact criteria, and only
what it does not recognise is left to sentence embeddings. A word that *is* the name of a class always means that
class: no similarity of vectors can turn a pot into a potato.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from scene_graph.ontology import Ontology, plural

__all__ = ["Parser", "Query", "Relation"]

STATE_WORDS: dict[str, str] = {
    "clean": "clean",
    "cleaned": "clean",
    "washed": "clean",
    "rinsed": "clean",
    "spotless": "clean",
    "unused": "clean",
    "dirty": "dirty",
    "used": "dirty",
    "unwashed": "dirty",
    "soiled": "dirty",
    "stained": "dirty",
    "filthy": "dirty",
    "open": "open",
    "opened": "open",
    "closed": "closed",
    "shut": "closed",
    "hot": "hot",
    "warm": "hot",
    "heated": "hot",
    "cold": "cold",
    "cool": "cold",
    "cooled": "cold",
    "chilled": "cold",
    "chilly": "cold",
    "filled": "filled",
    "full": "filled",
    "empty": "empty",
    "emptied": "empty",
    "sliced": "sliced",
    "chopped": "sliced",
    "cut": "sliced",
    "cooked": "cooked",
    "fried": "cooked",
    "roasted": "cooked",
    "toasted": "cooked",
    "broken": "broken",
    "shattered": "broken",
    "cracked": "broken",
    "lit": "on",
}
"""Words for states, as adjectives before or after a noun."""

_SWITCHED = re.compile(
    r"\b(?:turned|switched|that is|that's|which is|are|is|still|left)\s+(on|off)\b(?!\s+(?:the|a|my))"
)

CATEGORY_WORDS: dict[str, frozenset[str]] = {
    word: frozenset(categories.split("|"))
    for word, categories in {
        "crockery": "dishes",
        "silverware": "cutlery",
        "flatware": "cutlery",
        "utensil": "cutlery|kitchen tool",
        "drinking vessel": "drinkware",
        "groceries": "food",
        "produce": "produce",
        "edible": "food",
        "snack": "food",
        "veggie": "vegetable",
        "gadget": "electronics",
        "device": "electronics",
        "electronic device": "electronics",
        "pot plant": "plant",
        "ornament": "decoration",
        "garment": "clothing",
        "clothes": "clothing",
        "sports equipment": "sports",
        "sport equipment": "sports",
        "seat": "seating",
        "spice": "seasoning",
        "condiment": "condiment|seasoning",
        "writing implement": "writing",
        "writing utensil": "writing",
        "writing tool": "writing",
        "reading material": "reading",
        "valuable": "valuables",
        "light source": "lighting",
    }.items()
}
"""Words for kinds of things, beside the names of the categories themselves."""

_VAGUE_CATEGORIES = frozenset(
    {"container", "fixture", "structure", "tool", "personal", "paper", "clock", "knife", "table"}
)
"""Categories whose name is also said of single things, so that the word alone does not mean the kind."""

_FILLER = frozenset(
    [
        "a",
        "an",
        "the",
        "my",
        "your",
        "our",
        "his",
        "her",
        "their",
        "its",
        "this",
        "that",
        "these",
        "those",
        "some",
        "any",
        "all",
        "every",
        "each",
        "one",
        "ones",
        "of",
        "other",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "it",
        "i",
        "we",
        "you",
        "me",
        "there",
        "here",
        "where",
        "what",
        "which",
        "who",
        "find",
        "get",
        "fetch",
        "bring",
        "give",
        "show",
        "locate",
        "search",
        "look",
        "see",
        "saw",
        "seen",
        "remember",
        "please",
        "can",
        "could",
        "do",
        "did",
        "does",
        "have",
        "has",
        "had",
        "just",
        "now",
        "currently",
        "also",
        "still",
        "again",
        "earlier",
        "previously",
        "before",
        "recently",
        "lately",
        "last",
        "latest",
        "most",
        "newest",
        "recent",
        "same",
        "right",
        "left",
        "over",
        "and",
        "or",
    ]
)
_GENERIC = frozenset(
    [
        "something",
        "anything",
        "thing",
        "things",
        "stuff",
        "object",
        "objects",
        "item",
        "items",
        "everything",
        "whatever",
        "what",
    ]
)
"""Words that stand for any object: they carry no meaning of their own."""

_PREPOSITIONS: dict[str, str] = {
    "on top of": "on",
    "next to": "near",
    "close to": "near",
    "in front of": "near",
    "out of": "in",
    "inside of": "in",
    "inside": "in",
    "within": "in",
    "into": "in",
    "in": "in",
    "from": "at",
    "onto": "on",
    "upon": "on",
    "on": "on",
    "near": "near",
    "beside": "near",
    "besides": "near",
    "by": "near",
    "around": "near",
    "at": "at",
}
_PREPOSITION = re.compile(
    r"\b(not\s+|n't\s+)?(" + "|".join(re.escape(p) for p in sorted(_PREPOSITIONS, key=len, reverse=True)) + r")\b"
)
_EXCEPT = re.compile(
    r"\b(?:except(?:\s+for)?|other\s+than|but\s+not|apart\s+from|rather\s+than|not)\s+(?:the\s+|a\s+|an\s+)?"
)
_PURPOSE = re.compile(
    r"\b(?:to|for|with\s+which|that\s+(?:can|could|is\s+used|holds?|keeps?|gives?|tells?)|used\s+(?:to|for)|i\s+can|we\s+can|you\s+can)\b"
)
_NUMBER = {"a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0}
_NUMBER |= {"ten": 10.0, "fifteen": 15.0, "twenty": 20.0, "thirty": 30.0, "few": 3.0, "couple of": 2.0, "half an": 0.5}
_UNIT = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0, "week": 604800.0}
_SPAN = r"(\d+(?:\.\d+)?|" + "|".join(sorted(_NUMBER, key=len, reverse=True)) + r")?\s*(second|minute|hour|day|week)s?"
_WITHIN = re.compile(
    r"\b(?:in|within|during|over)\s+the\s+(?:last|past)\s+" + _SPAN + r"\b|\bsince\s+" + _SPAN + r"\s+ago\b"
)
_AGO = re.compile(r"\b(?:more\s+than\s+|over\s+|at\s+least\s+)?" + _SPAN + r"\s+ago\b")


@dataclass(frozen=True, slots=True)
class Relation:
    """Where, relative to other things.

    Attributes:
        kind: ``"in"``, ``"on"``, ``"near"`` or ``"at"`` (any of the three).
        labels: Classes of the things referred to.
        negated: Whether it must not be there.
    """

    kind: str
    labels: frozenset[str]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A question, read.

    Attributes:
        text: As it was asked.
        labels: Classes named, with how well the word fits each, in (0, 1].
        categories: Kinds named.
        states: States that must hold.
        not_states: States that must not hold.
        not_labels: Classes excluded.
        relations: Where it must be, or must not be.
        max_age: Seen at most that many seconds ago.
        min_age: Seen at least that many seconds ago.
        meaning: What is left to be understood by embedding; empty if nothing is.
    """

    text: str
    labels: Mapping[str, float] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    not_states: frozenset[str] = frozenset()
    not_labels: frozenset[str] = frozenset()
    relations: tuple[Relation, ...] = ()
    max_age: float | None = None
    min_age: float | None = None
    meaning: str = ""

    @property
    def kind(self) -> str:
        """The most telling criterion, for statistics: relation, state, time, class, category, meaning or any."""
        if self.relations:
            return "relation"
        if self.states or self.not_states:
            return "state"
        if self.max_age is not None or self.min_age is not None:
            return "time"
        if self.labels:
            return "class"
        if self.categories:
            return "category"
        return "meaning" if self.meaning else "any"


class Parser:
    """Reads questions against household knowledge and the classes that a memory holds.

    Args:
        knowledge: What classes are called.
        known: Classes that knowledge may lack but memory has, by their words; asked anew for each question.
    """

    def __init__(self, knowledge: Ontology, known: Callable[[str], list[str]]) -> None:
        self._knowledge = knowledge
        self._known = known
        categories: dict[str, frozenset[str]] = {}
        for label in knowledge.labels():
            for category in knowledge.get(label).categories - _VAGUE_CATEGORIES:
                categories[category] = frozenset({category})
        for word, meant in CATEGORY_WORDS.items():
            categories[word] = meant
        self._categories = {form: meant for word, meant in categories.items() for form in (word, plural(word))}
        self._parse = lru_cache(maxsize=1024)(self._read)

    def parse(self, text: str) -> Query:
        """Read a question. The same text gives the same `Query` until `clear` is called."""
        return self._parse(text)

    def clear(self) -> None:
        """Forget readings, because memory has learned a new class."""
        self._parse.cache_clear()

    def classes(self, words: str) -> list[str]:
        """Classes called exactly so, in household knowledge or in memory."""
        found = self._knowledge.find(words)
        return found + [label for label in self._known(words) if label not in found]

    def _read(self, text: str) -> Query:
        rest = " ".join(re.sub(r"[^\w\s'.:-]", " ", text.lower()).replace("_", " ").split()).strip(" .")
        # The whole may be a name that contains words which otherwise mean something else ("cut apple").
        whole = self._strip(rest)
        if labels := self._ranked(whole):
            return Query(text, labels=labels)
        rest, max_age, min_age = _read_time(rest)
        purpose = _PURPOSE.search(rest)
        head, tail = (rest[: purpose.start()], rest[purpose.start() :]) if purpose else (rest, "")
        if purpose and not head.strip():
            head, tail = rest, ""
        switched = {m.group(1) for m in _SWITCHED.finditer(head)}
        head = _SWITCHED.sub(" ", head)
        head, relations = self._read_relations(head)
        if tail:
            tail, more = self._read_relations(tail, last_only=True)
            relations += more
        head, not_labels, not_states = self._read_exceptions(head)
        labels, categories, used = self._read_noun(head)
        states = set(switched)
        leftover: list[str] = []
        for word in _words(head):
            if word in used:
                continue
            if word in STATE_WORDS:
                states.add(STATE_WORDS[word])
            elif word not in _FILLER and word not in _GENERIC:
                leftover.append(word)
        meaning = ""
        if not labels:
            content = [w for w in _words(head) if w not in STATE_WORDS and w not in _FILLER and w not in _GENERIC]
            if content or tail.strip():
                phrase = " ".join(w for w in _words(head) if w not in STATE_WORDS)
                meaning = " ".join(f"{phrase} {tail}".split())
        return Query(
            text,
            labels=labels,
            categories=categories,
            states=frozenset(states),
            not_states=not_states,
            not_labels=not_labels,
            relations=tuple(relations),
            max_age=max_age,
            min_age=min_age,
            meaning=meaning,
        )

    def _ranked(self, words: str) -> dict[str, float]:
        """Classes called so, and what is made from them: an instruction about a tomato may mean its slices."""
        ranked: dict[str, float] = {}
        for rank, label in enumerate(self.classes(words)):
            ranked[label] = max(0.7, 1.0 - 0.08 * rank)
        for derived in self._knowledge.labels():
            base = self._knowledge.get(derived).derived_from
            if base in ranked and derived not in ranked:
                ranked[derived] = 0.8 * ranked[base]
        return ranked

    @staticmethod
    def _strip(phrase: str) -> str:
        words = phrase.split()
        while words and words[0] in _FILLER:
            words.pop(0)
        return " ".join(words)

    def _read_noun(self, head: str) -> tuple[dict[str, float], frozenset[str], frozenset[str]]:
        """The longest class or category name in a noun phrase, the last of equals: there the head noun stands."""
        words = _words(head)
        for length in range(min(5, len(words)), 0, -1):
            for start in range(len(words) - length, -1, -1):
                part = words[start : start + length]
                phrase = " ".join(part)
                if length == 1 and phrase in STATE_WORDS:
                    continue
                categories = self._categories.get(phrase, frozenset())
                if categories:
                    return {}, categories, frozenset(part)
                if labels := self._ranked(phrase):
                    return labels, frozenset(), frozenset(part)
        return {}, frozenset(), frozenset()

    def _read_relations(self, text: str, *, last_only: bool = False) -> tuple[str, list[Relation]]:
        """Take "in the fridge", "not on the table" … out of a phrase."""
        relations: list[Relation] = []
        matches = list(_PREPOSITION.finditer(text))
        for match in reversed(matches[-1:] if last_only else matches):
            after = self._strip(text[match.end() :].strip())
            labels = self._anchor(after)
            if labels is None:
                continue
            anchor, consumed = labels
            kind = _PREPOSITIONS[match.group(2)]
            relations.append(Relation(kind, anchor, negated=match.group(1) is not None))
            remainder = after[consumed:]
            text = f"{text[: match.start()]} {remainder}"
        return " ".join(text.split()), relations[::-1]

    def _anchor(self, phrase: str) -> tuple[frozenset[str], int] | None:
        """The longest class name at the start of a phrase, after adjectives, and how many characters it took."""
        words = phrase.split()
        for skip in range(min(2, len(words))):
            if skip and words[skip - 1] not in STATE_WORDS and words[skip - 1] not in _FILLER:
                break
            for length in range(min(4, len(words) - skip), 0, -1):
                part = " ".join(words[skip : skip + length])
                found = self.classes(part)
                if found:
                    return frozenset(found), len(" ".join(words[: skip + length]))
        return None

    def _read_exceptions(self, head: str) -> tuple[str, frozenset[str], frozenset[str]]:
        """Take "other than the mug", "that is not dirty" … out of a phrase."""
        not_labels: set[str] = set()
        not_states: set[str] = set()
        while match := _EXCEPT.search(head):
            after = head[match.end() :]
            words = after.split()
            if words and words[0] in STATE_WORDS:
                not_states.add(STATE_WORDS[words[0]])
                head = f"{head[: match.start()]} {' '.join(words[1:])}"
                continue
            anchor = self._anchor(after)
            if anchor is not None:
                for label in anchor[0]:
                    not_labels.update(d for d in self._knowledge.labels() if self._knowledge.derives(d, label))
                    not_labels.add(label)
                head = f"{head[: match.start()]} {after[anchor[1] :]}"
                continue
            head = f"{head[: match.start()]} {after}"
        return " ".join(head.split()), frozenset(not_labels), frozenset(not_states)


def _words(phrase: str) -> list[str]:
    return [word.strip("'.:-") for word in phrase.split() if word.strip("'.:-")]


def _seconds(number: str | None, unit: str) -> float:
    count = 1.0 if number is None else _NUMBER[number] if number in _NUMBER else float(number)
    return count * _UNIT[unit]


def _read_time(text: str) -> tuple[str, float | None, float | None]:
    """Take "in the last ten minutes" and "an hour ago" out of a text; returns it with bounds on the age, seconds."""
    if match := _WITHIN.search(text):
        number, unit = (match.group(1), match.group(2)) if match.group(2) else (match.group(3), match.group(4))
        return f"{text[: match.start()]} {text[match.end() :]}", _seconds(number, unit), None
    if match := _AGO.search(text):
        span = _seconds(match.group(1), match.group(2))
        rest = f"{text[: match.start()]} {text[match.end() :]}"
        if match.group(0).startswith(("more", "over", "at least")):
            return rest, None, span
        return rest, 1.5 * span, 0.5 * span  # "ten minutes ago" is said of anything around it
    return text, None, None
