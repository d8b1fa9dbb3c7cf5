"""The scene graph for RViz, its layers raised above one another as papers on 3D scene graphs draw them.

At their places: the things, as boxes with their names, coloured by kind; what was not seen again is faded. Above them
the areas with the ways between them, above those the rooms with their names, and on top the building. Lines join each
node with those of the layer below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from geometry_msgs.msg import Point, Vector3
from karma import msg
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from scene_graph.ontology import ontology
from scene_graph.palette import AREA, NOTE, ROOMS, kind_of, rgb
from scene_graph.ros.graph import NOTE as NOTE_KIND
from scene_graph.ros.messages import header, optional, seconds_from_time

__all__ = ["AREA_LAYER", "BUILDING_LAYER", "ROOM_LAYER", "markers"]

AREA_LAYER, ROOM_LAYER, BUILDING_LAYER = 3.0, 4.5, 6.0
"""Metres above the floor at which each layer is drawn."""
_FADED = 0.2
"""Share of its opacity that a thing which was not seen again has left."""
_UNKNOWN = 0.1
"""Metres to draw of a thing of unknown size."""


def markers(graph: msg.SceneGraph) -> MarkerArray:
    """Draw a graph.

    Args:
        graph: As it is published.

    Returns:
        Markers that replace all that were there, in the map frame; namespaces ``things``, ``names``, ``notes``,
        ``areas``, ``ways``, ``rooms``, ``building`` and ``contains`` can be switched on and off in RViz.
    """
    head = header(seconds_from_time(graph.header.stamp), graph.header.frame_id)
    nodes = {node.id: node for node in graph.nodes}
    rooms = {key: node for key, node in nodes.items() if node.kind == msg.GraphNode.ROOM}
    areas = {key: node for key, node in nodes.items() if node.kind == msg.GraphNode.AREA}
    colours = {key: rgb(ROOMS[n % len(ROOMS)]) for n, key in enumerate(rooms)}
    result = [Marker(header=head, action=Marker.DELETEALL)]
    result += _things(head, graph)
    result += _notes(head, [node for node in graph.nodes if node.kind == NOTE_KIND])
    raised = {key: _up(node.position, AREA_LAYER) for key, node in areas.items()}
    tops = {key: _up(node.position, ROOM_LAYER) for key, node in rooms.items()}
    for number, (key, place) in enumerate(raised.items()):
        colour = colours.get(areas[key].parent, rgb(AREA))
        result.append(_shape(head, "areas", number, Marker.SPHERE, place, 0.22, (*colour, 1.0)))
    ways = ((raised[e.source], raised[e.target]) for e in graph.edges if e.source in raised and e.target in raised)
    result.append(_lines(head, "ways", ways, 0.035, (*rgb(AREA), 0.8)))
    for number, (key, place) in enumerate(tops.items()):
        result.append(_shape(head, "rooms", 2 * number, Marker.CUBE, place, 0.4, (*colours[key], 1.0)))
        result.append(_text(head, "rooms", 2 * number + 1, _up(place, 0.45), rooms[key].label or key, 0.35))
    joined = [(raised[key], tops[node.parent]) for key, node in areas.items() if node.parent in tops]
    for thing, area in zip(graph.objects, graph.object_areas, strict=True):
        if area in raised and not thing.stale:
            joined.append((thing.position, raised[area]))
    if tops:
        roof = Point(
            x=sum(p.x for p in tops.values()) / len(tops),
            y=sum(p.y for p in tops.values()) / len(tops),
            z=next(iter(tops.values())).z + BUILDING_LAYER - ROOM_LAYER,
        )
        result.append(_shape(head, "building", 0, Marker.CUBE, roof, 0.55, (*rgb(AREA), 1.0)))
        result.append(_text(head, "building", 1, _up(roof, 0.55), graph.map_id or "building", 0.35))
        joined += [(top, roof) for top in tops.values()]
    result.append(_lines(head, "contains", joined, 0.012, (0.45, 0.45, 0.5, 0.45)))
    return MarkerArray(markers=result)


def _things(head: Header, graph: msg.SceneGraph) -> list[Marker]:
    found = []
    for number, thing in enumerate(graph.objects):
        size = optional(thing.size)
        size = size if size is not None else Vector3(x=_UNKNOWN, y=_UNKNOWN, z=_UNKNOWN)
        share = _FADED if thing.stale else 1.0
        box = Marker(header=head, ns="things", id=number, type=Marker.CUBE)
        box.pose.position = thing.position
        box.scale = Vector3(x=max(size.x, 0.02), y=max(size.y, 0.02), z=max(size.z, 0.02))
        box.color = _colour((*rgb(kind_of(thing.label)[1]), 0.6 * share))
        word = ontology().get(thing.label).word + (" (not seen again)" if thing.stale else "")
        name = _text(head, "names", number, _up(thing.position, size.z / 2 + 0.1), word, 0.13)
        name.color.a = max(share, 0.4)
        found += [box, name]
    return found


def _notes(head: Header, notes: Sequence[msg.GraphNode]) -> list[Marker]:
    found = []
    for number, note in enumerate(notes):
        found.append(_shape(head, "notes", 2 * number, Marker.SPHERE, note.position, 0.15, (*rgb(NOTE), 0.4)))
        word = f"{ontology().get(note.label).word} was here"
        found.append(_text(head, "notes", 2 * number + 1, _up(note.position, 0.2), word, 0.12))
    return found


def _shape(
    head: Header, space: str, number: int, kind: int, place: Point, extent: float, colour: tuple[float, ...]
) -> Marker:
    marker = Marker(header=head, ns=space, id=number, type=kind, scale=Vector3(x=extent, y=extent, z=extent))
    marker.pose.position = place
    marker.color = _colour(colour)
    return marker


def _text(head: Header, space: str, number: int, place: Point, text: str, height: float) -> Marker:
    marker = Marker(header=head, ns=space, id=number, type=Marker.TEXT_VIEW_FACING, text=text)
    marker.pose.position = place
    marker.scale.z = height
    marker.color = ColorRGBA(r=0.1, g=0.1, b=0.12, a=1.0)
    return marker


def _lines(
    head: Header, space: str, pairs: Iterable[tuple[Point, Point]], width: float, colour: tuple[float, ...]
) -> Marker:
    marker = Marker(header=head, ns=space, id=0, type=Marker.LINE_LIST, scale=Vector3(x=width, y=0.0, z=0.0))
    marker.points = [point for pair in pairs for point in pair]
    marker.color = _colour(colour)
    return marker


def _up(place: Point, metres: float) -> Point:
    return Point(x=place.x, y=place.y, z=place.z + metres)


def _colour(rgba: tuple[float, ...]) -> ColorRGBA:
    r, g, b, a = rgba
    return ColorRGBA(r=r, g=g, b=b, a=a)
