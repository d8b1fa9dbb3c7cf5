"""How well the learned parser reads human instructions from homes it never saw: ``karma bench planner_alfred``.

Measured on the held-out floor plans of ALFRED's annotations, which training never looks at. Beside it, on the same
sentences, what one gets without training: the goal of the training sentence that is most similar by plain MiniLM, and
the project's grammar alone. Needs the annotations and layouts under ``../shared/data``, or in the folder that the
environment variable ``KARMA_ALFRED`` names.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from memory_node.embeddings import MiniLM
from planner_node.learned.data import DataError, Example, read_examples, split_floor_plans
from planner_node.learned.figures import LAYOUTS, measure
from planner_node.learned.labels import FIELDS
from planner_node.learned.model import WEIGHTS, LearnedParser
from planner_node.parser.alfred import alfred_goal
from scene_graph.ontology import ontology

__all__ = ["run"]


def run() -> dict[str, Any]:
    """Measure the project's weights on the held-out floor plans."""
    folder = Path(os.environ.get("KARMA_ALFRED", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if not (folder / LAYOUTS).is_file():
        raise DataError(f"no {folder / LAYOUTS}; what homes hold is needed to measure how far it helps")
    began = perf_counter()
    parser = LearnedParser.load(WEIGHTS)
    seconds = perf_counter() - began
    figures = measure(parser, folder / "alfred_train.jsonl.gz", split="held_out")
    examples = read_examples(folder / "alfred_train.jsonl.gz")
    splits = split_floor_plans([example.floor_plan for example in examples], seed=parser.card.seed)
    held_out = [example for example in examples if splits[example.floor_plan] == "held_out"]
    trained_on = [example for example in examples if splits[example.floor_plan] == "train"]
    figures |= {
        "peer_minilm_nearest_goal_from_task": nearest(trained_on, held_out),
        "grammar_goal_from_task": grammar(held_out),
    }
    return {"weights_mb": WEIGHTS.stat().st_size / 1e6, "load_s": seconds, **figures}


def nearest(known: Sequence[Example], asked: Sequence[Example]) -> float:
    """Share of goals read right by taking that of the most similar known sentence, by plain MiniLM's cosine."""
    goals: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for example in known:
        goals[_plain(example.task)][example.goal] += 1
    sentences, questions = sorted(goals), sorted({_plain(example.task) for example in asked})
    embedder = MiniLM()

    def vectors(texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        found = np.concatenate([embedder.embed(texts[i : i + 64]) for i in range(0, len(texts), 64)])
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)

    best = (vectors(questions) @ vectors(sentences).T).argmax(axis=1)
    read = {q: goals[sentences[i]].most_common(1)[0][0] for q, i in zip(questions, best, strict=True)}
    return float(np.mean([read[_plain(example.task)] == example.goal for example in asked]))


def grammar(asked: Sequence[Example]) -> float:
    """Share of goals that grammar alone reads right."""
    known = ontology()
    goals = [alfred_goal(example.task, known) for example in asked]
    return float(
        np.mean([tuple(str(g[f]) for f in FIELDS) == example.goal for g, example in zip(goals, asked, strict=True)])
    )


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(" .")
