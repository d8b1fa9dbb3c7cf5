"""The long-term memory: building → floor → room → area → object, built incrementally from what the camera sees.

Only things that keep their place are kept here (see `scene_graph.routing`); what moves, and the states of everything,
are short-term memory's. `SceneGraph.observe` takes a frame, `rank_places` says where to look for something, `rooms`
and `text` give the whole graph to people and to prompts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any

import networkx as nx

from scene_graph.alignment import align
from scene_graph.boxes import encloses
from scene_graph.collector import collector_off
from scene_graph.document import read_document, write_document
from scene_graph.files import digest, read_graph, write_graph
from scene_graph.learning import belongs, has_left, take_frame
from scene_graph.listing import network, rooms
from scene_graph.ranking import rank
from scene_graph.relations import beside
from scene_graph.search import SearchPlace
from scene_graph.state import GraphState, number_of
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

__all__ = ["ReadOnlyError", "SceneGraph"]


_AT_REST = frozenset({ChangeKind.APPEARED, ChangeKind.MOVED})
"""What happens to a thing that lies somewhere for the first time."""


class ReadOnlyError(SceneGraphError):
    """A replica of a scene graph was asked to change; ask the node that owns it."""


class SceneGraph(GraphState):
    """Rooms, areas and the things in them that keep their place; see `GraphState` for the arguments.

    The methods most users need: `observe`, `rooms`, `find`, `rank_places`, `save` and `load`.
    """

    # -- learning -----------------------------------------------------------------------------------------------

    def observe(
        self,
        observations: Iterable[Observation],
        view: View | None = None,
        *,
        robot_pose: Sequence[float] | None = None,
        stamp: float | None = None,
        aligned: bool = False,
    ) -> list[Change]:
        """Take in one frame, from where it agrees best with what is known (see `scene_graph.alignment`).

        Args:
            observations: Of the frame, in the map frame; what does not keep its place is passed over.
            view: What was in clear view. Without it nothing is learned of floor, areas and absence.
            robot_pose: (x, y, ...) of the robot's base, metres.
            stamp: Time of the frame in seconds, needed where it has no observations.
            aligned: Whether `align` gave the frame, so that it need not be done again.

        Returns:
            What changed, in the order of the objects' ids.

        Raises:
            ReadOnlyError: If this is a replica.
            InvalidObservationError: If an observation is not in the map frame; nothing was changed.
        """
        self._check_writable("send observations to the node that owns it")
        seen = list(observations)
        for observation in seen:
            if observation.frame_id != "map":
                raise InvalidObservationError(
                    f"{observation.label} is in frame {observation.frame_id!r}: transform it to 'map' first"
                )
        stamps = [float(o.stamp) for o in seen] + ([float(stamp)] if stamp is not None else [])
        self._advance(max(stamps, default=self.stamp))
        if robot_pose is not None:
            self.robot = (float(robot_pose[0]), float(robot_pose[1]))
        elif view is not None and self.robot is None:
            self.robot = view.position[:2]
        if view is not None:
            if not aligned:
                seen, view = align(self, seen, view)
            self.grid.update(view)
        if robot_pose is not None and self.robot is not None:
            self.grid.mark_free(*self.robot)
        changes = take_frame(self, seen, view)
        self.version += 1
        self.frames += 1
        return changes

    def align(self, observations: Iterable[Observation], view: View) -> tuple[list[Observation], View]:
        """A whole frame from where it agrees best with what is known; of what moves as well, for short-term memory.

        Args:
            observations: Of the frame; those that are not in the map frame stay as they are.
            view: Where it was taken from, as the robot believes.
        """
        return align(self, list(observations), view)

    def insert(self, observation: Observation) -> str:
        """Put a thing into the graph as it is, unasked whether it is there already or keeps its place: for importing.

        Returns:
            Its id.
        """
        self._check_writable("insert things at the node that owns it")
        self.stamp = max(self.stamp, float(observation.stamp))
        thing = self.create(observation)
        thing.area = self.area_for(thing)
        self.version += 1
        return thing.object_id

    def relocate(self, object_id: str, position: Point) -> None:
        """Correct where a thing is, as after the map was adjusted: the index follows, and nothing else is concluded.

        Raises:
            KeyError: If there is no such object.
        """
        self._check_writable("move things at the node that owns it")
        thing = self.resolve(object_id)
        if thing is None:
            raise KeyError(object_id)
        thing.position = position
        self.refile(thing)
        self.version += 1

    def keeps(self, observation: Observation) -> bool:
        """Whether an observed thing belongs to long-term memory, by its class and by what was seen of such things."""
        return belongs(self, observation)

    def left(self, observation: Observation) -> bool:
        """Whether a thing whose class keeps its place turned out to move, so that short-term memory has it."""
        return has_left(self, observation)

    def consolidate(self, changes: Iterable[Change]) -> int:
        """Learn habits from short-term memory: what came to rest somewhere is kept there, this once at least.

        Args:
            changes: What short-term memory noticed. What is held, what merely changed its state and what keeps its
                place teach nothing.

        Returns:
            How many findings were counted.
        """
        counted = 0
        for change in changes:
            after = change.after
            if change.kind not in _AT_REST or after is None or after.held or after.stale or after.frame_id != "map":
                continue
            if self.resolve(change.object_id) is None and self.note_put(after.label, after.position, stamp=after.stamp):
                counted += 1
        return counted

    def note_search(self, place_id: str, found: bool, *, sought: str = "", stamp: float | None = None) -> None:
        """Learn from a search: the place was looked at.

        Args:
            place_id: Of a `SearchPlace`.
            found: Whether the sought thing was there.
            sought: Its class, to be learned as a habit when it was found.
            stamp: When, seconds; the newest frame's time unless given.
        """
        now = self.time(stamp)
        self.version += 1
        if found:
            if sought:
                self.habits.note(sought, place_id, now)
            return
        thing = self.resolve(place_id)
        if thing is not None:
            thing.looked = now
        self.looked[place_id] = now
        for other in self.things.values():
            if other.area == place_id and not self.knowledge.get(other.label).closes:
                other.looked = now

    def note_put(self, label: str, point: Point, *, stamp: float | None = None) -> str | None:
        """Learn a habit: a thing of class `label` came to rest at a place.

        Returns:
            Id of the receptacle or area for which it counts; None where neither is known.
        """
        if self.read_only:
            return None
        place = self.support_of(point) or self.place_of(point)
        if place is not None:
            self.habits.note(label, place, self.time(stamp))
            self.version += 1
        return place

    def forget(self, *, object_id: str | None = None, labels: Collection[str] | None = None) -> list[str]:
        """Erase objects, by id or by class, with their notes and habits; returns the ids that are gone."""
        self._check_writable("ask the node that owns it to forget")
        wanted = {self.aliases.get(object_id, object_id)} if object_id is not None else set()
        for label in labels or ():
            wanted |= set(self.of_label(label))
            self.habits.forget(label=label)
        self.notes = [n for n in self.notes if n.label not in (labels or ()) and n.object_id != object_id]
        gone = sorted(wanted & set(self.things), key=number_of)
        for key in gone:
            self.remove(key)
            self.habits.forget(place_id=key)
        self.aliases = {old: new for old, new in self.aliases.items() if new not in gone}
        self.version += bool(gone)
        return gone

    # -- asking -------------------------------------------------------------------------------------------------

    def object(self, object_id: str) -> ObjectState | None:
        """What is believed about one object: the graph's id, one that was merged into it, or a recent sensor id."""
        thing = self.resolve(object_id)
        if thing is None:
            thing = next((o for o in self.things.values() if object_id in o.sensor_ids), None)
        return None if thing is None else thing.state()

    def objects(self) -> list[ObjectState]:
        """Everything in the graph, by id."""
        return [self.things[key].state() for key in sorted(self.things, key=number_of)]

    def news(self, version: int) -> tuple[list[ObjectState], list[str]]:
        """What was added or changed after a version of the graph, and ids of what was removed after that, by id."""
        touched = self.changed_since(version)
        return [self.things[k].state() for k in touched if k in self.things], [
            k for k in touched if k not in self.things
        ]

    def find(self, label: str) -> list[ObjectState]:
        """Things of a class or made from it, by id."""
        keys = [k for name in self.labels() if self.knowledge.derives(name, label) for k in self.of_label(name)]
        return [self.things[key].state() for key in sorted(keys, key=number_of)]

    def near(self, point: Point, radius: float) -> list[ObjectState]:
        """Things whose centre is within a radius of a point, nearest first."""
        return [thing.state() for thing in self.around(point, radius)]

    def beside(self, object_id: str) -> list[str]:
        """Ids of what stands beside a thing, nearest first."""
        thing = self.resolve(object_id)
        return [] if thing is None else beside(self, thing)

    def viewpoints(self, object_id: str) -> list[Point]:
        """Where the camera was when it saw a thing well and could have reached it, metres, best first."""
        thing = self.resolve(object_id)
        return [] if thing is None else [(x, y, z) for x, y, z, _ in thing.viewpoints]

    def contains(self, place_id: str, point: Point) -> bool:
        """Whether a point is in a room or an area, or in or on an object."""
        thing = self.resolve(place_id)
        if thing is not None:
            return encloses(thing, point)
        area = self.place_of(point)
        return area is not None and place_id in (area, self.areas.room_of(area))

    def rooms(self) -> list[dict[str, Any]]:
        """The whole graph as JSON-ready mappings, rooms → areas → objects; see `scene_graph.listing.rooms`."""
        return rooms(self)

    def text(self, token_budget: int, style: str = "compact") -> str:
        """The whole graph for a prompt; see `scene_graph.text.render`."""
        return render(self.rooms(), token_budget=token_budget, style=style)

    def network(self) -> nx.DiGraph[str]:
        """The layers as one directed graph with attributes, for export; see `scene_graph.listing.network`."""
        return network(self)

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
        with collector_off():
            return cls.from_json(read_graph(path), **options)

    def digest(self) -> str:
        """SHA-256 over everything the graph knows; the same frames in the same order give the same one."""
        return digest(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready mapping in a stable order; `from_json` reads it back."""
        return write_document(self)

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
        graph = cls(**options)
        read_document(graph, data)
        graph.read_only = read_only
        return graph

    # -- inside -------------------------------------------------------------------------------------------------

    def _check_writable(self, advice: str) -> None:
        if self.read_only:
            raise ReadOnlyError(f"this scene graph is a read-only replica: {advice}")

    def _advance(self, stamp: float) -> None:
        """Follow the clock; a jump back begins an epoch, across which looks are not compared."""
        if stamp < self.stamp:
            self.epoch += 1
            self.looked.clear()
            for thing in self.things.values():
                thing.looked = None
        self.stamp = stamp
