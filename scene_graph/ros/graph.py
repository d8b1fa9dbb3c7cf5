"""The scene graph ↔ ROS messages: whole, and what each frame changed."""

from __future__ import annotations

from collections.abc import Sequence

from geometry_msgs.msg import Point as PointMessage
from karma import msg

from scene_graph.graph import SceneGraph
from scene_graph.listing import outline
from scene_graph.ros.messages import change_to_message, header, state_to_message
from scene_graph.types import Change, ObjectState

__all__ = ["NOTE", "GraphPublication"]

NOTE = "note"
"""Kind of the nodes that say what left the graph because it moves: ``NOTE`` of the message."""


class GraphPublication:
    """Turns a growing graph into messages: the whole of it, or what differs from what was published last.

    Args:
        graph: The graph.
        map_frame: Name of the map frame.
    """

    def __init__(self, graph: SceneGraph, *, map_frame: str = "map") -> None:
        self.graph = graph
        self._map_frame = map_frame
        self._version = graph.version
        self._objects: dict[str, ObjectState] = {state.object_id: state for state in graph.objects()}
        self._layout = _layout(graph)
        self.seq = 0
        self.epoch = 0

    def whole(self) -> msg.SceneGraph:
        """All of the graph as it was last published."""
        nodes, edges = self._layout
        objects = list(self._objects.values())
        return msg.SceneGraph(
            header=header(_finite(self.graph.stamp), self._map_frame),
            map_id=self.graph.map_id,
            version=self._version,
            seq=self.seq,
            epoch=self.epoch,
            nodes=nodes,
            edges=edges,
            objects=[state_to_message(state) for state in objects],
            object_areas=self._areas(objects),
        )

    def update(self, changes: Sequence[Change], *, seq: int, epoch: int) -> msg.GraphUpdate:
        """What the newest frame changed.

        Args:
            changes: What `SceneGraph.observe` returned.
            seq: The frame's number.
            epoch: The frame's epoch.
        """
        things = self.graph.things
        touched = self.graph.changed_since(self._version)
        changed = [
            state for key in touched if key in things and self._objects.get(key) != (state := things[key].state())
        ]
        removed = [key for key in touched if key not in things and self._objects.pop(key, None) is not None]
        self._objects.update((state.object_id, state) for state in changed)
        layout = _layout(self.graph)
        layout_changed = layout != self._layout
        message = msg.GraphUpdate(
            header=header(_finite(self.graph.stamp), self._map_frame),
            map_id=self.graph.map_id,
            base_version=self._version,
            version=self.graph.version,
            seq=seq,
            epoch=epoch,
            objects=[state_to_message(state) for state in changed],
            object_areas=self._areas(changed),
            removed=removed,
            layout_changed=layout_changed,
            nodes=layout[0] if layout_changed else [],
            edges=layout[1] if layout_changed else [],
            changes=[change_to_message(change) for change in changes],
        )
        self._layout, self._version = layout, self.graph.version
        self.seq, self.epoch = seq, epoch
        return message

    def _areas(self, objects: Sequence[ObjectState]) -> list[str]:
        things = self.graph.things
        return [(things[s.object_id].area if s.object_id in things else None) or "" for s in objects]


def _layout(graph: SceneGraph) -> tuple[list[msg.GraphNode], list[msg.GraphEdge]]:
    """Rooms and areas, notes on what left them, and the ways between areas."""
    nodes = []
    for room, name, position in outline(graph):
        x, y, z = position or (0.0, 0.0, 0.0)
        place = PointMessage(x=x, y=y, z=z)
        nodes.append(msg.GraphNode(id=room.room_id, kind=msg.GraphNode.ROOM, label=name, position=place))
        for area_id in room.areas:
            x, y = graph.areas.areas[area_id]
            place = PointMessage(x=x, y=y, z=graph.grid.floor)
            nodes.append(msg.GraphNode(id=area_id, kind=msg.GraphNode.AREA, parent=room.room_id, position=place))
    for note in graph.notes:
        x, y, z = note.position
        nodes.append(
            msg.GraphNode(
                id=f"note-{note.object_id}",
                kind=NOTE,
                label=note.label,
                parent=note.area or "",
                position=PointMessage(x=x, y=y, z=z),
            )
        )
    edges = [
        msg.GraphEdge(source=source, target=target, length=float(length))
        for (source, target), length in sorted(graph.areas.edges.items())
    ]
    return nodes, edges


def _finite(stamp: float) -> float:
    return stamp if stamp > float("-inf") else 0.0
