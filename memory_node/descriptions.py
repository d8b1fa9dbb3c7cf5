"""What each remembered object is, in words, for comparing with the words of a question.

An object's text names its class, its states and what it is on or in; a class's texts tell what such things are and what
they are for, all of it in one and each clause in one of its own, since a question mostly speaks of one aspect. How
alike a question and an object are is a weighted mean of how alike it is to the object's text and to the best of its
class's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from memory_node.columns import Columns
from memory_node.vectors import TextVectors
from scene_graph.ontology import Ontology

__all__ = ["Descriptions"]

Floats = npt.NDArray[np.float64]

_CLAUSE = 0.9
"""Of the likeness to one clause of a class's description, beside that to all of it."""


class Descriptions:
    """Keeps the column ``text``: the number of the description of each row's object.

    Args:
        columns: What is remembered; this class writes the column ``text``.
        knowledge: What is known of classes.
        vectors: Compares texts.
    """

    def __init__(self, columns: Columns, knowledge: Ontology, vectors: TextVectors) -> None:
        self._columns = columns
        self._knowledge = knowledge
        self._vectors = vectors
        self._numbers: dict[tuple[int, int, int], int] = {}  # class, states, class of the parent → number
        self._labels: list[int] = []  # class of each description
        self._classes: dict[int, list[int]] = {}  # class → texts of it, the whole one first, by their numbers
        self._texts: list[int] = []  # text of each description's object, by its number
        self._seen = -1
        self._classes_of = self._texts_of = self._class_texts = np.empty(0, dtype=np.intp)
        self._class_starts = np.empty(0, dtype=np.intp)
        self._class_weights: Floats = np.empty(0)

    def clear(self) -> None:
        """Forget all descriptions; rows get new ones when they are next asked for."""
        self._numbers.clear()
        self._labels.clear()
        self._texts.clear()
        self._classes.clear()
        self._classes_of = np.empty(0, dtype=np.intp)
        self._vectors.clear()
        self._columns.column("text")[:] = -1
        self._seen = -1

    def labels(self) -> npt.NDArray[np.int64]:
        """Code of the class of each description, after all rows were described."""
        self._describe_rows()
        return np.array(self._labels, dtype=np.int64)

    def similarities(self, query: str, *, weight: float) -> Floats:
        """How alike a question and each description are, as a cosine.

        Args:
            query: The question's words.
            weight: Of the object's own text beside its class's, in [0, 1].
        """
        self._describe_rows()
        cosines = self._vectors.similarities(query)
        if not self._labels:
            return np.empty(0)
        self._lay_out()
        best = np.maximum.reduceat(cosines[self._class_texts] * self._class_weights, self._class_starts)
        result: Floats = (1 - weight) * best[self._classes_of] + weight * cosines[self._texts_of]
        return result

    def _lay_out(self) -> None:
        """Put what the lists hold into arrays, once after each change of them."""
        if len(self._classes_of) == len(self._labels):
            return
        order = {label: place for place, label in enumerate(self._classes)}
        self._classes_of = np.array([order[label] for label in self._labels], dtype=np.intp)
        self._texts_of = np.array(self._texts, dtype=np.intp)
        self._class_texts = np.array([n for numbers in self._classes.values() for n in numbers], dtype=np.intp)
        sizes = [len(numbers) for numbers in self._classes.values()]
        self._class_starts = np.cumsum([0, *sizes[:-1]])
        self._class_weights = np.full(len(self._class_texts), _CLAUSE)
        self._class_weights[self._class_starts] = 1.0

    def _describe_rows(self) -> None:
        columns = self._columns
        if columns.changes == self._seen:
            return
        self._seen = columns.changes
        text, alive = columns.column("text"), columns.column("alive")
        rows = np.flatnonzero((text < 0) & alive)
        if not rows.size:
            return
        parents = columns.column("parent")[rows]
        holders = {-1: -1}
        for code in np.unique(parents).tolist():
            row = columns.rows.get(columns.parents.names[code]) if code >= 0 else None
            holders[code] = int(columns.column("label")[row]) if row is not None else -1
        keys = zip(
            columns.column("label")[rows].tolist(),
            columns.column("state")[rows].tolist(),
            (holders[code] for code in parents.tolist()),
            strict=True,
        )
        numbers = self._numbers
        text[rows] = [numbers[key] if key in numbers else self._describe(key) for key in keys]

    def _describe(self, key: tuple[int, int, int]) -> int:
        label, bits, holder = key
        names, states = self._columns.labels.names, self._columns.states.names
        info = self._knowledge.get(names[label])
        shown = [name for code, name in enumerate(states[:64]) if bits >> code & 1]
        words = [*(name.replace(":", " with ").replace("_", " ") for name in sorted(shown)), info.word]
        if holder >= 0:
            words += ["on or in the", self._knowledge.get(names[holder]).word]
        number = self._numbers[key] = len(self._labels)
        self._labels.append(label)
        self._texts.append(self._vectors.number(" ".join(words)))
        if label not in self._classes:
            clauses = [clause.strip() for clause in info.description.split(",")]
            texts = [info.description, *(clauses if len(clauses) > 1 else ())]
            self._classes[label] = [self._vectors.number(f"{info.word}: {text}") for text in texts]
        return number
