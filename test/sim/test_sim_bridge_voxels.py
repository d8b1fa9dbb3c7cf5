import numpy as np
import pytest

from scene_graph.types import View
from sim import frames
from sim.voxels import VoxelMap


def looking_along_x(depth):
    return View(
        pose=frames.camera_pose({"x": 0, "y": 1.5, "z": 0}, yaw=0, horizon=0, floor=0.0),
        intrinsics=(120.0, 120.0, 79.5, 59.5),
        depth=np.full((120, 160), depth, dtype=np.float32),
    )


def test_a_wall_ends_the_line_of_sight():
    space = VoxelMap()
    space.update(looking_along_x(2.0))
    assert space.sight_gap((0, 0, 1.5), (3.0, 0, 1.5)) == pytest.approx(1.0, abs=0.11)
    assert space.sight_gap((0, 0, 1.5), (1.8, 0, 1.5)) == 0.0


def test_looking_through_a_place_clears_it():
    space = VoxelMap()
    space.update(looking_along_x(2.0))
    space.update(looking_along_x(4.0))
    assert space.sight_gap((0, 0, 1.5), (3.0, 0, 1.5)) == 0.0
    assert space.sight_gap((0, 0, 1.5), (4.5, 0, 1.5)) > 0.3


def test_an_empty_map_blocks_nothing():
    assert VoxelMap().sight_gap((0, 0, 1), (5, 5, 1)) == 0.0
