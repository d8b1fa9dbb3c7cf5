"""The scene graph as a whole: built from frames, asked, saved, and rebuilt the same."""

from __future__ import annotations

import json
import math
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from boxworld import Box, look_around, observe, pose, room, two_rooms

from scene_graph import (
    Change,
    ChangeKind,
    InvalidObservationError,
    Observation,
    ReadOnlyError,
    SceneGraph,
    SceneGraphError,
)
from scene_graph.areas import AreaMap
from scene_graph.files import GraphFileError

TOUR = [(0.6, 0.6), (0.6, 2.4), (2.4, 2.0), (3.0, 3.5), (4.5, 2.0), (4.6, 3.2)]


def tour(boxes: list[Box], graph: SceneGraph | None = None, *, stamp: float = 0.0) -> tuple[SceneGraph, list[Change]]:
    graph = graph or SceneGraph(map_id="home")
    changes = []
    for place, (x, y) in enumerate(TOUR):
        for n, (seen, view) in enumerate(look_around(boxes, x, y, stamp + 10 * place)):
            changes += graph.observe(seen, view, robot_pose=(x, y, 0.0), stamp=stamp + 10 * place + n)
    return graph, changes


@pytest.fixture(scope="module")
def home() -> SceneGraph:
    return tour(two_rooms())[0]


def test_every_thing_is_found_once_although_its_ids_change(home: SceneGraph) -> None:
    assert [o.label for o in home.objects()] == sorted(
        (o.label for o in home.objects()), key=[o.label for o in home.objects()].index
    )
    assert sorted(o.label for o in home.objects()) == ["Cabinet", "DiningTable", "Fridge", "Sofa"]
    for box in two_rooms():
        if box.label:
            (thing,) = home.find(box.label)
            assert thing.position == pytest.approx(box.centre, abs=0.02)
            assert thing.size == pytest.approx(box.size, abs=0.02)


def test_what_moves_is_passed_over(home: SceneGraph) -> None:
    graph = SceneGraph()
    assert graph.observe([Observation("Mug", (1, 1, 1), stamp=0)]) == []
    held = Observation("Chair", (1, 1, 1), stamp=1, held=True)
    assert graph.observe([held]) == []
    assert len(graph) == 0


def test_rooms_areas_and_things_as_people_would_list_them(home: SceneGraph) -> None:
    rooms = home.rooms()
    assert sorted(r["name"] for r in rooms) == ["kitchen", "living room"]
    json.dumps(rooms)
    for entry in rooms:
        labels = {o["label"] for a in entry["areas"] for o in a["objects"]}
        expected = {"kitchen": "Fridge", "living room": "Sofa"}[entry["name"]]
        assert expected in labels
        for area in entry["areas"]:
            west = area["position"][0] < 3.0
            assert west == (entry["name"] == "kitchen") or area["position"][1] > 3.0


def test_areas_cover_the_floor_and_stay_put_as_it_grows() -> None:
    boxes = two_rooms()
    graph = SceneGraph()
    known: dict[str, tuple[float, float]] = {}
    for place, (x, y) in enumerate(TOUR):
        for seen, view in look_around(boxes, x, y, 10.0 * place):
            graph.observe(seen, view, robot_pose=(x, y, 0.0), stamp=10.0 * place)
            for area, spot in known.items():
                assert graph.areas.areas.get(area, spot) == spot
            known = dict(graph.areas.areas)
    distance, _ = graph.grid.nearest_of(list(graph.areas.areas.values()))
    reachable = np.isfinite(graph.grid.distance_field(TOUR[-1]))
    assert (distance[reachable] <= graph.areas.reach + 0.05).mean() > 0.95


def test_ways_between_areas_cost_what_driving_costs(home: SceneGraph) -> None:
    assert nx.is_connected(nx.Graph(list(home.areas.edges)))
    for (a, b), cost in home.areas.edges.items():
        start, end = home.areas.areas[a], home.areas.areas[b]
        assert cost >= math.dist(start, end) - 0.1
        assert cost == pytest.approx(home.grid.distances(start, [end])[0], abs=0.01)


def test_an_area_between_two_others_parts_them() -> None:
    graph = tour([*room(0, 0, 8, 1.2)])[0]
    ends = sorted(graph.areas.areas, key=lambda a: graph.areas.areas[a][0])
    assert len(ends) >= 3
    assert tuple(sorted((ends[0], ends[-1]))) not in graph.areas.edges


def test_furniture_does_not_make_rooms() -> None:
    wall_of_sofas = [Box((2.9, 0.0, 0.0), (3.1, 3.1, 0.9), "Sofa")]
    graph = tour([*room(0, 0, 6, 4), *wall_of_sofas])[0]
    assert len(graph.areas.rooms) == 1


def test_a_thing_taken_away_goes_stale_and_comes_back() -> None:
    boxes = [*room(0, 0, 4, 4), Box((1.8, 1.8, 0), (2.2, 2.2, 0.9), "Chair")]
    graph = SceneGraph()
    camera = pose(0.5, 2.0, 0.0, pitch=0.4)
    kinds = []
    for stamp in range(12):
        present = not 4 <= stamp < 8
        seen, view = observe(boxes if present else boxes[:-1], camera, float(stamp))
        kinds += [c.kind for c in graph.observe(seen, view, robot_pose=(0.5, 2.0, 0.0), stamp=float(stamp))]
    assert kinds == [ChangeKind.APPEARED, ChangeKind.STALE, ChangeKind.REAPPEARED]
    assert len(graph) == 1


def test_a_chair_that_was_moved_is_followed_when_its_place_is_empty() -> None:
    graph = SceneGraph()
    before, after = Box((1.8, 1.0, 0), (2.2, 1.4, 0.9), "Chair"), Box((1.8, 2.6, 0), (2.2, 3.0, 0.9), "Chair")
    camera, aside = pose(0.5, 2.0, -0.4, pitch=0.4), pose(0.5, 2.0, 0.5, pitch=0.4)
    for stamp in range(4):
        graph.observe(*observe([*room(0, 0, 4, 4), before], camera, stamp), robot_pose=(0.5, 2), stamp=stamp)
    for stamp in range(4, 9):
        seen, view = observe([*room(0, 0, 4, 4), after], camera, stamp)
        graph.observe([o for o in seen if o.position[1] < 2], view, robot_pose=(0.5, 2), stamp=stamp)
    changes = graph.observe(*observe([*room(0, 0, 4, 4), after], aside, 9), robot_pose=(0.5, 2), stamp=9)
    assert [c.kind for c in changes] == [ChangeKind.MOVED]
    assert graph.find("Chair")[0].position == pytest.approx(after.centre, abs=0.02)


def test_states_of_fixed_things_are_followed() -> None:
    graph = SceneGraph()
    for stamp, state in enumerate(("closed", "closed", "open")):
        changes = graph.observe([Observation("Fridge", (1, 1, 1), stamp=stamp, states=frozenset({state}))])
    assert [c.kind for c in changes] == [ChangeKind.STATE_CHANGED]
    assert graph.find("Fridge")[0].states == {"open"}


def test_two_parts_of_one_counter_become_one() -> None:
    partial = np.diag([0.4, 0.02, 0.02]) ** 2
    exact = np.eye(3) * 0.02**2

    def counter(x0: float, x1: float, covariance: np.ndarray, stamp: float) -> Observation:
        size = (x1 - x0, 0.6, 0.05)
        return Observation("CounterTop", ((x0 + x1) / 2, 0, 0.9), stamp=stamp, size=size, covariance=covariance)

    graph = SceneGraph()
    graph.observe([counter(0.0, 0.6, partial, 0)])
    graph.observe([counter(1.2, 1.8, partial, 1)])
    assert len(graph.find("CounterTop")) == 2
    gone = graph.find("CounterTop")[1].object_id
    graph.observe([counter(0.0, 1.8, exact, 2)])
    graph.observe([counter(0.0, 1.8, exact, 3)])
    (whole,) = graph.find("CounterTop")
    assert whole.size == pytest.approx((1.8, 0.6, 0.05), abs=0.01)
    assert graph.object(gone) is not None
    assert graph.object(gone).object_id == whole.object_id  # type: ignore[union-attr]


def test_what_stands_on_what() -> None:
    graph = SceneGraph()
    counter = Observation("CounterTop", (0, 0, 0.85), stamp=0, size=(2, 0.6, 0.1), object_id="c")
    toaster = Observation("Toaster", (0.5, 0, 1.0), stamp=0, size=(0.3, 0.2, 0.2))
    told = Observation("Microwave", (-0.5, 0, 3.0), stamp=0, size=(0.5, 0.4, 0.3), parent="c")
    graph.observe([counter, toaster, told])
    graph.observe([counter, toaster, told])
    (table,) = graph.find("CounterTop")
    assert graph.find("Toaster")[0].parent == table.object_id
    assert graph.find("Microwave")[0].parent == table.object_id
    assert graph.support_of((0.1, 0.1, 0.95)) == table.object_id
    assert graph.support_of((5, 5, 1)) is None


def test_the_same_frames_give_the_same_graph(home: SceneGraph) -> None:
    assert tour(two_rooms())[0].digest() == home.digest()


def test_asking_changes_nothing(home: SceneGraph) -> None:
    before = home.digest()
    home.rank_places("Mug", start=(1, 1, 0))
    home.rooms()
    home.text(200)
    assert home.digest() == before


def test_saved_loaded_and_carried_on(home: SceneGraph, tmp_path: Path) -> None:
    path = tmp_path / "home.json"
    home.save(path)
    again = SceneGraph.load(path)
    assert again.digest() == home.digest()
    assert again.rooms() == home.rooms()
    assert again.rank_places("Mug", start=(1, 1)) == home.rank_places("Mug", start=(1, 1))
    _, changes = tour(two_rooms(), again, stamp=1000.0)
    assert changes == []
    assert len(again) == len(home)


def test_unknown_fields_survive(home: SceneGraph, tmp_path: Path) -> None:
    data = home.to_json()
    data["owner"] = "the Smiths"
    data["objects"][0]["colour"] = "red"
    path = tmp_path / "home.json"
    path.write_text(json.dumps(data))
    SceneGraph.load(path).save(path)
    written = json.loads(path.read_text())
    assert written["owner"] == "the Smiths"
    assert written["objects"][0]["colour"] == "red"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "damaged"),
        ("{", "damaged"),
        ("\xff\xfe", "damaged"),
        ("[]", "no scene graph"),
        ('{"format": "karma-scene-graph", "version": 99}', "version 99.*newer"),
        ('{"format": "karma-scene-graph", "version": "x"}', "no valid version"),
    ],
)
def test_files_that_cannot_be_read_say_why_and_are_never_overwritten(
    content: str, complaint: str, home: SceneGraph, tmp_path: Path
) -> None:
    path = tmp_path / "home.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(GraphFileError, match=f"home.json.*{complaint}"):
        SceneGraph.load(path)
    if content:
        with pytest.raises(GraphFileError):
            home.save(path)
        assert path.read_text(encoding="latin-1") == content


@pytest.mark.parametrize("field", ["objects", "areas", "grid", "ways", "rooms"])
def test_a_graph_with_damaged_parts_is_refused(field: str, home: SceneGraph, tmp_path: Path) -> None:
    data = home.to_json()
    data[field] = [{"id": 3}]
    path = tmp_path / "home.json"
    path.write_text(json.dumps(data))
    with pytest.raises(SceneGraphError):
        SceneGraph.load(path)


def test_a_failed_write_leaves_the_old_file(home: SceneGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "home.json"
    home.save(path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(GraphFileError, match="No space left"):
        home.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_replica_answers_and_refuses_to_learn(home: SceneGraph) -> None:
    replica = SceneGraph.from_json(home.to_json(), read_only=True)
    assert replica.find("Fridge")
    with pytest.raises(ReadOnlyError):
        replica.observe([])
    with pytest.raises(ReadOnlyError):
        replica.forget(labels=["Fridge"])


def test_observations_of_another_frame_are_refused_and_nothing_is_stored() -> None:
    graph = SceneGraph()
    good = Observation("Fridge", (1, 1, 1), stamp=0)
    with pytest.raises(InvalidObservationError, match="base_link"):
        graph.observe([good, Observation("Sofa", (1, 1, 1), stamp=0, frame_id="base_link")])
    assert len(graph) == 0


def test_time_that_jumps_back_begins_an_epoch() -> None:
    graph = SceneGraph()
    graph.observe([Observation("Fridge", (1, 1, 1), stamp=100)])
    graph.observe([Observation("Fridge", (1, 1, 1), stamp=3)])
    assert graph.epoch == 1
    assert graph.find("Fridge")[0].stamp == 3


def test_forgetting_erases_things_and_their_habits() -> None:
    graph = SceneGraph()
    graph.observe([Observation("Fridge", (1, 1, 1), stamp=0), Observation("Sofa", (4, 1, 1), stamp=0)])
    sofa = graph.find("Sofa")[0].object_id
    graph.habits.note("Book", sofa, 0.0)
    assert graph.forget(object_id=sofa) == [sofa]
    assert graph.labels() == ["Fridge"]
    assert "Book" not in json.dumps(graph.to_json())
    assert graph.forget(object_id="nothing") == []


def test_the_network_has_every_layer(home: SceneGraph) -> None:
    tree = home.network()
    assert {d["layer"] for _, d in tree.nodes(data=True)} == {"building", "floor", "room", "area", "object"}
    contains = nx.DiGraph((a, b) for a, b, d in tree.edges(data=True) if d["relation"] == "contains")
    assert nx.is_arborescence(contains)


def test_no_area_without_floor() -> None:
    areas = AreaMap()
    assert not areas.update(SceneGraph().grid, (0, 0))
    assert areas.nearest(0, 0) is None
