"""Place-centric replacement: each place keeps a share of memory according to its use.

After Cho et al., *Spatially-Aware Transformers for Embodied Agents* (ICLR 2024), who allocate memory by place rather
than by time, so that passing through one busy room does not wipe out all others.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Unpack

from memory_node.policies.base import K, Options, Policy, V

__all__ = ["Spatial"]


class Spatial(Policy[K, V]):
    """Gives up the least recently used key of the place that holds most beyond its share.

    A place's share of the room grows with its accesses; they are halved every ten times the capacity, so that use
    long ago fades. `Context.place` is asked on every access, so a key moves with its object. O(1) an access,
    O(places) an eviction.
    """

    name = "spatial"

    def __init__(self, capacity: int, **options: Unpack[Options[K, V]]) -> None:
        super().__init__(capacity, **options)
        self._members: dict[Hashable, OrderedDict[K, None]] = {}
        self._place_of: dict[K, Hashable] = {}
        self._uses: dict[Hashable, float] = {}
        self._accesses = 0

    def _insert(self, key: K) -> None:
        place = self.context.place(key)
        self._members.setdefault(place, OrderedDict())[key] = None
        self._place_of[key] = place
        self._use(place)

    def _touch(self, key: K) -> None:
        if self.context.place(key) != self._place_of[key]:
            self._remove(key)
            self._insert(key)
        else:
            place = self._place_of[key]
            self._members[place].move_to_end(key)
            self._use(place)

    def _remove(self, key: K) -> None:
        place = self._place_of.pop(key)
        del self._members[place][key]
        if not self._members[place]:
            del self._members[place]

    def _victim(self, incoming: K) -> K:
        # Places without a key here do not count: their share falls to those that have some.
        total = sum(self._uses.get(place, 0.0) for place in self._members) or 1.0

        def excess(place: Hashable) -> float:
            return len(self._members[place]) - self.room * self._uses.get(place, 0.0) / total

        victim = next(iter(self._members[max(self._members, key=excess)]))
        self._remove(victim)
        return victim

    def _use(self, place: Hashable) -> None:
        self._uses[place] = self._uses.get(place, 0.0) + 1.0
        self._accesses += 1
        if self._accesses >= 10 * self.capacity:
            self._accesses = 0
            self._uses = {name: count / 2 for name, count in self._uses.items() if count >= 1.0}
