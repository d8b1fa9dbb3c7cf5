"""What can go wrong in `memory_node`: one root, and messages that say what to do next."""

from __future__ import annotations

__all__ = ["EmbeddingError", "MemoryNodeError", "QueryError", "StoreError"]


class MemoryNodeError(Exception):
    """Root of all errors raised by `memory_node`."""


class EmbeddingError(MemoryNodeError):
    """Text cannot be embedded: a package, a model or an endpoint is missing or answers nonsense."""


class QueryError(MemoryNodeError, ValueError):
    """A query whose arguments make no sense, such as a negative radius."""


class StoreError(MemoryNodeError):
    """The store cannot be opened, read or written; what it held is untouched."""
