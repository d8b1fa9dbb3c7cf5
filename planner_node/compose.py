"""From calls to primitive steps: fetch, open, wash, heat … against what memory believes about the home.

A `Composer` grows one plan: it names references, keeps the predicted state, and turns each call of the skill table
into primitives. Both planners use it, so that a language model may answer with composite skills.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from planner_node.evidence import outside
from planner_node.grounding import Grounder
from planner_node.plan import Call, Goal, ObjectRef, Plan, Step
from planner_node.skills import SKILLS
from planner_node.state import State
from scene_graph.ontology import ClassInfo
from scene_graph.types import ObjectState, Point

__all__ = ["Composer"]


@dataclass
class Composer:
    """Builds one plan.

    Attributes:
        instruction: The person's words.
        grounder: Resolves phrases.
        planner: Name of the planner, for the plan.
    """

    instruction: str
    grounder: Grounder
    planner: str = "rules"
    refs: dict[str, ObjectRef] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _calls: list[Call] = field(default_factory=list)
    _steps: list[Step] = field(default_factory=list)
    _goals: list[Goal] = field(default_factory=list)
    _ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ontology = self.grounder.ontology
        self.state = State(self.ontology)
        held = self.grounder.held
        if held is not None:
            thing = self.grounder.get(held)
            if thing is not None:
                self.state.holding = self.adopt(thing).name

    # References.

    def add(self, ref: ObjectRef) -> ObjectRef:
        """Take in a reference under a name of its own; one to an object that has a name already is that one."""
        if ref.object_id is not None and ref.object_id in self._ids:
            return self.refs[self._ids[ref.object_id]]
        name = ref.name
        number = 2
        while name in self.refs:
            name = f"{ref.name}_{number}"
            number += 1
        ref = ref.but(name=name)
        self.refs[name] = ref
        if ref.object_id is None:
            self.state.learn(ref, ref.states)
            return ref
        self._ids[ref.object_id] = name
        thing = self.grounder.get(ref.object_id)
        self.state.learn(ref, thing.states if thing is not None else frozenset())
        if thing is not None and not thing.held:
            self._place(ref, thing)
        return ref

    def adopt(self, thing: ObjectState, phrase: str = "") -> ObjectRef:
        """A reference to a remembered thing."""
        info = self.ontology.get(thing.label)
        return self.add(self.grounder.ref(_name(info.words[0]), phrase or info.words[0], thing))

    def _place(self, ref: ObjectRef, thing: ObjectState) -> None:
        """Learn what a thing is in, if that can be closed: the plan must then open it."""
        parent = self.grounder.get(thing.parent) if thing.parent is not None else None
        if parent is not None and outside(thing, parent):
            return
        if parent is not None and (self.ontology.get(parent.label).closes or parent.object_id in self._ids):
            self.state.location[ref.name] = self.adopt(parent).name

    def helper(
        self,
        word: str,
        labels: Sequence[str],
        *,
        beside: ObjectRef | None = None,
        at: Point | None = None,
    ) -> ObjectRef:
        """A reference to something that was not spoken of: the nearest remembered thing of these classes.

        Args:
            word: What to call it.
            labels: Classes, best first.
            beside: It belongs to this one: of several, the nearest to it is meant.
            at: Near this point rather than near the robot.
        """
        anchor = self.grounder.get(beside.object_id) if beside is not None and beside.object_id else None
        if beside is not None and anchor is None:
            return self._unknown(word, labels, beside)
        point = anchor.position if anchor is not None else at or self.grounder.position
        found = self.grounder.knowledge.recall("", labels=list(labels), k=20, min_score=0.0)
        usable = [r.object for r in found]
        order = {label: 0 if at is not None else rank for rank, label in enumerate(labels)}
        usable.sort(key=lambda o: (o.stale, order[o.label], math.dist(o.position, point), o.object_id))
        if anchor is not None:
            usable = [o for o in usable if math.dist(o.position, point) < 2.0]
        if not usable:
            return self._unknown(word, labels, beside)
        thing = usable[0]
        name = self._ids.get(thing.object_id)
        if name is not None:
            return self.refs[name]
        chosen = ObjectRef(
            name=_name(word),
            phrase=word,
            labels=(thing.label, *(lb for lb in labels if lb != thing.label)),
            object_id=thing.object_id,
            beside=beside.name if beside is not None else None,
            definite=beside is not None,
        )
        return self.add(chosen)

    def _unknown(self, word: str, labels: Sequence[str], beside: ObjectRef | None) -> ObjectRef:
        same = next(
            (
                r
                for r in self.refs.values()
                if r.object_id is None and r.labels == tuple(labels) and r.beside == (beside.name if beside else None)
            ),
            None,
        )
        return same or self.add(
            ObjectRef(
                name=_name(word),
                phrase=word,
                labels=tuple(labels),
                beside=beside.name if beside is not None else None,
                definite=beside is not None,
            )
        )

    def current(self, ref: ObjectRef) -> ObjectRef:
        """What a reference means now: a slice of it, once it is sliced."""
        info = self.ontology.get(ref.label)
        made = self.products(info)
        if not made or "sliceable" not in info.affordances or not self.state.has(ref.name, "sliced"):
            return ref
        known = next((r for r in self.refs.values() if r.part_of == ref.name), None)
        return known or self.add(
            ObjectRef(
                name=_name(self.ontology.get(made[0]).words[0]),
                phrase=self.ontology.get(made[0]).words[0],
                labels=made,
                part_of=ref.name,
                definite=False,
            )
        )

    def products(self, info: ClassInfo) -> tuple[str, ...]:
        """Classes that slicing makes of one."""
        return tuple(lb for lb in self.ontology.labels() if lb != info.label and self.ontology.derives(lb, info.label))

    # Calls.

    def call(self, skill: str, objects: dict[str, str], *, amount: float | None = None, text: str = "") -> None:
        """Append one skill call with its primitive steps and goals."""
        self._calls.append(Call(skill=skill, objects=objects, amount=amount, text=text))
        handler = getattr(self, f"_{skill}", None)
        if handler is not None:
            handler(*(self.refs[objects[p.name]] if p.name in objects else None for p in SKILLS[skill].parameters))
        else:
            self._primitive(skill, objects, amount)

    def plan(self) -> Plan:
        """What was composed."""
        return Plan(
            instruction=self.instruction,
            calls=tuple(self._calls),
            steps=tuple(self._steps),
            refs=dict(self.refs),
            goals=tuple(self._goals),
            planner=self.planner,
            notes=tuple(self.notes),
        )

    def goal(self, predicate: str, *objects: str, value: str = "") -> None:
        """What must hold after the current call."""
        self._goals.append(Goal(predicate=predicate, objects=objects, value=value, call=len(self._calls) - 1))

    def step(self, skill: str, *, ensure: bool = False, **objects: str) -> None:
        """Append one primitive step and predict its effects."""
        self._append(skill, objects, ensure=ensure)

    def _append(
        self, skill: str, objects: dict[str, str], *, ensure: bool = False, amount: float | None = None
    ) -> None:
        step = Step(skill=skill, objects=objects, amount=amount, call=len(self._calls) - 1, ensure=ensure)
        self._steps.append(step)
        self.state.apply(step)

    # Building blocks.

    def _go(self, ref: ObjectRef) -> None:
        if self.state.at != ref.name:
            self.step("go_to", object=ref.name)

    def _open_up(self, ref: ObjectRef) -> None:
        if self.ontology.get(ref.label).closes and self.state.has(ref.name, "open") is not True:
            if self.state.has(ref.name, "on"):
                self.step("toggle_off", object=ref.name)
            self.step("open", object=ref.name, ensure=True)

    def _shut(self, ref: ObjectRef) -> None:
        """Close what has a door; a box stays as it is."""
        info = self.ontology.get(ref.label)
        if info.closes and "pickupable" not in info.affordances and self.state.has(ref.name, "open"):
            self.step("close", object=ref.name, ensure=True)

    def _hold(self, ref: ObjectRef) -> ObjectRef:
        """Get a thing, or a slice of it, into the hand."""
        ref = self.current(ref)
        if self.state.holding == ref.name:
            return ref
        if self.state.holding is not None:
            self._put_down()
        around = self.state.closed_around(ref.name)
        if around is not None:
            self._go(self.refs[around])
            self._open_up(self.refs[around])
            self.state.at = None
        self._go(ref)
        self.step("pick_up", object=ref.name)
        if around is not None:
            self._shut(self.refs[around])
        return ref

    def _lay(self, ref: ObjectRef, receptacle: ObjectRef, *, anywhere: bool = False) -> None:
        """Put a thing on or in another; `anywhere` says that another place would do as well."""
        self._go(receptacle)
        self._open_up(receptacle)
        self.step("put", ensure=anywhere, object=ref.name, receptacle=receptacle.name)

    def _tap(self, sink: ObjectRef) -> ObjectRef:
        tap = self.helper("faucet", ("Faucet",), beside=sink)
        self.state.location[tap.name] = sink.name
        return tap

    def _sink(self, sink: ObjectRef | None) -> ObjectRef:
        if sink is None or "receptacle" not in self.ontology.get(sink.label).affordances:
            return self.helper("sink", ("SinkBasin", "Sink"))
        if sink.label == "Sink":
            return self.helper("sink basin", ("SinkBasin", "Sink"), beside=sink)
        return sink

    def _surface_for(self, ref: ObjectRef, near: Point | None = None) -> ObjectRef:
        """Somewhere open to put a thing down."""
        holders = [
            lb
            for lb in sorted(self.ontology.holders(ref.label))
            if (info := self.ontology.get(lb)).static
            and "receptacle" in info.affordances
            and not info.closes
            and not info.affordances & {"heats", "cooks", "washes", "toggleable"}
            and "waste" not in info.categories
            and info.categories & {"furniture", "work surface", "table"}
        ]
        order = {"CounterTop": 0, "DiningTable": 1, "SideTable": 2, "CoffeeTable": 3, "Desk": 4}
        holders.sort(key=lambda lb: (order.get(lb, 9), lb))
        found = self.grounder.knowledge.recall("", labels=holders, k=20, min_score=0.0) if holders else []
        thing = self.grounder.get(ref.object_id) if ref.object_id is not None else None
        under = self.grounder.support(thing) if thing is not None and not thing.held else None
        if under is not None:
            found = [r for r in found if r.object.object_id != under.object_id]
            holders = [label for label in holders if label != under.label] or holders
        present = [r.object.label for r in found]
        at = near or self.grounder.position
        if present:
            # Counters and tables have room; shelves and dressers often do not.
            nearest = min(
                found, key=lambda r: (r.stale, math.dist(r.position, at) + (0.0 if r.object.label in order else 2.0))
            )
            return self.adopt(nearest.object)
        if under is not None:
            return self.adopt(under)  # where it was: nothing else is known
        return self.helper("counter", holders or ["CounterTop", "DiningTable", "SideTable", "Desk"])

    # Composite skills, one method each.

    def _put_down(self, ref: ObjectRef | None = None) -> None:
        held = self.state.holding
        if held is None or (ref is not None and ref.name != held):
            return
        self._lay(self.refs[held], self._surface_for(self.refs[held]), anywhere=True)

    def _pick_up(self, ref: ObjectRef) -> None:
        held = self._hold(ref)
        self.goal("holding", held.name)

    def _move(self, ref: ObjectRef, receptacle: ObjectRef) -> None:
        if receptacle.label == "Sink":
            receptacle = self._sink(receptacle)
        if receptacle.label == "Bathtub" and "Bathtub" not in self.ontology.holders(ref.label):
            receptacle = self.helper("bathtub", ("BathtubBasin", "Bathtub"), beside=receptacle)
        thing = self._hold(ref)
        self._lay(thing, receptacle)
        self._shut(receptacle)
        if "cools" in self.ontology.get(receptacle.label).affordances:
            self.state.cool(thing.name)
        self.goal("in", thing.name, receptacle.name)

    def _throw_away(self, ref: ObjectRef, receptacle: ObjectRef | None) -> None:
        self._move(ref, receptacle or self.helper("bin", ("GarbageCan",)))

    def _wash(self, ref: ObjectRef, receptacle: ObjectRef | None) -> None:
        thing = self.current(ref)
        sink = self._sink(receptacle)
        if not self.state.within(thing.name, sink.name) or self.state.holding == thing.name:
            thing = self._hold(ref)
            self._lay(thing, sink)
        tap = self._tap(sink)
        self._go(tap)
        self.step("toggle_on", object=tap.name)
        self.step("toggle_off", object=tap.name)
        self.goal("is", thing.name, value="clean")

    def _fill(self, ref: ObjectRef, receptacle: ObjectRef | None) -> None:
        self._wash(ref, receptacle)
        self._goals.pop()
        self.goal("is", ref.name, value="filled")

    def _brew(self, ref: ObjectRef, receptacle: ObjectRef | None) -> None:
        machine = receptacle or self.helper("coffee machine", ("CoffeeMachine",))
        if self.state.has(ref.name, "filled"):
            # A full mug takes no coffee.
            self._empty(ref)
            self._goals.pop()
        if not self.state.within(ref.name, machine.name):
            self._hold(ref)
            self._lay(ref, machine)
        self._go(machine)
        self.step("toggle_on", object=machine.name)
        self.step("toggle_off", object=machine.name)
        self.goal("is", ref.name, value="filled:coffee")

    def _empty(self, ref: ObjectRef) -> None:
        """Pour it out over the sink, so that nothing is flooded; what is too heavy to lift is emptied where it is."""
        sink = self._sink(None)
        inside = self.state.within(ref.name, sink.name) and self.state.holding != ref.name
        if "pickupable" in self.ontology.get(ref.label).affordances and not inside:
            self._hold(ref)
            self._go(sink)
        else:
            self._go(ref)
        self.step("empty", object=ref.name)
        self.goal("is", ref.name, value="empty")

    def _heat(self, ref: ObjectRef, receptacle: ObjectRef | None) -> None:
        thing = self.current(ref)
        if receptacle is not None and receptacle.label in {"StoveBurner", "StoveKnob", "Pan", "Pot"}:
            self._stove(ref, receptacle)
        else:
            fits = "Microwave" in self.ontology.holders(thing.label)
            if not fits and "StoveBurner" in self.ontology.holders(thing.label):
                self._stove(ref, None)
            else:
                self._appliance(ref, receptacle or self.helper("microwave", ("Microwave",)))
        self.goal("is", self.current(ref).name, value="hot")

    def _appliance(self, ref: ObjectRef, appliance: ObjectRef) -> None:
        """Into a microwave, a toaster …, run it, and out again."""
        thing = self.current(ref)
        if not self.state.within(thing.name, appliance.name) or self.state.holding == thing.name:
            thing = self._hold(ref)
            self._lay(thing, appliance)
        else:
            self._go(appliance)
        if self.ontology.get(appliance.label).closes:
            self.step("close", object=appliance.name, ensure=True)
        self.step("toggle_on", object=appliance.name)
        self.step("toggle_off", object=appliance.name)
        self._open_up(appliance)
        self.step("pick_up", object=thing.name)
        self._shut(appliance)

    def _stove(self, ref: ObjectRef, receptacle: ObjectRef | None) -> None:
        """On a burner, in a pan or pot unless it stands there by itself."""
        burner = receptacle if receptacle is not None and receptacle.label == "StoveBurner" else None
        thing = self.current(ref)
        pan = receptacle if receptacle is not None and receptacle.label in {"Pan", "Pot"} else None
        if "StoveBurner" not in self.ontology.holders(thing.label):
            pan = pan or self.helper("pan", ("Pan", "Pot"))
            if not self.state.within(thing.name, pan.name):
                thing = self._hold(ref)
                self._lay(thing, pan)
            thing = pan
        on_burner = self.grounder.get(thing.object_id) if thing.object_id else None
        under = self.grounder.support(on_burner) if on_burner is not None else None
        if burner is None and under is not None and under.label == "StoveBurner":
            burner = self.adopt(under)
            self.state.location[thing.name] = burner.name
        burner = burner or self.helper("stove burner", ("StoveBurner",))
        if not self.state.within(thing.name, burner.name):
            self._hold(thing)
            self._lay(thing, burner)
        knob = self.helper("stove knob", ("StoveKnob",), beside=burner)
        self.state.location[knob.name] = burner.name
        self._go(knob)
        self.step("toggle_on", object=knob.name)
        self.step("toggle_off", object=knob.name)

    def _cook(self, ref: ObjectRef, receptacle: ObjectRef | None) -> None:
        info = self.ontology.get(self.current(ref).label)
        if "cookable" not in info.affordances and any(
            "cookable" in self.ontology.get(lb).affordances for lb in self.products(info)
        ):
            self._cut(ref, None)
            self._goals.pop()
        if receptacle is not None and receptacle.label in {"StoveBurner", "StoveKnob", "Pan", "Pot"}:
            self._stove(ref, receptacle)
        else:
            self._appliance(ref, receptacle or self.helper("microwave", ("Microwave",)))
        self.goal("is", self.current(ref).name, value="cooked")

    def _cool(self, ref: ObjectRef, receptacle: ObjectRef | None) -> None:
        fridge = receptacle or self.helper("fridge", ("Fridge",))
        thing = self.current(ref)
        if not self.state.within(thing.name, fridge.name):
            thing = self._hold(ref)
            self._lay(thing, fridge)
            self._shut(fridge)
        self.state.cool(thing.name)
        self.goal("is", thing.name, value="cold")

    def _cut(self, ref: ObjectRef, tool: ObjectRef | None) -> None:
        if self.state.has(ref.name, "sliced") or self.ontology.get(ref.label).derived_from is not None:
            self.goal("is", ref.name, value="sliced")
            return
        if self.state.holding == ref.name:
            self._put_down()
        held = self.state.holding
        if tool is None and held is not None and "cuts" in self.ontology.get(self.refs[held].label).affordances:
            tool = self.refs[held]
        knife = tool or self.helper("knife", ("Knife", "ButterKnife"))
        thing = self.grounder.get(ref.object_id) if ref.object_id is not None else None
        was_held = held == knife.name
        self._hold(knife)
        around = self.state.closed_around(ref.name)
        if around is not None:
            self._go(self.refs[around])
            self._open_up(self.refs[around])
            self.state.at = None
        self._go(ref)
        self.step("slice", object=ref.name, tool=knife.name)
        if around is not None:
            self._shut(self.refs[around])
        if not was_held:
            self._lay(knife, self._rest_for(knife, ref, thing), anywhere=True)
        self.goal("is", ref.name, value="sliced")

    def _rest_for(self, knife: ObjectRef, ref: ObjectRef, thing: ObjectState | None) -> ObjectRef:
        """Where to lay the knife: what the sliced thing is on, if that will do."""
        inside = self.state.location.get(ref.name)
        if inside is not None and self._takes(self.refs[inside].label, knife.label):
            return self.refs[inside]
        support = self.grounder.support(thing) if thing is not None else None
        if support is not None and inside is None and self._takes(support.label, knife.label):
            return self.adopt(support)
        return self._surface_for(knife, thing.position if thing is not None else None)

    def _takes(self, holder: str, label: str) -> bool:
        info = self.ontology.get(holder)
        return label in info.holds and info.static and not info.closes and "plumbing" not in info.categories

    def _examine(self, ref: ObjectRef, device: ObjectRef | None) -> None:
        thing = self._hold(ref)
        lamp = device or self.helper("lamp", ("DeskLamp", "FloorLamp"))
        self._go(lamp)
        self.step("toggle_on", object=lamp.name, ensure=True)
        self.goal("holding", thing.name)
        self.goal("is", lamp.name, value="on")

    def _hand_over(self, ref: ObjectRef) -> None:
        thing = self._hold(ref)
        self.step("hand_over", object=thing.name)
        self.goal("holding", thing.name)

    # Primitive skills that people ask for, or that a language model planned.

    def _primitive(self, skill: str, objects: dict[str, str], amount: float | None) -> None:
        names = dict(objects)
        if "object" in names and skill != "put":
            ref = self.current(self.refs[names["object"]]) if skill != "slice" else self.refs[names["object"]]
            names["object"] = ref.name
            if skill not in {"go_to", "explore"} and self.state.holding != ref.name:
                around = self.state.closed_around(ref.name)
                if around is not None:
                    self._go(self.refs[around])
                    self._open_up(self.refs[around])
                self._go(ref)
        if skill == "toggle_on" and self.state.has(names["object"], "open"):
            self.step("close", object=names["object"], ensure=True)
        if skill == "open" and self.state.has(names["object"], "on"):
            self.step("toggle_off", object=names["object"])
        if skill == "put":
            self._go(self.refs[names["receptacle"]])
            self._open_up(self.refs[names["receptacle"]])
        skill = "go_to" if skill == "explore" else skill
        self._append(skill, names, amount=amount)
        for effect in SKILLS[skill].effects:
            if effect.predicate in {"is", "in", "near"} and all(a in names for a in effect.arguments):
                self.goal(effect.predicate, *(names[a] for a in effect.arguments), value=effect.value)


def _name(words: str) -> str:
    return "_".join(words.split()) or "object"
