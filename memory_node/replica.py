"""A read-only replica of the scene graph, for a memory whose graph is kept by another process."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from scene_graph.graph import ReadOnlyError
from scene_graph.routing import left_for_short_term
from scene_graph.search import SearchPlace
from scene_graph.types import Change, ObjectState, Observation, Point, View

__all__ = ["GraphReplica"]


class GraphReplica:
    """What memory needs of a scene graph (`memory_node.longterm.LongTerm`), brought up to date from outside.

    Its version is that of the graph it mirrors.
    """

    read_only = True
    map_id = ""

    def __init__(self) -> None:
        self.version = 0
        self._objects: dict[str, ObjectState] = {}
        self._areas: dict[str, tuple[float, float]] = {}
        self._mobile: frozenset[str] = frozenset()
        self._revisions: dict[str, int] = {}  # version at which a thing changed or went, oldest first

    def replace(
        self,
        objects: Iterable[ObjectState],
        areas: Mapping[str, tuple[float, float]],
        *,
        version: int,
        mobile: Collection[str] = (),
    ) -> None:
        """Take over a whole graph.

        Args:
            objects: All its things.
            areas: (x, y) of the middle of each area, metres.
            version: The graph's.
            mobile: Classes of which one left the graph because it moves.
        """
        self._mobile = frozenset(mobile)
        before, self._objects = self._objects, {state.object_id: state for state in objects}
        self._areas = dict(areas)
        self.version = version
        gone = [key for key in before if key not in self._objects]
        self._revise([*gone, *(key for key, state in self._objects.items() if before.get(key) != state)])

    def apply(
        self,
        changed: Iterable[ObjectState],
        removed: Collection[str],
        areas: Mapping[str, tuple[float, float]] | None,
        *,
        base_version: int,
        version: int,
        mobile: Collection[str] | None = None,
    ) -> bool:
        """Follow one update.

        Args:
            changed: Things that are new or differ.
            removed: Ids of things that are no more.
            areas: All areas, if they changed.
            base_version: Version of the graph that the update starts from.
            version: Version after it.
            mobile: Classes of which one left the graph because it moves, if the areas are given.

        Returns:
            Whether it fitted. If an update before it was missed, nothing is changed.
        """
        if base_version != self.version:
            return False
        for key in removed:
            self._objects.pop(key, None)
        states = {state.object_id: state for state in changed}
        self._objects.update(states)
        if areas is not None:
            self._areas = dict(areas)
        if mobile is not None:
            self._mobile = frozenset(mobile)
        self.version = version
        self._revise([*removed, *states])
        return True

    def align(self, observations: Iterable[Observation], view: View) -> tuple[list[Observation], View]:
        """The frame as it is: what a replica holds does not say where things are seen exactly."""
        return list(observations), view

    def observe(
        self,
        observations: Iterable[Observation],
        view: View | None = None,
        *,
        robot_pose: Sequence[float] | None = None,
        stamp: float | None = None,
        aligned: bool = False,
    ) -> list[Change]:
        """Refuse: only the node that owns the graph changes it.

        Raises:
            ReadOnlyError: Always.
        """
        raise ReadOnlyError("this scene graph is a read-only replica: send observations to the node that owns it")

    def objects(self) -> list[ObjectState]:
        """All things in the graph."""
        return list(self._objects.values())

    def news(self, version: int) -> tuple[list[ObjectState], list[str]]:
        """What was added or changed after a version of it, and ids of what was removed after that."""
        changed: list[ObjectState] = []
        gone: list[str] = []
        for key in reversed(self._revisions):
            if self._revisions[key] <= version:
                break
            state = self._objects.get(key)
            if state is None:
                gone.append(key)
            else:
                changed.append(state)
        return changed[::-1], gone[::-1]

    def _revise(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._revisions.pop(key, None)
            self._revisions[key] = self.version

    def place_of(self, point: Point) -> str | None:
        """Id of the area whose middle is nearest to a place."""
        if not self._areas:
            return None
        return min(self._areas, key=lambda area: (math.dist(self._areas[area], point[:2]), area))

    def contains(self, place_id: str, point: Point) -> bool:
        """Whether a place is in an area."""
        return self.place_of(point) == place_id

    def rank_places(
        self,
        sought: str,
        *,
        start: Sequence[float],
        exclude: Collection[str] = (),
        k: int = 10,
        last_seen: Point | None = None,
        now: float | None = None,
    ) -> list[SearchPlace]:
        """None: only the node that owns the graph knows travel and habits; ask its `rank_areas`."""
        return []

    def left(self, observation: Observation) -> bool:
        """Whether a thing whose class keeps its place turned out to move, as far as the graph's owner has told."""
        if observation.label not in self._mobile:
            return False
        known = [state for state in self._objects.values() if state.label == observation.label]
        return left_for_short_term(observation, self._mobile, known)

    def consolidate(self, changes: Iterable[Change]) -> int:
        """Nothing: the node that owns the graph listens to memory's changes itself."""
        return 0

    def drop(self, object_ids: Collection[str]) -> None:
        """Leave things out that the owner has erased, before its update says so."""
        for object_id in object_ids:
            self._objects.pop(object_id, None)

    def forget(self, *, object_id: str | None = None, labels: Collection[str] | None = None) -> list[str]:
        """Refuse: only the node that owns the graph changes it.

        Raises:
            ReadOnlyError: Always.
        """
        raise ReadOnlyError("this scene graph is a read-only replica: ask the node that owns it to forget")

    def digest(self) -> str:
        """SHA-256 over things and areas; equal replicas have equal digests."""
        content = [[state.to_json() for _, state in sorted(self._objects.items())], sorted(self._areas.items())]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()
