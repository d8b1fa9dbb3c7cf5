"""ALFRED's annotations as examples for training and measuring the parser, split by floor plan."""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from planner_node.errors import PlannerError
from planner_node.learned.labels import LAMPS, NO_ARGUMENT, OBJECTS, STEP_PLACES, goal_key

__all__ = ["DataError", "Example", "Split", "Step", "read_examples", "split_floor_plans"]

Split = Literal["train", "dev", "held_out"]
HELD_OUT_SHARE: Final = 0.1
DEV_SHARE: Final = 0.07


class DataError(PlannerError):
    """The annotations are missing or not what they should be."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step sentence and what the expert did.

    Attributes:
        sentence: A person's words.
        action: One of `labels.ACTIONS`.
        thing: Class of what is handled, empty for GotoLocation.
        place: Class of where to go or to put it, else empty.
    """

    sentence: str
    action: str
    thing: str
    place: str


@dataclass(frozen=True, slots=True)
class Example:
    """One person's annotation of one demonstration.

    Attributes:
        task: The instruction, one sentence.
        steps: The same in steps; empty where the sentences do not line up with the expert's plan.
        goal: Labels in the order of `labels.FIELDS`.
        floor_plan: Such as ``FloorPlan1``.
        home: Classes of the movable objects in that home.
    """

    task: str
    steps: tuple[Step, ...]
    goal: tuple[str, ...]
    floor_plan: str
    home: frozenset[str]


def read_examples(path: Path) -> list[Example]:
    """Read all annotations of ALFRED tasks, one task a line of (gzipped) JSON.

    Raises:
        DataError: The file is absent, or a line is no ALFRED task.
    """
    return list(_examples(path))


def split_floor_plans(floor_plans: Sequence[str], *, seed: int) -> dict[str, Split]:
    """Assign each floor plan to a split: by chance, evenly over kitchens, living rooms, bedrooms and bathrooms.

    Whole floor plans, because sentences of one home are alike: only a home never seen tells how others will fare.
    """
    kinds: dict[int, list[str]] = defaultdict(list)
    for plan in sorted(set(floor_plans), key=_number):
        kinds[_number(plan) // 100].append(plan)
    chance = random.Random(seed)
    splits: dict[str, Split] = {}
    for plans in kinds.values():
        chance.shuffle(plans)
        held_out = round(len(plans) * HELD_OUT_SHARE)
        dev = round(len(plans) * DEV_SHARE)
        for i, plan in enumerate(plans):
            splits[plan] = "held_out" if i < held_out else "dev" if i < held_out + dev else "train"
    return splits


def _number(floor_plan: str) -> int:
    return int(floor_plan.removeprefix("FloorPlan"))


def _examples(path: Path) -> Iterator[Example]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield from _task_examples(json.loads(line))
                except (KeyError, TypeError, ValueError) as error:
                    raise DataError(f"{path}, line {number}: not an ALFRED task ({error!r})") from error
    except OSError as error:
        raise DataError(f"cannot read the annotations: {error}; give the path of alfred_train.jsonl.gz") from error


def _task_examples(task: dict[str, Any]) -> Iterator[Example]:
    goal = goal_key(task["task_type"], task["pddl_params"])
    home = frozenset(pose["name"].split("_")[0] for pose in task["object_poses"])
    plan = [_arguments(action, arguments) for action, arguments in task["plan"] if action != "NoOp"]
    for annotation in task["annotations"]:
        sentences = annotation["steps"]
        steps = (
            tuple(Step(sentence, *step) for sentence, step in zip(sentences, plan, strict=True))
            if len(sentences) == len(plan)
            else ()
        )
        yield Example(annotation["task"], steps, goal, task["floor_plan"], home)


_CLASS_OF: Final = {label.lower(): label for label in (*STEP_PLACES, *OBJECTS, *LAMPS)}


def _arguments(action: str, arguments: Sequence[str]) -> tuple[str, str, str]:
    """Return (action, thing, place) of a step of the expert's plan, in proper class names."""
    labels = [_CLASS_OF[argument] for argument in arguments]
    if action == "GotoLocation":
        return action, NO_ARGUMENT, labels[0]
    return action, labels[0], labels[1] if len(labels) > 1 else NO_ARGUMENT
