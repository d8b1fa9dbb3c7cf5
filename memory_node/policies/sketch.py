"""How often a key was seen lately, in constant memory: a count-min sketch with a doorkeeper and ageing.

After Einziger, Friedman and Manes, *TinyLFU: A Highly Efficient Cache Admission Policy* (ACM TOS 2017).
"""

from __future__ import annotations

import zlib
from collections.abc import Hashable

__all__ = ["FrequencySketch", "stable_hash"]

_MASK = (1 << 64) - 1
_ROWS = 4
_LEAST_SAMPLE = 1000
_LIMIT = 15  # largest value of a 4-bit counter
_HALVE = bytes(value >> 1 for value in range(256))


def stable_hash(key: Hashable, seed: int = 0) -> int:
    """A 64-bit hash that is the same in every process, unlike `hash` of strings.

    Integers, strings, bytes and tuples of them hash by value; other keys by their `repr`, which must therefore be
    stable.
    """
    if isinstance(key, int):
        base = key & _MASK
    elif isinstance(key, str):
        raw = key.encode()
        base = zlib.crc32(raw) << 32 | zlib.adler32(raw)
    elif isinstance(key, bytes):
        base = zlib.crc32(key) << 32 | zlib.adler32(key)
    elif isinstance(key, tuple):
        base = len(key)
        for item in key:
            base = (base * 0x100000001B3 ^ stable_hash(item, seed)) & _MASK
    else:
        raw = repr(key).encode()
        base = zlib.crc32(raw) << 32 | zlib.adler32(raw)
    # The finaliser of SplitMix64 spreads every input bit over the result.
    mixed = (base + (seed + 1) * 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & _MASK
    return mixed ^ mixed >> 31


class FrequencySketch:
    """Estimates how often keys were added among the last few thousand additions.

    A key's first addition only marks the doorkeeper (a Bloom filter), so that keys seen once never reach the
    counters. After `sample` additions every counter is halved and the doorkeeper cleared. Counters hold at most 15.
    Clearing the doorkeeper costs a key up to one count more than halving would; without it, the counters are fuller.

    Args:
        capacity: Size of the cache it serves; the sketch is sized for it.
        sample: Additions between halvings; by default ten times the capacity, and no fewer than 1000: the caches of
            prompts hold a handful of keys, and ten times that many accesses tell little of frequency.
        doorkeeper: Whether to have one.
        seed: Of the hash.
    """

    def __init__(self, capacity: int, *, sample: int | None = None, doorkeeper: bool = True, seed: int = 0) -> None:
        # Four counters a row for each cached key: fewer make the keys of a tiny cache collide.
        width = max(256, 1 << (4 * capacity - 1).bit_length())
        self.sample = sample if sample is not None else max(_LEAST_SAMPLE, 10 * capacity)
        self._mask = width - 1
        self._rows = [bytearray(width) for _ in range(_ROWS)]
        # With eight places an addition, two marks of another key rarely let a key through at first sight.
        door = max(256, 1 << (8 * self.sample - 1).bit_length()) if doorkeeper else 1
        self._door = bytearray(door)
        self._door_mask = door - 1
        self._doorkeeper = doorkeeper
        self._seed = seed
        self._additions = 0
        self._hashes: dict[Hashable, int] = {}
        self._hashes_limit = max(1024, 4 * capacity)

    def add(self, key: Hashable) -> None:
        """Count one occurrence."""
        hashed = self._hash(key)
        self._additions += 1
        door, door_mask = self._door, self._door_mask
        first, second = hashed & door_mask, hashed >> 32 & door_mask
        if self._doorkeeper and not (door[first] and door[second]):
            door[first] = door[second] = 1
        else:
            # Conservative update: only the smallest counters grow, which halves the overestimation.
            mask = self._mask
            row0, row1, row2, row3 = self._rows
            step = hashed >> 40 | 1
            i0 = hashed & mask
            i1 = hashed + step & mask
            i2 = hashed + 2 * step & mask
            i3 = hashed + 3 * step & mask
            low = min(row0[i0], row1[i1], row2[i2], row3[i3])
            if low < _LIMIT:
                if row0[i0] == low:
                    row0[i0] = low + 1
                if row1[i1] == low:
                    row1[i1] = low + 1
                if row2[i2] == low:
                    row2[i2] = low + 1
                if row3[i3] == low:
                    row3[i3] = low + 1
        if self._additions >= self.sample:
            self._age()

    def estimate(self, key: Hashable) -> int:
        """About how often the key was added lately: never much too low, sometimes too high."""
        hashed = self._hash(key)
        mask = self._mask
        row0, row1, row2, row3 = self._rows
        step = hashed >> 40 | 1
        counted = min(
            row0[hashed & mask],
            row1[hashed + step & mask],
            row2[hashed + 2 * step & mask],
            row3[hashed + 3 * step & mask],
        )
        door, door_mask = self._door, self._door_mask
        return counted + (door[hashed & door_mask] & door[hashed >> 32 & door_mask])

    def _hash(self, key: Hashable) -> int:
        # Hashing costs more than counting, and the same keys come again: remember their hashes, boundedly.
        hashed = self._hashes.get(key)
        if hashed is None:
            if len(self._hashes) >= self._hashes_limit:
                self._hashes.clear()
            hashed = self._hashes[key] = stable_hash(key, self._seed)
        return hashed

    def _age(self) -> None:
        self._rows = [bytearray(row.translate(_HALVE)) for row in self._rows]
        self._door = bytearray(len(self._door))
        self._additions //= 2
