"""Grammar's vote on a goal helps where grammar is right, and counts for nothing where it guesses."""

import numpy as np

from planner_node.learned.labels import FIELD_LABELS, FIELDS, GoalSpace
from planner_node.learned.votes import fit_votes, grammar_labels, votes

SPACE = GoalSpace.build()


def test_grammar_reads_plain_words_and_leaves_the_others_open():
    labels = grammar_labels("Put a clean mug in the cabinet.")
    read = {field: FIELD_LABELS[field][labels[f]] for f, field in enumerate(FIELDS)}
    assert read["object_target"] == "Mug"
    assert read["parent_target"] == "Cabinet"
    assert grammar_labels("Frobnicate.")[FIELDS.index("object_target")] == -1
    assert grammar_labels("").shape == (len(FIELDS),)


def test_only_goals_that_agree_become_likelier():
    labels = grammar_labels("Put a mug on the desk.")
    added = votes(labels, SPACE, {"object_target": 0.5, "parent_target": 0.25})
    f, g = FIELDS.index("object_target"), FIELDS.index("parent_target")
    things, places = SPACE.indices[:, f] == labels[f], SPACE.indices[:, g] == labels[g]
    np.testing.assert_allclose(added, 0.5 * things + 0.25 * places)
    assert not votes(np.full(len(FIELDS), -1), SPACE, {"object_target": 1.0}).any()


def test_a_field_that_grammar_knows_gets_weight_and_one_that_it_guesses_little():
    chance = np.random.default_rng(0)
    count, goals = 60, len(SPACE.indices)
    rows = chance.integers(goals, size=count)
    likelihoods = chance.normal(size=(count, goals)).astype(np.float32)
    likelihoods[np.arange(count), rows] += 4
    labels = np.full((count, len(FIELDS)), -1)
    known, guessed = FIELDS.index("object_target"), FIELDS.index("parent_target")
    labels[:, known] = SPACE.indices[rows, known]
    labels[:, guessed] = chance.integers(len(FIELD_LABELS["parent_target"]), size=count)
    weights = fit_votes(likelihoods, labels, rows, SPACE)
    assert weights["object_target"] > 0.5 > weights["parent_target"]
