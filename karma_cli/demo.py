"""``make demo``: a history of instructions, carried out by ROS 2 nodes over DDS, with and without memory.

The same nodes, with the same parameter files, that `ros2 launch karma demo.launch.py` starts. Beside them, in a
process of its own, the same history runs with a robot that remembers within an instruction only.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from karma_cli.client import Client
from karma_cli.errors import CliError
from karma_cli.picture import draw
from karma_cli.processes import die_with_parent
from karma_cli.progress import Progress
from karma_cli.ros import RosRun, run_task
from karma_eval.condition import Condition
from karma_eval.errors import EvalError
from karma_eval.run import HistoryResult
from karma_eval.tasks import Task, load_tasks
from scene_graph.graph import SceneGraph
from sim.errors import SimError

__all__ = ["main"]

_WIDTH = 110
"""Columns of the output where there is no terminal to tell."""

_REFERENCE_TIMEOUT = 120.0
"""Seconds to wait for the run without memory once the other has ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration; returns 0 only if the judge says that every instruction was carried out."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--task", type=Path, help="task file; its first task is run (default: the one that ships)")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for logs and the picture (default: out)")
    options = parser.parse_args(arguments)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    # Whoever ends the demonstration ends its nodes: SIGTERM takes the same way out as ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _demonstrate(console, options.task, options.out)
    except (CliError, EvalError, SimError) as error:
        console.print(f"[red]{error}[/red]", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("stopped")
        return 130


def _demonstrate(console: Console, task_file: Path | None, out: Path) -> int:
    out.mkdir(parents=True, exist_ok=True)
    with resources.as_file(resources.files("karma_eval") / "demo.yaml") as shipped:
        path = task_file or shipped
        task = load_tasks(path)[0]
        began = time.monotonic()
        console.print(f"[bold]{task.scene}, {len(task.instructions)} instructions[/bold]; starting the nodes")
        reference = _start_reference(path, task, out)
        try:
            picture = out / "demo.png"
            progress = Progress(console)
            result = run_task(
                task,
                RosRun(condition=Condition(), folder=out / "logs"),
                on_event=progress.event,
                on_instruction=progress.instruction_done,
                on_end=lambda client: _save_picture(client, task, out, picture),
            )
            without = _finish_reference(reference, out)
        finally:
            if reference.poll() is None:
                reference.terminate()
                reference.wait()
    console.print(_comparison(result, without))
    console.print("searched: areas and closed containers visited in search of something; seconds: simulated")
    console.print(f"picture of the end: {picture}")
    console.print(f"{time.monotonic() - began:.0f} s of wall time, logs in {out / 'logs'}")
    return 0 if result.judged else 1


def _start_reference(path: Path, task: Task, out: Path) -> subprocess.Popen[bytes]:
    """Run the same history with a robot that remembers within an instruction only."""
    file = out / "without_memory.json"
    file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "karma_cli", "run", "--task", f"{path}:{task.id}", "--memory", "none", "--quiet"]
    with (out / "without_memory.log").open("wb") as log:
        return subprocess.Popen(
            [*command, "--json", str(file)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )


def _finish_reference(process: subprocess.Popen[bytes], out: Path) -> dict[str, Any] | None:
    """The result of the run without memory; None if it did not get to one."""
    try:
        process.wait(_REFERENCE_TIMEOUT)
    except subprocess.TimeoutExpired:
        return None
    file = out / "without_memory.json"
    if not file.exists():
        return None
    result: dict[str, Any] = json.loads(file.read_text())
    return result


def _save_picture(client: Client, task: Task, out: Path, picture: Path) -> None:
    graph_file = (out / "home.json").resolve()
    graph_file.unlink(missing_ok=True)
    client.save_graph(graph_file)
    draw(
        picture,
        title=f"{task.scene} after {len(task.instructions)} instructions",
        graph=SceneGraph.load(graph_file),
        remembered=client.remembered(),
        path=client.path,
        camera=client.picture,
    )


def _comparison(result: HistoryResult, without: dict[str, Any] | None) -> Table:
    """Each instruction with and without memory."""
    table = Table(title="with memory, and beside it remembering within an instruction only")
    table.add_column("instruction", no_wrap=True, overflow="ellipsis", max_width=34)
    for name in ("claimed", "judged"):
        table.add_column(name)
    for name in ("searched", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("judged", style="dim")
    for name in ("searched", "seconds"):
        table.add_column(name, justify="right", style="dim")
    rows = without["instructions"] if without is not None else []
    for index, item in enumerate(result.instructions):
        other = (
            [_word(rows[index]["judged"]), str(len(rows[index]["searched"])), f"{rows[index]['seconds']:.0f}"]
            if index < len(rows)
            else ["–"] * 3
        )
        own = [_word(item.result.claimed), _word(item.judged), str(item.explored), f"{item.result.seconds:.0f}"]
        table.add_row(item.result.instruction, *own, *other)
    table.add_section()
    judged = [_word(result.claimed), _word(result.judged)]
    if without is None:
        table.add_row("all", *judged, str(result.explored), f"{result.seconds:.0f}", *["–"] * 3, style="bold")
        return table
    # What was given up cost little: only what succeeded both ways compares.
    both = [(item, row) for item, row in zip(result.instructions, rows, strict=True) if item.judged and row["judged"]]
    table.add_row(
        f"the {len(both)} that succeeded both ways",
        *judged,
        str(sum(item.explored for item, _ in both)),
        f"{sum(item.result.seconds for item, _ in both):.0f}",
        _word(without["judged"]),
        str(sum(len(row["searched"]) for _, row in both)),
        f"{sum(row['seconds'] for _, row in both):.0f}",
        style="bold",
    )
    return table


def _word(value: bool | None) -> str:
    return "–" if value is None else "[green]yes[/green]" if value else "[red]no[/red]"


if __name__ == "__main__":
    sys.exit(main())
