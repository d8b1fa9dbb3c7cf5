"""What failed is listed with its cause, the worst first, and drawn from the run's record."""

import json

import pytest

from karma_eval.condition import Condition
from karma_eval.failures import causes, list_failures, worst
from karma_eval.pictures import draw_failures, parse_action
from karma_eval.recording import _text, compress, expand
from karma_eval.runner import evaluate, plan_jobs

SUITE = """
- id: sink
  class: simple
  scene: FloorPlan402
  setup: [{put: [SoapBar, CounterTop]}]
  instructions:
    - {say: "Go to the sink.", milestones: [{held: SoapBar}]}
    - {say: "Pick up the soap bar.", milestones: [{on: [SoapBar, Toilet]}]}
"""


def item(*, claimed=False, judged=False, skills=(), harm=(), searched=()):
    return {
        "instruction": "Do it.",
        "claimed": claimed,
        "judged": judged,
        "reason": "",
        "judge_error": None,
        "skills": [{"skill": "put", "object": "Mug", "code": code, "message": ""} for code in skills],
        "searched": list(searched),
        "harm": list(harm),
        "milestones": [{"milestone": "held(Mug)", "met": judged, "stamp": None}],
    }


def run(task, *items, memory="full", **more):
    return {"task": task, "run": task, "memory": memory, "instructions": list(items), **more}


def test_the_cause_is_told_by_what_happened():
    runs = [
        run("a", item(claimed=True), item(judged=True), item()),
        run("b", item(skills=["ok", "no_room"]), item(skills=["ok"], searched=["sofa"]), item(skills=["ok"])),
        run("c", item(harm=[{"label": "Vase", "kind": "broken"}])),
        run("d", crash="Traceback …\nValueError: short circuit\n"),
    ]
    failures = list_failures(runs)
    kinds = {f.name: f.kind for f in failures}
    assert kinds["a-1"].startswith("the robot did something else")
    assert kinds["a-3"].startswith("not understood")
    assert kinds["b-1"] == "a skill failed: no room"
    assert kinds["b-2"].startswith("not found")
    assert kinds["b-3"] == "given up on the way"
    assert kinds["c-1"].startswith("something was spoiled")
    assert failures[0].claimed
    broken = next(f for f in failures if f.run["task"] == "d")
    assert broken.cause == "ValueError: short circuit"
    assert broken.item == {}
    assert sum(n for _, n in causes(failures)) == len(failures) == 7


def test_the_worst_are_of_every_kind_and_of_another_task_each():
    runs = [run(f"t{n}", item(claimed=True), item(claimed=True)) for n in range(5)]
    runs += [run("vague", item(), memory="none"), run("harm", item(harm=[{"label": "Egg", "kind": "broken"}]))]
    chosen = worst(list_failures(runs), 4)
    assert [f.run["task"] for f in chosen] == ["harm", "t0", "vague", "t1"]
    assert worst([], 3) == []
    assert len(worst(list_failures(runs), 100)) == 7


@pytest.mark.parametrize(
    "text",
    [
        "Pass",
        "MoveAhead moveMagnitude=0.25 !",
        "PickupObject objectId='Butter Knife|-00.41|+01.11'",
        "PlaceObjectAtPoint objectId='Mug|1' position={x:-1.5,y:0.9,z:1e-07}",
        "SetObjectPoses objectPoses=[{objectName:'Mug_1',position:{x:0.0,y:1.0,z:2.0}}] placeStationary=False",
        'Say text="it\'s x=1"',
    ],
)
def test_an_action_is_read_as_it_was_written(text):
    name, arguments, succeeded = parse_action(text)
    written = "".join(f" {key}={_text(value)}" for key, value in sorted(arguments.items()))
    assert f"{name}{written}{'' if succeeded else ' !'}" == text


@pytest.mark.sim
@pytest.mark.timeout(300)
def test_a_failure_is_drawn_from_its_record_and_not_when_its_actions_do_otherwise(tmp_path):
    suite = tmp_path / "suite.yaml"
    suite.write_text(SUITE)
    evaluate(plan_jobs([suite], [Condition(planner="rules")], 1), tmp_path / "out")
    (record,) = [json.loads(line) for line in (tmp_path / "out" / "runs.jsonl").read_text().splitlines()]
    assert record["marks"] == sorted(record["marks"])
    assert record["marks"][-1] <= len(expand(record["actions"]))
    first, second = sorted(list_failures([record]), key=lambda f: f.index)

    drawn = draw_failures([first, second], tmp_path / "pictures")
    assert set(drawn) == {first.name, second.name}
    assert "SoapBar" in drawn[first.name]
    assert "Toilet" in drawn[second.name]
    assert "Toilet" not in drawn[first.name]
    assert all(len(picture) < 60_000 for picture in drawn.values())

    actions = expand(record["actions"])
    done = next(n for n, action in enumerate(actions) if action.startswith("MoveAhead") and not action.endswith(" !"))
    actions[done] += " !"
    other = list_failures([{**record, "run": "other", "actions": compress(actions)}])
    assert draw_failures(other, tmp_path / "pictures") == {}
