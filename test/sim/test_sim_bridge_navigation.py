import math

import numpy as np
import pytest

from sim.navigation import STEP, Navigator, Pose, horizon_to


def test_a_route_through_the_unseen_is_straight():
    navigator = Navigator()
    route = navigator.route_to(Pose(0.0, 0.0, 0.0), 1.0, 0.5)
    assert sorted(route.headings) == [0] * 4 + [1] * 2


def test_a_bump_is_driven_around():
    navigator = Navigator()
    navigator.bump(0.25, 0.0, 0)
    route = navigator.route_to(Pose(0.0, 0.0, 0.0), 1.0, 0.0)
    x, y, taken = 0.0, 0.0, []
    for heading in route.headings:
        taken.append((round(x / STEP), round(y / STEP), heading))
        x += STEP * round(math.cos(heading * math.pi / 2))
        y += STEP * round(math.sin(heading * math.pi / 2))
    assert (1, 0, 0) not in taken
    assert (x, y) == pytest.approx((1.0, 0.0))


def test_routes_start_where_the_agent_is_even_off_the_lattice():
    route = Navigator().route_to(Pose(0.1, 0.05, 0.0), 1.1, 0.05)
    assert route.headings == (0, 0, 0, 0)


def test_viewpoints_face_the_target_from_within_reach_and_differ():
    target = (2.0, 1.0, 0.9)
    options = Navigator().viewpoints(Pose(0.0, 0.0, 0.0), target, count=6)
    assert len(options) == 6
    places = np.array([(v.x, v.y) for v, _ in options])
    assert len(np.unique(places, axis=0)) == 6
    best = options[0][0]
    assert math.dist((best.x, best.y), target[:2]) <= 1.1
    bearing = math.atan2(target[1] - best.y, target[0] - best.x)
    assert abs(math.remainder(bearing - best.yaw, math.tau)) <= math.pi / 8 + 1e-9


@pytest.mark.parametrize(("height", "horizon"), [(1.6, 0), (0.0, 60), (0.9, 30), (3.0, -30)])
def test_the_camera_is_pitched_to_the_target_within_its_limits(height, horizon):
    assert horizon_to((0.0, 0.0), (1.0, 0.0, height)) == horizon
