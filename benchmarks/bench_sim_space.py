"""How well computed free space agrees with recorded reachable positions of the 120 floor plans.

Run ``karma bench sim_space`` or ``python benchmarks/bench_sim_space.py [ARCHIVE]``; the archive of
``FloorPlanN-layout.npy`` files is ``../shared/data/alfred_layouts.tar.gz`` by default. Those were recorded in an older
release and are conservative. Beside the simulator stands what subtracting every object's box from the floor gives.
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
from sim.headless.space import AGENT_RADIUS, BODY_HEIGHT, Space
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


def compare(number: int, recorded: np.ndarray, *, naive: bool = False) -> Agreement:
    """Compute a floor plan's reachable places, or subtract boxes, and compare."""
    world = World(load_scene(f"FloorPlan{number}"))
    computed = _cells(subtract(world) if naive else Space(world).reachable(world.agent.position[[0, 2]], GRID))
    known = _cells(recorded)
    both = len(computed & known)
    return Agreement(number, both / len(computed), both / len(known), both / len(computed | known))


def subtract(world: World) -> np.ndarray:
    """(P, 2) places of the grid on the floor, connected to the start, that no object's box at body height covers."""
    floor = world.of_type("Floor")[0]
    start = world.agent.position[[0, 2]]
    boxes = [
        (o.low[[0, 2]] - AGENT_RADIUS, o.high[[0, 2]] + AGENT_RADIUS)
        for o in world
        if o is not floor and o.low[1] < world.ground + BODY_HEIGHT and o.high[1] > world.ground + 0.05
    ]
    low, high = np.array([b[0] for b in boxes]), np.array([b[1] for b in boxes])

    def free(cell: tuple[int, int]) -> bool:
        place = start + GRID * np.array(cell)
        if (place < floor.low[[0, 2]]).any() or (place > floor.high[[0, 2]]).any():
            return False
        return not ((place > low) & (place < high)).all(axis=1).any()

    seen, queue = {(0, 0)}, [(0, 0)]
    while queue:
        x, z = queue.pop()
        for cell in ((x + 1, z), (x - 1, z), (x, z + 1), (x, z - 1)):
            if cell not in seen and free(cell):
                seen.add(cell)
                queue.append(cell)
    return start + GRID * np.array(sorted(seen))


def _cells(places: np.ndarray) -> set[tuple[int, int]]:
    return {(int(x), int(z)) for x, z in np.rint(places / GRID).tolist()}


def means(results: list[Agreement]) -> tuple[float, float, float]:
    """Mean precision, recall and IoU."""
    precision, recall, iou = (float(np.mean([getattr(r, f) for r in results])) for f in ("precision", "recall", "iou"))
    return precision, recall, iou


def run() -> dict[str, float | str]:
    """The figures in short."""
    if not ARCHIVE.is_file():
        return {"not run": f"there is no {ARCHIVE}"}
    recorded = list(layouts(ARCHIVE))
    results = [compare(number, places) for number, places in recorded]
    figures: dict[str, float | str] = {}
    for kind, name in [*ROOMS.items(), (None, "all")]:
        precision, recall, iou = means([r for r in results if kind is None or r.number // 100 == kind])
        figures |= {f"{name} precision": precision, f"{name} recall": recall, f"{name} IoU": iou}
    figures["all IoU, boxes subtracted"] = means([compare(n, places, naive=True) for n, places in recorded])[2]
    return figures


def main(archive: Path = ARCHIVE) -> int:
    """Print agreement by type of room."""
    if not archive.is_file():
        print(f"there is no {archive}", file=sys.stderr)
        return 1
    results = sorted((compare(number, recorded) for number, recorded in layouts(archive)), key=lambda r: r.number)
    print(f"{'':12} {'plans':>5} {'precision':>9} {'recall':>7} {'IoU':>6} {'worst IoU':>10}")
    for kind, name in [*ROOMS.items(), (None, "all")]:
        chosen = [r for r in results if kind is None or r.number // 100 == kind]
        precision, recall, iou = means(chosen)
        worst = min(chosen, key=lambda r: r.iou)
        print(
            f"{name:12} {len(chosen):5} {precision:9.3f} {recall:7.3f} {iou:6.3f} "
            f"{worst.iou:6.2f} (FloorPlan{worst.number})"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
