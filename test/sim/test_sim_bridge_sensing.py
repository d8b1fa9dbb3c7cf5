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
            "objects": [],
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
    assert [s.simulator_id for s in seen] == ["Apple|3", "Mug|1"]
    assert [s.pixels for s in seen] == [300, 100]


def test_what_is_too_far_is_not_seen():
    assert sensing.sight(picture({"Mug|1": (20, 40, 30, 50)}, depth=5.6), sensing.SensorLimits()) == []


def test_extents_are_those_of_the_visible_surface_in_map_axes():
    (mug,) = sensing.sight(picture({"Mug|1": (20, 40, 30, 50)}, depth=3.0), sensing.SensorLimits())
    # 20 pixels of 3 m / 30 pixels each, across (map y) and up (map z); a flat patch has no depth (map x).
    assert mug.size == pytest.approx((0.0, 1.9, 1.9), abs=0.1)


def test_the_coarse_view_keeps_its_geometry():
    event = picture({}, depth=2.0)
    fine, coarse = sensing.event_view(event), sensing.coarse_view(event, sensing.SensorLimits(view_stride=4))
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


def test_nothing_but_class_states_and_place_comes_out_of_real_metadata(recorded):
    for metadata in recorded[0]["objects"]:
        observation = sensing.to_observation(metadata, token="1.0", stamp=0.0, floor=0.0, size=None)
        text = repr(observation)
        assert metadata["objectId"] not in text
        assert metadata["name"] not in text
        assert observation.parent is None
        assert observation.orientation is None
