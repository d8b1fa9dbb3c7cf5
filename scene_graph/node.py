"""The node `scene_graph`: keeps the long-term memory of the home, from what the robot's camera shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

from karma import msg, srv
from rclpy.clock import Clock, ClockType
from visualization_msgs.msg import MarkerArray

from scene_graph.graph import SceneGraph
from scene_graph.keeper import GraphKeeper
from scene_graph.perception import PerceptionLimits
from scene_graph.ros.camera import Camera
from scene_graph.ros.frames import FrameOrder, robot_pose
from scene_graph.ros.graph import GraphPublication
from scene_graph.ros.managed import ManagedNode, NodeError, run
from scene_graph.ros.markers import markers
from scene_graph.ros.messages import (
    change_from_message,
    observation_from_message,
    observation_to_message,
    optional,
    point_from_message,
    seconds_from_time,
    view_from_message,
    view_to_message,
)
from scene_graph.ros.places import place_to_message
from scene_graph.ros.qos import EVENTS, LATCHED
from scene_graph.search import Similarity
from scene_graph.similarity import load_similarity
from scene_graph.types import Change, InvalidObservationError, Observation, SceneGraphError

__all__ = ["SceneGraphNode", "main"]

_SNAPSHOT = 1.0
"""Seconds, wall time, between publications of the whole graph while it changes."""

_PERCEPTION = ("robot", "camera")


class SceneGraphNode(ManagedNode):
    """Builds the graph from observations, ranks places for a search, saves and loads."""

    def __init__(self) -> None:
        super().__init__("scene_graph", errors=(SceneGraphError,))
        self.parameter("robot", "robot", "name of the robot's node, relative to this node's namespace; read at start")
        self.parameter("map_frame", "map", "name of the map frame")
        self.parameter("memory", "memory", "name of the memory node, likewise: habits are learned from its changes")
        self.parameter(
            "perception",
            "robot",
            "who perceives: the robot, whose frames bring observations, or this node, from the robot's camera; read at "
            "start",
            choices=_PERCEPTION,
        )
        self.parameter("camera_timeout", 3.0, "longest wait for the images of a frame, seconds", low=0.0, high=60.0)
        self.parameter("min_pixels", 100, "smallest instances that are perceived, pixels", low=1, high=1_000_000)
        self.parameter("max_range", 5.0, "farthest instances that are perceived, metres", low=0.1, high=100.0)
        self.parameter("graph_file", "", "graph to begin with, as `save` wrote it; empty: begin with nothing")
        self.parameter("database", "", "file that keeps the graph across restarts; empty: this process only")
        self.parameter(
            "embedder",
            "memory_node.embeddings:default_embedder",
            "module:name of the embedding model for what is sought in words; empty: compare words only",
        )
        self._keeper: GraphKeeper | None = None
        self._options: dict[str, Any] = {}
        self._graph = SceneGraph()
        self._publication = GraphPublication(self._graph)
        self._order = FrameOrder()
        self._published_version = -1

        robot = str(self.value("robot"))
        perceives = self.chosen("perception", _PERCEPTION) == "camera"
        self._camera = Camera(self, robot) if perceives else None
        self._observations = self.create_publisher(msg.ObservationArray, "~/observations", EVENTS)
        self._newest: msg.ObservationArray | None = None
        self._whole = self.create_publisher(msg.SceneGraph, "~/graph", LATCHED)
        self._updates = self.create_publisher(msg.GraphUpdate, "~/graph_updates", EVENTS)
        self._markers = self.create_publisher(MarkerArray, "~/markers", LATCHED)
        self.serve(srv.RankAreas, "~/rank_areas", self._rank_areas)
        self.serve(srv.GetGraph, "~/get_graph", self._get_graph)
        self.serve(srv.Forget, "~/forget", self._forget)
        self.serve(srv.Save, "~/save", self._save)
        self.serve(srv.Load, "~/load", self._load)
        self.listen(msg.ObservationArray, f"{robot}/observations", self._observe, EVENTS)
        self.listen(msg.Changes, f"{self.value('memory')}/changes", self._learn_habits, EVENTS)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(_SNAPSHOT, lambda: self.submit(self._publish_whole), clock=steady)

    def configure(self) -> None:
        """Read the graph to begin with."""
        database, path = str(self.value("database")), str(self.value("graph_file"))
        self._options = {"similarity": self._careful(load_similarity(str(self.value("embedder"))))}
        self._keeper = GraphKeeper(database, **self._options) if database else None
        graph = self._keeper.open() if self._keeper else SceneGraph(**self._options)
        # What the robot has learned since it began with `graph_file` is in its database.
        if path and not len(graph):
            graph = SceneGraph.load(path, **self._options)
        self._take_over(graph)

    def deactivate(self) -> None:
        """Keep what was learned."""
        self._keep()

    def cleanup(self) -> None:
        """Keep what was learned."""
        self._keep()

    def activate(self) -> None:
        """Show the graph."""
        self._published_version = -1

    def _take_over(self, graph: SceneGraph) -> None:
        version = self._graph.version
        self._graph = graph
        # Versions only grow, so that replicas notice that another graph was loaded.
        graph.version = max(graph.version, version + 1)
        self._publication = GraphPublication(graph, map_frame=str(self.value("map_frame")))

    def _observe(self, message: msg.ObservationArray) -> None:
        changes: list[Change] = []
        try:
            new = self._order.is_new(message)
            if self._camera is not None:
                message = self._perceived(self._camera, message, new=new)
            if new:
                self._follow_map(message.map_id)
                stamp = seconds_from_time(message.header.stamp)
                view = optional(message.view)
                changes = self._graph.observe(
                    [observation_from_message(observation, now=stamp) for observation in message.observations],
                    None if view is None else view_from_message(view),
                    robot_pose=robot_pose(message),
                    stamp=stamp,
                )
        finally:
            # For a frame that was refused, too: others wait until this node is done with it.
            self.publish(self._updates, self._publication.update(changes, seq=message.seq, epoch=message.epoch))

    def _careful(self, similarity: Similarity | None) -> Similarity | None:
        """A model that fails costs understanding, not the search."""

        def compare(phrase: str, texts: Sequence[str]) -> Sequence[float]:
            try:
                return similarity(phrase, texts) if similarity is not None else ()
            except Exception as error:
                self.get_logger().warning(f"words only: the embedder fails: {error}", throttle_duration_sec=60.0)
                return ()

        return compare if similarity is not None else None

    def _learn_habits(self, message: msg.Changes) -> None:
        """Long-term memory learns from what moves: where short-term memory saw things come to rest."""
        self._graph.consolidate(change_from_message(change) for change in message.changes)

    def _perceived(self, camera: Camera, message: msg.ObservationArray, *, new: bool) -> msg.ObservationArray:
        """The frame with what perception makes of its images, which is published for the other nodes.

        A frame whose images are lost is passed on without its view, so that nothing is taken for absent.
        """
        newest = self._newest
        if not new and newest is not None and (newest.epoch, newest.seq) == (message.epoch, message.seq):
            self.publish(self._observations, newest)  # a repetition, for nodes that came later
            return newest
        frame = copy(message)
        view = optional(message.view)
        picture = None if view is None else camera.picture(message.header.stamp, float(self.value("camera_timeout")))
        seen: list[Observation] = []
        try:
            if view is None or picture is None:
                what = "the camera's pose (its view)" if view is None else "the camera's images"
                raise InvalidObservationError(f"frame {message.seq} came without {what}, so nothing is perceived in it")
            limits = PerceptionLimits(min_pixels=self.value("min_pixels"), max_range=self.value("max_range"))
            seen = picture.observations(view, limits=limits)
            frame.view = [view_to_message(picture.thinned(view))] if not view.depth else message.view
        except InvalidObservationError as error:
            self.get_logger().warning(str(error))
            frame.view = []
        frame.observations = [*map(observation_to_message, seen), *message.observations]
        self._newest = frame
        self.publish(self._observations, frame)
        return frame

    def _follow_map(self, map_id: str) -> None:
        if not map_id or map_id == self._graph.map_id:
            return
        if self._graph.map_id:
            self.get_logger().warning(f"map {map_id!r}, not {self._graph.map_id!r}: another graph")
            self._keep()
            self._take_over(self._keeper.open(map_id) if self._keeper else SceneGraph(**self._options))
        self._graph.map_id = map_id

    def _keep(self) -> None:
        if self._keeper is not None:
            try:
                self._keeper.keep(self._graph)
            except SceneGraphError as error:
                self.get_logger().error(f"the graph is not kept: {error}", throttle_duration_sec=30.0)

    def _publish_whole(self) -> None:
        if not self.active or self._graph.version == self._published_version:
            return
        self._published_version = self._graph.version
        whole = self._publication.whole()
        self.publish(self._whole, whole)
        self.publish(self._markers, markers(whole))
        self._keep()

    def _rank_areas(self, request: Any, response: Any) -> None:
        if not request.sought.strip():
            raise NodeError("say what is sought: a class or a phrase")
        last_seen = optional(request.last_seen)
        places = self._graph.rank_places(
            request.sought,
            start=point_from_message(request.start),
            exclude=set(request.exclude),
            k=request.k,
            last_seen=None if last_seen is None else point_from_message(last_seen),
        )
        response.places = [place_to_message(place) for place in places]
        response.graph_version = self._graph.version

    def _get_graph(self, request: Any, response: Any) -> None:
        response.graph = self._publication.whole()
        response.document = json.dumps(self._graph.to_json())

    def _forget(self, request: Any, response: Any) -> None:
        """Erase by id or class: what the memory node asks for, when it was told to forget what keeps its place."""
        if request.query or request.near or request.before or request.after:
            raise NodeError("the scene graph forgets by object_id or labels; ask memory/forget for other conditions")
        if not request.object_id and not request.labels:
            raise NodeError("give an object_id or labels")
        gone = self._graph.forget(object_id=request.object_id or None, labels=list(request.labels) or None)
        response.object_ids, response.graph_objects = list(gone), len(gone)
        response.message = f"{len(gone)} erased; a saved graph still has them until it is saved again"
        publication = self._publication
        self.publish(self._updates, publication.update([], seq=publication.seq, epoch=publication.epoch))
        self._publish_whole()

    def _save(self, request: Any, response: Any) -> None:
        path = _path(request.path)
        self._graph.save(path)
        response.message = f"saved {len(self._graph)} things to {path}"

    def _load(self, request: Any, response: Any) -> None:
        path = _path(request.path)
        self._take_over(SceneGraph.load(path, **self._options))
        self._publish_whole()
        response.message = f"loaded {len(self._graph)} things from {path}"


def _path(text: str) -> Path:
    if not text.strip():
        raise NodeError("give the path of a file")
    return Path(text).expanduser()


def main() -> None:
    """Start the node."""
    run(SceneGraphNode)
