"""The `learned` planner: grammar where it understands, the trained parser where words fail it.

The grammar of `rules` reads any number of clauses exactly, but knows only the names that the ontology knows. The
parser trained on people's instructions (`planner_node.learned`) reads one goal a sentence, however it is put. So
each sentence goes to the grammar first; one that it cannot read whole goes to the trained parser, whose goal is
turned into the same intents.
"""

from __future__ import annotations

import re

from planner_node.compose import Composer
from planner_node.grounding import class_candidates
from planner_node.learned.alfred import AlfredGoal, parse_goal
from planner_node.learned.model import LearnedParser
from planner_node.parser import Intent, NounPhrase, parse_instruction
from planner_node.plan import Plan
from planner_node.planner import NotUnderstoodError, Situation
from planner_node.resolve import Resolver
from scene_graph.ontology import Ontology

__all__ = ["LearnedPlanner", "goal_intents"]

_TREATMENTS = {
    "pick_clean_then_place_in_recep": "wash",
    "pick_heat_then_place_in_recep": "heat",
    "pick_cool_then_place_in_recep": "cool",
}
_AI2THOR = {"Glassbottle": "Bottle"}
"""ALFRED's classes that AI2-THOR 5 names otherwise."""


class LearnedPlanner:
    """Plans by grammar and by a parser trained on people's instructions; neither key nor network.

    Args:
        least: Probability of a goal below which the trained parser's reading is not acted on.

    Raises:
        WeightsError: If the trained weights are missing or damaged.
    """

    name = "learned"

    def __init__(self, *, least: float = 0.4) -> None:
        self._least = least
        LearnedParser.default()  # so that missing weights show now, and not in mid-run

    def cancel(self) -> None:
        """Nothing to stop: planning takes milliseconds."""

    def plan(self, instruction: str, situation: Situation) -> Plan:
        """See `planner_node.planner.Planner`."""
        composer = Composer(instruction, situation.grounder(), self.name)
        intents: list[Intent] = []
        for sentence in filter(str.strip, re.split(r"[.;!?\n]+", instruction)):
            read, unclear = parse_instruction(sentence, situation.ontology)
            if unclear or not read or not all(_known(i, situation.ontology) for i in read):
                goal = parse_goal(sentence, home=situation.knowledge.labels() or None)
                if goal.probability >= self._least:
                    composer.notes.append(f"read {sentence.strip()!r} as {goal.task_type}, as other people put it")
                    read, unclear = goal_intents(goal, sentence, situation.ontology), []
            composer.notes += [f"not understood: {text!r}" for text in unclear]
            intents += read
        if not intents:
            raise NotUnderstoodError(
                f"I did not understand {instruction!r}", question="What shall I do, and with which thing?"
            )
        Resolver(composer).run(intents)
        return composer.plan()


def _known(intent: Intent, ontology: Ontology) -> bool:
    """Whether every phrase of an intent means some class, or takes up what was said."""
    return all(
        phrase.pronoun or phrase.memory_id or (phrase.part and not phrase.words) or class_candidates(phrase, ontology)
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
