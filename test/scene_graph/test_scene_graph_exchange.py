"""Other people's graphs in, ours out."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from boxworld import look_around, two_rooms

from scene_graph import Observation, SceneGraph
from scene_graph.exchange import (
    export_graph,
    from_spark_dsg,
    load_graphml,
    load_spark_dsg,
    save_graphml,
    save_spark_dsg,
    to_spark_dsg,
)
from scene_graph.files import GraphFileError

APARTMENT = Path(__file__).resolve().parents[3] / "shared" / "data" / "scene_graph" / "apartment_dsg.json"
needs_apartment = pytest.mark.skipif(not APARTMENT.is_file(), reason="needs ../shared/data/scene_graph")


@pytest.fixture(scope="module")
def built() -> SceneGraph:
    graph = SceneGraph(map_id="home")
    for place, (x, y) in enumerate([(0.6, 0.6), (0.6, 2.4), (3.0, 3.5), (4.5, 2.0)]):
        for seen, view in look_around(two_rooms(), x, y, 10.0 * place):
            graph.observe(seen, view, robot_pose=(x, y, 0.0), stamp=10.0 * place)
    graph.note_put("Apple", (0.4, 3.5, 0.9))
    return graph


@pytest.fixture
def home(built: SceneGraph) -> SceneGraph:
    """A copy of its own for every test."""
    return SceneGraph.from_json(built.to_json())


def by_id(document: dict[str, Any]) -> dict[int, dict[str, Any]]:
    return {node["id"]: node for node in document["nodes"]}


def ends(document: dict[str, Any]) -> set[frozenset[int]]:
    return {frozenset((edge["source"], edge["target"])) for edge in document["edges"]}


def through_spark(path: Path) -> dict[str, Any]:
    """What the library itself makes of a file."""
    spark_dsg = pytest.importorskip("spark_dsg", reason="pip install spark-dsg")
    again = path.with_name("through_spark.json")
    spark_dsg.DynamicSceneGraph.load(str(path)).save(str(again), False)
    document: dict[str, Any] = json.loads(again.read_text())
    return document


def test_graphml_holds_every_layer_with_positions(home: SceneGraph, tmp_path: Path) -> None:
    path = tmp_path / "home.graphml"
    save_graphml(home, path)
    read = nx.read_graphml(path)
    assert read.number_of_nodes() == home.network().number_of_nodes()
    assert read.number_of_edges() == home.network().number_of_edges()
    (sofa,) = (d for _, d in read.nodes(data=True) if d.get("label") == "Sofa")
    assert (sofa["x"], sofa["y"], sofa["z"]) == pytest.approx(home.find("Sofa")[0].position, abs=1e-3)


def test_everything_comes_back_from_graphml(home: SceneGraph, tmp_path: Path) -> None:
    path = tmp_path / "home.graphml"
    save_graphml(home, path)
    again = load_graphml(path)
    assert again.digest() == home.digest()
    assert again.rooms() == home.rooms()
    assert again.rank_places("Apple", start=(1, 1)) == home.rank_places("Apple", start=(1, 1))


def test_what_another_tool_changed_in_graphml_counts(home: SceneGraph, tmp_path: Path) -> None:
    path = tmp_path / "home.graphml"
    save_graphml(home, path)
    read = nx.read_graphml(path)
    sofa, gone = home.find("Sofa")[0].object_id, home.find("Fridge")[0].object_id
    read.nodes[sofa].update(x=7.25, label="coffee_table")
    read.remove_node(gone)
    read.add_node("n17", label="Floor Lamp", x=1.5, y=2.5, z=0.75, width=0.25, depth=0.25, height=1.5)
    (area, *_) = home.areas.areas
    read.add_edge(area, "n17")
    nx.write_graphml(read, path)
    again = load_graphml(path)
    assert again.object(gone) is None
    table = again.object(sofa)
    assert table is not None
    assert (table.label, table.position[0]) == ("CoffeeTable", 7.25)
    lamp = again.object("n17")
    assert lamp is not None
    assert (lamp.label, lamp.position, lamp.size) == ("FloorLamp", (1.5, 2.5, 0.75), (0.25, 0.25, 1.5))
    assert again.things["n17"].area == area
    assert len(again) == len(home)
    assert again.habits == home.habits
    new = again.insert(Observation("Bed", (1, 1, 0.3), stamp=1.0))
    assert new not in home.things


def test_graphml_of_other_tools_is_read(tmp_path: Path) -> None:
    other: nx.Graph[str] = nx.Graph(map_id="flat")
    other.add_node("desk", label="desk", x=1.0, y=2.0, z=0.4, width=1.2, depth=0.6, height=0.8)
    other.add_node("pot", label="house plant", x=1.0, y=2.0, z=1.0)
    other.add_node("a", layer="area", x=0.0, y=2.0)
    other.add_node("b", layer="area", x=0.0, y=5.0)
    other.add_node("study", layer="room", label="study")
    other.add_edge("study", "a")
    other.add_edge("study", "b")
    other.add_edge("a", "b")
    path = tmp_path / "flat.graphml"
    nx.write_graphml(other, path)
    graph = load_graphml(path)
    assert graph.map_id == "flat"
    assert {(o.object_id, o.label) for o in graph.objects()} == {("desk", "Desk"), ("pot", "HousePlant")}
    assert graph.areas.edges == {("a", "b"): pytest.approx(3.0)}
    (room,) = graph.rooms()
    assert (room["name"], [a["id"] for a in room["areas"]]) == ("study", ["a", "b"])
    assert [o["id"] for o in room["areas"][0]["objects"]] == ["desk", "pot"]
    assert graph.rank_places("Pen", start=(0, 4))


@pytest.mark.parametrize(
    ("nodes", "complaint"),
    [
        ({"one": {"label": "Sofa", "x": 1.0}}, "'one' has no y, z"),
        ({"one": {"x": 1.0, "y": 1.0, "z": 1.0}}, "'one' has no label"),
        ({"one": {"label": "Sofa", "x": math.nan, "y": 1.0, "z": 1.0}}, "no place"),
        ({"one": {"layer": "mesh"}}, "no layer 'mesh'"),
        ({"one": {"layer": "area", "x": 1.0}}, "'one' has no y"),
        ({"one": {"label": "Sofa", "x": 1.0, "y": 1.0, "z": 1.0, "karma": "[]"}}, "no mapping"),
    ],
)
def test_graphml_that_is_no_scene_graph_says_what_is_wrong(
    nodes: dict[str, dict[str, Any]], complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "other.graphml"
    other: nx.Graph[str] = nx.Graph()
    other.add_nodes_from(nodes.items())
    nx.write_graphml(other, path)
    with pytest.raises(GraphFileError, match=rf"other\.graphml.*{complaint}"):
        load_graphml(path)


@pytest.mark.parametrize("content", ["", "<", "{}", "<html></html>"])
def test_what_is_no_graphml_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "other.graphml"
    path.write_text(content)
    with pytest.raises(GraphFileError, match=r"other\.graphml"):
        load_graphml(path)
    with pytest.raises(GraphFileError, match="cannot read"):
        load_graphml(tmp_path / "missing.graphml")


def test_an_export_never_takes_the_place_of_our_own_file(home: SceneGraph, tmp_path: Path) -> None:
    path = tmp_path / "home.json"
    home.save(path)
    before = path.read_bytes()
    with pytest.raises(GraphFileError, match="another name"):
        export_graph(home, path)
    with pytest.raises(GraphFileError, match="say which format"):
        export_graph(home, tmp_path / "home.txt")
    assert path.read_bytes() == before


def test_everything_comes_back_from_spark_dsg(home: SceneGraph, tmp_path: Path) -> None:
    path = tmp_path / "home.json"
    save_spark_dsg(home, path)
    again = load_spark_dsg(path)
    assert again.digest() == home.digest()
    assert again.rooms() == home.rooms()
    assert again.rank_places("Apple", start=(1, 1)) == home.rank_places("Apple", start=(1, 1))


def test_everything_survives_the_library_as_well(home: SceneGraph, tmp_path: Path) -> None:
    path = tmp_path / "home.json"
    save_spark_dsg(home, path)
    again = from_spark_dsg(through_spark(path))
    # It keeps numbers in single precision here and there; names, layers and all of ours come back.
    assert again.rooms() == home.rooms()
    assert again.habits == home.habits
    assert again.grid.to_json() == home.grid.to_json()


def test_spark_dsg_itself_reads_what_we_write(home: SceneGraph, tmp_path: Path) -> None:
    spark_dsg = pytest.importorskip("spark_dsg", reason="pip install spark-dsg")
    path = tmp_path / "home.json"
    save_spark_dsg(home, path)
    read = spark_dsg.DynamicSceneGraph.load(str(path))
    layers = spark_dsg.DsgLayers
    objects = {n.attributes.name: n for n in read.get_layer(layers.OBJECTS).nodes}
    assert sorted(objects) == sorted(o.label for o in home.objects())
    for thing in home.objects():
        box = objects[thing.label].attributes.bounding_box
        assert box.type == spark_dsg.BoundingBoxType.AABB
        assert box.dimensions == pytest.approx(np.array(thing.size), abs=1e-4)
        assert objects[thing.label].attributes.position == pytest.approx(np.array(thing.position), abs=1e-4)
        assert objects[thing.label].has_parent()
    assert read.get_layer(layers.PLACES).num_nodes() == len(home.areas.areas)
    assert read.get_layer(layers.PLACES).num_edges() == len(home.areas.edges)
    assert [n.attributes.name for n in read.get_layer(layers.ROOMS).nodes] == [r["name"] for r in home.rooms()]
    assert read.get_layer(layers.BUILDINGS).num_nodes() == 1
    labels = read.get_labelspace(2, 0)
    sofa = objects["Sofa"].attributes
    assert labels.labels_to_names[sofa.semantic_label] == "Sofa"


@needs_apartment
def test_a_real_apartment_of_hydra_is_read() -> None:
    graph = load_spark_dsg(APARTMENT)
    data = json.loads(APARTMENT.read_text())
    objects = [n for n in data["nodes"] if n["attributes"]["type"] == "ObjectNodeAttributes"]
    assert len(graph) == len(objects) > 0
    assert len(graph.areas.areas) == sum(n["attributes"]["type"] == "PlaceNodeAttributes" for n in data["nodes"])
    assert all(o.label.startswith("class ") and o.size for o in graph.objects())
    assert graph.text(2000)
    assert graph.rank_places("Mug", start=graph.objects()[0].position)


@needs_apartment
def test_a_real_apartment_goes_out_as_it_came_in(tmp_path: Path) -> None:
    ours, kept = tmp_path / "ours.json", tmp_path / "kept.json"
    graph = load_spark_dsg(APARTMENT)
    graph.save(kept)
    save_spark_dsg(SceneGraph.load(kept), ours)
    before, after = through_spark(APARTMENT), through_spark(ours)
    assert after["layer_keys"] == before["layer_keys"]
    assert ends(after) == ends(before)
    assert by_id(after).keys() == by_id(before).keys()
    raw = by_id(json.loads(APARTMENT.read_text()))
    for key, node in by_id(before).items():
        other = by_id(after)[key]
        other["attributes"]["metadata"] = {}
        if "timestamp" in raw[key]:  # an agent's, which the library itself forgets when it reads an old file
            assert other["attributes"].pop("timestamp") == raw[key]["timestamp"]
            del node["attributes"]["timestamp"]
        assert other == node
    # Once more, now that it has passed through our hands: agents and all are still there, and what we call them.
    second_time, first_time = (json.loads(json.dumps(g.to_json())) for g in (load_spark_dsg(ours), graph))
    assert {**second_time, "spark_dsg": {}} == {**first_time, "spark_dsg": {}}
    second = to_spark_dsg(load_spark_dsg(ours))
    assert by_id(second).keys() == by_id(before).keys()
    assert ends(second) == ends(before)


@needs_apartment
def test_what_changed_since_is_written_anew(tmp_path: Path) -> None:
    graph = load_spark_dsg(APARTMENT)
    first, second, *_ = graph.objects()
    graph.relocate(first.object_id, (1.0, 2.0, 3.0))
    graph.forget(object_id=second.object_id)
    new = graph.insert(Observation("Sofa", (-12.0, -3.0, 0.4), stamp=5.0, size=(2.0, 0.9, 0.8)))
    path = tmp_path / "changed.json"
    save_spark_dsg(graph, path)
    again = from_spark_dsg(through_spark(path))
    assert len(again) == len(graph)
    assert again.object(second.object_id) is None
    assert [o.position for o in again.objects() if o.object_id == first.object_id] == [(1.0, 2.0, 3.0)]
    assert [o.label for o in again.objects() if o.object_id == new] == ["Sofa"]


def foreign(**changes: Any) -> dict[str, Any]:
    """A small graph as another tool would write it: names in a label space, a box askew, no places."""
    turn = {"w": 0.9238795, "x": 0.0, "y": 0.0, "z": 0.3826834}
    box = {"type": "OBB", "dimensions": [2, 1, 0.5], "world_P_center": [1, 2, 0.25], "world_R_center": turn}
    attributes = {"type": "KhronosObjectAttributes", "position": [1, 2, 0], "name": "O(0)", "semantic_label": 7}
    attributes |= {"bounding_box": box, "details": {"colour": [3]}, "last_observed_ns": [5]}
    node = {"id": 5692549928996306944, "layer": 2, "partition": 0, "attributes": attributes}
    room = {"type": "RoomNodeAttributes", "position": [0, 0, 0], "name": "den", "semantic_label": 0}
    document: dict[str, Any] = {
        "SPARK_DSG_header": {"project_name": "hydra", "version": {"major": 1, "minor": 1, "patch": 0}},
        "layer_keys": [{"layer": 2, "partition": 0}],
        "metadata": {"labelspaces": {"_l2p0": [[7, "coffee_table"]]}, "run": {"robot": "spot"}},
        "nodes": [node, {"id": 5908722711110090752, "layer": 4, "attributes": room}],
        "edges": [],
    }
    return {**document, **changes}


def test_names_come_from_label_spaces_and_boxes_askew_are_enclosed() -> None:
    graph = from_spark_dsg(foreign())
    (table,) = graph.objects()
    assert table.label == "CoffeeTable"
    assert table.size == pytest.approx((3 / 2**0.5, 3 / 2**0.5, 0.5), abs=1e-4)
    assert graph.rooms()[0]["name"] == "den"
    written = to_spark_dsg(graph)
    attributes = by_id(written)[5692549928996306944]["attributes"]
    assert attributes["bounding_box"]["type"] == "OBB"
    assert attributes["details"] == {"colour": [3]}
    assert written["metadata"]["run"] == {"robot": "spot"}
    assert by_id(written).keys() >= by_id(foreign()).keys()


def test_graphs_without_rooms_places_or_objects_are_read() -> None:
    empty = foreign(nodes=[], layer_keys=[])
    assert len(from_spark_dsg(empty)) == 0
    assert to_spark_dsg(from_spark_dsg(empty))["edges"] == []


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"nodes": [{}], "edges": []}', '{"nodes": 3, "edges": []}'])
def test_what_is_no_scene_graph_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(GraphFileError, match=r"other\.json"):
        load_spark_dsg(path)
    with pytest.raises(GraphFileError, match="cannot read"):
        load_spark_dsg(tmp_path / "missing.json")
