"""What people say between and around clauses, put into an order that `planner_node.parser.syntax` reads.

Each rule rewrites the words of one sentence: conditions and times in other words, corrections ("no wait, …"),
exceptions (", not the big one"), "use X to cut Y", and things named by a clause ("what you flip pancakes with").
"""

from __future__ import annotations

from planner_node.parser import words as w
from planner_node.parser.rephrase import blunt, needing, wished

__all__ = ["correction", "straighten"]

Tokens = tuple[str, ...]

_SAME: tuple[tuple[Tokens, Tokens], ...] = (
    (("in", "case"), ("if",)),
    (("only", "if"), ("if",)),
    (("them", "both"), ("both",)),
    (("it", "all"), ("it",)),
    (("provided",), ("if",)),
    (("after", "which"), ("then",)),
    (("before", "anything", "else"), ("first",)),
    (("but", "only", "after"), ("after",)),
    (("only", "after"), ("after",)),
    (("but", "only", "once"), ("once",)),
    (("following", "that"), ("then",)),
    (("after", "that"), ("then",)),
    (("as", "soon", "as"), ("once",)),
    (("as", "well", "as"), ("and",)),
    (("do", "the", "same", "with"), ("repeat",)),
    (("do", "the", "same", "for"), ("repeat",)),
    (("do", "the", "same", "to"), ("repeat",)),
    (("do", "the", "same", "thing", "with"), ("repeat",)),
    (("same", "with"), ("repeat",)),
    (("same", "for"), ("repeat",)),
    (("them", "all"), ("them",)),
    (("all", "of", "them"), ("them",)),
    (("both", "of", "them"), ("both",)),
    (("the", "two", "of", "them"), ("both",)),
    (("the", "pair", "of", "them"), ("both",)),
    (("the", "pair"), ("both",)),
    (("all", "of", "it"), ("it",)),
    (("what", "is", "left", "of"), ()),
    (("what", "remains", "of"), ()),
    (("the", "rest", "of"), ()),
    (("whatever", "is"), ("everything", "that", "is")),
    (("all", "that", "is"), ("everything", "that", "is")),
    (("all", "the", "things"), ("everything",)),
    (("all", "things"), ("everything",)),
)
"""Words that stand for others."""

_CORRECTIONS: tuple[Tokens, ...] = (
    ("no", "wait"),
    ("wait", "no"),
    ("no", "sorry"),
    ("sorry", "no"),
    ("no", ","),
    ("sorry", ","),
    ("actually", "no"),
    ("actually", ","),
    ("i", "mean"),
    ("i", "meant"),
    ("scratch", "that"),
    ("or", "rather"),
)
"""How people begin to say it anew."""

_ASIDES = w.phrases(
    """
    after all|for now|for a minute|for a moment|for a while|for a second|for the time being|for some reason|for once|
    right away|straight away|at once|by now|as usual|if you like|if you wish|if you would|if you will|
    on second thoughts|on second thought|come to think of it|while you are at it|while you are there|
    while you are about it|as quickly as you can|as fast as you can|in the meantime|for me|for us|for her|for him|
    for them|for later|for today|for tonight|of course|by the way|when you can|if need be|in any case|
    either of the two|whichever it is|anything will do|either of them|whichever you like|it does not matter which one|
    wherever it is|wherever they are|wherever you find it|whichever you find|any will do|either will do|
    i do not mind which|it does not matter which|one after the other|if you find it|no matter where it is|
    when you are done|once you are done|when you are finished|once you are finished|when you are through
    """
)
"""Words that may stand anywhere and change nothing."""

_TIMES = frozenset({"when", "once", "after"})
_OVER: tuple[Tokens, ...] = tuple(
    (time, *words)
    for time in sorted(_TIMES)
    for words in (
        ("you", "have", "done", "that"),
        ("you", "have", "done", "so"),
        ("you", "have", "done", "it"),
        ("you", "have", "finished"),
        ("you", "are", "finished"),
        ("you", "are", "through"),
        ("that", "is", "done"),
        ("that", "has", "happened"),
    )
)
"""What is done next is done then anyhow."""
_DONE = frozenset({"done", "ready", "finished", "over", "complete"})


def straighten(tokens: Tokens) -> Tokens:
    """A sentence with the words that the grammar knows for what people say."""
    tokens = wished(needing(_on_condition(blunt(_without_tags(tokens)))))
    for aside in _ASIDES:
        tokens = _replaced(tokens, aside, ())
    tokens = _without_until(_without_posture(tokens))
    for over in _OVER:
        tokens = _replaced(tokens, (*over, ","), ("then",))
    for before, after in _SAME:
        tokens = _replaced(tokens, before, after)
    tokens = _with_end_state(_with_reason(tokens))
    for rule in (_without_times, _without_exceptions, _onward, _first, _with_tool):
        tokens = rule(tokens)
    return _described(tokens)


def _with_reason(tokens: Tokens) -> Tokens:
    """From "wash it as it is dirty" to "wash it because it is dirty"; "leave it as it is" stays."""
    for i in range(2, len(tokens) - 3) if "leave" not in tokens else ():
        if tokens[i] == "as" and tokens[i + 1] in {"it", "they"} and tokens[i + 2] in {"is", "are"}:
            return (*tokens[:i], "because", *tokens[i + 1 :])
    return tokens


def correction(tokens: Tokens) -> Tokens | None:
    """What a sentence, or the rest of one, says in place of what was said before; None if it corrects nothing."""
    for opening in _CORRECTIONS:
        if tokens[: len(opening)] == opening:
            rest = tokens[len(opening) :]
            while rest and rest[0] in {",", "just", "please", "instead"}:
                rest = rest[1:]
            return correction(rest) or rest or None
    return None


def corrections_at(tokens: Tokens) -> list[int]:
    """Where, after its beginning, a sentence corrects itself."""
    return [
        i
        for i in range(1, len(tokens))
        if tokens[i - 1] == "," and any(tokens[i : i + len(opening)] == opening for opening in _CORRECTIONS)
    ]


def _without_tags(tokens: Tokens) -> Tokens:
    """Without ", would you" and "please" at the end."""
    for tag in _TAGS:
        if len(tokens) > len(tag) and tokens[-len(tag) :] == tag:
            return _without_tags(tokens[: -len(tag)])
    return tokens


_TAGS: tuple[Tokens, ...] = (
    *((modal, "you") for modal in ("would", "will", "could", "can")),
    ("would", "you", "please"),
    ("thank", "you"),
    ("thank", "you", "very", "much"),
    ("thank", "you", "so", "much"),
    ("thanks", "a", "lot"),
    ("thanks", "very", "much"),
    ("many", "thanks"),
    *((",", word) for word in ("love", "dear", "mate", "darling", "pal", "honey")),
    *(
        (word,)
        for word in ("sorry", "quick", "asap", ",", "please", "pls", "thanks", "ok", "okay", "cheers", "instead")
    ),
)


def _replaced(tokens: Tokens, before: Tokens, after: Tokens) -> Tokens:
    i = 0
    while i < len(tokens):
        if tokens[i : i + len(before)] == before:
            tokens = (*tokens[:i], *after, *tokens[i + len(before) :])
            i += len(after)
        else:
            i += 1
    return tokens


def _end(tokens: Tokens, start: int, *marks: str) -> int:
    """Where, from `start` on, the first of the marks stands; where the sentence ends if none does."""
    return next((j for j in range(start, len(tokens)) if tokens[j] in marks), len(tokens))


def _without_times(tokens: Tokens) -> Tokens:
    """Without "when it is done": what is done next is done next anyhow."""
    for i, token in enumerate(tokens):
        if token not in _TIMES or tokens[i + 1 : i + 2] not in (("it",), ("they",), ("that",), ("the",)):
            continue
        be = next((j for j in range(i + 2, min(len(tokens), i + 5)) if tokens[j] in {"is", "are", "has", "have"}), None)
        if be is None:
            continue
        end = be + 1
        while end < len(tokens) and tokens[end] in {"been", "nice", "and", "nicely", "all", "fully", "completely"}:
            end += 1
        named = tokens[end : end + 1]
        if not named or (named[0] not in w.STATE_WORDS and named[0] not in _DONE):
            continue
        end += 1
        if tokens[end : end + 1] == (",",):
            end += 1
        if i == 0 or end >= len(tokens):
            continue  # at either end it is a condition, or asks for the state
        start = i - 1 if tokens[i - 1] == "and" else i
        return _without_times((*tokens[:start], "then", *tokens[end:]))
    return tokens


def _without_posture(tokens: Tokens) -> Tokens:
    """From "a disc lying on the floor" to "a disc on the floor"."""
    postures = {"lying", "standing", "sitting", "hanging", "resting"}
    return tuple(t for i, t in enumerate(tokens) if not (i and t in postures and w.PREPOSITIONS.match(tokens, i + 1)))


def _with_end_state(tokens: Tokens) -> Tokens:
    """From "put the laptop on the desk, closed" to "… then close it"."""
    verb = _END_STATES.get(tokens[-1]) if len(tokens) > 3 and tokens[-2] in {",", "but"} else None
    if verb is None:
        return tokens
    end = -3 if tokens[-3:-1] == (",", "but") else -2
    return (*tokens[:end], "then", *verb, "it")


_END_STATES: dict[str, Tokens] = {
    "closed": ("close",),
    "shut": ("close",),
    "open": ("open",),
    "washed": ("wash",),
    "clean": ("wash",),
    "sliced": ("slice",),
    "empty": ("empty",),
}
"""States at the end of an order, to the verbs that bring them about."""


def _without_until(tokens: Tokens) -> Tokens:
    """Without "until they are home", "while it is hot" and "so that it cooks": they are nothing to do."""
    for i, token in enumerate(tokens):
        if i and tokens[i : i + 2] == ("so", "that"):
            end = _end(tokens, i, ",", "then", ".")
            return _without_until((*tokens[:i], *tokens[end:]))
        whose = tokens[i + 1 : i + 2]
        stays = token in {"until", "till"} and whose and whose[0] in _PERSONS
        during = token == "while" and whose and whose[0] in _PERSONS | {"it", "you"}
        sooner = token == "before" and whose and whose[0] in _PERSONS - {"i"}
        seen = token == "where" and tokens[i - 1] in {",", "near"} and whose and whose[0] in _PERSONS
        if i and seen:
            end = _end(tokens, i, ",", "then")
            return _without_until((*tokens[: i - 1], *tokens[end:]))
        done = token in {"until", "till"} and whose in (("it",), ("they",), ("everything",)) and tokens[i + 3 : i + 4]
        over = bool(done) and tokens[i + 3] in _DONE | w.STATE_WORDS.keys()
        if i and (stays or during or sooner or over):
            end = _end(tokens, i, ",", "then")
            return (*tokens[:i], *tokens[end:])
    return tokens


_PERSONS = frozenset({"i", "we", "he", "she", "they", "somebody", "everybody", "everyone", "mum", "dad"})


def _on_condition(tokens: Tokens) -> Tokens:
    """From "should the plate be dirty, …" to "if the plate is dirty, …"."""
    if tokens[:1] == ("should",) and "be" in tokens[2:7] and "," in tokens:
        be = tokens.index("be", 2)
        if be < tokens.index(","):
            return ("if", *tokens[1:be], "is", *tokens[be + 1 :])
    return tokens


def _first(tokens: Tokens) -> Tokens:
    """From "bring the cup, but rinse it first" to "bring the cup after rinse it"."""
    for i in range(1, len(tokens) - 2):
        joint = 2 if tokens[i : i + 2] in ((",", "but"), (",", "and")) else int(tokens[i] == "but")
        verb = tokens[i + joint] if i + joint < len(tokens) else ""
        if joint and w.verb_base(verb) == verb and tokens[-1] in {"first", "beforehand"}:
            return (*tokens[:i], ",", "after", *tokens[i + joint : -1])
    return tokens


def _onward(tokens: Tokens) -> Tokens:
    """From "off the stove and onto the counter" to "off the stove onto the counter"."""
    for i, token in enumerate(tokens[1:-1], start=1):
        match = w.PREPOSITIONS.match(tokens, i + 1)
        if token not in {"and", ","} or not match or w.PREPOSITIONS[tokens[i + 1 : i + 1 + match]] not in {"in", "on"}:
            continue
        source = max((j for j in range(i) if _leaves(tokens, j)), default=None)
        if source is not None and not {"and", ","} & set(tokens[source:i]):
            return (*tokens[:i], *tokens[i + 1 :])
    return tokens


def _leaves(tokens: Tokens, i: int) -> bool:
    match = w.PREPOSITIONS.match(tokens, i)
    return bool(match) and w.PREPOSITIONS[tokens[i : i + match]] == "from" and tokens[i + match : i + match + 1] != ()


def _without_exceptions(tokens: Tokens) -> Tokens:
    """Without ", not the big one" and "instead of the knife"."""
    if "instead" in tokens[:-2]:
        at = tokens.index("instead")
        if tokens[at + 1] == "of":
            end = _end(tokens, at + 2, ",", "then", "and")
            start = at - 1 if at and tokens[at - 1] == "," else at
            rest = tokens[end + 1 :] if not start else tokens[end:]
            return _without_exceptions((*tokens[:start], *rest)) if start or rest else tokens
    for i in range(1, len(tokens) - 1):
        excepted = tokens[i + 1] in w.DETERMINERS or bool(w.PREPOSITIONS.match(tokens, i + 1))
        if tokens[i] == "not" and tokens[i - 1] in {",", "and", "but"} and excepted:
            end = _end(tokens, i + 1, ",", "then")
            return (*tokens[: i - 1], *tokens[end + 1 if tokens[end : end + 1] == (",",) else end :])
    return tokens


def _with_tool(tokens: Tokens) -> Tokens:
    """From "use the knife to cut the bread" to "cut the bread with the knife"."""
    for i, token in enumerate(tokens):
        if token not in {"use", "using"} or "to" not in tokens[i + 2 :]:
            continue
        to = tokens.index("to", i + 2)
        if w.verb_base(tokens[to + 1] if to + 1 < len(tokens) else "") is None or {",", "and"} & set(tokens[i:to]):
            continue
        end = _end(tokens, to + 1, ",", "and", "then")
        if tokens[i + 1 : to] == ("it",):
            return (*tokens[:i], *tokens[to + 1 :])
        return (*tokens[:i], *tokens[to + 1 : end], "with", *tokens[i + 1 : to], *tokens[end:])
    return tokens


def _described(tokens: Tokens) -> Tokens:
    """From "what you flip pancakes with" to "something that you flip pancakes with"."""
    result: list[str] = []
    for i, token in enumerate(tokens):
        follows = tokens[i + 1 : i + 2]
        before = tokens[i - 1] if i else ""
        share = before == "of" and i > 1 and tokens[i - 2] in w.PART_WORDS
        named = follows and follows[0] not in _NO_CLAUSE and (share or before not in {"of", "about"})
        if token in {"what", "whatever"} and named:
            result += ["something", "that"]
        else:
            result.append(token)
    return tuple(result)


_NO_CLAUSE = frozenset({",", "a", "an", "about", "time", "do", "does", "did", "if", "kind", "else", "now"})
"""After "what", where no thing is described."""
