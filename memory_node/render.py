"""Memory as text for a language model: deterministic, and within a budget of tokens.

The whole long-term graph is named first, shortened to what the budget allows, then short-term units, the most useful
first. Ages are rounded, and order depends on nothing that changes from frame to frame, so that a prompt stays the same
(and a model's prefix cache warm) while nothing of importance happens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scene_graph.types import ObjectState

__all__ = ["Line", "count_tokens", "render"]

_TOKEN = re.compile(r"\w+|[^\w\s]")
_AGES = ((10.0, "just now"), (60.0, "<1 min"), (300.0, "<5 min"), (900.0, "<15 min"), (3600.0, "<1 h"))


@dataclass(frozen=True, slots=True)
class Line:
    """An object to be named in a prompt.

    Attributes:
        state: What is believed.
        age: Seconds since it was seen; None across epochs.
        place: Word for what it is on or in, or for the area it is in; empty if unknown.
    """

    state: ObjectState
    age: float | None
    place: str


def count_tokens(text: str) -> int:
    """How many tokens a text takes at most, about, in the tokenizers of common language models.

    A word counts one token for each started group of four letters, and each punctuation mark and line break one.
    """
    return sum(-(-len(token) // 4) for token in _TOKEN.findall(text)) + text.count("\n")


def render(long: Sequence[Line], short: Sequence[Line], *, token_budget: int) -> str:
    """Text that names what is remembered.

    Args:
        long: Things that keep their place, the most useful first.
        short: Short-term units, the most useful first.
        token_budget: Tokens that the text may take, counted by `count_tokens`.

    Returns:
        At most that many tokens; empty if not even the headings fit.
    """
    # Short-term units say what a task needs most: they may take what a short form of the graph leaves, and the graph
    # then takes back what they do not use.
    brief = _graph(long, detail=False)
    lines = _fit("Objects that move:", [_unit(line) for line in short], token_budget - count_tokens(brief) - 1)
    left = token_budget - count_tokens(lines) - 1
    full = _graph(long, detail=True)
    graph = full if count_tokens(full) <= left else brief if count_tokens(brief) <= left else ""
    if not graph and long:
        graph = _shorten(long, left)
    return "\n".join(part for part in (graph, lines) if part)


def _graph(long: Sequence[Line], *, detail: bool) -> str:
    if not long:
        return ""
    if detail:
        ordered = sorted(long, key=lambda line: (line.place, line.state.label, line.state.object_id))
        return "\n".join(["Things that keep their place:", *(_unit(line, aged=False) for line in ordered)])
    counts: dict[str, int] = {}
    for line in long:
        counts[line.state.label] = counts.get(line.state.label, 0) + 1
    named = [label if count == 1 else f"{label} ×{count}" for label, count in sorted(counts.items())]
    return f"Things that keep their place: {', '.join(named)}."


def _shorten(long: Sequence[Line], budget: int) -> str:
    """As many classes as fit."""
    kept = list(long)
    while kept:
        text = _graph(kept, detail=False)
        if count_tokens(text) <= budget:
            return text
        kept.pop()
    return ""


def _fit(heading: str, lines: Sequence[str], budget: int) -> str:
    taken: list[str] = []
    used = count_tokens(heading)
    for line in lines:
        cost = count_tokens(line) + 1
        if used + cost > budget:
            break
        used += cost
        taken.append(line)
    return "\n".join([heading, *taken]) if taken else ""


def _unit(line: Line, *, aged: bool = True) -> str:
    state = line.state
    x, y, z = state.position
    parts = [f"at ({x:.1f}, {y:.1f}, {z:.1f})"]
    if state.held:
        parts = ["in the gripper"]
    elif line.place:
        parts.insert(0, f"in/on {line.place}")
    parts += sorted(state.states)
    if state.stale:
        parts.append("not there any more")
    elif state.provisional:
        parts.append("probably the same as one seen elsewhere before")
    if aged:
        parts.append(_age(line.age))
    return f"- {state.label} [{state.object_id}] {', '.join(parts)}"


def _age(age: float | None) -> str:
    """An age in coarse steps, so that text does not change with every second."""
    if age is None:
        return "seen in an earlier session"
    for bound, words in _AGES:
        if age < bound:
            return f"seen {words} ago" if words != "just now" else "seen just now"
    return f"seen {int(age // 3600)} h ago"
