"""Figures of a running memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Stats"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What a memory did so far, and holds now.

    A hit is a unit that a skill used and that recall had found in tier ``short``; all other uses are misses.

    Attributes:
        policy: Name of the replacement policy.
        capacity: Units that tier ``short`` holds at most.
        short: Units in tier ``short``.
        long: Objects in the scene graph.
        archive: Units in the archive.
        pinned: Units that may not leave ``short``.
        hits: Uses that were hits.
        uses: All uses.
        hits_by_policy: Hits under each policy that ran.
        uses_by_policy: Uses under each policy that ran.
        hits_by_kind: Hits by the kind of query that found the unit (see `Query.kind`), ``"none"`` if none did.
        uses_by_kind: Uses by the same.
        queries: Queries by kind.
        unanswered: Queries by kind to which nothing scored enough.
        frames: Calls of `observe`.
        observations: Observations taken in.
        changes: Changes by kind.
        evictions: Units that the cache gave up.
        epoch: Restarts of time so far.
    """

    policy: str
    capacity: int
    short: int
    long: int
    archive: int
    pinned: int
    hits: int
    uses: int
    hits_by_policy: dict[str, int]
    uses_by_policy: dict[str, int]
    hits_by_kind: dict[str, int]
    uses_by_kind: dict[str, int]
    queries: dict[str, int]
    unanswered: dict[str, int]
    frames: int
    observations: int
    changes: dict[str, int]
    evictions: int
    epoch: int

    @property
    def answered(self) -> dict[str, int]:
        """Queries by kind to which something scored enough."""
        return {kind: asked - self.unanswered.get(kind, 0) for kind, asked in self.queries.items()}

    @property
    def hit_rate(self) -> float:
        """Hits over uses; 0 before the first use."""
        return self.hits / self.uses if self.uses else 0.0


@dataclass(slots=True)
class Counters:
    """The running counts behind `Stats`."""

    hits_by_policy: Counter[str] = field(default_factory=Counter)
    uses_by_policy: Counter[str] = field(default_factory=Counter)
    hits_by_kind: Counter[str] = field(default_factory=Counter)
    uses_by_kind: Counter[str] = field(default_factory=Counter)
    queries: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    frames: int = 0
    observations: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    evictions: int = 0

    def use(self, *, policy: str, kind: str, hit: bool) -> None:
        """Count one use of a unit."""
        self.uses_by_policy[policy] += 1
        self.uses_by_kind[kind] += 1
        if hit:
            self.hits_by_policy[policy] += 1
            self.hits_by_kind[kind] += 1
