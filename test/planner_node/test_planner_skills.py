"""The one table of skills, and what is made from it."""

from pathlib import Path

import pytest

from planner_node.compose import Composer
from planner_node.prompts import build_prompt
from planner_node.robot import PRIMITIVES
from planner_node.schema import plan_schema
from planner_node.skills import SKILLS, skills_table

DOCS = Path(__file__).resolve().parents[2] / "docs" / "planner.md"

NAMED = (
    "go_to explore look_at pick_up put open close toggle_on toggle_off slice break clean fill empty heat cool cook "
    "throw_away drop push pull hand_over wait"
)


@pytest.mark.parametrize("name", NAMED.split(" "))
def test_what_a_household_robot_is_asked_for_is_in_the_table(name):
    assert name in SKILLS


def test_the_documentation_shows_the_table_as_it_is():
    shown = DOCS.read_text(encoding="utf-8").split("<!-- skills -->\n")[1].split("\n<!-- /skills -->")[0]
    assert shown == skills_table(), "put the output of `python -m planner_node.skills` into docs/planner.md"


def test_the_prompt_and_the_schema_have_every_skill():
    prompt = build_prompt("Wash the mug.", "", "", token_budget=4000)
    kinds = [v["properties"]["skill"]["enum"][0] for v in plan_schema()["properties"]["steps"]["items"]["anyOf"]]
    assert kinds == list(SKILLS)
    assert all(skill.signature() in prompt.system for skill in SKILLS.values())


@pytest.mark.parametrize("skill", SKILLS.values(), ids=lambda skill: skill.name)
def test_every_skill_can_be_carried_out(skill):
    """A composite has its expansion, a primitive is one that robots understand, or that the executor makes of some."""
    if skill.composite:
        assert callable(getattr(Composer, f"_{skill.name}"))
    else:
        assert skill.name in PRIMITIVES | {"explore", "hand_over"}
    assert skill.failures or skill.name == "wait"
    parameters = {p.name for p in skill.parameters}
    assert all(set(c.arguments) <= parameters for c in (*skill.preconditions, *skill.effects))


def test_the_prompt_of_an_instruction_is_this_to_the_letter():
    """A golden copy: whoever changes the prompt sees it here."""
    prompt = build_prompt(
        "Put the mug  away.",
        "- Wash the mug. (done: wash(mug))",
        "Now: mug-1 (Mug) in the sink\nUsually: sink-1 (Sink)",
        token_budget=4000,
        examples=[("Open the fridge.", '{"steps":[{"skill":"open","object":"fridge"}],"question":""}')],
        tips=["move(mug, shelf) failed before: no room"],
        progress="- wash(mug): done",
    )
    golden = (Path(__file__).parent / "golden_prompt.txt").read_text(encoding="utf-8")
    assert f"{prompt.system}\n=====\n{prompt.user}\n" == golden
