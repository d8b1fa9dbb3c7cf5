"""The real AI2-THOR Controller over the headless simulator."""

import os
import subprocess
import sys

import numpy as np
import pytest
from ai2thor.controller import Controller

from sim.headless import command
from sim.headless.scene import scene_names

pytestmark = pytest.mark.sim

IMAGES = {"renderDepthImage": True, "renderInstanceSegmentation": True, "renderSemanticSegmentation": True}


def make(scene="FloorPlan1", homes=(), **options):
    options = {"width": 300, "height": 300, **IMAGES, **options}
    return Controller(local_executable_path=command(homes=homes), x_display=":0", scene=scene, **options)


@pytest.fixture(scope="module")
def controller():
    with make() as controller:
        yield controller


@pytest.fixture
def kitchen(controller):
    controller.reset("FloorPlan1", width=300, height=300)
    return controller


def objects(controller):
    return {o["objectId"]: o for o in controller.last_event.metadata["objects"]}


def test_start_gives_the_recorded_pose_and_all_frames(kitchen):
    event = kitchen.last_event
    agent = event.metadata["agent"]
    assert agent["position"] == pytest.approx({"x": -1.0, "y": 0.901, "z": 1.0}, abs=1e-3)
    assert (agent["rotation"]["y"], agent["cameraHorizon"], agent["isStanding"]) == (270.0, 0.0, True)
    assert event.frame.shape == (300, 300, 3)
    assert event.depth_frame.shape == (300, 300)
    assert 0.3 < event.depth_frame.min() < event.depth_frame.max() < 20
    fridge = next(o for o in event.metadata["objects"] if o["objectType"] == "Fridge")
    assert fridge["visible"]
    mask = event.instance_masks[fridge["objectId"]]
    assert mask.sum() > 1000
    assert (event.class_masks["Fridge"] == mask).all()
    assert 0.5 < np.median(event.depth_frame[mask]) < 1.0


def test_frames_agree_with_each_other_about_where_a_thing_is(kitchen):
    kitchen.step("Teleport", position={"x": 0.75, "y": 0.9, "z": -1.5}, rotation=180, horizon=30)
    event = kitchen.last_event
    pan = next(o for o in event.metadata["objects"] if o["objectType"] == "Pan")
    mask = event.instance_masks[pan["objectId"]]
    rows, columns = np.nonzero(mask)
    depth = event.depth_frame[mask]
    focal = 150 / np.tan(np.radians(45))
    local = np.stack([(columns - 149.5) / focal * depth, (149.5 - rows) / focal * depth, depth], axis=1)
    pitch, yaw = np.radians(30), np.radians(180)
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    camera = event.metadata["cameraPosition"]
    points = local @ (about_y @ about_x).T + [camera["x"], camera["y"], camera["z"]]
    box = np.array(pan["axisAlignedBoundingBox"]["cornerPoints"])
    assert (points > box.min(axis=0) - 0.01).all()
    assert (points < box.max(axis=0) + 0.01).all()


def test_every_recorded_scene_is_announced_and_unknown_ones_are_refused(kitchen):
    assert set(scene_names()) <= kitchen.scenes_in_build
    assert len(scene_names()) == 120
    with pytest.raises(ValueError, match="not contained in build"):
        kitchen.reset("FloorPlan31")
    assert kitchen.step("Pass").metadata["sceneName"] == "FloorPlan1_physics"


def test_small_frames_and_changed_resolution(kitchen):
    event = kitchen.reset("FloorPlan301", width=160, height=120)
    assert event.frame.shape == (120, 160, 3)
    assert event.metadata["screenWidth"] == 160


def test_moves_go_along_the_grid_and_stop_at_things(kitchen):
    kitchen.step("RotateRight", degrees=45)
    assert kitchen.last_event.metadata["agent"]["rotation"]["y"] == 315.0
    kitchen.step("RotateLeft", degrees=45)
    steps = 0
    while kitchen.step("MoveAhead").metadata["lastActionSuccess"]:
        steps += 1
        assert steps < 20
    message = kitchen.last_event.metadata["errorMessage"]
    assert "is blocking Agent 0 from moving by (" in message
    assert message.startswith("Fridge")
    for action, limit in (("LookDown", 60.0), ("LookUp", -30.0)):
        while kitchen.step(action).metadata["lastActionSuccess"]:
            pass
        assert kitchen.last_event.metadata["agent"]["cameraHorizon"] == limit


def test_reachable_positions_can_be_teleported_to(kitchen):
    places = kitchen.step("GetReachablePositions").metadata["actionReturn"]
    start = kitchen.last_event.metadata["agent"]["position"]
    assert any(abs(p["x"] - start["x"]) + abs(p["z"] - start["z"]) < 1e-3 for p in places)
    for place in places[::15]:
        assert kitchen.step("Teleport", position=place).metadata["lastActionSuccess"]
    refused = kitchen.step("Teleport", position={"x": -2.0, "y": 0.9, "z": 1.0})
    assert "Collided with: Fridge|" in refused.metadata["errorMessage"]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ({"action": "Fly"}, "Invalid action: Fly"),
        ({"action": "MoveArm"}, "does not support it"),
        ({"action": "MoveAhead", "swiftness": 3}, "invalid argument: 'swiftness'"),
        ({"action": "PlaceObjectAtPoint", "objectId": "Mug|1"}, "missing the following arguments: position"),
        ({"action": "PickupObject"}, "action: PickupObject is missing the following arguments: objectId"),
        ({"action": "PickupObject", "objectId": "Mug|1", "returnToStart": True}, "invalid argument: 'returnToStart'"),
        ({"action": "ThrowObject"}, "missing the following arguments: moveMagnitude"),
        ({"action": "TeleportFull", "x": 0, "y": 0.9, "z": 0, "rotation": 0, "horizon": 0}, "arguments: standing"),
        ({"action": "MoveAhead", "moveMagnitude": "far"}, "Cannot convert to: float"),
        ({"action": "CreateHouse", "house": {"rooms": [{}]}}, "no ProcTHOR house"),
    ],
)
def test_wrong_calls_raise_as_with_the_real_one(kitchen, action, message):
    with pytest.raises(ValueError, match=message):
        kitchen.step(action)
    assert kitchen.step("Pass").metadata["lastActionSuccess"]


def test_third_party_cameras_and_the_map(kitchen):
    view = kitchen.step("GetMapViewCameraProperties").metadata["actionReturn"]
    event = kitchen.step("AddThirdPartyCamera", **view)
    assert event.third_party_camera_frames[0].shape == (300, 300, 3)
    floor = next(o for o in objects(kitchen) if o.startswith("Floor"))
    assert event.third_party_instance_masks[0][floor].sum() > 5000
    event = kitchen.step("UpdateThirdPartyCamera", thirdPartyCameraId=0, fieldOfView=40, orthographic=False)
    assert event.metadata["thirdPartyCameras"][0]["fieldOfView"] == 40
    bad = kitchen.step("UpdateThirdPartyCamera", thirdPartyCameraId=4)
    assert not bad.metadata["lastActionSuccess"]


def test_poses_from_which_a_thing_can_be_picked_up(kitchen):
    mug = next(i for i in objects(kitchen) if i.startswith("Mug"))
    poses = kitchen.step("GetInteractablePoses", objectId=mug, maxPoses=3).metadata["actionReturn"]
    assert len(poses) == 3
    for pose in poses:
        kitchen.step("TeleportFull", **pose)
        assert objects(kitchen)[mug]["visible"]
    assert kitchen.step("PickupObject", objectId=mug).metadata["lastActionSuccess"]


def test_a_put_thing_is_seen_where_it_was_put(kitchen):
    mug = next(i for i in objects(kitchen) if i.startswith("Mug"))
    fridge = next(i for i in objects(kitchen) if i.startswith("Fridge"))
    kitchen.step("PickupObject", objectId=mug, forceAction=True)
    kitchen.step("OpenObject", objectId=fridge)
    assert kitchen.step("PutObject", objectId=fridge).metadata["lastActionSuccess"]
    state = objects(kitchen)
    assert state[mug]["parentReceptacles"] == [fridge]
    assert mug in state[fridge]["receptacleObjectIds"]
    assert state[mug]["visible"]
    kitchen.step("CloseObject", objectId=fridge)
    assert not objects(kitchen)[mug]["visible"]


def test_the_same_actions_give_the_same_bytes(kitchen):
    def run():
        kitchen.reset("FloorPlan205")
        kitchen.step("InitialRandomSpawn", randomSeed=5)
        for action in ("RotateRight", "MoveAhead", "LookDown", "MoveBack"):
            event = kitchen.step(action)
        return (
            event.metadata["objects"],
            event.frame.copy(),
            event.depth_frame.copy(),
            event.instance_segmentation_frame,
        )

    first, second = run(), run()
    assert first[0] == second[0]
    for a, b in zip(first[1:], second[1:], strict=True):
        assert (a == b).all()


def test_homes_by_name_and_by_list(kitchen):
    event = kitchen.reset({"compose": ["FloorPlan3", "FloorPlan205"]})
    assert event.metadata["lastActionSuccess"]
    assert event.metadata["sceneName"] == "FloorPlan3+FloorPlan205"
    with make("FloorPlan1+FloorPlan401", homes=["FloorPlan1+FloorPlan401"]) as other:
        types = {o["objectType"] for o in other.last_event.metadata["objects"]}
        assert {"Fridge", "Toilet"} <= types


def test_a_home_that_cannot_be_composed_is_refused_at_reset():
    name = "FloorPlan1+FloorPlan2+FloorPlan31"
    with pytest.raises(ValueError, match="FloorPlan31"):
        make(name, homes=[name], width=100, height=100)


def test_several_controllers_at_once_do_not_disturb_each_other(kitchen):
    with make("FloorPlan201") as second:
        kitchen.step("MoveBack")
        second.step("RotateRight")
        assert kitchen.last_event.metadata["sceneName"] == "FloorPlan1_physics"
        assert second.last_event.metadata["sceneName"] == "FloorPlan201_physics"
        assert second.last_event.metadata["agent"]["rotation"]["y"] == 90.0


def test_stop_ends_the_simulator():
    controller = make("FloorPlan401", width=100, height=100)
    pid = controller.unity_pid
    controller.stop()
    controller.server.unity_proc.wait(timeout=10)
    assert not os.path.exists(f"/proc/{pid}")


def test_a_client_that_dies_leaves_no_simulator_behind():
    script = (
        "import os, sys\n"
        "from ai2thor.controller import Controller\n"
        "from sim.headless import command\n"
        "c = Controller(local_executable_path=command(), x_display=':0', scene='FloorPlan401', width=100, height=100)\n"
        "print(c.unity_pid, flush=True)\n"
        "os._exit(1)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=90, check=False)
    pid = int(done.stdout.split()[0])
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    import select

    assert select.select([descriptor], [], [], 15)[0], "the simulator outlived its client"


def test_a_simulator_whose_client_has_gone_before_it_began_ends_at_once(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as client:
        client.wait()
    pipes = {f"AI2THOR_FIFO_{end}_PIPE_PATH": str(tmp_path / end) for end in ("SERVER", "CLIENT")}
    for path in pipes.values():
        os.mkfifo(path)  # that nobody else will ever open
    command = [sys.executable, "-m", "sim.headless", "--client", str(client.pid)]
    assert subprocess.run(command, env={**os.environ, **pipes}, timeout=60, check=False).returncode == 0
