"""S3-FIFO: three queues, and no list to reorder on a hit.

After Yang, Zhang, Qiu, Yue and Rashmi, *FIFO Queues are All You Need for Cache Eviction* (SOSP 2023).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Unpack

from memory_node.policies.base import K, Options, Policy, V

__all__ = ["S3FIFO"]

_MAX_COUNT = 3  # two bits a key


class S3FIFO(Policy[K, V]):
    """A small queue for newcomers, a main queue, and a ghost queue of keys given up lately. O(1) amortised.

    A newcomer accessed twice while in the small queue moves to the main one, others leave; a newcomer that the ghost
    queue remembers enters the main queue directly. The main queue gives each accessed key another round.

    Args:
        capacity: How many keys it holds.
        small: Share of the capacity that is the small queue, in (0, 1].
        **options: See `Policy`.
    """

    name = "s3fifo"

    def __init__(self, capacity: int, *, small: float = 0.1, **options: Unpack[Options[K, V]]) -> None:
        super().__init__(capacity, **options)
        self._small_share = small
        self._small: OrderedDict[K, None] = OrderedDict()
        self._main: OrderedDict[K, None] = OrderedDict()
        self._ghost: OrderedDict[K, None] = OrderedDict()
        self._count: dict[K, int] = {}

    def _insert(self, key: K) -> None:
        self._count[key] = 0
        if key in self._ghost:
            del self._ghost[key]
            self._main[key] = None
        else:
            self._small[key] = None

    def _touch(self, key: K) -> None:
        self._count[key] = min(self._count[key] + 1, _MAX_COUNT)

    def _remove(self, key: K) -> None:
        del self._count[key]
        if key in self._small:
            del self._small[key]
        else:
            del self._main[key]

    def _victim(self, incoming: K) -> K:
        while True:
            if self._small and (not self._main or len(self._small) >= max(1, int(self.room * self._small_share))):
                key = self._small.popitem(last=False)[0]
                if self._count[key] > 1:
                    self._count[key] = 0
                    self._main[key] = None
                    continue
                self._ghost[key] = None
                while len(self._ghost) > max(1, self.room - int(self.room * self._small_share)):
                    self._ghost.popitem(last=False)
            else:
                key = self._main.popitem(last=False)[0]
                if self._count[key] > 0:
                    self._count[key] -= 1
                    self._main[key] = None
                    continue
            del self._count[key]
            return key
