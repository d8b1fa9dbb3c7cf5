"""Recorded object metadata of the iTHOR floor plans, from the data files of the ``procthor`` package.

``ai2thor-object-metadata.json`` (43 MB) holds the full AI2-THOR 5.0 metadata of every object in each floor plan.
Reading one plan parses that plan's part of the file only; the file's layout is searched once a process.
"""

from __future__ import annotations

import json
import mmap
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from sim.headless.errors import SceneError

__all__ = ["asset_database", "object_types", "receptacle_statistics", "recorded_objects", "scene_numbers"]

ROOMS: dict[str, int] = {"kitchens": 0, "living_rooms": 200, "bedrooms": 300, "bathrooms": 400}
"""Name of each list in the file, and the number before its first floor plan."""

_PLANS_PER_ROOM = 30


def scene_numbers() -> list[int]:
    """Numbers of the 120 floor plans: 1–30, 201–230, 301–330, 401–430."""
    return [base + i for base in ROOMS.values() for i in range(1, _PLANS_PER_ROOM + 1)]


def recorded_objects(number: int) -> list[dict[str, Any]]:
    """Metadata of all objects of a floor plan as the Unity player reported it after Initialize.

    Args:
        number: The floor plan's number, e.g. 201 for FloorPlan201.

    Raises:
        SceneError: If there is no such floor plan.
    """
    start, end = _offsets().get(number, (0, 0))
    if not end:
        raise SceneError(f"there is no FloorPlan{number}; the floor plans are 1-30, 201-230, 301-330 and 401-430")
    with _database("ai2thor-object-metadata.json").open("rb") as file:
        file.seek(start)
        return cast("list[dict[str, Any]]", json.loads(file.read(end - start)))


@cache
def receptacle_statistics() -> dict[str, dict[str, Any]]:
    """For each receptacle type, the types that were found in or on it, with counts."""
    return cast("dict[str, dict[str, Any]]", json.loads(_database("receptacles.json").read_bytes()))


@cache
def object_types() -> frozenset[str]:
    """All types of object that floor plans or houses can have."""
    with _database("ai2thor-object-metadata.json").open("rb") as file:
        recorded = re.findall(rb'"objectType": ?"(\w+)"', file.read())
    return frozenset(name.decode() for name in recorded) | {a["objectType"] for a in asset_database().values()}


@cache
def asset_database() -> dict[str, dict[str, Any]]:
    """By asset id: type, bounding box, materials and states of 1,653 assets."""
    by_type = json.loads(_database("asset-database.json").read_bytes())
    return {asset["assetId"]: asset for assets in by_type.values() for asset in assets}


def _database(name: str) -> Path:
    spec = find_spec("procthor")  # importing it would pull in a SAT solver; only its data is wanted
    if spec is None or not spec.submodule_search_locations:
        raise SceneError(
            "the floor plans are in the package 'procthor', which is missing: pip install --no-deps procthor"
        )
    path = Path(spec.submodule_search_locations[0]) / "databases" / name
    if not path.is_file():
        raise SceneError(f"'procthor' lacks {path}; reinstall it: pip install --no-deps --force-reinstall procthor")
    return path


@cache
def _offsets() -> dict[int, tuple[int, int]]:
    """Byte range of each floor plan's list in the file."""
    offsets: dict[int, tuple[int, int]] = {}
    path = _database("ai2thor-object-metadata.json")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        for room, base in ROOMS.items():
            at = text.find(f'"{room}": ['.encode())
            # the file is indented: the list of a plan opens and closes on lines of their own, eight spaces in
            for number in range(base + 1, base + 1 + _PLANS_PER_ROOM):
                start, end = text.find(b"\n        [", at), text.find(b"\n        ]", at)
                if at < 0 or start < 0 or end < start:
                    raise SceneError(f"{path} is not laid out as procthor 0.0.1.dev2 has it; reinstall that version")
                at = end + 10
                offsets[number] = (start, at)
    return offsets
