"""Working memory of a running task: what was done for the current sub-goal in full, for finished ones in a line each.

Sub-goals are clauses of the instruction. When one is done its actions give way to one line about its outcome (HiAgent,
arXiv 2408.09559), and when an instruction is done its sub-goals give way to one line about it. So what a prompt shows
has a bound, however long the robot works.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from planner_node.result import Event, EventKind

__all__ = ["WorkingMemory"]

_ACTIONS = 12
"""Newest actions of the current sub-goal that are kept."""

_SUBGOALS = 12
"""Newest sub-goals of the current instruction that are kept."""

_TASKS = 8
"""Newest instructions that are kept."""

_LINE = 160
"""Characters of a line at most."""


@dataclass
class WorkingMemory:
    """Fed with a task's events, asked for a bounded text.

    Attributes:
        tasks: A line for each finished instruction, oldest first.
        subgoals: A line for each finished sub-goal of the current instruction.
        actions: A line for each action of the current sub-goal.
    """

    tasks: deque[str] = field(default_factory=lambda: deque(maxlen=_TASKS))
    subgoals: deque[str] = field(default_factory=lambda: deque(maxlen=_SUBGOALS))
    actions: deque[str] = field(default_factory=lambda: deque(maxlen=_ACTIONS))
    _instruction: str = ""

    def take_in(self, event: Event) -> None:
        """Note what an event tells."""
        match event.kind:
            case EventKind.INSTRUCTION:
                self._instruction = event.message
                self.subgoals.clear()
                self.actions.clear()
            case EventKind.SKILL | EventKind.FOUND | EventKind.RECOVERY:
                self.actions.append(_line(event.message))
            case EventKind.CLAUSE:
                self.subgoals.append(_line(event.message))
                self.actions.clear()
            case EventKind.RESULT:
                self.tasks.append(self._summary(event))
                self.subgoals.clear()
                self.actions.clear()

    def _summary(self, event: Event) -> str:
        said = _line(self._instruction, _LINE // 2)
        if event.data.get("claimed"):
            done = "; ".join(s.rsplit(": ", 1)[0] for s in self.subgoals)
            return _line(f"{said} (done: {done})")
        return _line(f"{said} (not done: {event.data.get('reason', '')})")

    def changes(self) -> str:
        """What earlier instructions came to, newest last, a line each."""
        return "\n".join(f"- {task}" for task in self.tasks)

    def progress(self) -> str:
        """What was done for the current instruction: finished sub-goals in a line each, the current one in full."""
        lines = [f"- {subgoal}" for subgoal in self.subgoals]
        lines += [f"  - {action}" for action in self.actions]
        return "\n".join(lines)


def _line(text: str, most: int = _LINE) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
