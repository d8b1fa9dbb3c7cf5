"""Nearly everything that was recorded in a floor plan can be seen from a place where a robot can stand."""

import math

import numpy as np
import pytest

from sim.headless.scene import load_scene
from sim.headless.session import Session

PIXELS = 60


def pictures(session, obj, places):
    """Pictures of a thing, standing and crouching, from the places nearest to it: their instance numbers."""
    agent = session.world.agent
    distance = np.hypot(*(places - obj.center[[0, 2]]).T)
    for x, z in places[np.argsort(np.where(distance > 0.3, distance, np.inf), kind="stable")][:8:2].tolist():
        for standing in (True, False):
            agent.position[0], agent.position[2], agent.standing = x, z, standing
            offset = obj.center - agent.camera
            agent.yaw = math.degrees(math.atan2(offset[0], offset[2]))
            down = math.degrees(math.atan2(-offset[1], math.hypot(offset[0], offset[2])))
            agent.horizon = float(np.clip(down, -30, 60))
            yield session.eyes.agent_frame(session.settings).ids


@pytest.mark.parametrize("number", [3, 213, 408])
def test_furniture_hides_nothing_recorded(number):
    session = Session(load_scene(f"FloorPlan{number}"), 480, 360)
    world = session.world
    places = session.space.reachable(world.agent.position[[0, 2]], 0.25)
    closed = {o.instance for o in world if any(a.kind.openable and not a.openness for a in world.ancestors(o))}
    wanted = [o for o in world if o.object_type != "Floor" and o.position.any() and o.instance not in closed]
    seen: set[int] = set()
    for obj in wanted:
        for ids in pictures(session, obj, places):
            if obj.instance in seen:
                break
            seen.update(np.flatnonzero(np.bincount(ids.ravel()) >= PIXELS).tolist())
    hidden = [o.object_id for o in wanted if o.instance not in seen]
    assert len(hidden) <= 0.03 * len(wanted), hidden
