"""``karma experience``: what finished tasks taught the planner, shown and forgotten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from karma_cli.errors import CliError
from planner_node.experience import Experience

__all__ = ["forget", "show"]


def show(path: Path, *, as_json: bool) -> int:
    """Print what a file of experience holds; returns the exit code.

    Args:
        path: The file.
        as_json: Print JSON instead of tables.

    Raises:
        CliError: If there is no such file.
        ExperienceError: If it is no file of experience.
    """
    with _open(path) as kept:
        held = kept.to_json()
    if as_json:
        print(json.dumps(held, indent=2))
        return 0
    console = Console()
    for name, title, columns in _TABLES:
        table = Table(title=f"{title} ({len(held[name])})", title_justify="left")
        for column in columns:
            table.add_column(column)
        for entry in held[name]:
            table.add_row(*(_cell(entry[column]) for column in columns))
        console.print(table)
    return 0


_TABLES = (
    ("examples", "plans that worked", ("number", "instruction", "actions", "seconds")),
    ("tips", "what failed", ("number", "clause", "reason", "seen", "instruction")),
    ("refusals", "places that did not take a thing", ("thing", "place", "position", "reason", "map_id")),
)


def _cell(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(f"{v:.1f}" for v in value)
    return f"{value:.0f}" if isinstance(value, float) else str(value)


def forget(path: Path, *, tips: Sequence[int], examples: Sequence[int], like: str | None) -> int:
    """Forget part of a file of experience; returns the exit code: 1 if there was nothing of the kind.

    Args:
        path: The file.
        tips: Numbers of tips.
        examples: Numbers of examples.
        like: A word or phrase; all that mentions it goes.

    Raises:
        CliError: If there is no such file, or nothing was said to forget.
        ExperienceError: If it is no file of experience.
    """
    if not (tips or examples or (like or "").strip()):
        raise CliError("say what to forget: --tip NUMBER, --example NUMBER or --like WORD; `show` has the numbers")
    with _open(path) as kept:
        gone = kept.forget(tips=tips, examples=examples, like=like)
    print(f"forgot {gone} of what {path} held")
    return 0 if gone else 1


def _open(path: Path) -> Experience:
    if not path.is_file():
        raise CliError(f"{path}: no such file; `karma run --experience {path} …` makes one")
    return Experience(path)
