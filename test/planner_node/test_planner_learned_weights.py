"""Weights on disk: small, faithful, and refused when they are not what they should be."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.numpy import save_file

from planner_node.learned.weights import GROUP, ModelCard, WeightsError, load_weights, save_weights

CARD = ModelCard(
    version="1",
    seed=3,
    data_sha256="ab" * 32,
    dev_accuracy=0.5,
    temperature=1.2,
    unseen_penalty=4.0,
    vocabulary="[PAD] [UNK] cup ##s",
)


def round_trip(folder, tensors, four_bit=()):
    path = folder / "weights.safetensors"
    save_weights(path, tensors, CARD, four_bit=four_bit)
    return load_weights(path)


def test_card_and_vectors_come_back_as_they_were(tmp_path):
    bias = np.array([1e-9, -3.25, 1e6], dtype=np.float32)
    tensors, card = round_trip(tmp_path, {"bias": bias})
    assert card == CARD
    np.testing.assert_array_equal(tensors["bias"], bias)


@given(matrix=arrays(np.float32, (3, 2 * GROUP), elements=st.floats(-100, 100, width=32)), four_bit=st.booleans())
def test_matrices_come_back_to_within_half_a_step(tmp_path_factory, matrix, four_bit):
    tensors, _ = round_trip(tmp_path_factory.mktemp("weights"), {"m": matrix}, ["m"] if four_bit else [])
    if four_bit:
        # The scale itself is rounded to 11 bits, and scales below half precision's smallest numbers are lost.
        step = np.abs(matrix.reshape(3, 2, GROUP)).max(axis=-1, keepdims=True) / 7
        error = np.abs((tensors["m"] - matrix).reshape(3, 2, GROUP))
        assert (error <= 0.51 * step + 1e-5).all()
    else:
        step = np.abs(matrix).max(axis=-1, keepdims=True) / 127
        assert (np.abs(tensors["m"] - matrix) <= 0.501 * step + 1e-9).all()


def test_four_bits_take_about_an_eighth_of_the_space(tmp_path):
    matrix = np.random.default_rng(0).normal(size=(1000, 4 * GROUP)).astype(np.float32)
    path = tmp_path / "weights.safetensors"
    save_weights(path, {"m": matrix}, CARD, four_bit=["m"])
    assert path.stat().st_size < matrix.nbytes / 7


def test_absent_damaged_and_foreign_files_are_refused_with_advice(tmp_path):
    path = tmp_path / "weights.safetensors"
    with pytest.raises(WeightsError, match="karma train-parser"):
        load_weights(path)
    path.write_bytes(b"not safetensors at all")
    with pytest.raises(WeightsError, match="karma train-parser"):
        load_weights(path)
    save_file({"a": np.zeros(1, dtype=np.float32)}, path)
    with pytest.raises(WeightsError, match="format None"):
        load_weights(path)
    save_weights(path, {"a": np.zeros(1, dtype=np.float32)}, replace(CARD, seed=4), four_bit=[])
    assert load_weights(path)[1].seed == 4
