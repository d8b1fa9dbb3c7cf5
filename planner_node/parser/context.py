"""What is told beside what is asked: "the soap is nearly gone", "because it has gone off", "says mum", "visitors!".

A passage that only tells asks for nothing, but may name what a later "it" means. Whatever may be an order, however
badly it is understood, is no context: where in doubt, a passage is left to the grammar.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from planner_node.parser import words as w
from planner_node.parser.rephrase import ensuring, imperative, suiting
from planner_node.parser.terse import is_thing

__all__ = ["Passage", "is_exclamation", "is_remark", "is_rhetorical", "passages"]

Tokens = tuple[str, ...]


@dataclass(frozen=True)
class Passage:
    """A stretch of one sentence.

    Attributes:
        tokens: Its words.
        verb: Where its finite verb is, if it only tells something (0 for a passage without one); None if it may ask.
    """

    tokens: Tokens
    verb: int | None = None


_PERSONS = w.word_set(
    """
    i we he she they it there somebody someone nobody everybody everyone something nothing everything
    mum mom mummy mommy dad daddy mother father grandma granny grandpa
    """
)
"""Subjects that stand without a determiner; "you" is left out, since whoever says it asks."""

_BE = w.word_set("is are was were has had does did am")
_PAST = w.word_set(
    """
    left threw fell broke forgot bought ate drank made took brought found lost came went got gave said told saw knew
    felt ran kept slept sat stood lay wrote wore tore bit drew spilt hid stole stuck began thought grew stank
    """
)
_PRESENT = w.word_set(
    """
    says looks smells seems feels sounds rings tastes lives works likes loves hates comes keeps gets makes takes knows
    thinks leaks stinks hurts starts ends lies stands sits hangs look smell seem feel sound taste live work hate come
    know think stink hurt lie arrive arrives visit visits have sleep sleeps
    """
)
_INTRANSITIVE = w.word_set("fell came went ran sat stood lay began grew stank")
"""Of these, what a thing can do by itself: "the bowl left on the table" is no sentence, but names a bowl."""
_SAME_IN_PAST = w.word_set("put set cut let hit dropped spilled")

_ASKING = w.word_set(
    """
    you should must need needs needed want wants wanted wish wishes would could might may shall ought like prefer
    prefers expect expects hope hopes ask asks asked please supposed meant belongs belong goes go lets request
    requests insist insists next turn likewise if when once before after until while unless not
    """
) - {"not"}
"""Words that, beside a finite verb, may make an order, a wish or a condition of it."""

_OPENING = w.word_set("and so but because since cause well then anyway as oh also for now yes ok okay hey just")
_OWN = w.word_set(
    "need want use eat drink read watch sort see finish come go be sleep play sit cook miss decide pay call"
)
"""What people say that they will do themselves: "I'll need it later"."""
_REASONS = frozenset({"because", "cause"})
_JOINTS = frozenset({"so", "because", "since", "cause"})
_SUBORDINATING = frozenset({"if", "when", "once", "before", "unless", "after", "otherwise"})
_QUOTING = w.word_set("says said thinks told explains explained warns warned complains complained")
_INTERJECTIONS = w.word_set("oh ugh yuck ouch wow oops hooray hurray attention careful heavens gosh damn finally sorry")


def passages(tokens: Tokens, is_noun: Callable[[str], bool]) -> list[Passage]:
    """A sentence in passages that only tell and passages that may ask.

    Args:
        tokens: Words and commas of one sentence.
        is_noun: Whether words name something that the ontology knows.
    """
    if ensuring(tokens) or (tokens and tokens[0] in _SUBORDINATING):
        return [Passage(tokens)]
    result: list[Passage] = []
    asked: list[str] = []
    pieces = _pieces(tokens)
    for number, piece in enumerate(pieces):
        verb = _telling(piece, is_noun)
        if verb is None and _wanting(_led(piece)) and any("so" in later[:2] for later in pieces[number + 1 :]):
            verb = len(piece) - 2
        listed = result and result[-1].verb is not None and not any(t != "," for t in asked)
        if verb is None and listed and is_thing(_led(piece), is_noun, many=True):
            # "there is a bat on the shelf, and a racket": told of as well.
            result[-1] = Passage((*result[-1].tokens, *piece), result[-1].verb)
            continue
        if verb is None:
            asked += piece
            continue
        if any(t != "," for t in asked):
            result.append(Passage(_trimmed(tuple(asked))))
        asked = []
        result.append(Passage(_trimmed(piece), max(0, verb - (len(piece) - len(_led(piece))))))
    if any(t not in _OPENING and t != "," for t in asked):
        result.append(Passage(_trimmed(tuple(asked))))
    return result


def is_exclamation(tokens: Tokens, is_noun: Callable[[str], bool]) -> bool:
    """Whether a sentence without a verb asks for nothing: "Visitors!", "what a mess", "no sports in bed"."""
    if not tokens:
        return False
    if tokens[0] in _INTERJECTIONS and len(tokens) == 1:
        return True
    if any(tokens[: len(opening)] == opening for opening in _ASIDES):
        return True
    named = any(is_noun(" ".join(tokens[i:])) or is_noun(tokens[i].removesuffix("s")) for i in range(len(tokens)))
    verbs = any(w.verb_base(t) is not None for t in tokens)
    plural = tokens[-1].endswith("s") and not tokens[-1].endswith(("ss", "us", "is"))
    return len(tokens) <= 2 and plural and not named and not verbs and not w.FILLERS.match(tokens, 0)


_ASIDES: tuple[Tokens, ...] = w.phrases(
    "what a|what an|such a|time for|any of them|any of those|either of|either one|whichever|no matter|never mind|"
    "it does not matter|i do not mind|i do not care|too bad|too bright|too dark|too loud|too hot|too cold|that is it|"
    "that is all|done|finished|ready|good morning|good evening|good night|good job|well done|oh dear|oh no|thank you"
)
"""Beginnings of sentences without an order in them."""


def is_remark(tokens: Tokens) -> bool:
    """Whether a clause that was not understood still surely asks for nothing: "thank you very much", "I have a cold".

    Whatever may be a wish in words that are not known is none: "we should talk", "there is a letter to post".
    """
    if set(tokens) <= _COURTESY:
        return True
    if (_ASKING | {"you", "to", "time"}) & set(tokens) or any(t.endswith("ing") for t in tokens[1:]):
        return False
    if tokens[:1] == ("my",) or tokens[:1] in (("i",), ("we",)):
        return any(t in _BE | _PAST | _PRESENT | {"have", "can"} or t.endswith("ed") for t in tokens[1:4])
    return tokens[:1] in (("there",), ("it",), ("that",)) and bool(_BE & set(tokens[1:2]))


_COURTESY = w.word_set(
    """
    , thanks thank you please very much so many lot a lots good great nice lovely perfect brilliant well done be careful
    carefully with it them there robot dear love mate darling boy girl job work evening morning afternoon day night
    cheers ta that is all for now of course no problem rush hurry quick quickly your time take i we mean
    """
)
"""Words of which nothing but courtesies consist."""


def is_rhetorical(tokens: Tokens) -> bool:
    """Whether a question, beside an order, asks for nothing by itself: "Who left it here?", "Into the box?"."""
    if tokens[:1] in (("who",), ("why",), ("whose",), ("did",), ("does",)):
        return True
    return bool(w.PREPOSITIONS.match(tokens, 0)) and not any(w.verb_base(t) == t for t in tokens[:1])


def _pieces(tokens: Tokens) -> list[Tokens]:
    """Cut before every comma and before words that join a reason or what follows from it."""
    result: list[Tokens] = []
    start = 0
    for i in range(1, len(tokens)):
        joins = tokens[i] in _JOINTS and tokens[i - 1] not in {",", "and", "but"}
        adds = tokens[i] in {"and", "but"} and tokens[i - 1] != "," and _may_begin(tokens, i + 1)
        if tokens[i] == "," or joins or adds:
            result.append(tokens[start:i])
            start = i
    return [*result, tokens[start:]]


def _wanting(tokens: Tokens) -> bool:
    """Whether a clause such as "I do need it" says why what follows it is asked for."""
    wanted = tokens[-2:-1] in (("need",), ("want",), ("use",))
    return len(tokens) in {3, 4} and tokens[0] in {"i", "we"} and wanted and tokens[-1] in {"it", "them"}


def _may_begin(tokens: Tokens, i: int) -> bool:
    """Whether a clause of its own may follow "and"."""
    if i >= len(tokens):
        return False
    return tokens[i] in _PERSONS or (w.verb_base(tokens[i]) == tokens[i] and tokens[i] not in w.STATE_WORDS)


def _led(tokens: Tokens) -> Tokens:
    i = 0
    while i < len(tokens) and (tokens[i] == "," or tokens[i] in _OPENING):
        i += 1
    return tokens[i:]


def _trimmed(tokens: Tokens) -> Tokens:
    start = 0
    while start < len(tokens) and tokens[start] in {",", "so"}:
        start += 1
    end = len(tokens)
    while end > start and tokens[end - 1] == ",":
        end -= 1
    return tokens[start:end]


def _telling(piece: Tokens, is_noun: Callable[[str], bool]) -> int | None:
    """Where the finite verb of a piece is that only tells something; 0 if it has none; None if it may ask."""
    tokens = _led(piece)
    shift = len(piece) - len(tokens)
    if not tokens:
        return None
    reason = bool(_REASONS & set(piece[:shift]))
    if tokens[0] in _QUOTING and len(tokens) <= 4 and "to" not in tokens:
        return shift
    if tokens[0] == "no" and len(tokens) > 1 and tokens[1] not in {"wait", "sorry", "not"} | w.DETERMINERS.keys():
        return shift
    if _does_itself(tokens) or _will_do(tokens) or tokens[:2] in (("i", "have"), ("we", "have")):
        return shift + 1
    if suiting(tokens):
        return None  # "the cabinet is fine": that is the place
    verb = _finite(tokens, is_noun)
    if tokens[0] == "there" and (_BE | {"be"}) & set(tokens[1:4]):
        # "there is …", "there should be a plate in the cupboard": it is only said to be.
        return shift + next(i for i, t in enumerate(tokens[1:4], start=1) if t in _BE | {"be"})
    if verb is None:
        return shift if reason and "you" not in tokens else None
    if not reason and imperative(tokens) != tokens:
        return None  # "the cushion can go on the sofa"
    if not reason and (_ASKING & set(tokens) or _tells_to(tokens, verb)):
        return None
    return shift + verb


def _will_do(tokens: Tokens) -> bool:
    """Whether people say what they will do: "I'll need it later", but not "I'll have the mug on the table"."""
    if tokens[1:2] != ("will",) or not tokens[2:3] or tokens[2] in {"have", "take", "ask", "require", "like"}:
        return False
    return tokens[0] in {"i", "he", "she", "they"} or (tokens[0] == "we" and tokens[2] in _OWN)


def _does_itself(tokens: Tokens) -> bool:
    """Whether people say what they would like to do themselves: "I want to eat here", "I'd like to watch something"."""
    if tokens[0] not in {"i", "we"} or "to" not in tokens[1:5]:
        return False
    to = tokens.index("to")
    wants = bool({"want", "like", "love", "need", "going", "have"} & set(tokens[1:to]))
    return wants and tokens[to + 1 : to + 2] != () and tokens[to + 1] in _OWN - {"see", "go", "need", "want", "use"}


def _tells_to(tokens: Tokens, verb: int) -> bool:
    """Whether a statement tells what is to be done: "it is your turn to …", "I will have …", "I am looking for …"."""
    if tokens[0] in {"i", "we"} and tokens[verb] == "will":
        return True  # what they will do themselves was told before
    if tokens[verb + 1 : verb + 2] == ("to",) or (tokens[0] == "there" and "to" in tokens):
        return True
    return any(
        t == "to" and (tokens[i] == "be" or w.verb_base(tokens[i]) == tokens[i])
        for i, t in enumerate(tokens[:-1], start=1)
    )


def _finite(tokens: Tokens, is_noun: Callable[[str], bool]) -> int | None:
    """Where a finite verb stands after a subject at the beginning."""
    first = tokens[0]
    if first == "you" or (first not in _PERSONS and w.verb_base(first) == first and not is_noun(first)):
        return None
    if first in {"they", "he", "she"} and len(tokens) > 1:
        return 1
    if first in {"i", "we"}:
        # "we wash the mug" tells what is to be done; "we never use it" does not.
        return 1 if len(tokens) > 1 and (w.verb_base(tokens[1]) is None or tokens[1] in _SAME_IN_PAST) else None
    determined = first in w.DETERMINERS
    if not (determined or first in _PERSONS) and (w.PREPOSITIONS.match(tokens, 0) or w.FILLERS.match(tokens, 0)):
        return None
    placed = False
    for j in range(1, min(len(tokens), 8)):
        token = tokens[j]
        if token in {"that", "which", "who", "you", "i", "we", "or", "to", "please", "where"}:
            return None
        if token != "of" and w.PREPOSITIONS.match(tokens, j):
            placed = True
        if token in _BE or token in {"will", "can"}:
            return j
        if placed:
            if token in _PRESENT and is_noun(tokens[j - 1]) and not is_noun(token):
                return j
            continue
        known = is_noun(tokens[j - 1])
        person = first in _PERSONS or (determined and j >= 2 and not known)
        if is_noun(token) and token not in _PRESENT:
            continue
        if (person or (determined and j >= 2)) and (token in _PRESENT or token in _INTRANSITIVE):
            return j
        if person and (token in _PAST or (token.endswith("ed") and token not in w.STATE_WORDS)):
            return j
        if first in _PERSONS and (token in _SAME_IN_PAST or token.endswith("ed")):
            return j
        if known and determined and _is_third_person(tokens, j):
            return j
        if not determined and j == 1 and (token in _PAST or token == "have") and not is_noun(first):
            return j
    return None


def _is_third_person(tokens: Tokens, j: int) -> bool:
    """Whether an unknown word after a known thing is its verb: "the lettuce wilts"."""
    token = tokens[j]
    ends = j + 1 == len(tokens) or tokens[j + 1].endswith("ly")
    return ends and token.endswith("s") and not token.endswith("ss") and not w.is_known(token)
