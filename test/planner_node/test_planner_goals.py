"""Goals of the trained parser become the same intents as the grammar's."""

import dataclasses

import pytest
from planner_world import AREAS, SymbolicRobot, TrackingKnowledge, kitchen

from planner_node import goals
from planner_node.agent import Agent
from planner_node.goals import LearnedPlanner, goal_intents
from planner_node.learned.alfred import AlfredGoal
from planner_node.orders.reader import OrderReading
from planner_node.robot import SkillCall
from scene_graph.ontology import ontology


def goal(task_type, thing, *, carrier="", place="", lamp="", sliced=False, probability=0.9):
    return AlfredGoal(
        task_type=task_type,
        object_target=thing,
        mrecep_target=carrier,
        parent_target=place,
        toggle_target=lamp,
        object_sliced=sliced,
        probability=probability,
        confidence={},
    )


@pytest.mark.parametrize(
    ("read", "skills"),
    [
        (goal("pick_and_place_simple", "Mug", place="Desk"), ["move"]),
        (goal("look_at_obj_in_light", "Book", lamp="DeskLamp"), ["examine"]),
        (goal("pick_clean_then_place_in_recep", "Mug", place="Cabinet"), ["wash", "move"]),
        (goal("pick_heat_then_place_in_recep", "Apple", place="Fridge", sliced=True), ["cut", "heat", "move"]),
        (goal("pick_and_place_with_movable_recep", "Pen", carrier="Mug", place="Desk"), ["move", "move"]),
    ],
)
def test_each_kind_of_goal(read, skills):
    assert [i.skill for i in goal_intents(read, "text", ontology())] == skills


def test_two_things_are_counted():
    (move,) = goal_intents(goal("pick_two_obj_and_place", "Pen", place="Drawer"), "text", ontology())
    assert move.phrases["object"].count == 2


class Silent:
    """An order reader that reads nothing, so that the other trained parser is heard."""

    @classmethod
    def default(cls):
        return cls()

    def read(self, text):
        return OrderReading((), 1.0)


def agent_reading(monkeypatch, read):
    asked = []

    def parse(sentence, **options):
        asked.append(sentence)
        return read

    monkeypatch.setattr(goals, "parse_goal", parse)
    monkeypatch.setattr(goals, "OrderReader", Silent)
    robot = SymbolicRobot(kitchen())
    knowledge = TrackingKnowledge(robot, AREAS)
    robot.execute(SkillCall(skill="look_around"))
    return Agent(robot, knowledge, planner=LearnedPlanner()), robot, asked


def test_only_what_grammar_cannot_read_goes_to_the_trained_parser(monkeypatch):
    read = goal("pick_and_place_simple", "Tomato", place="Fridge")
    agent, robot, asked = agent_reading(monkeypatch, read)
    assert agent.run("Put the apple on the table.").claimed
    assert asked == []
    result = agent.run("Put the plum in the cooler.")
    assert asked == ["Put the plum in the cooler."]
    assert result.claimed, result.reason
    assert robot.home.inside("tomato", "fridge")
    assert any("as other people put it" in note for note in result.plan["notes"])


def test_an_unlikely_reading_is_not_acted_on(monkeypatch):
    read = goal("pick_and_place_simple", "Tomato", place="Fridge", probability=0.1)
    agent, robot, _ = agent_reading(monkeypatch, read)
    result = agent.run("Put the plum in the cooler.")
    assert not result.claimed
    assert result.question
    assert robot.home.things["tomato"].parent == "counter2"


def test_two_goals_about_as_likely_are_asked_about(monkeypatch):
    knife = goal("pick_and_place_simple", "Knife", place="Drawer", probability=0.45)
    butter_knife = goal("pick_and_place_simple", "ButterKnife", place="Drawer", probability=0.4)
    read = dataclasses.replace(knife, alternatives=((butter_knife.fields(), 0.4),))
    agent, _, _ = agent_reading(monkeypatch, read)
    result = agent.run("The frobble wants to live in the drawer.")
    assert not result.claimed
    assert "knife or the butter knife" in result.question


def test_a_goal_that_leaves_out_what_grammar_read_is_not_acted_on(monkeypatch):
    read = goal("pick_and_place_simple", "Tomato", place="Fridge")
    agent, robot, _ = agent_reading(monkeypatch, read)
    result = agent.run("Wash the apple, frobnicate the spoon.")
    assert robot.home.things["tomato"].parent == "counter2"
    assert not result.claimed
    assert any("frobnicate" in note for note in result.plan["notes"])


@pytest.mark.parametrize("text", ["On the table.", "Fill the mug: a flurb of it."])
def test_what_words_do_not_bear_out_is_not_done(monkeypatch, text):
    agent, robot, _ = agent_reading(monkeypatch, goal("pick_and_place_simple", "Tomato", place="Fridge"))
    agent.run(text)
    assert robot.home.things["tomato"].parent == "counter2"


@pytest.mark.parametrize("text", ["Paint the wall.", "Fold the towel"])
def test_what_no_skill_can_do_is_not_read_as_something_else(monkeypatch, text):
    agent, _, asked = agent_reading(monkeypatch, goal("pick_and_place_simple", "Tomato", place="Fridge"))
    assert not agent.run(text).claimed
    assert asked == []


def test_sentences_that_hang_together_are_read_together(monkeypatch):
    agent, robot, _ = agent_reading(monkeypatch, goal("pick_and_place_simple", "Tomato", place="Fridge"))
    result = agent.run("The apple on the counter looks nice. Wash it. Put it in the fridge.")
    assert result.claimed, result.reason
    assert robot.home.inside("apple", "fridge")


def test_what_is_only_told_is_noted_and_does_not_make_the_claim_false(monkeypatch):
    agent, robot, asked = agent_reading(monkeypatch, goal("pick_and_place_simple", "Tomato", place="Table"))
    result = agent.run("I have a cold. The apple is for later, so it belongs in the fridge, says mum.")
    assert result.claimed, result.reason
    assert asked == []
    assert robot.home.inside("apple", "fridge")
    assert any(note.startswith("taken as context: 'i have a cold'") for note in result.plan["notes"])


def test_a_thing_too_is_done_as_the_one_before(monkeypatch):
    agent, robot, asked = agent_reading(monkeypatch, goal("pick_and_place_simple", "Mug", place="Table"))
    assert agent.run("Put the apple in the fridge.").claimed
    result = agent.run("The tomato as well.")
    assert result.claimed, result.reason
    assert asked == []
    assert robot.home.inside("tomato", "fridge")


def test_the_bin_too_is_licensed_by_the_order_before(monkeypatch):
    agent, robot, _ = agent_reading(monkeypatch, goal("pick_and_place_simple", "Mug", place="Table"))
    assert agent.run("Throw the apple away.").claimed
    result = agent.run("Tomato too.")
    assert result.claimed, result.reason
    assert robot.home.things["tomato"].parent == robot.home.things["apple"].parent


def test_what_is_to_be_off_goes_to_another_place(monkeypatch):
    agent, robot, _ = agent_reading(monkeypatch, goal("pick_and_place_simple", "Mug", place="Table"))
    before = robot.home.things["tomato"].parent
    result = agent.run("Take the tomato off again.")
    assert result.claimed, result.reason
    assert robot.home.things["tomato"].parent not in {before, None}


def test_back_and_up_again_never_are_empty_plans(monkeypatch):
    agent, robot, _ = agent_reading(monkeypatch, goal("pick_and_place_simple", "Mug", place="Table"))
    before = robot.home.things["tomato"].parent
    assert agent.run("Put the tomato in the fridge.").claimed
    result = agent.run("Put it back.")
    assert result.claimed, result.reason
    assert robot.home.things["tomato"].parent == before
    agent.run("Pick up the apple.")
    result = agent.run("Put the apple down.")
    assert result.claimed, result.reason
    assert result.skills
    result = agent.run("Put it down.")
    assert "no steps" not in result.reason
