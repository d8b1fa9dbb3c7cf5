"""Fine-tuning of MiniLM on goals and steps together, in torch; goes on where it was cut off."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from planner_node.learned.corpus import Corpus, Task, TrainingError, by_length, nonsense
from planner_node.learned.data import Step
from planner_node.learned.labels import ACTIONS, STEP_OBJECTS, STEP_PLACES

if TYPE_CHECKING:
    from torch import Tensor, nn  # type: ignore[import-not-found]  # installed for training only

__all__ = ["Schedule", "finetune", "goal_likelihoods", "has_fast_bfloat16", "import_torch", "new_networks", "padded"]

log = logging.getLogger(__name__)

LAYERS: Final = 6
CLS, SEP, MASK = 101, 102, 103
STEP_LABELS: Final = (ACTIONS, STEP_OBJECTS, STEP_PLACES)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long to train, and how fast to learn.

    Attributes:
        task_epochs: Times that each task sentence is read.
        step_sentences: Step sentences read in all.
        step_shares: Of these, the share of some actions; the others share what is left as they come.
        batch: Sentences.
        rate: Learning rate of the uppermost layer, at its highest.
        layer_decay: Factor from each layer's rate to that of the one below.
        head_rate: Learning rate of what reads labels off the layers.
        batches: Batches learned from: as many of the first of those that the numbers above make.
        course: Share of the rates at some batches, linear in between: they rise, fall slowly, then faster to nothing.
        average: Share that the running average of the weights keeps from one batch to the next.
        masked: Share of word pieces that are hidden, so that no single one is relied upon.
        step_weight: Of a step's loss, against a task's.
        nonsense_share: Nonsense sentences, as a share of tasks.
        nonsense_weight: Of the loss of these.
        checkpoint_batches: Batches from one checkpoint to the next.
    """

    task_epochs: int = 6
    step_sentences: int = 60_000
    step_shares: tuple[tuple[str, float], ...] = (("PutObject", 0.36), ("GotoLocation", 0.2))
    batch: int = 32
    rate: float = 1.5e-4
    layer_decay: float = 0.88
    head_rate: float = 1e-3
    batches: int = 2800
    course: tuple[tuple[int, float], ...] = (
        (0, 0.0),
        (250, 1.0),
        (251, 1.0),
        (1401, 0.7423),
        (1801, 0.5938),
        (2801, 0.0),
    )
    average: float = 0.998
    masked: float = 0.06
    step_weight: float = 0.5
    nonsense_share: float = 0.04
    nonsense_weight: float = 0.3
    checkpoint_batches: int = 200


_Batch = tuple[str, list[Any]]


def finetune(corpus: Corpus, folder: Path, schedule: Schedule, *, seed: int, threads: int) -> dict[str, Tensor]:
    """Fine-tune all of MiniLM's layers; returns the running average of the weights.

    Args:
        corpus: What to learn from.
        folder: For checkpoints, and ``encoder.pt`` once done.
        schedule: How long and how fast.
        seed: Of everything that chance decides.
        threads: Processor threads.
    """
    torch = import_torch()
    done, checkpoint = folder / "encoder.pt", folder / "checkpoint.pt"
    if done.exists():
        finished: dict[str, Tensor] = torch.load(done)
        return finished
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    chance = random.Random(seed)
    networks = new_networks(corpus)
    batches = _batches(corpus, schedule, chance)
    optimizer, rates = _optimizer(networks, schedule, len(batches))
    average = torch.optim.swa_utils.AveragedModel(
        networks, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(schedule.average)
    )
    state = {"networks": networks, "average": average, "optimizer": optimizer, "rates": rates}
    start = _resume(checkpoint, state)
    progress = _Progress(len(batches), start)
    networks.train()
    for count, batch in enumerate(batches[start:], start=start + 1):
        loss = _loss(networks, corpus, batch, schedule)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(networks.parameters(), 1.0)
        optimizer.step()
        rates.step()
        if count == schedule.course[1][0]:  # before that, weights change too fast to be worth averaging
            average.n_averaged.zero_()
        average.update_parameters(networks)
        progress.tick(count, batch[0], loss.item())
        if count % schedule.checkpoint_batches == 0:
            _save({name: part.state_dict() for name, part in state.items()}, count, checkpoint)
        if count % (5 * schedule.checkpoint_batches) == 0 or count == len(batches):
            log.info("dev accuracy %.4f after %d batches", _accuracy(corpus, average.module), count)
    result: dict[str, Tensor] = average.module.state_dict()
    torch.save(result, done)
    checkpoint.unlink(missing_ok=True)
    return result


def new_networks(corpus: Corpus) -> nn.ModuleDict:
    """Return the networks before fine-tuning, by name: ``words``, ``layers``, ``goal`` and ``step``."""
    from planner_node.learned import networks as n

    return import_torch().nn.ModuleDict(
        {
            "words": n.WordPieces(corpus.pretrained),
            "layers": n.Layers(corpus.pretrained, range(LAYERS)),
            "goal": n.GoalReader(corpus.space, [example.goal for example in corpus.train], width=n.WIDTH),
            "step": n.LabelReader([len(labels) for labels in STEP_LABELS], width=n.WIDTH),
        }
    )


def goal_likelihoods(corpus: Corpus, networks: nn.ModuleDict, sentences: Sequence[str]) -> NDArray[np.float32]:
    """Return the log-probabilities of all goals for each sentence, ``(sentences, goals)``."""
    torch = import_torch()
    was_training = networks.training
    networks.eval()
    ids = [corpus.pieces(sentence) for sentence in sentences]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    result = np.empty((len(ids), len(corpus.space.indices)), dtype=np.float32)
    with torch.no_grad():
        for start in range(0, len(order), 64):
            rows = order[start : start + 64]
            pieces, mask = padded([ids[i] for i in rows])
            hidden = networks["layers"](networks["words"](pieces), mask)
            result[rows] = networks["goal"](hidden, mask).log_softmax(dim=1).numpy()
    networks.train(was_training)
    return result


def import_torch() -> Any:
    """Import torch, which only training needs.

    Raises:
        TrainingError: It is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise TrainingError("training needs torch: pip install torch==2.13.0") from error
    return torch


def _accuracy(corpus: Corpus, networks: nn.ModuleDict) -> float:
    """Share of goals read right from the dev floor plans' tasks."""
    rows = np.array([corpus.row[example.goal] for example in corpus.dev])
    likelihoods = goal_likelihoods(corpus, networks, [example.task for example in corpus.dev])
    return float((likelihoods.argmax(axis=1) == rows).mean())


def _batches(corpus: Corpus, schedule: Schedule, chance: random.Random) -> list[_Batch]:
    """All batches in the order in which they are learned from."""
    tasks = corpus.tasks()
    batches: list[_Batch] = []
    for _ in range(schedule.task_epochs):
        strange = chance.sample(tasks, round(schedule.nonsense_share * len(tasks)))
        senseless = [Task(nonsense(task.sentence, corpus.words, chance), (), (), 1) for task in strange]
        items = [(task, corpus.pieces(task.sentence)) for task in (*tasks, *senseless)]
        batches += [("task", batch) for batch in by_length(items, schedule.batch, _pieces, chance)]
    items_of_steps = [(step, corpus.pieces(step.sentence)) for step in _sampled_steps(corpus, schedule, chance)]
    steps: list[_Batch] = [("step", b) for b in by_length(items_of_steps, schedule.batch, _pieces, chance)]
    # Epochs stay one after the other, with steps strewn among them.
    order = [0] * len(batches) + [1] * len(steps)
    chance.shuffle(order)
    sources = iter(batches), iter(steps)
    return [next(sources[kind]) for kind in order][: schedule.batches]


def _pieces(item: tuple[Task | Step, list[int]]) -> int:
    return len(item[1])


def _sampled_steps(corpus: Corpus, schedule: Schedule, chance: random.Random) -> list[Step]:
    """Step sentences: more of what is hard to read, and little of going somewhere."""
    steps = corpus.steps()
    shares = dict(schedule.step_shares)
    total = min(schedule.step_sentences, len(steps))
    chosen = []
    for kind, share in (*shares.items(), (None, 1 - sum(shares.values()))):
        of_kind = [step for step in steps if (step.action == kind if kind else step.action not in shares)]
        chosen += chance.sample(of_kind, min(len(of_kind), round(total * share)))
    return chosen


def _loss(networks: nn.ModuleDict, corpus: Corpus, batch: _Batch, schedule: Schedule) -> Tensor:
    torch = import_torch()
    kind, items = batch
    pieces, mask = padded([ids for _, ids in items])
    with torch.autocast("cpu", torch.bfloat16, enabled=has_fast_bfloat16()):
        hidden = networks["layers"](networks["words"](_masked(pieces, schedule.masked)), mask)
    hidden = hidden.float()
    if kind == "step":
        labels = torch.tensor(
            [[names.index(label) for names, label in zip(STEP_LABELS, _labels(step), strict=True)] for step, _ in items]
        )
        losses = [
            torch.nn.functional.cross_entropy(logits, labels[:, i])
            for i, logits in enumerate(networks["step"](hidden, mask))
        ]
        return schedule.step_weight * torch.stack(losses).sum()
    likelihoods = networks["goal"](hidden, mask).log_softmax(dim=1)
    total = torch.zeros(())
    weights = 0.0
    for i, (task, _) in enumerate(items):
        # A sentence that many people wrote counts for more, but not for so much that a batch is about it alone.
        weight = task.count**0.5 if task.rows else schedule.nonsense_weight
        if task.rows:
            told = (likelihoods[i, list(task.rows)] * torch.tensor(task.shares)).sum()
        else:  # all goals should be equally likely: this is what teaches the parser to be unsure
            told = likelihoods[i].mean()
        total = total - weight * told
        weights += weight
    return total / weights


def _labels(step: Step) -> tuple[str, str, str]:
    return step.action, step.thing, step.place


def padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Rows of word pieces as one ``(rows, pieces)`` tensor, and which of its numbers are no padding."""
    torch = import_torch()
    length = max(map(len, rows))
    pieces = torch.tensor([[*row, *[0] * (length - len(row))] for row in rows])
    return pieces, torch.arange(length)[None] < torch.tensor([len(row) for row in rows])[:, None]


def _masked(pieces: Tensor, share: float) -> Tensor:
    torch = import_torch()
    hide = (torch.rand(pieces.shape) < share) & (pieces != CLS) & (pieces != SEP)
    return pieces.masked_fill(hide, MASK)


def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies 16-bit floats itself; it takes three fifths of the time then."""
    cpu = import_torch().cpu
    return bool(cpu._is_avx512_bf16_supported() or cpu._is_amx_tile_supported())


def _optimizer(networks: nn.ModuleDict, schedule: Schedule, total: int) -> tuple[Any, Any]:
    """AdamW whose rates fall from layer to layer, downwards, and from batch to batch after they rose."""
    torch = import_torch()
    groups = []

    def add(module: nn.Module, rate: float, decay: float) -> None:
        matrices = [p for p in module.parameters() if p.dim() > 1]
        vectors = [p for p in module.parameters() if p.dim() < 2]
        groups.append({"params": matrices, "lr": rate, "weight_decay": decay})
        if vectors:
            groups.append({"params": vectors, "lr": rate, "weight_decay": 0.0})

    for depth, layer in enumerate(reversed(networks["layers"])):
        add(layer, schedule.rate * schedule.layer_decay**depth, 0.01)
    add(networks["words"], schedule.rate * schedule.layer_decay**LAYERS, 0.01)
    add(networks["goal"], schedule.head_rate, 0.001)
    add(networks["step"], schedule.head_rate, 0.001)
    optimizer = torch.optim.AdamW(groups, fused=True)
    whole, shares = zip(*schedule.course, strict=True)
    # A run with fewer batches, as tests make, takes the whole course all the same.
    places = [place * (total + 1) / whole[-1] for place in whole]
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda i: float(np.interp(i + 1, places, shares)))


def _resume(checkpoint: Path, state: dict[str, Any]) -> int:
    """Load what an earlier run left, if it did; returns how many batches it had learned from."""
    torch = import_torch()
    if not checkpoint.exists():
        return 0
    kept = torch.load(checkpoint, weights_only=False)
    for name, part in state.items():
        part.load_state_dict(kept[name])
    torch.set_rng_state(kept["chance"])
    log.info("going on after %d batches", kept["count"])
    return int(kept["count"])


def _save(states: dict[str, Any], count: int, checkpoint: Path) -> None:
    torch = import_torch()
    partial = checkpoint.with_suffix(".partial")
    torch.save({**states, "chance": torch.get_rng_state(), "count": count}, partial)
    os.replace(partial, checkpoint)


class _Progress:
    """Logs how far training is, now and then, with running means of its losses."""

    def __init__(self, total: int, start: int) -> None:
        self._total, self._start = total, start
        self._means: dict[str, float] = {}
        self._began = monotonic()

    def tick(self, count: int, name: str, value: float) -> None:
        self._means[name] = 0.98 * self._means.get(name, value) + 0.02 * value
        if count % 50 == 0 or count == self._total:
            means = ", ".join(f"{key} loss {mean:.3f}" for key, mean in sorted(self._means.items()))
            took = monotonic() - self._began
            left = took / (count - self._start) * (self._total - count)
            log.info("%d of %d batches, %s, %.0f s, about %.0f s left", count, self._total, means, took, left)
