"""Training from annotations to a weights' file that numpy reads as torch did; skipped where torch is not installed."""

import json

import numpy as np
import pytest

from planner_node.learned import finetune, parse_goal, parse_steps, train
from planner_node.learned.corpus import load_corpus
from planner_node.learned.model import LearnedParser

torch = pytest.importorskip("torch", reason="torch is installed for training only")

BRIEF = finetune.Schedule(task_epochs=1, step_sentences=60, batches=6, batch=4, checkpoint_batches=2)
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


def test_a_parser_is_trained_exported_and_read_by_numpy_as_by_torch(annotations, tmp_path):
    out = tmp_path / "weights.safetensors"
    train.main(annotations, out, seed=0, schedule=BRIEF)
    parser = LearnedParser.load(out)
    assert out.stat().st_size < 25e6

    corpus = load_corpus(annotations, seed=0)
    networks = finetune.new_networks(corpus)
    networks.load_state_dict(torch.load(tmp_path / "weights.work" / "encoder.pt"))
    sentences = [example.task for example in corpus.dev[:3]]
    likelihoods = finetune.goal_likelihoods(corpus, networks, sentences)
    # Rounding to 4 and 8 bits moves probabilities a little.
    np.testing.assert_allclose(np.exp(parser.network_likelihoods(sentences)), np.exp(likelihoods), atol=0.02)
    example = corpus.dev[0]
    steps = parse_steps([step.sentence for step in example.steps], parser=parser)
    assert [step.action for step in steps] == ["PickupObject", "PutObject"]  # the only plan that there is
    assert 0 < parse_goal(example.task, parser=parser).probability <= 1

    figures = json.loads((tmp_path / "weights.figures.json").read_text())
    assert figures["split"] == "held_out"
    assert 0 <= figures["goal_from_task"] <= 1


class CutOffError(Exception):
    """Stands for whatever ends a run."""


def test_a_run_that_was_cut_off_gives_the_same_weights(annotations, tmp_path, monkeypatch):
    corpus = load_corpus(annotations, seed=0)

    def run(name):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return finetune.finetune(corpus, folder, BRIEF, seed=3, threads=1)

    whole = run("whole")
    tick = finetune._Progress.tick

    def cut(self, count, name, value):
        tick(self, count, name, value)
        if count == 5:
            raise CutOffError

    with monkeypatch.context() as patched:
        patched.setattr(finetune._Progress, "tick", cut)
        with pytest.raises(CutOffError):
            run("cut")
    resumed = run("cut")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert not (tmp_path / "cut" / "checkpoint.pt").exists()
    # Once done, it is not done again.
    assert run("cut").keys() == whole.keys()


def test_people_who_meant_different_things_by_one_sentence_are_all_heard(annotations):
    corpus = load_corpus(annotations, seed=0)
    tasks = corpus.tasks()
    assert len({task.sentence.lower() for task in tasks}) == len(tasks)
    assert all(sum(task.shares) == pytest.approx(1) for task in tasks)
    assert sum(task.count for task in tasks) == len(corpus.train)
