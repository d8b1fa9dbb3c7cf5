"""What planning costs without a language model: parse, resolve, plan and verify, and prompt building, in milliseconds.

Usage: ``python benchmarks/planner_latency.py [--json FILE]``. Memory is real and holds one thing of every class that
the ontology knows, as a robot that has seen a whole home would; the instructions are put together from class names.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from memory_node.memory import Memory
from planner_node.local import LocalKnowledge
from planner_node.planner import NotUnderstoodError, Situation
from planner_node.prompts import build_prompt
from planner_node.robot import Frame, SkillCall, SkillCode, SkillResult
from planner_node.rules import RulesPlanner
from planner_node.session import Session
from planner_node.verifier import verify
from scene_graph.ontology import ontology
from scene_graph.types import Observation

TEMPLATES = (
    "Put the {thing} on the {place}.",
    "Wash the {thing} and put it back where it was.",
    "Please bring me the {thing}, then put the {thing} next to the {place}.",
    "Heat the {thing} in the microwave and put it on the {place}.",
)


class Still:
    """A robot that stands in a home and sees one thing of every class."""

    def __init__(self) -> None:
        known = ontology()
        labels = [lb for lb in known.labels() if known.get(lb).derived_from is None]
        self._frame = Frame(
            seq=1,
            epoch=0,
            stamp=1.0,
            observations=tuple(
                Observation(lb, (0.7 * (i % 12), 0.7 * (i // 12), 0.9), stamp=1.0, object_id=f"s{i}", source="camera")
                for i, lb in enumerate(labels)
            ),
        )

    def frame(self) -> Frame:
        """The one frame."""
        return self._frame

    def subscribe(self, listener: Callable[[Frame], None]) -> Callable[[], None]:
        """No other frame will come."""
        return lambda: None

    def execute(self, call: SkillCall) -> SkillResult:
        """It does nothing."""
        return SkillResult(code=SkillCode.UNSUPPORTED)

    def cancel(self) -> None:
        """Nothing to stop."""


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Median and 95th percentile, milliseconds."""
    ordered = sorted(seconds)
    return {f"p{p}_ms": round(1000 * ordered[min(len(ordered) - 1, len(ordered) * p // 100)], 3) for p in (50, 95)}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    known = ontology()
    things = [known.get(lb).words[0] for lb in known.labels() if "pickupable" in known.get(lb).affordances]
    places = [known.get(lb).words[0] for lb in ("DiningTable", "CounterTop", "Desk", "Fridge")]
    planning: list[float] = []
    prompting: list[float] = []
    refused = 0
    robot = Still()
    with Memory.open(capacity=25, clock=lambda: 1.0) as memory:
        knowledge = LocalKnowledge(memory, robot=robot)
        for i, thing in enumerate(things):
            for template in TEMPLATES:
                instruction = template.format(thing=thing, place=places[i % len(places)])
                situation = Situation(knowledge=knowledge, session=Session(), ontology=known, position=(0.0, 0.0, 0.0))
                began = time.perf_counter()
                try:
                    refused += bool(verify(RulesPlanner().plan(instruction, situation), situation))
                except NotUnderstoodError:
                    refused += 1
                planning.append(time.perf_counter() - began)
                rendered = knowledge.render(instruction, token_budget=1200)
                began = time.perf_counter()
                build_prompt(instruction, situation.session, rendered, token_budget=3500)
                prompting.append(time.perf_counter() - began)
    report = {
        "instructions": len(planning),
        "refused_or_unknown": refused,
        "planning": percentiles(planning[1:]),
        "prompt_building": percentiles(prompting[1:]),
    }
    print(json.dumps(report, indent=1))
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
