"""Training from annotations to a weights' file that numpy reads as torch did; skipped where torch is not installed."""

import json

import numpy as np
import pytest

from planner_node.learned import parse_goal, parse_steps, train
from planner_node.learned.model import LearnedParser

torch = pytest.importorskip("torch", reason="torch is installed for training only")

THINGS = ["Mug", "Apple", "Plate", "Book"]
PLACES = ["Desk", "Fridge", "Sofa"]


@pytest.fixture(scope="module")
def annotations(tmp_path_factory):
    """A few tasks in ten homes, in one wording."""
    path = tmp_path_factory.mktemp("alfred") / "tasks.jsonl"
    lines = []
    for home in range(1, 11):
        for thing in THINGS:
            for place in PLACES:
                parameters = {"object_target": thing, "parent_target": place, "object_sliced": False}
                lines.append(
                    {
                        "task_type": "pick_and_place_simple",
                        "pddl_params": {**parameters, "mrecep_target": "", "toggle_target": ""},
                        "floor_plan": f"FloorPlan{home}",
                        "object_poses": [{"name": f"{thing}_1"}],
                        "plan": [["PickupObject", [thing.lower()]], ["PutObject", [thing.lower(), place.lower()]]],
                        "annotations": [
                            {
                                "task": f"Put a {thing.lower()} on the {place.lower()}.",
                                "steps": [f"Pick up the {thing.lower()}.", f"Put it on the {place.lower()}."],
                            }
                        ],
                    }
                )
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


@pytest.fixture
def brief(monkeypatch):
    """Make every stage brief."""
    for name, value in {"ENCODER_BATCHES": 6, "TOP_EPOCHS": 1.0}.items():
        monkeypatch.setattr(train, name, value)


def test_a_parser_is_trained_exported_and_read_by_numpy_as_by_torch(annotations, brief, tmp_path):
    out = tmp_path / "weights.safetensors"
    train.main(annotations, out, seed=0, work=tmp_path / "work")
    parser = LearnedParser.load(out)
    assert out.stat().st_size < 25e6

    corpus = train.load_corpus(annotations, seed=0)
    trunk = train.Trunk(corpus, tmp_path / "work")
    layers, goal = train.new_top(corpus)
    state = torch.load(tmp_path / "work" / "top.pt")
    layers.load_state_dict(state["layers"])
    goal.load_state_dict(state["goal"])
    example = corpus.dev[0]
    trunk.read([example.task])
    # Rounding to 4 and 8 bits moves probabilities a little.
    likelihoods = train.top_likelihoods(corpus, trunk, layers, goal, [example])[0]
    np.testing.assert_allclose(np.exp(parser.goal_likelihoods(example.task)), np.exp(likelihoods), atol=0.02)
    assert len(parse_steps([step.sentence for step in example.steps], parser=parser)) == 2
    check = parse_goal(example.task, parser=parser)
    assert 0 < check.probability <= 1


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(annotations, brief, tmp_path):
    work = tmp_path / "work"
    corpus = train.load_corpus(annotations, seed=0)
    work.mkdir()
    train.train_encoder(corpus, work, seed=0)
    kept = (work / "encoder.pt").read_bytes()
    train.train_encoder(corpus, work, seed=0)
    assert (work / "encoder.pt").read_bytes() == kept
