"""Colours of rooms, areas and kinds of things, for every picture of a scene graph."""

from __future__ import annotations

from scene_graph.ontology import ontology

__all__ = ["AREA", "KINDS", "NOTE", "OTHER", "ROOMS", "ROUTE", "kind_of", "rgb"]

ROOMS = ("#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#edc948", "#76b7b2", "#e15759", "#9c755f")
"""Of rooms in turn; tints of them on floors."""
KINDS = (
    ("appliance", "#c8434f", "appliance"),
    ("storage", "#8a6236", "storage"),
    ("seating", "#4a6fa8", "seat"),
    ("table", "#b7822f", "table"),
    ("work surface", "#9a8f3c", "work surface"),
    ("fixture", "#2f8f8a", "fixture"),
    ("lighting", "#dd9a0c", "light"),
)
"""Category, colour and name of each kind; a thing is of the first that fits."""
OTHER = "#6f6f78"
AREA = "#2f4b7c"
ROUTE = "#1b9e4b"
NOTE = "#a0307f"


def kind_of(label: str) -> tuple[str, str]:
    """Name and colour of the kind that a class is of."""
    categories = ontology().get(label).categories
    return next(((name, colour) for category, colour, name in KINDS if category in categories), ("other", OTHER))


def rgb(colour: str) -> tuple[float, float, float]:
    """Red, green and blue in [0, 1] of a colour like ``#4e79a7``."""
    r, g, b = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return r, g, b
