"""Where things go that are thrown or pushed: closed-form kinematics, no physics engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.headless.geometry import Array
from sim.headless.objects import SimObject
from sim.headless.world import World

__all__ = ["GRAVITY", "Flight", "fly", "slide"]

GRAVITY = 9.81
"""Metres a second squared."""

IMPULSE_SECONDS = 0.02
"""A force acts for one physics step of AI2-THOR."""

FRICTION = 0.6
"""Coefficient of sliding friction."""

_TICK = 0.02
_MAX_SPEED = 12.0


@dataclass(frozen=True)
class Flight:
    """How a thrown object comes down.

    Attributes:
        landing: (3,) centre of its box where it hits something, metres.
        impact_speed: Metres a second.
    """

    landing: Array
    impact_speed: float


def fly(world: World, obj: SimObject, direction: Array, force: float) -> Flight:
    """Follow a thrown object until it hits something.

    Args:
        world: Where.
        obj: Thrown from where it is.
        direction: (3,) unit vector.
        force: Newtons.
    """
    velocity = direction * min(force * IMPULSE_SECONDS / max(obj.kind.mass, 0.01), _MAX_SPEED)
    center = obj.center.copy()
    lows, highs = _obstacles(world, obj)
    half = np.full(3, float(obj.half.min()))
    floor = world.ground + float(half[1])
    while True:
        velocity = velocity - np.array([0.0, GRAVITY * _TICK, 0.0])
        ahead = center + velocity * _TICK
        hit = ((ahead - half < highs) & (ahead + half > lows)).all(axis=1)
        was_in = ((center - half < highs) & (center + half > lows)).all(axis=1)
        if (hit & ~was_in).any() or ahead[1] <= floor:
            return Flight(center, float(np.linalg.norm(velocity)))
        center = ahead


def slide(world: World, obj: SimObject, direction: Array, force: float) -> Array:
    """Where the centre of a pushed object ends: friction or the first thing in its way stops it.

    Args:
        world: Where.
        obj: Pushed from where it is.
        direction: (3,) horizontal unit vector.
        force: Newtons.

    Returns:
        (3,) centre of its box.
    """
    speed = min(force * IMPULSE_SECONDS / max(obj.kind.mass, 0.01), _MAX_SPEED)
    distance = speed * speed / (2 * FRICTION * GRAVITY)
    lows, highs = _obstacles(world, obj)
    center, half = obj.bounds_center.copy(), obj.bounds_half - 0.01
    half = np.maximum(half, 0.002)
    touching = ((center - half < highs) & (center + half > lows)).all(axis=1)
    for _ in range(int(distance / _TICK)):
        ahead = center + direction * _TICK
        hit = ((ahead - half < highs) & (ahead + half > lows)).all(axis=1)
        if (hit & ~touching).any():
            break
        center = ahead
    return np.asarray(center + (obj.center - obj.bounds_center))


def _obstacles(world: World, obj: SimObject) -> tuple[Array, Array]:
    """(N, 3) corners of all boxes but those of the object, of what is in it and of what it is in, and of the walls."""
    skip = {o.object_id for o in (obj, *world.contents(obj), *world.ancestors(obj))}
    boxes = [(o.low, o.high) for o in world if o.object_id not in skip and o.object_type not in ("Floor", "Shelf")]
    boxes += [(np.array(w.low), np.array(w.high)) for w in world.scene.walls]
    return np.array([low for low, _ in boxes]), np.array([high for _, high in boxes])
