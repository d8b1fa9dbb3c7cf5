"""A sentence as a bag of words and pairs of neighbours, each hashed to a row of a table."""

from __future__ import annotations

import itertools
import re
from typing import Final
from zlib import crc32

__all__ = ["BUCKETS", "bag_of_words"]

BUCKETS: Final = 1 << 15
MAX_WORDS: Final = 80
_WORD = re.compile(r"[a-z]+|\d+")


def bag_of_words(sentence: str) -> list[int]:
    """Return the rows of a sentence's words and pairs of neighbouring words, its ends marked; never empty."""
    words = ["^", *_WORD.findall(sentence.lower())[:MAX_WORDS], "$"]
    return [crc32(text.encode()) % BUCKETS for text in [*words, *map(" ".join, itertools.pairwise(words))]]
