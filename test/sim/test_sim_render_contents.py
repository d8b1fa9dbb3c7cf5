"""What lies in something open is seen from where a person would look; what lies in something closed is not."""

import numpy as np
import pytest

from sim.headless.render import Camera, Renderer
from sim.headless.shapes import Appearance, build_mesh

CONTAINER, CONTENT = 1, 2


@pytest.fixture(scope="module")
def renderer():
    with Renderer() as made:
        yield made


def seen(renderer, object_type, size, *, openness, content, camera, facing=0, **state):
    """Share of a 5 cm apple's pixels, at `content` (in fractions of half the box), that the container leaves to see."""
    renderer.clear()
    place = np.eye(4)
    place[:3, 3] = np.asarray(content) * np.asarray(size) / 2
    if object_type == "Drawer":  # it carries what is in it along
        place[2, 3] += 0.8 * size[2] * openness
    renderer.set_body("content", build_mesh("Apple", (0.05, 0.05, 0.05), Appearance()), place, CONTENT)
    alone = (renderer.render(camera).ids == CONTENT).sum()
    mesh = build_mesh(object_type, size, Appearance(openness=openness, facing=facing, **state))
    renderer.set_body("container", mesh, np.eye(4), CONTAINER)
    return (renderer.render(camera).ids == CONTENT).sum() / alone


def front(distance, height=0.0, pitch=0.0):
    return Camera(position=(0, height, distance), yaw=180, pitch=pitch, fov=60)


CLOSABLE = [
    ("Fridge", (0.7, 1.8, 0.8), (0, 0, 0), front(1.5)),
    ("Cabinet", (0.45, 0.7, 0.4), (0, -0.7, 0), front(1.2)),
    ("Cabinet", (0.9, 0.7, 0.4), (0.3, -0.7, 0), front(1.2)),
    ("Drawer", (0.45, 0.15, 0.4), (0, -0.4, 0), front(0.9, 0.8, 50)),
    ("Microwave", (0.5, 0.3, 0.4), (0.2, -0.5, 0), front(1.0)),
    ("Safe", (0.5, 0.5, 0.5), (0, -0.6, 0), front(1.2)),
    ("Box", (0.45, 0.3, 0.4), (0, -0.7, 0), front(0.8, 1.0, 52)),
    ("LaundryHamper", (0.4, 0.6, 0.4), (0, -0.3, 0), front(0.6, 1.4, 66)),
]


@pytest.mark.parametrize(("object_type", "size", "content", "camera"), CLOSABLE)
def test_doors_and_lids_hide_and_show(renderer, object_type, size, content, camera):
    assert seen(renderer, object_type, size, openness=0.0, content=content, camera=camera) == 0
    assert seen(renderer, object_type, size, openness=1.0, content=content, camera=camera) > 0.5


@pytest.mark.parametrize(
    ("object_type", "size", "height"),
    [
        ("SinkBasin", (0.5, 0.18, 0.4), -0.6),
        ("BathtubBasin", (1.4, 0.4, 0.6), -0.8),
        ("Pot", (0.35, 0.16, 0.3), -0.5),
        ("Pan", (0.28, 0.05, 0.42), 0.2),
        ("Bowl", (0.2, 0.09, 0.2), -0.2),
        ("Plate", (0.24, 0.02, 0.24), 2.5),
        ("GarbageCan", (0.35, 0.5, 0.35), -0.7),
        ("Cup", (0.12, 0.13, 0.12), -0.3),
        ("Mug", (0.13, 0.1, 0.12), -0.2),
        ("Shelf", (0.8, 0.3, 0.3), 0.0),
    ],
)
def test_open_vessels_show_what_is_in_them(renderer, object_type, size, height):
    above = Camera(position=(0, 0.9, 0.25), yaw=180, pitch=75, fov=60)
    shift = (-0.3 if object_type == "Pan" else 0.0) * (size[2] > size[0])
    assert seen(renderer, object_type, size, openness=0.0, content=(0, height, shift), camera=above) > 0.6


@pytest.mark.parametrize("facing", [0, 1, 2, 3])
def test_the_front_follows_the_facing(renderer, facing):
    around = np.radians(90 * facing)
    camera = Camera(position=(1.5 * np.sin(around), 0, 1.5 * np.cos(around)), yaw=90 * facing + 180, pitch=0, fov=60)
    behind = Camera(position=(-1.5 * np.sin(around), 0, -1.5 * np.cos(around)), yaw=90 * facing, pitch=0, fov=60)
    size = (0.7, 1.6, 0.7)
    assert seen(renderer, "Fridge", size, openness=1.0, content=(0, 0, 0), camera=camera, facing=facing) > 0.6
    assert seen(renderer, "Fridge", size, openness=1.0, content=(0, 0, 0), camera=behind, facing=facing) == 0


def test_a_sink_is_open_where_its_basin_is(renderer):
    size, basin = (0.8, 0.2, 0.6), (-0.3, -0.08, -0.2, 0.3, 0.15, 0.2)
    above = Camera(position=(0, 1.0, 0), yaw=0, pitch=90, fov=60)
    whole = seen(renderer, "Sink", size, openness=0, content=(0, -0.2, 0), camera=above)
    hollow = seen(renderer, "Sink", size, openness=0, content=(0, -0.2, 0), camera=above, cavities=(basin,))
    assert whole == 0
    assert hollow > 0.9


def test_dirt_darkens_and_lamps_brighten_the_picture(renderer):
    def mean_color(object_type, size, **state):
        renderer.clear()
        renderer.set_body("thing", build_mesh(object_type, size, Appearance(**state)), np.eye(4), 1)
        frame = renderer.render(Camera(position=(0, 0.7, 0.9), yaw=180, pitch=35, fov=40))
        return frame.color[frame.ids == 1].mean()

    assert mean_color("Plate", (0.3, 0.03, 0.3), dirty=True) < 0.9 * mean_color("Plate", (0.3, 0.03, 0.3))
    assert mean_color("DeskLamp", (0.3, 0.5, 0.3), on=True) > 1.05 * mean_color("DeskLamp", (0.3, 0.5, 0.3))
    assert mean_color("Television", (1, 0.6, 0.1), on=True) > 1.3 * mean_color("Television", (1, 0.6, 0.1))


def test_shadows_fall_below_and_follow_what_moves(renderer):
    renderer.clear()
    floor = build_mesh("Floor", (4, 0.1, 4), Appearance())
    down = np.eye(4)
    down[1, 3] = -0.05
    renderer.set_body("floor", floor, down, 1)
    above = Camera(position=(0, 2.2, 0), yaw=0, pitch=90, fov=80, width=200, height=200)

    def darkest(matrix):
        renderer.set_body("ball", build_mesh("BasketBall", (0.24, 0.24, 0.24), Appearance()), matrix, 2)
        frame = renderer.render(above)
        brightness = frame.color.sum(axis=2).astype(float)
        brightness[frame.ids != 1] = np.inf
        _, column = np.unravel_index(np.argmin(brightness), brightness.shape)
        return int(column)

    left, right = np.eye(4), np.eye(4)
    left[:3, 3], right[:3, 3] = (-0.8, 0.6, 0), (0.8, 0.6, 0)
    first = darkest(left)
    second = darkest(right)
    assert first < 100 < second
    renderer.clear()
    renderer.set_body("floor", floor, down, 1)
    fresh = darkest(right)
    assert fresh == second, "a shadow map brought up to date equals one drawn anew"
