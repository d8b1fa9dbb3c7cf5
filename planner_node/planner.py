"""What every planner is given and gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from planner_node.errors import PlannerError
from planner_node.grounding import Grounder
from planner_node.knowledge import Knowledge
from planner_node.plan import Plan
from planner_node.session import Session
from scene_graph.ontology import Ontology
from scene_graph.types import Point

__all__ = ["NotUnderstoodError", "Planner", "Situation"]


class NotUnderstoodError(PlannerError):
    """An instruction, or a part of it, that no skill could be found for.

    Attributes:
        question: What to ask the person.
    """

    def __init__(self, message: str, *, question: str = "") -> None:
        super().__init__(message)
        self.question = question or message


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What a planner may know when an instruction is given.

    Attributes:
        knowledge: Memory.
        session: The conversation so far.
        ontology: Class knowledge.
        position: Where the robot is, map frame, metres.
        held: Memory's id of what the gripper holds.
    """

    knowledge: Knowledge
    session: Session
    ontology: Ontology
    position: Point
    held: str | None = None

    def grounder(self) -> Grounder:
        """A resolver of phrases for one plan."""
        return Grounder(self.knowledge, self.session, self.ontology, self.position, self.held)


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
        """Make a `plan` that is under way in another thread end soon, with `NotUnderstoodError`."""
        ...
