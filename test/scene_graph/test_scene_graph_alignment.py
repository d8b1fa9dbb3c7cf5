"""Frames from poses that are a little off: corrected by what is known, and never dragged along by what moved."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from boxworld import Box, look, pose, room
from scipy.spatial.transform import Rotation

from memory_node.memory import Memory
from scene_graph import Observation, SceneGraph, View
from scene_graph.alignment import align
from scene_graph.perception import Instance, PerceptionLimits, perceive

WORLD = room(0, 0, 6, 6)
THINGS = [
    Box((2.5, 1.0, 0.0), (3.1, 1.5, 0.5), "SideTable"),
    Box((2.6, 2.2, 0.0), (3.0, 2.7, 0.4), "Ottoman"),
    Box((2.4, 3.4, 0.0), (3.0, 3.9, 0.7), "GarbageCan"),
    Box((3.4, 4.4, 0.0), (3.9, 5.0, 0.45), "Stool"),
    Box((3.6, 2.8, 0.0), (4.2, 3.3, 0.6), "CoffeeTable"),
]
CAMERA = pose(0.8, 2.8, 0.0, pitch=0.45)


def see(things: list[Box], camera: np.ndarray, believed: np.ndarray) -> tuple[list[Observation], View]:
    view, shown = look([*WORLD, *things], camera, pixels=200)
    view = View(believed, view.intrinsics, view.depth)
    legend = {len(WORLD) + n: Instance(box.label) for n, box in enumerate(things, start=1) if box.label}
    return perceive(shown, view, legend, stamp=1.0, limits=PerceptionLimits(min_pixels=40)), view


def known(things: list[Box]) -> SceneGraph:
    graph = SceneGraph()
    for n, (y, yaw) in enumerate([(2.8, 0.0), (2.0, 0.2), (3.6, -0.2), (2.8, 0.1)]):
        camera = pose(0.8, y, yaw, pitch=0.45)
        seen, view = see(things, camera, camera)
        graph.observe(seen, view, stamp=float(n))
    return graph


def off(exact: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    wrong = np.array(exact)
    wrong[:3, 3] += rng.normal(0, 0.02, 3)
    wrong[:3, :3] = Rotation.from_rotvec(rng.normal(0, math.radians(1), 3)).as_matrix() @ wrong[:3, :3]
    return wrong


def errors(seen: list[Observation], things: list[Box]) -> list[float]:
    truth = {box.label: box.centre for box in things}
    return [math.dist(o.position, truth[o.label]) for o in seen]


def test_observations_come_nearer_to_the_truth() -> None:
    graph, rng = known(THINGS), np.random.default_rng(5)
    before, after = [], []
    for _ in range(20):
        seen, view = see(THINGS, CAMERA, off(CAMERA, rng))
        moved, _ = align(graph, seen, view)
        before += errors(seen, THINGS)
        after += errors(moved, THINGS)
    assert np.mean(after) < 0.6 * np.mean(before)


def test_a_true_pose_stays_where_it_is() -> None:
    graph = known(THINGS)
    for y, yaw in [(2.8, 0.0), (2.3, 0.15), (3.1, -0.1), (3.4, -0.25), (2.6, 0.05)]:
        camera = pose(0.9, y, yaw, pitch=0.4)
        seen, view = see(THINGS, camera, camera)
        moved, aligned = align(graph, seen, view)
        assert aligned is view
        assert moved == seen


def test_what_was_moved_does_not_drag_the_rest_along() -> None:
    pushed = [THINGS[0], Box((2.6, 2.4, 0.0), (3.0, 2.9, 0.4), "Ottoman"), *THINGS[2:]]
    seen, view = see(pushed, CAMERA, CAMERA)
    moved, _ = align(known(THINGS), seen, view)
    drift = [math.dist(a.position, b.position) for a, b in zip(seen, moved, strict=True)]
    assert max(drift) < 0.05


def test_what_moves_is_remembered_from_the_corrected_pose() -> None:
    ball = Box((2.2, 2.9, 0.0), (2.4, 3.1, 0.2), "BasketBall")
    graph, rng = known(THINGS), np.random.default_rng(3)
    off_before: list[float] = []
    off_after: list[float] = []
    for _ in range(12):
        seen, view = see([*THINGS, ball], CAMERA, off(CAMERA, rng))
        memory = Memory.open(scene_graph=graph)
        memory.observe(seen, view=view, stamp=9.0)
        (found,) = memory.recall("ball", labels=["BasketBall"])
        off_before += [math.dist(o.position, ball.centre) for o in seen if o.label == "BasketBall"]
        off_after.append(math.dist(found.object.position, ball.centre))
        memory.close()
    assert np.mean(off_after) < 0.7 * np.mean(off_before)


def test_what_is_in_another_frame_is_left_alone() -> None:
    seen, view = see(THINGS, CAMERA, off(CAMERA, np.random.default_rng(2)))
    elsewhere = replace(seen[0], frame_id="gripper")
    moved, aligned = align(known(THINGS), [*seen, elsewhere], view)
    assert aligned is not view
    assert moved[-1] == elsewhere
    assert moved[0] != seen[0]


def test_where_nothing_is_known_nothing_is_moved() -> None:
    seen, view = see(THINGS, CAMERA, CAMERA)
    view.depth[:] = np.nan
    moved, aligned = align(SceneGraph(), seen, view)
    assert [o.position for o in moved] == [o.position for o in seen]
    assert aligned is view


def test_noisy_poses_make_one_of_each_thing() -> None:
    graph, rng = SceneGraph(), np.random.default_rng(7)
    for n in range(40):
        exact = pose(0.8 + 0.02 * n, 2.0 + 0.04 * n, 0.3 * math.sin(n), pitch=0.45)
        seen, view = see(THINGS, exact, off(exact, rng))
        graph.observe(seen, view, stamp=float(n))
    assert sorted(o.label for o in graph.objects()) == sorted(box.label for box in THINGS)
    for box in THINGS:
        (thing,) = graph.find(box.label)
        assert thing.position == pytest.approx(box.centre, abs=0.08)
