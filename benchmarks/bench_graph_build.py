"""How well the scene graph agrees with the home: built from depth and masks of the explorer's own run, then judged.

The robot explores a floor plan in the simulator, driven by the graph that exact poses give; beside it a second graph is
built from the same frames with poses that are off by 2 cm and 1° (standard deviations). `scene_graph.perception` turns
depth and instance masks into observations for both. The simulator's own boxes are the judge, who also visits every
place that the robot could stand at to find out what could have been seen at all.

    karma bench graph_build [--scenes 12] [--jobs 2] [--out FOLDER]

takes all 120 floor plans, or so many spread over the room types. With a folder, each plan's result is kept there, and a
run that was broken off goes on where it was; results of other code are made anew.
"""

from __future__ import annotations

import hashlib
import json
import math
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.spatial.transform import Rotation

from karma_eval.explore import explore
from karma_eval.pool import spread
from memory_node.memory import Memory
from planner_node.robot import Frame
from scene_graph import ObjectState, SceneGraph, View, ontology
from scene_graph.perception import perceive
from sim.bridge import ThorRobot
from sim.frames import floor_height, map_from_thor
from sim.simulation import Simulation

ROOMS = {"kitchen": 1, "living room": 201, "bedroom": 301, "bathroom": 401}
PLANS = 30
"""Floor plans of each room type."""
NOISE = (0.02, math.radians(1.0))
FRONTS = ("Drawer", "Cabinet", "Shelf", "Window", "Painting", "Mirror", "LightSwitch", "Blinds", "Curtains")
"""Classes of which no more than a front shows."""
SEEN = (200, 3)
"""An object was in view if so many frames showed so many pixels of it."""
SIZES = {"300x300": (300, 300), "640x480": (640, 480)}
"""Image sizes at which perception and graph are timed."""
TIMED = ("FloorPlan5", "FloorPlan217", "FloorPlan320", "FloorPlan411")
"""Plans in which they are."""
LOOK_STEP = 0.5
"""Metres between the places from which the judge looks for what could be seen."""
ROOT = Path(__file__).resolve().parent.parent


class Builder:
    """Builds a graph from a robot's frames, by perception of its own.

    Args:
        simulation: Where the robot is.
        robot: Whose frames to take.
        noise: Standard deviations of the pose's errors, metres and radians.
        remembers: Whether what moves is remembered as well.
    """

    def __init__(
        self,
        simulation: Simulation,
        robot: ThorRobot,
        *,
        noise: tuple[float, float] = (0.0, 0.0),
        remembers: bool = False,
    ) -> None:
        self.graph = SceneGraph(map_id=simulation.scene)
        self.memory = Memory.open(scene_graph=self.graph, capacity=200) if remembers else None
        self.seconds = 0.0
        self.frames = 0
        self._robot = robot
        self._noise = noise
        self._random = np.random.default_rng(11)
        self.take(robot.frame())
        robot.subscribe(self.take)

    def take(self, frame: Frame) -> None:
        """Take in one frame; the processor's time for that is counted."""
        assert frame.view is not None
        instances, legend = self._robot.instances()
        exact = self._robot.view
        began = time.process_time()
        pose = self._perturbed(exact.pose)
        seen = perceive(instances, View(pose, exact.intrinsics, exact.depth), legend, stamp=frame.stamp)
        coarse = View(pose, frame.view.intrinsics, frame.view.depth)
        if self.memory is not None:
            self.memory.observe(seen, view=coarse, robot_pose=frame.robot_pose, stamp=frame.stamp)
        else:
            self.graph.observe(seen, coarse, robot_pose=frame.robot_pose, stamp=frame.stamp)
        self.seconds += time.process_time() - began
        self.frames += 1

    def _perturbed(self, pose: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if not any(self._noise):
            return pose
        result = np.array(pose)
        result[:3, 3] += self._random.normal(0, self._noise[0], 3)
        result[:3, :3] = Rotation.from_rotvec(self._random.normal(0, self._noise[1], 3)).as_matrix() @ result[:3, :3]
        return result


def shown(event: Any) -> dict[str, int]:
    """How many pixels of the event's picture show each object."""
    masks = event.instance_masks
    codes, counts = np.unique(masks.instance_segmentation_frame_uint32, return_counts=True)
    pixels = dict(zip(codes.tolist(), counts.tolist(), strict=True))
    return {
        name: pixels.get(int.from_bytes(bytes((*colour, 255)), "little"), 0)
        for name, colour in masks.instance_colors.items()
    }


def viewable(simulation: Simulation) -> set[str]:
    """Objects of which some place shows enough pixels: the judge goes everywhere and looks everywhere."""
    places = simulation.step("GetReachablePositions").metadata["actionReturn"]
    cells = {(round(p["x"] / LOOK_STEP), round(p["z"] / LOOK_STEP)): p for p in places}
    found: set[str] = set()
    for place in cells.values():
        for yaw in range(0, 360, 60):
            rotation = {"x": 0, "y": yaw, "z": 0}
            event = simulation.step("TeleportFull", **place, rotation=rotation, horizon=10, standing=True)
            if event.metadata["lastActionSuccess"]:
                found.update(name for name, pixels in shown(event).items() if pixels >= SEEN[0])
    return found


Box = tuple[npt.NDArray[Any], npt.NDArray[Any]]
"""Middle and extents of a true box, map frame, metres."""


def true_boxes(objects: Sequence[dict[str, Any]], floor: float) -> dict[str, Box]:
    """The boxes of objects, by id."""
    return {
        o["objectId"]: (
            np.array(map_from_thor(o["axisAlignedBoundingBox"]["center"], floor)),
            np.array([o["axisAlignedBoundingBox"]["size"][k] for k in "zxy"]),
        )
        for o in objects
    }


def match(truth: Mapping[str, Box], mine: Sequence[ObjectState]) -> dict[str, ObjectState]:
    """Which true thing of a class each remembered one is: one to one, the nearest overall."""
    if not truth or not mine:
        return {}
    names = list(truth)
    off = np.array([[apart(truth[name], m) for m in mine] for name in names])
    rows, columns = (index.tolist() for index in linear_sum_assignment(off))
    pairs = zip(rows, columns, strict=True)
    return {names[r]: mine[c] for r, c in pairs if off[r, c] <= gate(truth[names[r]])}


def gate(box: Box) -> float:
    """How far apart middles of the same thing may be, along each axis, metres."""
    return max(0.4, 0.6 * float(box[1].max()))


def apart(box: Box, mine: ObjectState) -> float:
    """How far apart the middles are, along the axis where they are farthest apart, metres."""
    return float(np.abs(box[0] - mine.position).max())


def overlap(box: Box, mine: ObjectState) -> float:
    """Intersection over union of the boxes."""
    size = np.array(mine.size or (0.0, 0.0, 0.0))
    low = np.maximum(box[0] - box[1] / 2, np.array(mine.position) - size / 2)
    high = np.minimum(box[0] + box[1] / 2, np.array(mine.position) + size / 2)
    common = float(np.prod(np.maximum(high - low, 0.0)))
    return common / max(float(np.prod(box[1]) + np.prod(size)) - common, 1e-9)


def judge(
    graph: SceneGraph, objects: Sequence[dict[str, Any]], floor: float, in_view: Counter[str], could: set[str]
) -> dict[str, Any]:
    """Compare a graph with the true boxes: counts and errors of one plan."""
    boxes = true_boxes(objects, floor)
    truth: dict[str, dict[str, Box]] = defaultdict(dict)
    for o in objects:
        info = ontology().get(o["objectType"])
        if info.static and "shell" not in info.categories:
            truth[o["objectType"]][o["objectId"]] = boxes[o["objectId"]]
    found: dict[str, ObjectState] = {}
    errors: list[float] = []
    overlaps: dict[str, list[float]] = defaultdict(list)
    missed: list[str] = []
    spare: dict[str, list[str]] = {"duplicate": [], "wrong class": []}
    mine = [o for o in graph.objects() if not o.stale]
    for label in sorted(set(truth) | {o.label for o in mine}):
        joined = match(truth.get(label, {}), [o for o in mine if o.label == label])
        found.update(joined)
        for name, state in joined.items():
            overlaps[label].append(overlap(truth[label][name], state))
            if label not in FRONTS and truth[label][name][1].max() < 1.0:
                errors.append(float(np.linalg.norm(truth[label][name][0] - state.position)))
        taken = {state.object_id for state in joined.values()}
        for state in (o for o in mine if o.label == label and o.object_id not in taken):
            again = any(apart(box, state) <= gate(box) for box in truth.get(label, {}).values())
            spare["duplicate" if again else "wrong class"].append(label)
    every = {name for group in truth.values() for name in group}
    seen = {name for name in every if in_view[name] >= SEEN[1]}
    could = (could | seen) & every
    missed = sorted(name.split("|")[0] for name in seen - set(found))
    distances, _ = graph.grid.nearest_of(list(graph.areas.areas.values()))
    reachable = np.isfinite(graph.grid.distance_field(next(iter(graph.areas.areas.values()), (0.0, 0.0))))
    return {
        "seen": len(seen),
        "found of seen": len(seen & set(found)),
        "viewable": len(could),
        "found of viewable": len(could & set(found)),
        "objects": len(mine),
        "duplicates": len(spare["duplicate"]),
        "wrong class": len(spare["wrong class"]),
        "missed": missed,
        "never in view": sorted(name.split("|")[0] for name in could - seen - set(found)),
        "spare": spare,
        "errors": errors,
        "overlaps": overlaps,
        "covered": float((distances[reachable] <= graph.areas.reach + 0.025).mean()) if reachable.any() else 0.0,
        "relations": relations({state.object_id: name for name, state in found.items()}, found, objects, boxes),
    }


def relations(
    names: Mapping[str, str],
    found: Mapping[str, ObjectState],
    objects: Sequence[dict[str, Any]],
    boxes: Mapping[str, Box],
) -> list[int]:
    """How many on/in relations among found things are right, wrong and missing.

    Args:
        names: True id of what is remembered, by the graph's id; parents are looked up there.
        found: What is remembered of each thing whose relation counts, by true id.
        objects: The simulator's.
        boxes: Theirs.
    """
    known = set(names.values())
    right = wrong = missing = 0
    for o in objects:
        state = found.get(o["objectId"])
        if state is None:
            continue
        true = {
            p
            for p in o["parentReceptacles"] or ()
            if p in known and holds(boxes[p], boxes[o["objectId"]]) and p.split("|")[0] != "Floor"
        }
        told = names.get(state.parent) if state.parent else None
        right += told is not None and told in true
        wrong += told is not None and told not in true and not holds(boxes[told], boxes[o["objectId"]])
        missing += bool(true) and told not in true
    return [right, wrong, missing]


def holds(outer: Box, inner: Box) -> bool:
    """Whether the boxes agree with one thing's being on or in another: recorded containment is not always true."""
    inside = np.abs(inner[0] - outer[0])[:2] <= outer[1][:2] / 2 + 0.02
    bottom = inner[0][2] - inner[1][2] / 2
    low, high = outer[0][2] - outer[1][2] / 2 - 0.05, outer[0][2] + outer[1][2] / 2 + 0.1
    return bool(inside.all()) and bool(low <= bottom <= high)


def build(scene: str) -> dict[str, Any]:
    """Explore one floor plan and judge what came of it."""
    began = time.perf_counter()
    with Simulation.start(scene, width=300, height=300) as simulation:
        robot = ThorRobot(simulation, perceives=False)
        in_view: Counter[str] = Counter()

        def look(_: Frame) -> None:
            in_view.update(name for name, pixels in shown(simulation.event).items() if pixels >= SEEN[0])

        look(robot.frame())
        robot.subscribe(look)
        exact = Builder(simulation, robot, remembers=True)
        noisy = Builder(simulation, robot, noise=NOISE)
        seconds = explore(robot, exact.graph, seconds=3600.0)
        event = simulation.event
        objects, floor = event.metadata["objects"], floor_height(event.metadata["agent"]["position"])
        could = viewable(simulation)
        result: dict[str, Any] = {"scene": scene, "seconds": seconds, "frames": noisy.frames}
        for name, graph in (("exact", exact.graph), ("noisy", noisy.graph)):
            result[name] = judge(graph, objects, floor, in_view, could)
        assert exact.memory is not None
        result["exact"]["moving"] = moving_relations(exact.memory, objects, floor)
        exact.memory.close()
    return {**result, "wall": time.perf_counter() - began}


def moving_relations(memory: Memory, objects: Sequence[dict[str, Any]], floor: float) -> list[int]:
    """As `relations`, of the things that move, as short-term memory has them."""
    boxes = true_boxes(objects, floor)
    by_label: dict[str, dict[str, Box]] = defaultdict(dict)
    for o in objects:
        by_label[o["objectType"]][o["objectId"]] = boxes[o["objectId"]]
    states = [r.object for label in memory.labels() for r in memory.recall("", labels=[label], k=50, min_score=0.0)]
    states = [s for s in {s.object_id: s for s in states}.values() if not s.stale]
    names: dict[str, str] = {}
    moving: dict[str, ObjectState] = {}
    for label in sorted({s.label for s in states}):
        for name, state in match(by_label[label], [s for s in states if s.label == label]).items():
            names[state.object_id] = name
            if not ontology().get(label).static:
                moving[name] = state
    return relations(names, moving, objects, boxes)


def speed(size: tuple[int, int]) -> float:
    """Frames a second of perception and graph together, processor time, over the beginnings of the timed plans."""
    seconds, frames = 0.0, 0
    for scene in TIMED:
        with Simulation.start(scene, width=size[0], height=size[1]) as simulation:
            robot = ThorRobot(simulation, perceives=False)
            builder = Builder(simulation, robot)
            explore(robot, builder.graph, seconds=60.0)
            seconds, frames = seconds + builder.seconds, frames + builder.frames
    return frames / seconds


def scenes_of(count: int) -> list[str]:
    """So many floor plans, spread over the room types and over the thirty of each."""
    each = [count // len(ROOMS) + (n < count % len(ROOMS)) for n in range(len(ROOMS))]
    return [
        f"FloorPlan{first + n * PLANS // plans}"
        for first, plans in zip(ROOMS.values(), each, strict=True)
        for n in range(plans)
    ]


def code() -> str:
    """Digest of all that results depend on."""
    digest = hashlib.sha256()
    folders = ("scene_graph", "memory_node", "sim", "karma_eval")
    files = [
        path for folder in folders for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".py", ".toml")
    ]
    for path in [*files, Path(__file__)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def build_all(scenes: Sequence[str], *, jobs: int, out: Path | None) -> list[dict[str, Any]]:
    """Results of plans, in their order; those that the folder has of this very code are read from there."""
    version = code()
    results: dict[str, dict[str, Any]] = {}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for scene in scenes:
            path = out / f"{scene}.json"
            kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            if kept.get("code") == version:
                results[scene] = kept["result"]
    todo = [scene for scene in scenes if scene not in results]
    began = time.perf_counter()
    sys.path.insert(0, str(Path(__file__).parent))  # where the pool's processes look for this module
    for result in spread(build, todo, workers=jobs):
        scene = result["scene"]
        results[scene] = result
        if out is not None:
            (out / f"{scene}.json").write_text(json.dumps({"code": version, "result": result}), encoding="utf-8")
        exact = result["exact"]
        print(
            f"{len(results):3d}/{len(scenes)} {scene:13s} {exact['found of seen']}/{exact['seen']} found, "
            f"{result['wall']:.0f} s; {time.perf_counter() - began:.0f} s so far",
            file=sys.stderr,
            flush=True,
        )
    return [results[scene] for scene in scenes]


def percent(part: float, whole: float) -> float:
    """A share in percent; 100 of nothing."""
    return 100.0 * part / whole if whole else 100.0


def f1(counts: Sequence[Sequence[int]]) -> float:
    """F1 of right, wrong and missing, summed; 1 where there was nothing to say and nothing was said."""
    right, wrong, missing = (sum(c[n] for c in counts) for n in range(3))
    total = 2 * right + wrong + missing
    return 2 * right / total if total else 1.0


def room_of(scene: str) -> str:
    """Room type of a floor plan."""
    number = int(scene.removeprefix("FloorPlan"))
    return next(room for room, first in reversed(ROOMS.items()) if number >= first)


def figures_of(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Figures by name, for each room type and kind of poses."""
    figures: dict[str, Any] = {"plans": len(results)}
    for room in [*ROOMS, "all"]:
        of_room = [r for r in results if room in ("all", room_of(r["scene"]))]
        if not of_room:
            continue
        for poses in ("exact", "noisy"):
            runs = [r[poses] for r in of_room]
            total = {key: sum(r[key] for r in runs) for key in runs[0] if isinstance(runs[0][key], int)}
            name = f"{room}, {poses} poses"
            figures[f"{name}: found of those in view, %"] = percent(total["found of seen"], total["seen"])
            figures[f"{name}: found of those that can be viewed, %"] = percent(
                total["found of viewable"], total["viewable"]
            )
            figures[f"{name}: duplicates, %"] = percent(total["duplicates"], total["objects"])
            figures[f"{name}: wrong class, %"] = percent(total["wrong class"], total["objects"])
            figures[f"{name}: median centre error, m"] = float(np.median([e for r in runs for e in r["errors"]]))
            figures[f"{name}: on/in, F1"] = f1([r["relations"] for r in runs])
            figures[f"{name}: floor near an area, %"] = 100 * float(np.mean([r["covered"] for r in runs]))
        figures[f"{room}: on/in of what moves, F1"] = f1([r["exact"]["moving"] for r in of_room])
        figures[f"{room}: exploring, simulated s"] = float(np.mean([r["seconds"] for r in of_room]))
    shapes: dict[str, list[float]] = defaultdict(list)
    for r in results:
        for label, values in r["exact"]["overlaps"].items():
            shapes[label] += values
    for label, values in sorted(shapes.items()):
        figures[f"box IoU of {label}{' (front only)' if label in FRONTS else ''}"] = float(np.mean(values))
    return figures


def run(*, scenes: int = 120, jobs: int = 2, out: Path | None = None) -> dict[str, Any]:
    """Figures by name.

    Args:
        scenes: How many floor plans, spread over the room types.
        jobs: Plans at a time.
        out: Folder that keeps each plan's result.
    """
    figures = figures_of(build_all(scenes_of(min(scenes, PLANS * len(ROOMS))), jobs=jobs, out=out))
    for name, size in SIZES.items():
        figures[f"perception and graph at {name}, frames/s"] = speed(size)
    figures["memory of this process, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures
