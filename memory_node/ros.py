"""Types of `memory_node` ↔ ROS messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from karma import msg

from memory_node.recollection import LookNext, Recollection
from scene_graph.ros.messages import (
    optional,
    point_from_message,
    point_to_message,
    state_from_message,
    state_to_message,
)

__all__ = ["recollection_from_message", "recollection_to_message", "recollections_from_messages", "shares"]


def recollection_to_message(recollection: Recollection) -> msg.Recollection:
    """A recollection as a message."""
    return msg.Recollection(
        object=state_to_message(recollection.object),
        score=float(recollection.score),
        age=[] if recollection.age is None else [float(recollection.age)],
        tier=recollection.tier,
        alternatives=[state_to_message(state) for state in recollection.alternatives],
        look_next=[
            msg.LookNext(
                place_id=place.place_id,
                label=place.label,
                position=point_to_message(place.position),
                probability=float(place.probability),
            )
            for place in recollection.look_next
        ],
        history=[state_to_message(state) for state in recollection.history],
        explanation=[
            msg.ScorePart(name=name, value=float(value)) for name, value in sorted(recollection.explanation.items())
        ],
    )


def recollection_from_message(message: msg.Recollection) -> Recollection:
    """A message's recollection."""
    return Recollection(
        object=state_from_message(message.object),
        score=message.score,
        age=optional(message.age),
        tier=message.tier,
        alternatives=tuple(state_from_message(state) for state in message.alternatives),
        look_next=tuple(
            LookNext(
                place_id=place.place_id,
                label=place.label,
                position=point_from_message(place.position),
                probability=place.probability,
            )
            for place in message.look_next
        ),
        history=tuple(state_from_message(state) for state in message.history),
        explanation={part.name: part.value for part in message.explanation},
    )


def recollections_from_messages(messages: Sequence[msg.Recollection]) -> list[Recollection]:
    """The recollections of a service's answer, in its order."""
    return [recollection_from_message(message) for message in messages]


def shares(counts: Mapping[str, int], totals: Mapping[str, int]) -> list[msg.Share]:
    """Counts by kind beside their totals, sorted by kind."""
    return [msg.Share(kind=kind, count=counts.get(kind, 0), total=total) for kind, total in sorted(totals.items())]
