"""One frame on its way into a scene graph: what it shows, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field

from scene_graph.objects import SceneObject
from scene_graph.state import GraphState
from scene_graph.types import Change, ChangeKind, ObjectState, Observation, Point, View

__all__ = ["Box", "Frame", "seen_box"]


@dataclass(frozen=True, slots=True)
class Box:
    """The box that one view showed.

    Attributes:
        position: Its centre, metres.
        size: Its extents, metres.
    """

    position: Point
    size: Point


@dataclass(slots=True)
class Frame:
    """One frame on its way into the graph.

    Attributes:
        state: The graph.
        seen: The frame's observations of things that the graph keeps.
        view: What was in clear view, if that is known.
        changes: What the frame changed so far.
        present: Which observation each object that the frame shows was seen in, by its place in `seen`.
    """

    state: GraphState
    seen: list[Observation]
    view: View | None
    changes: list[Change] = field(default_factory=list)
    present: dict[str, int] = field(default_factory=dict)

    def tell(self, kind: ChangeKind, thing: SceneObject, before: ObjectState | None = None) -> None:
        """Note a change, with what was believed before it."""
        self.changes.append(Change(kind, thing.object_id, self.state.stamp, before, thing.state()))

    def box(self, key: str) -> Box | None:
        """What the frame itself shows of an object's extents."""
        observation = self.seen[self.present[key]]
        return None if observation.size is None else seen_box(observation)


def seen_box(observation: Observation) -> Box:
    """The box that an observation shows, a point where it shows no extents."""
    return Box(observation.position, observation.size or (0.0, 0.0, 0.0))
