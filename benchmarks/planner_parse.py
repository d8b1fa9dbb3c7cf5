"""How often the rules parser reads ALFRED's goals from people's one-sentence instructions, on held-out floor plans.

Usage: ``python benchmarks/planner_parse.py [--data alfred_train.jsonl.gz] [--errors N] [--json FILE]``. The data is
reference material beside the project, not part of it.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from planner_node.parser.alfred import FIELDS, alfred_goal
from scene_graph.ontology import ontology

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "alfred_train.jsonl.gz"


def held_out(floor_plan: str) -> bool:
    """A tenth of the floor plans, chosen by a hash of the name."""
    return hashlib.sha256(floor_plan.encode()).digest()[0] < 26


def examples(path: Path) -> Iterator[tuple[str, dict[str, str | bool]]]:
    """Instructions of held-out floor plans with their goals."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            task = json.loads(line)
            if held_out(task["floor_plan"]):
                goal = {"task_type": task["task_type"], **task["pddl_params"]}
                for annotation in task["annotations"]:
                    yield annotation["task"], goal


def main() -> int:
    """Measure, print a line a field, and optionally errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--errors", type=int, default=0, help="print so many errors")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not options.data.is_file():
        print(f"no data at {options.data}: pass --data", file=sys.stderr)
        return 2
    known = ontology()
    right: Counter[str] = Counter()
    count = 0
    times = []
    for sentence, goal in examples(options.data):
        began = time.perf_counter()
        parsed = alfred_goal(sentence, known)
        times.append(time.perf_counter() - began)
        count += 1
        matches = {name: parsed[name] == goal[name] for name in FIELDS}
        right.update(name for name, match in matches.items() if match)
        right["exact"] += all(matches.values())
        if not all(matches.values()) and options.errors > 0:
            options.errors -= 1
            wrong = {n: f"{parsed[n]!s} for {goal[n]!s}" for n, match in matches.items() if not match}
            print(f"{sentence.strip()} {wrong}")
    times.sort()
    report = {name: round(right[name] / count, 4) for name in (*FIELDS, "exact")}
    report |= {"sentences": count, "p95_ms": round(1000 * times[int(0.95 * count)], 3)}
    print(json.dumps(report, indent=1))
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
