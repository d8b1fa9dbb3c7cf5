"""Acting on things: take, put, slice, switch, and see in the next frame that it worked.

What fails is tried from another viewpoint, then on another thing of the class; every loop is bounded by `Limits`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from memory_node.recollection import Recollection
from planner_node.bindings import Bindings
from planner_node.body import Body
from planner_node.evidence import Evidence, contradicts, whereabouts
from planner_node.experience import Refusal
from planner_node.failures import HopelessError, Limits, StepFailedError, require
from planner_node.finder import Finder
from planner_node.plan import Step
from planner_node.result import EventKind
from planner_node.robot import SkillCode, SkillResult
from planner_node.safety import Safety
from scene_graph.types import Observation

__all__ = ["Hands"]

_ELSEWHERE = {SkillCode.NOT_VISIBLE, SkillCode.OUT_OF_REACH, SkillCode.BLOCKED, SkillCode.UNKNOWN_OBJECT}
"""Failures that another viewpoint may mend."""

_GONE = {SkillCode.NOT_VISIBLE, SkillCode.UNKNOWN_OBJECT}
"""Failures that say that a thing is not where it was taken to be, if it is not seen either."""

_NEAR_WHOLE = 0.6
"""Metres from a whole within which its slices lie."""

_SHOWS = {
    "open": "open",
    "close": "closed",
    "toggle_on": "on",
    "toggle_off": "off",
    "clean": "clean",
    "empty": "empty",
    "break": "broken",
}
"""Skills to the state that shows that they worked."""


class Hands:
    """Acts on things on behalf of one task.

    Args:
        body: Robot and memory.
        bindings: What the plan's references stand for.
        finder: Brings the robot before things.
        safety: Keeps account of what runs.
        limits: Bounds.
        used: Told the name of each reference that a skill acts on.
    """

    def __init__(
        self,
        body: Body,
        bindings: Bindings,
        finder: Finder,
        safety: Safety,
        limits: Limits,
        *,
        used: Callable[[str], None],
    ) -> None:
        self._body = body
        self._bindings = bindings
        self._finder = finder
        self._safety = safety
        self._limits = limits
        self._used = used
        self.unseen: dict[tuple[str, str], str] = {}
        """(thing, receptacle) of what was put down and could not be seen there afterwards, with that in words."""
        self.refusals: list[tuple[Refusal, bool]] = []
        """Which places did not take what was put there, and which did (True), in order."""

    # Taking and putting.

    def pick_up(self, name: str) -> None:
        """Get what a reference means into the gripper.

        Raises:
            StepFailedError: If it cannot be had.
        """
        ref = self._bindings.refs[name]
        holding = self._body.held()
        if holding is not None:
            if self._bindings.is_held(holding, name):
                self._bindings.bind(name, holding)
                return
            self.free()
        for _ in range(self._limits.candidates):
            seen = self._finder.approach(name)
            self._bindings.note_origin(seen)
            outcome = self._attempt(name, seen, "pick_up")
            held = self._body.held()
            if outcome.ok and held is not None and self._body.fits(held, ref):
                self._bindings.rebind_held(name, held)
                self._finder.close_opened()
                return
            if outcome.ok:
                raise StepFailedError(f"picked up {ref.phrase}, but the gripper does not hold it")
            self._give_up(name, outcome, seen)
        raise StepFailedError(f"could not pick up {ref.phrase}")

    def put(self, name: str, place: str) -> None:
        """Put what a reference means on or in another, and look whether it is there.

        Raises:
            StepFailedError: If it cannot be had, nothing takes it, or it is seen to be elsewhere.
        """
        ref, receptacle = self._bindings.refs[name], self._bindings.refs[place]
        holding = self._body.held()
        if holding is None:
            if self._bindings.placed.get(name) == place:
                return
            self.pick_up(name)
        elif not self._bindings.is_held(holding, name):
            raise StepFailedError(f"the hand holds {holding.label}, not {ref.phrase}")
        why = ""
        for _ in range(self._limits.candidates):
            try:
                # Who says "the box" means that one: others are tried as far as they are known, but not searched for.
                seen = self._finder.approach(place, search=not why)
            except HopelessError as error:
                raise HopelessError(why or str(error)) from error
            if self._body.ontology.get(seen.label).closes and "closed" in seen.states:
                seen = self.change(place, "open")
            thing = self._body.held()
            if thing is None:
                raise StepFailedError(f"{ref.phrase} fell out of the hand")
            twins = self._twins(thing.label, place)
            outcome = self._attempt(place, seen, "put")
            if outcome.code is SkillCode.CLOSED:
                outcome = self._attempt(place, self.change(place, "open"), "put")
            if self._body.held() is None:
                # A put that reports failure may have worked all the same: what is seen decides.
                self._note_refusal(thing, place, seen, "", took=True)
                self._bindings.placed[name] = place
                self._bindings.twins[name] = frozenset(twins)
                self._check_there(name, thing.label, place, seen, len(twins), sure=outcome.ok)
                self._finder.close_opened()
                return
            if outcome.ok:
                raise StepFailedError(f"put {ref.phrase} down, but the gripper still holds it")
            why = f"{receptacle.phrase} does not take {ref.phrase}: {outcome.message or outcome.code}"
            self._body.tell(EventKind.RECOVERY, why)
            if outcome.code in {SkillCode.NO_ROOM, SkillCode.INCOMPATIBLE}:
                self._note_refusal(thing, place, seen, outcome.message or str(outcome.code), took=False)
            self._give_up(place, outcome, seen, why)
        raise StepFailedError(f"found no {receptacle.phrase} that takes {ref.phrase}")

    def _note_refusal(self, thing: Observation, name: str, place: Observation, reason: str, *, took: bool) -> None:
        """Note whether a place took a thing, for later tasks."""
        known = self._body.knowledge.get(self._bindings.bound[name]) if name in self._bindings.bound else None
        refusal = Refusal(
            thing=thing.label,
            place=place.label,
            position=place.position if known is None else known.position,
            map_id=self._body.frame.map_id,
            reason=reason,
        )
        self.refusals.append((refusal, took))

    def _twins(self, label: str, place: str) -> list[str]:
        """Memory's ids of the things like the held one that are seen in or on a receptacle before it is put there."""
        box = self._bindings.box(place)
        if box is None:
            return []
        like = [o for o in self._body.visible({label}) if box.holds(o.position)]
        return [known.object.object_id if (known := self._body.memory_of(o)) is not None else "" for o in like]

    def _check_there(
        self, name: str, label: str, place: str, receptacle: Observation, before: int, *, sure: bool
    ) -> None:
        """See that a thing that was let go is where it was put; if it cannot be seen, that is noted.

        Args:
            name: The thing.
            label: Its class.
            place: The receptacle.
            receptacle: How that was last seen.
            before: How many like things were seen there before.
            sure: Whether the robot reported success.

        Raises:
            StepFailedError: If it is seen elsewhere, or neither the report nor the camera says that it is there.
        """
        there = self._whereabouts(name, label, place, before)
        if there is Evidence.UNSEEN:
            self._body.call("look_at", label=receptacle.label, target=receptacle.position)
            there = self._whereabouts(name, label, place, before)
        phrases = self._bindings.refs[name].phrase, self._bindings.refs[place].phrase
        if there is Evidence.ELSEWHERE or (there is Evidence.UNSEEN and not sure):
            self._bindings.placed.pop(name, None)
            raise StepFailedError(f"put {phrases[0]} down, but it is not in or on {phrases[1]}")
        self.unseen.pop((name, place), None)
        self._tell_memory(name, place, seen=there is Evidence.THERE)
        if there is Evidence.UNSEEN:
            self.unseen[name, place] = f"could not see {phrases[0]} in or on {phrases[1]} afterwards"

    def _tell_memory(self, name: str, place: str, *, seen: bool) -> None:
        """Tell memory where a thing was put, unless it was seen there and memory has it in or on that, or on a part."""
        knowledge = self._body.knowledge
        thing, holder = self._bindings.bound.get(name), self._bindings.bound.get(place)
        known = knowledge.get(thing) if thing is not None else None
        if known is None or thing is None or holder is None:
            return
        parent = knowledge.get(known.object.parent) if known.object.parent is not None else None
        if seen and parent is not None:
            target = knowledge.get(holder)
            shuts = target is not None and self._body.ontology.get(target.object.label).closes
            if not shuts or holder in {parent.object.object_id, parent.object.parent}:
                return
        knowledge.placed(thing, holder)

    def _whereabouts(self, name: str, label: str, place: str, before: int) -> Evidence:
        box = self._bindings.box(place)
        if box is None:
            return Evidence.UNSEEN
        now, own = self._bindings.see(place), self._bindings.see(name)
        receptacle = now.object_id if now is not None else None
        return whereabouts(self._body.frame, label, box, receptacle=receptacle, own=own, before=before)

    def put_somewhere(self, step: Step) -> None:
        """Clear the hand: where the plan says if that is to be had at once, else on what is near."""
        name, place = step.objects["object"], step.objects["receptacle"]
        if self._body.held() is None:
            return
        bound = self._bindings.bound.get(place)
        known = self._body.knowledge.get(bound) if bound is not None else None
        if known is not None:
            seen = self._finder.visit(place, known)
            if seen is not None and self._attempt(place, seen, "put").ok:
                self._bindings.placed[name] = place
                return
        self.free()

    def free(self) -> None:
        """Put down what is in the way in the hand, on the nearest thing that holds it; on the floor if nothing does.

        Raises:
            StepFailedError: If there is nowhere to put it.
        """
        holding = self._body.held()
        if holding is None:
            return
        ontology = self._body.ontology
        holders = [
            lb
            for lb in ontology.holders(holding.label)
            if (info := ontology.get(lb)).static
            and not info.closes
            and "receptacle" in info.affordances
            and "waste" not in info.categories
        ]
        found = self._body.knowledge.recall("", labels=holders, k=20, min_score=0.0) if holders else []
        found = sorted(found, key=lambda r: (r.stale, self._reach_cost(r)))
        for item in found[: self._limits.candidates]:
            self._body.call("go_to", label=item.object.label, target=item.position)
            seen = self._body.observation_of(item.object.object_id)
            if seen is not None and self._body.call("put", label=seen.label, object_id=seen.object_id).ok:
                return
        if "breakable" not in ontology.get(holding.label).affordances:
            self._body.call("drop", label=holding.label)
        if self._body.held() is not None:
            raise StepFailedError(f"found nowhere to put down the {holding.label} in the hand")

    def _reach_cost(self, item: Recollection) -> float:
        """Metres to a surface, and more for those that seldom have room."""
        roomy = self._body.ontology.get(item.object.label).categories & {"table", "work surface"}
        return math.dist(item.position, self._body.position) + (0.0 if roomy else 2.0)

    # Changing things.

    def slice(self, name: str, tool: str | None) -> None:
        """Slice what a reference means and see its slices.

        Raises:
            StepFailedError: If there is no knife to be had, or no slices are to be seen.
        """
        ref, body = self._bindings.refs[name], self._body
        holding = body.held()
        if holding is None or "cuts" not in body.ontology.get(holding.label).affordances:
            if tool is None:
                raise StepFailedError("slicing needs a knife in the hand")
            self.pick_up(tool)
        seen = self._finder.approach(name)
        whole = self._bindings.bound.get(name)
        made = [lb for lb in body.ontology.labels() if lb != seen.label and body.ontology.derives(lb, seen.label)]
        if seen.label in made or "sliced" in seen.states:
            return
        require(self._attempt(name, seen, "slice"), f"slicing {ref.phrase}")
        pieces = [o for o in body.visible(made) if math.dist(o.position, seen.position) < _NEAR_WHOLE]
        if made and not pieces:
            body.call("look_at", label=seen.label, target=seen.position)
            pieces = [o for o in body.visible(made) if math.dist(o.position, seen.position) < 2 * _NEAR_WHOLE]
        if made and not pieces:
            raise StepFailedError(f"sliced {ref.phrase}, but no slices are to be seen")
        known = [m.object.object_id for p in pieces if (m := body.memory_of(p)) is not None]
        session = self._bindings.session
        if whole is not None:
            session.slices[whole] = tuple(known)
            session.record("cut", whole)
        for piece in known:
            session.record("cut", piece)

    def change(self, name: str, skill: str, *, amount: float | None = None) -> Observation:
        """Act on a thing and see that it changed; nothing is done to one that is so already.

        Raises:
            StepFailedError: If it cannot be had or does not change.
        """
        ref = self._bindings.refs[name]
        wanted = _SHOWS.get(skill)
        outcome: SkillResult | None = None
        for _ in range(self._limits.candidates):
            seen = self._finder.approach(name)
            if wanted is not None and wanted in seen.states:
                self._safety.note(skill, name, self._bindings.bound.get(name), seen)
                return seen
            if skill == "toggle_on":
                # Noted before it is done: a cancellation in the middle of it leaves open whether it runs.
                self._safety.note(skill, name, self._bindings.bound.get(name), seen)
            outcome = self._attempt(name, seen, skill, amount=amount)
            if outcome.code is SkillCode.PRECONDITION and skill in {"open", "toggle_on"}:
                # A running microwave does not open, an open one does not run.
                first = "toggle_off" if skill == "open" else "close"
                if first == "toggle_off" or self._body.ontology.get(seen.label).closes:
                    self._attempt(name, self._bindings.see(name) or seen, first)
                    outcome = self._attempt(name, self._bindings.see(name) or seen, skill, amount=amount)
            now = self._body.follow(seen, wanted) or self._bindings.see(name)
            if outcome.ok and now is not None and wanted is not None and contradicts(now.states, wanted):
                outcome = None
                continue
            if outcome.ok:
                self._safety.note(skill, name, self._bindings.bound.get(name), now or seen)
                if skill == "toggle_on" and not self._effective(name, seen):
                    self._attempt(name, self._bindings.see(name) or seen, "toggle_off")
                    self._bindings.exclude(name)
                    continue
                return now or seen
            self._give_up(name, outcome, seen)
        why = f": {outcome.message or outcome.code}" if outcome is not None else ""
        raise StepFailedError(f"could not {skill.replace('_', ' ')} {ref.phrase}{why}")

    def _effective(self, name: str, seen: Observation) -> bool:
        """Whether a stove knob lit the burner that it was turned for; other devices are what they seem."""
        ref = self._bindings.refs[name]
        if seen.label != "StoveKnob" or ref.beside is None:
            return True
        burner = self._bindings.see(ref.beside)
        return burner is None or "off" not in burner.states

    # Trying again.

    def _attempt(self, name: str, seen: Observation, skill: str, *, amount: float | None = None) -> SkillResult:
        """Call a skill on something in view, from other viewpoints where that may help."""
        self._used(name)
        outcome = self._body.call(skill, label=seen.label, object_id=seen.object_id, amount=amount)
        for attempt in range(1, self._limits.viewpoints):
            # From another side, another part of a table may have room; what stands on a burner stands there still.
            full = outcome.code is SkillCode.NO_ROOM or (
                skill == "put" and outcome.code is SkillCode.BLOCKED and self._finder.knows_another(name)
            )
            if (full and attempt > 1) or not (full or outcome.code in _ELSEWHERE):
                break
            self._body.call("go_to", label=seen.label, target=seen.position, attempt=attempt)
            now = self._bindings.see(name)
            if now is None:
                continue
            if math.dist(now.position, seen.position) > _NEAR_WHOLE:
                # Somebody moved it meanwhile: whoever wants it has to go there.
                break
            outcome = self._body.call(skill, label=now.label, object_id=now.object_id, amount=amount)
        return outcome

    def _give_up(self, name: str, outcome: SkillResult, tried: Observation, why: str = "") -> None:
        """Set a thing aside that could not be used, so that the next try takes another.

        Args:
            name: The reference.
            outcome: How the last try ended.
            tried: The thing as it was seen before the first one.
            why: The reason in words, where the outcome's own do not say enough.

        Raises:
            HopelessError: If no other thing could do better.
        """
        ref = self._bindings.refs[name]
        hopeless = {SkillCode.UNSUPPORTED, SkillCode.INVALID_ARGUMENT, SkillCode.TIMEOUT, SkillCode.HAND_EMPTY}
        same_kind = outcome.code is SkillCode.INCOMPATIBLE and len(ref.labels) == 1
        if outcome.code in hopeless or same_kind:
            raise HopelessError(why or f"{ref.phrase}: {outcome.message or outcome.code}")
        if self._bindings.see(name) is None and outcome.code in _GONE:
            self._finder.missed(name)
        # What could not be seen or reached may have been taken away, and may be used where it is found again.
        self._bindings.exclude(name, place=tried.position if outcome.code in _ELSEWHERE else None)
