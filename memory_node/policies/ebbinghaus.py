"""Forgetting curves: what is recalled often fades slowly.

After MemoryBank (Zhong et al., AAAI 2024), which updates an agent's memory by Ebbinghaus' curve.
"""

from __future__ import annotations

import math
from typing import Unpack

from memory_node.policies.base import K, Options, Policy, V

__all__ = ["Ebbinghaus"]


class Ebbinghaus(Policy[K, V]):
    """Gives up what is most forgotten: retention exp(−t / S), t since the last access, S the number of accesses.

    Time is `clock`'s, or counted in accesses; a clock that jumps back (another epoch) counts as no time passed.
    O(1) an access, O(capacity) an eviction, for the order of retentions changes as time passes.
    """

    name = "ebbinghaus"

    def __init__(self, capacity: int, **options: Unpack[Options[K, V]]) -> None:
        super().__init__(capacity, **options)
        self._accesses = 0
        self._trace: dict[K, tuple[float, int]] = {}  # key → time of the last access, strength

    def retention(self, key: K) -> float:
        """How well a held, unpinned key is remembered now, in (0, 1]."""
        last, strength = self._trace[key]
        return math.exp(-max(0.0, self._now() - last) / strength)

    def _insert(self, key: K) -> None:
        self._accesses += 1
        self._trace[key] = (self._now(), 1)

    def _touch(self, key: K) -> None:
        self._accesses += 1
        _, strength = self._trace.pop(key)
        self._trace[key] = (self._now(), strength + 1)

    def _remove(self, key: K) -> None:
        del self._trace[key]

    def _victim(self, incoming: K) -> K:
        now = self._now()
        # Elapsed time over strength orders as retention does, without exp underflowing to equal zeros.
        victim = max(self._trace, key=lambda key: max(0.0, now - self._trace[key][0]) / self._trace[key][1])
        del self._trace[victim]
        return victim

    def _now(self) -> float:
        return self.clock() if self.clock is not None else float(self._accesses)
