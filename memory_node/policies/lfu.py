"""Least frequently used, with frequencies counted while a key is held."""

from __future__ import annotations

from collections import OrderedDict
from typing import Unpack

from memory_node.policies.base import K, Options, Policy, V

__all__ = ["LFU"]


class _Bucket(OrderedDict[K, None]):
    """The keys of one frequency, least recent first, in a list of buckets by rising frequency."""

    __slots__ = ("count", "higher", "lower")

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self.lower: _Bucket[K] = self
        self.higher: _Bucket[K] = self


class LFU(Policy[K, V]):
    """Gives up what was accessed least often, the least recent of equals.

    O(1), by a linked list of frequency buckets (Shah, Mitra and Matani 2010).
    """

    name = "lfu"

    def __init__(self, capacity: int, **options: Unpack[Options[K, V]]) -> None:
        super().__init__(capacity, **options)
        self._head: _Bucket[K] = _Bucket(0)  # sentinel of the circular list; `higher` is the lowest frequency
        self._bucket_of: dict[K, _Bucket[K]] = {}

    def _insert(self, key: K) -> None:
        self._enter(key, after=self._head)

    def _touch(self, key: K) -> None:
        bucket = self._bucket_of[key]
        self._enter(key, after=bucket)
        self._leave(key, bucket)

    def _remove(self, key: K) -> None:
        self._leave(key, self._bucket_of.pop(key))

    def _victim(self, incoming: K) -> K:
        victim = next(iter(self._head.higher))
        self._remove(victim)
        return victim

    def _enter(self, key: K, *, after: _Bucket[K]) -> None:
        """Put the key into the bucket of the next higher count than `after`."""
        bucket = after.higher
        if bucket is self._head or bucket.count != after.count + 1:
            bucket = _Bucket(after.count + 1)
            bucket.lower, bucket.higher = after, after.higher
            after.higher.lower = bucket
            after.higher = bucket
        bucket[key] = None
        self._bucket_of[key] = bucket

    @staticmethod
    def _leave(key: K, bucket: _Bucket[K]) -> None:
        del bucket[key]
        if not bucket:
            bucket.lower.higher, bucket.higher.lower = bucket.higher, bucket.lower
