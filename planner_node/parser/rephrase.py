"""Other ways to ask, turned into imperatives: "the mug needs washing", "make sure the door is closed", "where is …"."""

from __future__ import annotations

from collections.abc import Sequence

from planner_node.parser import words as w

__all__ = [
    "blunt",
    "deeds",
    "ensuring",
    "imperative",
    "is_statement",
    "needing",
    "participle_base",
    "suiting",
    "wished",
    "wishes",
]

Tokens = tuple[str, ...]

_WISHES: tuple[Tokens, ...] = (
    ("i", "am", "looking", "for"),
    ("i", "would", "like", "to", "have"),
    ("i", "would", "like"),
    ("i", "would", "love"),
    ("would", "like"),
    ("i", "could", "use"),
    ("i", "want"),
    ("i", "fancy"),
    ("i", "could", "do", "with"),
    ("i", "could", "murder"),
    ("i", "will", "have"),
    *((modal, person, verb) for modal in ("could", "can", "may") for person in ("i", "we") for verb in ("have", "get")),
    ("let", "me", "have"),
    ("i", "would", "have"),
    ("need",),
    ("want",),
    ("let", "us", "have"),
    ("lets", "have"),
    ("any", "chance", "of"),
    ("it", "would", "be", "nice", "to", "have"),
    ("we", "would", "like"),
    ("we", "want"),
    ("we", "need"),
    ("i", "need"),
)
"""Beginnings of a wish for a thing."""

_WOULD_BE = ("would", "be")
_WELCOME = w.word_set("nice great lovely good handy helpful perfect wonderful grateful glad happy thankful appreciated")
_POLITE: tuple[Tokens, ...] = (
    *((*begin, *_WOULD_BE, word, "if", "you") for begin in (("i",), ("it",), ("we",)) for word in sorted(_WELCOME)),
    ("i", "would", "appreciate", "it", "if", "you"),
    ("i", "would", "love", "it", "if", "you"),
    ("i", "was", "wondering", "if", "you", "could"),
    ("i", "was", "wondering", "whether", "you", "could"),
    ("i", "wonder", "if", "you", "could"),
    ("i", "wonder", "whether", "you", "could"),
    ("would", "it", "be", "ok", "if", "you"),
    ("can", "i", "ask", "you", "to"),
    ("could", "i", "ask", "you", "to"),
    ("may", "i", "ask", "you", "to"),
    ("could", "i", "get", "you", "to"),
    ("any", "chance", "you", "could"),
    ("any", "chance", "of", "you"),
    ("is", "there", "any", "chance", "you", "could"),
    ("is", "there", "any", "way", "you", "could"),
    ("how", "about", "you"),
    ("how", "about"),
    ("why", "do", "not", "you"),
    ("why", "not"),
    ("feel", "free", "to"),
    ("mind",),
    ("you", "may", "want", "to"),
    ("you", "might", "want", "to"),
    ("you", "could"),
    ("you", "can"),
    ("you", "may"),
    ("you", "might"),
    ("if", "you", "do", "not", "mind", ","),
    ("if", "it", "is", "no", "trouble", ","),
    ("when", "you", "have", "a", "moment", ","),
    ("when", "you", "get", "a", "chance", ","),
    ("do", "you", "think", "you", "could"),
    ("would", "it", "be", "possible", "to"),
    ("is", "it", "possible", "to"),
    ("do", "you", "mind"),
)
"""Before what is asked for; after "if you" in the past tense."""

_MAY: tuple[Tokens, ...] = (
    *((modal,) for modal in ("should", "must", "can", "could", "may", "might", "shall", "will")),
    *((verb, "to") for verb in ("has", "have", "needs", "need", "ought", "is", "are", "wants", "want")),
    ("would", "look", "better"),
    ("would", "look", "nice"),
    ("would", "look", "good"),
    ("would", "be", "better", "off"),
    ("would", "be", "better"),
    ("looks", "better"),
    ("belongs",),
    ("belong",),
    ("goes",),
    ("go",),
)
"""Between a thing and what is wanted of it: "the salt should go on the counter"; some with a verb of `_STAYING`."""

_STAYING = w.word_set("go be sit stand lie live come move stay return")
_QUESTIONING = w.word_set("can could may might should shall would will")

_MADE = {
    "cold": ("cool",),
    "cool": ("cool",),
    "hot": ("heat",),
    "warm": ("heat",),
    "clean": ("wash",),
    "wet": ("wash",),
    "empty": ("empty",),
    "open": ("open",),
    "closed": ("close",),
    "sliced": ("slice",),
}
"""States that "get the tomato cold" asks for, to the verbs that bring them about."""

_LEFT = {
    "running": ("turn", "on"),
    "on": ("turn", "on"),
    "off": ("turn", "off"),
    "open": ("open",),
    "closed": ("close",),
    "shut": ("close",),
}
"""How a thing is left, to the verbs that see to it: "leave it running"."""

_ALONE: tuple[Tokens, ...] = (
    ("alone",),
    ("be",),
    ("as", "it", "is"),
    ("where", "it", "is"),
    ("in", "peace"),
)
"""After "leave X": nothing is to be done with it."""

_PAST = {
    "put": "put",
    "took": "take",
    "brought": "bring",
    "got": "get",
    "gave": "give",
    "set": "set",
    "cut": "cut",
    "threw": "throw",
    "left": "leave",
    "went": "go",
    "made": "make",
    "shut": "shut",
    "laid": "lay",
    "hung": "hang",
    "kept": "keep",
    "ran": "run",
    "hid": "hide",
    "stuck": "stick",
    "stood": "stand",
    "sat": "sit",
    "held": "hold",
    "found": "find",
    "broke": "break",
    "froze": "freeze",
    "lit": "light",
}

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
    "lit": "light",
    "set": "set",
    "laid": "lay",
    "left": "leave",
}


def participle_base(word: str) -> str | None:
    """The verb of a past participle: "washed" → "wash"; None for what is none."""
    if word in _PARTICIPLES:
        return _PARTICIPLES[word]
    if not word.endswith("ed"):
        return None
    if word.endswith("ied") and w.verb_base(word[:-3] + "y"):
        return word[:-3] + "y"
    for base in (word[:-2], word[:-1], word[:-3]):
        if w.verb_base(base) == base:
            return base
    return None


def deeds(relative: Sequence[str]) -> frozenset[str]:
    """Skills that a relative clause tells of: "(the food) you heated" → heat."""
    told: set[str] = set()
    for word in relative:
        base = _PAST.get(word) or participle_base(word)
        sense = w.VERBS.get((base,), "") if base is not None else ""
        told |= _CARRIED_OUT.get(sense, {sense} - {"", "unable", "repeat"})
    if "used" in relative:
        told |= {"pick_up"}
    return frozenset(told)


_CARRIED_OUT = {
    "move": {"move", "put"},
    "take": {"pick_up", "move"},
    "bring": {"hand_over", "move"},
    "toggle": {"toggle_on", "toggle_off"},
    "examine": {"examine", "look_at"},
    "find": {"explore"},
    "wipe": {"clean"},
}
"""Senses of verbs to the skills that they tell of, where those are not called so."""


_SUITING: tuple[Tokens, ...] = w.phrases(
    "is fine|will do|would do|is ok|is okay|is good enough|will be fine|would be fine|does nicely|will do nicely|"
    "would be best|is best|would be better|would be safer"
)
"""Ends of what is said of a place that will do."""


def suiting(tokens: Tokens) -> int:
    """How many words at the end say that a place will do: "the cabinet is fine"; "one slice will do" names none."""
    if w.PART_WORDS & set(tokens):
        return 0
    return next((len(ending) for ending in _SUITING if tokens[-len(ending) :] == ending), 0)


def imperative(tokens: Tokens) -> Tokens:
    """A clause as an imperative, if it asks in one of these ways; else unchanged."""
    if suiting(tokens):
        return tokens[: -suiting(tokens)]
    for opening in _ENSURE:
        if tokens[: len(opening)] == opening:
            return _ensured(tokens[len(opening) :]) or tokens
    sought = _sought(tokens)
    if sought:
        return ("find", *sought)
    for opening in _WISHES:
        if tokens[: len(opening)] == opening:
            thing = tokens[len(opening) :]
            return _with_participle(thing) or _wished(thing) or ("bring", *thing)
    return _inverted(tokens) or _idiom(tokens) or _placed(tokens) or _needed(tokens) or _switched(tokens) or tokens


def _wished(thing: Tokens) -> Tokens | None:
    """What is to be done so that a thing is as one would like it: "it cold", "it on the table", "the lamp on"."""
    if thing[:1] in (("it",), ("them",)) and w.PREPOSITIONS.match(thing, 1) and len(thing) > 2:
        return ("put", *thing)
    return _idiom(("make", *thing)) or (_switched(thing) if thing[-1:] in (("on",), ("off",)) else None)


def _inverted(tokens: Tokens) -> Tokens | None:
    """From "in a drawer it goes" to "put it in a drawer"."""
    ends = len(tokens) > 3 and tokens[-2:] in (("it", "goes"), ("they", "go"))
    if ends and w.PREPOSITIONS.match(tokens, 0):
        return ("put", "it" if tokens[-2] == "it" else "them", *tokens[:-2])
    return None


def needing(tokens: Tokens) -> Tokens:
    """From "the mug needs a wash and a rinse" and "the apple wants washing" to "wash and rinse the mug"."""
    for i in range(1, len(tokens) - 1):
        for opening in _LACKING:
            if tokens[i : i + len(opening)] != opening:
                continue
            verbs = _deeds(tokens[i + len(opening) :])
            if verbs is not None:
                return (*verbs, *tokens[:i])
    return tokens


_LACKING: tuple[Tokens, ...] = (
    *((word,) for word in ("needs", "need", "wants", "want", "deserves", "requires")),
    ("could", "do", "with"),
    ("can", "do", "with"),
    ("could", "use"),
    ("has", "to", "get"),
    ("should", "get"),
)
"""Between a thing and what is to be done to it."""
_SIZES = w.word_set("a an some good quick thorough proper little bit of nice")


def _deeds(tokens: Tokens) -> Tokens | None:
    """Verbs of "a wash and a slicing", joined by "and"; None if other words are among them."""
    verbs: list[str] = []
    for token in tokens:
        if token in _SIZES or token in {",", "and"} or token in w.ADVERBS:
            continue
        base = w.verb_base(token) or (w.verb_base(token[:-3]) if token.endswith("ing") else None)
        if base is None or w.VERBS.get((base,)) not in _GIVEN | {"fill", "empty", "close", "open"}:
            return None
        verbs.append(base)
    return tuple(" and ".join(verbs).split()) if verbs else None


def wished(tokens: Tokens) -> Tokens:
    """From "I want the apple cut and the pieces put in a bowl" to "cut the apple then put the pieces in a bowl"."""
    opening = next((o for o in (*_WISHES, ("have",), ("get",)) if tokens[: len(o)] == o), None)
    if opening is None or tokens[len(opening) : len(opening) + 1] == (",",):
        return tokens
    orders: list[Tokens] = []
    thing: Tokens = ("it",)
    for part in _joined(tokens[len(opening) :]):
        at = next((i for i, t in enumerate(part) if participle_base(t) or t in _LIKE_BASE), None)
        if at is None or (at == 0 and not orders) or (at and part[at - 1] in w.DETERMINERS):
            return tokens
        if len(part[:at]) > 7:
            return tokens
        if at + 1 < len(part) and not _may_follow(part, at + 1):
            return tokens
        thing = part[:at] or ("it",)
        orders.append((participle_base(part[at]) or part[at], *thing, *part[at + 1 :]))
    return tuple(t for k, order in enumerate(orders) for t in (("then", *order) if k else order))


_LIKE_BASE = w.word_set("put cut set shut")


def _may_follow(tokens: Tokens, i: int) -> bool:
    return tokens[i] in w.PARTICLES | w.ADVERBS | {","} or bool(w.PREPOSITIONS.match(tokens, i))


def _joined(tokens: Tokens) -> list[Tokens]:
    """The parts between commas, "and" and "then"."""
    parts: list[Tokens] = []
    part: list[str] = []
    for token in (*tokens, ","):
        if token in {",", "and", "then"}:
            if part:
                parts.append(tuple(part))
            part = []
        else:
            part.append(token)
    return parts


def blunt(tokens: Tokens) -> Tokens:
    """A sentence without "I would be grateful if you …", its verb in the present."""
    for opening in _POLITE:
        if tokens[: len(opening)] == opening and len(tokens) > len(opening):
            return _present(tokens[len(opening) :])
    return tokens


def wishes(tokens: Tokens) -> bool:
    """Whether a clause begins as a wish: "I want it …"."""
    return any(tokens[: len(opening)] == opening for opening in _WISHES if opening[0] in {"i", "we"})


def ensuring(tokens: Tokens) -> Tokens:
    """The words with which a clause begins that asks to make sure of something; () if it does not."""
    return next((opening for opening in _ENSURE if tokens[: len(opening)] == opening), ())


def is_statement(tokens: Tokens, i: int, *, states: bool = False) -> bool:
    """Whether a clause such as "the plate needs …" begins at `i`; "the tap is off" as well, if `states`."""
    if i < len(tokens) and tokens[i] in {"it", "they"}:
        after = tokens[i + 1 : i + 2]
        return after != () and after[0] in {"goes", "go", "belongs", "belong", "should", "must", "needs", "may", "can"}
    if i >= len(tokens) or tokens[i] not in w.DETERMINERS:
        return False
    for j in range(i + 2, min(len(tokens), i + 7)):
        if tokens[j] in {",", "and", "that", "which"} or w.PREPOSITIONS.match(tokens, j):
            return False
        if tokens[j] in {"needs", "need", "should", "must", "has", "belongs", "goes"} or (states and tokens[j] in _BE):
            return True
    return False


def _present(tokens: Tokens) -> Tokens:
    """A clause with its first verb in the present: "rinsed that bowl" → "rinse that bowl"."""
    if tokens[0] in {"could", "would", "can", "please", "just"}:
        return _present(tokens[1:]) if len(tokens) > 1 else tokens
    base = _PAST.get(tokens[0]) or participle_base(tokens[0]) or w.verb_base(tokens[0])
    return (base, *tokens[1:]) if base is not None else tokens


def _sought(tokens: Tokens) -> Tokens:
    """What a question asks for: "where did the ladle go"; () if it is none."""
    for opening, ending in _QUESTIONS:
        if tokens[: len(opening)] == opening and len(tokens) > len(opening):
            thing = tokens[len(opening) :]
            return thing[:-1] if thing[-1] in ending else thing
    return ()


_QUESTIONS: tuple[tuple[Tokens, frozenset[str]], ...] = (
    (("where", "is"), frozenset()),
    (("where", "are"), frozenset()),
    (("where", "did"), frozenset({"go"})),
    (("where", "has"), frozenset({"gone"})),
    (("where", "have"), frozenset({"gone"})),
    (("have", "you", "seen"), frozenset()),
    (("do", "you", "know", "where"), frozenset({"is", "are"})),
    (("any", "idea", "where"), frozenset({"is", "are"})),
)
"""How questions for a thing begin, and words that may end them."""


def _idiom(tokens: Tokens) -> Tokens | None:
    """Verbs that only with their object say what to do: give … a rinse, get … cold, let … cool, leave … alone."""
    verb = tokens[0] if tokens else ""
    if verb == "give" and "a" in tokens[2:]:
        cut = len(tokens) - 1 - tokens[::-1].index("a")
        deed = next((t for t in tokens[cut + 1 :] if w.VERBS.get((t,)) in _GIVEN), None)
        if deed is not None and tokens[1] not in {"me", "us"}:
            return (deed, *tokens[1:cut])
    if verb == "leave":
        for ending in _ALONE:
            if len(tokens) > len(ending) + 1 and tokens[-len(ending) :] == ending:
                return ("do", "not", "touch", *tokens[1 : -len(ending)])
        if tokens[-1] in _LEFT and len(tokens) > 2:
            return (*_LEFT[tokens[-1]], *tokens[1:-1])
        placed = any(
            t in w.PARTICLES | {"there", "here", "where"} or w.PREPOSITIONS.match(tokens, i)
            for i, t in enumerate(tokens[1:], start=1)
        )
        if not placed and len(tokens) > 1:
            return ("do", "not", "touch", *tokens[1:])
    if verb == "keep" and len(tokens) > 2 and tokens[-1] in {"fresh", "cool", "cold", "chilled"}:
        return ("put", *tokens[1:-1], "in", "the", "fridge")
    if verb in {"get", "set"} and tokens[-1:] in (("going",), ("started",), ("running",)) and len(tokens) > 2:
        return ("turn", "on", *tokens[1:-1])
    if verb in {"get", "make", "keep"} and len(tokens) > 2:
        for j in range(2, len(tokens)):
            ends = j + 1 == len(tokens) or bool(w.PREPOSITIONS.match(tokens, j + 1)) or tokens[j + 1] in w.ADVERBS
            if tokens[j] in _MADE and ends and tokens[j - 1] not in _BE and not w.PREPOSITIONS.match(tokens, j - 1):
                return (*_MADE[tokens[j]], *tokens[1:j], *tokens[j + 1 :])
    if verb == "let" and len(tokens) > 2:
        for j in range(2, len(tokens)):
            if w.verb_base(tokens[j]) == tokens[j] and tokens[j - 1] not in w.DETERMINERS:
                length = max(1, w.VERBS.match(tokens, j))
                return (*tokens[j : j + length], *tokens[1:j], *tokens[j + length :])
    if verb in {"set", "lay"} and tokens[1:3] == ("the", "table") and tokens[3:4] == ("with",):
        return ("put", *tokens[4:], "on", "the", "table")
    return None


_GIVEN = frozenset({"wash", "wipe", "push", "pull", "heat", "cool", "cook", "cut"})
"""Senses of verbs that one can give something: "a quick rinse"."""


def _placed(tokens: Tokens) -> Tokens | None:
    """From "the salt should go on the counter" to "put the salt on the counter"; "… would be nice" is a wish."""
    if tokens[:1] and tokens[0] in _QUESTIONING and tokens[1:2] not in (("you",), ("i",), ("we",)):
        # "could the salt go on the counter"
        verb = next((i for i in range(2, min(len(tokens), 9)) if tokens[i] in _STAYING), None)
        return _wanted(tokens[1:verb], tokens[verb + 1 :]) if verb is not None else None
    for i in range(1, len(tokens)):
        if tokens[i : i + 2] == _WOULD_BE and tokens[i + 2 : i + 3] and tokens[i + 2] in _WELCOME:
            return ("bring", *tokens[:i])
        for may in _MAY:
            if tokens[i : i + len(may)] != may or (w.verb_base(tokens[0]) is not None and len(tokens[:i]) > 1):
                continue
            end = i + len(may)
            end += tokens[end : end + 1] != () and tokens[end] in _STAYING
            wanted = _wanted(tokens[:i], tokens[end:])
            if wanted is not None:
                return wanted
    return None


def _wanted(thing: Tokens, how: Tokens) -> Tokens | None:
    """What is asked for where a thing may, should or must "go off", "be washed", "go in the sink"."""
    thing = thing[:-1] if len(thing) > 1 and thing[-1] in {"both", "all", "each", "also"} else thing
    if not how:
        return None
    ends = len(how) == 1 or how[1] in w.ADVERBS or how[1] == ","
    if how[0] in {"on", "off", "out"} and ends:
        return ("turn", "off" if how[0] == "out" else how[0], *thing, *how[1:])
    if w.PREPOSITIONS.match(how, 0) or (how[0] == "back" and w.PREPOSITIONS.match(how, 1)):
        return ("put", *thing, *how)
    if how[0] == "away" and ends:
        return ("put", "away", *thing, *how[1:])
    base = participle_base(how[0])
    return (base, *thing, *how[1:]) if base is not None else None


def _switched(tokens: Tokens) -> Tokens | None:
    """From "the tv on, please" and "lamp off in the bedroom" to "turn the tv on"."""
    if (
        not tokens
        or tokens[0] in {"i", "we", "he", "she", "they", "you"}
        or (w.verb_base(tokens[0]) is not None and tokens[0] not in {"light", "lights"})
    ):
        return None
    for i in range(1, min(len(tokens), 5)):
        if tokens[i] in _BE or tokens[i] in {",", "has", "have", "had", "went", "gone"}:
            return None
        if w.PREPOSITIONS.match(tokens, i) and tokens[i] not in {"on", "off", "out"}:
            return None
        following = tokens[i + 1 : i + 2]
        ends = not following or following[0] in {",", "please", "now", "thanks", "for", "again"} | w.ADVERBS
        if tokens[i] in {"on", "off", "out"} and (ends or following[0] == "in"):
            switch = "off" if tokens[i] == "out" else tokens[i]
            rest = () if following == (",",) else tokens[i + 1 :]  # what follows a comma is a remark: "I'm leaving"
            return ("turn", switch, *tokens[:i], *rest)
    return None


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
