"""Tier ``short``: which units the bounded cache holds, what is pinned there, and what was a hit."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable

from memory_node import policies
from memory_node.beliefs import Beliefs
from memory_node.columns import ARCHIVE, SHORT
from memory_node.policies import PinError, Policy
from memory_node.recall import Hit
from memory_node.stats import Counters
from memory_node.units import Unit

__all__ = ["ShortTier"]

_RECENT_QUERIES = 8
"""Queries whose classes count as what the present task is about."""


class ShortTier:
    """The cache under its replacement policy, kept in step with what is believed.

    Args:
        beliefs: What is believed.
        policy: One of `policies.names`.
        capacity: Units that it holds.
        archive: Whether what leaves is archived; False: it is forgotten.
        seed: For the policies that draw or hash.
        counters: Where uses and evictions are counted.
        forget: Called with the id of what is forgotten instead of archived.
    """

    def __init__(
        self,
        beliefs: Beliefs,
        *,
        policy: str,
        capacity: int,
        archive: bool,
        seed: int,
        counters: Counters,
        forget: Callable[[str], None],
    ) -> None:
        self._beliefs = beliefs
        self._archive = archive
        self._seed = seed
        self._counters = counters
        self._forget = forget
        self._held: dict[str, None] = {}
        self._task_pins: dict[str, None] = {}
        self._served: dict[str, tuple[bool, str]] = {}  # id → was in short, kind of query
        self._recent: deque[frozenset[str]] = deque(maxlen=_RECENT_QUERIES)
        self._name = policy
        self._cache: Policy[str, Unit] = self._make(policy, capacity)

    def __contains__(self, object_id: str) -> bool:
        return object_id in self._cache

    def __len__(self) -> int:
        return len(self._cache)

    @property
    def policy(self) -> str:
        """Name of the replacement policy."""
        return self._name

    @property
    def capacity(self) -> int:
        """Units that it holds at most."""
        return self._cache.capacity

    @property
    def ids(self) -> list[str]:
        """Ids of the units that it holds, in the policy's order."""
        return list(self._cache)

    @property
    def units(self) -> list[Unit]:
        """The units that it holds."""
        # Not `values`: that would be an access to each.
        return [self._beliefs.units.units[object_id] for object_id in self._cache]

    @property
    def pinned(self) -> tuple[str, ...]:
        """Ids of what may not leave."""
        return self._cache.pinned

    @property
    def task_pins(self) -> list[str]:
        """Ids of what was pinned by name, not for being held."""
        return list(self._task_pins)

    # Keeping in step.

    def take(self, touched: Iterable[str], entered: Iterable[str]) -> None:
        """Follow a frame: what changed, and of that what is an access."""
        beliefs = self._beliefs
        units = beliefs.units.units
        for object_id in touched:
            beliefs.dirty[object_id] = None
            if object_id in self._cache and units[object_id].retired:
                self.drop(object_id)
        for object_id in entered:
            if object_id in units and not units[object_id].retired:
                self.admit(object_id)
        self.hold()

    def admit(self, object_id: str) -> None:
        """Make a unit the cache's, or note an access to one that is."""
        unit = self._beliefs.units.units[object_id]
        known = object_id in self._cache
        try:
            self._cache[object_id] = unit
        except PinError:
            return  # every place is pinned by the task: the unit stays in the archive
        if not known:
            self._beliefs.columns.set_tier(object_id, SHORT)
            self._beliefs.dirty[object_id] = None

    def hold(self) -> None:
        """What the gripper holds stays in the cache for as long."""
        held = {unit.id: None for unit in self._beliefs.units.held()}
        for object_id in [i for i in self._held if i not in held]:
            del self._held[object_id]
            if object_id in self._cache and object_id not in self._task_pins:
                self._cache.unpin(object_id)
        for object_id in held:
            if object_id not in self._cache:
                self.admit(object_id)
            if object_id in self._cache:
                self._cache.pin(object_id)
                self._held[object_id] = None

    def drop(self, object_id: str) -> None:
        """Give up a unit, pinned or not."""
        if object_id in self._cache:
            self._cache.unpin(object_id)
            del self._cache[object_id]
            self._beliefs.columns.set_tier(object_id, ARCHIVE)
        for kept in (self._held, self._task_pins, self._served):
            kept.pop(object_id, None)

    def _evicted(self, object_id: str, unit: Unit) -> None:
        self._counters.evictions += 1
        if self._archive:
            self._beliefs.columns.set_tier(object_id, ARCHIVE)
            self._beliefs.dirty[object_id] = None
        else:
            self._served.pop(object_id, None)
            self._forget(object_id)

    # Pins.

    def pin(self, object_id: str) -> None:
        """Keep a unit here, fetching it from the archive if need be.

        Raises:
            PinError: If every place is pinned; the message names what is.
        """
        if object_id not in self._cache:
            self._cache[object_id] = self._beliefs.units.units[object_id]
            self._beliefs.columns.set_tier(object_id, SHORT)
            self._beliefs.dirty[object_id] = None
        self._cache.pin(object_id)
        self._task_pins[object_id] = None

    def unpin(self, object_id: str) -> bool:
        """Undo `pin`; what the gripper holds stays. Returns whether it was pinned by name."""
        if object_id not in self._task_pins:
            return False
        del self._task_pins[object_id]
        if object_id not in self._held:
            self._cache.unpin(object_id)
        return True

    def restore(self, ids: Iterable[str], pins: Iterable[str]) -> None:
        """Take in what a file says that it held."""
        units = self._beliefs.units.units
        for object_id in ids:
            if object_id in units:
                self.admit(object_id)
        for object_id in pins:
            if object_id in self._cache:
                self._cache.pin(object_id)
                self._task_pins[object_id] = None
        self.hold()

    # Uses.

    def served(self, hits: Iterable[Hit], kind: str) -> None:
        """Note which objects a query found, and in which tier."""
        for hit in hits:
            self._served[hit.object_id] = (hit.tier == SHORT, kind)

    def used(self, object_id: str | None) -> bool:
        """Count a use; returns whether the query that found the unit had found it here."""
        served = self._served.pop(object_id, None) if object_id is not None else None
        hit, kind = served if served is not None else (False, "none")
        self._counters.use(policy=self._name, kind=kind, hit=hit)
        return hit

    # Policy.

    def concern(self, labels: frozenset[str]) -> None:
        """Note classes that a query or an instruction names."""
        self._recent.append(labels)

    def swap(self, policy: str | None, capacity: int | None) -> None:
        """Change policy or capacity; units that no longer fit are given up as by an eviction.

        Raises:
            PolicyError: If there is no such policy, or capacity is below 1.
            PinError: If more units are pinned than fit; nothing is changed then.
        """
        name = policy if policy is not None else self._name
        size = capacity if capacity is not None else self._cache.capacity
        pinned = self._cache.pinned
        fresh = self._make(name, size)
        if len(pinned) > size:
            raise PinError(f"capacity {size} is less than what is pinned: {', '.join(pinned)}; unpin some first")
        old, self._cache, self._name = self._cache, fresh, name
        # Least recently seen first, so that the new policy takes them for what they are.
        units = [self._beliefs.units.units[object_id] for object_id in old]
        for unit in sorted(units, key=lambda u: (u.id in pinned, u.epoch, u.state.stamp)):
            fresh[unit.id] = unit
            if unit.id in pinned:
                fresh.pin(unit.id)

    def _make(self, name: str, capacity: int) -> Policy[str, Unit]:
        return policies.create(
            name,
            capacity,
            clock=self._beliefs.policy_clock,
            seed=self._seed,
            context=_Context(self._beliefs, self._recent),
            on_evict=self._evicted,
        )


class _Context:
    """What policies may ask about a unit; see `policies.Context`."""

    def __init__(self, beliefs: Beliefs, recent: deque[frozenset[str]]) -> None:
        self._beliefs = beliefs
        self._recent = recent

    def place(self, key: Hashable) -> Hashable | None:
        """The area that the unit is in, else its square metre cell of four by four."""
        state = self._beliefs.state_of(str(key))
        if state is None:
            return None
        area = self._beliefs.graph.place_of(state.position)
        return area if area is not None else (state.position[0] // 4.0, state.position[1] // 4.0)

    def relevance(self, key: Hashable) -> float:
        """Whether recent queries or the newest instruction named the unit's class."""
        label = self._beliefs.label_of(str(key))
        return float(label is not None and any(label in labels for labels in self._recent))
