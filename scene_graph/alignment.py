"""Correcting where a frame was taken from, by what is known already, before its observations are joined to it.

A robot's pose errs by some centimetres and a degree, and at three metres a degree is as much as the thickness of a
drawer: joined as they come, views of one thing end up as two. But all that a frame shows errs by the *same* small
motion of the camera. It is estimated from things whose extents both the frame and the graph know, and from the floor,
which fixes height and tilt: maximum a posteriori of six small numbers under a Gaussian prior, by iteratively
re-weighted least squares (P. J. Huber, "Robust Estimation of a Location Parameter", Ann. Math. Statist. 35, 1964), so
that what was moved or mismatched pulls little. The map stays where its first frames put it.

A frame whose pose was right already must not be pulled about by what its boxes err by, so a motion is believed only if
it explains more than a right pose's residuals would let six numbers explain (a likelihood-ratio test; S. S. Wilks, "The
Large-Sample Distribution of the Likelihood Ratio", Ann. Math. Statist. 9, 1938).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from scene_graph.objects import SceneObject
from scene_graph.state import GraphState
from scene_graph.types import FloatArray, Observation, View

__all__ = ["align"]

_SHIFT, _TURN = 0.03, 0.03
"""Standard deviations of a pose's error along and about each axis, metres and radians."""
_NEAR = 0.25
"""Metres by which a thing may seem to be elsewhere and still tell of the pose's error."""
_CLEAR = 0.12
"""Another thing of the class must be this far from fitting as well, or twice as far as the nearest, metres."""
_OWN = 0.015
"""Standard deviation of a box's middle between two views with exact poses, metres: they show other sides of it."""
_PARTIAL = 0.06
"""Standard deviation of a centre along an axis, metres, above which only part of the extent along it was seen."""
_EVIDENCE = 4
"""Least number of equations for which a correction is made."""
_HUBER = 1.5
"""Standard deviations beyond which an equation loses weight."""
_ROUNDS = 4
_CHANCE = 5.35
"""Twice the log-likelihood that a motion must gain: the median of χ² with six degrees of freedom. A right pose seldom
gains it, for the boxes' errors are estimated on the high side; one that is off by 2 cm and 1° nearly always does."""
_FLOOR_POINTS, _FLOOR_RANGE = 100, 4.0
"""How many points of floor are used, and up to how far from the camera, metres."""
_FLOOR_SIGMA = 0.045
"""Standard deviation of such a point's height, metres: large, for their errors are alike."""
_CROWD = 48
"""Known things of a class up to which all are compared; above, only those near."""


def align(state: GraphState, observations: Sequence[Observation], view: View) -> tuple[list[Observation], View]:
    """Move a frame to where it agrees best with the graph.

    Args:
        state: The graph, which is not changed.
        observations: Of the frame; those that are not in the map frame are left alone.
        view: The frame's.

    Returns:
        The same observations and view, from the corrected pose; as they were where too little is known, or nothing
        says that the pose is off.
    """
    if all(observation.covariance is None for observation in observations):
        return list(observations), view  # where things are is the sensor's word, not worked out from this pose
    camera = view.pose[:3, 3]
    equations = [*_by_things(state, observations, camera), *_by_floor(state, view, camera)]
    if len(equations) < _EVIDENCE:
        return list(observations), view
    table = np.array(equations)
    motion = _solve(table[:, :6], table[:, 6], table[:, 7])
    if motion is None:
        return list(observations), view
    turn, shift = Rotation.from_rotvec(motion[3:]).as_matrix(), motion[:3]
    pose = np.array(view.pose)
    pose[:3, :3] = turn @ pose[:3, :3]
    pose[:3, 3] += shift
    moved = []
    for observation in observations:
        x, y, z = (pose[:3, 3] + turn @ (np.array(observation.position) - camera)).tolist()
        fixed = observation.held or observation.covariance is None or observation.frame_id != "map"
        moved.append(observation if fixed else replace(observation, position=(x, y, z)))
    return moved, View(pose, view.intrinsics, view.depth)


_Equation = tuple[float, ...]
"""Coefficients of shift and turn along and about x, y, z; how far off, metres; its standard deviation, metres."""


def _by_things(state: GraphState, observations: Sequence[Observation], camera: FloatArray) -> list[_Equation]:
    """One equation for each thing and axis along which frame and graph know the whole extent."""
    found: list[_Equation] = []
    for observation in observations:
        if observation.size is None or observation.covariance is None or observation.held:
            continue
        if observation.frame_id != "map":
            continue
        thing = _counterpart(state, observation)
        if thing is None:
            continue
        variances = observation.covariance.diagonal().tolist()
        lever = [p - float(c) for p, c in zip(observation.position, camera, strict=True)]
        for axis in range(3):
            known, seen = thing.size[axis], observation.size[axis]
            whole = variances[axis] < _PARTIAL**2 and thing.full[axis] > 0
            if not whole or abs(seen - known) > 0.1 + 0.2 * known:
                continue
            sigma = math.sqrt(variances[axis] + 0.02**2 / thing.full[axis] + _OWN**2)
            off = thing.position[axis] - observation.position[axis]
            found.append((*_coefficients(axis, *lever), off, sigma))
    return found


def _counterpart(state: GraphState, observation: Observation) -> SceneObject | None:
    """The thing that an observation can only be; None where that is not clear."""
    assert observation.size is not None
    assert observation.covariance is not None
    members = state.of_label(observation.label)
    near = members.values() if len(members) <= _CROWD else state.around(observation.position, 1.5)
    variances = observation.covariance.diagonal().tolist()
    ranked: list[tuple[float, str, SceneObject]] = []
    for thing in near:
        if thing.stale or not thing.fitted or not thing.sized or thing.label != observation.label:
            continue
        apart = 0.0
        for axis in range(3):
            gap = abs(observation.position[axis] - thing.position[axis])
            if variances[axis] >= _PARTIAL**2 or not thing.full[axis]:  # a part may be anywhere within the whole
                gap -= max(observation.size[axis], thing.size[axis]) / 2
            apart = max(apart, gap)
        ranked.append((apart, thing.object_id, thing))
    ranked.sort(key=lambda item: item[:2])
    if not ranked or ranked[0][0] > _NEAR:
        return None
    if len(ranked) > 1 and ranked[1][0] < max(2 * ranked[0][0], _CLEAR):
        return None
    return ranked[0][2]


def _by_floor(state: GraphState, view: View, camera: FloatArray) -> list[_Equation]:
    """One equation for each of some points that can only be the floor's: they ought to be at its height."""
    points = view.points()
    distance = np.hypot(points[:, 0] - camera[0], points[:, 1] - camera[1])
    heights = points[:, 2] - state.grid.floor
    floor = points[(np.abs(heights) < 0.03 + 0.03 * distance) & (distance < _FLOOR_RANGE)]
    if len(floor) < 2 * _FLOOR_POINTS:
        return []
    floor = floor[:: len(floor) // _FLOOR_POINTS]
    return [
        (*_coefficients(2, *lever), state.grid.floor - height, _FLOOR_SIGMA)
        for lever, height in zip((floor - camera).tolist(), floor[:, 2].tolist(), strict=True)
    ]


def _coefficients(axis: int, x: float, y: float, z: float) -> _Equation:
    """How far shift and turn of the camera move a point along an axis; (x, y, z) is the way from the camera to it."""
    if axis == 0:
        return (1.0, 0.0, 0.0, 0.0, z, -y)
    if axis == 1:
        return (0.0, 1.0, 0.0, -z, 0.0, x)
    return (0.0, 0.0, 1.0, y, -x, 0.0)


def _solve(coefficients: FloatArray, off: FloatArray, sigma: FloatArray) -> FloatArray | None:
    """Shift and turn, metres and radians, (6,); None where a right pose would explain the equations as well."""
    precision = np.array([_SHIFT] * 3 + [_TURN] * 3) ** -2
    weights = np.ones(len(off))
    motion: FloatArray = np.zeros(6)
    for _ in range(_ROUNDS):
        weighted = coefficients * (weights / sigma**2)[:, None]
        motion = np.linalg.solve(weighted.T @ coefficients + np.diag(precision), weighted.T @ off)
        residuals = np.abs(off - coefficients @ motion) / sigma
        weights = np.minimum(1.0, _HUBER / np.maximum(residuals, 1e-9))
    left = _loss(residuals) + float(precision @ motion**2)
    return motion if _loss(np.abs(off) / sigma) - left > _CHANCE else None


def _loss(residuals: FloatArray) -> float:
    """Huber's loss, twice the negative log-likelihood, of absolute residuals in standard deviations."""
    inner = np.minimum(residuals, _HUBER)
    return float(np.sum(inner * (2 * residuals - inner)))
