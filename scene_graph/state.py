"""What a scene graph knows, with its indices: the data on which learning, ranking and writing work.

`scene_graph.graph.SceneGraph` is this with the methods that users call.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from scene_graph.areas import AreaMap
from scene_graph.boxes import encloses, volume
from scene_graph.grid import OccupancyGrid
from scene_graph.index import SpatialHash
from scene_graph.objects import Number, Place, SceneObject
from scene_graph.ontology import Ontology, ontology
from scene_graph.placement import Habits, Placements, procthor_placements
from scene_graph.search import Similarity
from scene_graph.types import Observation, Point
from scene_graph.visibility import Sight

__all__ = ["GraphState", "Note", "number_of"]

_NEAREST = 6
"""Of how many of the nearest areas one is sought that no wall parts from a thing."""
_STEP = 0.25
"""How far before a thing the floor is surely on its side of a wall, metres."""


class Note(msgspec.Struct, frozen=True, rename={"object_id": "id", "extra": "<extra>"}):
    """What is left of a thing that seemed to keep its place and was found elsewhere: short-term memory has it now.

    Attributes:
        object_id: The id that it had in the graph.
        label: Its class.
        position: Where it had been, metres.
        stamp: When it was found elsewhere, seconds.
        area: Id of the area under which it was.
        extra: Fields of the file that this release does not know.
    """

    object_id: str
    label: str
    position: Place
    stamp: Number
    area: str | None = None
    extra: dict[str, Any] = {}


class GraphState:
    """The content of a scene graph.

    Args:
        map_id: Which map the coordinates belong to.
        grid: The floor; an empty grid unless given.
        knowledge: Household knowledge; the shipped one unless given.
        placements: Where things are in other homes; the `procthor` package's statistics unless given.
        similarity: An embedding model's cosine between a phrase and texts, for ranking places.
        sight: What the sensor can be relied upon to see.
    """

    def __init__(
        self,
        *,
        map_id: str = "",
        grid: OccupancyGrid | None = None,
        knowledge: Ontology | None = None,
        placements: Placements | None = None,
        similarity: Similarity | None = None,
        sight: Sight | None = None,
    ) -> None:
        self.map_id = map_id
        self.grid = grid or OccupancyGrid()
        self.areas = AreaMap()
        self.habits = Habits()
        self.notes: list[Note] = []
        self.read_only = False
        self.epoch = 0
        self.stamp = -math.inf
        self.version = 0
        self.frames = 0
        self.knowledge = knowledge or ontology()
        self.placements = placements if placements is not None else procthor_placements()
        self.similarity = similarity
        self.sight = sight or Sight()
        self.looked: dict[str, float] = {}
        self.aliases: dict[str, str] = {}
        self.apart: dict[tuple[str, str], int] = {}
        self.robot: tuple[float, float] | None = None
        self.covered = -math.inf
        self.settled = False
        self.next_object = 1
        self.extra: dict[Any, Any] = {}
        self._objects: dict[str, SceneObject] = {}
        self._by_label: dict[str, dict[str, SceneObject]] = {}
        self._index: SpatialHash[str] = SpatialHash(2.0)
        self._revisions: dict[str, int] = {}

    # -- things -------------------------------------------------------------------------------------------------

    @property
    def things(self) -> Mapping[str, SceneObject]:
        """The objects by id, with all that was learned of them; not to be written to."""
        return self._objects

    def __len__(self) -> int:
        return len(self._objects)

    def resolve(self, object_id: str) -> SceneObject | None:
        """The object of an id of the graph, also one that was merged into it."""
        return self._objects.get(self.aliases.get(object_id, object_id))

    def of_label(self, label: str) -> Mapping[str, SceneObject]:
        """The objects of exactly one class, by id."""
        return self._by_label.get(label, {})

    def labels(self) -> list[str]:
        """Classes of the things in the graph, sorted."""
        return sorted(label for label, members in self._by_label.items() if members)

    def around(self, point: Point, radius: float) -> list[SceneObject]:
        """Things whose centre is within a radius of a point, nearest first."""
        return [self._objects[key] for _, key in self._index.within(point, radius)]

    def keys_near(self, point: Point, radius: float) -> list[str]:
        """Ids of the things whose centre is within a radius of a point, nearest first."""
        return [key for _, key in self._index.within(point, radius)]

    def create(self, observation: Observation, object_id: str | None = None) -> SceneObject:
        """A new object from an observation, with a new id unless one is given."""
        if object_id is None:
            object_id = f"object-{self.next_object}"
            self.next_object += 1
        thing = SceneObject.first_seen(object_id, observation)
        self.add(thing)
        return thing

    def add(self, thing: SceneObject) -> None:
        """Take in an object."""
        self._objects[thing.object_id] = thing
        self._by_label.setdefault(thing.label, {})[thing.object_id] = thing
        self._index.put(thing.object_id, thing.position)
        self._revise(thing.object_id)

    def add_all(self, things: Sequence[SceneObject]) -> None:
        """Take in the objects of a file, which are no news.

        Raises:
            ValueError: If two have the same id.
        """
        self._objects = {thing.object_id: thing for thing in things}
        if len(self._objects) < len(things):
            raise ValueError("two objects have the same id")
        by_label: defaultdict[str, dict[str, SceneObject]] = defaultdict(dict)
        for key, thing in self._objects.items():
            by_label[thing.label][key] = thing
        self._by_label = dict(by_label)
        self._index.put_all({key: thing.position for key, thing in self._objects.items()})

    def refile(self, thing: SceneObject, label: str | None = None) -> None:
        """Follow a change of an object in the indices; `label` is its former class, if that changed."""
        self._index.put(thing.object_id, thing.position)
        if label is not None and label != thing.label:
            self._by_label[label].pop(thing.object_id, None)
            self._by_label.setdefault(thing.label, {})[thing.object_id] = thing
        self._revise(thing.object_id)

    def remove(self, key: str) -> None:
        """Take an object out; what stood on it stays."""
        thing = self._objects.pop(key)
        self._by_label[thing.label].pop(key, None)
        self._index.remove(key)
        self._revise(key)
        for pair in [pair for pair in self.apart if key in pair]:
            del self.apart[pair]
        # What hangs on it is near it: no need to ask everybody.
        for other in self.around(thing.position, max(thing.size) + 3.0):
            if other.parent == key:
                other.parent, other.relation = None, "on"
                self._revise(other.object_id)

    def _revise(self, key: str) -> None:
        self._revisions.pop(key, None)
        self._revisions[key] = self.version + 1

    def changed_since(self, version: int) -> list[str]:
        """Ids of the objects that were added, changed or removed after a version of the graph, by number."""
        found = []
        for key in reversed(self._revisions):  # the newest come last
            if self._revisions[key] <= version:
                break
            found.append(key)
        return sorted(found, key=number_of)

    # -- places -------------------------------------------------------------------------------------------------

    def place_of(self, point: Point) -> str | None:
        """Id of the area that a point belongs to."""
        return self.areas.nearest(point[0], point[1])

    def support_of(self, point: Point) -> str | None:
        """Id of the smallest thing that a point is in, or rests on within 0.3 m above its top."""
        holders = [
            thing
            for thing in self.around(point, 2.5)
            if not thing.stale and thing.sized and self.knowledge.get(thing.label).holds and encloses(thing, point)
        ]
        return min(holders, key=lambda t: (volume(t), t.object_id)).object_id if holders else None

    def area_for(self, thing: SceneObject) -> str | None:
        """The area that a thing hangs under: near it, and on the side of walls from which it was seen."""
        (x, y, _), (width, depth, _) = thing.position, thing.size
        seen_from = thing.viewpoint
        ranked: list[tuple[float, str]] = []
        for area_id, (ax, ay) in self.areas.areas.items():
            # The gap to its box, not to its centre: a long counter belongs to the areas along it.
            gap = math.hypot(max(abs(ax - x) - width / 2, 0.0), max(abs(ay - y) - depth / 2, 0.0))
            cost = gap + 0.25 * math.hypot(ax - x, ay - y)
            if seen_from is not None:
                cost += 0.15 * math.hypot(ax - seen_from[0], ay - seen_from[1])
            ranked.append((cost, area_id))
        if not ranked:
            return None
        if seen_from is not None:
            front = _before(thing, seen_from)
            for _, area_id in heapq.nsmallest(_NEAREST, ranked):
                if not self.grid.is_walled_off(self.areas.areas[area_id], front):
                    return area_id
        return min(ranked)[1]

    def time(self, stamp: float | None = None) -> float:
        """A moment in seconds: the one given, else the newest frame's, else 0."""
        now = self.stamp if stamp is None else stamp
        return now if math.isfinite(now) else 0.0


def _before(thing: SceneObject, seen_from: Point) -> tuple[float, float]:
    """A place a step before a thing on the line from which it was seen: on that side of every wall, metres."""
    (x, y, _), (width, depth, _) = thing.position, thing.size
    dx, dy = seen_from[0] - x, seen_from[1] - y
    length = math.hypot(dx, dy)
    # Where the line leaves the box, as a share of it.
    leaves = min((half / abs(d) for half, d in ((width / 2, dx), (depth / 2, dy)) if d), default=1.0)
    share = min(leaves + _STEP / length, 1.0) if length else 1.0
    return x + share * dx, y + share * dy


def number_of(name: str) -> tuple[int, str]:
    """Sort key that puts ``object-10`` after ``object-9``."""
    tail = name.rpartition("-")[2]
    return (int(tail), name) if tail.isdecimal() else (0, name)
