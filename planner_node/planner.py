"""What every planner is given and gives back."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from planner_node.clarify import AmbiguousError, NotUnderstoodError
from planner_node.experience import Experience, ExperienceError, Refusal
from planner_node.grounding import Grounder
from planner_node.knowledge import Knowledge
from planner_node.plan import Plan
from planner_node.session import Session
from planner_node.working import WorkingMemory
from scene_graph.ontology import Ontology
from scene_graph.types import Point

__all__ = [
    "AmbiguousError",
    "Metered",
    "Move",
    "NotUnderstoodError",
    "Planner",
    "Situation",
    "StepPlanner",
    "Usage",
]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What a planner may know when an instruction is given.

    Attributes:
        knowledge: Memory.
        session: The conversation so far.
        ontology: Class knowledge.
        position: Where the robot is, map frame, metres.
        held: Memory's id of what the gripper holds.
        answers: Phrases of the instruction to memory's ids of what the person said is meant by them.
        confirmed: Whether the person said that what cannot be undone shall be done.
        working: What was done so far, for prompts.
        experience: What earlier tasks taught, if anything is kept.
        map_id: Which map positions are of.
        cancelled: Set when the instruction is to be given up.
    """

    knowledge: Knowledge
    session: Session
    ontology: Ontology
    position: Point
    held: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    confirmed: bool = False
    working: WorkingMemory = field(default_factory=WorkingMemory)
    experience: Experience | None = None
    map_id: str = ""
    cancelled: threading.Event = field(default_factory=threading.Event)

    def grounder(self) -> Grounder:
        """A resolver of phrases for one plan."""
        return Grounder(
            self.knowledge,
            self.session,
            self.ontology,
            self.position,
            self.held,
            self.answers,
            refusing=self._refusing,
        )

    def _refusing(self, label: str) -> Sequence[Refusal]:
        if self.experience is None:
            return ()
        try:
            return self.experience.refusals(label, map_id=self.map_id)
        except ExperienceError:
            return ()  # that it is out of order is said where tips are told


@dataclass(frozen=True, kw_only=True)
class Move:
    """What a planner that goes step by step wants next.

    Attributes:
        plan: One call; None if all is done.
        done: Whether it thinks that everything that was asked for is done.
        thought: Why, in its words.
    """

    plan: Plan | None = None
    done: bool = False
    thought: str = ""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a language model was asked to do.

    Attributes:
        prompt_tokens: Tokens of all prompts.
        completion_tokens: Tokens of all replies.
        cost: What these cost, by the configured prices.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0

    @property
    def tokens(self) -> int:
        """Of prompts and replies."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost=self.cost + other.cost,
        )


@runtime_checkable
class Metered(Protocol):
    """A planner that keeps account of what it costs."""

    @property
    def used(self) -> Usage:
        """So far."""
        ...


class Planner(Protocol):
    """Turns an instruction into a plan."""

    name: str

    def plan(self, instruction: str, situation: Situation) -> Plan:
        """Make a plan; it is not verified yet.

        Raises:
            NotUnderstoodError: If there is nothing in the instruction that can be done.
            KnowledgeError: If memory does not answer.
        """
        ...

    def cancel(self) -> None:
        """Have a `plan` that is under way in another thread end soon, as the situation's `cancelled` is set now."""
        ...


@runtime_checkable
class StepPlanner(Protocol):
    """A planner that can be asked for one step at a time."""

    @property
    def stepwise(self) -> bool:
        """Whether it is to be asked so."""
        ...

    def next_move(self, instruction: str, situation: Situation) -> Move:
        """The next step; what was done so far is in the situation's working memory.

        Raises:
            NotUnderstoodError: If it has none to give.
            KnowledgeError: If memory does not answer.
        """
        ...
