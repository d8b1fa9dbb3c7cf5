"""Two readings of one text, grammar's and the order reader's, laid side by side.

Grammar knows more of how phrases hang together (counts, states, slices, what "it" takes up); the reader knows more
ways to put things. Where both read the same orders, grammar's reading stands, with the reader's phrases for what names
no class. Where they do not, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planner_node.parser import Intent, NounPhrase
from scene_graph.ontology import Ontology

__all__ = ["joined"]

_ALIKE = {"clean": "wash", "examine": "look_at", "drop": "put_down"}
"""Skills whose names mean much the same in an instruction."""


def joined(grammar: Sequence[Intent], reader: Sequence[Intent], ontology: Ontology) -> list[Intent] | None:
    """Both readings as one; None if they ask for different things.

    Args:
        grammar: What grammar read in the text.
        reader: What grammar read in the plain words that the order reader put the text in.
        ontology: Class knowledge.
    """
    if len(grammar) != len(reader) or not all(map(_agree, grammar, reader)):
        return None
    return [
        replace(
            one,
            phrases={name: _fuller(phrase, other.phrases.get(name), ontology) for name, phrase in one.phrases.items()},
        )
        for one, other in zip(grammar, reader, strict=True)
    ]


def _agree(one: Intent, other: Intent) -> bool:
    if _ALIKE.get(one.skill, one.skill) != _ALIKE.get(other.skill, other.skill):
        return False
    return all(_alike(one.phrases[name], other.phrases[name]) for name in one.phrases.keys() & other.phrases.keys())


def _alike(one: NounPhrase, other: NounPhrase) -> bool:
    """Whether two phrases may mean the same thing."""
    if one.pronoun or other.pronoun or not one.words or not other.words:
        return True
    told = set(other.said.split()) if other.said else set(other.words[-1:])
    return bool(told & {*one.words, *one.relative}) or one.words[-1] in {"something", "everything", "thing"}


def _fuller(phrase: NounPhrase, other: NounPhrase | None, ontology: Ontology) -> NounPhrase:
    """Of two phrases for one thing, the one that tells more."""
    if other is None:
        return phrase
    if phrase.pronoun and not other.pronoun and other.words:
        return other
    if other.pronoun and phrase.words and not (phrase.relative or phrase.places or ontology.find_last(phrase.words)):
        return other  # "put that down next to the bottle": no thing is called "that down"
    return replace(phrase, said=other.said) if other.said and not (phrase.part or phrase.places) else phrase
