"""Which memory an object belongs to: one decision, made from what its class is like and what was seen of it.

Things that keep their place (furniture, appliances, fixtures) belong to the long-term scene graph, everything else to
short-term memory. A class is only a prior: a chair that was seen in two places is no fixture. The *states* of things
that keep their place (a fridge that is open, a lamp that is on) change all the same and are short-term memory's.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable
from dataclasses import dataclass

from scene_graph.ontology import Ontology, ontology
from scene_graph.types import ObjectState, Observation

__all__ = ["Evidence", "is_static", "left_for_short_term", "static_probability"]

_PRIOR_STATIC, _PRIOR_PUSHED, _PRIOR_MOBILE = 0.97, 0.8, 0.03
"""Probability that a thing keeps its place: of classes that do, that may be pushed (chairs), that usually do not."""
_MOVED_RATIO = 30.0
"""How much likelier a move is seen of a thing that does not keep its place than of one that does."""
_STAYED_RATIO = 1.02
"""How much likelier a thing that keeps its place is found there again; small, since mugs stay for hours, too."""
_STAYED_BOUND = 4.0
"""Bound on the odds that staying put can add: no number of looks makes a mug a fixture."""


_NEAR = 0.1
"""Metres that a centre may be off the extents of the thing that it is the centre of."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of one object so far.

    Attributes:
        moves: How often it was seen at another place than before, or held.
        stays: How often it was found again where it was.
    """

    moves: int = 0
    stays: int = 0


_NONE = Evidence()


def static_probability(label: str, evidence: Evidence = _NONE, *, knowledge: Ontology | None = None) -> float:
    """Probability that an object keeps its place.

    Args:
        label: Its class.
        evidence: What was seen of it.
        knowledge: Class priors; the shipped ones unless given.
    """
    info = (knowledge or ontology()).get(label)
    prior = _PRIOR_MOBILE
    if info.static:
        prior = _PRIOR_PUSHED if "moveable" in info.affordances else _PRIOR_STATIC
    log_odds = math.log(prior / (1 - prior))
    log_odds += min(evidence.stays * math.log(_STAYED_RATIO), math.log(_STAYED_BOUND))
    log_odds -= min(evidence.moves, 100) * math.log(_MOVED_RATIO)
    return 1 / (1 + math.exp(-log_odds))


def is_static(observation: Observation, evidence: Evidence = _NONE, *, knowledge: Ontology | None = None) -> bool:
    """Whether an observed object belongs to the long-term scene graph: the routing of both memories.

    Args:
        observation: What was seen now; a held thing is never static.
        evidence: What was seen of the same object before.
        knowledge: Class priors; the shipped ones unless given.
    """
    if observation.held:
        return False
    return static_probability(observation.label, evidence, knowledge=knowledge) > 0.5


def left_for_short_term(observation: Observation, mobile: Container[str], known: Iterable[ObjectState]) -> bool:
    """Whether an observed thing of a class that keeps its place is one that moves all the same, or may be.

    Args:
        observation: What was seen.
        mobile: Classes of which one left the graph because it moves.
        known: The things of its class that the graph has still: what is seen at the place of one is that one.
    """
    if observation.label not in mobile:
        return False
    nothing = (0.0, 0.0, 0.0)
    for thing in known:
        axes = zip(
            observation.position, thing.position, observation.size or nothing, thing.size or nothing, strict=True
        )
        if not thing.stale and all(abs(a - b) <= max(own, other) / 2 + _NEAR for a, b, own, other in axes):
            return False
    return True
