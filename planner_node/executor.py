"""Carries out a verified plan in a closed loop: go there, look, act, look again.

Nothing is believed that the newest frame does not show. What is not where memory has it is looked for at other
remembered places and then by search; what fails is tried from another viewpoint, on another thing of the class, and
once more from the start of its clause. Every loop is bounded by `Limits`.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memory_node.recollection import Recollection
from planner_node.body import Body, CancelledError
from planner_node.grounding import support_of
from planner_node.knowledge import Knowledge, KnowledgeError
from planner_node.plan import Goal, ObjectRef, Plan, Step
from planner_node.result import EventKind, Listener, TaskResult
from planner_node.robot import Robot, SkillCode, SkillResult
from planner_node.search import Searcher
from planner_node.session import Origin, Session
from planner_node.skills import SKILLS
from scene_graph.ontology import Ontology
from scene_graph.types import OPPOSITES, Observation, Point

__all__ = ["Executor", "Limits"]

_ELSEWHERE = {SkillCode.NOT_VISIBLE, SkillCode.OUT_OF_REACH, SkillCode.BLOCKED, SkillCode.UNKNOWN_OBJECT}
"""Failures that another viewpoint may mend."""

_SAME_PLACE = 0.6
"""Metres within which a like thing seen at a remembered place is taken to be the remembered one."""

_UNSAFE = {"heats", "cooks", "washes"}
"""Affordances of devices that must not be left running when a task ends early."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long to keep trying.

    Attributes:
        viewpoints: Places to stand for one thing.
        candidates: Things of a class to try.
        repeats: Times that a clause is begun anew.
        places: Places to look at for one thing.
    """

    viewpoints: int = 4
    candidates: int = 4
    repeats: int = 1
    places: int = 25


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


class _StepFailedError(Exception):
    """A step could not be done, for the reason in words; caught within this module."""


class _HopelessError(_StepFailedError):
    """It cannot be done at all, or all places were looked at in vain: beginning the clause again is no use."""


class Executor:
    """Carries out one plan.

    Args:
        robot: The embodiment.
        knowledge: Memory.
        ontology: Class knowledge.
        session: The conversation, which learns what was done.
        result: Filled while running.
        emit: Takes progress events.
        cancel: Ends the task when set.
        limits: Bounds.
    """

    def __init__(
        self,
        robot: Robot,
        knowledge: Knowledge,
        ontology: Ontology,
        session: Session,
        result: TaskResult,
        *,
        emit: Listener,
        cancel: threading.Event,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._knowledge = knowledge
        self._ontology = ontology
        self._session = session
        self._body = Body(robot, knowledge, ontology, result, emit=emit, cancel=cancel)
        self._search = Searcher(self._body, most=self._limits.places)
        self._result = result
        self._refs: dict[str, ObjectRef] = {}
        self._bound: dict[str, str] = {}
        self._unfit: dict[str, set[str]] = {}
        self._missed: dict[str, dict[str, float]] = {}
        self._placed: dict[str, str] = {}
        self._running: dict[str, str] = {}
        self._used: set[tuple[int, str]] = set()
        self._start = self._body.frame.robot_pose
        self._step: Step | None = None
        self._stand: tuple[str, tuple[float, float, float]] | None = None

    def run(self, plan: Plan) -> bool:
        """Carry out the plan.

        Returns:
            Whether every step was done and what was seen bears out every goal; the reason is in the result.
        """
        self._refs = dict(plan.refs)
        self._bound = {n: r.object_id for n, r in self._refs.items() if r.object_id is not None}
        pinned = sorted(set(self._bound.values()))
        done = False
        try:
            for object_id in pinned:
                self._forgiving(self._knowledge.pin, object_id)
            done = self._calls(plan)
        except CancelledError:
            self._result.cancelled = True
            self._result.reason = "cancelled"
        except KnowledgeError as error:
            self._result.reason = f"memory did not answer: {error}"
        finally:
            if not done:
                self._make_safe()
            try:
                self._remember(plan)
            except KnowledgeError as error:
                self._body.tell(EventKind.NOTE, f"what was spoken of is not noted: {error}")
            for object_id in pinned:
                self._forgiving(self._knowledge.unpin, object_id)
        return done

    def _calls(self, plan: Plan) -> bool:
        for index in range(len(plan.calls)):
            steps = [s for s in plan.steps if s.call == index]
            goals = [g for g in plan.goals if g.call == index]
            failure = ""
            for repeat in range(self._limits.repeats + 1):
                if repeat:
                    self._body.tell(EventKind.RECOVERY, f"beginning again: {failure}")
                try:
                    for step in steps:
                        self._do(step)
                    self._check_goals(goals)
                    failure = ""
                    break
                except _HopelessError as error:
                    failure = str(error)
                    break
                except _StepFailedError as error:
                    failure = str(error)
            if failure:
                self._result.reason = failure
                return False
            self._note_deed(plan, index)
        return True

    # Steps.

    def _do(self, step: Step) -> None:
        self._step = step
        match step.skill:
            case "go_to":
                self._approach(_need(step.object))
            case "look_at":
                seen = self._approach(_need(step.object))
                self._body.call("look_at", label=seen.label, target=seen.position)
            case "pick_up":
                self._pick_up(_need(step.object))
            case "put":
                self._put_somewhere(step) if step.ensure else self._put(_need(step.object), step.objects["receptacle"])
            case "slice":
                self._slice(_need(step.object), step.objects.get("tool"))
            case "open" | "close" | "toggle_on" | "toggle_off" | "clean" | "empty" | "break":
                self._change(_need(step.object), step.skill)
            case "push" | "pull":
                self._change(_need(step.object), step.skill, amount=step.amount)
            case "hand_over":
                x, y, yaw = self._start
                outcome = self._body.call("go_to_pose", label="start", target=(x, y, 0.0), yaw=yaw)
                self._require(outcome, "going back to the person")
            case _:
                outcome = self._body.call(step.skill, amount=step.amount)
                if outcome.code is not SkillCode.HAND_EMPTY:
                    self._require(outcome, step.skill)

    def _require(self, outcome: SkillResult, what: str) -> None:
        if not outcome.ok:
            raise _StepFailedError(f"{what} failed: {outcome.message or outcome.code}")

    def _pick_up(self, name: str) -> None:
        ref = self._refs[name]
        holding = self._body.held()
        if holding is not None:
            if self._is(holding, name):
                self._bind(name, holding)
                return
            self._free_hand()
        for _ in range(self._limits.candidates):
            seen = self._approach(name)
            self._note_origin(seen)
            outcome = self._try(name, seen, "pick_up")
            held = self._body.held()
            if outcome.ok and held is not None and self._body.fits(held, ref):
                self._rebind_held(name, held)
                self._placed.pop(name, None)
                self._close_opened()
                return
            if outcome.ok:
                raise _StepFailedError(f"picked up {ref.phrase}, but the gripper does not hold it")
            self._give_up(name, outcome)
        raise _StepFailedError(f"could not pick up {ref.phrase}")

    def _put(self, name: str, place: str) -> None:
        ref, receptacle = self._refs[name], self._refs[place]
        holding = self._body.held()
        if holding is None:
            if self._placed.get(name) == place:
                return
            self._pick_up(name)
        elif not self._is(holding, name):
            raise _StepFailedError(f"the hand holds {holding.label}, not {ref.phrase}")
        for _ in range(self._limits.candidates):
            seen = self._approach(place)
            if self._ontology.get(seen.label).closes and "closed" in seen.states:
                seen = self._change(place, "open")
            outcome = self._try(place, seen, "put")
            if outcome.code is SkillCode.CLOSED:
                outcome = self._try(place, self._change(place, "open"), "put")
            if self._body.held() is None and (outcome.ok or self._lies_at(name, place, seen)):
                # A put that reports failure may have worked all the same: what is seen decides.
                self._placed[name] = place
                self._close_opened()
                return
            if outcome.ok:
                raise _StepFailedError(f"put {ref.phrase} down, but the gripper still holds it")
            self._body.tell(
                EventKind.RECOVERY, f"{receptacle.phrase} does not take {ref.phrase}: {outcome.message or outcome.code}"
            )
            self._give_up(place, outcome)
        raise _StepFailedError(f"found no {receptacle.phrase} that takes {ref.phrase}")

    def _lies_at(self, name: str, place: str, receptacle: Observation) -> bool:
        """Whether the newest frame shows a thing at a receptacle."""
        now = self._see_again(place) or receptacle
        if self._see_again(name) is None:
            self._body.call("look_at", label=now.label, target=now.position)
        thing = self._see_again(name)
        size = now.size or (0.0, 0.0, 0.0)
        return thing is not None and math.dist(thing.position, now.position) < 0.5 + max(size) / 2

    def _put_somewhere(self, step: Step) -> None:
        """Clear the hand: where the plan says if that is to be had at once, else on what is near."""
        name, place = _need(step.object), step.objects["receptacle"]
        holding = self._body.held()
        if holding is None:
            return
        bound = self._bound.get(place)
        known = self._knowledge.get(bound) if bound is not None else None
        if known is not None:
            seen = self._visit(place, known)
            if seen is not None and self._try(place, seen, "put").ok:
                self._placed[name] = place
                return
        self._free_hand()

    def _slice(self, name: str, tool: str | None) -> None:
        ref = self._refs[name]
        holding = self._body.held()
        if holding is None or "cuts" not in self._ontology.get(holding.label).affordances:
            if tool is None:
                raise _StepFailedError("slicing needs a knife in the hand")
            self._pick_up(tool)
        seen = self._approach(name)
        whole = self._bound.get(name)
        made = [lb for lb in self._ontology.labels() if lb != seen.label and self._ontology.derives(lb, seen.label)]
        if seen.label in made or "sliced" in seen.states:
            return
        outcome = self._try(name, seen, "slice")
        self._require(outcome, f"slicing {ref.phrase}")
        pieces = [o for o in self._body.visible(made) if math.dist(o.position, seen.position) < _SAME_PLACE]
        if made and not pieces:
            self._body.call("look_at", label=seen.label, target=seen.position)
            pieces = [o for o in self._body.visible(made) if math.dist(o.position, seen.position) < 2 * _SAME_PLACE]
        if made and not pieces:
            raise _StepFailedError(f"sliced {ref.phrase}, but no slices are to be seen")
        known = [m.object.object_id for p in pieces if (m := self._body.memory_of(p)) is not None]
        if whole is not None:
            self._session.slices[whole] = tuple(known)
            self._session.record("cut", whole)
        for piece in known:
            self._session.record("cut", piece)

    def _change(self, name: str, skill: str, *, amount: float | None = None) -> Observation:
        """Act on a thing and see that it changed; nothing is done to one that is so already."""
        ref = self._refs[name]
        wanted = _SHOWS.get(skill)
        outcome: SkillResult | None = None
        for _ in range(self._limits.candidates):
            seen = self._approach(name)
            if wanted is not None and wanted in seen.states:
                self._note_switch(name, seen, skill)
                return seen
            outcome = self._try(name, seen, skill, amount=amount)
            if outcome.code is SkillCode.PRECONDITION and skill in {"open", "toggle_on"}:
                # A running microwave does not open, an open one does not run.
                first = "toggle_off" if skill == "open" else "close"
                if first[:6] == "toggle" or self._ontology.get(seen.label).closes:
                    self._try(name, self._see_again(name) or seen, first)
                    outcome = self._try(name, self._see_again(name) or seen, skill, amount=amount)
            now = self._body.follow(seen, wanted) or self._see_again(name)
            if outcome.ok and now is not None and wanted is not None and _contradicts(now.states, wanted):
                outcome = None
                continue
            if outcome.ok:
                self._note_switch(name, now or seen, skill)
                if skill == "toggle_on" and not self._effective(name, seen):
                    self._try(name, self._see_again(name) or seen, "toggle_off")
                    self._exclude(name)
                    continue
                return now or seen
            self._give_up(name, outcome)
        why = f": {outcome.message or outcome.code}" if outcome is not None else ""
        raise _StepFailedError(f"could not {skill.replace('_', ' ')} {ref.phrase}{why}")

    def _effective(self, name: str, seen: Observation) -> bool:
        """Whether a stove knob lit the burner that it was turned for; other devices are what they seem."""
        ref = self._refs[name]
        if seen.label != "StoveKnob" or ref.beside is None:
            return True
        burner_id = self._bound.get(ref.beside)
        burner = self._body.observation_of(burner_id) if burner_id is not None else None
        return burner is None or "off" not in burner.states

    def _try(self, name: str, seen: Observation, skill: str, *, amount: float | None = None) -> SkillResult:
        """Call a skill on something in view, from other viewpoints where that may help."""
        self._count_use(name)
        outcome = self._body.call(skill, label=seen.label, object_id=seen.object_id, amount=amount)
        for attempt in range(1, self._limits.viewpoints):
            # From another side, another part of a table may have room.
            if outcome.code not in _ELSEWHERE and not (outcome.code is SkillCode.NO_ROOM and attempt == 1):
                break
            self._body.call("go_to", label=seen.label, target=seen.position, attempt=attempt)
            now = self._see_again(name)
            if now is None:
                continue
            outcome = self._body.call(skill, label=now.label, object_id=now.object_id, amount=amount)
        return outcome

    def _see_again(self, name: str) -> Observation | None:
        """The thing in the newest frame."""
        bound = self._bound.get(name)
        return self._body.observation_of(bound) if bound is not None else None

    # Finding things.

    def _approach(self, name: str) -> Observation:
        """Stand before a thing and see it.

        Returns:
            Its observation in the newest frame.

        Raises:
            _StepFailedError: If it is nowhere to be found.
        """
        ref = self._refs[name]
        holding = self._body.held()
        if holding is not None and self._is(holding, name):
            return holding
        here = self._see_again(name)
        if here is not None and (self._stand == (name, self._body.frame.robot_pose) or self._at_hand(here)):
            return here
        remembered = self._remembered(ref)
        particular = ref.definite and ref.object_id is not None and self._session.salience(ref.object_id) > 0
        for item in remembered[: 1 if particular else self._limits.candidates]:
            seen = self._visit(name, item)
            if seen is not None:
                return seen
        found = self._search.find(ref, self._unfit.get(name, set()) | self._others(ref))
        if found is not None:
            seen = self._visit(name, found)
            if seen is not None:
                return seen
        for item in self._remembered(ref)[: self._limits.candidates]:
            seen = self._visit(name, item)
            if seen is not None:
                return seen
        raise _HopelessError(f"could not find {ref.phrase}")

    def _at_hand(self, seen: Observation) -> bool:
        x, y, yaw = self._body.frame.robot_pose
        dx, dy = seen.position[0] - x, seen.position[1] - y
        off = abs((math.atan2(dy, dx) - yaw + math.pi) % (2 * math.pi) - math.pi)
        return math.hypot(dx, dy) < 0.9 and off < math.radians(50)

    def _barred(self, ref: ObjectRef) -> set[str]:
        """Things that will not do: unfit, another reference's, or looked for in vain and not seen since."""
        missed = {
            object_id
            for object_id, stamp in self._missed.get(ref.name, {}).items()
            if (known := self._knowledge.get(object_id)) is None or known.stamp <= stamp
        }
        return missed | self._unfit.get(ref.name, set()) | self._others(ref)

    def _remembered(self, ref: ObjectRef) -> list[Recollection]:
        """Remembered things that the reference may mean, the one that was meant first."""
        barred = self._barred(ref)
        result: list[Recollection] = []
        first = self._bound.get(ref.name)
        if first is not None and first not in barred:
            known = self._knowledge.get(first)
            if known is not None and not known.object.held:
                result.append(known)
        labels = [lb for lb in self._ontology.labels() if any(self._ontology.derives(lb, b) for b in ref.labels)]
        found = self._knowledge.recall("", labels=labels or list(ref.labels), k=20, min_score=0.0)
        anchor = self._anchor(ref)
        more = [
            r
            for r in found
            if r.object.object_id not in barred
            and r.object.object_id != first
            and not r.stale
            and not r.object.held
            and (anchor is None or math.dist(r.position, anchor) < 2.0)
        ]
        origin = anchor or self._body.position
        rank = {label: i for i, label in enumerate(ref.labels)}
        more.sort(key=lambda r: (rank.get(r.object.label, 0) if len(rank) > 1 else 0, math.dist(r.position, origin)))
        return result + more

    def _anchor(self, ref: ObjectRef) -> Point | None:
        """Where the thing is that a reference belongs to: the sink of a tap, the whole of a slice."""
        other = ref.beside or ref.part_of
        known = self._knowledge.get(self._bound[other]) if other is not None and other in self._bound else None
        if known is None:
            return None
        if ref.part_of is not None:
            slices = [self._knowledge.get(s) for s in self._session.slices.get(self._bound[ref.part_of], ())]
            return next((s.position for s in slices if s is not None), known.position)
        return known.position

    def _others(self, ref: ObjectRef) -> set[str]:
        """Things that other references of the plan stand for and this one must differ from."""
        return {self._bound[n] for n in ref.distinct if n in self._bound}

    def _visit(self, name: str, item: Recollection) -> Observation | None:
        """Go to where memory has a thing; its observation there, or None if it is not there."""
        ref = self._refs[name]
        self._open_around(item)
        for attempt in range(self._limits.viewpoints):
            outcome = self._body.call("go_to", label=item.object.label, target=item.position, attempt=attempt)
            seen = self._seen_at(ref, item)
            if seen is not None:
                self._bind(name, seen)
                self._stand = (name, self._body.frame.robot_pose)
                return seen
            if outcome.code in {SkillCode.NO_PATH, SkillCode.INVALID_ARGUMENT}:
                break
            now = self._knowledge.get(item.object.object_id)
            if now is None or (now.stale and attempt > 0):
                # One look may have missed it behind an edge or a held thing; two have not.
                break
            if math.dist(now.position, item.position) > _SAME_PLACE:
                item = now
        self._missed.setdefault(name, {})[item.object.object_id] = self._body.frame.stamp
        self._body.tell(EventKind.RECOVERY, f"{ref.phrase} is not where memory had it", object_id=item.object.object_id)
        return None

    def _seen_at(self, ref: ObjectRef, item: Recollection) -> Observation | None:
        """The remembered thing in the newest frame: memory's own match, or a like thing at its place."""
        seen = self._body.observation_of(item.object.object_id)
        if seen is not None:
            return seen
        barred = self._unfit.get(ref.name, set()) | self._others(ref)
        for other in self._body.visible([item.object.label]):
            if math.dist(other.position, item.position) < _SAME_PLACE:
                known = self._body.memory_of(other)
                if known is None or known.object.object_id not in barred:
                    return other
        return None

    def _open_around(self, item: Recollection) -> None:
        """Open the container that memory has a thing in."""
        parent_id = item.object.parent
        parent = self._knowledge.get(parent_id) if parent_id is not None else None
        if parent is None or not self._ontology.get(parent.object.label).closes:
            return
        if "open" in parent.object.states:
            return
        for attempt in range(self._limits.viewpoints):
            outcome = self._body.call("go_to", label=parent.object.label, target=parent.position, attempt=attempt)
            seen = self._body.observation_of(parent.object.object_id)
            if outcome.code is SkillCode.NO_PATH:
                return
            if seen is None or seen.object_id is None:
                continue
            if "closed" not in seen.states:
                return
            if self._body.call("open", label=seen.label, object_id=seen.object_id).ok:
                self._search.opened.append(self._body.follow(seen, "open") or seen)
                return

    def _close_opened(self) -> None:
        """Close what was opened in search, now that the thing was taken out."""
        while self._search.opened:
            opened = self._search.opened.pop()
            if "pickupable" in self._ontology.get(opened.label).affordances:
                continue
            seen = self._body.follow(opened, "open")
            if seen is None:
                self._body.call("go_to", label=opened.label, target=opened.position)
                seen = self._body.follow(opened, "open")
            if seen is not None:
                self._body.call("close", label=seen.label, object_id=seen.object_id)

    # Recoveries.

    def _free_hand(self) -> None:
        """Put down what is in the way in the hand, on the nearest thing that holds it; on the floor if nothing does."""
        holding = self._body.held()
        if holding is None:
            return
        holders = [
            lb
            for lb in self._ontology.holders(holding.label)
            if self._ontology.get(lb).static
            and not self._ontology.get(lb).closes
            and "receptacle" in self._ontology.get(lb).affordances
            and "waste" not in self._ontology.get(lb).categories
        ]
        found = self._knowledge.recall("", labels=holders, k=20, min_score=0.0) if holders else []
        found = sorted(found, key=lambda r: (r.stale, self._reach_cost(r)))
        for item in found[: self._limits.candidates]:
            self._body.call("go_to", label=item.object.label, target=item.position)
            seen = self._body.observation_of(item.object.object_id)
            if seen is not None and self._body.call("put", label=seen.label, object_id=seen.object_id).ok:
                return
        if "breakable" not in self._ontology.get(holding.label).affordances:
            self._body.call("drop", label=holding.label)
        if self._body.held() is not None:
            raise _StepFailedError(f"found nowhere to put down the {holding.label} in the hand")

    def _reach_cost(self, item: Recollection) -> float:
        """Metres to a surface, and more for those that seldom have room."""
        roomy = self._ontology.get(item.object.label).categories & {"table", "work surface"}
        return math.dist(item.position, self._body.position) + (0.0 if roomy else 2.0)

    def _give_up(self, name: str, outcome: SkillResult) -> None:
        """Set a thing aside that could not be used, so that the next try takes another.

        Raises:
            _StepFailedError: If no other thing could do better.
        """
        ref = self._refs[name]
        hopeless = {SkillCode.UNSUPPORTED, SkillCode.INVALID_ARGUMENT, SkillCode.TIMEOUT, SkillCode.HAND_EMPTY}
        same_kind = outcome.code is SkillCode.INCOMPATIBLE and len(ref.labels) == 1
        if outcome.code in hopeless or same_kind:
            raise _HopelessError(f"{ref.phrase}: {outcome.message or outcome.code}")
        self._exclude(name)

    def _exclude(self, name: str) -> None:
        bound = self._bound.pop(name, None)
        if bound is not None:
            self._unfit.setdefault(name, set()).add(bound)

    def _make_safe(self) -> None:
        """Switch off what this task switched on and must not be left running."""
        for name, object_id in list(self._running.items()):
            try:
                known = self._knowledge.get(object_id)
                if known is None:
                    continue
                seen = self._body.observation_of(object_id)
                if seen is None:
                    self._body.call("go_to", label=known.object.label, target=known.position, safety=True)
                    seen = self._body.observation_of(object_id)
                if seen is not None and "off" not in seen.states:
                    self._body.call("toggle_off", label=seen.label, object_id=seen.object_id, safety=True)
                self._running.pop(name)
            except KnowledgeError as error:
                self._body.tell(EventKind.NOTE, f"could not check that {name} is off: {error}")

    # Bookkeeping.

    def _is(self, held: Observation, name: str) -> bool:
        """Whether what the gripper holds is what a reference means."""
        known = self._body.memory_of(held)
        bound = self._bound.get(name)
        if known is not None and bound == known.object.object_id:
            return True
        taken = known is not None and known.object.object_id in self._unfit.get(name, set()) | self._others(
            self._refs[name]
        )
        fits = self._body.fits(held, self._refs[name])
        return fits and not taken and (bound is None or self._body.observation_of(bound) is None)

    def _bind(self, name: str, seen: Observation) -> None:
        known = self._body.memory_of(seen)
        if known is not None:
            self._bound[name] = known.object.object_id

    def _rebind_held(self, name: str, held: Observation) -> None:
        """The gripper's report may be joined to the thing under another id; what it came from stays known."""
        before = self._bound.get(name)
        self._bind(name, held)
        after = self._bound.get(name)
        if before is not None and after is not None and before != after and before in self._session.origins:
            self._session.origins[after] = self._session.origins[before]

    def _note_origin(self, seen: Observation) -> None:
        known = self._body.memory_of(seen)
        if known is None:
            return
        support = support_of(self._knowledge, self._ontology, known.object)
        self._session.origins[known.object.object_id] = Origin(
            parent=support.object_id if support is not None else None,
            label=support.label if support is not None else "",
            position=known.position,
        )

    def _note_switch(self, name: str, seen: Observation, skill: str) -> None:
        bound = self._bound.get(name)
        if bound is None:
            return
        affordances = self._ontology.get(seen.label).affordances
        if skill == "toggle_on" and (affordances & _UNSAFE or seen.label == "StoveKnob"):
            self._running[name] = bound
        elif skill == "toggle_off":
            self._running.pop(name, None)

    def _count_use(self, name: str) -> None:
        bound = self._bound.get(name)
        key = (self._step.call if self._step is not None else 0, name)
        if bound is None or key in self._used:
            return
        self._used.add(key)
        self._result.uses += 1
        self._result.hits += int(self._knowledge.used(bound))

    def _note_deed(self, plan: Plan, index: int) -> None:
        call = plan.calls[index]
        bound = self._bound.get(call.objects.get("object", ""))
        if bound is not None:
            self._session.record(call.skill, bound)

    def _remember(self, plan: Plan) -> None:
        """Tell the session what was spoken of, under the ids that the things turned out to have."""
        groups: dict[tuple[str, str], list[str]] = {}
        for call in plan.calls:
            for parameter in SKILLS[call.skill].parameters:
                name = call.objects.get(parameter.name)
                role = parameter.name if parameter.name in {"object", "receptacle"} else "tool"
                if name is not None and name not in groups.setdefault((call.text, role), []):
                    groups[call.text, role].append(name)
        for (_, role), names in groups.items():
            self._session.mention([self._now(name) for name in names], role)

    def _now(self, name: str) -> tuple[str | None, str]:
        """What a reference stands for at the end: a slice, where the thing was sliced."""
        piece = next((r for r in self._refs.values() if r.part_of == name and r.name in self._bound), None)
        if piece is not None:
            return self._bound[piece.name], piece.label
        bound = self._bound.get(name)
        slices = self._session.slices.get(bound or "", ())
        if slices:
            known = self._knowledge.get(slices[0])
            if known is not None:
                return known.object.object_id, known.object.label
        return bound, self._refs[name].label

    def _forgiving(self, ask: Callable[[str], None], object_id: str) -> None:
        """Pin or unpin; a memory that has no room for a pin is no reason to stop."""
        try:
            ask(object_id)
        except KnowledgeError as error:
            self._body.tell(EventKind.NOTE, f"{object_id}: {error}")

    # Goals.

    def _check_goals(self, goals: Sequence[Goal]) -> None:
        """See that nothing seen contradicts what a clause was to bring about.

        Raises:
            _StepFailedError: If it does.
        """
        for goal in goals:
            name = goal.objects[0]
            held = self._body.held()
            if goal.predicate == "holding" and (held is None or not self._is(held, name)):
                raise _StepFailedError(f"{self._refs[name].phrase} is not in the hand")
            if goal.predicate == "is":
                seen = held if held is not None and self._is(held, name) else self._see_again(name)
                if seen is not None and _contradicts(seen.states, goal.value):
                    raise _StepFailedError(f"{self._refs[name].phrase} is not {goal.value}")


def _need(name: str | None) -> str:
    if name is None:
        raise _StepFailedError("the step names no object")
    return name


def _contradicts(states: frozenset[str], wanted: str) -> bool:
    bases = {s.split(":", 1)[0] for s in states}
    return wanted not in bases and bool(bases & OPPOSITES.get(wanted, frozenset()))
