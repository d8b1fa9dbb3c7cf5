"""How well the learned parser reads human instructions from homes it never saw: ``karma bench planner_alfred``.

Measured on the held-out floor plans of ALFRED's annotations, which training never looks at. Needs the annotations and
layouts under ``../shared/data``, or where the environment variable ``KARMA_ALFRED`` says.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner_node.learned.alfred import parse_goal
from planner_node.learned.data import DataError, Example, read_examples, split_floor_plans
from planner_node.learned.labels import ACTIONS, FIELDS, STEP_OBJECTS, STEP_PLACES
from planner_node.learned.model import WEIGHTS, LearnedParser

__all__ = ["measure", "run"]

STEPS_EVERY = 6
"""Steps are read of one instruction in so many: there are seven times as many steps as instructions."""
BINS = 10
"""Of confidence, for the expected calibration error."""


def run() -> dict[str, Any]:
    """Measure the project's weights on the held-out floor plans."""
    folder = Path(os.environ.get("KARMA_ALFRED", Path(__file__).resolve().parents[2] / "shared" / "data"))
    began = perf_counter()
    parser = LearnedParser.load(WEIGHTS)
    seconds = perf_counter() - began
    figures = measure(parser, folder, split="held_out")
    return {"weights_mb": WEIGHTS.stat().st_size / 1e6, "load_s": seconds, **figures}


def measure(parser: LearnedParser, folder: Path, *, split: str) -> dict[str, Any]:
    """Measure a parser on one split.

    Args:
        parser: What reads.
        folder: With ``alfred_train.jsonl.gz`` and ``alfred_layouts.tar.gz``.
        split: ``"held_out"`` or ``"dev"``.

    Returns:
        Shares of what was read right. ``home`` stands for the classes that the home holds being given; a look-alike
        that this settles is settled by them alone.
    """
    examples = read_examples(folder / "alfred_train.jsonl.gz")
    splits = split_floor_plans([example.floor_plan for example in examples], seed=parser.card.seed)
    chosen = [example for example in examples if splits[example.floor_plan] == split]
    furniture = _furniture(folder / "alfred_layouts.tar.gz", {example.floor_plan for example in chosen})
    return {
        "split": split,
        "floor_plans": len({example.floor_plan for example in chosen}),
        "instructions": len(chosen),
        **_goals(parser, chosen, furniture),
        **_steps(parser, [example for example in chosen if example.steps][::STEPS_EVERY]),
        **_latency(parser, [example.task for example in chosen[:200]]),
    }


def _goals(
    parser: LearnedParser, examples: Sequence[Example], furniture: Mapping[str, Collection[str]]
) -> dict[str, Any]:
    right: dict[str, list[bool]] = defaultdict(list)
    sure: dict[str, list[float]] = defaultdict(list)
    fields: dict[str, list[bool]] = defaultdict(list)
    for example in examples:
        home = {*example.home, *furniture[example.floor_plan]}
        likelihoods = parser.goal_likelihoods(example.task)
        for name, known in (("task", None), ("task_home", home)):
            probabilities = parser.weigh(likelihoods, home=known)
            best = int(probabilities.argmax())
            goal = parser.space.goal(best)
            right[name].append(goal == example.goal)
            sure[name].append(float(probabilities[best]))
            if known is None:
                for f, field in enumerate(FIELDS):
                    fields[field].append(goal[f] == example.goal[f])
    figures: dict[str, Any] = {f"goal_from_{name}": float(np.mean(values)) for name, values in right.items()}
    figures |= {f"calibration_error_{name}": _calibration_error(sure[name], right[name]) for name in right}
    figures |= {f"field_{field}": float(np.mean(values)) for field, values in fields.items()}
    confident = np.array(sure["task"]) >= 0.8
    figures["task_share_confident"] = float(confident.mean())
    figures["goal_from_task_confident"] = float(np.array(right["task"])[confident].mean())
    return figures


def _steps(parser: LearnedParser, examples: Sequence[Example]) -> dict[str, Any]:
    sequences: list[bool] = []
    # Per action: of how many steps the arguments were right, and all arguments, whatever action was read.
    arguments: dict[str, list[bool]] = defaultdict(list)
    for example in examples:
        rows = parser.step_probabilities([step.sentence for step in example.steps])
        actions, things, places = (row.argmax(axis=1).tolist() for row in rows)
        sequences.append([ACTIONS[a] for a in actions] == [step.action for step in example.steps])
        for step, thing, place in zip(example.steps, things, places, strict=True):
            arguments[step.action].append((STEP_OBJECTS[thing], STEP_PLACES[place]) == (step.thing, step.place))
    handled = [value for action, values in arguments.items() if action != "GotoLocation" for value in values]
    return {
        "action_sequence_from_steps": float(np.mean(sequences)),
        "arguments_without_goto": float(np.mean(handled)),
        **{f"arguments_{action}": float(np.mean(arguments[action])) for action in ACTIONS},
    }


def _latency(parser: LearnedParser, sentences: Sequence[str]) -> dict[str, float]:
    seconds = []
    for sentence in sentences:
        began = perf_counter()
        parse_goal(sentence, parser=parser)
        seconds.append(perf_counter() - began)
    return {
        "ms_per_sentence_p50": float(np.median(seconds)) * 1e3,
        "ms_per_sentence_p95": float(np.quantile(seconds, 0.95)) * 1e3,
    }


def _calibration_error(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error (Naeini et al., 2015): mean gap of confidence to accuracy, over bins of confidence."""
    sure: NDArray[np.float64] = np.asarray(confidence, dtype=np.float64)
    correct = np.asarray(right, dtype=np.float64)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    return float(sum(abs((sure - correct)[bins == b].sum()) for b in range(BINS)) / len(sure))


def _furniture(path: Path, floor_plans: Collection[str]) -> dict[str, list[str]]:
    """Classes of what each floor plan holds, as recorded with ALFRED."""
    if not path.is_file():
        raise DataError(f"no {path}; what homes hold is needed to measure how far it helps")
    result: dict[str, list[str]] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            plan, _, kind = Path(member.name).name.rpartition("-")
            file = archive.extractfile(member) if kind == "objects.json" and plan in floor_plans else None
            if file is not None:
                result[plan] = json.load(file)
    return result
