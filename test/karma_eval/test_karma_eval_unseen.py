"""The robot knows only what it has seen: changing all that it did not see leaves its run the same to the last digit.

What it saw is judged by pixels, not by the bridge's word: an object of which no frame of the first run held a single
pixel was not seen. Every such thing that nothing seen leans on is then changed before the second run: taken away, put
into another container that stayed shut, or given another state.
"""

import json
import random

import numpy as np
import pytest

from karma_eval.condition import Condition
from karma_eval.run import run_history
from karma_eval.tasks import Task
from sim import disturb
from sim.errors import DisturbanceError
from sim.simulation import Simulation

pytestmark = pytest.mark.sim

SCENES = {
    "FloorPlan1": ["Put the tomato on the counter.", "Put the apple in the sink."],
    "FloorPlan12": ["Put the apple on the counter.", "Go to the fridge."],
    "FloorPlan25": ["Put the fork in the sink."],
    "FloorPlan417": ["Put the candle on the toilet."],
    "FloorPlan2+FloorPlan203": ["Put the tomato in the sink.", "Put the mug on the counter."],
}

STATES = ("dirty", "clean", "filled", "on", "off", "sliced", "broken", "cooked", "open")


class Scrambled(Simulation):
    """A scene that notes every object with a pixel in a frame, and, if told so, is changed after every reset."""

    seed = None
    unseen = ()

    def __init__(self, controller, scene):
        super().__init__(controller, scene)
        self.pixels = set()
        self.done = []

    def reset(self, scene=None):
        super().reset(scene)
        if self.seed is not None:
            self.done = list(scramble(self, self.unseen, random.Random(self.seed)))
        self.pixels = set()
        return self.step("Pass")

    def step(self, action, **arguments):
        event = super().step(action, **arguments)
        frame = event.instance_segmentation_frame
        if frame is not None:
            flat = frame.reshape(-1, 3)
            starts = np.flatnonzero((flat[1:] != flat[:-1]).any(axis=1)) + 1  # neighbours mostly show the same thing
            colours = set(map(tuple, flat[np.append(0, starts)].tolist()))
            self.pixels |= {name for c in colours if (name := event.color_to_object_id.get(c)) is not None}
        return event


def scramble(simulation, unseen, rng):
    """Change what was not seen; yields (what was done, to what)."""
    shut = [o["objectId"] for o in simulation.event.metadata["objects"] if o["objectId"] in unseen and o["receptacle"]]
    for object_id in sorted(unseen):
        current = {o["objectId"]: o for o in simulation.event.metadata["objects"]}
        if object_id not in current:
            continue
        ways = ["remove", *shut] if current[object_id]["pickupable"] and not current[object_id]["receptacle"] else []
        ways += STATES if current[object_id]["pickupable"] else ()
        for way in rng.sample(ways, len(ways)):
            try:
                if way == "remove":
                    simulation.step("RemoveFromScene", objectId=object_id)
                elif way in STATES:
                    before = current[object_id]
                    disturb.set_state(simulation, object_id, way)
                    after = next((o for o in simulation.event.metadata["objects"] if o["objectId"] == object_id), None)
                    if before == after:
                        continue
                else:
                    disturb.put(simulation, object_id, way)
            except DisturbanceError:
                continue
            yield way.split("|")[0], object_id
            break


def not_seen(simulation):
    """Objects without a pixel in any frame that are shut in, or stand on nothing that was seen."""
    by_id = {o["objectId"]: o for o in simulation.event.metadata["objects"]}

    def around(object_id):
        for parent in by_id[object_id]["parentReceptacles"] or ():
            if parent in by_id and by_id[parent]["objectType"] != "Floor":
                yield parent
                yield from around(parent)

    def apart(o):
        # On a surface that the robot saw, what it did not see may still be in the way of what it puts there.
        holders = [by_id[i] for i in around(o["objectId"])]
        shut_in = any(h["openable"] and not h["isOpen"] for h in holders)
        return shut_in or all(h["objectId"] not in simulation.pixels for h in holders)

    return {i for i, o in by_id.items() if i not in simulation.pixels and apart(o)}


def run(simulation, scene, words):
    task = Task.model_validate(
        {"id": "unseen", "class": "simple", "instructions": [{"say": say} for say in words]}
        | ({"home": scene.split("+")} if "+" in scene else {"scene": scene})
    )
    seen = {}

    def keep(stack):
        seen["memory"] = stack.memory.digest()
        seen["graph"] = stack.graph.digest()
        seen["last"] = repr([(o.label, o.position, o.states, o.size) for o in stack.robot.frame().observations])

    result = run_history(task, Condition(), simulation=simulation, on_stack=keep).to_json()
    for item in result["instructions"]:
        item.pop("planning_seconds")  # wall time
    return json.dumps(result), seen


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scene", SCENES)
def test_what_was_not_seen_changes_nothing(scene):
    with Scrambled.start(scene) as simulation:
        first, seen = run(simulation, scene, SCENES[scene])
        simulation.unseen = not_seen(simulation)
        simulation.seed = 1
        again, seen_again = run(simulation, scene, SCENES[scene])
        changed = {object_id for _, object_id in simulation.done}
    assert len(changed) >= 2, "the scene hides nothing: the test shows nothing"
    assert again == first
    assert seen_again == seen


@pytest.mark.timeout(300)
def test_what_was_seen_changes_something():
    """The test above can fail: taking away what the robot saw is noticed."""
    scene = "FloorPlan1"
    with Scrambled.start(scene) as simulation:
        first, seen = run(simulation, scene, SCENES[scene])
        simulation.unseen = {i for i in simulation.pixels if i.startswith(("Tomato", "Apple"))}
        simulation.seed = 1
        again, seen_again = run(simulation, scene, SCENES[scene])
    assert again != first
    assert seen_again != seen
