"""What a turn of a conversation takes up from those before it, with the learned planner in the symbolic kitchen."""

import pytest

from planner_node.agent import Agent
from planner_node.goals import LearnedPlanner
from planner_node.robot import SkillCall


@pytest.fixture
def talk(setup):
    """Says one thing after the other; returns the last result."""
    setup.home.add("card", "CreditCard", 2.0, 0.3, 0.95, on="counter")
    setup.home.add("watch", "Watch", 2.0, -0.3, 0.95, on="counter")
    setup.home.add("bowl", "Bowl", 0.2, 2.5, 0.75, on="table")
    setup.home.add("pan", "Pan", 1.1, -1.8, 0.95, on="burner2", states={"clean"})
    setup.robot.execute(SkillCall(skill="look_around"))
    agent = Agent(setup.robot, setup.knowledge, planner=LearnedPlanner())

    def say(*turns: str):
        for turn in turns:
            result = agent.run(turn)
        return result

    return say


def test_both_are_the_two_things_of_the_last_two_turns(setup, talk):
    result = talk("Put the watch in the drawer.", "And the card.", "Now put both on the table.")
    assert result.claimed, result.reason
    assert setup.home.things["watch"].parent == setup.home.things["card"].parent == "table"


def test_the_same_place_is_where_a_thing_went_back_to(setup, talk):
    result = talk("Put the watch in the drawer.", "Put it on the table.", "Put it back.", "Do the same with the card.")
    assert result.claimed, result.reason
    assert setup.home.inside("card", "drawer")


def test_it_is_what_was_named_in_a_turn_that_was_not_understood(setup, talk):
    assert not talk("The watch is an heirloom.").claimed
    result = talk("Put it in the drawer.")
    assert result.claimed, result.reason
    assert setup.home.inside("watch", "drawer")


@pytest.mark.parametrize("words", ["Put some of that in the bowl.", "Put a piece of that in the bowl."])
def test_some_of_that_is_a_slice_of_what_was_cut(setup, talk, words):
    result = talk("Slice the tomato.", words)
    assert result.claimed, result.reason
    assert [t.name for t in setup.home.things.values() if t.label == "TomatoSliced" and t.parent == "bowl"]


def test_one_more_is_another_of_what_was_moved_last(setup, talk):
    result = talk("Slice the tomato.", "Put a slice of it in the bowl.", "Put one more on the plate.")
    assert result.claimed, result.reason
    assert [t.name for t in setup.home.things.values() if t.label == "TomatoSliced" and t.parent == "plate"]


def test_an_egg_is_cracked_where_it_is_told_to_be(setup, talk):
    result = talk("Crack the egg into the pan.")
    assert result.claimed, result.reason
    assert [t.name for t in setup.home.things.values() if t.label == "EggCracked" and t.parent == "pan"]


def test_what_stands_somewhere_is_known_by_that(setup, talk):
    result = talk("Put the watch in the drawer.", "Take what lies in the drawer to the table.")
    assert result.claimed, result.reason
    assert setup.home.things["watch"].parent == "table"


def test_a_remark_tells_what_it_is(setup, talk):
    result = talk("The mug's filthy, give it a rinse.")
    assert result.claimed, result.reason
    assert "dirty" not in setup.home.state("mug")


def test_what_was_cut_is_its_slices(setup, talk):
    result = talk("Slice the tomato.", "Put a bit of what you cut in the bowl.")
    assert result.claimed, result.reason
    assert [t.name for t in setup.home.things.values() if t.label == "TomatoSliced" and t.parent == "bowl"]


def test_it_may_be_what_a_remark_calls_by_another_name(setup, talk):
    result = talk("Put the apple on the table.", "I haven't finished my novel. Put it on the counter.")
    assert result.claimed, result.reason
    assert setup.home.things["book"].parent in {"counter", "counter2"}


def test_a_thing_said_twice_is_one_thing(setup, talk):
    result = talk("Bring me the mug, the dirty one.")
    assert result.claimed, result.reason
    assert len([s for s in result.skills if s["skill"] == "pick_up"]) == 1


def test_what_was_put_somewhere_is_not_what_was_put_elsewhere_later(setup, talk):
    result = talk(
        "Put the watch in the drawer.", "Put the card in the bowl.", "What you put in the drawer goes on the table."
    )
    assert result.claimed, result.reason
    assert setup.home.things["card"].parent == "bowl"
    assert setup.home.things["watch"].parent == "table"
