"""What the shipped weights read off sentences: people's wordings, and anything else that a pipe may deliver."""

import math
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner_node.learned import parse_goal, parse_steps
from planner_node.learned.labels import ACTIONS, FIELD_LABELS, FIELDS, STEP_OBJECTS, STEP_PLACES
from planner_node.learned.model import LearnedParser
from planner_node.learned.train import TrainingError, main

# Worded for this test; none of them is in the training data.
WORDINGS = {
    "Could you put a knife that has been washed into the drawer?": {
        "task_type": "pick_clean_then_place_in_recep",
        "parent_target": "Drawer",
    },
    "I would like a cold tomato on the counter, please.": {
        "task_type": "pick_cool_then_place_in_recep",
        "object_target": "Tomato",
        "parent_target": "CounterTop",
    },
    "warm up a potato in the microwave and leave it in the fridge": {
        "task_type": "pick_heat_then_place_in_recep",
        "object_target": "Potato",
        "parent_target": "Fridge",
    },
    "Both of the pillows belong on the sofa.": {
        "task_type": "pick_two_obj_and_place",
        "object_target": "Pillow",
        "parent_target": "Sofa",
    },
    "Check the alarm clock under the desk lamp.": {
        "task_type": "look_at_obj_in_light",
        "object_target": "AlarmClock",
        "toggle_target": "DeskLamp",
    },
    "Set a bowl with a spoon in it on the kitchen counter.": {
        "task_type": "pick_and_place_with_movable_recep",
        "object_target": "Spoon",
        "mrecep_target": "Bowl",
        "parent_target": "CounterTop",
    },
    "Throw a slice of bread in the trash can.": {
        "object_target": "Bread",
        "parent_target": "GarbageCan",
        "object_sliced": True,
    },
}

STRANGE = [
    "",
    " \t\n",
    "?!…",
    "🍎➡️🧊",
    "Stell bitte die Tasse auf den Tisch.",
    "テーブルの上にリンゴを置いてください",
    "put " * 500,
    "x" * 2000,
    "Put the flurb on the grommet.",
    "\ud800 apple \x00",
    "<script>alert(1)</script>",
]


@pytest.mark.parametrize(("sentence", "expected"), WORDINGS.items())
def test_plain_wordings_are_read(sentence, expected):
    assert expected.items() <= parse_goal(sentence).fields().items()


def check_goal(goal):
    fields = goal.fields()
    assert tuple(fields) == FIELDS
    assert all(str(value) in FIELD_LABELS[field] for field, value in fields.items())
    assert 0 <= goal.probability <= 1
    assert set(goal.confidence) == set(FIELDS)
    for field in FIELDS:
        # A field is at least as sure as the whole goal, of which it is a part.
        assert goal.probability - 1e-5 <= goal.confidence[field] <= 1 + 1e-5
    chances = [goal.probability, *(chance for _, chance in goal.alternatives)]
    assert chances == sorted(chances, reverse=True)
    assert math.fsum(chances) <= 1 + 1e-4


@pytest.mark.parametrize("sentence", STRANGE)
def test_anything_gives_a_valid_goal_and_valid_steps(sentence):
    check_goal(parse_goal(sentence))
    check_goal(parse_goal(sentence, home={"Apple"}))
    for step in parse_steps([sentence] * 3):
        assert step.action in ACTIONS
        assert step.thing in STEP_OBJECTS
        assert step.place in STEP_PLACES
        assert all(0 <= value <= 1 + 1e-5 for value in step.confidence.values())


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_a_valid_goal(sentence):
    check_goal(parse_goal(sentence))


def test_what_makes_no_sense_is_less_sure_than_what_does():
    sensible = min(
        parse_goal(sentence).probability
        for sentence in ("Put a chilled apple in the sink.", "Put two books on the bed.")
    )
    senseless = max(
        parse_goal(text).probability for text in ("", "🍎➡️🧊", "Put the flurb on the grommet.", "Lorem ipsum dolor.")
    )
    assert senseless < 0.6 * sensible


def test_the_home_settles_look_alikes():
    knife, table = "Put the knife in the drawer.", "Put the remote control on the table."
    assert parse_goal(knife, home={"ButterKnife", "Drawer"}).object_target == "ButterKnife"
    assert parse_goal(knife, home={"Knife", "Drawer"}).object_target == "Knife"
    assert parse_goal(table, home={"RemoteControl", "CoffeeTable"}).parent_target == "CoffeeTable"


def test_a_home_that_lacks_everything_changes_nothing_but_doubt():
    sentence = "Put a chilled apple in the sink."
    assert parse_goal(sentence, home=()).object_target == "Apple"


def test_steps_are_read_each_with_its_thing_and_place():
    sentences = [
        "Walk over to the fridge.",
        "Grab the egg from the fridge.",
        "Heat the egg up in the microwave and take it out again.",
        "Put the egg in the sink.",
    ]
    steps = parse_steps(sentences)
    assert [step.action for step in steps] == ["GotoLocation", "PickupObject", "HeatObject", "PutObject"]
    assert [steps[i].thing for i in (1, 2, 3)] == ["Egg"] * 3
    assert [steps[i].place for i in (0, 3)] == ["Fridge", "SinkBasin"]


def test_no_steps_are_read_as_none_and_very_many_as_many():
    assert parse_steps([]) == []
    assert len(parse_steps(["Go to the sink.", "Pick up the mug."] * 60)) == 120


def test_the_same_words_give_the_same_goal_to_the_last_digit():
    parser = LearnedParser.default()
    first = parser.goal_probabilities("Put a pencil on the desk.")
    parser.goal_probabilities("Something else altogether.")
    np.testing.assert_array_equal(first, parser.goal_probabilities("Put a pencil on the desk."))


def test_a_sentence_takes_few_milliseconds_of_one_core():
    parse_goal("Put a pencil on the desk.")
    took = []
    for _ in range(10):
        began = process_time()
        parse_goal("Put a clean wine glass in the cabinet above the stove.")
        took.append(process_time() - began)
    assert min(took) < 0.02


def test_training_without_torch_says_what_to_install(tmp_path):
    try:
        import torch  # noqa: F401
    except ImportError:
        with pytest.raises(TrainingError, match="pip install torch"):
            main(tmp_path / "data.jsonl.gz", tmp_path / "weights.safetensors")
    else:
        pytest.skip("torch is installed")
