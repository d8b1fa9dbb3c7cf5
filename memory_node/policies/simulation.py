"""Replay a trace of keys through a policy, or through Belady's optimum, and count hits."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from heapq import heappop, heappush

from memory_node.policies.base import Context, Policy, PolicyError
from memory_node.policies.registry import create

__all__ = ["HitRate", "simulate"]


@dataclass(frozen=True)
class HitRate:
    """Hits of a policy on a trace.

    Attributes:
        policy: Its name.
        capacity: How many keys it held.
        hits: Requests whose key was held.
        requests: All requests.
    """

    policy: str
    capacity: int
    hits: int
    requests: int

    @property
    def rate(self) -> float:
        """Hits over requests; 0 for an empty trace."""
        return self.hits / self.requests if self.requests else 0.0


def simulate(
    trace: Iterable[Hashable], *, policy: str, capacity: int, seed: int = 0, context: Context | None = None
) -> HitRate:
    """Count the hits of a policy on a trace; a missed key is admitted.

    Args:
        trace: Keys in the order of their requests.
        policy: A name of `policies.names`, or ``"opt"``: Belady's optimum, which knows the future and bounds them all.
        capacity: How many keys the cache holds.
        seed: See `Policy`.
        context: See `Policy`.

    Raises:
        PolicyError: Unknown policy, or a bad capacity.
    """
    if policy == "opt":
        return _belady(list(trace), capacity)
    cache: Policy[Hashable, None] = create(policy, capacity, seed=seed, context=context)
    hits = requests = 0
    for key in trace:
        requests += 1
        if key in cache:
            hits += 1
            cache[key]
        else:
            cache[key] = None
    return HitRate(policy, capacity, hits, requests)


def _belady(trace: list[Hashable], capacity: int) -> HitRate:
    """Give up what is needed last, or do not admit what is itself needed last. O(n log n)."""
    if capacity < 1:
        raise PolicyError(f"capacity must be an integer of at least 1, got {capacity!r}")
    never = len(trace)
    next_use = [never] * len(trace)
    upcoming: dict[Hashable, int] = {}
    for index in range(len(trace) - 1, -1, -1):
        next_use[index] = upcoming.get(trace[index], never)
        upcoming[trace[index]] = index
    held: dict[Hashable, int] = {}  # key → its next use
    farthest: list[tuple[int, int, Hashable]] = []  # (−next use, position, key), with outdated entries
    hits = 0
    for index, key in enumerate(trace):
        if key in held:
            hits += 1
        elif len(held) >= capacity:
            while held.get(farthest[0][2]) != -farthest[0][0]:
                heappop(farthest)
            if -farthest[0][0] <= next_use[index]:
                continue
            del held[heappop(farthest)[2]]
        held[key] = next_use[index]
        heappush(farthest, (-next_use[index], index, key))
    return HitRate("opt", capacity, hits, len(trace))
