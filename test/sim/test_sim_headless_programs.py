"""What programs written for AI2-THOR do, in the ways that they do it, against the headless simulator."""

import numpy as np
import pytest
from ai2thor.controller import Controller

from sim.headless import command

pytestmark = pytest.mark.sim


@pytest.fixture(scope="module")
def controller():
    with Controller(
        local_executable_path=command(), x_display=":0", scene="FloorPlan1", width=300, height=300,
        renderDepthImage=True, renderInstanceSegmentation=True, renderSemanticSegmentation=True,
        agentMode="default", visibilityDistance=1.5, snapToGrid=True, quality="Low",
    ) as controller:  # fmt: skip
        yield controller


@pytest.fixture
def thor(controller):
    controller.reset(
        "FloorPlan1", renderDepthImage=True, renderInstanceSegmentation=True, renderSemanticSegmentation=True
    )
    return controller


def ids(event, object_type):
    return [o["objectId"] for o in event.metadata["objects"] if o["objectType"] == object_type]


def done(event):
    assert event.metadata["lastActionSuccess"], event.metadata["errorMessage"]
    return event


def failed(event, message):
    assert not event.metadata["lastActionSuccess"]
    assert message in event.metadata["errorMessage"]
    return event


def go_to(thor, object_id):
    """Stand where an object can be acted on, as navigation helpers do."""
    poses = done(thor.step(action="GetInteractablePoses", objectId=object_id, maxPoses=1)).metadata["actionReturn"]
    return done(thor.step(action="TeleportFull", **poses[0]))


def test_everything_that_an_event_offers(thor):
    event = go_to(thor, ids(thor.last_event, "Mug")[0])
    mug = ids(event, "Mug")[0]
    assert event.frame.shape == event.cv2img.shape == (300, 300, 3)
    assert (event.cv2img == event.frame[..., ::-1]).all()
    assert event.depth_frame.dtype == np.float32
    assert event.instance_segmentation_frame.shape == event.semantic_segmentation_frame.shape == (300, 300, 3)
    assert event.get_object(mug)["objectType"] == "Mug"
    assert mug in [o["objectId"] for o in event.objects_by_type("Mug")]
    mask = event.instance_masks[mug]
    x0, y0, x1, y1 = event.instance_detections2D[mug]
    rows, columns = np.nonzero(mask)
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (x0, y0, x1, y1)
    assert any(np.array_equal(box, [x0, y0, x1, y1]) for box in event.class_detections2D["Mug"])
    colour = event.object_id_to_color[mug]
    assert event.color_to_object_id[colour] == mug
    assert tuple(event.instance_segmentation_frame[rows[0], columns[0]]) == tuple(colour)
    assert event.class_masks["Mug"][rows[0], columns[0]]
    assert event.pose_discrete[3] in (-30, 0, 30, 60)
    assert event.events[0] is event
    assert event.metadata["agent"]["name"] == "agent"


def test_an_object_picked_in_the_picture_as_mask_based_agents_do(thor):
    event = go_to(thor, ids(thor.last_event, "Tomato")[0])
    tomato = ids(event, "Tomato")[0]
    rows, columns = np.nonzero(event.instance_masks[tomato])
    middle = len(rows) // 2
    x, y = (columns[middle] + 0.5) / 300, (rows[middle] + 0.5) / 300
    assert done(thor.step("GetObjectInFrame", x=x, y=y, checkVisible=True)).metadata["actionReturn"] == tomato
    assert done(thor.step("PickupObject", x=x, y=y)).metadata["actionReturn"] == tomato
    assert thor.last_event.metadata["inventoryObjects"] == [{"objectId": tomato, "objectType": "Tomato"}]
    failed(thor.step("PickupObject", x=1.5, y=0.5), "x/y must be in [0:1]")
    ceiling = thor.step("LookUp", degrees=30)
    assert ceiling.metadata["agent"]["cameraHorizon"] <= 0


def test_slicing_leaves_the_whole_in_the_metadata_as_sliced(thor):
    apple = ids(thor.last_event, "Apple")[0]
    knife = ids(thor.last_event, "Knife")[0]
    done(thor.step({"action": "PickupObject", "objectId": knife, "forceAction": True}))
    event = done(thor.step({"action": "SliceObject", "objectId": apple, "forceAction": True}))
    whole = event.get_object(apple)
    assert (whole["isSliced"], whole["visible"], whole["parentReceptacles"]) == (True, False, None)
    slices = [o for o in event.metadata["objects"] if o["objectId"].startswith(f"{apple}|AppleSliced_")]
    assert len(slices) > 1
    assert {o["objectType"] for o in slices} == {"AppleSliced"}
    assert not any(o["isSliced"] or o["sliceable"] for o in slices)
    assert apple not in event.instance_masks
    failed(thor.step("SliceObject", objectId=apple), "not found within the specified visibility")
    done(thor.step({"action": "DropHandObject", "forceAction": True}))
    done(thor.step({"action": "PickupObject", "objectId": slices[0]["objectId"], "forceAction": True}))


def test_a_scene_set_up_from_recorded_poses_and_toggles(thor):
    objects = thor.last_event.metadata["objects"]
    poses = [
        {"objectName": o["name"], "position": o["position"], "rotation": o["rotation"]}
        for o in objects
        if (o["pickupable"] or o["moveable"]) and o["objectType"] != "Book"
    ]
    event = done(thor.step({"action": "SetObjectPoses", "objectPoses": poses}))
    assert not ids(event, "Book")
    assert len(event.metadata["objects"]) == len(objects) - len([o for o in objects if o["objectType"] == "Book"])
    for change in (
        {"objectType": "DeskLamp", "stateChange": "toggleable", "isToggled": True},
        {"objectType": "Faucet", "stateChange": "toggleable", "isToggled": True},
        {"objectType": "Mug", "stateChange": "dirtyable", "isDirty": True},
        {"objectType": "Mug", "stateChange": "nonsense"},
    ):
        event = done(thor.step({"action": "SetObjectStates", "SetObjectStates": change}))
    assert all(o["isToggled"] for o in event.metadata["objects"] if o["objectType"] == "Faucet")
    assert all(o["isDirty"] for o in event.metadata["objects"] if o["objectType"] == "Mug")
    failed(thor.step("SetObjectStates", SetObjectStates={"objectType": "Mug"}), "missing stateChange string")
    for name in ("SetGlobalRoomTempDecayTime", "SetRoomTempDecayTimeForType"):
        more = {"objectType": "Potato"} if name.endswith("Type") else {}
        done(thor.step(action=name, TimeUntilRoomTemp=20.0, **more))
    done(thor.step(action="SetDecayTemperatureBool", allowDecayTemperature=False))


def test_legacy_spellings_of_the_rendering_options(thor):
    event = thor.reset(scene="FloorPlan2", renderObjectImage=True, renderClassImage=True, renderDepthImage=False)
    assert event.instance_masks
    assert event.class_masks
    assert event.depth_frame is None
    event = thor.step(
        {
            "action": "Initialize",
            "agentMode": "default",
            "agentControllerType": "physics",
            "makeAgentsVisible": False,
            "agentCount": 1,
            "snapToGrid": False,
            "gridSize": 0.25,
            "rotateStepDegrees": 20,
            "visibilityDistance": 100,
            "fieldOfView": 90,
        }
    )
    assert done(event).metadata["actionReturn"]["cameraFarPlane"] == 20.0
    before = event.metadata["agent"]["rotation"]["y"]
    assert done(thor.step("RotateRight")).metadata["agent"]["rotation"]["y"] == pytest.approx((before + 20) % 360)
    assert thor.last_event.instance_segmentation_frame is None
    assert done(thor.step("Pass", renderObjectImage=True)).instance_segmentation_frame is not None
    assert thor.step("Pass", renderImage=False).frame is None


def test_rearranging_by_teleporting_objects(thor):
    done(thor.step("MakeObjectsOfTypeUnbreakable", objectType="Egg"))
    done(thor.step("InitialRandomSpawn", randomSeed=3, forceVisible=True, placeStationary=True, numPlacementAttempts=5,
                   excludedReceptacles=["Fridge"], excludedObjectIds=[ids(thor.last_event, "Mug")[0]]))  # fmt: skip
    before = {o["objectId"]: o for o in thor.last_event.metadata["objects"]}
    bowl = ids(thor.last_event, "Bowl")[0]
    table = before[ids(thor.last_event, "CounterTop")[0]]["axisAlignedBoundingBox"]
    place = {**table["center"], "y": table["center"]["y"] + table["size"]["y"] / 2 + 0.5}
    event = done(
        thor.step("TeleportObject", objectId=bowl, position=place, rotation={"x": 0, "y": 90, "z": 0}, forceAction=True,
                  forceKinematic=True, allowTeleportOutOfHand=True, makeUnbreakable=True)
    )  # fmt: skip
    assert event.metadata["actionReturn"] == event.get_object(bowl)["position"]
    assert event.get_object(bowl)["rotation"]["y"] == pytest.approx(90.0)
    mug = ids(event, "Mug")[0]
    where = event.get_object(bowl)["position"]
    failed(
        thor.step("TeleportObject", objectId=mug, position=where, rotation={"x": 0, "y": 0, "z": 0}),
        f"{mug} is colliding with",
    )
    failed(
        thor.step("TeleportObject", objectId="Mug|0", position=where, rotation=0), "Cannot find object with id Mug|0"
    )
    failed(thor.step("AdvancePhysicsStep", timeStep=0.02), "can only be called if Physics AutoSimulation is")
    done(thor.step("PausePhysicsAutoSim"))
    done(thor.step("AdvancePhysicsStep", timeStep=0.02, simSeconds=0.5))
    done(thor.step("UnpausePhysicsAutoSim"))
    assert set(before) == {o["objectId"] for o in thor.last_event.metadata["objects"]}


def test_random_spawns_with_every_option(thor):
    count = len(ids(thor.last_event, "Mug"))
    event = done(
        thor.step("InitialRandomSpawn", randomSeed=1, numDuplicatesOfType=[{"objectType": "Mug", "count": count + 2}])
    )
    mugs = ids(event, "Mug")
    assert 0 < len([i for i in mugs if "_copy_" in i]) <= 2
    assert all(event.get_object(i)["parentReceptacles"] for i in mugs)
    fridge = ids(event, "Fridge")[0]
    apple = ids(event, "Apple")[0]
    others = {o["objectId"]: o["position"] for o in event.metadata["objects"] if o["objectId"] != apple}
    event = done(thor.step("InitialRandomSpawn", randomSeed=2, objectIds=[apple], receptacleObjectIds=[fridge]))
    assert event.get_object(apple)["parentReceptacles"] == [fridge]
    assert {i: event.get_object(i)["position"] for i in others} == others
    failed(thor.step("InitialRandomSpawn", numPlacementAttempts=0), "must be a positive integer")
    failed(thor.step("InitialRandomSpawn", excludedReceptacles=["Nothing"]), "invalid Object Type used in excluded")
    failed(thor.step("InitialRandomSpawn", excludedObjectIds=["Apple|0"]), "Cannot find sim object with id 'Apple|0'")
    with pytest.raises(ValueError, match="invalid argument: 'maxNumRepeats'"):
        thor.step("InitialRandomSpawn", maxNumRepeats=5)


def test_the_hand_is_moved_turned_and_emptied(thor):
    mug = ids(thor.last_event, "Mug")[0]
    go_to(thor, mug)
    failed(thor.step("MoveHeldObjectAhead", moveMagnitude=0.1), "Agent can only move hand if currently holding an item")
    failed(thor.step("RotateHeldObject", pitch=90), "Can't rotate held object since no object is being held.")
    failed(thor.step("DropHandObject"), "Nothing is in the agent's hand to drop!")
    failed(thor.step("ThrowObject", moveMagnitude=50), "Nothing in Hand to Throw!")
    where = thor.last_event.get_object(mug)["position"]
    event = done(thor.step("PickupObject", objectId=mug, manualInteract=True))
    assert event.get_object(mug)["position"] == pytest.approx(where, abs=1e-3)  # the hand went to the mug
    done(thor.step("MoveHeldObject", ahead=-0.05, right=0.05, up=0.1, forceVisible=False))
    steps = (thor.step(move, manualInteract=True) for move in ("MoveBack", "MoveLeft", "MoveRight"))
    event = next(step for step in steps if step.metadata["lastActionSuccess"])
    assert event.metadata["heldObjectPose"]["localPosition"] != pytest.approx({"x": 0.0, "y": -0.16, "z": 0.38})
    event = done(thor.step("RotateRight"))  # any other motion brings the hand back
    assert event.metadata["heldObjectPose"]["localPosition"] == pytest.approx({"x": 0.0, "y": -0.16, "z": 0.38})
    failed(thor.step("MoveHeldObjectUp", moveMagnitude=3.0), "outside of the agent's viewport")
    failed(thor.step("MoveHeldObjectAhead", moveMagnitude=3.0), "out of range")
    done(thor.step("FillObjectWithLiquid", objectId=mug, fillLiquid="Coffee", forceAction=True))
    event = done(thor.step("RotateHeldObject", pitch=100, yaw=0, roll=0))
    assert not event.get_object(mug)["isFilledWithLiquid"]  # it ran out
    done(thor.step("RotateHeldObject", rotation={"x": 0, "y": 0, "z": 0}))
    event = done(thor.step("DropHandObject", forceAction=True))
    assert event.metadata["actionReturn"] == event.get_object(mug)["position"]


def test_what_is_held_stays_upright_when_the_agent_looks_down(thor):
    mug = ids(thor.last_event, "Mug")[0]
    done(thor.step("PickupObject", objectId=mug, forceAction=True))
    event = done(thor.step("LookDown", degrees=30))
    pose = event.metadata["heldObjectPose"]
    assert pose["rotation"]["x"] == pytest.approx(0.0, abs=1e-3)
    assert pose["localRotation"]["x"] == pytest.approx(330.0)
    assert event.get_object(mug)["rotation"]["x"] == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ({"action": "MoveAhead", "moveMagnitude": 0}, "moveMagnitude must be > 0"),
        ({"action": "RotateLeft", "degrees": 0}, "Cannot rotate by 0 degrees"),
        ({"action": "LookDown", "degrees": -30}, "requires positive degree value"),
        ({"action": "LookDown", "degrees": 0.05}, "to be a multiple of 0.1f"),
        ({"action": "LookUp", "degrees": 90}, "can't look up beyond 30 degrees above the forward horizon"),
        ({"action": "Stand"}, "Already standing."),
        ({"action": "Teleport", "horizon": 70}, "Each horizon must be in [-30:60]. You gave 70."),
        ({"action": "Teleport", "rotation": {"x": 10, "y": 0, "z": 0}}, "No agents currently can change in pitch"),
        ({"action": "Teleport", "position": {"x": 50, "y": 0.9, "z": 0}}, "out of scene bounds!"),
        ({"action": "Teleport", "position": {"x": -1, "y": 2, "z": 1}}, "too large a change"),
        ({"action": "GetObjectInFrame", "x": 2, "y": 0}, "x/y must be in [0:1]"),
        ({"action": "GetCoordinateFromRaycast", "x": 2, "y": 0}, "x and y must be in [0:1]"),
        ({"action": "GetSpawnCoordinatesAboveReceptacle", "objectId": "X"}, "Object ID appears to be invalid."),
        ({"action": "PlaceObjectAtPoint", "objectId": "X", "position": {"x": 0, "y": 1, "z": 0}}, "Cannot find object"),
        ({"action": "PutObject", "objectId": "X|1"}, "X|1 is not the objectId on any object in the scene!"),
        ({"action": "GetShortestPath", "objectId": "X|1"}, "X|1 is not the objectId on any object in the scene!"),
        (
            {"action": "SetMassProperties", "objectId": "X", "mass": 1, "drag": 0, "angularDrag": 0},
            "could not be found",
        ),
        ({"action": "SetTemperatureDecayTime", "decayTime": -1}, "decayTime must be >= 0. You gave -1"),
        ({"action": "OpenObject", "objectId": "Fridge", "openness": 2}, "openness must be in [0:1]"),
        ({"action": "ToggleObjectOn", "objectId": "Fridge"}, "object is not toggleable."),
        ({"action": "CookObject", "objectId": "Fridge"}, "target object is not cookable"),
        ({"action": "DirtyObject", "objectId": "Fridge"}, "does not have CanBeDirty property!"),
        ({"action": "FillObjectWithLiquid", "objectId": "Mug"}, "Missing Liquid string for FillObject action"),
        ({"action": "FillObjectWithLiquid", "objectId": "Mug", "fillLiquid": "tea"}, "tea is not a valid Liquid Type"),
        ({"action": "EmptyLiquidFromObject", "objectId": "Mug"}, "object already empty"),
        ({"action": "UseUpObject", "objectId": "Mug"}, "does not have CanBeUsedUp property!"),
        ({"action": "PushObject", "objectId": "CounterTop"}, "Target Sim Object cannot be moved."),
        ({"action": "PutObject", "objectId": "CounterTop"}, "Can't place an object if Agent isn't holding anything"),
    ],
)
def test_refusals_are_worded_as_the_real_ones(thor, action, message):
    known = {o["objectType"]: o["objectId"] for o in thor.last_event.metadata["objects"]}
    if action.get("objectId") in known:
        action = {**action, "objectId": known[action["objectId"]], "forceAction": True}
    failed(thor.step(action), message)


def test_places_made_for_one_type_refuse_others_even_by_force(thor):
    known = {o["objectType"]: o["objectId"] for o in thor.last_event.metadata["objects"]}
    done(thor.step("PickupObject", objectId=known["Tomato"], forceAction=True))
    failed(
        thor.step("PutObject", objectId=known["CoffeeMachine"], forceAction=True),
        "is not a valid Object Type to be placed in CoffeeMachine_",
    )
    go_to(thor, known["Toaster"])
    done(thor.step("DropHandObject", forceAction=True))
    mug = known["Mug"]
    done(thor.step("PickupObject", objectId=mug, forceAction=True))
    done(thor.step("PutObject", objectId=known["CoffeeMachine"], forceAction=True))
    cup = known["Cup"]
    done(thor.step("PickupObject", objectId=cup, forceAction=True))
    failed(thor.step("PutObject", objectId=known["CoffeeMachine"], forceAction=True), "is full right now")


def test_a_picture_from_above(thor):
    event = done(thor.step("ToggleMapView"))
    assert event.metadata["cameraOrthSize"] > 1
    assert event.metadata["cameraPosition"]["y"] > 2
    above = event.frame.copy()
    event = done(thor.step("ToggleMapView"))
    assert event.metadata["cameraOrthSize"] == -1
    camera = done(thor.step("GetMapViewCameraProperties", raise_for_failure=True)).metadata["actionReturn"]
    event = done(thor.step("AddThirdPartyCamera", **camera, skyboxColor="white"))
    assert (event.third_party_camera_frames[0] == above).all()
    camera = {**camera, "orthographic": False, "fieldOfView": 50, "farClippingPlane": 50}
    camera.pop("orthographicSize")
    event = done(thor.step("UpdateThirdPartyCamera", thirdPartyCameraId=0, **camera))
    assert event.third_party_depth_frames[0].shape == (300, 300)
    seen = done(thor.step("GetVisibleObjects", thirdPartyCameraIndex=0, maxDistance=20)).metadata["actionReturn"]
    assert len(seen) > len(done(thor.step("GetVisibleObjects")).metadata["actionReturn"])


def test_ways_and_poses(thor):
    mug = ids(thor.last_event, "Mug")[0]
    path = done(thor.step("GetShortestPath", objectId=mug, position=thor.last_event.metadata["agent"]["position"]))
    assert path.metadata["actionReturn"]["corners"]
    target = done(thor.step("GetReachablePositions")).metadata["actionReturn"][0]
    path = done(thor.step("GetShortestPathToPoint", target=target)).metadata["actionReturn"]["corners"]
    assert path[-1] == pytest.approx({**target, "y": path[-1]["y"]}, abs=0.3)
    done(thor.step("RotateRight", degrees=45))
    poses = done(
        thor.step("GetInteractablePoses", objectId=mug, horizons=[0, 30], standings=[True], maxPoses=5, maxDistance=1.0)
    ).metadata["actionReturn"]
    assert {p["horizon"] for p in poses} <= {0, 30}
    assert {p["rotation"] % 90 for p in poses} == {45}
    assert all(p["standing"] for p in poses)
    assert all(set(p) == {"x", "y", "z", "rotation", "standing", "horizon"} for p in poses)
    failed(thor.step("GetInteractablePoses", objectId=mug, maxPoses=0), "maxPoses must be > 0.")
    failed(thor.step("GetInteractablePoses", objectId=mug, horizons=[80]), "Each horizon must be in [-30:60]")
    assert done(thor.step("DistanceToObject", objectId=mug)).metadata["actionReturn"] > 0


def test_a_laptop_is_shut_only_while_it_is_off(thor):
    event = thor.reset("FloorPlan301")
    laptop = ids(event, "Laptop")[0]
    if not event.get_object(laptop)["isToggled"]:
        done(thor.step("ToggleObjectOn", objectId=laptop, forceAction=True))
    failed(thor.step("CloseObject", objectId=laptop, forceAction=True), "Target must be OFF to open!")
    done(thor.step("ToggleObjectOff", objectId=laptop, forceAction=True))
    done(thor.step("CloseObject", objectId=laptop, forceAction=True))


def test_objects_taken_away_and_brought_back(thor):
    objects = len(thor.last_event.metadata["objects"])
    mug, bowl, plate = (ids(thor.last_event, t)[0] for t in ("Mug", "Bowl", "Plate"))
    done(thor.step("DisableObject", objectId=mug))
    assert mug not in thor.last_event.instance_masks
    done(thor.step("EnableObject", objectId=mug))
    assert len(thor.last_event.metadata["objects"]) == objects
    event = done(thor.step("RemoveFromScene", objectIds=[bowl, plate]))
    assert len(event.metadata["objects"]) == objects - 2
    failed(thor.step("RemoveFromScene", objectIds=[]), "objectIds must not be empty!")
