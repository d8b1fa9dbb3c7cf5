"""An instruction as one of ALFRED's goals: task type, object, movable receptacle, place, lamp, sliced or not.

ALFRED (Shridhar et al., CVPR 2020) describes seven kinds of household tasks by these fields. Its annotators often name
less than the goal holds; what was not said is left empty, or filled with the usual thing where a field must not be.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from planner_node.parser.intents import Intent, interpret
from planner_node.parser.syntax import NounPhrase, Splitter
from scene_graph.ontology import Ontology

__all__ = ["FIELDS", "alfred_goal"]

FIELDS = ("task_type", "object_target", "mrecep_target", "parent_target", "toggle_target", "object_sliced")

_TREATMENTS = {
    "wash": "pick_clean_then_place_in_recep",
    "heat": "pick_heat_then_place_in_recep",
    "cook": "pick_heat_then_place_in_recep",
    "cool": "pick_cool_then_place_in_recep",
}
_NAMES = {
    "Bathtub": "BathtubBasin",
    "Bottle": "Glassbottle",
    "Chair": "ArmChair",
    "HandTowelHolder": "ToiletPaperHanger",
    "Sink": "SinkBasin",
    "Stool": "Ottoman",
    "StoveKnob": "StoveBurner",
    "Towel": "HandTowel",
    "TowelHolder": "ToiletPaperHanger",
}
"""Classes of AI2-THOR 5 that ALFRED's version names otherwise, or does not have."""

_CARRIERS = frozenset({"Bowl", "Box", "Cup", "Mug", "Pan", "Plate", "Pot"})
_LAMPS = frozenset({"DeskLamp", "FloorLamp"})


@dataclass
class _Reader:
    """Collects what the intents of one instruction say about the goal."""

    ontology: Ontology
    treatments: list[str] = field(default_factory=list)
    moves: list[tuple[str, str, NounPhrase, NounPhrase]] = field(default_factory=list)
    things: list[tuple[str, NounPhrase]] = field(default_factory=list)
    lamp: str = ""
    examined: bool = False
    sliced: bool = False

    def label(self, phrase: NounPhrase | None, allowed: Collection[str] | None = None) -> str:
        """ALFRED's class for a phrase; "" when it names none."""
        if phrase is None:
            return ""
        for start in range(len(phrase.words)):
            for found in self.ontology.find(" ".join(phrase.words[start:])):
                base = self.ontology.get(found).derived_from or found
                name = _NAMES.get(base, base)
                if allowed is None or name in allowed:
                    return name
        return ""

    def read(self, intents: Sequence[Intent]) -> None:
        for intent in intents:
            thing = intent.phrases.get("object")
            place = intent.phrases.get("receptacle")
            if thing is not None and thing.part:
                self.sliced = True
            if intent.skill in _TREATMENTS:
                self.treatments.append(_TREATMENTS[intent.skill])
            if intent.skill == "cut":
                self.sliced = True
            if intent.skill in {"toggle_on", "toggle_off", "examine"}:
                self._light(intent)
            if intent.skill in {"move", "throw_away"}:
                named = self._name(thing)
                where = self.label(place) if place is not None else "GarbageCan" if intent.skill == "throw_away" else ""
                self.moves.append((named, where, thing or NounPhrase(), place or NounPhrase()))
                for inner in place.places if place is not None else ():
                    if where in _CARRIERS and (outer := self.label(inner.phrase)):
                        self.moves.append((where, outer, place or NounPhrase(), inner.phrase))
            if thing is not None and intent.skill not in {"toggle_on", "toggle_off", "open", "close", "go_to"}:
                name = self._name(thing)
                if name:
                    self.things.append((name, thing))

    def _light(self, intent: Intent) -> None:
        device = intent.phrases.get("device") if intent.skill == "examine" else intent.phrases.get("object")
        words = set(device.words) if device is not None else set()
        lamp = self.label(device, _LAMPS)
        if words & {"floor", "tall", "standing", "corner"}:
            lamp = "FloorLamp"
        if lamp or words & {"light", "lights", "lamp", "lighting"}:
            self.lamp = lamp or "DeskLamp"
        if intent.skill == "examine":
            self.examined = True
            self.lamp = self.lamp or "DeskLamp"

    def _name(self, phrase: NounPhrase | None) -> str:
        if phrase is None:
            return ""
        if phrase.pronoun or (phrase.part and not phrase.words):
            return self.things[-1][0] if self.things else ""
        return self.label(phrase)

    def goal(self) -> dict[str, str | bool]:
        moved = [m for m in self.moves if m[0] or m[1]]
        first = next((name for name, _ in self.things), "")
        goal: dict[str, str | bool] = dict.fromkeys(FIELDS, "")
        goal["object_sliced"] = self.sliced
        if self.lamp and not moved and not self.treatments:
            goal["task_type"], goal["toggle_target"], goal["object_target"] = "look_at_obj_in_light", self.lamp, first
            return goal
        carrier = self._carrier(moved)
        goal["object_target"] = moved[0][0] if carrier else first
        goal["parent_target"] = moved[-1][1] if moved else ""
        counted = any(p.count == 2 or p.plural or p.determiner == "both" for _, p in self.things)
        if self.treatments:
            goal["task_type"] = self.treatments[-1]
        elif carrier:
            goal["task_type"], goal["mrecep_target"] = "pick_and_place_with_movable_recep", carrier
        elif counted and not self.sliced:
            goal["task_type"] = "pick_two_obj_and_place"
        else:
            goal["task_type"] = "pick_and_place_simple"
        if not goal["parent_target"]:
            places = [self.label(p.phrase) for _, thing in self.things for p in thing.places]
            goal["parent_target"] = next((p for p in places if p), "CounterTop")
        return goal

    def _carrier(self, moved: Sequence[tuple[str, str, NounPhrase, NounPhrase]]) -> str:
        """The movable receptacle that something is put into before it is carried on itself."""
        for earlier, later in pairwise(moved):
            holder = earlier[1]
            onwards = later[0] == holder or (later[2].pronoun == "it" and later[0] == earlier[0])
            if holder in _CARRIERS and onwards and later[1] != holder:
                return holder
        if moved and moved[-1][1] in _CARRIERS:
            return moved[-1][1]
        return ""


def alfred_goal(instruction: str, ontology: Ontology) -> dict[str, str | bool]:
    """ALFRED's goal fields for an instruction; a field that was not said, and is not implied, is empty."""
    splitter = Splitter(lambda words: bool(ontology.find(words)))
    intents = interpret(splitter.clauses(instruction), ontology).intents
    reader = _Reader(ontology)
    reader.read(intents)
    return reader.goal()
