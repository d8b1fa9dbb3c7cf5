"""The scene graph in words, for a prompt: complete where it fits, shortened in a fixed order where it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["estimate_tokens", "render"]

STYLES = ("paper", "compact")


def estimate_tokens(text: str) -> int:
    """Tokens that a text takes, about: models split English into 3.5 characters a token, names and numbers finer."""
    return -(-len(text) * 2 // 7)


def render(
    rooms: Sequence[Mapping[str, Any]],
    *,
    token_budget: int,
    style: str = "compact",
    count_tokens: Callable[[str], int] = estimate_tokens,
) -> str:
    """Write rooms, areas and objects within a token budget.

    What does not fit is left out in this order: sizes of numbers' digits and neighbours' costs, positions of objects,
    neighbours, then whole areas from the last. The same graph and budget always give the same text.

    Args:
        rooms: Of `SceneGraph.rooms`.
        token_budget: Tokens at most.
        style: ``"paper"``, one record an area as in the KARMA paper, or ``"compact"``, one line an area.
        count_tokens: Tokens of a text; an estimate unless a model's tokeniser is given.

    Raises:
        ValueError: If the style is unknown or the budget not positive.
    """
    if style not in STYLES:
        raise ValueError(f"style must be one of {', '.join(STYLES)}, got {style!r}")
    if token_budget <= 0:
        raise ValueError(f"token_budget must be positive, got {token_budget!r}")
    write = _paper if style == "paper" else _compact
    lines: list[str] = []
    for detail in (3, 2, 1, 0):
        lines = write(rooms, detail)
        text = "\n".join(lines)
        if count_tokens(text) <= token_budget:
            return text
    kept: list[str] = []
    for n, line in enumerate(lines):
        note = f"({len(lines) - n} lines left out)"
        if count_tokens("\n".join([*kept, line, note])) > token_budget:
            text = "\n".join([*kept, note])
            return text if count_tokens(text) <= token_budget else ""
        kept.append(line)
    return "\n".join(kept)


def _paper(rooms: Sequence[Mapping[str, Any]], detail: int) -> list[str]:
    lines = []
    for room in rooms:
        for area in _areas(room):
            record = [f"name: {area['id']}", f"room: {room['name']}"]
            if area["position"] is not None:
                record.append(f"position: {_place(area['position'], 2 if detail > 2 else 1)}")
            record.append(f"contains: [{_things(area['objects'], detail)}]")
            if detail > 0:
                record.append(f"neighbors: [{_ways(area, detail)}]")
            lines.append("{" + ", ".join(record) + "}")
    return lines


def _compact(rooms: Sequence[Mapping[str, Any]], detail: int) -> list[str]:
    lines = []
    for room in rooms:
        lines.append(f"{room['name']} ({room['id']}):")
        for area in _areas(room):
            line = f"- {area['id']}"
            if area["position"] is not None:
                line += f" {_place(area['position'], 1)}"
            line += f": {_things(area['objects'], detail) or 'nothing'}"
            if detail > 0 and area["neighbours"]:
                line += f"; to {_ways(area, detail)}"
            lines.append(line)
    return lines


def _areas(room: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Areas of a room, and what is not under any area as one more."""
    areas = list(room["areas"])
    if room.get("objects"):
        areas.append({"id": "elsewhere", "position": None, "neighbours": {}, "objects": room["objects"]})
    return areas


def _things(objects: Sequence[Mapping[str, Any]], detail: int) -> str:
    if detail >= 2:
        words = []
        for thing in objects:
            notes = [_place(thing["position"], 2 if detail > 2 else 1), *thing.get("states", ())]
            if thing.get("stale"):
                notes.append("missing when last looked at")
            words.append(f"{thing['label']} {' '.join(notes)}")
        return ", ".join(words)
    counts = Counter(thing["label"] for thing in objects)
    return ", ".join(label if n == 1 else f"{label} ×{n}" for label, n in sorted(counts.items()))


def _ways(area: Mapping[str, Any], detail: int) -> str:
    if detail >= 2:
        return ", ".join(f"{name} {cost:.1f} m" for name, cost in area["neighbours"].items())
    return ", ".join(area["neighbours"])


def _place(position: Sequence[float], digits: int) -> str:
    # Adding zero turns -0.0 into 0.0, so that noise around zero does not change the text.
    return "(" + ", ".join(f"{round(v, digits) + 0.0:.{digits}f}" for v in position[:2]) + ")"
