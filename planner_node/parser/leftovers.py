"""What of a clause no intent takes up: so that nothing is claimed to be done of which a part was not understood.

The grammar finds the words that it knows. Here the others are looked at: what follows a thing's name without
belonging to it ("the apple tomorrow", "the apple juice"), places and means that name nothing ("with bleach"), and
whole phrases that no intent has in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from planner_node.parser import words as w
from planner_node.parser.syntax import VAGUE, Clause, NounPhrase, singular, tokenize
from scene_graph.ontology import Ontology

if TYPE_CHECKING:
    from planner_node.parser.intents import Intent

__all__ = ["leftovers", "names_in", "names_within", "unheeded"]

_WORD = re.compile(r"[a-z]+")

_LONGEST = 4
"""Words of the longest names."""

_HARMLESS = frozenset({"for", "until", "from", "near"})
"""Relations of phrases that say for whom, how long or why, and of places that a thing is taken from or passes by."""

_OTHERWISE = w.word_set(
    """
    no neither nor not except excepting besides without unless before after until while instead me us him her
    twice thrice tomorrow tonight today yesterday later o clock daily hourly weekly monthly yearly half halfway
    upside it them
    """
)
"""Words that change what is asked for, and that no skill heeds."""

_CHANGING = _OTHERWISE | (w.DETERMINERS.keys() - {"one", "same", "other", "second"})

_ASKING = w.word_set(
    "should would could must may might shall will want wants wanted need needs let be been is are was were good great "
    "do does did has have had ought please"
)
"""Words of which no thing's name is made: where they stand in one, a clause was taken for a thing."""

_TIMES = w.word_set(
    """
    tomorrow tonight yesterday daily hourly weekly monthly yearly monday tuesday wednesday thursday friday saturday
    sunday midnight noon twice thrice without except neither nor halfway upside
    """
)
"""Of these, the ones that mean it wherever they stand."""

_DRAINS = frozenset({"sink", "basin", "drain", "kitchen"})
"""Where things are emptied, whether that is said or not."""

_ROOMS = w.word_set(
    """
    kitchen bedroom bathroom room hall hallway house home flat apartment office studio den lounge restroom washroom
    upstairs downstairs here there middle center centre left right top bottom front back side end corner edge hand
    hands way place spot light lamplight
    """
)
"""Places that name no class of thing, and still say where."""

_FINE = w.LANDMARKS | w.word_set(
    """
    one ones any somewhere anywhere through too please also now again away together there here itself alone only
    me us you water robot closest nearest located placed sitting standing lying
    """
)
"""Words about a thing or a place that change nothing."""


def unheeded(text: str) -> list[str]:
    """Words of a text that ask for what nothing here can heed: times, repetition, exceptions."""
    return [token for token in _WORD.findall(text.lower()) if token in _TIMES]


def leftovers(clause: Clause, intents: Sequence[Intent], ontology: Ontology) -> tuple[list[str], list[str]]:
    """Texts of the parts of a clause that its intents do not take up; empty if it was understood whole.

    Args:
        clause: From `planner_node.parser.syntax`.
        intents: What was made of it; not empty.
        ontology: Class knowledge.

    Returns:
        Words about things that are in an intent, and phrases that are in none.
    """
    used = [phrase for intent in intents for root in intent.phrases.values() for phrase in _nested(root)]
    taken = {word for phrase in used for word in phrase.words}
    words: list[str] = []
    phrases: list[str] = []
    for phrase in used:
        words += _unexplained(phrase, ontology)
        places = [p for p in phrase.places if p.relation in {"in", "on", "at"}]
        phrases += [f"{p.relation} {p.phrase.text}" for p in places if _is_nowhere(p.phrase, ontology)]
    named = [] if clause.sense in {"brew", "wait"} else [("", o) for o in clause.objects]
    for relation, phrase in named + [(p.relation, p.phrase) for p in clause.prepositional if named]:
        drains = clause.sense in {"empty", "pour"} and set(phrase.words) <= _DRAINS
        if phrase.words and not set(phrase.words) & taken and not drains and not _heeded(relation, phrase, ontology):
            phrases.append(f"{relation} {phrase.text}".strip())
    bare = [o for o in clause.objects[1:] if o.words and not o.determiner and o.count is None]
    # "Wash the apple, tango": a thing more, or another order.
    phrases += [o.text for o in bare if o.words[-1] not in VAGUE and _is_nowhere(o, ontology)]
    return list(dict.fromkeys(words)), list(dict.fromkeys(phrases))


def names_within(words: Sequence[str], ontology: Ontology) -> bool:
    """Whether some of the words, in a row, name a class."""
    ends = ((i, j) for i in range(len(words)) for j in range(i + 1, min(i + _LONGEST, len(words)) + 1))
    return any(ontology.find(" ".join(words[i:j])) for i, j in ends)


def names_in(text: str, ontology: Ontology) -> list[str]:
    """The phrases of a text that name classes, as they stand in it, in order; the longest where they overlap."""
    tokens = tokenize(text)
    found = []
    start = 0
    while start < len(tokens):
        for end in range(min(len(tokens), start + _LONGEST), start, -1):
            if ontology.find(" ".join((*tokens[start : end - 1], singular(tokens[end - 1])))):
                found.append(" ".join(tokens[start:end]))
                start = end - 1
                break
        start += 1
    return found


def _nested(phrase: NounPhrase) -> Iterator[NounPhrase]:
    yield phrase
    for inner in (*(p.phrase for p in phrase.places), *phrase.contents):
        yield from _nested(inner)


def _heeded(relation: str, phrase: NounPhrase, ontology: Ontology) -> bool:
    """Whether a phrase that is in no intent is still done as it says, or says nothing about what is to be done."""
    if relation in _HARMLESS or set(phrase.words) <= _ROOMS | _FINE or "coffee" in phrase.words:
        return True
    named = ontology.find_last(phrase.words[-_LONGEST:])
    # "A drawer of the desk", "the table with the lamp" say which; "with the pan" says what to take along.
    movable = any("pickupable" in ontology.get(label).affordances for label in named)
    return bool(named) and (relation == "of" or (relation == "with" and not movable))


def _is_nowhere(phrase: NounPhrase, ontology: Ontology) -> bool:
    """Whether a place is none that can be looked for: "on Tuesday", "in the dishwasher"."""
    words = phrase.words
    if not words or phrase.pronoun or phrase.relative or set(words) & (_ROOMS | _FINE) or words[-1] in VAGUE:
        return False
    return not names_within(words, ontology)


def _unexplained(phrase: NounPhrase, ontology: Ontology) -> list[str]:
    """Words of a phrase that do not belong to a thing's name."""
    words = phrase.words
    if phrase.pronoun or phrase.memory_id or not words:
        return []
    first_word = max(0, len(words) - _LONGEST)
    start = next((i for i in range(first_word, len(words)) if ontology.find(" ".join(words[i:]))), None)
    if start is not None:
        return [phrase.text] if _CHANGING & set(words[:start]) else []
    for size in range(min(_LONGEST, len(words) - 1), 0, -1):
        for first in range(len(words) - size):
            if ontology.find(" ".join(words[first : first + size])):
                rest = [t for t in words[first + size :] if t not in _FINE and not t.endswith("ly")]
                return [" ".join(words[first + size :])] if rest else []
    stray = set(words) & (_CHANGING | _ASKING)
    return [phrase.text] if stray and words[-1] not in VAGUE else []
