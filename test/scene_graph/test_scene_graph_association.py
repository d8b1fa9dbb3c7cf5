"""Identity: which observation is which known object."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scene_graph import SceneGraph
from scene_graph.association import Gates, Track, associate, box_distance, fuse, gated_distance
from scene_graph.types import Observation, Point


def mug(position: Point, *, stamp: float = 1.0, **options: object) -> Observation:
    return Observation("Mug", position, stamp=stamp, size=(0.1, 0.1, 0.1), **options)  # type: ignore[arg-type]


def known(key: str, position: Point, **options: object) -> Track:
    return Track(key, "Mug", position, size=(0.1, 0.1, 0.1), **options)  # type: ignore[arg-type]


def test_two_alike_close_together_stay_two() -> None:
    tracks = [known("a", (0, 0, 1)), known("b", (0.4, 0, 1))]
    result = associate(tracks, [mug((0.41, 0.01, 1)), mug((0.02, 0, 1))])
    assert {m.track.key: m.index for m in result.pairs} == {"a": 1, "b": 0}
    assert not result.new


def test_two_alike_first_seen_together_are_two_new_ones() -> None:
    assert associate([], [mug((0, 0, 1)), mug((0.4, 0, 1))]).new == [0, 1]


def test_seen_elsewhere_before_its_place_was_looked_at_is_provisionally_the_same() -> None:
    result = associate([known("a", (0, 0, 1))], [mug((20, 0, 1))])
    assert [m.track.key for m in result.provisional] == ["a"]
    assert not result.moved
    assert not result.new


@pytest.mark.parametrize("how", ["in clear view", "gone before"])
def test_seen_elsewhere_while_its_place_is_empty_has_moved(how: str) -> None:
    track = known("a", (0, 0, 1), gone=how == "gone before")
    result = associate([track], [mug((2, 1, 1))], clear={"a"} if how == "in clear view" else frozenset())
    assert [m.track.key for m in result.moved] == ["a"]
    assert not result.absent


def test_a_thing_still_at_its_place_is_not_the_one_seen_elsewhere() -> None:
    result = associate([known("a", (0, 0, 1))], [mug((0, 0.01, 1)), mug((2, 1, 1))])
    assert [(m.track.key, m.index) for m in result.pairs] == [("a", 0)]
    assert result.new == [1]


def test_a_ghost_that_is_joined_means_that_there_are_two() -> None:
    tracks = [known("a", (3, 0, 1)), known("a, before", (0, 0, 1), ghost=True)]
    result = associate(tracks, [mug((0, 0, 1))])
    assert result.pairs[0].track.ghost
    assert not result.new


def test_a_ghost_in_clear_view_that_nothing_joins_is_absent() -> None:
    tracks = [known("a", (3, 0, 1)), known("a, before", (0, 0, 1), ghost=True)]
    result = associate(tracks, [mug((3, 0, 1))], clear={"a, before"})
    assert [t.key for t in result.absent] == ["a, before"]


def test_what_does_not_move_turns_up_elsewhere_as_another_one() -> None:
    result = associate([known("a", (0, 0, 1), movable=False)], [mug((2, 0, 1))], clear={"a"})
    assert result.new == [0]
    assert [t.key for t in result.absent] == ["a"]


def test_labels_do_not_mix() -> None:
    result = associate([Track("a", "Cup", (0, 0, 1))], [mug((0, 0, 1))], clear={"a"})
    assert result.new == [0]
    assert [t.key for t in result.absent] == ["a"]


def test_the_hand_takes_what_was_within_reach_and_follows_it() -> None:
    grasped = associate([known("a", (0, 0, 1)), known("b", (9, 0, 1))], [mug((0.4, 0.3, 1.2), held=True)])
    assert [m.track.key for m in grasped.moved] == ["a"]
    carried = associate([known("a", (0, 0, 1), held=True)], [mug((5, 3, 1.2), held=True)])
    assert [m.track.key for m in carried.pairs] == ["a"]


def test_sensor_ids_choose_among_candidates_and_nothing_else() -> None:
    tracks = [known("a", (0, 0, 1), sensor_id="x"), known("b", (0.1, 0, 1), sensor_id="y")]
    assert associate(tracks, [mug((0.05, 0, 1), object_id="x")]).pairs[0].track.key == "a"
    far = [known("a", (0, 0, 1), sensor_id="x", movable=False)]
    assert associate(far, [mug((5, 0, 1), object_id="x")]).new == [0]


def test_faster_than_anything_moves_is_another_one() -> None:
    result = associate([known("a", (0, 0, 1), stamp=0.0)], [mug((20, 0, 1), stamp=1.0)], gates=Gates(speed=2.0))
    assert result.new == [0]


def test_uncertain_tracks_accept_what_sure_ones_refuse() -> None:
    sure = Track("a", "Mug", (0, 0, 0), covariance=np.eye(3) * 0.01**2)
    unsure = Track("a", "Mug", (0, 0, 0), covariance=np.eye(3) * 0.2**2)
    seen = Observation("Mug", (0.3, 0, 0), stamp=0, covariance=np.eye(3) * 0.01**2)
    assert math.isinf(gated_distance(sure, seen))
    assert gated_distance(unsure, seen) == pytest.approx(0.3**2 / (0.2**2 + 0.01**2 + 0.02**2))


def test_a_part_joins_its_whole_and_not_what_it_touches() -> None:
    exact, partial = np.eye(3) * 0.02**2, np.diag([0.3, 0.02, 0.02]) ** 2
    counter = Track("a", "CounterTop", (0, 0, 0.9), covariance=exact, size=(2.0, 0.6, 0.05))
    part = Observation("CounterTop", (0.8, 0, 0.9), stamp=0, covariance=partial, size=(0.3, 0.6, 0.05))
    beside = Observation("CounterTop", (1.2, 0, 0.9), stamp=0, covariance=partial, size=(0.3, 0.6, 0.05))
    assert box_distance(counter, part) < Gates().chi_square
    assert math.isinf(box_distance(counter, beside))


def test_fusing_is_surer_than_either_and_lies_between() -> None:
    position, covariance = fuse((0, 0, 0), np.eye(3) * 0.04, (1, 1, 1), np.eye(3) * 0.01)
    assert position == pytest.approx((0.8, 0.8, 0.8))
    assert np.allclose(covariance, np.eye(3) * 0.008)


points = st.tuples(*[st.floats(-3, 3) for _ in range(3)])


@given(
    tracks=st.lists(st.tuples(st.sampled_from("AB"), points, st.booleans(), st.booleans()), max_size=6),
    seen=st.lists(st.tuples(st.sampled_from("AB"), points), max_size=6),
    clear=st.sets(st.integers(0, 5)),
)
def test_every_observation_has_one_meaning_and_every_track_one_observation(
    tracks: list[tuple[str, Point, bool, bool]], seen: list[tuple[str, Point]], clear: set[int]
) -> None:
    known_ = [Track(n, label, p, movable=m, gone=g and m) for n, (label, p, m, g) in enumerate(tracks)]
    observations = [Observation(label, p, stamp=0) for label, p in seen]
    result = associate(known_, observations, clear=clear)
    matches = [*result.pairs, *result.moved, *result.provisional]
    assert sorted([*(m.index for m in matches), *result.new]) == list(range(len(seen)))
    joined = [m.track.key for m in matches]
    assert len(joined) == len(set(joined))
    assert all(m.track.label == observations[m.index].label for m in matches)
    assert not {t.key for t in result.absent} & set(joined)
    assert {t.key for t in result.absent} <= clear


def front(label: str, depth: float, width: float, height: float, hidden: float, *, along: int = 0) -> Observation:
    """A view of the front of a thing that faces along an axis, of whose depth it tells no more than `hidden`."""
    position, size, sigma = [1.0, 1.0, height / 2], [width, width, height], [0.02] * 3
    position[along], size[along], sigma[along] = depth, 0.04, hidden
    (x, y, z), (a, b, c) = position, size
    return Observation(label, (x, y, z), stamp=depth, size=(a, b, c), covariance=np.diag(np.square(sigma)))


@pytest.mark.parametrize("along", [0, 1])
@pytest.mark.parametrize(
    ("label", "width", "height", "hidden", "depths"),
    [
        ("Fridge", 0.66, 1.7, 0.31, [0.0, 0.13, 0.27]),
        ("Fridge", 0.9, 2.0, 0.35, [0.4, 0.21, 0.33]),
        ("Dresser", 1.4, 0.9, 0.24, [2.0, 2.16, 1.9]),
        ("Cabinet", 0.5, 0.8, 0.25, [0.0, -0.14, 0.08]),
    ],
)
def test_views_of_one_front_at_odd_depths_are_one_thing(
    label: str, width: float, height: float, hidden: float, depths: list[float], along: int
) -> None:
    graph = SceneGraph()
    for depth in depths:
        graph.observe([front(label, depth, width, height, hidden, along=along)], stamp=abs(depth))
    assert [o.label for o in graph.objects()] == [label]


@pytest.mark.parametrize(
    ("label", "hidden", "depths"),
    [("Fridge", 0.31, [0.0, 0.9]), ("Painting", 0.08, [0.0, 0.3]), ("Cabinet", 0.25, [0.0, 0.7])],
)
def test_fronts_farther_apart_than_things_are_deep_stay_two(label: str, hidden: float, depths: list[float]) -> None:
    graph = SceneGraph()
    for depth in depths:
        graph.observe([front(label, depth, 0.7, 0.9, hidden)], stamp=depth)
    assert len(graph) == len(depths)


def test_fronts_side_by_side_stay_as_many_as_they_are() -> None:
    graph = SceneGraph()
    for n in range(4):
        seen = front("Cabinet", 0.03 * n, 0.45, 0.8, 0.25)
        beside = Observation(
            "Cabinet", (seen.position[0], 0.45 * n, 0.4), stamp=float(n), size=seen.size, covariance=seen.covariance
        )
        graph.observe([beside])
    assert len(graph) == 4
