"""From intents to calls: every phrase becomes a reference, counts and groups become several calls.

References within one instruction are joined here ("a plate … the plate"); across instructions by the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from planner_node.clarify import AmbiguousError, NotUnderstoodError
from planner_node.compose import Composer
from planner_node.grounding import SURE, class_candidates, is_told, meant
from planner_node.parser import Intent, NounPhrase, noun_phrase
from planner_node.parser import words as w
from planner_node.parser.leftovers import names_within
from planner_node.parser.syntax import VAGUE
from planner_node.plan import ObjectRef
from planner_node.skills import SKILLS, Parameter
from scene_graph.ontology import ClassInfo
from scene_graph.types import ObjectState

__all__ = ["Resolver"]

_CONTROLS = {
    "Bathtub": "Faucet",
    "BathtubBasin": "Faucet",
    "Sink": "Faucet",
    "SinkBasin": "Faucet",
    "StoveBurner": "StoveKnob",
}
"""What switches a thing that has no switch of its own."""

_DEFINITE = frozenset({"", "the", "this", "that", "its"})
"""Determiners of who has one particular thing in mind."""

_MOST = 4
"""How many things "all the …" stands for at most."""


@dataclass
class Resolver:
    """Turns the intents of one instruction into calls of a composer."""

    composer: Composer
    _spoken: list[tuple[Intent, NounPhrase, list[ObjectRef], str]] = field(default_factory=list)

    def run(self, intents: list[Intent]) -> None:
        """Append the calls that the intents ask for.

        Raises:
            NotUnderstoodError: If a phrase means nothing that is known, or a pronoun has no antecedent.
        """
        for intent in intents:
            if not self._condition(intent):
                continue
            self._call(intent)

    def _call(self, intent: Intent) -> None:
        if intent.skill == "put_down":
            self._take_in_hand(intent)
        skill = SKILLS[intent.skill]
        chosen: dict[str, list[ObjectRef]] = {}
        for parameter in skill.parameters:
            phrase = intent.phrases.get(parameter.name)
            if phrase is not None:
                chosen[parameter.name] = self._resolve(intent, parameter, phrase, chosen)
        if not chosen:
            self.composer.call(intent.skill, {}, amount=intent.amount, text=intent.text)
            return
        objects = chosen.get("object", [])
        others = {name: refs[0] for name, refs in chosen.items() if name != "object"}
        if intent.relation == "near" and "receptacle" in others:
            others["receptacle"] = self._beside(others["receptacle"], objects)
        targets: list[ObjectRef | None] = [*objects] or [None]
        for ref in targets:
            if ref is not None and intent.process and self._needless(intent.skill, ref, others.get("receptacle")):
                continue
            names = {"object": ref.name} if ref is not None else {}
            names.update({name: other.name for name, other in others.items()})
            self.composer.call(intent.skill, names, amount=intent.amount, text=intent.text)

    def _take_in_hand(self, intent: Intent) -> None:
        """Pick up what is to be put down, or to be off where it is, unless it is in the hand.

        Raises:
            NotUnderstoodError: If nothing is held and nothing is named.
        """
        phrase = intent.phrases.get("object")
        held = self.composer.state.holding
        if held is not None:
            label = self.composer.refs[held].label
            named = phrase is not None and not phrase.pronoun
            if not named or label in {lb for lb, _ in self.composer.grounder.labels(phrase or NounPhrase())}:
                return
        if phrase is None:
            raise NotUnderstoodError("I hold nothing that I could put down", question="What shall I put down?")
        self._call(replace(intent, skill="pick_up"))

    def _needless(self, skill: str, ref: ObjectRef, holder: ObjectRef | None) -> bool:
        """Whether a thing is already as an adjective asks, or where "with it in it" says."""
        if skill == "move":
            thing = self.composer.grounder.get(ref.object_id) if ref.object_id is not None else None
            inside = thing.parent if thing is not None else None
            return inside is not None and holder is not None and inside == holder.object_id
        if skill == "cut":
            return self.composer.ontology.get(ref.label).derived_from is not None
        state = {"wash": "clean", "heat": "hot", "cool": "cold", "cook": "cooked"}[skill]
        done = ref.object_id is not None and self.composer.grounder.session.did({skill}, ref.object_id)
        return done or self.composer.state.has(ref.name, state) is True

    def _wanted(
        self, intent: Intent, parameter: Parameter, chosen: Mapping[str, list[ObjectRef]]
    ) -> Callable[[ClassInfo], bool]:
        """Which classes can stand in an argument."""
        if parameter.name == "receptacle" and intent.skill in {"move", "put", "throw_away"}:
            things = [r.label for r in chosen.get("object", []) if r.label]

            def holds(info: ClassInfo) -> bool:
                if intent.relation == "near":
                    return True
                if info.label in {"Sink", "Bathtub"}:
                    # Their basins hold things; the composer goes from one to the other.
                    return True
                return "receptacle" in info.affordances and all(
                    t in info.holds for t in things if t in self.composer.ontology
                )

            return holds

        thing = intent.phrases.get("object")
        # Where the words name no class ("what I need for an omelette"), what the place holds tells as well.
        vague = (
            parameter.name == "object"
            and thing is not None
            and not thing.pronoun
            and not self.composer.ontology.find_last(thing.words)
        )
        held = self._held_by(intent.phrases.get("receptacle")) if vague else frozenset()

        def fits(info: ClassInfo) -> bool:
            usable = not parameter.affordances or bool(info.affordances & parameter.affordances)
            if intent.process and intent.skill == "cut":
                usable = usable or info.derived_from is not None  # a slice of what is a slice already
            return usable and (not held or info.label in held)

        return fits

    def _held_by(self, place: NounPhrase | None) -> frozenset[str]:
        """Classes that a named place holds; none where it is not named."""
        if place is None or place.pronoun or not place.words:
            return frozenset()
        ontology = self.composer.ontology
        labels = ontology.find_last(place.words)
        basins = [f"{label}Basin" for label in labels if f"{label}Basin" in ontology]
        return frozenset(held for label in (*labels, *basins) for held in ontology.get(label).holds)

    def _resolve(
        self, intent: Intent, parameter: Parameter, phrase: NounPhrase, chosen: Mapping[str, list[ObjectRef]]
    ) -> list[ObjectRef]:
        role = parameter.name
        if phrase.words in {("that",), ("this",)}:
            phrase = replace(phrase, pronoun="it", words=())
        if phrase.words in {("it",), ("them",)}:
            # "A slice of it": the words are a pronoun, whatever stands before them.
            phrase = replace(phrase, pronoun=phrase.words[0], words=())
        if phrase.pronoun == "one" or (phrase.words[-1:] == ("one",) and not phrase.pronoun):
            phrase = self._one(phrase)
        if phrase.memory_id:
            thing = self.composer.grounder.get(phrase.memory_id)
            refs = [self.composer.adopt(thing)] if thing is not None else []
        elif phrase.pronoun == "place":
            refs = [self._origin(ref, phrase) for ref in chosen.get("object", [])[:1]]
        elif phrase.pronoun:
            refs = self._pronoun(phrase, self._wanted(intent, parameter, chosen), chosen)
        elif phrase.part and not phrase.words:
            refs = self._pieces(phrase)
        else:
            refs = self._named(intent, parameter, phrase, chosen)
        switched = any("toggleable" in self.composer.ontology.get(ref.label).affordances for ref in refs)
        if not switched and phrase.pronoun == "it" and intent.skill in {"toggle_on", "toggle_off"}:
            burner = self._burner_in_use(phrase)  # "pan on the stove, and fire it up"
            knob = ("StoveKnob",)
            refs = [self.composer.helper("knob", knob, beside=self.composer.adopt(burner))] if burner else refs
        if not refs:
            raise NotUnderstoodError(
                f"I do not know what {phrase.text!r} means here", question=f"What is {phrase.text!r}?"
            )
        self._spoken.append((intent, phrase, refs, role))
        return refs

    # What was said before.

    def _pronoun(
        self, phrase: NounPhrase, wanted: Callable[[ClassInfo], bool], chosen: Mapping[str, list[ObjectRef]]
    ) -> list[ObjectRef]:
        """What "it" or "them" means: the newest thing spoken of that can stand here, objects before places."""
        plural = phrase.pronoun == "them"
        taken = {r.name for refs in chosen.values() for r in refs}

        def suits(label: str) -> bool:
            return wanted(self.composer.ontology.get(label))

        def usable(ref: ObjectRef) -> bool:
            return ref.name not in taken and suits(ref.label)

        spoken = [entry for entry in self._spoken if entry[3] == "object"]
        spoken = [entry for entry in self._spoken if entry[3] != "object"] + spoken
        for intent, _, refs, role in reversed(spoken):
            fitting = [r for r in refs if usable(r)]
            if fitting and plural:
                alike = [(i, rs) for i, _, rs, also in spoken if also == role]
                while alike and alike[-1][0] is not intent:
                    alike.pop()
                first = len(alike)
                while first and alike[first - 1][0].skill == intent.skill:
                    first -= 1  # "take the pen. And the pencil": done alike, one after the other
                together = list(dict.fromkeys(r for _, rs in alike[first:] for r in rs if usable(r)))
                if phrase.determiner != "both" or len(together) > 1:
                    return together
            if fitting:
                return fitting[-1:]
        grounder = self.composer.grounder
        if phrase.determiner == "both":
            pair = [grounder.get(m.object_id or "") for m in grounder.session.last_two()]
            things = [t for t in pair if t is not None and suits(t.label)]
            if len(things) > 1:
                return [self.composer.adopt(t, phrase.pronoun) for t in things]
        for group in grounder.session.antecedents(plural=plural):
            things = [t for m in group if (t := grounder.get(m.object_id or "")) is not None]
            fitting = [self.composer.adopt(t, phrase.pronoun) for t in things if suits(t.label)]
            if fitting:
                return fitting
        sought = next((m for m in reversed(grounder.session.mentions) if m.object_id is None and suits(m.label)), None)
        if not spoken and sought is not None:  # spoken of, and never seen: it has to be found
            word = self.composer.ontology.get(sought.label).words[0]
            return [
                self.composer.add(ObjectRef(name="_".join(word.split()), phrase=phrase.pronoun, labels=(sought.label,)))
            ]
        # Nothing that was spoken of fits: say so about the newest rather than guess.
        return [r for r in spoken[-1][2][-1:] if r.name not in taken] if spoken else []

    def _one(self, phrase: NounPhrase) -> NounPhrase:
        """The phrase with "one" replaced by the kind of thing that was spoken of last: "the other one"."""
        said = next((p for _, p, _, role in reversed(self._spoken) if role == "object" and p.words), None)
        noun = said.words if said is not None else ()
        if not noun:
            newest = next((m for m in reversed(self.composer.grounder.session.mentions) if m.role == "object"), None)
            noun = tuple(self.composer.ontology.get(newest.label).words[0].split()) if newest is not None else ()
        determiner = phrase.determiner or "a"
        return replace(phrase, pronoun="", words=(*phrase.words[:-1], *noun), determiner=determiner) if noun else phrase

    def _pieces(self, phrase: NounPhrase) -> list[ObjectRef]:
        """What "a slice" or "the pieces" means: of what was spoken of last."""
        for _, _, refs, role in reversed(self._spoken):
            if role == "object":
                return refs[-1:]
        session = self.composer.grounder.session
        for mention in reversed(session.mentions):
            slices = session.siblings(mention.object_id or "")
            candidates = [self.composer.grounder.get(s) for s in slices]
            if mention.object_id is not None and self.composer.ontology.get(mention.label).derived_from is not None:
                candidates.append(self.composer.grounder.get(mention.object_id))
            things = [c for c in candidates if c is not None]
            if things:
                return [self.composer.adopt(t, phrase.text or "slice") for t in things[: 3 if phrase.plural else 1]]
        return []

    def _coreferent(self, intent: Intent, phrase: NounPhrase, labels: list[str]) -> list[ObjectRef]:
        """References of this instruction that the phrase takes up again."""
        if phrase.determiner == "another":
            return []
        for earlier, said, refs, _ in reversed(self._spoken):
            if said.pronoun or not refs:
                continue
            same_words = said.words == phrase.words and (said.part == phrase.part or earlier.process)
            if not same_words and (earlier.text, earlier.skill) == (intent.text, intent.skill):
                continue  # "the cup and the mug" are two, though a mug may be called a cup
            if same_words and (earlier.text == intent.text or phrase.determiner != "a"):
                return refs
            if phrase.determiner in {"the", "its"} and not phrase.places and not phrase.relative:
                known = {lb for r in refs for lb in r.labels}
                whole = {base for lb in labels for base in self._wholes(lb)}
                if known & set(labels) and (len(labels) <= 3 or known <= set(labels)):
                    return refs
                if phrase.part and known & whole:
                    return refs
        return []

    def _wholes(self, label: str) -> set[str]:
        info = self.composer.ontology.get(label)
        return {label} | ({info.derived_from} if info.derived_from else set())

    # What memory knows.

    def _named(
        self, intent: Intent, parameter: Parameter, phrase: NounPhrase, chosen: Mapping[str, list[ObjectRef]]
    ) -> list[ObjectRef]:
        grounder = self.composer.grounder
        wanted = self._wanted(intent, parameter, chosen)
        if phrase.words[-1:] and phrase.words[-1] in w.DRINKS and not self.composer.ontology.find(phrase.text):
            phrase = replace(phrase, words=("cup",), states=(*phrase.states, "filled"))
        done = grounder.done_to(phrase, wanted)
        if phrase.part:
            done = [t for t in done if self.composer.ontology.get(t.label).derived_from is not None][:1]
        if done:
            return [self.composer.adopt(thing, phrase.text) for thing in done]
        ranked = grounder.labels(phrase, wanted)
        if "toggleable" in parameter.affordances and ranked and not wanted(self.composer.ontology.get(ranked[0][0])):
            # "turn on the sink", "the stove": what is meant is its tap, its knob.
            ranked = [(_CONTROLS.get(label, label), weight) for label, weight in ranked]
        if parameter.name == "receptacle" and intent.relation == "in":
            # In the bathtub is in its basin, on the bathtub is on its rim.
            known = self.composer.ontology
            ranked = sorted(ranked, key=lambda e: -e[1] - 0.15 * ("container" in known.get(e[0]).categories))
            ranked = [(label, 1.0 - 0.1 * rank) for rank, (label, _) in enumerate(ranked)]
        if parameter.affordances and ranked and ranked[0][0] == "StoveKnob":
            burner = self._burner_in_use(phrase)
            if burner is not None:
                return [self.composer.helper("stove knob", ("StoveKnob",), beside=self.composer.adopt(burner))]
        labels = [lb for lb, _ in ranked]
        again = self._coreferent(intent, phrase, labels)
        if again:
            return again
        taken = {r.object_id for refs in chosen.values() for r in refs if r.object_id}
        if phrase.determiner == "another":
            taken |= {r.object_id for _, _, refs, _ in self._spoken for r in refs if r.object_id}
            newest = [m.object_id for m in grounder.session.mentions if m.label in labels and m.object_id]
            taken |= set(newest[-1:])
        if parameter.name == "object":
            self._settle(intent, phrase, ranked)
        found = grounder.find(phrase, ranked, exclude=taken)
        if parameter.name == "receptacle" and not phrase.places and phrase.text not in grounder.answers:
            found = grounder.willing({ref.label for ref in chosen.get("object", ())}, found)
        if phrase.part and not found and ranked:
            # No slices are remembered: the whole is meant, and "current" will be a slice once it is cut.
            whole = replace(phrase, part=False)
            return self._named(intent, parameter, whole, chosen)
        if not ranked and not found:
            raise NotUnderstoodError(
                f"I do not know anything called {phrase.text!r}", question=f"What do you mean by {phrase.text!r}?"
            )
        label = found[0].object.label if found else labels[0]
        if self._is_guess(phrase, self.composer.ontology.get(label)):
            self.composer.notes.append(f"took {phrase.text!r} for the {self.composer.ontology.get(label).word}")
        # "The knife" may be either kind, but "the red fruit" that memory took for the apple is no tomato.
        others = labels if self.composer.ontology.find_last(phrase.words) or phrase.determiner == "a" else []
        count = self._count(phrase, len(found))
        refs = [
            self.composer.add(
                replace(
                    grounder.ref(_name(phrase, item.object.label, self.composer), phrase.text, item.object),
                    labels=(item.object.label, *(lb for lb in others if lb != item.object.label)),
                    definite=phrase.determiner != "a",
                    states=frozenset(phrase.states),
                )
            )
            for item in found[:count]
        ]
        while len(refs) < count:
            refs.append(
                self.composer.add(
                    ObjectRef(
                        name=_name(phrase, labels[0], self.composer),
                        phrase=phrase.text,
                        labels=tuple(labels),
                        states=frozenset(),
                        distinct=tuple(r.name for r in refs),
                        definite=phrase.determiner != "a",
                    )
                )
            )
        return refs

    def _settle(self, intent: Intent, phrase: NounPhrase, ranked: list[tuple[str, float]]) -> None:
        """Ask back where it matters which of several things is meant: what is done to it cannot be undone.

        Raises:
            AmbiguousError: If two readings are equally good.
        """
        if not SKILLS[intent.skill].irreversible:
            return
        self._named_well(phrase, ranked)
        singular = phrase.count in {None, 1} and not phrase.plural and not phrase.part
        if not singular or phrase.determiner not in _DEFINITE:
            return
        rivals = self.composer.grounder.rivals(phrase, ranked)
        if len(rivals) > 1:
            raise AmbiguousError(phrase.text, [(text, thing.object_id) for text, thing in rivals[:_MOST]])

    def _burner_in_use(self, phrase: NounPhrase) -> ObjectState | None:
        """The burner that "the stove" means: one that something stands on, what was spoken of last before others."""
        if phrase.words[-1:] == ("knob",):
            return None
        grounder = self.composer.grounder
        session = grounder.session
        found = grounder.knowledge.recall("", labels=sorted(self.composer.ontology.get("StoveBurner").holds), k=20)
        on_stove = [
            (session.salience(r.object.object_id), support)
            for r in found
            if not r.stale and (support := grounder.support(r.object)) is not None and support.label == "StoveBurner"
        ]
        return max(on_stove, key=lambda entry: entry[0])[1] if on_stove else None

    def _named_well(self, phrase: NounPhrase, ranked: list[tuple[str, float]]) -> None:
        """Do nothing that cannot be undone to what was only guessed from its likeness: "throw a party".

        Raises:
            NotUnderstoodError: If the word for the thing is neither its name nor its kind, nor says anything of it.
        """
        if not ranked or phrase.text in self.composer.grounder.answers:
            return
        info = self.composer.ontology.get(ranked[0][0])
        if self._is_guess(phrase, info):
            raise NotUnderstoodError(
                f"I do not know anything called {phrase.text!r}, and what you ask for cannot be undone",
                question=f"What do you mean by {phrase.text!r}: the {info.word}?",
            )

    def _is_guess(self, phrase: NounPhrase, info: ClassInfo) -> bool:
        """Whether nothing but likeness made a phrase mean a class."""
        words = phrase.words
        if not words or words[-1] in VAGUE | {"one"} or phrase.relative or phrase.pronoun:
            return False
        if names_within(words, self.composer.ontology) or is_told(words[-1], info):
            return False
        return meant(phrase, self.composer.ontology).get(info.label, 0.0) < SURE

    @staticmethod
    def _count(phrase: NounPhrase, known: int) -> int:
        if phrase.count is not None:
            return min(phrase.count, 9)
        if phrase.determiner == "both":
            return 2
        if phrase.determiner == "all":
            return max(1, min(known, _MOST))
        return 1

    def _origin(self, ref: ObjectRef, phrase: NounPhrase) -> ObjectRef:
        """Where a thing came from ("back where it was"), or belongs ("away")."""
        grounder = self.composer.grounder
        thing = grounder.get(ref.object_id) if ref.object_id is not None else None
        origin = grounder.session.origins.get(ref.object_id or "")
        hanging = [lb for lb in self.composer.ontology.holders(ref.label) if lb.endswith("Holder")]
        if "hang" in phrase.words and hanging:
            return self.composer.helper("its hook", sorted(hanging), at=origin.position if origin is not None else None)
        if origin is not None and origin.parent is not None:
            parent = grounder.get(origin.parent)
            if parent is not None:
                return self.composer.adopt(parent)
        if thing is not None and not thing.held and "away" not in phrase.words:
            support = grounder.support(thing)
            if support is not None:
                return self.composer.adopt(support)
        if origin is not None:
            holders = sorted(self.composer.ontology.holders(ref.label))
            return self.composer.helper("its place", holders, at=origin.position)
        return self._storage(ref)

    def _storage(self, ref: ObjectRef) -> ObjectRef:
        """Where things of this class are kept."""
        info = self.composer.ontology.get(ref.label)
        holders = self.composer.ontology.holders(ref.label)
        order = ["Fridge"] if "food" in info.categories else []
        order += ["Cabinet", "Drawer", "Shelf", "ShelvingUnit", "Dresser", "Desk", "CounterTop", "SideTable"]
        usable = [lb for lb in order if lb in holders] or sorted(holders)
        if not usable:
            raise NotUnderstoodError(
                f"I do not know where {ref.phrase} belongs", question=f"Where shall {ref.phrase} go?"
            )
        return self.composer.helper("storage", usable)

    def _beside(self, place: ObjectRef, objects: list[ObjectRef]) -> ObjectRef:
        """What to put a thing on so that it is next to `place`."""
        grounder = self.composer.grounder
        thing = grounder.get(place.object_id) if place.object_id is not None else None
        label = objects[0].label if objects else ""
        support = grounder.support(thing) if thing is not None else None
        if support is not None and label in self.composer.ontology.get(support.label).holds:
            return self.composer.adopt(support)
        holders = [
            lb
            for lb in sorted(self.composer.ontology.holders(label))
            if (info := self.composer.ontology.get(lb)).static and not info.closes and lb != place.label
        ]
        if not holders:
            return place
        if thing is None:
            return self.composer.helper("surface", holders, beside=place)
        return self.composer.helper("surface", holders, at=thing.position)

    # Conditions.

    def _condition(self, intent: Intent) -> bool:
        """Whether "if …" holds, as far as memory knows; what memory does not know counts as holding, and is noted.

        What is made to depend on words that are not understood is not done.
        """
        words = intent.condition
        if not words:
            return True
        awaited = words[0] == "once"
        words = words[1:] if awaited else words
        verb = next((i for i, t in enumerate(words) if t in _BE), None)
        told = None if verb is None else self._told(words, verb, intent)
        if awaited:
            # What is to be waited for came about in the clause before; here it only says who "it" is.
            return True
        if verb is None or told is None:
            self.composer.notes.append(f"not understood: 'if {' '.join(words)}'")
            return False
        known = told()
        if known is None:
            self.composer.notes.append(f"memory does not know whether {' '.join(words)}; assumed so")
            return True
        if known == ("not" in words[verb:] or "no" in words[verb : verb + 2]):
            self.composer.notes.append(f"left out {intent.text!r}: not the case that {' '.join(words)}")
            return False
        return True

    def _told(self, words: tuple[str, ...], verb: int, intent: Intent) -> Callable[[], bool | None] | None:
        """A test of what a condition tells without its "not"; None where that is not understood.

        Raises:
            NotUnderstoodError: If it is about something that is not known.
        """
        subject, rest = words[:verb], tuple(t for t in words[verb + 1 :] if t not in _LITTLE)
        state = next((w.STATE_WORDS[t] for t in rest if t in w.STATE_WORDS), None)
        if subject == ("there",):
            phrase = noun_phrase(" ".join(t for t in rest if t != "no"), self.composer.ontology)
            if not class_candidates(phrase, self.composer.ontology):
                return None
            ref = self._resolve(intent, Parameter("object", ""), phrase, {})[0]
            places = [p.phrase for p in phrase.places] or self._places(rest)
            holders = [self._resolve(intent, Parameter("receptacle", ""), place, {})[0] for place in places]
            return lambda: self._is_there(ref, holders, phrase.states)
        match = w.PREPOSITIONS.match(rest, 0)
        places = self._places(rest) if match else []
        if state is None and not places:
            state = next((t for t in rest if t in {"on", "off"}), None)
        if state is None and not places:
            return None
        phrase = NounPhrase(pronoun="it") if subject in (("it",), ("they",)) else _plain(subject)
        if phrase.pronoun and not self._spoken and not self.composer.grounder.session.mentions:
            phrase = intent.phrases.get("object", phrase)
        ref = self._resolve(intent, Parameter("object", ""), phrase, {})[0]
        if places:
            holder = self._resolve(intent, Parameter("receptacle", ""), places[0], {})[0]
            return lambda: self._is_there(ref, [holder], ())
        return lambda: self.composer.state.has(ref.name, state or "")

    def _places(self, words: tuple[str, ...]) -> list[NounPhrase]:
        """What a preposition among the words relates to."""
        for i in range(len(words)):
            match = w.PREPOSITIONS.match(words, i)
            if match and w.PREPOSITIONS[words[i : i + match]] in {"in", "on"} and i + match < len(words):
                place = noun_phrase(" ".join(words[i + match :]), self.composer.ontology)
                return [place] if class_candidates(place, self.composer.ontology) else []
        return []

    def _is_there(self, ref: ObjectRef, holders: Sequence[ObjectRef], states: Sequence[str]) -> bool | None:
        """Whether a thing is known to be in these places, in these states."""
        known = self.composer.state
        if ref.object_id is None:
            return None
        if any(known.has(ref.name, state) is False for state in states):
            return False
        around = {known.labels.get(name, "") for name in known.around(ref.name)[1:]}
        grounder = self.composer.grounder
        thing = None if ref.name in known.location else grounder.get(ref.object_id)
        while thing is not None and (support := grounder.support(thing)) is not None and support.label not in around:
            around.add(support.label)
            thing = support
        # "In the sink" is in its basin.
        return all({*h.labels, *(f"{label}Basin" for label in h.labels)} & around for h in holders)


_BE = frozenset({"is", "are", "was", "were", "looks", "seems", "has"})
_LITTLE = w.word_set("not still already currently now really very yet")
"""Words of a condition that do not change what it tells, once "not" is seen to."""


def _plain(words: tuple[str, ...]) -> NounPhrase:
    determiner = w.DETERMINERS.get(words[0], "") if words else ""
    return NounPhrase(words=words[1:] if determiner else words, determiner=determiner)


def _name(phrase: NounPhrase, label: str, composer: Composer) -> str:
    exact = class_candidates(replace(phrase, places=(), relative=()), composer.ontology)
    words = phrase.words if exact and exact[0][0] == label and len(phrase.words) <= 2 else None
    return "_".join(words or composer.ontology.get(label).words[0].split())
