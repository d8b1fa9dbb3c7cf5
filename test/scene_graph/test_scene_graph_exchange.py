"""Other people's graphs in, ours out."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import pytest
from boxworld import look_around, two_rooms

from scene_graph import SceneGraph
from scene_graph.exchange import load_spark_dsg, save_graphml, save_spark_dsg
from scene_graph.files import GraphFileError

APARTMENT = Path(__file__).resolve().parents[3] / "shared" / "data" / "scene_graph" / "apartment_dsg.json"


@pytest.fixture(scope="module")
def home() -> SceneGraph:
    graph = SceneGraph(map_id="home")
    for place, (x, y) in enumerate([(0.6, 0.6), (0.6, 2.4), (3.0, 3.5), (4.5, 2.0)]):
        for seen, view in look_around(two_rooms(), x, y, 10.0 * place):
            graph.observe(seen, view, robot_pose=(x, y, 0.0), stamp=10.0 * place)
    return graph


def test_graphml_holds_every_layer_with_positions(home: SceneGraph, tmp_path: Path) -> None:
    path = tmp_path / "home.graphml"
    save_graphml(home, path)
    read = nx.read_graphml(path)
    assert read.number_of_nodes() == home.network().number_of_nodes()
    (sofa,) = (d for _, d in read.nodes(data=True) if d.get("label") == "Sofa")
    assert (sofa["x"], sofa["y"], sofa["z"]) == pytest.approx(home.find("Sofa")[0].position, abs=1e-3)


def test_out_to_spark_dsg_and_back(home: SceneGraph, tmp_path: Path) -> None:
    path = tmp_path / "home.json"
    save_spark_dsg(home, path)
    again = load_spark_dsg(path)
    assert [o.label for o in again.objects()] == [o.label for o in home.objects()]
    for read, written in zip(again.objects(), home.objects(), strict=True):
        assert read.size == pytest.approx(written.size)
    assert sorted(again.areas.areas.values()) == sorted(home.areas.areas.values())
    assert [len(r.areas) for r in again.areas.rooms] == [len(r.areas) for r in home.areas.rooms]
    assert len(again.areas.edges) == len(home.areas.edges)
    assert again.rank_places("Apple", start=(1, 1))


def test_spark_dsg_itself_reads_what_we_write(home: SceneGraph, tmp_path: Path) -> None:
    spark_dsg = pytest.importorskip("spark_dsg", reason="pip install spark-dsg")
    path = tmp_path / "home.json"
    save_spark_dsg(home, path)
    read = spark_dsg.DynamicSceneGraph.load(str(path))
    names = [n.attributes.name for n in read.get_layer(spark_dsg.DsgLayers.OBJECTS).nodes]
    assert sorted(names) == sorted(o.label for o in home.objects())


@pytest.mark.skipif(not APARTMENT.is_file(), reason="needs ../shared/data/scene_graph")
def test_a_real_apartment_of_hydra_is_read() -> None:
    graph = load_spark_dsg(APARTMENT)
    data = json.loads(APARTMENT.read_text())
    objects = [n for n in data["nodes"] if n["attributes"]["type"] == "ObjectNodeAttributes"]
    assert len(graph) == len(objects) > 0
    assert len(graph.areas.areas) == sum(n["attributes"]["type"] == "PlaceNodeAttributes" for n in data["nodes"])
    assert all(o.label.startswith("class ") and o.size for o in graph.objects())
    SceneGraph.from_json(graph.to_json())


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"nodes": [{}], "edges": []}'])
def test_what_is_no_scene_graph_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(GraphFileError, match=r"other\.json"):
        load_spark_dsg(path)
    with pytest.raises(GraphFileError, match="cannot read"):
        load_spark_dsg(tmp_path / "missing.json")
