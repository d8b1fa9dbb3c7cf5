"""AI2-THOR's FIFO protocol: framed messages over two named pipes.

A field is its type (1 byte), the length of its body (4 bytes, big endian) and the body; a field of type 255 ends the
message. The client creates both pipes before it starts the simulator.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import struct
from collections.abc import Iterable
from enum import IntEnum
from typing import Any

from sim.headless.errors import ProtocolError

__all__ = ["Field", "Pipes"]

_HEADER = struct.Struct("!BI")
_CHUNK_BYTES = 1 << 20
_PIPE_SIZES = (1 << 22, 1 << 20)
"""Wanted sizes of the pipe to the client, the first that the system grants; 4 MiB hold an event at 640 × 480."""

_MAX_ACTION_BYTES = 256 << 20
"""Longest action accepted; a large ProcTHOR house is a few megabytes."""


class Field(IntEnum):
    """Types of the fields that are used."""

    METADATA = 1
    ACTION = 2
    RGB = 4
    DEPTH = 5
    CLASSES = 8
    IDS = 9
    THIRD_PARTY_RGB = 10
    THIRD_PARTY_DEPTH = 12
    THIRD_PARTY_IDS = 14
    THIRD_PARTY_CLASSES = 15
    END = 255


class Pipes:
    """The two pipes to the client.

    The writing end is opened at once (the client waits for the first frame), the reading end with the first read.

    Args:
        to_client: Path of the pipe to write to.
        from_client: Path of the pipe to read from.
    """

    def __init__(self, to_client: str, from_client: str) -> None:
        self._from_path = from_client
        self._out = os.open(to_client, os.O_WRONLY)
        self._in: int | None = None
        _enlarge(self._out)

    def close(self) -> None:
        """Close both pipes."""
        for descriptor in (self._out, self._in):
            if descriptor is not None:
                with contextlib.suppress(OSError):
                    os.close(descriptor)

    def send(self, fields: Iterable[tuple[Field, bytes | memoryview]]) -> None:
        """Send a message, each field as soon as it is there: the client reads one while the next is made.

        Raises:
            BrokenPipeError: If the client is gone.
        """
        for kind, body in fields:
            flat = memoryview(body).cast("B")
            self._write([memoryview(_HEADER.pack(kind, len(flat))), flat])
        self._write([memoryview(_HEADER.pack(Field.END, 0))])

    def _write(self, pending: list[memoryview]) -> None:
        while pending:
            written = os.writev(self._out, pending)
            while pending and written >= len(pending[0]):
                written -= len(pending[0])
                pending.pop(0)
            if written:
                pending[0] = pending[0][written:]

    def receive(self) -> dict[str, Any] | None:
        """The next action, or None when the client closed the pipe.

        Raises:
            ProtocolError: If what arrives is no action.
        """
        if self._in is None:
            self._in = os.open(self._from_path, os.O_RDONLY)
        action: dict[str, Any] | None = None
        while True:
            header = self._read(_HEADER.size, at_boundary=action is None)
            if header is None:
                return None
            kind, length = _HEADER.unpack(header)
            if kind == Field.END:
                if action is None:
                    raise ProtocolError("a message ended before it held an action")
                return action
            if kind != Field.ACTION:
                raise ProtocolError(f"expected an action (field type {Field.ACTION.value}), got field type {kind}")
            if length > _MAX_ACTION_BYTES:
                raise ProtocolError(f"an action of {length} bytes is longer than the {_MAX_ACTION_BYTES} accepted")
            body = self._read(length)
            action = _parse(body or b"")

    def _read(self, size: int, *, at_boundary: bool = False) -> bytes | None:
        """Exactly `size` bytes; None at the end of the stream if that is `at_boundary` of a message."""
        assert self._in is not None
        parts: list[bytes] = []
        missing = size
        while missing:
            part = os.read(self._in, min(missing, _CHUNK_BYTES))
            if not part:
                if at_boundary and missing == size:
                    return None
                raise ProtocolError(f"the client closed the pipe {missing} bytes before the end of a message")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        action = json.loads(body)
    except (UnicodeDecodeError, ValueError) as error:
        raise ProtocolError(f"an action is no JSON: {error}") from error
    if not isinstance(action, dict) or not isinstance(action.get("action"), str):
        raise ProtocolError('an action must be a JSON object with a string "action"')
    return action


def _enlarge(descriptor: int) -> None:
    for size in _PIPE_SIZES:
        # beyond the system's limit only privileged processes may go; a smaller pipe costs nothing but speed
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, size)
            return
