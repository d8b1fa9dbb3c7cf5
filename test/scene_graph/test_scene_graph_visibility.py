"""Absence: when not seeing a thing means that it is not there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from boxworld import Box, look, pose, room

from scene_graph.types import View
from scene_graph.visibility import Sight, clear_view, sample_depth, visible_fraction

TABLE = Box((1.6, -0.5, 0.7), (2.6, 0.5, 0.75))
MUG = Box((1.95, -0.05, 0.75), (2.05, 0.05, 0.85), "Mug")
SIGHT = Sight(min_area=0.002)
WORLD = room(-1, -3, 5, 3)


def is_clear(boxes: list[Box], at: Box = MUG, *, pixels: int = 75, yaw: float = 0.0, x: float = 0.8) -> bool:
    view, _ = look([*WORLD, *boxes], pose(x, 0, yaw, pitch=0.5), pixels=pixels)
    return bool(clear_view(view, [at.centre], sizes=[at.size], sight=SIGHT)[0])


@pytest.mark.parametrize("pixels", [40, 75, 300])
def test_an_empty_place_on_a_table_is_in_clear_view(pixels: int) -> None:
    assert is_clear([TABLE], pixels=pixels)


@pytest.mark.parametrize("pixels", [75, 300])
def test_a_place_where_something_stands_is_not(pixels: int) -> None:
    assert not is_clear([TABLE, MUG], pixels=pixels)


def test_a_thin_thing_is_absent_where_only_the_table_shows() -> None:
    plate = Box((1.9, -0.1, 0.75), (2.1, 0.1, 0.77))
    assert is_clear([TABLE], plate)


@pytest.mark.parametrize(
    "hidden_by",
    [
        Box((1.4, -0.5, 0.0), (1.5, 0.5, 1.4)),
        Box((1.7, -0.12, 0.75), (1.8, 0.12, 1.1)),
        Box((1.85, -0.4, 0.75), (2.15, 0.4, 1.0)),
    ],
    ids=["behind a screen", "behind a bottle", "in a closed box"],
)
def test_a_hidden_place_is_not_in_clear_view(hidden_by: Box) -> None:
    assert not is_clear([TABLE, hidden_by])


def test_places_out_of_the_image_or_at_its_border_are_not() -> None:
    assert not is_clear([TABLE], yaw=math.pi)
    assert not is_clear([TABLE], yaw=math.radians(53))


def test_what_is_too_far_or_too_small_to_be_recognised_is_not() -> None:
    pen = Box((1.9, -0.01, 0.75), (2.1, 0.01, 0.76))
    assert not is_clear([TABLE], pen)
    far = Box((4.0, -0.05, 0.75), (4.1, 0.05, 0.85))
    assert not is_clear([], far, x=-0.8)


def test_unknown_depth_proves_nothing() -> None:
    view, _ = look([*WORLD, TABLE], pose(0.8, 0, 0, pitch=0.5))
    blind = View(view.pose, view.intrinsics, np.full_like(view.depth, np.nan))
    assert not clear_view(blind, [MUG.centre], sizes=[MUG.size], sight=SIGHT)[0]


def test_depth_of_a_plane_is_exact_between_pixels() -> None:
    view, _ = look([], pose(0, 0, 0, pitch=0.6), pixels=75)
    spots = np.array([[x, y, 0.0] for x in (1.5, 2.0, 2.6) for y in (-0.6, 0.1, 0.7)])
    pixels, z = view.project(spots)
    assert np.allclose(sample_depth(view, pixels), z, rtol=1e-4)


def test_a_surface_counts_as_searched_by_the_share_that_was_seen() -> None:
    view, _ = look([*WORLD, TABLE], pose(0.8, 0, 0, pitch=0.5))
    whole = visible_fraction(view, [TABLE.centre], [TABLE.size])[0]
    screen = Box((1.3, -0.5, 0.0), (1.4, 0.0, 1.6))
    view, _ = look([*WORLD, TABLE, screen], pose(0.8, 0, 0, pitch=0.5))
    half = visible_fraction(view, [TABLE.centre], [TABLE.size])[0]
    assert whole > 0.9
    assert 0.2 < half < 0.7
