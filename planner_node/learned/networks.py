"""The parser's networks in torch, for training; `model` runs the same in numpy, from tensors of the same names."""

# torch is installed for training only, so where types are checked its classes are unknown.
# mypy: allow-subclassing-any

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch  # type: ignore[import-not-found]
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional  # type: ignore[import-not-found]

from planner_node.learned.labels import FIELD_LABELS, FIELD_PAIRS, FIELDS, GoalSpace

__all__ = ["GoalReader", "LabelReader", "Layers", "WordPieces"]

WIDTH = 384
HEADS = 12
DROPOUT = 0.1


class WordPieces(nn.Module):
    """Turns word pieces into vectors: BERT's embeddings. The table of word pieces is not trained.

    Args:
        weights: Tensors of all-MiniLM-L6-v2, by name.
    """

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        super().__init__()
        self.register_buffer("words", torch.tensor(weights["embeddings.word_embeddings.weight"]), persistent=False)
        self.positions = nn.Parameter(
            torch.tensor(
                weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
            )
        )
        self.norm = _norm(weights, "embeddings.LayerNorm")

    def forward(self, pieces: Tensor) -> Tensor:
        """``(batch, length)`` indices to ``(batch, length, width)``."""
        words = self.get_buffer("words")[pieces]
        result: Tensor = functional.dropout(
            self.norm(words + self.positions[: pieces.shape[1]]), DROPOUT, self.training
        )
        return result


class Layers(nn.Sequential):
    """Some of BERT's layers, with their pretrained weights.

    Args:
        weights: Tensors of all-MiniLM-L6-v2, by name.
        indices: Which of its layers.
    """

    def __init__(self, weights: Mapping[str, NDArray[np.float32]], indices: Sequence[int]) -> None:
        super().__init__(*[_Layer(weights, f"encoder.layer.{index}") for index in indices])

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Run ``(batch, length, width)`` through all layers, attending where ``mask`` is true."""
        for layer in self:
            hidden = layer(hidden, mask)
        return hidden


class _Layer(nn.Module):
    def __init__(self, weights: Mapping[str, NDArray[np.float32]], prefix: str) -> None:
        super().__init__()
        attention = f"{prefix}.attention"
        self.qkv = _linear(weights, *(f"{attention}.self.{part}" for part in ("query", "key", "value")))
        self.attended = _linear(weights, f"{attention}.output.dense")
        self.attended_norm = _norm(weights, f"{attention}.output.LayerNorm")
        self.inner = _linear(weights, f"{prefix}.intermediate.dense")
        self.output = _linear(weights, f"{prefix}.output.dense")
        self.output_norm = _norm(weights, f"{prefix}.output.LayerNorm")

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        batch, length, width = hidden.shape
        query, key, value = self.qkv(hidden).view(batch, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        context = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask[:, None, None, :], dropout_p=DROPOUT if self.training else 0.0
        )
        attended = self.attended(context.transpose(1, 2).reshape(batch, length, width))
        hidden = self.attended_norm(hidden + functional.dropout(attended, DROPOUT, self.training))
        output = self.output(functional.gelu(self.inner(hidden)))
        result: Tensor = self.output_norm(hidden + functional.dropout(output, DROPOUT, self.training))
        return result


class LabelReader(nn.Module):
    """Reads several fields off a sentence: each field attends to the words that tell it, then scores its labels.

    Args:
        sizes: Number of labels of each field.
        width: Of the vectors that it reads.
        dropout: Share of what was read that is dropped in training.
    """

    def __init__(self, sizes: Sequence[int], *, width: int, dropout: float = DROPOUT) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(len(sizes), width) * 0.05)
        self.drop = nn.Dropout(dropout)
        self.scores = nn.ModuleList([nn.Linear(2 * width, size) for size in sizes])

    def forward(self, hidden: Tensor, mask: Tensor) -> list[Tensor]:
        """Return the logits of each field, ``(batch, labels)``."""
        read = _attend(hidden @ self.queries.T, hidden, mask)
        mean = _mean(hidden, mask)
        return [score(self.drop(torch.cat([read[:, f], mean], dim=-1))) for f, score in enumerate(self.scores)]


class GoalReader(nn.Module):
    """Scores every goal of a `GoalSpace`: what was read of each field, plus which labels go together.

    Normalised over whole goals (a conditional random field whose states can be listed), so that fields which
    constrain each other are learned and decoded together.

    Args:
        space: The goals.
        goals: Those of the training data, for what goes together.
        width: Of the vectors that it reads.
        dropout: Share of what was read that is dropped in training.
    """

    def __init__(
        self, space: GoalSpace, goals: Sequence[tuple[str, ...]], *, width: int, dropout: float = DROPOUT
    ) -> None:
        super().__init__()
        self.register_buffer("indices", torch.tensor(space.indices), persistent=False)
        sizes = [len(FIELD_LABELS[field]) for field in FIELDS]
        chosen = torch.zeros(sum(sizes), len(space.indices))
        chosen[torch.tensor(space.indices + np.cumsum([0, *sizes[:-1]])).T, torch.arange(len(space.indices))] = 1.0
        self.register_buffer("chosen", chosen, persistent=False)
        self.fields = LabelReader(sizes, width=width, dropout=dropout)
        self.pairs = nn.ParameterList([nn.Parameter(torch.tensor(prior)) for prior in _pair_priors(goals)])

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return the logits of all goals, ``(batch, goals)``."""
        indices = self.get_buffer("indices")
        total = torch.zeros(1, len(indices))
        for (first, second), pair in zip(FIELD_PAIRS, self.pairs, strict=True):
            total = total + pair[indices[:, FIELDS.index(first)], indices[:, FIELDS.index(second)]]
        # Of each goal's labels, all fields' side by side: one product is faster than picking them one by one.
        return total + torch.cat(self.fields(hidden, mask), dim=1) @ self.get_buffer("chosen")


def _attend(scores: Tensor, hidden: Tensor, mask: Tensor) -> Tensor:
    """Average vectors as each query's scores say: ``(batch, length, queries)`` to ``(batch, queries, width)``."""
    return scores.masked_fill(~mask[..., None], -1e9).softmax(dim=1).transpose(1, 2) @ hidden


def _mean(hidden: Tensor, mask: Tensor) -> Tensor:
    return (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def _pair_priors(goals: Sequence[tuple[str, ...]], *, smoothing: float = 1.0) -> list[NDArray[np.float32]]:
    """Return for each of `FIELD_PAIRS` how much likelier two labels are together than apart (log, smoothed).

    Halved, because pairs overlap; training takes it from there.
    """
    priors = []
    for first, second in FIELD_PAIRS:
        rows, columns = FIELD_LABELS[first], FIELD_LABELS[second]
        counts = np.zeros((len(rows), len(columns)))
        for goal in goals:
            counts[rows.index(goal[FIELDS.index(first)]), columns.index(goal[FIELDS.index(second)])] += 1
        expected = counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True) / counts.sum()
        priors.append((0.5 * np.log((counts + smoothing) / (expected + smoothing))).astype(np.float32))
    return priors


def _linear(weights: Mapping[str, NDArray[np.float32]], *names: str) -> nn.Linear:
    """One linear layer with the weights of those named, one below the other."""
    weight = torch.tensor(np.concatenate([weights[f"{name}.weight"] for name in names]))
    linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.weight.data = weight
    linear.bias.data = torch.tensor(np.concatenate([weights[f"{name}.bias"] for name in names]))
    return linear


def _norm(weights: Mapping[str, NDArray[np.float32]], name: str) -> nn.LayerNorm:
    norm = nn.LayerNorm(WIDTH, eps=1e-12)
    norm.weight.data, norm.bias.data = torch.tensor(weights[f"{name}.weight"]), torch.tensor(weights[f"{name}.bias"])
    return norm
