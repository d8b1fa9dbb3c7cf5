"""Tasks: a scene, instructions given in turn, and the milestones that say when each was carried out.

Task files are YAML 1.2 (there ``on`` and ``off`` are words), a list of tasks; `docs/tasks.md` describes the format.
All models are frozen and refuse unknown keys, so that a misspelt key is an error and not a milestone that is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from karma_eval.errors import TaskError
from scene_graph.types import OPPOSITES

__all__ = [
    "STATES",
    "Disturbance",
    "Instruction",
    "Milestone",
    "Predicate",
    "Selector",
    "Task",
    "TaskClass",
    "load_milestones",
    "load_tasks",
    "parse_milestones",
]

STATES: frozenset[str] = frozenset(
    ["open", "closed", "on", "off", "sliced", "cooked", "clean", "dirty", "filled", "empty", "broken", "hot", "cold"]
)
"""States that a milestone may name, beside ``filled:LIQUID``."""

_SELECTOR = re.compile(r"(?P<types>[A-Za-z]\w*(?:\|[A-Za-z]\w*)*)(?:#(?P<name>\w+))?")


class TaskClass(StrEnum):
    """KARMA's classes of task."""

    SIMPLE = "simple"
    COMPOSITE = "composite"
    COMPLEX = "complex"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Selector(_Model):
    """Which objects are meant: ``Type``, ``A|B``, and with ``#a`` one instance throughout the task.

    Attributes:
        types: Class names, any of which will do; each stands for what derives from it.
        name: The instance's name in the task, if it has one.
    """

    types: tuple[str, ...]
    name: str | None = None

    @classmethod
    def parse(cls, text: Any) -> Selector:
        """Read a selector.

        Raises:
            ValueError: If it is not one.
        """
        match = _SELECTOR.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise ValueError(f"{text!r} is no object: write a type as in Mug, Mug#a (one instance) or Mug|Cup")
        return cls(types=tuple(match["types"].split("|")), name=match["name"])

    def __str__(self) -> str:
        return "|".join(self.types) + (f"#{self.name}" if self.name else "")


def _selector(value: Any) -> Any:
    return value if isinstance(value, (Selector, dict)) else Selector.parse(value)


AnySelector = Annotated[Selector, BeforeValidator(_selector)]


class Predicate(StrEnum):
    """What a milestone can say of objects."""

    ON = "on"
    IN = "in"
    NEAR = "near"
    HELD = "held"
    STATE = "state"


def _check_state(value: Any) -> str:
    base, _, liquid = str(value).partition(":")
    if isinstance(value, bool) or base not in STATES or (liquid and base != "filled"):
        raise ValueError(f"{value!r} is no state; use one of {', '.join(sorted(STATES))} or filled:LIQUID")
    return str(value)


class Milestone(_Model):
    """One condition that must hold at some moment of its instruction.

    Attributes:
        predicate: What is said.
        subject: Of what.
        other: The second object of ``on``, ``in`` and ``near``.
        state: The state of ``state``.
        negated: Whether it must not hold.
        count: How many different objects must satisfy it.
        final: Whether it must hold when its instruction ends, rather than at any moment.
    """

    predicate: Predicate
    subject: Selector
    other: Selector | None = None
    state: str | None = None
    negated: bool = False
    count: int = Field(default=1, ge=1)
    final: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, value: Any) -> Any:
        return _read_milestone(value) if isinstance(value, dict) and "predicate" not in value else value

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """The objects that it names."""
        return (self.subject,) if self.other is None else (self.subject, self.other)

    def excludes(self, later: Milestone) -> bool:
        """Whether the two cannot hold together for the same objects, as lamp on and lamp off."""
        if self.subject != later.subject:
            return False
        if self.predicate == later.predicate and (self.other, self.state) == (later.other, later.state):
            return self.negated != later.negated
        if self.negated or later.negated:
            return False
        if self.state is not None and later.state is not None:
            return later.state.split(":")[0] in OPPOSITES.get(self.state.split(":")[0], frozenset())
        placed = (Predicate.ON, Predicate.IN, Predicate.HELD)
        return self.predicate in placed and later.predicate in placed

    def __str__(self) -> str:
        inner = ", ".join(str(v) for v in (self.subject, self.other, self.state) if v is not None)
        text = f"{'not ' if self.negated else ''}{self.predicate}({inner})"
        return text + (f" × {self.count}" if self.count > 1 else "") + (" at the end" if self.final else "")


def _read_milestone(value: dict[str, Any]) -> dict[str, Any]:
    """The fields of `Milestone` from the way that task files write it."""
    if "not" in value:
        beside = set(value) - {"not", "final", "count"}
        inner = value["not"]
        if beside or not isinstance(inner, dict) or "not" in inner:
            raise ValueError("write a negated milestone as {not: {in: [Apple, Fridge]}}, with one predicate inside")
        return {**_read_milestone({**inner, **{k: v for k, v in value.items() if k != "not"}}), "negated": True}
    named = [p for p in Predicate if p.value in value]
    unknown = set(value) - {p.value for p in Predicate} - {"count", "final"}
    if unknown or len(named) != 1:
        raise ValueError(
            f"a milestone has one predicate out of {', '.join(Predicate)} (and not, count, final), "
            f"got the keys {', '.join(map(str, value)) or 'none'}"
        )
    predicate = named[0]
    arguments = value[predicate.value]
    if isinstance(arguments, str):
        arguments = [arguments]
    wanted = 1 if predicate is Predicate.HELD else 2
    if not isinstance(arguments, (list, tuple)) or len(arguments) != wanted:
        example = {"held": "{held: Apple}", "state": "{state: [Apple, sliced]}"}.get(
            predicate.value, f"{{{predicate.value}: [Apple, Plate]}}"
        )
        raise ValueError(f"{predicate.value} takes {wanted} argument(s), as in {example}; got {arguments!r}")
    result: dict[str, Any] = {"predicate": predicate, "subject": Selector.parse(arguments[0])}
    if predicate is Predicate.STATE:
        result["state"] = _check_state(arguments[1])
    elif wanted == 2:
        result["other"] = Selector.parse(arguments[1])
    return result | {k: value[k] for k in ("count", "final") if k in value}


class Disturbance(_Model):
    """What somebody else does: puts an object somewhere, or changes its state.

    Attributes:
        put: (object, receptacle).
        state: (object, state).
    """

    put: tuple[AnySelector, AnySelector] | None = None
    state: tuple[AnySelector, Annotated[str, BeforeValidator(_check_state)]] | None = None

    @model_validator(mode="after")
    def _one(self) -> Disturbance:
        if (self.put is None) == (self.state is None):
            raise ValueError("write one of {put: [Mug, Shelf]} and {state: [DeskLamp, off]}")
        return self

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """The objects that it names."""
        if self.put is not None:
            return self.put
        return () if self.state is None else (self.state[0],)

    def __str__(self) -> str:
        if self.put is not None:
            return f"put {self.put[0]} in or on {self.put[1]}"
        return "" if self.state is None else f"make {self.state[0]} {self.state[1]}"


class Instruction(_Model):
    """One instruction of a task.

    Attributes:
        say: The person's words.
        milestones: What carries it out, in this order.
        needs: What recall ought to return, for the recall metric.
        may: What else may change for good.
        meanwhile: What somebody else does after it.
    """

    say: str = Field(min_length=1)
    milestones: tuple[Milestone, ...] = ()
    needs: tuple[AnySelector, ...] = ()
    may: tuple[AnySelector, ...] = ()
    meanwhile: tuple[Disturbance, ...] = ()

    @model_validator(mode="after")
    def _has_words(self) -> Instruction:
        if not self.say.strip():
            raise ValueError("an instruction needs words after `say:`")
        return self


class Task(_Model):
    """A history of instructions in one home.

    Attributes:
        id: Unique in its suite.
        task_class: KARMA's class of it; ``class`` in files.
        scene: Floor plan; or
        home: floor plans composed into one home.
        setup: Changes before the run.
        instructions: In turn; memory lives on between them.
    """

    id: str = Field(min_length=1)
    task_class: TaskClass = Field(alias="class")
    scene: str | None = None
    home: tuple[str, ...] = ()
    setup: tuple[Disturbance, ...] = ()
    instructions: tuple[Instruction, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_place(self) -> Task:
        if (self.scene is None) == (not self.home):
            raise ValueError("give either scene: FloorPlan1 or home: [FloorPlan1, FloorPlan201]")
        return self

    @property
    def place(self) -> str:
        """Name of the scene: a floor plan, or the floor plans of a home joined by ``+``."""
        return self.scene if self.scene is not None else "+".join(self.home)

    @property
    def named(self) -> tuple[Selector, ...]:
        """Everything that a milestone, ``needs`` or ``may`` names: what may change for good."""
        return tuple(
            selector
            for instruction in self.instructions
            for selector in (
                *(s for m in instruction.milestones for s in m.selectors),
                *instruction.needs,
                *instruction.may,
            )
        )


def load_tasks(path: str | Path) -> list[Task]:
    """Read a task file.

    Raises:
        TaskError: If it cannot be read, is not YAML, or holds a task that is malformed; with file and line.
    """
    data = _read_yaml(Path(path))
    if not isinstance(data, list) or not data:
        raise TaskError(f"{path}: a task file is a list of tasks, each beginning with `- id: …`")
    tasks = [_validate(item, Path(path), data, (index,)) for index, item in enumerate(data)]
    seen: set[str] = set()
    for index, task in enumerate(tasks):
        if task.id in seen:
            raise TaskError(f"{path}:{_line(data, (index, 'id'))}: the id {task.id!r} is used twice; rename one")
        seen.add(task.id)
    return tasks


def load_milestones(path: str | Path) -> list[tuple[Milestone, ...]]:
    """Read a milestones file: a list with one list of milestones for each instruction.

    Raises:
        TaskError: As `load_tasks`.
    """
    return parse_milestones(_read_yaml(Path(path)), source=str(path))


def parse_milestones(data: Any, *, source: str) -> list[tuple[Milestone, ...]]:
    """Check lists of milestones, one list for each instruction.

    Args:
        data: What a YAML file held.
        source: Its name, for messages.

    Raises:
        TaskError: If they are malformed.
    """
    if not isinstance(data, list) or not all(isinstance(group, list) for group in data):
        raise TaskError(
            f"{source}: write one list of milestones for each instruction, as in\n- [{{state: [Apple, sliced]}}]"
        )
    result = []
    for i, group in enumerate(data):
        milestones = []
        for j, item in enumerate(group):
            try:
                milestones.append(Milestone.model_validate(_plain(item)))
            except ValidationError as error:
                raise TaskError(f"{source}:{_line(data, (i, j))}: {_reasons(error)}") from error
        result.append(tuple(milestones))
    return result


def _read_yaml(path: Path) -> Any:
    try:
        return YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TaskError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TaskError(f"{path}: is not a text file in UTF-8") from error
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark is not None else str(path)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise TaskError(f"{where}: not valid YAML: {problem}") from error


def _validate(item: Any, path: Path, data: Any, at: tuple[int | str, ...]) -> Task:
    try:
        return Task.model_validate(_plain(item))
    except ValidationError as error:
        first = error.errors()[0]
        raise TaskError(f"{path}:{_line(data, (*at, *first['loc']))}: {_reasons(error)}") from error


def _reasons(error: ValidationError) -> str:
    parts = []
    for item in error.errors():
        where = ".".join(str(p) for p in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        parts.append(f"{where}: {message}" if where else message)
    return "; ".join(parts)


def _plain(value: Any) -> Any:
    """The same data in Python's own types: ruamel's carry line numbers and subclasses."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value


def _line(data: Any, path: Sequence[int | str]) -> int:
    """The line, from 1, of the deepest part of `path` that the file has."""
    line = 1
    node = data
    for key in path:
        position = getattr(node, "lc", None)
        try:
            if position is not None:
                line = (position.item(key) if isinstance(node, list) else position.key(key))[0] + 1
            node = node[key]
        except (KeyError, IndexError, TypeError):
            break
    return line
