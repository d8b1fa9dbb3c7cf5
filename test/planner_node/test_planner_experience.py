"""What finished tasks teach: kept, retrieved by similarity, forgotten; and that prompts stay flat."""

import dataclasses
import json
import sqlite3
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner_node.agent import Agent
from planner_node.experience import Experience, ExperienceError, Refusal
from planner_node.goals import LearnedPlanner
from planner_node.prompts import build_prompt
from planner_node.result import Event, EventKind
from planner_node.robot import SkillCode
from planner_node.rules import RulesPlanner
from planner_node.schema import PlanReply
from planner_node.working import WorkingMemory

WASH = '{"steps":[{"skill":"wash","object":"mug","receptacle":null}],"question":""}'


@pytest.fixture
def experience(tmp_path):
    with Experience(tmp_path / "experience.db") as opened:
        yield opened


def learn(experience, *instructions, seconds=10.0):
    for text in instructions:
        experience.succeeded(text, WASH, clauses=[], seconds=seconds, actions=5)


def test_the_most_similar_comes_first_and_the_unlike_not_at_all(experience):
    learn(experience, "Wash the mug.", "Wash the plate and put it away.", "Turn on the television.")
    found = [e.instruction for e in experience.examples("Please wash my mug in the sink")]
    assert found == ["Wash the mug.", "Wash the plate and put it away."]
    assert experience.examples("Play some music") == []


def test_the_cheapest_plan_of_an_instruction_is_kept(experience):
    cheap = WASH.replace("mug", "the mug")
    learn(experience, "Wash the mug.", seconds=30.0)
    experience.succeeded("Wash the  mug.", cheap, clauses=[], seconds=12.0, actions=4)
    learn(experience, "Wash the mug.", seconds=50.0)
    (kept,) = experience.examples("Wash the mug.")
    assert (kept.reply, kept.seconds, kept.actions) == (cheap, 12.0, 4)


def test_tips_count_how_often_go_once_it_works_and_can_be_forgotten(experience):
    for _ in range(2):
        experience.failed("Put the knife away.", "move(knife, drawer)", "the drawer is stuck")
    experience.failed("Slice the bread.", "cut(bread)", "could not find knife")
    assert experience.tips("Put the knife in the drawer")[0].seen == 2
    assert "2 times" in experience.tips("knife drawer")[0].describe()
    experience.succeeded("Put it away.", WASH, clauses=["move(knife, drawer)"], seconds=1.0, actions=1)
    (left,) = experience.tips()
    assert left.clause == "cut(bread)"
    assert experience.forget(tips=[left.number]) == 1
    assert experience.tips() == []


def test_what_mentions_a_word_is_forgotten_everywhere(experience):
    learn(experience, "Wash the mug.", "Bring my pills.")
    experience.failed("Where are my pills?", "hand_over(pills)", "could not find pills")
    assert experience.forget(like="PILLS") == 2
    assert "pills" not in json.dumps(experience.to_json())
    assert experience.forget(like="%") == 0


def test_it_outlives_the_process_and_is_bounded(tmp_path):
    path = tmp_path / "e.db"
    with Experience(path, most=3) as first:
        learn(first, *(f"Wash mug number{i}." for i in range(9)))
    with Experience(path) as second:
        assert [e["instruction"] for e in second.to_json()["examples"]] == [f"Wash mug number{i}." for i in (6, 7, 8)]


def test_files_of_another_kind_are_refused_and_left_alone(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but long enough to be taken for one " * 50)
    with pytest.raises(ExperienceError, match=r"notes\.txt"):
        Experience(text)
    assert text.read_text().startswith("not a database")
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE mine (x)")
    with pytest.raises(ExperienceError, match="something else"):
        Experience(other)


def test_many_threads_lose_nothing(experience):
    def work(name):
        learn(experience, *(f"wash {name} thing{i}" for i in range(20)))

    threads = [threading.Thread(target=work, args=(n,)) for n in ("red", "green", "blue")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(experience.to_json()["examples"]) == 60


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_kept_as_it_is(instruction, clause, reason):
    with Experience() as kept:
        kept.failed(instruction, clause, reason)
        (tip,) = kept.tips()
        assert (tip.clause, tip.reason) == (clause, reason)
        assert tip.instruction == " ".join(instruction.split())


def test_tasks_teach_the_agent(setup, experience):
    agent = Agent(setup.robot, setup.knowledge, experience=experience, on_event=setup.events.append)
    assert agent.run("Wash the plate and put it on the counter.").claimed
    (example,) = experience.examples("Wash the plate")
    steps = PlanReply.model_validate_json(example.reply).steps
    assert [(s.skill, s.object) for s in steps] == [("wash", "plate"), ("move", "plate")]
    setup.home.things.pop("tomato")
    assert not agent.run("Throw away the tomato.").claimed
    assert "tomato" in experience.tips("the tomato")[0].describe()
    setup.events.clear()
    agent.run("Throw the tomato away!")
    assert any("known from before" in e.message for e in setup.events)


def test_experience_that_breaks_stops_no_task(setup, experience):
    agent = Agent(setup.robot, setup.knowledge, experience=experience, on_event=setup.events.append)
    experience.close()
    assert agent.run("Wash the plate.").claimed
    assert any("experience cannot be" in e.message for e in setup.events)


def test_finished_sub_goals_and_tasks_shrink_to_a_line():
    working = WorkingMemory()
    sizes = []
    for turn in range(100):
        working.take_in(Event(kind=EventKind.INSTRUCTION, message=f"Wash thing {turn} and put it away."))
        for clause in ("wash(thing)", "move(thing, shelf)"):
            for i in range(30):
                working.take_in(Event(kind=EventKind.SKILL, message=f"go_to thing {i}: ok"))
            assert len(working.progress().splitlines()) <= 24
            working.take_in(Event(kind=EventKind.CLAUSE, message=f"{clause}: done"))
            assert "go_to" not in working.progress()
        working.take_in(Event(kind=EventKind.RESULT, message="done", data={"claimed": True}))
        assert working.progress() == ""
        sizes.append(build_prompt("Wash the mug.", working.changes(), "", token_budget=3000).tokens)
    assert max(sizes[10:]) - min(sizes[10:]) <= 8
    assert "wash(thing); move(thing, shelf)" in working.changes()


@pytest.mark.parametrize("planner", [RulesPlanner, LearnedPlanner])
def test_planners_without_a_model_heed_which_place_refused(setup, experience, planner):
    agent = Agent(setup.robot, setup.knowledge, planner=planner(), experience=experience)

    def refused(instruction):
        result = agent.run(instruction)
        assert result.claimed, result.reason
        return sum(s["code"] == SkillCode.NO_ROOM for s in result.skills)

    assert not refused("Put the plate on a counter.")
    full = setup.home.things["plate"].parent
    assert not refused("Put the plate on the table.")
    setup.home.fail["put", full] = [SkillCode.NO_ROOM] * 10
    assert refused("Put the plate on a counter.")
    assert [r.place for r in experience.refusals("Plate")] == ["CounterTop"]
    assert not refused("Put the plate on the table.")
    assert not refused("Put the plate on a counter."), "the one that refused was tried first again"


def test_a_place_that_takes_it_after_all_is_no_longer_avoided(experience):
    full = Refusal(thing="Mug", place="Cabinet", position=(1.0, 2.0, 1.4), map_id="FloorPlan1", reason="no room")
    beside = dataclasses.replace(full, position=(1.6, 2.0, 1.4))
    for refusal in (full, full, beside):
        experience.refused(refusal)
    assert experience.refusals("Mug", map_id="FloorPlan1") == [full, beside]
    assert experience.refusals("Mug", map_id="FloorPlan2") == experience.refusals("Cup", map_id="FloorPlan1") == []
    experience.took(dataclasses.replace(full, position=(1.1, 2.0, 1.4), reason=""))
    assert experience.refusals() == [beside]
    assert experience.forget(like="cabinet") == 1
    assert experience.refusals() == []
