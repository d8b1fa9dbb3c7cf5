"""First in, first out; the paper's simplest replacement."""

from __future__ import annotations

from collections import OrderedDict
from typing import Unpack

from memory_node.policies.base import K, Options, Policy, V

__all__ = ["FIFO"]


class FIFO(Policy[K, V]):
    """Gives up what came first; an access changes nothing, the same key replaces in place. O(1)."""

    name = "fifo"

    def __init__(self, capacity: int, **options: Unpack[Options[K, V]]) -> None:
        super().__init__(capacity, **options)
        self._queue: OrderedDict[K, None] = OrderedDict()

    def _insert(self, key: K) -> None:
        self._queue[key] = None

    def _touch(self, key: K) -> None:
        pass

    def _remove(self, key: K) -> None:
        del self._queue[key]

    def _victim(self, incoming: K) -> K:
        return self._queue.popitem(last=False)[0]
