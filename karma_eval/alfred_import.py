"""ALFRED's records imported as task suites: single tasks, and long histories of one home in people's own words."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from karma_eval.alfred_records import AlfredRecord, read_records
from karma_eval.alfred_tasks import GoalInstruction, UnfitError, goal_instruction, to_task
from karma_eval.errors import TaskError
from karma_eval.lint import lint
from karma_eval.pool import spread
from karma_eval.proof import prove, prove_each
from karma_eval.tasks import Task
from sim.errors import SimError
from sim.simulation import Simulation

__all__ = ["Imported", "import_histories", "import_tasks"]

_FRAME = (400, 300)
_SPARE = 1.5
"""So many times the instructions that a history still wants are tried at once, since some cannot follow the others."""

_VAIN = "cannot "
"""How the problem of a change that cannot be made begins."""

_HOLDS = "its goal already holds in the scene"

Progress = Callable[[int, int], None]


@dataclass
class Imported:
    """What an import gave.

    Attributes:
        tasks: Those that fit.
        skipped: How many records did not, by reason.
        short: Histories that have fewer instructions than were wanted, in words.
    """

    tasks: list[Task] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    short: list[str] = field(default_factory=list)


def import_tasks(
    source: Path,
    *,
    sample: int | None = None,
    seed: int = 0,
    proved: bool = False,
    workers: int = 1,
    on_progress: Progress | None = None,
) -> Imported:
    """Records as tasks of one instruction, in the words of one of their people, chosen with the seed.

    Args:
        source: See `read_records`.
        sample: Take so many records, drawn with `seed`; None for all.
        seed: Of all that is drawn.
        proved: Keep only what an oracle can carry out, rather than all that fits its scene.
        workers: Simulators at a time.
        on_progress: Takes how many records are done, of how many.

    Raises:
        EvalError: If the source cannot be read.
    """
    rng = random.Random(seed)
    records = list(read_records(source))
    if sample is not None and sample < len(records):
        records = rng.sample(records, sample)
    chosen = [(record, rng.randrange(max(1, len(record.sentences)))) for record in records]
    chosen.sort(key=lambda item: (item[0].floor_plan, item[0].name))
    chunks = [(list(group), proved, seed) for _, group in groupby(chosen, key=lambda item: item[0].floor_plan)]
    imported = Imported()
    done = 0
    for tasks, skipped in spread(_import_chunk, chunks, workers=workers):
        imported.tasks += tasks
        imported.skipped.update(skipped)
        done += len(tasks) + skipped.total()
        if on_progress is not None:
            on_progress(done, len(records))
    imported.tasks.sort(key=lambda task: task.id)
    return imported


def _import_chunk(
    chunk: tuple[list[tuple[AlfredRecord, int]], bool, int],
) -> tuple[list[Task], Counter[str]]:
    chosen, proved, seed = chunk
    tasks: list[Task] = []
    skipped: Counter[str] = Counter()
    place = chosen[0][0].floor_plan
    try:
        simulation = Simulation.start(place, width=_FRAME[0], height=_FRAME[1])
    except SimError:
        return [], Counter({f"{place} is no floor plan of AI2-THOR 5.0": len(chosen)})
    with simulation:
        for record, sentence in chosen:
            simulation.reset(place)
            try:
                task = to_task(record, simulation.event.metadata["objects"], sentence=sentence)
            except UnfitError as error:
                skipped[str(error)] += 1
                continue
            task, problems = _without_hopeless_places(task, simulation, seed)
            if not problems and proved:
                problems = prove(task, simulation, seed=seed, twins=False).problems
            if problems:
                skipped[_reason(problems[0])] += 1
            else:
                tasks.append(task)
    return tasks, skipped


def _without_hopeless_places(task: Task, simulation: Simulation, seed: int) -> tuple[Task, list[str]]:
    """A task and its problems; where the record's places cannot be had, with the objects where the scene has them."""
    problems = lint(task, simulation, seed=seed)
    kept = tuple(change for change in task.setup if change.put is None)
    if problems and len(kept) < len(task.setup):
        plain = task.model_copy(update={"setup": kept})
        plain_problems = lint(plain, simulation, seed=seed)
        if not plain_problems:
            return plain, []
    return task, problems


def _reason(problem: str) -> str:
    """A problem without what is special to one task, so that it can be counted."""
    if "already hold" in problem:
        return _HOLDS
    if " has no " in problem:
        return "the scene has no " + problem.rpartition(" has no ")[2].split(" that could be")[0].split("#")[0]
    if "cannot put" in problem:
        return "its object cannot be put where the record has it"
    if "cannot make" in problem:
        return "its object cannot be given the state that it needs"
    if "there are not" in problem:
        return "the scene has not enough of its objects"
    return "the oracle cannot carry it out"


def import_histories(
    source: Path,
    *,
    histories: int,
    length: int,
    seed: int = 0,
    workers: int = 1,
    on_progress: Progress | None = None,
) -> Imported:
    """Records of one home in sequence, each in the words of one of its people, as long histories.

    Every history is carried out by an oracle; what cannot follow the tasks before it (its object was sliced, its goal
    already holds) is left out and counted, and others are drawn until the history is long enough or its floor plan has
    no more records.

    Args:
        source: See `read_records`.
        histories: How many, each of another floor plan while there are enough.
        length: Instructions in each.
        seed: Of all that is drawn.
        workers: Simulators at a time.
        on_progress: Takes how many histories are done, of how many.

    Raises:
        EvalError: If the source cannot be read, or no floor plan has enough records.
    """
    rng = random.Random(seed)
    by_plan: dict[str, list[AlfredRecord]] = {}
    for record in sorted(read_records(source), key=lambda r: r.name):
        by_plan.setdefault(record.floor_plan, []).append(record)
    rich = sorted(plan for plan, records in by_plan.items() if len(records) >= length)
    if not rich:
        raise TaskError(f"{source}: no floor plan has {length} records; ask for shorter histories")
    rng.shuffle(rich)
    chunks = []
    for number in range(histories):
        records = by_plan[rich[number % len(rich)]]
        drawn = rng.sample(records, len(records))
        chosen = [(record, rng.randrange(max(1, len(record.sentences)))) for record in drawn]
        chunks.append((number + 1, chosen, length, seed))
    imported = Imported()
    for done, (task, skipped) in enumerate(spread(_build_history, chunks, workers=workers), start=1):
        imported.skipped.update(skipped)
        if task is not None:
            imported.tasks.append(task)
            if len(task.instructions) < length:
                imported.short.append(
                    f"{task.id} has {len(task.instructions)} instructions, not {length}: nothing else that "
                    f"people said about {task.place} can follow them"
                )
        if on_progress is not None:
            on_progress(done, histories)
    imported.tasks.sort(key=lambda task: task.id)
    imported.short.sort()
    return imported


def _build_history(
    chunk: tuple[int, list[tuple[AlfredRecord, int]], int, int],
) -> tuple[Task | None, Counter[str]]:
    number, chosen, length, seed = chunk
    skipped: Counter[str] = Counter()
    place = chosen[0][0].floor_plan
    try:
        simulation = Simulation.start(place, width=_FRAME[0], height=_FRAME[1])
    except SimError:
        return None, Counter({f"{place} is no floor plan of AI2-THOR 5.0": len(chosen)})
    with simulation:
        untried = _goals(chosen, simulation.event.metadata["objects"], skipped)
        again: list[GoalInstruction] = []
        kept: list[GoalInstruction] = []
        while True:
            # Every round gives a goal up, or the state in which it was tried, or is the last.
            wanted = math.ceil(_SPARE * (length - len(kept)))
            more = list(islice(untried, wanted))
            more += [again.pop() for _ in range(min(len(again), wanted - len(more)))]
            goals = kept + more
            if not goals:
                skipped["its history came to nothing"] += 1
                return None, skipped
            name = f"alfred-history-{number:02d}"
            blamed = _blamed(prove_each(_history(name, place, goals), simulation, seed=seed))
            if not blamed and (len(goals) >= length or not more):
                return _history(name, place, goals[:length]), skipped
            for index, reason in blamed.items():
                goal = goals[index]
                if reason == _HOLDS and goal.places:
                    # Another of its people has been here with the same wish: somebody else undoes it before.
                    again.append(replace(goal, states=(*goal.places, *goal.states), places=()))
                else:
                    skipped[reason] += 1
            kept = [goal for index, goal in enumerate(goals) if index not in blamed][:length]


def _blamed(problems: Sequence[Sequence[str]]) -> dict[int, str]:
    """Which goals of a history do not work, by their places in it, and why."""
    found: dict[int, str] = {}
    if problems and problems[0] and problems[0][0].startswith(_VAIN) and all(told == problems[0] for told in problems):
        return {0: _reason(problems[0][0])}  # what had to be so before all of them
    for index, told in enumerate(problems):
        own = [problem for problem in told if not problem.startswith(_VAIN)]
        if own:
            found.setdefault(index, _reason(own[0]))
        if len(own) < len(told):  # somebody else could not prepare the goal after this one
            found[index + 1] = _reason(told[-1])
    return found


def _goals(
    chosen: Sequence[tuple[AlfredRecord, int]], objects: Sequence[Any], skipped: Counter[str]
) -> Iterator[GoalInstruction]:
    for index, (record, sentence) in enumerate(chosen):
        try:
            yield goal_instruction(record, objects, sentence=sentence, suffix=str(index))
        except UnfitError as error:
            skipped[str(error)] += 1


def _history(name: str, place: str, goals: Sequence[GoalInstruction]) -> Task:
    """Goals in turn; the states that one needs, somebody else brings about after the one before it."""
    instructions = [
        {**goal.instruction, "meanwhile": list(later.states)}
        for goal, later in zip(goals, (*goals[1:], GoalInstruction({}, (), ())), strict=True)
    ]
    return Task.model_validate(
        {"id": name, "class": "complex", "scene": place, "setup": list(goals[0].states), "instructions": instructions}
    )
