"""The grammar's vote on a goal: it reads plain wordings exactly, the trained network any wording roughly.

Each of the six fields that the grammar (`planner_node.parser.alfred`) reads makes goals that agree with it likelier, by
a weight that was fitted on floor plans which the network was not trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planner_node.learned.labels import FIELD_LABELS, FIELDS, GoalSpace
from planner_node.parser.alfred import alfred_goal
from scene_graph.ontology import ontology

__all__ = ["fit_votes", "grammar_labels", "votes"]

_INDEX: Final = {field: {label: i for i, label in enumerate(labels)} for field, labels in FIELD_LABELS.items()}
_CANDIDATES: Final = 400
"""Goals, of each sentence, among which the weights are fitted: the others have next to no probability."""


def grammar_labels(sentence: str) -> NDArray[np.int64]:
    """Return the index of the label that grammar reads for each of `FIELDS`, ``(fields,)``; -1 where it reads none."""
    read = alfred_goal(sentence, ontology())
    return np.array([_INDEX[field].get(str(read[field]), -1) for field in FIELDS], dtype=np.int64)


def votes(labels: NDArray[np.int64], space: GoalSpace, weights: Mapping[str, float]) -> NDArray[np.float32]:
    """Return what the grammar's labels add to each goal's log-likelihood, ``(goals,)``."""
    total = np.zeros(len(space.indices), dtype=np.float32)
    for f, field in enumerate(FIELDS):
        if labels[f] >= 0 and weights.get(field):
            total += np.float32(weights[field]) * (space.indices[:, f] == labels[f])
    return total


def fit_votes(
    likelihoods: NDArray[np.float32], labels: NDArray[np.int64], rows: NDArray[np.int64], space: GoalSpace
) -> dict[str, float]:
    """Find the weights under which the right goals are likeliest (log loss).

    Args:
        likelihoods: The network's log-probabilities, ``(sentences, goals)``.
        labels: The grammar's, ``(sentences, fields)``.
        rows: Right goals, ``(sentences,)``.
        space: Goals.
    """
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    likely = np.argpartition(-likelihoods, min(_CANDIDATES, likelihoods.shape[1] - 1), axis=1)[:, :_CANDIDATES]
    candidates = np.concatenate([rows[:, None], np.where(likely == rows[:, None], -1, likely)], axis=1)
    logs = np.where(candidates >= 0, np.take_along_axis(likelihoods, np.maximum(candidates, 0), axis=1), -np.inf)
    agree = (space.indices[candidates] == labels[:, None, :]) & (labels[:, None, :] >= 0)

    def loss(parameters: NDArray[np.float64]) -> float:
        weights, temperature = parameters[:-1], max(0.3, float(parameters[-1]))
        scores = (logs + agree @ weights) / temperature
        # Small weights are as good as none, and safer.
        return float((logsumexp(scores, axis=1) - scores[:, 0]).mean() + 0.001 * np.abs(weights).sum())

    start = np.array([0.5] * len(FIELDS) + [1.2])
    bounds = [(0.0, 3.0)] * len(FIELDS) + [(0.5, 3.0)]
    best = minimize(loss, start, method="Powell", bounds=bounds, options={"xtol": 0.01, "ftol": 1e-5})
    return {field: round(float(weight), 3) for field, weight in zip(FIELDS, best.x[:-1], strict=True)}
