"""What tasks taught, as a user sees it and has it forgotten."""

import json

import pytest
from typer.testing import CliRunner

from karma_cli.main import app
from planner_node.experience import Experience, Refusal


def karma(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "home.experience"
    reply = '{"steps":[],"question":""}'
    with Experience(path) as experience:
        experience.succeeded("Wash the mug.", reply, clauses=[], seconds=12.0, actions=7)
        experience.failed("Bring me my pills.", "hand_over(pills)", "could not find pills")
        experience.refused(
            Refusal(thing="Mug", place="Cabinet", position=(1.0, 2.0, 1.5), map_id="FloorPlan1", reason="no room")
        )
    return path


def test_it_is_shown_in_tables_and_as_json(kept):
    shown = karma("experience", "show", kept)
    assert shown.exit_code == 0
    for words in ("Wash the mug.", "hand_over(pills)", "Cabinet"):
        assert words in shown.output
    held = json.loads(karma("experience", "show", kept, "--json").output)
    assert [len(held[name]) for name in ("examples", "tips", "refusals")] == [1, 1, 1]


def test_it_is_forgotten_by_number_and_by_word(kept):
    assert karma("experience", "forget", kept, "--like", "PILLS").exit_code == 0
    (example,) = json.loads(karma("experience", "show", kept, "--json").output)["examples"]
    assert karma("experience", "forget", kept, "--example", example["number"]).exit_code == 0
    assert karma("experience", "forget", kept, "--example", example["number"]).exit_code == 1
    held = json.loads(karma("experience", "show", kept, "--json").output)
    assert [len(held[name]) for name in ("examples", "tips", "refusals")] == [0, 0, 1]


def test_bad_requests_say_what_to_do(kept, tmp_path):
    nothing = karma("experience", "forget", kept)
    assert nothing.exit_code == 2
    assert "--tip" in nothing.output
    missing = karma("experience", "show", tmp_path / "none")
    assert missing.exit_code == 2
    assert "karma run --experience" in missing.output
    assert not (tmp_path / "none").exists()
    (tmp_path / "text").write_text("no database at all, only some words in a file" * 30)
    assert karma("experience", "show", tmp_path / "text").exit_code == 2


@pytest.mark.sim
def test_a_run_keeps_what_it_teaches(tmp_path):
    path = tmp_path / "e.db"
    arguments = ("run", "--scene", "FloorPlan1", "--quiet", "--experience", path)
    assert karma(*arguments, "Open the fridge.", "Close the fridge.").exit_code == 0
    with Experience(path) as experience:
        assert {e.instruction for e in experience.examples("fridge")} == {"Open the fridge.", "Close the fridge."}
