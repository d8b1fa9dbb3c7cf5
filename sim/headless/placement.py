"""Finds room for an object on the surfaces of a receptacle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.headless.compatibility import MADE_FOR
from sim.headless.geometry import Array, rotated_extent, yaw_matrix
from sim.headless.objects import SimObject
from sim.headless.support import CONTACT, ENCLOSING, HANGING, OPEN_ABOVE, Surface, contains, surfaces
from sim.headless.world import AGENT_RADIUS, World

__all__ = ["Spot", "let_fall", "settle", "spots", "support_below"]

_STEP = 0.04
"""Distance between the places that are tried, metres."""

_SKIN = 0.004
"""Gap left between bodies, metres."""

_MAX_TRIES = 4000

_NO_BOXES = (np.zeros((0, 3)), np.zeros((0, 3)))


@dataclass(frozen=True)
class Spot:
    """A pose at which an object has room.

    Attributes:
        position: (3,) of the object's pivot.
        rotation: (3, 3).
    """

    position: Array
    rotation: Array


def spots(world: World, item: SimObject, receptacle: SimObject, near: Array, *, limit: int) -> list[Spot]:
    """Free poses in or on a receptacle, each considered by itself.

    Args:
        world: Where.
        item: What is to be put; its present place does not matter.
        receptacle: Where to.
        near: (3,) surfaces and places near this point come first, as a rule where the agent looks or stands.
        limit: How many at most.
    """
    found: list[Spot] = []
    others = _obstacles(world, item, receptacle)
    yaw = yaw_matrix(float(np.degrees(np.arctan2(receptacle.frame[0, 2], receptacle.frame[2, 2]))))
    heaps: list[tuple[Array, Array] | None] = [None]
    if receptacle.object_type in OPEN_ABOVE:  # else over its rim, or on top of what lies in it
        heaps.append(_boxes([obj for obj in world.contents(receptacle) if obj is not item]))
    for heap in heaps:
        for surface in sorted(surfaces(receptacle), key=lambda s: abs(s.height - near[1])):
            for turn in (0.0, 90.0):
                rotation = yaw @ yaw_matrix(turn)
                found += _on_surface(item, surface, rotation, others, heap, near, limit - len(found), receptacle)
                if len(found) >= limit:
                    return found
        others = _obstacles(world, item, receptacle, heaped=True)
    return found


def support_below(world: World, item: SimObject, point: Array) -> tuple[float, SimObject | None]:
    """Height and owner of what an object comes to rest on when it is let go above a point.

    Args:
        world: Where.
        item: What falls; it and what is in it support nothing.
        point: (3,) centre of the item's box.
    """
    falling = {item.object_id, *(obj.object_id for obj in world.contents(item))}
    best_height, best = -np.inf, None
    half = np.minimum(item.half.min(), 0.05)
    for obj in world:
        if obj.object_id in falling or obj is world.held or not _can_support(obj, point):
            continue
        low, high = obj.low, obj.high
        if (point[[0, 2]] < low[[0, 2]] - half).any() or (point[[0, 2]] > high[[0, 2]] + half).any():
            continue
        for surface in surfaces(obj) if obj.kind.receptacle else [_top(obj)]:
            if best_height < surface.height <= point[1] + CONTACT and _over(surface, point, half):
                best_height, best = surface.height, obj
    if best is None:
        floors = world.of_type("Floor")
        return (float(floors[0].high[1]), floors[0]) if floors else (world.ground, None)
    return best_height, best


def settle(world: World, item: SimObject, center: Array, rotation: Array) -> None:
    """Let an object come to rest below a point, and record on what."""
    height, support = support_below(world, item, center)
    resting = _pivot(item, rotation, center, height)
    world.move(item, resting, rotation)
    if support is not None and support.kind.receptacle:
        world.attach(item, support)
    else:
        world.detach(item)


def let_fall(world: World, item: SimObject, center: Array) -> None:
    """Let an object fall from where the hand was: onto what is below, beside the agent if that is where it would hit.

    Args:
        world: Where.
        item: What falls, as it is turned.
        center: (3,) from where.
    """
    agent, ahead = world.agent, world.agent.forward
    room = AGENT_RADIUS + float(np.hypot(*item.bounds_half[[0, 2]]))
    off = (center - agent.position)[[0, 2]]
    if float(np.hypot(*off)) < room:
        side = np.array([ahead[2], 0.0, -ahead[0]])  # to the agent's right
        aside = float(off @ side[[0, 2]])
        clear = agent.position + aside * side + np.sqrt(room**2 - aside**2) * ahead
        center = np.array([clear[0], center[1], clear[2]])
    settle(world, item, center, item.rotation)


def _can_support(obj: SimObject, point: Array) -> bool:
    """Whether something let go at a point can come to rest in or on an object: in a shut one if it is in it already."""
    if obj.is_broken and obj.kind.pickupable:
        return False  # shards
    if obj.kind.receptacle:
        openable_closed = obj.kind.openable and not obj.is_open and obj.object_type in ENCLOSING
        return obj.object_type not in HANGING and (not openable_closed or contains(obj, point))
    return obj.kind.moveable


def _top(obj: SimObject) -> Surface:
    return Surface(
        obj.object_id, float(obj.high[1]), obj.bounds_center[[0, 2]], obj.bounds_half[[0, 2]], np.eye(2), np.inf
    )


def _over(surface: Surface, point: Array, slack: float) -> bool:
    local = surface.axes.T @ (point[[0, 2]] - surface.center)
    return bool((np.abs(local) <= surface.half + slack).all())


def _pivot(item: SimObject, rotation: Array, center: Array, height: float) -> Array:
    """Pivot of an item whose box stands at `height` with its centre above `center`."""
    rest = np.array([center[0], height + rotated_extent(item.half, rotation)[1] + 0.001, center[2]])
    return np.asarray(rest - rotation @ item.local_center)


def _on_surface(
    item: SimObject,
    surface: Surface,
    rotation: Array,
    others: tuple[Array, Array],
    heap: tuple[Array, Array] | None,
    near: Array,
    limit: int,
    receptacle: SimObject,
) -> list[Spot]:
    """Poses on one surface that touch none of the boxes of `others`.

    With a `heap`, what is put there may lie on its boxes and stick out over the rim.
    """
    extent = rotated_extent(item.half, rotation)
    if 2 * extent[1] > surface.clearance + CONTACT:
        return []
    footprint = np.abs(surface.axes.T) @ extent[[0, 2]]
    slack = 0.02 if receptacle.object_type in ENCLOSING else 0.0
    overhang = receptacle.object_type in _LETS_STICK_OUT or heap is not None
    room = surface.half - (np.minimum(footprint, surface.half * 0.5) if overhang else footprint) + slack
    if bool((room < 0).any()) or (receptacle.object_type in MADE_FOR and receptacle.children):
        return []
    counts = np.minimum(np.floor(room / _STEP).astype(int), 40)
    us, vs = (np.linspace(-r, r, 2 * n + 1) if n else np.zeros(1) for r, n in zip(room, counts, strict=True))
    grid = np.stack(np.meshgrid(us, vs, indexing="ij"), axis=-1).reshape(-1, 2) @ surface.axes.T + surface.center
    # What goes into something is let go over its middle, where its walls hide it least.
    goal = surface.center if receptacle.object_type in ENCLOSING else near[[0, 2]]
    order = np.argsort(((grid - goal) ** 2).sum(axis=1), kind="stable")[:_MAX_TRIES]
    middle = surface.height + float(extent[1]) + 0.001
    if receptacle.object_type in HANGING:  # towels hang from their top, a roll turns about its middle
        drop = 0.0 if receptacle.object_type == "ToiletPaperHanger" else float(extent[1])
        middle = float(receptacle.bounds_center[1]) - drop
    centers = np.column_stack([grid[order, 0], np.full(len(order), middle), grid[order, 1]])
    size = extent - _SKIN
    if heap is not None:
        under = _overlap(centers[:, [0, 2]], size[[0, 2]], heap[0][:, [0, 2]], heap[1][:, [0, 2]])
        tops = np.where(under, heap[1][:, 1], -np.inf).max(axis=1, initial=-np.inf)
        centers[:, 1] = np.maximum(centers[:, 1], tops + extent[1] + 0.001)
    low, high = others
    hit = np.any(_overlap(centers, size, low, high), axis=1)
    return [Spot(c - rotation @ item.local_center, rotation) for c in centers[~hit][:limit]]


def _overlap(centers: Array, half: Array, low: Array, high: Array) -> npt.NDArray[np.bool_]:
    """(P, N) whether boxes of one size about (P, D) centres overlap boxes given by (N, D) corners."""
    touches = np.logical_and(centers[:, None] - half < high, centers[:, None] + half > low)
    return np.asarray(np.all(touches, axis=2))


_LETS_STICK_OUT = frozenset(["StoveBurner", "Pot", "Pan", "Bowl", "Plate", "Mug", "Cup", "Shelf", "Toaster", *HANGING])
"""Receptacles beyond whose rim things may stick out, by half of the receptacle's size."""


def _obstacles(world: World, item: SimObject, receptacle: SimObject, *, heaped: bool = False) -> tuple[Array, Array]:
    """(N, 3) least and greatest corners of what an item put there must not touch; what is in it may be lain on."""
    around = {obj.object_id for obj in world.ancestors(receptacle)}
    skip = {item.object_id, receptacle.object_id, *around, *(o.object_id for o in world.contents(item))}
    if heaped:
        skip |= {obj.object_id for obj in world.contents(receptacle)}
    grown_low, grown_high = receptacle.low - 0.5, receptacle.high + 0.5
    kept = [
        obj
        for obj in world
        if obj.object_id not in skip
        and obj is not world.held
        and (obj.low < grown_high).all()
        and (obj.high > grown_low).all()
        and (obj.can_move or _stands_on(obj, receptacle))
        and receptacle.object_id not in world.built_in.get(obj.object_id, ())
    ]
    low, high = _boxes(kept)
    if receptacle.object_type == "Floor":  # where the agent stands, too
        agent = world.agent.position
        body = np.array([AGENT_RADIUS, 1.0, AGENT_RADIUS])
        low, high = np.vstack([low, agent - body]), np.vstack([high, agent + body])
    return low, high


def _boxes(objects: Sequence[SimObject]) -> tuple[Array, Array]:
    """(N, 3) least and greatest corners."""
    if not objects:
        return _NO_BOXES
    return np.array([obj.low for obj in objects]), np.array([obj.high for obj in objects])


def _stands_on(obj: SimObject, receptacle: SimObject) -> bool:
    """Whether something built in takes room on top of a receptacle, as a tap or a stove does on a counter."""
    if receptacle.object_type in ENCLOSING or obj.object_type in ("Cabinet", "Drawer", "Floor", "CounterTop", "Shelf"):
        return False
    return bool(obj.high[1] > receptacle.high[1] - 0.02 and obj.low[1] < receptacle.high[1] + 0.3)
