"""Short-term memory: a bounded cache of object states, its store, and recall over both memories."""

from memory_node.errors import EmbeddingError, MemoryNodeError, QueryError, StoreError
from memory_node.memory import ErasureReport, Memory
from memory_node.reader import Reader
from memory_node.recollection import LookNext, Recollection
from memory_node.stats import Stats

__all__ = [
    "EmbeddingError",
    "ErasureReport",
    "LookNext",
    "Memory",
    "MemoryNodeError",
    "QueryError",
    "Reader",
    "Recollection",
    "Stats",
    "StoreError",
]
