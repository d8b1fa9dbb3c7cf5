"""The state of a scene: objects, containment, the agent, and the clock.

The world knows no rules of the household; `rules` applies those. It keeps two invariants: an object is in or on at
most one other, and `parent` and `children` mirror each other. Whoever changes an object calls `touch`, so that
metadata and picture are renewed for what changed and for nothing else (`watch`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sim.headless import support
from sim.headless.footprints import counter_parts
from sim.headless.geometry import Array, matrix_from_euler, yaw_matrix
from sim.headless.looks import arrange_looks
from sim.headless.objects import SimObject
from sim.headless.scene import AGENT_HEIGHT, Scene
from sim.headless.support import FURNITURE, built_into

__all__ = ["AGENT_RADIUS", "Agent", "ThirdPartyCamera", "World"]

CAMERA_HEIGHT = 0.675
"""Camera above the agent's reference point when it stands, metres."""

CROUCH = 0.22
"""How far crouching lowers the camera, metres."""

AGENT_RADIUS = 0.2
"""Radius of the agent's body, metres."""

HAND = np.array([0.0, -0.16, 0.38])
"""The hand in the frame of the camera, metres."""

STEP_SECONDS = 0.02
"""Simulated time that an action takes; AI2-THOR's clock, too, advances by physics steps, not by what was done."""


@dataclass
class Agent:
    """The robot's body.

    Attributes:
        position: (3,) reference point, `AGENT_HEIGHT` above the floor.
        yaw: Degrees clockwise from +z, in [0, 360).
        horizon: Degrees, positive looks down.
        standing: Not crouching.
        hand_offset: (3,) where the hand was moved to from `HAND`, camera frame, metres.
        hand_rotation: (3, 3) rotation of what is held in the frame of the body, which stays upright.
    """

    position: Array
    yaw: float
    horizon: float
    standing: bool = True
    hand_offset: Array = field(default_factory=lambda: np.zeros(3))
    hand_rotation: Array = field(default_factory=lambda: np.eye(3))

    @property
    def camera(self) -> Array:
        """(3,) the camera's position."""
        height = CAMERA_HEIGHT - (0.0 if self.standing else CROUCH)
        camera: Array = self.position + np.array([0.0, height, 0.0])
        return camera

    @property
    def camera_rotation(self) -> Array:
        """(3, 3) camera-to-world rotation."""
        return matrix_from_euler((self.horizon, self.yaw, 0.0))

    @property
    def hand(self) -> Array:
        """(3,) the hand's position."""
        return self.camera + self.camera_rotation @ (HAND + self.hand_offset)

    @property
    def hand_turn(self) -> Array:
        """(3, 3) hand-to-world rotation."""
        turn: Array = yaw_matrix(self.yaw) @ self.hand_rotation
        return turn

    @property
    def forward(self) -> Array:
        """(3,) horizontal unit vector ahead."""
        return yaw_matrix(self.yaw)[:, 2]

    def reset_hand(self) -> None:
        """Bring the hand back to where it is by default, before the camera and upright."""
        self.hand_offset, self.hand_rotation = np.zeros(3), np.eye(3)


@dataclass
class ThirdPartyCamera:
    """A camera that no agent carries.

    Attributes:
        position: (3,) metres.
        rotation: (pitch, yaw, roll) degrees.
        fov: Vertical field of view, degrees.
        orthographic_size: Half the height of the view in metres, or None for perspective.
    """

    position: Array
    rotation: Array
    fov: float
    orthographic_size: float | None = None
    near: float = 0.01
    far: float = 20.0


class World:
    """A scene in which things happen.

    Args:
        scene: Where it starts.

    Attributes:
        scene: As given.
        objects: By id, in the order of the metadata.
        agent: The robot.
        cameras: Added by the client.
        map_view: A camera above the scene that stands in for the agent's, or None.
        held: What is in the hand.
        seconds: Simulated time.
        layout: Counts changes of where boxes are.
        looks: What the surroundings tell about how things look, e.g. which way drawers face.
        fixture_instances: Numbers that the pixels of built-in bodies carry that are no objects.
        disabled: Objects taken out of the scene that can be brought back, by id.
        remains: What was cut up or cracked, by id: reported as such, but gone for everything else.
        unbreakable: Ids of objects that no fall breaks.
        floor_contact: How far above the floor a thing is still reported as on the floor, metres.
        built_in: Ids of the drawers, doors and shelves in each piece of furniture that can be moved.
        spawned_in: Ids of objects in whose box the agent starts, which therefore does not fill its box.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.objects: dict[str, SimObject] = {}
        self.instances = len(scene.walls)
        self.layout = 0
        self._watchers: list[set[str]] = []
        self.disabled: dict[str, SimObject] = {}
        self.remains: dict[str, SimObject] = {}
        self.unbreakable: set[str] = set()
        for record in scene.objects:
            self.add(SimObject.from_metadata(record, self.next_instance()))
        spawn = scene.spawn
        self.agent = Agent(np.array(spawn.position), spawn.yaw, spawn.horizon)
        self.cameras: list[ThirdPartyCamera] = []
        self.map_view: ThirdPartyCamera | None = None
        self.held: SimObject | None = None
        self.seconds = 0.0
        self.floor_contact = support.settle_recorded(self, scene.objects)
        starts = np.array(scene.starts).reshape(-1, 2)
        for counter in self.of_type("CounterTop"):
            counter.parts = counter_parts(counter, self.objects.values(), starts)
        self.built_in = {obj.object_id: built_into(obj, self) for obj in self if obj.object_type in FURNITURE}
        self.looks = arrange_looks(self)
        self.fixture_instances = [self.next_instance() for _ in self.looks.fixtures]
        self.spawned_in = {obj.object_id for obj in self if any(_holds(obj, place) for place in starts)}

    def __iter__(self) -> Iterator[SimObject]:
        return iter(self.objects.values())

    @property
    def ground(self) -> float:
        """Height of the floor under the agent, metres."""
        return float(self.agent.position[1]) - AGENT_HEIGHT

    def next_instance(self) -> int:
        """A number that no object had yet."""
        self.instances += 1
        return self.instances

    def watch(self) -> set[str]:
        """A set to which the ids of all objects are added that change from now on; at first it holds all.

        Who watches takes out what it has dealt with. An id in it may belong to an object that is gone.
        """
        changed = {*self.objects, *self.remains}
        self._watchers.append(changed)
        return changed

    def add(self, obj: SimObject) -> None:
        """Put an object into the scene."""
        self.objects[obj.object_id] = obj
        self.touch(obj)
        self.layout += 1

    def remove(self, obj: SimObject) -> None:
        """Take an object out of the scene; what was in it loses its parent."""
        self.detach(obj)
        for child in list(obj.children):
            self.detach(self.objects[child])
        if self.held is obj:
            self.held = None
        del self.objects[obj.object_id]
        self.touch(obj)
        self.layout += 1

    def replace(self, whole: SimObject) -> None:
        """Take an object out of the scene whose pieces take its place; its metadata stay."""
        self.remove(whole)
        self.remains[whole.object_id] = whole

    def touch(self, obj: SimObject) -> None:
        """Note that an object changed."""
        for watcher in self._watchers:
            watcher.add(obj.object_id)

    def attach(self, child: SimObject, parent: SimObject) -> None:
        """Put `child` in or on `parent`; only containment changes, not the pose.

        Raises:
            ValueError: If the parent is the child, or in or on it.
        """
        if child is parent or child in self.ancestors(parent):
            raise ValueError(f"{child.object_id} cannot be in or on {parent.object_id}, which it holds")
        self.detach(child)
        child.parent = parent.object_id
        parent.children.append(child.object_id)
        self.touch(child)
        self._touch_around(child)

    def detach(self, child: SimObject) -> None:
        """Take `child` out of what it is in."""
        if child.parent is None:
            return
        self.touch(child)
        self._touch_around(child)
        self.objects[child.parent].children.remove(child.object_id)
        child.parent = None

    def _touch_around(self, obj: SimObject) -> None:
        """Note that what an object is in or on changed; the floor reports things in others too."""
        for around in self.ancestors(obj):
            self.touch(around)

    def children(self, obj: SimObject) -> list[SimObject]:
        """What is directly in or on an object."""
        return [self.objects[child] for child in obj.children]

    def contents(self, obj: SimObject) -> list[SimObject]:
        """What is in or on an object, also by way of others."""
        found: list[SimObject] = []
        for child in self.children(obj):
            found.append(child)
            found += self.contents(child)
        return found

    def load(self, obj: SimObject) -> list[SimObject]:
        """What travels with an object: its contents, its drawers and shelves, and what is in those."""
        found = self.contents(obj)
        for carrier in (obj, *found):
            for part in self.built_in.get(carrier.object_id, ()):
                if part in self.objects:
                    found.append(self.objects[part])
                    found += self.contents(self.objects[part])
        return found

    def ancestors(self, obj: SimObject) -> list[SimObject]:
        """What an object is in or on, from the nearest outwards."""
        found: list[SimObject] = []
        while obj.parent is not None:
            obj = self.objects[obj.parent]
            found.append(obj)
        return found

    def of_type(self, *types: str) -> list[SimObject]:
        """All objects of the given types."""
        return [obj for obj in self if obj.object_type in types]

    def move(self, obj: SimObject, position: Array, rotation: Array | None = None) -> None:
        """Set the pose of an object; what is in or on it travels along."""
        turn = np.eye(3) if rotation is None else rotation @ obj.rotation.T
        pivot = obj.position.copy()
        for child in self.load(obj):
            child_rotation = None if rotation is None else turn @ child.rotation
            child.place(position + turn @ (child.position - pivot), child_rotation)
            self.touch(child)
        obj.place(position, rotation)
        self.touch(obj)
        self._touch_around(obj)
        self.layout += 1

    def carry(self) -> None:
        """Bring what is held to where the hand is now."""
        if self.held is not None:
            agent = self.agent
            self.move(self.held, agent.hand, agent.hand_turn)

    def parents_reported(self, obj: SimObject) -> list[str]:
        """Ids under ``parentReceptacles``.

        AI2-THOR reports every receptacle whose trigger volume an object touches. That is what it is in or on, and
        the floor too for what lies just above the floor in something that stands there, such as a bin.
        """
        if obj.parent is None:
            return []
        chain = [self.objects[obj.parent], *self.ancestors(self.objects[obj.parent])]
        floors = [a for a in chain[1:] if a.object_type == "Floor"]
        touching = [f.object_id for f in floors if obj.can_move and obj.low[1] < f.high[1] + self.floor_contact]
        return [*touching, obj.parent]

    def children_reported(self, obj: SimObject) -> list[str]:
        """Ids under ``receptacleObjectIds``."""
        if obj.object_type != "Floor":
            return list(obj.children)
        reach = obj.high[1] + self.floor_contact
        nested = [o.object_id for o in self.contents(obj) if o.parent != obj.object_id]
        return obj.children + [i for i in nested if self.objects[i].can_move and self.objects[i].low[1] < reach]


def _holds(obj: SimObject, place: Array) -> bool:
    """Whether the agent starts inside an object's box; then the box is larger than the object, a corner bath's say."""
    off = np.maximum(np.maximum(obj.low[[0, 2]] - place, place - obj.high[[0, 2]]), 0.0)
    return obj.object_type != "Floor" and obj.parts is None and bool(np.hypot(*off) < 0.12)
