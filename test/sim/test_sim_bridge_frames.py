import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import frames

COORDINATE = st.floats(-50, 50, allow_nan=False)


@given(COORDINATE, COORDINATE, COORDINATE, COORDINATE)
def test_heights_count_from_the_floor_that_the_robot_stands_on(x, y, z, floor):
    position = {"x": x, "y": y, "z": z}
    standing = {"x": 0.0, "y": floor + 0.901, "z": 0.0}
    point = frames.map_from_thor(position, frames.floor_height(standing))
    assert point == pytest.approx((z, -x, y - floor), abs=1e-9)


@pytest.mark.parametrize(
    ("thor_yaw", "ahead"),
    [(0, {"x": 0, "y": 0, "z": 1}), (90, {"x": 1, "y": 0, "z": 0}), (180, {"x": 0, "y": 0, "z": -1})],
)
def test_heading_points_where_the_agent_moves(thor_yaw, ahead):
    yaw = frames.yaw_from_thor(thor_yaw)
    assert frames.map_from_thor(ahead, 0.0)[:2] == pytest.approx((math.cos(yaw), math.sin(yaw)), abs=1e-9)
    assert frames.thor_yaw_from_map(yaw) == pytest.approx(thor_yaw)


def test_axes_are_right_handed_and_the_camera_looks_ahead():
    pose = frames.camera_pose({"x": 1.0, "y": 1.5, "z": 2.0}, yaw=0.0, horizon=0.0, floor=0.0)
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1.0)
    assert pose[:3, 2] == pytest.approx([1, 0, 0])  # ahead is map x
    assert pose[:3, 0] == pytest.approx([0, -1, 0])  # the image's right is the robot's right
    assert pose[:3, 3] == pytest.approx([2.0, -1.0, 1.5])


@given(st.floats(0, 360), st.floats(-30, 60))
def test_looking_down_lowers_the_optical_axis(yaw, horizon):
    pose = frames.camera_pose({"x": 0, "y": 0, "z": 0}, yaw=yaw, horizon=horizon, floor=0.0)
    assert pose[:3, :3].T @ pose[:3, :3] == pytest.approx(np.eye(3), abs=1e-9)
    assert pose[2, 2] == pytest.approx(-math.sin(math.radians(horizon)), abs=1e-9)


def test_intrinsics_put_the_field_of_view_on_the_image_edges():
    fx, fy, cx, cy = frames.intrinsics(640, 480, 90.0)
    assert fx == fy == pytest.approx(240)
    assert math.degrees(math.atan((479.5 - cy) / fy)) == pytest.approx(45)
    assert cx == 319.5
