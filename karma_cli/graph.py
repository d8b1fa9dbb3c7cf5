"""``karma graph``: build and look at long-term memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.tree import Tree

from karma_cli.errors import CliError
from karma_eval.condition import Condition
from karma_eval.explore import Exploration
from karma_eval.stack import Stack
from scene_graph.exchange import Format, export_graph, import_graph
from scene_graph.graph import SceneGraph
from scene_graph.picture import save_picture
from sim.bridge import ThorRobot
from sim.simulation import Simulation

__all__ = ["build", "export", "show", "take_in"]


def build(
    scene: str, out: Path, *, seconds: float, open_containers: bool, picture: bool, real_thor: bool, quiet: bool
) -> int:
    """Let a robot explore a scene and save the graph that it built; returns the exit code.

    Args:
        scene: Floor plan, or a home of several.
        out: File to write.
        seconds: Simulated seconds to explore at most.
        open_containers: Whether to look into what opens as well.
        picture: Whether to draw the graph beside the file, under its name with ``.png``.
        real_thor: Use the Unity player.
        quiet: Print nothing.

    Raises:
        CliError: If the folder of `out` does not exist.
        SimError: If the scene does not exist or the simulator fails.
    """
    if not out.resolve().parent.is_dir():
        raise CliError(f"{out.resolve().parent}: no such folder; make it first")
    console = Console(stderr=True, quiet=quiet)
    with Simulation.start(scene, real_thor=real_thor) as simulation:
        robot = ThorRobot(simulation)
        with (
            Stack.open(robot, Condition(), simulation=simulation) as stack,
            console.status(f"exploring {scene}") as status,
        ):
            route = [robot.frame().robot_pose]
            robot.subscribe(lambda frame: route.append(frame.robot_pose))

            def tell(now: Exploration) -> None:
                line = (
                    f"{now.seconds:6.0f} s  {now.floor:5.1f} m² of floor  {now.areas:3d} areas  {now.things:4d} things"
                )
                line += f"  {now.opened:3d} opened" if open_containers else ""
                status.update(f"{line}  {now.doing}")
                if not console.is_terminal:
                    console.print(f"{line}  {now.doing}", highlight=False, soft_wrap=True)

            spent = stack.explore(seconds, open_containers=open_containers, on_progress=tell)
            graph = stack.graph
            graph.save(out)
    if picture:
        drawn = out.with_suffix(".png")
        _draw(graph, drawn, route=route)
    if not quiet:
        areas = len(graph.areas.areas)
        print(
            f"{out}: {areas} areas and {len(graph)} things that keep their place, "
            f"after {spent:.0f} simulated seconds in {scene}"
        )
        if spent >= seconds:
            print(f"the time was up before all was seen: give more than --seconds {seconds:.0f}")
        if picture:
            print(drawn)
    return 0


def export(path: Path, out: Path, form: str | None) -> int:
    """Write a saved graph for another tool; returns the exit code.

    Args:
        path: The graph's file.
        out: File to write.
        form: Its format; by its name if None.

    Raises:
        SceneGraphError: If `path` is no scene graph, or `out` cannot be written.
    """
    graph = SceneGraph.load(path)
    export_graph(graph, out, None if form is None else Format(form))
    print(f"{out}: {_contents(graph)}")
    return 0


def take_in(path: Path, out: Path, form: str | None) -> int:
    """Save another tool's graph as one of ours; returns the exit code.

    Args:
        path: The other tool's file.
        out: File to write.
        form: The format of `path`; by its name if None.

    Raises:
        SceneGraphError: If `path` cannot be read, or `out` is not to be written over.
    """
    graph = import_graph(path, None if form is None else Format(form))
    graph.save(out)
    print(f"{out}: {_contents(graph)}")
    return 0


def _contents(graph: SceneGraph) -> str:
    return f"{len(graph.areas.rooms)} rooms, {len(graph.areas.areas)} areas and {len(graph)} things"


def show(path: Path, *, as_json: bool, png: Path | None) -> int:
    """Show what a saved graph holds; returns the exit code.

    Args:
        path: The file.
        as_json: Print JSON instead of a tree.
        png: Where to draw the map, if anywhere.

    Raises:
        SceneGraphError: If it is no scene graph.
        CliError: If the picture cannot be written.
    """
    graph = SceneGraph.load(path)
    if as_json:
        print(json.dumps({"map_id": graph.map_id, "digest": graph.digest(), "rooms": graph.rooms()}, indent=2))
    elif png is None:
        Console().print(_tree(path, graph))
    if png is not None:
        _draw(graph, png)
        print(png)
    return 0


def _tree(path: Path, graph: SceneGraph) -> Tree:
    tree = Tree(f"{path}: map of {graph.map_id or 'unnamed'}, {len(graph)} things, {graph.grid.area():.1f} m² of floor")
    for room in graph.rooms():
        branch = tree.add(f"[bold]{room['name'] or room['id']}[/bold]")
        for area in room["areas"]:
            x, y, _ = area["position"]
            leaf = branch.add(f"{area['id']} at ({x:.1f}, {y:.1f})")
            _add_things(leaf, area["objects"])
        _add_things(branch, room.get("objects", ()))
    return tree


def _add_things(branch: Tree, things: Any) -> None:
    for thing in things:
        x, y, z = thing["position"]
        branch.add(f"{thing['label']} at ({x:.1f}, {y:.1f}, {z:.1f})")


def _draw(graph: SceneGraph, png: Path, *, route: Sequence[Sequence[float]] = ()) -> None:
    try:
        save_picture(graph, png, route=route)
    except (OSError, ValueError) as error:
        raise CliError(f"cannot write {png}: {error}") from error
