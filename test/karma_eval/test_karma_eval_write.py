"""Tasks written as files read back as themselves."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

import karma_eval
from karma_eval.suites import QUICK, SUITES, sample_tasks
from karma_eval.tasks import Milestone, Task, load_tasks
from karma_eval.write import to_yaml

DEMO = Path(karma_eval.__file__).parent / "demo.yaml"


@pytest.mark.parametrize("path", [DEMO, QUICK, *SUITES], ids=lambda path: path.stem)
def test_what_is_written_reads_back(path, tmp_path):
    tasks = load_tasks(path)
    out = tmp_path / "tasks.yaml"
    out.write_text(to_yaml(tasks, comment="Where from,\nand how."), encoding="utf-8")
    assert load_tasks(out) == tasks
    assert out.read_text().startswith("# Where from,\n# and how.\n- id: ")


def test_every_kind_of_milestone_and_odd_words_read_back(tmp_path):
    milestones = [
        {"in": ["Apple#a", "Sink|SinkBasin"], "count": 2},
        {"not": {"held": "Apple#a"}, "final": True},
        {"state": ["FloorLamp", "on"]},
        {"state": ["Mug#m", "filled:coffee"]},
        {"near": ["Apple", "Plate"]},
    ]
    say = 'He said: "don\'t", # nor 100 % – ever: no\\yes'
    task = Task.model_validate(
        {
            "id": "x",
            "class": "complex",
            "home": ["FloorPlan1", "FloorPlan201"],
            "setup": [{"state": ["FloorLamp", "off"]}, {"put": ["Mug#m", "Shelf"]}],
            "instructions": [{"say": say, "milestones": milestones, "needs": ["Apple#a"], "may": ["Bowl"]}],
        }
    )
    out = tmp_path / "tasks.yaml"
    out.write_text(to_yaml([task]), encoding="utf-8")
    assert load_tasks(out) == [task]
    # Readers of YAML 1.1 must not take a lamp's state for a truth value.
    old = YAML(typ="safe", pure=True)
    old.version = (1, 1)
    milestone = old.load(out.read_text())[0]["instructions"][0]["milestones"][2]
    assert Milestone.model_validate(milestone).state == "on"


def test_the_suites_are_as_large_and_wide_as_promised():
    suites = {path.stem: load_tasks(path) for path in SUITES}
    for name in ("simple", "composite", "complex"):
        assert len(suites[name]) >= 60
        assert {task.task_class.value for task in suites[name]} == {name}
    assert all(len(task.instructions) < 5 for task in suites["simple"])
    assert all(any(i.meanwhile for i in task.instructions) for task in suites["complex"])
    histories = suites["histories"]
    assert len(histories) >= 20
    assert min(len(task.instructions) for task in histories) >= 20
    assert min(len(task.home) for task in histories) >= 3
    plans = {task.scene for suite in suites.values() for task in suite if task.scene}
    assert len(plans) >= 60
    assert {int(plan.removeprefix("FloorPlan")) // 100 for plan in plans} == {0, 2, 3, 4}


def test_nobody_is_told_the_same_thing_twice():
    said = [i.say for path in SUITES for task in load_tasks(path) for i in task.instructions]
    assert len(set(said)) > 0.95 * len(said)


def test_a_sample_is_the_same_every_time():
    chosen = sample_tasks(SUITES[0], 7)
    assert len(chosen) == 7
    assert chosen == sample_tasks(SUITES[0], 7)
    assert len(sample_tasks(SUITES[0], 1000)) == len(load_tasks(SUITES[0]))
