"""Plans are refused for a reason, before anything moves."""

from dataclasses import replace

import pytest
from planner_world import AREAS, SymbolicRobot, TrackingKnowledge, kitchen

from planner_node.parser import NounPhrase
from planner_node.plan import Call, Plan, Step
from planner_node.planner import NotUnderstoodError, Situation
from planner_node.robot import SkillCall
from planner_node.rules import RulesPlanner
from planner_node.session import Session
from planner_node.verifier import ViolationCode, verify
from scene_graph.ontology import ontology


@pytest.fixture
def situation():
    robot = SymbolicRobot(kitchen())
    knowledge = TrackingKnowledge(robot, AREAS)
    robot.execute(SkillCall(skill="look_around"))
    return Situation(knowledge=knowledge, session=Session(), ontology=ontology(), position=(0.0, 0.0, 0.0))


def plan(situation, text):
    return RulesPlanner().plan(text, situation)


def codes(made, situation):
    return {v.code for v in verify(made, situation)}


def test_good_plans_pass(situation):
    for text in ("Wash the apple.", "Slice the tomato and put it on a plate.", "Heat the potato.", "Open the fridge."):
        assert verify(plan(situation, text), situation) == []


def test_a_step_that_fetches_nothing_breaks_the_next(situation):
    made = plan(situation, "Put the apple on the table.")
    without = replace(made, steps=tuple(s for s in made.steps if s.skill != "pick_up"))
    violations = verify(without, situation)
    assert ViolationCode.PRECONDITION in {v.code for v in violations}
    assert any("holding" in v.message for v in violations)


def test_closed_doors_must_be_opened(situation):
    made = plan(situation, "Put the apple in the fridge.")
    without = replace(made, steps=tuple(s for s in made.steps if s.skill != "open"))
    assert codes(without, situation) == {ViolationCode.PRECONDITION}


def test_a_goal_that_is_missed_is_told(situation):
    made = plan(situation, "Put the apple on the table.")
    cut = replace(made, steps=made.steps[:-1])
    assert ViolationCode.GOAL in codes(cut, situation)


def test_irreversible_steps_need_the_instruction_to_ask(situation):
    made = plan(situation, "Slice the apple.")
    assert codes(replace(made, instruction="Wash the apple."), situation) == {ViolationCode.NOT_ASKED_FOR}
    breaking = Plan(
        instruction="Clean the mug.",
        calls=(Call(skill="break", objects={"object": "mug"}),),
        steps=(Step(skill="go_to", objects={"object": "mug"}), Step(skill="break", objects={"object": "mug"})),
        refs=plan(situation, "Take the mug.").refs,
    )
    assert ViolationCode.NOT_ASKED_FOR in codes(breaking, situation)


def test_the_bin_needs_the_instruction_to_ask(situation):
    made = plan(situation, "Throw away the apple.")
    assert verify(made, situation) == []
    assert codes(replace(made, instruction="Take the apple."), situation) == {ViolationCode.NOT_ASKED_FOR}


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (Step(skill="teleport", objects={"object": "apple"}), ViolationCode.UNKNOWN_SKILL),
        (Step(skill="wash", objects={"object": "apple"}), ViolationCode.UNKNOWN_SKILL),
        (Step(skill="pick_up"), ViolationCode.MISSING_ARGUMENT),
        (Step(skill="wait"), ViolationCode.MISSING_ARGUMENT),
        (Step(skill="pick_up", objects={"object": "unicorn"}), ViolationCode.UNKNOWN_OBJECT),
        (Step(skill="open", objects={"object": "apple"}), ViolationCode.WRONG_TYPE),
    ],
)
def test_malformed_steps_are_refused(situation, step, code):
    made = plan(situation, "Take the apple.")
    assert codes(replace(made, steps=(step,)), situation) == {code}


def test_unknown_words_ask_back(situation):
    with pytest.raises(NotUnderstoodError) as caught:
        plan(situation, "Take the flux capacitor.")
    assert "flux capacitor" in caught.value.question


def test_another_is_another(situation):
    knowledge = situation.knowledge
    mug = knowledge.known["m-mug"]
    knowledge.known["m-mug2"] = mug.but(object_id="m-mug2", position=(0.1, 2.4, 0.75), sensor_id=None)
    made = plan(situation, "Put the mug in the sink and another mug on the counter.")
    mugs = {r.object_id for r in made.refs.values() if r.label == "Mug"}
    assert mugs == {"m-mug", "m-mug2"}


def test_vague_words_find_what_is_remembered(situation):
    refs = plan(situation, "Bring me something to read.").refs.values()
    assert [r.object_id for r in refs] == ["m-book"]
    grounder = situation.grounder()
    fruit = NounPhrase(words=("red", "fruit"), determiner="the")
    assert {label for label, _ in grounder.labels(fruit)} >= {"Apple"}
