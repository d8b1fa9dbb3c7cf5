"""What surroundings tell about looks: which way fronts face, what is built into what, and what fills the gaps.

The recordings give a box and a rotation for each object, but many built-in things (cabinets, drawers, pictures) have
no rotation of their own, a window may run around a corner within its box, and the bodies of kitchen units and ovens
are no objects at all. All of that is worked out here once, when a scene is loaded; nothing here changes an object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sim.headless import materials as m
from sim.headless.shapes.appearance import CORNERED, SLAB, Box
from sim.headless.shapes.carving import carve
from sim.headless.shapes.mesh import Mesh, Sketch

__all__ = ["Arrangement", "Fixture", "Hint", "Thing", "arrange", "guess_facing"]

Array = npt.NDArray[np.float64]
Area = tuple[float, float, float, float]

_NORMALS = np.array([[0, 0, 1], [1, 0, 0], [0, 0, -1], [-1, 0, 0]], dtype=np.float64)
"""Outward direction of each facing."""

_BY_SURROUNDINGS = frozenset(
    ["Cabinet", "Drawer", "Mirror", "Painting", "Poster", "Shelf", "ShelvingUnit", "StoveKnob", "TVStand", "Window",
     "Dresser", "Desk", "SideTable", "Blinds", "Curtains", "HandTowelHolder", "TowelHolder", "LightSwitch"]
)  # fmt: skip
"""Types whose recorded rotation says nothing, or not enough, about where their front is."""

_OWN_FRONT = frozenset(["Dresser", "Desk", "LightSwitch", "HandTowelHolder", "TowelHolder"])
"""Of those, the types whose rotation is right far more often than not."""

_HOLLOWS: dict[str, frozenset[str]] = {
    # the boxes of some counters reach to the floor, with what is built in below the top
    "CounterTop": frozenset(["Sink", "SinkBasin", "Cabinet", "Drawer", "Shelf"]),
    "Cabinet": frozenset(["Sink", "SinkBasin"]),
    "Sink": frozenset(["SinkBasin"]),
    "Bathtub": frozenset(["BathtubBasin"]),
    **dict.fromkeys(
        ("Desk", "Dresser", "ShelvingUnit", "TVStand"),
        frozenset(["Cabinet", "Drawer", "Shelf"]),
    ),
    # a shelf alone under a table is a board between its legs
    **dict.fromkeys(("CoffeeTable", "DiningTable", "SideTable"), frozenset(["Cabinet", "Drawer"])),
}
"""What is built into what."""

_OPEN_ABOVE = frozenset(["BathtubBasin", "Sink", "SinkBasin"])

_BASINS = frozenset(["BathtubBasin", "SinkBasin"])

_TABLES = frozenset(["CoffeeTable", "DiningTable", "SideTable"])


@dataclass(frozen=True, eq=False)
class Thing:
    """An object as it stands when the scene is loaded.

    Attributes:
        name: Unique.
        object_type: AI2-THOR object type.
        size: (3,) extents of its box, metres, in its own frame.
        transform: (4, 4) from its box-centred frame to the world.
        pivot: (3,) its recorded position in the box-centred frame, metres: a cabinet's is its hinge and a drawer's
            often lies at its front, so both tell where the front may be.
    """

    name: str
    object_type: str
    size: Array
    transform: Array
    pivot: Array | None = None

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        """Least and greatest corner of its axis-aligned box, world."""
        half = np.abs(self.transform[:3, :3]) @ np.asarray(self.size) / 2
        center = self.transform[:3, 3]
        return center - half, center + half


@dataclass(frozen=True)
class Hint:
    """What goes into an object's `Appearance` from its surroundings; see there for the meaning of the fields."""

    facing: int = 0
    cavities: tuple[Box, ...] = ()
    footprint: tuple[Area, ...] = ()


@dataclass(frozen=True, eq=False)
class Fixture:
    """A built-in body that is no object: the carcass of a kitchen unit, an oven. Its mesh is in world coordinates."""

    name: str
    mesh: Mesh


@dataclass(frozen=True)
class Arrangement:
    """Hints by name of object, and fixtures."""

    hints: Mapping[str, Hint]
    fixtures: Sequence[Fixture] = field(default=())


def arrange(things: Iterable[Thing], low: Sequence[float], high: Sequence[float]) -> Arrangement:
    """Work out a room's looks.

    Args:
        things: All objects of the room.
        low: Least corner (x, y, z) of the inside of the room, metres.
        high: Greatest corner.
    """
    everything = list(things)
    room = (np.asarray(low, np.float64), np.asarray(high, np.float64))
    solids = [t for t in everything if t.object_type in _BLOCKING]
    facings: dict[str, int] = {}
    # furniture first: what is in it faces as it does; then cabinets, as the drawers above them do
    order = {"Cabinet": 1, "Drawer": 2, "Shelf": 2}
    for thing in sorted(everything, key=lambda t: order.get(t.object_type, 0)):
        facings[thing.name] = _world_facing(thing, room, solids, everything, facings)
    hints = {}
    for thing in everything:
        cavities = _cavities(thing, everything, facings)
        footprint = _corner(thing, room) if thing.object_type in CORNERED else ()
        facing = (facings[thing.name] - _quarter(thing)) % 4 if facings[thing.name] >= 0 else 0
        if thing.object_type == "Bed":
            facing = _bed_facing(thing, everything, room)
        hints[thing.name] = Hint(facing, cavities, footprint)
    fixtures = [*_carcasses(everything, facings, room), *_ovens(everything, room)]
    return Arrangement(hints, tuple(fixtures))


_BLOCKING = frozenset(
    ["ArmChair", "Bathtub", "Bed", "Cabinet", "CounterTop", "Desk", "DiningTable", "Drawer", "Dresser", "Fridge",
     "Safe", "ShelvingUnit", "SideTable", "Sofa", "Toilet", "TVStand", "Television", "Microwave"]
)  # fmt: skip


def guess_facing(
    box: tuple[Array, Array],
    room_bounds: tuple[Array, Array],
    neighbours: Iterable[tuple[Array, Array]] = (),
    *,
    preferred: int | None = None,
    allowed: Iterable[int] = range(4),
) -> int:
    """Which way the front of a box faces: away from a wall close behind it, towards where nothing stands in the way.

    Args:
        box: Its least and greatest corner, world, metres.
        room_bounds: Those of the room.
        neighbours: Those of furniture that may stand in front.
        preferred: Facing that wins where the surroundings do not decide.
        allowed: The facings to choose among.

    Returns:
        Quarter turns: 0 +z, 1 +x, 2 −z, 3 −x.
    """
    low, high = box
    extent = high - low
    near = [n for n in neighbours if (n[0] < high + 1.0).all() and (n[1] > low - 1.0).all()]
    best, best_score = 0, -np.inf
    for facing in allowed:
        normal = _NORMALS[facing]
        axis = 0 if facing % 2 else 2
        sign = normal[axis]
        ahead = (room_bounds[1][axis] - high[axis]) if sign > 0 else (low[axis] - room_bounds[0][axis])
        behind = (low[axis] - room_bounds[0][axis]) if sign > 0 else (room_bounds[1][axis] - high[axis])
        score = 0.6 * min(ahead, 1.5) + (1.0 if behind < 0.3 else 0.4 if behind < 0.7 else 0.0)
        blocked = 0.0
        others = [i for i in range(3) if i != axis]
        for other_low, other_high in near:
            gap = (other_low[axis] - high[axis]) if sign > 0 else (low[axis] - other_high[axis])
            if not -0.05 < gap < 0.5:
                continue
            overlap = 1.0
            for i in others:
                shared = min(high[i], other_high[i]) - max(low[i], other_low[i])
                overlap *= max(0.0, shared) / max(extent[i], 1e-3)
            blocked = max(blocked, overlap * (1 - max(gap, 0.0) / 0.5))
        score -= 1.5 * blocked
        if facing == preferred:
            score += 0.35
        if score > best_score + 1e-9:
            best, best_score = facing, score
    return best


def _quarter(thing: Thing) -> int:
    forward = thing.transform[:3, 2]
    return int(np.argmax(_NORMALS @ forward))


def _world_facing(
    thing: Thing,
    room: tuple[Array, Array],
    solids: Sequence[Thing],
    everything: Sequence[Thing],
    known: Mapping[str, int],
) -> int:
    """The facing in the world; −1 leaves it to the object's own rotation."""
    if thing.object_type not in _BY_SURROUNDINGS:
        return -1
    own = _quarter(thing)
    if abs(_NORMALS[own] @ thing.transform[:3, 2]) < 0.99:
        return -1  # turned freely
    low, high = thing.bounds
    allowed = _allowed(thing, own)
    if len(allowed) == 1:
        return allowed[0]
    if thing.object_type in ("Drawer", "Shelf", "Cabinet"):
        for other in everything:
            if thing.object_type in _HOLLOWS.get(other.object_type, ()):
                facing = known.get(other.name, -1)
                if _share(thing, other) <= 0.6:
                    continue
                if thing.object_type != "Shelf":
                    return _front_in(thing, other, allowed, likely=(own, facing))
                if facing in allowed:
                    return facing
    if thing.object_type == "Drawer":
        for other in everything:
            if other.object_type == "Cabinet" and known.get(other.name, -1) in allowed and _stacked(thing, other):
                return known[other.name]
    if thing.object_type in _OWN_FRONT and own in allowed:
        return own
    neighbours = [other.bounds for other in solids if other is not thing and _share(thing, other) < 0.5]
    return guess_facing((low, high), room, neighbours, preferred=own, allowed=allowed)


def _stacked(drawer: Thing, cabinet: Thing) -> bool:
    """Whether a drawer lies right above a cabinet of its width, in one unit with it."""
    a_low, a_high = drawer.bounds
    b_low, b_high = cabinet.bounds
    shared = (np.minimum(a_high, b_high) - np.maximum(a_low, b_low))[[0, 2]]
    widest = np.maximum(a_high - a_low, b_high - b_low)[[0, 2]]
    return bool((shared > 0.7 * widest).all() and abs(a_low[1] - b_high[1]) < 0.15)


def _front_in(thing: Thing, furniture: Thing, allowed: Iterable[int], *, likely: Sequence[int]) -> int:
    """The side of the furniture that a drawer or door in it is nearest to, with a leaning to the likely ones."""
    low, high = thing.bounds
    outer_low, outer_high = furniture.bounds

    def distance(facing: int) -> float:
        axis = 0 if facing % 2 else 2
        gap = outer_high[axis] - high[axis] if _NORMALS[facing][axis] > 0 else low[axis] - outer_low[axis]
        return float(abs(gap)) - 0.06 * likely.count(facing)

    return min(allowed, key=distance)


_PANELS = frozenset(["Mirror", "Painting", "Poster", "Window", "Blinds", "Curtains"])


def _allowed(thing: Thing, own: int) -> tuple[int, ...]:
    """The facings, in the world, that an object's proportions and pivot leave open."""
    x, _, z = (np.asarray(thing.size) / 2).tolist()
    local: tuple[int, ...] = (0, 1, 2, 3)
    if thing.object_type in ("Cabinet", "Drawer") and thing.pivot is not None:
        u, w = float(thing.pivot[0]) / max(x, 1e-3), float(thing.pivot[2]) / max(z, 1e-3)
        enough = 0.5 if thing.object_type == "Cabinet" else 0.3
        sides = ((w > enough, 0), (u > enough, 1), (w < -enough, 2), (u < -enough, 3))
        local = tuple(facing for there, facing in sides if there) or local
        if thing.object_type == "Drawer" and len(local) > 1 and len(local) < 4:
            local = (0,) if 0 in local else (max(local, key=lambda f: abs(u) if f % 2 else abs(w)),)
    elif thing.object_type in _PANELS or (thing.object_type != "StoveKnob" and min(x, z) < 0.25 * max(x, z)):
        local = (0, 2) if z <= x else (1, 3)
    return tuple((facing + own) % 4 for facing in local)


def _share(inner: Thing, outer: Thing) -> float:
    """How much of the inner thing's box lies in the outer's, a little grown."""
    a_low, a_high = inner.bounds
    b_low, b_high = outer.bounds
    shared = np.minimum(a_high, b_high + 0.03) - np.maximum(a_low, b_low - 0.03)
    extent = np.maximum(a_high - a_low, 1e-3)
    return float(np.prod(np.clip(shared, 0, None) / extent))


def _local_box(thing: Thing, low: Array, high: Array) -> Box:
    rotation, center = thing.transform[:3, :3], thing.transform[:3, 3]
    middle = (low + high) / 2 - center
    half = np.abs(rotation.T) @ ((high - low) / 2)
    local = rotation.T @ middle
    a, b = (local - half).round(4).tolist(), (local + half).round(4).tolist()
    return (a[0], a[1], a[2], b[0], b[1], b[2])


_SUNKEN: dict[str, float] = {
    "Bed": 0.6,
    "Desk": 1.1,
    "CounterTop": 0.045,
    **dict.fromkeys(("CoffeeTable", "DiningTable", "Dresser", "SideTable", "TVStand"), 0.16),
    **dict.fromkeys(("ArmChair", "Sofa"), 0.75),
}
"""Furniture whose box reaches above what it carries (headboards, backs, rims), and how far at most, metres."""


def _cavities(thing: Thing, everything: Sequence[Thing], facings: Mapping[str, int]) -> tuple[Box, ...]:
    wanted = _HOLLOWS.get(thing.object_type, frozenset())
    found = []
    low, high = thing.bounds
    if thing.object_type in _BASINS | {"Bathtub", "Fridge", "Sink"}:
        found += [_local_box(thing, *other.bounds) for other in _contents(thing, everything)]
    if thing.object_type in _TABLES and any(t.object_type in wanted and _share(t, thing) > 0.6 for t in everything):
        wanted = wanted | {"Shelf"}
    if thing.object_type == "CounterTop":
        found += [_local_box(thing, *strip) for strip in _overhangs(thing, everything, facings)]
    if thing.object_type in _SUNKEN:
        level = _level(thing, everything)
        if level is not None:
            found.append(_local_box(thing, np.array([low[0], level, low[2]]), high + np.array([0.0, 0.01, 0.0])))
    for other in everything:
        if other.object_type not in wanted:
            continue
        a, b = (v.copy() for v in other.bounds)
        if other.object_type in _OPEN_ABOVE:
            apart = np.minimum(b, high + 0.02)[[0, 2]] - np.maximum(a, low - 0.02)[[0, 2]]
            if (apart < 0.05).any() or b[1] < low[1] - 0.1 or a[1] > high[1] + 0.02:
                continue
            if thing.object_type == "Bathtub" and b[1] < high[1] - 0.03:  # its box reaches up to its taps
                found.append(_local_box(thing, np.array([low[0], b[1], low[2]]), high + np.array([0.0, 0.01, 0.0])))
            b[1] = high[1] + 0.05
            if thing.object_type == "CounterTop":
                a[1] = low[1] - 0.05
            elif thing.object_type in ("Bathtub", "Cabinet", "Sink"):
                a[1] -= _BASIN_ROOM
        elif _share(other, thing) < 0.6:
            continue
        box = _local_box(thing, a, b)
        if other.object_type in ("Cabinet", "Drawer", "Shelf") and thing.object_type != "ShelvingUnit":
            box = _opened(thing, other, box, facings[other.name])
        found.append(box)
    if thing.object_type in ("Dresser", "TVStand") or (found and thing.object_type in _TABLES | {"Desk"}):
        found += _niches(thing, everything)
    return tuple(found)


_LEEWAY = np.array([0.02, 0.1, 0.02])
"""Air beside and above what stands in furniture, metres."""


def _niches(furniture: Thing, everything: Sequence[Thing]) -> list[Box]:
    """Room for what was recorded within the body of a piece of furniture, but in none of its drawers: open through."""
    high = furniture.bounds[1]
    kept = [t.bounds for t in everything if t.object_type in ("Cabinet", "Drawer")]
    found = []
    for thing in everything:
        a, b = thing.bounds
        middle = (a + b) / 2
        if thing is furniture or thing.object_type in _FITTED or _share(thing, furniture) < 0.8:
            continue
        if b[1] < high[1] - 0.03 and not any(((middle > c) & (middle < d)).all() for c, d in kept):
            grown = _local_box(furniture, a - [0.02, 0.0, 0.02], b + _LEEWAY)
            x, z = float(furniture.size[0]) / 2 + 0.02, float(furniture.size[2]) / 2 + 0.02
            deep = (*grown[:2], -z, *grown[3:5], z) if x > z else (-x, *grown[1:3], x, *grown[4:])
            found.append(deep)
    return found


_BASIN_ROOM = 0.12
"""How far below a basin's recorded box its floor may be, metres: things were recorded lying there."""


def _contents(thing: Thing, everything: Sequence[Thing]) -> list[Thing]:
    """The loose things whose middle lies in a basin, sink or fridge, or a little below it."""
    low, high = thing.bounds
    reach = 0.0 if thing.object_type == "Fridge" else _BASIN_ROOM
    found = []
    for other in everything:
        a, b = other.bounds
        middle = (a + b) / 2
        if other.object_type in _FITTED or (b - a).max() > 0.6:
            continue
        if (middle > low - [0, reach, 0]).all() and (middle < high).all() and a[1] > low[1] - reach:
            found.append(other)
    return found


_FITTED = frozenset(
    ["Bathtub", "BathtubBasin", "Cabinet", "CounterTop", "Drawer", "Faucet", "Fridge", "Shelf", "Sink", "SinkBasin",
     "StoveBurner", "StoveKnob"]
)  # fmt: skip
"""Types that are no loose things."""


def _opened(furniture: Thing, thing: Thing, box: Box, facing: int) -> Box:
    """A cavity grown out of the furniture's front, so that no sheet of it hides the thing; a shelf's to both sides."""
    normal = _NORMALS[facing] if facing >= 0 else thing.transform[:3, 2]
    ahead = furniture.transform[:3, :3].T @ normal
    axis = int(np.argmax(np.abs(ahead)))
    grown = list(box)
    reach = float(furniture.size[axis]) / 2 + 0.02
    if ahead[axis] > 0 or thing.object_type == "Shelf":
        grown[axis + 3] = max(grown[axis + 3], reach)
    if ahead[axis] < 0 or thing.object_type == "Shelf":
        grown[axis] = min(grown[axis], -reach)
    return (grown[0], grown[1], grown[2], grown[3], grown[4], grown[5])


_BEYOND_FRONT = 0.04
"""How far a counter top reaches beyond the fronts below it, metres."""


def _overhangs(counter: Thing, everything: Sequence[Thing], facings: Mapping[str, int]) -> list[tuple[Array, Array]]:
    """Where a counter's box reaches far beyond the doors and drawers under it, and nothing stands: boxes, world.

    The boxes of L-shaped counters do; drawn there, the top would hide the fronts from everybody who stands before it.
    """
    low, high = counter.bounds
    others = [t for t in everything if t.object_type != "Floor" and t is not counter and t.bounds[0][1] < high[1] + 0.1]
    upon = [t.bounds for t in others if t.bounds[0][1] > low[1] - 0.1]
    near = upon + [t.bounds for t in others if t.object_type in _FITTED and t.bounds[1][1] > low[1] - 0.35]
    found = []
    for front in everything:
        if front.object_type not in ("Cabinet", "Drawer") or facings[front.name] < 0:
            continue
        a, b = (v.copy() for v in front.bounds)
        if not (low[1] - 0.35 < b[1] < high[1] + 0.01 and (b > low)[[0, 2]].all() and (a < high)[[0, 2]].all()):
            continue
        axis = 0 if facings[front.name] % 2 else 2
        if _NORMALS[facings[front.name]][axis] > 0:
            a[axis], b[axis] = b[axis] + _BEYOND_FRONT, high[axis] + 0.01
        else:
            a[axis], b[axis] = low[axis] - 0.01, a[axis] - _BEYOND_FRONT
        if not 0.04 < b[axis] - a[axis] < 0.7:
            continue
        a[1], b[1] = low[1] - 0.1, high[1] + 0.1
        across = 2 - axis
        taken = [(p[across], q[across]) for p, q in near if (q > a)[[0, 2]].all() and (p < b)[[0, 2]].all()]
        for start, end in _gaps(float(a[across]), float(b[across]), taken):
            if end - start > 0.1 or not taken:
                lower, upper = a.copy(), b.copy()
                lower[across], upper[across] = start, end
                found.append((lower, upper))
    return found


def _gaps(start: float, end: float, taken: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """What is left of a stretch where others lie on it."""
    left = []
    for a, b in sorted(taken):
        if a > start:
            left.append((start, min(a, end)))
        start = max(start, b)
    return [*left, (start, end)] if start < end else left


def _level(thing: Thing, everything: Sequence[Thing]) -> float | None:
    """The height at which things truly rest on a counter or a bed, world; None if its box's top will do.

    Recorded counters reach some 18 mm above what stands on them, beds to the top of their headboards.
    """
    low, high = thing.bounds
    kept = [other.bounds for other in everything if other.object_type in ("Cabinet", "Drawer", "Shelf")]
    resting: list[float] = []
    burners: list[float] = []
    for other in everything:
        a, b = other.bounds
        middle = (a + b) / 2
        size = (b - a).max()
        if other is thing or size > 0.8 or not ((middle > low) & (middle < high))[[0, 2]].all():
            continue
        if other.object_type in _HOLLOWS.get(thing.object_type, ()) or other.object_type in _FITTED - {"StoveBurner"}:
            continue
        if any(((middle > c) & (middle < d)).all() for c, d in kept):
            continue  # it lies in a drawer or on a shelf
        lowest = max(high[1] - _SUNKEN[thing.object_type], low[1] + 0.25 * (high[1] - low[1]))
        if thing.object_type == "CounterTop" or high[1] - low[1] < 0.12:
            lowest = high[1] - _SUNKEN[thing.object_type]
        if lowest < a[1] < high[1] + 0.005:
            (burners if other.object_type == "StoveBurner" else resting).append(float(a[1]))
    if resting or burners:
        # a hob lies on top of its counter, whatever the other things say
        level = float(np.median(resting or burners)) if thing.object_type == "CounterTop" else min(resting)
        return min(level, min(burners) - 0.004) if burners else level
    return float(high[1]) - 0.018 if thing.object_type == "CounterTop" and high[1] - low[1] < 0.05 else None


def _bed_facing(thing: Thing, everything: Sequence[Thing], room: tuple[Array, Array]) -> int:
    """The foot of a bed points away from its pillows, or from the nearer wall; headboards stand at the far end."""
    along_x = thing.size[0] > thing.size[2] * 1.05
    axis = thing.transform[:3, 0] if along_x else thing.transform[:3, 2]
    low, high = thing.bounds
    pillows = [
        t.transform[:3, 3] - thing.transform[:3, 3]
        for t in everything
        if t.object_type == "Pillow" and (t.bounds[1] > low - 0.1).all() and (t.bounds[0] < high + 0.1).all()
    ]
    if pillows:
        side = float(np.mean([p @ axis for p in pillows]))
    else:
        center, half = thing.transform[:3, 3], thing.size[0 if along_x else 2] / 2
        reach = [_to_wall(center, direction, room) - half for direction in (axis, -axis)]
        side = 1.0 if reach[0] < reach[1] else -1.0
    foot = -1 if side > 0 else 1
    return (1 if foot > 0 else 3) if along_x else (0 if foot > 0 else 2)


def _to_wall(point: Array, direction: Array, room: tuple[Array, Array]) -> float:
    i = int(np.argmax(np.abs(direction)))
    return float(room[1][i] - point[i]) if direction[i] > 0 else float(point[i] - room[0][i])


_DOOR_SWING = 0.5
"""Metres in front of a cabinet or drawer that stay free of built-in bodies."""


def _corner(thing: Thing, room: tuple[Array, Array]) -> tuple[Area, ...]:
    """The two panels of a window, curtain or shower glass that runs around a corner; () for a straight one."""
    low, high = thing.bounds
    if min(high[0] - low[0], high[2] - low[2]) < 0.6:
        return ()
    at_wall = thing.object_type != "ShowerGlass"  # glass stands on the sides that are no walls
    areas = []
    for axis in (0, 2):
        gaps = (low[axis] - room[0][axis], room[1][axis] - high[axis])
        side = int(gaps[1] < gaps[0]) if at_wall else int(gaps[1] > gaps[0])
        a, b = low.copy(), high.copy()
        (b if side == 0 else a)[axis] = (low[axis] + 0.1) if side == 0 else (high[axis] - 0.1)
        box = _local_box(thing, a, b)
        areas.append((box[0], box[2], box[3], box[5]))
    return tuple(areas)


def _carcasses(everything: Sequence[Thing], facings: Mapping[str, int], room: tuple[Array, Array]) -> list[Fixture]:
    """The bodies under counter tops."""
    fixtures = []
    for counter in everything:
        low, high = counter.bounds
        floor = float(room[0][1])
        if counter.object_type != "CounterTop" or high[1] - floor < 0.5 or high[1] - low[1] > 0.3:
            continue
        below = [t for t in everything if t is not counter and _stands_below(t, low, high)]
        fronted = any(t.object_type in ("Cabinet", "Drawer") for t in below)
        if not fronted and (high - low)[[0, 2]].prod() < 0.6:
            continue  # a board on legs or brackets
        # at a wall it reaches the wall; elsewhere it steps back behind the fronts, or under an island's overhang
        step = 0.045 if fronted else 0.14
        at_low, at_high = np.abs(low - room[0]) < 0.4, np.abs(room[1] - high) < 0.4
        a = np.where(at_low | (low < room[0]), low, low + step)
        b = np.where(at_high | (high > room[1]), high, high - step)
        level = _level(counter, everything)
        a[1] = floor
        b[1] = min(low[1], (high[1] if level is None else level) - SLAB) + 0.002  # just inside the slab
        sketch = Sketch()
        rooms = [_room_for(t, facings) for t in below]
        for strip_low, strip_high in _overhangs(counter, everything, facings):
            rooms.append((*strip_low.tolist()[:1], floor - 0.1, *strip_low.tolist()[2:], *strip_high.tolist()))
        carve(sketch, a.tolist(), b.tolist(), rooms, m.WHITE_WOOD if fronted else m.OAK)
        mesh = sketch.mesh()
        if len(mesh.triangles):
            fixtures.append(Fixture(f"unit|{counter.name}", mesh))
    return fixtures


def _stands_below(thing: Thing, low: Array, high: Array) -> bool:
    a, b = thing.bounds
    within = (b[[0, 2]] > low[[0, 2]]).all() and (a[[0, 2]] < high[[0, 2]]).all()
    return bool(within and thing.object_type not in ("CounterTop", "Floor") and a[1] <= low[1] - 0.02)


def _room_for(thing: Thing, facings: Mapping[str, int]) -> Box:
    """What a thing takes up, with the way of its door; in whole centimetres, which make few cuts and fine seams."""
    a, b = thing.bounds
    if thing.object_type in ("Cabinet", "Drawer") and facings[thing.name] >= 0:
        swing = _DOOR_SWING * _NORMALS[facings[thing.name]]
        a, b = np.minimum(a, a + swing), np.maximum(b, b + swing)
    low, high = (np.floor(a * 100) / 100).tolist(), (np.ceil(b * 100) / 100).tolist()
    return (low[0], low[1], low[2], high[0], high[1], high[2])


def _ovens(everything: Sequence[Thing], room: tuple[Array, Array]) -> list[Fixture]:
    """The body of a stove under its burners, with an oven door at the front."""
    burners = [t for t in everything if t.object_type == "StoveBurner"]
    if len(burners) < 2:
        return []
    low = np.min([t.bounds[0] for t in burners], axis=0)
    high = np.max([t.bounds[1] for t in burners], axis=0)
    for counter in everything:
        if counter.object_type == "CounterTop":
            a, b = counter.bounds
            inside = (low[[0, 2]] > a[[0, 2]] - 0.02).all() and (high[[0, 2]] < b[[0, 2]] + 0.02).all()
            if inside and abs(b[1] - low[1]) < 0.06:
                return []  # a hob in a counter top
    knobs = [t.transform[:3, 3] for t in everything if t.object_type == "StoveKnob"]
    blockers = [t.bounds for t in everything if t.object_type in _BLOCKING]
    facing = guess_facing((low, high), room, blockers)
    if knobs:
        offset = np.mean(knobs, axis=0) - (low + high) / 2
        at_back = knobs[0][1] > high[1] + 0.08  # on a panel behind the burners
        flat = offset * [1, 0, 1]
        facing = int(np.argmax(_NORMALS @ (-flat if at_back else flat)))
    axis = 0 if facing % 2 else 2
    sign = float(_NORMALS[facing][axis])
    across = 2 - axis
    a, b = low.copy(), high.copy()
    a[across] -= 0.1
    b[across] += 0.1
    wall = room[0][axis] if sign > 0 else room[1][axis]
    front = (high[axis] if sign > 0 else low[axis]) + sign * 0.07
    if knobs and not knobs[0][1] > high[1] + 0.08:
        front = float(np.mean([k[axis] for k in knobs]))
    back = (
        wall if abs(wall - (low[axis] if sign > 0 else high[axis])) < 0.5 else (low[axis] if sign > 0 else high[axis])
    )
    a[axis], b[axis] = min(front, back), max(front, back)
    a[1], b[1] = room[0][1], low[1]
    sketch = Sketch()
    inside = [t for t in everything if t.object_type != "Floor" and (t.bounds[1] > a).all() and (t.bounds[0] < b).all()]
    under = [t for t in inside if t.object_type in ("Cabinet", "Drawer")]
    carve(sketch, a, b, [_way_out(t, axis, sign) for t in inside if t in under or t.size.max() < 0.4], m.STEEL)
    if not under:
        face = b[axis] if sign > 0 else a[axis]
        lo, hi = a.copy(), b.copy()
        lo[across] += 0.06
        hi[across] -= 0.06
        lo[1], hi[1] = a[1] + 0.18, b[1] - 0.2
        lo[axis], hi[axis] = sorted((face, face + sign * 0.006))
        sketch.box(lo.tolist(), hi.tolist(), m.SCREEN_OFF)
        lo[1], hi[1] = b[1] - 0.17, b[1] - 0.145
        lo[axis], hi[axis] = sorted((face + sign * 0.015, face + sign * 0.035))
        sketch.box(lo.tolist(), hi.tolist(), m.DARK_STEEL)
    return [Fixture("stove", sketch.mesh())]


def _way_out(thing: Thing, axis: int, sign: float) -> Box:
    """What a thing takes up of a stove's body, and the way from it to the front."""
    a, b = (v.copy() for v in thing.bounds)
    (b if sign > 0 else a)[axis] += sign
    if thing.object_type == "StoveKnob":  # a stove across a corner has its knobs on both sides
        a -= 0.02
        b += np.array([0.02, 0.1, 0.02])
    return (*a.tolist(), *b.tolist())
