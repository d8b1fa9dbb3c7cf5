"""Reading ALFRED's annotations, and splitting them by floor plan."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from planner_node.learned.data import DataError, Step, read_examples, split_floor_plans
from planner_node.learned.labels import ACTIONS, STEP_OBJECTS, STEP_PLACES, GoalSpace

ALFRED = Path(__file__).resolve().parents[3] / "shared" / "data" / "alfred_train.jsonl.gz"

TASK = {
    "task_type": "pick_and_place_simple",
    "pddl_params": {
        "mrecep_target": "",
        "object_sliced": False,
        "object_target": "CellPhone",
        "parent_target": "Bed",
        "toggle_target": "",
    },
    "floor_plan": "FloorPlan301",
    "object_poses": [{"name": "CellPhone_b9003495"}, {"name": "Mug_2a940808"}],
    "plan": [
        ["GotoLocation", ["desk"]],
        ["PickupObject", ["cellphone"]],
        ["PutObject", ["cellphone", "bed"]],
        ["NoOp", []],
    ],
    "annotations": [
        {"task": "Put the phone on the bed.", "steps": ["Go to the desk.", "Take the phone.", "Lay it on the bed."]},
        {"task": "Phone to bed.", "steps": ["Do it all in one."]},
    ],
}


def written(folder, *lines):
    path = folder / "tasks.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def test_steps_line_up_with_the_experts_plan(tmp_path):
    first, second = read_examples(written(tmp_path, json.dumps(TASK)))
    assert first.goal == ("pick_and_place_simple", "CellPhone", "", "Bed", "", "False")
    assert first.home == {"CellPhone", "Mug"}
    assert first.steps == (
        Step("Go to the desk.", "GotoLocation", "", "Desk"),
        Step("Take the phone.", "PickupObject", "CellPhone", ""),
        Step("Lay it on the bed.", "PutObject", "CellPhone", "Bed"),
    )
    assert second.task == "Phone to bed."
    assert second.steps == ()  # they do not line up


def test_plain_json_lines_are_read_too(tmp_path):
    path = tmp_path / "tasks.jsonl"
    path.write_text(json.dumps(TASK), encoding="utf-8")
    assert len(read_examples(path)) == 2


@pytest.mark.parametrize("line", ["{", "[]", '{"task_type": "pick_and_place_simple"}'])
def test_errors_name_file_and_line(tmp_path, line):
    path = written(tmp_path, json.dumps(TASK), line)
    with pytest.raises(DataError, match=rf"{path.name}, line 2"):
        read_examples(path)


def test_absent_annotations_are_an_error_that_says_what_to_give(tmp_path):
    with pytest.raises(DataError, match="alfred_train"):
        read_examples(tmp_path / "nothing.jsonl.gz")


def test_split_keeps_homes_whole_and_kinds_of_rooms_even():
    plans = [f"FloorPlan{base + i}" for base in (0, 200, 300, 400) for i in range(1, 28)]
    split = split_floor_plans(plans * 3, seed=0)
    assert set(split) == set(plans)
    counts = Counter((int(plan.removeprefix("FloorPlan")) // 100, part) for plan, part in split.items())
    assert {counts[kind, "held_out"] for kind in (0, 2, 3, 4)} == {3}
    assert {counts[kind, "dev"] for kind in (0, 2, 3, 4)} == {2}
    assert split == split_floor_plans(reversed(plans), seed=0)
    assert split != split_floor_plans(plans, seed=1)


@pytest.mark.skipif(not ALFRED.is_file(), reason="ALFRED's annotations are not beside the repository")
def test_alfreds_annotations_are_all_within_the_labels():
    examples = read_examples(ALFRED)
    space = GoalSpace.build()
    goals = {space.goal(row) for row in range(len(space.indices))}
    assert len(examples) == 21025
    assert {example.goal for example in examples} <= goals
    assert sum(not example.steps for example in examples) == 21
    for example in examples:
        for step in example.steps:
            assert step.action in ACTIONS
            assert step.thing in STEP_OBJECTS
            assert step.place in STEP_PLACES
