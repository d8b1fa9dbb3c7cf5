"""Evaluations go on where they stopped; runs repeat to the last digit."""

import json

import pytest

from karma_eval.condition import Condition
from karma_eval.errors import EvalError
from karma_eval.metrics import summarise
from karma_eval.runner import RUNS, evaluate, load_records, plan_jobs, write_results

SUITE = """
- id: fits
  class: simple
  scene: FloorPlan402
  instructions: [{say: "Go to the sink.", milestones: [{held: SoapBar}]}]
- id: does-not-fit
  class: simple
  scene: FloorPlan402
  setup: [{put: [Fridge, Bed]}]
  instructions: [{say: "Go to the sink."}]
"""


@pytest.fixture
def suite(tmp_path):
    path = tmp_path / "suite.yaml"
    path.write_text(SUITE)
    return path


def test_jobs_are_all_tasks_conditions_and_seeds(suite):
    jobs = plan_jobs([suite], [Condition(), Condition(memory="none")], 3)
    assert len({job.key for job in jobs}) == len(jobs) == 12


@pytest.mark.sim
@pytest.mark.timeout(300)
def test_an_evaluation_resumes_repeats_and_reports_what_does_not_fit(suite, tmp_path):
    jobs = plan_jobs([suite], [Condition()], 1)
    first = evaluate(jobs, tmp_path / "one")
    fits, other = first
    assert fits["error"] is None
    assert fits["judged"] is False
    assert "no Fridge" in other["error"]

    done = []
    runs = tmp_path / "one" / RUNS
    whole = runs.read_text()
    cut = next(line for line in whole.splitlines() if '"fits"' in line)[:-9]
    runs.write_text(json.dumps(other) + "\n" + cut)
    again = evaluate(jobs, tmp_path / "one", on_run=lambda n, total, record: done.append(record["task"]))
    assert done == ["fits"]
    for record in (*first, *again):
        for item in record["instructions"]:
            item.pop("planning_seconds", None)  # wall time
    assert again == first

    data = json.loads(write_results(again, summarise(again[:1]), tmp_path / "one").read_text())
    assert data["failed"] == 1
    assert data["summary"][0]["SR"] == 0.0
    assert not {"actions", "definition"} & set(data["runs"][0])


def test_runs_of_other_jobs_stay_and_are_not_returned(suite, tmp_path):
    other = {"job": "of another evaluation", "task": "x"}
    (tmp_path / RUNS).write_text(json.dumps(other))
    assert evaluate([], tmp_path) == []
    assert load_records(tmp_path) == [other]
    assert (tmp_path / RUNS).read_text().endswith("\n")


def test_an_edited_task_is_another_run(suite):
    before = {job.key for job in plan_jobs([suite], [Condition()], 1)}
    suite.write_text(SUITE.replace("held: SoapBar", "held: SoapBottle"))
    assert len(before & {job.key for job in plan_jobs([suite], [Condition()], 1)}) == 1


def test_the_same_suite_twice_is_refused(suite):
    with pytest.raises(EvalError, match="given twice"):
        plan_jobs([suite, suite], [Condition()], 1)


@pytest.mark.sim
@pytest.mark.timeout(300)
def test_a_stack_that_crashes_has_failed_the_task_and_the_others_go_on(suite, tmp_path, monkeypatch):
    def crash(*args, **kwargs):
        raise RuntimeError("short circuit")

    monkeypatch.setattr("karma_eval.runner.run_history", crash)
    records = evaluate(plan_jobs([suite], [Condition()], 1), tmp_path)
    assert [r["judged"] for r in records] == [False, False]
    assert "short circuit" in records[0]["crash"]
    data = json.loads(write_results(records, summarise(records), tmp_path).read_text())
    assert (data["failed"], data["summary"][0]["SR"]) == (0, 0.0)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / RUNS).write_text("not a run\n{}\n")
    with pytest.raises(EvalError, match=RUNS.replace(".", r"\.")):
        load_records(tmp_path)
