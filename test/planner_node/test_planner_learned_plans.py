"""Steps read together: what one sentence leaves open, the others tell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner_node.learned import parse_goal, parse_steps
from planner_node.learned.labels import ACTIONS, STEP_OBJECTS, STEP_PLACES, GoalSpace
from planner_node.learned.plans import PlanReader, PlanWeights, learn_plans, plan_model, plan_patterns, plan_tensors

SPACE = GoalSpace.build()
GOAL = ("pick_and_place_simple", "Mug", "", "Desk", "", "False")
OTHER = ("pick_clean_then_place_in_recep", "Plate", "", "Cabinet", "", "False")
PLANS = [
    (GOAL, [("GotoLocation", "", "Shelf"), ("PickupObject", "Mug", ""), ("PutObject", "Mug", "Desk")]),
    (OTHER, [("PickupObject", "Plate", ""), ("CleanObject", "Plate", ""), ("PutObject", "Plate", "Cabinet")]),
]


def reading(*steps, sure=0.9):
    """Probabilities of sentences that each say one thing, or nothing where a label is None."""
    result = []
    for names, column in ((ACTIONS, 0), (STEP_OBJECTS, 1), (STEP_PLACES, 2)):
        rows = np.full((len(steps), len(names)), 1 / len(names), dtype=np.float32)
        for i, step in enumerate(steps):
            if step[column] is not None:
                rows[i] = (1 - sure) / (len(names) - 1)
                rows[i, names.index(step[column])] = sure
        result.append(rows)
    return tuple(result)


@pytest.fixture(scope="module")
def reader():
    return PlanReader(learn_plans(PLANS), SPACE, PlanWeights())


def test_what_is_put_down_is_what_was_picked_up(reader):
    steps = reading(("GotoLocation", "", "Shelf"), ("PickupObject", "Mug", ""), ("PutObject", None, "Desk"))
    found = reader.read(*steps)
    assert found.steps == [("GotoLocation", "", "Shelf"), ("PickupObject", "Mug", ""), ("PutObject", "Mug", "Desk")]
    assert SPACE.goal(int(found.goals.argmax())) == GOAL


def test_a_sentence_that_says_nothing_is_told_by_the_pattern(reader):
    found = reader.read(*reading(("PickupObject", "Plate", ""), (None, None, None), ("PutObject", "Plate", "Cabinet")))
    assert [action for action, _, _ in found.steps] == ["PickupObject", "CleanObject", "PutObject"]


def test_the_task_settles_what_steps_leave_open(reader):
    steps = reading(("GotoLocation", "", None), ("PickupObject", None, ""), ("PutObject", None, None))
    task = np.full(len(SPACE.indices), -12.0, dtype=np.float32)
    task[[SPACE.goal(i) for i in range(len(SPACE.indices))].index(GOAL)] = 0.0
    found = reader.read(*steps, task)
    assert SPACE.goal(int(found.goals.argmax())) == GOAL


def test_steps_that_follow_no_pattern_are_read_all_the_same(reader):
    steps = [("PickupObject", "Mug", "")] * 5
    found = reader.read(*reading(*steps, sure=0.999))
    assert found.steps == steps
    assert found.goals is None


def test_what_was_learned_survives_being_stored():
    model = learn_plans(PLANS)
    again = plan_model(plan_patterns(model), plan_tensors(model))
    assert again.patterns == model.patterns
    for name in ("chain", "goto", "things", "places"):
        np.testing.assert_array_equal(getattr(again, name), getattr(model, name))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=14), st.integers(0, 9))
def test_any_steps_give_as_many_and_proper_probabilities(actions, seed):
    reader = PlanReader(learn_plans(PLANS), SPACE, PlanWeights())
    chance = np.random.default_rng(seed)
    rows = [chance.dirichlet(np.ones(len(names)), len(actions)) for names in (ACTIONS, STEP_OBJECTS, STEP_PLACES)]
    found = reader.read(*(row.astype(np.float32) for row in rows))
    assert len(found.steps) == len(actions)
    if found.goals is not None:
        assert np.exp(found.goals).sum() == pytest.approx(1, abs=1e-3)


def test_the_shipped_parser_reads_it_as_what_was_picked_up():
    sentences = ["Go to the desk.", "Grab the pencil.", "Turn around and walk to the bed.", "Put it down there."]
    steps = parse_steps(sentences)
    assert [step.action for step in steps] == ["GotoLocation", "PickupObject", "GotoLocation", "PutObject"]
    assert (steps[3].thing, steps[3].place) == ("Pencil", "Bed")


def test_steps_tell_what_the_one_sentence_leaves_open():
    steps = [
        "Walk to the coffee maker.",
        "Pick up the mug from the coffee maker.",
        "Walk to the sink.",
        "Wash the mug in the sink.",
        "Walk to the cabinet on the left.",
        "Put the mug in the cabinet.",
    ]
    goal = parse_goal("Put a clean thing away.", steps=steps)
    assert (goal.task_type, goal.object_target, goal.parent_target) == (
        "pick_clean_then_place_in_recep",
        "Mug",
        "Cabinet",
    )
