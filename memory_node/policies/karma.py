"""The variant of W-TinyLFU that the KARMA paper describes (arXiv 2409.14908, section on replacement)."""

from __future__ import annotations

from collections import OrderedDict
from itertools import chain
from typing import Unpack

from memory_node.policies.base import K, Options, Policy, PolicyError, V
from memory_node.policies.sketch import FrequencySketch

__all__ = ["Karma"]


class Karma(Policy[K, V]):
    """A window and a main part of protected and probation; the least frequent of window and probation goes.

    Unlike W-TinyLFU, where one candidate meets one guarded key, all units of window and probation are compared, and
    the one whose loss costs the overall frequency least is given up, the least recent of equals. O(1) an access,
    O(capacity) an eviction.

    Args:
        capacity: How many keys it holds.
        window: Share of the capacity that is window, in [0, 1].
        protected: Share of the main part that is protected, in [0, 1].
        sample: W, the additions after which all counters halve; by default ten times the capacity.
        **options: See `Policy`.
    """

    name = "karma"

    def __init__(
        self,
        capacity: int,
        *,
        window: float = 0.2,
        protected: float = 0.8,
        sample: int | None = None,
        **options: Unpack[Options[K, V]],
    ) -> None:
        super().__init__(capacity, **options)
        if not 0.0 <= window <= 1.0 or not 0.0 <= protected <= 1.0:
            raise PolicyError(f"window and protected are shares in [0, 1], got {window!r} and {protected!r}")
        self._window_share = window
        self._protected_share = protected
        self._sketch = FrequencySketch(capacity, sample=sample, seed=self.seed)
        self._window: OrderedDict[K, None] = OrderedDict()
        self._probation: OrderedDict[K, None] = OrderedDict()
        self._protected: OrderedDict[K, None] = OrderedDict()

    def _insert(self, key: K) -> None:
        self._sketch.add(key)
        self._window[key] = None
        while len(self._window) > self._window_size():
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
            limit = int((self.room - self._window_size()) * self._protected_share)
            while len(self._protected) > limit:
                self._probation[self._protected.popitem(last=False)[0]] = None

    def _remove(self, key: K) -> None:
        for segment in (self._window, self._probation, self._protected):
            if key in segment:
                del segment[key]
                return

    def _victim(self, incoming: K) -> K:
        compared = chain(self._probation, self._window) if self._probation or self._window else self._protected
        # `min` keeps the first of equals: probation's least recent, which waited longest.
        victim = min(compared, key=self._sketch.estimate)
        self._remove(victim)
        return victim

    def _window_size(self) -> int:
        return max(1, round(self.room * self._window_share))
