"""What was talked about and done so far: who "it" is, where things came from, which slices came from what."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from planner_node.clarify import Pending
from planner_node.parser import Intent
from planner_node.sightings import Sightings
from scene_graph.types import Point

__all__ = ["Mention", "Origin", "Session"]

_MOST = 1000
"""Mentions and deeds that are remembered, the newest of each."""


@dataclass(frozen=True)
class Mention:
    """An object that was spoken of or acted on.

    Attributes:
        object_id: Memory's id; None for what was never found.
        label: Its class.
        turn: Number of the instruction, from 1.
        group: Mentions of one group are "them".
        role: ``"object"``, ``"receptacle"`` or ``"tool"``.
    """

    object_id: str | None
    label: str
    turn: int
    group: int
    role: str


@dataclass(frozen=True)
class Origin:
    """Where an object was before it was picked up.

    Attributes:
        parent: Memory's id of what it was on or in, where known.
        label: Class of that.
        position: Where it was, map frame, metres.
    """

    parent: str | None
    label: str
    position: Point


@dataclass
class Session:
    """The state of the conversation, across instructions.

    Attributes:
        turn: Number of the current instruction, from 1.
        mentions: Oldest first.
        origins: Memory's id to where the object was last picked up.
        slices: Memory's id of a whole to the ids of its slices.
        deeds: (skill, memory's id, turn) of what was done, oldest first.
        pending: What the person was asked and may answer next.
        asked: What the last instruction that was understood asked for, which "the pencil too" takes up.
        sightings: From where things were seen.
    """

    turn: int = 0
    mentions: deque[Mention] = field(default_factory=lambda: deque(maxlen=_MOST))
    origins: dict[str, Origin] = field(default_factory=dict)
    slices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    deeds: deque[tuple[str, str, int]] = field(default_factory=lambda: deque(maxlen=_MOST))
    pending: Pending | None = None
    asked: tuple[Intent, ...] = ()
    sightings: Sightings = field(default_factory=Sightings)
    _group: int = 0

    def begin(self) -> None:
        """Start the next instruction."""
        self.turn += 1

    def mention(self, objects: Sequence[tuple[str | None, str]], role: str) -> None:
        """Note that objects (memory's id, class) were spoken of together."""
        self._group += 1
        self.mentions.extend(Mention(i, label, self.turn, self._group, role) for i, label in objects)

    def antecedents(self, *, plural: bool) -> list[list[Mention]]:
        """What "it" or "them" may mean, likeliest first: groups of mentions, or one mention each.

        Of each instruction, newest first, objects acted on come before receptacles and tools; what was never found
        counts for nothing.
        """
        groups: dict[int, list[Mention]] = {}
        for mention in self.mentions:
            if mention.object_id is not None:
                groups.setdefault(mention.group, []).append(mention)
        order = ("object", "receptacle", "tool")
        ranked = sorted(groups.values(), key=lambda g: (-g[0].turn, order.index(g[0].role), -g[0].group))
        return ranked if plural else [group[-1:] for group in ranked]

    def last_two(self) -> list[Mention]:
        """What "both" means: the last two different things that something was done with, in the order spoken of."""
        found: dict[str, Mention] = {}
        for mention in sorted((m for m in self.mentions if m.role == "object"), key=lambda m: (-m.turn, -m.group)):
            if mention.object_id is not None:
                found.setdefault(mention.object_id, mention)
        return list(found.values())[1::-1]

    def salience(self, object_id: str) -> float:
        """How present an object is in the conversation, in [0, 1]: 1 for the newest mention, fading by turn."""
        newest = next((m for m in reversed(self.mentions) if m.object_id == object_id), None)
        if newest is None:
            return 0.0
        behind = sum(1 for m in self.mentions if m.group > newest.group)
        return float(0.8 ** (self.turn - newest.turn) * 0.95**behind)

    def siblings(self, object_id: str) -> tuple[str, ...]:
        """The slices of a whole, or the slices that one slice was cut with."""
        own = self.slices.get(object_id)
        return own or next((cut for cut in self.slices.values() if object_id in cut), ())

    def did(self, skills: Collection[str], object_id: str) -> bool:
        """Whether one of these skills was carried out on the object."""
        return any(skill in skills and who == object_id for skill, who, _ in self.deeds)

    def record(self, skill: str, object_id: str) -> None:
        """Note that a skill was carried out on an object."""
        self.deeds.append((skill, object_id, self.turn))
