"""What opening moves: a drawer slides out with what is in it; doors and lids turn without moving what they close."""

from __future__ import annotations

import numpy as np

from sim.headless.geometry import Array
from sim.headless.objects import SimObject
from sim.headless.space import AGENT_RADIUS, Space
from sim.headless.world import World

__all__ = ["pull_out", "set_openness"]

DRAWER_TRAVEL = 0.8
"""How far a drawer comes out, as a fraction of its depth."""


def pull_out(obj: SimObject) -> Array:
    """(3,) how far an object's openness has moved its box from where it is when closed, world."""
    if obj.object_type != "Drawer" or not obj.openness:
        return np.zeros(3)
    return obj.openness * _full_pull(obj)


def set_openness(world: World, space: Space, obj: SimObject, openness: float) -> str | None:
    """Open or close an object.

    Args:
        world: Whose.
        space: Where the agent is; a drawer does not open into it.
        obj: An openable object.
        openness: 0 closed … 1 fully open.

    Returns:
        What stands in the way, or None when done.
    """
    if obj.object_type == "Drawer":
        shift = (openness - obj.openness) * _full_pull(obj)
        if openness > obj.openness and _hits_agent(world, obj, shift):
            return "Agent 0"
        obj.openness = openness
        if shift.any():
            world.move(obj, obj.position + shift)
    obj.openness = openness
    world.touch(obj)
    for child in world.contents(obj):
        world.touch(child)
    return None


def _full_pull(obj: SimObject) -> Array:
    turn = obj.facing
    axis, sign = (2, 0)[turn % 2], (1.0, 1.0, -1.0, -1.0)[turn]
    return np.asarray(obj.frame[:, axis] * sign * 2 * obj.half[axis] * DRAWER_TRAVEL)


def _hits_agent(world: World, obj: SimObject, shift: Array) -> bool:
    low, high = np.minimum(obj.low, obj.low + shift), np.maximum(obj.high, obj.high + shift)
    agent = world.agent.position
    off = np.maximum(np.maximum(low - agent, agent - high), 0.0)
    return bool(np.hypot(off[0], off[2]) < AGENT_RADIUS - 0.02)
