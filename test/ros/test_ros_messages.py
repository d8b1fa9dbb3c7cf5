"""What goes over ROS comes back the same."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("karma.msg", reason="the interfaces are not built: run `make setup`, or source your workspace")

from memory_node.recollection import LookNext, Recollection
from memory_node.ros import recollection_from_message, recollection_to_message
from planner_node.result import TaskResult
from planner_node.robot import Frame, SkillCall, SkillCode, SkillResult
from planner_node.ros.messages import (
    call_from_goal,
    call_to_goal,
    frame_from_message,
    frame_to_message,
    result_from_message,
    result_to_message,
    task_result_from_message,
    task_result_to_message,
)
from scene_graph.ros.messages import (
    observation_from_message,
    observation_to_message,
    seconds_from_time,
    state_from_message,
    state_to_message,
    time_from_seconds,
    view_from_message,
    view_to_message,
)
from scene_graph.ros.places import place_from_message, place_to_message
from scene_graph.search import SearchPlace
from scene_graph.types import InvalidObservationError, ObjectState, Observation, View

coordinates = st.floats(-1e4, 1e4, allow_nan=False)
points = st.tuples(coordinates, coordinates, coordinates)


def observation_fields(observation):
    fields = dict(vars(observation))
    covariance = fields.pop("covariance")
    return fields, None if covariance is None else covariance.tolist()


@given(st.one_of(st.floats(0, 1e6), st.floats(1.6e9, 2e9)))
def test_times_keep_nanoseconds(seconds):
    assert seconds_from_time(time_from_seconds(seconds)) == pytest.approx(seconds, abs=1e-6, rel=0)


@pytest.mark.parametrize("seconds", [0.0, 0.5, 12.25, 0.9999999999, 1_763_766_000.123456])
def test_times_of_simulation_and_wall_are_exact(seconds):
    assert seconds_from_time(time_from_seconds(seconds)) == pytest.approx(seconds, abs=1e-9, rel=1e-16)
    assert 0 <= time_from_seconds(seconds).nanosec < 1_000_000_000


@given(
    position=points,
    size=st.none() | st.tuples(*[st.floats(0, 10)] * 3),
    states=st.frozensets(st.sampled_from(["clean", "dirty", "filled:water", "open"])),
    confidence=st.floats(0, 1),
    object_id=st.none() | st.text("abc|+.-0123", min_size=1),
    image=st.none() | st.binary(min_size=1, max_size=64),
    held=st.booleans(),
)
def test_observations_come_back(position, size, states, confidence, object_id, image, held):
    sent = Observation(
        "Mug",
        position,
        stamp=3.5,
        size=size,
        states=states,
        confidence=confidence,
        object_id=object_id,
        image=image,
        held=held,
        orientation=(0.0, 0.0, 0.6, 0.8),
        covariance=np.diag([0.01, 0.02, 0.03]),
        source="camera",
        parent="12.4",
    )
    assert observation_fields(observation_from_message(observation_to_message(sent))) == observation_fields(sent)


def test_a_bare_observation_comes_back():
    sent = Observation("Mug", (1.0, 2.0, 3.0), stamp=0.0)
    assert observation_fields(observation_from_message(observation_to_message(sent))) == observation_fields(sent)


def test_a_zero_stamp_can_stand_for_now():
    message = observation_to_message(Observation("Keys", (1.0, 2.0, 3.0), stamp=0.0))
    assert observation_from_message(message, now=42.0).stamp == 42.0


@pytest.mark.parametrize("covariance", [[1.0], [math.nan] * 9])
def test_an_observation_that_cannot_be_true_is_refused(covariance):
    message = observation_to_message(Observation("Mug", (1.0, 2.0, 3.0), stamp=0.0))
    message.covariance = covariance
    with pytest.raises(InvalidObservationError):
        observation_from_message(message)


@given(st.floats(-math.pi, math.pi), st.floats(-math.pi / 2, math.pi / 2), points)
def test_views_come_back(yaw, pitch, position):
    turn = np.array([[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turn @ tilt, position
    depth = np.array([[1.0, np.nan, 2.5], [0.0, 3.25, 4.0]], dtype=np.float32)
    sent = View(pose=pose, intrinsics=(100.0, 101.0, 1.0, 0.5), depth=depth)
    received = view_from_message(view_to_message(sent))
    np.testing.assert_allclose(received.pose, sent.pose, atol=1e-12)
    np.testing.assert_array_equal(received.depth, sent.depth)
    assert received.intrinsics == sent.intrinsics


def test_a_view_of_the_wrong_size_is_refused():
    view = View(pose=np.eye(4), intrinsics=(1.0, 1.0, 0.0, 0.0), depth=np.ones((2, 3), dtype=np.float32))
    message = view_to_message(view)
    message.width = 4
    with pytest.raises(InvalidObservationError, match="2 × 4"):
        view_from_message(message)


STATE = ObjectState(
    object_id="mug-1",
    label="Mug",
    position=(1.0, 2.0, 3.0),
    stamp=7.5,
    states=frozenset(["clean", "empty"]),
    state_stamps=(("clean", 7.5), ("empty", 3.0)),
    size=(0.1, 0.1, 0.12),
    covariance=tuple(float(v) for v in range(9)),
    confidence=0.75,
    source="camera",
    parent="countertop-3",
    stale=True,
    provisional=True,
    sensor_id="9.2",
)


@pytest.mark.parametrize("state", [STATE, ObjectState("a-1", "A", (0.0, 0.0, 0.0), 0.0)])
def test_object_states_come_back(state):
    assert state_from_message(state_to_message(state)) == state


def test_recollections_come_back():
    sent = Recollection(
        object=STATE,
        score=0.5,
        age=None,
        tier="short",
        alternatives=(STATE.but(object_id="mug-2"),),
        look_next=(LookNext(place_id="area-1", label="sink", position=(1.0, 1.0, 0.0), probability=0.4),),
        history=(STATE.but(stamp=1.0),),
        explanation={"similarity": 0.4, "recency": 0.1},
    )
    received = recollection_from_message(recollection_to_message(sent))
    assert received == sent
    assert received.explanation == sent.explanation


@pytest.mark.parametrize("viewpoint", [None, (0.5, 0.25, 0.0)])
def test_places_come_back(viewpoint):
    sent = SearchPlace(
        place_id="area-1",
        kind="area",
        label="around the sink",
        position=(1.0, 2.0, 0.9),
        viewpoint=viewpoint,
        probability=0.25,
        cost=3.5,
    )
    assert place_from_message(place_to_message(sent)) == sent


@pytest.mark.parametrize(
    "call",
    [
        SkillCall(skill="pick_up", object_id="4.1"),
        SkillCall(skill="go_to_pose", target=(1.0, 2.0, 0.0), yaw=0.5, attempt=2),
        SkillCall(skill="wait", amount=3.0),
    ],
)
def test_calls_come_back(call):
    assert call_from_goal(call_to_goal(call)) == call


def test_results_come_back_and_an_unknown_code_is_a_failure():
    sent = SkillResult(code=SkillCode.NO_ROOM, message="full", seq=8, actions=3, seconds=2.5, distance=0.25)
    message = result_to_message(sent)
    assert result_from_message(message) == sent
    message.code = "on_fire"
    assert result_from_message(message).code is SkillCode.FAILED
    assert "on_fire" in result_from_message(message).message


def test_frames_come_back():
    view = View(pose=np.eye(4), intrinsics=(1.0, 1.0, 0.0, 0.0), depth=np.ones((2, 3), dtype=np.float32))
    observation = Observation("Mug", (1.0, 2.0, 3.0), stamp=4.5, object_id="2.0")
    sent = Frame(
        seq=2, epoch=1, stamp=4.5, observations=(observation,), view=view, robot_pose=(1.0, -2.0, 0.75), map_id="home"
    )
    received = frame_from_message(frame_to_message(sent))
    assert (received.seq, received.epoch, received.stamp, received.map_id) == (2, 1, 4.5, "home")
    assert received.robot_pose == pytest.approx(sent.robot_pose)
    assert [o.object_id for o in received.observations] == ["2.0"]
    assert received.view is not None


def test_task_results_come_back():
    sent = TaskResult(
        instruction="Wash the apple.",
        claimed=False,
        reason="could not find the apple",
        plan={
            "planner": "rules",
            "steps": [{"skill": "go_to", "object": "apple"}, {"skill": "wait", "amount": "2"}],
            "objects": {"apple": {"phrase": "the apple", "labels": ["Apple"], "object_id": None}},
            "goals": ["is(apple, clean)"],
            "notes": [],
        },
        skills=[
            {"skill": "go_to", "object": "Apple", "code": "ok", "message": "", "actions": 2, "seconds": 2.0},
        ],
        recalled=[
            {
                "name": "apple",
                "phrase": "apple",
                "object_id": None,
                "label": None,
                "age": None,
                "tier": None,
                "stale": None,
            },
        ],
        searched=[{"sought": "Apple", "place": "area-1", "kind": "area", "label": "around the sink"}],
        actions=2,
        seconds=2.0,
        planning_seconds=0.01,
        uses=1,
        hits=1,
        stale=3,
        recovered=2,
        prompt_tokens=1200,
        completion_tokens=90,
        cost=0.25,
    )
    assert task_result_from_message(task_result_to_message(sent), instruction=sent.instruction) == sent
