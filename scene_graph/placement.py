"""Where things are usually found: from this home's habits, from other homes' statistics, from common sense.

A `Placements` answers how many things of a class to expect on or in one receptacle of a class. Three sources, the more
specific first: what was found in this very receptacle (`Habits`, learned, fading), counts over many homes (the
`procthor` package's, when it is installed), and what the household knowledge says may be put there.
"""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from scene_graph.ontology import Ontology, ontology

__all__ = ["Habits", "Placements", "procthor_placements"]

FLOOR = "Floor"
_POSSIBLE = 0.015
"""Things of one class expected in a receptacle of which nothing is known but that they may be put there."""
_FAVOURITE = 0.05
"""The same for receptacles that are made to keep things (drawers, cabinets, shelves, counters)."""
_UNLIKELY = 0.0005
"""The same where they do not belong."""
_KEEPERS = frozenset({"storage", "work surface", "table"})


@dataclass(frozen=True)
class Placements:
    """Expected number of things by class of thing and class of receptacle.

    Attributes:
        rates: Things of a class per receptacle of a class, over many homes: ``rates[receptacle][thing]``.
        weight: How many receptacles of other homes one guess from the household knowledge is worth.
        exposures: How many receptacles of each class `rates` was counted over; unknown means many.
    """

    rates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    exposures: Mapping[str, int] = field(default_factory=dict)
    weight: float = 3.0

    def rate(self, label: str, receptacle: str, *, knowledge: Ontology | None = None) -> float:
        """Things of class `label` to expect on or in one receptacle of class `receptacle`."""
        known = knowledge or ontology()
        info = known.get(receptacle)
        guess = _UNLIKELY
        if label in info.holds:
            guess = _FAVOURITE if info.categories & _KEEPERS else _POSSIBLE
        counted = self.rates.get(receptacle)
        if counted is None:
            return guess
        exposure = self.exposures.get(receptacle, 50)
        return (counted.get(label, 0.0) * exposure + guess * self.weight) / (exposure + self.weight)

    @classmethod
    def count(cls, pairs: Iterable[tuple[str, str]], receptacles: Mapping[str, int]) -> Placements:
        """Statistics from observed placements.

        Args:
            pairs: (class of thing, class of receptacle), one for each thing found.
            receptacles: How many receptacles of each class were looked into.
        """
        counts: dict[str, dict[str, float]] = {receptacle: {} for receptacle in receptacles}
        for label, receptacle in pairs:
            row = counts.setdefault(receptacle, {})
            row[label] = row.get(label, 0.0) + 1.0
        rates = {
            receptacle: {label: n / max(receptacles.get(receptacle, 1), 1) for label, n in row.items()}
            for receptacle, row in counts.items()
        }
        return cls(rates=rates, exposures=dict(receptacles))


@cache
def procthor_placements() -> Placements:
    """Statistics of the `procthor` package; none when it is not installed."""
    spec = importlib.util.find_spec("procthor")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "databases" / "receptacles.json"
        if path.is_file():
            data: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
            rates = {
                receptacle: {label: float(entry.get("p", 0.0)) for label, entry in row.items()}
                for receptacle, row in data.items()
            }
            return Placements(rates=rates)
    return Placements()


@dataclass
class Habits:
    """Where each class of thing was found in this home: counts that fade, by receptacle.

    Attributes:
        half_life: Seconds after which a finding counts half.
        counts: (sum, stamp of the newest) by class of thing and id of the receptacle or area.
    """

    half_life: float = 14 * 86400.0
    counts: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)

    def note(self, label: str, place_id: str, stamp: float, *, weight: float = 1.0) -> None:
        """A thing of class `label` was found at, or put to, a place."""
        row = self.counts.setdefault(label, {})
        total, before = row.get(place_id, (0.0, stamp))
        row[place_id] = (total * self._fade(stamp - before) + weight, max(stamp, before))

    def weight(self, label: str, place_id: str, now: float) -> float:
        """How often it was found there, older findings counting less."""
        total, stamp = self.counts.get(label, {}).get(place_id, (0.0, now))
        return total * self._fade(now - stamp)

    def forget(self, *, label: str | None = None, place_id: str | None = None) -> int:
        """Erase what was learned about a class, a place, or one of a class at a place; returns how many counts."""
        erased = 0
        for name in [label] if label is not None else list(self.counts):
            row = self.counts.get(name, {})
            for place in [place_id] if place_id is not None else list(row):
                erased += row.pop(place, None) is not None
            if not row:
                self.counts.pop(name, None)
        return erased

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready mapping in a stable order; `from_json` reads it back."""
        return {label: {place: list(row[place]) for place in sorted(row)} for label, row in sorted(self.counts.items())}

    @classmethod
    def from_json(cls, data: Mapping[str, Mapping[str, Iterable[float]]]) -> Habits:
        """Read what `to_json` wrote."""
        habits = cls()
        for label, row in data.items():
            for place, values in row.items():
                total, stamp = (float(v) for v in values)
                habits.counts.setdefault(label, {})[place] = (total, stamp)
        return habits

    def _fade(self, seconds: float) -> float:
        # Time may jump back (a reset); what was learned does not grow by it.
        return math.exp2(-max(seconds, 0.0) / self.half_life)
