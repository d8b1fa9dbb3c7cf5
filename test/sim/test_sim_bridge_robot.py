"""The bridge over the real Controller and the headless simulator."""

import math
import threading

import numpy as np
import pytest

from planner_node.robot import SkillCall, SkillCode
from scene_graph.types import View
from sim.bridge import ThorRobot
from sim.disturb import Passing, pass_by, put, set_state
from sim.errors import DisturbanceError, UnknownSceneError
from sim.noise import SensorNoise
from sim.simulation import Simulation

pytestmark = pytest.mark.sim

FORBIDDEN = {"GetReachablePositions", "GetInteractablePoses", "GetShortestPath", "GetShortestPathToPoint", "Teleport"}


@pytest.fixture(scope="module")
def simulation():
    with Simulation.start("FloorPlan1") as running:
        yield running


@pytest.fixture
def robot(simulation):
    simulation.reset()
    return ThorRobot(simulation)


def find(robot, label):
    """Look around until an object is in view; then go to it and return its observation."""
    for _ in range(8):
        seen = next((o for o in robot.frame().observations if o.label == label), None)
        if seen is not None:
            break
        robot.execute(SkillCall(skill="look_at", target=turned(robot)))
    assert seen is not None, f"no {label} in any direction"
    for attempt in range(4):
        assert robot.execute(SkillCall(skill="go_to", target=seen.position, attempt=attempt)).ok
        near = [o for o in robot.frame().observations if o.label == label]
        near = [o for o in near if math.dist(o.position, seen.position) < 0.3]
        if near:
            return near[0]
    raise AssertionError(f"went to the {label} and did not see it")


def turned(robot):
    x, y, yaw = robot.frame().robot_pose
    return (x + math.cos(yaw + math.pi / 2), y + math.sin(yaw + math.pi / 2), 1.0)


def test_unknown_scenes_are_refused_with_suggestions():
    with pytest.raises(UnknownSceneError, match=r"FloorPlan31.*Valid scenes.*FloorPlan1–30"):
        Simulation.start("FloorPlan31")


def test_the_first_frame_shows_what_the_camera_shows(robot):
    frame = robot.frame()
    assert frame.seq == 1
    assert frame.stamp == 0.0
    assert isinstance(frame.view, View)
    assert frame.view.depth.shape == (120, 160)
    assert frame.observations
    assert all(math.dist(o.position[:2], frame.robot_pose[:2]) < 7 for o in frame.observations)


def test_time_passes_by_what_is_done(robot):
    turned_around = robot.execute(SkillCall(skill="look_around"))
    assert turned_around.ok
    assert turned_around.seconds == pytest.approx(3.0 + 0.5 * (turned_around.actions - 3))
    waited = robot.execute(SkillCall(skill="wait", amount=10.0))
    assert waited.seconds == 10.0
    assert robot.frame().stamp == pytest.approx(turned_around.seconds + 10.0)


def test_every_frame_on_the_way_reaches_the_listeners_in_order(robot):
    frames = []
    end = robot.subscribe(frames.append)
    result = robot.execute(SkillCall(skill="look_around"))
    end()
    robot.execute(SkillCall(skill="wait"))
    assert [f.seq for f in frames] == list(range(2, 2 + result.actions))
    assert frames[-1].seq == result.seq


def test_an_object_is_fetched_and_put_down_again(robot):
    apple = find(robot, "Apple")
    picked = robot.execute(SkillCall(skill="pick_up", object_id=apple.object_id))
    assert picked.ok, picked.message
    assert picked.seconds == 2.0
    held = [o for o in robot.frame().observations if o.held]
    assert [o.label for o in held] == ["Apple"]
    counter = find(robot, "CounterTop")
    again = robot.execute(SkillCall(skill="pick_up", object_id=counter.object_id))
    assert again.code is not SkillCode.OK
    put = robot.execute(SkillCall(skill="put", object_id=find(robot, "CounterTop").object_id))
    assert put.ok, put.message
    assert not any(o.held for o in robot.frame().observations)


def test_a_fridge_opens_and_closes(robot):
    for skill, state in (("open", "open"), ("close", "closed")):
        fridge = find(robot, "Fridge")
        result = robot.execute(SkillCall(skill=skill, object_id=fridge.object_id))
        assert result.ok, result.message
        assert state in next(o for o in robot.frame().observations if o.label == "Fridge").states


def test_only_tokens_of_the_newest_frame_are_taken(robot):
    old = robot.frame().observations[0].object_id
    robot.execute(SkillCall(skill="wait"))
    for object_id in (old, "Apple|-00.47|+01.15|+00.48", None):
        result = robot.execute(SkillCall(skill="open", object_id=object_id))
        assert result.code is SkillCode.UNKNOWN_OBJECT
        assert result.seconds == 0.0


def test_bad_arguments_are_results_and_not_exceptions(robot):
    assert robot.execute(SkillCall(skill="fly")).code is SkillCode.UNSUPPORTED
    assert robot.execute(SkillCall(skill="go_to")).code is SkillCode.INVALID_ARGUMENT
    assert robot.execute(SkillCall(skill="wait", amount=-1.0)).code is SkillCode.INVALID_ARGUMENT
    assert robot.execute(SkillCall(skill="drop")).code is SkillCode.HAND_EMPTY
    seen = robot.frame().observations[0].object_id
    assert robot.execute(SkillCall(skill="put", object_id=seen)).code is SkillCode.HAND_EMPTY
    seen = robot.frame().observations[0].object_id
    assert robot.execute(SkillCall(skill="slice", object_id=seen)).code is SkillCode.PRECONDITION


def test_cancel_from_another_thread_stops_a_drive(robot):
    frames = []

    def stop_at_the_third(frame):
        frames.append(frame)
        if len(frames) == 3:
            thread = threading.Thread(target=robot.cancel)
            thread.start()
            thread.join()

    robot.subscribe(stop_at_the_third)
    result = robot.execute(SkillCall(skill="go_to_pose", target=(-1.0, 0.0, 0.0), yaw=0.0))
    assert result.code is SkillCode.CANCELLED
    assert len(frames) == 3
    assert robot.execute(SkillCall(skill="wait")).ok


def test_no_place_beyond_the_walls_is_promised(robot):
    result = robot.execute(SkillCall(skill="go_to_pose", target=(40.0, 40.0, 0.0)))
    assert result.code in {SkillCode.NO_PATH, SkillCode.BLOCKED}


def test_messages_hold_no_simulator_ids(robot):
    apple = find(robot, "Apple")
    result = robot.execute(SkillCall(skill="toggle_on", object_id=apple.object_id))
    assert not result.ok
    assert "|" not in result.message


def test_driving_asks_the_simulator_nothing_that_a_robot_could_not_know(robot, simulation):
    actions = []
    end = simulation.watch(lambda event: actions.append(event.metadata["lastAction"]))
    find(robot, "Apple")
    find(robot, "Fridge")
    end()
    assert actions
    assert not FORBIDDEN & set(actions)


def test_a_restart_begins_a_new_epoch(robot, simulation):
    robot.execute(SkillCall(skill="wait", amount=5.0))
    simulation.reset()
    frame = robot.restart()
    assert (frame.epoch, frame.stamp) == (1, 0.0)


def test_homes_of_several_rooms_are_composed():
    with Simulation.start("FloorPlan1+FloorPlan401") as home:
        labels = {o["objectType"] for o in home.event.metadata["objects"]}
        assert {"Fridge", "Toilet"} <= labels
        assert ThorRobot(home).execute(SkillCall(skill="look_around")).ok
    with pytest.raises(UnknownSceneError, match="FloorPlan31"):
        Simulation.start("FloorPlan1+FloorPlan31")


NOISY = SensorNoise(depth=0.002, dropout=0.05, position=0.02, heading=0.01, missed=0.2, mislabelled=0.1, seed=3)


def seen(robot):
    return [(o.label, o.object_id, o.position) for o in robot.frame().observations if not o.held]


def test_sensor_noise_reaches_what_the_robot_sees_and_nothing_else(simulation):
    simulation.reset("FloorPlan1")
    exact, noisy, again = (ThorRobot(simulation, noise=noise) for noise in (None, NOISY, NOISY))
    assert seen(noisy) == seen(again) != seen(exact)
    assert len(seen(ThorRobot(simulation, noise=SensorNoise(missed=0.7)))) < len(seen(exact))
    places = {token: position for _, token, position in seen(exact)}
    moved = [np.linalg.norm(np.subtract(position, places[token])) for _, token, position in seen(noisy)]
    assert 0.0 < np.median(moved) < 0.2
    assert noisy.frame().robot_pose != exact.frame().robot_pose
    assert noisy.frame().robot_pose == pytest.approx(exact.frame().robot_pose, abs=0.2)
    assert np.isnan(noisy.view.depth).mean() == pytest.approx(0.05, abs=0.01)
    assert exact.view.depth.shape == noisy.view.depth.shape == simulation.event.depth_frame.shape
    blind = ThorRobot(simulation, noise=SensorNoise(missed=1.0))
    assert not seen(blind)
    assert (blind.view.depth == exact.view.depth).all()  # what is not detected is there all the same


def test_a_robot_with_noisy_sensors_drives_and_handles_things(simulation):
    simulation.reset("FloorPlan1")
    robot = ThorRobot(simulation, noise=NOISY)
    assert robot.execute(SkillCall(skill="look_around")).ok
    x, y, _ = robot.frame().robot_pose
    assert robot.execute(SkillCall(skill="go_to_pose", target=(x - 0.5, y, 0.0))).code is not SkillCode.FAILED
    event = simulation.step(
        "PickupObject",
        objectId=next(o["objectId"] for o in simulation.event.metadata["objects"] if o["objectType"] == "Apple"),
        forceAction=True,
    )
    assert event.metadata["lastActionSuccess"]
    (held,) = [o for o in robot.refresh().observations if o.held]
    assert held.label == "Apple"  # the gripper is not mistaken


def test_lasting_ids_are_lost_at_the_rate_asked_for(simulation):
    simulation.reset("FloorPlan1")

    def survivors(rate):
        robot = ThorRobot(simulation, reissue_tokens=False, noise=SensorNoise(reissued=rate))
        before = {token for _, token, _ in seen(robot)}
        robot.refresh()
        return len(before & {token for _, token, _ in seen(robot)}) / len(before)

    assert survivors(0.0) == 1.0
    assert survivors(1.0) == 0.0
    assert 0.2 < survivors(0.5) < 0.8


def test_somebody_passing_through_changes_the_home_reproducibly(simulation):
    def pass_through(turn):
        simulation.reset("FloorPlan1")
        return pass_by(simulation, Passing.parse("moves=2,states=1,seed=4"), turn=turn)

    assert pass_through(0) == pass_through(0) != pass_through(1)
    assert len(pass_through(0)) == 3
    assert pass_by(simulation, Passing(), turn=0) == []
    assert str(Passing.parse("moves=2,states=1,seed=4")) == "moves=2,states=1,closings=0,seed=4"
    with pytest.raises(DisturbanceError, match="is no disturbance"):
        Passing.parse("moves=-1")


def test_what_finds_no_room_is_put_back_into_the_drawer_that_it_was_in(simulation):
    simulation.reset("FloorPlan12")

    def one(kind):
        return next(o for o in simulation.event.metadata["objects"] if o["objectType"] == kind)

    spoon, plate = one("Spoon"), one("Plate")
    set_state(simulation, plate["objectId"], "broken")  # its pieces hold nothing
    with pytest.raises(DisturbanceError, match="no room for a Spoon"):
        put(simulation, spoon["objectId"], plate["objectId"])
    assert one("Spoon")["parentReceptacles"] == spoon["parentReceptacles"]
    assert math.dist(one("Spoon")["position"].values(), spoon["position"].values()) < 0.02


def test_what_the_hand_holds_is_taken_sideways_where_it_would_bump_ahead():
    with Simulation.start("FloorPlan329") as bedroom:
        robot = ThorRobot(bedroom)
        robot.execute(SkillCall(skill="look_around"))
        between_bed_and_wall, card, drawer = (-2.39, 1.06, 0.68), (0.68, 0.25, 0.62), (-2.18, 1.2, 0.18)
        for target in (between_bed_and_wall, card):
            assert robot.execute(SkillCall(skill="go_to", target=target)).ok
        seen = next(o for o in robot.frame().observations if o.label == "CreditCard")
        assert robot.execute(SkillCall(skill="pick_up", object_id=seen.object_id)).ok
        assert robot.execute(SkillCall(skill="go_to", target=drawer)).ok
        assert math.dist(robot.frame().robot_pose[:2], drawer[:2]) < 1.2
