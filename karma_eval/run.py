"""One run: a robot with a memory carries out a task's instructions in turn, and the judge watches.

`run_history` puts the whole stack together in this process: simulator, bridge, memory, planner. What the robot claims
and what the judge finds stand side by side in its result.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from karma_eval.changes import apply_change
from karma_eval.condition import Condition
from karma_eval.errors import TaskError
from karma_eval.judge import InstructionVerdict, Judge, SideEffect
from karma_eval.recall_log import RecallLog
from karma_eval.stack import Stack, make_planner
from karma_eval.tasks import Task
from planner_node.agent import Agent
from planner_node.experience import Experience
from planner_node.failures import Limits
from planner_node.result import Listener, TaskResult
from sim.bridge import ThorRobot
from sim.disturb import Passing, pass_by
from sim.noise import SensorNoise
from sim.simulation import Simulation

__all__ = ["RECALLED", "HistoryResult", "InstructionResult", "run_history"]

OPEN_LOOP = Limits(viewpoints=1, candidates=1, repeats=0)
"""KARMA's published planner does not look whether its steps worked: one try each."""

RECALLED = 5
"""How many of each recall's answers count for the recall metric."""


@dataclass(frozen=True, kw_only=True)
class InstructionResult:
    """One instruction of a run.

    Attributes:
        result: The robot's account; its ``claimed`` is the robot's word.
        verdict: The judge's.
        distance: Metres driven.
        needed: How many things the instruction needs recalled, as the task says.
        recalled_needed: How many of them were among what recall returned.
        recalled: How many different objects recall returned.
        recalled_useful: How many of those were needed.
    """

    result: TaskResult
    verdict: InstructionVerdict
    distance: float
    needed: int
    recalled_needed: int
    recalled: int
    recalled_useful: int

    @property
    def judged(self) -> bool | None:
        """The judge's word; None where there was nothing to judge by."""
        return self.verdict.succeeded

    @property
    def explored(self) -> int:
        """Areas and closed containers visited in search of something."""
        return len(self.result.searched)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready mapping."""
        return {
            **self.result.to_json(),
            "judged": self.judged,
            "milestones": [asdict(m) for m in self.verdict.milestones],
            "harm": [asdict(h) for h in self.verdict.harm],
            "judge_error": self.verdict.error,
            "distance": round(self.distance, 3),
            "needs": {
                "needed": self.needed,
                "recalled": self.recalled_needed,
                "returned": self.recalled,
                "useful": self.recalled_useful,
            },
        }


@dataclass(frozen=True, kw_only=True)
class HistoryResult:
    """A whole run.

    Attributes:
        task: What was asked.
        condition: What it was done with.
        seed: Of all that was drawn.
        instructions: In turn.
        side_effects: Reversible changes that nobody asked for.
        mapping_seconds: What exploring before the first instruction cost, simulated seconds.
        undone: What somebody else was to do meanwhile and could not, as things stood.
    """

    task: Task
    condition: Condition
    seed: int
    instructions: Sequence[InstructionResult]
    side_effects: Sequence[SideEffect] = ()
    mapping_seconds: float = 0.0
    undone: Sequence[str] = ()

    @property
    def claimed(self) -> bool:
        """Whether the robot says that it carried out everything."""
        return all(i.result.claimed for i in self.instructions)

    @property
    def judged(self) -> bool | None:
        """Whether the judge says that everything was carried out; None where no instruction had milestones."""
        words = [i.judged for i in self.instructions if i.judged is not None]
        return all(words) if words else None

    @property
    def seconds(self) -> float:
        """Simulated seconds of all instructions."""
        return sum(i.result.seconds for i in self.instructions)

    @property
    def explored(self) -> int:
        """Areas and closed containers visited in search of something."""
        return sum(i.explored for i in self.instructions)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready mapping."""
        return {
            "task": self.task.id,
            "class": self.task.task_class.value,
            "scene": self.task.place,
            **asdict(self.condition),
            "seed": self.seed,
            "claimed": self.claimed,
            "judged": self.judged,
            "seconds": self.seconds,
            "explored": self.explored,
            "mapping_seconds": self.mapping_seconds,
            "undone": list(self.undone),
            "side_effects": [asdict(e) for e in self.side_effects],
            "instructions": [i.to_json() for i in self.instructions],
        }


@dataclass
class _Odometer:
    """Metres driven, from the frames."""

    metres: float = 0.0
    _last: tuple[float, float] | None = field(default=None)

    def __call__(self, frame: Any) -> None:
        x, y, _ = frame.robot_pose
        if self._last is not None:
            self.metres += ((x - self._last[0]) ** 2 + (y - self._last[1]) ** 2) ** 0.5
        self._last = (x, y)


def run_history(
    task: Task,
    condition: Condition | None = None,
    *,
    seed: int = 0,
    explore: float = 0.0,
    map_file: Path | None = None,
    simulation: Simulation | None = None,
    real_thor: bool = False,
    on_event: Listener | None = None,
    on_instruction: Callable[[int, InstructionResult], None] | None = None,
    on_stack: Callable[[Stack], None] | None = None,
    experience: Experience | None = None,
) -> HistoryResult:
    """Run a task from its beginning.

    Args:
        task: What is asked.
        condition: Memory, planner and policy.
        seed: Of all that is drawn.
        explore: Simulated seconds that the robot may explore before the first instruction.
        map_file: A saved scene graph to begin with.
        simulation: A running simulator to use, which is reset; else one is started, and ended afterwards.
        real_thor: Start the Unity player rather than the headless simulator.
        on_event: Takes progress events.
        on_instruction: Takes each instruction's number, from 0, and result.
        on_stack: Takes robot and memory before they are closed, for pictures of the end.
        experience: What earlier tasks taught, and these will; None for nothing, as in evaluations.

    Raises:
        EvalError: If the task does not fit its scene, or the condition is unknown.
        SimError: If the scene does not exist or the simulator fails.
    """
    condition = condition or Condition()
    planner = make_planner(condition.planner)
    noise, passing = SensorNoise.parse(condition.noise), Passing.parse(condition.disturb)
    noise, passing = replace(noise, seed=noise.seed + seed), replace(passing, seed=passing.seed + seed)
    owned = None
    if simulation is None:
        simulation = owned = Simulation.start(task.place, real_thor=real_thor)
    else:
        simulation.reset(task.place)
    try:
        rng = random.Random(f"{seed}:{task.id}")
        binding: dict[str, str] = {}
        for change in task.setup:
            binding = apply_change(simulation, change, binding=binding, rng=rng)
        simulation.step("Pass")
        robot = ThorRobot(simulation, noise=noise)
        with Stack.open(robot, condition, simulation=simulation, map_file=map_file) as stack:
            mapping_seconds = stack.explore(explore) if explore > 0 else 0.0
            agent_knowledge = RecallLog(stack.knowledge, k=RECALLED)
            limits = OPEN_LOOP if condition.memory == "paper" else None
            agent = Agent(
                robot, agent_knowledge, planner=planner, limits=limits, on_event=on_event, experience=experience
            )
            judge = Judge(task, simulation.event.metadata["objects"], binding=binding)
            results = []
            undone: list[str] = []
            for index, instruction in enumerate(task.instructions):
                outcome = _instruct(index, task, stack, agent, agent_knowledge, judge, simulation, robot)
                results.append(outcome)
                if on_instruction is not None:
                    on_instruction(index, outcome)
                if instruction.meanwhile:
                    binding = dict(judge.bindings)
                    for change in instruction.meanwhile:
                        try:
                            binding = apply_change(simulation, change, binding=binding, rng=rng)
                        except TaskError as error:
                            # The robot left no room for it, say: then nobody does it, and the record says so.
                            undone.append(f"after instruction {index + 1}: {error}")
                    judge.rebase(simulation.event.metadata["objects"], binding=binding)
                if index + 1 < len(task.instructions) and pass_by(simulation, passing, turn=index):
                    judge.rebase(simulation.event.metadata["objects"], binding=dict(judge.bindings))
            if on_stack is not None:
                on_stack(stack)
            return HistoryResult(
                task=task,
                condition=condition,
                seed=seed,
                instructions=tuple(results),
                side_effects=tuple(judge.side_effects()),
                mapping_seconds=mapping_seconds,
                undone=tuple(undone),
            )
    finally:
        if owned is not None:
            owned.close()


def _instruct(
    index: int,
    task: Task,
    stack: Stack,
    agent: Agent,
    log: RecallLog,
    judge: Judge,
    simulation: Simulation,
    robot: ThorRobot,
) -> InstructionResult:
    stack.begin_instruction()
    log.clear()
    judge.begin(index)
    odometer = _Odometer()
    ends = [
        simulation.watch(lambda event: judge.observe(event.metadata["objects"], robot.clock())),
        robot.subscribe(odometer),
    ]
    odometer(robot.frame())
    try:
        result = agent.run(task.instructions[index].say)
    finally:
        for end in ends:
            end()
    verdict = judge.end()
    returned = {
        simulator_id
        for answer in log.answers
        for item in answer
        if (simulator_id := robot.tokens.reveal(item.object.sensor_id)) is not None
    }
    needs = range(len(task.instructions[index].needs))
    met = [need for need in needs if judge.meets(sorted(returned), (index, need))]
    useful = {i for i in returned if any(judge.meets([i], (index, need)) for need in needs)}
    return InstructionResult(
        result=result,
        verdict=verdict,
        distance=odometer.metres,
        needed=len(needs),
        recalled_needed=len(met),
        recalled=len(returned),
        recalled_useful=len(useful),
    )
