"""Read request traces in the formats in which cache research publishes them."""

from __future__ import annotations

import gzip
import json
import lzma
import random
from array import array
from collections.abc import Callable, Hashable
from pathlib import Path
from sys import byteorder

from memory_node.policies.base import PolicyError

__all__ = ["FORMATS", "household_tasks", "read_trace"]


def _lirs(raw: bytes) -> list[Hashable]:
    """One block number a line; ``*`` marks separate phases and are no requests."""
    return [int(line) for line in raw.decode("ascii").split() if line != "*"]


def _cache2k(raw: bytes) -> list[Hashable]:
    """32-bit signed integers, big-endian."""
    keys = array("i")
    keys.frombytes(raw)
    if byteorder == "little":
        keys.byteswap()
    return list(keys)


def _text(raw: bytes) -> list[Hashable]:
    """One key a line, any text."""
    return [line.strip() for line in raw.decode("utf-8").splitlines() if line.strip()]


_PARSERS: dict[str, Callable[[bytes], list[Hashable]]] = {"lirs": _lirs, "cache2k": _cache2k, "text": _text}

FORMATS = (*_PARSERS, "alfred")
"""Names of the formats; ``alfred`` makes a household trace, see `household_tasks`."""


def read_trace(
    path: str | Path,
    format: str = "text",  # noqa: A002 - the command's word
    *,
    seed: int = 0,
) -> list[Hashable]:
    """Read a trace; ``.gz`` and ``.xz`` are unpacked.

    Args:
        path: The file.
        format: One of `FORMATS`.
        seed: Of a trace that is made, not read.

    Raises:
        PolicyError: Unknown format, unreadable file, or a file that is not in that format.
    """
    if format not in FORMATS:
        raise PolicyError(f"no trace format {format!r}; choose one of {', '.join(FORMATS)}")
    if format == "alfred":
        return [key for keys in household_tasks(path, seed=seed) for key in keys]
    unpack: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".xz": lzma.decompress}
    try:
        raw = Path(path).read_bytes()
        return _PARSERS[format](unpack.get(Path(path).suffix, bytes)(raw))
    except (OSError, EOFError, lzma.LZMAError, ValueError) as error:
        raise PolicyError(f"cannot read {path} as a {format} trace: {error}") from error


def household_tasks(path: str | Path, *, seed: int = 0, homes: int | None = None) -> list[list[Hashable]]:
    """What a robot touches in homes, task by task, from ALFRED's records: all tasks of one home, then of the next.

    Keys are (home, class) of the objects and receptacles of the expert's plan, in its order.

    Args:
        path: A file of ALFRED's tasks, one JSON object a line with ``floor_plan`` and ``plan``; ``.gz`` is unpacked.
        seed: Of the order of the homes and of the tasks in each.
        homes: How many of them; None for all.

    Raises:
        PolicyError: If the file cannot be read, or holds something else.
    """
    by_home: dict[str, list[list[Hashable]]] = {}
    try:
        with gzip.open(path, "rt") if Path(path).suffix == ".gz" else Path(path).open() as lines:
            for line in lines:
                task = json.loads(line)
                home = task["floor_plan"]
                touched: list[Hashable] = [(home, name) for _, names in task["plan"] for name in names if name]
                if touched:
                    by_home.setdefault(home, []).append(touched)
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise PolicyError(f"cannot read {path} as ALFRED tasks, one JSON object a line: {error!r}") from error
    rng = random.Random(seed)
    chosen = rng.sample(sorted(by_home), len(by_home) if homes is None else min(homes, len(by_home)))
    return [keys for home in chosen for keys in rng.sample(by_home[home], len(by_home[home]))]
