"""What an instruction asks for, read independently of who planned, and whether a plan brings it about.

The grammar's own plan tells what must come true: a model's plan that slices the bread when the apple was to be washed
is well formed and safe, and still refused. Where grammar does not read the whole instruction, nothing is demanded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from planner_node.clarify import NotUnderstoodError
from planner_node.plan import Goal, ObjectRef
from planner_node.planner import Situation
from planner_node.rules import RulesPlanner
from planner_node.state import State
from scene_graph.ontology import Ontology

__all__ = ["Asked"]


@dataclass
class Asked:
    """Goals of an instruction that have not come about yet.

    Attributes:
        ontology: Class knowledge.
        goals: What is left, each with the classes that its objects may be of.
    """

    ontology: Ontology
    goals: list[tuple[Goal, tuple[frozenset[str], ...]]]

    @classmethod
    def of(cls, instruction: str, situation: Situation) -> Asked:
        """What an instruction asks for; nothing where grammar does not read it."""
        ontology = situation.ontology
        try:
            plan = RulesPlanner().plan(instruction, situation)
        except NotUnderstoodError:
            return cls(ontology, [])
        if any(note.startswith("not understood") for note in plan.notes):
            return cls(ontology, [])
        wanted = [(g, tuple(frozenset(plan.refs[name].labels) for name in g.objects)) for g in plan.goals]
        return cls(ontology, wanted)

    def strike(self, state: State, refs: Mapping[str, ObjectRef]) -> None:
        """Leave out what holds now.

        Args:
            state: As predicted, or as it is.
            refs: What its names stand for.
        """
        self.goals = [(goal, classes) for goal, classes in self.goals if not self._holds(goal, classes, state, refs)]

    def _holds(
        self, goal: Goal, classes: tuple[frozenset[str], ...], state: State, refs: Mapping[str, ObjectRef]
    ) -> bool:
        fitting = [[n for n, ref in refs.items() if self._fits(ref, wanted)] for wanted in classes]
        return any(
            state.satisfied(Goal(predicate=goal.predicate, objects=names, value=goal.value))
            for names in product(*fitting)
        )

    def _fits(self, ref: ObjectRef, wanted: frozenset[str]) -> bool:
        return any(self.ontology.derives(ref.label, w) or self.ontology.derives(w, ref.label) for w in wanted)

    def describe(self) -> list[str]:
        """What is left, for people and for the model that is to repair its plan."""
        told = []
        for goal, classes in self.goals:
            words = [self.ontology.get(sorted(labels)[0]).words[0] if labels else "it" for labels in classes]
            told.append(f"{goal.predicate}({', '.join([*words, *([goal.value] if goal.value else [])])})")
        return told
