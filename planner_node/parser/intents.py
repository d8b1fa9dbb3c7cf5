"""From clauses to intents: which skill, with which phrase for which argument.

Here it is decided which prepositional phrase is the destination, which is an instrument and which describes the
object, since the verb's meaning tells. What the phrases refer to is left to `planner_node.grounding`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from planner_node.parser.context import is_remark
from planner_node.parser.leftovers import leftovers
from planner_node.parser.rephrase import deeds
from planner_node.parser.syntax import Clause, NounPhrase, Prepositional
from planner_node.parser.words import DETERMINERS
from scene_graph.ontology import Ontology

__all__ = ["Intent", "Reading", "interpret"]

_DESTINATION = frozenset({"in", "on", "to", "near", "at", "under"})
_HEADING = re.compile(r"(please )?(let us |lets )?(tidy up|clean up|clear up|get ready)( a bit| a little)?( please)?")
"""What is spelt out by what follows: "tidy up a bit: put …"."""

_PROCESS = {"hot": "heat", "cold": "cool", "clean": "wash", "cooked": "cook"}
"""States that an instruction may ask for by an adjective: "put a heated mug …"."""


_OMITTED = NounPhrase(pronoun="them", words=("omitted",))
"""Stands for an object that was left out, until `_Interpreter.supply` fills it in."""


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What one clause asks for.

    Attributes:
        skill: A name in the skill table.
        phrases: Parameter name to phrase.
        relation: How the object is to stand to the destination: ``"in"``, ``"on"``, ``"near"``, ``"under"``.
        amount: Number argument.
        text: The clause.
        condition: Words of "if …".
        process: The skill was read from an adjective: needless where memory knows it so already.
    """

    skill: str
    phrases: Mapping[str, NounPhrase] = field(default_factory=dict)
    relation: str = ""
    amount: float | None = None
    text: str = ""
    condition: tuple[str, ...] = ()
    process: bool = False


@dataclass(frozen=True)
class Reading:
    """What was made of an instruction.

    Attributes:
        intents: What it asks for, in order.
        unclear: Texts of clauses that were not understood.
        told: Texts of clauses that only tell something and ask for nothing.
        dropped: Of the unclear ones, whole clauses and phrases beside a clause's things, of which nothing is in an
            intent; the others are words about a thing.
    """

    intents: list[Intent]
    unclear: list[str]
    told: list[str]
    dropped: list[str] = field(default_factory=list)


class _Interpreter:
    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology

    def labels(self, phrase: NounPhrase | None) -> list[str]:
        return self._ontology.find_last(phrase.words) if phrase is not None else []

    def affords(self, phrase: NounPhrase | None, *affordances: str) -> bool:
        return any(self._ontology.get(lb).affordances & set(affordances) for lb in self.labels(phrase)[:2])

    def is_lamp(self, phrase: NounPhrase | None) -> bool:
        if phrase is not None and phrase.words[-1:] in (
            ("light",),
            ("lamp",),
            ("lamplight",),
            ("lighting",),
            ("lights",),
        ):
            return True
        return any(
            "lighting" in (info := self._ontology.get(lb)).categories and "toggleable" in info.affordances
            for lb in self.labels(phrase)
        )

    def holds_things(self, phrase: NounPhrase | None) -> bool:
        return phrase is not None and (
            phrase.pronoun != "" or self.affords(phrase, "receptacle") or not self.labels(phrase)
        )

    def interpret(self, clause: Clause) -> list[Intent]:
        if not clause.told and not clause.sense and not clause.negated and self._is_order(clause):
            clause = replace(clause, sense="move", verb=("put",))
        if clause.verb[:1] == ("dry",) and any(p.relation in {"in", "on"} for p in clause.prepositional):
            clause = replace(clause, sense="move", verb=("put",))  # it dries by itself there
        if clause.told or clause.negated or clause.sense in {"", "unable", "repeat"}:
            return []
        handler = getattr(self, f"_{clause.sense}", None)
        if handler is not None:
            result: list[Intent] = handler(clause)
        else:
            result = self._simple(clause)
        return [replace(i, text=clause.text, condition=clause.condition) for i in result]

    def _is_order(self, clause: Clause) -> bool:
        """Whether a thing and a place say it all: "keys on the table, please"."""
        places = [p for p in clause.prepositional if p.relation in {"in", "on", "to", "near"}]
        return (
            len(clause.objects) == 1
            and len(places) == 1
            and not {"is", "are", "was", "were"} & set(clause.text.split())
            and not {"the", "a", "an"} & set(clause.objects[0].words)  # "frobnicate the spoon": no thing, but a verb
            and (self.affords(clause.objects[0], "pickupable") or self.is_telling(clause.objects[0]))
            and (bool(self.labels(places[0].phrase)) or places[0].phrase.pronoun in {"it", "place"})
        )

    def is_telling(self, phrase: NounPhrase) -> bool:
        """Whether words that name no class say enough to find a thing by: "the round one", "something to read"."""
        return bool(phrase.words) and not self.labels(phrase) and (phrase.determiner != "" or bool(phrase.relative))

    def fragment(self, clause: Clause, before: Sequence[Intent], topic: NounPhrase | None) -> list[Intent]:
        """What words without a verb ask for, after what was said before them.

        "My phone is in the way. A drawer, please", "into the microwave with it", "the bread as well".
        """
        if clause.sense or clause.negated or clause.told:
            return []
        words = clause.text.split()
        asks = not {"is", "are", "was", "were", "has", "have"} & set(words) or words[-1] in _DOES
        if asks and not clause.prepositional and words[:1] in (["coffee"], ["espresso"]) and len(words) <= 2:
            return [Intent(skill="brew", phrases={"object": NounPhrase(words=("mug",), determiner="a")})]
        things = [o for o in clause.objects if not DETERMINERS.keys() & set(o.words)]
        if asks and len(things) == len(clause.objects) == 1 and not clause.prepositional:
            thing = things[0]
            if self._is_place(thing) and (topic is not None or before):
                return self._carry([topic or NounPhrase(pronoun="it")], Prepositional("in", thing))
            joins = bool(set(words) & _TOO) or words[0] in _NEXT
            usable = self.affords(thing, "pickupable", "toggleable", "openable") or bool(thing.relative)
            if joins and before and usable:
                return self.repeated(clause, before)
            if words[-1] in _WISHING and not _TOO & set(words) and self.affords(thing, "pickupable"):
                return [Intent(skill="hand_over", phrases={"object": thing})]
        two = asks and len(things) == len(clause.objects) == 2 and not clause.prepositional
        if two and self._is_place(things[1]) and self.affords(things[0], "pickupable"):  # "pillow, armchair"
            return self._carry([things[0]], Prepositional("in", things[1]))
        places = [p for p in clause.prepositional if p.relation in {"in", "on", "to", "near"}]
        with_it = any(p.relation == "with" and p.phrase.pronoun == "it" for p in clause.prepositional)
        only = not clause.objects and len(places) == 1 and bool(self.labels(places[0].phrase))
        if only and (with_it or topic is not None or before):
            return self._carry([topic or NounPhrase(pronoun="it")], places[0])
        return []

    def _is_place(self, phrase: NounPhrase) -> bool:
        """Whether a thing can only be a place: "a drawer, please"."""
        return self.affords(phrase, "receptacle") and not self.affords(phrase, "pickupable")

    def repeated(self, clause: Clause, before: Sequence[Intent]) -> list[Intent]:
        """What was last done with one thing, done with another: "do the same with the bowl"."""
        last = before[-1].phrases.get("object") if before else None
        if last is None or not clause.objects:
            return []
        start = len(before)
        for i in range(len(before) - 1, -1, -1):
            thing = before[i].phrases.get("object")
            if thing is None or not (thing.pronoun or last.pronoun or thing.words == last.words):
                break
            start, last = i, last if last.words and not last.pronoun else thing
        return [
            replace(intent, phrases={**intent.phrases, "object": thing}, text=clause.text)
            for thing in clause.objects
            for intent in before[start:]
        ]

    def supply(self, intent: Intent, before: Sequence[Intent]) -> Intent:
        """Fill in an object that was left out: what was just loaded ("… on a plate and put in the fridge"), or them."""
        thing = NounPhrase(pronoun="them")
        last = before[-1] if before else None
        if last is not None and last.skill == "move" and self.affords(last.phrases.get("receptacle"), "pickupable"):
            thing = replace(last.phrases["receptacle"], determiner="the")
        return replace(intent, phrases={**intent.phrases, "object": thing})

    # Places: which phrase is the destination, which describes the object.

    def _split_places(self, clause: Clause) -> tuple[list[NounPhrase], Prepositional | None, list[Prepositional]]:
        """Objects with what describes them, the destination, and the other phrases."""
        objects = list(clause.objects)
        pps = [p for p in clause.prepositional if p.relation not in {"also", "for", "until"}]
        leaving = {"from", "of"} if clause.verb[-1:] == ("out",) else {"from"}
        sources = [p if p.relation == "from" else replace(p, relation="from") for p in pps if p.relation in leaving]
        others = [p for p in pps if p.relation not in _DESTINATION | leaving]
        places = [p for p in pps if p.relation in _DESTINATION]
        destination: Prepositional | None = None
        describing: list[Prepositional] = list(sources)
        strong = [i for i, p in enumerate(places) if p.phrase.pronoun == "place" or p.relation == "to"]
        if strong:
            destination = places[strong[-1]]
            describing += places[: strong[-1]]
            destination = self._described(destination, places[strong[-1] + 1 :])
        elif places:
            first = 0
            beside = len(places) == 2 and places[0].relation == "near" and places[1].relation in {"in", "on"}
            if beside and not self._is_open(objects):
                # "next to the toaster, on the counter": on the counter, where the toaster is.
                places = [places[1], places[0]] if self._is_place(places[1].phrase) else places
            # "the cup on the table in the sink": two supports in a row; the first says where the cup is, unless it is
            # something movable, which then stands on the second.
            if (
                len(places) > 1
                and places[1].relation in {"in", "on"}
                and (places[0].relation in {"in", "on"} or self._is_open(objects))
                and (not self.affords(places[0].phrase, "pickupable") or self._is_open(objects))
                and self.affords(places[1].phrase, "receptacle")
                and self._distinct(places[0].phrase, places[1].phrase)
                and objects
                and objects[0].determiner in {"the", "all"}
                and not self._part_of(places[0].phrase, places[1].phrase)
            ):
                first = 1
                describing.append(places[0])
            destination = self._described(places[first], places[first + 1 :])
        if objects and describing:
            objects = [replace(o, places=(*o.places, *describing)) for o in objects]
        return objects, destination, others

    def _is_open(self, objects: Sequence[NounPhrase]) -> bool:
        """Whether only what is said about the thing tells which is meant: "the thing next to the tomato"."""
        return bool(objects) and bool(objects[0].words) and not self.labels(objects[0]) and not objects[0].relative

    def _distinct(self, a: NounPhrase, b: NounPhrase) -> bool:
        return set(self.labels(a)) != set(self.labels(b))

    def _part_of(self, part: NounPhrase, whole: NounPhrase) -> bool:
        """Whether one may be a part of the other: a drawer or shelf of a desk."""
        parts = {"Drawer", "Shelf", "Cabinet", "StoveBurner", "SinkBasin"}
        return bool(parts & set(self.labels(part))) and not self.affords(whole, "openable")

    @staticmethod
    def _described(place: Prepositional, by: Sequence[Prepositional]) -> Prepositional:
        extra = tuple(p for p in by if p.relation in _DESTINATION)
        return replace(place, phrase=replace(place.phrase, places=(*place.phrase.places, *extra))) if extra else place

    def _also(self, clause: Clause) -> list[NounPhrase]:
        """Objects that were added after a place: "take the fork from the table and the cup"."""
        return [p.phrase for p in clause.prepositional if p.relation == "also"]

    # Processes asked for by adjectives.

    def _processed(self, phrase: NounPhrase) -> list[Intent]:
        """Intents that bring a thing into the states that its adjectives name."""
        if phrase.pronoun or not phrase.words:
            return []
        result = []
        if phrase.part and not phrase.relative:
            whole = replace(phrase, part=False, states=())
            result.append(Intent(skill="cut", phrases={"object": whole}, process=True))
        # "A clean plate" is to be made clean; "the hot thing" only says which.
        names = phrase.determiner not in {"the", "all"} or bool(self.labels(phrase))
        for state in phrase.states if names else ():
            if state in _PROCESS and not phrase.relative:
                result.append(Intent(skill=_PROCESS[state], phrases={"object": phrase}, process=True))
        return result

    def _carry(self, objects: Sequence[NounPhrase], destination: Prepositional) -> list[Intent]:
        labels = self.labels(destination.phrase)
        strict = destination.relation in {"in", "on"} and not destination.phrase.pronoun
        if labels and strict and not self.affords(destination.phrase, "receptacle"):
            # "Add the potato to the tomato": to where that is.
            destination = Prepositional("near", destination.phrase)
        result: list[Intent] = []
        for thing in objects:
            for content in (c for c in thing.contents if self.affords(c, "pickupable")):
                result += self._processed(content)
                bare = replace(thing, contents=())
                # "A mug with a pen in it" is to be made so, "the mug with the pen in it" may be so already.
                tells = content.determiner == thing.determiner == "the"
                loading = {"object": content, "receptacle": bare}
                result.append(Intent(skill="move", phrases=loading, relation="in", process=tells))
            whole = replace(thing, contents=()) if thing.contents else thing
            result += self._processed(whole)
            skill = "throw_away" if self._is_bin(destination.phrase) else "move"
            result.append(
                Intent(
                    skill=skill,
                    phrases={"object": whole, "receptacle": destination.phrase},
                    relation=destination.relation,
                )
            )
        return result

    def _is_bin(self, phrase: NounPhrase) -> bool:
        return bool(phrase.words) and any(
            "waste" in self._ontology.get(lb).categories for lb in self.labels(phrase)[:1]
        )

    # One handler a sense, named after it.

    def _move(self, clause: Clause) -> list[Intent]:
        objects, destination, _ = self._split_places(clause)
        if clause.verb[-1:] == ("back",) or clause.verb[:1] in (("return",), ("replace",)):
            destination = destination or Prepositional("to", NounPhrase(pronoun="place"))
        if clause.verb[:1] == ("hang",):
            destination = destination or Prepositional("to", NounPhrase(pronoun="place", words=("hang",)))
        if clause.verb == ("put", "away") or clause.verb[:1] in (("hide",), ("store",), ("stow",), ("stash",)):
            destination = destination or Prepositional("to", NounPhrase(pronoun="place", words=("away",)))
        if destination is None:
            if not objects:
                return [Intent(skill="put_down")]
            if clause.verb in (("put", "down"), ("set", "down"), ("lay", "down")):
                return [Intent(skill="put_down", phrases={} if o.pronoun else {"object": o}) for o in objects]
            if self.is_lamp(objects[0]) and clause.verb[:1] == ("put",):
                return self._switch(clause, objects, on=True)
            if clause.verb[0] in {"move", "carry", "bring", "transfer", "shift"}:
                skill = "pick_up" if self.affords(objects[0], "pickupable") or not self.labels(objects[0]) else "push"
                return [Intent(skill=skill, phrases={"object": o}) for o in objects]
            if clause.verb[0] not in {"put", "place", "leave"} and clause.verb[-1] not in {"aside", "down"}:
                return []  # "set the alarm": whatever is meant, it is not to be laid down
            return [Intent(skill="put_down", phrases={"object": o}) for o in objects]
        if not objects:
            if clause.verb[:1] in (("move",), ("carry",), ("bring",), ("transfer",)):
                return [Intent(skill="go_to", phrases={"object": destination.phrase})]
            objects = [_OMITTED]
        if destination.relation == "under" and self.is_lamp(destination.phrase):
            return [Intent(skill="examine", phrases={"object": o, "device": destination.phrase}) for o in objects]
        if destination.relation in {"to", "near"} and self.is_lamp(destination.phrase) and clause.verb[0] != "put":
            carried = [Intent(skill="pick_up", phrases={"object": o}) for o in objects]
            return [*carried, Intent(skill="go_to", phrases={"object": destination.phrase})]
        if clause.verb[:1] == ("add",) and destination.relation == "to":
            destination = Prepositional("in", destination.phrase)
        objects = [*objects, *self._also(clause)]
        if clause.verb[:1] == ("run",):
            return [Intent(skill="wash", phrases={"object": o}) for o in objects]
        return self._carry(objects, destination)

    def _take(self, clause: Clause) -> list[Intent]:
        objects, destination, _ = self._split_places(clause)
        if not objects and destination is not None and clause.verb[:1] != ("get",):
            return []
        if clause.verb[:1] == ("clear",) and not any(p.relation == "from" for p in clause.prepositional):
            return []
        if (
            destination is not None
            and clause.verb[:1] in (("take",), ("fetch",), ("get",), ("lift",))
            and (
                destination.relation in {"to", "under"}
                or destination.phrase.pronoun == "place"
                or self._is_onward(clause, destination)
            )
        ):
            return self._move(clause)
        if destination is not None:
            objects = [replace(o, places=(*o.places, destination)) for o in objects]
        objects += self._also(clause)
        if clause.verb in (("take",), ("remove",), ("get",)) and destination is None and _is_off(clause):
            return [Intent(skill="put_down", phrases={"object": o}) for o in objects]
        to_me = bool(objects) and objects[0].words[:1] in (("me",), ("us",))
        if to_me and clause.verb[:1] in (("get",), ("fetch",), ("grab",)):
            return self._bring(replace(clause, objects=(_without_me(objects[0]), *objects[1:])))
        result: list[Intent] = []
        for thing in objects:
            result += self._processed(thing)
            result.append(Intent(skill="pick_up", phrases={"object": thing}))
        return result

    def _is_onward(self, clause: Clause, destination: Prepositional) -> bool:
        """Whether a thing is to leave one place for another: "get the pan off the stove onto the counter"."""
        relations = [p.relation for p in clause.prepositional]
        places = [p.relation for p in clause.prepositional if p.phrase.words == destination.phrase.words]
        after = "from" in relations and relations.index("from") < relations.index(places[0]) if places else False
        return after and self.affords(destination.phrase, "receptacle")

    def _bring(self, clause: Clause) -> list[Intent]:
        objects, destination, _ = self._split_places(clause)
        to_me = clause.verb[-1:] in (("me",), ("us",)) or any(o.words[:1] in (("me",), ("us",)) for o in objects)
        objects = [_without_me(o) for o in objects if o.words != ("me",)]
        if to_me and destination is not None and destination.relation in {"in", "on", "near", "under"} and objects:
            # "bring me the thing on the stove": where it is, not where it goes.
            objects[-1] = replace(objects[-1], places=(*objects[-1].places, destination))
            destination = None
        if destination is not None and destination.phrase.words not in (("me",), ("us",)):
            return self._move(replace(clause, objects=tuple(objects), verb=("bring",)))
        result: list[Intent] = []
        for thing in objects:
            result += self._processed(thing)
            result.append(Intent(skill="hand_over", phrases={"object": thing}))
        return result

    def _with_place(self, clause: Clause, skill: str, *works: str) -> list[Intent]:
        """A composite with an optional appliance: "heat it in the microwave", "wash the cup in the sink"."""
        tool: NounPhrase | None = None
        describing = []
        destination: Prepositional | None = None
        for place in clause.prepositional:
            if (
                place.relation in {"in", "on", "with", "under", "at"}
                and tool is None
                and (self.affords(place.phrase, *works))
            ):
                tool = place.phrase
            elif place.relation == "to" or place.phrase.pronoun == "place":
                destination = place
            elif place.relation not in {"for", "until", "also", "with"}:
                describing.append(place)
        result: list[Intent] = []
        for thing in [*clause.objects, *self._also(clause)]:
            if describing:
                thing = replace(thing, places=(*thing.places, *describing))
            if skill != "cut":
                result += [i for i in self._processed(thing) if i.skill != skill]
            phrases = {"object": replace(thing, states=tuple(s for s in thing.states if _PROCESS.get(s) != skill))}
            if tool is not None:
                phrases["receptacle"] = tool
            result.append(Intent(skill=skill, phrases=phrases))
            if destination is not None:
                result += self._carry([NounPhrase(pronoun="it")], destination)
        return result

    def _wash(self, clause: Clause) -> list[Intent]:
        if clause.objects and all(self.labels(o) and not self.affords(o, "pickupable") for o in clause.objects):
            return [Intent(skill="clean", phrases={"object": o}) for o in clause.objects]
        return self._with_place(clause, "wash", "washes")

    def _wipe(self, clause: Clause) -> list[Intent]:
        return [Intent(skill="clean", phrases={"object": o}) for o in clause.objects]

    def _heat(self, clause: Clause) -> list[Intent]:
        return self._with_place(clause, "heat", "heats", "cooks")

    def _cook(self, clause: Clause) -> list[Intent]:
        intents = self._with_place(clause, "cook", "heats", "cooks", "receptacle")
        if clause.verb == ("toast",):
            toaster = NounPhrase(words=("toaster",), determiner="the")
            intents = [
                replace(i, phrases={"receptacle": toaster, **i.phrases}) if i.skill == "cook" else i for i in intents
            ]
        return intents

    def _cool(self, clause: Clause) -> list[Intent]:
        return self._with_place(clause, "cool", "cools")

    def _cut(self, clause: Clause) -> list[Intent]:
        tool = next((p.phrase for p in clause.prepositional if p.relation == "with"), None)
        places = tuple(
            p
            for p in clause.prepositional
            if p.relation in {"in", "on", "at", "near", "from"} and self.labels(p.phrase)
        )
        result = []
        for thing in [*clause.objects, *self._also(clause)]:
            bare = replace(thing, part=False, places=(*thing.places, *places))
            bare = replace(bare, states=tuple(s for s in bare.states if s != "sliced"))
            result += self._processed(bare)
            phrases = {"object": bare}
            if tool is not None and (self.affords(tool, "cuts") or not self.labels(tool)):
                phrases["tool"] = tool
            into = next((p for p in clause.prepositional if p.relation in {"in", "on"}), None)
            if clause.verb == ("crack",) and into is not None and self.holds_things(into.phrase):
                bare = replace(bare, places=thing.places)
                phrases["object"] = NounPhrase(pronoun="it")
                result.append(Intent(skill="move", phrases={"object": bare, "receptacle": into.phrase}, relation="in"))
            result.append(Intent(skill="cut", phrases=phrases))
        return result

    def _switch(self, clause: Clause, objects: Sequence[NounPhrase], *, on: bool) -> list[Intent]:
        places = tuple(p for p in clause.prepositional if p.relation in {"in", "on", "near", "at"})
        skill = "toggle_on" if on else "toggle_off"
        # "The lights" are the room's, a light is a lamp.
        objects = [replace(o, words=("light", "switch"), determiner="the") if _is_room_light(o) else o for o in objects]
        return [Intent(skill=skill, phrases={"object": replace(o, places=(*o.places, *places))}) for o in objects]

    def _toggle_on(self, clause: Clause) -> list[Intent]:
        carried = [
            Intent(skill="pick_up", phrases={"object": p.phrase})
            for p in clause.prepositional
            if p.relation == "with" and self.affords(p.phrase, "pickupable")
        ]
        return carried + self._switch(clause, [*clause.objects, *self._also(clause)], on=True)

    def _toggle_off(self, clause: Clause) -> list[Intent]:
        return self._switch(clause, [*clause.objects, *self._also(clause)], on=False)

    def _toggle(self, clause: Clause) -> list[Intent]:
        words = clause.text.split()
        if "on" not in words and "off" not in words:
            return []
        objects = list(clause.objects) or [p.phrase for p in clause.prepositional if p.relation in {"on", "from"}]
        return self._switch(replace(clause, prepositional=()), objects, on="off" not in words)

    def _examine(self, clause: Clause) -> list[Intent]:
        lamp = next((p.phrase for p in clause.prepositional if self.is_lamp(p.phrase)), None)
        light = lamp is not None or any(p.relation == "under" for p in clause.prepositional)
        describing = tuple(
            p for p in clause.prepositional if p.phrase is not lamp and p.relation in {"in", "on", "near", "from", "at"}
        )
        objects = [replace(o, places=(*o.places, *describing)) for o in clause.objects]
        if not objects:
            objects = [p.phrase for p in clause.prepositional if p.phrase is not lamp][:1]
        if not objects and light:
            objects = [NounPhrase(pronoun="it")]
        result = []
        for thing in objects:
            if light:
                result.append(Intent(skill="examine", phrases={"object": thing, **({"device": lamp} if lamp else {})}))
            else:
                result.append(Intent(skill="look_at", phrases={"object": thing}))
        return result

    def _fill(self, clause: Clause) -> list[Intent]:
        inside = [c for o in clause.objects for c in o.contents]
        liquid = next((p.phrase for p in clause.prepositional if p.relation == "with"), next(iter(inside), None))
        if liquid is not None and "coffee" in liquid.words:
            return [Intent(skill="brew", phrases={"object": o}) for o in clause.objects]
        if liquid is not None and liquid.words and "water" not in liquid.words and not self.labels(liquid):
            return []  # there is nothing but water and coffee to fill it with
        if liquid is not None and self.affords(liquid, "pickupable"):
            return self._carry([liquid], Prepositional("in", clause.objects[0])) if clause.objects else []
        return self._with_place(
            replace(clause, prepositional=tuple(p for p in clause.prepositional if p.relation != "with")),
            "fill",
            "washes",
        )

    def _brew(self, clause: Clause) -> list[Intent]:
        words = clause.text.split()
        if clause.verb != ("brew",) and not {"coffee", "espresso", "latte"} & set(words):
            return []
        vessel = next((p.phrase for p in clause.prepositional if p.relation == "in"), None)
        return [Intent(skill="brew", phrases={"object": vessel or NounPhrase(words=("mug",), determiner="a")})]

    def _pour(self, clause: Clause) -> list[Intent]:
        if any(o.words[:1] in (("me",), ("us",)) for o in clause.objects):
            return []  # "pour me a glass of water": nothing that pouring away would do
        words = clause.text.split()
        vessel = next((p.phrase for p in clause.prepositional if p.relation in {"in", "to"}), None)
        if vessel is None:
            source = [p.phrase for p in clause.prepositional if p.relation in {"from", "of"}] or list(clause.objects)
            return [Intent(skill="empty", phrases={"object": o}) for o in source[:1]]
        if not {"coffee", "water"} & set(words) and any(not o.pronoun for o in clause.objects):
            return []  # milk, juice …
        skill = "brew" if "coffee" in words else "fill"
        return [Intent(skill=skill, phrases={"object": vessel})]

    def _empty(self, clause: Clause) -> list[Intent]:
        return [Intent(skill="empty", phrases={"object": o}) for o in clause.objects]

    def _throw_away(self, clause: Clause) -> list[Intent]:
        objects, destination, _ = self._split_places(clause)
        if clause.verb in (("toss",), ("throw",), ("chuck",)) and any(
            o.words[:1] in (("me",), ("us",)) for o in objects
        ):
            return self._bring(clause)
        if not objects:
            objects = [p.phrase for p in clause.prepositional if p.relation == "of"][:1]
        if not objects and clause.verb == ("bin",):
            objects = [NounPhrase(pronoun="it")]  # "it has gone off: bin, please"
        if destination is not None and destination.phrase.words in (("me",), ("us",)):
            return [Intent(skill="hand_over", phrases={"object": o}) for o in objects]  # "toss me the ball"
        if (
            destination is not None
            and not self._is_bin(destination.phrase)
            and self.affords(destination.phrase, "receptacle")
        ):
            if clause.verb[0] in {"throw", "toss", "chuck"} and clause.verb[-1:] not in (("away",), ("out",)):
                return self._carry(objects, destination)
            objects = [replace(o, places=(*o.places, destination)) for o in objects]
            destination = None
        result: list[Intent] = []
        for thing in objects:
            result += self._processed(thing)
            phrases = {"object": thing}
            if destination is not None:
                phrases["receptacle"] = destination.phrase
            result.append(Intent(skill="throw_away", phrases=phrases))
        return result

    def _find(self, clause: Clause) -> list[Intent]:
        objects, destination, _ = self._split_places(clause)
        if destination is not None:
            objects = [replace(o, places=(*o.places, destination)) for o in objects]
        return [Intent(skill="explore", phrases={"object": o}) for o in objects]

    def _go_to(self, clause: Clause) -> list[Intent]:
        target = next((p.phrase for p in clause.prepositional), None) or next(iter(clause.objects), None)
        return [Intent(skill="go_to", phrases={"object": target})] if target is not None else []

    def _wait(self, clause: Clause) -> list[Intent]:
        words = clause.text.split()
        seconds = next((float(t) for t in words if t.isdigit()), 1.0)
        if "until" in words or (clause.objects and not _SPANS & set(words)):
            return []  # for somebody, or for what is to happen
        if any(p.relation == "for" and not _SPANS & {*p.phrase.words, *words} for p in clause.prepositional):
            return []
        return [Intent(skill="wait", amount=seconds * (60.0 if {"minute", "minutes"} & set(words) else 1.0))]

    def _drop(self, clause: Clause) -> list[Intent]:
        _, destination, _ = self._split_places(clause)
        if destination is not None and clause.objects:
            return self._move(clause)
        return [Intent(skill="drop", phrases={"object": o} if clause.objects else {}) for o in clause.objects[:1]] or [
            Intent(skill="drop")
        ]

    def _use(self, clause: Clause) -> list[Intent]:
        """Switch on a device that is to be used, or do with it what it is for: "use the toaster for the bread"."""
        used = [p.phrase for p in clause.prepositional if p.relation in {"for", "on", "with"}]
        for tool in clause.objects if used else ():
            for skill, handler in _PURPOSES:
                if self.affords(tool, skill) and not (skill == "cooks" and self.affords(tool, "openable")):
                    place = Prepositional("with" if skill == "cuts" else "in", tool)
                    return handler(self, replace(clause, objects=tuple(used), prepositional=(place,)))
        return [
            Intent(skill="toggle_on", phrases={"object": o}) for o in clause.objects if self.affords(o, "toggleable")
        ]

    def _simple(self, clause: Clause) -> list[Intent]:
        """Verbs whose objects need nothing else: open, close, break, push, pull."""
        places = tuple(p for p in clause.prepositional if p.relation in {"in", "on", "near", "at", "of"})
        return [
            Intent(skill=clause.sense, phrases={"object": replace(o, places=(*o.places, *places))})
            for o in [*clause.objects, *self._also(clause)]
        ]


_PURPOSES: tuple[tuple[str, Callable[[_Interpreter, Clause], list[Intent]]], ...] = (
    ("cuts", _Interpreter._cut),
    ("cooks", _Interpreter._cook),
    ("heats", _Interpreter._heat),
    ("cools", _Interpreter._cool),
    ("washes", _Interpreter._wash),
)
"""What tools and devices are for, to how it is done with them."""

_SPANS = frozenset(
    [
        "second",
        "seconds",
        "sec",
        "secs",
        "minute",
        "minutes",
        "moment",
        "moments",
        "bit",
        "while",
        "little",
        "there",
        "here",
    ]
)
"""How long somebody waits."""

_TOO = frozenset({"too", "also", "well", "likewise"})
"""Words by which a thing is to be treated as the one before."""
_NEXT = frozenset({"next", "now", "then", "and", "also", "plus"})
"""Words before another thing that is to be treated so: "now the tomato"."""
_DOES = frozenset({"fine", "good", "ok", "okay", "best", "better", "do", "perfect", "enough", "nicely", "safer"})
"""Ends of "a drawer is fine", "the sink will do"."""
_WISHING = frozenset({"please", "pls", "now"})


def _is_room_light(phrase: NounPhrase) -> bool:
    return phrase.words == ("light",) and phrase.plural and phrase.count is None and not phrase.places


def _is_off(clause: Clause) -> bool:
    """Whether a thing is only to be away from where it is: "take it off again", "take the bat off the bed"."""
    words = clause.text.split()
    return "off" in words and words[words.index("off") + 1 :][:1] != ["of"]


def _topic(clause: Clause, interpreter: _Interpreter) -> NounPhrase | None:
    """What a clause that asks for nothing is about, if that is a thing to be carried."""
    if clause.sense or clause.negated or len(clause.objects) != 1:
        return None
    if DETERMINERS.keys() & set(clause.objects[0].words):
        return None  # "who has my phone": a question, and no thing
    thing = clause.objects[0]
    return (
        thing
        if interpreter.affords(thing, "pickupable") or (thing.relative and interpreter.is_telling(thing))
        else None
    )


def _taken_up(intent: Intent, before: Sequence[Intent]) -> Intent:
    """An intent with "the food you heated" replaced by what was heated before, in this same instruction."""
    phrases = dict(intent.phrases)
    for name, phrase in intent.phrases.items():
        told = deeds(phrase.relative)
        done = next((b.phrases["object"] for b in reversed(before) if b.skill in told and "object" in b.phrases), None)
        if done is not None and phrase.determiner in {"the", "all", ""}:
            phrases[name] = replace(done, determiner="the") if done.words else done
    return replace(intent, phrases=phrases)


def _without_me(phrase: NounPhrase) -> NounPhrase:
    if phrase.words[:1] in (("me",), ("us",)):
        words = phrase.words[1:]
        determiner = phrase.determiner
        if words and words[0] in {"the", "a", "an", "my", "some"}:
            determiner, words = ("the" if words[0] in {"the", "my"} else "a"), words[1:]
        return replace(phrase, words=words, determiner=determiner)
    return phrase


def _continued(intent: Intent) -> Intent:
    """An intent of an earlier instruction, to be done with another thing: at that same place."""
    phrases = {
        name: replace(phrase, determiner="the") if phrase.words and phrase.determiner in {"a", ""} else phrase
        for name, phrase in intent.phrases.items()
    }
    return replace(intent, phrases=phrases, condition=())


def _with_part(intents: list[Intent]) -> None:
    """Have the last thing to be put somewhere be a slice of it: "… on a plate, a slice is enough"."""
    last = intents[-1]
    thing = last.phrases.get("object")
    if thing is None or thing.pronoun or thing.part or last.skill not in {"move", "hand_over", "pick_up"}:
        return
    cut = Intent(skill="cut", phrases={"object": thing}, text=last.text, process=True)
    intents[-1:] = [cut, replace(last, phrases={**last.phrases, "object": replace(thing, part=True)})]


def interpret(clauses: Sequence[Clause], ontology: Ontology, before: Sequence[Intent] = ()) -> Reading:
    """Intents of clauses in order, the clauses that were not understood, and those that ask for nothing.

    Args:
        clauses: From `planner_node.parser.syntax.Splitter`.
        ontology: Class knowledge, for what can be done with the things named.
        before: What was asked for last, for "the pencil too".
    """
    interpreter = _Interpreter(ontology)
    intents: list[Intent] = []
    unclear: list[str] = []
    told: list[str] = []
    topic: NounPhrase | None = None
    pending = False
    done: list[tuple[Clause, Sequence[Intent]]] = []
    for clause in clauses:
        if clause.told:
            told.append(clause.text)
            if intents and _is_share(clause):
                _with_part(intents)
            named = _topic(clause, interpreter)
            topic, pending = (named, False) if named is not None else (topic, pending)
            continue
        earlier = intents or [_continued(intent) for intent in before]
        added = clause.verb == ("add",) and not clause.prepositional
        repeats = clause.sense == "repeat" or (added and bool(earlier))
        found = interpreter.repeated(clause, earlier) if repeats else interpreter.interpret(clause)
        if not found:
            found = interpreter.fragment(clause, earlier, topic)
            if found and pending and unclear:
                unclear.pop()  # the topic; it is understood now
        if found:
            done.append((clause, found))
            unclear += [text for texts in leftovers(clause, found, ontology) for text in texts]
        topic = _topic(clause, interpreter) if not found else None
        pending = topic is not None
        if found and not clause.sense and intents and _is_put_away(intents[-1]) and found[0].skill == "move":
            hidden = intents.pop()  # "hide the wine: fridge"
            found = [replace(i, phrases={**i.phrases, "object": hidden.phrases["object"]}) for i in found]
        for intent in found:
            omitted = intent.phrases.get("object") is _OMITTED
            intents.append(interpreter.supply(intent, intents) if omitted else _taken_up(intent, intents))
        heads = clause.topic or (not intents and bool(_HEADING.fullmatch(clause.text)))
        if not found and heads and clause is not clauses[-1]:
            told.append(clause.text)  # a heading: "make a salad: …"
        elif not found and clause.text.strip() and (not clause.negated or "but" in clause.text.split()):
            unclear.append(clause.text)  # "don't put it on the table but on the counter"
    for i, here in enumerate(intents):
        following = next((later for later in intents[i + 1 :] if later.text != here.text), None)
        thing = following.phrases.get("object") if following is not None else None
        if here.skill == "put_down" and here.phrases and thing is not None and thing.pronoun:
            intents[i] = replace(here, skill="pick_up")  # "take it off the table and wash it": no need to lay it down
    if intents:
        # Beside what can be done, remarks ask for nothing. Whatever else is not understood may be an order.
        left = {text for clause, found in done for texts in leftovers(clause, found, ontology) for text in texts}
        remarks = [text for text in unclear if text not in left and is_remark(tuple(text.split()))]
        told += remarks
        unclear = [text for text in unclear if text not in remarks]
    about = {text for clause, found in done for text in leftovers(clause, found, ontology)[0]}
    return Reading(intents, unclear, told, [text for text in unclear if text not in about])


def _is_put_away(intent: Intent) -> bool:
    place = intent.phrases.get("receptacle")
    return place is not None and place.pronoun == "place" and place.words == ("away",)


def _is_share(clause: Clause) -> bool:
    """Whether it is said that a slice will do."""
    some = bool(clause.objects) and clause.objects[0].part and not clause.objects[0].words
    return some and bool({"enough", "do", "plenty", "suffices", "fine"} & set(clause.text.split()))
