"""Records of actions, and replays of runs."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karma_eval.condition import Condition
from karma_eval.errors import EvalError
from karma_eval.recording import compress, expand
from karma_eval.replay import find_run, replay
from karma_eval.runner import RUNS, evaluate, plan_jobs

SUITE = """
- id: short
  class: simple
  scene: FloorPlan402
  instructions: [{say: "Put the soap bar in the sink.", milestones: [{in: [SoapBar, SinkBasin]}]}]
"""


@given(st.lists(st.sampled_from(["MoveAhead", "MoveAhead !", "RotateRight degrees=45.0", "Put text='3*4'"])))
def test_what_was_compressed_expands_to_itself(actions):
    assert expand(compress(actions)) == actions


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    suite = folder / "suite.yaml"
    suite.write_text(SUITE)
    evaluate(plan_jobs([suite], [Condition()], 1), folder / "out")
    return folder / "out"


@pytest.mark.sim
@pytest.mark.timeout(300)
def test_a_run_replays_action_by_action(results):
    record = find_run(str(results))
    assert record["actions"]
    found = replay(record)
    assert found.differences == ()
    assert found.actions == len(expand(record["actions"]))
    assert found.notes == ()


@pytest.mark.sim
@pytest.mark.timeout(300)
def test_a_record_that_was_changed_is_found_out(results):
    record = json.loads(json.dumps(find_run(f"{results}:short")))
    actions = expand(record["actions"])
    record["actions"] = compress([*actions[:5], "Pass", *actions[6:]])
    record["instructions"][0]["claimed"] = not record["instructions"][0]["claimed"]
    differences = replay(record).differences
    assert any(text.startswith("action 6: Pass in the record") for text in differences)
    assert "instruction 1: claimed differs" in differences


def test_runs_are_found_by_id_task_and_line(tmp_path):
    lines = [
        {"job": str(n), "run": f"abc{n}", "task": task, "memory": "full", "seed": n}
        for n, task in enumerate(["one", "two", "two"])
    ]
    (tmp_path / RUNS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert find_run(f"{tmp_path}:abc1")["run"] == "abc1"
    assert find_run(f"{tmp_path / RUNS}:one")["run"] == "abc0"
    assert find_run(f"{tmp_path}:3")["run"] == "abc2"
    for wrong, words in ((":two", "2 such runs"), (":three", "no run 'three'"), ("", "3 such runs")):
        with pytest.raises(EvalError, match=words):
            find_run(f"{tmp_path}{wrong}")
    with pytest.raises(EvalError, match=r"no runs\.jsonl"):
        find_run(str(tmp_path / "elsewhere"))
    with pytest.raises(EvalError, match="another release"):
        replay(lines[0])
