"""Task-centric replacement: what the running task names stays.

After HiAgent (Hu et al., ACL 2025), which keeps the working memory of the current sub-goal in full and lets go of the
rest first.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Unpack

from memory_node.policies.base import K, Options, Policy, V

__all__ = ["Relevance"]


class Relevance(Policy[K, V]):
    """Gives up what the task needs least, the least recently used of equals.

    `Context.relevance` is asked at each eviction, since tasks change without the keys being accessed. O(1) an access,
    O(capacity) an eviction.
    """

    name = "relevance"

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
        victim = min(self._order, key=self.context.relevance)  # the first, so least recent, of equals
        del self._order[victim]
        return victim
