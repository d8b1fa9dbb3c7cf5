"""Whether a task can be a test in its scene: its objects exist, its set-up applies, and doing nothing meets nothing."""

from __future__ import annotations

import random

from karma_eval.changes import apply_change
from karma_eval.errors import AlreadyTrueError, TaskError
from karma_eval.judge import Judge
from karma_eval.tasks import Selector, Task
from karma_eval.world import World
from scene_graph.ontology import ontology
from sim.simulation import Simulation

__all__ = ["lint"]


def lint(task: Task, simulation: Simulation, *, seed: int = 0) -> list[str]:
    """What is wrong with a task, in words; empty if nothing was found.

    Args:
        task: The task; its scene is loaded anew.
        simulation: A running simulator.
        seed: Of the choices that set-ups leave open.
    """
    simulation.reset(task.place)
    rng = random.Random(f"{seed}:{task.id}")
    binding: dict[str, str] = {}
    problems: list[str] = []
    for change in task.setup:
        try:
            binding = apply_change(simulation, change, binding=binding, rng=rng)
        except TaskError as error:
            problems.append(str(error))
    simulation.step("Pass")
    objects = simulation.event.metadata["objects"]
    world = World(objects)
    problems += [f"{task.place} has no {s}" for s in dict.fromkeys(_selectors(task)) if not _can_exist(s, world)]
    judge = Judge(task, objects, binding=binding)
    for index, instruction in enumerate(task.instructions):
        where = f"instruction {index + 1} ({instruction.say!r})"
        if not instruction.milestones:
            problems.append(f"{where} has no milestones, so nothing tells whether it was carried out")
        try:
            judge.begin(index)
        except AlreadyTrueError as error:
            problems.append(str(error))
            continue
        # A later milestone may hold now and not when its turn comes: what matters is that it earns nothing.
        if judge.end().succeeded:
            problems.append(f"{where}: a robot that does nothing succeeds")
    return problems


def _selectors(task: Task) -> list[Selector]:
    changes = [*task.setup, *(c for i in task.instructions for c in i.meanwhile)]
    return [*task.named, *(s for c in changes for s in c.selectors)]


def _can_exist(selector: Selector, world: World) -> bool:
    """Whether the scene has such an object, or one that it can be made of."""
    known = ontology()
    bases = {base for t in selector.types if (base := known.get(t).derived_from) is not None}
    return bool(world.matching(selector.types) or (bases and world.matching(tuple(sorted(bases)))))
