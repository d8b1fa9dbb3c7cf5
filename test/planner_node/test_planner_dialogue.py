"""Asking back and taking the answer; what is dangerous; the order of independent parts."""

import pytest

from planner_node.clarify import answers_yes, choose, is_no
from planner_node.planner import Situation
from planner_node.reorder import reorder
from planner_node.rules import RulesPlanner
from planner_node.session import Session
from scene_graph.ontology import ontology


@pytest.fixture
def two_potatoes(setup):
    setup.home.add("potato2", "Potato", 0.2, 2.4, 0.75, on="table", states={"cooked"})
    setup.robot.execute(_look())
    return setup


def _look():
    from planner_node.robot import SkillCall

    return SkillCall(skill="look_around")


def situation(setup, **more):
    return Situation(
        knowledge=setup.knowledge,
        session=Session(),
        ontology=ontology(),
        position=setup.robot.frame().robot_pose,
        **more,
    )


# Asking back.


def test_two_readings_that_matter_are_asked_about_and_the_answer_is_taken(two_potatoes):
    asked = two_potatoes.run("Throw away the potato.")
    assert not asked.claimed
    assert "the potato on the counter" in asked.question
    assert "the cooked potato on the dining table" in asked.question
    assert not [c for c in two_potatoes.robot.calls if c[0] == "pick_up"]
    done = two_potatoes.run("The one on the table.")
    assert done.claimed, done.reason
    assert two_potatoes.home.inside("potato2", "bin")
    assert not two_potatoes.home.inside("potato", "bin")


@pytest.mark.parametrize(
    "instruction",
    [
        "Throw away a potato.",
        "Throw away the cooked potato.",
        "Put the potato in the sink.",
        "Throw away the potato on the table.",
    ],
)
def test_nothing_is_asked_where_words_or_stakes_settle_it(two_potatoes, instruction):
    result = two_potatoes.run(instruction)
    assert result.claimed, result.reason or result.question


def test_what_was_spoken_of_needs_no_question(two_potatoes):
    assert two_potatoes.run("Wash the cooked potato.").claimed
    result = two_potatoes.run("Throw the potato away.")
    assert result.claimed, result.question
    assert two_potatoes.home.inside("potato2", "bin")


def test_things_that_no_words_tell_apart_are_one(setup):
    setup.home.add("potato2", "Potato", 1.9, 0.1, 0.95, on="counter")
    setup.robot.execute(_look())
    assert setup.run("Throw away the potato.").claimed


def test_another_instruction_is_no_answer(two_potatoes):
    assert two_potatoes.run("Throw away the potato.").question
    assert two_potatoes.run("Turn on the lamp.").claimed
    assert not two_potatoes.run("The cooked one.").claimed
    assert not two_potatoes.home.inside("potato2", "bin")


def test_no_leaves_it_undone(two_potatoes):
    assert two_potatoes.run("Throw away the potato.").question
    result = two_potatoes.run("No, never mind.")
    assert not result.claimed
    assert "left undone" in result.reason


OPTIONS = [("the dirty plate on the table", "a"), ("the clean plate on the counter", "b")]


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        ("the dirty one", "a"),
        ("I mean the one on the counter", "b"),
        ("the second", "b"),
        ("the first one please", "a"),
        ("either", "a"),
        ("the plate", None),
        ("what?", None),
        ("Wash the plate on the counter", None),
    ],
)
def test_answers(answer, meant):
    assert choose(answer, OPTIONS, ontology()) == meant


def test_yes_and_no_are_nothing_else():
    assert answers_yes("Yes, please do it.")
    assert not answers_yes("Yes, and slice the bread.")
    assert is_no("no, don't")
    assert not is_no("Don't wash the mug")


# What is dangerous.


def test_a_lit_burner_needs_a_word(setup):
    setup.home.state("burner2").clear()
    setup.home.state("burner2").add("on")
    setup.home.state("burner").clear()
    setup.home.state("burner").add("on")
    setup.robot.execute(_look())
    refused = setup.run("Put the book on the table and put the pot on the stove burner.")
    assert not refused.claimed
    assert "burner that is lit" in refused.question
    assert setup.home.things["pot"].parent == "burner"
    assert setup.home.held is None
    confirmed = setup.run("yes")
    assert confirmed.claimed, confirmed.reason


# Order.


def order(setup, instruction):
    now = situation(setup)
    plan = RulesPlanner().plan(instruction, now)
    return [c.objects["object"] for c in reorder(plan, now).calls]


def test_independent_parts_are_done_in_the_shorter_order(setup):
    # The robot stands at the origin, turned to the counter with the knife; the mug is behind it.
    setup.home.pose = (1.8, 0.0, 0.0)
    setup.robot.execute(_look())
    told = "Put the mug on the table and put the apple in the sink."
    assert order(setup, told) == ["apple", "mug"]
    result = setup.run(told)
    assert result.claimed, result.reason
    assert setup.home.inside("mug", "table")
    assert setup.home.inside("apple", "basin")
    assert any("another order" in note for note in result.plan["notes"])


@pytest.mark.parametrize(
    ("instruction", "first"),
    [
        ("First put the mug on the table, then put the apple in the sink.", "mug"),
        ("Put the mug on the table and put the apple in the mug.", "mug"),
        ("Put the mug on the table and bring me the apple.", "mug"),
        ("Open the fridge and put the apple in the fridge.", "fridge"),
    ],
)
def test_an_order_that_was_given_or_can_be_told_is_kept(setup, instruction, first):
    setup.home.pose = (1.8, 0.0, 0.0)
    setup.robot.execute(_look())
    assert order(setup, instruction)[0] == first
