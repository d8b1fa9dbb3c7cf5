"""How fast a scene graph of 100,000 objects answers, follows and loads; networkx and spark_dsg beside it."""

from __future__ import annotations

import importlib.util
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from scene_graph import Observation, SceneGraph
from scene_graph.grid import OccupancyGrid
from scene_graph.perception import Instance, perceive
from scene_graph.types import Point, View

OBJECTS = 100_000
SIDE = 320.0
"""Metres of the square over which the objects are spread: about one a square metre, as in homes."""
LABELS = ("Cabinet", "Drawer", "Shelf", "SideTable", "Painting", "Chair", "CounterTop", "Window")


def seconds_each(action: Callable[[int], object], count: int) -> float:
    """Median of three rounds, processor seconds an action: other programs do not count."""
    rounds = []
    for turn in range(3):
        began = time.process_time()
        for n in range(count):
            action(turn * count + n)
        rounds.append((time.process_time() - began) / count)
    return float(np.median(rounds))


def run() -> dict[str, Any]:
    """Figures by name."""
    source = random.Random(3)
    places: list[Point] = [
        (source.uniform(0, SIDE), source.uniform(0, SIDE), source.uniform(0, 2)) for _ in range(OBJECTS)
    ]
    things = [
        Observation(LABELS[n % len(LABELS)], place, stamp=0.0, size=(0.4, 0.4, 0.4)) for n, place in enumerate(places)
    ]
    graph = SceneGraph()
    began = time.process_time()
    for thing in things:
        graph.insert(thing)
    figures: dict[str, Any] = {"objects": len(graph), "insert, µs": (time.process_time() - began) / OBJECTS * 1e6}
    figures["radius query 1 m, µs"] = 1e6 * seconds_each(lambda n: graph.keys_near(places[n], 1.0), 2000)
    ids = list(graph.things)
    figures["update with index, µs"] = 1e6 * seconds_each(
        lambda n: graph.relocate(ids[n], (places[n][1], places[n][0], places[n][2])), 3000
    )
    for n, key in enumerate(ids[:9000]):
        graph.relocate(key, places[n])
    figures["observe one object (joined, fused, related), µs"] = 1e6 * seconds_each(
        lambda n: graph.observe([things[n]]), 1000
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.json"
        graph.save(path)
        figures["file, MB"] = path.stat().st_size / 1e6
        began = time.process_time()
        loaded = SceneGraph.load(path)
        figures["load, s"] = time.process_time() - began
        del loaded  # freeing it is no part of loading it
    figures["memory at most with two graphs in it, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    figures |= networkx_figures(places)
    figures |= spark_dsg_figures(places)
    for side in (300, 640):
        figures |= frame_figures(side)
    return figures


def networkx_figures(places: list[Point]) -> dict[str, Any]:
    """The same in plain networkx, which has no index: a scan."""
    peer: nx.Graph[int] = nx.Graph()
    began = time.process_time()
    for n, place in enumerate(places):
        peer.add_node(n, position=place)
    insert = (time.process_time() - began) / len(places)

    def near(n: int) -> list[int]:
        x, y, z = places[n]
        return [
            m for m, (px, py, pz) in peer.nodes(data="position") if (px - x) ** 2 + (py - y) ** 2 + (pz - z) ** 2 <= 1.0
        ]

    return {"networkx insert, µs": insert * 1e6, "networkx radius query, µs": 1e6 * seconds_each(near, 2)}


def spark_dsg_figures(places: list[Point]) -> dict[str, Any]:
    """The same in Spark-DSG, where it is installed."""
    if importlib.util.find_spec("spark_dsg") is None:
        return {"spark_dsg": "not installed (pip install spark-dsg)"}
    import spark_dsg as dsg  # type: ignore[import-not-found]

    peer = dsg.DynamicSceneGraph()
    began = time.process_time()
    for n, place in enumerate(places):
        attributes = dsg.ObjectNodeAttributes()
        attributes.position = np.array(place)
        peer.add_node(dsg.DsgLayers.OBJECTS, dsg.NodeSymbol("O", n).value, attributes)
    insert = (time.process_time() - began) / len(places)
    layer = peer.get_layer(dsg.DsgLayers.OBJECTS)

    def near(n: int) -> list[int]:
        spot = np.array(places[n])
        return [m.id.value for m in layer.nodes if np.linalg.norm(m.attributes.position - spot) <= 1.0]

    query = seconds_each(near, 1)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "graph.json")
        peer.save(path, False)
        began = time.process_time()
        loaded = dsg.DynamicSceneGraph.load(path)
        load = time.process_time() - began
        del loaded
    return {
        "spark_dsg insert, µs": insert * 1e6,
        "spark_dsg radius query, µs": query * 1e6,
        "spark_dsg load, s": load,
    }


def frame_figures(width: int) -> dict[str, Any]:
    """Frames a second, one core: perception, floor and graph, for a wall of 40 drawers above a floor."""
    height = width if width == 300 else width * 3 // 4
    focal = width / 2
    rows, columns = np.mgrid[0:height, 0:width]
    below = (rows - height / 2) / focal
    depth = np.where(below > 0.6, 1.5 / np.maximum(below, 1e-6), 2.5).astype(np.float32)
    masks = np.where(below > 0.6, 0, 1 + rows * 5 // height * 8 + columns * 8 // width)
    camera = np.array([[0.0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 1.5], [0, 0, 0, 1]])
    view = View(camera, (focal, focal, width / 2, height / 2), depth)
    coarse = View(camera, (focal / 4, focal / 4, width / 8, height / 8), depth[::4, ::4])
    legend = {n: Instance("Drawer") for n in range(1, 41)}
    graph = SceneGraph(grid=OccupancyGrid())

    def frame(n: int) -> None:
        seen = perceive(masks, view, legend, stamp=float(n))
        graph.observe(seen, coarse, robot_pose=(0, 0), stamp=float(n))

    return {f"perception + graph at {width}×{height}, frames/s": 1.0 / seconds_each(frame, 20)}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
