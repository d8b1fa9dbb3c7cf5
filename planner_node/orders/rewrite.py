"""Orders that were read off odd words, said again in plain ones that grammar reads.

So there is one reading of plain words in the planner, and what was understood can be shown to people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import Final

from planner_node.orders.corpus import Order, Span
from planner_node.orders.reader import OrderReader
from planner_node.parser import Intent, NounPhrase, noun_phrase
from planner_node.parser.leftovers import names_in
from planner_node.parser.syntax import singular
from planner_node.parser.words import DRINKS
from scene_graph.ontology import Ontology

__all__ = ["PlainWords", "plainly"]

_PLAIN: Final = {
    "pick_up": "pick up {o}",
    "hand_over": "bring me {o}",
    "put_down": "put down {o}",
    "wash": "wash {o}",
    "heat": "heat {o}",
    "cook": "cook {o}",
    "cool": "chill {o}",
    "cut": "slice {o}",
    "break": "break {o}",
    "fill": "fill {o} with {p}",
    "empty": "empty {o}",
    "brew": "make coffee",
    "open": "open {o}",
    "close": "close {o}",
    "toggle_on": "turn on {o}",
    "toggle_off": "turn off {o}",
    "throw_away": "throw away {o}",
    "explore": "find {o}",
    "look_at": "look at {o}",
    "examine": "look at {o} under {p}",
    "go_to": "go to {o}",
    "wait": "wait",
    "back": "put {o} back",
}
_REVERSED: Final = {"toggle_on": "turn off {o}", "toggle_off": "turn on {o}", "open": "close {o}", "close": "open {o}"}
"""What takes back what was done; what was moved is put back."""
_PREPOSITIONS: Final = {
    "in": "in into inside within",
    "on": "on onto upon atop",
    "under": "under underneath beneath below",
    "next to": "beside near by with alongside against",
}
_BEFORE: Final = {word: plain for plain, words in _PREPOSITIONS.items() for word in words.split()} | {
    "next to": "next to",
    "close to": "next to",
    "on top of": "on",
    "in with": "next to",
    "along with": "next to",
    "inside of": "in",
}
_PREPOSITION = re.compile(rf"\b({'|'.join(sorted(_BEFORE, key=len, reverse=True))})\s+$", re.IGNORECASE)
_INTO = re.compile(r"\s+(?:straight |right |directly )?((?:into|in|over)\s+(?:the |a |that |my )?\w+)", re.IGNORECASE)
"""Where an egg is cracked: "straight into the pan"."""
_WHAT = re.compile(r"^(?:what|whatever|anything that|whichever)\s+(?=\w+\s)", re.IGNORECASE)
_INSIDE = re.compile(r"\s+(?:inside|in there|in it|therein)\b", re.IGNORECASE)
_COOKING = re.compile(r"\b(toast|fry|boil|bake|roast)\b", re.IGNORECASE)
"""Verbs that tell with what to cook."""
_VERB = re.compile(r"(?:^|[.,;:!?]|\b(?:please|then|and|so|now))\s*([a-z]+)\s+$", re.IGNORECASE)
"""A verb at the beginning of a clause, right before the thing."""
_PLACES: Final = {"shelve": "shelf", "refrigerate": "fridge"}
_APPOSED = re.compile(r"the (?:\w+ )?(?:\w+ )?one\b.*", re.IGNORECASE)
_ASKED = re.compile(r"(what (?:do|does|can|could|would|should|is|was)\b[^?.!]*)\?[^?.!]*$", re.IGNORECASE)
_HERE = re.compile(r"(?:there|here)", re.IGNORECASE)
_WAS = re.compile(
    r"(?:back\b|(?:right )?where (?:\S+ ){1,4}(?:was|were|came|stood|lay|belongs?|lived?s?|goe?s?)\b)", re.IGNORECASE
)
"""Places where things were before: grammar reads them itself."""
_ADVERB = re.compile(r"(?:where\w*|somewhere|anywhere|elsewhere|back|away|home|out of)\b", re.IGNORECASE)
"""How places begin that need no preposition."""
_HINTED: Final = {
    "hand_over": "pickupable",
    "toggle_on": "toggleable",
    "toggle_off": "toggleable",
    "open": "openable",
    "close": "openable",
}
"""Skills that people ask for by a mere hint ("I must make a call."), and what a thing must afford for them."""
_TELLING: Final = 0.3
"""Probability of a class from which a hint is taken to mean it."""
_PLAIN_ENOUGH: Final = 0.5
"""The same of a noun that a pronoun may take up."""
_NOUN = re.compile(r"\b(the|my|our|your|that|this)\s+([a-z]+)\b")
_QUANTITIES: Final = frozenset({"both", "all", "each"})
_PRONOUNS: Final = frozenset({"it", "them", "that", "this", "those", "these", "him", "her", "they", "one"})
_TOGETHER: Final = {
    "em": "them",
    "all": "them",
    "all of them": "them",
    "the lot": "them",
    "the whole lot": "them",
    "the lot of them": "them",
    "all of it": "it",
    "both of them": "both",
    "the two": "both",
    "the two of them": "both",
    "the pair": "both",
    "the pair of them": "both",
}
"""Phrases that mean no more than a pronoun."""
_ARTICLES: Final = frozenset({"the", "a", "an", "my", "your", "our", "his", "their", "its"})
_ARTICLE: Final = "|".join(sorted(_ARTICLES | {"that", "this", "those", "these"}))
_LIGHT: Final = frozenset({"toggle_on", "toggle_off"})


@dataclass(frozen=True)
class PlainWords:
    """Orders in plain words.

    Attributes:
        text: One sentence an order.
        vague: Phrases that name no class of things, by the words that stand for them in the text.
    """

    text: str
    vague: Mapping[str, NounPhrase]

    def shown(self) -> str:
        """The text with the person's own phrases."""
        return re.sub(r"\bzq[a-p]\b", lambda match: self.vague[match[0]].text, self.text)

    def filled_in(self, intents: Sequence[Intent]) -> list[Intent]:
        """Intents that grammar read in the text, with the phrases that the person used."""
        return [
            replace(
                intent,
                phrases={name: self.vague.get(phrase.text, phrase) for name, phrase in intent.phrases.items()},
            )
            for intent in intents
        ]


def plainly(text: str, orders: Sequence[Order], ontology: Ontology, before: Sequence[Intent] = ()) -> PlainWords | None:
    """Say orders in plain words; None if one of them cannot be.

    Args:
        text: What the person said.
        orders: Read off it.
        ontology: Class knowledge.
        before: What the instruction before it asked for.
    """
    last = before[-1].skill if before else ""
    sentences = []
    speaker = _Speaker(text, orders, ontology)
    for order in _once(text, orders):
        sentence = speaker.sentence(order, last)
        if not sentence:
            return None
        sentences.append(f"{sentence}.")
        last = order.skill if order.skill not in {"same", "back", "undo"} else last
    return PlainWords(" ".join(sentences), speaker.vague)


def _once(text: str, orders: Sequence[Order]) -> list[Order]:
    """Orders without those said twice: "The towel, drape it over the tub", "both the cup and the mug"."""
    result: list[Order] = []
    for order, after in zip_longest(orders, orders[1:]):
        if (
            after is not None
            and order.thing is not None
            and after.thing is not None
            and (
                text[order.thing.start : order.thing.end].lower() in _QUANTITIES
                and text[order.thing.end : after.thing.start].isspace()
            )
        ):
            continue
        thing = text[order.thing.start : order.thing.end].lower() if order.thing is not None else ""
        if result and order.thing is not None and _APPOSED.fullmatch(thing) and _follows(text, result[-1], order):
            continue  # "the knife, the sharp one"
        is_pronoun = thing in _PRONOUNS or thing in _QUANTITIES or thing in _TOGETHER
        if not result or not is_pronoun or result[-1] != replace(order, thing=result[-1].thing):
            result.append(order)
    return result


def _follows(text: str, first: Order, second: Order) -> bool:
    """Whether the second order is the first one with another phrase for its thing, after a comma."""
    if first.thing is None or second.thing is None or replace(first, thing=None) != replace(second, thing=None):
        return False
    return text[first.thing.end : second.thing.start].strip() == ","


class _Speaker:
    """Puts orders of one text in plain words, and keeps the phrases that mean no class by their names."""

    def __init__(self, text: str, orders: Sequence[Order], ontology: Ontology) -> None:
        self._text = text
        self._orders = orders
        self._ontology = ontology
        self.vague: dict[str, NounPhrase] = {}

    def sentence(self, order: Order, last: str) -> str:
        """One order; empty if it cannot be said."""
        if order.skill == "beyond":
            return ""
        place = self._name(order.place) if order.skill != "fill" else self._words(order.place)
        thing = self._name(order.thing, order.skill) if order.thing is not None else self._unsaid(order, last)
        if not thing or (order.place is not None and not place):
            return ""
        at = f" {self._preposition(order.place)}{place}" if order.place is not None else ""
        if not at and order.thing is not None and _INSIDE.match(self._text, order.thing.end):
            at = " in it"  # "pan onto the stove, potato inside"
        if not at and order.thing is not None and (verb := _VERB.search(self._text[: order.thing.start])) is not None:
            at = self._named_by(verb[1].lower())
        if order.skill == "move":
            return f"put {thing}{at}" if at else f"put {thing} away"
        if order.skill == "same":
            if order.place is not None:
                return f"put {thing}{at}"
            return f"do the same with {thing}" if order.thing is not None else ""
        if order.skill == "undo":
            return _REVERSED.get(last, "put {o} back").format(o=thing)
        if order.skill == "fill" and order.place is None:
            return f"fill {thing} with water"
        if order.skill == "brew" and order.thing is not None:
            return f"make coffee in {thing}"
        if order.skill == "examine" and order.place is None:
            return f"look at {thing}"
        if order.skill == "break" and order.thing is not None:
            into = _INTO.match(self._text, order.thing.end)
            return f"crack {thing} {into[1]}" if into is not None else f"break {thing}"
        if order.skill == "cut" and order.place is not None:
            return f"slice {thing} with {place}"
        plain = _PLAIN[order.skill].format(o=thing, p=place)
        if order.skill == "cook" and (verb := _COOKING.search(self._text)) is not None:
            plain = plain.replace("cook", verb[1].lower(), 1)
        return plain + at if order.skill in {"heat", "cook", "cool"} else plain

    def _unsaid(self, order: Order, last: str) -> str:
        """What is meant where nothing is named: what the whole text hints at, or what was last spoken of."""
        if order.skill in _HINTED and order.place is None and self._hints(order.skill, self._text, _TELLING):
            return self._stand_in(NounPhrase(words=("thing",), determiner="the"), self._text)
        return "the light" if order.skill in _LIGHT and last not in _LIGHT else "it"

    def _antecedent(self, span: Span, skill: str) -> str:
        """What a pronoun takes up that only a remark named: "The pan's greasy. Wash it"."""
        if any(order.thing is not None and order.thing < span for order in self._orders):
            return ""
        before = self._text[: span.start]
        for place in (order.place for order in self._orders if order.place is not None and order.place < span):
            before = before[: place.start] + " " * (place.end - place.start) + before[place.end :]
        clauses = re.split(r"[.;:!?,]", before)
        for i, clause in reversed(list(enumerate(clauses))):
            # What stands first in a clause is what it is about.
            for name in filter(partial(self._names_what, skill), names_in(clause, self._ontology)):
                own_verb = i + 1 == len(clauses) and not re.search(
                    rf"\b(?:{_ARTICLE})\s+{re.escape(name)}\b", clause.lower()
                )
                if not own_verb:  # as in "bin it"
                    return f"the {name}"
            for determiner, noun in _NOUN.findall(clause.lower()):
                if noun in DRINKS or self._hints(skill, f"{determiner} {noun}", _PLAIN_ENOUGH):
                    return f"{determiner} {noun}"
        asked = _ASKED.search(before)  # "What do I lock the door with? It should …"
        if asked is not None and self._hints(skill, asked[1], _TELLING):
            return self._stand_in(NounPhrase(words=("thing",), determiner="the"), asked[1])
        return ""

    def _names_what(self, skill: str, name: str) -> bool:
        """Whether a name is of something that a skill can be done to."""
        *modifiers, head = name.split()
        labels = self._ontology.find(" ".join([*modifiers, singular(head)]))
        return any(_HINTED.get(skill, "pickupable") in self._ontology.get(label).affordances for label in labels)

    def _named_by(self, verb: str) -> str:
        """Where a verb says that things go: "box it", "shelve the book"."""
        noun = _PLACES.get(verb, verb)
        holds = any("receptacle" in self._ontology.get(label).affordances for label in self._ontology.find(noun))
        return f" in the {noun}" if holds else ""

    def _hints(self, skill: str, words: str, least: float) -> bool:
        """Whether words mean a class, with so much probability, that a skill can be done to."""
        needed = _HINTED.get(skill, "pickupable")
        classes = OrderReader.default().classes(words)
        known = (label for label in classes if label in self._ontology)
        return any(classes[lb] >= least and needed in self._ontology.get(lb).affordances for lb in known)

    def _stand_in(self, phrase: NounPhrase, said: str) -> str:
        name = f"zq{'abcdefghijklmnop'[len(self.vague) % 16]}"
        said = said.lower().strip(" .!?")
        self.vague[name] = replace(phrase, words=phrase.words or ("thing",), pronoun="", said=said)
        return name

    def _words(self, span: Span | None) -> str:
        if span is None:
            return ""
        words = self._text[span.start : span.end]
        if words.lower() in _ARTICLES:
            # A noun was not taken for a part of its phrase.
            following = re.match(r"\s+[\w'-]+(?:\s+[\w'-]+)?", self._text[span.end :])
            words += following[0] if following is not None else ""
        return re.sub(r"\s+", " ", words).strip(" .,;:!?\"'")

    def _name(self, span: Span | None, skill: str = "") -> str:
        """Words for a thing: the person's own if they name it, else a stand-in."""
        words = self._words(span)
        if _HERE.fullmatch(words):
            return "there"
        words = _TOGETHER.get(words.lower(), words)
        if span is not None and words.lower() in _PRONOUNS:
            return self._antecedent(span, skill) or words
        if not words or _WAS.match(words):
            return words
        spelt_out = _WHAT.sub("something that ", words)
        phrase = noun_phrase(spelt_out, self._ontology)
        if phrase.places:
            return spelt_out  # where it is tells more than what it is called
        rest = len(words.split()) - (phrase.determiner != "") > max(1, len(phrase.words))
        said_by_itself = phrase.part or phrase.relative or not rest
        if (
            phrase.places
            or self._ontology.find_last(phrase.words)
            or ((phrase.pronoun or not phrase.words) and said_by_itself)
        ):
            return words
        return self._stand_in(phrase, words)

    def _preposition(self, place: Span | None) -> str:
        """How a thing is to stand to a place, from the words before it; empty where the place says so itself."""
        if place is None:
            return ""
        words = self._text[place.start : place.end]
        if _HERE.fullmatch(words.strip()):
            return "in "
        if _ADVERB.match(words):
            return "in " if not _WAS.match(words) else ""
        found = _PREPOSITION.search(self._text[: place.start])
        return f"{_BEFORE[found[1].lower()]} " if found is not None else "in "
