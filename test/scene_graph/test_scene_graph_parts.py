"""The small parts: text for prompts, routing, the index of places, the explorer, and the picture."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from boxworld import look, pose, room, two_rooms
from hypothesis import given
from hypothesis import strategies as st

from scene_graph import Observation, SceneGraph
from scene_graph.exploration import Explorer
from scene_graph.grid import OccupancyGrid
from scene_graph.index import SpatialHash
from scene_graph.routing import Evidence, is_static, static_probability
from scene_graph.text import estimate_tokens, render
from scene_graph.types import Point

HOME = [
    {
        "id": "room-1",
        "name": "kitchen",
        "position": [1.0, 1.0, 0.0],
        "areas": [
            {
                "id": "area-1",
                "position": [0.5, -0.001, 0.0],
                "neighbours": {"area-2": 1.25},
                "objects": [
                    {"id": "object-1", "label": "Fridge", "position": [0.1, 0.2, 0.9], "states": ["closed"]},
                    {"id": "object-2", "label": "Chair", "position": [0.9, 0.2, 0.4], "stale": True},
                    {"id": "object-3", "label": "Chair", "position": [0.9, 0.7, 0.4]},
                ],
            },
            {"id": "area-2", "position": [1.75, 0.0, 0.0], "neighbours": {"area-1": 1.25}, "objects": []},
        ],
    }
]


def test_compact_text() -> None:
    assert render(HOME, token_budget=1000) == (
        "kitchen (room-1):\n"
        "- area-1 (0.5, 0.0): Fridge (0.10, 0.20) closed, Chair (0.90, 0.20) missing when last looked at, "
        "Chair (0.90, 0.70); to area-2 1.2 m\n"
        "- area-2 (1.8, 0.0): nothing; to area-1 1.2 m"
    )


def test_paper_text() -> None:
    assert render(HOME, token_budget=1000, style="paper").splitlines()[1] == (
        "{name: area-2, room: kitchen, position: (1.75, 0.00), contains: [], neighbors: [area-1 1.2 m]}"
    )


@pytest.mark.parametrize("style", ["paper", "compact"])
@pytest.mark.parametrize("budget", [1, 10, 30, 40, 60, 80, 120, 1000])
def test_text_keeps_to_its_budget(style: str, budget: int) -> None:
    text = render(HOME, token_budget=budget, style=style)
    assert estimate_tokens(text) <= budget


def test_objects_outlive_positions_when_space_is_short() -> None:
    text = render(HOME, token_budget=45)
    assert "Chair ×2" in text
    assert "0.90" not in text


@pytest.mark.parametrize(("style", "budget"), [("prose", 10), ("compact", 0)])
def test_text_refuses_nonsense(style: str, budget: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        render(HOME, token_budget=budget, style=style)


@pytest.mark.parametrize(
    ("label", "evidence", "static"),
    [
        ("Fridge", Evidence(), True),
        ("Mug", Evidence(), False),
        ("Chair", Evidence(moves=3, stays=50), False),
        ("Mug", Evidence(stays=100_000), False),
        ("Fridge", Evidence(moves=1, stays=20), True),
        ("Gizmo", Evidence(), False),
    ],
)
def test_prior_and_evidence_decide_what_keeps_its_place(label: str, evidence: Evidence, static: bool) -> None:
    assert is_static(Observation(label, (0, 0, 0), stamp=0), evidence) is static
    assert 0 <= static_probability(label, evidence) <= 1


def test_what_is_held_moves() -> None:
    assert not is_static(Observation("Fridge", (0, 0, 0), stamp=0, held=True))


points = st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(0, 2))


@given(
    steps=st.lists(st.tuples(st.integers(0, 9), st.none() | points), max_size=40),
    centre=points,
    radius=st.floats(0.05, 4),
)
def test_the_index_finds_what_a_scan_finds(steps: list[tuple[int, Point | None]], centre: Point, radius: float) -> None:
    index: SpatialHash[int] = SpatialHash(0.7)
    plain: dict[int, Point] = {}
    for key, point in steps:
        if point is None:
            index.remove(key)
            plain.pop(key, None)
        else:
            index.put(key, point)
            plain[key] = point
    expected = sorted((math.dist(p, centre), k) for k, p in plain.items() if math.dist(p, centre) <= radius)
    assert sorted((round(d, 9), k) for d, k in index.within(centre, radius)) == [(round(d, 9), k) for d, k in expected]
    nearest = index.nearest(centre, 3)
    assert [round(d, 9) for d, _ in nearest] == [
        round(d, 9) for d in sorted(math.dist(p, centre) for p in plain.values())[:3]
    ]
    assert len(index) == len(plain)


def explore(boxes: list, start: tuple[float, float]) -> tuple[OccupancyGrid, Explorer, list[str]]:
    """Drive a perfect robot until the explorer is done."""
    grid, explorer, reasons = OccupancyGrid(), Explorer(), []
    x, y = start
    for _ in range(40):
        grid.mark_free(x, y)
        for n in range(8):
            grid.update(look(boxes, pose(x, y, n * math.pi / 4, pitch=0.5))[0])
        explorer.looked(x, y)
        target = explorer.next(grid, (x, y))
        if target is None:
            return grid, explorer, reasons
        reasons.append(target.reason)
        x, y = target.position
    pytest.fail("the explorer does not come to an end")


def test_the_explorer_maps_every_room_and_ends() -> None:
    grid, explorer, reasons = explore(two_rooms(), (0.6, 0.6))
    assert grid.path((0.6, 0.6), (4.5, 2.0), optimistic=False) is not None
    assert grid.frontiers(start=(0.6, 0.6), min_length=0.5) == []
    assert "detail" in reasons
    for box in two_rooms():
        if box.label and box.label != "Fridge":
            assert min(math.dist(box.centre[:2], v) for v in explorer.visited) < 1.6, box.label


def test_the_explorer_does_not_return_to_what_it_could_not_reach() -> None:
    grid = OccupancyGrid()
    grid.update(look(room(0, 0, 4, 8), pose(2, 1, math.pi / 2))[0])
    explorer = Explorer()
    first = explorer.next(grid, (2, 1))
    assert first is not None
    explorer.give_up(first.position)
    second = explorer.next(grid, (2, 1))
    assert second is None or math.dist(first.position, second.position) >= 0.4


def test_the_picture_is_a_png_with_something_on_it(tmp_path: Path) -> None:
    from matplotlib.image import imread

    from scene_graph.picture import save_picture

    graph = SceneGraph(map_id="home")
    grid, _, _ = explore(room(0, 0, 3, 3), (1, 1))
    graph.grid = grid
    graph.observe([Observation("Sofa", (1.5, 2.5, 0.4), stamp=0, size=(1.6, 0.8, 0.8))])
    path = tmp_path / "home.png"
    save_picture(graph, path, route=[(1, 1, 0), (2, 2, 0)], dpi=60)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert len({tuple(pixel) for row in imread(path)[::9, ::9] for pixel in row}) > 5
