"""``karma parse``: how instructions are understood, without memory."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from karma_cli.errors import CliError
from planner_node.parser import parse_instruction
from scene_graph.ontology import ontology

__all__ = ["parse_lines"]


_LONGEST = 4000
"""Characters of a line that are read; a person's instruction has a tenth of that."""


def parse_lines(output_format: str | None) -> int:
    """Read standard input, print one JSON object for every line; returns the exit code.

    A line that cannot be read gets its object too, with the reason under ``error``, so that output lines up with input.

    Args:
        output_format: ``alfred`` for ALFRED's goal fields; None for the clauses as intents.

    Raises:
        CliError: If there is no such format.
        PlannerError: If the trained parser's weights are missing.
    """
    if output_format not in (None, "alfred"):
        raise CliError(f"there is no format {output_format!r}; use alfred, or leave it out")
    read, nothing = (_intents, _NO_INTENTS) if output_format is None else (_goal, _NO_GOAL)
    if isinstance(sys.stdin, io.TextIOWrapper):
        # Lines end where a line feed is, and nowhere else; bytes that are no UTF-8 become question marks.
        sys.stdin.reconfigure(encoding="utf-8", errors="replace", newline="\n")
    for line in sys.stdin:
        text = line.strip("\n\r\ufeff \t")
        error = _error(text)
        result = {**nothing, "error": error} if error else read(text)
        if len(text) > _LONGEST:
            result["error"] = f"the line has {len(text)} characters; only the first {_LONGEST} were read"
        print(json.dumps(result), flush=True)
    return 0


_NO_INTENTS: dict[str, Any] = {"instruction": "", "intents": [], "unclear": []}
_NO_GOAL: dict[str, Any] = {
    "task_type": "",
    "object_target": "",
    "mrecep_target": "",
    "parent_target": "",
    "toggle_target": "",
    "object_sliced": False,
}


def _error(text: str) -> str:
    """Why a line is no instruction; "" if it may be one."""
    if not text.strip():
        return "the line is empty; write one instruction a line"
    if not re.search(r"[a-zA-Z]", text):
        return "there are no words in the line that this parser knows; write one English instruction a line"
    return ""


def _intents(line: str) -> dict[str, Any]:
    intents, unclear = parse_instruction(line[:_LONGEST], ontology())
    return {"instruction": line, "intents": _plain(intents), "unclear": unclear}


def _goal(line: str) -> dict[str, Any]:
    from planner_node.learned.alfred import parse_goal

    return dict(parse_goal(line[:_LONGEST]).fields())


def _plain(value: Any) -> Any:
    """JSON-ready data without what is empty."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items() if v not in (None, "", (), [], {}, False)}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return sorted(value) if isinstance(value, (set, frozenset)) else value
