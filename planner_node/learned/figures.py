"""How well a parser reads the annotations of floor plans that it was not trained on."""

from __future__ import annotations

import json
import tarfile
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planner_node.learned.alfred import parse_goal
from planner_node.learned.data import Example, Split, read_examples, split_floor_plans
from planner_node.learned.labels import ACTIONS, FIELDS
from planner_node.learned.model import LearnedParser

__all__ = ["measure"]

LAYOUTS: Final = "alfred_layouts.tar.gz"
BINS: Final = 10  # of confidence, for the expected calibration error
SURE: Final = 0.8


def measure(parser: LearnedParser, data: Path, *, split: Split, steps_every: int = 3) -> dict[str, Any]:
    """Measure a parser on one split.

    Args:
        parser: What reads.
        data: ALFRED's annotations; with `LAYOUTS` beside them, homes' furniture is known as well as their things.
        split: Whose floor plans.
        steps_every: Read the steps of one annotation in so many: there are seven times as many steps as tasks.

    Returns:
        Shares of what was read right. A goal counts when all six fields are right, a sequence when every action is.
        ``home`` stands for the classes that the home holds being given, ``plan`` for the steps being read with the
        task.
    """
    examples = read_examples(data)
    splits = split_floor_plans([example.floor_plan for example in examples], seed=parser.card.seed)
    chosen = [example for example in examples if splits[example.floor_plan] == split]
    furniture = _furniture(data.with_name(LAYOUTS), {example.floor_plan for example in chosen})
    return {
        "split": split,
        "floor_plans": len({example.floor_plan for example in chosen}),
        "instructions": len(chosen),
        "with_steps": sum(bool(example.steps) for example in chosen[::steps_every]),
        **_goals(parser, chosen, furniture, steps_every),
        **_latency(parser, [example.task for example in chosen[:200]]),
    }


def _goals(
    parser: LearnedParser,
    examples: Sequence[Example],
    furniture: Mapping[str, Collection[str]],
    steps_every: int,
) -> dict[str, Any]:
    right: dict[str, list[bool]] = defaultdict(list)
    sure: dict[str, list[float]] = defaultdict(list)
    figures: dict[str, list[bool]] = defaultdict(list)
    # Per action: of how many steps both arguments were right.
    arguments: dict[str, list[bool]] = defaultdict(list)
    for number, example in enumerate(examples):
        likelihoods = parser.goal_likelihoods(example.task)
        readings = {"task": parser.weigh(likelihoods)}
        if furniture:
            home = {*example.home, *furniture[example.floor_plan]}
            readings["task_home"] = parser.weigh(likelihoods, home=home)
        if example.steps and number % steps_every == 0:
            steps = parser.step_probabilities([step.sentence for step in example.steps])
            alone, together = parser.read_plan(steps), parser.read_plan(steps, task=likelihoods)
            readings["plan"] = (
                readings["task"]
                if together.goals is None
                else parser.weigh(together.goals, temperature=parser.card.plan_temperature)
            )
            if furniture:
                readings["plan_home"] = (
                    readings["task_home"]
                    if together.goals is None
                    else parser.weigh(together.goals, home=home, temperature=parser.card.plan_temperature)
                )
            actions = [step.action for step in example.steps]
            by_sentence = [ACTIONS[i] for i in steps[0].argmax(axis=1)]
            figures["action_sequence_sentence_by_sentence"].append(by_sentence == actions)
            figures["action_sequence_from_steps"].append([action for action, _, _ in alone.steps] == actions)
            figures["action_sequence_from_plan"].append([action for action, _, _ in together.steps] == actions)
            for step, read in zip(example.steps, alone.steps, strict=True):
                arguments[step.action].append(read[1:] == (step.thing, step.place))
            for step, read in zip(example.steps, together.steps, strict=True):
                arguments[f"{step.action}_with_task"].append(read[1:] == (step.thing, step.place))
        for name, probabilities in readings.items():
            best = int(probabilities.argmax())
            goal = parser.space.goal(best)
            right[name].append(goal == example.goal)
            sure[name].append(float(probabilities[best]))
            if name == "task":
                for f, field in enumerate(FIELDS):
                    figures[f"field_{field}"].append(goal[f] == example.goal[f])
    result: dict[str, Any] = {f"goal_from_{name}": float(np.mean(values)) for name, values in right.items()}
    result |= {f"calibration_error_{name}": _calibration_error(sure[name], right[name]) for name in right}
    confident = np.array(sure["task"]) >= SURE
    result["task_share_confident"] = float(confident.mean())
    result["goal_from_task_confident"] = float(np.array(right["task"])[confident].mean()) if confident.any() else 0.0
    result |= {name: float(np.mean(values)) for name, values in figures.items()}
    for ending in ("", "_with_task"):
        handled = [x for a in ACTIONS if a != "GotoLocation" for x in arguments.get(f"{a}{ending}", [])]
        if handled:
            result[f"arguments_without_goto{ending}"] = float(np.mean(handled))
    return result | {f"arguments_{name}": float(np.mean(values)) for name, values in sorted(arguments.items())}


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
    """Classes of what each floor plan holds, as recorded with ALFRED; nothing if that was not recorded."""
    if not path.is_file():
        return {}
    result: dict[str, list[str]] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            plan, _, kind = Path(member.name).name.rpartition("-")
            file = archive.extractfile(member) if kind == "objects.json" and plan in floor_plans else None
            if file is not None:
                result[plan] = json.load(file)
    return result
