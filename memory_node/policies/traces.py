"""Read request traces in the formats in which cache research publishes them."""

from __future__ import annotations

import gzip
import lzma
from array import array
from collections.abc import Callable, Hashable
from pathlib import Path
from sys import byteorder

from memory_node.policies.base import PolicyError

__all__ = ["FORMATS", "read_trace"]


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


FORMATS: dict[str, Callable[[bytes], list[Hashable]]] = {"lirs": _lirs, "cache2k": _cache2k, "text": _text}
"""Parsers by name."""


def read_trace(path: str | Path, format: str = "text") -> list[Hashable]:  # noqa: A002 - the command's word
    """Read a trace; ``.gz`` and ``.xz`` are unpacked.

    Args:
        path: The file.
        format: One of `FORMATS`.

    Raises:
        PolicyError: Unknown format, unreadable file, or a file that is not in that format.
    """
    if format not in FORMATS:
        raise PolicyError(f"no trace format {format!r}; choose one of {', '.join(FORMATS)}")
    unpack: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".xz": lzma.decompress}
    try:
        raw = Path(path).read_bytes()
        return FORMATS[format](unpack.get(Path(path).suffix, bytes)(raw))
    except (OSError, EOFError, lzma.LZMAError, ValueError) as error:
        raise PolicyError(f"cannot read {path} as a {format} trace: {error}") from error
