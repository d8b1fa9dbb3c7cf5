"""Vectors of what objects are, compared with a query's: exactly below ten thousand texts, by an index above.

Objects of one class, in the same state, on the same kind of thing are described by the same text, so there are far
fewer texts than objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from memory_node.embeddings import Embedder, Vectors, single_thread

__all__ = ["EXACT", "TextVectors", "VectorStore"]

EXACT = 10_000
"""Texts up to which all are compared; of more, an index finds the `_NEAREST`."""
_NEAREST = 1024
"""Texts that the index finds: far more than are answered, since other criteria are yet to be met."""

Floats = npt.NDArray[np.float64]


class VectorStore(Protocol):
    """Where vectors outlive the process."""

    def vectors(self, model: str) -> dict[str, bytes]:
        """Vectors of texts that were embedded by a model, float32."""
        ...

    def write_vectors(self, model: str, vectors: Mapping[str, bytes]) -> None:
        """Keep vectors of texts."""
        ...


class TextVectors:
    """Texts by number, each with its vector, which is made when it is first needed.

    Args:
        embedder: Makes vectors.
        store: Where vectors are kept, if anywhere; those missing there are made again.
    """

    def __init__(self, embedder: Embedder, store: VectorStore | None) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}
        self._embedder = embedder
        self._store = store
        self._matrix: Vectors = np.empty((0, 0), dtype=np.float32)
        self._made = 0
        self._index: _Index | None = None
        self._limited = single_thread()

    def __len__(self) -> int:
        return len(self.texts)

    def number(self, text: str) -> int:
        """A text's number, new if it is."""
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return number

    def similarities(self, query: str) -> Floats:
        """Cosine similarity of each text with a query; 0 for those that an index did not find near.

        Raises:
            EmbeddingError: If the embedder fails.
        """
        self._make()
        vector = self._embedder.embed([query])[0]
        if self._made > EXACT:
            if self._index is None:
                self._index = _Index(self._matrix.shape[1])
            self._index.follow(self._matrix[: self._made])
            return self._index.similarities(vector, self._made)
        with self._limited():
            exact: Floats = (self._matrix[: self._made] @ vector).astype(np.float64)
        return exact

    def clear(self) -> None:
        """Forget all texts, e.g. since some of them must not be remembered; those in use get numbers again."""
        self.texts.clear()
        self._numbers.clear()
        self._made = 0
        self._index = None

    def _make(self) -> None:
        """Embed texts that have no vector yet."""
        missing = self.texts[self._made :]
        if not missing:
            return
        kept = self._store.vectors(self._embedder.name) if self._store is not None and not self._made else {}
        known = {text: np.frombuffer(kept[text], dtype=np.float32) for text in missing if text in kept}
        new = [text for text in missing if text not in known]
        if new:
            known.update(zip(new, self._embedder.embed(new), strict=True))
            if self._store is not None:
                self._store.write_vectors(self._embedder.name, {text: known[text].tobytes() for text in new})
        total = len(self.texts)
        dimension = len(known[missing[0]])
        if total > len(self._matrix) or self._matrix.shape[1] != dimension:
            grown = np.zeros((max(256, total + total // 2), dimension), dtype=np.float32)
            grown[: self._made] = self._matrix[: self._made] if self._made else 0
            self._matrix = grown
        self._matrix[self._made : total] = [known[text] for text in missing]
        self._made = total


class _Index:
    """Approximate nearest neighbours by cosine: HNSW (Malkov and Yashunin 2018), from usearch; made anew when missing.

    Args:
        dimension: Of the vectors.
    """

    def __init__(self, dimension: int) -> None:
        from usearch.index import Index

        self._index = Index(ndim=dimension, metric="ip", dtype="f32", connectivity=16)
        self._size = 0

    def follow(self, vectors: Vectors) -> None:
        """Take in the vectors that came since the last time."""
        if len(vectors) > self._size:
            self._index.add(np.arange(self._size, len(vectors)), vectors[self._size :], threads=1)
            self._size = len(vectors)

    def similarities(self, query: Vectors, count: int) -> Floats:
        """Of the nearest; 0 for all others."""
        found = self._index.search(query, min(_NEAREST, count))
        result = np.zeros(count)
        result[np.asarray(found.keys, dtype=np.intp)] = 1.0 - np.asarray(found.distances, dtype=np.float64)
        return result
