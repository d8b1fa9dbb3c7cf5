"""From phrases to objects: which class, and which remembered thing of it.

Classes come from the ontology (exact names first, then categories and descriptions, so that "the red fruit" and
"something to read" find theirs), things from memory's recall, weighed by what was said, done and seen lately.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from memory_node.recollection import Recollection
from planner_node.experience import SAME_PLACE, Refusal
from planner_node.knowledge import Knowledge
from planner_node.orders.corpus import NO_CLASS
from planner_node.orders.reader import OrderReader
from planner_node.parser import NounPhrase, noun_phrase
from planner_node.parser.leftovers import names_in
from planner_node.parser.rephrase import deeds
from planner_node.parser.syntax import Prepositional
from planner_node.parser.words import word_set
from planner_node.plan import ObjectRef
from planner_node.session import Session
from scene_graph.ontology import ClassInfo, Ontology
from scene_graph.types import OPPOSITES, ObjectState, Point

__all__ = ["SURE", "Grounder", "Wanted", "class_candidates", "is_told", "meant", "support_of"]

_NEAR = 1.2
"""Metres within which a thing counts as being at what it is said to be near."""

_EQUAL = 0.05
"""Difference of fit up to which two things fit equally well."""

_TELLING = frozenset({"dirty", "clean", "filled", "open", "on", "broken", "cooked", "hot", "cold"})
"""States by which people tell like things apart."""

_STOP = word_set(
    """
    a an the of to in on for with you i we it that which is are was be can use used by and or something
    anything thing things stuff object item some any kind everything whatever one ones all sort tool
    """
)
_COMPARISONS = {
    word: kind
    for kind, words in {
        "big": "big bigger biggest large larger largest",
        "small": "small smaller smallest little tiny",
        "left": "left leftmost lefthand",
        "right": "right rightmost righthand",
        "high": "top upper highest higher uppermost topmost",
        "low": "bottom lower lowest lowermost bottommost",
        "near": "nearest closest nearer closer",
        "far": "farthest furthest farther further",
    }.items()
    for word in words.split()
}
"""Adjectives that pick one of several like things by what they are measured by."""

_AS_GOOD = 0.5
"""Share of what speaks for the best class from which another may as well be meant."""
_AMONG_ALL = 0.4
"""The same where all are meant."""
_MEANT = 0.7
"""How much it speaks for a class that the words mean it; the rest is that memory recalls such a thing for them."""
SURE = 0.5
"""Probability of a class from which it is looked for rather than the next best that is known."""

_LIKELY = 0.25
"""Probability below which words mean no class in particular."""
_AS_LIKELY = 0.25
"""Share of the likeliest class's probability from which another may as well be meant."""
_BROAD = frozenset(
    {"electronics", "decoration", "furniture", "structure", "container", "fixture", "personal", "control"}
)
"""Categories whose word may mean much else: "the decoration", "a container"."""

Wanted = Callable[[ClassInfo], bool]
"""Which classes can stand in an argument."""


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word.removesuffix("e") if len(word) > 3 else word


def class_candidates(phrase: NounPhrase, ontology: Ontology, wanted: Wanted | None = None) -> list[tuple[str, float]]:
    """Classes that a phrase may mean, best first, with a weight in (0, 1].

    Args:
        phrase: From the parser; its adjectives, relative clause and "slice of" count.
        ontology: Class knowledge.
        wanted: Which classes can stand there; others are taken only for what is called exactly so.
    """

    def fits(label: str) -> bool:
        return wanted is None or wanted(ontology.get(label))

    words = phrase.words
    labels = ontology.find_last(words) if not phrase.said else []
    if labels:
        ranked = [(label, 1.0 - 0.1 * n) for n, label in enumerate(labels)]
        return _parts(ranked, ontology) if phrase.part else ranked
    for i in range(len(words) - 1 if not phrase.said else 0, 0, -1):
        labels = ontology.find(" ".join(words[:i]))
        if labels and i >= len(words) - 1 and any(fits(label) for label in labels):
            return [(label, 0.8 - 0.1 * n) for n, label in enumerate(labels)]
    ranked = _by_kind(words, ontology, fits) or _by_meaning(phrase, ontology, fits)
    ranked = ranked or _by_description([*words, *phrase.relative], ontology, fits)
    return _parts(ranked, ontology) if phrase.part else ranked


def meant(phrase: NounPhrase, ontology: Ontology) -> dict[str, float]:
    """How likely a phrase's words mean each class that the order reader and the ontology both know.

    Empty where the phrase says nothing of what kind of thing is meant, or a kind that is none of these.
    """
    words = phrase.said or " ".join((*phrase.words, *phrase.relative))
    if all(word in _STOP for word in words.split()):
        return {}
    likely = OrderReader.default().classes(words)
    shares = {label: share for label, share in likely.items() if label in ontology}
    is_name = not (phrase.said or phrase.relative or _STOP & set(phrase.words))
    least = SURE if is_name else likely.get(NO_CLASS, 0.0)  # a name that nobody taught it is most likely none
    return shares if max(shares.values(), default=0.0) > least else {}


def _by_meaning(phrase: NounPhrase, ontology: Ontology, fits: Callable[[str], bool]) -> list[tuple[str, float]]:
    """Classes by how likely the words mean them."""
    shares = {label: share for label, share in meant(phrase, ontology).items() if fits(label)}
    best = max(shares.values(), default=0.0)
    if best < _LIKELY:
        return []
    ordered = sorted(shares.items(), key=lambda entry: (-entry[1], entry[0]))
    return [(label, share / best) for label, share in ordered if share >= _AS_LIKELY * best]


def _by_kind(words: Sequence[str], ontology: Ontology, fits: Callable[[str], bool]) -> list[tuple[str, float]]:
    """Classes of the kind that the last word names: "the fruit", "that red vegetable"; those that all words fit."""
    kind = _stem(words[-1]) if words else ""
    named = {
        label
        for label in ontology.labels()
        if kind and any(_stem(c.split()[-1]) == kind for c in ontology.get(label).categories - _BROAD)
    }
    if not named:
        return []
    return [(lb, weight) for lb, weight in _by_description(words, ontology, fits) if lb in named]


def _parts(ranked: Sequence[tuple[str, float]], ontology: Ontology) -> list[tuple[str, float]]:
    """The same with whole things replaced by what slicing makes of them."""
    result: dict[str, float] = {}
    for label, weight in ranked:
        made = [lb for lb in ontology.labels() if lb != label and ontology.derives(lb, label)]
        for lb in made or [label]:
            result.setdefault(lb, weight)
    return list(result.items())


def is_told(word: str, info: ClassInfo) -> bool:
    """Whether a word is a kind that a class belongs to, or stands in its description."""
    told = " ".join([*info.categories, *info.words, info.description.replace(",", " ")])
    return _stem(word) in {_stem(other) for other in told.split()}


def _by_description(words: Sequence[str], ontology: Ontology, fits: Callable[[str], bool]) -> list[tuple[str, float]]:
    """Classes by how many of the words their categories and descriptions share; kinds count double."""
    wanted = [_stem(w) for w in words if w not in _STOP]
    if not wanted:
        return []
    scores: dict[str, float] = {}
    for label in ontology.labels():
        info = ontology.get(label)
        if info.derived_from is not None or "structure" in info.categories or not fits(label):
            continue
        kinds = {_stem(w) for c in info.categories for w in c.split()}
        described = {_stem(w) for w in (*info.description.replace(",", " ").split(), *" ".join(info.words).split())}
        score = sum(2.0 if w in kinds else 1.0 if w in described else 0.0 for w in wanted)
        if score:
            scores[label] = score
    if not scores:
        return []
    best = max(scores.values())
    ordered = sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))
    return [(label, score / best) for label, score in ordered if score >= 0.99 * best]


def support_of(knowledge: Knowledge, ontology: Ontology, thing: ObjectState) -> ObjectState | None:
    """What a remembered thing is on or in: as memory says, else what lies under it and could hold it."""
    parent = knowledge.get(thing.parent) if thing.parent is not None else None
    if parent is not None and "seating" not in ontology.get(parent.object.label).categories:
        return parent.object
    # Seats stand half under tables: what seems to lie on one is more likely on the table, if there is one there.
    holders = [lb for lb in sorted(ontology.holders(thing.label)) if "receptacle" in ontology.get(lb).affordances]
    if not holders:
        return parent.object if parent is not None else None
    near = knowledge.recall("", labels=holders, near=(thing.position, 2.5), k=20, min_score=0.0)

    def misfit(holder: ObjectState) -> float:
        height = holder.size[2] / 2 if holder.size is not None else 0.0
        seat = 0.3 if "seating" in ontology.get(holder.label).categories else 0.0
        return _gap(holder, thing.position) + 0.5 * abs(thing.position[2] - holder.position[2] - height) + seat

    found = [r.object for r in near if not r.stale and r.object.object_id != thing.object_id]
    return min(found, key=misfit, default=parent.object if parent is not None else None)


def _gap(holder: ObjectState, point: Point) -> float:
    """Horizontal metres from a point to the box of a thing."""
    size = holder.size or (0.0, 0.0, 0.0)
    dx = max(0.0, abs(point[0] - holder.position[0]) - size[0] / 2)
    dy = max(0.0, abs(point[1] - holder.position[1]) - size[1] / 2)
    return math.hypot(dx, dy)


def _is_open(phrase: NounPhrase) -> bool:
    """Whether the words name nothing by themselves: "everything", "the hot thing"."""
    return all(word in _STOP for word in phrase.words)


@dataclass
class Grounder:
    """Resolves phrases against memory.

    Attributes:
        knowledge: Memory.
        session: The conversation so far.
        ontology: Class knowledge.
        position: Where the robot is, map frame, metres.
        held: Memory's id of what the gripper holds.
        answers: Phrases to memory's ids of what the person said is meant by them.
        refusing: Class of a thing to the places that did not take one before.
    """

    knowledge: Knowledge
    session: Session
    ontology: Ontology
    position: Point
    held: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    refusing: Callable[[str], Sequence[Refusal]] = lambda label: ()
    _parents: dict[str, ObjectState | None] = field(default_factory=dict)

    def labels(self, phrase: NounPhrase, wanted: Wanted | None = None) -> list[tuple[str, float]]:
        """Classes that the phrase may mean and that can stand in this argument; all of them if none can."""
        described = class_candidates(phrase, self.ontology, wanted)
        kinds = {lb for lb, _ in _by_kind(phrase.words, self.ontology, lambda label: True)}
        seen = [(lb, weight) for lb, weight in described if lb in kinds and lb in self.knowledge.labels()]
        ranked = seen or self._recalled(phrase, described, wanted) or described
        if ranked and _COMPARISONS.keys() & set(phrase.words):
            # Of "the smaller knife" and the bigger, one may be a knife for butter.
            named = {lb for lb, _ in ranked}
            heads = [f" {word}" for word in phrase.words[-1:]]
            ranked += [
                (lb, 0.9)
                for lb in self.knowledge.labels()
                if lb not in named and any(w.endswith(tuple(heads)) for w in self.ontology.get(lb).words)
            ]
        if wanted is not None:
            fitting = [(lb, weight) for lb, weight in ranked if wanted(self.ontology.get(lb))]
            ranked = fitting or ranked
        return ranked

    def _recalled(
        self, phrase: NounPhrase, described: Sequence[tuple[str, float]], wanted: Wanted | None
    ) -> list[tuple[str, float]]:
        """Classes of remembered things for words that name no class: "something to read", "the hot thing".

        Two witnesses are heard: which class the words mean (`meant`), and what memory recalls for them.
        """
        words = [word for word in phrase.words if word not in _COMPARISONS]
        if (self.ontology.find_last(words) and not phrase.said) or phrase.part or not words:
            return []

        def fits(label: str) -> bool:
            info = self.ontology.get(label)
            return (wanted is None or wanted(info)) and not (
                info.static and "pickupable" not in info.affordances and wanted is None
            )

        told = [word for word in (*words, *phrase.relative, *phrase.said.split()) if word not in _STOP]
        known = [label for label in self.knowledge.labels() if fits(label)]
        if not told:
            # Only where it is or how it is tells: whatever can stand here, things that can be carried first.
            carried = [label for label in known if "pickupable" in self.ontology.get(label).affordances]
            return [(label, 1.0) for label in (known if phrase.states else carried or known)]
        excluded = {
            label
            for i, word in enumerate(phrase.relative)
            if word == "not"
            for label in self.ontology.find(" ".join(phrase.relative[i + 1 :]))
        }
        text = phrase.said or " ".join((*words, *phrase.relative))
        recalled: dict[str, float] = {}
        for item in self.knowledge.recall(text, k=12):
            recalled.setdefault(item.object.label, item.score)
        likely = meant(phrase, self.ontology)
        most = max(likely.values(), default=0.0)
        best = max((recalled[label] for label in recalled if fits(label)), default=0.0)
        shares = {
            label: _MEANT * likely.get(label, 0.0) / most + (1 - _MEANT) * recalled.get(label, 0.0) / (best or 1.0)
            if most
            else recalled.get(label, 0.0) / (best or 1.0)
            for label in known
            if label not in excluded
        }
        if described and not {label for label, _ in described} & shares.keys() and most >= SURE:
            return []  # what is meant has not been seen yet
        top = max(shares.values(), default=0.0)
        least = (_AMONG_ALL if phrase.determiner == "all" else _AS_GOOD) * top
        return sorted(
            ((label, share / top) for label, share in shares.items() if top and share >= least),
            key=lambda entry: (-entry[1], entry[0]),
        )

    def find(
        self, phrase: NounPhrase, ranked: Sequence[tuple[str, float]], *, exclude: Collection[str] = ()
    ) -> list[Recollection]:
        """Remembered things that the phrase may mean, best first.

        Args:
            phrase: The person's words.
            ranked: Classes that it may mean, with weights.
            exclude: Memory's ids that it does not mean.
        """
        answered = self.knowledge.get(self.answers[phrase.text]) if phrase.text in self.answers else None
        if answered is not None:
            return [answered]
        scored = []
        for order, (fit, item) in enumerate(self._fits(phrase, ranked, exclude)):
            far = 0.03 * min(10.0, math.dist(item.position[:2], self.position[:2]))
            scored.append((fit + 0.3 * item.score - 0.01 * order - far, -order, item))
        scored.sort(key=lambda entry: (-entry[0], -entry[1]))
        ordered = [item for _, _, item in scored]
        if phrase.determiner == "all":
            ordered = [item for item in ordered if self._is_among(phrase, item.object)]
        return self._compared(phrase, ordered)

    def willing(self, things: Collection[str], places: Sequence[Recollection]) -> list[Recollection]:
        """Places in the same order, but those that did not take such a thing before last.

        Args:
            things: Classes of what is to be put there.
            places: Remembered things, best first.
        """
        refusals = [refusal for label in things for refusal in self.refusing(label)]

        def refused(place: Recollection) -> bool:
            return any(
                place.object.label == r.place and math.dist(place.position, r.position) < SAME_PLACE for r in refusals
            )

        return sorted(places, key=refused)

    def rivals(self, phrase: NounPhrase, ranked: Sequence[tuple[str, float]]) -> list[tuple[str, ObjectState]]:
        """Things that fit a phrase as well as the best one does, each with a description that tells them apart.

        Which is nearer, or was seen last, is no reason for a person to mean it. Things that no description tells apart
        (two forks on one table) count as one.
        """
        if phrase.text in self.answers or _COMPARISONS.keys() & set(phrase.words):
            return []
        fits = [(fit, item.object) for fit, item in self._fits(phrase, ranked, ()) if not item.object.stale]
        best = max((fit for fit, _ in fits), default=0.0)
        told: dict[str, ObjectState] = {}
        for fit, thing in fits:
            if fit >= best - _EQUAL:
                told.setdefault(self.describe(thing), thing)
        return list(told.items())

    def describe(self, thing: ObjectState) -> str:
        """A remembered thing for people: ``the dirty plate on the table``."""
        told = sorted({s.split(":", 1)[0] for s in thing.states} & _TELLING)
        words = [*told, self.ontology.get(thing.label).words[0]]
        support = self.support(thing)
        if support is None:
            return f"the {' '.join(words)}"
        holder = self.ontology.get(support.label)
        relation = "in" if holder.closes or "container" in holder.categories else "on"
        return f"the {' '.join(words)} {relation} the {holder.words[0]}"

    def _fits(
        self, phrase: NounPhrase, ranked: Sequence[tuple[str, float]], exclude: Collection[str]
    ) -> list[tuple[float, Recollection]]:
        """Remembered things with how well what was said, done and talked about fits them, as memory orders them."""
        weights = dict(ranked)
        text = " ".join((*phrase.words, *phrase.relative))
        if weights:
            found = self.knowledge.recall("", labels=list(weights), k=max(20, 3 * len(weights)), min_score=0.0)
        else:
            found = self.knowledge.recall(text, k=5) if text else []
        salience = max((self.session.salience(r.object.object_id) for r in found), default=0.0)
        result = []
        for item in found:
            if item.object.object_id in exclude or (weights and item.object.label not in weights):
                continue
            fit = weights.get(item.object.label, 0.5)
            if phrase.determiner != "a":
                own = self.session.salience(item.object.object_id)
                fit += 0.6 * own / salience if salience else 0.0
            if item.object.object_id == self.held:
                fit += 0.2
            fit += self._state_score(phrase, item.object) + self._deed_score(phrase, item.object)
            fit += sum(self._place_score(place, item.object) for place in phrase.places)
            fit -= 0.4 if item.object.stale else 0.0
            result.append((fit, item))
        return result

    def _is_among(self, phrase: NounPhrase, thing: ObjectState) -> bool:
        """Whether a thing is one of all that are where, and as, the phrase says."""
        return (
            all(self._place_score(place, thing) > 0 for place in phrase.places)
            and self._state_score(phrase, thing) >= 0.0
            and (not phrase.states or not _is_open(phrase) or self._state_score(phrase, thing) > 0.0)
        )

    def _compared(self, phrase: NounPhrase, things: list[Recollection]) -> list[Recollection]:
        """Things with the one first that a comparison picks: "the bigger plate", "the left drawer", "the top shelf"."""
        kind = next((_COMPARISONS[word] for word in phrase.words if word in _COMPARISONS), "")
        if not kind or len(things) < 2:
            return things
        x, y, _ = self.position
        centre = [sum(t.position[axis] for t in things) / len(things) - origin for axis, origin in ((0, x), (1, y))]

        def measure(item: Recollection) -> float:
            if kind in {"big", "small"}:
                usual = self.ontology.get(item.object.label).size or (0.0, 0.0, 0.0)
                seen = item.object.size or usual
                # What is seen of a thing is rough: between two kinds, the usual size tells as well.
                volume = math.prod(seen) + math.prod(usual)
                return volume if kind == "big" else -volume
            if kind in {"high", "low"}:
                return item.position[2] * (1.0 if kind == "high" else -1.0)
            if kind in {"near", "far"}:
                return math.dist(item.position[:2], (x, y)) * (1.0 if kind == "far" else -1.0)
            # As the robot sees them, looking at their middle from where it stands.
            left = centre[0] * (item.position[1] - y) - centre[1] * (item.position[0] - x)
            return left if kind == "left" else -left

        return sorted(things, key=measure, reverse=True)

    def support(self, thing: ObjectState) -> ObjectState | None:
        """What a remembered thing is on or in: as memory says, else the nearest thing that could hold it."""
        return support_of(self.knowledge, self.ontology, thing)

    def get(self, object_id: str) -> ObjectState | None:
        """What memory believes about an object, asked once."""
        if object_id not in self._parents:
            found = self.knowledge.get(object_id)
            self._parents[object_id] = found.object if found is not None else None
        return self._parents[object_id]

    def ref(self, name: str, phrase: str, thing: ObjectState, *, definite: bool = True) -> ObjectRef:
        """A reference to a remembered thing."""
        return ObjectRef(name=name, phrase=phrase, labels=(thing.label,), object_id=thing.object_id, definite=definite)

    def _state_score(self, phrase: NounPhrase, thing: ObjectState) -> float:
        score = 0.0
        bases = {s.split(":", 1)[0] for s in thing.states}
        for state in phrase.states:
            if state in bases:
                score += 0.7
            elif bases & OPPOSITES.get(state, frozenset()):
                score -= 0.7
        return score

    def _deed_score(self, phrase: NounPhrase, thing: ObjectState) -> float:
        told = deeds(phrase.relative)
        return 1.0 if told and self.session.did(told, thing.object_id) else 0.0

    def named_in(self, text: str) -> list[tuple[str | None, str]]:
        """Memory's id (None if never seen) and class of the first thing that a text names, for "it" to take up."""
        for name in names_in(text, self.ontology):
            phrase = noun_phrase(name, self.ontology)
            ranked = class_candidates(phrase, self.ontology)
            found = self.find(phrase, ranked)
            thing = (found[0].object.object_id, found[0].object.label) if found else (None, ranked[0][0])
            if "pickupable" in self.ontology.get(thing[1]).affordances:
                return [thing]
        return []

    def done_to(self, phrase: NounPhrase, wanted: Wanted) -> list[ObjectState]:
        """What "the thing you washed" means: what that was done to last and that can stand there; none for other words.

        Args:
            phrase: The person's words.
            wanted: Which classes can stand there.
        """
        skills = deeds(phrase.relative)
        if not skills or "you" not in phrase.relative or "not" in phrase.relative:
            return []
        named = {lb for lb, _ in class_candidates(replace(phrase, relative=()), self.ontology)}
        words = names_in(" ".join(phrase.relative), self.ontology)
        places = {lb for name in words for lb, _ in class_candidates(noun_phrase(name, self.ontology), self.ontology)}
        done = [deed for deed in reversed(self.session.deeds) if deed[0] in skills]
        there = [deed for deed in done if self._took_part(deed, places)]  # "what you put in the drawer"
        newest: list[ObjectState] = []
        turn = None
        for _, who, when in there or done:
            left = (*self.session.slices.get(who, ()), who)  # what was cut is its slices
            things = [t for t in map(self.get, left) if t is not None and wanted(self.ontology.get(t.label))]
            thing = things[0] if things else None
            if thing is None or thing in newest:
                continue
            kinds = {thing.label, self.ontology.get(thing.label).derived_from}
            if named and not named & kinds and not _is_open(phrase):
                continue
            if turn is not None and (when != turn or not (phrase.plural or phrase.determiner == "all")):
                break
            turn = when
            newest.append(thing)
        return newest

    def _took_part(self, deed: tuple[str, str, int], places: Collection[str]) -> bool:
        """Whether a thing of one of these classes was spoken of in the turn of a deed, or is where its object was."""
        _, who, when = deed
        origin = self.session.origins.get(who)
        spoken = {m.label for m in self.session.mentions if m.turn == when and m.object_id != who}
        return bool(spoken & set(places)) or (origin is not None and origin.label in places)

    def _place_score(self, place: Prepositional, thing: ObjectState) -> float:
        """1 if the thing is where the phrase says, as far as memory knows; 0 if that cannot be told."""
        labels = {lb for lb, _ in class_candidates(place.phrase, self.ontology)}
        if not labels:
            return 0.0
        parent = self.get(thing.parent) if thing.parent else None
        for _ in range(3):
            if parent is None:
                break
            if parent.label in labels:
                return 1.0
            parent = self.get(parent.parent) if parent.parent else None
        around = self.knowledge.recall("", labels=list(labels), near=(thing.position, 1.5), k=3, min_score=0.0)
        reach = min((_gap(r.object, thing.position) for r in around), default=math.inf)
        return 0.7 if reach < (_NEAR if place.relation == "near" else 0.6) else -0.3
