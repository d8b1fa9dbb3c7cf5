"""Bodies on the device: one vertex and one index buffer, in which each body has a slot, in world coordinates.

Moving a body re-uploads that body's vertices only, which is cheaper than fetching a transform for every vertex of
every frame. A body's triangles lie sorted by `Kind`, because each kind is drawn by a program of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import moderngl
import numpy as np
import numpy.typing as npt

from sim.headless.materials import DIRTY, Pattern
from sim.headless.shaders import FACING, LAMP
from sim.headless.shapes.mesh import Mesh

__all__ = ["Bodies", "Body", "Kind", "Layout", "extent"]

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

VERTEX = np.dtype([("position", "<f4", 3), ("normal", "u1", 3), ("pattern", "u1"), ("color", "u1", 4), ("id", "<i4")])
"""One vertex on the device, world frame; normals are offset by 128, the fourth colour channel is the glow."""

_COMMAND = np.dtype([(n, "<u4") for n in ("count", "instances", "first_index", "first_vertex", "first_instance")])
"""One draw of an indirect call, as OpenGL lays it out."""

_VERTICES, _INDICES = 1 << 16, 1 << 18
"""Room in the buffers at first."""


class Kind(IntEnum):
    """Kinds of surfaces, in the order in which they are drawn: the cheapest first, so that the others are hidden."""

    BARE = 0
    PATTERNED = 1
    SHADOWED = 2
    BOTH = 3

    @property
    def patterned(self) -> bool:
        """Whether there is a pattern on it."""
        return bool(self & 1)

    @property
    def shadowed(self) -> bool:
        """Whether it is turned towards the lamp."""
        return bool(self & 2)


@dataclass
class Body:
    """A body, its slot in the buffers and its box in the world.

    Attributes:
        mesh: Its shape.
        transform: (4, 4) body to world.
        instance: Instance number that its pixels carry.
        first_vertex: Where its slot of vertices begins.
        vertex_capacity: How many vertices fit there.
        first_index: Where its slot of indices begins.
        index_capacity: How many indices fit there.
        counts: (4,) how many indices there are of each `Kind`.
        low: (3,) least corner.
        high: (3,) greatest corner.
    """

    mesh: Mesh
    transform: F32
    instance: int
    first_vertex: int
    vertex_capacity: int
    first_index: int
    index_capacity: int
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(Kind), np.int64))
    low: F32 = field(default_factory=lambda: np.zeros(3, np.float32))
    high: F32 = field(default_factory=lambda: np.zeros(3, np.float32))


class Bodies:
    """All bodies of a renderer.

    Args:
        context: moderngl's.
        programs: Draw each `Kind`.
        shadow_program: Draws positions only.
    """

    def __init__(self, context: Any, programs: Sequence[Any], shadow_program: Any) -> None:
        self._context, self._programs, self._shadow_program = context, programs, shadow_program
        self._bodies: dict[str, Body] = {}
        self._layout: Layout | None = None
        self._slots = _Slots(context, programs, shadow_program, _VERTICES, _INDICES)
        self._commands = context.buffer(reserve=_COMMAND.itemsize * 1024, dynamic=True)

    def get(self, name: str) -> Body | None:
        """A body, if there is one of that name."""
        return self._bodies.get(name)

    def put(self, name: str, mesh: Mesh, transform: F32, instance: int) -> Body:
        """Add a body, or replace it."""
        body = self._bodies.get(name)
        if (
            body is not None
            and len(mesh.vertices) <= body.vertex_capacity
            and mesh.triangles.size <= body.index_capacity
        ):
            body.mesh, body.transform, body.instance = mesh, transform, instance
        else:
            self.remove(name)
            body = self._bodies[name] = self._place(mesh, transform, instance)
        self._upload(body)
        return body

    def move(self, body: Body, transform: F32) -> None:
        """Move a body."""
        turned = not np.array_equal(body.transform[:3, :3], transform[:3, :3])
        body.transform = transform
        self._upload(body, sort=turned)

    def remove(self, name: str) -> None:
        """Remove a body, if there is one of that name."""
        self._bodies.pop(name, None)
        self._layout = None

    def clear(self) -> None:
        """Remove all bodies."""
        self._bodies.clear()
        self._slots.clear()
        self._layout = None

    @property
    def layout(self) -> Layout:
        """All bodies as arrays."""
        if self._layout is None:
            # by name, so that what ties in distance is drawn in the same order whatever came first
            self._layout = Layout.of([body for _, body in sorted(self._bodies.items())])
        return self._layout

    def draw(self, commands: npt.NDArray[np.void], counts: Sequence[int]) -> None:
        """Draw surfaces: `counts` says how many of the commands belong to each `Kind`, in order."""
        self._write(commands)
        first = 0
        for array, count in zip(self._slots.arrays, counts, strict=True):
            if count:
                array.render_indirect(self._commands, moderngl.TRIANGLES, count=count, first=first)
            first += count

    def draw_shadows(self, commands: npt.NDArray[np.void]) -> None:
        """Draw bodies into the shadow map."""
        if len(commands):
            self._write(commands)
            self._slots.shadow_array.render_indirect(self._commands, moderngl.TRIANGLES, count=len(commands))

    def _write(self, commands: npt.NDArray[np.void]) -> None:
        if commands.nbytes > self._commands.size:
            self._commands.release()
            self._commands = self._context.buffer(reserve=2 * commands.nbytes, dynamic=True)
        self._commands.write(commands.tobytes())

    def _place(self, mesh: Mesh, transform: F32, instance: int) -> Body:
        slot = self._slots.take(len(mesh.vertices), mesh.triangles.size)
        if slot is None:
            self._compact(len(mesh.vertices), mesh.triangles.size)
            slot = self._slots.take(len(mesh.vertices), mesh.triangles.size)
            assert slot is not None
        return Body(mesh, transform, instance, slot[0], len(mesh.vertices), slot[1], mesh.triangles.size)

    def _compact(self, vertices: int, indices: int) -> None:
        """Close the gaps that removed bodies left, and make room for as much again."""
        vertices += sum(len(b.mesh.vertices) for b in self._bodies.values())
        indices += sum(b.mesh.triangles.size for b in self._bodies.values())
        old = self._slots
        room = max(old.vertex_room, 2 * vertices), max(old.index_room, 2 * indices)
        old.release()
        self._slots = _Slots(self._context, self._programs, self._shadow_program, *room)
        for name, moved in list(self._bodies.items()):
            body = self._bodies[name] = self._place(moved.mesh, moved.transform, moved.instance)
            self._upload(body)

    def _upload(self, body: Body, *, sort: bool = True) -> None:
        mesh, matrix = body.mesh, body.transform
        packed = np.empty(len(mesh.vertices), VERTEX)
        position = mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3]
        normals = mesh.normals @ matrix[:3, :3].T
        packed["position"] = position
        packed["normal"] = np.rint(normals * 127 + 128)
        packed["pattern"] = mesh.pattern
        packed["color"][:, :3] = np.rint(np.clip(mesh.colors, 0, 1) * 255)
        packed["color"][:, 3] = np.rint(mesh.glow * 255)
        packed["id"] = body.instance
        body.low, body.high = position.min(axis=0), position.max(axis=0)
        self._slots.vertices.write(packed.tobytes(), offset=body.first_vertex * VERTEX.itemsize)
        if sort:
            kinds = _kinds(mesh, normals)
            body.counts = 3 * np.bincount(kinds, minlength=len(Kind))
            indices = mesh.triangles[np.argsort(kinds, kind="stable")].astype("<u4")
            self._slots.indices.write(indices.tobytes(), offset=body.first_index * 4)
        self._layout = None


_UNPATTERNED = np.array([Pattern.PLAIN, Pattern.GLASS], np.uint8)


def _kinds(mesh: Mesh, normals: F32) -> npt.NDArray[np.int64]:
    """(M,) `Kind` of each triangle, given the normals in the world."""
    patterned = ~np.isin(mesh.pattern, _UNPATTERNED) | (mesh.pattern >= DIRTY)
    shadowed = (normals @ np.array(LAMP, np.float32) > FACING) & (mesh.glow < 1)
    bits = patterned * np.uint8(Kind.PATTERNED) | shadowed * np.uint8(Kind.SHADOWED)
    first, second, third = bits[mesh.triangles].T
    kinds: npt.NDArray[np.int64] = (first | second | third).astype(np.int64)
    return kinds


class _Slots:
    """One vertex and one index buffer, handed out from the front.

    Attributes:
        vertices: Buffer of `VERTEX`.
        indices: Buffer of uint32.
        vertex_room: How many vertices fit in all.
        index_room: How many indices fit in all.
        arrays: Both, for the program of each `Kind`.
        shadow_array: Both, for the shadow's program.
    """

    def __init__(
        self, context: Any, programs: Sequence[Any], shadow_program: Any, vertex_room: int, index_room: int
    ) -> None:
        self.vertex_room, self.index_room = vertex_room, index_room
        self.vertices = context.buffer(reserve=vertex_room * VERTEX.itemsize, dynamic=True)
        self.indices = context.buffer(reserve=index_room * 4, dynamic=True)
        content = (self.vertices, "3f4 4f1 4f1 1i4", "in_position", "in_normal", "in_color", "in_id")
        positions = (self.vertices, "3f4 12x", "in_position")
        indexed = {"index_buffer": self.indices, "index_element_size": 4}
        self.arrays = [context.vertex_array(program, [content], **indexed) for program in programs]
        self.shadow_array = context.vertex_array(shadow_program, [positions], **indexed)
        self.clear()

    def clear(self) -> None:
        """Take everything back."""
        self._vertices_used = self._indices_used = 0

    def take(self, vertices: int, indices: int) -> tuple[int, int] | None:
        """First vertex and first index of a slot; None if it does not fit."""
        if self._vertices_used + vertices > self.vertex_room or self._indices_used + indices > self.index_room:
            return None
        first = (self._vertices_used, self._indices_used)
        self._vertices_used += vertices
        self._indices_used += indices
        return first

    def release(self) -> None:
        """Free the device's memory."""
        for part in (*self.arrays, self.shadow_array, self.vertices, self.indices):
            part.release()


@dataclass(frozen=True, eq=False)
class Layout:
    """All bodies as arrays: draw commands and a world box for each.

    Attributes:
        commands: (N, 4) of `_COMMAND`, a column for each `Kind`.
        whole: (N,) of `_COMMAND`, for each body as a whole.
        low: (N, 3) least corners.
        high: (N, 3) greatest corners.
        floor: Height on which the room stands, metres.
    """

    commands: npt.NDArray[np.void]
    whole: npt.NDArray[np.void]
    low: F32
    high: F32
    floor: float

    @classmethod
    def of(cls, bodies: Sequence[Body]) -> Layout:
        """Of some bodies."""
        counts = np.array([b.counts for b in bodies], np.int64).reshape(-1, len(Kind))
        commands = np.zeros((len(bodies), len(Kind)), _COMMAND)
        first = np.array([b.first_index for b in bodies], np.int64).reshape(-1, 1)
        commands["count"] = counts
        commands["instances"] = 1
        commands["first_index"] = first + np.cumsum(counts, axis=1) - counts
        commands["first_vertex"] = np.array([b.first_vertex for b in bodies], np.int64).reshape(-1, 1)
        whole = commands[:, 0].copy()
        whole["count"] = counts.sum(axis=1)
        low = np.array([b.low for b in bodies], np.float32).reshape(-1, 3)
        high = np.array([b.high for b in bodies], np.float32).reshape(-1, 3)
        return cls(commands, whole, low, high, float(high[:, 1].min()) if bodies else 0.0)

    def seen_by(self, clip: F64, eye: F64) -> tuple[npt.NDArray[np.void], list[int]]:
        """Commands of what a camera may see, and how many of each `Kind`.

        Of each kind the nearest come first, so that what is hidden is never shaded.
        """
        planes = np.concatenate([clip[3] + clip[:3], clip[3] - clip[:3]])
        # the corner of each box that lies farthest along a plane's normal decides whether the box is outside
        reach = self.high @ np.maximum(planes[:, :3], 0).T + self.low @ np.minimum(planes[:, :3], 0).T
        rows = np.flatnonzero((reach + planes[:, 3] > 0).all(axis=1))
        gap = np.maximum(np.maximum(self.low[rows] - eye, eye - self.high[rows]), 0.0)
        order = np.argsort((gap * gap).sum(axis=1), kind="stable")
        commands = self.commands[rows[order]].T
        drawn = commands["count"] > 0
        return commands[drawn], drawn.sum(axis=1).tolist()

    def casting_in(self, axes: F64, low: F64, high: F64) -> npt.NDArray[np.void]:
        """Commands of what throws shadows into a rectangle of the lamp's plane.

        Walls and ceilings throw none: the lamp stands for the light that comes from everywhere above.
        """
        casts = (self.high[:, 1] - self.low[:, 1] < 2.2) & (self.low[:, 1] < self.floor + 2.3)
        at_low, at_high = extent(axes, self.low, self.high)
        return self.whole[casts & (at_low < high).all(axis=1) & (at_high > low).all(axis=1)]


def extent(axes: F64, low: npt.ArrayLike, high: npt.ArrayLike) -> tuple[F64, F64]:
    """Least and greatest coordinates of boxes along axes (rows)."""
    middle, half = (np.asarray(low) + np.asarray(high)) / 2.0, (np.asarray(high) - np.asarray(low)) / 2.0
    center, reach = middle @ axes.T, half @ np.abs(axes).T
    return center - reach, center + reach
