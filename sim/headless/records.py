"""Object metadata made from scratch, for objects that no Unity player recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.headless.geometry import Array, box_corners, matrix_from_euler, rotated_extent, xyz

__all__ = ["make_record"]

_FLAGS = {
    "receptacle": "Receptacle",
    "toggleable": "CanToggleOnOff",
    "breakable": "CanBreak",
    "canFillWithLiquid": "CanBeFilled",
    "dirtyable": "CanBeDirty",
    "canBeUsedUp": "CanBeUsedUp",
    "cookable": "CanBeCooked",
    "isHeatSource": "isHeatSource",
    "isColdSource": "isColdSource",
    "sliceable": "CanBeSliced",
    "openable": "CanOpen",
}
"""Metadata keys and the properties of the asset database that stand for them."""


def make_record(
    object_id: str,
    object_type: str,
    *,
    center: Array,
    size: Array,
    euler: Array | None = None,
    properties: frozenset[str] = frozenset(),
    asset_id: str = "",
    parents: tuple[str, ...] = (),
    materials: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    """Metadata of an object.

    Args:
        object_id: Its id.
        object_type: Its type.
        center: (3,) centre of its box, metres.
        size: (3,) extents of its box along its own axes.
        euler: (3,) Unity Euler angles, degrees; none for zero.
        properties: Properties as in the asset database: ``"CanPickup"``, ``"Moveable"``, ``"Receptacle"`` …
        asset_id: Name of its asset.
        parents: Ids of what it is in or on.
        materials: AI2-THOR's salient materials.
    """
    angles = np.zeros(3) if euler is None else euler
    rotation = matrix_from_euler(angles)
    extent = rotated_extent(size / 2, rotation)
    movable = bool(properties & {"CanPickup", "Moveable"})
    state: dict[str, Any] = {key: name in properties for key, name in _FLAGS.items()}
    return state | {
        "name": object_id.replace("|", "_"),
        "position": xyz(center),
        "rotation": xyz(angles),
        "visible": False,
        "isInteractable": False,
        "isToggled": False,
        "isBroken": False,
        "isFilledWithLiquid": False,
        "fillLiquid": None,
        "isDirty": False,
        "isUsedUp": False,
        "isCooked": False,
        "temperature": "RoomTemp",
        "isSliced": False,
        "isOpen": False,
        "openness": 0.0,
        "pickupable": "CanPickup" in properties,
        "isPickedUp": False,
        "moveable": "Moveable" in properties,
        "mass": float(np.clip(150 * size.prod(), 0.1, 60.0)) if movable else 0.0,
        "salientMaterials": list(materials) if materials is not None else None,
        "receptacleObjectIds": [] if "Receptacle" in properties else None,
        "distance": 0.0,
        "objectType": object_type,
        "objectId": object_id,
        "assetId": asset_id,
        "parentReceptacles": list(parents) or None,
        "controlledObjects": None,
        "isMoving": False,
        "axisAlignedBoundingBox": {
            "cornerPoints": box_corners(center, extent).tolist(),
            "center": xyz(center),
            "size": xyz(2 * extent),
        },
        "objectOrientedBoundingBox": (
            {"cornerPoints": box_corners(center, size / 2, rotation).tolist()} if movable else None
        ),
    }
