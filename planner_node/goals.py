"""The `learned` planner: grammar and two trained readers, each where it is the surer.

The grammar of `rules` reads any number of clauses exactly, but only wordings that it knows. The parser trained on
people's instructions (`planner_node.learned`) reads one goal a sentence, however it is put, and says how sure it is.
What grammar understands whole is taken from it. Of the rest, each sentence goes to the trained parser, which grammar's
partial reading votes in and which knows what the home holds; its goal is turned into the same intents. Where two goals
are about as likely and differ in what would be done, the person is asked.

Before that, the order reader (`planner_node.orders`) reads the whole instruction. docs/model_card_orders.md tells when
it is heard; of two readings, the one that can be carried out is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from planner_node.clarify import UnconfirmedError
from planner_node.compose import Composer
from planner_node.grounding import class_candidates
from planner_node.learned.alfred import AlfredGoal, parse_goal
from planner_node.learned.model import LearnedParser
from planner_node.orders.agreement import joined
from planner_node.orders.corpus import Order
from planner_node.orders.reader import OrderReader
from planner_node.orders.rewrite import plainly
from planner_node.parser import Intent, NounPhrase, Reading, beyond_skills, read_instruction
from planner_node.parser import words as w
from planner_node.parser.leftovers import unheeded
from planner_node.parser.syntax import VAGUE, singular, tokenize
from planner_node.plan import Plan
from planner_node.planner import NotUnderstoodError, Situation
from planner_node.resolve import Resolver
from planner_node.verifier import verify
from scene_graph.ontology import Ontology

__all__ = ["LearnedPlanner", "goal_intents"]

_TREATMENTS = {
    "pick_clean_then_place_in_recep": "wash",
    "pick_heat_then_place_in_recep": "heat",
    "pick_cool_then_place_in_recep": "cool",
}
_LASTING = frozenset({"cut", "break", "throw_away"})
"""Skills that cannot be undone, of which the order reader must be surer."""
_AI2THOR = {"Glassbottle": "Bottle"}
"""ALFRED's classes that AI2-THOR 5 names otherwise."""
_AS_LIKELY = 0.6
"""Share of the best goal's probability from which the next one might as well be meant."""
_ON_THE_WAY = frozenset({"pick_up", "go_to", "explore", "open", "close", "toggle_on", "look_at", "put_down"})
"""Skills that people may name on the way to any goal."""
_LONGEST_JOINED = 400
"""Characters up to which sentences are tried together."""
_EITHER = 0.75
"""Probability that two goals must have together for asking between them to make sense."""


@dataclass(frozen=True)
class _Reading:
    """What was made of an instruction.

    Attributes:
        intents: What is asked for.
        read_as: In plain words, where the order reader read it and grammar does not read the same.
        confidence: Of the order reader.
        is_sure: Whether that is enough to prefer it to what grammar reads.
        notes: For the plan.
    """

    intents: Sequence[Intent]
    read_as: str
    confidence: float = 1.0
    is_sure: bool = True
    notes: Sequence[str] = ()


class LearnedPlanner:
    """Plans by grammar and by a parser trained on people's instructions; neither key nor network.

    Args:
        least: Probability of a goal below which the trained parser's reading is not acted on.
        sure: Confidence of the order reader below which its reading is not acted on.
        surer: The same where what is done cannot be undone, and where grammar reads something else in the whole
            instruction, but in part as context or about things that it has no name for.
        surest: The same where grammar reads something else in plain words.

    Raises:
        WeightsError: If the trained weights are missing or damaged.
    """

    name = "learned"

    def __init__(self, *, least: float = 0.7, sure: float = 0.6, surer: float = 0.7, surest: float = 0.97) -> None:
        self._least = least
        self._sure = sure
        self._surer = surer
        self._surest = surest
        # So that missing weights show now, and not in mid-run.
        LearnedParser.default()
        OrderReader.default()

    def cancel(self) -> None:
        """Nothing to stop: planning takes milliseconds."""

    def plan(self, instruction: str, situation: Situation) -> Plan:
        """See `planner_node.planner.Planner`."""
        before = situation.session.asked
        odd = self._odd(instruction, situation.ontology, before)
        is_preferred = odd is not None and (odd.is_sure or situation.confirmed)
        readings: list[_Reading | None] = [None]  # for what grammar reads, which is asked when it is its turn
        if odd is not None and (is_preferred or odd.confidence >= self._sure):
            readings.insert(0 if is_preferred else 1, odd)
        refused: NotUnderstoodError | None = None
        first: tuple[Plan, tuple[Intent, ...]] | None = None
        # Which reading can be carried out tells which was meant.
        for known in readings:
            try:
                reading = known if known is not None else self._read(instruction, situation, before)
                plan = self._composed(instruction, reading, situation)
            except NotUnderstoodError as error:
                refused = refused or error
                continue
            made = plan, tuple(_settled(reading.intents, plan))
            first = first or made
            if len(readings) > 1 and plan.steps and not verify(plan, situation):
                first = made
                break
        if first is None:
            if odd is not None and odd.read_as and not is_preferred:
                raise UnconfirmedError(
                    f"I am not sure that I understood {instruction!r}", question=f"Do you mean: {odd.read_as}"
                ) from refused
            assert refused is not None  # every reading was refused
            raise refused
        plan, situation.session.asked = first
        return plan

    def _composed(self, instruction: str, reading: _Reading, situation: Situation) -> Plan:
        composer = Composer(instruction, situation.grounder(), self.name)
        composer.notes += reading.notes
        Resolver(composer).run(list(reading.intents))
        return replace(composer.plan(), read_as=reading.read_as)

    def _read(self, instruction: str, situation: Situation, before: tuple[Intent, ...]) -> _Reading:
        """What grammar reads, and the parser of ALFRED's goals where grammar does not read a sentence.

        Raises:
            NotUnderstoodError: If neither reads anything.
        """
        intents: list[Intent] = []
        notes: list[str] = []
        passages = self._passages(instruction, situation.ontology, before)
        goals = [self._goal(text, situation) for text in passages]
        if not any(goals):
            # What grammar reads, it reads best in context.
            passages, goals = [instruction], [None]
        for text, goal in zip(passages, goals, strict=True):
            if goal is None:
                reading = read_instruction(text, situation.ontology, tuple(intents) or before)
                intents += reading.intents
                notes += [f"not understood: {clause!r}" for clause in reading.unclear]
                notes += [f"taken as context: {clause!r}" for clause in reading.told]
            else:
                intents += goal_intents(goal, text, situation.ontology)
                notes += [f"not understood: {word!r}" for word in unheeded(text)]
                notes.append(f"read {text.strip()!r} as {goal.task_type}, as other people put it")
        if not intents:
            what = f"{instruction!r}" if instruction.strip() else "an empty instruction"
            raise NotUnderstoodError(f"I did not understand {what}", question="What shall I do, and with which thing?")
        return _Reading(intents, "", notes=notes)

    def _odd(self, instruction: str, ontology: Ontology, before: tuple[Intent, ...]) -> _Reading | None:
        """What the order reader reads; None where it reads nothing that plain words can say."""
        read = OrderReader.default().read(instruction)
        plain = plainly(instruction, read.orders, ontology, before) if read.orders else None
        if plain is None:
            return None
        reading = read_instruction(plain.text, ontology, before)
        reading = replace(reading, intents=plain.filled_in(reading.intents))
        if not _is_whole(reading, ontology):
            return None
        grammar = read_instruction(instruction, ontology, before)
        is_whole = _is_whole(grammar, ontology)
        together = joined(grammar.intents, reading.intents, ontology) if is_whole else None
        if together is not None:
            return _Reading(together, "")
        least = self._sure
        if _LASTING & {i.skill for i in reading.intents}:
            least = self._surer
        if is_whole:
            least = self._surer if grammar.told or _is_vague(grammar, ontology) else self._surest
        notes = [f"not understood: {clause!r}" for clause in _ignored(instruction, read.orders, grammar)]
        return _Reading(reading.intents, plain.shown(), read.confidence, read.confidence >= least, notes)

    def _passages(self, instruction: str, ontology: Ontology, before: tuple[Intent, ...]) -> list[str]:
        """The instruction in passages that are understood whole, as long as may be, and single sentences that are not.

        Sentences hang together ("the bowl is dirty. Wash it"), so none is cut off from others without need.
        """
        passages: list[tuple[str, bool]] = []
        sentences = [instruction] if _is_read(instruction, ontology, before) else _sentences(instruction)
        for sentence in sentences:
            joined = f"{passages[-1][0]} {sentence}" if passages else ""
            if joined and len(joined) < _LONGEST_JOINED and _is_read(joined, ontology, before):
                passages[-1] = (joined, True)
            else:
                passages.append((sentence, _is_read(sentence, ontology, before)))
        return [text for text, _ in passages]

    def _goal(self, text: str, situation: Situation) -> AlfredGoal | None:
        """The trained parser's goal of a passage that grammar does not understand whole; None if that is no better.

        Raises:
            NotUnderstoodError: If there are two goals between which the person should choose.
        """
        ontology = situation.ontology
        reading = read_instruction(text, ontology, situation.session.asked)
        read = [intent for intent in reading.intents if _known(intent, ontology)]
        only_told = bool(reading.told) and not reading.intents and not reading.unclear
        if only_told or _is_whole(reading, ontology) or beyond_skills(text, ontology):
            return None
        goal = parse_goal(text, home=situation.knowledge.labels() or None)
        dropped = reading.dropped if reading.intents else []
        if not self._explains(goal, text, read, ontology) or not all(_names(t, goal, ontology) for t in dropped):
            return None
        if not _is_open(goal):
            return goal if goal.probability >= self._least else None
        if read:
            return None
        raise NotUnderstoodError(f"{text.strip()!r} may mean two things", question=_question(goal, ontology))

    @staticmethod
    def _explains(goal: AlfredGoal, text: str, read: Sequence[Intent], ontology: Ontology) -> bool:
        """Whether a goal has in it all that grammar is sure of: a goal is one, an instruction may ask for more."""
        skills = {intent.skill for intent in goal_intents(goal, "", ontology)} | _ON_THE_WAY
        if any(intent.skill not in skills for intent in read):
            return False
        if not _may_name(text, goal.object_target, ontology):
            return False
        held = {goal.object_target, goal.mrecep_target, goal.toggle_target}
        things = [i.phrases["object"] for i in read if "object" in i.phrases]
        named = [{label for label, _ in class_candidates(thing, ontology)} for thing in things if not thing.pronoun]
        return all(labels & {_AI2THOR.get(label, label) for label in held} for labels in named if labels)


def _may_name(text: str, label: str, ontology: Ontology) -> bool:
    """Whether a text names a thing of this class, or has a word that grammar does not know and that may mean it.

    "On the bed." does neither for any thing: whatever the trained parser makes of it is made up.
    """
    tokens = tokenize(text)
    named = _AI2THOR.get(label, label)
    for size in (3, 2, 1):
        for i in range(len(tokens) - size + 1):
            words = (*tokens[i : i + size - 1], singular(tokens[i + size - 1]))
            if named in ontology.find(" ".join(words)):
                return True
    return any(token.isalpha() and not w.is_known(token) and not ontology.find(singular(token)) for token in tokens)


def _names(text: str, goal: AlfredGoal, ontology: Ontology) -> bool:
    """Whether a text that grammar made nothing of names one of a goal's things: else the goal does not explain it."""
    held = {goal.object_target, goal.mrecep_target, goal.parent_target, goal.toggle_target}
    held = {_AI2THOR.get(label, label) for label in held if label}
    tokens = tokenize(text)
    runs = [tokens[i : i + size] for size in (3, 2, 1) for i in range(len(tokens) - size + 1)]
    return any(held & set(ontology.find(" ".join((*run[:-1], singular(run[-1]))))) for run in runs)


def _sentences(instruction: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.;!?\n])\s*", instruction) if re.search(r"\w", s)]


def _is_read(text: str, ontology: Ontology, before: tuple[Intent, ...] = ()) -> bool:
    """Whether grammar understands a text whole."""
    return _is_whole(read_instruction(text, ontology, before), ontology)


def _ignored(instruction: str, orders: Sequence[Order], grammar: Reading) -> list[str]:
    """Clauses that grammar did not understand, and of which no word is in an order."""
    spans = [span for order in orders for span in (order.thing, order.place) if span is not None]
    if any(order.thing is None and order.place is None for order in orders):
        return []  # what was read off no particular words may stand for any of them
    words = {word for span in spans for word in tokenize(instruction[span.start : span.end])} - w.DETERMINERS.keys()
    clauses = [clause for clause in grammar.unclear if " " in clause or clause in grammar.dropped]
    return [clause for clause in clauses if not words & set(clause.split())]


def _settled(intents: Sequence[Intent], plan: Plan) -> list[Intent]:
    """Intents whose "back" is where that was, so that "the same place" for another thing is there too."""
    if len(intents) != len(plan.calls):
        return list(intents)
    result = []
    for intent, call in zip(intents, plan.calls, strict=True):
        place, name = intent.phrases.get("receptacle"), call.objects.get("receptacle")
        ref = plan.refs[name] if name is not None else None
        if place is not None and place.pronoun and ref is not None and ref.object_id is not None:
            there = NounPhrase(words=tuple(ref.label.split()), determiner="the", memory_id=ref.object_id)
            intent = replace(intent, phrases={**intent.phrases, "receptacle": there}, relation="in")
        result.append(intent)
    return result


def _is_vague(reading: Reading, ontology: Ontology) -> bool:
    """Whether a phrase names no class of things."""
    phrases = [phrase for intent in reading.intents for phrase in intent.phrases.values()]
    return any(not (p.pronoun or p.part or p.memory_id or ontology.find_last(p.words)) for p in phrases)


def _is_whole(reading: Reading, ontology: Ontology) -> bool:
    return bool(reading.intents) and not reading.unclear and all(_known(i, ontology) for i in reading.intents)


def _is_open(goal: AlfredGoal) -> bool:
    """Whether another goal might as well be meant."""
    if not goal.alternatives:
        return False
    second = goal.alternatives[0][1]
    return second >= _AS_LIKELY * goal.probability and second + goal.probability >= _EITHER


def _question(goal: AlfredGoal, ontology: Ontology) -> str:
    """What to ask where two goals are about as likely."""
    mine, other = goal.fields(), goal.alternatives[0][0]
    for field in ("object_target", "parent_target", "mrecep_target", "toggle_target"):
        if mine[field] != other[field] and mine[field] and other[field]:
            words = [ontology.get(_AI2THOR.get(str(label), str(label))).word for label in (mine[field], other[field])]
            return f"Do you mean the {words[0]} or the {words[1]}?"
    return f"Do you want me to {_deed(mine)}, or to {_deed(other)}?"


def _deed(fields: dict[str, str | bool]) -> str:
    deeds = {
        "look_at_obj_in_light": "look at it under a lamp",
        "pick_and_place_simple": "put it somewhere",
        "pick_and_place_with_movable_recep": "put it into something first",
        "pick_two_obj_and_place": "move two of them",
        "pick_clean_then_place_in_recep": "wash it",
        "pick_heat_then_place_in_recep": "heat it",
        "pick_cool_then_place_in_recep": "cool it",
    }
    sliced = "slice it and " if fields["object_sliced"] else ""
    return sliced + deeds[str(fields["task_type"])]


def _known(intent: Intent, ontology: Ontology) -> bool:
    """Whether every phrase of an intent means some class, or takes up what was said."""
    return all(
        phrase.pronoun
        or phrase.memory_id
        or (phrase.words[-1:] and phrase.words[-1] in VAGUE)  # memory is asked for "the hot thing", "something to read"
        or phrase.determiner == "its"
        or (phrase.part and not phrase.words)
        or class_candidates(phrase, ontology)
        for phrase in intent.phrases.values()
    )


def goal_intents(goal: AlfredGoal, text: str, ontology: Ontology) -> list[Intent]:
    """A goal in ALFRED's terms as intents.

    Args:
        goal: From the trained parser.
        text: The sentence.
        ontology: Class knowledge.
    """

    def phrase(label: str, *, part: bool = False) -> NounPhrase:
        word = ontology.get(_AI2THOR.get(label, label)).words[0]
        return NounPhrase(words=tuple(word.split()), determiner="the", part=part)

    thing = phrase(goal.object_target, part=goal.object_sliced)
    intents = []
    if goal.object_sliced:
        intents.append(Intent(skill="cut", phrases={"object": phrase(goal.object_target)}, text=text, process=True))
    if goal.task_type == "look_at_obj_in_light":
        phrases = {"object": thing, "device": phrase(goal.toggle_target)}
        return [*intents, Intent(skill="examine", phrases=phrases, text=text)]
    if goal.task_type in _TREATMENTS:
        intents.append(Intent(skill=_TREATMENTS[goal.task_type], phrases={"object": thing}, text=text))
    if goal.mrecep_target:
        carrier = phrase(goal.mrecep_target)
        intents.append(Intent(skill="move", phrases={"object": thing, "receptacle": carrier}, relation="in", text=text))
        thing = carrier
    if goal.task_type == "pick_two_obj_and_place":
        thing = NounPhrase(words=thing.words, determiner="a", count=2)
    place = phrase(goal.parent_target)
    intents.append(Intent(skill="move", phrases={"object": thing, "receptacle": place}, relation="in", text=text))
    return intents
