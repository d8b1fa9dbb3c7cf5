"""Tasks written as task files: what `load_tasks` reads."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from karma_eval.tasks import Disturbance, Instruction, Milestone, Task

__all__ = ["to_yaml"]

_WIDTH = 118


def to_yaml(tasks: Sequence[Task], *, comment: str = "") -> str:
    """A task file.

    Args:
        tasks: What it holds.
        comment: Lines above them, without the number signs.
    """
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    buffer = io.StringIO()
    yaml.dump(CommentedSeq(_task(task) for task in tasks), buffer)
    # The list's own dash needs no indent.
    lines = [line.removeprefix("  ") for line in buffer.getvalue().splitlines()]
    return "".join(f"# {line}\n".replace("#  \n", "#\n") for line in comment.splitlines()) + "\n".join(lines) + "\n"


def _task(task: Task) -> CommentedMap:
    data = CommentedMap({"id": task.id, "class": task.task_class.value})
    if task.scene is not None:
        data["scene"] = task.scene
    else:
        data["home"] = _flow(list(task.home))
    if task.setup:
        data["setup"] = [_flow(_disturbance(change)) for change in task.setup]
    data["instructions"] = [_instruction(instruction) for instruction in task.instructions]
    return data


def _instruction(instruction: Instruction) -> CommentedMap:
    data = CommentedMap({"say": DoubleQuotedScalarString(instruction.say)})
    if instruction.milestones:
        data["milestones"] = [_flow(_milestone(m)) for m in instruction.milestones]
    for key in ("needs", "may"):
        selectors = getattr(instruction, key)
        if selectors:
            data[key] = _flow([str(s) for s in selectors])
    if instruction.meanwhile:
        data["meanwhile"] = [_flow(_disturbance(change)) for change in instruction.meanwhile]
    return data


def _milestone(milestone: Milestone) -> dict[str, Any]:
    arguments = [str(s) for s in milestone.selectors] + ([_word(milestone.state)] if milestone.state else [])
    inner: dict[str, Any] = {milestone.predicate.value: arguments if len(arguments) > 1 else arguments[0]}
    data: dict[str, Any] = {"not": inner} if milestone.negated else inner
    if milestone.count > 1:
        data["count"] = milestone.count
    if milestone.final:
        data["final"] = True
    return data


def _disturbance(change: Disturbance) -> dict[str, Any]:
    if change.put is not None:
        return {"put": [str(s) for s in change.put]}
    assert change.state is not None
    return {"state": [str(change.state[0]), _word(change.state[1])]}


def _word(state: str) -> str:
    """A state; ``on`` and ``off`` quoted, since readers of YAML 1.1 take them for truth values."""
    return DoubleQuotedScalarString(state) if state in ("on", "off") else state


def _flow(value: Any) -> Any:
    """The same, written on one line."""
    if isinstance(value, dict):
        mapping = CommentedMap((k, _flow(v)) for k, v in value.items())
        mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list):
        sequence = CommentedSeq(map(_flow, value))
        sequence.fa.set_flow_style()
        return sequence
    return value
