"""One object of the scene graph: how its box, class and states are fused from many views.

The class is the record of the file as well: msgspec checks and builds a hundred thousand of them in a tenth of a
second.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import msgspec
import numpy as np

from scene_graph.types import FloatArray, ObjectState, Observation, Point, apply_states

__all__ = ["KNOWN_FIELDS", "Number", "Part", "Place", "SceneObject"]

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
_VIEWPOINTS = 4
"""How many places from which it was seen well are kept."""
_ASIDE = 0.7
"""Metres between two of them: from much the same place a thing is seen much the same."""
_BEST_RANGE = 1.2
"""Metres from which a household thing is seen whole and reached at a step."""
_PARTS = 4
"""How many merges are kept so that they can be undone."""
_DIGITS = 4
_ROUNDED = frozenset({"position", "size", "votes", "viewpoints"})

Number = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]
Extent = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
"""Bounds refuse NaN and infinity when a file is read."""
Place = tuple[Number, Number, Number]
Viewpoint = tuple[Number, Number, Number, Number]
"""Where a camera was, metres, and how well it saw the thing from there, in [0, 1]."""


class Part(
    msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, rename={"object_id": "id", "extra": "<extra>"}
):
    """An object as it was when it was merged into another, in case that proves wrong.

    Attributes:
        object_id: Its id.
        position: Centre of its box, metres.
        size: Extents of its box, metres.
        extra: Fields of the file that this release does not know.
    """

    object_id: str
    position: Place
    size: tuple[Extent, Extent, Extent]
    extra: dict[str, Any] = {}

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready mapping in a stable order."""
        return {"id": self.object_id, "position": _rounded(self.position), "size": _rounded(self.size), **self.extra}


class SceneObject(
    msgspec.Struct,
    kw_only=True,
    eq=False,
    gc=False,  # it cannot be part of a cycle, and the collector need not walk over a hundred thousand
    forbid_unknown_fields=True,
    rename={"object_id": "id", "extra": "<extra>"},
):
    """A thing that keeps its place.

    Attributes:
        object_id: The graph's id of it.
        label: Class name that most views voted for.
        position: Centre of its axis-aligned box, metres, map frame.
        size: Extents of the box, metres; zeros while no view showed any.
        stamp: When it was last seen, seconds.
        first_stamp: When it was first seen, seconds.
        seen: Views that showed it.
        full: Views that showed its whole extent along x, y, z.
        votes: Sum of the confidences of the views, by class name.
        states: What was last seen of its states, with the time of each.
        parent: Id of the object that it is on or in.
        relation: ``"on"`` or ``"in"``, how it is in its parent.
        area: Id of the area from which it is reached.
        viewpoints: Where it was seen well from, best first.
        looked: When its inside or top was last searched, seconds; None if never.
        misses: Clear views of its place without it, since it was last seen.
        moves: How often it was found elsewhere.
        stale: Its place was clearly seen without it.
        sensor_ids: The newest sensor ids, oldest first.
        source: Who saw it last.
        confidence: The greatest of any view, in [0, 1].
        fitted: Whether its box was fitted to surfaces, so that its covariance tells which extents are known.
        merged: What was merged into it, and itself before that.
        extra: Fields of the file that this release does not know.
    """

    object_id: str
    label: str
    position: Place
    size: tuple[Extent, Extent, Extent] = (0.0, 0.0, 0.0)
    stamp: Number
    first_stamp: float = math.inf
    seen: int = 0
    full: tuple[int, int, int] = (0, 0, 0)
    votes: dict[str, float] = {}
    confidence: float = 1.0
    states: dict[str, float] = {}
    parent: str | None = None
    relation: str = "on"
    area: str | None = None
    viewpoints: tuple[Viewpoint, ...] = ()
    looked: float | None = None
    misses: int = 0
    moves: int = 0
    stale: bool = False
    sensor_ids: tuple[str, ...] = ()
    source: str = ""
    fitted: bool = False
    merged: tuple[Part, ...] = ()
    extra: dict[str, Any] = {}

    @classmethod
    def first_seen(cls, object_id: str, observation: Observation) -> SceneObject:
        """A new object from the first observation of it."""
        stamp = float(observation.stamp)
        thing = cls(
            object_id=object_id,
            label=observation.label,
            position=observation.position,
            stamp=stamp,
            first_stamp=stamp,
            confidence=0.0,
        )
        thing.take(observation)
        return thing

    @property
    def sized(self) -> bool:
        """Whether any view showed extents."""
        return any(self.size)

    @property
    def viewpoint(self) -> Point | None:
        """Where the camera saw it best from, metres."""
        return self.viewpoints[0][:3] if self.viewpoints else None

    @property
    def deviations(self) -> Point:
        """Standard deviation of its centre along x, y, z, metres.

        Smaller with every full view; an extent's worth while only parts were seen.
        """
        x, y, z = (
            0.02 / math.sqrt(full) if full else max(0.15 * extent, 0.05)
            for full, extent in zip(self.full, self.size, strict=True)
        )
        return (x, y, z)

    @property
    def covariance(self) -> FloatArray:
        """(3, 3) of its position, m²."""
        return np.diag(np.square(self.deviations))

    def take(self, observation: Observation) -> None:
        """Fuse another view of it.

        An observation with a covariance shows surfaces: along each axis, a view of the whole extent (the covariance is
        small) moves both faces towards what it shows; a partial one can only widen the box. One without gives the true
        centre, and its size is a lower bound.
        """
        size = observation.size
        if size is not None and observation.covariance is not None:
            self.fitted = True
            self._fit(observation.position, size, observation.covariance.diagonal().tolist())
        else:
            # The centre is the sensor's word; what it saw of the extents is the least that they can be.
            self._shift(observation.position)
            if size is not None:
                (a, b, c), (x, y, z) = self.size, size
                self.size = (max(a, x), max(b, y), max(c, z))
        self.seen += 1
        self.misses = 0
        self.stale = False
        self.stamp = float(observation.stamp)
        self.source = observation.source
        self.confidence = max(observation.confidence, self.confidence)
        self.votes[observation.label] = self.votes.get(observation.label, 0.0) + observation.confidence
        if len(self.votes) > 1:
            self.label = max(sorted(self.votes), key=lambda name: self.votes[name])
        if observation.states:
            known = apply_states(self.states, observation.states)
            self.states = {
                s: self.stamp if s in observation.states else self.states.get(s, self.stamp) for s in sorted(known)
            }
        hint = observation.object_id
        if hint is not None and (not self.sensor_ids or self.sensor_ids[-1] != hint):
            self.sensor_ids = (*(s for s in self.sensor_ids if s != hint), hint)[-_SENSOR_IDS:]

    def _shift(self, centre: Point) -> None:
        """Move the box towards an observed centre."""
        share = 1 / min(self.seen + 1, _MEMORY)
        (a, b, c), (x, y, z) = self.position, centre
        self.position = (a + (x - a) * share, b + (y - b) * share, c + (z - c) * share)
        full = self.full
        self.full = (full[0] + 1, full[1] + 1, full[2] + 1)

    def _fit(self, centre: Point, size: Point, variances: list[float]) -> None:
        """Fit the box to an observed one, along the axes whose whole extent it shows, or widen it along the others."""
        fresh = not self.sized
        position, extents, counts = list(self.position), list(self.size), list(self.full)
        for axis in (0, 1, 2):
            whole = variances[axis] < _PARTIAL**2
            middle, extent, known = centre[axis], size[axis], counts[axis]
            if fresh:
                position[axis], extents[axis], counts[axis] = middle, extent, known + whole
                continue
            # What claims to be the whole and is much smaller than what was seen before was hidden unnoticed.
            whole = whole and extent >= _SHRUNK * extents[axis] - _SLACK
            low, high = middle - extent / 2, middle + extent / 2
            old_low, old_high = position[axis] - extents[axis] / 2, position[axis] + extents[axis] / 2
            if whole:
                share = 1 / min(known + 1, _MEMORY)
                low, high = old_low + (low - old_low) * share, old_high + (high - old_high) * share
                counts[axis] = known + 1
            else:
                slack = _SLACK if known else 0.0
                low = low if low < old_low - slack else old_low
                high = high if high > old_high + slack else old_high
            position[axis], extents[axis] = (low + high) / 2, high - low
        self.position, self.size = (position[0], position[1], position[2]), (extents[0], extents[1], extents[2])
        self.full = (counts[0], counts[1], counts[2])

    def start_afresh(self, observation: Observation) -> None:
        """Forget the box, which was wrong, for the one that an observation shows."""
        self.full = (0, 0, 0)
        self.position = observation.position
        if observation.size is not None:
            self.size = (0.0, 0.0, 0.0)
        self.take(observation)

    def relocate(self, observation: Observation) -> None:
        """Follow it to another place, where its box starts afresh."""
        self.moves += 1
        self.parent, self.area, self.viewpoints, self.merged = None, None, (), ()
        self.start_afresh(observation)

    def note_viewpoint(self, camera: Point) -> None:
        """Keep a camera's place if the thing was seen well from it, or from another side than before.

        The best place is about an arm's length and a step away: near enough to reach it, far enough to see it whole.
        """
        distance = math.hypot(camera[0] - self.position[0], camera[1] - self.position[1])
        aside = max(distance - max(self.size[:2]) / 2, 0.0)  # from its faces: nobody stands in the middle of a bed
        score = 1 / (1 + abs(aside - _BEST_RANGE))
        kept = self.viewpoints
        for n, (x, y, _, old) in enumerate(kept):
            if math.hypot(x - camera[0], y - camera[1]) < _ASIDE:
                if score <= old:
                    return
                kept = (*kept[:n], *kept[n + 1 :])
                break
        if len(kept) >= _VIEWPOINTS and score <= kept[-1][3]:
            return
        self.viewpoints = tuple(sorted([*kept, (*camera, score)], key=lambda v: (-v[3], v))[:_VIEWPOINTS])

    def miss(self) -> bool:
        """Its place was in clear view without it; returns whether it became stale by this."""
        self.misses += 1
        if self.stale or self.misses < _MISSES:
            return False
        self.stale = True
        return True

    def absorb(self, other: SceneObject) -> None:
        """Take over what was known of an object that turned out to be this one."""
        parts = self.merged or (Part(self.object_id, self.position, self.size),)
        kept = (*parts, Part(other.object_id, other.position, other.size))
        self.merged = (kept[0], *kept[1:][-_PARTS:])  # the first is this one itself
        position, size = list(self.position), list(self.size)
        for axis in (0, 1, 2):
            low = min(position[axis] - size[axis] / 2, other.position[axis] - other.size[axis] / 2)
            high = max(position[axis] + size[axis] / 2, other.position[axis] + other.size[axis] / 2)
            position[axis], size[axis] = (low + high) / 2, high - low
        self.position, self.size = (position[0], position[1], position[2]), (size[0], size[1], size[2])
        (a, b, c), (d, e, f) = self.full, other.full
        self.full = (max(a, d), max(b, e), max(c, f))
        self.adopt(other)

    def adopt(self, other: SceneObject) -> None:
        """Take over what was seen of the same thing under another id: all but its place and extents."""
        self.seen += other.seen
        self.first_stamp = min(self.first_stamp, other.first_stamp)
        if other.stamp > self.stamp:
            # What was seen last replaces its opposite, seen before under the other id.
            stamps = {
                s: max(own.get(s, 0.0) for own in (self.states, other.states)) for s in {*self.states, *other.states}
            }
            current: frozenset[str] = frozenset()
            for state in sorted(stamps, key=lambda s: (stamps[s], s)):
                current = apply_states(current, {state})
            self.states = {s: stamps[s] for s in sorted(current)}
            self.stamp = other.stamp
        for label, votes in other.votes.items():
            self.votes[label] = self.votes.get(label, 0.0) + votes
        self.sensor_ids = (*self.sensor_ids, *(s for s in other.sensor_ids if s not in self.sensor_ids))[-_SENSOR_IDS:]

    def state(self) -> ObjectState:
        """What is believed about it, as all parts share it."""
        x, y, z = (deviation * deviation for deviation in self.deviations)
        return ObjectState(
            object_id=self.object_id,
            label=self.label,
            position=self.position,
            stamp=self.stamp,
            states=frozenset(self.states),
            state_stamps=tuple(self.states.items()),
            size=self.size if self.sized else None,
            covariance=(x, 0.0, 0.0, 0.0, y, 0.0, 0.0, 0.0, z),
            confidence=self.confidence,
            source=self.source,
            parent=self.parent,
            stale=self.stale,
            sensor_id=self.sensor_ids[-1] if self.sensor_ids else None,
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready mapping in a stable order, without what is as it is for most."""
        data: dict[str, Any] = {"id": self.object_id}
        for name in _FIELDS:
            value = getattr(self, name)
            if value == _DEFAULTS.get(name, _REQUIRED):
                continue
            if name in _ROUNDED:
                value = _rounded(value)
            elif name == "merged":
                value = [part.to_json() for part in value]
            elif name == "sensor_ids":
                value = list(value)
            data[name] = value
        return {**data, **self.extra}


_REQUIRED = object()
_FIELDS = tuple(f.name for f in msgspec.structs.fields(SceneObject) if f.name not in ("object_id", "extra"))
_DEFAULTS: dict[str, Any] = {
    f.name: f.default if f.default is not msgspec.NODEFAULT else f.default_factory()
    for f in msgspec.structs.fields(SceneObject)
    if f.default is not msgspec.NODEFAULT or f.default_factory is not msgspec.NODEFAULT
}
KNOWN_FIELDS = frozenset(_FIELDS) | {"id"}
"""The names that the file's objects have in this release."""


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, dict):
        return {key: round(value[key], _DIGITS) for key in sorted(value)}
    return [_rounded(item) for item in value]
