"""Perception: boxes from masks and depth, and honesty about what was seen only in part."""

from __future__ import annotations

import math

import numpy as np
import pytest
from boxworld import Box, look, pose, room

from scene_graph import InvalidObservationError, Observation, SceneGraph
from scene_graph.perception import Instance, PerceptionLimits, perceive

WORLD = room(0, 0, 6, 6)
LIMITS = PerceptionLimits(min_pixels=40)


def see(boxes: list[Box], camera: np.ndarray, *, pixels: int = 200, noise: float = 0.0) -> dict[str, Observation]:
    view, shown = look([*WORLD, *boxes], camera, pixels=pixels)
    if noise:
        view.depth[:] += np.random.default_rng(0).normal(0, noise, view.depth.shape)
    legend = {len(WORLD) + n: Instance(b.label, str(n)) for n, b in enumerate(boxes, start=1) if b.label}
    return {o.label: o for o in perceive(shown, view, legend, stamp=1.0, limits=LIMITS)}


def partial(observation: Observation) -> list[bool]:
    assert observation.covariance is not None
    return (np.sqrt(np.diag(observation.covariance)) > 0.06).tolist()


BOX = Box((2.5, 2.8, 0.0), (3.1, 3.2, 0.5), "Box")


@pytest.mark.parametrize("yaw", [0.0, 0.7, 2.0, 3.9])
@pytest.mark.parametrize("pixels", [150, 300])
def test_a_box_in_full_view_is_measured(yaw: float, pixels: int) -> None:
    x, y = 2.8 - 1.8 * math.cos(yaw), 3.0 - 1.8 * math.sin(yaw)
    seen = see([BOX], pose(x, y, yaw, pitch=0.5), pixels=pixels)["Box"]
    assert seen.position == pytest.approx(BOX.centre, abs=0.04)
    assert seen.size == pytest.approx(BOX.size, abs=0.06)
    assert partial(seen) == [False, False, False]


def test_noisy_depth_costs_little() -> None:
    seen = see([BOX], pose(1.0, 3.0, 0.0, pitch=0.5), noise=0.01)["Box"]
    assert seen.position == pytest.approx(BOX.centre, abs=0.05)


def test_cut_off_at_the_border_its_length_is_a_lower_bound() -> None:
    long = Box((2.5, 1.0, 0.0), (3.0, 5.0, 0.5), "Bed")
    seen = see([long], pose(1.2, 2.0, 0.0, pitch=0.5))["Bed"]
    assert seen.size is not None
    assert seen.size[1] < 3.9
    assert partial(seen)[1]


def test_hidden_by_something_nearer_its_width_is_a_lower_bound() -> None:
    screen = Box((1.9, 2.5, 0.0), (2.0, 3.0, 1.6), "Cabinet")
    seen = see([BOX, screen], pose(1.0, 3.0, 0.0, pitch=0.4))["Box"]
    assert partial(seen)[1]
    assert not partial(see([BOX], pose(1.0, 3.0, 0.0, pitch=0.4))["Box"])[1]


def test_from_below_its_top_a_thing_shows_only_its_front() -> None:
    tall = Box((3.0, 2.6, 0.0), (3.8, 3.4, 1.8), "Fridge")
    seen = see([tall], pose(1.0, 3.0, 0.0, pitch=0.1))["Fridge"]
    assert partial(seen)[0]
    assert not partial(seen)[1]


def test_too_small_too_far_or_without_depth_is_passed_over() -> None:
    tiny = Box((2.8, 3.0, 0.0), (2.81, 3.01, 0.01), "Pen")
    assert see([tiny], pose(1.0, 3.0, 0.0, pitch=0.5)) == {}
    view, shown = look([*WORLD, BOX], pose(1.0, 3.0, 0.0, pitch=0.5))
    view.depth[:] = np.nan
    assert perceive(shown, view, {5: Instance("Box")}, stamp=0.0) == []
    assert perceive(shown, view, {}, stamp=0.0) == []


def test_masks_that_do_not_fit_the_depth_are_refused() -> None:
    view, _ = look(WORLD, pose(1, 1, 0))
    with pytest.raises(InvalidObservationError, match="aligned"):
        perceive(np.zeros((3, 3), dtype=int), view, {1: Instance("Box")}, stamp=0.0)


def test_bleeding_edges_do_not_stretch_a_box() -> None:
    view, shown = look([*WORLD, BOX], pose(1.0, 3.0, 0.0, pitch=0.5), pixels=200)
    number = len(WORLD) + 1
    bleeding = shown.copy()
    bleeding[:-1][shown[1:] == number] = number
    bleeding[:, :-1][shown[:, 1:] == number] = number
    (seen,) = perceive(bleeding, view, {number: Instance("Box")}, stamp=0.0)
    assert seen.size == pytest.approx(BOX.size, abs=0.08)


def test_parts_seen_one_after_the_other_make_the_whole() -> None:
    long = Box((2.5, 0.6, 0.0), (3.0, 5.4, 0.5), "Sofa")
    graph = SceneGraph()
    for stamp, y in enumerate(np.arange(0.8, 5.3, 0.4)):
        graph.observe(see([long], pose(1.2, float(y), 0.0, pitch=0.5)).values(), stamp=float(stamp))
    (sofa,) = graph.find("Sofa")
    assert sofa.position == pytest.approx(long.centre, abs=0.08)
    assert sofa.size == pytest.approx(long.size, abs=0.15)


def test_neighbouring_drawers_stay_apart() -> None:
    drawers = [
        Box((3.0, 2.6 + 0.4 * i, 0.2 * j), (3.5, 3.0 + 0.4 * i, 0.2 * j + 0.19), "Drawer")
        for i in range(2)
        for j in range(3)
    ]
    graph = SceneGraph()
    for stamp, (x, y, yaw) in enumerate([(1.5, 3.0, 0.0), (1.8, 2.4, 0.3), (1.8, 3.6, -0.3), (2.2, 3.0, 0.0)]):
        view, shown = look([*WORLD, *drawers], pose(x, y, yaw, pitch=0.6), pixels=300)
        legend = {len(WORLD) + n: Instance("Drawer") for n in range(1, 7)}
        graph.observe(perceive(shown, view, legend, stamp=float(stamp), limits=LIMITS), stamp=float(stamp))
    assert len(graph.find("Drawer")) == 6
