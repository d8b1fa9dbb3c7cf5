"""``karma run``: instructions carried out in a home, with what the robot thinks and does shown as it goes."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from karma_cli.errors import CliError
from karma_cli.progress import Progress
from karma_eval.condition import Condition
from karma_eval.run import HistoryResult, InstructionResult, run_history
from karma_eval.tasks import Instruction, Task, load_milestones, load_tasks
from planner_node.experience import Experience
from scene_graph.files import read_graph
from sim.scenes import check_scene

__all__ = ["RunRequest", "print_history", "run_instructions", "write_json"]

LEARNING = ("full", "no-stm")
"""Memories whose long-term part is worth keeping."""


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What the user asked `karma run` for; see its help."""

    instructions: tuple[str, ...]
    scene: str | None
    planner: str
    memory: str
    capacity: int
    policy: str | None
    explore: float
    map_file: Path | None
    save_map: Path | None
    milestones: Path | None
    task: str | None
    seed: int
    noise: str
    disturb: str
    json_file: Path | None
    real_thor: bool
    quiet: bool
    ros: bool
    experience: Path | None = None

    @property
    def condition(self) -> Condition:
        """What the run is done with."""
        return Condition(
            memory=self.memory,
            planner=self.planner,
            policy=self.policy,
            capacity=self.capacity,
            noise=self.noise,
            disturb=self.disturb,
        )


def run_instructions(request: RunRequest) -> int:
    """Run the request; returns the exit code: 0 if all was carried out, 1 if not.

    Raises:
        CliError: If the request makes no sense.
        TaskError: If a task or milestones file is malformed.
        SimError: If the scene does not exist or the simulator fails.
    """
    task = _task(request)
    if request.map_file is not None and not request.map_file.is_file():
        raise CliError(f"{request.map_file}: no such map; make one with `karma graph build`")
    if request.save_map is not None:
        if request.memory not in LEARNING:
            raise CliError(f"--save-map goes with --memory {' or '.join(LEARNING)}; others keep no long-term memory")
        if not request.save_map.resolve().parent.is_dir():
            raise CliError(f"{request.save_map.resolve().parent}: no such folder; make it first")
        if request.save_map.exists():
            read_graph(request.save_map)  # what could not be written over at the end is told now
    if request.ros:
        return _over_ros(request, task)
    save_map = request.save_map
    # Results on the screen leave no room for anything else there.
    console = Console(stderr=request.json_file == Path("-"))
    progress = Progress(console, quiet=request.quiet)
    with Experience(request.experience) as experience:
        result = run_history(
            task,
            request.condition,
            seed=request.seed,
            explore=request.explore,
            map_file=request.map_file,
            real_thor=request.real_thor,
            on_event=progress.event,
            on_instruction=progress.instruction_done,
            on_stack=None if save_map is None else lambda stack: stack.graph.save(save_map),
            experience=experience,
        )
    print_history(console, result)
    if request.json_file is not None:
        write_json(result.to_json(), request.json_file)
    succeeded = result.claimed if result.judged is None else result.judged
    return 0 if succeeded else 1


def _task(request: RunRequest) -> Task:
    """The task that the request means."""
    if request.task is not None:
        if request.instructions or request.milestones or request.scene:
            raise CliError("--task brings its own scene, instructions and milestones; leave those out")
        return _named_task(request.task)
    if not request.instructions:
        raise CliError('say what the robot shall do, as in: karma run --scene FloorPlan1 "Wash the apple."')
    if any(not words.strip() for words in request.instructions):
        raise CliError("an instruction is empty; write what the robot shall do between the quotes")
    scene = check_scene(request.scene or "FloorPlan1")
    milestones = load_milestones(request.milestones) if request.milestones is not None else []
    if milestones and len(milestones) != len(request.instructions):
        raise CliError(
            f"{request.milestones} has milestones for {len(milestones)} instruction(s), "
            f"but {len(request.instructions)} were given; write one list for each, [] for none"
        )
    instructions = [
        Instruction(say=words, milestones=milestones[i] if milestones else ())
        for i, words in enumerate(request.instructions)
    ]
    return Task.model_validate({"id": "run", "class": "simple", "scene": scene, "instructions": instructions})


def _named_task(text: str) -> Task:
    path, _, name = text.rpartition(":") if not Path(text).exists() and ":" in text else (text, "", "")
    tasks = load_tasks(path)
    if not name:
        if len(tasks) > 1:
            raise CliError(f"{path} holds {len(tasks)} tasks; choose one as {path}:{tasks[0].id}")
        return tasks[0]
    for task in tasks:
        if task.id == name:
            return task
    raise CliError(f"{path} has no task {name!r}; it has {', '.join(t.id for t in tasks[:20])}")


def _over_ros(request: RunRequest, task: Task) -> int:
    try:
        from karma_cli.ros import run_over_ros
    except ImportError as error:
        raise CliError(
            f"--ros needs ROS 2 and this project's interfaces ({error}); run `make demo` once, or source your "
            "workspace, or leave --ros out"
        ) from error
    code: int = run_over_ros(request, task)
    return code


def write_json(data: dict[str, Any], path: Path) -> None:
    """Write results to a file, or for ``-`` to the screen."""
    text = json.dumps(data, indent=2, default=str) + "\n"
    if path == Path("-"):
        sys.stdout.write(text)
    else:
        path.write_text(text, encoding="utf-8")


def _word(value: bool | None) -> str:
    return "–" if value is None else "[green]yes[/green]" if value else "[red]no[/red]"


def print_history(console: Console, result: HistoryResult) -> None:
    """What was asked, what the robot claims and what the judge found."""
    table = Table(title=f"{result.task.place}, memory {result.condition.memory}")
    for name in ("instruction", "claimed", "judged"):
        table.add_column(name)
    for name in ("places searched", "actions", "simulated s"):
        table.add_column(name, justify="right")
    for item in result.instructions:
        row = item.result
        table.add_row(
            row.instruction,
            _word(row.claimed),
            _word(item.judged),
            str(item.explored),
            str(row.actions),
            f"{row.seconds:.0f}",
        )
    console.print(table)
    for number, item in enumerate(result.instructions, start=1):
        for reason in _reasons(item):
            console.print(f"{number}: {reason}")


def _reasons(item: InstructionResult) -> list[str]:
    reasons = [item.result.reason] if item.result.reason and not item.result.claimed else []
    reasons += [f"judge: not met: {m.milestone}" for m in item.verdict.milestones if not m.met]
    reasons += [f"judge: harm: {h.label} was {h.kind}" for h in item.verdict.harm]
    return reasons + ([f"judge: {item.verdict.error}"] if item.verdict.error else [])
