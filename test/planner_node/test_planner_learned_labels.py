"""The space of goals: what may be asked, and nothing else."""

import numpy as np
import pytest

from planner_node.learned.labels import CARRIERS, FIELD_LABELS, FIELDS, LAMPS, SLICEABLE, GoalSpace, goal_key


@pytest.fixture(scope="module")
def space():
    return GoalSpace.build()


def goals(space):
    return [dict(zip(FIELDS, space.goal(row), strict=True)) for row in range(len(space.indices))]


def test_goals_are_distinct_and_in_a_fixed_order(space):
    listed = [space.goal(row) for row in range(len(space.indices))]
    assert len(set(listed)) == len(listed)
    np.testing.assert_array_equal(space.indices, GoalSpace.build().indices)


def test_every_label_can_be_asked_for(space):
    for f, field in enumerate(FIELDS):
        assert {space.goal(row)[f] for row in range(len(space.indices))} == set(FIELD_LABELS[field])


def test_fields_that_exclude_each_other_never_meet(space):
    for goal in goals(space):
        looks = goal["task_type"] == "look_at_obj_in_light"
        carries = goal["task_type"] == "pick_and_place_with_movable_recep"
        assert (goal["toggle_target"] in LAMPS) == looks
        assert (goal["parent_target"] == "") == looks
        assert (goal["mrecep_target"] in CARRIERS) == carries
        assert goal["mrecep_target"] != goal["object_target"]
        assert goal["object_sliced"] == "False" or goal["object_target"] in SLICEABLE


def test_unknown_counts_the_classes_that_the_home_lacks(space):
    goal = ("pick_and_place_with_movable_recep", "Knife", "Plate", "DiningTable", "", "False")
    row = next(row for row in range(len(space.indices)) if space.goal(row) == goal)
    assert space.unknown({"Knife", "Plate", "DiningTable"})[row] == 0
    assert space.unknown({"Knife", "DiningTable"})[row] == 1
    assert space.unknown(())[row] == 3


def test_goal_key_reads_alfreds_own_fields():
    parameters = {
        "mrecep_target": "",
        "object_sliced": True,
        "object_target": "Tomato",
        "parent_target": "Fridge",
        "toggle_target": "",
    }
    assert goal_key("pick_heat_then_place_in_recep", parameters) == (
        "pick_heat_then_place_in_recep",
        "Tomato",
        "",
        "Fridge",
        "",
        "True",
    )
