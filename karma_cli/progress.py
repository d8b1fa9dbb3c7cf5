"""Progress of a run, a line an event: instruction, what was recalled and how old, plan, skills, searches, result."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from karma_eval.run import InstructionResult
from planner_node.result import Event, EventKind

__all__ = ["Progress"]

_STYLES: dict[EventKind, tuple[str, str]] = {
    EventKind.INSTRUCTION: ("bold", "▶"),
    EventKind.RECALLED: ("cyan", "  recalled"),
    EventKind.PLAN: ("blue", "  plan"),
    EventKind.CLAUSE: ("blue", "  clause"),
    EventKind.SKILL: ("", "  skill"),
    EventKind.SEARCH: ("yellow", "  search"),
    EventKind.FOUND: ("green", "  found"),
    EventKind.RECOVERY: ("magenta", "  recovery"),
    EventKind.NOTE: ("dim", "  note"),
    EventKind.RESULT: ("bold", "  result"),
}


class Progress:
    """Prints events as they come.

    Args:
        console: Where.
        quiet: Print nothing.
    """

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet

    def event(self, event: Event) -> None:
        """Print one event."""
        if self._quiet:
            return
        style, name = _STYLES[event.kind]
        self._console.print(f"{name} {escape(event.message)}", style=style, highlight=False)

    def instruction_done(self, index: int, outcome: InstructionResult) -> None:
        """Print the judge's word on an instruction, where there is one."""
        if self._quiet or outcome.judged is None:
            return
        verdict = "[green]carried out[/green]" if outcome.judged else "[red]not carried out[/red]"
        met = sum(m.met for m in outcome.verdict.milestones)
        self._console.print(f"  judge: {verdict} ({met} of {len(outcome.verdict.milestones)} milestones met)")
