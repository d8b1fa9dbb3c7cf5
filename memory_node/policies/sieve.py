"""SIEVE: a FIFO queue with one bit a key and a hand that remembers its place.

After Zhang, Yang, Yue, Vigfusson and Rashmi, *SIEVE is Simpler than LRU* (NSDI 2024).
"""

from __future__ import annotations

from typing import Generic, Unpack

from memory_node.policies.base import K, Options, Policy, V

__all__ = ["Sieve"]


class _Node(Generic[K]):
    __slots__ = ("key", "newer", "older", "visited")

    def __init__(self, key: K) -> None:
        self.key = key
        self.visited = False
        self.newer: _Node[K] | None = None
        self.older: _Node[K] | None = None


class Sieve(Policy[K, V]):
    """The hand walks from old to new, spares what was accessed since its last visit, gives up the first other. O(1)."""

    name = "sieve"

    def __init__(self, capacity: int, **options: Unpack[Options[K, V]]) -> None:
        super().__init__(capacity, **options)
        self._nodes: dict[K, _Node[K]] = {}
        self._newest: _Node[K] | None = None
        self._oldest: _Node[K] | None = None
        self._hand: _Node[K] | None = None

    def _insert(self, key: K) -> None:
        node = self._nodes[key] = _Node(key)
        node.older = self._newest
        if self._newest is not None:
            self._newest.newer = node
        else:
            self._oldest = node
        self._newest = node

    def _touch(self, key: K) -> None:
        self._nodes[key].visited = True

    def _remove(self, key: K) -> None:
        node = self._nodes.pop(key)
        if self._hand is node:
            self._hand = node.newer
        if node.newer is not None:
            node.newer.older = node.older
        else:
            self._newest = node.older
        if node.older is not None:
            node.older.newer = node.newer
        else:
            self._oldest = node.newer

    def _victim(self, incoming: K) -> K:
        node = self._hand or self._oldest
        while node is not None and node.visited:
            node.visited = False
            node = node.newer or self._oldest
        assert node is not None  # only called when full, and what is pinned is not in the queue
        self._hand = node
        self._remove(node.key)
        return node.key
