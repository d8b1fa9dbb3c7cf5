"""Copies of a memory's file, taken while the memory works."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from os import PathLike
from pathlib import Path

from memory_node.errors import StoreError

__all__ = ["copy_store"]


def copy_store(source: str | PathLike[str], target: str | PathLike[str]) -> None:
    """Copy a memory's file as it is now, in one step: the target is replaced as a whole or not at all.

    Args:
        source: A memory's file; it may be open.
        target: The copy.

    Raises:
        StoreError: If the source cannot be read or the target cannot be written.
    """
    origin, copy = Path(source), Path(target)
    if not origin.is_file():
        raise StoreError(f"{origin} is no file; give the path of a memory")
    partial = copy.with_name(copy.name + ".partial")
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        with (
            closing(sqlite3.connect(f"file:{origin}?mode=ro", uri=True)) as reading,
            closing(sqlite3.connect(partial)) as writing,
        ):
            reading.backup(writing)
        for leftover in ("-wal", "-shm"):
            copy.with_name(copy.name + leftover).unlink(missing_ok=True)
        partial.replace(copy)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        raise StoreError(f"cannot copy {origin} to {copy}: {error}") from error
