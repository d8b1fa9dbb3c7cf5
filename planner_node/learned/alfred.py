"""Reading ALFRED goals and steps off a person's sentences.

>>> goal = parse_goal("Put a chilled potato on the counter.")
>>> goal.task_type, goal.object_target, goal.parent_target
('pick_cool_then_place_in_recep', 'Potato', 'CounterTop')
>>> [step.action for step in parse_steps(["Walk to the sink.", "Pick up the mug."])]
['GotoLocation', 'PickupObject']
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planner_node.learned.labels import ACTIONS, FIELD_LABELS, FIELDS, STEP_OBJECTS, STEP_PLACES
from planner_node.learned.model import LearnedParser

__all__ = ["AlfredGoal", "ParsedStep", "parse_goal", "parse_steps"]

_ALTERNATIVES: Final = 4


@dataclass(frozen=True, kw_only=True)
class AlfredGoal:
    """What an instruction asks for, in ALFRED's terms; fields that do not apply are empty.

    Attributes:
        task_type: One of ALFRED's seven.
        object_target: Class of what is to be moved or looked at.
        mrecep_target: Class of the movable receptacle that it is to be put in or on first.
        parent_target: Class of where it ends.
        toggle_target: Class of the lamp to look at it by.
        object_sliced: Whether a slice of it is meant.
        probability: Of all fields together, in [0, 1].
        confidence: Of each field by itself, in [0, 1]. Low where the words leave it open; whoever acts on a goal
            should ask, or look at `alternatives`, where it is.
        alternatives: The next likely goals, each with its probability, likeliest first.
    """

    task_type: str
    object_target: str
    mrecep_target: str
    parent_target: str
    toggle_target: str
    object_sliced: bool
    probability: float
    confidence: Mapping[str, float]
    alternatives: tuple[tuple[dict[str, str | bool], float], ...] = ()

    def fields(self) -> dict[str, str | bool]:
        """Return the six fields under ALFRED's names, in its order."""
        return {field: getattr(self, field) for field in FIELDS}


@dataclass(frozen=True, kw_only=True)
class ParsedStep:
    """What one step sentence asks for.

    Attributes:
        action: One of `labels.ACTIONS`.
        thing: Class of what is handled; empty for GotoLocation.
        place: Class of where to go or where to put it; empty for the other actions.
        confidence: Of ``"action"``, ``"thing"`` and ``"place"`` by the sentence itself, each in [0, 1].
    """

    action: str
    thing: str
    place: str
    confidence: Mapping[str, float]


def parse_goal(
    sentence: str,
    *,
    steps: Sequence[str] = (),
    home: Collection[str] | None = None,
    parser: LearnedParser | None = None,
) -> AlfredGoal:
    """Read the goal of one instruction.

    Args:
        sentence: A person's words; any text gives a goal, one that makes no sense a goal of low confidence.
        steps: The same in steps, one sentence each, in their order; they tell what the one sentence leaves open.
        home: Classes that the home is known to hold, to settle what words leave open; None if nothing is known.
        parser: Weights to read with; None for the project's own.

    Raises:
        WeightsError: The weights are missing or damaged.
    """
    reader = parser if parser is not None else LearnedParser.default()
    likelihoods = reader.goal_likelihoods(sentence)
    goals = reader.read_plan(reader.step_probabilities(steps), task=likelihoods).goals if steps else None
    if goals is None:  # there are no steps, or none that make a plan
        return _goal(reader, reader.weigh(likelihoods, home=home))
    return _goal(reader, reader.weigh(goals, home=home, temperature=reader.card.plan_temperature))


def parse_steps(
    sentences: Sequence[str], *, task: str | None = None, parser: LearnedParser | None = None
) -> list[ParsedStep]:
    """Read what each of an instruction's steps asks for, in the light of the others: "it" is what was picked up.

    Args:
        sentences: One a step, in their order.
        task: The instruction in one sentence, if there is one.
        parser: Weights to read with; None for the project's own.

    Returns:
        One a sentence.

    Raises:
        WeightsError: The weights are missing or damaged.
    """
    reader = parser if parser is not None else LearnedParser.default()
    if not sentences:
        return []
    probabilities = reader.step_probabilities(sentences)
    reading = reader.read_plan(probabilities, task=reader.goal_likelihoods(task) if task is not None else None)
    return [
        ParsedStep(
            action=action,
            thing=thing,
            place=place,
            confidence={
                name: float(rows[i, labels.index(label)])
                for name, rows, labels, label in zip(
                    ("action", "thing", "place"),
                    probabilities,
                    (ACTIONS, STEP_OBJECTS, STEP_PLACES),
                    (action, thing, place),
                    strict=True,
                )
            },
        )
        for i, (action, thing, place) in enumerate(reading.steps)
    ]


def _goal(reader: LearnedParser, probabilities: NDArray[np.float32]) -> AlfredGoal:
    likeliest = np.argpartition(-probabilities, _ALTERNATIVES)[: _ALTERNATIVES + 1].tolist()
    likeliest.sort(key=lambda row: (-probabilities[row], row))
    indices = reader.space.indices
    best = likeliest[0]
    confidence = {
        field: float(probabilities[indices[:, f] == indices[best, f]].sum()) for f, field in enumerate(FIELDS)
    }
    return AlfredGoal(
        **_fields(reader, best),
        probability=float(probabilities[best]),
        confidence=confidence,
        alternatives=tuple((_fields(reader, row), float(probabilities[row])) for row in likeliest[1:]),
    )


def _fields(reader: LearnedParser, row: int) -> dict[str, Any]:
    labels: dict[str, Any] = dict(zip(FIELDS, reader.space.goal(row), strict=True))
    labels["object_sliced"] = labels["object_sliced"] == FIELD_LABELS["object_sliced"][1]
    return labels
