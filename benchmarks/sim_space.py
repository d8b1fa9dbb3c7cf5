"""How well computed free space agrees with recorded reachable positions of the 120 floor plans.

Run ``python benchmarks/sim_space.py [ARCHIVE]``; the archive of ``FloorPlanN-layout.npy`` files is
``../shared/data/alfred_layouts.tar.gz`` by default. Those were recorded in an older release and are conservative.
"""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.headless.scene import load_scene
from sim.headless.space import Space
from sim.headless.world import World

ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "data" / "alfred_layouts.tar.gz"
GRID = 0.25
ROOMS = {0: "kitchen", 2: "living room", 3: "bedroom", 4: "bathroom"}


@dataclass(frozen=True)
class Agreement:
    """Of the places computed for a floor plan and those recorded: precision, recall and intersection over union."""

    number: int
    precision: float
    recall: float
    iou: float


def layouts(archive: Path) -> Iterator[tuple[int, np.ndarray]]:
    """Numbers of floor plans and their (P, 2) recorded reachable places (x, z)."""
    with tarfile.open(archive) as files:
        for member in files:
            name = Path(member.name).name
            if name.endswith("-layout.npy"):
                data = files.extractfile(member)
                assert data is not None
                number = int(name.removeprefix("FloorPlan").removesuffix("-layout.npy"))
                yield number, np.load(io.BytesIO(data.read()))


def compare(number: int, recorded: np.ndarray) -> Agreement:
    """Compute a floor plan's reachable places and compare."""
    world = World(load_scene(f"FloorPlan{number}"))
    computed = _cells(Space(world).reachable(world.agent.position[[0, 2]], GRID))
    known = _cells(recorded)
    both = len(computed & known)
    return Agreement(number, both / len(computed), both / len(known), both / len(computed | known))


def _cells(places: np.ndarray) -> set[tuple[int, int]]:
    return {(int(x), int(z)) for x, z in np.rint(places / GRID).tolist()}


def main(archive: Path = ARCHIVE) -> int:
    """Print agreement by type of room."""
    if not archive.is_file():
        print(f"there is no {archive}", file=sys.stderr)
        return 1
    results = sorted((compare(number, recorded) for number, recorded in layouts(archive)), key=lambda r: r.number)
    print(f"{'':12} {'plans':>5} {'precision':>9} {'recall':>7} {'IoU':>6} {'worst IoU':>10}")
    for kind, name in [*ROOMS.items(), (None, "all")]:
        chosen = [r for r in results if kind is None or r.number // 100 == kind]
        means = [float(np.mean([getattr(r, field) for r in chosen])) for field in ("precision", "recall", "iou")]
        worst = min(chosen, key=lambda r: r.iou)
        print(
            f"{name:12} {len(chosen):5} {means[0]:9.3f} {means[1]:7.3f} {means[2]:6.3f} "
            f"{worst.iou:6.2f} (FloorPlan{worst.number})"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
