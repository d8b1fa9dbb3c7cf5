"""Keeping a graph in a file: killed at any moment, carried to another map, on a disk that fails."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

from scene_graph import Change, ChangeKind, ObjectState, Observation, SceneGraph
from scene_graph.files import GraphFileError
from scene_graph.keeper import GraphKeeper

KILLS = 40


def fridge(number: int) -> Observation:
    return Observation("Fridge", (2.0 * number, 0.0, 0.9), stamp=float(number), size=(0.7, 0.7, 1.8))


def grow_for_ever(path: Path, acknowledged: Path) -> None:
    """Add a thing, keep the graph, say that it is kept, and so on until killed."""
    keeper = GraphKeeper(path)
    graph = keeper.open("home")
    while True:
        graph.observe([fridge(len(graph))])
        keeper.keep(graph)
        descriptor = os.open(acknowledged, os.O_WRONLY | os.O_CREAT)
        os.pwrite(descriptor, f"{len(graph):8d}".encode(), 0)
        os.close(descriptor)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, to be quick")
def test_killed_at_any_moment_it_has_what_it_said_that_it_had(tmp_path: Path) -> None:
    path, acknowledged = tmp_path / "home.json", tmp_path / "acknowledged"
    chance = random.Random(5)
    fork = multiprocessing.get_context("fork")
    sizes = []
    for _ in range(KILLS):
        child = fork.Process(target=grow_for_ever, args=(path, acknowledged))
        child.start()
        time.sleep(chance.uniform(0.005, 0.06))
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        promised = int(acknowledged.read_text() or 0) if acknowledged.exists() else 0
        graph = GraphKeeper(path).open()
        # On a slow machine several in a row may be killed between keeping one more and saying so.
        least = max([promised, *sizes])
        assert least <= len(graph) <= least + 1
        assert [o.object_id for o in graph.objects()] == [f"object-{n}" for n in range(1, len(graph) + 1)]
        sizes.append(len(graph))
    assert sizes == sorted(sizes)
    assert sizes[-1] > 5
    assert {p.name for p in tmp_path.iterdir()} <= {"home.json", "acknowledged"}


def test_it_writes_only_what_changed(tmp_path: Path) -> None:
    keeper = GraphKeeper(tmp_path / "home.json")
    graph = keeper.open("home")
    assert not keeper.keep(graph)
    graph.observe([fridge(1)])
    assert keeper.keep(graph)
    assert not keeper.keep(graph)
    assert len(GraphKeeper(tmp_path / "home.json").open()) == 1


def test_habits_alone_are_worth_a_write(tmp_path: Path) -> None:
    keeper = GraphKeeper(tmp_path / "home.json")
    graph = keeper.open("home")
    graph.observe([fridge(1)])
    keeper.keep(graph)
    inside = ObjectState("unit-7", "Lettuce", (2.0, 0.0, 0.9), 30.0)
    assert graph.consolidate([Change(ChangeKind.APPEARED, "unit-7", 30.0, None, inside)]) == 1
    assert keeper.keep(graph)
    graph.note_search("object-1", found=False, stamp=31.0)
    assert keeper.keep(graph)
    again = GraphKeeper(tmp_path / "home.json").open()
    assert again.habits.weight("Lettuce", "object-1", 30.0) == 1.0
    assert again.looked == {"object-1": 31.0}


def test_each_map_has_a_file(tmp_path: Path) -> None:
    keeper = GraphKeeper(tmp_path / "graph.json")
    home = keeper.open("home")
    home.observe([fridge(1)])
    keeper.keep(home)
    office = keeper.open("the office/2")
    assert len(office) == 0
    office.observe([fridge(1), fridge(2)])
    keeper.keep(office)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["graph.json", "graph.the_office_2.json"]
    again = GraphKeeper(tmp_path / "graph.json")
    assert [len(again.open(name)) for name in ("home", "the office/2", "")] == [1, 2, 1]


def test_what_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "home.json"
    path.write_text('{"format": "karma-scene-graph", "version": 99}')
    keeper = GraphKeeper(path)
    with pytest.raises(GraphFileError, match="newer"):
        keeper.open()
    graph = SceneGraph()
    graph.observe([fridge(1)])
    with pytest.raises(GraphFileError, match="newer"):
        keeper.keep(graph)
    assert json.loads(path.read_text())["version"] == 99
