"""Trains the learned parser: ``karma train-parser``. One command, from MiniLM to weights and figures.

Stages, of which the long one goes on where it was cut off:

1. *fine-tuning* (`finetune`): all of MiniLM's layers, on goals and steps together;
2. *plans* (`plans`): the patterns of the experts' plans are counted, and how far each kind of evidence is trusted is
   fitted on the dev floor plans;
3. *rounding and calibration*: to 8 and 4 bits; grammar's votes (`votes`) and the temperatures that make confidence
   honest are fitted on the dev floor plans.

Splits are by floor plan. Nothing here looks at the held-out ones before the weights are written; `figures` does then.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from planner_node.learned.corpus import Corpus, TrainingError, load_corpus
from planner_node.learned.data import Example
from planner_node.learned.figures import measure
from planner_node.learned.finetune import LAYERS, Schedule, finetune, import_torch
from planner_node.learned.labels import GoalSpace
from planner_node.learned.model import LearnedParser
from planner_node.learned.plans import PlanModel, PlanReader, PlanWeights, learn_plans, plan_patterns, plan_tensors
from planner_node.learned.votes import fit_votes, grammar_labels, votes
from planner_node.learned.weights import ModelCard, save_weights

if TYPE_CHECKING:
    from torch import Tensor  # type: ignore[import-not-found]  # installed for training only

__all__ = ["TrainingError", "bert_names", "main"]

log = logging.getLogger(__name__)

VERSION: Final = "2"
UNSEEN_PENALTY: Final = 4.0  # nats
PLANS_FITTED: Final = 300  # dev annotations whose steps are read to fit `PlanWeights`
WORD_TABLE: Final = "encoder.embeddings.word_embeddings.weight"
PIECES_KEPT: Final = 64  # positions that `model` uses
BERT_NAMES: Final = {
    "attended": "attention.output.dense",
    "attended_norm": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "output": "output.dense",
    "output_norm": "output.LayerNorm",
}

_Steps = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def main(
    data: Path,
    out: Path,
    *,
    seed: int = 0,
    work: Path | None = None,
    threads: int = 1,
    schedule: Schedule | None = None,
    report: Path | None = None,
) -> None:
    """Train the parser, write its weights, and measure them on the held-out floor plans.

    Args:
        data: ALFRED's annotations, ``alfred_train.jsonl.gz``.
        out: The weights' file.
        seed: Of the split and of training.
        work: Folder for what is kept between stages; by default `out` with the suffix ``.work``.
        threads: CPU threads to use.
        schedule: How long to train and how fast to learn; the shipped weights' by default.
        report: File for the figures, as JSON; by default `out` with the suffix ``.figures.json``.

    Raises:
        TrainingError: torch or MiniLM's weights are not installed.
        DataError: The annotations cannot be read.
    """
    import_torch()  # so that what is missing shows before anything is read
    course = schedule or Schedule()
    folder = work if work is not None else out.with_suffix(".work")
    corpus = load_corpus(data, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    state = finetune(corpus, folder, course, seed=seed, threads=threads)
    plans = learn_plans([(example.goal, _plan(example)) for example in corpus.train if example.steps])
    card = ModelCard(
        version=VERSION,
        seed=seed,
        data_sha256=hashlib.sha256(data.read_bytes()).hexdigest(),
        dev_accuracy=0.0,
        temperature=1.0,
        unseen_penalty=UNSEEN_PENALTY,
        vocabulary="",
        patterns=plan_patterns(plans),
        schedule=asdict(course),
    )
    _export(corpus, state, plans, card, out)
    figures = measure(LearnedParser.load(out), data, split="held_out")
    path = report if report is not None else out.with_suffix(".figures.json")
    path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    log.info("on the held-out floor plans: %s", json.dumps(figures))


def _export(corpus: Corpus, state: dict[str, Tensor], plans: PlanModel, card: ModelCard, out: Path) -> None:
    """Write the weights' file, fitted and calibrated on the dev floor plans by the code that will use it."""
    vocabulary = sorted((piece for piece in corpus.index if _is_kept(piece)), key=corpus.index.__getitem__)
    tensors = _tensors(corpus, state)
    tensors[WORD_TABLE] = tensors[WORD_TABLE][[corpus.index[piece] for piece in vocabulary]]
    tensors |= {f"plans.{name}": table for name, table in plan_tensors(plans).items()}
    card = replace(card, vocabulary=" ".join(vocabulary))
    save_weights(out, tensors, card, four_bit=(WORD_TABLE,))
    parser = LearnedParser.load(out)
    rows = np.array([corpus.row[example.goal] for example in corpus.dev])
    alone = parser.network_likelihoods([example.task for example in corpus.dev])
    labels = np.stack([grammar_labels(example.task) for example in corpus.dev])
    weighed = fit_votes(alone, labels, rows, corpus.space)
    log.info("dev accuracy of the network %.4f, votes of grammar %s", (alone.argmax(axis=1) == rows).mean(), weighed)
    tasks = np.stack([row + votes(read, corpus.space, weighed) for row, read in zip(alone, labels, strict=True)])
    tasks -= np.logaddexp.reduce(tasks, axis=1, keepdims=True)
    temperature = _temperature(tasks, rows)
    accuracy = float((tasks.argmax(axis=1) == rows).mean())
    log.info("temperature %.3f, dev accuracy %.4f", temperature, accuracy)

    chosen = [i for i, example in enumerate(corpus.dev) if example.steps]
    chosen = chosen[:: max(1, len(chosen) // PLANS_FITTED)]
    steps = [parser.step_probabilities([step.sentence for step in corpus.dev[i].steps]) for i in chosen]
    weights = _fitted(plans, corpus.space, steps, tasks[chosen], rows[chosen])
    reader = PlanReader(plans, corpus.space, weights)
    read = [reader.read(*probabilities, tasks[i]).goals for i, probabilities in zip(chosen, steps, strict=True)]
    known = [(goals, rows[i]) for goals, i in zip(read, chosen, strict=True) if goals is not None]
    together = _temperature(np.stack([goals for goals, _ in known]), np.array([row for _, row in known]))
    log.info("%s, temperature %.3f", weights, together)
    save_weights(
        out,
        tensors,
        replace(
            card,
            temperature=temperature,
            dev_accuracy=accuracy,
            votes=weighed,
            plan_temperature=together,
            plan_weights=asdict(weights),
        ),
        four_bit=(WORD_TABLE,),
    )


def _plan(example: Example) -> list[tuple[str, str, str]]:
    return [(step.action, step.thing, step.place) for step in example.steps]


def _fitted(
    plans: PlanModel,
    space: GoalSpace,
    steps: Sequence[_Steps],
    tasks: NDArray[np.float32],
    rows: NDArray[np.int64],
) -> PlanWeights:
    """Find how far each kind of evidence is to be trusted: right goals likeliest (log loss), by coordinate search."""

    def loss(weights: PlanWeights) -> float:
        reader = PlanReader(plans, space, weights)
        losses = []
        for probabilities, task, row in zip(steps, tasks, rows, strict=True):
            goals = reader.read(*probabilities, task).goals
            likelihoods = task if goals is None else goals
            losses.append(min(20.0, -float(likelihoods[row])))
        return float(np.mean(losses))

    return _coordinate_search(loss, PlanWeights())


def _coordinate_search(loss: Callable[[PlanWeights], float], start: PlanWeights, *, rounds: int = 2) -> PlanWeights:
    """Improve one weight after the other, up or down by a third, while that helps."""
    best, least = start, loss(start)
    for _ in range(rounds):
        for name, value in asdict(best).items():
            for factor in (1.33, 0.75):
                tried = replace(best, **{name: round(value * factor, 3)})
                found = loss(tried)
                if found < least:
                    best, least = tried, found
                    break
    return best


def _is_kept(piece: str) -> bool:
    """Whether a word piece is worth its space: not of another script, which reads as unknown, and no long number."""
    return piece.isascii() and "[unused" not in piece and not re.fullmatch(r"(##)?\d{2,}\w*", piece)


def _temperature(likelihoods: NDArray[np.float32], rows: NDArray[np.int64]) -> float:
    """Find the temperature under which the right goals are likeliest (log loss)."""
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    right = np.arange(len(rows)), rows

    def loss(temperature: float) -> float:
        scaled = np.maximum(likelihoods, -50.0) / np.float32(temperature)
        return float((logsumexp(scaled, axis=1) - scaled[right]).mean())

    best = minimize_scalar(loss, bounds=(0.5, 3.0), method="bounded", options={"xatol": 0.02})
    return round(float(best.x), 3)


def _tensors(corpus: Corpus, state: dict[str, Tensor]) -> dict[str, NDArray[np.float32]]:
    """All trained tensors under the names that `model` reads."""

    def under(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}

    words = under("words.")
    trained = {
        "encoder.embeddings.position_embeddings.weight": words["positions"][:PIECES_KEPT],
        "encoder.embeddings.LayerNorm.weight": words["norm.weight"],
        "encoder.embeddings.LayerNorm.bias": words["norm.bias"],
        **bert_names(under("layers.")),
        **{f"task.{name}": value for name, value in under("goal.").items()},
        **{f"step.{name}": value for name, value in under("step.").items()},
    }
    tensors: dict[str, Any] = {name: value.detach().numpy() for name, value in trained.items()}
    tensors[WORD_TABLE] = corpus.pretrained["embeddings.word_embeddings.weight"]
    # The first kind's embedding was added to the positions; the second kind does not occur.
    tensors["encoder.embeddings.token_type_embeddings.weight"] = np.zeros((1, words["positions"].shape[1]), np.float32)
    return tensors


def bert_names(state: Mapping[str, Tensor], *, first: int = 0) -> dict[str, Tensor]:
    """Rename the layers from one on to what Hugging Face's ``BertModel`` calls them, under ``encoder``."""
    tensors: dict[str, Tensor] = {}
    for index in range(LAYERS - first):
        for kind in ("weight", "bias"):
            layer = f"encoder.encoder.layer.{index + first}"
            for part, value in zip(("query", "key", "value"), state[f"{index}.qkv.{kind}"].chunk(3), strict=True):
                tensors[f"{layer}.attention.self.{part}.{kind}"] = value
            for ours, bert in BERT_NAMES.items():
                tensors[f"{layer}.{bert}.{kind}"] = state[f"{index}.{ours}.{kind}"]
    return tensors
