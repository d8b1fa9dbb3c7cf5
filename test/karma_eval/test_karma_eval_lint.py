"""Tasks that cannot be tests are found before anybody runs them."""

from pathlib import Path

import pytest

import karma_eval
from karma_eval.lint import lint
from karma_eval.tasks import Task, load_tasks
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
