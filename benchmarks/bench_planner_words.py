"""How well the planners without a language model read many voices: ``karma bench planner_words``.

The instructions and what they mean are in ``bench_planner_words.txt``, ``bench_planner_words_second.txt`` and
``bench_planner_words_third.txt``, each written before any planner was run on it. The grammar was worked on after the
first two were read: their first figures, which docs/planner.md gives, tell more about words that nobody has seen.
Each is planned in a home of `bench_phrases`, whose memory holds what is where and in which state. What counts is
what is to be done with which classes of things, in order; how it is carried out does not.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from planner_node.goals import LearnedPlanner
from planner_node.local import LocalKnowledge
from planner_node.plan import Plan
from planner_node.planner import NotUnderstoodError, Planner, Situation
from planner_node.robot import Frame, SkillCall, SkillCode, SkillResult
from planner_node.rules import RulesPlanner
from planner_node.session import Session
from scene_graph.ontology import ontology

sys.path.insert(0, str(Path(__file__).parent))
from bench_phrases import HOMES, furnish

__all__ = ["Instruction", "read_instructions", "run"]

PLANNERS: dict[str, Callable[[], Planner]] = {"rules": RulesPlanner, "learned": LearnedPlanner}
SETS = {
    "first": "bench_planner_words",
    "second": "bench_planner_words_second",
    "third": "bench_planner_words_third",
}
_NOTHING = "?"


@dataclass(frozen=True)
class Wanted:
    """One skill of a reading: any of `objects`, any of `places`; `needed` unless it may be left out."""

    skills: frozenset[str]
    objects: frozenset[str]
    places: frozenset[str]
    needed: bool


@dataclass(frozen=True)
class Instruction:
    """One instruction with its good readings; an empty one means that nothing must be done."""

    home: str
    kind: str
    text: str
    readings: tuple[tuple[Wanted, ...], ...]


class Still:
    """A robot that sees nothing new."""

    def frame(self) -> Frame:
        """An empty frame."""
        return Frame(seq=1, epoch=0, stamp=1.0, observations=())

    def subscribe(self, listener: Callable[[Frame], None]) -> Callable[[], None]:
        """No frame will come."""
        return lambda: None

    def execute(self, call: SkillCall) -> SkillResult:
        """It does nothing."""
        return SkillResult(code=SkillCode.UNSUPPORTED)

    def cancel(self) -> None:
        """Nothing to stop."""


def read_instructions(name: str) -> list[Instruction]:
    """The instructions of one of the files beside this module."""
    result = []
    for line in (Path(__file__).parent / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            home, kind, text, meaning = line.split(" | ")
            result.append(Instruction(home, kind, text, tuple(_reading(part) for part in meaning.split("||"))))
    return result


def _reading(text: str) -> tuple[Wanted, ...]:
    if text.strip() == _NOTHING:
        return ()
    wanted = []
    parts = text.split(";")
    for part in parts:
        match = re.fullmatch(r"(~?)([\w/]+)\(([\w/]*)(?:, ([\w/]+))?\)", part.strip())
        if match is None:
            raise ValueError(f"cannot read {part!r}")
        optional, skills, objects, places = match.groups()
        wanted.append(
            Wanted(
                frozenset(skills.split("/")),
                frozenset(filter(None, objects.split("/"))),
                frozenset((places or "").split("/")) - {""},
                not optional and (skills != "pick_up" or part == parts[-1]),
            )
        )
    return tuple(wanted)


def said(plan: Plan) -> list[tuple[str, str, str]]:
    """A plan's calls as skill, class of the object, and class of the place, tool or device."""
    result = []
    for call in plan.calls:
        labels = {name: plan.refs[ref].label for name, ref in call.objects.items()}
        other = next((label for name, label in labels.items() if name != "object"), "")
        result.append((call.skill, labels.get("object", ""), other))
    return result


def fits(calls: Sequence[tuple[str, str, str]], reading: Sequence[Wanted]) -> bool:
    """Whether calls are what is wanted, less what may be left out.

    Things that are treated alike, one after the other, may come in any order; and to pick up what is moved or handed
    over in the next breath makes no difference.
    """
    kept = [
        call
        for i, call in enumerate(calls)
        if call[0] != "pick_up" or call[1] not in {thing for _, thing, _ in calls[i + 1 :]}
    ]
    runs = [0]
    for before, after in pairwise(reading):
        runs.append(runs[-1] + (before.skills != after.skills))

    def match(i: int, left: frozenset[int]) -> bool:
        if i == len(kept):
            return not any(reading[j].needed for j in left)
        for j in sorted(left):
            skipped = [k for k in left if runs[k] < runs[j] and reading[k].needed]
            if skipped:
                break
            if _is(kept[i], reading[j]) and match(i + 1, frozenset(k for k in left if k != j and runs[k] >= runs[j])):
                return True
        return False

    return match(0, frozenset(range(len(reading))))


def _is(call: tuple[str, str, str], want: Wanted) -> bool:
    skill, thing, other = call
    return (
        skill in want.skills
        and (not want.objects or thing in want.objects)
        and (not want.places or other in want.places)
    )


@cache
def _home(name: str) -> LocalKnowledge:
    return LocalKnowledge(furnish(name), robot=Still())


def plan_of(planner: Planner, instruction: Instruction) -> tuple[list[tuple[str, str, str]], str]:
    """What a planner would do, and what it says if it would do nothing."""
    situation = Situation(
        knowledge=_home(instruction.home), session=Session(), ontology=ontology(), position=(0.0, 0.0, 0.0)
    )
    try:
        plan = planner.plan(instruction.text, situation)
    except NotUnderstoodError as error:
        return [], str(error)
    return said(plan), "; ".join(plan.notes)


def measure(planner: Planner, instructions: Sequence[Instruction], *, verbose: bool = False) -> dict[str, float]:
    """Share of instructions read right, in all and by kind."""
    right: dict[str, list[bool]] = defaultdict(list)
    for instruction in instructions:
        calls, note = plan_of(planner, instruction)
        is_right = any(fits(calls, reading) for reading in instruction.readings)
        right[instruction.kind].append(is_right)
        right["all"].append(is_right)
        if verbose and not is_right:
            did = "; ".join(f"{skill}({', '.join(filter(None, things))})" for skill, *things in calls)
            print(f"[{instruction.home}] {instruction.text}\n    {did or 'nothing'}  [{note}]")
    return {kind: sum(values) / len(values) for kind, values in right.items()}


def run() -> dict[str, object]:
    """The figures, for `karma bench`."""
    result: dict[str, object] = {"homes": len(HOMES)}
    for which, file in SETS.items():
        instructions = read_instructions(file)
        result[f"{which}_instructions"] = len(instructions)
        for name, make in PLANNERS.items():
            for kind, share in measure(make(), instructions).items():
                result[f"{which}_{name}_{kind}"] = share
    return result


if __name__ == "__main__":
    chosen = sys.argv[1:] or list(PLANNERS)
    for which, file in SETS.items():
        shares = {name: measure(PLANNERS[name](), read_instructions(file), verbose=True) for name in chosen}
        print(json.dumps({which: shares}, indent=1))
