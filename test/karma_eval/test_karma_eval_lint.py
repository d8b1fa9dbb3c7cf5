"""Tasks that cannot be tests are found before anybody runs them."""

from pathlib import Path

import pytest

import karma_eval
from karma_eval.lint import lint
from karma_eval.proof import prove
from karma_eval.tasks import Task, load_tasks
from karma_eval.world import World
from sim.simulation import Simulation

pytestmark = pytest.mark.sim


@pytest.fixture(scope="module")
def simulation():
    with Simulation.start("FloorPlan1") as running:
        yield running


def task(milestone, **extra):
    instruction = {"say": "Do it.", "milestones": [milestone] if milestone else []}
    return Task.model_validate(
        {"id": "t", "class": "simple", "scene": "FloorPlan1", "instructions": [instruction], **extra}
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (task({"held": "Sofa"}), "no Sofa"),
        (task({"state": ["Fridge", "closed"]}), "already holds"),
        (task({"on": ["Apple", "CounterTop"]}), "already holds"),
        (task(None), "no milestones"),
        (task({"held": "Apple"}, setup=[{"put": ["Bathtub", "Shelf"]}]), "no Bathtub"),
    ],
)
def test_misfits_are_found(simulation, wrong, words):
    problems = lint(wrong, simulation)
    assert any(words in problem for problem in problems), problems


def test_slices_exist_where_there_is_something_to_slice(simulation):
    assert lint(task({"on": ["TomatoSliced", "Plate"]}), simulation) == []


@pytest.mark.parametrize("name", ["demo.yaml", "quick.yaml"])
def test_the_tasks_that_ship_fit_their_scenes(simulation, name):
    for shipped in load_tasks(Path(karma_eval.__file__).parent / name):
        assert lint(shipped, simulation) == [], shipped.id
        assert prove(shipped, simulation).problems == [], shipped.id


def test_the_oracle_finds_what_cannot_be_reached(simulation):
    soap = task({"in": ["SoapBottle", "Fridge"]})
    (problem,) = prove(soap, simulation).problems
    assert "SoapBottle" in problem
    assert "instruction 1" in problem


def test_the_oracle_does_each_kind_of_milestone(simulation):
    for milestones in (
        [{"held": "Apple#a"}, {"on": ["Apple#a", "Plate"]}],
        [{"in": ["Potato#p", "Microwave"]}, {"state": ["Potato#p", "cooked"]}],
        [{"state": ["Bread", "sliced"]}, {"in": ["BreadSliced#b", "Toaster"]}, {"state": ["BreadSliced#b", "hot"]}],
        [{"state": ["Mug#m", "filled:coffee"]}, {"state": ["Mug#m", "empty"]}],
        [{"in": ["Tomato#t", "Fridge"]}, {"state": ["Fridge", "closed"], "final": True}],
        [{"state": ["Apple#a", "clean"]}, {"state": ["Apple#a", "cold"]}],
        [{"near": ["Kettle", "Toaster"]}],
        [{"state": ["LightSwitch", "off"]}, {"not": {"state": ["Bowl", "broken"]}, "final": True}],
        [{"in": ["Fork|Spoon", "SinkBasin"], "count": 2}],
        [{"state": ["Egg", "broken"]}],
    ):
        one = Task.model_validate(
            {
                "id": "t",
                "class": "simple",
                "scene": "FloorPlan1",
                "instructions": [{"say": "Do it.", "milestones": milestones}],
            }
        )
        assert prove(one, simulation).problems == [], milestones


TWINS = {
    "id": "t",
    "class": "complex",
    "scene": "FloorPlan1",
    "instructions": [
        {"say": "Put a vase on the counter.", "milestones": [{"on": ["Vase#v", "CounterTop"]}]},
        {"say": "Hold it.", "milestones": [{"held": "Vase#v"}]},
    ],
}


def test_doing_it_to_the_twin_fails(simulation):
    proof = prove(Task.model_validate(TWINS), simulation)
    assert (proof.problems, proof.twins) == ([], 1)


def test_a_judge_that_took_the_twin_would_be_found_out(simulation, monkeypatch):
    monkeypatch.setattr(World, "select", lambda world, selector, binding: world.matching(selector.types))
    (problem,) = prove(Task.model_validate(TWINS), simulation).problems
    assert "done to another thing than #v" in problem
