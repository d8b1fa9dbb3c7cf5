"""One object of the simulated home: what never changes about it, its pose and its state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.headless.geometry import (
    Array,
    box_corners,
    euler_from_matrix,
    matrix_from_euler,
    rotated_extent,
    vector,
    yaw_matrix,
)
from sim.headless.rectangle import Rectangle

__all__ = ["Kind", "SimObject"]


@dataclass(frozen=True)
class Kind:
    """What an object can do and have done to it; names are those of AI2-THOR's metadata keys.

    Attributes:
        mass: Kilograms; 0 for what cannot move.
    """

    receptacle: bool = False
    toggleable: bool = False
    breakable: bool = False
    can_fill: bool = False
    dirtyable: bool = False
    can_be_used_up: bool = False
    cookable: bool = False
    heat_source: bool = False
    cold_source: bool = False
    sliceable: bool = False
    openable: bool = False
    pickupable: bool = False
    moveable: bool = False
    mass: float = 0.0
    materials: tuple[str, ...] | None = None

    @classmethod
    def from_metadata(cls, record: dict[str, Any]) -> Kind:
        """Read it from an object's metadata."""
        materials = record["salientMaterials"]
        return cls(
            receptacle=record["receptacle"],
            toggleable=record["toggleable"],
            breakable=record["breakable"],
            can_fill=record["canFillWithLiquid"],
            dirtyable=record["dirtyable"],
            can_be_used_up=record["canBeUsedUp"],
            cookable=record["cookable"],
            heat_source=record["isHeatSource"],
            cold_source=record["isColdSource"],
            sliceable=record["sliceable"],
            openable=record["openable"],
            pickupable=record["pickupable"],
            moveable=record["moveable"],
            mass=record["mass"],
            materials=tuple(materials) if materials is not None else None,
        )


@dataclass(eq=False)
class SimObject:
    """An object. `position` is its pivot; the box that stands for its body may lie off it.

    Attributes:
        object_id: As AI2-THOR names it: type and spawn position.
        name: Unity's name of it, unique and constant.
        object_type: E.g. ``"Mug"``.
        asset_id: Name of the asset, or "".
        kind: Capabilities.
        instance: Number that its pixels carry in the frame of instance numbers, from 1.
        position: (3,) pivot in the world, metres.
        rotation: (3, 3) object-to-world rotation.
        local_center: (3,) centre of the box in the frame of the object.
        half: (3,) half extents of the box along the axes of `frame`.
        frame: (3, 3) rotation from the box's axes to the world. For what can move it is `rotation`; for what is built
            in it is the nearest quarter turn, as AI2-THOR reports only an axis-aligned box for those.
        oriented: Whether AI2-THOR reports an oriented box: for pickupable and moveable objects.
        tight_center: (3,) centre of the recorded axis-aligned box while the object has not moved, else None; it is
            tighter than the one around the oriented box.
        tight_half: (3,) its half extents, or None.
        parent: Id of what it is in or on, or None; None too while it is held.
        children: Ids of what is in or on it, in the order of arrival.
        temperature_left: Simulated seconds until the temperature is the room's again, while it decays.
            disabled: Taken out of sight and touch, but not forgotten.
    """

    object_id: str
    name: str
    object_type: str
    asset_id: str
    kind: Kind
    instance: int
    position: Array
    rotation: Array
    local_center: Array
    half: Array
    frame: Array
    oriented: bool
    tight_center: Array | None = None
    tight_half: Array | None = None
    parent: str | None = None
    children: list[str] = field(default_factory=list)
    controlled: list[str] | None = None
    is_toggled: bool = False
    is_broken: bool = False
    is_filled: bool = False
    fill_liquid: str | None = None
    is_dirty: bool = False
    is_used_up: bool = False
    is_cooked: bool = False
    temperature: str = "RoomTemp"
    temperature_left: float = 0.0
    is_sliced: bool = False
    openness: float = 0.0
    is_held: bool = False
    is_moving: bool = False
    parts: list[Rectangle] | None = None
    facing: int = 0
    box_openness: float = 0.0

    @classmethod
    def from_metadata(cls, record: dict[str, Any], instance: int) -> SimObject:
        """Build it from recorded metadata; containment is settled by the world, from the boxes."""
        position, rotation = vector(record["position"]), matrix_from_euler(vector(record["rotation"]))
        bounds = record["axisAlignedBoundingBox"]
        center, half = vector(bounds["center"]), vector(bounds["size"]) / 2
        oriented = record["objectOrientedBoundingBox"]
        tight_center: Array | None = None
        tight_half: Array | None = None
        if oriented is not None:
            local = (np.asarray(oriented["cornerPoints"], dtype=np.float64) - position) @ rotation
            tight_center, tight_half = center, half
            low, high = local.min(axis=0), local.max(axis=0)
            local_center, half, frame = (low + high) / 2, (high - low) / 2, rotation
        else:
            frame = yaw_matrix(round(record["rotation"]["y"] / 90) * 90)
            half = rotated_extent(half, frame.T)
            local_center = rotation.T @ (center - position)
        return cls(
            object_id=record["objectId"],
            name=record["name"],
            object_type=record["objectType"],
            asset_id=record["assetId"],
            kind=Kind.from_metadata(record),
            instance=instance,
            position=position,
            rotation=rotation,
            local_center=local_center,
            half=half,
            frame=frame,
            oriented=oriented is not None,
            tight_center=tight_center,
            tight_half=tight_half,
            controlled=record["controlledObjects"],
            is_toggled=record["isToggled"],
            is_broken=record["isBroken"],
            is_filled=record["isFilledWithLiquid"],
            fill_liquid=record["fillLiquid"],
            is_dirty=record["isDirty"],
            is_used_up=record["isUsedUp"],
            is_cooked=record["isCooked"],
            temperature=record["temperature"],
            is_sliced=record["isSliced"],
            openness=float(record["openness"]),
            box_openness=float(record["openness"]),
        )

    @property
    def euler(self) -> Array:
        """(3,) Unity Euler angles, degrees."""
        return euler_from_matrix(self.rotation)

    @property
    def is_open(self) -> bool:
        """Open by any amount."""
        return self.openness > 0

    @property
    def can_move(self) -> bool:
        """Pickupable or moveable: what kinematics may displace."""
        return self.kind.pickupable or self.kind.moveable

    @property
    def center(self) -> Array:
        """(3,) centre of the box, world."""
        return self.position + self.rotation @ self.local_center

    @property
    def bounds_center(self) -> Array:
        """(3,) centre of the axis-aligned box, world."""
        return self.tight_center if self.tight_center is not None else self.center

    @property
    def bounds_half(self) -> Array:
        """(3,) half extents of the axis-aligned box."""
        return self.tight_half if self.tight_half is not None else rotated_extent(self.half, self.frame)

    @property
    def low(self) -> Array:
        """(3,) least corner of the axis-aligned box."""
        return self.bounds_center - self.bounds_half

    @property
    def high(self) -> Array:
        """(3,) greatest corner of the axis-aligned box."""
        return self.bounds_center + self.bounds_half

    def bounds_corners(self) -> Array:
        """(8, 3) corners of the axis-aligned box."""
        return box_corners(self.bounds_center, self.bounds_half)

    def oriented_corners(self) -> Array | None:
        """(8, 3) corners of the oriented box, or None for what is built in."""
        return box_corners(self.center, self.half, self.frame) if self.oriented else None

    def box_transform(self) -> Array:
        """(4, 4) from the box-centred frame to the world."""
        transform = np.eye(4)
        transform[:3, :3] = self.frame
        transform[:3, 3] = self.center
        return transform

    def place(self, position: Array, rotation: Array | None = None) -> None:
        """Set the pose of the pivot; the box follows."""
        if rotation is not None and not np.array_equal(rotation, self.rotation):
            self.rotation = rotation
            self.tight_center = self.tight_half = None
            if self.oriented:
                self.frame = rotation
        if self.tight_center is not None:
            self.tight_center = self.tight_center + (position - self.position)
        self.position = np.array(position, dtype=np.float64)

    def resize(self, local_center: Array, half: Array) -> None:
        """Give it another box, e.g. that of a broken or opened object."""
        self.local_center, self.half = local_center, half
        self.tight_center = self.tight_half = None
