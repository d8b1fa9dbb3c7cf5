"""The parser in numpy: no torch, one core, a few milliseconds a sentence.

The encoder is MiniLM, fine-tuned to read both the goal off an instruction, and action and arguments off a step. A goal
is scored as a whole, over every goal of `GoalSpace`; steps are read together, as one plan (`plans`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from memory_node.embeddings import Encoder, single_thread
from planner_node.learned.labels import FIELD_PAIRS, FIELDS, GoalSpace
from planner_node.learned.plans import PlanReader, PlanReading, PlanWeights, plan_model
from planner_node.learned.votes import grammar_labels, votes
from planner_node.learned.weights import ModelCard, Tensors, load_weights

__all__ = ["LearnedParser", "softmax"]

Array = NDArray[np.float32]

WEIGHTS: Final = Path(__file__).with_name("weights.safetensors")
MAX_PIECES: Final = 64
"""Word pieces read of a sentence; longer ones are cut."""
BATCH: Final = 32
"""Sentences read at once."""


class LearnedParser:
    """Weights, ready to read with.

    Args:
        tensors: By name, as `train` writes them.
        card: Where they come from.
    """

    def __init__(self, tensors: Tensors, card: ModelCard) -> None:
        self.card = card
        self.space = GoalSpace.build()
        self._tokenize = _tokenizer(card.vocabulary.split(" "))
        self._encoder = Encoder(_under(tensors, "encoder"))
        self._task = _GoalReader(_under(tensors, "task"), self.space)
        self._step = _LabelReader(_under(tensors, "step"))
        plans = plan_model(card.patterns, _under(tensors, "plans"))
        self._plans = PlanReader(plans, self.space, PlanWeights(**card.plan_weights))
        self._single_thread = single_thread()

    @classmethod
    def load(cls, path: Path) -> LearnedParser:
        """Load weights.

        Raises:
            WeightsError: They are missing or damaged.
        """
        return cls(*load_weights(path))

    @classmethod
    def default(cls) -> LearnedParser:
        """Return the project's own parser, loaded once."""
        return _default()

    def goal_probabilities(self, sentence: str, *, home: Collection[str] | None = None) -> Array:
        """Return the probability of every goal of `space`, ``(goals,)``. See `alfred.parse_goal`."""
        return self.weigh(self.goal_likelihoods(sentence), home=home)

    def weigh(
        self, likelihoods: Array, *, home: Collection[str] | None = None, temperature: float | None = None
    ) -> Array:
        """Return the probability of every goal, from what `goal_likelihoods` returned for it.

        Args:
            likelihoods: Log-probabilities before calibration.
            home: Classes that the home is known to hold.
            temperature: To divide by; None for that of one sentence.
        """
        logits = likelihoods / np.float32(self.card.temperature if temperature is None else temperature)
        if home is not None:
            logits = logits - np.float32(self.card.unseen_penalty) * self.space.unknown(home)
        return softmax(logits)

    def goal_likelihoods(self, sentence: str) -> Array:
        """Return the log-probabilities of all goals, grammar's vote in them, before calibration, ``(goals,)``."""
        total = self.network_likelihoods([sentence])[0]
        return _log_softmax(total + votes(grammar_labels(sentence), self.space, self.card.votes))

    def network_likelihoods(self, sentences: Sequence[str]) -> Array:
        """Return what the network alone makes of sentences, ``(sentences, goals)`` log-probabilities."""
        rows = []
        with self._single_thread():
            for start in range(0, len(sentences), BATCH):
                pieces = [self._tokenize(sentence) for sentence in sentences[start : start + BATCH]]
                rows += [self._task(hidden) for hidden in self._encoder.hidden(pieces)]
        return np.stack(rows) if rows else np.empty((0, len(self.space.indices)), dtype=np.float32)

    def step_probabilities(self, sentences: Sequence[str]) -> tuple[Array, Array, Array]:
        """Return each step's probabilities of actions, things and places, read by itself: ``(steps, labels)`` each."""
        rows = []
        with self._single_thread():
            for start in range(0, len(sentences), BATCH):
                pieces = [self._tokenize(sentence) for sentence in sentences[start : start + BATCH]]
                rows += [self._step(hidden) for hidden in self._encoder.hidden(pieces)]
        actions, things, places = (softmax(np.stack(logits)) for logits in zip(*rows, strict=True))
        return actions, things, places

    def read_plan(self, steps: tuple[Array, Array, Array], *, task: Array | None = None) -> PlanReading:
        """Read steps together, as a plan. See `alfred.parse_steps` and `alfred.parse_goal`.

        Args:
            steps: From `step_probabilities`, for at least one sentence.
            task: From `goal_likelihoods`, for the instruction in one sentence, if there is one.
        """
        return self._plans.read(*steps, task)


@cache
def _default() -> LearnedParser:
    return LearnedParser.load(WEIGHTS)


class _LabelReader:
    """See `networks.LabelReader`."""

    def __init__(self, tensors: Tensors) -> None:
        self._queries = tensors["queries"]
        self._scores = [_Linear(_under(tensors, f"scores.{i}")) for i in range(len(self._queries))]

    def __call__(self, hidden: Array) -> list[Array]:
        read = _attend(hidden @ self._queries.T, hidden)
        mean = hidden.mean(axis=0)
        return [score(np.concatenate([row, mean])) for score, row in zip(self._scores, read, strict=True)]


class _GoalReader:
    """See `networks.GoalReader`; gives log-probabilities."""

    def __init__(self, tensors: Tensors, space: GoalSpace) -> None:
        self._indices = np.ascontiguousarray(space.indices.T)
        self._fields = _LabelReader(_under(tensors, "fields"))
        self._prior = np.zeros(len(space.indices), dtype=np.float32)
        for i, (first, second) in enumerate(FIELD_PAIRS):
            self._prior += tensors[f"pairs.{i}"][
                self._indices[FIELDS.index(first)], self._indices[FIELDS.index(second)]
            ]

    def __call__(self, hidden: Array) -> Array:
        total = self._prior.copy()
        for indices, logits in zip(self._indices, self._fields(hidden), strict=True):
            total += logits[indices]
        return _log_softmax(total)


class _Linear:
    def __init__(self, tensors: Tensors) -> None:
        self._weight = np.ascontiguousarray(tensors["weight"].T)
        self._bias = tensors["bias"]

    def __call__(self, x: Array) -> Array:
        result: Array = x @ self._weight + self._bias
        return result


def _under(tensors: Tensors, prefix: str) -> Tensors:
    """Return the tensors whose names begin with ``prefix.``, without it."""
    return {name.removeprefix(f"{prefix}."): value for name, value in tensors.items() if name.startswith(f"{prefix}.")}


def _tokenizer(vocabulary: Sequence[str]) -> Callable[[str], list[int]]:
    """BERT's lower-casing word-piece tokenizer."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import BertProcessing

    index = {piece: i for i, piece in enumerate(vocabulary)}
    tokenizer = Tokenizer(WordPiece(index, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = BertProcessing(("[SEP]", index["[SEP]"]), ("[CLS]", index["[CLS]"]))
    tokenizer.enable_truncation(MAX_PIECES)

    def tokenize(text: str) -> list[int]:
        # A lone surrogate, as a broken pipe may deliver, cannot be encoded; it becomes a question mark.
        ids: list[int] = tokenizer.encode(text.encode("utf-8", "replace").decode()).ids
        return ids

    return tokenize


def _attend(scores: Array, hidden: Array) -> Array:
    """Average rows as each query's scores say: ``(rows, queries)`` to ``(queries, width)``."""
    result: Array = softmax(scores.T) @ hidden
    return result


def softmax(x: Array) -> Array:
    """Turn logits in the last axis into probabilities."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    result: Array = e / e.sum(axis=-1, keepdims=True)
    return result


def _log_softmax(x: Array) -> Array:
    shifted = x - x.max(axis=-1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result
