"""Renders colour, depth and instance numbers in one pass, on the CPU (Mesa's llvmpipe) or a GPU.

Bodies are kept on the device in world coordinates, each in its own slot of one vertex and one index buffer. Moving a
body re-uploads that body's vertices only, which is cheaper than fetching a transform for every vertex of every frame.
A frame draws the slots that the camera can see, nearest first, with one indirect call. Depth and instance numbers are
written per pixel without blending or anti-aliasing, so they are exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import moderngl
import numpy as np
import numpy.typing as npt

from sim.headless.materials import Pattern
from sim.headless.shaders import SCENE_FRAGMENT, SCENE_VERTEX, SHADOW_FRAGMENT, SHADOW_VERTEX
from sim.headless.shapes.mesh import Mesh
from sim.headless.textures import DIRT_METRES, PIXELS, TILE_METRES, layers

__all__ = ["Camera", "RenderError", "Rendered", "Renderer"]

F32 = npt.NDArray[np.float32]

VERTEX = np.dtype([("position", "<f4", 3), ("normal", "u1", 3), ("pattern", "u1"), ("color", "u1", 4), ("id", "<i4")])
"""One vertex on the device, world frame; normals are offset by 128, the fourth colour channel is the glow."""

_LAMP = np.array([0.18, 0.97, -0.15])
"""Direction towards the lamp that throws shadows; the shaders hold the same."""

_SHADOW_PIXELS = 1024
_SKY = (189, 209, 224, 255)


class RenderError(RuntimeError):
    """The renderer cannot work as asked."""


@dataclass(frozen=True)
class Camera:
    """A pinhole or orthographic camera.

    Attributes:
        position: (x, y, z) metres, AI2-THOR's left-handed y-up world.
        yaw: Degrees clockwise from +z, seen from above.
        pitch: Degrees, positive looks down.
        fov: Vertical field of view, degrees.
        near: Nearest visible distance along the optical axis, metres.
        far: Farthest one; also the depth of the background.
        width: Pixels.
        height: Pixels.
        orthographic_size: Half the height of the view volume in metres, or None for perspective.
        roll: Degrees clockwise about the optical axis, as seen by the camera.
    """

    position: tuple[float, float, float]
    yaw: float
    pitch: float
    fov: float = 90.0
    near: float = 0.01
    far: float = 20.0
    width: int = 300
    height: int = 300
    orthographic_size: float | None = None
    roll: float = 0.0

    def axes(self) -> npt.NDArray[np.float64]:
        """(3, 3) rows right, up, forward in the world frame."""
        yaw, pitch, roll = math.radians(self.yaw), math.radians(self.pitch), math.radians(self.roll)
        cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
        right = np.array([cy, 0.0, -sy])
        up = np.array([sy * sp, cp, cy * sp])
        forward = np.array([sy * cp, -sp, cy * cp])
        cr, sr = math.cos(roll), math.sin(roll)
        return np.stack([cr * right - sr * up, sr * right + cr * up, forward])

    def matrices(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The (4, 4) world-to-clip matrix and the (4,) plane whose value is the depth of a point."""
        axes = self.axes()
        view = np.eye(4)
        view[:3, :3] = axes
        view[:3, 3] = -axes @ np.asarray(self.position, dtype=np.float64)
        aspect = self.width / self.height
        near, far = self.near, self.far
        projection = np.zeros((4, 4))
        if self.orthographic_size is None:
            focal = 1.0 / math.tan(math.radians(self.fov) / 2)
            projection[0, 0], projection[1, 1] = focal / aspect, focal
            projection[2, 2], projection[2, 3] = (far + near) / (far - near), -2 * far * near / (far - near)
            projection[3, 2] = 1.0
        else:
            projection[0, 0] = 1.0 / (self.orthographic_size * aspect)
            projection[1, 1] = 1.0 / self.orthographic_size
            projection[2, 2], projection[2, 3] = 2 / (far - near), -(far + near) / (far - near)
            projection[3, 3] = 1.0
        return projection @ view, view[2]


@dataclass(frozen=True, eq=False)
class Rendered:
    """What a camera sees; rows bottom-up, as OpenGL reads and AI2-THOR's protocol sends them.

    Attributes:
        color: (H, W, 3) uint8, or None if not asked for.
        depth: (H, W) float32 metres along the optical axis, the far distance where nothing is; or None.
        ids: (H, W) int32 instance numbers, 0 where nothing is; or None.
    """

    color: npt.NDArray[np.uint8] | None
    depth: F32 | None
    ids: npt.NDArray[np.int32] | None


@dataclass
class _Body:
    """A body's slot in the buffers, and its box in the world."""

    mesh: Mesh
    transform: F32
    instance: int
    first_vertex: int
    vertex_capacity: int
    first_index: int
    index_capacity: int
    low: F32 = field(default_factory=lambda: np.zeros(3, np.float32))
    high: F32 = field(default_factory=lambda: np.zeros(3, np.float32))


class Renderer:
    """Keeps bodies on the device and renders them.

    A context manager; `close` frees the device's memory. To be used from the thread that made it.

    Raises:
        RenderError: If no OpenGL 3.3 context can be made.
    """

    _active: ClassVar[Renderer | None] = None

    def __init__(self) -> None:
        self._context = _make_context()
        Renderer._active = self  # a new context is the current one
        self._program = self._context.program(vertex_shader=SCENE_VERTEX, fragment_shader=SCENE_FRAGMENT)
        self._bodies: dict[str, _Body] = {}
        self._targets: dict[tuple[int, int], _Target] = {}
        self._layout: _Layout | None = None
        self._commands = self._context.buffer(reserve=_COMMAND.itemsize * 256, dynamic=True)
        self._shadow = ShadowMap(self._context)
        self._patterns = _pattern_texture(self._context)
        repeats = [1 / TILE_METRES[p] for p in Pattern] + [1 / DIRT_METRES]
        self._program["u_repeats"].write(np.array(repeats, "<f4").tobytes())
        self._program["u_map"].value, self._program["u_layers"].value = 0, 1
        self._slots = _Slots(self._context, self._program, self._shadow.program, 1 << 16, 1 << 18)

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the device's memory; the renderer cannot be used afterwards."""
        self._activate()
        self._context.release()
        Renderer._active = None

    def set_body(self, name: str, mesh: Mesh, transform: npt.ArrayLike, instance: int) -> None:
        """Add a body, or replace it.

        Args:
            name: Unique name.
            mesh: Its shape in its own frame.
            transform: (4, 4) rigid body-to-world matrix.
            instance: Instance number that its pixels carry; 0 looks like background.

        Raises:
            RenderError: If the transform is not a finite (4, 4) matrix or the mesh is empty.
        """
        self._activate()
        matrix = _as_matrix(transform)
        vertices, indices = len(mesh.vertices), mesh.triangles.size
        if not indices:
            raise RenderError(f"the mesh of {name!r} has no triangles; remove the body instead")
        body = self._bodies.get(name)
        if body is not None and vertices <= body.vertex_capacity and indices <= body.index_capacity:
            self._shadow.touch(body.low, body.high)
            body.mesh, body.transform, body.instance = mesh, matrix, int(instance)
        else:
            self.remove(name)
            body = self._place(mesh, matrix, int(instance))
            self._bodies[name] = body
        self._upload_vertices(body)
        self._upload_indices(body)
        self._layout = None

    def set_transform(self, name: str, transform: npt.ArrayLike) -> None:
        """Move a body.

        Raises:
            KeyError: If there is no such body.
            RenderError: If the transform is not a finite (4, 4) matrix.
        """
        self._activate()
        body = self._bodies[name]
        matrix = _as_matrix(transform)
        if np.array_equal(matrix, body.transform):
            return
        self._shadow.touch(body.low, body.high)
        body.transform = matrix
        self._upload_vertices(body)
        self._layout = None

    def remove(self, name: str) -> None:
        """Remove a body; one that is not there is no error."""
        body = self._bodies.pop(name, None)
        if body is not None:
            self._shadow.touch(body.low, body.high)
            self._layout = None

    def clear(self) -> None:
        """Remove all bodies."""
        self._bodies.clear()
        self._slots.clear()
        self._layout = None
        self._shadow.reset()

    def render(self, camera: Camera, *, color: bool = True, depth: bool = True, ids: bool = True) -> Rendered:
        """Render what a camera sees.

        Args:
            camera: From where.
            color: Whether to read back colour.
            depth: Whether to read back depth.
            ids: Whether to read back instance numbers.
        """
        self._activate()
        if self._layout is None:
            # by name, so that what ties in distance is drawn in the same order whatever came first
            self._layout = _Layout.of(body for _, body in sorted(self._bodies.items()))
        layout, context = self._layout, self._context
        context.enable_only(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        context.front_face = "cw"  # outward faces turn clockwise on the screen of a left-handed world
        if color:
            self._shadow.refresh(layout, self._draw)
        key = (camera.width, camera.height)
        if key not in self._targets:
            self._targets[key] = _Target(context, *key)
        target = self._targets[key]
        target.start(camera.far)
        clip, plane = camera.matrices()
        uniforms = self._program
        uniforms["u_clip"].write(clip.T.astype("<f4").tobytes())
        uniforms["u_depth"].write(plane.astype("<f4").tobytes())
        uniforms["u_shadow"].write(self._shadow.matrix.T.astype("<f4").tobytes())
        uniforms["u_eye"].write(np.asarray(camera.position, "<f4").tobytes())
        uniforms["u_floor"].value = layout.floor
        self._shadow.texture.use(0)
        self._patterns.use(1)
        self._draw(layout.seen_by(clip, np.asarray(camera.position)))
        return target.read(color=color, depth=depth, ids=ids)

    def _activate(self) -> None:
        """Make this renderer's context the current one: a process may hold several renderers."""
        if Renderer._active is not self:
            self._context.__enter__()
            Renderer._active = self

    def _draw(self, commands: npt.NDArray[np.void], *, shadow: bool = False) -> None:
        if not len(commands):
            return
        if commands.nbytes > self._commands.size:
            self._commands.release()
            self._commands = self._context.buffer(reserve=2 * commands.nbytes, dynamic=True)
        self._commands.write(commands.tobytes())
        array = self._slots.shadow_array if shadow else self._slots.array
        array.render_indirect(self._commands, moderngl.TRIANGLES, count=len(commands))

    def _place(self, mesh: Mesh, transform: F32, instance: int) -> _Body:
        slot = self._slots.take(len(mesh.vertices), mesh.triangles.size)
        if slot is None:
            self._compact(len(mesh.vertices), mesh.triangles.size)
            slot = self._slots.take(len(mesh.vertices), mesh.triangles.size)
            assert slot is not None
        return _Body(mesh, transform, instance, slot[0], len(mesh.vertices), slot[1], mesh.triangles.size)

    def _compact(self, vertices: int, indices: int) -> None:
        """Close the gaps that removed bodies left, and make room for as much again."""
        vertices += sum(len(b.mesh.vertices) for b in self._bodies.values())
        indices += sum(b.mesh.triangles.size for b in self._bodies.values())
        old = self._slots
        room = max(old.vertex_room, 2 * vertices), max(old.index_room, 2 * indices)
        old.release()
        self._slots = _Slots(self._context, self._program, self._shadow.program, *room)
        for name, moved in list(self._bodies.items()):
            body = self._place(moved.mesh, moved.transform, moved.instance)
            self._bodies[name] = body
            self._upload_vertices(body)
            self._upload_indices(body)

    def _upload_vertices(self, body: _Body) -> None:
        mesh, matrix = body.mesh, body.transform
        packed = np.empty(len(mesh.vertices), VERTEX)
        position = mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3]
        packed["position"] = position
        packed["normal"] = np.rint((mesh.normals @ matrix[:3, :3].T) * 127 + 128)
        packed["pattern"] = mesh.pattern
        packed["color"][:, :3] = np.rint(np.clip(mesh.colors, 0, 1) * 255)
        packed["color"][:, 3] = np.rint(mesh.glow * 255)
        packed["id"] = body.instance
        body.low, body.high = position.min(axis=0), position.max(axis=0)
        self._shadow.touch(body.low, body.high)
        self._slots.vertices.write(packed.tobytes(), offset=body.first_vertex * VERTEX.itemsize)

    def _upload_indices(self, body: _Body) -> None:
        self._slots.indices.write(body.mesh.triangles.astype("<u4").tobytes(), offset=body.first_index * 4)


class _Slots:
    """One vertex and one index buffer, handed out from the front.

    Attributes:
        vertices: Buffer of `VERTEX`.
        indices: Buffer of uint32.
        vertex_room: How many vertices fit in all.
        index_room: How many indices fit in all.
        array: Both, for the scene's program.
        shadow_array: Both, for the shadow's program.
    """

    def __init__(self, context: Any, program: Any, shadow_program: Any, vertex_room: int, index_room: int) -> None:
        self.vertex_room, self.index_room = vertex_room, index_room
        self.vertices = context.buffer(reserve=vertex_room * VERTEX.itemsize, dynamic=True)
        self.indices = context.buffer(reserve=index_room * 4, dynamic=True)
        content = (self.vertices, "3f4 4f1 4f1 1i4", "in_position", "in_normal", "in_color", "in_id")
        self.array = context.vertex_array(program, [content], index_buffer=self.indices, index_element_size=4)
        positions = (self.vertices, "3f4 12x", "in_position")
        self.shadow_array = context.vertex_array(
            shadow_program, [positions], index_buffer=self.indices, index_element_size=4
        )
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
        for part in (self.array, self.shadow_array, self.vertices, self.indices):
            part.release()


_COMMAND = np.dtype([(n, "<u4") for n in ("count", "instances", "first_index", "first_vertex", "first_instance")])
"""One draw of an indirect call, as OpenGL lays it out."""


@dataclass(frozen=True, eq=False)
class _Layout:
    """All bodies as arrays: a draw command and a world box for each.

    Attributes:
        commands: (N,) of `_COMMAND`.
        low: (N, 3) least corners.
        high: (N, 3) greatest corners.
        floor: Height on which the room stands, metres.
    """

    commands: npt.NDArray[np.void]
    low: F32
    high: F32
    floor: float

    @classmethod
    def of(cls, bodies: Iterable[_Body]) -> _Layout:
        """Of some bodies."""
        listed = list(bodies)
        commands = np.zeros(len(listed), _COMMAND)
        for row, body in enumerate(listed):
            commands[row] = (body.mesh.triangles.size, 1, body.first_index, body.first_vertex, 0)
        low = np.array([b.low for b in listed], np.float32).reshape(-1, 3)
        high = np.array([b.high for b in listed], np.float32).reshape(-1, 3)
        return cls(commands, low, high, float(high[:, 1].min()) if listed else 0.0)

    def seen_by(self, clip: npt.NDArray[np.float64], eye: npt.NDArray[np.float64]) -> npt.NDArray[np.void]:
        """Commands of what a camera may see, nearest first, so that what is hidden is never shaded."""
        if not len(self.commands):
            return self.commands
        planes = np.concatenate([clip[3] + clip[:3], clip[3] - clip[:3]])
        # the corner of each box that lies farthest along a plane's normal decides whether the box is outside
        farthest = np.where(planes[:, None, :3] > 0, self.high, self.low)
        inside = (np.einsum("pnk,pk->pn", farthest, planes[:, :3]) + planes[:, 3:] > 0).all(axis=0)
        gap = np.maximum(np.maximum(self.low - eye, eye - self.high), 0.0)
        distance = (gap * gap).sum(axis=1)
        rows = np.flatnonzero(inside)
        return self.commands[rows[np.argsort(distance[rows], kind="stable")]]

    def casting_in(
        self, axes: npt.NDArray[np.float64], low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.void]:
        """Commands of what throws shadows into a rectangle of the lamp's plane.

        Walls and ceilings throw none: the lamp stands for the light that comes from everywhere above.
        """
        casts = (self.high[:, 1] - self.low[:, 1] < 2.2) & (self.low[:, 1] < self.floor + 2.3)
        at_low, at_high = _extent(axes, self.low, self.high)
        return self.commands[casts & (at_low < high).all(axis=1) & (at_high > low).all(axis=1)]


def _extent(
    axes: npt.NDArray[np.float64], low: npt.ArrayLike, high: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Least and greatest coordinates of boxes along axes (rows)."""
    middle, half = (np.asarray(low) + np.asarray(high)) / 2.0, (np.asarray(high) - np.asarray(low)) / 2.0
    center, reach = middle @ axes.T, half @ np.abs(axes).T
    return center - reach, center + reach


class ShadowMap:
    """Depth of the room as seen from the lamp; only rectangles in which something changed are drawn anew.

    Attributes:
        program: Draws into it.
        texture: The map.
        matrix: (4, 4) world to the map's [0, 1]³.
    """

    def __init__(self, context: Any) -> None:
        self.program = context.program(vertex_shader=SHADOW_VERTEX, fragment_shader=SHADOW_FRAGMENT)
        self.texture = context.depth_texture((_SHADOW_PIXELS, _SHADOW_PIXELS))
        self.texture.compare_func = "<="
        self.texture.filter = (moderngl.NEAREST, moderngl.NEAREST)  # blending four samples costs a tenth of a frame
        self.texture.repeat_x = self.texture.repeat_y = False
        self._framebuffer = context.framebuffer(depth_attachment=self.texture)
        right = np.cross((0.0, 0.0, 1.0), _LAMP)
        right /= np.linalg.norm(right)
        up = np.cross(_LAMP, right) / np.linalg.norm(_LAMP)
        # rows right, up, forward make a left-handed frame as a camera's do
        self._axes = np.stack([-right, up, -_LAMP / np.linalg.norm(_LAMP)])
        self.reset()

    def reset(self) -> None:
        """Forget everything; the next refresh draws the whole map."""
        self.matrix = np.eye(4)
        self._low, self._high = np.zeros(3), np.zeros(3)
        self._changed: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]] = []

    def touch(self, low: npt.ArrayLike, high: npt.ArrayLike) -> None:
        """Note that something changed within a box, world, metres."""
        self._changed.append(_extent(self._axes, low, high))

    def refresh(self, layout: _Layout, draw: Callable[..., None]) -> None:
        """Bring the map up to date.

        Args:
            layout: All bodies.
            draw: Called with the commands to draw, as ``draw(commands, shadow=True)``.
        """
        if not self._changed or not len(layout.commands):
            self._changed.clear()
            return
        low = np.min([c[0] for c in self._changed], axis=0)
        high = np.max([c[1] for c in self._changed], axis=0)
        self._changed.clear()
        if (low < self._low).any() or (high > self._high).any():
            low, high = self._frame(layout)
        size = (self._high - self._low)[:2]
        first = np.floor((low[:2] - self._low[:2]) / size * _SHADOW_PIXELS).astype(int) - 1
        last = np.ceil((high[:2] - self._low[:2]) / size * _SHADOW_PIXELS).astype(int) + 1
        first, last = np.clip(first, 0, _SHADOW_PIXELS), np.clip(last, 0, _SHADOW_PIXELS)
        area = (*first.tolist(), *(last - first).tolist())
        if min(area[2:]) <= 0:
            return
        framebuffer = self._framebuffer
        framebuffer.use()
        framebuffer.clear(depth=1.0, viewport=area)
        framebuffer.scissor = area
        clip = np.diag([2.0, 2.0, 2.0, 1.0]) @ self.matrix
        clip[:3, 3] -= 1.0
        self.program["u_clip"].write(clip.T.astype("<f4").tobytes())
        draw(layout.casting_in(self._axes[:2], low[:2], high[:2]), shadow=True)
        framebuffer.scissor = None

    def _frame(self, layout: _Layout) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        low, high = _extent(self._axes, layout.low.min(axis=0), layout.high.max(axis=0))
        self._low, self._high = low - 0.05, high + 0.05
        scale = 1.0 / (self._high - self._low)
        self.matrix = np.eye(4)
        self.matrix[:3, :3] = self._axes * scale[:, None]
        self.matrix[:3, 3] = -self._low * scale
        return self._low, self._high


class _Target:
    """The three images that a frame is drawn into, for one size."""

    def __init__(self, context: Any, width: int, height: int) -> None:
        size = (width, height)
        self._shape = (height, width)
        self._color = context.texture(size, 4, dtype="f1")
        self._depth = context.texture(size, 1, dtype="f4")
        self._ids = context.texture(size, 1, dtype="i4")
        self._framebuffer = context.framebuffer(
            color_attachments=[self._color, self._depth, self._ids], depth_attachment=context.depth_renderbuffer(size)
        )
        self._sky = np.tile(np.array(_SKY, np.uint8), width * height).tobytes()
        self._nothing = bytes(4 * width * height)
        self._far: tuple[float, bytes] = (math.nan, b"")

    def start(self, far: float) -> None:
        """Make every pixel background. Writing the images is cheaper in software than three masked clears."""
        if self._far[0] != far:
            self._far = (far, np.full(self._shape, far, "<f4").tobytes())
        self._color.write(self._sky)
        self._depth.write(self._far[1])
        self._ids.write(self._nothing)
        self._framebuffer.use()
        self._framebuffer.color_mask = ((False,) * 4,) * 3
        self._framebuffer.clear(depth=1.0)
        self._framebuffer.color_mask = ((True,) * 4,) * 3

    def read(self, *, color: bool, depth: bool, ids: bool) -> Rendered:
        """Copy the images off the device."""
        read, shape = self._framebuffer.read, self._shape
        return Rendered(
            np.frombuffer(read(components=3, alignment=1), np.uint8).reshape(*shape, 3) if color else None,
            np.frombuffer(self._depth.read(), "<f4").reshape(shape) if depth else None,
            np.frombuffer(self._ids.read(), "<i4").reshape(shape) if ids else None,
        )


def _pattern_texture(context: Any) -> Any:
    images = layers()
    texture = context.texture_array((PIXELS, PIXELS, len(images)), 4, images.tobytes())
    texture.build_mipmaps()
    texture.filter = (moderngl.NEAREST_MIPMAP_NEAREST, moderngl.NEAREST)
    return texture


def _as_matrix(transform: npt.ArrayLike) -> F32:
    matrix = np.array(transform, dtype=np.float32)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        raise RenderError(f"a body's transform must be a finite (4, 4) matrix, got shape {matrix.shape}")
    return matrix


def _make_context() -> Any:
    options: dict[str, Any] = {"backend": "egl", "libgl": "libGL.so.1", "libegl": "libEGL.so.1"}
    try:
        return moderngl.create_context(standalone=True, **options)
    except Exception as error:  # moderngl raises bare Exception when a library or a device is missing
        raise RenderError(
            f"no OpenGL context through EGL ({error}); install Mesa's software renderer: "
            "Debian and Ubuntu packages libegl1 libegl-mesa0 libgl1 libgl1-mesa-dri"
        ) from error
