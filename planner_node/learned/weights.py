"""The parser's weights on disk: small integers with scales, in one safetensors file.

Matrices are rounded to 8 bits with one scale a row; the tables of words, the largest of all, to 4 bits with one
scale for every 64 numbers. Vectors stay as they are. The file's metadata says what it was trained on.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planner_node.errors import PlannerError

__all__ = ["ModelCard", "Tensors", "WeightsError", "load_weights", "restored", "rounded", "save_weights"]

Tensors = dict[str, NDArray[np.float32]]
FORMAT: Final = 2
GROUP: Final = 64  # numbers that share a 4-bit scale


class WeightsError(PlannerError):
    """The parser's weights cannot be read."""


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """Where weights come from and how to use them; stored with them.

    Attributes:
        version: Of the parser that they are for.
        seed: Of the split and of training.
        data_sha256: Of the annotations.
        dev_accuracy: Share of goals told right from one sentence, on the floor plans that training was steered by.
        temperature: Divides the goals' log-probabilities, so that confidence is calibrated.
        unseen_penalty: How much less likely, in nats, a goal is for each class it needs that the home is not known
            to hold. Finite: what the robot has not seen yet may still be there.
        votes: How much likelier, in nats, a goal is for each field that grammar reads the same, by field.
        vocabulary: Word pieces, by index, separated by spaces.
        patterns: Of plans, see `plans.plan_patterns`.
        plan_temperature: Like `temperature`, for goals read from steps as well.
        plan_weights: Fields of `plans.PlanWeights`.
        schedule: How it was trained: fields of `finetune.Schedule`.
    """

    version: str
    seed: int
    data_sha256: str
    dev_accuracy: float
    temperature: float
    unseen_penalty: float
    vocabulary: str
    votes: dict[str, float] = field(default_factory=dict)
    patterns: list[list[Any]] = field(default_factory=list)
    plan_temperature: float = 1.0
    plan_weights: dict[str, float] = field(default_factory=dict)
    schedule: dict[str, Any] = field(default_factory=dict)


def save_weights(
    path: Path, tensors: Mapping[str, NDArray[np.float32]], card: ModelCard, *, four_bit: Collection[str]
) -> None:
    """Write tensors, rounded.

    Args:
        path: Of the file.
        tensors: By name; matrices are rounded to 8 bits, vectors kept.
        card: Where they come from.
        four_bit: Names of the matrices to round to 4 bits.
    """
    from safetensors.numpy import save_file

    metadata = {"format": str(FORMAT), "card": json.dumps(asdict(card), sort_keys=True)}
    save_file(rounded(tensors, four_bit=four_bit), path, metadata=metadata)


def rounded(
    tensors: Mapping[str, NDArray[np.float32]], *, four_bit: Collection[str] = ()
) -> dict[str, NDArray[np.generic]]:
    """Matrices as small integers with scales, under names that `restored` reads; vectors as they are."""
    stored: dict[str, NDArray[np.generic]] = {}
    for name, tensor in sorted(tensors.items()):
        if tensor.ndim < 2:
            stored[name] = np.ascontiguousarray(tensor, dtype=np.float32)
        elif name in four_bit:
            stored[f"{name}:int4"], stored[f"{name}:scale"] = _to_four_bits(tensor)
        else:
            scale = np.maximum(np.abs(tensor).max(axis=-1, keepdims=True), 1e-12) / 127
            stored[f"{name}:int8"] = np.rint(tensor / scale).astype(np.int8)
            stored[f"{name}:scale"] = scale.astype(np.float32)
    return stored


def load_weights(path: Path) -> tuple[Tensors, ModelCard]:
    """Read what `save_weights` wrote.

    Raises:
        WeightsError: The file is absent, damaged, or of another version.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != str(FORMAT):
                raise WeightsError(
                    f"{path} has format {metadata.get('format')}, this version reads {FORMAT}; "
                    "install matching weights or run `karma train-parser`"
                )
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        card = ModelCard(**json.loads(metadata["card"]))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"cannot read the parser's weights {path}: {error}; run `karma train-parser`") from error
    return restored(stored), card


def restored(stored: Mapping[str, NDArray[Any]]) -> Tensors:
    """What `rounded` made small, at full size."""
    tensors: Tensors = {}
    for key, value in stored.items():
        name, _, kind = key.partition(":")
        if kind == "int8":
            tensors[name] = value.astype(np.float32) * stored[f"{name}:scale"]
        elif kind == "int4":
            tensors[name] = _from_four_bits(value, stored[f"{name}:scale"])
        elif not kind:
            tensors[name] = value
    return tensors


def _to_four_bits(matrix: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Round a matrix whose rows are a multiple of `GROUP` long; two numbers a byte."""
    groups = matrix.reshape(len(matrix), -1, GROUP)
    scale = (np.maximum(np.abs(groups).max(axis=-1, keepdims=True), 1e-6) / 7).astype(np.float16)
    digits = (np.clip(np.rint(groups / scale.astype(np.float32)), -7, 7) + 8).astype(np.uint8).reshape(len(matrix), -1)
    return digits[:, 0::2] | (digits[:, 1::2] << 4), scale[..., 0]


def _from_four_bits(packed: NDArray[np.uint8], scale: NDArray[np.float16]) -> NDArray[np.float32]:
    digits = np.empty((len(packed), 2 * packed.shape[1]), dtype=np.int8)
    digits[:, 0::2], digits[:, 1::2] = packed & 15, packed >> 4
    digits -= 8
    groups = digits.reshape(len(packed), -1, GROUP).astype(np.float32) * scale[..., None].astype(np.float32)
    return groups.reshape(len(packed), -1)
