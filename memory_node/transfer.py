"""Units as JSON Lines, for other programs and other memories: a header, then one object with its history a line."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from memory_node.errors import StoreError
from memory_node.units import Past, Unit
from scene_graph.types import InvalidObservationError

__all__ = ["FORMAT", "VERSION", "read_units", "rename", "write_units"]

FORMAT = "karma-memory"
VERSION = 1


def write_units(path: str | PathLike[str], units: Iterable[Unit]) -> int:
    """Write units, in one step: a reader sees the old file or the new one. Returns how many.

    Raises:
        StoreError: If the file cannot be written.
    """
    lines = [json.dumps({"format": FORMAT, "version": VERSION})]
    lines += [json.dumps(_to_json(unit)) for unit in units]
    target = Path(path)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StoreError(f"cannot write {target}: {error}") from error
    return len(lines) - 1


def read_units(path: str | PathLike[str]) -> list[Unit]:
    """Read what `write_units` wrote.

    Raises:
        StoreError: If the file cannot be read, is none of these, or was written by a newer release; with the line.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"cannot read {path}: {error}") from error
    number = 1
    try:
        header = json.loads(lines[0])
        if header["format"] != FORMAT:
            raise ValueError(f"format is {header['format']!r}")
        if header["version"] > VERSION:
            raise StoreError(
                f"{path} has version {header['version']}, this release reads up to {VERSION}; upgrade karma"
            )
        units = []
        for number, line in enumerate(lines[1:], start=2):  # noqa: B007 - named in the error below
            units.append(_from_json(json.loads(line)))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, InvalidObservationError) as error:
        raise StoreError(f"{path}, line {number}: not an exported memory ({error}); nothing was taken in") from error
    return units


def rename(unit: Unit, names: Mapping[str, str]) -> None:
    """Give a unit, and the objects that it speaks of, other ids.

    Args:
        unit: Changed in place.
        names: Old id → new id; ids that are not in it stay.
    """

    def renamed(past: Past) -> Past:
        state = past.state
        parent = names.get(state.parent, state.parent) if state.parent is not None else None
        return Past(
            state.but(object_id=names.get(state.object_id, state.object_id), parent=parent), past.since, past.epoch
        )

    unit.state = renamed(Past(unit.state, unit.since, unit.epoch)).state
    unit.history = [renamed(past) for past in unit.history]
    unit.ghosts = [renamed(Past(ghost, ghost.stamp, unit.epoch)).state for ghost in unit.ghosts]
    if unit.origin is not None:
        unit.origin = names.get(unit.origin, unit.origin)


def _to_json(unit: Unit) -> dict[str, Any]:
    return {
        **unit.to_json(),
        "history": [past.to_json() for past in unit.history],
        "image": base64.b64encode(unit.image).decode("ascii") if unit.image is not None else None,
    }


def _from_json(data: dict[str, Any]) -> Unit:
    unit = Unit.from_json(data)
    unit.history = [Past.from_json(past) for past in data["history"]]
    unit.image = base64.b64decode(data["image"]) if data["image"] is not None else None
    return unit
