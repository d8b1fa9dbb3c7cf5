"""How true the simulator is to recorded AI2-THOR events: replays recordings and prints, by key, what agreed.

Run ``karma bench sim_conformance``, which replays the recordings in ``../shared/data/unity_events``, or, for the whole
table, ``python benchmarks/bench_sim_conformance.py [RECORDING.json.gz …]``.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from sim.headless.replay import SIGHT_KEYS, Replay, Tally, replay

RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "data" / "unity_events"


def load(path: Path) -> list[dict[str, Any]]:
    """The metadata of a recording's events."""
    with gzip.open(path, "rt") as file:
        return [event.get("metadata", event) for event in json.load(file)]


def merge(replays: list[Replay]) -> dict[str, Tally]:
    """The tallies of several replays, by key."""
    total: dict[str, Tally] = {}
    for one in replays:
        for key, tally in one.tallies.items():
            total.setdefault(key, Tally()).add(tally)
    return total


def overall(tallies: dict[str, Tally]) -> Tally:
    """One tally over all semantic keys."""
    total = Tally()
    for key, tally in tallies.items():
        if key not in SIGHT_KEYS:
            total.add(tally)
    return total


def run() -> dict[str, Any]:
    """The figures in short."""
    paths = sorted(RECORDINGS.glob("*.json.gz"))
    if not paths:
        return {"not run": f"there are no recordings in {RECORDINGS}"}
    replays = [replay(load(path)) for path in paths]
    total = overall(merge(replays))
    outcomes = [pair for one in replays for pair in one.success]
    return {
        "actions": len(outcomes),
        "success_flags_agree": sum(a == b for a, b in outcomes),
        "error_messages_agree": sum(a == b for one in replays for a, b in one.errors),
        "changes_recorded": len(total.both) + len(total.missed),
        "changes_reproduced": len(total.both),
        "changes_made_up": len(total.extra),
        "precision": round(total.precision, 3),
        "recall": round(total.recall, 3),
        "untouched_moved_cm": round(100 * max(one.drift for one in replays), 2),
        "misplaced": sum(len(one.misplaced) for one in replays),
    }


def main(paths: list[Path] | None = None) -> int:
    """Print the table.

    Returns:
        1 if there is nothing to replay, else 0.
    """
    paths = paths or sorted(RECORDINGS.glob("*.json.gz"))
    if not paths:
        print(f"no recordings in {RECORDINGS}", file=sys.stderr)
        return 1
    replays = [replay(load(path)) for path in paths]
    tallies = merge(replays)
    print(f"{'key':24} {'agree':>6} {'missed':>7} {'extra':>6} {'drift':>6} {'precision':>10} {'recall':>7}")
    for key, tally in [*tallies.items(), ("all but sight", overall(tallies))]:
        counts = f"{len(tally.both):6} {len(tally.missed):7} {len(tally.extra):6} {len(tally.drifted):6}"
        print(f"{key:24} {counts} {tally.precision:10.3f} {tally.recall:7.3f}")
    outcomes = [pair for one in replays for pair in one.success]
    print(f"success flags: {sum(a == b for a, b in outcomes)} of {len(outcomes)} agree")
    print(f"error messages: {sum(a == b for one in replays for a, b in one.errors)} of {len(outcomes)} agree")
    print(f"untouched objects moved at most {max(one.drift for one in replays) * 100:.2f} cm")
    print(f"put into another receptacle than recorded: {[i for one in replays for i in one.misplaced] or 'none'}")
    for path, one in zip(paths, replays, strict=True):
        for key, tally in one.tallies.items():
            for what, changes in (("missed", tally.missed), ("extra", tally.extra)):
                for number, object_id, _ in changes:
                    print(f"  {what} {path.name} event {number}: {key} of {object_id}")
    return 0


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
