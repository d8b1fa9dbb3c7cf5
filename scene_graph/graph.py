"""The long-term memory: building → floor → room → area → object, built incrementally from what the camera sees.

Only things that keep their place are kept here (see `scene_graph.routing`); what moves, and the states of everything,
are short-term memory's. `SceneGraph.observe` takes a frame, `rank_places` says where to look for something, `rooms`
and `text` give the whole graph to people and to prompts.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any

import networkx as nx
import numpy as np

from scene_graph.areas import AreaMap, Room, neighbours
from scene_graph.association import Track, associate, box_distance
from scene_graph.files import FORMAT, VERSION, digest, read_graph, write_graph
from scene_graph.grid import GridError, OccupancyGrid
from scene_graph.index import SpatialHash
from scene_graph.objects import SceneObject
from scene_graph.ontology import Ontology, ontology
from scene_graph.placement import Habits, Placements, procthor_placements
from scene_graph.ranking import rank
from scene_graph.routing import is_static
from scene_graph.search import SearchPlace, Similarity
from scene_graph.text import render
from scene_graph.types import (
    Change,
    ChangeKind,
    InvalidObservationError,
    ObjectState,
    Observation,
    Point,
    SceneGraphError,
    View,
)
from scene_graph.visibility import Sight, clear_view, visible_fraction

__all__ = ["ReadOnlyError", "SceneGraph"]

_STEP = 0.5
"""Square metres of newly seen floor after which areas and rooms follow."""
_CROWD = 48
"""Known objects of one class up to which all are candidates; above, only those near."""
_SAME_PLACE = 0.2
"""Metres from where it was missed within which a thing that is seen again came back, rather than moved."""
_SAME_BOX = 0.55
"""Share of the smaller of two boxes of one class that the other covers, above which they are one thing."""
_LOOK_RANGE = 2.5
"""A surface seen from farther away was not searched for small things, metres."""


class ReadOnlyError(SceneGraphError):
    """A replica of a scene graph was asked to change; ask the node that owns it."""


class SceneGraph:
    """Rooms, areas and the things in them that keep their place.

    The methods most users need: `observe`, `rooms`, `find`, `rank_places`, `save` and `load`.

    Args:
        map_id: Which map the coordinates belong to.
        grid: The floor; an empty grid unless given.
        knowledge: Household knowledge; the shipped one unless given.
        placements: Where things are in other homes; the `procthor` package's statistics unless given.
        similarity: An embedding model's cosine between a phrase and texts, for `rank_places`.
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
        self.read_only = False
        self.epoch = 0
        self.stamp = -math.inf
        self.version = 0
        self.knowledge = knowledge or ontology()
        self.placements = placements if placements is not None else procthor_placements()
        self.similarity = similarity
        self._sight = sight or Sight()
        self._objects: dict[str, SceneObject] = {}
        self._labels: dict[str, dict[str, SceneObject]] = {}
        self._index: SpatialHash[str] = SpatialHash(1.0)
        self._aliases: dict[str, str] = {}
        self._apart: set[tuple[str, str]] = set()
        self.looked: dict[str, float] = {}
        self._next_object = 1
        self._covered = -_STEP
        self._robot: tuple[float, float] | None = None
        self._extra: dict[str, Any] = {}

    # -- learning -----------------------------------------------------------------------------------------------

    def observe(
        self,
        observations: Iterable[Observation],
        view: View | None = None,
        *,
        robot_pose: Sequence[float] | None = None,
        stamp: float | None = None,
    ) -> list[Change]:
        """Take in one frame.

        Args:
            observations: Of the frame, in the map frame; what does not keep its place is passed over.
            view: What was in clear view. Without it nothing is learned of floor, areas and absence.
            robot_pose: (x, y, ...) of the robot's base, metres.
            stamp: Time of the frame in seconds, needed where it has no observations.

        Returns:
            What changed, in the order of the objects' ids.

        Raises:
            ReadOnlyError: If this is a replica.
            InvalidObservationError: If an observation is not in the map frame; nothing was changed.
        """
        if self.read_only:
            raise ReadOnlyError("this scene graph is a read-only replica: send observations to the node that owns it")
        seen = list(observations)
        for observation in seen:
            if observation.frame_id != "map":
                raise InvalidObservationError(
                    f"{observation.label} is in frame {observation.frame_id!r}: transform it to 'map' first"
                )
        stamps = [float(o.stamp) for o in seen] + ([float(stamp)] if stamp is not None else [])
        self._advance(max(stamps, default=self.stamp))
        if robot_pose is not None:
            self._robot = (float(robot_pose[0]), float(robot_pose[1]))
        elif view is not None and self._robot is None:
            self._robot = view.position[:2]
        if view is not None:
            self.grid.update(view)
        if robot_pose is not None and self._robot is not None:
            self.grid.mark_free(*self._robot)
        changes, touched = self._take(seen, view)
        if view is not None:
            self._note_looks(view)
        self._follow_floor(touched, grown=view is not None)
        self.version += 1
        return sorted(changes, key=lambda c: _number(c.object_id))

    def insert(self, observation: Observation) -> str:
        """Put a thing into the graph as it is, unasked whether it is there already or keeps its place: for importing.

        Returns:
            Its id.
        """
        if self.read_only:
            raise ReadOnlyError("this scene graph is a read-only replica: insert things at the node that owns it")
        self.stamp = max(self.stamp, float(observation.stamp))
        thing = self._new(observation)
        thing.area = self._area_for(thing)
        self.version += 1
        return thing.object_id

    def note_search(self, place_id: str, found: bool, *, sought: str = "", stamp: float | None = None) -> None:
        """Learn from a search: the place was looked at.

        Args:
            place_id: Of a `SearchPlace`.
            found: Whether the sought thing was there.
            sought: Its class, to be learned as a habit when it was found.
            stamp: When, seconds; the newest frame's time unless given.
        """
        now = self.stamp if stamp is None else stamp
        if not math.isfinite(now):
            now = 0.0
        if found:
            if sought:
                self.habits.note(sought, place_id, now)
            return
        thing = self._objects.get(self._aliases.get(place_id, place_id))
        if thing is not None:
            thing.looked = now
        self.looked[place_id] = now
        for other in self._objects.values():
            if other.area == place_id and not self.knowledge.get(other.label).closes:
                other.looked = now

    def note_put(self, label: str, point: Point, *, stamp: float | None = None) -> None:
        """Learn a habit: a thing of class `label` is kept at a place."""
        place = self.support_of(point) or self.place_of(point)
        if place is not None:
            now = self.stamp if stamp is None else stamp
            self.habits.note(label, place, now if math.isfinite(now) else 0.0)

    def forget(self, *, object_id: str | None = None, labels: Collection[str] | None = None) -> list[str]:
        """Erase objects, by id or by class, and the habits of those classes; returns the ids that are gone."""
        if self.read_only:
            raise ReadOnlyError("this scene graph is a read-only replica: ask the node that owns it to forget")
        wanted = {self._aliases.get(object_id, object_id)} if object_id is not None else set()
        for label in labels or ():
            wanted |= set(self._labels.get(label, ()))
            self.habits.forget(label=label)
        gone = sorted(wanted & set(self._objects), key=_number)
        for key in gone:
            self._remove(key)
            self.habits.forget(place_id=key)
        self._aliases = {old: new for old, new in self._aliases.items() if new not in gone}
        self.version += bool(gone)
        return gone

    @property
    def things(self) -> Mapping[str, SceneObject]:
        """The objects by id, with all that was learned of them; not to be written to."""
        return self._objects

    # -- asking -------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._objects)

    def object(self, object_id: str) -> ObjectState | None:
        """What is believed about one object: the graph's id, one that was merged into it, or a recent sensor id."""
        thing = self._objects.get(self._aliases.get(object_id, object_id))
        if thing is None:
            thing = next((o for o in self._objects.values() if object_id in o.sensor_ids), None)
        return None if thing is None else thing.state()

    def objects(self) -> list[ObjectState]:
        """Everything in the graph, by id."""
        return [self._objects[key].state() for key in sorted(self._objects, key=_number)]

    def labels(self) -> list[str]:
        """Classes of the things in the graph, sorted."""
        return sorted(label for label, members in self._labels.items() if members)

    def find(self, label: str) -> list[ObjectState]:
        """Things of a class or made from it, by id."""
        keys = [k for name, members in self._labels.items() if self.knowledge.derives(name, label) for k in members]
        return [self._objects[key].state() for key in sorted(keys, key=_number)]

    def near(self, point: Point, radius: float) -> list[ObjectState]:
        """Things whose centre is within a radius of a point, nearest first."""
        return [self._objects[key].state() for key in self.keys_near(point, radius)]

    def keys_near(self, point: Point, radius: float) -> list[str]:
        """Ids of the things whose centre is within a radius of a point, nearest first."""
        return [key for _, key in self._index.within(point, radius)]

    def place_of(self, point: Point) -> str | None:
        """Id of the area that a point belongs to."""
        return self.areas.nearest(point[0], point[1])

    def support_of(self, point: Point) -> str | None:
        """Id of the smallest thing that a point is in, or rests on within 0.3 m above its top."""
        best: tuple[float, str] | None = None
        for _, key in self._index.within(point, 2.5):
            thing = self._objects[key]
            if thing.stale or not thing.sized or not self.knowledge.get(thing.label).holds:
                continue
            if _encloses(thing, point):
                volume = float(np.prod(np.maximum(thing.high - thing.low, 0.01)))
                best = min(best, (volume, key)) if best else (volume, key)
        return best[1] if best else None

    def contains(self, place_id: str, point: Point) -> bool:
        """Whether a point is in a room or an area, or in or on an object."""
        thing = self._objects.get(self._aliases.get(place_id, place_id))
        if thing is not None:
            return _encloses(thing, point)
        area = self.place_of(point)
        return area is not None and place_id in (area, self.areas.room_of(area))

    def rooms(self) -> list[dict[str, Any]]:
        """The whole graph as JSON-ready mappings: rooms → areas → objects, with positions in metres."""
        around = neighbours(self.areas.edges, self.areas.areas)
        under: dict[str | None, list[SceneObject]] = {}
        for key in sorted(self._objects, key=_number):
            under.setdefault(self._objects[key].area, []).append(self._objects[key])
        result = []
        for room in self._all_rooms(under):
            areas = []
            for area_id in room.areas:
                x, y = self.areas.areas[area_id]
                areas.append(
                    {
                        "id": area_id,
                        "position": [x, y, self.grid.floor],
                        "neighbours": around[area_id],
                        "objects": [self._object_json(o) for o in under.get(area_id, ())],
                    }
                )
            places = [self.areas.areas[a] for a in room.areas]
            middle = [round(v, 3) for v in np.mean(places, axis=0).tolist()] if places else None
            labels = [o.label for a in room.areas for o in under.get(a, ())]
            entry: dict[str, Any] = {"id": room.room_id, "name": self.knowledge.room_name(labels)}
            entry["position"] = None if middle is None else [*middle, self.grid.floor]
            entry["areas"] = areas
            if not room.areas:
                entry["objects"] = [self._object_json(o) for o in under.get(None, ())]
            result.append(entry)
        return result

    def text(self, token_budget: int, style: str = "compact") -> str:
        """The whole graph for a prompt; see `scene_graph.text.render`."""
        return render(self.rooms(), token_budget=token_budget, style=style)

    def network(self) -> nx.DiGraph[str]:
        """The layers as one directed graph, building → floor → room → area → object, with attributes for export."""
        tree: nx.DiGraph[str] = nx.DiGraph(map_id=self.map_id)
        tree.add_node("building", layer="building")
        tree.add_node("floor-1", layer="floor")
        tree.add_edge("building", "floor-1", relation="contains")
        for room in self.rooms():
            tree.add_node(room["id"], layer="room", label=room["name"], position=room["position"])
            tree.add_edge("floor-1", room["id"], relation="contains")
            for area in room["areas"]:
                tree.add_node(area["id"], layer="area", position=area["position"])
                tree.add_edge(room["id"], area["id"], relation="contains")
                for thing in area["objects"]:
                    self._add_object(tree, area["id"], thing)
            for thing in room.get("objects", ()):
                self._add_object(tree, room["id"], thing)
        for (a, b), cost in self.areas.edges.items():
            tree.add_edge(a, b, relation="way", cost=cost)
            tree.add_edge(b, a, relation="way", cost=cost)
        return tree

    # -- search -------------------------------------------------------------------------------------------------

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
        """Places to look for something, in the order to visit them.

        Probabilities come from where it was last seen, this home's habits, other homes' statistics and household
        knowledge, less what was looked at since; the order minimises expected travel (see `scene_graph.search`).

        Args:
            sought: A class or a phrase.
            start: Where the robot is, metres.
            exclude: Place ids that need not be looked at again.
            k: How many.
            last_seen: Where it was last seen, metres; the places around it come to the fore.
            now: Time in seconds; the newest frame's unless given.
        """
        return rank(self, sought, start=start, exclude=exclude, k=k, last_seen=last_seen, now=now)

    # -- files --------------------------------------------------------------------------------------------------

    def save(self, path: str | PathLike[str]) -> None:
        """Write the graph to a file, in one step.

        Raises:
            GraphFileError: If it cannot be written, or something stands there that is no scene graph or is newer.
        """
        write_graph(path, self.to_json())

    @classmethod
    def load(cls, path: str | PathLike[str], **options: Any) -> SceneGraph:
        """Read a graph that `save` wrote.

        Args:
            path: The file.
            **options: As for the constructor.

        Raises:
            GraphFileError: If it is damaged, newer than this release or no scene graph; it stays as it is.
        """
        return cls.from_json(read_graph(path), **options)

    def digest(self) -> str:
        """SHA-256 over everything the graph knows; the same frames in the same order give the same one."""
        return digest(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready mapping in a stable order; `from_json` reads it back."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "map_id": self.map_id,
            "stamp": self.stamp if math.isfinite(self.stamp) else None,
            "epoch": self.epoch,
            "next_ids": {
                "object": self._next_object,
                "area": self.areas.next_area,
                "room": self.areas.next_room,
            },
            "rooms": [{"id": room.room_id, "areas": list(room.areas)} for room in self.areas.rooms],
            "areas": [{"id": a, "position": list(xy)} for a, xy in self.areas.areas.items()],
            "ways": [[a, b, cost] for (a, b), cost in sorted(self.areas.edges.items())],
            "objects": [self._objects[key].to_json() for key in sorted(self._objects, key=_number)],
            "aliases": dict(sorted(self._aliases.items())),
            "apart": sorted(list(pair) for pair in self._apart),
            "looked": dict(sorted(self.looked.items())),
            "habits": self.habits.to_json(),
            "grid": self.grid.to_json(),
            **self._extra,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, read_only: bool = False, **options: Any) -> SceneGraph:
        """Read what `to_json` wrote; unknown fields are kept.

        Args:
            data: The mapping.
            read_only: Whether the result is a replica that refuses to observe.
            **options: As for the constructor.

        Raises:
            SceneGraphError: If it is not of that form.
        """
        try:
            graph = cls(map_id=str(data.get("map_id", "")), grid=OccupancyGrid.from_json(data["grid"]), **options)
            stamp = data.get("stamp")
            graph.stamp = -math.inf if stamp is None else float(stamp)
            graph.epoch = int(data.get("epoch", 0))
            numbers = data.get("next_ids", {})
            graph.areas = AreaMap(
                areas={str(a["id"]): (float(a["position"][0]), float(a["position"][1])) for a in data["areas"]},
                edges={(str(a), str(b)): float(cost) for a, b, cost in data["ways"]},
                rooms=[Room(str(r["id"]), tuple(str(a) for a in r["areas"])) for r in data["rooms"]],
                next_area=int(numbers.get("area", 1)),
                next_room=int(numbers.get("room", 1)),
            )
            graph._next_object = int(numbers.get("object", 1))
            for item in data["objects"]:
                graph._add(SceneObject.from_json(item))
            graph._aliases = {str(k): str(v) for k, v in data.get("aliases", {}).items()}
            graph._apart = {(str(a), str(b)) for a, b in data.get("apart", ())}
            graph.looked = {str(k): float(v) for k, v in data.get("looked", {}).items()}
            graph.habits = Habits.from_json(data.get("habits", {}))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, (GridError, InvalidObservationError)):
                raise
            raise SceneGraphError(f"not a scene graph: {error!r}; restore a copy of the file") from error
        graph._extra = {k: v for k, v in data.items() if k not in _KNOWN}
        graph._covered = graph.grid.area()
        graph.read_only = read_only
        return graph

    # -- inside: learning ---------------------------------------------------------------------------------------

    def _advance(self, stamp: float) -> None:
        """Follow the clock; a jump back begins an epoch, across which looks are not compared."""
        if stamp < self.stamp:
            self.epoch += 1
            self.looked.clear()
            for thing in self._objects.values():
                thing.looked = None
        self.stamp = stamp

    def _take(self, observations: list[Observation], view: View | None) -> tuple[list[Change], set[str]]:
        static = [o for o in observations if self._is_static(o)]
        candidates = {label: self._tracks(label, static) for label in {o.label for o in static}}
        joined = associate(candidates, static, distance=box_distance)
        changes: list[Change] = []
        touched: set[str] = set()
        present: dict[int, str] = {}
        for match in joined.pairs:
            present[match.index] = str(match.track.key)
            changes.extend(self._update(self._objects[str(match.track.key)], static[match.index]))
        for match in joined.moved:
            thing, observation = self._objects[str(match.track.key)], static[match.index]
            if match.cost < _SAME_PLACE:
                present[match.index] = thing.object_id
                changes.extend(self._update(thing, observation))
                continue
            before = thing.state()
            thing.relocate(observation)
            self._file(thing)
            present[match.index] = thing.object_id
            touched.add(thing.object_id)
            changes.append(Change(ChangeKind.MOVED, thing.object_id, observation.stamp, before, thing.state()))
        for index in sorted([*joined.new, *(m.index for m in joined.provisional)]):
            thing = self._new(static[index])
            present[index] = thing.object_id
            touched.add(thing.object_id)
            changes.append(Change(ChangeKind.APPEARED, thing.object_id, thing.stamp, None, thing.state()))
        if view is not None:
            self._note_viewpoints(present.values(), view)
            changes.extend(self._miss(set(present.values()), view))
        self._part(present.values())
        changes.extend(self._merge(present.values()))
        self._relate({static[i].object_id: key for i, key in present.items()}, static, present)
        return changes, touched

    def _is_static(self, observation: Observation) -> bool:
        if "shell" in self.knowledge.get(observation.label).categories:
            return False  # floor, walls and ceiling are space, not things in it
        return is_static(observation, knowledge=self.knowledge)

    def _tracks(self, label: str, observations: list[Observation]) -> list[Track]:
        members = self._labels.get(label, {})
        keys: Iterable[str] = members
        if len(members) > _CROWD:
            near: set[str] = set()
            for o in observations:
                if o.label == label:
                    near.update(key for _, key in self._index.within(o.position, 1.5) if key in members)
            keys = sorted(near, key=_number)
        movable = "moveable" in self.knowledge.get(label).affordances
        return [
            Track(
                key=key,
                label=label,
                position=members[key].position,
                stamp=members[key].stamp,
                covariance=members[key].covariance if members[key].fitted else None,
                size=members[key].size if members[key].sized else None,
                sensor_id=members[key].sensor_ids[-1] if members[key].sensor_ids else None,
                movable=movable and members[key].stale,
                gone=movable and members[key].stale,
            )
            for key in keys
        ]

    def _update(self, thing: SceneObject, observation: Observation) -> list[Change]:
        before, states, was_stale = thing.state(), set(thing.states), thing.stale
        thing.take(observation)
        self._file(thing)
        if was_stale:
            kind = ChangeKind.REAPPEARED
        elif set(thing.states) != states and states:
            kind = ChangeKind.STATE_CHANGED
        else:
            return []
        return [Change(kind, thing.object_id, observation.stamp, before, thing.state())]

    def _miss(self, present: set[str], view: View) -> list[Change]:
        """Note clear views of places where a thing should be and was not seen."""
        near = [
            self._objects[key]
            for _, key in self._index.within(view.position, self._sight.max_range)
            if key not in present and not self._objects[key].stale
        ]
        near = [thing for thing in near if thing.sized and not self._shut_in(thing)]
        if not near:
            return []
        clear = clear_view(
            view, [thing.position for thing in near], sizes=[thing.size for thing in near], sight=self._sight
        )
        changes = []
        for thing, in_view in zip(near, clear.tolist(), strict=True):
            if in_view:
                before = thing.state()
                if thing.miss():
                    changes.append(Change(ChangeKind.STALE, thing.object_id, self.stamp, before, thing.state()))
        return changes

    def _shut_in(self, thing: SceneObject) -> bool:
        parent = self._objects.get(thing.parent) if thing.parent else None
        return parent is not None and thing.relation == "in" and "open" not in parent.states

    def _part(self, keys: Iterable[str]) -> None:
        """Two of a class seen in one frame are two, however their boxes overlap."""
        by_label: dict[str, list[str]] = {}
        for key in keys:
            by_label.setdefault(self._objects[key].label, []).append(key)
        for members in by_label.values():
            for n, a in enumerate(members):
                for b in members[n + 1 :]:
                    if _overlap(self._objects[a], self._objects[b]) > 0:
                        self._apart.add((min(a, b), max(a, b)))

    def _merge(self, keys: Iterable[str]) -> list[Change]:
        """Join things of a class whose boxes grew into one another and that were never seen side by side."""
        changes: list[Change] = []
        for key in sorted(keys, key=_number):
            thing = self._objects.get(key)
            if thing is None or not thing.sized:
                continue
            for _, other_key in self._index.within(thing.position, 1.5 + max(thing.size) / 2):
                other = self._objects[other_key]
                pair = (min(key, other_key), max(key, other_key))
                if other_key == key or other.label != thing.label or pair in self._apart or not other.sized:
                    continue
                if _overlap(thing, other) < _SAME_BOX:
                    continue
                kept, gone = sorted((thing, other), key=lambda o: _number(o.object_id))
                before = gone.state()
                kept.absorb(gone)
                self._remove(gone.object_id)
                self._aliases[gone.object_id] = kept.object_id
                self._file(kept)
                changes.append(Change(ChangeKind.MERGED, kept.object_id, self.stamp, before, kept.state()))
                break
        return changes

    def _relate(
        self, by_sensor: Mapping[str | None, str], observations: list[Observation], present: Mapping[int, str]
    ) -> None:
        """Say what is on or in what: as the sensor says, else by the boxes."""
        for index, key in present.items():
            thing = self._objects.get(key)
            if thing is None:
                continue
            told = by_sensor.get(observations[index].parent) if observations[index].parent else None
            parent = self._objects.get(told) if told else self._support(thing)
            if parent is None or parent is thing:
                continue
            thing.parent = parent.object_id
            thing.relation = "in" if _inside(thing, parent) else "on"

    def _support(self, thing: SceneObject) -> SceneObject | None:
        """The smallest thing that this one rests on or is in, by class and boxes."""
        if not thing.sized:
            return None
        best: SceneObject | None = None
        for _, key in self._index.within(thing.position, 2.0):
            other = self._objects[key]
            if other is thing or other.stale or not other.sized:
                continue
            if thing.label not in self.knowledge.get(other.label).holds:
                continue
            rests = abs(float(thing.low[2] - other.high[2])) < 0.1 and _over(thing, other)
            if (rests or _inside(thing, other)) and (best is None or _volume(other) < _volume(best)):
                best = other
        return best

    def _note_viewpoints(self, keys: Iterable[str], view: View) -> None:
        for key in keys:
            thing = self._objects[key]
            distance = math.dist(thing.position[:2], view.position[:2])
            score = 1.0 / (1.0 + abs(distance - 1.2))
            if score > thing.view_score:
                thing.view_score = score
                thing.viewpoint = view.position

    def _note_looks(self, view: View) -> None:
        """Note the surfaces that this frame searched, and the areas that it overlooked."""
        near = [
            self._objects[key]
            for _, key in self._index.within(view.position, _LOOK_RANGE + 1.0)
            if self.knowledge.get(self._objects[key].label).holds and self._objects[key].sized
        ]
        near = [o for o in near if not self.knowledge.get(o.label).closes or "open" in o.states]
        if near:
            sight = Sight(max_range=_LOOK_RANGE, tolerance=self._sight.tolerance)
            shares = visible_fraction(view, [o.position for o in near], [o.size for o in near], sight=sight)
            for thing, share in zip(near, shares.tolist(), strict=True):
                if share >= 0.5:
                    thing.looked = self.stamp
        for area_id, (x, y) in self.areas.areas.items():
            if math.dist((x, y), view.position[:2]) <= 0.5:
                self.looked[area_id] = self.stamp

    def _follow_floor(self, touched: set[str], *, grown: bool) -> None:
        """Let areas follow the floor that was seen, and things hang under the areas."""
        if grown and self._robot is not None:
            covered = self.grid.area()
            if covered - self._covered >= _STEP:
                self._covered = covered
                if self.areas.update(self.grid, self._robot):
                    touched = set(self._objects)
        for key in touched:
            thing = self._objects.get(key)
            if thing is not None:
                thing.area = self._area_for(thing)

    def _area_for(self, thing: SceneObject) -> str | None:
        """The area that a thing hangs under: near it, and on the side from which it was seen."""
        if not self.areas.areas:
            return None
        x, y, _ = thing.position
        seen_from = thing.viewpoint
        best: tuple[float, str] | None = None
        for area_id, place in self.areas.areas.items():
            # The gap to its box, not to its centre: a long counter belongs to the areas along it.
            gap = np.maximum(np.maximum(thing.low[:2] - place, place - thing.high[:2]), 0.0)
            cost = float(np.hypot(*gap)) + 0.25 * math.dist(place, (x, y))
            if seen_from is not None:
                cost += 0.15 * math.dist(place, seen_from[:2])
            best = min(best, (cost, area_id)) if best else (cost, area_id)
        return best[1] if best else None

    def _new(self, observation: Observation) -> SceneObject:
        thing = SceneObject.first_seen(f"object-{self._next_object}", observation)
        self._next_object += 1
        self._add(thing)
        return thing

    def _add(self, thing: SceneObject) -> None:
        self._objects[thing.object_id] = thing
        self._labels.setdefault(thing.label, {})[thing.object_id] = thing
        self._index.put(thing.object_id, thing.position)

    def _file(self, thing: SceneObject) -> None:
        """Follow a change of a thing's place or class in the indices."""
        self._index.put(thing.object_id, thing.position)
        if thing.object_id not in self._labels.get(thing.label, {}):
            for members in self._labels.values():
                members.pop(thing.object_id, None)
            self._labels.setdefault(thing.label, {})[thing.object_id] = thing

    def _remove(self, key: str) -> None:
        thing = self._objects.pop(key)
        self._labels[thing.label].pop(key, None)
        self._index.remove(key)
        self._apart = {pair for pair in self._apart if key not in pair}
        for other in self._objects.values():
            if other.parent == key:
                other.parent = None

    # -- inside: asking -----------------------------------------------------------------------------------------

    def _all_rooms(self, under: Mapping[str | None, Sequence[SceneObject]]) -> list[Room]:
        """The rooms, and one more for what is not under any area yet."""
        placed = {a for room in self.areas.rooms for a in room.areas}
        loose = tuple(a for a in self.areas.areas if a not in placed)
        return [*self.areas.rooms, *([Room("room-0", loose)] if loose or None in under else [])]

    def _object_json(self, thing: SceneObject) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "id": thing.object_id,
            "label": thing.label,
            "position": [round(v, 3) for v in thing.position],
            "size": [round(v, 3) for v in thing.size] if thing.sized else None,
        }
        if thing.parent:
            entry[thing.relation] = thing.parent
        if thing.states:
            entry["states"] = sorted(thing.states)
        if thing.stale:
            entry["stale"] = True
        return entry

    def _add_object(self, tree: nx.DiGraph[str], over: str, thing: Mapping[str, Any]) -> None:
        attributes = {k: v for k, v in thing.items() if k not in ("id", "on", "in")}
        tree.add_node(thing["id"], layer="object", **attributes)
        tree.add_edge(over, thing["id"], relation="contains")
        for relation in ("on", "in"):
            if relation in thing:
                tree.add_edge(thing["id"], thing[relation], relation=relation)


_KNOWN = frozenset(
    {
        "format",
        "version",
        "map_id",
        "stamp",
        "epoch",
        "next_ids",
        "rooms",
        "areas",
        "ways",
        "objects",
        "aliases",
        "apart",
        "looked",
        "habits",
        "grid",
    }
)


def _number(name: str) -> tuple[int, str]:
    """Sort key that puts ``object-10`` after ``object-9``."""
    tail = name.rpartition("-")[2]
    return (int(tail), name) if tail.isdigit() else (0, name)


def _volume(thing: SceneObject) -> float:
    return float(np.prod(np.maximum(thing.high - thing.low, 0.01)))


def _overlap(a: SceneObject, b: SceneObject) -> float:
    """Share of the smaller box that the other covers; thin boxes count as 2 cm thick."""
    common = first = second = 1.0
    corners = (a.low.tolist(), a.high.tolist(), b.low.tolist(), b.high.tolist())
    for a_low, a_high, b_low, b_high in zip(*corners, strict=True):
        both = min(a_high, b_high) - max(a_low, b_low) + 0.02
        if both <= 0:
            return 0.0
        common *= both
        first *= a_high - a_low + 0.02
        second *= b_high - b_low + 0.02
    return float(common / min(first, second))


def _over(thing: SceneObject, other: SceneObject) -> bool:
    """Whether the middle of one is above the other."""
    x, y, _ = thing.position
    return bool(other.low[0] <= x <= other.high[0] and other.low[1] <= y <= other.high[1])


def _inside(thing: SceneObject, other: SceneObject) -> bool:
    """Whether one box is within the other, but for 3 cm."""
    return bool((thing.low >= other.low - 0.03).all() and (thing.high <= other.high + 0.03).all())


def _encloses(thing: SceneObject, point: Point) -> bool:
    """Whether a point is in a thing's box or within 0.3 m above its top."""
    low, high = thing.low - 0.05, thing.high + np.array([0.05, 0.05, 0.3])
    return bool((low <= point).all() and (point <= high).all())
