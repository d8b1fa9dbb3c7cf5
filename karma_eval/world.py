"""Ground truth at one moment, as the judge reads it from an event's metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from karma_eval.tasks import Milestone, Predicate, Selector
from scene_graph.ontology import ontology

__all__ = ["NEAR", "Binding", "World", "origin"]

NEAR = 0.5
"""Metres between the boxes of two objects that count as near each other."""

_POURS = 1.5
"""Metres from a tap to the middle of the basin that it pours into, at most; as the simulator's rules have it."""

_CRACKED = "EggCracked"
"""What an egg becomes when it breaks: a new object, which AI2-THOR does not call broken."""

_BASINS = (("SinkBasin", "BathtubBasin"), ("Sink", "Bathtub"))

Binding = Mapping[str, str]
"""Name of an instance in the task → simulator id of the whole object that it is."""

_PIECE = re.compile(r"\|(?P<label>[A-Z]\w*?)_\d+$")


def origin(object_id: str) -> str:
    """The id of the whole that an object was, itself unless it is a slice: ``Apple|…|AppleSliced_3`` → ``Apple|…``."""
    piece = _PIECE.search(object_id)
    if piece is None:
        return object_id
    whole = object_id[: piece.start()]
    return whole if ontology().derives(piece["label"], whole.split("|", 1)[0]) else object_id


class World:
    """The objects of one event, indexed for the judge.

    Args:
        objects: ``event.metadata["objects"]``.
        washed: Ids of objects that were in a basin under a running tap: what cannot get dirty counts as clean then.
    """

    def __init__(self, objects: Sequence[Mapping[str, Any]], *, washed: Iterable[str] = ()) -> None:
        self.by_id = {o["objectId"]: o for o in objects}
        self._washed = frozenset(washed)
        self._by_label: dict[str, list[str]] = {}
        for object_id, metadata in self.by_id.items():
            self._by_label.setdefault(metadata["objectType"], []).append(object_id)
        self._matching: dict[tuple[str, ...], list[str]] = {}

    def matching(self, types: tuple[str, ...]) -> list[str]:
        """Ids of the objects of these types or of types derived from them, sorted."""
        if types not in self._matching:
            derives = ontology().derives
            self._matching[types] = sorted(
                object_id
                for label, ids in self._by_label.items()
                if any(derives(label, base) for base in types)
                for object_id in ids
            )
        return self._matching[types]

    def select(self, selector: Selector, binding: Binding) -> list[str]:
        """Ids of the objects that a selector means: all of its types, or the instance and its pieces once bound."""
        bound = binding.get(selector.name) if selector.name else None
        ids = self.matching(selector.types)
        return ids if bound is None else [i for i in ids if origin(i) == bound]

    def holds(self, milestone: Milestone, binding: Binding) -> bool:
        """Whether a milestone holds now. Unbound names count as any instance."""
        others = None if milestone.other is None else set(self.select(milestone.other, binding))
        found: set[str] = set()
        for subject in self.select(milestone.subject, binding):
            if self.satisfies(subject, milestone, others):
                # Two slices of an apple are one apple; where slices are asked for, they are two.
                asked_for = self.by_id[subject]["objectType"] in milestone.subject.types
                found.add(subject if asked_for else origin(subject))
                if len(found) >= milestone.count:
                    break
        return (len(found) >= milestone.count) != milestone.negated

    def extensions(self, milestone: Milestone, binding: Binding) -> Iterator[dict[str, str]]:
        """The ways to bind a milestone's unbound names so that it holds; once unchanged when none is unbound."""
        unbound = [s for s in milestone.selectors if s.name and s.name not in binding]
        if not unbound:
            if self.holds(milestone, binding):
                yield dict(binding)
            return
        first = unbound[0]
        assert first.name is not None
        for whole in dict.fromkeys(origin(i) for i in self.matching(first.types)):
            yield from self.extensions(milestone, {**binding, first.name: whole})

    def satisfies(self, subject: str, milestone: Milestone, others: set[str] | None) -> bool:
        """Whether one object satisfies a milestone's predicate, with any of `others` as the second."""
        metadata = self.by_id[subject]
        if milestone.predicate is Predicate.HELD:
            return bool(metadata["isPickedUp"])
        if milestone.predicate is Predicate.STATE:
            return self.has_state(subject, str(milestone.state))
        assert others is not None
        if milestone.predicate is Predicate.ON:
            return not others.isdisjoint(self.parents(subject))
        if milestone.predicate is Predicate.IN:
            return not others.isdisjoint(self.containers(subject))
        return any(self.gap(subject, other) <= NEAR for other in others if other != subject)

    def gap(self, a: str, b: str) -> float:
        """Metres between the boxes of two objects; 0 where they touch or overlap."""
        return _gap(self.by_id[a], self.by_id[b])

    def containers(self, object_id: str) -> set[str]:
        """All that an object is in or on, through nested receptacles."""
        return set(self.ancestors(object_id))

    def parents(self, object_id: str) -> list[str]:
        """What directly holds an object; nothing holds what the hand does, wherever the hand is."""
        metadata = self.by_id[object_id]
        if metadata["isPickedUp"]:
            return []
        return [p for p in metadata["parentReceptacles"] or () if p in self.by_id and p != object_id]

    def ancestors(self, object_id: str) -> list[str]:
        """All that an object is in or on, through nested receptacles, the nearest first."""
        found: dict[str, None] = {}
        pending = [object_id]
        while pending:
            for parent in self.parents(pending.pop(0)):
                if parent not in found and parent != object_id:
                    found[parent] = None
                    pending.append(parent)
        return list(found)

    def has_state(self, object_id: str, state: str) -> bool:
        """Whether an object has a state; pieces of what was sliced are sliced."""
        metadata = self.by_id[object_id]
        base, _, liquid = state.partition(":")
        match base:
            case "open":
                return bool(metadata["openable"] and metadata["isOpen"])
            case "closed":
                return bool(metadata["openable"] and not metadata["isOpen"])
            case "on":
                return bool(metadata["toggleable"] and metadata["isToggled"])
            case "off":
                return bool(metadata["toggleable"] and not metadata["isToggled"])
            case "sliced":
                return bool(metadata["isSliced"]) or origin(metadata["objectId"]) != metadata["objectId"]
            case "cooked":
                return bool(metadata["isCooked"])
            case "clean":
                if metadata["dirtyable"]:
                    return not metadata["isDirty"]
                return origin(metadata["objectId"]) in self._washed
            case "dirty":
                return bool(metadata["dirtyable"] and metadata["isDirty"])
            case "filled":
                filled = bool(metadata["canFillWithLiquid"] and metadata["isFilledWithLiquid"])
                return filled and (not liquid or metadata["fillLiquid"] == liquid)
            case "empty":
                return bool(metadata["canFillWithLiquid"] and not metadata["isFilledWithLiquid"])
            case "broken":
                return bool(metadata["isBroken"]) or metadata["objectType"] == _CRACKED
            case "hot":
                return bool(metadata["temperature"] == "Hot")
            case "cold":
                return bool(metadata["temperature"] == "Cold")
        raise ValueError(f"{state!r} is no state that the judge knows")

    def under_running_tap(self) -> set[str]:
        """Wholes that lie where a running tap or shower pours: in the basin nearest to it, or the sink that is one."""
        running = [i for i in self.matching(("Faucet", "ShowerHead")) if self.by_id[i]["isToggled"]]
        basins = {basin for tap in running if (basin := self._basin(tap)) is not None}
        # A few sinks and tubs are receptacles themselves, beside the basin that is part of them.
        basins |= {basin.rsplit("|", 1)[0] for basin in basins}
        return {
            origin(i)
            for i, metadata in self.by_id.items()
            if metadata["pickupable"] and not basins.isdisjoint(self.containers(i))
        }

    def _basin(self, tap: str) -> str | None:
        """The basin that a tap or shower pours into."""
        shower = self.by_id[tap]["objectType"] == "ShowerHead"
        parts, wholes = (("BathtubBasin",), ("Bathtub",)) if shower else _BASINS
        near = [(_apart(self.by_id[i], self.by_id[tap]), i) for i in self.matching(parts) or self.matching(wholes)]
        nearest = min(near, default=None)
        return nearest[1] if nearest is not None and nearest[0] < _POURS else None


def _apart(a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
    """Horizontal metres between the middles of two objects' boxes."""
    middles = (a["axisAlignedBoundingBox"]["center"], b["axisAlignedBoundingBox"]["center"])
    return float(np.hypot(*(middles[0][axis] - middles[1][axis] for axis in "xz")))


def _gap(a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
    """Metres between the axis-aligned boxes of two objects; 0 where they touch or overlap."""
    gaps = []
    for axis in "xyz":
        distance = abs(a["axisAlignedBoundingBox"]["center"][axis] - b["axisAlignedBoundingBox"]["center"][axis])
        reach = (a["axisAlignedBoundingBox"]["size"][axis] + b["axisAlignedBoundingBox"]["size"][axis]) / 2
        gaps.append(max(0.0, distance - reach))
    return float(np.linalg.norm(gaps))
