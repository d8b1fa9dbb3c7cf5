"""Search places ↔ ROS messages."""

from __future__ import annotations

from karma import msg

from scene_graph.ros.messages import optional, point_from_message, point_to_message
from scene_graph.search import SearchPlace

__all__ = ["place_from_message", "place_to_message"]


def place_to_message(place: SearchPlace) -> msg.SearchPlace:
    """A search place as a message."""
    return msg.SearchPlace(
        place_id=place.place_id,
        kind=place.kind,
        label=place.label,
        position=point_to_message(place.position),
        viewpoint=[] if place.viewpoint is None else [point_to_message(place.viewpoint)],
        probability=float(place.probability),
        cost=float(place.cost),
    )


def place_from_message(message: msg.SearchPlace) -> SearchPlace:
    """A message's search place."""
    viewpoint = optional(message.viewpoint)
    return SearchPlace(
        place_id=message.place_id,
        kind=message.kind,
        label=message.label,
        position=point_from_message(message.position),
        viewpoint=None if viewpoint is None else point_from_message(viewpoint),
        probability=message.probability,
        cost=message.cost,
    )
