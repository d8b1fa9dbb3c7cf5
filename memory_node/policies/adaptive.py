"""The better of LRU and W-TinyLFU, found while running.

No fixed policy is right: W-TinyLFU's frequency guard wins on loops and scans, and loses to plain LRU where the
working set jumps, as in a home when the robot changes rooms, the more so at the few units that a prompt can hold.
`Adaptive` runs both as *shadows*, caches of keys without values that are exactly the two policies, and makes its own
content follow whichever has had more hits lately (set duelling; with shadows of full size the comparison is exact
rather than sampled). Following costs little: on a miss it gives up a key that the leader does not hold.
More shadows (other windows, stricter guards) win more on some traces, but lose points on others while chance decides
between them.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, Unpack

from memory_node.policies.base import K, Options, Policy, V
from memory_node.policies.lru import LRU
from memory_node.policies.wtinylfu import WTinyLFU

__all__ = ["Adaptive"]


class _Shadow(Generic[K]):
    """A cache of keys that shows what one policy would hold.

    Attributes:
        cache: The policy.
        surplus: Keys that the real cache holds and the shadow does not, those that left first in front.
        score: Decayed count of hits.
    """

    def __init__(self, cache: Policy[K, None], real: dict[K, V]) -> None:
        self.cache = cache
        self.surplus: OrderedDict[K, None] = OrderedDict()
        self.score = 0.0
        self._real = real
        cache.on_evict = self._left

    def access(self, key: K, weight: float) -> None:
        if key in self.cache:
            self.score += weight
            self.cache[key]
        else:
            self.cache[key] = None
            self.surplus.pop(key, None)

    def _left(self, key: K, _: None) -> None:
        if key in self._real:
            self.surplus[key] = None


class Adaptive(Policy[K, V]):
    """Follows the better of an LRU and a W-TinyLFU shadow. O(1) amortised, three times the keys of one cache.

    Args:
        capacity: How many keys it holds.
        horizon: Accesses after which a hit counts half in the comparison; by default twice the capacity, and no less
            than 1000.
        hysteresis: Hits by which the other shadow must lead to be followed, for each key of ours that it does not
            hold: to follow it costs a miss for some of them, so a lead by chance should not be taken for one that
            lasts.
        **options: See `Policy`.
    """

    name = "adaptive"

    def __init__(
        self,
        capacity: int,
        *,
        horizon: int | None = None,
        hysteresis: float = 0.03,
        **options: Unpack[Options[K, V]],
    ) -> None:
        super().__init__(capacity, **options)
        self._shadows: tuple[_Shadow[K], ...] = (
            _Shadow(WTinyLFU(capacity, seed=self.seed), self._data),
            _Shadow(LRU(capacity), self._data),
        )
        self._leader = self._shadows[0]
        # Rather than decaying scores on every access, let the weight of new hits grow.
        self._growth = 2.0 ** (1.0 / (horizon if horizon is not None else max(1000, 2 * capacity)))
        self._weight = 1.0
        self._hysteresis = hysteresis
        self._seen: K | None = None

    @property
    def leader(self) -> str:
        """Name of the policy followed now."""
        return self._leader.cache.name

    def _insert(self, key: K) -> None:
        if self._seen is not key:
            self._access(key)
        self._seen = None

    def _touch(self, key: K) -> None:
        self._access(key)

    def _remove(self, key: K) -> None:
        for shadow in self._shadows:
            shadow.surplus.pop(key, None)
            shadow.cache.pop(key, None)

    def _victim(self, incoming: K) -> K:
        # The shadows go first. The leader then holds `incoming` and so lacks one of our keys at least.
        self._access(incoming)
        self._seen = incoming
        victim = next(iter(self._leader.surplus))
        for shadow in self._shadows:
            shadow.surplus.pop(victim, None)
        return victim

    def pin(self, key: K) -> None:
        """Keep a held key; see `Policy.pin`."""
        super().pin(key)
        # The shadows hold pinned keys as pinned, so that they have as much room as we do.
        for shadow in self._shadows:
            shadow.cache[key] = None
            shadow.cache.pin(key)

    def unpin(self, key: K) -> None:
        """Let a pinned key leave again; see `Policy.unpin`."""
        if key in self._pinned:
            for shadow in self._shadows:
                shadow.cache.unpin(key)
        super().unpin(key)

    def __delitem__(self, key: K) -> None:
        pinned = key in self._pinned
        super().__delitem__(key)
        if pinned:
            for shadow in self._shadows:
                shadow.cache.pop(key, None)

    def _access(self, key: K) -> None:
        self._weight *= self._growth
        if self._weight > 1e100:
            for shadow in self._shadows:
                shadow.score /= self._weight
            self._weight = 1.0
        for shadow in self._shadows:
            shadow.access(key, self._weight)
        for shadow in self._shadows:
            if shadow.score > self._leader.score + self._hysteresis * len(shadow.surplus) * self._weight:
                self._leader = shadow
