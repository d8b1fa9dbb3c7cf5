"""Other ways to ask, turned into imperatives: "the mug needs washing", "make sure the door is closed", "where is …"."""

from __future__ import annotations

from planner_node.parser import words as w

__all__ = ["imperative"]

Tokens = tuple[str, ...]

_WISHES: tuple[Tokens, ...] = (
    ("i", "am", "looking", "for"),
    ("i", "would", "like", "to", "have"),
    ("i", "would", "like"),
    ("i", "would", "love"),
    ("would", "like"),
    ("i", "could", "use"),
    ("i", "want"),
    ("we", "need"),
    ("i", "need"),
)
"""Beginnings of a wish for a thing."""

_ENSURE: tuple[Tokens, ...] = (
    ("make", "sure", "that"),
    ("make", "sure"),
    ("be", "sure", "that"),
    ("be", "sure"),
    ("see", "to", "it", "that"),
    ("ensure", "that"),
    ("ensure",),
)

_MODALS: tuple[Tokens, ...] = tuple(
    (*modal, "be") for modal in (("needs", "to"), ("need", "to"), ("has", "to"), ("have", "to"), ("should",), ("must",))
)
"""Before a participle: "the mug should be washed"."""

_BRINGING_ABOUT = {
    "closed": ("close",),
    "shut": ("close",),
    "open": ("open",),
    "on": ("turn", "on"),
    "off": ("turn", "off"),
    "clean": ("wash",),
    "hot": ("heat",),
    "warm": ("heat",),
    "cold": ("cool",),
    "empty": ("empty",),
    "in": ("put",),
    "inside": ("put",),
}
"""States to the verbs that bring them about; a place stays in the sentence."""

_BE = frozenset({"is", "are", "gets", "get", "stays"})
_PARTICIPLES = {
    "cut": "cut",
    "put": "put",
    "shut": "shut",
    "thrown": "throw",
    "brought": "bring",
    "taken": "take",
    "hung": "hang",
}


def participle_base(word: str) -> str | None:
    """The verb of a past participle: "washed" → "wash"; None for what is none."""
    if word in _PARTICIPLES:
        return _PARTICIPLES[word]
    if not word.endswith("ed"):
        return None
    for base in (word[:-2], word[:-1], word[:-3]):
        if w.verb_base(base) == base:
            return base
    return None


def imperative(tokens: Tokens) -> Tokens:
    """A clause as an imperative, if it asks in one of these ways; else unchanged."""
    for opening in _ENSURE:
        if tokens[: len(opening)] == opening:
            return _ensured(tokens[len(opening) :]) or tokens
    if tokens[:2] in (("where", "is"), ("where", "are")):
        return ("find", *tokens[2:])
    for opening in _WISHES:
        if tokens[: len(opening)] == opening:
            thing = tokens[len(opening) :]
            return _with_participle(thing) or ("bring", *thing)
    return _needed(tokens) or tokens


def _ensured(tokens: Tokens) -> Tokens | None:
    be = next((i for i, t in enumerate(tokens) if t in _BE and i > 0), None)
    if be is None or be + 1 >= len(tokens):
        return None
    thing, state = tokens[:be], tokens[be + 1]
    if state in _BRINGING_ABOUT:
        place = tokens[be + 1 :] if _BRINGING_ABOUT[state] == ("put",) else ()
        return (*_BRINGING_ABOUT[state], *thing, *place)
    base = participle_base(state)
    return (base, *thing, *tokens[be + 2 :]) if base is not None else None


def _with_participle(tokens: Tokens) -> Tokens | None:
    """From "the lamp turned off" to "turn the lamp off"; an adjective before its noun is left alone."""
    for i in range(1, len(tokens)):
        base = participle_base(tokens[i])
        following = tokens[i + 1] if i + 1 < len(tokens) else ""
        ends = following in {"", ","} or following in w.PARTICLES or bool(w.PREPOSITIONS.match(tokens, i + 1))
        if base is not None and ends and tokens[i - 1] not in w.DETERMINERS:
            return (base, *tokens[:i], *tokens[i + 1 :])
    return None


def _needed(tokens: Tokens) -> Tokens | None:
    for i in range(1, len(tokens)):
        for modal in _MODALS:
            base = participle_base(tokens[i + len(modal)]) if i + len(modal) < len(tokens) else None
            if tokens[i : i + len(modal)] == modal and base is not None:
                return (base, *tokens[:i], *tokens[i + len(modal) + 1 :])
        if tokens[i] in {"needs", "need"} and i + 1 < len(tokens) and tokens[i + 1].endswith("ing"):
            base = w.verb_base(tokens[i + 1])
            if base is not None:
                return (base, *tokens[:i], *tokens[i + 2 :])
    return None
