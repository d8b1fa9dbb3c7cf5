"""Phrases that name no class, or compare, find their things in memory."""

import pytest

from memory_node import Memory
from planner_node.grounding import Grounder
from planner_node.local import LocalKnowledge
from planner_node.parser import noun_phrase
from planner_node.robot import Frame
from planner_node.session import Session
from scene_graph.ontology import ontology
from scene_graph.types import Observation


class Still:
    """A robot that sees nothing new."""

    def frame(self):
        return Frame(seq=1, epoch=0, stamp=1.0, observations=())

    def subscribe(self, listener):
        return lambda: None


@pytest.fixture(scope="module")
def knowledge():
    memory = Memory.open(capacity=64)

    def seen(name, position, *, size=(0.1, 0.1, 0.1), parent=None, states=()):
        label = name.split("-")[0]
        return Observation(
            label, position, stamp=0.0, object_id=name, size=size, parent=parent, states=frozenset(states)
        )

    memory.observe(
        [
            seen("CounterTop", (3.0, 0.0, 0.9), size=(1.0, 3.0, 0.1)),
            seen("DiningTable", (0.0, 5.0, 0.7), size=(1.0, 1.0, 0.1)),
            seen("Drawer-left", (3.0, 1.0, 0.5), size=(0.4, 0.4, 0.2)),
            seen("Drawer-right", (3.0, -1.0, 0.5), size=(0.4, 0.4, 0.2)),
            seen("Drawer-low", (3.0, 0.0, 0.2), size=(0.4, 0.4, 0.2)),
            seen("Plate-small", (2.9, 0.5, 1.0), size=(0.1, 0.1, 0.02), parent="CounterTop", states=("dirty",)),
            seen("Plate-big", (2.9, -0.5, 1.0), size=(0.3, 0.3, 0.02), parent="CounterTop", states=("clean",)),
            seen("Kettle", (3.0, 0.2, 1.0), parent="CounterTop", states=("hot",)),
            seen("Book", (0.1, 5.0, 0.8), parent="DiningTable"),
            seen("Mug", (0.0, 5.2, 0.8), parent="DiningTable", states=("dirty",)),
            seen("Spatula", (0.2, 5.1, 0.8), parent="DiningTable"),
        ]
    )
    return LocalKnowledge(memory, robot=Still())


def find(knowledge, text, *, wanted=None):
    grounder = Grounder(knowledge, Session(), ontology(), (0.0, 0.0, 0.0))
    phrase = noun_phrase(text, ontology())
    return [r.object for r in grounder.find(phrase, grounder.labels(phrase, wanted))]


def is_carried(info):
    return "pickupable" in info.affordances


@pytest.mark.parametrize(
    ("text", "name"),
    [
        # As seen from the origin, looking along x: y grows to the left.
        ("the left drawer", "Drawer-left"),
        ("the right drawer", "Drawer-right"),
        ("the lowest drawer", "Drawer-low"),
        ("the bigger plate", "Plate-big"),
        ("the small plate", "Plate-small"),
        ("the dirty plate", "Plate-small"),
        ("the hot thing", "Kettle"),
        ("something to read", "Book"),
        ("something that you drink coffee from", "Mug"),
    ],
)
def test_the_thing_meant_comes_first(knowledge, text, name):
    wanted = None if "drawer" in text else is_carried
    assert find(knowledge, text, wanted=wanted)[0].sensor_id == name


def test_all_are_those_that_are_where_and_as_it_is_said(knowledge):
    names = {thing.sensor_id for thing in find(knowledge, "everything that is dirty", wanted=is_carried)}
    assert names == {"Plate-small", "Mug"}
    names = {thing.sensor_id for thing in find(knowledge, "everything that is on the dining table", wanted=is_carried)}
    assert names == {"Book", "Mug", "Spatula"}
    assert len(find(knowledge, "all the plates")) == 2
