"""Free space, walls, homes and houses."""

import io
import json
import tarfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sim.headless.errors import SceneError
from sim.headless.homes import compose_home, load_any_scene
from sim.headless.houses import load_house
from sim.headless.scene import load_scene, scene_names
from sim.headless.space import AGENT_RADIUS, Space
from sim.headless.world import World

pytestmark = pytest.mark.sim

LAYOUTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "alfred_layouts.tar.gz"
GRID = 0.25


def reachable(scene):
    world = World(scene)
    return world, Space(world).reachable(world.agent.position[[0, 2]], GRID)


@pytest.mark.parametrize("name", scene_names()[::7])
def test_the_agent_has_room_to_go_and_never_stands_in_a_wall(name):
    world, places = reachable(load_scene(name))
    assert len(places) >= 15
    for wall in world.scene.walls:
        if wall.kind == "wall":
            low, high = np.array(wall.low)[[0, 2]], np.array(wall.high)[[0, 2]]
            off = np.maximum(np.maximum(low - places, places - high), 0)
            assert np.hypot(*off.T).min() >= AGENT_RADIUS - 1e-5


def test_each_way_between_neighbouring_places_can_be_walked():
    world, places = reachable(load_scene("FloorPlan10"))
    space = Space(world)
    cells = {tuple(np.rint(p / GRID).astype(int).tolist()): p for p in places}
    for (i, j), place in cells.items():
        for other in ((i + 1, j), (i, j + 1)):
            if other in cells:
                middle = (place + cells[other]) / 2
                if space.free(middle[None])[0]:
                    assert space.blocker(place, cells[other]) is None


def test_paths_are_walkable_and_end_near_the_goal():
    world, places = reachable(load_scene("FloorPlan203"))
    space = Space(world)
    goal = places[-1]
    corners = space.path(world.agent.position[[0, 2]], goal, GRID, 0.3)
    assert corners[-1] == pytest.approx(goal, abs=0.3)
    for a, b in pairwise(corners):
        assert space.blocker(a, b) is None
    assert space.path(places[0], np.array([100.0, 100.0]), GRID, 0.3) is None


@pytest.mark.skipif(not LAYOUTS.is_file(), reason="recorded layouts are not in ../shared/data")
def test_reachable_places_agree_with_the_recorded_ones():
    scores = []
    with tarfile.open(LAYOUTS) as files:
        for member in files:
            name = Path(member.name).name
            if not name.endswith("-layout.npy") or int(name[9:-11]) % 5:
                continue
            recorded = np.load(io.BytesIO(files.extractfile(member).read()))
            _, places = reachable(load_scene(name[:-11]))
            own, known = ({tuple(c) for c in np.rint(p / GRID).astype(int).tolist()} for p in (places, recorded))
            scores.append(len(own & known) / len(own | known))
    assert len(scores) == 24
    assert np.mean(scores) > 0.65


@pytest.mark.parametrize(
    "names",
    [
        ("FloorPlan1", "FloorPlan201"),
        ("FloorPlan7", "FloorPlan215", "FloorPlan310", "FloorPlan410"),
        ("FloorPlan5", "FloorPlan219", "FloorPlan328", "FloorPlan426"),
    ],
)
def test_a_home_joins_its_rooms_by_doorways(names):
    scene = compose_home(names)
    world, places = reachable(scene)
    count = np.bincount([scene.room_at(place) for place in places], minlength=len(names))
    assert (count >= 5).all()
    ids = [record["objectId"] for record in scene.objects]
    assert len(set(ids)) == len(ids)
    first = [record["objectId"] for record in load_scene(names[0]).objects]
    assert ids[: len(first)] == first
    for obj in world:
        if obj.parent is not None:
            assert obj.object_id in world.objects[obj.parent].children
    rooms = [(room.low, room.high) for room in scene.rooms]
    for i, (low, high) in enumerate(rooms):
        for other_low, other_high in rooms[:i]:
            assert ((low >= other_high) | (high <= other_low)).any()


def test_ids_of_moved_objects_say_where_they_are():
    scene = compose_home(("FloorPlan1", "FloorPlan201"))
    for record in scene.objects[-40:]:
        if record["pickupable"]:
            x, _, z = (float(text) for text in record["objectId"].split("|")[1:4])
            assert (x, z) == pytest.approx((record["position"]["x"], record["position"]["z"]), abs=0.3)


@pytest.mark.parametrize("name", ["FloorPlan1+FloorPlan999", "FloorPlan1+", "floorplan1", "FloorPlan", ""])
def test_unknown_scenes_are_refused_by_name(name):
    with pytest.raises(SceneError, match=r"FloorPlan|Scene"):
        load_any_scene(name)


def house():
    rooms, walls = [], []
    for name, kind, x0 in (("room|1", "Kitchen", 0.0), ("room|2", "Bedroom", 4.0)):
        corners = [(x0, 0.0), (x0, 4.0), (x0 + 4, 4.0), (x0 + 4, 0.0)]
        rooms.append({"id": name, "roomType": kind, "floorPolygon": [{"x": x, "y": 0, "z": z} for x, z in corners]})
        for (ax, az), (bx, bz) in zip(corners, corners[1:] + corners[:1], strict=True):
            polygon = [{"x": x, "y": y, "z": z} for x, y, z in ((ax, 0, az), (bx, 0, bz), (ax, 2.7, az), (bx, 2.7, bz))]
            walls.append({"id": f"wall|{len(walls)}", "roomId": name, "polygon": polygon})
    # the wall between the rooms runs from z = 4 to 0 in the first and from 0 to 4 in the second
    door = {
        "id": "door|1|2",
        "wall0": "wall|2",
        "wall1": "wall|4",
        "boundingBox": {"min": {"x": 1, "y": 0}, "max": {"x": 2, "y": 2.1}},
    }
    turned = {"x": 0, "y": 180, "z": 0}
    objects = [
        {"id": "Fridge|1|1", "assetId": "Fridge_1", "position": {"x": 1, "y": 0.98, "z": 3.6}, "rotation": turned},
        {
            "id": "DiningTable|2|1",
            "assetId": "Dining_Table_16_1",
            "position": {"x": 6, "y": 0.4, "z": 2},
            "rotation": {"x": 0, "y": 90, "z": 0},
            "children": [
                {
                    "id": "Apple|surface|2|1",
                    "assetId": "Apple_1",
                    "position": {"x": 6, "y": 0.9, "z": 2},
                    "rotation": turned,
                }
            ],
        },
    ]
    agent = {"position": {"x": 2, "y": 0.9, "z": 1}, "rotation": {"x": 0, "y": 90, "z": 0}, "horizon": 30}
    return {"rooms": rooms, "walls": walls, "doors": [door], "objects": objects, "metadata": {"agent": agent}}


def test_a_procthor_house_has_its_rooms_doors_and_objects():
    world, places = reachable(load_house(house()))
    assert (places[:, 0] > 4.3).sum() > 30
    assert (places[:, 0] < 3.7).sum() > 30
    # only the doorway, one metre wide, leads through the wall
    assert set(places[np.abs(places[:, 0] - 4.0) < 0.1][:, 1].tolist()) <= {2.25, 2.5, 2.75}
    assert world.objects["Apple|surface|2|1"].parent == "DiningTable|2|1"
    assert world.objects["Apple|surface|2|1"].kind.pickupable
    assert world.objects["Fridge|1|1"].kind.openable
    assert world.agent.yaw == 90.0


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda h: h.pop("rooms"), "no ProcTHOR house"),
        (lambda h: h["rooms"].clear(), "no rooms"),
        (lambda h: h["objects"][0].update(assetId="Nothing_1"), "no asset Nothing_1"),
        (lambda h: h["objects"].append(h["objects"][0]), "two objects"),
        (lambda h: h["doors"][0].update(wall0="wall|77"), "wall|77"),
    ],
)
def test_a_house_that_is_none_is_refused_with_the_reason(spoil, message):
    broken = json.loads(json.dumps(house()))
    spoil(broken)
    with pytest.raises(SceneError, match=message.replace("|", r"\|")):
        load_house(broken)
