"""One object of the scene graph: how its box, class and states are fused from many views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from scene_graph.types import (
    FloatArray,
    InvalidObservationError,
    ObjectState,
    Observation,
    Point,
    apply_states,
    as_point,
)

__all__ = ["SceneObject"]

_PARTIAL = 0.06
"""Standard deviation of the centre along an axis, metres, above which the extent along it is only a lower bound."""
_MEMORY = 12
"""A new full view weighs at least one part in so many: a chair that was pushed is followed."""
_SHRUNK = 0.7
"""A full view shows at least this share of the extent that was seen before."""
_SLACK = 0.08
"""Metres by which a partial view must go beyond a face that a full view has set, to move it."""
_SENSOR_IDS = 4
"""How many of the newest sensor ids are kept as hints."""
_MISSES = 3
"""Clear views without it after which an object is stale: one look may have failed to recognise it."""
_DIGITS = 4


@dataclass(slots=True, eq=False)
class SceneObject:
    """A thing that keeps its place.

    Attributes:
        object_id: The graph's id of it.
        label: Class name that most views voted for.
        low: Lower corner of its axis-aligned box, metres, map frame.
        high: Upper corner.
        stamp: When it was last seen, seconds.
        first_stamp: When it was first seen, seconds.
        full: Views that showed its whole extent along x, y, z.
        seen: Views that showed it.
        misses: Clear views of its place without it, since it was last seen.
        moves: How often it was found elsewhere.
        stale: Its place was clearly seen without it.
        states: What was last seen of its states, with the time of each.
        votes: Views by class name.
        sensor_ids: The newest sensor ids, oldest first.
        parent: Id of the object that it is on or in.
        relation: ``"on"`` or ``"in"``, how it is in its parent.
        area: Id of the area from which it is reached.
        viewpoint: Camera position of the view that showed it best, metres.
        view_score: How good that view was.
        sized: Whether any view showed extents.
        fitted: Whether its box was fitted to surfaces, so that its covariance tells which extents are known.
        looked: When its inside or top was last searched, seconds; None if never.
        extra: Fields of the file that this release does not know.
    """

    object_id: str
    label: str
    low: FloatArray
    high: FloatArray
    stamp: float
    first_stamp: float
    full: FloatArray = field(default_factory=lambda: np.zeros(3))
    seen: int = 0
    misses: int = 0
    moves: int = 0
    stale: bool = False
    states: dict[str, float] = field(default_factory=dict)
    votes: dict[str, float] = field(default_factory=dict)
    sensor_ids: list[str] = field(default_factory=list)
    parent: str | None = None
    relation: str = "on"
    area: str | None = None
    viewpoint: Point | None = None
    view_score: float = 0.0
    looked: float | None = None
    source: str = ""
    confidence: float = 1.0
    sized: bool = False
    fitted: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def first_seen(cls, object_id: str, observation: Observation) -> SceneObject:
        """A new object from the first observation of it."""
        centre = np.array(observation.position)
        thing = cls(
            object_id=object_id,
            label=observation.label,
            low=centre,
            high=centre,
            stamp=float(observation.stamp),
            first_stamp=float(observation.stamp),
        )
        thing.take(observation)
        return thing

    @property
    def position(self) -> Point:
        """Centre of its box, metres."""
        x, y, z = ((self.low + self.high) / 2).tolist()
        return (x, y, z)

    @property
    def size(self) -> Point:
        """Extents of its box, metres."""
        x, y, z = (self.high - self.low).tolist()
        return (x, y, z)

    @property
    def covariance(self) -> FloatArray:
        """(3, 3) of its position, m²: smaller with every full view, an extent's worth while only parts were seen."""
        sensor = 0.02 / np.sqrt(np.maximum(self.full, 1.0))
        partial = np.maximum(0.15 * (self.high - self.low), 0.05)
        return np.diag(np.where(self.full > 0, sensor, partial) ** 2)

    def take(self, observation: Observation) -> None:
        """Fuse another view of it.

        An observation with a covariance shows surfaces: along each axis, a view of the whole extent (the covariance is
        small) moves both faces towards what it shows; a partial one can only widen the box. One without gives the true
        centre, and its size is a lower bound.
        """
        centre = np.array(observation.position)
        if observation.size is None:
            self._shift(centre)
        elif observation.covariance is None:
            # The centre is the sensor's word; what it saw of the extents is the least that they can be.
            self._shift(centre)
            middle = (self.low + self.high) / 2
            half = np.maximum(self.high - self.low, observation.size) / 2
            self.low, self.high = middle - half, middle + half
            self.sized = True
        else:
            self.fitted = True
            self._fit(centre, np.array(observation.size) / 2, np.sqrt(np.diag(observation.covariance)) < _PARTIAL)
        self.seen += 1
        self.misses = 0
        self.stale = False
        self.stamp = float(observation.stamp)
        self.source = observation.source
        self.confidence = max(observation.confidence, self.confidence if self.seen > 1 else 0.0)
        self.votes[observation.label] = self.votes.get(observation.label, 0.0) + observation.confidence
        self.label = max(sorted(self.votes), key=lambda name: self.votes[name])
        known = apply_states(self.states, observation.states)
        self.states = {
            s: self.stamp if s in observation.states else self.states.get(s, self.stamp) for s in sorted(known)
        }
        if observation.object_id is not None:
            if observation.object_id in self.sensor_ids:
                self.sensor_ids.remove(observation.object_id)
            self.sensor_ids = [*self.sensor_ids, observation.object_id][-_SENSOR_IDS:]

    def _shift(self, centre: FloatArray) -> None:
        """Move the box towards an observed centre."""
        step = (centre - (self.low + self.high) / 2) / min(self.seen + 1, _MEMORY)
        self.low, self.high = self.low + step, self.high + step
        self.full = self.full + 1

    def _fit(self, centre: FloatArray, half: FloatArray, full: npt.NDArray[np.bool_]) -> None:
        """Fit the box to an observed one, along the axes whose whole extent it shows, or widen it along the others."""
        low, high = centre - half, centre + half
        if not self.sized:
            self.low, self.high, self.sized = low, high, True
            self.full = self.full + full
            return
        # What claims to be the whole and is much smaller than what was seen before was hidden without our noticing.
        full = full & ((high - low) >= _SHRUNK * (self.high - self.low) - _SLACK)
        weight = 1.0 / np.minimum(self.full + 1, _MEMORY)
        slack = np.where(self.full > 0, _SLACK, 0.0)
        widened = np.where(low < self.low - slack, low, self.low)
        self.low = np.where(full, self.low + (low - self.low) * weight, widened)
        widened = np.where(high > self.high + slack, high, self.high)
        self.high = np.where(full, self.high + (high - self.high) * weight, widened)
        self.full = self.full + full

    def relocate(self, observation: Observation) -> None:
        """Follow it to another place, where its box starts afresh."""
        self.moves += 1
        self.full = np.zeros(3)
        self.sized = False
        centre = (self.low + self.high) / 2
        shift = np.array(observation.position) - centre
        self.low, self.high = self.low + shift, self.high + shift
        self.parent, self.area, self.viewpoint, self.view_score = None, None, None, 0.0
        self.take(observation)

    def miss(self) -> bool:
        """Its place was in clear view without it; returns whether it became stale by this."""
        self.misses += 1
        if self.stale or self.misses < _MISSES:
            return False
        self.stale = True
        return True

    def absorb(self, other: SceneObject) -> None:
        """Take over what was known of an object that turned out to be this one."""
        self.low, self.high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        self.full = np.maximum(self.full, other.full)
        self.seen += other.seen
        self.first_stamp = min(self.first_stamp, other.first_stamp)
        if other.stamp > self.stamp:
            self.states = {**self.states, **other.states}
            self.stamp = other.stamp
        for label, votes in other.votes.items():
            self.votes[label] = self.votes.get(label, 0.0) + votes
        self.sensor_ids = [*self.sensor_ids, *(s for s in other.sensor_ids if s not in self.sensor_ids)][-_SENSOR_IDS:]

    def state(self) -> ObjectState:
        """What is believed about it, as all parts share it."""
        return ObjectState(
            object_id=self.object_id,
            label=self.label,
            position=self.position,
            stamp=self.stamp,
            states=frozenset(self.states),
            state_stamps=tuple(self.states.items()),
            size=self.size if self.sized else None,
            covariance=tuple(float(v) for v in self.covariance.ravel()),
            confidence=self.confidence,
            source=self.source,
            parent=self.parent,
            stale=self.stale,
            sensor_id=self.sensor_ids[-1] if self.sensor_ids else None,
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready mapping in a stable order; `from_json` reads it back."""
        data: dict[str, Any] = {
            "id": self.object_id,
            "label": self.label,
            "position": [round(v, _DIGITS) for v in self.position],
            "size": [round(v, _DIGITS) for v in self.size],
            "stamp": self.stamp,
            "first_stamp": self.first_stamp,
            "seen": self.seen,
            "full": [int(v) for v in self.full.tolist()],
            "votes": {k: round(v, _DIGITS) for k, v in sorted(self.votes.items())},
            "confidence": self.confidence,
        }
        optional: dict[str, Any] = {
            "states": self.states,
            "parent": self.parent,
            "relation": self.relation if self.parent else None,
            "area": self.area,
            "viewpoint": None if self.viewpoint is None else [round(v, _DIGITS) for v in self.viewpoint],
            "view_score": round(self.view_score, _DIGITS),
            "looked": self.looked,
            "misses": self.misses,
            "moves": self.moves,
            "stale": self.stale,
            "sensor_ids": self.sensor_ids,
            "source": self.source,
            "fitted": self.fitted,
        }
        data.update((key, value) for key, value in optional.items() if value not in (None, 0, False, "", {}, []))
        return {**data, **self.extra}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SceneObject:
        """Read what `to_json` wrote; unknown fields are kept in `extra`.

        Raises:
            InvalidObservationError: If a field is missing or of the wrong kind.
        """
        try:
            centre = np.array(as_point(data["position"]))
            half = np.array(as_point(data.get("size", (0.0, 0.0, 0.0)), what="size")) / 2
            viewpoint = data.get("viewpoint")
            looked = data.get("looked")
            return cls(
                object_id=str(data["id"]),
                label=str(data["label"]),
                low=centre - half,
                high=centre + half,
                stamp=float(data["stamp"]),
                first_stamp=float(data.get("first_stamp", data["stamp"])),
                full=np.array(data.get("full", (0, 0, 0)), dtype=np.float64),
                seen=int(data.get("seen", 1)),
                misses=int(data.get("misses", 0)),
                moves=int(data.get("moves", 0)),
                stale=bool(data.get("stale", False)),
                states={str(k): float(v) for k, v in data.get("states", {}).items()},
                votes={str(k): float(v) for k, v in data.get("votes", {}).items()},
                sensor_ids=[str(v) for v in data.get("sensor_ids", ())],
                parent=data.get("parent"),
                relation=str(data.get("relation", "on")),
                area=data.get("area"),
                viewpoint=None if viewpoint is None else as_point(viewpoint, what="viewpoint"),
                view_score=float(data.get("view_score", 0.0)),
                looked=None if looked is None else float(looked),
                source=str(data.get("source", "")),
                confidence=float(data.get("confidence", 1.0)),
                sized=bool(half.any()),
                fitted=bool(data.get("fitted", False)),
                extra={k: v for k, v in data.items() if k not in _KNOWN},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidObservationError(f"not an object of a scene graph: {error!r}") from error


_KNOWN = {f.name for f in fields(SceneObject)} - {"object_id", "low", "high", "sized", "extra"} | {
    "id",
    "position",
    "size",
}
