"""ALFRED's records as tasks in the 5.0 floor plans: goals as milestones, initial poses as set-up.

Objects are mapped by class, since their names differ between the releases. Where an object of the goal stood on or in
something in the record, it is put on or in a receptacle of that class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from karma_eval.alfred_records import AlfredRecord
from karma_eval.errors import TaskError
from karma_eval.tasks import Instruction, Task, TaskClass
from scene_graph.ontology import ontology

__all__ = ["GoalInstruction", "UnfitError", "goal_instruction", "label_now", "to_task"]

_NOW = {
    "BathtubBasin": "Bathtub|BathtubBasin",
    "Bathtub": "Bathtub|BathtubBasin",
    "Sink": "Sink|SinkBasin",
    "SinkBasin": "Sink|SinkBasin",
    "Glassbottle": "Bottle",
    "GlassBottle": "Bottle",
    "PaperTowel": "PaperTowelRoll",
    "ToiletPaperRoll": "ToiletPaper",
}
"""Classes of AI2-THOR 2.1 that are named otherwise in 5.0, or of which people mean either."""

_ABOVE = 0.35
"""Metres above a receptacle's top up to which something rests on it."""

_MARGIN = 0.05

_CLASSES = {
    "pick_and_place_simple": TaskClass.SIMPLE,
    "look_at_obj_in_light": TaskClass.SIMPLE,
    "pick_two_obj_and_place": TaskClass.SIMPLE,
    "pick_clean_then_place_in_recep": TaskClass.COMPOSITE,
    "pick_heat_then_place_in_recep": TaskClass.COMPOSITE,
    "pick_cool_then_place_in_recep": TaskClass.COMPOSITE,
    "pick_and_place_with_movable_recep": TaskClass.COMPOSITE,
}


class UnfitError(TaskError):
    """A record that cannot be a task in the 5.0 floor plans; the message is a reason that can be counted."""


@dataclass(frozen=True)
class GoalInstruction:
    """A record's goal as an instruction.

    Attributes:
        instruction: Words and milestones.
        states: Changes of state that it needs beforehand.
        places: Changes of place that it needs beforehand, as the record has them.
    """

    instruction: Mapping[str, Any]
    states: tuple[Mapping[str, Any], ...]
    places: tuple[Mapping[str, Any], ...]


def label_now(label: str) -> str:
    """The 5.0 selector of an old class.

    Raises:
        UnfitError: If nothing in the 5.0 floor plans is of that class.
    """
    now = _NOW.get(label, label)
    if not set(now.split("|")) <= set(ontology().labels()):
        raise UnfitError(f"there is no {label} any more")
    return now


def to_task(record: AlfredRecord, objects: Sequence[Mapping[str, Any]], *, sentence: int) -> Task:
    """A record as a task of one instruction.

    Args:
        record: From `read_records`.
        objects: Metadata of its floor plan's objects, as the simulator has them at the start.
        sentence: Which of its people's sentences.

    Raises:
        UnfitError: If its goal cannot be put into milestones.
    """
    goal = goal_instruction(record, objects, sentence=sentence)
    return Task.model_validate(
        {
            "id": f"alfred-{record.name}-{sentence}",
            "class": _CLASSES[record.task_type],
            "scene": record.floor_plan,
            "setup": [*goal.places, *goal.states],
            "instructions": [goal.instruction],
        }
    )


def goal_instruction(
    record: AlfredRecord, objects: Sequence[Mapping[str, Any]], *, sentence: int, suffix: str = ""
) -> GoalInstruction:
    """A record's goal as milestones, with what has to be changed beforehand.

    Args:
        record: From `read_records`.
        objects: Metadata of its floor plan's objects.
        sentence: Which of its people's sentences.
        suffix: Of the names of instances, to tell them from those of other instructions.

    Raises:
        UnfitError: If its goal cannot be put into milestones.
    """
    if record.task_type not in _CLASSES:
        raise UnfitError(f"its task type {record.task_type} is unknown")
    if not record.sentences or not record.sentences[sentence].strip():
        raise UnfitError("nobody wrote a sentence for it")
    target = label_now(str(record.goal["object_target"]))
    thing = f"{target}#o{suffix}"
    milestones, moved = _milestones(record, target, thing, suffix)
    states: list[dict[str, Any]] = []
    if record.task_type == "pick_clean_then_place_in_recep" and _dirtyable(objects, target):
        states.append({"state": [thing, "dirty"]})
    if record.goal["toggle_target"]:
        states.append({"state": [f"{record.goal['toggle_target']}#l{suffix}", "off"]})
    end = record.goal["parent_target"]
    ends = set(label_now(str(end)).split("|")) if end else set()
    places = []
    if record.task_type != "pick_two_obj_and_place":
        for label, selector in moved:
            where = _resting_place(record, label, objects)
            if where is not None and where not in ends:
                places.append({"put": [selector, where]})
    instruction = {
        "say": record.sentences[sentence].strip(),
        "milestones": milestones,
        "needs": [selector for _, selector in moved],
    }
    Instruction.model_validate(instruction)
    return GoalInstruction(instruction, tuple(states), tuple(places))


def _milestones(
    record: AlfredRecord, target: str, thing: str, suffix: str
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Milestones in order, and (old class, selector) of what has to be where the record has it."""
    goal = record.goal
    moved = [(str(goal["object_target"]), thing)]
    milestones: list[dict[str, Any]] = []
    if goal["object_sliced"]:
        milestones.append({"state": [thing, "sliced"]})
        piece = f"{target}Sliced"
        if piece not in ontology().labels():
            raise UnfitError(f"a {target} cannot be sliced")
        target, thing = piece, f"{piece}#o{suffix}"
    end = label_now(str(goal["parent_target"])) if goal["parent_target"] else ""
    match record.task_type:
        case "look_at_obj_in_light":
            lamp = f"{label_now(str(goal['toggle_target']))}#l{suffix}"
            return [*milestones, {"held": thing}, {"state": [lamp, "on"]}], moved
        case "pick_two_obj_and_place":
            return [*milestones, {"in": [target, end], "count": 2}], moved
        case "pick_and_place_with_movable_recep":
            vessel = f"{label_now(str(goal['mrecep_target']))}#m{suffix}"
            moved.append((str(goal["mrecep_target"]), vessel))
            milestones += [{"in": [thing, vessel]}, {"in": [vessel, end]}, {"in": [thing, end], "final": True}]
            return milestones, moved
        case "pick_clean_then_place_in_recep":
            milestones.append({"state": [thing, "clean"]})
        case "pick_heat_then_place_in_recep":
            milestones.append({"state": [thing, "hot"]})
        case "pick_cool_then_place_in_recep":
            milestones.append({"state": [thing, "cold"]})
    return [*milestones, {"in": [thing, end]}], moved


def _dirtyable(objects: Sequence[Mapping[str, Any]], selector: str) -> bool:
    return any(o["dirtyable"] for o in objects if o["objectType"] in selector.split("|"))


def _resting_place(record: AlfredRecord, label: str, objects: Sequence[Mapping[str, Any]]) -> str | None:
    """Class of the receptacle that an object of the record stood on or in; None if that is unclear."""
    position = next((pose.position for pose in record.poses if pose.label == label), None)
    if position is None:
        return None
    found = []
    for o in objects:
        if not o["receptacle"] or o["pickupable"] or o["objectType"] == "Floor":
            continue
        box = o["axisAlignedBoundingBox"]
        low = [box["center"][a] - box["size"][a] / 2 for a in "xyz"]
        high = [box["center"][a] + box["size"][a] / 2 for a in "xyz"]
        beside = any(not low[i] - _MARGIN <= position[i] <= high[i] + _MARGIN for i in (0, 2))
        if beside or not low[1] - _MARGIN <= position[1] <= high[1] + _ABOVE:
            continue
        found.append((box["size"]["x"] * box["size"]["z"], str(o["objectType"])))
    return min(found)[1] if found else None
