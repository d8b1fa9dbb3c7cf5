"""A simulator that answers each step with one recorded event: what it reaches is the most any simulator can reach.

AI2-THOR's Controller starts this as it starts ``sim.headless``, which it is until the third step; from then on it
sends that step's event again and again without simulating or drawing anything.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import msgpack  # type: ignore[import-untyped]  # the package has no type information

from sim.headless import __main__ as simulator
from sim.headless.protocol import Field, Pipes

_SET_UP = frozenset(["Initialize", "Reset", "ChangeResolution"])
_GENUINE = 2
"""Steps that are simulated; the last one's event is repeated."""


class ReplayingPipes(Pipes):
    """Pipes that answer by themselves once an event is recorded."""

    _fields: tuple[tuple[Field, bytes], ...] = ()
    _steps = 0

    def send(self, fields: Iterable[tuple[Field, bytes | memoryview]]) -> None:
        """Send a message and remember it."""
        self._fields = tuple((kind, bytes(body)) for kind, body in fields)
        super().send(self._fields)

    def receive(self) -> dict[str, Any] | None:
        """The next action that is not answered by replaying."""
        while (action := super().receive()) is not None:
            self._steps += action["action"] not in _SET_UP
            if self._steps <= _GENUINE or action["action"] in _SET_UP:
                return action
            (kind, metadata), *images = self._fields
            super().send([(kind, _numbered(metadata, int(action["sequenceId"]))), *images])
        return None


def _numbered(metadata: bytes, sequence_id: int) -> bytes:
    """An event's metadata as the answer to another action; the number is the first entry of the outer map."""
    key = msgpack.packb("sequenceId")
    start = metadata.index(key) + len(key)
    unpacker = msgpack.Unpacker()
    unpacker.feed(metadata[start : start + 9])
    unpacker.unpack()
    return metadata[:start] + msgpack.packb(sequence_id) + metadata[start + unpacker.tell() :]


if __name__ == "__main__":
    simulator.Pipes = ReplayingPipes  # type: ignore[misc]
    sys.exit(simulator.main())
