"""ALFRED's records become tasks; what does not fit is skipped with a reason."""

import gzip
import json

import pytest

from karma_eval.alfred_import import import_histories, import_tasks
from karma_eval.alfred_records import fingerprint, read_records
from karma_eval.alfred_tasks import UnfitError, to_task
from karma_eval.errors import EvalError

GOAL = {
    "object_target": "Tomato",
    "parent_target": "Fridge",
    "mrecep_target": "",
    "toggle_target": "",
    "object_sliced": False,
}


def line(name="trial_1", task_type="pick_and_place_simple", plan="FloorPlan1", **goal):
    return {
        "task_id": name,
        "task_type": task_type,
        "pddl_params": GOAL | goal,
        "floor_plan": plan,
        "object_poses": [{"name": "Tomato_1234", "p": [0.0, 0.9, 0.0]}],
        "object_toggles": [{"isOn": False, "objectType": "DeskLamp"}],
        "annotations": [{"task": "Chill the tomato. "}],
    }


def write(tmp_path, *lines):
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in lines))
    return path


def test_both_layouts_say_the_same(tmp_path):
    (flat,) = read_records(write(tmp_path, line()))
    packed = tmp_path / "records.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(line()).encode()))
    assert list(read_records(packed)) == [flat]
    old = line()
    folder = tmp_path / "json_2.1.0" / "train" / "some-task" / "trial_1"
    folder.mkdir(parents=True)
    data = {key: old[key] for key in ("task_id", "task_type", "pddl_params")}
    pose = {"objectName": "Tomato_1234", "position": {"x": 0.0, "y": 0.9, "z": 0.0}, "rotation": {}}
    data["scene"] = {"floor_plan": "FloorPlan1", "object_poses": [pose], "object_toggles": old["object_toggles"]}
    data["turk_annotations"] = {"anns": [{"task_desc": "Chill the tomato. "}]}
    (folder / "traj_data.json").write_text(json.dumps(data))
    assert list(read_records(tmp_path / "json_2.1.0")) == [flat]
    assert len(fingerprint(tmp_path / "json_2.1.0")) == 64


@pytest.mark.parametrize("text", ["{", "[1]", '{"task_id": 1}', "\n\n3\n"])
def test_what_is_no_record_is_refused_with_its_line(tmp_path, text):
    path = tmp_path / "records.jsonl"
    path.write_text(text)
    with pytest.raises(EvalError, match=r"records\.jsonl:\d"):
        list(read_records(path))


def test_missing_and_damaged_files_say_what_to_do(tmp_path):
    with pytest.raises(EvalError, match=r"download_data\.sh"):
        list(read_records(tmp_path))
    path = tmp_path / "records.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(line()).encode())[:-9])
    with pytest.raises(EvalError, match="fetch it again"):
        list(read_records(path))


@pytest.mark.parametrize(
    ("task_type", "goal", "expected"),
    [
        ("pick_and_place_simple", {}, ["in(Tomato#o, Fridge)"]),
        (
            "pick_heat_then_place_in_recep",
            {"object_sliced": True},
            ["state(Tomato#o, sliced)", "state(TomatoSliced#o, hot)", "in(TomatoSliced#o, Fridge)"],
        ),
        ("pick_two_obj_and_place", {"parent_target": "SinkBasin"}, ["in(Tomato, Sink|SinkBasin) × 2"]),
        (
            "look_at_obj_in_light",
            {"parent_target": "", "toggle_target": "DeskLamp"},
            ["held(Tomato#o)", "state(DeskLamp#l, on)"],
        ),
        (
            "pick_and_place_with_movable_recep",
            {"mrecep_target": "Plate"},
            ["in(Tomato#o, Plate#m)", "in(Plate#m, Fridge)", "in(Tomato#o, Fridge) at the end"],
        ),
    ],
)
def test_goals_become_milestones(tmp_path, task_type, goal, expected):
    (record,) = read_records(write(tmp_path, line(task_type=task_type, **goal)))
    task = to_task(record, [], sentence=0)
    assert task.instructions[0].say == "Chill the tomato."
    assert [str(m) for m in task.instructions[0].milestones] == expected


def test_what_is_no_more_is_a_reason(tmp_path):
    (record,) = read_records(write(tmp_path, line(parent_target="Sled")))
    with pytest.raises(UnfitError, match="no Sled any more"):
        to_task(record, [], sentence=0)


@pytest.mark.sim
def test_records_that_do_not_fit_are_counted(tmp_path):
    path = write(tmp_path, line(), line("trial_2", parent_target="Sled"), line("trial_3", parent_target="CounterTop"))
    imported = import_tasks(path, proved=True)
    assert [task.id for task in imported.tasks] == ["alfred-trial_1-0"]
    assert imported.skipped.total() == 2
    assert "there is no Sled any more" in imported.skipped


@pytest.mark.sim
def test_a_history_draws_until_it_is_long_enough_or_says_that_there_is_no_more(tmp_path):
    lost = [line(f"trial_{n}") for n in range(3)]
    for record in lost:
        record["object_poses"] = []  # nobody knows where it might have come from, so nobody puts it back
    path = write(tmp_path, *lost, line("trial_5", parent_target="SinkBasin"))
    whole = import_histories(path, histories=1, length=2)
    assert [len(task.instructions) for task in whole.tasks] == [2]
    assert whole.short == []
    cut = import_histories(path, histories=1, length=4)
    assert len(cut.tasks[0].instructions) < 4
    (words,) = cut.short
    assert "instructions, not 4" in words
    assert cut.skipped["its goal already holds in the scene"] > 0


@pytest.mark.sim
def test_what_people_wished_for_before_is_undone_by_somebody_else(tmp_path):
    wishes = [line(f"trial_{n}") for n in range(3)]
    for record in wishes:
        record["object_poses"] = [{"name": "Tomato_1234", "p": [-0.4, 1.1, -0.5]}]  # on the counter
    path = write(tmp_path, *wishes)
    history = import_histories(path, histories=1, length=3)
    (task,) = history.tasks
    assert len(task.instructions) == 3
    assert [len(instruction.meanwhile) for instruction in task.instructions] == [1, 1, 0]
