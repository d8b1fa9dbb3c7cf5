"""What every replacement policy has in common: a bounded `MutableMapping` with pins.

A policy *is* the cache: reading or writing a key is an access, and whatever must go is chosen by the policy and
handed to `on_evict`. A concrete policy implements four hooks over the keys that may leave; values, pins, capacity
and the mapping protocol live here. Pinned keys are taken out of the hooks' sight altogether, so that no policy has
to search around them: it manages `room` = capacity − pins, and an unpinned key is admitted anew.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterator, MutableMapping
from typing import ClassVar, Generic, Protocol, TypedDict, TypeVar

from memory_node.errors import MemoryNodeError

__all__ = ["Context", "Options", "PinError", "Policy", "PolicyError"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class PolicyError(MemoryNodeError):
    """Root of all errors raised by `memory_node.policies`."""


class PinError(PolicyError):
    """Pinned keys leave no room; the message names them."""


class Context(Protocol):
    """What a policy may ask about a key beyond its accesses."""

    def place(self, key: Hashable) -> Hashable | None:
        """Where the key's object is, e.g. an area's id; None where unknown."""
        ...

    def relevance(self, key: Hashable) -> float:
        """How much the running task or its sub-goal needs the key, 0 (not named) to 1 (named)."""
        ...


class Options(TypedDict, Generic[K, V], total=False):
    """Keyword arguments that every policy takes; see `Policy`."""

    clock: Callable[[], float] | None
    seed: int
    context: Context | None
    on_evict: Callable[[K, V], None] | None


class _NoContext:
    """The context of bare keys: one place, and no task."""

    def place(self, key: Hashable) -> Hashable | None:
        return None

    def relevance(self, key: Hashable) -> float:
        return 0.0


class Policy(MutableMapping[K, V]):
    """A bounded mapping that gives up a key when a new one needs its place.

    ``policy[key]`` and ``policy[key] = value`` are accesses; ``in``, `peek`, iteration and ``len`` are not.
    Setting a known key replaces its value in place. The same accesses in the same order leave the same keys, for
    the same seed.

    Args:
        capacity: How many keys it holds, at least 1.
        clock: Time in seconds for policies that know forgetting; by default accesses are counted instead.
        seed: For policies that hash or draw.
        context: Places and relevance of keys, for the policies that use them.
        on_evict: Called with key and value of what was given up; not for deletions.

    Raises:
        PolicyError: If capacity is not a positive integer.
    """

    name: ClassVar[str] = ""

    def __init__(
        self,
        capacity: int,
        *,
        clock: Callable[[], float] | None = None,
        seed: int = 0,
        context: Context | None = None,
        on_evict: Callable[[K, V], None] | None = None,
    ) -> None:
        if not isinstance(capacity, int) or isinstance(capacity, bool) or capacity < 1:
            raise PolicyError(f"capacity must be an integer of at least 1, got {capacity!r}")
        self.capacity = capacity
        self.seed = seed
        self.clock = clock
        self.context: Context = context if context is not None else _NoContext()
        self.on_evict = on_evict
        self._data: dict[K, V] = {}
        self._pinned: dict[K, None] = {}

    # Hooks, over unpinned keys.

    @abstractmethod
    def _insert(self, key: K) -> None:
        """Admit a key that is not held; there is room."""

    @abstractmethod
    def _touch(self, key: K) -> None:
        """Take note of an access to a held key."""

    @abstractmethod
    def _remove(self, key: K) -> None:
        """Drop a held key that was deleted or pinned."""

    @abstractmethod
    def _victim(self, incoming: K) -> K:
        """Choose the key to give up for `incoming`, and drop it."""

    # The mapping.

    @property
    def room(self) -> int:
        """How many unpinned keys fit."""
        return self.capacity - len(self._pinned)

    def __getitem__(self, key: K) -> V:
        value = self._data[key]
        if key not in self._pinned:
            self._touch(key)
        return value

    def __setitem__(self, key: K, value: V) -> None:
        if key in self._data:
            self._data[key] = value
            if key not in self._pinned:
                self._touch(key)
            return
        if len(self._data) >= self.capacity:
            if self.room == 0:
                raise PinError(
                    f"all {self.capacity} places are pinned: {self._names()}; unpin one or raise the capacity"
                )
            self._evict(incoming=key)
        self._insert(key)
        self._data[key] = value

    def __delitem__(self, key: K) -> None:
        del self._data[key]
        if key in self._pinned:
            del self._pinned[key]
        else:
            self._remove(key)

    def __iter__(self) -> Iterator[K]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)}/{self.capacity}, pinned={len(self._pinned)})"

    def peek(self, key: K) -> V | None:
        """The key's value without counting as an access; None where absent."""
        return self._data.get(key)

    def replace(self, key: K, value: V) -> None:
        """Set the value of a held key without counting as an access.

        Raises:
            KeyError: If it is not held.
        """
        if key not in self._data:
            raise KeyError(key)
        self._data[key] = value

    # Pins.

    @property
    def pinned(self) -> tuple[K, ...]:
        """Keys that do not leave, in the order they were pinned."""
        return tuple(self._pinned)

    def pin(self, key: K) -> None:
        """Keep a held key until it is unpinned or deleted. Pinning twice is pinning once.

        Raises:
            KeyError: If the key is not held.
        """
        if key not in self._data:
            raise KeyError(key)
        if key not in self._pinned:
            self._remove(key)
            self._pinned[key] = None

    def unpin(self, key: K) -> None:
        """Let a pinned key leave again; it counts as just accessed. No effect on others."""
        if key in self._pinned:
            del self._pinned[key]
            self._insert(key)

    def _evict(self, incoming: K) -> None:
        victim = self._victim(incoming)
        value = self._data.pop(victim)
        if self.on_evict is not None:
            self.on_evict(victim, value)

    def _names(self) -> str:
        shown = [str(key) for key in self._pinned]
        return ", ".join(shown[:10]) + (f" and {len(shown) - 10} more" if len(shown) > 10 else "")
