"""Thousands of random actions in random scenes, through the real Controller, with invariants checked all along.

``KARMA_PROPERTY_STEPS`` and ``KARMA_PROPERTY_SCENES`` in the environment ask for more actions in each scene and for so
many scenes, drawn from all floor plans and from homes composed of them.
"""

import os
import random

import numpy as np
import pytest
from ai2thor.controller import Controller

from sim.headless import command
from sim.headless.recordings import scene_numbers

pytestmark = pytest.mark.sim

STEPS = int(os.environ.get("KARMA_PROPERTY_STEPS", "250"))
RADIUS = 0.2


def drawn_scenes():
    """The usual scenes, or as many as asked for."""
    count = int(os.environ.get("KARMA_PROPERTY_SCENES", "0"))
    if not count:
        usual = [1, 13, 205, 230, 311, 401, 422]
        return [f"FloorPlan{n}" for n in usual] + ["FloorPlan3+FloorPlan210+FloorPlan305+FloorPlan402"]
    rng = random.Random(count)
    numbers = scene_numbers()
    rng.shuffle(numbers)
    plans = [f"FloorPlan{n}" for n in (numbers * (count // len(numbers) + 1))[:count]]
    return ["+".join(rng.sample(plans, min(3, count))) if k % 10 == 9 else plan for k, plan in enumerate(plans)]


MOVES = (
    "MoveAhead",
    "MoveBack",
    "MoveLeft",
    "MoveRight",
    "RotateLeft",
    "RotateRight",
    "LookUp",
    "LookDown",
    "Crouch",
    "Stand",
)
ON_OBJECTS = (
    "PickupObject", "OpenObject", "CloseObject", "ToggleObjectOn", "ToggleObjectOff", "SliceObject", "BreakObject",
    "DirtyObject", "CleanObject", "CookObject", "UseUpObject", "EmptyLiquidFromObject", "PushObject", "PullObject",
)  # fmt: skip
STATES = {
    "toggleable": "isToggled",
    "openable": "isOpen",
    "dirtyable": "isDirty",
    "canFillWithLiquid": "isFilledWithLiquid",
}


@pytest.fixture(scope="module")
def controller():
    with Controller(
        local_executable_path=command(), x_display=":0", scene="FloorPlan1", width=100, height=100,
        renderInstanceSegmentation=True, renderDepthImage=True,
    ) as controller:  # fmt: skip
        yield controller


def random_action(rng, metadata):
    objects = metadata["objects"]
    kind = rng.random()
    if kind < 0.3:
        return {"action": rng.choice(MOVES)}
    target = rng.choice(objects)["objectId"]
    loose = [o["objectId"] for o in objects if o["pickupable"]]
    if kind < 0.55:
        if metadata["inventoryObjects"]:
            receptacles = [o["objectId"] for o in objects if o["receptacle"]]
            return {
                "action": "PutObject",
                "objectId": rng.choice(receptacles),
                "forceAction": rng.random() < 0.8,
                "randomSeed": rng.choice([0, 0, 7]),
            }
        return {
            "action": "PickupObject",
            "objectId": rng.choice(loose),
            "forceAction": True,
            "manualInteract": rng.random() < 0.2,
        }
    if kind < 0.85:
        name = rng.choice(ON_OBJECTS)
        more = {"moveMagnitude": rng.uniform(0, 300)} if name in ("PushObject", "PullObject") else {}
        more |= {"openness": rng.choice([0.3, 1.0])} if name == "OpenObject" else {}
        return {"action": name, "objectId": target, "forceAction": rng.random() < 0.8, **more}
    change, flag = rng.choice(list(STATES.items()))
    place = rng.choice(objects)["position"]
    turn = {"x": 0.0, "y": rng.choice([0.0, 45.0, 90.0]), "z": 0.0}
    agent = metadata["agent"]["position"]
    return rng.choice(
        [
            {"action": "DropHandObject", "forceAction": True},
            {"action": "ThrowObject", "moveMagnitude": rng.uniform(0, 300), "forceAction": True},
            {"action": "MoveHeldObject", "ahead": rng.uniform(-0.3, 0.3), "up": rng.uniform(-0.2, 0.2)},
            {"action": "RotateHeldObject", "pitch": rng.choice([90.0, 120.0]), "yaw": 0.0, "roll": 0.0},
            {"action": "FillObjectWithLiquid", "objectId": target, "fillLiquid": "water", "forceAction": True},
            {
                "action": "DirectionalPush",
                "objectId": target,
                "pushAngle": rng.uniform(0, 360),
                "moveMagnitude": rng.uniform(0, 300),
                "forceAction": True,
            },
            {"action": "PlaceObjectAtPoint", "objectId": target, "position": place},
            {"action": "TeleportObject", "objectId": rng.choice(loose), "position": place, "rotation": turn},
            {"action": "TeleportObject", "objectId": rng.choice(loose), "position": agent, "rotation": turn},
            {"action": "SetObjectStates", "SetObjectStates": {"stateChange": change, flag: rng.random() < 0.5}},
            {"action": "InitialRandomSpawn", "randomSeed": rng.randrange(100), "allowMoveable": rng.random() < 0.2},
            {"action": "DisturbScene", "randomSeed": rng.randrange(100), "moves": 2, "states": 2, "closings": 2},
        ]
    )


def check(metadata, before, event):
    objects = {o["objectId"]: o for o in metadata["objects"]}
    assert len(objects) == len(metadata["objects"]), "an id twice"
    held = [o for o in objects.values() if o["isPickedUp"]]
    assert len(held) <= 1
    assert [o["objectId"] for o in held] == [o["objectId"] for o in metadata["inventoryObjects"]]
    for object_id, obj in objects.items():
        parents = obj["parentReceptacles"] or []
        # AI2-THOR also reports the floor under what stands low; besides that a thing is in one place
        assert len([p for p in parents if objects[p]["objectType"] != "Floor"]) <= 1, object_id
        assert not (obj["isPickedUp"] and parents)
        for parent in parents:
            assert object_id in objects[parent]["receptacleObjectIds"]
        for child in obj["receptacleObjectIds"] or []:
            assert object_id in objects[child]["parentReceptacles"]
        assert np.isfinite(list(obj["position"].values())).all()
        assert obj["position"]["y"] > -2.0
        assert 0.0 <= obj["openness"] <= 1.0
        assert obj["isFilledWithLiquid"] or obj["fillLiquid"] is None  # a bottle may be recorded as full of nothing
        assert not (obj["isToggled"] and obj["isOpen"] and obj["objectType"] == "Microwave")
        if (obj["sliceable"] and obj["isSliced"]) or (obj["objectType"] == "Egg" and obj["isBroken"]):
            assert not obj["visible"]  # its pieces are there in its stead
            assert not parents
            assert any(other.startswith(f"{object_id}|") for other in objects)
        seen = set()
        while parents:  # nothing is in itself, not even by way of others
            parents = [p for p in parents if objects[p]["objectType"] != "Floor"]
            assert not seen & set(parents)
            seen |= set(parents)
            parents = objects[parents[0]]["parentReceptacles"] or [] if parents else []
    assert set(before) <= set(objects), "something is lost"
    new = set(objects) - set(before)
    assert all(objects[i]["objectType"].endswith(("Sliced", "Cracked")) for i in new)
    for object_id in event.instance_masks:
        assert object_id in objects or object_id.startswith(("wall|", "ceiling|", "floor|", "fixture|"))


def inside(metadata, ignored):
    """Ids of the movable things in whose box the agent's axis is, at body height."""
    agent = metadata["agent"]["position"]
    place, ground = np.array([agent["x"], agent["z"]]), agent["y"] - 0.9
    carried = {o["objectId"] for o in metadata["inventoryObjects"]}
    found = set()
    for obj in metadata["objects"]:
        corners = obj["objectOrientedBoundingBox"]
        if corners is None or obj["objectId"] in carried | ignored or carried & set(obj["parentReceptacles"] or ()):
            continue
        box = np.array(corners["cornerPoints"])
        if box[:, 1].max() < ground + 0.05 or box[:, 1].min() > ground + 1.8 or obj["isSliced"]:
            continue
        low, high = box[:, [0, 2]].min(axis=0), box[:, [0, 2]].max(axis=0)
        square = np.allclose(np.abs(box[:, [0, 2]] - low).min(axis=0), 0) and (obj["rotation"]["y"] % 90) in (0.0,)
        if square and (place > low).all() and (place < high).all():
            found.add(obj["objectId"])
    return found


@pytest.mark.timeout(600 + STEPS)
@pytest.mark.parametrize("scene", drawn_scenes())
def test_invariants_hold_whatever_is_done(controller, scene):
    rng = random.Random(scene)
    event = controller.reset({"compose": scene.split("+")} if "+" in scene else scene)
    before = {o["objectId"]: o for o in event.metadata["objects"]}
    starts_in = inside(event.metadata, set())
    succeeded = 0
    for _ in range(STEPS):
        request = random_action(rng, event.metadata)
        position = event.metadata["agent"]["position"]
        event = controller.step(request)
        metadata = event.metadata
        assert metadata["errorCode"] != "UnhandledException", (request, metadata["errorMessage"])
        assert metadata["lastActionSuccess"] or metadata["errorMessage"], request
        succeeded += metadata["lastActionSuccess"]
        check(metadata, before, event)
        assert not inside(metadata, starts_in), request
        if metadata["agent"]["position"] != position:
            assert request["action"] in MOVES
        before = {o["objectId"]: o for o in metadata["objects"]}
    assert succeeded > STEPS / 5
    places = controller.step("GetReachablePositions").metadata["actionReturn"]
    assert places


@pytest.mark.parametrize("scene", ["FloorPlan1", "FloorPlan205", "FloorPlan311", "FloorPlan401"])
def test_a_walk_never_enters_a_box(controller, scene):
    rng = random.Random(scene)
    event = controller.reset(scene)

    def distance(obj, place):
        corners = np.array(obj["axisAlignedBoundingBox"]["cornerPoints"])[:, [0, 2]]
        off = np.maximum(np.maximum(corners.min(axis=0) - place, place - corners.max(axis=0)), 0)
        return float(np.hypot(*off))

    def place_of(event):
        position = event.metadata["agent"]["position"]
        return np.array([position["x"], position["z"]])

    # furniture that is set square and that the agent does not start in; the boxes of others are looser than they are
    solid = [
        o
        for o in event.metadata["objects"]
        if o["objectType"] in ("Fridge", "Sofa", "Bed", "Toilet", "Bathtub", "Dresser", "GarbageCan")
        and abs((o["rotation"]["y"] + 45) % 90 - 45) < 1
        and distance(o, place_of(event)) > RADIUS
    ]
    assert solid
    for _ in range(150):
        event = controller.step(rng.choice(MOVES[:6]))
        for obj in solid:
            assert distance(obj, place_of(event)) >= RADIUS - 0.01, obj["objectId"]


def test_random_histories_repeat_exactly(controller):
    def run():
        rng = random.Random(7)
        event = controller.reset("FloorPlan4")
        for _ in range(60):
            event = controller.step(random_action(rng, event.metadata))
        return event.metadata["objects"], event.frame.tobytes(), event.depth_frame.tobytes()

    assert run() == run()
