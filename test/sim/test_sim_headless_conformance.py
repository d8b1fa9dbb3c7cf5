"""Against what the real Unity player recorded."""

import gzip
import json
from pathlib import Path

import pytest

from sim.headless.actions import perform
from sim.headless.metadata import ObjectPacker, object_metadata, pack_value
from sim.headless.replay import SIGHT_KEYS, Tally, replay
from sim.headless.scene import load_scene
from sim.headless.session import Session

pytestmark = pytest.mark.sim

EVENTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "unity_events"
RECORDINGS = sorted(EVENTS.glob("*.json.gz"))
needs_recordings = pytest.mark.skipif(not RECORDINGS, reason="recorded events are not in ../shared/data/unity_events")


def load(path):
    with gzip.open(path, "rt") as file:
        return [event.get("metadata", event) for event in json.load(file)]


@needs_recordings
def test_replayed_changes_agree_with_the_recorded_ones():
    total, sight = Tally(), Tally()
    for path in RECORDINGS:
        result = replay(load(path))
        assert all(recorded == own for recorded, own in result.success), path.name
        assert all(recorded == own for recorded, own in result.errors), path.name
        assert result.drift < 0.01
        assert not result.misplaced
        for key, tally in result.tallies.items():
            (sight if key in SIGHT_KEYS else total).add(tally)
    assert len(total.both) > 100
    assert total.precision >= 0.95
    assert total.recall >= 0.95
    assert sight.recall >= 0.8


@needs_recordings
@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name.split(".")[0])
def test_metadata_has_the_keys_and_types_of_the_recorded_one(path):
    recorded = load(path)[0]
    session = Session(load_scene(recorded["sceneName"]), 60, 60)
    own = {o.object_id: object_metadata(session.world, o) for o in session.world}
    sighted = {"visible", "isInteractable", "distance"}
    for record in recorded["objects"]:
        mine = own.get(record["objectId"])
        if mine is None:
            continue
        assert set(mine) | sighted == set(record)
        for key, value in mine.items():
            if value is not None and record[key] is not None:
                assert isinstance(value, type(record[key])), key
        assert mine["objectType"] == record["objectType"]
        assert mine["assetId"] == record["assetId"]
        assert mine["position"] == pytest.approx(record["position"], abs=0.05)


@needs_recordings
def test_an_event_has_the_keys_of_a_recorded_one():
    import sys

    from ai2thor.controller import Controller

    recorded = load(RECORDINGS[0])[1]
    with Controller(
        local_executable_path=f"{sys.executable} -m sim.headless",
        x_display=":0",
        scene="FloorPlan1",
        width=60,
        height=60,
    ) as controller:
        event = controller.step("MoveBack").metadata
    assert set(recorded) <= set(event)
    for key in ("agent", "heldObjectPose", "sceneBounds"):
        assert set(recorded[key]) == set(event[key])


def test_packing_only_what_changed_gives_the_same_as_packing_everything():
    session = Session(load_scene("FloorPlan1"), 60, 60)
    world = session.world
    kept = ObjectPacker(world)
    kept.pack(set(), set())
    mug, apple = world.of_type("Mug")[0], world.of_type("Apple")[0]
    for request in (
        {"action": "PickupObject", "objectId": mug.object_id, "forceAction": True},
        {"action": "RotateRight"},
        {"action": "DropHandObject"},
        {"action": "SliceObject", "objectId": apple.object_id, "forceAction": True},
        {"action": "MoveBack"},
        {"action": "RemoveFromScene", "objectId": mug.object_id},
    ):
        perform(session, request)
        seen = session.visible()
        assert kept.pack(seen, seen) == ObjectPacker(world).pack(seen, seen)
    assert pack_value(1.5) == b"\xca\x3f\xc0\x00\x00"


def shapes(value, path="", found=None):
    """By path: the types that stand there, in dictionaries and lists too; whole numbers in lists of numbers apart."""
    found = {} if found is None else found
    found.setdefault(path, set()).add(type(value).__name__)
    if isinstance(value, dict):
        for key, inner in value.items():
            shapes(inner, f"{path}.{key}", found)
    elif isinstance(value, list):
        for inner in value:
            shapes(inner, f"{path}[]", found)
    return found


@needs_recordings
def test_every_nested_key_has_a_type_that_the_real_player_sends():
    from ai2thor.controller import Controller

    from sim.headless import command

    real, own = {}, {}
    for path in RECORDINGS:
        for metadata in load(path):
            shapes(metadata, found=real)
    with Controller(
        local_executable_path=command(), x_display=":0", scene="FloorPlan1", width=60, height=60
    ) as controller:
        events = [controller.reset(scene) for scene in ("FloorPlan1", "FloorPlan201")]
        held = next(o["objectId"] for o in events[-1].metadata["objects"] if o["pickupable"])
        events.append(controller.step("PickupObject", objectId=held, forceAction=True))
        events.append(controller.step("PickupObject", objectId="Nothing|1"))
        events.append(controller.step("DropHandObject", forceAction=True))
        for event in events:
            shapes(dict(event.metadata), found=own)
    assert own.keys() == real.keys()
    for path, types in own.items():
        assert types <= real[path], path


def test_the_documentation_lists_every_action():
    import re

    from sim.headless.actions import ACTIONS

    text = (Path(__file__).resolve().parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")
    table = text[text.index("## Actions") : text.index("Arguments are checked")]
    listed = set(re.findall(r"`(\w+)`", table))
    older_names = {"Move", "Noop", "ChangeFieldOfView"}
    assert listed == {*ACTIONS, "Reset"} - older_names
