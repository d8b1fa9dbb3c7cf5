"""``karma parse``: how instructions are understood, without memory."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
from typing import Any

from karma_cli.errors import CliError
from planner_node.parser import parse_instruction
from scene_graph.ontology import ontology

__all__ = ["parse_lines"]


def parse_lines(output_format: str | None) -> int:
    """Read standard input, print one JSON object a line; returns the exit code.

    Args:
        output_format: ``alfred`` for ALFRED's goal fields; None for the clauses as intents.

    Raises:
        CliError: If there is no such format.
        PlannerError: If the trained parser's weights are missing.
    """
    if output_format not in (None, "alfred"):
        raise CliError(f"there is no format {output_format!r}; use alfred, or leave it out")
    read = _intents if output_format is None else _goal
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(read(line.strip())), flush=True)
    return 0


def _intents(line: str) -> dict[str, Any]:
    intents, unclear = parse_instruction(line, ontology())
    return {"instruction": line, "intents": _plain(intents), "unclear": unclear}


def _goal(line: str) -> dict[str, Any]:
    from planner_node.learned.alfred import parse_goal

    return dict(parse_goal(line).fields())


def _plain(value: Any) -> Any:
    """JSON-ready data without what is empty."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items() if v not in (None, "", (), [], {}, False)}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return sorted(value) if isinstance(value, (set, frozenset)) else value
