"""Which recorded things a robot could see and which it never could, in the 120 floor plans.

Run ``karma bench sim_sight`` for every tenth floor plan, or ``python benchmarks/bench_sim_sight.py [NUMBER …]`` for
all or some, with what was never seen. From the reachable places nearest to a thing, standing and crouching,
the camera is turned to it; what shows 100 pixels at 640×480 counts as seen. Closed containers are opened first, one
at a time, so that what lies in them counts too. What a picture taken for another thing shows well enough counts as
seen as well. Records at the very origin are no things and are left out. A thing that cannot be seen cannot
be found, however good a memory.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable

import numpy as np

from sim.headless.objects import SimObject
from sim.headless.recordings import scene_numbers
from sim.headless.scene import load_scene
from sim.headless.session import Session
from sim.headless.sliding import set_openness

PIXELS = 100
PLACES = 8
"""Standing places tried for each thing, nearest first."""


def most_pixels(session: Session, obj: SimObject, places: np.ndarray, seen: set[int]) -> int:
    """Pixels that show a thing from the best of the places near it; adds to `seen` whatever else shows well."""
    agent = session.world.agent
    distance = np.hypot(*(places - obj.center[[0, 2]]).T)
    nearest = places[np.argsort(distance, kind="stable")]
    nearest = nearest[np.sort(distance) > 0.3][:PLACES]
    best = 0
    for standing in (True, False):
        for x, z in nearest.tolist():
            agent.position[0], agent.position[2] = x, z
            agent.standing = standing
            offset = obj.center - agent.camera
            agent.yaw = math.degrees(math.atan2(offset[0], offset[2]))
            level = max(0.05, math.hypot(offset[0], offset[2]))
            agent.horizon = float(np.clip(math.degrees(math.atan2(-offset[1], level)), -30, 60))
            frame = session.eyes.agent_frame(session.settings)
            assert frame.ids is not None
            counts = np.bincount(frame.ids.ravel(), minlength=obj.instance + 1)
            seen.update(np.flatnonzero(counts >= PIXELS).tolist())
            best = max(best, int(counts[obj.instance]))
            if best >= PIXELS:
                return best
    return best


def unseen(number: int) -> tuple[int, list[str]]:
    """How many things of a floor plan were looked for, and those that were never seen, with their most pixels."""
    session = Session(load_scene(f"FloorPlan{number}"), 640, 480)
    world = session.world
    places = session.space.reachable(world.agent.position[[0, 2]], 0.25)
    missed, count = [], 0
    seen: set[int] = set()
    for obj in [o for o in world if o.object_type != "Floor" and o.position.any()]:
        count += 1
        if obj.instance in seen:
            continue
        shut = [o for o in world.ancestors(obj) if o.kind.openable and not o.openness]
        for container in shut:
            set_openness(world, session.space, container, 1.0)
        pixels = most_pixels(session, obj, places, seen)
        if pixels < PIXELS:
            inside = world.ancestors(obj)
            missed.append(f"{obj.object_id} {pixels} px" + (f" in {inside[0].object_id}" if inside else ""))
        for container in shut:
            set_openness(world, session.space, container, 0.0)
    return count, missed


def run() -> dict[str, float]:
    """The figures in short, for a sample of the floor plans."""
    results = [unseen(number) for number in scene_numbers()[4::10]]
    total, lost = sum(count for count, _ in results), sum(len(missed) for _, missed in results)
    return {"floor_plans": len(results), "things": total, "seen": total - lost, "seen_share": (total - lost) / total}


def main(numbers: Iterable[int]) -> None:
    """Print the things never seen, and the share that was, by floor plan and in all."""
    total = lost = 0
    for number in numbers:
        count, missed = unseen(number)
        total += count
        lost += len(missed)
        print(f"FloorPlan{number}: {count - len(missed)} of {count} seen", flush=True)
        for line in missed:
            print(f"    {line}")
    print(f"in all: {total - lost} of {total} seen ({100 * (total - lost) / max(total, 1):.1f} %)")


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or scene_numbers())
