"""Every type has a closed, outward-facing, box-filling shape, and every state shows."""

import collections
import functools

import numpy as np
import pytest

from sim.headless.materials import DIRTY
from sim.headless.recordings import recorded_objects
from sim.headless.shapes import Appearance, build_mesh, known_types

PLANS = (1, 5, 12, 201, 215, 228, 301, 312, 325, 401, 413, 428)


@functools.cache
def sizes_by_type():
    """Recorded extents of each type, and a plausible one for what is never recorded (slices)."""
    sizes = collections.defaultdict(list)
    for plan in PLANS:
        for record in recorded_objects(plan):
            extent = record["axisAlignedBoundingBox"]["size"]
            size = tuple(max(round(extent[k], 4), 0.002) for k in "xyz")
            if len(sizes[record["objectType"]]) < 4:
                sizes[record["objectType"]].append(size)
    return sizes


def sizes_of(object_type):
    return sizes_by_type().get(object_type, [(0.3, 0.6, 0.3)])


@pytest.mark.parametrize("object_type", [*known_types(), "Gramophone"])
@pytest.mark.parametrize("openness", [0.0, 0.6, 1.0])
def test_triangles_face_outwards_and_arrays_fit(object_type, openness):
    for size in sizes_of(object_type):
        mesh = build_mesh(object_type, size, Appearance(openness=openness, on=openness > 0.5, seed=3))
        count = len(mesh.vertices)
        assert mesh.normals.shape == mesh.colors.shape == (count, 3)
        assert mesh.glow.shape == mesh.pattern.shape == (count,)
        assert np.isfinite(mesh.vertices).all()
        assert np.isfinite(mesh.normals).all()
        assert np.abs(np.linalg.norm(mesh.normals, axis=1) - 1).max() < 1e-3
        assert mesh.triangles.min() >= 0
        assert mesh.triangles.max() < count
        a, b, c = (mesh.vertices[mesh.triangles[:, i]] for i in range(3))
        faces = np.cross(b - a, c - a)
        area = np.linalg.norm(faces, axis=1)
        mean = mesh.normals[mesh.triangles].mean(axis=1)
        agree = (faces * mean).sum(axis=1)[area > 1e-7]
        assert (agree > 0).mean() > 0.9, f"{object_type} has {(agree <= 0).sum()} triangles inside out"


@pytest.mark.parametrize("object_type", known_types())
@pytest.mark.parametrize("facing", [0, 1, 2, 3])
def test_the_closed_shape_stays_in_its_box(object_type, facing):
    for size in sizes_of(object_type):
        mesh = build_mesh(object_type, size, Appearance(facing=facing))
        low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
        half = np.asarray(size) / 2
        assert (low >= -half - 0.03).all(), object_type
        assert (high <= half + 0.03).all(), object_type


def test_shapes_stay_small():
    """A software renderer pays for every triangle."""
    counts = {t: len(build_mesh(t, sizes_of(t)[0], Appearance()).triangles) for t in known_types()}
    assert max(counts.values()) <= 1500, max(counts, key=counts.get)
    assert np.median(list(counts.values())) < 300


def differs(object_type, size=(0.4, 0.4, 0.4), **state):
    before, after = (build_mesh(object_type, size, Appearance(**s)) for s in ({}, state))
    if len(before.vertices) != len(after.vertices):
        return True
    return any(
        not np.array_equal(getattr(before, f), getattr(after, f)) for f in ("vertices", "colors", "glow", "pattern")
    )


@pytest.mark.parametrize(
    ("object_type", "state"),
    [
        *[(t, {"openness": 1.0}) for t in ("Fridge", "Cabinet", "Drawer", "Microwave", "Box", "Safe", "Laptop", "Book",
                                           "Toilet", "ShowerDoor", "Kettle", "LaundryHamper")],
        *[(t, {"on": True}) for t in ("DeskLamp", "FloorLamp", "Television", "Laptop", "StoveBurner", "StoveKnob",
                                      "Microwave", "Toaster", "CoffeeMachine", "Faucet", "ShowerHead", "Candle",
                                      "CellPhone", "LightSwitch", "Desktop")],
        *[(t, {"sliced": True}) for t in ("Apple", "Tomato", "Potato", "Bread", "Lettuce", "Egg")],
        *[(t, {"cooked": True}) for t in ("Potato", "PotatoSliced", "BreadSliced", "EggCracked")],
        *[(t, {"broken": True}) for t in ("Bowl", "Plate", "Mug", "Cup", "Vase", "Statue", "Bottle", "WineBottle",
                                          "Mirror", "Window", "Television", "Laptop", "CellPhone", "Egg")],
        *[(t, {"filled": "coffee"}) for t in ("Mug", "Cup", "Bowl", "Pot", "Pan", "Bottle", "WateringCan")],
        *[(t, {"used_up": True}) for t in ("PaperTowelRoll", "ToiletPaper", "SoapBottle", "TissueBox")],
    ],
)  # fmt: skip
def test_states_change_the_shape(object_type, state):
    assert differs(object_type, **state)


def test_a_dirty_bed_is_unmade():
    assert differs("Bed", (1.6, 0.9, 2.0), dirty=True)


def test_dirt_marks_every_vertex():
    assert (build_mesh("Plate", (0.2, 0.02, 0.2), Appearance(dirty=True)).pattern & DIRTY).all()
    assert not (build_mesh("Plate", (0.2, 0.02, 0.2), Appearance()).pattern & DIRTY).any()


def test_doors_and_drawers_come_out_at_the_front():
    for facing, axis, sign in ((0, 2, 1), (1, 0, 1), (2, 2, -1), (3, 0, -1)):
        for object_type in ("Fridge", "Drawer", "Cabinet"):
            shut = build_mesh(object_type, (0.5, 0.5, 0.5), Appearance(facing=facing)).vertices
            wide = build_mesh(object_type, (0.5, 0.5, 0.5), Appearance(facing=facing, openness=1.0)).vertices
            assert (sign * wide[:, axis]).max() > (sign * shut[:, axis]).max() + 0.2, (object_type, facing)


def test_a_knife_on_edge_in_its_asset_frame_lies_along_its_longest_side():
    mesh = build_mesh("Knife", (0.0136, 0.047, 0.33), Appearance())
    extent = np.ptp(mesh.vertices, axis=0)
    assert extent == pytest.approx((0.0136, 0.047, 0.33), rel=1e-3)


def test_a_panel_around_a_corner_leaves_the_room_between_free():
    corner = Appearance(footprint=((-1.0, -1.0, -0.9, 1.0), (-1.0, -1.0, 1.0, -0.9)))
    mesh = build_mesh("Window", (2.0, 1.0, 2.0), corner)
    middle = mesh.vertices[mesh.triangles].mean(axis=1)
    assert ((middle[:, 0] < -0.85) | (middle[:, 2] < -0.85)).all()


def test_things_rest_on_the_lowered_top_of_a_counter():
    lowered = Appearance(cavities=((-0.5, -0.009, -0.3, 0.5, 0.02, 0.3), (-0.2, -0.1, -0.1, 0.2, 0.1, 0.1)))
    mesh = build_mesh("CounterTop", (1.0, 0.02, 0.6), lowered)
    assert mesh.vertices[:, 1].max() == pytest.approx(-0.009)
    top = mesh.vertices[mesh.triangles[(mesh.normals[mesh.triangles[:, 0], 1] > 0.9)]].mean(axis=1)
    assert not ((abs(top[:, 0]) < 0.15) & (abs(top[:, 2]) < 0.05)).any(), "the sink stays open"
