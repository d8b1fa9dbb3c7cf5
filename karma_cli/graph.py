"""``karma graph``: build and look at long-term memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.tree import Tree

from karma_cli.errors import CliError
from karma_eval.run import Condition
from karma_eval.stack import Stack
from scene_graph.graph import SceneGraph
from sim.bridge import ThorRobot
from sim.simulation import Simulation

__all__ = ["build", "show"]


def build(scene: str, out: Path, *, seconds: float, real_thor: bool, quiet: bool) -> int:
    """Let a robot explore a scene and save the graph that it built; returns the exit code.

    Args:
        scene: Floor plan.
        out: File to write.
        seconds: Simulated seconds to explore at most.
        real_thor: Use the Unity player.
        quiet: Print nothing.

    Raises:
        CliError: If the folder of `out` does not exist.
        SimError: If the scene does not exist or the simulator fails.
    """
    if not out.resolve().parent.is_dir():
        raise CliError(f"{out.resolve().parent}: no such folder; make it first")
    with Simulation.start(scene, real_thor=real_thor) as simulation:
        robot = ThorRobot(simulation)
        with Stack.open(robot, Condition()) as stack:
            spent = stack.explore(seconds)
            stack.graph.save(out)
            rooms = stack.graph.rooms()
            areas = sum(len(room["areas"]) for room in rooms)
            if not quiet:
                print(
                    f"{out}: {areas} areas and {len(stack.graph)} things that keep their place, "
                    f"after {spent:.0f} simulated seconds in {simulation.scene}"
                )
    return 0


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


def _draw(graph: SceneGraph, png: Path) -> None:
    """The floor, areas with their ways, and things, from above; x is up and y to the left, as for the robot."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(8, 8), layout="constrained")
    states = graph.grid.states
    (x0, y0), step = graph.grid.origin, graph.grid.resolution
    rows, columns = states.shape
    if states.size:
        extent = (y0, y0 + rows * step, x0, x0 + columns * step)
        axis.imshow(states.T, origin="lower", extent=extent, cmap="Greys", vmin=0, vmax=4, interpolation="nearest")
    places = graph.areas.areas
    for a, b in graph.areas.edges:
        (ax, ay), (bx, by) = places[a], places[b]
        axis.plot([ay, by], [ax, bx], color="tab:blue", linewidth=1)
    for area_id, (x, y) in places.items():
        axis.plot(y, x, "o", color="tab:blue", markersize=6)
        axis.annotate(area_id, (y, x), fontsize=7, color="tab:blue")
    for thing in graph.objects():
        x, y, _ = thing.position
        axis.plot(y, x, "s", color="tab:orange", markersize=4)
        axis.annotate(thing.label, (y, x), fontsize=7)
    axis.set_aspect("equal")
    axis.invert_xaxis()
    axis.set_xlabel("y (m)")
    axis.set_ylabel("x (m)")
    axis.set_title(f"{graph.map_id}: areas and things that keep their place")
    try:
        figure.savefig(png, dpi=120)
    except (OSError, ValueError) as error:
        raise CliError(f"cannot write {png}: {error}") from error
    finally:
        plt.close(figure)
