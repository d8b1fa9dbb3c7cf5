"""The `rules` planner: no key, no network, no model; grammar and class knowledge."""

from __future__ import annotations

from planner_node.compose import Composer
from planner_node.parser import read_instruction
from planner_node.plan import Plan
from planner_node.planner import NotUnderstoodError, Situation
from planner_node.resolve import Resolver

__all__ = ["RulesPlanner"]


class RulesPlanner:
    """Plans by parsing the instruction and resolving its phrases against memory."""

    name = "rules"

    def cancel(self) -> None:
        """Nothing to stop: planning takes milliseconds."""

    def plan(self, instruction: str, situation: Situation) -> Plan:
        """See `planner_node.planner.Planner`."""
        reading = read_instruction(instruction, situation.ontology, situation.session.asked)
        if not reading.intents:
            unclear = [*reading.unclear, *reading.told]
            what = f"{unclear[0]!r}" if unclear else "an empty instruction"
            raise NotUnderstoodError(f"I did not understand {what}", question="What shall I do, and with which thing?")
        composer = Composer(instruction, situation.grounder(), self.name)
        composer.notes += [f"not understood: {text!r}" for text in reading.unclear]
        composer.notes += [f"taken as context: {text!r}" for text in reading.told]
        Resolver(composer).run(reading.intents)
        situation.session.asked = tuple(reading.intents)
        return composer.plan()
