"""The memory nodes with a robot that is not ours: a publisher of ObservationArray, as a user's would be."""

import itertools
import json
import math
import time
from dataclasses import replace

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from karma import msg, srv
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter

from memory_node.ros import recollections_from_messages
from planner_node.robot import Frame
from planner_node.ros.messages import frame_to_message
from scene_graph.ros.qos import EVENTS
from scene_graph.types import Observation

pytestmark = [pytest.mark.ros, pytest.mark.timeout(180)]


class Robot:
    """Publishes frames under the name `robot`, and sees what memory makes of each."""

    def __init__(self, client):
        node = client.node
        self._publisher = node.create_publisher(msg.ObservationArray, "robot/observations", EVENTS)
        self.changes = []
        node.create_subscription(msg.Changes, "memory/changes", self.changes.append, EVENTS)

    def show(self, seq, *observations, stamp=None, epoch=0):
        """Publish a frame until memory has it; returns what memory says of it."""
        frame = Frame(seq=seq, epoch=epoch, stamp=stamp or float(seq), observations=observations, map_id="home")
        return self.send(frame_to_message(frame))

    def send(self, message):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            self._publisher.publish(message)
            answer = wait_for(lambda: [c for c in self.changes if c.seq == message.seq], timeout=0.5)
            if answer:
                return answer[0]
        raise AssertionError(f"memory has not taken in frame {message.seq}")


def wait_for(condition, timeout=20.0):
    """What `condition` returns once it is true; its last value when time is up."""
    deadline = time.monotonic() + timeout
    while not (value := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return value


def mug(stamp, **fields):
    return Observation("Mug", (1.0, 2.0, 0.9), stamp=stamp, object_id=f"{stamp}", size=(0.1, 0.1, 0.1), **fields)


@pytest.fixture
def robot(client):
    return Robot(client)


def locate(client, query):
    answer = client.demand(srv.Locate, "memory/locate", srv.Locate.Request(query=query))
    return recollections_from_messages(answer.recollection)


def test_each_frame_is_reported_and_remembered(stack, client, robot, memory_nodes):
    stack.start(*memory_nodes())
    client.wait_active(stack, "scene_graph", "memory")
    first = robot.show(1, mug(1.0, states=frozenset(["dirty"])))
    assert [c.kind for c in first.changes] == ["appeared"]
    assert (first.map_id, first.error) == ("home", "")
    second = robot.show(2, mug(2.0, states=frozenset(["clean"])))
    assert [c.kind for c in second.changes] == ["state_changed"]
    (found,) = locate(client, "the mug")
    assert found.position == pytest.approx((1.0, 2.0, 0.9))
    assert "clean" in found.object.states
    assert found.tier == "short"
    history = client.demand(srv.History, "memory/history", srv.History.Request(object_id=found.object.object_id))
    assert len(history.states) == 2


def test_what_keeps_its_place_reaches_memory_through_the_graph(stack, client, robot, memory_nodes):
    stack.start(*memory_nodes())
    client.wait_active(stack, "scene_graph", "memory")
    frames = itertools.count(1)

    def seen_again():
        # As a robot does: a frame that came before the two memories knew of each other is followed by more.
        seq = next(frames)
        robot.show(seq, Observation("Fridge", (3.0, 0.0, 0.9), stamp=float(seq), object_id="f", size=(0.7, 0.7, 1.8)))
        return locate(client, "the fridge")

    (found,) = wait_for(seen_again)
    assert found.tier == "long"
    graph = client.demand(srv.GetGraph, "scene_graph/get_graph", srv.GetGraph.Request())
    assert [o.label for o in graph.graph.objects] == ["Fridge"]
    assert graph.graph.map_id == "home"


def test_memory_outlives_the_death_of_its_node(stack, client, robot, memory_nodes, tmp_path):
    _, memory = memory_nodes(database=str(tmp_path / "memory.db"))
    stack.start(memory)
    client.wait_active(stack, "memory")
    robot.show(1, mug(1.0))
    remember = srv.Remember.Request(observations=[msg.Observation(label="KeyChain", source="person")])
    remember.observations[0].position.x = 4.0
    client.demand(srv.Remember, "memory/remember", remember)
    stack.kill("memory")
    stack.start(memory)
    client.wait_active(stack, "memory")
    assert {r.object.label for r in client.remembered()} >= {"Mug", "KeyChain"}
    (found,) = locate(client, "the keys")
    assert found.source == "person"


def test_an_inactive_node_refuses_and_says_how_to_activate_it(stack, client, memory_nodes):
    _, memory = memory_nodes()
    stack.start(memory)
    client.wait_active(stack, "memory")
    request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_DEACTIVATE))
    assert client.call(ChangeState, "memory/change_state", request).success
    answer = client.call(srv.Recall, "memory/recall", srv.Recall.Request(query="mug"))
    assert not answer.success
    assert "/test/memory is not active" in answer.message
    request.transition.id = Transition.TRANSITION_ACTIVATE
    assert client.call(ChangeState, "memory/change_state", request).success
    assert client.call(srv.Recall, "memory/recall", srv.Recall.Request(query="mug")).success


def test_bad_input_is_refused_and_loses_nothing(stack, client, robot, memory_nodes, tmp_path):
    stack.start(*memory_nodes(database=str(tmp_path / "memory.db")))
    client.wait_active(stack, "scene_graph", "memory")
    robot.show(1, mug(1.0))
    broken = frame_to_message(Frame(seq=2, epoch=0, stamp=2.0, observations=(mug(2.0),), map_id="home"))
    broken.observations[0].position.x = math.nan
    assert "finite" in robot.send(broken).error

    no_memory = tmp_path / "notes.txt"
    no_memory.write_text("milk, eggs")
    refused = {
        "memory/load": client.call(srv.Load, "memory/load", srv.Load.Request(path=str(no_memory))),
        "memory/load without a file": client.call(srv.Load, "memory/load", srv.Load.Request(path="")),
        "memory/history": client.call(srv.History, "memory/history", srv.History.Request(object_id="unicorn-1")),
        "memory/locate": client.call(srv.Locate, "memory/locate", srv.Locate.Request()),
        "memory/forget": client.call(srv.Forget, "memory/forget", srv.Forget.Request()),
        "memory/remember": client.call(srv.Remember, "memory/remember", srv.Remember.Request()),
        "scene_graph/load": client.call(srv.Load, "scene_graph/load", srv.Load.Request(path=str(no_memory))),
        "scene_graph/rank_areas": client.call(srv.RankAreas, "scene_graph/rank_areas", srv.RankAreas.Request()),
    }
    for name, answer in refused.items():
        assert not answer.success, name
        assert answer.message, name
        assert "internal error" not in answer.message, name
    stack.check()
    assert [r.object.label for r in client.remembered()] == ["Mug"]


def test_saved_memories_can_be_loaded(stack, client, robot, memory_nodes, tmp_path):
    stack.start(*memory_nodes(database=str(tmp_path / "memory.db")))
    client.wait_active(stack, "scene_graph", "memory")
    robot.show(1, mug(1.0))
    copy = str(tmp_path / "copy.db")
    client.demand(srv.Save, "memory/save", srv.Save.Request(path=copy))
    client.demand(srv.Forget, "memory/forget", srv.Forget.Request(labels=["Mug"]))
    assert client.remembered() == []
    client.demand(srv.Load, "memory/load", srv.Load.Request(path=copy))
    assert [r.object.label for r in client.remembered()] == ["Mug"]


def test_a_failed_transition_is_logged_and_the_node_lives(stack, client, memory_nodes):
    _, memory = memory_nodes(policy="magic")
    stack.start(memory)
    with pytest.raises(Exception, match="choose one of"):
        client.wait_active(stack, "memory")
    stack.check()


def test_the_graph_outlives_the_death_of_its_node_and_learns_habits(stack, client, robot, memory_nodes, tmp_path):
    graph_node, memory = memory_nodes()
    graph_node = replace(graph_node, parameters={**graph_node.parameters, "database": str(tmp_path / "graph.json")})
    stack.start(graph_node, memory)
    client.wait_active(stack, "scene_graph", "memory")
    shelf = {"object_id": "s", "size": (1.0, 0.4, 0.1)}
    frames = itertools.count(1)

    def kept():
        seq = next(frames)
        place = (1.0 + 0.2 * (seq % 2), 2.0, 0.9)
        moving = Observation("Mug", place, stamp=float(seq), object_id=f"m{seq}", size=(0.1, 0.1, 0.1))
        robot.show(seq, Observation("Shelf", (1.0, 2.0, 0.8), stamp=float(seq), **shelf), moving)
        path = tmp_path / "graph.json"
        return path.exists() and "Mug" in json.loads(path.read_text())["habits"]

    assert wait_for(kept)
    stack.kill("scene_graph")
    stack.start(graph_node)
    client.wait_active(stack, "scene_graph")
    graph = client.demand(srv.GetGraph, "scene_graph/get_graph", srv.GetGraph.Request())
    assert [o.label for o in graph.graph.objects] == ["Shelf"]
    assert json.loads(graph.document)["habits"]["Mug"]
    request = srv.RankAreas.Request(sought="something to drink coffee from", k=3)
    places = client.demand(srv.RankAreas, "scene_graph/rank_areas", request).places
    assert all(place.probability >= 0 for place in places)


def test_what_keeps_its_place_is_forgotten_by_both_nodes(stack, client, robot, memory_nodes, tmp_path):
    stack.start(*memory_nodes(database=str(tmp_path / "memory.db")))
    client.wait_active(stack, "scene_graph", "memory")
    frames = itertools.count(1)

    def seen():
        seq = next(frames)
        robot.show(seq, Observation("Safe", (3.0, 0.0, 0.9), stamp=float(seq), object_id="s", size=(0.7, 0.7, 0.8)))
        return locate(client, "the safe")

    assert wait_for(seen)
    answer = client.demand(srv.Forget, "memory/forget", srv.Forget.Request(labels=["Safe"]))
    assert answer.graph_objects == 1
    assert locate(client, "the safe") == []
    graph = client.demand(srv.GetGraph, "scene_graph/get_graph", srv.GetGraph.Request())
    assert list(graph.graph.objects) == []
    assert "Safe" not in graph.document
    robot.show(next(frames), mug(50.0))
    assert locate(client, "the safe") == [], "an update that was on its way does not bring it back"


def test_policy_and_capacity_change_while_it_runs_and_lose_nothing(stack, client, robot, memory_nodes):
    _, memory = memory_nodes(capacity=10)
    stack.start(memory)
    client.wait_active(stack, "memory")
    things = [Observation(f"Thing{n}", (3.0 * n, 0.0, 0.9), stamp=1.0, object_id=f"t{n}") for n in range(8)]
    robot.show(1, *things)
    client.demand(srv.Pin, "memory/pin", srv.Pin.Request(object_id="t3", pinned=True))

    def set_parameter(name, value):
        parameter = Parameter(name, value=value).to_parameter_msg()
        request = SetParameters.Request(parameters=[parameter])
        (result,) = client.call(SetParameters, "memory/set_parameters", request).results
        return result

    assert set_parameter("policy", "lru").successful
    assert set_parameter("capacity", 2).successful
    remembered = {r.object.label: r.tier for r in client.remembered()}
    assert set(remembered) == {f"Thing{n}" for n in range(8)}
    assert list(remembered.values()).count("short") == 2
    assert remembered["Thing3"] == "short", "what is pinned stays"
    refused = set_parameter("policy", "magic")
    assert not refused.successful
    assert "choose one of" in refused.reason
    assert not set_parameter("capacity", 0).successful
    assert not set_parameter("archive", False).successful


def test_what_cannot_be_believed_is_refused_and_the_rest_taken_in(stack, client, robot, memory_nodes):
    _, memory = memory_nodes()
    stack.start(memory)
    client.wait_active(stack, "memory")
    vague = Observation("Plate", (1.0, 0.0, 0.9), stamp=1.0, covariance=np.diag([9.0, 0.01, 0.01]))
    elsewhere = Observation("Cup", (1.0, 0.0, 0.9), stamp=1.0, frame_id="gripper")
    answer = robot.show(1, mug(1.0), vague, elsewhere)
    assert "2 observations refused" in answer.error
    assert "max_sigma" in answer.error
    assert [r.object.label for r in client.remembered()] == ["Mug"]
    request = srv.Remember.Request(observations=[msg.Observation(label="KeyChain")])
    request.observations[0].header.frame_id = "odom"
    answer = client.call(srv.Remember, "memory/remember", request)
    assert not answer.success
    assert "transform" in answer.message


def test_hits_are_counted_by_policy_and_by_kind_of_query(stack, client, robot, memory_nodes):
    _, memory = memory_nodes(policy="lru")
    stack.start(memory)
    client.wait_active(stack, "memory")
    reports, diagnoses = [], []
    client.node.create_subscription(msg.MemoryStats, "memory/stats", reports.append, EVENTS)
    client.node.create_subscription(DiagnosticArray, "/diagnostics", diagnoses.append, EVENTS)
    robot.show(1, mug(1.0, states=frozenset(["dirty"])))
    (seen,) = locate(client, "the dirty mug")
    assert client.demand(srv.Use, "memory/use", srv.Use.Request(object_id=seen.object.object_id)).hit
    assert locate(client, "the pencil") == []
    assert not client.demand(srv.Use, "memory/use", srv.Use.Request(object_id="nobody")).hit
    put = srv.Placed.Request(object_id=seen.object.object_id, holder_id="nowhere")
    assert not client.demand(srv.Placed, "memory/placed", put).known

    def shares(message, name):
        return {(share.kind, share.count, share.total) for share in getattr(message, name)}

    assert wait_for(lambda: reports and reports[-1].uses == 2)
    newest = reports[-1]
    assert shares(newest, "hits_by_policy") == {("lru", 1, 2)}
    assert shares(newest, "hits_by_query") == {("state", 1, 1), ("none", 0, 1)}
    assert shares(newest, "answers") == {("state", 1, 1), ("class", 0, 1)}
    told = {"hits under lru": "1 of 2", "hits by state queries": "1 of 1", "class queries answered": "0 of 1"}
    assert wait_for(
        lambda: any(
            told.items() <= {pair.key: pair.value for pair in status.values}.items()
            for report in diagnoses
            for status in report.status
        )
    )
