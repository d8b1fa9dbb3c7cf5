"""Renders colour, depth and instance numbers in one pass, on the CPU (Mesa's llvmpipe) or a GPU.

Bodies are kept on the device in world coordinates, each in its own slot of one vertex and one index buffer. Moving a
body re-uploads that body's vertices only, which is cheaper than fetching a transform for every vertex of every frame.
A frame draws the slots that the camera can see, nearest first, with one indirect call. Depth and instance numbers are
written per pixel without blending or anti-aliasing, so they are exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import moderngl
import numpy as np
import numpy.typing as npt

from sim.headless.shapes.mesh import Mesh

__all__ = ["Camera", "RenderError", "Rendered", "Renderer"]

F32 = npt.NDArray[np.float32]

VERTEX = np.dtype([("position", "<f4", 3), ("normal", "u1", 3), ("pattern", "u1"), ("color", "u1", 4), ("id", "<i4")])
"""One vertex on the device, world frame; normals are offset by 128, the fourth colour channel is the glow."""

_VERTEX_SHADER = """
#version 330
uniform mat4 u_clip;
uniform vec4 u_depth;  // plane equation of the distance along the optical axis
in vec3 in_position;
in vec4 in_normal;
in vec4 in_color;
in int in_id;
out vec3 v_normal;
out vec4 v_color;
out float v_depth;
flat out int v_id;
void main() {
    gl_Position = u_clip * vec4(in_position, 1.0);
    v_depth = dot(u_depth, vec4(in_position, 1.0));
    v_normal = in_normal.xyz * (255.0 / 127.0) - (128.0 / 127.0);
    v_color = in_color;
    v_id = in_id;
}
"""

_FRAGMENT_SHADER = """
#version 330
in vec3 v_normal;
in vec4 v_color;
in float v_depth;
flat in int v_id;
layout(location = 0) out vec4 o_color;
layout(location = 1) out float o_depth;
layout(location = 2) out int o_id;
void main() {
    float light = 0.62 + 0.25 * v_normal.y + 0.10 * v_normal.x + 0.06 * v_normal.z;
    o_color = vec4(v_color.rgb * mix(light, 1.0, v_color.a), 1.0);
    o_depth = v_depth;
    o_id = v_id;
}
"""


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
    mesh: Mesh
    transform: F32
    instance: int
    first_vertex: int
    vertex_capacity: int
    first_index: int
    index_capacity: int
    row: int


class Renderer:
    """Keeps bodies on the device and renders them.

    A context manager; `close` frees the device's memory. To be used from the thread that made it.

    Raises:
        RenderError: If no OpenGL 3.3 context can be made.
    """

    def __init__(self) -> None:
        self._context = _make_context()
        self._program = self._context.program(vertex_shader=_VERTEX_SHADER, fragment_shader=_FRAGMENT_SHADER)
        self._bodies: dict[str, _Body] = {}
        self._targets: dict[tuple[int, int], Any] = {}
        self._vertex_buffer: Any = None
        self._index_buffer: Any = None
        self._array: Any = None
        self._vertices_used = 0
        self._indices_used = 0
        self._allocate(1 << 16, 1 << 18)

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the device's memory; the renderer cannot be used afterwards."""
        self._context.release()

    def set_body(self, name: str, mesh: Mesh, transform: npt.ArrayLike, instance: int) -> None:
        """Add a body, or replace it.

        Args:
            name: Unique name.
            mesh: Its shape in its own frame.
            transform: (4, 4) rigid body-to-world matrix.
            instance: Instance number that its pixels carry; 0 looks like background.
        """
        matrix = _as_matrix(transform)
        vertices, indices = len(mesh.vertices), mesh.triangles.size
        body = self._bodies.get(name)
        if body is not None and vertices <= body.vertex_capacity and indices <= body.index_capacity:
            body.mesh, body.transform, body.instance = mesh, matrix, int(instance)
        else:
            self.remove(name)
            body = self._place(mesh, matrix, int(instance))
            self._bodies[name] = body
        self._upload_vertices(body)
        self._upload_indices(body)

    def set_transform(self, name: str, transform: npt.ArrayLike) -> None:
        """Move a body.

        Raises:
            KeyError: If there is no such body.
        """
        body = self._bodies[name]
        matrix = _as_matrix(transform)
        if np.array_equal(matrix, body.transform):
            return
        body.transform = matrix
        self._upload_vertices(body)

    def remove(self, name: str) -> None:
        """Remove a body; one that is not there is no error."""
        self._bodies.pop(name, None)

    def clear(self) -> None:
        """Remove all bodies."""
        self._bodies.clear()
        self._vertices_used = self._indices_used = 0

    def render(self, camera: Camera, *, color: bool = True, depth: bool = True, ids: bool = True) -> Rendered:
        """Render what a camera sees.

        Args:
            camera: From where.
            color: Whether to read back colour.
            depth: Whether to read back depth.
            ids: Whether to read back instance numbers.
        """
        framebuffer = self._target(camera.width, camera.height)
        framebuffer.use()
        context = self._context
        context.enable_only(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        context.front_face = "cw"  # outward faces turn clockwise on the screen of a left-handed world
        framebuffer.color_attachments[0].write(self._clear_color(camera))
        framebuffer.clear(depth=1.0)
        framebuffer.color_attachments[1].write(self._clear_depth(camera))
        framebuffer.color_attachments[2].write(bytes(4 * camera.width * camera.height))
        clip, plane = camera.matrices()
        self._program["u_clip"].write(np.ascontiguousarray(clip.T, dtype=np.float32))
        self._program["u_depth"].write(plane.astype(np.float32))
        commands = np.zeros((len(self._bodies), 5), np.uint32)
        for row, body in enumerate(self._bodies.values()):
            commands[row] = (body.mesh.triangles.size, 1, body.first_index, body.first_vertex, 0)
        if len(commands):
            self._array.render_indirect(context.buffer(commands.tobytes()), moderngl.TRIANGLES)
        return self._read(camera, color, depth, ids)

    def _clear_color(self, camera: Camera) -> bytes:
        return np.full((camera.height * camera.width, 4), 200, np.uint8).tobytes()

    def _clear_depth(self, camera: Camera) -> bytes:
        return np.full(camera.height * camera.width, camera.far, np.float32).tobytes()

    def _read(self, camera: Camera, color: bool, depth: bool, ids: bool) -> Rendered:
        framebuffer = self._target(camera.width, camera.height)
        shape = (camera.height, camera.width)
        read = framebuffer.read
        return Rendered(
            np.frombuffer(read(components=3, alignment=1), np.uint8).reshape(*shape, 3) if color else None,
            np.frombuffer(read(components=1, attachment=1, dtype="f4"), np.float32).reshape(shape) if depth else None,
            np.frombuffer(read(components=1, attachment=2, dtype="i4"), np.int32).reshape(shape) if ids else None,
        )

    def _target(self, width: int, height: int) -> Any:
        key = (width, height)
        if key not in self._targets:
            context = self._context
            self._targets[key] = context.framebuffer(
                color_attachments=[
                    context.texture(key, 4, dtype="f1"),
                    context.texture(key, 1, dtype="f4"),
                    context.texture(key, 1, dtype="i4"),
                ],
                depth_attachment=context.depth_renderbuffer(key),
            )
        return self._targets[key]

    def _place(self, mesh: Mesh, transform: F32, instance: int) -> _Body:
        vertices, indices = len(mesh.vertices), mesh.triangles.size
        if self._vertices_used + vertices > self._vertex_room or self._indices_used + indices > self._index_room:
            self._compact(vertices, indices)
        body = _Body(
            mesh, transform, instance, self._vertices_used, vertices, self._indices_used, indices, len(self._bodies)
        )
        self._vertices_used += vertices
        self._indices_used += indices
        return body

    def _compact(self, vertices: int, indices: int) -> None:
        """Close the gaps that removed bodies left and make room for as many again."""
        live_vertices = vertices + sum(len(b.mesh.vertices) for b in self._bodies.values())
        live_indices = indices + sum(b.mesh.triangles.size for b in self._bodies.values())
        self._allocate(max(self._vertex_room, 2 * live_vertices), max(self._index_room, 2 * live_indices))
        self._vertices_used = self._indices_used = 0
        for name, old in list(self._bodies.items()):
            body = self._place(old.mesh, old.transform, old.instance)
            self._bodies[name] = body
            self._upload_vertices(body)
            self._upload_indices(body)

    def _allocate(self, vertices: int, indices: int) -> None:
        for old in (self._array, self._vertex_buffer, self._index_buffer):
            if old is not None:
                old.release()
        self._vertex_room, self._index_room = vertices, indices
        self._vertex_buffer = self._context.buffer(reserve=vertices * VERTEX.itemsize, dynamic=True)
        self._index_buffer = self._context.buffer(reserve=indices * 4, dynamic=True)
        self._array = self._context.vertex_array(
            self._program,
            [(self._vertex_buffer, "3f4 4f1 4f1 1i4", "in_position", "in_normal", "in_color", "in_id")],
            index_buffer=self._index_buffer,
            index_element_size=4,
        )

    def _upload_vertices(self, body: _Body) -> None:
        mesh, matrix = body.mesh, body.transform
        packed = np.empty(len(mesh.vertices), VERTEX)
        packed["position"] = mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3]
        packed["normal"] = np.rint((mesh.normals @ matrix[:3, :3].T) * 127 + 128)
        packed["pattern"] = mesh.pattern
        packed["color"][:, :3] = np.rint(np.clip(mesh.colors, 0, 1) * 255)
        packed["color"][:, 3] = np.rint(mesh.glow * 255)
        packed["id"] = body.instance
        self._vertex_buffer.write(packed.tobytes(), offset=body.first_vertex * VERTEX.itemsize)

    def _upload_indices(self, body: _Body) -> None:
        self._index_buffer.write(body.mesh.triangles.astype(np.uint32).tobytes(), offset=body.first_index * 4)


def _as_matrix(transform: npt.ArrayLike) -> F32:
    matrix = np.array(transform, dtype=np.float32)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        raise RenderError(f"a body's transform must be a finite (4, 4) matrix, got shape {matrix.shape}")
    return matrix


def _make_context() -> Any:
    try:
        return moderngl.create_context(standalone=True, backend="egl", libgl="libGL.so.1", libegl="libEGL.so.1")
    except Exception as error:  # moderngl raises bare Exception when a library or a device is missing
        raise RenderError(
            f"no OpenGL context through EGL ({error}); install Mesa's software renderer: "
            "Debian and Ubuntu packages libegl1 libegl-mesa0 libgl1 libgl1-mesa-dri"
        ) from error
