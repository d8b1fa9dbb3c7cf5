"""Reads orders off a text, and classes off a phrase, in numpy.

"What I drink from belongs beside the kettle": ``move`` the span "What I drink from" to the span "the kettle".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from memory_node.embeddings import Encoder, gelu, minilm_folder, minilm_tokenizer, single_thread
from planner_node.learned.model import softmax
from planner_node.learned.weights import Tensors, WeightsError, restored, rounded
from planner_node.orders.corpus import SKILLS, WITH_PLACE, Order, Span

__all__ = ["OrderReader", "OrderReading", "load_tokenizer", "piece_slice", "save_orders"]

Array = NDArray[np.float32]

Encode = Callable[[str], tuple[list[int], list[tuple[int, int]]]]
"""A text to its word pieces, and where each stands in the text."""

WEIGHTS: Final = Path(__file__).with_name("weights.safetensors")
FROZEN: Final = 2
"""Lowest layers of MiniLM that stay as they are."""
MAX_PIECES: Final = 96
"""Word pieces read of a text; longer ones are cut."""
FORMAT: Final = "1"
_REMEMBERED: Final = 256
"""Phrases whose classes are remembered."""
_CONTRARY: Final = [
    (SKILLS.index(one), SKILLS.index(other)) for one, other in (("toggle_on", "toggle_off"), ("open", "close"))
]
"""Skills of which a thing that is named once is asked for one only."""


@dataclass(frozen=True)
class OrderReading:
    """Orders read off a text.

    Attributes:
        orders: In the order in which they are to be carried out.
        confidence: Of the least sure of the decisions made, in [0, 1].
    """

    orders: tuple[Order, ...]
    confidence: float


class OrderReader:
    """Weights, ready to read with.

    Args:
        tensors: By name, as `train` writes them, MiniLM's lowest layers among them.
        kinds: Classes that a phrase may mean, as the weights number them.
        encode: See `load_tokenizer`.
    """

    def __init__(self, tensors: Tensors, kinds: Sequence[str], encode: Encode) -> None:
        self.kinds = tuple(kinds)
        self._encode = encode
        self._encoder = Encoder({k: v for k, v in tensors.items() if not k.startswith("heads.")})
        self._heads = {k.removeprefix("heads."): v for k, v in tensors.items() if k.startswith("heads.")}
        self._single_thread = single_thread()
        self.classes = lru_cache(maxsize=_REMEMBERED)(self._classes)
        """See `_classes`; what was asked lately is remembered, since planning asks of the same phrases again."""

    @classmethod
    def load(cls, path: Path) -> OrderReader:
        """Load weights.

        Raises:
            WeightsError: They are missing or damaged.
        """
        return cls(*_load(path))

    @classmethod
    def default(cls) -> OrderReader:
        """The project's own reader, loaded once."""
        return _default()

    def read(self, text: str) -> OrderReading:
        """The orders in a text."""
        ids, offsets = self._encode(text)
        if len(ids) < 3:
            return OrderReading((), 1.0)
        with self._single_thread():
            states = self._encoder.hidden([ids])[0]
        words = _words(text, offsets)
        things, thing_surety = self._spans(states, words, "things")
        places, place_surety = self._spans(states, words, "places")
        surest = min(thing_surety, place_surety)
        doings = self._doings(states, [None, *things])
        surest = min(surest, float(np.maximum(doings[0], 1 - doings[0]).min()))
        found: list[tuple[int, int, Order]] = []
        for thing, row in zip((None, *things), doings, strict=True):
            asked = set(np.flatnonzero(row > 0.5).tolist())
            for one, other in _CONTRARY:
                if {one, other} <= asked:
                    asked.remove(one if row[one] < row[other] else other)
            if thing is not None:  # what stands there as a thing is there for something to be done with it
                asked.add(int(row.argmax()))
                surest = min(surest, float(row.max()))
            for skill in sorted(asked):
                place = None
                if SKILLS[skill] in WITH_PLACE and places:
                    likely = softmax(self._links(states, thing, skill, places))
                    best = int(likely.argmax())
                    surest = min(surest, float(likely[best]))
                    place = places[best] if best < len(places) else None
                where = (thing or place or slice(0, 0)).start
                order = Order(SKILLS[skill], _span(thing, offsets), _span(place, offsets))
                found.append((where, skill, order))
        found.sort(key=lambda entry: entry[:2])
        orders = [order for _, _, order in found]
        if len(orders) > 1 and self._turned(states):
            orders.reverse()
        return OrderReading(tuple(orders), surest)

    def _classes(self, phrase: str) -> Mapping[str, float]:
        """How likely a phrase, such as "what I drink from", means each of the classes that the reader knows."""
        ids, _ = self._encode(phrase)
        with self._single_thread():
            mean = self._encoder.hidden([ids])[0].mean(axis=0)
        likely = softmax(self._linear("kinds", mean))
        return dict(zip(self.kinds, likely.tolist(), strict=True))

    def _linear(self, name: str, x: Array) -> Array:
        result: Array = x @ self._heads[f"{name}.weight"].T + self._heads[f"{name}.bias"]
        return result

    def _spans(self, states: Array, words: Sequence[slice], role: str) -> tuple[list[slice], float]:
        """Pieces of each span, of whole words, and the probability of the least sure of the words' marks."""
        likely = softmax(self._linear(role, states))
        spans: list[slice] = []
        surest = 1.0
        for word in words:
            shares = likely[word.start]
            mark = int(shares.argmax())
            surest = min(surest, float(shares[mark]))
            if mark == 2 and spans and spans[-1].stop == word.start:
                spans[-1] = slice(spans[-1].start, word.stop)
            elif mark:
                spans.append(word)
        return spans, surest

    def _doings(self, states: Array, spans: Sequence[slice | None]) -> Array:
        """See `networks.OrderHeads.doings`; gives probabilities."""
        unsaid = self._heads["unsaid"]
        whole = [states[0], states.mean(axis=0)]
        rows: list[Array] = [
            np.concatenate([*whole, unsaid, unsaid])
            if span is None
            else np.concatenate([*whole, states[span].mean(axis=0), states[span.start - 1]])
            for span in spans
        ]
        logits = self._linear("skills", gelu(self._linear("inner", np.stack(rows))))
        result: Array = (1 / (1 + np.exp(-logits))).astype(np.float32)
        return result

    def _links(self, states: Array, thing: slice | None, skill: int, places: Sequence[slice]) -> Array:
        """See `networks.OrderHeads.links`."""
        own = self._heads["unsaid"] if thing is None else states[thing].mean(axis=0)
        query = self._linear("thing_link", own) + self._heads["skill_link"][skill]
        scores = []
        for place in places:
            score = float(self._linear("place_link", states[place].mean(axis=0)) @ query) / len(query) ** 0.5
            gap = 0 if thing is None else place.start - thing.start
            scores.append(score + float(self._heads["distance"][int(gap < 0)]) * abs(gap) / 10)
        return np.array([*scores, self._heads["nowhere"][skill]], dtype=np.float32)

    def _turned(self, states: Array) -> bool:
        return bool(self._linear("turned", np.concatenate([states[0], states.mean(axis=0)]))[0] > 0)


@cache
def _default() -> OrderReader:
    return OrderReader.load(WEIGHTS)


def load_tokenizer(folder: Path) -> Encode:
    """MiniLM's tokenizer: a text to its word pieces and where each stands in it."""
    tokenizer = minilm_tokenizer(folder, pieces=MAX_PIECES)

    def encode(text: str) -> tuple[list[int], list[tuple[int, int]]]:
        # A lone surrogate, as a broken pipe may deliver, cannot be encoded; it becomes a question mark.
        encoded = tokenizer.encode(text.encode("utf-8", "replace").decode())
        return encoded.ids, encoded.offsets

    return encode


def piece_slice(span: Span, offsets: Sequence[tuple[int, int]]) -> slice:
    """Word pieces that a span of characters covers; the last one of the text if it was cut off before."""
    covered = [i for i, (start, end) in enumerate(offsets) if end > start and start < span.end and end > span.start]
    return slice(covered[0], covered[-1] + 1) if covered else slice(len(offsets) - 2, len(offsets) - 1)


def _words(text: str, offsets: Sequence[tuple[int, int]]) -> list[slice]:
    """Pieces of each word and punctuation mark; the marks at a text's ends are none."""
    words: list[slice] = []
    for i, (start, end) in enumerate(offsets):
        if end == start:
            continue
        inside = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
        if inside and words and words[-1].stop == i:
            words[-1] = slice(words[-1].start, i + 1)
        else:
            words.append(slice(i, i + 1))
    return words


def _span(pieces: slice | None, offsets: Sequence[tuple[int, int]]) -> Span | None:
    return None if pieces is None else Span(offsets[pieces.start][0], offsets[pieces.stop - 1][1])


def save_orders(path: Path, tensors: Mapping[str, NDArray[np.float32]], card: Mapping[str, Any]) -> None:
    """Write tensors, matrices rounded to 8 bits with one scale a row."""
    from safetensors.numpy import save_file

    save_file(rounded(tensors), path, metadata={"format": FORMAT, "card": json.dumps(card, sort_keys=True)})


def trained_tensors(path: Path) -> Tensors:
    """What `save_orders` wrote, at full size.

    Raises:
        WeightsError: It is missing, damaged or of another version.
    """
    return _read(path)[0]


def _read(path: Path) -> tuple[Tensors, dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT or "card" not in metadata:
                raise WeightsError(f"{path} is of another version; run `karma train-orders`")
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        card: dict[str, Any] = json.loads(metadata["card"])
        return restored(stored), card
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"cannot read the order reader's weights {path}: {error}; run `karma train-orders`"
        ) from error


def _load(path: Path) -> tuple[Tensors, Sequence[str], Encode]:
    from safetensors import safe_open

    trained, card = _read(path)
    folder = minilm_folder()
    lowest = tuple(f"encoder.layer.{index}." for index in range(FROZEN))
    with safe_open(folder / "model.safetensors", framework="numpy") as file:
        names = [name for name in file.keys() if name.startswith(("embeddings.", *lowest))]  # noqa: SIM118
        tensors = {name: file.get_tensor(name) for name in names}
    tensors |= {name.removeprefix("encoder."): tensor for name, tensor in trained.items()}
    return tensors, card["kinds"], load_tokenizer(folder)
