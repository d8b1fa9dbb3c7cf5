"""Perception in the scene_graph node: from a robot's images to observations for the other nodes."""

import array
import threading

import numpy as np
import pytest
from karma import msg, srv
from sensor_msgs.msg import CameraInfo, Image

from karma_cli.processes import NodeSpec
from scene_graph.perception import PerceptionLimits
from scene_graph.ros.camera import Picture, depth_from_image, instances_from_image
from scene_graph.ros.messages import view_to_message
from scene_graph.ros.qos import EVENTS
from scene_graph.types import InvalidObservationError, View


def image(pixels, encoding, *, padding=0, big=False):
    rows = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder(">")) if big else pixels).view(np.uint8)
    rows = np.pad(rows.reshape(pixels.shape[0], -1), ((0, 0), (0, padding)))
    height, width = pixels.shape
    return Image(
        height=height, width=width, encoding=encoding, step=rows.shape[1], is_bigendian=int(big),
        data=array.array("B", rows.tobytes()),
    )  # fmt: skip


@pytest.mark.parametrize("padding", [0, 6])
@pytest.mark.parametrize("big", [False, True])
def test_depth_is_read_in_metres_and_in_millimetres(padding, big):
    metres = np.array([[0.5, 1.25, np.nan], [0.0, 3.0, 2.5]], dtype=np.float32)
    read = depth_from_image(image(metres, "32FC1", padding=padding, big=big))
    np.testing.assert_array_equal(read, metres)
    millimetres = np.array([[500, 1250, 0], [0, 3000, 2500]], dtype=np.uint16)
    read = depth_from_image(image(millimetres, "16UC1", padding=padding, big=big))
    np.testing.assert_allclose(read, np.nan_to_num(metres), rtol=1e-6)


@pytest.mark.parametrize("kind", ["8UC1", "mono8", "16UC1", "mono16", "32SC1"])
def test_instances_are_read(kind):
    numbers = np.array([[0, 1], [2, 200]])
    kinds = {"8UC1": np.uint8, "mono8": np.uint8, "32SC1": np.int32}
    read = instances_from_image(image(numbers.astype(kinds.get(kind, np.uint16)), kind))
    np.testing.assert_array_equal(read, numbers)


def test_what_is_no_such_image_is_refused():
    numbers = np.zeros((4, 4), dtype=np.uint8)
    with pytest.raises(InvalidObservationError, match="32FC1"):
        depth_from_image(image(numbers, "mono8"))
    with pytest.raises(InvalidObservationError, match="rgb8"):
        instances_from_image(image(numbers, "rgb8"))
    short = image(numbers, "mono8")
    short.height = 5
    with pytest.raises(InvalidObservationError, match="needs more"):
        instances_from_image(short)


def test_a_picture_becomes_observations():
    depth = np.full((60, 80), 3.0, dtype=np.float32)
    numbers = np.zeros((60, 80), dtype=np.uint16)
    depth[20:40, 30:50], numbers[20:40, 30:50] = 2.0, 7
    info = CameraInfo(width=80, height=60, k=[60.0, 0.0, 39.5, 0.0, 60.0, 29.5, 0.0, 0.0, 1.0])
    label = msg.InstanceLabel(value=7, object_id="a", label="Mug", states=["clean"], confidence=0.5)
    picture = Picture(image(depth, "32FC1"), image(numbers, "16UC1"), info, msg.InstanceLegend(instances=[label]))
    camera_ahead = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 1.2], [0, 0, 0, 1]], dtype=np.float64)
    pose_only = view_to_message(View(camera_ahead, (1.0, 1.0, 0.0, 0.0), np.zeros((0, 0), dtype=np.float32)))
    (mug,) = picture.observations(pose_only, limits=PerceptionLimits())
    assert (mug.label, mug.object_id, mug.states) == ("Mug", "a", {"clean"})
    assert mug.position == pytest.approx((2.0, 0.0, 1.2), abs=0.03)
    assert mug.confidence <= 0.5
    thin = picture.thinned(pose_only)
    assert thin.depth.shape == (60, 80)
    assert thin.position == (0.0, 0.0, 1.2)


@pytest.mark.ros
@pytest.mark.sim
@pytest.mark.timeout(240)
def test_the_stack_works_from_the_robots_images(stack, client):
    stack.start(
        NodeSpec(
            name="robot", module="sim.node", config="sim.yaml",
            parameters={"width": 400, "height": 300, "perceive": False},
        ),
        NodeSpec(
            name="scene_graph", module="scene_graph.node", config="memory.yaml", parameters={"perception": "camera"}
        ),
        NodeSpec(
            name="memory", module="memory_node.node", config="memory.yaml", parameters={"observer": "scene_graph"}
        ),
        NodeSpec(
            name="planner", module="planner_node.node", config="planner.yaml", parameters={"observer": "scene_graph"}
        ),
    )  # fmt: skip
    arrived = {name: threading.Event() for name in ("robot", "scene_graph")}
    frames = {name: [] for name in arrived}
    for name in arrived:

        def take(message, name=name):
            frames[name].append(message)
            arrived[name].set()

        client.node.create_subscription(msg.ObservationArray, f"{name}/observations", take, EVENTS)
    client.wait_active(stack, "robot", "scene_graph", "memory", "planner")
    assert all(event.wait(60) for event in arrived.values())
    result = client.execute_task("Open the fridge.", lambda event: None)
    assert result.claimed, result.reason
    assert not [o for frame in frames["robot"] for o in frame.observations]
    assert {o.source for frame in frames["scene_graph"] for o in frame.observations} == {"camera"}
    wide = [o for frame in frames["scene_graph"] for o in frame.observations if "open" in o.states]
    assert {o.label for o in wide} == {"Fridge"}
    assert "Fridge" in client.demand(srv.ListLabels, "memory/list_labels", srv.ListLabels.Request()).labels
