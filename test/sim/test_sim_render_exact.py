"""Depth, instance numbers and handedness of rendered frames."""

import numpy as np
import pytest

from sim.headless.render import Camera, Renderer, RenderError
from sim.headless.shapes import Appearance, box, build_mesh


@pytest.fixture(scope="module")
def renderer():
    with Renderer() as made:
        yield made


@pytest.fixture(autouse=True)
def _empty(renderer):
    renderer.clear()


def at(x, y, z):
    matrix = np.eye(4, dtype=np.float32)
    matrix[:3, 3] = (x, y, z)
    return matrix


CAMERA = Camera(position=(0, 1, 0), yaw=0, pitch=0, fov=90, width=120, height=80)


def test_depth_of_a_known_box_is_exact(renderer):
    renderer.set_body("box", box((0, 0, 0), (1, 1, 1), (1, 0, 0)), at(0, 1, 3), 7)
    frame = renderer.render(CAMERA)
    assert frame.depth.shape == (80, 120)
    inside = frame.ids == 7
    assert np.abs(frame.depth[inside] - 2.5).max() < 1e-5
    # the face spans ±0.5 m at 2.5 m: 0.2 of the half height of 40 pixels, so 16 × 16 pixels
    assert inside.sum() == 16 * 16
    assert set(np.unique(frame.ids)) == {0, 7}
    assert (frame.depth[~inside] == 20.0).all()


def test_what_is_to_the_right_is_on_the_right_and_up_is_up(renderer):
    mesh = box((0, 0, 0), (0.3, 0.3, 0.3), (0, 1, 0))
    renderer.set_body("right", mesh, at(0.6, 1, 2), 1)
    renderer.set_body("above", mesh, at(0, 1.6, 2), 2)
    ids = renderer.render(CAMERA).ids
    rows, columns = np.nonzero(ids == 1)
    assert columns.min() > 60
    rows, columns = np.nonzero(ids == 2)
    assert rows.min() > 40, "rows run from the bottom up"


@pytest.mark.parametrize(("yaw", "place"), [(90, (2, 1, 0)), (180, (0, 1, -2)), (270, (-2, 1, 0))])
def test_yaw_turns_clockwise_from_z(renderer, yaw, place):
    renderer.set_body("box", box((0, 0, 0), (0.2, 0.2, 0.2), (0, 0, 1)), at(*place), 5)
    frame = renderer.render(Camera(position=(0, 1, 0), yaw=yaw, pitch=0, width=81, height=81))
    assert frame.ids[40, 40] == 5
    assert frame.depth[40, 40] == pytest.approx(1.9, abs=1e-5)


def test_positive_pitch_looks_down(renderer):
    renderer.set_body("floor", box((0, -0.05, 0), (10, 0.1, 10), (1, 1, 1)), at(0, 0, 0), 3)
    frame = renderer.render(Camera(position=(0, 2, 0), yaw=30, pitch=90, width=51, height=51))
    assert (frame.ids == 3).all()
    assert np.abs(frame.depth - 2.0).max() < 1e-5


def test_the_nearer_body_hides_the_farther(renderer):
    renderer.set_body("far", box((0, 0, 0), (2, 2, 0.1), (1, 0, 0)), at(0, 1, 4), 1)
    renderer.set_body("near", box((0, 0, 0), (0.5, 0.5, 0.1), (0, 1, 0)), at(0, 1, 2), 2)
    frame = renderer.render(CAMERA)
    assert frame.ids[40, 60] == 2
    assert tuple(frame.color[40, 60]) == tuple(np.array([0, 1, 0]) * frame.color[40, 60])
    renderer.remove("near")
    assert renderer.render(CAMERA).ids[40, 60] == 1


def test_moving_and_replacing_a_body_shows_at_once(renderer):
    renderer.set_body("box", box((0, 0, 0), (0.4, 0.4, 0.4), (1, 0, 0)), at(0, 1, 2), 1)
    renderer.set_transform("box", at(0, 1, 3))
    assert renderer.render(CAMERA).depth[40, 60] == pytest.approx(2.8, abs=1e-5)
    renderer.set_body("box", box((0, 0, 0), (0.4, 0.4, 1.0), (1, 0, 0)), at(0, 1, 3), 9)
    frame = renderer.render(CAMERA)
    assert frame.depth[40, 60] == pytest.approx(2.5, abs=1e-5)
    assert frame.ids[40, 60] == 9


def test_the_same_input_gives_the_same_bytes(renderer):
    for k in range(20):
        renderer.set_body(f"b{k}", build_mesh("Mug", (0.2, 0.3, 0.2), Appearance(seed=k)), at(k * 0.1 - 1, 1, 2), k + 1)
    first, second = renderer.render(CAMERA), renderer.render(CAMERA)
    for name in ("color", "depth", "ids"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()


def test_many_changes_of_size_keep_every_body(renderer):
    rng = np.random.default_rng(0)
    mesh = box((0, 0, 0), (0.05, 0.05, 0.05), (1, 1, 1))
    for step in range(3000):
        k = int(rng.integers(30))
        renderer.set_body(f"b{k}", mesh, at(k * 0.1 - 1.5, 1, 2), k + 1)
        if step % 7 == 0:
            renderer.remove(f"b{(k + 1) % 30}")
    for k in range(30):
        renderer.set_body(f"b{k}", mesh, at(k * 0.1 - 1.5, 1, 2), k + 1)
    assert set(np.unique(renderer.render(CAMERA).ids)) == set(range(31))


def test_orthographic_camera_from_above(renderer):
    renderer.set_body("box", box((0, 0, 0), (1, 1, 1), (1, 0, 0)), at(1, 0.5, 0), 4)
    frame = renderer.render(Camera(position=(0, 5, 0), yaw=0, pitch=90, width=100, height=100, orthographic_size=2.0))
    rows, columns = np.nonzero(frame.ids == 4)
    assert len(rows) == 25 * 25
    assert (rows.mean(), columns.mean()) == pytest.approx((49.5, 74.5), abs=0.51)
    assert np.abs(frame.depth[frame.ids == 4] - 4.0).max() < 1e-5


def test_a_bad_transform_is_refused(renderer):
    with pytest.raises(RenderError, match="finite"):
        renderer.set_body("box", box((0, 0, 0), (1, 1, 1), (1, 0, 0)), np.full((4, 4), np.nan), 1)


def test_two_renderers_in_one_process_do_not_disturb_each_other(renderer):
    mesh = box((0, 0, 0), (1, 1, 1), (1, 0, 0))
    renderer.set_body("mine", mesh, at(0, 1, 3), 1)
    with Renderer() as other:
        other.set_body("yours", mesh, at(0, 1, 5), 2)
        renderer.set_transform("mine", at(0, 1, 4))
        for _ in range(2):
            assert other.render(CAMERA).depth[40, 60] == pytest.approx(4.5, abs=1e-5)
            assert renderer.render(CAMERA).depth[40, 60] == pytest.approx(3.5, abs=1e-5)
    assert set(np.unique(renderer.render(CAMERA).ids)) == {0, 1}
