"""One thing that was seen under two ids has one state of each kind: the newest."""

import pytest

from scene_graph.objects import SceneObject
from scene_graph.types import Observation


def safe(object_id, state, stamp):
    seen = Observation("Safe", (1.0, 0.0, 0.3), stamp=stamp, size=(0.4, 0.4, 0.4), states=frozenset({state}))
    return SceneObject.first_seen(object_id, seen)


@pytest.mark.parametrize(("first", "second", "left"), [(1.0, 2.0, "open"), (2.0, 1.0, "closed")])
def test_the_newest_of_opposite_states_is_left(first, second, left):
    thing = safe("a", "closed", first)
    thing.absorb(safe("b", "open", second))
    assert thing.state().states == {left}
    assert dict(thing.state().state_stamps) == {left: 2.0}
