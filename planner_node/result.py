"""What a task reports: events while it runs, and its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["Event", "EventKind", "Listener", "TaskResult"]


class EventKind(StrEnum):
    """What an event tells."""

    INSTRUCTION = "instruction"
    RECALLED = "recalled"
    PLAN = "plan"
    CLAUSE = "clause"
    SKILL = "skill"
    SEARCH = "search"
    FOUND = "found"
    RECOVERY = "recovery"
    NOTE = "note"
    RESULT = "result"


@dataclass(frozen=True, kw_only=True)
class Event:
    """Progress of a task.

    Attributes:
        kind: What it tells.
        message: For people.
        data: JSON-ready details.
    """

    kind: EventKind
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)


Listener = Callable[[Event], None]
"""Takes events; called on the thread that runs the task."""


@dataclass(kw_only=True)
class TaskResult:
    """How one instruction went.

    Attributes:
        instruction: The person's words.
        claimed: Whether the robot believes that it did what was asked, from what it saw.
        reason: Why not, or what to know about it; empty when all went well.
        question: What to ask the person, when something was not understood.
        cancelled: Whether it was stopped from outside.
        plan: JSON-ready plan; None when there was none.
        skills: Every primitive skill with its outcome, in order.
        recalled: What memory offered for the plan's objects, with age and tier.
        searched: Places visited in search of something, in order.
        actions: Primitive actions spent.
        seconds: Time spent on the robot's clock, seconds.
        planning_seconds: Wall time of planning and verification, seconds.
        uses: How often a skill used an object that memory placed.
        hits: How many of these came from short-term memory.
        stale: How often a remembered thing was not where memory had it when the robot looked.
        recovered: How many of these were found elsewhere, or replaced by an equal one, within the instruction.
        prompt_tokens: Tokens of all prompts to a language model.
        completion_tokens: Tokens of all its replies.
        cost: What these cost, by the configured prices.
    """

    instruction: str
    claimed: bool = False
    reason: str = ""
    question: str = ""
    cancelled: bool = False
    plan: dict[str, Any] | None = None
    skills: list[dict[str, Any]] = field(default_factory=list)
    recalled: list[dict[str, Any]] = field(default_factory=list)
    searched: list[dict[str, Any]] = field(default_factory=list)
    actions: int = 0
    seconds: float = 0.0
    planning_seconds: float = 0.0
    uses: int = 0
    hits: int = 0
    stale: int = 0
    recovered: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0

    @property
    def summary(self) -> str:
        """How it went, in a few words."""
        return "done" if self.claimed else f"not done: {self.reason}"

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready mapping."""
        return dict(vars(self))
