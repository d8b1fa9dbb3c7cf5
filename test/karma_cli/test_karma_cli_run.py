"""The whole stack in this process: `karma run` and `karma graph` on the headless simulator."""

import json

import pytest
from typer.testing import CliRunner

from karma_cli.main import app
from scene_graph import SceneGraph

pytestmark = pytest.mark.sim


def karma(*arguments):
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.timeout(300)
def test_an_instruction_is_carried_out_and_judged(tmp_path):
    milestones, out = tmp_path / "m.yaml", tmp_path / "out.json"
    milestones.write_text("- [{held: Apple#a}, {in: [Apple#a, Fridge]}]\n")
    result = karma(
        *("run", "--scene", "FloorPlan1", "Put the apple in the fridge."),
        *("--milestones", str(milestones), "--json", str(out)),
    )
    assert result.exit_code == 0, result.output
    assert "carried out" in result.output
    data = json.loads(out.read_text())
    (item,) = data["instructions"]
    assert item["claimed"] is True
    assert item["judged"] is True
    assert item["plan"]["steps"]
    assert {s["skill"] for s in item["skills"]} >= {"go_to", "pick_up", "put"}
    assert item["recalled"]
    assert item["actions"] > 0
    assert item["seconds"] > 0
    assert isinstance(item["searched"], list)


@pytest.mark.timeout(300)
def test_what_is_not_there_is_not_claimed(tmp_path):
    out = tmp_path / "out.json"
    result = karma("run", "--scene", "FloorPlan402", "Slice the tomato.", "--json", str(out), "--quiet")
    assert result.exit_code == 1, result.output
    (item,) = json.loads(out.read_text())["instructions"]
    assert item["claimed"] is False
    assert item["judged"] is None
    assert item["reason"]


@pytest.mark.timeout(300)
def test_a_graph_is_built_shown_and_used_as_a_map(tmp_path):
    home, picture = tmp_path / "home.json", tmp_path / "home.png"
    built = karma("graph", "build", "--scene", "FloorPlan403", "--out", str(home), "--seconds", "60")
    assert built.exit_code == 0, built.output
    shown = karma("graph", "show", str(home), "--json")
    graph = json.loads(shown.output)
    assert graph["map_id"] == "FloorPlan403"
    labels = {o["label"] for room in graph["rooms"] for area in room["areas"] for o in area["objects"]}
    assert labels & {"Toilet", "Sink", "SinkBasin", "Bathtub", "CounterTop"}
    assert karma("graph", "show", str(home), "--png", str(picture)).exit_code == 0
    assert picture.stat().st_size > 10_000
    learned = tmp_path / "learned.json"
    went = karma(
        *("run", "--scene", "FloorPlan403", "Go to the toilet.", "--quiet"),
        *("--map", str(home), "--save-map", str(learned)),
    )
    assert went.exit_code == 0, went.output
    assert SceneGraph.load(learned).habits.counts
    wrong = karma("run", "--scene", "FloorPlan1", "--map", str(home), "Wash the apple.")
    assert wrong.exit_code == 2
    assert "FloorPlan403" in wrong.output
