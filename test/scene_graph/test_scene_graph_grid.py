"""The floor: free, occupied and unseen, and travel over it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from boxworld import Box, look, pose, room, two_rooms
from hypothesis import given, settings
from hypothesis import strategies as st

from scene_graph.grid import CellState, GridError, OccupancyGrid


def mapped(boxes: list[Box], places: list[tuple[float, float]], pixels: int = 75) -> OccupancyGrid:
    grid = OccupancyGrid()
    for x, y in places:
        grid.mark_free(x, y)
        for n in range(8):
            grid.update(look(boxes, pose(x, y, n * math.pi / 4), pixels=pixels)[0])
    return grid


@pytest.fixture(scope="module")
def home() -> OccupancyGrid:
    return mapped(two_rooms(), [(0.6, 0.6), (0.6, 2.4), (3.0, 3.5), (4.5, 2.0)])


def test_knows_floor_furniture_and_what_it_has_not_seen(home: OccupancyGrid) -> None:
    assert home.state(2.3, 2.0) is CellState.FREE
    assert home.state(1.4, 1.3) is CellState.OCCUPIED
    assert home.state(3.0, 1.0) is CellState.OCCUPIED
    assert home.state(20, 20) is CellState.UNSEEN


@pytest.mark.parametrize("pixels", [40, 75, 300])
def test_a_coarse_image_leaves_no_holes_in_the_floor(pixels: int) -> None:
    grid = mapped(room(0, 0, 4, 4), [(2, 2)], pixels)
    xs, ys = np.meshgrid(np.arange(0.55, 3.5, 0.05), np.arange(0.55, 3.5, 0.05))
    # Nearer, the camera's own lower edge leaves gaps between looks.
    spots = [(x, y) for x, y in zip(xs.ravel(), ys.ravel(), strict=True) if math.dist((x, y), (2, 2)) > 1.1]
    assert {grid.state(x, y) for x, y in spots} == {CellState.FREE}


def test_nothing_is_known_behind_walls() -> None:
    grid = mapped(room(0, 0, 4, 4), [(2, 2)])
    assert grid.area() < 4.2 * 4.2
    assert grid.frontiers(start=(2, 2)) == []


def test_the_way_leads_through_the_door_and_clears_the_furniture(home: OccupancyGrid) -> None:
    way = home.path((0.6, 0.6), (4.5, 1.5))
    assert way is not None
    assert max(y for _, y in way) > 3.1
    length = sum(math.dist(a, b) for a, b in itertools.pairwise(way))
    assert home.distances((0.6, 0.6), [(4.5, 1.5)])[0] == pytest.approx(length, rel=0.1)
    for a, b in itertools.pairwise(way):
        steps = np.linspace(a, b, 50)
        assert home.is_traversable(steps).all()


def test_no_way_into_a_wall_or_another_house(home: OccupancyGrid) -> None:
    assert home.path((0.6, 0.6), (50, 50), optimistic=False) is None
    assert np.isinf(home.distances((0.6, 0.6), [(50, 50)])[0])


def test_unseen_floor_is_a_way_for_optimists_only() -> None:
    grid = OccupancyGrid()
    grid.update(look(room(0, 0, 4, 8), pose(2, 1, -math.pi / 2))[0])
    assert grid.path((2, 1), (2, 6), optimistic=True) is not None
    assert grid.path((2, 1), (2, 6), optimistic=False) is None
    assert grid.frontiers(start=(2, 1))


def test_a_bump_blocks_until_the_robot_stands_there(home: OccupancyGrid) -> None:
    grid = OccupancyGrid.from_json(home.to_json())
    grid.mark_blocked(2.3, 2.0)
    assert grid.state(2.3, 2.0) is CellState.OCCUPIED
    assert not grid.is_traversable([(2.3, 2.0)])[0]
    grid.mark_free(2.3, 2.0)
    assert grid.state(2.3, 2.0) is CellState.FREE


def test_a_chair_that_was_taken_away_is_cleared_but_floor_under_a_table_is_not_free() -> None:
    chair, table = Box((2.4, 1.8, 0), (2.8, 2.2, 0.9)), Box((1.0, 3.0, 0.7), (2.0, 3.8, 0.75))
    grid = mapped([*room(0, 0, 4, 4), chair, table], [(1.2, 1.2)])
    assert grid.state(2.45, 2.0) is CellState.OCCUPIED
    for _ in range(8):
        for n in range(8):
            grid.update(look([*room(0, 0, 4, 4), table], pose(1.2, 1.2, n * math.pi / 4))[0])
    assert grid.state(2.45, 2.0) is CellState.FREE
    assert grid.state(1.5, 3.3) is CellState.OCCUPIED


def test_approach_poses_face_the_point_from_its_own_side_of_the_wall(home: OccupancyGrid) -> None:
    on_sofa = (4.6, 0.5, 0.8)
    poses = home.approach_poses(on_sofa, start=(0.6, 0.6), max_distance=1.2)
    assert poses
    for x, y, yaw in poses:
        assert home.is_traversable([(x, y)])[0]
        assert math.isclose(yaw, math.atan2(on_sofa[1] - y, on_sofa[0] - x))
        assert 0.4 <= math.dist((x, y), on_sofa[:2]) <= 1.2
    near_wall = (2.8, 1.0, 0.5)
    assert home.approach_poses(near_wall)[0][0] < 2.95


def test_files_keep_everything_that_travel_needs(home: OccupancyGrid) -> None:
    again = OccupancyGrid.from_json(home.to_json())
    assert again.to_json() == home.to_json()
    assert again.path((0.6, 0.6), (4.5, 1.5)) == home.path((0.6, 0.6), (4.5, 1.5))
    assert np.count_nonzero(again.tall) == np.count_nonzero(home.tall)


@pytest.mark.parametrize("data", [{}, {"resolution": 0.05, "origin": [0, 0], "rows": ["..", "?!"]}, {"resolution": 9}])
def test_what_is_no_grid_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(GridError):
        OccupancyGrid.from_json(data)


def test_memory_is_bounded() -> None:
    grid = OccupancyGrid(max_cells=10_000)
    grid.update(look(room(0, 0, 4, 4), pose(2, 2, 0))[0])
    before = grid.shape
    grid.mark_free(500, 500)
    assert grid.shape == before
    assert grid.ignored > 0
    assert grid.state(500, 500) is CellState.UNSEEN


@settings(max_examples=30, deadline=None)
@given(
    obstacles=st.lists(st.tuples(st.floats(0.3, 3.7), st.floats(0.3, 3.7)), max_size=12),
    goal=st.tuples(st.floats(0.3, 3.7), st.floats(0.3, 3.7)),
)
def test_a_path_never_touches_an_obstacle(obstacles: list[tuple[float, float]], goal: tuple[float, float]) -> None:
    grid = OccupancyGrid.from_json(EMPTY)
    for x, y in obstacles:
        grid.mark_blocked(x, y)
    way = grid.path((2.0, 2.0), goal, optimistic=False)
    if way is not None:
        for a, b in itertools.pairwise(way):
            steps = np.linspace(a, b, 40)
            for x, y in obstacles:
                assert np.hypot(*(steps - (x, y)).T).min() > grid.robot_radius - 1.5 * grid.resolution


EMPTY = mapped(room(0, 0, 4, 4), [(2, 2)]).to_json()
