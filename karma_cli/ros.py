"""A task carried out by ROS 2 nodes in processes of their own, started for it and ended after it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from karma_cli.client import NODES, Client
from karma_cli.errors import CliError
from karma_cli.processes import NodeProcessError, NodeProcesses, NodeSpec, loopback_environment
from karma_cli.progress import Progress
from karma_cli.run import RunRequest, print_history, write_json
from karma_eval.condition import Condition
from karma_eval.run import HistoryResult, InstructionResult
from karma_eval.tasks import Disturbance, Task
from planner_node.result import Listener
from scene_graph.ros.managed import NodeError
from sim.noise import LIMITS as NOISE_LIMITS
from sim.noise import SensorNoise

__all__ = ["RosRun", "run_over_ros", "run_task"]


@dataclass(frozen=True, kw_only=True)
class RosRun:
    """What a run over ROS is done with, beside its task.

    Attributes:
        condition: Memory, planner and policy; only memory ``full``.
        folder: Where logs go.
        seed: Of all that is drawn.
        map_file: A saved scene graph to begin with.
        real_thor: Use the Unity player rather than the headless simulator.
        experience: File that keeps what tasks taught; None for this run only.
    """

    condition: Condition
    folder: Path
    seed: int = 0
    map_file: Path | None = None
    real_thor: bool = False
    experience: Path | None = None


def node_specs(task: Task, run: RosRun) -> list[NodeSpec]:
    """The nodes that a task needs."""
    file = run.folder / "task.yaml"
    # A task file is YAML, of which JSON is a part.
    file.write_text(json.dumps([task.model_dump(mode="json", by_alias=True, exclude_none=True)]))
    judged: dict[str, Any] = {"task_file": str(file), "seed": run.seed, "real_thor": run.real_thor}
    noise = SensorNoise.parse(run.condition.noise)
    judged |= {f"noise_{name}": getattr(noise, name) for name in NOISE_LIMITS}
    judged["noise_seed"] = noise.seed + run.seed
    memory: dict[str, Any] = {"capacity": run.condition.capacity, "archive": run.condition.archive}
    if run.condition.policy is not None:
        memory["policy"] = run.condition.policy
    graph = {} if run.map_file is None else {"graph_file": str(run.map_file.resolve())}
    return [
        NodeSpec(name="robot", module="karma_eval.node", config="sim.yaml", parameters=judged),
        NodeSpec(name="scene_graph", module="scene_graph.node", config="memory.yaml", parameters=graph),
        NodeSpec(name="memory", module="memory_node.node", config="memory.yaml", parameters=memory),
        NodeSpec(
            name="planner",
            module="planner_node.node",
            config="planner.yaml",
            parameters={
                "planner": run.condition.planner,
                "experience": "" if run.experience is None else str(run.experience.resolve()),
            },
        ),
    ]


def run_task(
    task: Task,
    run: RosRun,
    *,
    on_event: Listener,
    on_instruction: Callable[[int, InstructionResult], None],
    on_end: Callable[[Client], None] | None = None,
) -> HistoryResult:
    """Start the nodes, run a task from its beginning, end the nodes.

    Args:
        task: What is asked.
        run: What it is done with.
        on_event: Takes progress events.
        on_instruction: Takes each instruction's number, from 0, and result.
        on_end: Takes the client before the nodes are ended, for pictures of the end.

    Raises:
        CliError: If the nodes do not come up, or one stops answering.
    """
    if run.condition.memory != "full":
        raise CliError("over ROS the robot remembers with all it has; leave --memory or --ros out")
    environment = loopback_environment()
    run.folder.mkdir(parents=True, exist_ok=True)
    try:
        with (
            NodeProcesses(run.folder, environment=environment) as processes,
            Client(environment=environment) as client,
        ):
            processes.start(*node_specs(task, run))
            client.wait_active(processes, *NODES)
            results = []
            for index in range(len(task.instructions)):
                outcome = _instruct(client, task, index, on_event)
                results.append(outcome)
                on_instruction(index, outcome)
                if task.instructions[index].meanwhile:
                    client.disturb(json.dumps([_as_written(c) for c in task.instructions[index].meanwhile]))
            if on_end is not None:
                on_end(client)
            return HistoryResult(task=task, condition=run.condition, seed=run.seed, instructions=tuple(results))
    except (NodeProcessError, NodeError) as error:
        raise CliError(f"{error}\nlogs are in {run.folder}") from error


def _instruct(client: Client, task: Task, index: int, on_event: Listener) -> InstructionResult:
    client.begin_instruction(index)
    before = client.distance
    result = client.execute_task(task.instructions[index].say, on_event)
    return InstructionResult(
        result=result,
        verdict=client.end_instruction(),
        distance=client.distance - before,
        # What recall returned stays between planner and memory here; `karma run` without --ros counts it.
        needed=0,
        recalled_needed=0,
        recalled=0,
        recalled_useful=0,
    )


def _as_written(change: Disturbance) -> dict[str, list[str]]:
    """A change as task files write it."""
    if change.put is not None:
        return {"put": [str(change.put[0]), str(change.put[1])]}
    assert change.state is not None
    return {"state": [str(change.state[0]), change.state[1]]}


def run_over_ros(request: RunRequest, task: Task) -> int:
    """``karma run --ros``; returns the exit code.

    Raises:
        CliError: If the request asks for what only a run in one process can do, or the nodes fail.
    """
    if request.explore > 0:
        raise CliError("--explore works without --ros only; give the nodes a --map instead")
    console = Console(stderr=request.json_file == Path("-"))
    progress = Progress(console, quiet=request.quiet)
    if request.disturb:
        raise CliError("--disturb works without --ros only; call the robot's service ~/disturb instead")
    condition, save_map = request.condition, request.save_map
    with tempfile.TemporaryDirectory(prefix="karma-") as folder:
        result = run_task(
            task,
            RosRun(
                condition=condition,
                folder=Path(folder),
                seed=request.seed,
                map_file=request.map_file,
                real_thor=request.real_thor,
                experience=request.experience,
            ),
            on_event=progress.event,
            on_instruction=progress.instruction_done,
            on_end=None if save_map is None else lambda client: client.save_graph(save_map.resolve()),
        )
    print_history(console, result)
    if request.json_file is not None:
        write_json(result.to_json(), request.json_file)
    succeeded = result.claimed if result.judged is None else result.judged
    return 0 if succeeded else 1
