"""Shapes of things: points gathered over frames, boxes that lie as the things do, and mesh files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from boxworld import Box, look, pose, room
from hypothesis import given
from hypothesis import strategies as st

from scene_graph import SceneGraph
from scene_graph.perception import Instance, perceive
from scene_graph.solids import ObjectClouds, SolidsError, oriented_box, save_cloud, save_mesh


def corners(width: float, depth: float, height: float, yaw: float) -> np.ndarray:
    local = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * (width, depth, height) / 2
    turn = np.array([[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1]])
    return local @ turn.T + (1.0, -2.0, 0.5)


@given(width=st.floats(0.5, 3), share=st.floats(0.1, 0.9), height=st.floats(0.1, 2), yaw=st.floats(-math.pi, math.pi))
def test_the_box_of_a_thing_that_lies_askew(width: float, share: float, height: float, yaw: float) -> None:
    box = oriented_box(corners(width, share * width, height, yaw))
    assert box.centre == pytest.approx((1.0, -2.0, 0.5), abs=1e-6)
    assert box.size == pytest.approx((width, share * width, height), abs=1e-6)
    assert abs(math.sin(box.yaw - yaw)) == pytest.approx(0.0, abs=1e-5)
    assert -math.pi / 2 <= box.yaw < math.pi / 2


@given(points=st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(0, 2)), min_size=1, max_size=30))
def test_every_point_is_in_the_box(points: list[tuple[float, float, float]]) -> None:
    box = oriented_box(points)
    offset = np.array(points) - box.centre
    c, s = math.cos(box.yaw), math.sin(box.yaw)
    own = np.stack([offset[:, 0] * c + offset[:, 1] * s, offset[:, 1] * c - offset[:, 0] * s, offset[:, 2]], axis=1)
    assert (np.abs(own) <= np.array(box.size) / 2 + 1e-5).all()


@pytest.mark.parametrize("points", [[], [[math.nan, 0, 0]]])
def test_no_box_of_nothing(points: list[list[float]]) -> None:
    with pytest.raises(SolidsError, match="finite"):
        oriented_box(points)


def gathered() -> tuple[SceneGraph, ObjectClouds, str]:
    """A fridge, seen from its corners."""
    boxes = [Box((1.6, 1.8, 0), (2.4, 2.5, 1.8), "Fridge"), *room(0, 0, 5, 5)]
    graph, clouds = SceneGraph(), ObjectClouds()
    for stamp, (x, y, yaw) in enumerate([(0.5, 0.6, 0.8), (0.4, 1.0, 0.62), (3.6, 0.6, 2.37), (3.8, 3.8, -2.4)]):
        view, shown = look(boxes, pose(x, y, yaw, pitch=0.2), pixels=150)
        legend = {1: Instance("Fridge", f"sensor-{stamp}")}
        graph.observe(perceive(shown, view, legend, stamp=float(stamp)), view, robot_pose=(x, y), stamp=float(stamp))
        clouds.add(graph, shown, view, legend)
    return graph, clouds, graph.objects()[0].object_id


def test_points_are_gathered_over_frames_and_bounded() -> None:
    graph, clouds, fridge = gathered()
    points = clouds.points(fridge)
    assert len(points) > 500
    assert len(np.unique(np.floor(points / 0.02), axis=0)) == len(points)
    box = oriented_box(points)
    assert sorted(box.size[:2]) == pytest.approx([0.7, 0.8], abs=0.06)
    small = ObjectClouds(most=10)
    small._put("a", points)
    assert len(small.points("a")) == 10
    assert clouds.points("nothing").shape == (0, 3)
    graph.forget(object_id=fridge)
    clouds.keep_only(graph)
    assert len(clouds.points(fridge)) == 0


def test_masks_of_another_frame_are_refused() -> None:
    graph, clouds, _ = gathered()
    view, shown = look(room(0, 0, 3, 3), pose(1, 1, 0))
    with pytest.raises(SolidsError, match="one frame"):
        clouds.add(graph, shown[:10], view, {})


def test_meshes_and_clouds_are_written(tmp_path: Path) -> None:
    open3d = pytest.importorskip("open3d", reason="pip install open3d-cpu", exc_type=ImportError)
    _, clouds, fridge = gathered()
    points = clouds.points(fridge)
    save_cloud(points, tmp_path / "fridge.ply")
    assert len(open3d.io.read_point_cloud(str(tmp_path / "fridge.ply")).points) == len(points)
    save_mesh(points, tmp_path / "fridge.obj")
    assert len(open3d.io.read_triangle_mesh(str(tmp_path / "fridge.obj")).triangles) > 10
    with pytest.raises(SolidsError, match="no volume"):
        save_mesh([[0, 0, 0], [1, 0, 0]], tmp_path / "flat.obj")


def test_without_open3d_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "open3d", None)
    with pytest.raises(SolidsError, match="pip install open3d-cpu"):
        save_cloud([[0, 0, 0]], tmp_path / "cloud.ply")
