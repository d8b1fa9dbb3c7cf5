"""The planner's figures: ``karma bench planner``.

Latency of planning (parse, resolve, compose, verify) and of building prompts, tokens of a prompt over a hundred
instructions, and how the development tasks in ``planner_tasks.yaml`` go: what the robot claims beside what the judge
finds. ``karma bench planner_alfred`` has the parser's accuracies.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from karma_eval.condition import Condition
from karma_eval.run import run_history
from karma_eval.tasks import load_tasks
from memory_node.memory import Memory
from planner_node.experience import Experience
from planner_node.goals import LearnedPlanner
from planner_node.local import LocalKnowledge
from planner_node.planner import NotUnderstoodError, Planner, Situation
from planner_node.prompts import EXAMPLES, build_prompt
from planner_node.result import Event, EventKind
from planner_node.robot import Frame, SkillCall, SkillCode, SkillResult
from planner_node.rules import RulesPlanner
from planner_node.session import Session
from planner_node.verifier import verify
from planner_node.working import WorkingMemory
from scene_graph.ontology import ontology
from scene_graph.types import Observation
from sim.simulation import Simulation

TASKS = Path(__file__).parent / "planner_tasks.yaml"

TEMPLATES = (
    "Put the {thing} on the {place}.",
    "Wash the {thing} and put it back where it was.",
    "Please bring me the {thing}, then put the {thing} next to the {place}.",
    "Heat the {thing} in the microwave and put it on the {place}.",
)

TURNS = 100
"""Instructions of the history over which the prompt's size is followed."""

BUDGET = 3500
"""Tokens of a prompt."""

_WORDS = {(True, True): "ok", (True, False): "FALSE", (False, True): "unclaimed", (False, False): "failed"}
"""What is printed of an instruction, by what was claimed and what was judged."""


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


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile, milliseconds."""
    ordered = sorted(seconds)
    return {f"p{p}_ms": round(1000 * ordered[min(len(ordered) - 1, len(ordered) * p // 100)], 3) for p in (50, 95)}


def instructions() -> list[str]:
    """Each thing that can be carried in each template, over four places."""
    known = ontology()
    things = [known.get(lb).words[0] for lb in known.labels() if "pickupable" in known.get(lb).affordances]
    places = [known.get(lb).words[0] for lb in ("DiningTable", "CounterTop", "Desk", "Fridge")]
    return [t.format(thing=thing, place=places[i % 4]) for i, thing in enumerate(things) for t in TEMPLATES]


def latency() -> dict[str, Any]:
    """Planning without a language model, with memory holding one thing of every class; and prompt building."""
    known, robot = ontology(), Still()
    result: dict[str, Any] = {}
    prompting: list[float] = []
    with Memory.open(capacity=25, clock=lambda: 1.0) as memory:
        knowledge = LocalKnowledge(memory, robot=robot)
        planners: tuple[Planner, ...] = (RulesPlanner(), LearnedPlanner())
        for planner in planners:
            planning, refused = [], 0
            for instruction in instructions():
                situation = Situation(knowledge=knowledge, session=Session(), ontology=known, position=(0.0, 0.0, 0.0))
                began = time.perf_counter()
                try:
                    refused += bool(verify(planner.plan(instruction, situation), situation))
                except NotUnderstoodError:
                    refused += 1
                planning.append(time.perf_counter() - began)
            result |= {f"planning_{planner.name}_{name}": value for name, value in percentiles(planning[1:]).items()}
            result[f"refused_{planner.name}"] = f"{refused} of {len(planning)}"
        rendered = knowledge.render("Put the mug on the table.", token_budget=1200)
        for instruction in instructions():
            began = time.perf_counter()
            build_prompt(instruction, "", rendered, token_budget=BUDGET)
            prompting.append(time.perf_counter() - began)
    return result | {f"prompt_building_{name}": value for name, value in percentiles(prompting[1:]).items()}


def prompt_growth() -> dict[str, Any]:
    """Tokens of the prompt for each of a hundred instructions in turn, with what they leave behind in between.

    Beside it, what the prompt would be if every action of earlier instructions stayed in it.
    """
    working, sizes, unbounded, transcript = WorkingMemory(), [], [], ""
    with Memory.open(capacity=25, clock=lambda: 1.0) as memory, Experience() as experience:
        knowledge = LocalKnowledge(memory, robot=Still())
        for instruction in instructions()[:TURNS]:
            known = experience.examples(instruction, k=2)
            examples = [*((e.instruction, e.reply) for e in known), *EXAMPLES]
            tips = [t.describe() for t in experience.tips(instruction, k=2)]
            rendered = knowledge.render(instruction, token_budget=1200)
            options: dict[str, Any] = {"token_budget": 10**6, "examples": examples, "tips": tips}
            sizes.append(build_prompt(instruction, working.changes(), rendered, **options).tokens)
            unbounded.append(build_prompt(instruction, transcript, rendered, **options).tokens)
            events = [Event(kind=EventKind.INSTRUCTION, message=instruction)]
            for clause in ("wash(it)", "move(it, table)"):
                events += [Event(kind=EventKind.SKILL, message=f"go_to {clause}: ok") for _ in range(6)]
                events.append(Event(kind=EventKind.CLAUSE, message=f"{clause}: done"))
            events.append(Event(kind=EventKind.RESULT, message="done", data={"claimed": True}))
            for event in events:
                working.take_in(event)
                transcript += f"- {event.message}\n"
            experience.succeeded(instruction, EXAMPLES[0][1], clauses=[], seconds=1.0, actions=1)
            experience.failed(instruction, f"move({instruction})", "there is no room for it there")
    return {
        "prompt_tokens_turn_10": sizes[9],
        f"prompt_tokens_turn_{TURNS}": sizes[-1],
        "prompt_tokens_most": max(sizes),
        f"prompt_tokens_turn_{TURNS}_if_all_stayed": unbounded[-1],
    }


def task_success(names: Sequence[str] = (), planner: str = "rules") -> dict[str, Any]:
    """The development tasks: claimed beside judged, by instruction and by task."""
    tasks = [t for t in load_tasks(str(TASKS)) if not names or t.id in names]
    results = []
    with Simulation.start(tasks[0].place) as simulation:
        for task in tasks:
            results.append(run_history(task, Condition(planner=planner), simulation=simulation))
            words = [(bool(i.result.claimed), bool(i.judged)) for i in results[-1].instructions]
            print(
                f"{task.id:24s}",
                " ".join({(1, 1): "ok", (1, 0): "FALSE", (0, 1): "unclaimed"}.get(w, "-") for w in words),
            )
    said = [i for result in results for i in result.instructions]
    return {
        "tasks": len(results),
        "tasks_judged": sum(bool(r.judged) for r in results),
        "instructions": len(said),
        "claimed": sum(i.result.claimed for i in said),
        "judged": sum(bool(i.judged) for i in said),
        "claimed_but_not_so": sum(i.result.claimed and not i.judged for i in said),
        "so_but_not_claimed": sum(not i.result.claimed and bool(i.judged) for i in said),
    }


def run() -> dict[str, Any]:
    """All figures; see `karma_cli.bench`."""
    return {**latency(), **prompt_growth(), **task_success()}


def main() -> int:
    """Some or all figures, from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=("latency", "prompts", "tasks"), help="all by default")
    parser.add_argument("--task", action="append", default=[], help="only these tasks")
    parser.add_argument("--planner", default="rules", choices=("rules", "learned"))
    options = parser.parse_args()
    match options.part:
        case "latency":
            figures = latency()
        case "prompts":
            figures = prompt_growth()
        case "tasks":
            figures = task_success(options.task, options.planner)
        case _:
            figures = run()
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
