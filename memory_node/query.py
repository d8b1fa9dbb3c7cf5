"""What a question asks for: classes, states, relations, place, time and negation, read from plain words.

`Parser` is a small reader of noun phrases, not a language model: what it recognises becomes exact criteria, and only
what it does not recognise is left to sentence embeddings. A phrase whose head *is* the name of a class always means
that class: no similarity of vectors can turn a pot into a potato.

A question is read from its edges inwards: when ("in the last ten minutes"), exceptions ("other than the mug"), a
relative clause ("that is not on the table"), a purpose ("to write with"), a place ("in the fridge"), and then the noun
phrase with its states ("the clean plate").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from memory_node.vocabulary import (
    CATEGORY_WORDS,
    FILLER,
    GENERIC,
    NUMBERS,
    PREDICATES,
    PREPOSITIONS,
    PURPOSES,
    STATE_WORDS,
    UNIT_SECONDS,
    VAGUE_CATEGORIES,
)
from scene_graph.ontology import Ontology, plural

__all__ = ["Parser", "Query", "Relation"]

_SECOND_NAME = 0.08
"""How much less each further class that a word may mean fits it."""
_DERIVED = 0.8
"""How well what is made from a thing fits the thing's name: an instruction about a tomato may mean its slices."""


def _alternatives(words: Mapping[str, object]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_PREPOSITION = re.compile(rf"\b(not\s+)?({_alternatives(PREPOSITIONS)})\b")
_RELATIVE = re.compile(
    r"\b(?:that|which|who)(?:\s+(?:is|are|was|were)|'s|\s+(?:lies|lie|stands|stand|sits|sit))\b|\bthat\s+are\b"
)
_EXCEPT = re.compile(r"\b(?:except(?:\s+for)?|other\s+than|but\s+not|apart\s+from|rather\s+than|besides|not)\s+")
_PURPOSE = re.compile(
    r"\b(?:to|for|with\s+which|in\s+which|used\s+(?:to|for|on|in|at|with)|that|which|i\s+can|we\s+can|you\s+can)\b"
)
_WHERE_ONE = re.compile(r"(?:where|what)\s+(?:(?:do|does|can|should)\s+)?(?:i|we|you|one)\s+(?!saw|put|left|see)")
_POSTMODIFIER = re.compile(r"\b(?:with|without|made\s+of|made\s+from)\b")
_VERB_MARK = re.compile(r"^(?:to|for|that|which|i can|we can|you can|with which|in which)\s+")
_TO_BE_WASHED = re.compile(
    r"\b(?:needs?|need)\s+(?:washing|cleaning|to be (?:washed|cleaned))\b|\bto be (?:washed|cleaned)\b"
)
_SWITCHED = re.compile(r"\b(?:(?:turned|switched|left|still)\s+)(on|off)\b")
_SPAN = rf"(\d+(?:\.\d+)?|{_alternatives(NUMBERS)})?\s*({'|'.join(UNIT_SECONDS)})s?"
_WITHIN = re.compile(rf"\b(?:in|within|during|over)\s+the\s+(?:last|past)\s+{_SPAN}\b")
_AGO = re.compile(rf"\b(more\s+than\s+|over\s+|at\s+least\s+)?{_SPAN}\s+ago\b")


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
        purpose: Categories or affordances that serve the purpose named; empty if none was recognised.
        states: States that must hold.
        not_states: States that must not hold.
        not_labels: Classes excluded.
        not_categories: Kinds excluded.
        mentioned: Classes that the purpose speaks of: what bread is cut with is not bread.
        relations: Where it must be, or must not be.
        max_age: Seen at most that many seconds ago.
        min_age: Seen at least that many seconds ago.
        meaning: What is left to be understood by embedding; empty if nothing is.
    """

    text: str
    labels: Mapping[str, float] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()
    purpose: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    not_states: frozenset[str] = frozenset()
    not_labels: frozenset[str] = frozenset()
    not_categories: frozenset[str] = frozenset()
    mentioned: frozenset[str] = frozenset()
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

    @property
    def bare(self) -> bool:
        """Whether it says nothing of what kind of thing is meant."""
        return not (self.labels or self.categories or self.meaning)


@dataclass(slots=True)
class _Draft:
    """What was read so far."""

    states: set[str] = field(default_factory=set)
    not_states: set[str] = field(default_factory=set)
    not_labels: set[str] = field(default_factory=set)
    not_categories: set[str] = field(default_factory=set)
    relations: list[Relation] = field(default_factory=list)


class Parser:
    """Reads questions against household knowledge and the classes that a memory holds.

    Args:
        knowledge: What classes are called.
        known: Classes that knowledge lacks and memory has, by the words for them.
    """

    def __init__(self, knowledge: Ontology, known: Callable[[str], list[str]]) -> None:
        self._knowledge = knowledge
        self._known = known
        categories = {
            category: frozenset({category})
            for label in knowledge.labels()
            for category in knowledge.get(label).categories - VAGUE_CATEGORIES
        }
        categories |= CATEGORY_WORDS
        self._categories = {form: meant for word, meant in categories.items() for form in (word, plural(word))}
        self._derived: dict[str, list[str]] = {}
        for label in knowledge.labels():
            base = knowledge.get(label).derived_from
            if base is not None:
                self._derived.setdefault(base, []).append(label)
        self._parse = lru_cache(maxsize=1024)(self._read)

    def parse(self, text: str) -> Query:
        """Read a question. Readings are remembered until `clear` is called."""
        return self._parse(text)

    def clear(self) -> None:
        """Forget readings, because memory has learned a new class."""
        self._parse.cache_clear()

    def classes(self, words: str) -> list[str]:
        """Classes called exactly so, in household knowledge or in memory."""
        found = self._knowledge.find(words)
        return found + [label for label in self._known(words) if label not in found]

    def _read(self, text: str) -> Query:
        rest = " ".join(re.sub(r"[^\w\s'.-]", " ", text.lower()).replace("_", " ").split()).strip(" .")
        # The whole may be a name that contains words which otherwise mean something else ("sliced bread").
        whole = _strip(rest)
        if labels := self._ranked(whole):
            return Query(text, labels=labels)
        if kinds := self._categories.get(whole):
            return Query(text, categories=kinds)
        draft = _Draft()
        rest, max_age, min_age = _read_time(rest)
        if match := _TO_BE_WASHED.search(rest):
            draft.states.add("dirty")
            rest = rest[: match.start()]
            rest = re.sub(r"\b(?:that|which)\s*$", "", rest)
        head, tail = self._split(rest, draft)
        head = self._read_exceptions(head, draft)
        head = self._read_places(head, draft)
        for match in _SWITCHED.finditer(head):
            draft.states.add(match.group(1))
        head = _SWITCHED.sub(" ", head)
        labels, categories = self._read_noun(head)
        content = _content(head)
        draft.states.update(STATE_WORDS[word] for word in _words(head) if word in STATE_WORDS)
        meaning = ""
        modified = len(content) > 1 and len(labels) > 1
        if (content and not labels) or tail or modified:
            phrase = " ".join(word for word in _words(head) if word not in STATE_WORDS)
            meaning = f"{phrase} {tail}".strip()
        purpose = next((kinds for pattern, kinds in PURPOSES if pattern.search(rest)), None) if tail else None
        return Query(
            text,
            labels=labels,
            categories=categories,
            purpose=purpose or frozenset(),
            states=frozenset(draft.states),
            not_states=frozenset(draft.not_states),
            not_labels=frozenset(draft.not_labels),
            not_categories=frozenset(draft.not_categories),
            mentioned=self._mentioned(tail),
            relations=tuple(draft.relations),
            max_age=max_age,
            min_age=min_age,
            meaning=meaning,
        )

    def _split(self, text: str, draft: _Draft) -> tuple[str, str]:
        """A phrase into its noun phrase and its purpose; what a relative clause with "is" says goes to the draft."""
        if match := _RELATIVE.search(text):
            predicate = text[match.end() :].strip()
            text = text[: match.start()].strip() or "something"
            if used := re.match(r"used\s+(?:to|for|on|in|at|with)\b", predicate):
                return text, f"{used.group(0)}{predicate[used.end() :]}"
            self._read_predicate(predicate, draft)
        if match := _WHERE_ONE.match(text):
            return "place", f"to {text[match.end() :]}"
        purpose = _PURPOSE.search(text)
        if purpose is None or not text[: purpose.start()].strip():
            return text, ""
        return text[: purpose.start()], text[purpose.start() :]

    def _read_predicate(self, predicate: str, draft: _Draft) -> None:
        """Read what a thing is said to be: "not on the table", "dirty", "turned on"."""
        negated = predicate.startswith("not ")
        rest = predicate.removeprefix("not ").strip()
        left = self._read_places(predicate, draft)
        if left != " ".join(predicate.split()):
            rest = left.removeprefix("not ").strip()
        if match := re.match(r"(?:turned |switched |still )?(on|off)$", rest):
            (draft.not_states if negated else draft.states).add(match.group(1))
            return
        for word in _words(rest):
            state = STATE_WORDS.get(word) or PREDICATES.get(word)
            if state is not None:
                (draft.not_states if negated else draft.states).add(state)

    def _read_places(self, text: str, draft: _Draft) -> str:
        """Take "in the fridge", "not on the table" … out of a phrase."""
        relations: list[Relation] = []
        for match in reversed(list(_PREPOSITION.finditer(text))):
            kind = PREPOSITIONS[match.group(2)]
            after = text[match.end() :].strip()
            found = self._name_at_start(after)
            if found is None:
                continue
            labels, consumed = found
            if kind in {"in", "on"} and not any(self._surrounds(label) for label in labels):
                continue  # "in a spray" says what it is, not where
            relation = Relation(kind, frozenset(lb for lb in labels if self._holds(lb)), match.group(1) is not None)
            if relation.labels or kind == "near":
                relations.append(relation if kind != "near" else Relation(kind, labels, relation.negated))
            text = f"{text[: match.start()]} {after[consumed:]}"
        draft.relations.extend(reversed(relations))
        return " ".join(text.split())

    def _holds(self, label: str) -> bool:
        return "receptacle" in self._knowledge.get(label).affordances

    def _surrounds(self, label: str) -> bool:
        """Whether things can be in or on it, be it only a wall."""
        return self._holds(label) or "structure" in self._knowledge.get(label).categories

    def _read_exceptions(self, head: str, draft: _Draft) -> str:
        """Take "other than the mug", "not dirty" … out of a phrase."""
        while match := _EXCEPT.search(head):
            if _PREPOSITION.match(head, match.start()) and match.group(0).startswith("not"):
                break  # "not on the table" is a place
            after = head[match.end() :].strip()
            first = after.split()[0] if after else ""
            kept = after
            if first in STATE_WORDS:
                draft.not_states.add(STATE_WORDS[first])
                kept = after[len(first) :]
            else:
                stripped = _strip(after)
                word = stripped.split()[0] if stripped else ""
                if word in self._categories:
                    draft.not_categories |= self._categories[word]
                    kept = stripped[len(word) :]
                elif (found := self._name_at_start(after)) is not None:
                    for label in found[0]:
                        draft.not_labels.update({label, *self._derived.get(label, ())})
                    kept = after[found[1] :]
            head = f"{head[: match.start()]} {kept}"
        return " ".join(head.split())

    def _read_noun(self, head: str) -> tuple[dict[str, float], frozenset[str]]:
        """The class or category that the head noun, the last word that says something, belongs to."""
        words = [word for word in _words(_POSTMODIFIER.split(head)[0]) if word not in GENERIC]
        while words and (words[-1] in FILLER or words[-1] in STATE_WORDS):
            words.pop()
        for length in range(min(5, len(words)), 0, -1):
            phrase = " ".join(words[-length:])
            if phrase in self._categories:
                return {}, self._categories[phrase]
            if labels := self._ranked(phrase):
                return labels, frozenset()
        return {}, frozenset()

    def _ranked(self, words: str) -> dict[str, float]:
        """Classes called so, and what is made from them."""
        ranked = {label: max(0.7, 1.0 - _SECOND_NAME * rank) for rank, label in enumerate(self.classes(words))}
        for base, fit in list(ranked.items()):
            for derived in self._derived.get(base, ()):
                ranked.setdefault(derived, _DERIVED * fit)
        return ranked

    def _name_at_start(self, phrase: str) -> tuple[frozenset[str], int] | None:
        """Classes named at the start of a phrase, after articles and adjectives of state, and the characters taken."""
        words = phrase.split()
        start = 0
        while start < len(words) and start < 3 and (words[start] in FILLER or words[start] in STATE_WORDS):
            start += 1
        for length in range(min(4, len(words) - start), 0, -1):
            if found := self.classes(" ".join(words[start : start + length])):
                return frozenset(found), len(" ".join(words[: start + length]))
        return None

    def _mentioned(self, tail: str) -> frozenset[str]:
        """Classes that a purpose with a verb speaks of; one without ("for a salad") may name an ingredient."""
        if not tail or (tail.startswith("for ") and not re.match(r"for\s+\w+ing\b", tail)):
            return frozenset()
        words = _words(_VERB_MARK.sub("", tail))
        found: set[str] = set()
        for length in range(1, 4):
            for start in range(len(words) - length + 1):
                found.update(self._knowledge.find(" ".join(words[start : start + length])))
        return frozenset(found | {d for label in found for d in self._derived.get(label, ())})


def _words(phrase: str) -> list[str]:
    return [word.strip("'.-") for word in phrase.split() if word.strip("'.-")]


def _strip(phrase: str) -> str:
    """A phrase without the fillers that it starts with."""
    words = phrase.split()
    while words and words[0] in FILLER:
        words.pop(0)
    return " ".join(words)


def _content(head: str) -> list[str]:
    """Words that say what kind of thing is meant."""
    return [w for w in _words(head) if w not in STATE_WORDS and w not in FILLER and w not in GENERIC]


def _seconds(number: str | None, unit: str) -> float:
    count = 1.0 if number is None else NUMBERS[number] if number in NUMBERS else float(number)
    return count * UNIT_SECONDS[unit]


def _read_time(text: str) -> tuple[str, float | None, float | None]:
    """Take "in the last ten minutes" and "an hour ago" out of a text; returns it with bounds on the age, seconds."""
    if match := _WITHIN.search(text):
        return f"{text[: match.start()]} {text[match.end() :]}", _seconds(match.group(1), match.group(2)), None
    if match := _AGO.search(text):
        span = _seconds(match.group(2), match.group(3))
        rest = f"{text[: match.start()]} {text[match.end() :]}"
        # "Ten minutes ago" is said of anything around it.
        return (rest, None, span) if match.group(1) else (rest, 1.5 * span, 0.5 * span)
    return text, None, None
