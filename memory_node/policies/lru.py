"""Least recently used."""

from __future__ import annotations

from collections import OrderedDict
from typing import Unpack

from memory_node.policies.base import K, Options, Policy, V

__all__ = ["LRU"]


class LRU(Policy[K, V]):
    """Gives up what was not accessed for longest. O(1)."""

    name = "lru"

    def __init__(self, capacity: int, **options: Unpack[Options[K, V]]) -> None:
        super().__init__(capacity, **options)
        self._order: OrderedDict[K, None] = OrderedDict()

    def _insert(self, key: K) -> None:
        self._order[key] = None

    def _touch(self, key: K) -> None:
        self._order.move_to_end(key)

    def _remove(self, key: K) -> None:
        del self._order[key]

    def _victim(self, incoming: K) -> K:
        return self._order.popitem(last=False)[0]
