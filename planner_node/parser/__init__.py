"""From a sentence to intents: words, syntax, meaning. References are resolved in `planner_node.grounding`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from planner_node.parser.intents import Intent, Reading, interpret
from planner_node.parser.syntax import Clause, NounPhrase, Splitter
from planner_node.parser.words import DRINKS
from scene_graph.ontology import Ontology

__all__ = ["Intent", "NounPhrase", "Reading", "beyond_skills", "noun_phrase", "parse_instruction", "read_instruction"]


def parse_instruction(instruction: str, ontology: Ontology) -> tuple[list[Intent], list[str]]:
    """The intents of an instruction in order, and the texts of clauses that were not understood."""
    reading = read_instruction(instruction, ontology)
    # Where nothing is asked for, what is told was not understood as an order.
    return reading.intents, reading.unclear if reading.intents else reading.told + reading.unclear


def read_instruction(instruction: str, ontology: Ontology, before: Sequence[Intent] = ()) -> Reading:
    """What is asked for in an instruction, and what is only told.

    Args:
        instruction: The person's words.
        ontology: Class knowledge.
        before: What the instruction before it asked for, which "the pencil too" takes up.
    """
    return interpret(_clauses(instruction, ontology), ontology, before)


def noun_phrase(text: str, ontology: Ontology) -> NounPhrase:
    """A text, such as "the clean plate on the table", as one noun phrase."""
    return _splitter(ontology).phrase(text)


def beyond_skills(instruction: str, ontology: Ontology) -> bool:
    """Whether a clause asks for something that no goal of the trained parser has in it: "paint the wall"."""
    return any(clause.sense in _BEYOND and not clause.negated for clause in _clauses(instruction, ontology))


_BEYOND = frozenset({"unable", "fill", "brew", "pour", "empty", "wait", "break", "push", "pull"})


@lru_cache(maxsize=64)
def _clauses(instruction: str, ontology: Ontology) -> tuple[Clause, ...]:
    """The clauses of a text; kept, since planners and verifier read the same passages, each with its own context."""
    return tuple(_splitter(ontology).clauses(instruction))


@lru_cache(maxsize=4)
def _splitter(ontology: Ontology) -> Splitter:
    kinds = {kind for label in ontology.labels() for kind in ontology.get(label).categories} - _NO_NOUNS
    return Splitter(lambda words: bool(ontology.find(words)) or words in kinds or words in DRINKS)


_NO_NOUNS = frozenset(
    {"structure", "sharp", "personal", "control", "reading", "writing", "waste", "plumbing", "storage"}
)
"""Categories that people do not call things by."""
