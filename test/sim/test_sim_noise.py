"""What sensors get wrong: as much as asked for, reproducibly, and nothing else."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scene_graph.ontology import ontology
from scene_graph.perception import Instance
from sim.errors import NoiseError
from sim.noise import LIMITS, SensorNoise, confusable

rates = st.floats(0.0, 1.0)
noises = st.builds(
    SensorNoise,
    depth=st.floats(0.0, 0.1),
    dropout=rates,
    position=rates,
    heading=rates,
    missed=rates,
    mislabelled=rates,
    reissued=rates,
    seed=st.integers(0, 2**31),
)
LEGEND = {i: Instance(label, f"t{i}") for i, label in enumerate(["Mug", "Fridge", "Apple", "Bed", "Pencil"] * 200, 1)}


def wall(distance=2.0, shape=(200, 200)):
    return np.full(shape, distance, dtype=np.float32)


def test_without_noise_everything_stays_as_it_is():
    noise = SensorNoise()
    assert not noise
    depth = wall()
    assert noise.blur_depth(depth, 1) is depth
    assert noise.pose_error(1) == (0.0, 0.0, 0.0)
    assert (noise.move_pose(np.eye(4), (3.0, 1.0), 1) == np.eye(4)).all()
    assert noise.detect(LEGEND, 1) == LEGEND


@pytest.mark.parametrize("distance", [0.5, 1.0, 4.0])
def test_depth_errs_with_the_square_of_the_distance(distance):
    seen = SensorNoise(depth=0.002).blur_depth(wall(distance), 7)
    assert seen.dtype == np.float32
    assert float(seen.mean()) == pytest.approx(distance, abs=0.001 * distance**2)
    assert float(seen.std()) == pytest.approx(0.002 * distance**2, rel=0.05)


def test_unknown_depth_stays_unknown_and_dropped_pixels_have_none():
    depth = wall()
    depth[:50] = 0.0
    depth[50:100] = np.nan
    seen = SensorNoise(depth=0.01).blur_depth(depth, 1)
    assert (seen[:50] == 0).all()
    assert np.isnan(seen[50:100]).all()
    dropped = SensorNoise(dropout=0.3).blur_depth(wall(), 1)
    assert np.isnan(dropped).mean() == pytest.approx(0.3, abs=0.02)
    assert (dropped[~np.isnan(dropped)] == 2.0).all()


def test_the_pose_errs_about_the_robot_by_as_much_as_asked_for():
    noise = SensorNoise(position=0.03, heading=0.02)
    errors = np.array([noise.pose_error(frame) for frame in range(2000)])
    assert errors.mean(axis=0) == pytest.approx([0, 0, 0], abs=0.003)
    assert errors.std(axis=0) == pytest.approx([0.03, 0.03, 0.02], rel=0.1)
    pose = np.eye(4)
    pose[:3, 3] = (5.0, 2.0, 1.5)
    believed = SensorNoise(heading=0.1).move_pose(pose, (5.0, 2.0), 3)
    assert believed[:3, 3] == pytest.approx([5.0, 2.0, 1.5])  # the camera is above the base: it only turns
    assert believed[:3, :3] @ believed[:3, :3].T == pytest.approx(np.eye(3))
    turn = math.atan2(believed[1, 0], believed[0, 0])
    assert turn == pytest.approx(SensorNoise(heading=0.1).pose_error(3)[2])


def test_detections_are_missed_and_mislabelled_at_their_rates():
    noise = SensorNoise(missed=0.2, mislabelled=0.1, seed=4)
    kept = wrong = 0
    for frame in range(10):
        seen = noise.detect(LEGEND, frame)
        kept += len(seen)
        wrong += sum(seen[i].label != LEGEND[i].label for i in seen)
        assert all(seen[i].object_id == LEGEND[i].object_id for i in seen)
    assert kept / 10_000 == pytest.approx(0.8, abs=0.02)
    assert wrong / kept == pytest.approx(0.1, abs=0.02)


def test_what_becomes_of_a_thing_does_not_depend_on_what_comes_after_it():
    noise = SensorNoise(missed=0.3, mislabelled=0.3)
    short = dict(list(LEGEND.items())[:100])
    seen = noise.detect(LEGEND, 5)
    assert noise.detect(short, 5) == {i: seen[i] for i in short if i in seen}


@given(noises, st.integers(0, 10_000))
def test_the_same_seed_and_frame_give_the_same_errors(noise, frame):
    again = SensorNoise.parse(str(noise)) if noise else noise
    depth = wall(shape=(8, 8))
    depth[0, 0] = 0.0
    seen = noise.blur_depth(depth, frame)
    np.testing.assert_array_equal(seen, noise.blur_depth(depth, frame))
    assert (seen[~np.isnan(seen)] >= 0).all()
    assert depth[1, 1] == 2.0
    assert noise.detect(LEGEND, frame) == noise.detect(LEGEND, frame)
    pose = noise.move_pose(np.eye(4), (1.0, 1.0), frame)
    assert np.isfinite(pose).all()
    assert pose[2].tolist() == [0, 0, 1, 0]  # the floor stays level
    assert bool(again) == bool(noise)


def test_frames_differ():
    noise = SensorNoise(depth=0.01, position=0.1, missed=0.5)
    assert (noise.blur_depth(wall(), 1) != noise.blur_depth(wall(), 2)).any()
    assert noise.pose_error(1) != noise.pose_error(2)
    assert noise.detect(LEGEND, 1).keys() != noise.detect(LEGEND, 2).keys()


def test_things_are_taken_for_others_of_their_size_that_move_as_they_do():
    known = ontology()
    for label in ("Mug", "Fridge", "Pencil"):
        others = confusable(label)
        assert len(others) == 5
        assert label not in others
        assert {known.get(o).static for o in others} == {known.get(label).static}
    assert confusable("a thing nobody knows") == ()


def test_noise_is_written_as_it_is_read():
    noise = SensorNoise.parse(" depth=0.002, missed=0.1,seed=3 ")
    assert noise == SensorNoise(depth=0.002, missed=0.1, seed=3)
    assert SensorNoise.parse(str(noise)) == noise
    assert SensorNoise.parse("") == SensorNoise()
    assert str(SensorNoise()) == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("depth", "is no noise"),
        ("depht=1", "is no noise"),
        ("depth=0.1,depth=0.1", "at most once"),
        ("depth=far", "is no number"),
        ("depth=nan", "from 0 to 0.1"),
        ("missed=1.5", "from 0 to 1"),
        ("missed=-0.1", "from 0 to 1"),
        ("seed=1.5", "whole number"),
        ("seed=-1", "negative"),
    ],
)
def test_noise_that_makes_no_sense_is_refused_with_what_is_allowed(text, message):
    with pytest.raises(NoiseError, match=message):
        SensorNoise.parse(text)


def test_every_kind_of_noise_has_limits():
    assert set(LIMITS) == set(SensorNoise.__dataclass_fields__) - {"seed"}
