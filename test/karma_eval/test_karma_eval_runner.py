"""Evaluations go on where they stopped; runs repeat to the last digit."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from karma_eval.condition import Condition
from karma_eval.errors import EvalError
from karma_eval.metrics import summarise
from karma_eval.runner import RUNS, check_player, evaluate, load_records, plan_jobs, write_results
from karma_eval.stack import make_planner
from karma_eval.suites import SUITES
from sim.errors import SimulatorStartError
from sim.simulation import Simulation

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


def test_a_missing_unity_player_is_told_before_anything_is_run(suite, monkeypatch):
    def missing(scene, *, real_thor=False):
        raise SimulatorStartError(f"Could not start the real AI2-THOR player with {scene}")

    monkeypatch.setattr(Simulation, "start", missing)
    with pytest.raises(SimulatorStartError, match="FloorPlan402"):
        check_player(plan_jobs([suite], [Condition()], 1, real_thor=True))
    check_player(plan_jobs([suite], [Condition()], 1))
    with pytest.raises(EvalError, match=r"no composed homes, as history-01, history-02, history-03 …"):
        check_player(plan_jobs([SUITES[-1]], [Condition()], 1, real_thor=True))


ERRANDS = """
- id: a
  class: simple
  scene: FloorPlan402
  instructions: &get [{say: "Get the soap.", milestones: [{held: SoapBar}]}]
- {id: b, class: simple, scene: FloorPlan403, instructions: *get}
- id: c
  class: simple
  scene: FloorPlan402
  instructions: [{say: "Pick up the plant.", milestones: [{held: SoapBar}]}]
"""


def session(pid):
    """What still runs in a session, zombies left aside."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(fields[3]) == pid and fields[0] != "Z":
            found.append(status.parent.name)
    return found


@pytest.mark.sim
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the processes of a session from /proc")
@pytest.mark.timeout(300)
def test_an_evaluation_killed_in_the_middle_leaves_no_process_and_goes_on_to_the_same_results(tmp_path):
    suite = tmp_path / "errands.yaml"
    suite.write_text(ERRANDS)
    runs = tmp_path / "out" / RUNS
    command = [sys.executable, "-m", "karma_cli", "eval", str(suite), "--memory", "full", "--planner", "rules"]
    command += ["--jobs", "2", "--pictures", "0", "--out", str(runs.parent)]
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL) as parent:
        while not runs.exists() or not runs.read_bytes():
            assert parent.poll() is None
            time.sleep(0.05)
        parent.kill()
    while session(parent.pid):  # the test's time limit is the limit of their patience
        time.sleep(0.05)
    before = load_records(runs.parent)
    assert 0 < len(before) < 3

    jobs = plan_jobs([suite], [Condition(planner="rules")], 1)
    resumed, whole = evaluate(jobs, runs.parent), evaluate(jobs, tmp_path / "whole")
    assert all(record in resumed for record in before)
    for record in (*resumed, *whole):
        for item in record["instructions"]:
            item.pop("planning_seconds")  # wall time
    assert resumed == whole


EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def test_a_planner_of_ones_own_is_loaded_from_its_file_and_what_is_none_is_refused(tmp_path):
    planner = make_planner(f"{EXAMPLES / 'two_word_planner.py'}:TwoWordPlanner")
    assert planner.name == "two words"
    other = tmp_path / "other.py"
    other.write_text("class Other:\n    name = 'other'\n")
    with pytest.raises(EvalError, match="no planner: it needs"):
        make_planner(f"{other}:Other")
    with pytest.raises(EvalError, match="defines no Another"):
        make_planner(f"{other}:Another")
    with pytest.raises(EvalError, match=r"missing\.py cannot be loaded as a planner"):
        make_planner("missing.py:Any")
