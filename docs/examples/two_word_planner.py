"""A planner of one's own: ``karma eval … --planner docs/examples/two_word_planner.py:TwoWordPlanner``."""

from planner_node.compose import Composer
from planner_node.parser import read_instruction
from planner_node.planner import NotUnderstoodError
from planner_node.resolve import Resolver


class TwoWordPlanner:
    name = "two words"

    def plan(self, instruction, situation):  # words, and what is known, in; a plan, not verified yet, out
        verb, *rest = instruction.lower().strip(".!").split()
        if verb not in ("get", "take") or not rest:
            raise NotUnderstoodError(f"I did not understand {instruction!r}", question="What shall I get?")
        reading = read_instruction(f"pick up the {rest[-1]}", situation.ontology)
        composer = Composer(instruction, situation.grounder(), self.name)
        Resolver(composer).run(reading.intents)  # finds in memory which thing is meant
        return composer.plan()

    def cancel(self):  # planning takes no time
        pass
