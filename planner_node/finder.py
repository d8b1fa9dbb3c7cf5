"""Standing before a thing and seeing it: from where memory has it, else by search.

Nothing is believed that the newest frame does not show. Every loop is bounded by `Limits`.
"""

from __future__ import annotations

import math
from collections.abc import Collection

from memory_node.recollection import Recollection
from planner_node.bindings import Bindings
from planner_node.body import Body
from planner_node.evidence import outside
from planner_node.failures import HopelessError, Limits
from planner_node.plan import ObjectRef
from planner_node.result import EventKind
from planner_node.robot import SkillCode
from planner_node.search import Searcher
from scene_graph.types import Observation, Point

__all__ = ["Finder"]

_SAME_PLACE = 0.6
"""Metres within which a like thing seen at a remembered place is taken to be the remembered one."""

_REACH = 1.1
"""Metres, along the floor, within which a thing in view is tried from where the robot stands."""

_LIFT, _PAST = math.radians(28), math.radians(45)
"""Angles by which to turn the camera above a thing and on past it, so that it shows at the lower edge or in a lower
corner of the picture, where a wide lens spreads it over more pixels."""

_EYE = 1.5
"""Height of a camera of which no view tells, metres."""

_NESTED = 4
"""Containers and dishes, one in another, that are looked through for the door that is shut."""

_NEXT_DOOR, _DOORS = 0.8, 2
"""Metres from a hidden thing within which a door may be the one before it, and how many such doors are opened."""

_BESIDE = 2.0
"""Metres within which a tap belongs to a sink, a knob to a burner."""


class Finder:
    """Brings the robot before things, on behalf of one task.

    Args:
        body: Robot and memory.
        bindings: What the plan's references stand for.
        limits: Bounds.
    """

    def __init__(self, body: Body, bindings: Bindings, limits: Limits) -> None:
        self._body = body
        self._bindings = bindings
        self._limits = limits
        self._search = Searcher(body, most=limits.places)
        self._stand: tuple[str, tuple[float, float, float]] | None = None
        self._missing: dict[str, int] = {}

    def missed(self, name: str) -> None:
        """Count that a thing was not where memory had it."""
        self._body.result.stale += 1
        self._missing[name] = self._missing.get(name, 0) + 1

    def approach(self, name: str, *, search: bool = True) -> Observation:
        """Stand before a thing and see it.

        Args:
            name: The reference.
            search: Look for it at places where memory has none, too.

        Returns:
            Its observation in the newest frame.

        Raises:
            HopelessError: If it is nowhere to be found.
        """
        seen = self._approach(name, search=search)
        self._body.result.recovered += self._missing.pop(name, 0)
        return seen

    def _approach(self, name: str, *, search: bool) -> Observation:
        ref = self._bindings.refs[name]
        holding = self._body.held()
        if holding is not None and self._bindings.is_held(holding, name):
            return holding
        here = self._bindings.see(name)
        if here is not None and (self._stand == (name, self._body.frame.robot_pose) or self._at_hand(here)):
            return here
        remembered = self._remembered(ref)
        particular = ref.definite and ref.object_id is not None and self._bindings.session.salience(ref.object_id) > 0
        if particular:
            # One that was spoken of before: a look-alike of another class is not meant.
            ref = ref.but(labels=ref.labels[:1])
            remembered = [r for r in remembered if r.object.label == ref.label]
        seen = self._first_seen(name, remembered[: 1 if particular else self._limits.candidates])
        if seen is not None:
            return seen
        for _ in range(self._limits.candidates if search else 0):
            found = self._search.find(ref, self._bindings.unusable(ref))
            if found is None:
                break
            seen = self._from_here(name, found) or self.visit(name, found)
            if seen is not None:
                return seen
        seen = self._first_seen(name, self._remembered(ref)[: self._limits.candidates])
        if seen is not None:
            return seen
        raise HopelessError(f"could not find {ref.phrase}")

    def _first_seen(self, name: str, items: list[Recollection]) -> Observation | None:
        for item in items:
            seen = self.visit(name, item)
            if seen is not None:
                return seen
        return None

    def _at_hand(self, seen: Observation) -> bool:
        x, y, yaw = self._body.frame.robot_pose
        dx, dy = seen.position[0] - x, seen.position[1] - y
        off = abs((math.atan2(dy, dx) - yaw + math.pi) % (2 * math.pi) - math.pi)
        return math.hypot(dx, dy) < _REACH and off < math.radians(50)

    def _from_here(self, name: str, found: Recollection) -> Observation | None:
        """What was just found, if it is in reach: another viewpoint may lose a small thing again."""
        seen = self._body.observation_of(found.object.object_id)
        if seen is None or not self._at_hand(seen):
            return None
        self._bindings.bind(name, seen)
        self._stand = (name, self._body.frame.robot_pose)
        return seen

    def knows_another(self, name: str) -> bool:
        """Whether memory has other things that a reference may mean, beside the one it stands for."""
        bound = self._bindings.bound.get(name)
        return any(r.object.object_id != bound for r in self._remembered(self._bindings.refs[name]))

    def _remembered(self, ref: ObjectRef) -> list[Recollection]:
        """Remembered things that the reference may mean, the one that was meant first."""
        barred = self._bindings.barred(ref)
        result: list[Recollection] = []
        first = self._bindings.bound.get(ref.name)
        if first is not None and first not in barred:
            known = self._body.knowledge.get(first)
            if known is not None and not known.object.held:
                result.append(known)
        ontology = self._body.ontology
        labels = [lb for lb in ontology.labels() if any(ontology.derives(lb, b) for b in ref.labels)]
        found = self._body.knowledge.recall("", labels=labels or list(ref.labels), k=20, min_score=0.0)
        anchor = self._anchor(ref)
        more = [
            r
            for r in found
            if r.object.object_id not in barred
            and r.object.object_id != first
            and not r.stale
            and not r.object.held
            and (anchor is None or math.dist(r.position, anchor) < _BESIDE)
        ]
        origin = anchor or self._body.position
        rank = {label: i for i, label in enumerate(ref.labels)}
        more.sort(key=lambda r: (rank.get(r.object.label, 0) if len(rank) > 1 else 0, math.dist(r.position, origin)))
        return result + more

    def _anchor(self, ref: ObjectRef) -> Point | None:
        """Where the thing is that a reference belongs to: the sink of a tap, the whole of a slice."""
        bound, knowledge = self._bindings.bound, self._body.knowledge
        other = ref.beside or ref.part_of
        known = knowledge.get(bound[other]) if other is not None and other in bound else None
        if known is None:
            return None
        if ref.part_of is not None:
            slices = [knowledge.get(s) for s in self._bindings.session.slices.get(bound[ref.part_of], ())]
            return next((s.position for s in slices if s is not None), known.position)
        return known.position

    def visit(self, name: str, item: Recollection) -> Observation | None:
        """Go to where memory has a thing; its observation there, or None if it is not there.

        Args:
            name: The reference.
            item: What memory has.
        """
        ref = self._bindings.refs[name]
        self._open_around(item)
        for attempt in range(self._limits.viewpoints):
            outcome = self._body.call("go_to", label=item.object.label, target=item.position, attempt=attempt)
            seen = self._seen_at(ref, item)
            if seen is None and outcome.ok:
                # The way there ends with the camera about where the thing should be; edges may hide it that way.
                seen = self._gaze(ref, item)
            if seen is None and attempt == 0:
                # Where it did show before is better than what geometry proposes next.
                seen = self._body.see_again(item.object.object_id)
            if seen is None and attempt == 0:
                seen = self._look_next_door(ref, item)
            if seen is not None:
                self._bindings.bind(name, seen)
                self._stand = (name, self._body.frame.robot_pose)
                return seen
            if outcome.code in {SkillCode.NO_PATH, SkillCode.INVALID_ARGUMENT}:
                break
            now = self._body.knowledge.get(item.object.object_id)
            if now is None or (now.stale and attempt > 0):
                # One look may have missed it behind an edge or a held thing; two have not.
                break
            if math.dist(now.position, item.position) > _SAME_PLACE:
                item = now
        self._bindings.missed.setdefault(name, {})[item.object.object_id] = self._body.frame.stamp
        self.missed(name)
        self._body.tell(EventKind.RECOVERY, f"{ref.phrase} is not where memory had it", object_id=item.object.object_id)
        return None

    def _gaze(self, ref: ObjectRef, item: Recollection) -> Observation | None:
        """Turn the camera straight to a remembered place, a little above it, and a little past it to either side."""
        raised = self._raised(item.position)
        for target in (item.position, raised, self._past(raised, 1.0), self._past(raised, -1.0)):
            self._body.call("look_at", label=item.object.label, target=target)
            seen = self._seen_at(ref, item)
            if seen is not None:
                return seen
        return None

    def _raised(self, point: Point) -> Point:
        """A point above another, on which to centre the camera so that the other shows below."""
        x, y, _ = self._body.frame.robot_pose
        view = self._body.frame.view
        eye = view.position[2] if view is not None else _EYE
        away = math.dist(point[:2], (x, y))
        return (point[0], point[1], eye - away * math.tan(math.atan2(eye - point[2], away) - _LIFT))

    def _past(self, point: Point, side: float) -> Point:
        """A point as far away as another, beside it: -1.0 to the left of the camera, if that is turned past it."""
        x, y, yaw = self._body.frame.robot_pose
        bearing = math.atan2(point[1] - y, point[0] - x)
        off = (bearing - yaw + math.pi) % (2 * math.pi) - math.pi
        bearing += side * math.copysign(_PAST, off)
        away = math.dist(point[:2], (x, y))
        return (x + away * math.cos(bearing), y + away * math.sin(bearing), point[2])

    def _seen_at(self, ref: ObjectRef, item: Recollection) -> Observation | None:
        """The remembered thing in the newest frame: memory's own match, or a like thing at its place."""
        seen = self._body.observation_of(item.object.object_id)
        if seen is not None:
            return seen
        barred = self._bindings.unusable(ref)
        for other in self._body.visible([item.object.label]):
            if math.dist(other.position, item.position) < _SAME_PLACE:
                known = self._body.memory_of(other)
                if known is None or known.object.object_id not in barred:
                    return other
        return None

    # Doors on the way.

    def _open_around(self, item: Recollection) -> None:
        """Open the container that memory has a thing in, itself or with what it is in or on."""
        holder = self._shut_around(item)
        if holder is not None:
            self._open(holder)

    def _shut_around(self, item: Recollection) -> Recollection | None:
        """The closed container around a thing, as memory has it."""
        inner, thing = item.object, item.object
        for _ in range(_NESTED):
            holder = self._body.knowledge.get(inner.parent) if inner.parent is not None else None
            if holder is None or holder.object.held:
                return None
            if self._body.ontology.get(holder.object.label).closes:
                shut = "open" not in holder.object.states and not outside(thing, holder.object)
                return holder if shut else None
            inner = holder.object
        return None

    def _open(self, holder: Recollection) -> Observation | None:
        """Go to a container and open it; as it is then seen, None if it was not opened."""
        for attempt in range(self._limits.viewpoints):
            outcome = self._body.call("go_to", label=holder.object.label, target=holder.position, attempt=attempt)
            seen = self._body.observation_of(holder.object.object_id)
            if outcome.code is SkillCode.NO_PATH:
                return None
            if seen is None or seen.object_id is None:
                continue
            if "closed" not in seen.states:
                return None
            if self._body.call("open", label=seen.label, object_id=seen.object_id).ok:
                opened = self._body.follow(seen, "open") or seen
                self._search.opened.append(opened)
                return opened
        return None

    def _look_next_door(self, ref: ObjectRef, item: Recollection) -> Observation | None:
        """Look behind the doors beside a place that shows neither a thing nor that it is gone.

        In a row of doors, memory may take one for another.
        """
        knowledge, ontology = self._body.knowledge, self._body.ontology
        known = knowledge.get(item.object.object_id)
        holder = knowledge.get(known.object.parent) if known is not None and known.object.parent is not None else None
        if known is None or known.stale or holder is None or not ontology.get(holder.object.label).closes:
            return None
        doors = [
            lb for lb in ontology.labels() if ontology.get(lb).closes and known.object.label in ontology.get(lb).holds
        ]
        labels = sorted({holder.object.label, *doors})
        near = knowledge.recall("", labels=labels, near=(known.position, _NEXT_DOOR), k=20, min_score=0.0)
        shut = [r for r in near if "closed" in r.object.states and not r.stale]
        shut.sort(key=lambda r: math.dist(r.position, known.position))
        before = tuple(self._search.opened)
        for holder in shut[:_DOORS]:
            if self._open(holder) is None:
                continue
            seen = self._seen_at(ref, item) or self._gaze(ref, item)
            if seen is not None:
                return seen
            self.close_opened(but=before)
        return None

    def close_opened(self, *, but: Collection[Observation] = ()) -> None:
        """Close what was opened in search, now that the thing was taken out, or is not there.

        Args:
            but: What to leave open.
        """
        mine, self._search.opened = self._search.opened, [o for o in self._search.opened if o in but]
        for opened in reversed([o for o in mine if o not in but]):
            if "pickupable" in self._body.ontology.get(opened.label).affordances:
                continue
            seen = self._body.follow(opened, "open")
            if seen is None:
                self._body.call("go_to", label=opened.label, target=opened.position)
                seen = self._body.follow(opened, "open")
            if seen is not None:
                self._body.call("close", label=seen.label, object_id=seen.object_id)
