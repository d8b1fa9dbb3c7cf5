"""Coloured triangle meshes and the sketch that composes them of primitives.

Coordinates are AI2-THOR's: left-handed, y up, metres. A triangle faces the side towards which the algebraic cross
product (b − a) × (c − a) points; every primitive is closed or has an inside and an outside, so that faces turned away
from the camera need not be drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sim.headless.materials import Paint

__all__ = ["Mesh", "Sketch", "box", "merge"]

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]
Vec = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles with a colour for each vertex.

    Attributes:
        vertices: (N, 3) float32 metres.
        normals: (N, 3) float32 unit normals.
        colors: (N, 3) float32 in [0, 1].
        triangles: (M, 3) int32 indices into the vertices.
        glow: (N,) float32 in [0, 1]: how far a vertex shines by itself, regardless of light.
        pattern: (N,) uint8: `materials.Pattern`, possibly with `materials.DIRTY`.
    """

    vertices: F32
    normals: F32
    colors: F32
    triangles: I32
    glow: F32
    pattern: U8

    def transformed(self, matrix: npt.ArrayLike) -> Mesh:
        """This mesh under a (4, 4) rigid transform."""
        m = np.asarray(matrix, dtype=np.float32)
        vertices, normals = self.vertices @ m[:3, :3].T + m[:3, 3], self.normals @ m[:3, :3].T
        return Mesh(vertices, normals, self.colors, self.triangles, self.glow, self.pattern)


def merge(parts: Sequence[Mesh]) -> Mesh:
    """One mesh of several, of at least one."""
    offsets = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    return Mesh(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.colors for part in parts]),
        np.concatenate([part.triangles + np.int32(offset) for part, offset in zip(parts, offsets, strict=True)]),
        np.concatenate([part.glow for part in parts]),
        np.concatenate([part.pattern for part in parts]),
    )


class Sketch:
    """Collects primitives, each with its paint, and joins them to one mesh."""

    def __init__(self) -> None:
        self._vertices: list[npt.NDArray[np.floating]] = []
        self._normals: list[npt.NDArray[np.floating]] = []
        self._triangles: list[npt.NDArray[np.integer]] = []
        self._paints: list[tuple[int, Paint]] = []
        self._matrix: npt.NDArray[np.float64] | None = None
        self._count = 0

    def add(
        self,
        vertices: npt.NDArray[np.floating],
        normals: npt.NDArray[np.floating],
        triangles: npt.NDArray[np.integer],
        paint: Paint,
    ) -> None:
        """Add triangles as they are."""
        if self._matrix is not None:
            vertices = vertices @ self._matrix[:, :3].T + self._matrix[:, 3]
            normals = normals @ self._matrix[:, :3].T
        self._vertices.append(vertices)
        self._normals.append(normals)
        self._triangles.append(triangles + self._count)
        self._paints.append((len(vertices), paint))
        self._count += len(vertices)

    def turn(self, degrees: float, about: Vec = (0, 0, 0), axis: str = "y") -> None:
        """Turn what is added from now on about a point, instead of any former turn; 0 ends it.

        Degrees are clockwise as seen from the axis's positive end in the left-handed frame (from above for y).
        """
        if degrees == 0:
            self._matrix = None
            return
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        rotation = {
            "y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
            "x": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
            "z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
        }[axis]
        point = np.asarray(about, dtype=np.float64)
        self._matrix = np.column_stack([rotation, point - rotation @ point])

    def box(self, lo: Sequence[float], hi: Sequence[float], paint: Paint) -> None:
        """An axis-aligned box between two corners."""
        a, b = np.minimum(lo, hi), np.maximum(lo, hi)
        vertices, normals, triangles = _unit_box()
        self.add(vertices * (b - a) + (a + b) / 2, normals, triangles, paint)

    def shell(
        self, lo: Vec, hi: Vec, wall: float, paint: Paint, *, open_side: str = "+y", inside: Paint | None = None
    ) -> None:
        """A box of five boards, open at one side ("+y" top, "+z" front, "" none)."""
        (x0, y0, z0), (x1, y1, z1) = lo, hi
        boards = {
            "-x": ((x0, y0, z0), (x0 + wall, y1, z1)),
            "+x": ((x1 - wall, y0, z0), (x1, y1, z1)),
            "-y": ((x0 + wall, y0, z0), (x1 - wall, y0 + wall, z1)),
            "+y": ((x0 + wall, y1 - wall, z0), (x1 - wall, y1, z1)),
            "-z": ((x0 + wall, y0 + wall, z0), (x1 - wall, y1 - wall, z0 + wall)),
            "+z": ((x0 + wall, y0 + wall, z1 - wall), (x1 - wall, y1 - wall, z1)),
        }
        for side, (a, b) in boards.items():
            if side != open_side:
                self.box(a, b, paint)
        if inside is not None:  # a lining, a hair inside the boards
            e = wall * 1.02
            self._lining((x0 + e, y0 + e, z0 + e), (x1 - e, y1 - e, z1 - e), inside, open_side)

    def _lining(self, lo: Vec, hi: Vec, paint: Paint, open_side: str) -> None:
        vertices, normals, triangles = _unit_box()
        a, b = np.asarray(lo), np.asarray(hi)
        keep = [i for i, side in enumerate(_BOX_SIDES) if side != open_side]
        faces = np.concatenate([triangles[2 * i : 2 * i + 2] for i in keep])[:, ::-1]
        self.add(vertices * (b - a) + (a + b) / 2, -normals, faces, paint)

    def lathe(
        self,
        profile: Sequence[tuple[float, float]],
        paint: Paint,
        *,
        at: Vec = (0, 0, 0),
        segments: int = 14,
        stretch: tuple[float, float] = (1.0, 1.0),
        axis: str = "y",
        sharp: float = 0.6,
    ) -> None:
        """A surface of revolution.

        Args:
            profile: (radius, height) points; the surface lies to the right of the way along them: up the outside,
                down the inside.
            paint: Its paint.
            at: Where the profile's origin goes.
            segments: Around.
            stretch: Factors across the axis, for ovals.
            axis: "x", "y" or "z".
            sharp: Cosine below which an edge of the profile stays sharp.
        """
        vertices, normals, triangles = _lathe(tuple(map(tuple, profile)), segments, sharp)
        scale = np.array([stretch[0], 1.0, stretch[1]])
        vertices = vertices * scale
        if stretch != (1.0, 1.0):
            normals = normals / scale
            normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
        if axis == "z":
            vertices, normals = vertices[:, [2, 0, 1]], normals[:, [2, 0, 1]]
        elif axis == "x":
            vertices, normals = vertices[:, [1, 2, 0]], normals[:, [1, 2, 0]]
        self.add(vertices + np.asarray(at), normals, triangles, paint)

    def cylinder(
        self,
        base: Vec,
        radius: float,
        height: float,
        paint: Paint,
        *,
        top: float | None = None,
        axis: str = "y",
        segments: int = 12,
        stretch: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        """A solid cylinder, or a cone frustum with `top` as upper radius, from the centre of its base along an axis."""
        upper = radius if top is None else top
        profile = [(0.0, 0.0), (radius, 0.0), (upper, height), (0.0, height)]
        self.lathe(profile, paint, at=base, segments=segments, axis=axis, stretch=stretch)

    def ellipsoid(self, center: Vec, radii: Vec, paint: Paint, *, segments: int = 12, rings: int = 7) -> None:
        """An ellipsoid with axis-aligned radii."""
        angles = np.linspace(-math.pi / 2, math.pi / 2, rings + 1)
        profile = [(max(0.0, math.cos(a)), math.sin(a)) for a in angles]
        profile[0], profile[-1] = (0.0, -1.0), (0.0, 1.0)
        vertices, normals, triangles = _lathe(tuple(profile), segments, -1.0)
        scale = np.asarray(radii)
        bent = normals / scale
        self.add(
            vertices * scale + np.asarray(center), bent / np.linalg.norm(bent, axis=1, keepdims=True), triangles, paint
        )

    def cushion(self, lo: Vec, hi: Vec, paint: Paint, *, roundness: float = 0.35) -> None:
        """A box with soft edges (a superellipsoid): roundness 0 is a box, 1 an ellipsoid."""
        vertices, normals, triangles = _superellipsoid(roundness)
        a, b = np.minimum(lo, hi), np.maximum(lo, hi)
        half = (b - a) / 2
        bent = normals / np.maximum(half, 1e-6)
        self.add(vertices * half + (a + b) / 2, bent / np.linalg.norm(bent, axis=1, keepdims=True), triangles, paint)

    def tube(self, path: Sequence[Vec], radius: float, paint: Paint, *, segments: int = 6) -> None:
        """A round rod along a path."""
        points = np.asarray(path, dtype=np.float64)
        ahead = np.gradient(points, axis=0)
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        side = np.cross(ahead[0], (0.0, 1.0, 0.0))
        if np.linalg.norm(side) < 0.1:
            side = np.array([1.0, 0.0, 0.0])
        angles = np.arange(segments) * (2 * math.pi / segments)
        rings = []
        for direction in ahead:
            side = side - direction * (side @ direction)
            side /= np.linalg.norm(side)
            other = np.cross(direction, side)
            rings.append(np.cos(angles)[:, None] * side + np.sin(angles)[:, None] * other)
        normals = np.concatenate(rings)
        vertices = np.repeat(points, segments, axis=0) + normals * radius
        n = segments
        quads = []
        for ring in range(len(points) - 1):
            for k in range(n):
                a, b = ring * n + k, ring * n + (k + 1) % n
                quads += [(a, b, a + n), (b, b + n, a + n)]
        ends: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]] = []
        for ring, flip in ((0, True), (len(points) - 1, False)):  # caps have normals of their own
            first = len(vertices) + n * len(ends)
            ends.append((vertices[ring * n : ring * n + n], np.tile(-ahead[0] if flip else ahead[-1], (n, 1))))
            for k in range(1, n - 1):
                quads.append((first, first + k + 1, first + k) if flip else (first, first + k, first + k + 1))
        vertices = np.concatenate([vertices, *(v for v, _ in ends)])
        normals = np.concatenate([normals, *(v for _, v in ends)])
        self.add(vertices, normals, np.asarray(quads, np.int32), paint)

    def prism(
        self, polygon: Sequence[tuple[float, float]], lo: float, hi: float, paint: Paint, *, axis: str = "z"
    ) -> None:
        """A polygon, seen from the axis's positive end anticlockwise and convex, drawn out along the axis.

        The polygon's coordinates are (x, y) for axis z, (y, z) for x, (z, x) for y.
        """
        outline = np.asarray(polygon, dtype=np.float64)
        n = len(outline)
        following = np.roll(outline, -1, axis=0)
        edge = following - outline
        flat = np.stack([edge[:, 1], -edge[:, 0]], axis=1)
        flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
        caps = [np.column_stack([outline, np.full(n, level)]) for level in (lo, hi)]
        sides = np.concatenate(
            [
                np.column_stack([p, np.full(n, level)])
                for p, level in ((outline, lo), (following, lo), (following, hi), (outline, hi))
            ]
        )
        vertices = np.concatenate([*caps, sides])
        zeros = np.zeros((n, 1))
        normals = np.concatenate(
            [np.tile([0, 0, -1.0], (n, 1)), np.tile([0, 0, 1.0], (n, 1)), *[np.hstack([flat, zeros])] * 4]
        )
        k = np.arange(n)
        s = 2 * n
        fan = np.arange(1, n - 1)
        triangles = np.concatenate(
            [
                np.stack([np.zeros_like(fan), fan + 1, fan], axis=1),
                np.stack([np.zeros_like(fan), fan, fan + 1], axis=1) + n,
                np.stack([s + k, s + n + k, s + 2 * n + k], axis=1),
                np.stack([s + k, s + 2 * n + k, s + 3 * n + k], axis=1),
            ]
        )
        order = {"z": [0, 1, 2], "x": [2, 0, 1], "y": [1, 2, 0]}[axis]
        self.add(vertices[:, order], normals[:, order], triangles, paint)

    def mesh(self) -> Mesh:
        """All that was added, as one mesh."""
        counts = [n for n, _ in self._paints]
        zero = np.zeros((0, 3))
        return Mesh(
            np.concatenate([zero, *self._vertices]).astype(np.float32),
            np.concatenate([zero, *self._normals]).astype(np.float32),
            np.repeat(np.array([p.color for _, p in self._paints], np.float32).reshape(-1, 3), counts, axis=0),
            np.concatenate([zero.astype(np.int32), *self._triangles]).astype(np.int32),
            np.repeat(np.array([p.glow for _, p in self._paints], np.float32), counts),
            np.repeat(np.array([p.pattern for _, p in self._paints], np.uint8), counts),
        )


def box(center: Vec, size: Vec, color: tuple[float, float, float] | Paint) -> Mesh:
    """A plain box of `size` metres around `center`: floors, walls, ceilings, placeholders."""
    sketch = Sketch()
    half = np.asarray(size) / 2
    middle = np.asarray(center, dtype=np.float64)
    sketch.box(tuple(middle - half), tuple(middle + half), color if isinstance(color, Paint) else Paint(color))
    return sketch.mesh()


_BOX_SIDES = ("-x", "+x", "-y", "+y", "-z", "+z")


@lru_cache(maxsize=1)
def _unit_box() -> tuple[F32, F32, I32]:
    vertices: list[npt.NDArray[np.float64]] = []
    normals: list[npt.NDArray[np.float64]] = []
    triangles: list[tuple[int, int, int]] = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            normal = np.zeros(3)
            normal[axis] = sign
            u, v = np.zeros(3), np.zeros(3)
            u[(axis + 1) % 3] = 0.5
            v[(axis + 2) % 3] = 0.5 * sign  # keeps the algebraic cross product pointing outwards
            first = len(vertices)
            for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                vertices.append(normal * 0.5 + a * u + b * v)
                normals.append(normal)
            triangles += [(first, first + 1, first + 2), (first, first + 2, first + 3)]
    return np.array(vertices, np.float32), np.array(normals, np.float32), np.array(triangles, np.int32)


@lru_cache(maxsize=512)
def _lathe(
    profile: tuple[tuple[float, float], ...], segments: int, sharp: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], I32]:
    points = np.asarray(profile, dtype=np.float64)
    along = np.diff(points, axis=0)
    keep = np.linalg.norm(along, axis=1) > 1e-9
    starts, ends, along = points[:-1][keep], points[1:][keep], along[keep]
    flat = np.stack([along[:, 1], -along[:, 0]], axis=1)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    first, last = flat.copy(), flat.copy()
    for k in range(len(flat) - 1):
        if flat[k] @ flat[k + 1] > sharp:
            mean = flat[k] + flat[k + 1]
            length = float(np.linalg.norm(mean))
            if length > 1e-6:
                last[k] = first[k + 1] = mean / length
    angles = np.arange(segments) * (2 * math.pi / segments)
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def ring(at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        height = np.broadcast_to(at[:, None, 1], (len(at), segments))
        flat_ring = at[:, None, 0, None] * around
        return np.stack([flat_ring[..., 0], height, flat_ring[..., 1]], axis=2)

    vertices = np.stack([ring(starts), ring(ends)], axis=1).reshape(-1, 3)
    normals = np.stack([ring(first), ring(last)], axis=1).reshape(-1, 3)
    here = np.arange(segments)
    following = (here + 1) % segments
    triangles = []
    for strip, (start, end) in enumerate(zip(starts, ends, strict=True)):
        a, b = strip * 2 * segments, (strip * 2 + 1) * segments
        if start[0] > 1e-9:
            triangles.append(np.stack([a + here, b + here, a + following], axis=1))
        if end[0] > 1e-9:
            triangles.append(np.stack([a + following, b + here, b + following], axis=1))
    return vertices, normals, np.concatenate(triangles).astype(np.int32)


@lru_cache(maxsize=16)
def _superellipsoid(roundness: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], I32]:
    segments, rings = 12, 6
    latitude = np.linspace(-math.pi / 2, math.pi / 2, rings + 1)
    longitude = np.arange(segments) * (2 * math.pi / segments) + math.pi / segments

    def power(value: npt.NDArray[np.float64], exponent: float) -> npt.NDArray[np.float64]:
        result: npt.NDArray[np.float64] = np.sign(value) * np.abs(value) ** exponent
        return result

    def surface(e: float) -> npt.NDArray[np.float64]:
        r = power(np.maximum(np.cos(latitude), 0), e)[:, None]
        x, z = r * power(np.cos(longitude), e), r * power(np.sin(longitude), e)
        y = np.broadcast_to(power(np.sin(latitude), e)[:, None], x.shape)
        return np.stack([x, y, z], axis=2).reshape(-1, 3)

    vertices = surface(roundness)
    widest = np.abs(vertices).max(axis=0)
    vertices = vertices / widest
    normals = surface(2 - roundness)
    normals[:segments], normals[-segments:] = (0, -1, 0), (0, 1, 0)
    k = np.arange(segments)
    following = (k + 1) % segments
    triangles = []
    for ring in range(rings):
        a, b = ring * segments, (ring + 1) * segments
        triangles.append(np.stack([a + k, b + k, a + following], axis=1))
        triangles.append(np.stack([a + following, b + k, b + following], axis=1))
    return vertices, normals, np.concatenate(triangles).astype(np.int32)
