"""Packs events as AI2-THOR does, renewing only what changed.

Each object's metadata is kept packed (msgpack). What changes for every object whenever the agent moves, its distance
and whether it is visible and interactable, lies at fixed places in the packed bytes and is written there for all
objects at once; everything else of an object is packed again only after it changed.
"""

from __future__ import annotations

from typing import Any

import msgpack  # type: ignore[import-untyped]  # the package has no type information
import numpy as np

from sim.headless.geometry import xyz
from sim.headless.objects import SimObject
from sim.headless.scene import Scene
from sim.headless.world import World

__all__ = ["ObjectPacker", "object_metadata", "pack_event", "pack_value", "scene_bounds"]

_TRUE, _FALSE = 0xC3, 0xC2
_HEAD = (
    msgpack.packb("visible")
    + bytes([_FALSE])
    + msgpack.packb("isInteractable")
    + bytes([_FALSE])
    + msgpack.packb("distance", use_single_float=True)
    + b"\xca\x00\x00\x00\x00"
)
_MAP_HEADER = 3
_VISIBLE_AT = _MAP_HEADER + len(msgpack.packb("visible"))
_INTERACTABLE_AT = _VISIBLE_AT + 1 + len(msgpack.packb("isInteractable"))
_DISTANCE_AT = _INTERACTABLE_AT + 1 + len(msgpack.packb("distance")) + 1
_HEAD_KEYS = 3

_packer = msgpack.Packer(use_single_float=True, autoreset=True)


def object_metadata(world: World, obj: SimObject) -> dict[str, Any]:
    """An object's metadata, but for what depends on the agent: visible, isInteractable and distance."""
    kind = obj.kind
    center, half = obj.bounds_center, obj.bounds_half
    oriented = obj.oriented_corners()
    return {
        "name": obj.name,
        "position": xyz(obj.position),
        "rotation": xyz(obj.euler),
        "receptacle": kind.receptacle,
        "toggleable": kind.toggleable,
        "isToggled": obj.is_toggled,
        "breakable": kind.breakable,
        "isBroken": obj.is_broken,
        "canFillWithLiquid": kind.can_fill,
        "isFilledWithLiquid": obj.is_filled,
        "fillLiquid": obj.fill_liquid,
        "dirtyable": kind.dirtyable,
        "isDirty": obj.is_dirty,
        "canBeUsedUp": kind.can_be_used_up,
        "isUsedUp": obj.is_used_up,
        "cookable": kind.cookable,
        "isCooked": obj.is_cooked,
        "temperature": obj.temperature,
        "isHeatSource": kind.heat_source,
        "isColdSource": kind.cold_source,
        "sliceable": kind.sliceable,
        "isSliced": obj.is_sliced,
        "openable": kind.openable,
        "isOpen": obj.is_open,
        "openness": float(obj.openness),
        "pickupable": kind.pickupable,
        "isPickedUp": obj.is_held,
        "moveable": kind.moveable,
        "mass": kind.mass,
        "salientMaterials": list(kind.materials) if kind.materials is not None else None,
        "receptacleObjectIds": world.children_reported(obj) if kind.receptacle else None,
        "objectType": obj.object_type,
        "objectId": obj.object_id,
        "assetId": obj.asset_id,
        "parentReceptacles": world.parents_reported(obj) or None,
        "controlledObjects": obj.controlled,
        "isMoving": obj.is_moving,
        "axisAlignedBoundingBox": {
            "cornerPoints": obj.bounds_corners().tolist(),
            "center": xyz(center),
            "size": xyz(2 * half),
        },
        "objectOrientedBoundingBox": None if oriented is None else {"cornerPoints": oriented.tolist()},
    }


class ObjectPacker:
    """The packed list of all objects of a world.

    Args:
        world: Which one.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._changed = world.watch()
        self._packed: dict[str, bytes] = {}
        self._row: dict[str, int] = {}
        self._starts = np.zeros(0, np.int64)
        self._positions = np.zeros((0, 3))
        self._buffer = np.zeros(0, np.uint8)

    def pack(self, visible: set[str], interactable: set[str]) -> bytes:
        """The packed array of objects, as of now.

        Args:
            visible: Ids of the objects that the agent sees.
            interactable: Ids of those that it can also act on.
        """
        if self._changed:
            self._renew()
        shift = self._world.agent.position - self._positions
        distances = np.sqrt((shift * shift).sum(axis=1)).astype(">f4").view(np.uint8).reshape(-1, 4)
        self._buffer[self._starts[:, None] + np.arange(_DISTANCE_AT, _DISTANCE_AT + 4)] = distances
        for at, ids in ((_VISIBLE_AT, visible), (_INTERACTABLE_AT, interactable)):
            self._buffer[self._starts + at] = _FALSE
            rows = [self._row[i] for i in ids if i in self._row]
            self._buffer[self._starts[rows] + at] = _TRUE
        return self._buffer.tobytes()

    def _renew(self) -> None:
        world = self._world
        fits = True
        for object_id in self._changed:
            obj = world.objects.get(object_id) or world.remains.get(object_id)
            row = self._row.get(object_id)
            if obj is None:
                self._packed.pop(object_id, None)
                fits = False
                continue
            fresh = _pack_object(object_metadata(world, obj))
            if row is None or len(fresh) != len(self._packed[object_id]):
                fits = False
            elif fits:
                self._positions[row] = obj.position
                start = self._starts[row]
                self._buffer[start : start + len(fresh)] = np.frombuffer(fresh, np.uint8)
            self._packed[object_id] = fresh
        self._changed.clear()
        if not fits:
            self._join()

    def _join(self) -> None:
        world = self._world
        reported = world.objects | world.remains
        parts = [self._packed[i] for i in reported]
        header = _packer.pack_array_header(len(parts))
        self._row = {i: row for row, i in enumerate(reported)}
        self._starts = len(header) + np.concatenate([[0], np.cumsum([len(p) for p in parts])[:-1]]).astype(np.int64)
        self._positions = np.array([obj.position for obj in reported.values()]).reshape(-1, 3)
        self._buffer = np.frombuffer(header + b"".join(parts), np.uint8).copy()


def pack_event(fields: dict[str, Any], raw: dict[str, bytes], sequence_id: int) -> bytes:
    """The metadata message of an event.

    Args:
        fields: Metadata of the agent, to be packed.
        raw: More of it that is packed already, by key.
        sequence_id: That of the action which it answers.
    """
    agent = _packer.pack_map_header(len(fields) + len(raw))
    agent += b"".join(_packer.pack(key) + _packer.pack(value) for key, value in fields.items())
    agent += b"".join(_packer.pack(key) + value for key, value in raw.items())
    outer = {"sequenceId": sequence_id, "activeAgentId": 0, "thirdPartyCameras": fields["thirdPartyCameras"]}
    head: bytes = _packer.pack_map_header(len(outer) + 1)
    head += b"".join(_packer.pack(key) + _packer.pack(value) for key, value in outer.items())
    event: bytes = head + _packer.pack("agents") + _packer.pack_array_header(1) + agent
    return event


def scene_bounds(scene: Scene) -> dict[str, Any]:
    """``sceneBounds``: the box around all rooms and their walls."""
    margin = np.array([0.1, 0.1, 0.1])
    low, high = scene.low - margin, np.asarray(scene.high)
    high = high + np.array([0.1, 0.0, 0.1])
    center, half = (low + high) / 2, (high - low) / 2
    signs = np.array([[x, y, z] for x in (1, -1) for y in (1, -1) for z in (1, -1)])
    return {"cornerPoints": (center + signs * half).tolist(), "center": xyz(center), "size": xyz(2 * half)}


def pack_value(value: Any) -> bytes:
    """Msgpack of a value, floats in single precision as AI2-THOR sends them."""
    packed: bytes = _packer.pack(value)
    return packed


def _pack_object(rest: dict[str, Any]) -> bytes:
    header = b"\xde" + (len(rest) + _HEAD_KEYS).to_bytes(2, "big")
    packed: bytes = header + _HEAD + _packer.pack(rest)[_MAP_HEADER:]
    return packed
