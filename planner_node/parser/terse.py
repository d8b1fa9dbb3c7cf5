"""Orders without a verb, spelt out: "keys on the desk, TV off", "into the fridge with the tomato".

Only where every part of a sentence is such an order are verbs put in: beside a verb, the same words may say which thing
is meant ("take the keys on the desk").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from planner_node.parser import words as w
from planner_node.parser.rephrase import participle_base

__all__ = ["announces", "inverted", "is_thing", "singular", "spelt_out"]

Tokens = tuple[str, ...]
IsNoun = Callable[[str], bool]

_SWITCHES = {"on": "on", "off": "off", "out": "off"}
_STATES = {"open": "open", "closed": "close", "shut": "close"}
_LEADING = w.word_set("and then now next also first finally so well right just so please or")
_TRAILING = w.word_set("please now thanks then too again instead first today though afterwards")
_PLACES = frozenset({"in", "on", "to", "near", "under"})
_NO_PART = w.word_set(
    "is are was were am has have had do does did that which who where when if not no you i we he she they"
)
"""Words that make a clause or a question of a part."""
_ERRANDS = w.word_set("thing job task errand favour favor chore bit request order")


def singular(word: str) -> str:
    """The singular of a plural noun, by the usual endings; other words unchanged."""
    irregular = {"knives": "knife", "loaves": "loaf", "shelves": "shelf", "halves": "half", "leaves": "leaf"}
    if word in irregular:
        return irregular[word]
    if word.endswith(("ss", "us", "is")) or len(word) < 4:
        return word if word != "cds" else "cd"
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "toes")):
        return word[:-2]
    return word.removesuffix("s")


def announces(tokens: Tokens) -> bool:
    """Whether a sentence only says that orders follow: "two jobs", "three small things"."""
    return len(tokens) <= 5 and singular(tokens[-1]) in _ERRANDS and any(t in w.NUMBERS or t in _FEW for t in tokens)


_FEW = w.word_set("some several couple few quick little small")


def spelt_out(tokens: Tokens, is_noun: IsNoun) -> list[Tokens]:
    """A sentence in sentences with a verb each, if all its parts are orders without one; else the sentence alone.

    >>> nouns = {"key", "desk", "tv"}
    >>> spelt_out(("keys", "on", "the", "desk", ",", "tv", "off"), nouns.__contains__)
    [('put', 'keys', 'on', 'the', 'desk'), ('turn', 'off', 'tv')]
    """
    if tokens[:1] == ("to",) and w.verb_base(tokens[1] if tokens[1:] else "") is not None:
        return [tokens]
    result: list[Tokens] = []
    waiting: Tokens = ()
    for joint, part, rest in _parts(tokens):
        if result and not waiting and w.verb_base(part[0]) == part[0] and _order(_stripped(part), is_noun) is None:
            return [*result, rest]  # "candle on the table, and light it": what follows has verbs of its own
        whole = (*waiting, joint, *part) if waiting else part
        order = None
        if not _NO_PART & set(whole):
            order = _order(_stripped(whole), is_noun) or (_onward(_stripped(whole), is_noun) if result else None)
        if order is None:
            waiting = whole
        else:
            result.append(order)
            waiting = ()
    return [tokens] if waiting or not result else result


def _parts(tokens: Tokens) -> Iterator[tuple[str, Tokens, Tokens]]:
    """What stands between commas, "and" and "then", each with what precedes it, and with all that follows."""
    start, joint = 0, ","
    for i, token in enumerate((*tokens, ",")):
        if token in {",", "and", "then"}:
            if i > start:
                yield joint, tokens[start:i], tokens[start:]
                joint = token
            elif token == "and":
                joint = "and"
            start = i + 1


def _stripped(tokens: Tokens) -> Tokens:
    start, end = 0, len(tokens)
    while start < end and tokens[start] in _LEADING:
        start += 1
    while end > start and (tokens[end - 1] in _TRAILING or tokens[end - 1] == ","):
        end -= 1
    return tokens[start:end]


def _order(tokens: Tokens, is_noun: IsNoun) -> Tokens | None:
    """One order with its verb; None if it is none."""
    if len(tokens) < 2:
        return None
    if tokens[-1] in _SWITCHES and is_thing(tokens[:-1], is_noun):
        return ("turn", _SWITCHES[tokens[-1]], *tokens[:-1])
    if is_thing(tokens[:-1], is_noun):
        verb = _STATES.get(tokens[-1]) or (participle_base(tokens[-1]) if not is_noun(tokens[-1]) else None)
        if verb is not None:
            return (verb, *tokens[:-1])
    return inverted(tokens, is_noun) or _placed(tokens, is_noun)


def _onward(tokens: Tokens, is_noun: IsNoun) -> Tokens | None:
    """Read "…, and back on the counter": the same thing, to another place."""
    start = 1 if tokens[:1] == ("back",) else 0
    match = w.PREPOSITIONS.match(tokens, start)
    placed = bool(match) and w.PREPOSITIONS[tokens[start : start + match]] in _PLACES
    return ("put", "it", *tokens[start:]) if placed and is_thing(tokens[start + match :], is_noun) else None


def inverted(tokens: Tokens, is_noun: IsNoun) -> Tokens | None:
    """Read "into the fridge with the tomato", "back on the stove with it"; None for what is put otherwise."""
    tokens = _stripped(tokens)
    if tokens[:2] in (("on", "with"), ("off", "with")) and len(tokens) > 2:
        return ("turn", tokens[0], *tokens[2:])
    start = 1 if tokens[:1] == ("back",) else 0
    match = w.PREPOSITIONS.match(tokens, start)
    if not match or w.PREPOSITIONS[tokens[start : start + match]] not in _PLACES or "with" not in tokens[2:]:
        return None
    cut = tokens.index("with", 2)
    thing, place = tokens[cut + 1 :], tokens[start:cut]
    named = thing in (("it",), ("them",), ("that",), ("those",)) or is_thing(thing, is_noun)
    return ("put", *thing, *place) if named and is_thing(place[match:], is_noun) else None


def _placed(tokens: Tokens, is_noun: IsNoun) -> Tokens | None:
    """Read "keys on the desk", "wine out of the fridge onto the table"."""
    for i in range(1, len(tokens) - 1):
        match = w.PREPOSITIONS.match(tokens, i)
        if not match or tokens[i] == "of":
            continue
        if tokens[: i + 1] in w.VERBS:
            return None  # "switch on the lamp"
        thing = tokens[: i - 1] if tokens[i - 1] in {"back", "both", "all"} else tokens[:i]
        if not is_thing(thing, is_noun, many=True):
            return None
        relation = w.PREPOSITIONS[tokens[i : i + match]]
        place = tokens[i + match :]
        if relation == "from":
            onward = next((j for j in range(i + match + 1, len(tokens)) if w.PREPOSITIONS.match(tokens, j)), None)
            if onward is None:
                return None
            on = onward + w.PREPOSITIONS.match(tokens, onward)
            relation, place = w.PREPOSITIONS[tokens[onward:on]], tokens[on:]
        if relation not in _PLACES:
            return None
        ends = next((j for j in range(1, len(place)) if w.PREPOSITIONS.match(place, j)), len(place))
        said_before = place in (("there",), ("it",), ("that",), ("them",))
        return ("put", *thing, *tokens[i:]) if said_before or is_thing(place[:ends], is_noun) else None
    if tokens[-1] == "inside" and is_thing(tokens[:-1], is_noun, many=True):
        return ("put", *tokens)
    return None


def is_thing(tokens: Tokens, is_noun: IsNoun, *, many: bool = False) -> bool:
    """Whether words name a thing, or several with `many`, and hold no verb of their own."""
    if not tokens:
        return False
    if many and ({",", "and"} & set(tokens)):
        cut = next(i for i, t in enumerate(tokens) if t in {",", "and"})
        after = cut + 1
        while after < len(tokens) and tokens[after] in {",", "and"}:
            after += 1
        return is_thing(tokens[:cut], is_noun) and is_thing(tokens[after:], is_noun, many=True)
    if len(tokens) > 6 or {",", "and", "or"} & set(tokens):
        return False
    if not any(is_noun(" ".join((*tokens[i:-1], singular(tokens[-1])))) for i in range(len(tokens))) and not is_noun(
        " ".join(tokens)
    ):
        return False
    first = tokens[0]
    named = next((i for i, t in enumerate(tokens) if t not in w.DETERMINERS and t not in w.NUMBERS), 0)
    if any(t in w.DETERMINERS and t not in w.ORDINALS for t in tokens[named:]):
        return False  # "the kids left a spoon"
    whole = is_noun(" ".join((*tokens[:-1], singular(tokens[-1]))))
    return whole or first in w.DETERMINERS or first in w.NUMBERS or w.verb_base(first) is None
