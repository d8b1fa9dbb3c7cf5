"""Looking for what memory does not know: the likeliest places first, doors opened and closed again.

Visited places are remembered for the whole task, so that a second search goes on where the first stopped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from memory_node.recollection import Recollection
from planner_node.body import Body
from planner_node.knowledge import SearchPlace
from planner_node.plan import ObjectRef
from planner_node.result import EventKind
from planner_node.robot import SkillCode
from scene_graph.types import Observation

__all__ = ["Searcher"]

_FLAT = 0.03
"""Least extent, metres, up to which a thing lying on a surface is easily overlooked from the middle of an area."""

_AROUND = 1.8
"""Metres around a place within which its surfaces are."""

_SURFACES = 3
"""Surfaces of one area that are looked at closely for a flat thing."""

_VIEWPOINTS = 6
"""Places to stand from which to try to see a container."""

_TALL = 0.4
"""Metres from which a container is looked into twice: at its middle, and at its bottom."""


@dataclass
class Searcher:
    """Searches on behalf of one task.

    Attributes:
        body: Robot and memory.
        most: Places visited for one thing at most.
        opened: Containers that were opened and stand open because something was found in them.
    """

    body: Body
    most: int = 60
    opened: list[Observation] = field(default_factory=list)
    _visited: dict[str, set[str]] = field(default_factory=dict)
    _tops: dict[str, set[str]] = field(default_factory=dict)

    def find(self, ref: ObjectRef, exclude: set[str]) -> Recollection | None:
        """Look for something until it is seen, the places run out, or the bound is reached.

        Args:
            ref: What is sought.
            exclude: Memory's ids that will not do.

        Returns:
            What was found, as memory now has it; None if nothing was.
        """
        body = self.body
        sought = ref.label or ref.phrase
        visited = self._visited.setdefault(sought, set())
        began = body.frame.stamp
        for _ in range(self.most):
            places = body.knowledge.rank_places(sought, start=body.position, exclude=sorted(visited), k=5)
            place = next((p for p in places if p.place_id not in visited), None)
            if place is None:
                return None
            visited.add(place.place_id)
            body.result.searched.append(
                {"sought": sought, "place": place.place_id, "kind": place.kind, "label": place.label}
            )
            body.tell(
                EventKind.SEARCH,
                f"looking for {ref.phrase or sought} at {place.label or place.place_id}",
                sought=sought,
                place=place.place_id,
                place_kind=place.kind,
                probability=place.probability,
            )
            if place.kind == "container":
                self._look_inside(place, ref, exclude, began)
            else:
                self._look_around(place)
                if self.seen_since(ref, exclude, began) is None:
                    self._look_closely(place, ref, exclude, began)
            found = self.seen_since(ref, exclude, began)
            if found is not None:
                body.tell(EventKind.FOUND, f"found {ref.phrase or sought}", object_id=found.object.object_id)
                return found
        return None

    def seen_since(self, ref: ObjectRef, exclude: set[str], stamp: float) -> Recollection | None:
        """The nearest thing that will do and was seen since a moment."""
        body = self.body
        labels = [lb for lb in body.ontology.labels() if any(body.ontology.derives(lb, base) for base in ref.labels)]
        found = body.knowledge.recall("", labels=labels or list(ref.labels), k=20, min_score=0.0)
        usable = [
            r
            for r in found
            if r.stamp >= stamp and not r.stale and not r.object.held and r.object.object_id not in exclude
        ]
        return min(usable, key=lambda r: math.dist(r.position, body.position), default=None)

    def _look_around(self, place: SearchPlace) -> None:
        body = self.body
        stand = place.viewpoint or place.position
        x, y, _ = body.position
        ahead = math.atan2(place.position[1] - y, place.position[0] - x)
        reached = body.call("go_to_pose", label=place.label or place.place_id, target=stand, yaw=ahead)
        if not reached.ok and reached.code is not SkillCode.UNSUPPORTED:
            reached = body.call("go_to", label=place.label or place.place_id, target=place.position)
        if reached.ok:
            body.call("look_around", label=place.label or place.place_id)

    def _look_closely(self, place: SearchPlace, ref: ObjectRef, exclude: set[str], began: float) -> None:
        """Look at the tops of what stands around a place, if a thing so flat could have been overlooked on them."""
        body = self.body
        size = body.ontology.get(ref.label).size
        if size is None or min(size) > _FLAT:
            return
        near = body.knowledge.recall(
            "", labels=self._surfaces(ref), near=(place.position, _AROUND), k=_SURFACES, min_score=0.0
        )
        for item in near:
            if item.object.object_id in self._tops.setdefault(ref.label, set()):
                continue
            self._tops[ref.label].add(item.object.object_id)
            body.call("go_to", label=item.object.label, target=item.position)
            if self.seen_since(ref, exclude, began) is not None:
                return

    def _surfaces(self, ref: ObjectRef) -> list[str]:
        """Classes of open things that the sought one may lie on."""
        known = self.body.ontology
        holders = (known.get(holder) for holder in known.holders(ref.label))
        return [info.label for info in holders if info.static and not info.closes]

    def _look_inside(self, place: SearchPlace, ref: ObjectRef, exclude: set[str], began: float) -> None:
        body = self.body
        for attempt in range(_VIEWPOINTS):
            reached = body.call("go_to", label=place.label, target=place.position, attempt=attempt)
            container = self._container(place)
            if not reached.ok or container is None or container.object_id is None:
                continue
            if "open" in container.states:
                return
            if not body.call("open", label=place.label, object_id=container.object_id).ok:
                continue
            if self.seen_since(ref, exclude, began) is None:
                inside = body.follow(container, "open") or container
                body.call("look_at", label=place.label, target=inside.position)
                height = inside.size[2] if inside.size is not None else 0.0
                if height > _TALL and self.seen_since(ref, exclude, began) is None:
                    # What stands in it stands on its bottom, which what the hand holds may hide from here.
                    x, y, z = inside.position
                    body.call("look_at", label=place.label, target=(x, y, z - 0.4 * height))
            opened = body.follow(container, "open")
            if self.seen_since(ref, exclude, began) is not None:
                self.opened.append(opened or container)
            elif opened is not None:
                body.call("close", label=place.label, object_id=opened.object_id)
            return

    def _container(self, place: SearchPlace) -> Observation | None:
        """The container in the newest frame: by memory's id, else the like one nearest to its place."""
        known = self.body.observation_of(place.place_id)
        if known is not None:
            return known
        like = [o for o in self.body.visible({place.label}) if math.dist(o.position, place.position) < 0.5]
        return min(like, key=lambda o: math.dist(o.position, place.position), default=None)
