"""Joining what a frame shows to what is known: the one place where both memories decide identity.

A memory hands over what it knows as `Track`s and a frame's observations; `associate` answers which observation is
which track. Within one label it solves an assignment (Jonker–Volgenant, `scipy.optimize.linear_sum_assignment`), so
one observation joins at most one track and the other way round: two like objects seen in the same frame stay two.

1. **At its place.** A track and an observation whose distance passes a gate: squared Mahalanobis distance where
   covariances are known, else an ellipsoid of half the object's extents plus the sensor's error.
2. **Elsewhere.** What is left over of a label whose things move. A track whose place is known to be empty (`gone`, or
   in clear view in this very frame) has *moved*. One whose place was not looked at since is *provisionally* the same.
   Sensor ids only help to choose between candidates.
3. What then remains is *new*; a track in clear view that nothing joined is *absent*.

Provisional sameness is decided later by a clear view of the old place. A memory keeps that place as a second track
with ``ghost=True``: a ghost joined in step 1 means that there are two things after all, an absent ghost that it moved.
Ghosts take no part in step 2. What is inside a closed container must not be passed as in clear view.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from scene_graph.types import FloatArray, Observation, Point

__all__ = ["Association", "Distance", "Gates", "Match", "Track", "associate", "box_distance", "fuse", "gated_distance"]


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A known object, as association needs it.

    Attributes:
        key: The memory's id of it.
        label: Class name.
        position: Believed centre, metres, map frame.
        stamp: When it was last seen there, seconds.
        covariance: (3, 3) of `position`, m²; None where unknown.
        deviations: The same for a memory whose axes are independent: standard deviations, metres.
        size: Extents in metres, where known.
        sensor_id: The newest sensor id that joined it.
        movable: Whether it may turn up elsewhere; False for what does not move.
        gone: Its place was seen without it, so it must be elsewhere.
        held: The gripper holds it.
        ghost: Not an object but the old place of one that is provisionally elsewhere.
    """

    key: Hashable
    label: str
    position: Point
    stamp: float = 0.0
    covariance: FloatArray | None = None
    deviations: Point | None = None
    size: Point | None = None
    sensor_id: str | None = None
    movable: bool = True
    gone: bool = False
    held: bool = False
    ghost: bool = False


@dataclass(frozen=True, slots=True)
class Gates:
    """How far an observation may be from a track and still join it.

    Attributes:
        chi_square: Bound on the squared Mahalanobis distance; 14.16 passes 99.73 % at three degrees of freedom.
        extent: Share of the object's extents that its observed centre may be off, where covariance is unknown:
            a half, since the centre of what is visible lies within the object.
        sensor: Error of the sensor added to that, metres.
        floor: Standard deviation added to known covariances, metres, against overconfident sensors.
        reach: How far the hand is from where a thing was that it now holds, metres.
        speed: A thing moves no faster than this, m/s: seen farther away sooner, it is another one. Unbounded unless
            given, since somebody may have carried it while the robot's clock, or its bag, stood still.
    """

    chi_square: float = 14.16
    extent: float = 0.5
    sensor: float = 0.06
    floor: float = 0.02
    reach: float = 2.0
    speed: float = math.inf


@dataclass(frozen=True, slots=True)
class Match:
    """An observation and the track that it joins.

    Attributes:
        track: The track.
        index: Which observation, by its place in the sequence given to `associate`.
        cost: Squared Mahalanobis distance for a match at its place, metres moved for one elsewhere.
    """

    track: Track
    index: int
    cost: float


@dataclass(slots=True)
class Association:
    """What a frame's observations are; every observation is in exactly one of the first four.

    Attributes:
        pairs: Seen at its place (a `Track.ghost` among them: what stood there stands there still, so the one seen
            elsewhere is another).
        moved: Seen elsewhere, and its old place is known to be empty.
        provisional: Seen elsewhere; its old place was not looked at since.
        new: Indices of observations that join nothing.
        absent: Tracks in clear view that no observation joined.
    """

    pairs: list[Match] = field(default_factory=list)
    moved: list[Match] = field(default_factory=list)
    provisional: list[Match] = field(default_factory=list)
    new: list[int] = field(default_factory=list)
    absent: list[Track] = field(default_factory=list)


Distance = Callable[[Track, Observation, Gates], float]
"""Squared distance between a track and an observation, infinite outside the gates."""
_Cost = Callable[[Track, int], float]
_DEFAULT_GATES = Gates()
_PARTIAL = 0.06
"""Standard deviation of a centre along an axis, metres, above which only part of the extent along it was seen."""
_KNOWN = 0.04
"""Standard deviation of a track's centre, metres, up to which its extent was seen whole once."""
_FRONT = 0.25
"""Share of its largest extent below which a thing's extent along another axis is that of a front."""
_CERTAINLY_APART = 0.5
"""Boxes with a gap of more metres than this are different things, whatever the noise."""
_FAR = 1e9
"""Cost of a pair outside the gate; finite because the assignment needs finite costs."""


def associate(
    tracks: Sequence[Track] | Mapping[str, Sequence[Track]],
    observations: Sequence[Observation],
    *,
    clear: Container[Hashable] = frozenset(),
    gates: Gates = _DEFAULT_GATES,
    distance: Distance | None = None,
) -> Association:
    """Decide which observation of one frame is which known object.

    Costs a few microseconds an observation where a label has one candidate, and one small assignment where it has more.

    Args:
        tracks: What is known, in one frame of reference with the observations; or the same grouped by label, which
            spares the grouping. A memory of many thousands passes those near the observations and, for labels that
            move, those that may have moved.
        observations: Of one frame.
        clear: Keys of tracks whose place is in clear view in this frame (see `scene_graph.visibility`).
        gates: How far is too far.
        distance: How far an observation is from a track at its place, on the scale of `Gates.chi_square`, infinite for
            too far; `gated_distance` unless given.
    """
    near = distance or gated_distance
    by_label = tracks if isinstance(tracks, Mapping) else _group(tracks)
    seen: dict[str, list[int]] = {}
    for index, observation in enumerate(observations):
        seen.setdefault(observation.label, []).append(index)
    result = Association()
    for label, indices in seen.items():
        known = by_label.get(label, ())
        if len(known) == len(indices) == 1 and (match := _as_it_was(known[0], observations, indices[0], gates, near)):
            result.pairs.append(match)
        else:
            _associate_label(known, observations, indices, clear, gates, near, result)
    for label, known in by_label.items():
        if label not in seen:
            result.absent.extend(t for t in known if t.key in clear and not t.gone and not t.held)
    result.new.sort()
    return result


def gated_distance(track: Track, observation: Observation, gates: Gates = _DEFAULT_GATES) -> float:
    """Squared Mahalanobis distance between a track and an observation; infinite outside the gate.

    Where neither covariance is known, the extents stand in for them: the distance then equals `Gates.chi_square` on
    the surface of an ellipsoid with semi-axes ``extent × size + sensor``.
    """
    dx = observation.position[0] - track.position[0]
    dy = observation.position[1] - track.position[1]
    dz = observation.position[2] - track.position[2]
    cov_t, cov_o = track.covariance, observation.covariance
    if cov_t is None and track.deviations is not None:
        cov_t = np.diag(np.square(track.deviations))
    if cov_t is None or cov_o is None:
        a, b = track.size or (0.0, 0.0, 0.0), observation.size or (0.0, 0.0, 0.0)
        gx, gy, gz = (gates.extent * max(a[i], b[i]) + gates.sensor for i in range(3))
        if cov_t is None and cov_o is None:
            squared = ((dx / gx) ** 2 + (dy / gy) ** 2 + (dz / gz) ** 2) * gates.chi_square
            return squared if squared <= gates.chi_square else math.inf
        known = cov_t if cov_o is None else cov_o
        assert known is not None
        extra = np.array([gx, gy, gz]) ** 2 / gates.chi_square
        total = known + np.diag(extra)
    else:
        total = cov_t + cov_o + np.eye(3) * gates.floor**2
    squared = _mahalanobis(total, dx, dy, dz)
    return squared if squared <= gates.chi_square else math.inf


def box_distance(track: Track, observation: Observation, gates: Gates = _DEFAULT_GATES) -> float:
    """Squared distance between two boxes of which either may show only part of the thing; infinite outside the gate.

    Along an axis whose whole extent both show, centres are compared. Where one shows only part (its standard deviation
    is large), the shorter interval must lie within the longer one, at least by half: a part fits wherever the whole is,
    and what merely touches it is another thing. Where both show a front, its depth is what the observation's deviation
    says that it may be.
    """
    seen_size, known_size = observation.size, track.size
    if seen_size is None or known_size is None:
        return gated_distance(track, observation, gates)
    if _blurred(known_size, observation):
        return gated_distance(track, observation, gates)
    seen, known = observation.position, track.position
    for axis in range(3):  # most pairs of a class are far apart, and this tells without looking at covariances
        if abs(seen[axis] - known[axis]) > (seen_size[axis] + known_size[axis]) / 2 + _CERTAINLY_APART:
            return math.inf
    variances = _variances(track)
    if observation.covariance is None or variances is None:
        return gated_distance(track, observation, gates)
    total = 0.0
    for axis, sigma in enumerate(zip(observation.covariance.diagonal().tolist(), variances, strict=True)):
        apart = abs(seen[axis] - known[axis])
        own, other = seen_size[axis] + gates.sensor, known_size[axis] + gates.sensor
        if max(sigma) <= _PARTIAL**2:
            total += apart**2 / (sum(sigma) + gates.floor**2)
        else:
            shallow = sigma[0] > _PARTIAL**2 and sigma[1] > _KNOWN**2  # neither has shown how deep it is
            if shallow and _is_front(seen_size, axis) and _is_front(known_size, axis):
                # How deep it goes behind its front is unknown, and no second one of its kind stands within it.
                hidden = math.sqrt(sigma[0])
                own, other = own + hidden, other + hidden
            common = min((own + other) / 2 - apart, own, other)
            missing = 1.0 - max(common, 0.0) / min(own, other)
            total += gates.chi_square * missing**2 / 0.75
        if total > gates.chi_square:
            return math.inf
    return total


def _blurred(known_size: Point, observation: Observation) -> bool:
    """Whether a place is less certain, along every axis, than a part that was not seen could make it.

    Then the boxes say nothing, and the covariance all.
    """
    covariance, seen_size = observation.covariance, observation.size or known_size
    if covariance is None:
        return False
    return all(
        float(covariance[axis, axis]) > max(_PARTIAL, seen_size[axis] / 2, known_size[axis] / 2) ** 2
        for axis in range(3)
    )


def _is_front(size: Point, axis: int) -> bool:
    """Whether a box is no more than a front that faces along an axis."""
    return axis < 2 and size[axis] < _FRONT * max(size)


def _variances(track: Track) -> Sequence[float] | None:
    """Of a track's centre along x, y, z, m²; None where unknown."""
    if track.deviations is not None:
        return [deviation * deviation for deviation in track.deviations]
    if track.covariance is None:
        return None
    variances: list[float] = track.covariance.diagonal().tolist()
    return variances


def fuse(
    position: Point, covariance: FloatArray, observed: Point, observed_covariance: FloatArray
) -> tuple[Point, FloatArray]:
    """Join two independent estimates of one place: the Kalman update of a point that does not move.

    Args:
        position: Estimate so far, metres.
        covariance: (3, 3) of it, m².
        observed: New estimate, metres.
        observed_covariance: (3, 3) of it, m².

    Returns:
        The joint estimate and its covariance, which is smaller than either.
    """
    before = np.asarray(position, dtype=np.float64)
    gain = np.linalg.solve((covariance + observed_covariance).T, covariance.T).T
    after = before + gain @ (np.asarray(observed) - before)
    joint = (np.eye(3) - gain) @ covariance
    return (float(after[0]), float(after[1]), float(after[2])), (joint + joint.T) / 2


def _group(tracks: Iterable[Track]) -> dict[str, list[Track]]:
    grouped: dict[str, list[Track]] = {}
    for track in tracks:
        grouped.setdefault(track.label, []).append(track)
    return grouped


def _mahalanobis(matrix: FloatArray, dx: float, dy: float, dz: float) -> float:
    """Squared Mahalanobis distance by cofactors: ten times as fast as a solver for one 3×3 matrix."""
    (a, b, c), (_, d, e), (_, _, f) = matrix.tolist()
    ca, cb, cc = d * f - e * e, c * e - b * f, b * e - c * d
    determinant = a * ca + b * cb + c * cc
    if determinant <= 0:  # the sum with the floor is positive definite, so only rounding leads here
        return math.inf
    cd, ce, cf = a * f - c * c, b * c - a * e, a * d - b * b
    form = ca * dx * dx + cd * dy * dy + cf * dz * dz + 2 * (cb * dx * dy + cc * dx * dz + ce * dy * dz)
    return float(form / determinant)


def _as_it_was(
    track: Track, observations: Sequence[Observation], index: int, gates: Gates, near: Distance
) -> Match | None:
    """The usual case, without any assignment: the only one of its class is where it was."""
    observation = observations[index]
    if track.held or track.gone or observation.held:
        return None
    cost = near(track, observation, gates) - _hint(track, observation)
    return Match(track, index, cost) if cost < math.inf else None


def _associate_label(
    tracks: Sequence[Track],
    observations: Sequence[Observation],
    indices: list[int],
    clear: Container[Hashable],
    gates: Gates,
    near: Distance,
    result: Association,
) -> None:
    placed = [t for t in tracks if not t.held and not t.gone] if tracks else []
    hand = [i for i in indices if observations[i].held]
    free = [i for i in indices if not observations[i].held] if hand else indices
    pairs = _assign(placed, free, lambda t, i: near(t, observations[i], gates) - _hint(t, observations[i]))
    result.pairs.extend(pairs)
    joined = {id(m.track) for m in pairs}
    taken = {m.index for m in pairs}
    # A thing that was gone may have come back to the very place where it was missed: that is a move like any other.
    rest = [t for t in tracks if id(t) not in joined and not t.ghost]
    leftover = [i for i in free if i not in taken]
    if hand:
        grasped = _assign(rest, hand, lambda t, i: _grasp_cost(t, observations[i], gates))
        result.pairs.extend(m for m in grasped if m.track.held)
        result.moved.extend(m for m in grasped if not m.track.held)
        joined |= {id(m.track) for m in grasped}
        result.new.extend(set(hand) - {m.index for m in grasped})
        rest = [t for t in rest if id(t) not in joined]
    if leftover:
        elsewhere = [t for t in rest if t.movable]
        moves = _assign(elsewhere, leftover, lambda t, i: _move_cost(t, observations[i], clear, gates))
        for match in moves:
            track = match.track
            metres = math.dist(track.position, observations[match.index].position)
            sure = track.gone or track.held or track.key in clear
            (result.moved if sure else result.provisional).append(Match(track, match.index, metres))
        joined |= {id(m.track) for m in moves}
        result.new.extend(set(leftover) - {m.index for m in moves})
    result.absent.extend(t for t in tracks if id(t) not in joined and t.key in clear and not t.gone and not t.held)


def _assign(tracks: Sequence[Track], indices: Sequence[int], cost: _Cost) -> list[Match]:
    """One-to-one matches of least total cost; infinite costs are never matched."""
    if not tracks or not indices:
        return []
    if len(indices) == 1 or len(tracks) == 1:
        options = [(cost(t, i), n, k) for n, t in enumerate(tracks) for k, i in enumerate(indices)]
        value, n, k = min(options)
        return [Match(tracks[n], indices[k], value)] if value < math.inf else []
    table = np.array([[min(cost(t, i), _FAR) for i in indices] for t in tracks])
    rows, columns = linear_sum_assignment(table)
    return [
        Match(tracks[r], indices[c], float(table[r, c]))
        for r, c in zip(rows.tolist(), columns.tolist(), strict=True)
        if table[r, c] < _FAR
    ]


def _hint(track: Track, observation: Observation) -> float:
    """Bonus of a shared sensor id: decides between candidates, never opens the gate."""
    shared = observation.object_id is not None and observation.object_id == track.sensor_id
    return 1.0 if shared else 0.0


def _grasp_cost(track: Track, observation: Observation, gates: Gates) -> float:
    if track.held:
        return 0.0
    distance = math.dist(track.position, observation.position)
    return math.inf if distance > gates.reach and not track.gone else 1.0 + distance - _hint(track, observation)


_NOT_KNOWN_GONE = 1e4
"""Metres of preference for tracks that must be elsewhere over those that may be at their place still."""
_SAME_ID = 1e3
"""Metres of preference for a shared sensor id."""


def _move_cost(track: Track, observation: Observation, clear: Container[Hashable], gates: Gates) -> float:
    distance = math.dist(track.position, observation.position)
    elapsed = observation.stamp - track.stamp
    if elapsed >= 0 and distance > gates.speed * elapsed:
        return math.inf
    preference = 0.0 if track.held or track.gone or track.key in clear else _NOT_KNOWN_GONE
    return distance + preference - _SAME_ID * _hint(track, observation)
