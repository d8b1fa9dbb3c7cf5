"""What cameras see: the world's bodies on the renderer, frames, and the colours that stand for objects."""

from __future__ import annotations

import colorsys
import hashlib
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.headless.geometry import Array
from sim.headless.looks import Look, look_of, mesh_of
from sim.headless.metadata import pack_value
from sim.headless.objects import SimObject
from sim.headless.render import Camera, Rendered, Renderer
from sim.headless.settings import Settings
from sim.headless.sliding import pull_out
from sim.headless.structure import draw_structure
from sim.headless.visibility import Sight
from sim.headless.world import ThirdPartyCamera, World

__all__ = ["Eyes"]


class Eyes:
    """Renders one world at a time."""

    def __init__(self) -> None:
        self._renderer = Renderer()

    def start(self, world: World) -> None:
        """Show another world."""
        self._renderer.clear()
        self._world = world
        self._changed = world.watch()
        self._sight = Sight(world)
        self._looks: dict[str, Look] = {}
        self._drawn: set[str] = set()
        self._names = draw_structure(self._renderer, world)
        self._named = 0
        self._palette = _Palette()
        self._key: Any = None
        self._frame: Rendered | None = None
        self._seen: set[str] = set()
        self._serial = 0

    def agent_frame(self, settings: Settings) -> Rendered:
        """What the agent's camera sees now: colour, depth and instance numbers."""
        self._renew()
        agent = self._world.agent
        above = self._world.map_view
        key = (
            self._serial, above is None, tuple(agent.position), agent.yaw, agent.horizon, agent.standing,
            settings.fov, settings.width, settings.height, settings.visibility_distance,
        )  # fmt: skip
        if self._frame is None or key != self._key:
            x, y, z = agent.camera.tolist()
            camera = Camera(
                position=(x, y, z), yaw=agent.yaw, pitch=agent.horizon, fov=settings.fov,
                width=settings.width, height=settings.height,
            )  # fmt: skip
            self._frame = None  # or the renderer would keep its images
            self._frame = self._renderer.render(camera if above is None else _camera(above, settings))
            self._seen = self._sight.visible(self._frame.ids, settings.visibility_distance)
            self._key = key
        return self._frame

    def third_party_frame(self, camera: ThirdPartyCamera, settings: Settings) -> Rendered:
        """What another camera sees."""
        self._renew()
        return self._renderer.render(_camera(camera, settings))

    def visible(self, settings: Settings) -> set[str]:
        """Ids of what the agent sees."""
        self.agent_frame(settings)
        return self._seen

    def visible_within(self, settings: Settings, distance: float, camera: ThirdPartyCamera | None) -> set[str]:
        """Ids of what a camera sees within a horizontal distance, metres; the agent's camera for None."""
        if camera is None:
            frame, axis = self.agent_frame(settings), None
        else:
            frame, axis = self.third_party_frame(camera, settings), camera.position
        assert frame.ids is not None
        return self._sight.visible(frame.ids, distance, axis)

    def object_at(self, settings: Settings, x: float, y: float) -> SimObject | None:
        """The object at a place in the agent's frame, from the top left, both in [0, 1]."""
        ids = self.agent_frame(settings).ids
        height, width = ids.shape
        row = min(int((1 - y) * height), height - 1)  # rows are bottom-up
        number = int(ids[row, min(int(x * width), width - 1)])
        return next((obj for obj in self._world if obj.instance == number), None)

    def point_at(self, settings: Settings, x: float, y: float) -> Array:
        """(3,) world position of what is seen at a place in the agent's frame."""
        depth = self.agent_frame(settings).depth
        height, width = depth.shape
        row, column = min(int((1 - y) * height), height - 1), min(int(x * width), width - 1)
        focal = 0.5 * height / math.tan(math.radians(settings.fov / 2))
        ray = np.array([(x * width - width / 2) / focal, ((1 - y) * height - height / 2) / focal, 1.0])
        agent = self._world.agent
        return np.asarray(agent.camera + agent.camera_rotation @ (ray * float(depth[row, column])))

    def instance_image(self, ids: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
        """(H, W, 4) colours of instances, alpha 255."""
        self._refresh_palette()
        return _painted(self._palette.instances, ids)

    def class_image(self, ids: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
        """(H, W, 4) colours of classes, alpha 255."""
        self._refresh_palette()
        return _painted(self._palette.classes, ids)

    def legend(self) -> bytes:
        """The packed legend of both: names with ``|`` are instances, others classes."""
        self._refresh_palette()
        return self._palette.legend

    @property
    def serial(self) -> int:
        """Changes whenever the picture may have, other than by the camera's moving."""
        return self._serial

    def _refresh_palette(self) -> None:
        if self._named != self._world.instances:
            self._named = self._world.instances
            self._names |= {obj.instance: obj.object_id for obj in self._world}
            self._palette.name(self._names)

    def _renew(self) -> None:
        if not self._changed:
            return
        for object_id in self._changed:
            obj = self._world.objects.get(object_id)
            if obj is None:
                self._renderer.remove(object_id)
                self._drawn.discard(object_id)
                self._looks.pop(object_id, None)
                continue
            look, transform = look_of(self._world, obj), obj.box_transform()
            transform[:3, 3] -= pull_out(obj)  # the mesh of an open drawer is pulled out by itself
            known = look == self._looks.get(object_id)
            if known:
                if obj.parts is None and object_id in self._drawn:
                    self._renderer.set_transform(object_id, transform)
            else:
                for number, (mesh, to_box) in enumerate(mesh_of(obj, look)):
                    name = f"{object_id}#{number}" if number else object_id
                    if len(mesh.triangles):
                        self._renderer.set_body(name, mesh, transform @ to_box, obj.instance)
                        self._drawn.add(name)
                    else:  # a sink that is nothing but its basin
                        self._renderer.remove(name)
                        self._drawn.discard(name)
                self._looks[object_id] = look
        self._changed.clear()
        self._serial += 1


def _camera(camera: ThirdPartyCamera, settings: Settings) -> Camera:
    pitch, yaw, roll = camera.rotation.tolist()
    x, y, z = camera.position.tolist()
    return Camera(
        position=(x, y, z), yaw=yaw, pitch=pitch, roll=roll, fov=camera.fov, near=camera.near, far=camera.far,
        width=settings.width, height=settings.height, orthographic_size=camera.orthographic_size,
    )  # fmt: skip


class _Palette:
    """Colours of instances and classes: the same name has the same colour in every scene and run.

    Attributes:
        instances: RGBA as uint32, by instance number.
        classes: The same for the class of each.
        legend: Names and colours, packed.
    """

    def __init__(self) -> None:
        self._by_name: dict[str, tuple[int, int, int]] = {}
        self._used: set[tuple[int, int, int]] = {(0, 0, 0)}
        self.instances = self.classes = np.zeros(1, np.uint32)
        self.legend = pack_value([])

    def name(self, names: dict[int, str]) -> None:
        """Give colours to the names of instances, by number."""
        tables = np.zeros((2, max(names, default=0) + 1, 4), np.uint8)
        tables[..., 3] = 255
        for number, name in names.items():
            tables[0, number, :3] = self._color(name)
            tables[1, number, :3] = self._color(_class_of(name))
        self.instances, self.classes = (table.view(np.uint32).reshape(-1) for table in tables)
        everything = [*names.values(), *sorted({_class_of(name) for name in names.values()})]
        self.legend = pack_value([{"name": n, "color": list(self._color(n))} for n in everything])

    def _color(self, name: str) -> tuple[int, int, int]:
        if name not in self._by_name:
            salt = 0
            while True:
                digest = hashlib.md5(f"{name}{salt or ''}".encode()).digest()
                rgb = colorsys.hsv_to_rgb(digest[0] / 256, 0.35 + 0.65 * digest[1] / 255, 0.35 + 0.65 * digest[2] / 255)
                color = (round(rgb[0] * 255), round(rgb[1] * 255), round(rgb[2] * 255))
                if color not in self._used:
                    break
                salt += 1
            self._used.add(color)
            self._by_name[name] = color
        return self._by_name[name]


def _painted(colors: npt.NDArray[np.uint32], ids: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    # numbers beyond the palette cannot be; "clip" spares looking for them, which takes longer than the look-up
    return np.take(colors, ids, mode="clip").view(np.uint8).reshape(*ids.shape, 4)


def _class_of(name: str) -> str:
    parts = name.split("|")
    # "Sink|…|SinkBasin" and "Apple|…|AppleSliced_2" end in the class of the part
    return parts[-1].rsplit("_", 1)[0] if len(parts) == 5 else parts[0]
