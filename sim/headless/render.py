"""Renders colour, depth and instance numbers in one pass, on the CPU (Mesa's llvmpipe) or a GPU.

A frame draws what the camera can see, nearest first, with one indirect call for each kind of surface (`bodies.Kind`),
and the sky last, where nothing else is. Depth and instance numbers are
written per pixel without blending or anti-aliasing, so they are exact.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import moderngl
import numpy as np
import numpy.typing as npt

from sim.headless.bodies import Bodies, Body, Kind
from sim.headless.materials import Pattern
from sim.headless.shaders import FRAME, SKY_FRAGMENT, SKY_VERTEX, scene_shaders
from sim.headless.shadows import ShadowMap
from sim.headless.shapes.mesh import Mesh
from sim.headless.textures import DIRT_METRES, PIXELS, TILE_METRES, layers

__all__ = ["Camera", "RenderError", "Rendered", "Renderer", "Target"]

F32 = npt.NDArray[np.float32]

_SKY = (189, 209, 224)


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


class Rendered:
    """What a camera sees; rows bottom-up, as OpenGL reads and AI2-THOR's protocol sends them.

    An image is copied off the device when it is first asked for, or before the device's is drawn over: instance
    numbers, which are needed first, do not wait for the others.

    Args:
        target: What was drawn into.
        activate: Makes its context the current one.
    """

    def __init__(self, target: Target, activate: Callable[[], None]) -> None:
        self._target, self._activate = target, activate
        self._color: npt.NDArray[np.uint8] | None = None
        self._depth: F32 | None = None
        self._ids: npt.NDArray[np.int32] | None = None

    @property
    def color(self) -> npt.NDArray[np.uint8]:
        """(H, W, 3) uint8."""
        if self._color is None:
            self._activate()
            self._color = self._target.color()
        return self._color

    @property
    def depth(self) -> F32:
        """(H, W) float32 metres along the optical axis, the far distance where nothing is."""
        if self._depth is None:
            self._activate()
            self._depth = self._target.depth()
        return self._depth

    @property
    def ids(self) -> npt.NDArray[np.int32]:
        """(H, W) int32 instance numbers, 0 where nothing is."""
        if self._ids is None:
            self._activate()
            self._ids = self._target.ids()
        return self._ids

    def keep(self) -> None:
        """Copy all images off the device."""
        _ = self.color, self.depth, self.ids


class Renderer:
    """Keeps bodies on the device and renders them.

    A context manager; `close` frees the device's memory. To be used from the thread that made it.

    Raises:
        RenderError: If no OpenGL 3.3 context can be made.
    """

    _active: ClassVar[Renderer | None] = None

    def __init__(self) -> None:
        context = self._context = _make_context()
        Renderer._active = self  # a new context is the current one
        self._targets: dict[tuple[int, int], Target] = {}
        self._shadow = ShadowMap(context)
        self._patterns = _pattern_texture(context)
        programs = [_program(context, kind) for kind in Kind]
        self._bodies = Bodies(context, programs, self._shadow.program)
        self._sky = context.vertex_array(context.program(vertex_shader=SKY_VERTEX, fragment_shader=SKY_FRAGMENT), [])
        self._frame = np.zeros((), FRAME)
        self._frame["sky"] = np.array(_SKY) / 255
        self._uniforms = context.buffer(reserve=FRAME.itemsize, dynamic=True)

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
        if not mesh.triangles.size:
            raise RenderError(f"the mesh of {name!r} has no triangles; remove the body instead")
        self._touch(self._bodies.get(name))
        self._touch(self._bodies.put(name, mesh, matrix, int(instance)))

    def set_transform(self, name: str, transform: npt.ArrayLike) -> None:
        """Move a body.

        Raises:
            KeyError: If there is no such body.
            RenderError: If the transform is not a finite (4, 4) matrix.
        """
        self._activate()
        body = self._bodies.get(name)
        if body is None:
            raise KeyError(name)
        matrix = _as_matrix(transform)
        if np.array_equal(matrix, body.transform):
            return
        self._touch(body)
        self._bodies.move(body, matrix)
        self._touch(body)

    def remove(self, name: str) -> None:
        """Remove a body; one that is not there is no error."""
        self._touch(self._bodies.get(name))
        self._bodies.remove(name)

    def clear(self) -> None:
        """Remove all bodies."""
        self._bodies.clear()
        self._shadow.reset()

    def render(self, camera: Camera) -> Rendered:
        """Render what a camera sees."""
        self._activate()
        context, bodies = self._context, self._bodies
        context.enable_only(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        context.front_face = "cw"  # outward faces turn clockwise on the screen of a left-handed world
        self._shadow.refresh(bodies)
        key = (camera.width, camera.height)
        if key not in self._targets:
            self._targets[key] = Target(context, *key)
        target = self._targets[key]
        target.start()
        clip, plane = camera.matrices()
        frame = self._frame
        frame["clip"], frame["depth"] = clip.T.reshape(-1), plane
        frame["shadow"] = self._shadow.matrix.T.reshape(-1)
        frame["eye"], frame["far"], frame["floor"] = camera.position, camera.far, bodies.layout.floor
        self._uniforms.write(frame.tobytes())
        self._uniforms.bind_to_uniform_block(0)
        self._shadow.texture.use(0)
        self._patterns.use(1)
        bodies.draw(*bodies.layout.seen_by(clip, np.asarray(camera.position)))
        context.depth_func = "<="  # passes where nothing was drawn
        self._sky.render(moderngl.TRIANGLES, vertices=3)
        context.depth_func = "<"
        return target.shown(self._activate)

    def _touch(self, body: Body | None) -> None:
        """Note that the shadow of a body changes."""
        if body is not None:
            self._shadow.touch(body.low, body.high)

    def _activate(self) -> None:
        """Make this renderer's context the current one: a process may hold several renderers."""
        if Renderer._active is not self:
            self._context.__enter__()
            Renderer._active = self


class Target:
    """The three images that a frame is drawn into, for one size."""

    def __init__(self, context: Any, width: int, height: int) -> None:
        size = (width, height)
        self._shape = (height, width)
        self._shown: Callable[[], Rendered | None] = lambda: None
        self._color = context.texture(size, 4, dtype="f1")
        self._depth = context.texture(size, 1, dtype="f4")
        self._ids = context.texture(size, 1, dtype="i4")
        self._framebuffer = context.framebuffer(
            color_attachments=[self._color, self._depth, self._ids], depth_attachment=context.depth_renderbuffer(size)
        )

    def start(self) -> None:
        """Begin a frame. Depth is cleared only: every pixel is drawn, and clearing three images costs time."""
        before = self._shown()
        if before is not None:
            before.keep()
        self._framebuffer.use()
        self._framebuffer.color_mask = ((False,) * 4,) * 3
        self._framebuffer.clear(depth=1.0)
        self._framebuffer.color_mask = ((True,) * 4,) * 3

    def shown(self, activate: Callable[[], None]) -> Rendered:
        """The frame that was drawn."""
        rendered = Rendered(self, activate)
        self._shown = weakref.ref(rendered)
        return rendered

    def color(self) -> npt.NDArray[np.uint8]:
        """(H, W, 3) uint8, copied off the device."""
        return np.frombuffer(self._framebuffer.read(components=3, alignment=1), np.uint8).reshape(*self._shape, 3)

    def depth(self) -> F32:
        """(H, W) float32, copied off the device."""
        return np.frombuffer(self._depth.read(), "<f4").reshape(self._shape)

    def ids(self) -> npt.NDArray[np.int32]:
        """(H, W) int32, copied off the device."""
        return np.frombuffer(self._ids.read(), "<i4").reshape(self._shape)


def _program(context: Any, kind: Kind) -> Any:
    vertex, fragment = scene_shaders(patterned=kind.patterned, shadowed=kind.shadowed)
    program = context.program(vertex_shader=vertex, fragment_shader=fragment)
    if kind.patterned:
        repeats = [1 / TILE_METRES[p] for p in Pattern] + [1 / DIRT_METRES]
        program["u_repeats"].write(np.array(repeats, "<f4").tobytes())
        program["u_layers"].value = 1
    if kind.shadowed:
        program["u_map"].value = 0
    return program


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
