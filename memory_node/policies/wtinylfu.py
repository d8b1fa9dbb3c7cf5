"""W-TinyLFU: a small recency window in front of a frequency-guarded main cache.

After Einziger, Friedman and Manes, *TinyLFU: A Highly Efficient Cache Admission Policy* (ACM TOS 2017), as the
Caffeine library builds it: what leaves the window enters the main part only if it was seen more often lately than
what the main part would give up for it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Unpack

from memory_node.policies.base import K, Options, Policy, PolicyError, V
from memory_node.policies.sketch import FrequencySketch

__all__ = ["WTinyLFU"]


class WTinyLFU(Policy[K, V]):
    """LRU window, and a main part of two LRU segments, admitted by frequency. O(1) amortised.

    Args:
        capacity: How many keys it holds.
        window: Share of the capacity that is window, in [0, 1]; the window holds at least one key.
        protected: Share of the main part that is protected, in [0, 1].
        **options: See `Policy`.
    """

    name = "wtinylfu"

    def __init__(
        self,
        capacity: int,
        *,
        window: float = 0.01,
        protected: float = 0.8,
        **options: Unpack[Options[K, V]],
    ) -> None:
        super().__init__(capacity, **options)
        if not 0.0 <= window <= 1.0 or not 0.0 <= protected <= 1.0:
            raise PolicyError(f"window and protected are shares in [0, 1], got {window!r} and {protected!r}")
        self._window_share = window
        self._protected_share = protected
        self._sized_for = -1  # pins that the window was sized beside
        self._window_limit = 1
        self._sketch = FrequencySketch(capacity, seed=self.seed)
        # The first key of each segment is its least recently used.
        self._window: OrderedDict[K, None] = OrderedDict()
        self._probation: OrderedDict[K, None] = OrderedDict()
        self._protected: OrderedDict[K, None] = OrderedDict()

    @property
    def window_size(self) -> int:
        """How many keys the window may hold beside the current pins."""
        if self._sized_for != len(self._pinned):
            self._sized_for = len(self._pinned)
            self._window_limit = max(1, round(self.room * self._window_share))
        return self._window_limit

    def _insert(self, key: K) -> None:
        self._sketch.add(key)
        self._window[key] = None
        # Not yet full: the window's overflow enters the main part unopposed.
        while len(self._window) > self.window_size:
            self._probation[self._window.popitem(last=False)[0]] = None

    def _touch(self, key: K) -> None:
        self._sketch.add(key)
        if key in self._window:
            self._window.move_to_end(key)
        elif key in self._protected:
            self._protected.move_to_end(key)
        else:
            del self._probation[key]
            self._protected[key] = None
            limit = int((self.room - self.window_size) * self._protected_share)
            while len(self._protected) > limit:
                self._probation[self._protected.popitem(last=False)[0]] = None

    def _remove(self, key: K) -> None:
        for segment in (self._window, self._probation, self._protected):
            if key in segment:
                del segment[key]
                return

    def _victim(self, incoming: K) -> K:
        main = self._probation or self._protected
        if not main:
            return self._window.popitem(last=False)[0]
        guarded = next(iter(main))
        if len(self._window) < self.window_size:
            del main[guarded]
            return guarded
        candidate = self._window.popitem(last=False)[0]
        if self._sketch.estimate(candidate) > self._sketch.estimate(guarded):
            del main[guarded]
            self._probation[candidate] = None
            return guarded
        return candidate
