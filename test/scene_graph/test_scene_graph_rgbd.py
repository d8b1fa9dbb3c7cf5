"""Real depth images with real noise, edges and holes, through perception and floor: no simulator anywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scene_graph import Observation, SceneGraph, View
from scene_graph.grid import CellState, OccupancyGrid
from scene_graph.perception import Instance, perceive

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "rgbd"
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="needs ../shared/data/rgbd: five frames of Open3D's test data"
)

INTRINSICS = (525.0, 525.0, 319.5, 239.5)
TO_MAP = np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, -0.12], [0, 0, 0, 1]], dtype=np.float64)
"""The recording's world has y up and its floor at 0.12 m."""
WALL = -2.33
"""Where the room ends, map y, metres."""
CHAIR = 7
"""The armchair's number in the masks."""


@pytest.fixture(scope="module")
def views() -> list[View]:
    lines = (DATA / "trajectory.log").read_text().splitlines()
    poses = [np.array([line.split() for line in lines[n + 1 : n + 5]], dtype=float) for n in range(0, len(lines), 5)]
    depths = [np.asarray(Image.open(DATA / f"depth_{n}.png"), dtype=np.float32) / 1000 for n in range(len(poses))]
    return [View(TO_MAP @ pose, INTRINSICS, depth) for pose, depth in zip(poses, depths, strict=True)]


def mask(view: View) -> np.ndarray:
    """The armchair's pixels, as a detector might give them: what stands before the wall and the curtain."""
    known = View(view.pose, view.intrinsics, np.where(view.depth > 0, view.depth, np.nan))
    x, y, z = known.points().T
    numbers = np.zeros(view.depth.shape, dtype=np.uint8)
    numbers[view.depth > 0] = np.where((z > 0.05) & (y > WALL + 0.04) & (x > 1.6) & (x < 2.75), CHAIR, 0)
    return numbers


def see(view: View, stamp: float) -> list[Observation]:
    return perceive(mask(view), view, {CHAIR: Instance("ArmChair")}, stamp=stamp)


def test_the_armchair_has_the_same_box_in_every_frame(views: list[View]) -> None:
    seen = [see(view, float(n)) for n, view in enumerate(views)]
    assert [len(frame) for frame in seen] == [1] * 5
    sizes = np.array([frame[0].size for frame in seen])
    assert 0.6 < np.median(sizes[:, 0]) < 1.2
    assert 0.5 < np.median(sizes[:, 1]) < 1.0
    assert 0.7 < np.median(sizes[:, 2]) < 1.1
    # Its right side is at the image's border, where the frames differ in how much of it they show.
    assert np.ptp([frame[0].position for frame in seen], axis=0) == pytest.approx([0.0, 0.0, 0.0], abs=0.08)


def test_the_frames_make_one_armchair_in_the_graph(views: list[View]) -> None:
    graph = SceneGraph()
    for n, view in enumerate(views):
        x, y, _ = view.position
        graph.observe(see(view, float(n)), view, robot_pose=(x, y), stamp=float(n))
    (chair,) = graph.objects()
    assert chair.label == "ArmChair"
    assert not chair.stale
    assert chair.position[1] > WALL
    # It stands at the image's border and shows its front: the graph must not take its extents for the whole.
    assert chair.covariance is not None
    assert max(chair.covariance) > 0.03**2


def test_the_floor_is_free_and_the_wall_is_not(views: list[View]) -> None:
    grid = OccupancyGrid()
    for view in views:
        grid.update(view)
    assert all(grid.state(2.5, float(y)) is CellState.FREE for y in np.arange(-1.8, -1.35, 0.1))
    wall = [[grid.state(float(x), WALL + dy) for dy in (-0.1, -0.05, 0.0, 0.05)] for x in np.arange(1.8, 2.65, 0.1)]
    assert all(CellState.OCCUPIED in cells for cells in wall)
    assert grid.state(2.2, -2.1) is CellState.OCCUPIED, "the armchair stands there"
    assert all(grid.state(float(x), WALL - 0.3) is not CellState.FREE for x in np.arange(1.8, 2.5, 0.1)), "beyond it"
