"""Independent parts of a plan in the order that saves travel, where nobody can tell the difference.

Two clauses are independent if they share nothing that either changes, both leave the hand empty, and what they bring
about stays. Where the person gave an order ("first", "then", "before"), it is kept.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise, permutations

from planner_node.compose import Composer
from planner_node.plan import Call, Plan
from planner_node.planner import Situation
from scene_graph.types import Point

__all__ = ["reorder"]

_ORDER_WORDS = re.compile(
    r"\b(first|then|after|afterwards|before|next|finally|last|lastly|later|once|until|when|while|if|again|back|second)\b",
    re.IGNORECASE,
)
"""Words by which people give an order, or make one clause depend on another."""

_FREE = {"move", "throw_away", "toggle_on", "toggle_off", "open", "close", "wash"}
"""Skills that leave the hand empty and whose effect stays."""

_LEAST_SAVING = 1.0
"""Metres below which an order is left as it is."""

_MOST = 6
"""Clauses of one plan that are re-ordered at most."""


def reorder(plan: Plan, situation: Situation) -> Plan:
    """The plan with its independent clauses in the shortest order; the plan itself where that gains nothing.

    Args:
        plan: A plan with a call for each clause.
        situation: What it was made for.
    """
    calls = plan.calls
    if not 2 <= len(calls) <= _MOST or situation.held is not None or _ORDER_WORDS.search(plan.instruction):
        return plan
    if any(call.skill not in _FREE for call in calls) or not _independent(plan, situation):
        return plan
    stops = [_stops(call, plan, situation) for call in calls]
    places = [stop for stop in stops if stop is not None]
    if len(places) < len(calls):
        return plan

    def travel(order: Sequence[int]) -> float:
        path = [situation.position, *(point for i in order for point in places[i])]
        return sum(math.dist(a[:2], b[:2]) for a, b in pairwise(path))

    asked = tuple(range(len(calls)))
    best = min(permutations(asked), key=lambda order: (travel(order), order))
    if travel(asked) - travel(best) < _LEAST_SAVING:
        return plan
    return _composed(plan, [calls[i] for i in best], situation)


def _independent(plan: Plan, situation: Situation) -> bool:
    """Whether no two clauses share what either of them changes, or have their things in one another."""
    changed = [_changed(call, plan, situation) for call in plan.calls]
    touched = [set(call.objects.values()) for call in plan.calls]
    for i, own in enumerate(changed):
        for j, other in enumerate(touched):
            if i != j and own & other:
                return False
    seen: set[str] = set()
    for own in changed:
        for name in own:
            object_id = plan.refs[name].object_id
            thing = situation.knowledge.get(object_id) if object_id is not None else None
            inside = thing.object.parent if thing is not None else None
            if any(plan.refs[o].object_id == inside for group in changed for o in group if inside is not None):
                return False
        if own & seen:
            return False
        seen |= own
    return True


def _changed(call: Call, plan: Plan, situation: Situation) -> set[str]:
    """References to what a clause changes: its object, and a receptacle that can itself be carried or washes."""
    names = {call.objects["object"]} if "object" in call.objects else set()
    place = call.objects.get("receptacle")
    if place is not None:
        info = situation.ontology.get(plan.refs[place].label)
        if "pickupable" in info.affordances or call.skill == "wash":
            names.add(place)
    return names


def _stops(call: Call, plan: Plan, situation: Situation) -> list[Point] | None:
    """Where a clause takes the robot, in order; None if memory does not know."""
    steps = [s for s in plan.steps if plan.calls[s.call] is call]
    points = []
    for step in steps:
        name = step.objects.get("receptacle") or step.objects.get("object")
        object_id = plan.refs[name].object_id if name is not None else None
        known = situation.knowledge.get(object_id) if object_id is not None else None
        if known is None or known.stale:
            return None
        if step.skill == "go_to":
            points.append(known.position)
    return points


def _composed(plan: Plan, calls: Sequence[Call], situation: Situation) -> Plan:
    """A plan of the same clauses in another order."""
    composer = Composer(plan.instruction, situation.grounder(), plan.planner)
    for name in dict.fromkeys(n for call in calls for n in call.objects.values()):
        composer.add(plan.refs[name])
    known = {ref.object_id: ref.name for ref in composer.refs.values() if ref.object_id is not None}
    for call in calls:
        objects = {role: known.get(plan.refs[name].object_id or "", name) for role, name in call.objects.items()}
        composer.call(call.skill, objects, amount=call.amount, text=call.text)
    composer.notes += [*plan.notes, f"in another order, to save travel: {', '.join(c.describe() for c in calls)}"]
    return composer.plan()
