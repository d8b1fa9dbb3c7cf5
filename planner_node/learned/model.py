"""The parser in numpy: no torch, one core, a few milliseconds a sentence.

An instruction is looked at twice. The *encoder*, MiniLM fine-tuned, reads the goal off one sentence. The *step
reader* looks at all sentences at once: each as what the encoder's lower layers make of it plus a bag of its words,
with a recurrent layer over the sentences, since a step is told by the ones before and after it. Both score every goal
of `GoalSpace`, and their opinions are weighed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from memory_node.embeddings import Encoder, single_thread
from planner_node.learned.features import bag_of_words
from planner_node.learned.labels import FIELD_PAIRS, FIELDS, GoalSpace
from planner_node.learned.weights import ModelCard, Tensors, load_weights

__all__ = ["LearnedParser"]

Array = NDArray[np.float32]

WEIGHTS: Final = Path(__file__).with_name("weights.safetensors")
MAX_PIECES: Final = 64
"""Word pieces read of a sentence; longer ones are cut."""
MAX_STEPS: Final = 48
"""Steps read at once; longer lists are read in parts."""


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
        trunk = _under(tensors, "trunk")
        self._trunk = Encoder(trunk)
        self._encoder = Encoder(trunk | _under(tensors, "top"))
        self._task = _GoalReader(_under(tensors, "task"), self.space)
        self._steps = _StepReader(_under(tensors, "steps"), self.space)
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

    def goal_probabilities(
        self, sentence: str, *, steps: Sequence[str] = (), home: Collection[str] | None = None
    ) -> Array:
        """Return the probability of every goal of `space`, ``(goals,)``. See `alfred.parse_goal`."""
        return self.weigh(self.goal_opinions(sentence, steps=steps), has_steps=bool(steps), home=home)

    def weigh(self, opinions: tuple[Array, Array], *, has_steps: bool, home: Collection[str] | None = None) -> Array:
        """Return the probability of every goal, from what `goal_opinions` returned for it."""
        mix = self.card.steps_mix if has_steps else self.card.task_mix
        logits = np.float32(mix.encoder) * opinions[0] + np.float32(mix.step_reader) * opinions[1]
        if home is not None:
            logits = logits - np.float32(self.card.unseen_penalty) * self.space.unknown(home)
        return _softmax(logits)

    def goal_opinions(self, sentence: str, *, steps: Sequence[str] = ()) -> tuple[Array, Array]:
        """Return the log-probabilities of all goals by the encoder and by the step reader, each ``(goals,)``."""
        sentences = [sentence, *steps[:MAX_STEPS]]
        pieces = self._tokenize_all(sentences)
        with self._single_thread():
            encoder = self._task(self._encoder.hidden(pieces[:1])[0])
            return encoder, self._steps.goal(self._steps.states(sentences, self._trunk.hidden(pieces)))

    def step_probabilities(self, sentences: Sequence[str], *, task: str = "") -> tuple[Array, Array, Array]:
        """Return each step's probabilities of actions, things and places. See `alfred.parse_steps`."""
        parts = []
        with self._single_thread():
            for start in range(0, len(sentences), MAX_STEPS):
                texts = [task, *sentences[start : start + MAX_STEPS]]
                states = self._steps.states(texts, self._trunk.hidden(self._tokenize_all(texts)))
                parts.append(self._steps.steps(states))
        actions, things, places = (_softmax(np.concatenate(rows)) for rows in zip(*parts, strict=True))
        return actions, things, places

    def _tokenize_all(self, sentences: Sequence[str]) -> list[list[int]]:
        return [self._tokenize(sentence) for sentence in sentences]


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


class _StepReader:
    """See `networks.StepReader`."""

    def __init__(self, tensors: Tensors, space: GoalSpace) -> None:
        self._bag = tensors["bag.weight"]
        self._bag_out = _Linear(_under(tensors, "bag_out"))
        self._queries = _Linear(_under(tensors, "queries"))
        self._read_out = _Linear(_under(tensors, "read_out"))
        self._is_task = tensors["is_task"]
        recurrent = _under(tensors, "recurrent")
        self._forward, self._backward = _Recurrent(recurrent, "l0"), _Recurrent(recurrent, "l0_reverse")
        self._step_scores = [_Linear(_under(tensors, f"step_scores.{i}")) for i in range(3)]
        self.goal = _GoalReader(_under(tensors, "goal"), space)

    def states(self, sentences: Sequence[str], hidden: Sequence[Array]) -> Array:
        """Read a task (or an empty string) and its steps; returns one row a sentence."""
        bags = [bag_of_words(sentence) for sentence in sentences]
        bag = np.stack([self._bag[rows].sum(axis=0) / np.float32(np.sqrt(len(rows))) for rows in bags])
        read = [np.concatenate([_attend(self._queries(h), h).ravel(), h.mean(axis=0)]) for h in hidden]
        rows = _relu(self._bag_out(bag)) + _relu(self._read_out(np.stack(read)))
        rows[0] += self._is_task
        states: Array = np.concatenate([self._forward(rows), self._backward(rows[::-1])[::-1], rows], axis=1)
        return states

    def steps(self, states: Array) -> list[Array]:
        """Return the logits of each step's action, thing and place."""
        return [score(states[1:]) for score in self._step_scores]


class _Recurrent:
    """A gated recurrent unit (Cho et al., 2014), in one direction, as torch has it."""

    def __init__(self, tensors: Tensors, suffix: str) -> None:
        self._input = _Linear({"weight": tensors[f"weight_ih_{suffix}"], "bias": tensors[f"bias_ih_{suffix}"]})
        self._hidden = _Linear({"weight": tensors[f"weight_hh_{suffix}"], "bias": tensors[f"bias_hh_{suffix}"]})
        self._width = tensors[f"weight_hh_{suffix}"].shape[1]

    def __call__(self, rows: Array) -> Array:
        state = np.zeros(self._width, dtype=np.float32)
        states = []
        for from_input in self._input(rows):
            reset_in, update_in, new_in = np.split(from_input, 3)
            reset_hidden, update_hidden, new_hidden = np.split(self._hidden(state), 3)
            update = _sigmoid(update_in + update_hidden)
            new = np.tanh(new_in + _sigmoid(reset_in + reset_hidden) * new_hidden)
            state = np.asarray((1 - update) * new + update * state, dtype=np.float32)
            states.append(state)
        return np.stack(states)


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
    result: Array = _softmax(scores.T) @ hidden
    return result


def _softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    result: Array = e / e.sum(axis=-1, keepdims=True)
    return result


def _log_softmax(x: Array) -> Array:
    shifted = x - x.max(axis=-1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def _sigmoid(x: Array) -> Array:
    result: Array = 1 / (1 + np.exp(-np.clip(x, -30, 30)))
    return result


def _relu(x: Array) -> Array:
    result: Array = np.maximum(x, 0)
    return result
