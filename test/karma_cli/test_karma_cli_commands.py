"""The command line as a user meets it: help, good input, bad input."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from karma_cli.main import app

APARTMENT = Path(__file__).resolve().parents[3] / "shared" / "data" / "scene_graph" / "apartment_dsg.json"


def karma(*arguments, stdin=None):
    return CliRunner().invoke(app, list(arguments), input=stdin)


def test_help_is_quick_and_names_the_commands():
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "karma_cli", "--help"], capture_output=True, text=True, check=True)
    assert time.monotonic() - began < 5.0
    for command in ("run", "eval", "parse", "graph", "policies", "bench", "sim"):
        assert f" {command} " in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        ["run"],
        ["eval"],
        ["parse"],
        ["graph"],
        ["graph", "build"],
        ["graph", "show"],
        ["graph", "export"],
        ["graph", "import"],
        ["policies"],
        ["bench"],
    ],
)
def test_every_command_explains_itself(command):
    result = karma(*command, "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 5


def test_help_loads_none_of_the_heavy_parts():
    code = (
        "import sys; from karma_cli.main import app\n"
        "heavy = {'numpy', 'scipy', 'ai2thor', 'matplotlib', 'networkx', 'rclpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def fails(result, *words):
    assert result.exit_code == 2, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    for word in words:
        assert word in result.output, result.output


def test_unknown_scenes_get_suggestions_and_ranges():
    fails(karma("run", "--scene", "FlorPlan1", "Wash the apple."), "FloorPlan1", "201–230")
    fails(karma("run", "--scene", "FloorPlan99", "Wash the apple."), "Valid scenes")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["say what the robot shall do"]),
        ([""], ["empty"]),
        (["  "], ["empty"]),
        (["Wash it.", "--milestones", "none.yaml"], ["none.yaml", "cannot be read"]),
        (["Wash it.", "--map", "none.json"], ["none.json", "karma graph build"]),
        (["Wash it.", "--save-map", "home.json", "--memory", "none"], ["--memory full", "no long-term memory"]),
        (["Wash it.", "--save-map", "nowhere/home.json"], ["nowhere", "no such folder"]),
        (["Wash it.", "--memory", "much"], ["much"]),
        (["Wash it.", "--planner", "oracle"], ["oracle"]),
        (["--task", "none.yaml"], ["none.yaml"]),
        (["Wash it.", "--task", "none.yaml"], ["leave those out"]),
    ],
)
def test_bad_requests_get_one_clear_message(arguments, words):
    fails(karma("run", *arguments), *words)


def test_malformed_milestones_are_told_with_file_and_line(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text("- [{state: [Apple, shiny]}]\n")
    fails(karma("run", "Wash the apple.", "--milestones", str(path)), "m.yaml:1", "shiny")
    path.write_text("- []\n- []\n")
    fails(karma("run", "Wash the apple.", "--milestones", str(path)), "2 instruction(s)")


def test_a_task_is_chosen_by_its_id(tmp_path):
    path = tmp_path / "t.yaml"
    one = "- {id: %s, class: simple, scene: FloorPlan1, instructions: [{say: Wash it.}]}\n"
    path.write_text(one % "a" + one % "b")
    fails(karma("run", "--task", str(path)), "choose one")
    fails(karma("run", "--task", f"{path}:c"), "no task 'c'", "a, b")


def test_parse_prints_one_object_a_line():
    result = karma("parse", stdin="Wash the red apple.\n\nPut it in the fridge and close it.\n")
    assert result.exit_code == 0
    first, empty, second = (json.loads(line) for line in result.output.splitlines())
    assert first["intents"][0]["skill"] == "wash"
    assert "empty" in empty["error"]
    assert second["instruction"] == "Put it in the fridge and close it."


def test_every_line_gets_alfred_fields_and_a_reason_where_there_are_none():
    result = karma("parse", "--format", "alfred", stdin="Put a clean mug in the cabinet.\n\n?!\n" + "put it " * 900)
    assert result.exit_code == 0
    rows = [json.loads(line) for line in result.output.splitlines()]
    fields = {"task_type", "object_target", "mrecep_target", "parent_target", "toggle_target", "object_sliced"}
    assert all(fields <= row.keys() for row in rows)
    assert rows[0]["object_target"] == "Mug"
    assert ["error" in row for row in rows] == [False, True, True, True]


def test_policies_are_compared(tmp_path):
    trace = tmp_path / "trace.txt"
    trace.write_text("\n".join("abcabdabe"))
    result = karma("policies", str(trace), "--capacity", "2", "--policy", "lru,opt", "--json")
    assert result.exit_code == 0
    rates = {row["policy"]: row["rate"] for row in json.loads(result.output)}
    assert 0 <= rates["lru"] <= rates["opt"] < 1
    fails(karma("policies", str(trace), "--policy", "best"), "best", "lru")
    fails(karma("policies", str(trace), "--format", "csv"), "csv", "lirs")
    fails(karma("policies", str(tmp_path / "none.txt")), "none.txt")
    fails(karma("policies", str(trace), "--capacity", "2,x"), "2,x")


def test_policies_are_compared_over_capacities_on_what_robots_touch(tmp_path):
    tasks = tmp_path / "tasks.jsonl"
    homes = ("FloorPlan1", "FloorPlan2")
    plan = [["GotoLocation", ["mug"]], ["PickupObject", ["mug"]], ["PutObject", ["mug", "sink"]], ["NoOp", []]]
    tasks.write_text("".join(json.dumps({"floor_plan": home, "plan": plan}) + "\n" for home in homes for _ in range(3)))
    picture = tmp_path / "rates.png"
    options = ("--format", "alfred", "--capacity", "1,2", "--policy", "lru,opt", "--plot", str(picture), "--json")
    result = karma("policies", str(tasks), *options)
    assert result.exit_code == 0
    rates = {(row["policy"], row["capacity"]): row for row in json.loads(result.output)}
    assert {row["requests"] for row in rates.values()} == {24}
    assert rates["lru", 2]["hits"] == 24 - 4  # two things in each of two homes
    assert rates["opt", 1]["hits"] >= rates["lru", 1]["hits"]
    assert picture.stat().st_size > 0
    tasks.write_text('{"floor_plan": "FloorPlan1"}\n')
    fails(karma("policies", str(tasks), "--format", "alfred"), "tasks.jsonl")


def test_eval_refuses_what_it_does_not_know(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text("- {id: a, class: simple, scene: FloorPlan1, instructions: [{say: Wash it.}]}\n")
    fails(karma("eval", str(path), "--memory", "full,much", "--out", str(tmp_path / "out")), "much", "no-ltm")
    fails(karma("eval", str(tmp_path / "none.yaml")), "none.yaml")


@pytest.mark.skipif(not APARTMENT.is_file(), reason="needs ../shared/data/scene_graph")
def test_graphs_of_other_tools_come_in_and_go_out(tmp_path):
    ours, spark, xml = tmp_path / "ours.json", tmp_path / "spark.json", tmp_path / "home.graphml"
    taken = karma("graph", "import", str(APARTMENT), "--out", str(ours))
    assert taken.exit_code == 0, taken.output
    shown = json.loads(karma("graph", "show", str(ours), "--json").output)
    assert shown["rooms"]
    for out in (spark, xml):
        written = karma("graph", "export", str(ours), "--out", str(out))
        assert written.exit_code == 0, written.output
        back = tmp_path / f"back_{out.stem}.json"
        assert karma("graph", "import", str(out), "--out", str(back)).exit_code == 0
        assert json.loads(karma("graph", "show", str(back), "--json").output)["rooms"] == shown["rooms"]
    fails(karma("graph", "export", str(ours), "--out", str(ours)), "another name")
    fails(karma("graph", "export", str(ours), "--out", str(tmp_path / "home.txt")), "spark-dsg", "graphml")
    fails(karma("graph", "import", str(xml), "--out", str(spark)), "no scene graph")


def test_a_file_that_is_no_graph_is_refused(tmp_path):
    path = tmp_path / "home.json"
    path.write_text("{}")
    fails(karma("graph", "show", str(path)), "home.json")
    fails(karma("graph", "show", str(tmp_path / "none.json")), "none.json")


def test_unknown_benchmarks_are_refused():
    fails(karma("bench", "nonsense"), "nonsense")
