"""What somebody else in the home does meanwhile: moves a thing, changes a state, closes a container.

Nothing here happens by itself: the client asks for it with the action ``DisturbScene``, which AI2-THOR does not have.
The same seed in the same state does the same.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from sim.headless.compatibility import fits
from sim.headless.objects import SimObject
from sim.headless.placement import spots
from sim.headless.support import HANGING
from sim.headless.world import World

__all__ = ["disturb"]

_SPOTS = 40
_SWITCHES = frozenset(["DeskLamp", "FloorLamp", "LightSwitch", "Television", "Candle", "Faucet", "Laptop"])
"""What people switch in passing."""

_CLOSED_IN_PASSING = frozenset(["Cabinet", "Fridge", "LaundryHamper", "Microwave", "Safe"])


def disturb(
    world: World, *, seed: int, moves: int, states: int, closings: int, spare: Collection[str] = ()
) -> list[dict[str, str]]:
    """Change a scene as another inhabitant would.

    Args:
        world: Whose.
        seed: Says what is done, together with the state.
        moves: How many things are put elsewhere.
        states: How many lamps, taps and the like are switched, or dishes made dirty or clean.
        closings: How many open containers are closed.
        spare: Ids of objects to leave alone, e.g. those that the robot sees.

    Returns:
        What was done, one entry each: ``change`` (moved, switched, soiled, closed), ``objectId``, and ``to``.
    """
    generator = np.random.default_rng(seed)
    done: list[dict[str, str]] = []
    left_alone = {*spare, *(() if world.held is None else (world.held.object_id,))}

    def drawn(candidates: list[SimObject]) -> list[SimObject]:
        return [candidates[i] for i in generator.permutation(len(candidates)).tolist()]

    loose = [o for o in world if o.kind.pickupable and o.object_id not in left_alone]
    for obj in drawn(loose):
        if sum(entry["change"] == "moved" for entry in done) >= moves:
            break
        for receptacle in drawn([r for r in world if _takes(r, obj) and r.object_id != obj.parent])[:4]:
            places = spots(world, obj, receptacle, receptacle.bounds_center, limit=_SPOTS)
            if places:
                spot = places[int(generator.integers(len(places)))]
                world.move(obj, spot.position, spot.rotation)
                world.attach(obj, receptacle)
                done.append({"change": "moved", "objectId": obj.object_id, "to": receptacle.object_id})
                break
    changeable = [
        o
        for o in world
        if o.object_id not in left_alone and not o.is_broken and (o.object_type in _SWITCHES or o.kind.dirtyable)
    ]
    for obj in drawn(changeable)[:states]:
        done.append(_change(world, obj))
    opened = [o for o in world if o.is_open and o.object_type in _CLOSED_IN_PASSING and o.object_id not in left_alone]
    for obj in drawn(opened)[:closings]:
        obj.openness = 0.0
        world.touch(obj)
        done.append({"change": "closed", "objectId": obj.object_id, "to": "closed"})
    return done


def _takes(receptacle: SimObject, obj: SimObject) -> bool:
    if not receptacle.kind.receptacle or receptacle.object_type in HANGING or receptacle is obj:
        return False
    if receptacle.kind.pickupable or receptacle.object_type in ("Floor", "Microwave"):
        return False
    return fits(obj.object_type, receptacle.object_type)


def _change(world: World, obj: SimObject) -> dict[str, str]:
    world.touch(obj)
    if obj.object_type in _SWITCHES and obj.kind.toggleable:
        obj.is_toggled = not obj.is_toggled
        return {"change": "switched", "objectId": obj.object_id, "to": "on" if obj.is_toggled else "off"}
    obj.is_dirty = not obj.is_dirty
    return {"change": "soiled", "objectId": obj.object_id, "to": "dirty" if obj.is_dirty else "clean"}
