"""Trains the reader of orders: ``karma train-orders``. One command, from MiniLM and the corpus to weights and figures.

The word pieces and the lowest layers of MiniLM stay as they are, and are not stored again; the layers above and what
reads orders off them are trained together. Sentences are varied as they are read: a thing in another's place,
two texts joined into one, capitals and full stops left out.
"""

from __future__ import annotations

import json
import logging
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from planner_node.learned.corpus import by_length, pretrained_folder
from planner_node.learned.finetune import LAYERS, has_fast_bfloat16, import_torch, padded
from planner_node.learned.train import BERT_NAMES, bert_names
from planner_node.orders.corpus import (
    CORPUS,
    PHRASES,
    SKILLS,
    WITH_PLACE,
    Example,
    Order,
    Phrase,
    Span,
    read_corpus,
    read_phrases,
)
from planner_node.orders.reader import (
    FROZEN,
    OrderReader,
    load_tokenizer,
    piece_slice,
    save_orders,
    trained_tensors,
)
from scene_graph.ontology import ontology

if TYPE_CHECKING:
    from torch import Tensor  # type: ignore[import-not-found]  # installed for training only

__all__ = ["Course", "main", "trained_state"]

T = TypeVar("T", Example, Phrase)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Course:
    """How long to train, how fast, and how much to vary what is read.

    Attributes:
        epochs: Times that each text is read.
        batch: Texts.
        rate: Learning rate of the uppermost layer, at its highest.
        layer_decay: Factor from each layer's rate to that of the one below.
        head_rate: Learning rate of what reads orders off the layers.
        average: Share that the running average of the weights keeps from one batch to the next.
        swapped: Share of things that are replaced by others'.
        joined: Share of texts that another is joined to.
        lowered: Share of texts that lose their capitals and full stops.
        phrases: Phrases in a batch of them.
        phrase_epochs: Times that each phrase is read.
        held_out: Share of the corpus, and of the phrases, that is not learned from, but measured on.
    """

    epochs: int = 7
    batch: int = 32
    rate: float = 2e-4
    layer_decay: float = 0.9
    head_rate: float = 1e-3
    average: float = 0.998
    swapped: float = 0.3
    joined: float = 0.2
    lowered: float = 0.2
    phrases: int = 64
    phrase_epochs: int = 5
    held_out: float = 0.1


def main(
    out: Path,
    *,
    corpus: Path = CORPUS,
    phrases: Path = PHRASES,
    start: Path | None = None,
    seed: int = 0,
    threads: int = 1,
    course: Course | None = None,
) -> dict[str, float]:
    """Train the reader, write its weights, and measure it on the texts held out.

    Args:
        out: The weights' file.
        corpus: See `corpus`.
        phrases: Words for things, see `corpus`.
        start: Weights to go on from; None to begin with MiniLM's.
        seed: Of what chance decides.
        threads: CPU threads to use.
        course: How long to train and how fast to learn.

    Returns:
        Shares of held-out texts read right.

    Raises:
        TrainingError: torch or MiniLM's weights are not installed.
        CorpusError: The corpus cannot be read.
    """
    torch = import_torch()
    course = course or Course()
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    chance = random.Random(seed)
    examples, held_out = _parted(read_corpus(corpus), course, chance)
    words, words_held_out = _parted([*read_phrases(phrases), *_described()], course, chance)
    kinds = sorted({label for phrase in (*words, *words_held_out) for label in phrase.labels})
    networks = _train(examples, words, kinds, course, chance, start)
    card = {"course": repr(course), "texts": len(examples), "phrases": len(words), "seed": seed, "kinds": kinds}
    save_orders(out, _tensors(networks), card)
    reader = OrderReader.load(out)
    figures = {**measure(reader, held_out), "phrases_right": _named(reader, words_held_out)}
    log.info("on texts held out: %s", json.dumps(figures))
    return figures


def _parted(items: Sequence[T], course: Course, chance: random.Random) -> tuple[list[T], list[T]]:
    """What to learn from, and what to measure on."""
    shuffled = list(dict.fromkeys(items))
    chance.shuffle(shuffled)
    apart = round(course.held_out * len(shuffled))
    return shuffled[apart:], shuffled[:apart]


def _described() -> list[Phrase]:
    """What household knowledge says of its classes, as phrases."""
    infos = [ontology().get(label) for label in ontology().labels()]
    return [
        Phrase(text.strip(), (info.label,))
        for info in infos
        for text in (*info.words, info.description, *info.description.split(","))
        if text.strip()
    ]


def _named(reader: OrderReader, phrases: Sequence[Phrase]) -> float:
    """Share of phrases whose likeliest class is one of those they may mean."""
    right = 0
    for phrase in phrases:
        classes = reader.classes(phrase.text)
        right += max(classes, key=classes.__getitem__) in phrase.labels
    return right / max(1, len(phrases))


def measure(reader: OrderReader, examples: Sequence[Example]) -> dict[str, float]:
    """Share of texts whose orders are read of those read with some confidence, and of single orders."""
    exact, sure, sure_exact, orders, found = 0, 0, 0, 0, 0
    for example in examples:
        reading = reader.read(example.text)
        right = reading.orders == example.orders
        exact += right
        if reading.confidence >= 0.5:
            sure += 1
            sure_exact += right
        wanted = set(example.orders)
        orders += len(wanted)
        found += len(wanted & set(reading.orders))
        if not right:
            log.debug("%r\n    wanted %s\n    read %s", example.text, _shown(example.text, example.orders), reading)
    return {
        "texts": len(examples),
        "exact": exact / max(1, len(examples)),
        "sure": sure / max(1, len(examples)),
        "exact_if_sure": sure_exact / max(1, sure),
        "orders_found": found / max(1, orders),
    }


def _shown(text: str, orders: Sequence[Order]) -> str:
    def words(span: Span | None) -> str:
        return text[span.start : span.end] if span is not None else "^"

    return " ; ".join(f"{o.skill}({words(o.thing)} > {words(o.place) if o.place else '-'})" for o in orders)


def _train(
    examples: Sequence[Example],
    phrases: Sequence[Phrase],
    kinds: Sequence[str],
    course: Course,
    chance: random.Random,
    start: Path | None,
) -> Any:
    torch = import_torch()
    from safetensors.numpy import load_file

    from planner_node.learned import networks as n
    from planner_node.orders.networks import OrderHeads

    folder = pretrained_folder()
    pretrained, encode = load_file(folder / "model.safetensors"), load_tokenizer(folder)
    networks = torch.nn.ModuleDict(
        {
            "words": n.WordPieces(pretrained),
            "lower": n.Layers(pretrained, range(FROZEN)),
            "layers": n.Layers(pretrained, range(FROZEN, LAYERS)),
            "heads": OrderHeads(len(kinds)),
        }
    )
    if start is not None:
        networks.load_state_dict(trained_state(start), strict=False)
    for part in ("words", "lower"):
        for parameter in networks[part].parameters():
            parameter.requires_grad_(False)
    texts, words = -(-len(examples) // course.batch), -(-len(phrases) // course.phrases)
    total = course.epochs * texts + course.phrase_epochs * words
    rising = 0.06 * total  # batches in which the rates rise
    optimizer = torch.optim.AdamW(
        [
            *(
                {"params": list(layer.parameters()), "lr": course.rate * course.layer_decay**depth}
                for depth, layer in enumerate(reversed(networks["layers"]))
            ),
            {"params": list(networks["heads"].parameters()), "lr": course.head_rate},
        ],
        weight_decay=0.01,
    )
    rates = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda i: min((i + 1) / (rising + 1), max(0.02, 1 - i / total))
    )
    average = torch.optim.swa_utils.AveragedModel(
        networks, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(course.average)
    )
    pool = _things(examples)
    networks.train()
    count, means = 0, {"orders": 0.0, "phrases": 0.0}
    meant = [(encode(phrase.text)[0], [kinds.index(label) for label in phrase.labels]) for phrase in phrases]
    later = course.epochs - course.phrase_epochs  # phrases are read in the last epochs only
    for epoch in range(course.epochs):
        varied = [_varied(example, examples, pool, phrases, course, chance) for example in examples]
        items = [(example, *encode(example.text)) for example in varied]
        batches: list[tuple[str, Any]] = [
            ("orders", batch) for batch in by_length(items, course.batch, lambda item: len(item[1]), chance)
        ]
        if epoch >= later:
            batches += [("phrases", b) for b in by_length(meant, course.phrases, lambda item: len(item[0]), chance)]
        chance.shuffle(batches)
        for kind, batch in batches:
            loss = _loss(networks, batch) if kind == "orders" else _phrase_loss(networks, batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(networks.parameters(), 1.0)
            optimizer.step()
            rates.step()
            if count == round(rising):  # before that, weights change too fast to be worth averaging
                average.n_averaged.zero_()
            average.update_parameters(networks)
            count += 1
            means[kind] = 0.98 * (means[kind] or loss.item()) + 0.02 * loss.item()
        log.info("epoch %d of %d, losses %s", epoch + 1, course.epochs, {k: round(v, 3) for k, v in means.items()})
    return average.module


def _states(networks: Any, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Word pieces of a batch to their states, ``(batch, pieces, width)``, and which of them are no padding."""
    torch = import_torch()
    pieces, mask = padded(rows)
    with torch.autocast("cpu", torch.bfloat16, enabled=has_fast_bfloat16()):
        with torch.no_grad():
            lower = networks["lower"](networks["words"](pieces), mask)
        states = networks["layers"](lower, mask)
    return states.float(), mask


def _phrase_loss(networks: Any, batch: Sequence[tuple[list[int], list[int]]]) -> Tensor:
    torch = import_torch()
    states, mask = _states(networks, [ids for ids, _ in batch])
    likelihoods = networks["heads"].meant(states, mask).log_softmax(dim=1)
    told = torch.zeros_like(likelihoods)
    for row, (_, labels) in enumerate(batch):
        shares = torch.tensor([1 / (1 + 0.3 * place) for place in range(len(labels))])  # the first is the likeliest
        told[row, labels] = shares / shares.sum()
    result: Tensor = -(told * likelihoods).sum(dim=1).mean()
    return result


def _loss(networks: Any, batch: Sequence[tuple[Example, list[int], list[tuple[int, int]]]]) -> Tensor:
    torch = import_torch()
    heads = networks["heads"]
    states, mask = _states(networks, [ids for _, ids, _ in batch])
    marks = heads.marks(states)
    wanted = torch.full((2, *mask.shape), -100)
    total = torch.zeros(())
    entropy = torch.nn.functional.binary_cross_entropy_with_logits
    for i, (example, ids, offsets) in enumerate(batch):
        own = states[i, : len(ids)]
        wanted[:, i, 1 : len(ids) - 1] = 0
        things = list(dict.fromkeys(o.thing for o in example.orders if o.thing is not None))
        places = sorted({o.place for o in example.orders if o.place is not None})
        slices = {span: piece_slice(span, offsets) for span in (*things, *places)}
        for role, spans in enumerate((things, places)):
            for span in spans:
                wanted[role, i, slices[span]] = 2
                wanted[role, i, slices[span].start] = 1
        doings = heads.doings(own, [None, *(slices[t] for t in things)])
        target = torch.zeros_like(doings)
        for order in example.orders:
            target[0 if order.thing is None else 1 + things.index(order.thing), SKILLS.index(order.skill)] = 1.0
            if places and order.skill in WITH_PLACE:
                logits = heads.links(
                    own,
                    slices[order.thing] if order.thing is not None else None,
                    SKILLS.index(order.skill),
                    [slices[p] for p in places],
                )
                which = places.index(order.place) if order.place is not None else len(places)
                total = total + torch.nn.functional.cross_entropy(logits[None], torch.tensor([which]))
        total = total + entropy(doings, target, reduction="sum")
        if len(example.orders) > 1:
            turned = float(is_turned(example.orders))
            total = total + entropy(heads.turning(own), torch.tensor(turned))
    total = total / len(batch)
    for logits, classes in zip(marks, wanted, strict=True):
        weight = torch.tensor([1.0, 2.0, 1.0])
        total = total + 6 * torch.nn.functional.cross_entropy(logits.flatten(0, 1), classes.flatten(), weight)
    return total


def is_turned(orders: Sequence[Order]) -> bool:
    """Whether the first order to be done stands last in the text."""
    starts = [o.thing.start for o in orders if o.thing is not None]
    return len(starts) == len(orders) > 1 and starts[0] > starts[-1]


def _things(examples: Sequence[Example]) -> dict[str, list[str]]:
    """Words for the things that each skill is done to, pronouns left out."""
    pool: dict[str, list[str]] = {}
    for example in examples:
        for order in example.orders:
            if order.thing is not None:
                words = example.text[order.thing.start : order.thing.end]
                if len(words) > 4:
                    pool.setdefault(order.skill, []).append(words)
    return pool


def _varied(
    example: Example,
    examples: Sequence[Example],
    pool: dict[str, list[str]],
    phrases: Sequence[Phrase],
    course: Course,
    chance: random.Random,
) -> Example:
    """A text with the same orders in other words."""
    if chance.random() < course.joined:
        example = _joined(example, chance.choice(examples))
    for order in example.orders:
        if order.thing is None or order.thing.end - order.thing.start <= 4 or chance.random() >= course.swapped:
            continue
        if order.skill in {"move", "pick_up", "hand_over"} and chance.random() < 0.5:
            words = chance.choice(phrases).text
        else:
            words = chance.choice(pool.get(order.skill) or [""])
        if words:
            example = _replaced(example, order.thing, words)
    if chance.random() < course.lowered:
        text = example.text.lower()
        if len(text) == len(example.text):
            example = replace(example, text=re.sub(r"[.!]$", " ", text))
    return example


def _joined(first: Example, second: Example) -> Example:
    """One text after the other; the second takes its spans along."""
    if not first.text.rstrip().endswith((".", "!", "?")):
        return first
    by = len(first.text) + 1

    def moved(span: Span | None) -> Span | None:
        return None if span is None else Span(span.start + by, span.end + by)

    if any(o.thing is None for o in (*first.orders, *second.orders)):
        return first  # two things that are not said cannot be told apart
    later = tuple(Order(o.skill, moved(o.thing), moved(o.place)) for o in second.orders)
    return Example(f"{first.text} {second.text}", (*first.orders, *later))


def _replaced(example: Example, old: Span, words: str) -> Example:
    """A text with other words in one span's place; None of its spans may overlap with that one."""
    spans = [s for o in example.orders for s in (o.thing, o.place) if s is not None and s != old]
    if any(s.start < old.end and s.end > old.start for s in spans):
        return example
    by = len(words) - (old.end - old.start)

    def moved(span: Span | None) -> Span | None:
        if span is None or span.start < old.start:
            return span
        return Span(old.start, old.start + len(words)) if span == old else Span(span.start + by, span.end + by)

    orders = tuple(Order(o.skill, moved(o.thing), moved(o.place)) for o in example.orders)
    return Example(example.text[: old.start] + words + example.text[old.end :], orders)


def trained_state(path: Path) -> dict[str, Tensor]:
    """What `_tensors` was written from, as far as it was not rounded."""
    torch = import_torch()
    tensors = {name: torch.tensor(value) for name, value in trained_tensors(path).items()}
    state = {name: value for name, value in tensors.items() if name.startswith("heads.")}
    for index in range(FROZEN, LAYERS):
        layer, own = f"encoder.encoder.layer.{index}", f"layers.{index - FROZEN}"
        for kind in ("weight", "bias"):
            parts = [tensors[f"{layer}.attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            state[f"{own}.qkv.{kind}"] = torch.cat(parts)
            state |= {f"{own}.{ours}.{kind}": tensors[f"{layer}.{bert}.{kind}"] for ours, bert in BERT_NAMES.items()}
    return state


def _tensors(networks: Any) -> dict[str, NDArray[np.float32]]:
    """All trained tensors under the names that `reader` reads."""
    state = networks.state_dict()
    layers = {name.removeprefix("layers."): value for name, value in state.items() if name.startswith("layers.")}
    tensors = bert_names(layers, first=FROZEN)
    heads = {name: value for name, value in state.items() if name.startswith("heads.")}
    return {name: value.detach().numpy() for name, value in {**tensors, **heads}.items()}
