"""The node `robot` with the judge beside it, in one process: ground truth goes from one to the other and no further.

Whoever runs a task tells the judge when an instruction begins and ends, and gets its verdict. Nothing else of what the
judge sees is published.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from karma import srv
from pydantic import TypeAdapter, ValidationError

from karma_eval.changes import apply_change
from karma_eval.errors import EvalError
from karma_eval.judge import Judge
from karma_eval.tasks import Disturbance, Task, load_tasks
from scene_graph.ros.managed import NodeError, run
from sim.changes import read_changes
from sim.node import RobotNode
from sim.simulation import Simulation

__all__ = ["JudgedRobotNode", "main"]

_DISTURBANCES = TypeAdapter(list[Disturbance])


class JudgedRobotNode(RobotNode):
    """AI2-THOR's agent as a ROS robot, in a task's scene, under the eyes of a judge."""

    def __init__(self) -> None:
        super().__init__(self._start_task, errors=(EvalError,))
        self.parameter("task_file", "", "task file, see docs/tasks.md")
        self.parameter("task_id", "", "which of its tasks; empty: the first")
        self.parameter("seed", 0, "of all that is drawn in set-ups and disturbances", low=0, high=2**31 - 1)
        self._task: Task | None = None
        self._judge: Judge | None = None
        self._random = random.Random(0)
        self._end_watch: Callable[[], None] | None = None
        self.serve(srv.BeginInstruction, "~/begin_instruction", self._begin)
        self.serve(srv.EndInstruction, "~/end_instruction", self._end)

    def _start_task(self, scene: str, **options: Any) -> Simulation:
        """Start the task's scene instead of the configured one, and set it up."""
        task = self._load_task()
        if task.scene is None:
            raise EvalError(f"task {task.id}: homes of several rooms are not built yet; use scene: FloorPlan1")
        simulation = Simulation.start(task.scene, **options)
        try:
            self._random = random.Random(f"{self.value('seed')}:{task.id}")
            binding: dict[str, str] = {}
            for change in task.setup:
                binding = apply_change(simulation, change, binding=binding, rng=self._random)
            simulation.step("Pass")
        except Exception:
            simulation.close()
            raise
        self._task = task
        self._judge = Judge(task, simulation.event.metadata["objects"], binding=binding)
        return simulation

    def _load_task(self) -> Task:
        path, name = str(self.value("task_file")), str(self.value("task_id"))
        if not path:
            raise NodeError("set the parameter task_file; without a task there is nothing to judge")
        tasks = load_tasks(path)
        for task in tasks:
            if name in ("", task.id):
                return task
        raise NodeError(f"{path} has no task {name!r}; it has {', '.join(task.id for task in tasks)}")

    def cleanup(self) -> None:
        """End the judge with the simulator."""
        self._stop_watching()
        self._judge = None
        super().cleanup()

    def _stop_watching(self) -> None:
        if self._end_watch is not None:
            self._end_watch()
            self._end_watch = None

    def _begin(self, request: Any, response: Any) -> None:
        assert self._task is not None
        assert self._judge is not None
        judge, simulation, robot = self._judge, self.simulation, self.robot
        assert simulation is not None
        assert robot is not None
        if request.index >= len(self._task.instructions):
            raise NodeError(f"task {self._task.id} has {len(self._task.instructions)} instructions, from 0")
        self._stop_watching()
        judge.begin(request.index)
        self._end_watch = simulation.watch(lambda event: judge.observe(event.metadata["objects"], robot.clock()))
        response.instruction = self._task.instructions[request.index].say

    def _end(self, request: Any, response: Any) -> None:
        if self._end_watch is None or self._judge is None:
            raise NodeError("no instruction has begun; call begin_instruction first")
        self._stop_watching()
        verdict = self._judge.end()
        response.message = verdict.error or ""
        response.succeeded = [] if verdict.succeeded is None else [verdict.succeeded]
        response.met = [m.milestone for m in verdict.milestones if m.met]
        response.missed = [m.milestone for m in verdict.milestones if not m.met]
        response.harm = [f"{effect.label} was {effect.kind}" for effect in verdict.harm]

    def disturb(self, changes: str) -> str:
        """Change the home as a task's ``meanwhile`` does; names such as ``Plate#p`` mean what they mean to the judge.

        Raises:
            EvalError: If it cannot be done.
        """
        assert self._judge is not None
        assert self.simulation is not None
        try:
            wanted = _DISTURBANCES.validate_python(read_changes(changes))
        except ValidationError as error:
            raise EvalError(f"not a disturbance: {error.errors()[0]['msg']}") from error
        binding = dict(self._judge.bindings)
        for change in wanted:
            binding = apply_change(self.simulation, change, binding=binding, rng=self._random)
        self._judge.rebase(self.simulation.event.metadata["objects"], binding=binding)
        return "; ".join(str(change) for change in wanted)


def main() -> None:
    """Start the node."""
    run(JudgedRobotNode)
