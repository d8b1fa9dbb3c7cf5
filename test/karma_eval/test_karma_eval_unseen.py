"""The robot knows only what it has seen: changing all that it did not see leaves its run the same to the last digit."""

import json

import pytest

from karma_eval.run import Condition, run_history
from karma_eval.tasks import Task
from sim.simulation import Simulation

pytestmark = pytest.mark.sim

TASK = Task.model_validate(
    {
        "id": "unseen",
        "class": "simple",
        "scene": "FloorPlan1",
        "instructions": [{"say": "Put the tomato on the counter."}, {"say": "Put the apple in the sink."}],
    }
)


class Scrambled(Simulation):
    """A scene in which, after every reset, some objects are gone and others have another state."""

    removed = ()
    altered = ()

    def reset(self, scene=None):
        super().reset(scene)
        for object_id in self.removed:
            assert self.step("RemoveFromScene", objectId=object_id).metadata["lastActionSuccess"], object_id
        for object_id, action in self.altered:
            assert self.step(action, objectId=object_id, forceAction=True).metadata["lastActionSuccess"], object_id
        return self.step("Pass")


def hidden(metadata, shown):
    """Objects that were not shown and are behind a door that nobody opened, and the doors' contents that open flat."""
    by_id = {o["objectId"]: o for o in metadata["objects"]}
    for o in metadata["objects"]:
        parents = [by_id[p] for p in o["parentReceptacles"] or () if p in by_id]
        if o["objectId"] not in shown and any(p["openable"] and not p["isOpen"] for p in parents):
            yield o


def run(simulation):
    seen = {}

    def keep(stack):
        seen["shown"] = stack.robot.tokens.shown
        seen["memory"] = stack.memory.digest()
        seen["graph"] = stack.graph.digest()
        seen["last"] = repr([(o.label, o.position, o.states, o.size) for o in stack.robot.frame().observations])

    result = run_history(TASK, Condition(), simulation=simulation, on_stack=keep).to_json()
    for item in result["instructions"]:
        item.pop("planning_seconds")  # wall time
    return json.dumps(result), seen


@pytest.mark.timeout(300)
def test_what_was_not_seen_changes_nothing():
    with Scrambled.start("FloorPlan1") as simulation:
        first, seen = run(simulation)
        unseen = list(hidden(simulation.event.metadata, seen["shown"]))
        dirtyable = [o for o in unseen if o["dirtyable"]]
        simulation.altered = [(o["objectId"], "DirtyObject") for o in dirtyable]
        simulation.removed = [o["objectId"] for o in unseen if not o["dirtyable"]]
        assert simulation.removed, "the scene hides nothing: the test shows nothing"
        again, seen_again = run(simulation)
    assert again == first
    assert seen_again == seen
