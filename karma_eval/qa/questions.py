"""Questions about a history, and their right answers: from what the robot's camera showed, and from nothing else.

Five abilities are LongMemEval's (arXiv 2410.10813): extraction, multi-session, temporal, update, abstention; *order* is
the recall of sequence that SORT (arXiv 2410.08133) asks for, and *place* what a robot's memory has besides. A question
is asked only of things whose class and word leave no doubt which one is meant.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from karma_eval.qa.history import Recording, Sighting
from scene_graph.ontology import ontology
from scene_graph.types import OPPOSITES, Point

__all__ = ["Ability", "Asks", "Question", "make_questions"]

_MOVED = 0.5
"""Metres that a thing must have been moved for its place to count as another."""

_APART = 30.0
"""Seconds that two times must differ by, so that their order can be asked for."""


class Ability(StrEnum):
    """What a question tries."""

    EXTRACTION = "extraction"
    MULTI_SESSION = "multi-session"
    TEMPORAL = "temporal"
    UPDATE = "update"
    ABSTENTION = "abstention"
    ORDER = "order"
    PLACE = "place"


class Asks(StrEnum):
    """What a question asks of its subjects, and so which field of an `Answer` counts."""

    WHERE = "where"
    WHERE_THEN = "where then"
    STATE = "state"
    WHEN = "when"
    COUNT = "count"
    MOVED = "moved"
    ORDER = "order"
    CONTENTS = "contents"
    CHANGED = "changed"
    EACH = "each"


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question with its right answer.

    Attributes:
        text: As a person would ask.
        ability: What it tries.
        asks: What it asks.
        subjects: Words for the things that it is about.
        between: Times that it is about, seconds; one, or a first and a second.
        options: States of which one is right.
        known: False if the right answer is "I don't know".
        position: Where, map frame, metres.
        positions: Where each of several is, map frame, metres.
        stale: Whether the thing is known to have left there; None if nobody looked again.
        state: Which state.
        stamp: When, seconds.
        count: How many.
        yes: Yes or no.
        labels: Classes, in order for `Asks.ORDER`.
    """

    text: str
    ability: Ability
    asks: Asks
    subjects: tuple[str, ...]
    between: tuple[float, ...] = ()
    options: tuple[str, ...] = ()
    known: bool = True
    position: Point | None = None
    positions: tuple[Point, ...] = ()
    stale: bool | None = None
    state: str | None = None
    stamp: float | None = None
    count: int | None = None
    yes: bool | None = None
    labels: tuple[str, ...] = ()


def make_questions(recording: Recording, *, count: int, seed: int = 0) -> list[Question]:
    """Questions about a history, of all abilities as evenly as the history allows.

    Args:
        recording: What was seen.
        count: How many at most.
        seed: Of the choice among all that could be asked.
    """
    rng = random.Random(f"{recording.home}:{recording.seed}:{seed}")
    by_ability: dict[Ability, list[Question]] = {ability: [] for ability in Ability}
    for question in _Maker(recording, rng).all():
        by_ability[question.ability].append(question)
    for questions in by_ability.values():
        rng.shuffle(questions)
    chosen: list[Question] = []
    while len(chosen) < count and any(by_ability.values()):
        for questions in by_ability.values():
            if questions and len(chosen) < count:
                chosen.append(questions.pop())
    return chosen


class _Maker:
    """All that can be asked about one history."""

    def __init__(self, recording: Recording, rng: random.Random) -> None:
        self._recording = recording
        self._rng = rng
        self._seen: dict[str, list[Sighting]] = defaultdict(list)
        for shown in recording.sightings:
            for sighting in shown:
                self._seen[sighting.object_id].append(sighting)
        self._gone = {i: recording.seen_gone(sightings[-1]) for i, sightings in self._seen.items()}
        labels = {sightings[0].label for sightings in self._seen.values()}
        # One of its class in the whole home, and no other class seen that people call the same.
        self._plain = {
            label
            for label in labels
            if recording.labels.get(label) == 1
            and not self._shell(label)  # where is the floor?
            and not labels & (set(ontology().find(_word(label))) - {label})
        }
        self._one = {i: s for i, s in self._seen.items() if s[0].label in self._plain}

    def all(self) -> Iterator[Question]:
        yield from self._where()
        yield from self._states()
        yield from self._moves()
        yield from self._times()
        yield from self._counts()
        yield from self._orders()
        yield from self._contents()
        yield from self._changes()
        yield from self._twins()
        yield from self._never_seen()

    def _where(self) -> Iterator[Question]:
        for object_id, sightings in self._one.items():
            last = sightings[-1]
            if last.held:
                continue
            gone = self._gone[object_id] and self._pickupable(last.label)
            moved = len(_places(sightings)) > 1
            yield Question(
                text=f"Where is the {_word(last.label)}?",
                ability=Ability.UPDATE if moved or gone else Ability.EXTRACTION,
                asks=Asks.WHERE,
                subjects=(_word(last.label),),
                position=last.position,
                stale=gone if gone else None,
            )

    def _states(self) -> Iterator[Question]:
        for sightings in self._one.values():
            last = sightings[-1]
            for state in sorted(last.states):
                if state not in OPPOSITES or not OPPOSITES[state]:
                    continue
                options = tuple(sorted({state, *OPPOSITES[state]}))
                if state in {"hot", "cold", "room_temperature"}:
                    continue  # it changes by itself, unseen
                changed = any(s.states & set(options) - {state} for s in sightings)
                word = _word(last.label)
                yield Question(
                    text=f"When you last saw the {word}, was it {' or '.join(options)}?",
                    ability=Ability.UPDATE if changed else Ability.EXTRACTION,
                    asks=Asks.STATE,
                    subjects=(word,),
                    options=options,
                    state=state,
                )

    def _moves(self) -> Iterator[Question]:
        for sightings in self._one.values():
            if not self._pickupable(sightings[0].label):
                continue
            resting = [s for s in sightings if not s.held]
            by_visit = {s.visit: s for s in resting}
            visits = sorted(by_visit)
            if len(visits) < 2:
                continue
            first, last = by_visit[visits[0]], by_visit[visits[-1]]
            word = _word(first.label)
            yield Question(
                text=f"Was the {word} somewhere else on visit {visits[-1] + 1} than on visit {visits[0] + 1}?",
                ability=Ability.MULTI_SESSION,
                asks=Asks.MOVED,
                subjects=(word,),
                between=(first.stamp, last.stamp),
                yes=_apart(first, last),
            )
            then = by_visit[self._rng.choice(visits[:-1])]
            yield Question(
                text=f"Where was the {word} {then.stamp:.0f} seconds after you began?",
                ability=Ability.TEMPORAL,
                asks=Asks.WHERE_THEN,
                subjects=(word,),
                between=(then.stamp,),
                position=then.position,
            )

    def _times(self) -> Iterator[Question]:
        for sightings in self._one.values():
            last = sightings[-1]
            yield Question(
                text=f"When did you last see the {_word(last.label)}?",
                ability=Ability.TEMPORAL,
                asks=Asks.WHEN,
                subjects=(_word(last.label),),
                stamp=last.stamp,
            )

    def _counts(self) -> Iterator[Question]:
        by_label: dict[str, list[list[Sighting]]] = defaultdict(list)
        for sightings in self._seen.values():
            by_label[sightings[0].label].append(sightings)
        for label, things in sorted(by_label.items()):
            if len(set(ontology().find(_word(label))) & set(by_label)) > 1 or self._shell(label):
                continue
            visits = {s.visit for sightings in things for s in sightings}
            yield Question(
                text=f"How many different {ontology().get(label).word} objects have you seen on all your visits?",
                ability=Ability.MULTI_SESSION if len(visits) > 1 else Ability.EXTRACTION,
                asks=Asks.COUNT,
                subjects=(_word(label),),
                count=len(things),
            )

    def _orders(self) -> Iterator[Question]:
        lasts = sorted((s[-1] for s in self._one.values()), key=lambda s: (s.stamp, s.object_id))
        for _ in range(2 * len(lasts)):
            if len(lasts) < 3:
                return
            chosen = sorted(self._rng.sample(lasts, 3), key=lambda s: s.stamp)
            if any(b.stamp - a.stamp < _APART for a, b in pairwise(chosen)):
                continue
            words = [_word(s.label) for s in chosen]
            asked = self._rng.sample(words, 3)
            yield Question(
                text=f"Of the {asked[0]}, the {asked[1]} and the {asked[2]}: in which order did you see them last?",
                ability=Ability.ORDER,
                asks=Asks.ORDER,
                subjects=tuple(asked),
                labels=tuple(s.label for s in chosen),
            )

    def _contents(self) -> Iterator[Question]:
        on: dict[str, set[str]] = defaultdict(set)
        for object_id, sightings in self._seen.items():
            last = sightings[-1]
            if last.place is not None and self._pickupable(last.label) and not self._gone[object_id]:
                on[last.place].add(last.label)
        for place, labels in sorted(on.items()):
            if place not in self._one:
                continue
            word = _word(self._one[place][0].label)
            yield Question(
                text=f"Which things that can be picked up did you see on or in the {word} last?",
                ability=Ability.PLACE,
                asks=Asks.CONTENTS,
                subjects=(word,),
                labels=tuple(sorted(labels)),
            )

    def _changes(self) -> Iterator[Question]:
        """What had by the end of one visit been seen elsewhere than by the end of another."""
        ends = [visit.end for visit in self._recording.visits]
        resting = [[s for s in sightings if not s.held] for sightings in self._one.values()]
        for first in range(len(ends)):
            for last in range(first + 1, len(ends)):
                moved = set()
                for sightings in filter(None, resting):
                    before = [s for s in sightings if s.stamp <= ends[first]]
                    after = [s for s in sightings if s.stamp <= ends[last]]
                    if before and self._pickupable(after[-1].label) and _apart(before[-1], after[-1]):
                        moved.add(after[-1].label)
                if moved:
                    yield Question(
                        text=f"Which things stand elsewhere after visit {last + 1} than after visit {first + 1}?",
                        ability=Ability.MULTI_SESSION,
                        asks=Asks.CHANGED,
                        subjects=tuple(sorted(_word(label) for label in self._plain if self._pickupable(label))),
                        between=(ends[first], ends[last]),
                        labels=tuple(sorted(moved)),
                    )

    def _twins(self) -> Iterator[Question]:
        """Where each of several alike was seen last; only those whose place nobody has seen empty since."""
        by_label: dict[str, list[str]] = defaultdict(list)
        for object_id, sightings in self._seen.items():
            by_label[sightings[0].label].append(object_id)
        for label, things in sorted(by_label.items()):
            lasts = [self._seen[i][-1] for i in things]
            sure = [i for i, last in zip(things, lasts, strict=True) if not last.held and not self._gone[i]]
            if len(lasts) < 2 or len(sure) < len(lasts) or not self._pickupable(label):
                continue
            yield Question(
                text=f"Where is each {_word(label)} that you have seen?",
                ability=Ability.PLACE,
                asks=Asks.EACH,
                subjects=(_word(label),),
                positions=tuple(s.position for s in lasts),
            )

    def _never_seen(self) -> Iterator[Question]:
        seen = {sightings[0].label for sightings in self._seen.values()}
        for label in ontology().labels():
            named = set(ontology().find(_word(label)))
            if named & seen or ontology().get(label).derived_from:
                continue
            asks = self._rng.choice((Asks.WHERE, Asks.WHEN))
            word = _word(label)
            yield Question(
                text=f"Where is the {word}?" if asks is Asks.WHERE else f"When did you last see the {word}?",
                ability=Ability.ABSTENTION,
                asks=asks,
                subjects=(word,),
                known=False,
            )

    def _shell(self, label: str) -> bool:
        """Whether things of a class are part of the building."""
        return "shell" in ontology().get(label).categories

    def _pickupable(self, label: str) -> bool:
        return "pickupable" in ontology().get(label).affordances


def _word(label: str) -> str:
    return ontology().get(label).word


def _apart(a: Sighting, b: Sighting) -> bool:
    return sum((x - y) ** 2 for x, y in zip(a.position, b.position, strict=True)) > _MOVED**2


def _places(sightings: Sequence[Sighting]) -> list[Sighting]:
    """The sightings that begin another place."""
    result: list[Sighting] = []
    for sighting in sightings:
        if not sighting.held and (not result or _apart(result[-1], sighting)):
            result.append(sighting)
    return result
