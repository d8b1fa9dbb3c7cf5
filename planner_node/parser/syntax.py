"""From a sentence to clauses: verb, noun phrases and prepositional phrases.

No grammar formalism: household imperatives are verb, object, places. What is ambiguous in them (which phrase is the
destination, which describes the object) is decided in `planner_node.parser.intents`, where the verb is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from planner_node.parser import words as w
from planner_node.parser.asides import correction, corrections_at, straighten
from planner_node.parser.context import is_exclamation, is_rhetorical, passages
from planner_node.parser.rephrase import ensuring, imperative, is_statement, participle_base, wishes
from planner_node.parser.terse import announces, inverted, is_thing, singular, spelt_out

__all__ = ["VAGUE", "Clause", "NounPhrase", "Prepositional", "Splitter", "singular", "tokenize"]

_CONTRACTIONS = (
    (re.compile(r"[’`]"), "'"),
    (re.compile(r"\b(teh|hte)\b"), "the"),
    (re.compile(r"\b(adn|nad)\b"), "and"),
    (re.compile(r",? (is|are|does|do|was|has|will|can)n't (it|they|he|she|you)(?=\s*[?.!]|$)"), ""),
    (re.compile(r"\b(do|does|did|is|are|was|were|should|would|could|must)n't\b"), r"\1 not"),
    (re.compile(r"\bcan't\b"), "can not"),
    (re.compile(r"\b(it|that|there|what|where|who|here|how)'s\b"), r"\1 is"),
    (re.compile(r"\blet's\b"), "lets"),
    (
        re.compile(r"(?<=\w)'s (?=(on|in|at|under|off|out|inside|over|not|still|already|now|gone|too|so|the|a)\b)"),
        " is ",
    ),
    (re.compile(r"(?<=\w)'s (?=(dirty|clean|hot|cold|empty|full|open|closed|broken|thirsty|hungry|tired)\b)"), " is "),
    (re.compile(r"\b(he|she|somebody|someone|everyone|everybody|mum|dad)'s (?=\w+(ed|ing)\b)"), r"\1 is "),
    (re.compile(r"\b(i|we)'d\b"), r"\1 would"),
    (re.compile(r"\b(we|they)'re\b"), r"\1 are"),
    (re.compile(r"\b(i|we|they)'ve\b"), r"\1 have"),
    (re.compile(r"\b(has|have|had|would)n't\b"), r"\1 not"),
    (re.compile(r"\bi'm\b"), "i am"),
    (re.compile(r"(?<=\w)'ll\b"), " will"),
    (re.compile(r"\byou're\b"), "you are"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"\byou've\b"), "you have"),
    (re.compile(r"'s\b"), ""),
    (re.compile(r"\s+[-–—]+\s+"), " , "),
    (re.compile(r"[-/_]"), " "),
    (re.compile(r"\([^)]*\)"), " "),
)
_POSTURES = w.word_set("lies lie lay stands stand stood sits sit sat hangs hang hung rests rest")
"""Verbs that only tell where a thing is."""
_WORD = re.compile(r"[a-z0-9]+|[,.;:!?]")


def tokenize(text: str) -> tuple[str, ...]:
    """Lower-case words and punctuation; contractions are spelt out, hyphens split."""
    text = text.lower()
    for pattern, replacement in _CONTRACTIONS:
        text = pattern.sub(replacement, text)
    return tuple(_WORD.findall(text))


@dataclass(frozen=True, kw_only=True)
class NounPhrase:
    """A thing as the person named it.

    Attributes:
        words: Modifiers and head, without determiner, e.g. ``("red", "coffee", "mug")``.
        determiner: ``"the"``, ``"a"``, ``"another"``, ``"all"``, ``"both"``, ``"its"`` or ``""``.
        count: How many; None where not said.
        plural: Whether the head was plural.
        pronoun: ``"it"``, ``"them"``, ``"one"``, ``"place"`` (where it was) or ``""``.
        part: A slice or piece of it is meant.
        states: States that it is said to have.
        places: What it is said to be at, with the relation.
        contents: What it is said to hold.
        relative: The words of a relative clause, e.g. ``("you", "saw", "before")``.
        memory_id: Memory's id of the thing, where a planner named it so.
        said: All that was said, of a phrase whose words name no class: "the one you squirt".
    """

    words: tuple[str, ...] = ()
    determiner: str = ""
    count: int | None = None
    plural: bool = False
    pronoun: str = ""
    part: bool = False
    states: tuple[str, ...] = ()
    places: tuple[Prepositional, ...] = ()
    contents: tuple[NounPhrase, ...] = ()
    relative: tuple[str, ...] = ()
    memory_id: str = ""
    said: str = ""

    @property
    def text(self) -> str:
        """The words as one string."""
        return self.said or " ".join(self.words) or self.pronoun


@dataclass(frozen=True)
class Prepositional:
    """A relation and what it relates to."""

    relation: str
    phrase: NounPhrase


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One verb with what belongs to it.

    Attributes:
        sense: Meaning of the verb, see `planner_node.parser.words`; ``""`` when no verb was found.
        verb: The verb's base words.
        objects: Its objects.
        prepositional: Its prepositional phrases, in order.
        text: The clause.
        negated: "do not".
        condition: The words of "if …", where it has one; of "once …", with that word before them.
        told: It only tells something: its objects are what a later "it" may mean.
        topic: It names what is to be done something with, as before a colon.
    """

    sense: str
    verb: tuple[str, ...] = ()
    objects: tuple[NounPhrase, ...] = ()
    prepositional: tuple[Prepositional, ...] = ()
    text: str = ""
    negated: bool = False
    condition: tuple[str, ...] = ()
    told: bool = False
    topic: bool = False


@dataclass
class Splitter:
    """Splits an instruction into clauses.

    Attributes:
        is_noun: Whether words, singular, name something that the ontology knows.
    """

    is_noun: Callable[[str], bool]

    def clauses(self, instruction: str) -> list[Clause]:
        """The clauses of an instruction, in the order in which they are to be done."""
        result: list[Clause] = []
        sentences = _sentences(tokenize(instruction))
        for number, (sentence, mark) in enumerate(sentences):
            if self._is_aside(sentence, mark, last=number + 1 == len(sentences)):
                result.append(self._told(sentence, 0))
                continue
            if sentence[:2] == ("not", "there"):
                result.append(Clause(sense="", text=" ".join(sentence), told=True))
                continue
            if sentence[0] == "not" and sentence[1:2] and sentence[1] in w.DETERMINERS and result:
                result[-1] = _excluding(result[-1], sentence[2:])
                continue
            if result and sentence[:2] in (("the", "one"), ("the", "ones")) and result[-1].objects:
                told = self.phrase(" ".join(("the", "thing", *sentence[2:])))
                if told.relative or told.places or told.states:
                    result[-1] = _specified(result[-1], told)
                    continue
            bounds = [0, *corrections_at(sentence), len(sentence)]
            for start, end in pairwise(bounds):
                anew = correction(sentence[start:end])
                said = straighten(anew or sentence[start:end])
                otherwise, said = _turned(said, result[-1].condition if result else ())
                orders = spelt_out(said, self.is_noun)
                clauses = [clause for order in orders for clause in self._asked_and_told(order)]
                clauses = _under(clauses, otherwise)
                if anew is not None and result and clauses:
                    result[-1:] = _corrected(result[-1], clauses)
                else:
                    result.extend(clauses)
            if sentence[-1:] in (("please",), ("pls",)) and result and not result[-1].sense and not result[-1].told:
                result[-1] = replace(result[-1], text=f"{result[-1].text} please")
            if mark == ":" and result:
                result[-1] = replace(result[-1], topic=True)
        return _with_topics(result)

    def _is_aside(self, sentence: tuple[str, ...], mark: str, *, last: bool) -> bool:
        if mark == "?" and not last and is_rhetorical(sentence):
            return True
        likewise = sentence[:2] in (("so", "is"), ("so", "are"))
        return likewise or announces(sentence) or is_exclamation(sentence, self.is_noun)

    def _asked_and_told(self, tokens: tuple[str, ...]) -> list[Clause]:
        result: list[Clause] = []
        for passage in passages(tokens, self.is_noun):
            if passage.verb is None:
                result += self._sentence(passage.tokens)
            else:
                result.append(self._told(passage.tokens, passage.verb))
        return result

    def _told(self, tokens: tuple[str, ...], verb: int) -> Clause:
        """A clause that asks for nothing, with the first thing it names, and where that is said to be."""
        text = " ".join(tokens)
        none = tokens[:1] == ("there",) and "no" in tokens[1:4]
        if none or tokens[:1] == ("no",) or w.PREPOSITIONS.match(tokens, 0):
            return Clause(sense="", text=text, told=True)
        for part in (tokens[:verb], tokens[verb + 1 :] if verb else tokens):
            for i in range(len(part)):
                if i and part[i] not in w.DETERMINERS and part[i - 1] in w.DETERMINERS:
                    continue
                if part[i] == "not" or (w.verb_base(part[i]) == part[i] and not self.is_noun(part[i])):
                    continue
                phrase, end = self._noun_phrase(part, i)
                if phrase is None or phrase.pronoun or not (phrase.words or phrase.part):
                    continue
                if w.DETERMINERS.keys() & set(phrase.words):
                    continue  # "left the pan": a verb is in it
                whole = [" ".join(phrase.words[k:]) for k in range(len(phrase.words))]
                share = phrase.part and not phrase.words
                told_of = bool(phrase.relative) or len(phrase.words) > 1
                described = told_of and phrase.words[-1:] and phrase.words[-1] in VAGUE
                if not (share or described or any(self.is_noun(words) for words in whole)):
                    continue
                before = [j for j in range(max(0, i - 3), i) if j + w.PREPOSITIONS.match(part, j) == i]
                if before and {"it", "them"} & set(part[: before[0]]):
                    # "I'll drink it at the counter": where, and no other thing.
                    relation = w.PREPOSITIONS[part[before[0] : i]]
                    return Clause(sense="", prepositional=(Prepositional(relation, phrase),), text=text, told=True)
                place: tuple[Prepositional, ...] = ()
                listed, end = self._also_named(part, end)
                match = w.PREPOSITIONS.match(part, end)
                where, after = self._noun_phrase(part, end + match) if match else (None, 0)
                if where is not None and where.words and any(self.is_noun(word) for word in where.words):
                    ends = max(k for k, word in enumerate(where.words, start=1) if self.is_noun(word))
                    where = replace(where, words=where.words[:ends])  # not "the counter looks nice"
                    place = (Prepositional(w.PREPOSITIONS[part[end : end + match]], where),)
                    more, _ = self._also_named(part, after)
                    listed = (*listed, *more)
                return Clause(sense="", objects=(phrase, *listed), prepositional=place, text=text, told=True)
        if tokens[0] in VAGUE and tokens[verb + 1 : verb + 2] and tokens[verb + 1] in w.STATE_WORDS:
            something = NounPhrase(words=(tokens[0],), states=(w.STATE_WORDS[tokens[verb + 1]],))
            match = w.PREPOSITIONS.match(tokens, verb + 2)
            where, _ = self._noun_phrase(tokens, verb + 2 + match) if match else (None, 0)
            place = (Prepositional("in", where),) if where is not None else ()
            return Clause(sense="", objects=(something,), prepositional=place, text=text, told=True)
        return Clause(sense="", text=text, told=True)

    def _also_named(self, tokens: tuple[str, ...], i: int) -> tuple[tuple[NounPhrase, ...], int]:
        """Things that are named beside the first: "…, a fork and a spoon"; and where they end."""
        result: list[NounPhrase] = []
        while i < len(tokens) and tokens[i] in {",", "and"}:
            start = i + 1
            while start < len(tokens) and tokens[start] in {",", "and"}:
                start += 1
            start += 2 if tokens[start : start + 2] in (("so", "is"), ("so", "are")) else 0
            phrase, end = self._noun_phrase(tokens, start)
            if phrase is None or not phrase.words or not self.is_noun(phrase.words[-1]):
                break
            result.append(phrase)
            i = end
        return tuple(result), i

    def phrase(self, text: str) -> NounPhrase:
        """A text as one noun phrase."""
        tokens = tokenize(text)
        phrase, _ = self._noun_phrase(tokens, 0)
        return phrase or NounPhrase(words=tokens)

    def _sentence(self, tokens: tuple[str, ...]) -> list[Clause]:
        condition: tuple[str, ...] = ()
        postponed: list[Clause] = []
        if tokens[:1] in (("if",), ("unless",)):
            for i in range(3, len(tokens) - 2):
                if tokens[i - 1 : i + 2] == (",", "if", "not"):
                    tokens = (*tokens[:i], "otherwise", *tokens[i + 2 :])
                    break
            cut = _comma_or(tokens, "then")
            cut = next((j for j in range(4, cut) if self._begins_order(tokens, j)), cut)
            condition, tokens = _condition(tokens[:cut]), _led(tokens[cut:])
            other = next((j for j, t in enumerate(tokens) if t in _OTHERWISE), len(tokens))
            if condition and other < len(tokens):
                instead = _under(self._sentence(_led(tokens[other + 1 :])), _otherwise(condition))
                return [*_under(self._sentence(_trailed(tokens[:other])), condition), *instead]
        elif tokens[:1] == ("before",) and "," in tokens:
            cut = tokens.index(",")
            postponed = self._sentence(tokens[1:cut])
            tokens = tokens[cut + 1 :]
        elif tokens[:1] in (("once",), ("when",)) and _is_statement(tokens):
            cut = tokens.index(",")
            condition, tokens = ("once", *tokens[1:cut]), tokens[cut + 1 :]
        elif tokens[:1] in (("after",), ("once",), ("when",)):
            tokens = tokens[1:]
            if tokens[:2] in (("you", "have"), ("you", "are")):
                tokens = tokens[2:]
                done = _done(tokens[0]) if tokens else None
                tokens = tokens if done is None else (done, *tokens[1:])
        elif {"if", "unless"} & set(tokens):
            return self._conditional(tokens)
        if tokens[:1] == ("with",):
            # "with the book in hand, turn on the lamp"
            verb = next((j for j in range(2, len(tokens)) if self._starts_clause(tokens, j)), 0)
            if verb:
                tokens = (*tokens[self._skip_fillers(tokens, verb) :], *(t for t in tokens[:verb] if t != ","))
        clauses: list[Clause] = []
        opening = ensuring(tokens)
        for follows, piece in self._pieces(tokens):
            if opening and clauses and is_statement(piece, 0, states=True):
                piece = (*opening, *piece)
            clause = self._clause(piece)
            if clause is None:
                continue
            if follows and clauses:
                clauses[-1:] = _exchanged(clause, clauses[-1])
            elif (
                not clause.sense
                and clauses
                and clauses[-1].prepositional
                and clause.prepositional
                and not self._is_strange(piece, 0)
            ):
                # "put the fork in the sink and the plate on the table": the verb is said once.
                clauses.append(replace(clause, sense=clauses[-1].sense, verb=clauses[-1].verb))
            elif not clause.sense and clauses and clause.objects and self._only_things(clause):
                clauses[-1] = replace(clauses[-1], objects=(*clauses[-1].objects, *clause.objects))
            else:
                clauses.append(clause)
        clauses = _share_objects(clauses)
        clauses = _under(clauses, condition)
        if clauses and postponed:
            # "before you put the mug away, wash it": the pronoun comes first once the clauses are in order.
            first, later = clauses[0], postponed[0]
            if later.objects and first.objects and first.objects[0].pronoun and not later.objects[0].pronoun:
                clauses[0] = replace(first, objects=later.objects)
                postponed[0] = replace(later, objects=first.objects)
        return clauses + postponed

    def _conditional(self, tokens: tuple[str, ...]) -> list[Clause]:
        """The clauses of a sentence with "if" in its midst: "wash it if …, then …", "wash it and, if …, …"."""
        cut = next(i for i, token in enumerate(tokens) if token in {"if", "unless"})
        ends = (j for j in range(cut + 1, len(tokens)) if self._ends_condition(tokens, j, cut))
        end = next(ends, len(tokens))
        condition, rest = _condition(tokens[cut:end]), tokens[end:]
        asked, rest = _trailed(tokens[:cut]), _led(rest)
        ahead = tokens[cut - 1] in {"and", "then", "but"} or tokens[cut - 2 : cut] in (("and", ","), ("then", ","))
        first = self._sentence(asked)
        if rest[:1] and rest[0] in _OTHERWISE:
            return [*_under(first, condition), *_under(self._sentence(_led(rest[1:])), _otherwise(condition))]
        later = self._sentence(rest) if rest else []
        if ahead and later:
            return [*first, *_under(later, condition)]
        return [*_under(first, condition), *later]

    def _begins_order(self, tokens: tuple[str, ...], i: int) -> bool:
        """Whether an order begins at `i`, after a condition that no comma ends: "if the mug is clean put it away"."""
        is_verb = w.verb_base(tokens[i]) == tokens[i] and tokens[i] not in w.STATE_WORDS
        told = bool({"is", "are", "looks"} & set(tokens[:i])) and tokens[i - 1] not in w.DETERMINERS
        return is_verb and told and self._starts_clause(tokens, i)

    def _ends_condition(self, tokens: tuple[str, ...], i: int, cut: int) -> bool:
        joins = tokens[i] == "and" and self._starts_clause(tokens, i + 1)
        begins = i > cut + 3 and self._begins_order(tokens[cut:], i - cut)
        return tokens[i] in {",", "then", *_OTHERWISE} or joins or begins

    def _only_things(self, clause: Clause) -> bool:
        """Whether a clause without a verb just adds things to the one before: "…, the fork and a spoon"."""
        first = clause.text.split()[0]
        return not clause.prepositional and (
            first in w.DETERMINERS or first in w.NUMBERS or self.is_noun(" ".join(clause.objects[0].words))
        )

    def _pieces(self, tokens: tuple[str, ...]) -> list[tuple[bool, tuple[str, ...]]]:
        """Cut a sentence into clauses; each with whether it is to be done before the one that precedes it."""
        result: list[tuple[bool, tuple[str, ...]]] = []
        start = i = 0
        after = False
        while i < len(tokens):
            skip = self._break(tokens, i, start)
            if not skip:
                i += 1
                continue
            if i > start:
                result.append((after, tokens[start:i]))
                after = False
            after = after or tokens[i + skip - 1] in {"after", "once"}
            start = i = i + skip
        if start < len(tokens):
            result.append((after, tokens[start:]))
        return result

    def _break(self, tokens: tuple[str, ...], i: int, start: int) -> int:
        """How many tokens at `i` separate two clauses; 0 when none does."""
        token = tokens[i]
        rest = tokens[i:]
        if rest[:3] == (",", "and", "then"):
            return 3
        if rest[:2] in (("and", "then"), (",", "then")):
            return 2
        if token == "then" and i > start:
            return 1
        between_states = i > 0 and tokens[i - 1] in w.STATE_WORDS and rest[1:2] and rest[1] in w.STATE_WORDS
        if between_states and token in {"and", ","}:
            return 0
        for glue in _GLUE:
            if rest[: len(glue)] == glue and self._starts_clause(tokens, i + len(glue)):
                return len(glue)
        polite = self._skip_fillers(tokens, start) > i
        if token in {"to", "for"} and not polite and i > start + 1 and self._starts_clause(tokens, i + 1, bare=True):
            # "something to read" names a thing; "heat it to serve it" goes on.
            used = tokens[i - 1] in {"use", "need", "used"} and i > 1 and w.verb_base(tokens[i - 2]) is None
            return 0 if tokens[i - 1] in VAGUE or used else 1
        if token in {",", "and"} and i > start and self._elided(tokens, i, start):
            return 1
        if token == "," and i > start and wishes(tokens[i + 1 :]):
            return 1
        skip = 2 if rest[:2] == (",", "and") else 1
        if token in {",", "and"} and i > start and self._is_strange(tokens, i + skip):
            return skip
        listed = is_thing(tokens[start:i], self.is_noun, many=True)
        if token in {",", "and"} and not listed and is_statement(tokens, i + skip, states=bool(ensuring(tokens))):
            return skip
        return 0

    def _is_strange(self, tokens: tuple[str, ...], i: int) -> bool:
        """Whether what begins at `i` can only be a verb, but none that is known: "frobnicate the spoon"."""
        if i + 1 >= len(tokens) or tokens[i + 1] not in w.DETERMINERS.keys() | {"it", "them"}:
            return False
        word = tokens[i]
        known = w.DETERMINERS.keys() | w.PRONOUNS.keys() | w.NUMBERS.keys() | w.STATE_WORDS.keys()
        return (
            word.isalpha()
            and word not in known | w.ADVERBS | w.PARTICLES | w.ORDINALS | _CLAUSE_WORDS
            and w.verb_base(word) is None
            and not w.FILLERS.match(tokens, i)
            and not w.PREPOSITIONS.match(tokens, i)
            and not self.is_noun(singular(word))
        )

    def _elided(self, tokens: tuple[str, ...], i: int, start: int) -> bool:
        """Whether "… and the plate on the table" begins a clause whose verb was said before."""
        after = tokens[i + 1 :]
        end = next((j for j, t in enumerate(after) if t in {",", "then"}), len(after))
        if inverted(after[:end], self.is_noun) is not None:
            return True
        switched = {"on", "off"} & set(tokens[start + 1 : i])
        if switched and after[end - 1 : end] in (("on",), ("off",)) and is_thing(after[: end - 1], self.is_noun):
            return True
        before = any(self._is_place(tokens, j) for j in range(start, i))
        if not before or not after or after[0] not in w.DETERMINERS:
            return False
        for j in range(1, len(after)):
            if after[j] in {",", "and", "then"}:
                return False
            match = w.PREPOSITIONS.match(after, j)
            if match and w.PREPOSITIONS[after[j : j + match]] in {"in", "on", "to", "near", "under"}:
                return True
        return False

    def _starts_clause(self, tokens: tuple[str, ...], i: int, *, bare: bool = False) -> bool:
        """Whether a verb phrase begins at `i`.

        Args:
            tokens: The sentence.
            i: Where.
            bare: Only a verb in base form with an object counts, as after "to".
        """
        j = self._skip_fillers(tokens, i)
        if j >= len(tokens):
            return False
        if tokens[j : j + 2] in (("do", "not"), ("can", "not")):
            return True
        if tokens[j] in {"you", "i", "we"}:
            j += 1
            if tokens[j : j + 1] == ("have",) and j + 1 < len(tokens) and _done(tokens[j + 1]):
                return True
        base = w.verb_base(tokens[j]) if j < len(tokens) else None
        if base is None or (bare and base != tokens[j]):
            return False
        following = tokens[j + 1] if j + 1 < len(tokens) else ""
        if following == "of":
            return False
        phrase = w.VERBS.match((base, *tokens[j + 1 : j + 4]), 0)
        ambiguous = (base in _ALSO_NOUNS or tokens[j] in w.STATE_WORDS) and phrase < 2
        if bare and j == i and (self.is_noun(singular(tokens[j])) and following not in w.DETERMINERS):
            return False
        if not ambiguous:
            return True
        if self.is_noun(f"{tokens[j]} {singular(following)}"):
            return False
        return (
            following in w.DETERMINERS
            or following in w.PRONOUNS
            or following in w.PARTICLES
            or following in w.NUMBERS
            or (w.VERBS.get((base,)) == "move" and self._is_place(tokens, j + 1))
            or (w.VERBS.get((base,)) == "move" and following in {"to", "inside"})
            or (following == "" and not self.is_noun(tokens[j]))
            or (following == "and" and w.verb_base(tokens[j + 2] if j + 2 < len(tokens) else "") is not None)
            or (self.is_noun(singular(following)) and tokens[j] not in w.STATE_WORDS)
        )

    @staticmethod
    def _skip_fillers(tokens: tuple[str, ...], i: int) -> int:
        while i < len(tokens):
            match = w.FILLERS.match(tokens, i)
            if not match:
                if tokens[i] == ",":
                    match = 1
                else:
                    break
            if tokens[i] == "do" and tokens[i + 1 : i + 2] == ("not",):
                break
            i += match
        return i

    def _clause(self, tokens: tuple[str, ...]) -> Clause | None:
        text = " ".join(tokens)
        i = self._skip_fillers(tokens, 0)
        if tokens[i : i + 1] in (("you",), ("i",), ("we",)) and i + 1 < len(tokens):
            done = _done(tokens[i + 2]) if tokens[i + 1] == "have" and i + 2 < len(tokens) else None
            if done is not None:
                tokens = (*tokens[:i], done, *tokens[i + 3 :])
            elif w.verb_base(tokens[i + 1]):
                i += 1
        negated = False
        if tokens[i : i + 2] in (("do", "not"), ("can", "not")) or tokens[i : i + 1] == ("never",):
            negated = True
            i += 1 if tokens[i] == "never" else 2
        tokens = tokens[i:]
        tokens = imperative(inverted(tokens, self.is_noun) or tokens)
        if not tokens:
            return None
        if len(tokens) > 2 and tokens[1] in {"no", "neither"} and w.verb_base(tokens[0]) is not None:
            negated, tokens = True, (tokens[0], *tokens[2:])  # "put no apple in the bowl"
        if tokens[:2] == ("do", "not"):  # an idiom for it: "leave the tomato alone"
            negated, tokens = True, tokens[2:]
        verb: tuple[str, ...] = ()
        base = w.verb_base(tokens[0])
        position = 0
        if base is not None:
            stem = (base, *tokens[1:])
            length = w.VERBS.match(stem, 0)
            if length > 1 and stem[:length] not in w.VERBS:
                length = 1
            verb = stem[: max(1, length)]
            position = len(verb)
        objects: list[NounPhrase] = []
        prepositional: list[Prepositional] = []
        while position < len(tokens):
            token = tokens[position]
            if (
                verb
                and not prepositional
                and token in w.PARTICLES
                and self._is_particle(tokens, position, verb, objects)
            ):
                verb = (*verb, token)
                position += 1
                continue
            match = w.PREPOSITIONS.match(tokens, position)
            if token == "back" and tokens[position + 1 : position + 2] in (
                ("where",),
                ("to",),
                ("in",),
                ("on",),
                ("into",),
            ):
                position += 1
                continue
            if token == "where":
                prepositional.append(self._where(tokens[position:]))
                break
            if match:
                relation = w.PREPOSITIONS[tokens[position : position + match]]
                position += match
                if tokens[position : position + 1] == ("where",):
                    continue
                if tokens[position : position + 1] == ("there",):
                    # "put it in there": where, was said before.
                    prepositional.append(Prepositional(relation, NounPhrase(pronoun="it")))
                    position += 1
                    continue
                phrase, position = self._noun_phrase(tokens, position)
                if phrase is not None:
                    prepositional.append(Prepositional(relation, phrase))
                    while tokens[position : position + 1] == ("and",) and relation == "with":
                        extra, position = self._noun_phrase(tokens, position + 1)
                        if extra is None:
                            break
                        prepositional.append(Prepositional(relation, extra))
                elif relation in {"in", "on"} and objects and position >= len(tokens):
                    # "put the spoon inside", "… in there": where, was said before.
                    prepositional.append(Prepositional(relation, NounPhrase(pronoun="it")))
                continue
            moved = objects and not prepositional and w.VERBS.get(verb[:1]) in {"move", "bring", "take"}
            if token == "there" and moved and self._closes(tokens, position + 1):
                # "put it there", but not "put it there on the table"
                prepositional.append(Prepositional("in", NounPhrase(pronoun="it")))
            if token == "or" and (objects or prepositional):
                other, end = self._noun_phrase(tokens, position + 1)
                if other is not None and other.words:
                    position = end  # "the apple or the tomato": the first will do
                    continue
            if token in {",", "and", "or"} or (token in w.ADVERBS and not self.is_noun(token)):
                position += 1
                continue
            phrase, end = self._noun_phrase(tokens, position)
            if phrase is None or end == position:
                position += 1
                continue
            position = end
            if objects and phrase.words in {("anything",), ("whatever",)}:
                continue  # "something to write with, anything, into a drawer"
            if prepositional and not objects and not verb:
                continue
            if prepositional:
                prepositional.append(Prepositional("also", phrase))
            else:
                objects.append(phrase)
        if objects and prepositional and objects[0].determiner == "all" and set(objects[0].words) <= VAGUE:
            # "everything on the table that is dirty": not the table.
            place = prepositional[0]
            objects[0] = replace(objects[0], states=(*objects[0].states, *place.phrase.states))
            prepositional[0] = replace(place, phrase=replace(place.phrase, states=()))
        sense = w.VERBS.get(verb) or (w.VERBS.get(verb[:1]) if verb else None) or ""
        if not sense and not objects and not prepositional:
            return Clause(sense="", text=text, negated=negated)
        return Clause(
            sense=sense,
            verb=verb,
            objects=tuple(objects),
            prepositional=tuple(prepositional),
            text=text,
            negated=negated,
        )

    @staticmethod
    def _closes(tokens: tuple[str, ...], i: int) -> bool:
        """Whether no place follows in the clause."""
        return not any(w.PREPOSITIONS.match(tokens, j) for j in range(i, len(tokens)))

    def _where(self, tokens: tuple[str, ...]) -> Prepositional:
        """What "where …" names: beside another thing ("where the book is"), or the place it had before."""
        other, end = self._noun_phrase(tokens, 1)
        named = (
            other is not None and other.words and tokens[end : end + 1] in (("is",), ("are",), ("lies",), ("stands",))
        )
        if other is not None and named:
            return Prepositional("near", other)
        return Prepositional("to", NounPhrase(pronoun="place", words=tokens))

    def _is_particle(
        self, tokens: tuple[str, ...], position: int, verb: tuple[str, ...], objects: list[NounPhrase]
    ) -> bool:
        """Whether the word completes the verb rather than beginning a place."""
        token = tokens[position]
        if (*verb, token) not in w.VERBS:
            return False
        following = tokens[position + 1] if position + 1 < len(tokens) else ""
        if verb[0] in {"put", "set", "place"} and token == "on":
            # "put on the lamp" is rare beside "put it on the table".
            return False
        if token == "out" and verb[0] == "put" and w.PREPOSITIONS.match(tokens, position + 1):
            return False  # "put it out on the counter"
        if token in {"on", "off", "out", "over"} and objects:
            return (
                following in {"", ",", "and"}
                or following in w.ADVERBS
                or bool(w.PREPOSITIONS.match(tokens, position + 1))
            )
        if token == "off" and verb[0] in {"take", "pick", "get", "grab"}:
            return False
        return not (token == "out" and following == "of" and verb[0] not in {"take", "get", "pull", "bring"})

    def _noun_phrase(self, tokens: tuple[str, ...], start: int) -> tuple[NounPhrase | None, int]:
        """Read one noun phrase; returns it, or None, and where it ends."""
        determiner, count, i = self._determiner(tokens, start)
        if i < len(tokens) and tokens[i] in w.PRONOUNS and count is None and self._stands_alone(tokens, i + 1):
            if determiner == "a" and tokens[i - 1 : i] == ("of",):
                return NounPhrase(determiner=determiner, part=True), i + 1  # "some of it"
            both = determiner or ("both" if tokens[i] == "both" else "")
            return NounPhrase(pronoun=w.PRONOUNS[tokens[i]], determiner=both), i + 1
        if tokens[i : i + 1] == ("more",) and count is not None and self._stands_alone(tokens, i + 1):
            return NounPhrase(pronoun="one", determiner="another", count=count if count > 1 else None), i + 1
        head: list[str] = []
        states: list[str] = []
        part = False
        while i < len(tokens):
            token = tokens[i]
            if token == "of" and head:
                named = head[-1] not in w.PART_WORDS and self._whole_name(tokens, i, head)
                vessel = head[-1] in _VESSELS and not named
                if vessel:
                    inner, end = self._noun_phrase(tokens, i + 1)
                    phrase = self._build(head, determiner, count, states, part)
                    return (replace(phrase, contents=(inner,)) if inner is not None else phrase), end
                if named:
                    head.append(token)
                elif head[-1] in w.PART_WORDS | w.MEASURES | w.LANDMARKS:
                    part = part or head[-1] in w.PART_WORDS
                    head.clear()
                    inner_determiner, more, after = self._determiner(tokens, i + 1)
                    determiner, count, i = inner_determiner or determiner, count or more, after - 1
                    if (
                        part
                        and tokens[after : after + 1] in (("that",), ("this",))
                        and self._stands_alone(tokens, after + 1)
                    ):
                        i = after  # "a piece of that" is one of it
                else:
                    break
            elif states and not head and self._joins_states(tokens, i):
                pass
            elif token != "of" and (self._ends_phrase(tokens, i) or (token == "with" and head)):
                break
            elif self._is_state(tokens, i, head):
                states.append(w.STATE_WORDS[token])
            elif token != "of":
                head.append(token)
            i += 1
        if not head and not states and count is None and not part and determiner not in {"another", "all", "both"}:
            return None, i
        return self._tail(tokens, i, self._build(head, determiner, count, states, part))

    def _determiner(self, tokens: tuple[str, ...], i: int) -> tuple[str, int | None, int]:
        """Read determiners and numbers: the kind of determiner, how many, and where the rest begins."""
        determiner = ""
        count: int | None = None
        share = False
        while i < len(tokens):
            token = tokens[i]
            share = share or token == "of"
            if token in w.PRONOUNS and self._stands_alone(tokens, i + 1):
                break
            if token == "both" and self._joins_two(tokens, i + 1):
                pass
            elif token in w.NUMBERS and not (token == "one" and determiner):
                # "one of the two balls" is one.
                count = w.NUMBERS[token] if count is None else count
                determiner = determiner or "a"
            elif token in w.DETERMINERS:
                kind = determiner if share and determiner else w.DETERMINERS[token]  # "some of the" are some
                determiner = (
                    kind if determiner in {"", "the", "a"} or (determiner, kind) == ("all", "a") else determiner
                )
            elif not (token in w.ORDINALS and not self.is_noun(token)) and not (
                token == "of" and (count is not None or determiner in {"a", "all", "both", "another"})
            ):
                break
            i += 1
        return determiner, count, i

    @staticmethod
    def _joins_two(tokens: tuple[str, ...], i: int) -> bool:
        """Whether "both" only announces "the cup and the mug"."""
        for j in range(i + 1, min(len(tokens) - 1, i + 6)):
            if tokens[j] == "and":
                return tokens[j + 1] in w.DETERMINERS
            if tokens[j] == "," or w.PREPOSITIONS.match(tokens, j):
                return False
        return False

    @staticmethod
    def _joins_states(tokens: tuple[str, ...], i: int) -> bool:
        """Whether the word goes with adjectives of state: "rinsed off …", "clean and dry …", "clean, cold …"."""
        following = tokens[i + 1] if i + 1 < len(tokens) else ""
        return tokens[i] in {"off", "up", "down", "out"} or (tokens[i] in {"and", ","} and following in w.STATE_WORDS)

    def _stands_alone(self, tokens: tuple[str, ...], i: int) -> bool:
        """Whether a pronoun before `i` is the whole phrase: "it", "it again"."""
        return self._ends_phrase(tokens, i) or (tokens[i] in w.ADVERBS and self._ends_phrase(tokens, i + 1))

    def _is_state(self, tokens: tuple[str, ...], i: int, head: list[str]) -> bool:
        """Whether the word is an adjective of state rather than a part of a name."""
        token = tokens[i]
        following = tokens[i + 1] if i + 1 < len(tokens) else ""
        if token not in w.STATE_WORDS or self.is_noun(token) or self.is_noun(f"{token} {singular(following)}"):
            return False
        return not head or not self._ends_phrase(tokens, i + 1)

    def _whole_name(self, tokens: tuple[str, ...], i: int, head: list[str]) -> bool:
        """Whether "HEAD of NEXT…" is one name, such as "bar of soap" or "roll of toilet paper"."""
        if not head:
            return False
        return any(
            self.is_noun(" ".join([*head[-k:], "of", *tokens[i + 1 : i + 1 + n]]))
            for k in range(1, len(head) + 1)
            for n in (1, 2)
        )

    def _build(self, head: list[str], determiner: str, count: int | None, states: list[str], part: bool) -> NounPhrase:
        while head and head[-1] in w.ADVERBS and not self.is_noun(head[-1]):
            head = head[:-1]
        named = len(head) > 1 and self.is_noun(head[-2])
        if named and head[-1] in w.LANDMARKS and not self.is_noun(" ".join(head[-2:])) and not self.is_noun(head[-1]):
            # "the toilet lid", "the desk top": a part of a place is as good as the place.
            head = head[:-1]
        if len(head) > 1 and head[-1] in w.PART_WORDS and self.is_noun(singular(head[-2])):
            # "apple slice", "tomato pieces"
            part = True
            plural, head = head[-1].endswith("s"), head[:-1]
        else:
            plural = bool(head) and singular(head[-1]) != head[-1] and head[-1] not in _NO_PLURAL
        if len(head) > 1 and head[0] in VAGUE and head[-1] in w.STATE_WORDS:
            states, head = [*states, w.STATE_WORDS[head[-1]]], head[:-1]  # "something cold"
        if "sliced" in states:
            part = True
        if len(head) == 1 and head[0] in w.PART_WORDS:
            part, head = True, []
        words = (*head[:-1], singular(head[-1])) if plural and not part else tuple(head)
        if (plural and determiner == "the" and count is None) or words[:1] == ("everything",):
            determiner = "all"
        return NounPhrase(
            words=words, determiner=determiner, count=count, plural=plural, part=part, states=tuple(states)
        )

    def _tail(self, tokens: tuple[str, ...], i: int, phrase: NounPhrase) -> tuple[NounPhrase, int]:
        """Read what follows a head: "with an apple on it", "that you washed", "you saw before"."""
        rest = tokens[i:]
        if rest[:1] == ("with",) or rest[:1] == ("containing",) or rest[:1] == ("holding",):
            inside, end = self._contents(tokens, i + 1)
            holds = phrase.words[-1:] and phrase.words[-1] in _VESSELS
            if inside and tokens[end : end + 2] in (("in", "it"), ("on", "it"), ("inside", "it"), ("on", "top")):
                return replace(phrase, contents=inside), end + 2
            if inside and tokens[end : end + 1] in (("inside",), ("in",)) and not self._noun_phrase(tokens, end + 1)[0]:
                return replace(phrase, contents=inside), end + 1
            if inside and holds:
                # "a plate with a fork", without "on it".
                return replace(phrase, contents=inside), end
            return phrase, i
        vague = bool(phrase.words) and (phrase.words[-1] in VAGUE or phrase.words[0] in VAGUE)
        if vague and rest[:1] in (("to",), ("for",)):
            end = i + 1
            while end < len(tokens) and tokens[end] not in {",", "then", "and"}:
                if end > i + 1 and self._relative_done(tokens, i, end):
                    break
                end += 1
            return replace(phrase, relative=tokens[i:end]), end
        if rest[:1] in (("that",), ("which",), ("you",), ("i",), ("we",), ("who",)):
            end = i
            while end < len(tokens) and tokens[end] not in {",", "then"}:
                if end > i and tokens[end] == "and" and self._starts_clause(tokens, end + 1):
                    break
                if end > i + 1 and self._relative_done(tokens, i, end):
                    break
                end += 1
            last = end - 1 if tokens[end - 1] in {"too", "also", "again", "now"} else end
            return self._related(phrase, tokens[i:last]), end
        return phrase, i

    def _related(self, phrase: NounPhrase, relative: tuple[str, ...]) -> NounPhrase:
        """A phrase with its relative clause; "that is in the sink" and "that are dirty" as place and state."""
        is_clause = relative[:1] in (("that",), ("which",), ("who",)) and bool(relative[1:2])
        if not is_clause or not (relative[1] in {"is", "are", "was"} or relative[1] in _POSTURES):
            return replace(phrase, relative=relative)
        rest = relative[2:]
        while rest and rest[0] in {"still", "now", "already", "currently"}:
            rest = rest[1:]
        if rest and rest[0] in w.STATE_WORDS:
            return replace(phrase, states=(*phrase.states, w.STATE_WORDS[rest[0]]))
        if rest in (("on",), ("off",), ("running",)):
            return replace(phrase, states=(*phrase.states, "off" if rest == ("off",) else "on"))
        match = w.PREPOSITIONS.match(rest, 0)
        place, _ = self._noun_phrase(rest, match) if match else (None, 0)
        if place is not None and place.words:
            relation = w.PREPOSITIONS[rest[:match]]
            return replace(phrase, places=(*phrase.places, Prepositional(relation, place)))
        return replace(phrase, relative=relative)

    def _contents(self, tokens: tuple[str, ...], i: int) -> tuple[tuple[NounPhrase, ...], int]:
        """Read "an apple", "a knife and an apple"; returns them and where they end."""
        result: list[NounPhrase] = []
        while True:
            inner, end = self._noun_phrase(tokens, i)
            if inner is None or not inner.words:
                return tuple(result), i
            result.append(inner)
            if tokens[end : end + 1] != ("and",) or self._starts_clause(tokens, end + 1):
                return tuple(result), end
            i = end + 1

    def _relative_done(self, tokens: tuple[str, ...], start: int, i: int) -> bool:
        """Whether the place at `i` belongs to the verb rather than to the relative clause.

        The last place is the verb's: "put the food you heated on a plate", "put the cup you left in the sink on the
        table"; "that is on the table" always keeps its own.
        """
        if not self._is_place(tokens, i) or (
            tokens[i] == "to" and w.verb_base(tokens[i + 1 : i + 2][0] if tokens[i + 1 :] else "")
        ):
            return False
        is_said = tokens[start + 1 : start + 2] and tokens[start + 1] in {"is", "are", "was", "were", *_POSTURES}
        if is_said and i <= start + 2:
            return False
        end = next((j for j in range(i, len(tokens)) if tokens[j] in {",", "and", "then"}), len(tokens))
        return not any(self._is_place(tokens, j) for j in range(i + 1, end) if not self._is_place(tokens, j - 1))

    @staticmethod
    def _is_place(tokens: tuple[str, ...], i: int) -> bool:
        match = w.PREPOSITIONS.match(tokens, i)
        return bool(match) and w.PREPOSITIONS[tokens[i : i + match]] in {"in", "on", "to", "under"}

    def _ends_phrase(self, tokens: tuple[str, ...], i: int) -> bool:
        if i >= len(tokens):
            return True
        token = tokens[i]
        if token in {
            ",",
            "and",
            "then",
            "that",
            "which",
            "where",
            "you",
            "i",
            "we",
            "who",
            "or",
            "is",
            "are",
            "so",
            "while",
            "before",
            "after",
            "because",
            "since",
            "unless",
            "until",
            "though",
            "although",
            "when",
            "if",
        }:
            return not (token == "that" and i + 1 < len(tokens) and self.is_noun(singular(tokens[i + 1])))
        if token in w.LANDMARKS and tokens[i + 1 : i + 2] in (("of",), ("end",), ("side",), ("edge",), ("corner",)):
            return False
        if token in w.PARTICLES and token not in {"clean"}:
            return True
        return bool(w.PREPOSITIONS.match(tokens, i)) and token != "of"


_ALSO_NOUNS = w.word_set(
    """
    slice cut wash clean place rest light heat cook cool chill cold open close empty can box book plate
    watch set store use show dust polish load stack stand position start stop run read look view check
    pull push break drop dump trash bin pan toast fry bake sit halve crack fill warm wet park return
    pass hand hold shut keep leave dice
    """
)
"""Verbs whose base form is as well a noun or an adjective."""

_CLAUSE_WORDS = frozenset(
    ["is", "are", "was", "were", "if", "when", "while", "not", "no", "or", "once", "but", "because", "so", "that"]
)
"""Words before a noun phrase that are no verbs of their own."""

_NO_PLURAL = frozenset({"glasses", "keys", "boots", "blinds", "curtains", "glass", "scissors"})
"""Words that end in s and name one thing as well as several."""

_INTRANSITIVE = frozenset({"wait", "go_to", "drop", "toggle"})

_GLUE = (
    (",", "and"),
    ("as", "well", "as"),
    (",", "but"),
    (",", "before"),
    (",", "after"),
    ("and", "after"),
    ("and",),
    ("plus",),
    (",",),
    ("before",),
    ("after",),
    ("once",),
    ("while",),
    ("but",),
    ("by",),
)
"""What stands between two clauses, when a verb follows."""

VAGUE = frozenset(
    [
        "something",
        "anything",
        "thing",
        "things",
        "stuff",
        "everything",
        "object",
        "objects",
        "item",
        "items",
        "somewhere",
    ]
)
"""Heads that an infinitive describes: "something to read"."""

_VESSELS = frozenset(
    ["glass", "cup", "mug", "bowl", "plate", "pot", "pan", "bottle", "jar", "box", "tray", "dish", "basket"]
)


def _sentences(tokens: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    """The sentences, each with the mark at its end."""
    result: list[tuple[tuple[str, ...], str]] = []
    current: list[str] = []
    for token in tokens:
        if token in {".", ";", ":", "!", "?"}:
            if current:
                result.append((tuple(current), token))
            current = []
        else:
            current.append(token)
    if current:
        result.append((tuple(current), ""))
    return result


_OTHERWISE = frozenset({"otherwise", "else"})
_COURTESY = w.word_set("possible necessary needed required need so not")


def _condition(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """The words of "if …", those of "unless …" negated; () for a courtesy: "if you can", "if possible"."""
    word, rest = tokens[0], _trailed(tokens[1:])
    polite = rest[:1] == ("you",) or set(rest) <= _COURTESY or bool({"trouble", "bother"} & set(rest))
    if polite:
        return ()
    return rest if word == "if" else _otherwise(rest)


def _otherwise(condition: tuple[str, ...]) -> tuple[str, ...]:
    """The opposite of a condition: "the mug is (not) clean"."""
    verb = next((i for i, t in enumerate(condition) if t in {"is", "are", "was", "were", "looks", "seems"}), None)
    if verb is None:
        return ("not", *condition) if condition else ()
    negated = condition[verb + 1 : verb + 2] == ("not",)
    return (*condition[: verb + 1], *(() if negated else ("not",)), *condition[verb + 1 + negated :])


def _turned(tokens: tuple[str, ...], condition: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a sentence that begins with "otherwise" or "if not" stands under, and the rest of it."""
    for opening in (("or", "else"), ("otherwise",), ("else",), ("if", "not"), ("if", "it", "is", "not")):
        if condition and tokens[: len(opening)] == opening and len(tokens) > len(opening) + 1:
            if opening[0] == "if" and tokens[len(opening)] != ",":
                break
            return _otherwise(condition), _led(tokens[len(opening) :])
    return (), tokens


def _led(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Tokens without what joins them to something before."""
    while tokens and tokens[0] in {",", "and", "then", "or"}:
        tokens = tokens[1:]
    return tokens


def _trailed(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Tokens without what joins them to something after."""
    while tokens and tokens[-1] in {",", "and", "then", "but", "or"}:
        tokens = tokens[:-1]
    return tokens


def _under(clauses: list[Clause], condition: tuple[str, ...]) -> list[Clause]:
    return [replace(c, condition=condition) for c in clauses] if condition else clauses


def _done(word: str) -> str | None:
    """The verb of "you have put", "you have washed"."""
    return participle_base(word) or {"put": "put", "set": "set", "taken": "take", "got": "get"}.get(word)


def _corrected(said: Clause, anew: list[Clause]) -> list[Clause]:
    """A clause as it was said anew: another clause, or only another thing or place."""
    first = anew[0]
    if first.sense:
        pronoun = bool(first.objects) and first.objects[0].pronoun == "it"
        return [replace(first, objects=said.objects) if pronoun and said.objects else first, *anew[1:]]
    if first.objects:
        return [
            replace(
                said,
                objects=first.objects,
                prepositional=first.prepositional or said.prepositional,
                text=" ".join((*said.verb, first.text)),
            ),
            *anew[1:],
        ]
    return [replace(said, prepositional=first.prepositional or said.prepositional), *anew[1:]]


def _excluding(clause: Clause, thing: tuple[str, ...]) -> Clause:
    """A clause whose object is said not to be something: "something to read. Not the newspaper"."""
    if not clause.objects:
        return clause
    first = clause.objects[0]
    return replace(clause, objects=(replace(first, relative=(*first.relative, "not", *thing)), *clause.objects[1:]))


def _specified(clause: Clause, told: NounPhrase) -> Clause:
    """A clause of whose object it is said which one is meant: "pass me the mug. The one you washed"."""
    thing = clause.objects[0]
    thing = replace(
        thing,
        relative=(*thing.relative, *told.relative),
        places=(*thing.places, *told.places),
        states=(*thing.states, *told.states),
    )
    return replace(clause, objects=(thing, *clause.objects[1:]))


def _exchanged(first: Clause, said_first: Clause) -> list[Clause]:
    """Two clauses in the order in which they are done, which is not that in which they were said."""
    named = next((o for o in said_first.objects if not o.pronoun), None)
    if named is not None:
        # "start the machine once you have put the mug under it": the thing is named where it comes first.
        places = tuple(replace(p, phrase=named) if p.phrase.pronoun == "it" else p for p in first.prepositional)
        first = replace(first, prepositional=places)
        if first.objects and first.objects[0].pronoun == "it" and said_first.objects[0] is named:
            # "bring the cup, after rinsing it": likewise.
            first = replace(first, objects=(named, *first.objects[1:]))
            said_first = replace(said_first, objects=(NounPhrase(pronoun="it"), *said_first.objects[1:]))
    return [first, said_first]


def _with_topics(clauses: list[Clause]) -> list[Clause]:
    """Join what is only named with the clause that takes it up: "the shaker, put it next to the toaster"."""
    result: list[Clause] = []
    goes_on = False
    for clause in clauses:
        at = len(result) - 1
        while at > 0 and ((result[at].told and not result[at].objects) or result[at].negated):
            at -= 1
        if clause.sense and clause.objects and clause.objects[0].pronoun == "them":
            at = _gather(result, at)
        if result and _is_wish(result[-1]) and clause.objects and clause.objects[0].pronoun in {"it", "one", "them"}:
            # "we need potatoes, put one in the pot": why, and what.
            result[-1] = replace(result[-1], sense="", verb=(), told=True)
        before = result[at] if result else None
        first = clause.objects[0] if clause.objects else NounPhrase()
        takes_up = bool(clause.sense) and (first.pronoun in {"it", "them", "one"} or first.words[-1:] == ("one",))
        binned = clause.verb == ("bin",) and before is not None and before.told
        left_out = clause.sense and not clause.objects and before is not None and (before.topic or binned)
        ordered = before is not None and any(p.phrase.pronoun for p in before.prepositional)  # "the laptop beside it"
        if (
            (takes_up or left_out)
            and before is not None
            and not ordered
            and not before.sense
            and before.objects
            and not before.negated
        ):
            named = before.objects
            places = tuple(p for p in before.prepositional if p.relation in {"in", "on", "near", "under", "at"})
            if len(named) == 1 and places:
                named = (replace(named[0], places=(*named[0].places, *places)),)
            kind = takes_up and clause.objects[0].words[-1:] == ("one",)
            if kind and named[-1].words:
                # "the vegetables are on the floor: the round one in the pot"
                thing = clause.objects[0]
                named = (replace(thing, words=(*thing.words[:-1], *named[-1].words)),)
            elif takes_up and clause.objects[0].pronoun == "one":
                named = (replace(named[-1], determiner="a", count=1, plural=False),)
            if before.told:
                result[at] = replace(before, objects=(), prepositional=())
            else:
                del result[at]
            result.append(replace(clause, objects=(*named, *clause.objects[1:])))
            goes_on = bool(before.topic)
        elif clause.sense and (where := _told_place(result)) is not None and _takes_place(clause):
            # "they eat from the bowl, so put a slice in there"
            places = tuple(replace(p, phrase=where) if p.phrase.pronoun == "it" else p for p in clause.prepositional)
            result.append(replace(clause, prepositional=places))
        elif goes_on and clause.sense and not clause.objects and not clause.told:
            result.append(replace(clause, objects=(NounPhrase(pronoun="it"),)))
        else:
            result.append(clause)
            goes_on = goes_on and not clause.objects
    return result


def _gather(clauses: list[Clause], at: int) -> int:
    """Join what is told of several things ("the plate is dirty. So is the mug"); returns where that stands."""
    while at > 0 and clauses[at].told and clauses[at - 1].told and clauses[at - 1].objects:
        before = clauses.pop(at - 1)
        at -= 1
        clauses[at] = replace(clauses[at], objects=(*before.objects, *clauses[at].objects))
    return at


def _told_place(clauses: Sequence[Clause]) -> NounPhrase | None:
    """The place that was told of just before, or the thing, if that may be one."""
    last = clauses[-1] if clauses and clauses[-1].told else None
    if last is None:
        return None
    return last.objects[0] if last.objects else next((p.phrase for p in last.prepositional), None)


def _takes_place(clause: Clause) -> bool:
    """Whether something named is to go where "it" or "there" says."""
    return bool(clause.objects) and any(
        p.phrase.pronoun == "it" and p.relation in {"in", "on"} for p in clause.prepositional
    )


def _is_wish(clause: Clause) -> bool:
    """Whether what is to be brought was only wished for: "we need potatoes"."""
    return clause.sense == "bring" and clause.text.split()[0] in {"i", "we", "need", "want"}


def _comma_or(tokens: tuple[str, ...], word: str) -> int:
    for mark in (",", word):
        if mark in tokens:
            return tokens.index(mark)
    return len(tokens)


def _is_statement(tokens: tuple[str, ...]) -> bool:
    """Whether "once …," tells of a state that things are in: "once the potato is hot, …"."""
    return "," in tokens and bool({"is", "are"} & set(tokens[: tokens.index(",")]))


def _share_objects(clauses: list[Clause]) -> list[Clause]:
    """Give "wash and slice the apple" its object twice."""
    result = list(clauses)
    for i in range(len(result) - 2, -1, -1):
        here, following = result[i], result[i + 1]
        if not here.sense or here.objects or here.prepositional or here.sense in _INTRANSITIVE:
            continue
        result[i] = replace(here, objects=following.objects)
        pronouns = tuple(NounPhrase(pronoun="them" if o.plural else "it") for o in following.objects)
        result[i + 1] = replace(following, objects=pronouns)
    return result
