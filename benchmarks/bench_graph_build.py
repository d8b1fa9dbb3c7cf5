"""How well the scene graph agrees with the home: built from depth and masks of the explorer's own run, then judged.

The robot explores a floor plan in the simulator; `scene_graph.perception` turns its depth and instance masks into
observations, once with exact poses and once with poses that are off by 2 cm and 1° (standard deviations). The
simulator's own boxes are the judge. KARMA_BENCH_PLANS says how many plans of each room type to take (3 unless given, 30
at most).
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter, defaultdict
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.transform import Rotation

from karma_eval.explore import explore
from planner_node.robot import Frame
from scene_graph import ObjectState, Observation, SceneGraph, View, ontology
from scene_graph.perception import Instance, perceive
from sim import sensing
from sim.bridge import ThorRobot
from sim.frames import map_from_thor
from sim.simulation import Simulation

ROOMS = {"kitchen": 1, "living room": 201, "bedroom": 301, "bathroom": 401}
NOISE = (0.02, math.radians(1.0))
FRONTS = ("Drawer", "Cabinet", "Shelf", "Window", "Painting", "Mirror", "LightSwitch", "Blinds", "Curtains")
"""Classes of which no more than a front shows."""
SEEN = (200, 3)
"""An object was in view if so many frames showed so many pixels of it."""


class Mapper:
    """Builds a graph from a robot's frames, and counts for the judge what was in view."""

    def __init__(self, simulation: Simulation, robot: ThorRobot, *, noisy: bool) -> None:
        self.graph = SceneGraph(map_id=simulation.scene)
        self.in_view: Counter[str] = Counter()
        self._simulation = simulation
        self._noisy = noisy
        self._random = np.random.default_rng(11)
        self.take(robot.frame())
        robot.subscribe(self.take)

    def take(self, frame: Frame) -> None:
        """Perceive one frame."""
        event = self._simulation.event
        masks = event.instance_masks
        objects = {o["objectId"]: o for o in event.metadata["objects"]}
        legend = {}
        for name, (red, green, blue) in masks.instance_colors.items():
            if name in objects:
                code = int.from_bytes(bytes((red, green, blue, 255)), "little")
                legend[code] = Instance(objects[name]["objectType"], states=sensing.object_states(objects[name]))
                self.in_view[name] += int(name in masks and masks[name].sum() >= SEEN[0])
        view, coarse = sensing.event_view(event), frame.view
        pose = self._perturbed(view.pose)
        view = View(pose, view.intrinsics, view.depth)
        codes = masks.instance_segmentation_frame_uint32.astype(np.int64)
        seen: list[Observation] = perceive(codes, view, legend, stamp=frame.stamp)
        if coarse is not None:
            coarse = View(pose, coarse.intrinsics, coarse.depth)
        self.graph.observe(seen, coarse, robot_pose=frame.robot_pose, stamp=frame.stamp)

    def _perturbed(self, pose: Any) -> Any:
        if not self._noisy:
            return pose
        result = np.array(pose)
        result[:3, 3] += self._random.normal(0, NOISE[0], 3)
        result[:3, :3] = Rotation.from_rotvec(self._random.normal(0, NOISE[1], 3)).as_matrix() @ result[:3, :3]
        return result


def judge(graph: SceneGraph, objects: list[dict[str, Any]], in_view: Counter[str]) -> dict[str, Any]:
    """Compare a graph with the true boxes: counts and errors of one plan."""
    truth: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for o in objects:
        info = ontology().get(o["objectType"])
        if info.static and "shell" not in info.categories:
            truth[o["objectType"]].append(o)
    found: set[str] = set()
    errors: list[float] = []
    overlaps: dict[str, list[float]] = defaultdict(list)
    spare = 0
    for label in sorted(set(truth) | set(graph.labels())):
        true, mine = truth.get(label, []), [o for o in graph.find(label) if o.label == label]
        joined = 0
        if true and mine:
            off = np.array([[distance(t, m) for m in mine] for t in true])
            for row, column in zip(*linear_sum_assignment(off), strict=True):
                if off[row, column] <= max(0.4, 0.6 * max(extent(true[row]))):
                    joined += 1
                    found.add(true[row]["objectId"])
                    overlaps[label].append(overlap(true[row], mine[column]))
                    if label not in FRONTS and max(extent(true[row])) < 1.0:
                        errors.append(float(np.linalg.norm(centre(true[row]) - mine[column].position)))
        spare += len(mine) - joined
    every = {o["objectId"] for group in truth.values() for o in group}
    seen = {key for key in every if in_view[key] >= SEEN[1]}
    distances, _ = graph.grid.nearest_of(list(graph.areas.areas.values()))
    reachable = np.isfinite(graph.grid.distance_field(next(iter(graph.areas.areas.values()), (0.0, 0.0))))
    return {
        "seen": len(seen),
        "found of seen": len(seen & found),
        "all": len(every),
        "found of all": len(found),
        "objects": len(graph),
        "spare": spare,
        "errors": errors,
        "overlaps": overlaps,
        "covered": float((distances[reachable] <= graph.areas.reach + 0.025).mean()) if reachable.any() else 0.0,
    }


def centre(o: dict[str, Any]) -> Any:
    """Middle of a true box, map frame, metres."""
    return np.array(map_from_thor(o["axisAlignedBoundingBox"]["center"]))


def extent(o: dict[str, Any]) -> Any:
    """Extents of a true box along the map's axes, metres."""
    return np.array([o["axisAlignedBoundingBox"]["size"][k] for k in "zxy"])


def distance(o: dict[str, Any], mine: ObjectState) -> float:
    """How far apart the middles are, along the axis where they are farthest apart, metres."""
    return float(np.abs(centre(o) - mine.position).max())


def overlap(o: dict[str, Any], mine: ObjectState) -> float:
    """Intersection over union of the boxes."""
    size = np.array(mine.size or (0.0, 0.0, 0.0))
    low = np.maximum(centre(o) - extent(o) / 2, np.array(mine.position) - size / 2)
    high = np.minimum(centre(o) + extent(o) / 2, np.array(mine.position) + size / 2)
    common = float(np.prod(np.maximum(high - low, 0.0)))
    return common / max(float(np.prod(extent(o)) + np.prod(size)) - common, 1e-9)


def build(scene: str, *, noisy: bool) -> dict[str, Any]:
    """Explore one floor plan and judge what came of it."""
    with Simulation.start(scene, width=300, height=300) as simulation:
        robot = ThorRobot(simulation)
        mapper = Mapper(simulation, robot, noisy=noisy)
        seconds = explore(robot, mapper.graph, seconds=1500.0)
        return {**judge(mapper.graph, simulation.event.metadata["objects"], mapper.in_view), "seconds": seconds}


def run() -> dict[str, Any]:
    """Figures by name, for each room type and kind of poses."""
    plans = min(int(os.environ.get("KARMA_BENCH_PLANS", "3")), 30)
    figures: dict[str, Any] = {"plans of each room type": plans}
    shapes: dict[str, list[float]] = defaultdict(list)
    for room, first in ROOMS.items():
        for noisy in (False, True):
            # Spread over the thirty plans rather than the first few.
            scenes = [f"FloorPlan{first + n * 30 // plans}" for n in range(plans)]
            runs = [build(scene, noisy=noisy) for scene in scenes]
            total = {key: sum(r[key] for r in runs) for key in runs[0] if isinstance(runs[0][key], int)}
            name = f"{room}, {'noisy' if noisy else 'exact'} poses"
            figures[f"{name}: found of those in view, %"] = 100 * total["found of seen"] / max(total["seen"], 1)
            figures[f"{name}: found of all, %"] = 100 * total["found of all"] / max(total["all"], 1)
            figures[f"{name}: duplicates and wrong, %"] = 100 * total["spare"] / max(total["objects"], 1)
            figures[f"{name}: median centre error, m"] = float(np.median([e for r in runs for e in r["errors"]]))
            figures[f"{name}: floor near an area, %"] = 100 * float(np.mean([r["covered"] for r in runs]))
            figures[f"{name}: exploring, simulated s"] = float(np.mean([r["seconds"] for r in runs]))
            if not noisy:
                for r in runs:
                    for label, values in r["overlaps"].items():
                        shapes[label] += values
    for label, values in sorted(shapes.items()):
        figures[f"box IoU of {label}{' (front only)' if label in FRONTS else ''}"] = float(np.mean(values))
    return figures


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
