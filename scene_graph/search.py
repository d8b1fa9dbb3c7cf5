"""Where to look for something: which classes a phrase may mean, and in which order to visit the places it may be at.

The order is the one that finds the thing after the least travel on average: the sum over places of the probability
that it is there times the travel up to and including it. This is the minimum latency problem, which is hard in
general; a greedy start by probability per metre and local search (moving and reversing stretches) come close to the
best for the dozen places that matter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from scene_graph.ontology import Ontology, ontology
from scene_graph.types import FloatArray, Point

__all__ = ["SearchPlace", "Similarity", "best_order", "expected_cost", "meanings"]

Similarity = Callable[[str, Sequence[str]], Sequence[float]]
"""How alike a phrase and each of several texts are, in [-1, 1]: an embedding model's cosine; empty: cannot tell."""

_ALIKE = 0.3
"""Cosine below which a phrase means none of the known classes: sentence models give unrelated texts less."""
_MANY = 12
"""Places whose order is optimised; those after them are seldom reached."""
_STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "some",
        "any",
        "of",
        "to",
        "for",
        "with",
        "in",
        "on",
        "my",
        "something",
        "anything",
        "used",
        "thing",
    ]
)


@dataclass(frozen=True, kw_only=True)
class SearchPlace:
    """A place worth looking at in search of something.

    Attributes:
        place_id: Id of the area or container, in the scene graph.
        kind: ``"area"``, ``"container"`` (to be opened first) or ``"frontier"`` (edge of the unseen).
        label: Class of the container, or the area's name.
        position: Where to look, map frame, metres.
        viewpoint: Where to stand, map frame, metres; None to let the robot choose.
        probability: That the sought thing is there, in [0, 1].
        cost: Travel from the start of the search, metres.
    """

    place_id: str
    kind: str
    label: str
    position: Point
    viewpoint: Point | None = None
    probability: float = 0.0
    cost: float = 0.0


def meanings(
    sought: str, *, knowledge: Ontology | None = None, similarity: Similarity | None = None, count: int = 5
) -> dict[str, float]:
    """Classes that a phrase may mean, with weights that sum to one.

    Args:
        sought: A class name, a word for it ("mug"), or a phrase ("something to write with").
        knowledge: Household knowledge; the shipped one unless given.
        similarity: An embedding model, for phrases; without it the words that phrase and description share decide.
        count: How many classes at most.

    Returns:
        Weights by class; the phrase itself as a class when it means nothing known.
    """
    known = knowledge or ontology()
    if sought in known:
        return {sought: 1.0}
    named = known.find(sought) or known.find(" ".join(w for w in sought.split() if w.lower() not in _STOP))
    if named:
        return {label: 1.0 / len(named) for label in named}
    portable = [label for label in known.labels() if "pickupable" in known.get(label).affordances]
    texts = [f"{known.get(label).word}: {known.get(label).description}" for label in portable]
    cosines = similarity(sought, texts) if similarity is not None else ()
    shared = _shared_words(sought, portable, known)
    if len(cosines) and max(cosines) < _ALIKE:
        return {sought: 1.0}
    if len(cosines):
        scores = dict(zip(portable, cosines, strict=True))
        most = max(shared.values(), default=0.0) or 1.0
        # Words in common support what the model says, and alone say nothing: "kill time with" is no alarm clock.
        weights = {lb: max(float(score), 0.0) ** 4 * (0.25 + shared[lb] / most) for lb, score in scores.items()}
    else:
        weights = shared
    best = sorted(((w, label) for label, w in weights.items() if w > 0), key=lambda item: (-item[0], item[1]))[:count]
    total = sum(w for w, _ in best)
    return {label: w / total for w, label in best} if total else {sought: 1.0}


def expected_cost(
    order: Sequence[int], probabilities: Sequence[float], travel: Sequence[Sequence[float]], look: Sequence[float]
) -> float:
    """Mean cost until the thing is found, when places are visited in an order; metres.

    Where the probabilities do not add up to one, the rest is charged the whole round.

    Args:
        order: Which places, in turn.
        probabilities: (N,) that it is there.
        travel: (N + 1, N + 1) metres between places; the last row and column are the start.
        look: (N,) what looking there costs, in metres of travel.
    """
    here, spent, mean, missing = len(probabilities), 0.0, 0.0, 1.0
    for place in order:
        spent += travel[here][place] + look[place]
        mean += probabilities[place] * spent
        missing -= probabilities[place]
        here = place
    return mean + max(missing, 0.0) * spent


def best_order(probabilities: FloatArray, travel: FloatArray, look: FloatArray) -> list[int]:
    """The order of visits that finds the thing after the least travel on average, or one close to it.

    Args:
        probabilities: (N,) that it is there.
        travel: (N + 1, N + 1) metres between places; the last row and column are the start.
        look: (N,) what looking there costs, in metres of travel.

    Returns:
        All N places.
    """
    start = len(probabilities)
    order: list[int] = []
    left = set(range(start))
    here = start
    while left:
        pick = max(left, key=lambda n: (probabilities[n] / (travel[here, n] + look[n] + 1e-6), -n))
        order.append(pick)
        left.remove(pick)
        here = pick
    head, tail = order[:_MANY], order[_MANY:]
    p, t, c = probabilities.tolist(), travel.tolist(), look.tolist()
    best = expected_cost(head, p, t, c)
    improved = True
    while improved:
        improved = False
        for i in range(len(head)):
            for j in range(i + 1, len(head)):
                for candidate in (
                    [*head[:i], *reversed(head[i : j + 1]), *head[j + 1 :]],
                    [*head[:i], *head[i + 1 : j + 1], head[i], *head[j + 1 :]],
                    [*head[:i], head[j], *head[i:j], *head[j + 1 :]],
                ):
                    value = expected_cost(candidate, p, t, c)
                    if value < best - 1e-9:
                        head, best, improved = candidate, value, True
    return head + tail


def _shared_words(sought: str, labels: Collection[str], known: Ontology) -> dict[str, float]:
    """Weight of each class by the words that its description shares with a phrase; rare words weigh more."""
    stems = {_stem(w) for w in sought.lower().replace("-", " ").split() if w not in _STOP}
    texts: dict[str, set[str]] = {}
    for label in labels:
        info = known.get(label)
        text = " ".join((*info.words, info.description, *info.categories)).replace(",", " ")
        texts[label] = {_stem(w) for w in text.split()}
    spread = {stem: sum(stem in words for words in texts.values()) for stem in stems}
    return {label: sum(1.0 / spread[stem] for stem in stems if stem in words) ** 2 for label, words in texts.items()}


def _stem(word: str) -> str:
    for ending in ("ing", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word[:-1] if word.endswith("e") and len(word) > 3 else word
