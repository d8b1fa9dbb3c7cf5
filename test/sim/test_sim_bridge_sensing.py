"""What leaves the bridge, shown on events of the real client class with hand-made pictures."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from ai2thor.server import DepthFormat, Event

from sim import sensing

RECORDED = Path(__file__).parents[2].parent / "shared" / "data" / "unity_events"


def picture(areas, *, depth=2.0, width=80, height=60):
    """An event whose picture shows objects: simulator id → (first row, last row, first column, last column)."""
    ids = np.zeros((height, width, 4), dtype=np.uint8)
    ids[..., 3] = 255
    colours = []
    for number, (name, (top, bottom, left, right)) in enumerate(areas.items(), start=1):
        ids[top:bottom, left:right, :3] = (number, 7, 9)
        colours.append({"name": name, "color": [number, 7, 9]})
    event = Event(
        {
            "screenWidth": width,
            "screenHeight": height,
            "depthFormat": "Meters",
            "fov": 90.0,
            "colors": colours,
            "objects": [{"objectId": name} for name in areas],
            "agent": {"position": {"x": 0.0, "y": 0.901, "z": 0.0}, "rotation": {"y": 0.0}, "cameraHorizon": 0.0},
            "cameraPosition": {"x": 0.0, "y": 1.5, "z": 0.0},
        }
    )
    event.add_image_ids(ids[::-1].tobytes())
    event.add_image_depth(
        np.full((height, width), depth, dtype=np.float32)[::-1].tobytes(),
        depth_format=DepthFormat.Meters,
        camera_near_plane=0.01,
        camera_far_plane=20.0,
        add_noise=False,
    )
    return event


def test_only_objects_with_enough_pixels_are_seen_and_in_the_pictures_order():
    event = picture({"Mug|1": (30, 40, 0, 10), "Pen|2": (0, 9, 0, 11), "Apple|3": (5, 20, 40, 60)})
    seen = sensing.sight(event, sensing.SensorLimits())
    assert seen.simulator_ids == ("Apple|3", "Mug|1")
    assert np.bincount(seen.instances.ravel()).tolist() == [4800 - 400, 300, 100]
    assert (seen.instances[5:20, 40:60] == 1).all()


def test_what_is_too_far_is_not_seen():
    assert sensing.sight(picture({"Mug|1": (20, 40, 30, 50)}, depth=5.6), sensing.SensorLimits()).simulator_ids == ()
    assert sensing.sight(picture({"Mug|1": (20, 40, 30, 50)}, depth=4.7), sensing.SensorLimits()).simulator_ids


def test_what_is_no_object_has_no_number():
    event = picture({"Mug|1": (20, 40, 30, 50)})
    event.metadata["objects"] = []
    seen = sensing.sight(event, sensing.SensorLimits())
    assert seen.simulator_ids == ()
    assert not seen.instances.any()


def test_without_depth_nothing_is_seen():
    assert sensing.sight(picture({"Mug|1": (20, 40, 30, 50)}, depth=0.0), sensing.SensorLimits()).simulator_ids == ()


def test_the_coarse_view_keeps_its_geometry():
    fine = sensing.event_view(picture({}, depth=2.0))
    coarse = sensing.coarse_view(fine, sensing.SensorLimits(view_stride=4))
    assert coarse.depth.shape == (15, 20)
    points = fine.points().reshape(60, 80, 3)[2::4, 2::4].reshape(-1, 3)
    assert coarse.points() == pytest.approx(points, abs=1e-5)


@pytest.fixture(scope="module")
def recorded():
    path = RECORDED / "open_fridge.metadata.json.gz"
    if not path.exists():
        pytest.skip("recorded Unity events are not beside this checkout (../shared/data)")
    return json.loads(gzip.decompress(path.read_bytes()))


def test_states_of_real_metadata(recorded):
    before = {o["objectType"]: o for o in recorded[0]["objects"]}
    opened = [o for event in recorded for o in event["objects"] if o["isOpen"]]
    assert opened
    assert all("open" in sensing.object_states(o) for o in opened)
    assert "closed" in sensing.object_states(before["Fridge"])
    assert sensing.object_states(before["CounterTop"]) == frozenset()
    assert "room_temperature" in sensing.object_states(before["Apple"])


def test_nothing_but_class_and_states_comes_out_of_real_metadata(recorded):
    for metadata in recorded[0]["objects"]:
        seen = sensing.instance(metadata, token="1.0")
        held = sensing.held_observation(metadata, token="1.0", stamp=0.0, hand=(0.0, 0.0, 1.0))
        elsewhere = {**metadata, "position": None, "axisAlignedBoundingBox": None, "parentReceptacles": None}
        assert sensing.instance(elsewhere, token="1.0") == seen
        assert metadata["objectId"] not in repr((seen, held))
        assert metadata["name"] not in repr((seen, held))
        assert held.position == (0.0, 0.0, 1.0)
        assert held.parent is None
        assert held.orientation is None
