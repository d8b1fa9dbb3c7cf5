"""One client's simulator: the world it acts in, its settings and what it sees."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.headless.errors import ActionError
from sim.headless.eyes import Eyes
from sim.headless.geometry import Array
from sim.headless.metadata import ObjectPacker, pack_value, scene_bounds
from sim.headless.objects import SimObject
from sim.headless.placement import support_below
from sim.headless.rules import Household
from sim.headless.scene import Scene
from sim.headless.settings import Settings
from sim.headless.space import AGENT_RADIUS, BODY_HEIGHT, Space
from sim.headless.world import World

__all__ = ["Session"]


_SKIN = 0.005
"""Boxes may overlap by this much before they collide, metres."""

_HELD_CORE = 0.6
"""Part of a held thing's box that must stay clear."""

_NO_BODY = frozenset(["Floor", "Shelf", "Curtains", "Blinds", "Window", "Sink", "SinkBasin", "Bathtub", "BathtubBasin"])
"""Types whose boxes are mostly air."""


_NOT_VISIBLE = "NullReferenceException: Target object not found within the specified visibility."


class Session:
    """What the actions work on.

    Args:
        scene: First scene.
        width: Pixels of the agent's camera.
        height: Pixels.

    Attributes:
        settings: As set by the client.
        world: The scene's state.
        space: Where the agent can go.
        household: The rules.
        eyes: Renders what cameras see, and says what is visible.
        unloaded: Why the scene that the client asked for last could not be loaded, or None.
        homes: Names of composed homes that the client may ask for.
    """

    def __init__(self, scene: Scene, width: int, height: int) -> None:
        self.settings = Settings(width=width, height=height)
        self.eyes = Eyes()
        self.homes: tuple[str, ...] = ()
        self.unloaded: str | None = None
        self.start(scene)

    def start(self, scene: Scene, *, keep_settings: bool = False) -> None:
        """Begin a scene; unless kept, the settings are the defaults again but for the resolution."""
        self.unloaded = None
        if not keep_settings:
            self.settings = Settings(width=self.settings.width, height=self.settings.height)
        self.world = World(scene)
        self.space = Space(self.world)
        self.household = Household(self.world)
        self.eyes.start(self.world)
        self.packer = ObjectPacker(self.world)
        self.bounds = scene_bounds(scene)
        self.packed_bounds = pack_value(self.bounds)

    def find(self, object_id: str) -> SimObject:
        """An object by id.

        Raises:
            ActionError: If no object in the scene has it.
        """
        obj = self.world.objects.get(object_id)
        if object_id in self.world.remains:
            raise ActionError(_NOT_VISIBLE)
        if obj is None:
            raise ActionError(
                f"ArgumentException: objectId: {object_id} is not the objectId on any object in the scene!"
            )
        return obj

    def target(self, object_id: str | None, x: float | None, y: float | None, force: bool) -> SimObject:
        """The object that an action names, by id or by a place in the frame, if the agent can act on it.

        Args:
            object_id: Its id, or None to use the place.
            x: Across the frame, from the left, in [0, 1].
            y: Down the frame, from the top, in [0, 1].
            force: Whether it need not be visible.

        Raises:
            ActionError: If there is no such object, or it is not visible.
        """
        if object_id is None:
            return self._at_pixel(x or 0.0, y or 0.0, force)
        obj = self.find(object_id)
        if not force and object_id not in self.visible():
            raise ActionError(_NOT_VISIBLE)
        return obj

    def _at_pixel(self, x: float, y: float, force: bool) -> SimObject:
        obj = self.at_pixel(x, y)
        if obj is None:
            raise ActionError(f"InvalidOperationException: No SimObject found at (x: {x:g}, y: {y:g})")
        off = self.eyes.point_at(self.settings, x, y) - self.world.agent.camera
        reach = self.settings.visibility_distance
        if not force and float(np.hypot(off[0], off[2])) > reach:
            raise ActionError(
                f"InvalidOperationException: Target sim object: ({obj.object_id}) at screen coordinate: ({x:g}, {y:g}) "
                f"is beyond your visibilityDistance: {reach:g}!\n"
                "Hint: Ignore this check by passing in forceAction=True or update visibility distance, call "
                "controller.reset(visibilityDistance=<new visibility distance>)."
            )
        return obj

    def at_pixel(self, x: float, y: float) -> SimObject | None:
        """The object at a place in the agent's frame, None for the building.

        Raises:
            ActionError: If the place is outside of the frame.
        """
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise ActionError("ArgumentOutOfRangeException: x/y must be in [0:1]")
        return self.eyes.object_at(self.settings, x, y)

    def find_support(self, obj: SimObject) -> None:
        """Record what an object stands in or on where it is, without moving it."""
        world = self.world
        _, support = support_below(world, obj, obj.center)
        if support is not None and support.kind.receptacle and support is not obj:
            world.attach(obj, support)
        else:
            world.detach(obj)

    def overlapping(self, obj: SimObject) -> str | None:
        """Name of another movable object, or of the agent, that an object's box overlaps, or None."""
        skip = {obj.object_id, *(o.object_id for o in self.world.contents(obj) + self.world.ancestors(obj))}
        low, high = obj.low + _SKIN, obj.high - _SKIN
        for other in self.world:
            if other.object_id in skip or not other.can_move or other is self.world.held:
                continue
            if (low < other.high).all() and (high > other.low).all():
                return other.name
        return None if obj is self.world.held or not self._in_agent(low, high) else "FPSController"

    def _in_agent(self, low: Array, high: Array) -> bool:
        """Whether a box reaches into the agent's body."""
        position, ground = self.world.agent.position, self.world.ground
        off = np.maximum(np.maximum(low - position, position - high), 0.0)
        return bool(np.hypot(off[0], off[2]) < AGENT_RADIUS and low[1] < ground + BODY_HEIGHT and high[1] > ground)

    def hand_blocked(self) -> bool:
        """Whether what is held would stick in a wall."""
        return any(name.startswith("wall|") for name in self.touched_by_held())

    def touched_by_held(self) -> set[str]:
        """Names of the walls and the furniture that what is held sticks in.

        Small things, open containers and boxes of air (shelves) are not counted; the held thing's box is drawn in, as
        things are rounder than their boxes.
        """
        world = self.world
        held = world.held
        if held is None:
            return set()
        low = held.bounds_center - _HELD_CORE * held.bounds_half
        high = held.bounds_center + _HELD_CORE * held.bounds_half
        touched = {
            wall.name
            for wall in world.scene.walls
            if wall.kind == "wall" and (low < wall.high).all() and (high > wall.low).all()
        }
        for obj in world:
            if obj is held or obj.kind.pickupable or obj.is_open or obj.object_type in _NO_BODY:
                continue
            if (low < obj.high).all() and (high > obj.low).all():
                touched.add(obj.name)
        return touched

    def visible(self) -> set[str]:
        """Ids of what the agent sees now."""
        return self.eyes.visible(self.settings)

    def after(self, seconds: float) -> None:
        """Let the time that an action took pass."""
        self.world.seconds += seconds
        self.household.apply(seconds)

    @property
    def held(self) -> SimObject | None:
        """What the agent holds."""
        return self.world.held

    def initialize_return(self) -> dict[str, Any]:
        """What Initialize answers."""
        return {"cameraNearPlane": 0.01, "cameraFarPlane": 20.0}
