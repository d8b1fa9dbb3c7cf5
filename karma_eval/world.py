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
        subjects = self.select(milestone.subject, binding)
        others = None if milestone.other is None else set(self.select(milestone.other, binding))
        found = 0
        for subject in subjects:
            if self._satisfies(subject, milestone, others):
                found += 1
                if found >= milestone.count:
                    break
        return (found >= milestone.count) != milestone.negated

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

    def _satisfies(self, subject: str, milestone: Milestone, others: set[str] | None) -> bool:
        metadata = self.by_id[subject]
        if milestone.predicate is Predicate.HELD:
            return bool(metadata["isPickedUp"])
        if milestone.predicate is Predicate.STATE:
            return self._has_state(metadata, str(milestone.state))
        assert others is not None
        if milestone.predicate is Predicate.ON:
            return not others.isdisjoint(metadata["parentReceptacles"] or ())
        if milestone.predicate is Predicate.IN:
            return not others.isdisjoint(self.containers(subject))
        return any(_gap(metadata, self.by_id[other]) <= NEAR for other in others if other != subject)

    def containers(self, object_id: str) -> set[str]:
        """All that an object is in or on, through nested receptacles."""
        found: set[str] = set()
        pending = [object_id]
        while pending:
            metadata = self.by_id.get(pending.pop())
            for parent in (metadata and metadata["parentReceptacles"]) or ():
                if parent not in found and parent != object_id:
                    found.add(parent)
                    pending.append(parent)
        return found

    def _has_state(self, metadata: Mapping[str, Any], state: str) -> bool:
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
                return bool(metadata["isBroken"])
            case "hot":
                return bool(metadata["temperature"] == "Hot")
            case "cold":
                return bool(metadata["temperature"] == "Cold")
        raise ValueError(f"{state!r} is no state that the judge knows")

    def under_running_tap(self) -> set[str]:
        """Wholes that lie in a basin whose tap runs: the tap within the basin's outline, half a metre around."""
        taps = [self.by_id[i] for i in self.matching(("Faucet",)) if self.by_id[i]["isToggled"]]
        taps += [self.by_id[i] for i in self.matching(("ShowerHead",)) if self.by_id[i]["isToggled"]]
        if not taps:
            return set()
        basins = {
            i
            for i in self.matching(("SinkBasin", "BathtubBasin"))
            if any(_gap(self.by_id[i], tap) <= NEAR for tap in taps)
        }
        return {
            origin(i)
            for i, metadata in self.by_id.items()
            if metadata["pickupable"] and not basins.isdisjoint(self.containers(i))
        }


def _gap(a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
    """Metres between the axis-aligned boxes of two objects; 0 where they touch or overlap."""
    gaps = []
    for axis in "xyz":
        distance = abs(a["axisAlignedBoundingBox"]["center"][axis] - b["axisAlignedBoundingBox"]["center"][axis])
        reach = (a["axisAlignedBoundingBox"]["size"][axis] + b["axisAlignedBoundingBox"]["size"][axis]) / 2
        gaps.append(max(0.0, distance - reach))
    return float(np.linalg.norm(gaps))
