"""Embedding models for the scene graph's searches, injected from outside: imports point away from this package."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, Protocol

from scene_graph.search import Similarity
from scene_graph.types import SceneGraphError

__all__ = ["Embeds", "SimilarityError", "load_similarity", "similarity_of"]


class SimilarityError(SceneGraphError, ValueError):
    """An embedding model that cannot be loaded; say "" to rank places without one."""


class Embeds(Protocol):
    """What turns texts into vectors; `memory_node.embeddings.Embedder` is one."""

    def embed(self, texts: Sequence[str]) -> Any:
        """(N, D) rows of unit length for N texts."""
        ...


def similarity_of(embedder: Embeds, *, errors: tuple[type[Exception], ...] = ()) -> Similarity:
    """The cosine similarity of texts by an embedding model.

    Args:
        embedder: The model; it should remember the vectors of texts that it has met.
        errors: What it raises when it cannot be used: searches then do without it.
    """

    def cosine(phrase: str, texts: Sequence[str]) -> Sequence[float]:
        try:
            vectors = embedder.embed([phrase, *texts])
        except errors:
            return ()
        scores: list[float] = (vectors[1:] @ vectors[0]).tolist()
        return scores

    return cosine


def load_similarity(name: str) -> Similarity | None:
    """Make the embedding model that a name like ``memory_node.embeddings:default`` says; None for an empty name.

    Args:
        name: A module and, after a colon, what to call there, without arguments, for an `Embeds`.

    Raises:
        SimilarityError: If there is no such module or name.
    """
    if not name:
        return None
    module, _, attribute = name.partition(":")
    try:
        factory = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise SimilarityError(f"there is no embedder {name!r} ({error}): give one as 'module:name', or ''") from error
    return similarity_of(factory())
