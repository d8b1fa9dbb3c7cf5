"""The shadow map: what the lamp overhead sees, so that what it does not see lies in shadow."""

from __future__ import annotations

from typing import Any

import moderngl
import numpy as np
import numpy.typing as npt

from sim.headless.bodies import Bodies, Layout, extent
from sim.headless.shaders import LAMP, SHADOW_FRAGMENT, SHADOW_VERTEX

__all__ = ["ShadowMap"]

_PIXELS = 1024


class ShadowMap:
    """Depth of the room as seen from the lamp; only rectangles in which something changed are drawn anew.

    Attributes:
        program: Draws into it.
        texture: The map.
        matrix: (4, 4) world to the map's [0, 1]³.
    """

    def __init__(self, context: Any) -> None:
        self.program = context.program(vertex_shader=SHADOW_VERTEX, fragment_shader=SHADOW_FRAGMENT)
        self.texture = context.depth_texture((_PIXELS, _PIXELS))
        self.texture.compare_func = "<="
        self.texture.filter = (moderngl.NEAREST, moderngl.NEAREST)  # blending four samples costs a tenth of a frame
        self.texture.repeat_x = self.texture.repeat_y = False
        self._framebuffer = context.framebuffer(depth_attachment=self.texture)
        lamp = np.array(LAMP)
        right = np.cross((0.0, 0.0, 1.0), lamp)
        right /= np.linalg.norm(right)
        up = np.cross(lamp, right) / np.linalg.norm(lamp)
        # rows right, up, forward make a left-handed frame as a camera's do
        self._axes = np.stack([-right, up, -lamp / np.linalg.norm(lamp)])
        self.reset()

    def reset(self) -> None:
        """Forget everything; the next refresh draws the whole map."""
        self.matrix = np.eye(4)
        self._low, self._high = np.zeros(3), np.zeros(3)
        self._changed: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]] = []

    def touch(self, low: npt.ArrayLike, high: npt.ArrayLike) -> None:
        """Note that something changed within a box, world, metres."""
        self._changed.append(extent(self._axes, low, high))

    def refresh(self, bodies: Bodies) -> None:
        """Bring the map up to date with all bodies."""
        layout = bodies.layout
        if not self._changed or not len(layout.whole):
            self._changed.clear()
            return
        low = np.min([c[0] for c in self._changed], axis=0)
        high = np.max([c[1] for c in self._changed], axis=0)
        self._changed.clear()
        if (low < self._low).any() or (high > self._high).any():
            low, high = self._frame(layout)
        size = (self._high - self._low)[:2]
        first = np.floor((low[:2] - self._low[:2]) / size * _PIXELS).astype(int) - 1
        last = np.ceil((high[:2] - self._low[:2]) / size * _PIXELS).astype(int) + 1
        first, last = np.clip(first, 0, _PIXELS), np.clip(last, 0, _PIXELS)
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
        bodies.draw_shadows(layout.casting_in(self._axes[:2], low[:2], high[:2]))
        framebuffer.scissor = None

    def _frame(self, layout: Layout) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        low, high = extent(self._axes, layout.low.min(axis=0), layout.high.max(axis=0))
        self._low, self._high = low - 0.05, high + 0.05
        scale = 1.0 / (self._high - self._low)
        self.matrix = np.eye(4)
        self.matrix[:3, :3] = self._axes * scale[:, None]
        self.matrix[:3, 3] = -self._low * scale
        return self._low, self._high
