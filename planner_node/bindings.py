"""Which remembered thing each reference of a running plan stands for, and which ones were found not to do."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from planner_node.body import Body
from planner_node.evidence import Box, box_of
from planner_node.grounding import support_of
from planner_node.plan import ObjectRef
from planner_node.session import Origin, Session
from scene_graph.types import Observation, Point

__all__ = ["Bindings"]

_MOVED = 0.4
"""Metres by which a thing that could not be used must have moved for another try to be worth it."""


@dataclass
class Bindings:
    """References of one task, bound to memory's ids as the robot meets the things.

    Attributes:
        body: Robot and memory.
        session: The conversation, which learns where things came from.
        refs: Every reference by name.
        bound: Name to memory's id.
        unfit: Name to ids of things that could not be used, each with the place where that was so; None: anywhere.
        missed: Name to ids that were looked for in vain, each with the moment of it.
        placed: Name of a thing to the name of what this task put it on or in.
        twins: Name of a placed thing to ids of like things that were there before it.
    """

    body: Body
    session: Session
    refs: dict[str, ObjectRef] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    unfit: dict[str, dict[str, Point | None]] = field(default_factory=dict)
    missed: dict[str, dict[str, float]] = field(default_factory=dict)
    placed: dict[str, str] = field(default_factory=dict)
    twins: dict[str, frozenset[str]] = field(default_factory=dict)

    def bind(self, name: str, seen: Observation) -> None:
        """A reference stands for this thing from now on."""
        known = self.body.memory_of(seen)
        if known is not None:
            self.bound[name] = known.object.object_id

    def rebind_held(self, name: str, held: Observation) -> None:
        """The gripper's report may be joined to the thing under another id; what it came from stays known."""
        self.placed.pop(name, None)
        self._rebind(name, held)

    def _rebind(self, name: str, seen: Observation) -> None:
        before = self.bound.get(name)
        self.bind(name, seen)
        after = self.bound.get(name)
        if before is not None and after is not None and before != after and before in self.session.origins:
            self.session.origins[after] = self.session.origins[before]

    def exclude(self, name: str, *, place: Point | None = None) -> None:
        """What a reference stood for will not do.

        Args:
            name: The reference.
            place: Where it will not do, since somebody may put it to another place; None: anywhere.
        """
        bound = self.bound.pop(name, None)
        if bound is not None:
            self.unfit.setdefault(name, {})[bound] = place

    def unusable(self, ref: ObjectRef) -> set[str]:
        """Things that will not do, or that other references of the plan stand for and this one must differ from."""
        others = {self.bound[n] for n in ref.distinct if n in self.bound}
        unfit = {i for i, place in self.unfit.get(ref.name, {}).items() if place is None or self._still_at(i, place)}
        return unfit | others

    def _still_at(self, object_id: str, place: Point) -> bool:
        known = self.body.knowledge.get(object_id)
        return known is None or math.dist(known.position, place) < _MOVED

    def barred(self, ref: ObjectRef) -> set[str]:
        """Things that will not do, or that were looked for in vain and not seen since."""
        missed = {
            object_id
            for object_id, stamp in self.missed.get(ref.name, {}).items()
            if (known := self.body.knowledge.get(object_id)) is None or known.stamp <= stamp
        }
        return missed | self.unusable(ref)

    def see(self, name: str) -> Observation | None:
        """The thing in the newest frame; what this task put somewhere is known by that, should memory lose track."""
        bound = self.bound.get(name)
        seen = self.body.observation_of(bound) if bound is not None else None
        if seen is not None or name not in self.placed:
            return seen
        box = self.box(self.placed[name])
        if box is None:
            return None
        others = {i for n, i in self.bound.items() if n != name} | self.twins.get(name, frozenset())
        for like in self.body.visible(self._kinds(name)):
            known = self.body.memory_of(like)
            if known is not None and known.object.object_id not in others and box.holds(like.position):
                self._rebind(name, like)
                return like
        return None

    def _kinds(self, name: str) -> set[str]:
        """Classes that the thing may be seen as: its own, where that is known."""
        known = self.body.knowledge.get(self.bound[name]) if name in self.bound else None
        return {known.object.label} if known is not None else set(self.refs[name].labels)

    def box(self, name: str) -> Box | None:
        """What a receptacle takes up, as far as memory and the newest frame tell; None if neither does."""
        bound = self.bound.get(name)
        known = self.body.knowledge.get(bound) if bound is not None else None
        return None if known is None else box_of(self.body.observation_of(known.object.object_id), known.object)

    def is_held(self, held: Observation, name: str) -> bool:
        """Whether what the gripper holds is what a reference means."""
        known = self.body.memory_of(held)
        bound = self.bound.get(name)
        if known is not None and bound == known.object.object_id:
            return True
        taken = known is not None and known.object.object_id in self.unusable(self.refs[name])
        fits = self.body.fits(held, self.refs[name])
        return fits and not taken and (bound is None or self.body.observation_of(bound) is None)

    def note_origin(self, seen: Observation) -> None:
        """Remember where a thing is, before it is taken."""
        known = self.body.memory_of(seen)
        if known is None:
            return
        support = support_of(self.body.knowledge, self.body.ontology, known.object)
        self.session.origins[known.object.object_id] = Origin(
            parent=support.object_id if support is not None else None,
            label=support.label if support is not None else "",
            position=known.position,
        )
