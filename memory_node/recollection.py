"""An answer of memory, with how it knows (principle 5 of the design)."""

from __future__ import annotations

from dataclasses import dataclass, field

from scene_graph.types import ObjectState, Point

__all__ = ["LookNext", "Recollection"]


@dataclass(frozen=True, kw_only=True)
class LookNext:
    """A place worth looking at for what was not found where memory had it.

    Attributes:
        place_id: Id of an area or a container in the scene graph.
        label: Its name or class.
        position: Where it is, map frame, metres.
        probability: That the object is there, in [0, 1].
    """

    place_id: str
    label: str
    position: Point
    probability: float


@dataclass(frozen=True, kw_only=True)
class Recollection:
    """One object that memory recalls, and how it knows.

    Attributes:
        object: What is believed: label, states, parent and more.
        score: How well it answers the query, in [0, 1].
        age: Seconds since it was last observed; None across a restart of time (another epoch).
        tier: ``"short"``, ``"long"`` or ``"archive"``.
        alternatives: Other places where the same object might be, most likely first.
        look_next: For what is stale: the best places to look next.
        history: Earlier states, newest first.
        explanation: The parts of the score, by name.
    """

    object: ObjectState
    score: float
    age: float | None
    tier: str
    alternatives: tuple[ObjectState, ...] = ()
    look_next: tuple[LookNext, ...] = ()
    history: tuple[ObjectState, ...] = ()
    explanation: dict[str, float] = field(default_factory=dict, compare=False)

    @property
    def position(self) -> Point:
        """Where it is believed to be, metres, in `frame_id`."""
        return self.object.position

    @property
    def stamp(self) -> float:
        """When it was last observed, seconds."""
        return self.object.stamp

    @property
    def frame_id(self) -> str:
        """Frame of `position`."""
        return self.object.frame_id

    @property
    def covariance(self) -> tuple[float, ...] | None:
        """Row-major 3×3 covariance of `position`, m²."""
        return self.object.covariance

    @property
    def confidence(self) -> float:
        """In [0, 1]."""
        return self.object.confidence

    @property
    def stale(self) -> bool:
        """Whether its place was seen without it."""
        return self.object.stale

    @property
    def source(self) -> str:
        """Who observed it."""
        return self.object.source
