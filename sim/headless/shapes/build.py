"""From an object's type, box and state to its mesh."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from sim.headless import materials as m
from sim.headless.materials import DIRTY, Paint, tint
from sim.headless.shapes import appliances, bathroom, decor, food, furniture, openable, structure, tableware
from sim.headless.shapes.appearance import CORNERED, Appearance, Box, Size
from sim.headless.shapes.mesh import Mesh, Sketch, merge

__all__ = ["build_mesh", "known_types"]

_SHAPES: dict[str, Callable[[Sketch, Size, Appearance], None]] = {
    **appliances.SHAPES,
    **bathroom.SHAPES,
    **decor.SHAPES,
    **food.SHAPES,
    **furniture.SHAPES,
    **openable.SHAPES,
    **structure.SHAPES,
    **tableware.SHAPES,
}

_FLAT = frozenset(
    ["AluminumFoil", "Book", "ButterKnife", "CD", "CellPhone", "Cloth", "CreditCard", "DishSponge", "Fork", "KeyChain",
     "Knife", "Newspaper", "Plate", "RemoteControl", "SoapBar", "Spatula", "Spoon"]
)  # fmt: skip
"""What lies flat: its thinnest side is up in the shape's frame, however the asset's axes are turned."""

_LOOSE = frozenset(
    ["Blinds", "Cabinet", "CounterTop", "Curtains", "Desk", "DiningTable", "Drawer", "Faucet", "Floor", "Fridge",
     "Kettle", "LaundryHamper", "Mug", "Safe", "Shelf", "ShelvingUnit", "ShowerCurtain", "ShowerDoor", "ShowerGlass",
     "ShowerHead", "SideTable", "StoveBurner", "StoveKnob", "Toilet", "Book", "Box", "Laptop", "Microwave", "Sink",
     "SinkBasin", "Bathtub", "BathtubBasin", "CoffeeTable", "Dresser", "TVStand", "LightSwitch"]
)  # fmt: skip
"""What is built to measure, or has parts that move out of the box: never stretched to fill it."""

_SHATTERS = frozenset(["Bottle", "Bowl", "Cup", "Mug", "Plate", "Statue", "Vase", "WineBottle", "Egg", "TableTopDecor"])
"""What falls to pieces when broken; screens, mirrors and windows crack instead."""


def known_types() -> list[str]:
    """Object types that have a shape of their own, in order."""
    return sorted(_SHAPES)


@lru_cache(maxsize=2048)
def build_mesh(object_type: str, size: Size, appearance: Appearance) -> Mesh:
    """The mesh of an object.

    Args:
        object_type: AI2-THOR object type, e.g. ``"Mug"``; others become a plain box with a lid.
        size: Extents (x, y, z) of its box, metres, in the frame in which the mesh is wanted: closed, or as
            open as `Appearance.box_openness` says.
        appearance: Its visible state.

    Returns:
        A mesh in the box-centred frame, y up, filling the box; open doors, drawers, flaps and running water
        reach out of it. The front faces +z turned by `Appearance.facing`. The same arguments give the same mesh.
    """
    if appearance.footprint and object_type in CORNERED:
        return _around_corner(object_type, size, appearance)
    extents = np.maximum(np.asarray(size, dtype=np.float64), 1e-4)
    # the shape's axes in terms of the box's: columns say where x, y and z of the shape point
    axes = _axes(object_type, extents, appearance.facing)
    local = np.abs(axes.T) @ extents
    sketch = Sketch()
    inner = replace(appearance, cavities=tuple(_turned(box, axes.T) for box in appearance.cavities))
    shape: Size = (float(local[0]), float(local[1]), float(local[2]))
    if appearance.broken and object_type in _SHATTERS and object_type != "Egg":
        whole = Sketch()
        _SHAPES[object_type](whole, shape, replace(inner, broken=False, filled=None))
        tableware.shards(sketch, shape, Paint(tuple(whole.mesh().colors[0].tolist())))
    else:
        _SHAPES.get(object_type, _unknown(object_type))(sketch, shape, inner)
    mesh = sketch.mesh()
    vertices = mesh.vertices
    if object_type not in _LOOSE and not appearance.broken and not appearance.sliced:
        vertices = _fitted(vertices, shape)
    turn = axes.T.astype(np.float32)
    stained = appearance.dirty and object_type != "Bed"  # a dirty bed is an unmade one
    pattern = mesh.pattern | DIRTY if stained else mesh.pattern
    arrays = (vertices @ turn, mesh.normals @ turn, mesh.colors, mesh.triangles, mesh.glow, pattern.astype(np.uint8))
    for array in arrays:
        array.flags.writeable = False  # shared by all callers through the cache
    return Mesh(*arrays)


def _around_corner(object_type: str, size: Size, appearance: Appearance) -> Mesh:
    """A panel for each rectangle of the footprint, its front towards the middle of the box."""
    panels = []
    for x0, z0, x1, z1 in appearance.footprint:
        x, z = (x0 + x1) / 2, (z0 + z1) / 2
        facing = (1 if x < 0 else 3) if x1 - x0 < z1 - z0 else (0 if z < 0 else 2)
        shift = np.eye(4)
        shift[0, 3], shift[2, 3] = x, z
        panel = build_mesh(object_type, (x1 - x0, size[1], z1 - z0), replace(appearance, footprint=(), facing=facing))
        panels.append(panel.transformed(shift))
    return merge(panels)


def _axes(object_type: str, extents: np.ndarray, facing: int) -> np.ndarray:
    thin = int(np.argmin(extents))
    if object_type in _FLAT and thin != 1:
        # a cyclic change of axes keeps the handedness
        axes = np.zeros((3, 3))
        for shape_axis in range(3):
            axes[_OF_FLAT[thin][shape_axis], shape_axis] = 1.0
        return axes
    c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[facing % 4]
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], dtype=np.float64)


_OF_FLAT = {0: (2, 0, 1), 2: (1, 2, 0)}
"""For a thin x or z: the box's axis along each axis of the shape, with the thin one as its y."""


def _turned(box: Box, matrix: np.ndarray) -> Box:
    a, b = matrix @ np.array(box[:3]), matrix @ np.array(box[3:])
    low, high = np.minimum(a, b).tolist(), np.maximum(a, b).tolist()
    return (low[0], low[1], low[2], high[0], high[1], high[2])


def _fitted(vertices: np.ndarray, size: Size) -> np.ndarray:
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    extent = np.maximum(high - low, 1e-6)
    scale = np.asarray(size, np.float32) / extent
    result: np.ndarray = ((vertices - (low + high) / 2) * scale).astype(np.float32)
    return result


def _unknown(object_type: str) -> Callable[[Sketch, Size, Appearance], None]:
    code = zlib.crc32(object_type.encode())
    paint = m.BRIGHT[code % len(m.BRIGHT)]

    def shape(k: Sketch, s: Size, a: Appearance) -> None:
        x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
        k.box((-x * 0.97, -y, -z * 0.97), (x * 0.97, 0.8 * y, z * 0.97), paint)
        k.box((-x, 0.8 * y, -z), (x, y, z), tint(paint, 0.8))

    return shape
