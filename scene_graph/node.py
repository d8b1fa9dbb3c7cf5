"""The node `scene_graph`: keeps the long-term memory of the home, from what the robot's camera shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from geometry_msgs.msg import Point as PointMessage
from geometry_msgs.msg import Vector3
from karma import msg, srv
from rclpy.clock import Clock, ClockType
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from scene_graph.graph import SceneGraph
from scene_graph.ros.frames import FrameOrder, robot_pose
from scene_graph.ros.graph import GraphPublication
from scene_graph.ros.managed import ManagedNode, NodeError, run
from scene_graph.ros.messages import (
    header,
    observation_from_message,
    optional,
    point_from_message,
    seconds_from_time,
    view_from_message,
)
from scene_graph.ros.places import place_to_message
from scene_graph.ros.qos import EVENTS, LATCHED
from scene_graph.types import Change, SceneGraphError

__all__ = ["SceneGraphNode", "main"]

_SNAPSHOT = 1.0
"""Seconds, wall time, between publications of the whole graph while it changes."""


class SceneGraphNode(ManagedNode):
    """Builds the graph from observations, ranks places for a search, saves and loads."""

    def __init__(self) -> None:
        super().__init__("scene_graph", errors=(SceneGraphError,))
        self.parameter("robot", "robot", "name of the robot's node, relative to this node's namespace; read at start")
        self.parameter("map_frame", "map", "name of the map frame")
        self.parameter("graph_file", "", "graph to begin with, as `save` wrote it; empty: begin with nothing")
        self._graph = SceneGraph()
        self._publication = GraphPublication(self._graph)
        self._order = FrameOrder()
        self._published_version = -1

        self._whole = self.create_publisher(msg.SceneGraph, "~/graph", LATCHED)
        self._updates = self.create_publisher(msg.GraphUpdate, "~/graph_updates", EVENTS)
        self._markers = self.create_publisher(MarkerArray, "~/markers", LATCHED)
        self.serve(srv.RankAreas, "~/rank_areas", self._rank_areas)
        self.serve(srv.GetGraph, "~/get_graph", self._get_graph)
        self.serve(srv.Save, "~/save", self._save)
        self.serve(srv.Load, "~/load", self._load)
        self.listen(msg.ObservationArray, f"{self.value('robot')}/observations", self._observe, EVENTS)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(_SNAPSHOT, lambda: self.submit(self._publish_whole), clock=steady)

    def configure(self) -> None:
        """Read the graph to begin with."""
        path = str(self.value("graph_file"))
        self._take_over(SceneGraph.load(path) if path else SceneGraph())

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
            if self._order.is_new(message):
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

    def _follow_map(self, map_id: str) -> None:
        if not map_id or map_id == self._graph.map_id:
            return
        if self._graph.map_id:
            self.get_logger().warning(f"map {map_id!r}, not {self._graph.map_id!r}: a new graph begins")
            self._take_over(SceneGraph())
        self._graph.map_id = map_id

    def _publish_whole(self) -> None:
        if not self.active or self._graph.version == self._published_version:
            return
        self._published_version = self._graph.version
        whole = self._publication.whole()
        self.publish(self._whole, whole)
        if self._markers.get_subscription_count():
            self.publish(self._markers, _markers(whole))

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

    def _save(self, request: Any, response: Any) -> None:
        path = _path(request.path)
        self._graph.save(path)
        response.message = f"saved {len(self._graph)} things to {path}"

    def _load(self, request: Any, response: Any) -> None:
        path = _path(request.path)
        self._take_over(SceneGraph.load(path))
        self._publish_whole()
        response.message = f"loaded {len(self._graph)} things from {path}"


def _path(text: str) -> Path:
    if not text.strip():
        raise NodeError("give the path of a file")
    return Path(text).expanduser()


def _markers(graph: msg.SceneGraph) -> MarkerArray:
    """The graph for RViz: areas as discs, ways between them as lines, things as boxes with their names."""
    head = header(seconds_from_time(graph.header.stamp), graph.header.frame_id)
    markers = [Marker(header=head, action=Marker.DELETEALL)]
    areas = {node.id: node.position for node in graph.nodes if node.kind == msg.GraphNode.AREA}
    for number, position in enumerate(areas.values()):
        disc = Marker(header=head, ns="areas", id=number, type=Marker.CYLINDER, scale=Vector3(x=0.3, y=0.3, z=0.02))
        disc.pose.position = position
        disc.color = ColorRGBA(r=0.2, g=0.5, b=0.9, a=0.8)
        markers.append(disc)
    ways = Marker(header=head, ns="ways", id=0, type=Marker.LINE_LIST, scale=Vector3(x=0.03, y=0.0, z=0.0))
    ways.color = ColorRGBA(r=0.2, g=0.5, b=0.9, a=0.5)
    for edge in graph.edges:
        if edge.source in areas and edge.target in areas:
            ways.points += [areas[edge.source], areas[edge.target]]
    markers.append(ways)
    for number, thing in enumerate(graph.objects):
        size = optional(thing.size)
        grey = 0.5 if thing.stale else 0.75
        box = Marker(header=head, ns="things", id=number, type=Marker.CUBE)
        box.pose.position = thing.position
        box.scale = size if size is not None else Vector3(x=0.1, y=0.1, z=0.1)
        box.color = ColorRGBA(r=grey, g=grey, b=grey * 0.9, a=0.4)
        name = Marker(header=head, ns="names", id=number, type=Marker.TEXT_VIEW_FACING, text=thing.label)
        x, y, z = point_from_message(thing.position)
        name.pose.position = PointMessage(x=x, y=y, z=z + box.scale.z / 2 + 0.1)
        name.scale.z = 0.12
        name.color = ColorRGBA(r=0.1, g=0.1, b=0.1, a=1.0)
        markers += [box, name]
    return MarkerArray(markers=markers)


def main() -> None:
    """Start the node."""
    run(SceneGraphNode)
