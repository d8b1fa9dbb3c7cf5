"""Memory follows the scene graph by what changed in it, and knows the same as by reading all of it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from memory_node import Memory
from memory_node.replica import GraphReplica
from memory_node.surroundings import Surroundings
from scene_graph.graph import SceneGraph
from scene_graph.ontology import ontology
from scene_graph.types import ObjectState, Observation

LABELS = ("CounterTop", "Fridge", "Sofa", "Painting")


def state(number, label, x, sensor_id):
    size = (1.0, 1.0, 1.0) if number % 2 else None
    return ObjectState(f"object-{number}", label, (float(x), 0.0, 0.5), 1.0, size=size, sensor_id=sensor_id)


states = st.builds(
    state, st.integers(0, 5), st.sampled_from(LABELS), st.integers(0, 9), st.sampled_from([None, "a", "b"])
)
steps = st.lists(st.tuples(st.booleans(), st.lists(states, max_size=4), st.sets(st.integers(0, 5))), max_size=12)


def known(memory):
    beliefs = memory._beliefs
    beliefs.sync()
    places = {i: beliefs.columns.column("position")[row].tolist() for i, row in beliefs.columns.rows.items()}
    supports = {
        (label, x): beliefs.surroundings.support(label, (float(x), 0.0, 1.05), (0.1, 0.1, 0.1))
        for label in ("Apple", "Plate", "Pillow")
        for x in range(10)
    }
    return beliefs.graph_states, places, supports


@settings(max_examples=60, deadline=None)
@given(steps)
def test_following_updates_is_the_same_as_reading_everything(steps):
    replica = GraphReplica()
    with Memory.open(scene_graph=replica) as follower:
        for whole, changed, removed in steps:
            version = replica.version + 1
            changed = list({s.object_id: s for s in changed}.values())
            if whole:
                replica.replace(changed, {}, version=version)
            else:
                gone = [f"object-{n}" for n in removed if f"object-{n}" not in {s.object_id for s in changed}]
                assert replica.apply(changed, gone, None, base_version=replica.version, version=version)
            followed = known(follower)
            with Memory.open(scene_graph=replica) as reader:
                assert followed == known(reader)
            for sensor_id, object_id in follower._beliefs.graph_aliases.items():
                assert follower._beliefs.graph_states[object_id].sensor_id == sensor_id


def test_a_frame_that_shows_one_thing_reads_one_thing(monkeypatch):
    graph = SceneGraph()
    with Memory.open(scene_graph=graph) as memory:
        things = [
            Observation("Painting", (3.0 * n, 0.0, 1.0), stamp=0.0, size=(0.5, 0.1, 0.5), object_id=f"p{n}")
            for n in range(40)
        ]
        memory.observe(things)
        read = []
        news = SceneGraph.news
        monkeypatch.setattr(SceneGraph, "objects", lambda _: (_ for _ in ()).throw(AssertionError("read everything")))
        monkeypatch.setattr(SceneGraph, "news", lambda self, version: read.append(news(self, version)) or read[-1])
        memory.observe([Observation("Painting", (9.0, 0.0, 1.0), stamp=1.0, size=(0.5, 0.1, 0.5), object_id="p3")])
        assert [[s.sensor_id for s in changed] for changed, _ in read] == [["p3"]]
        assert memory.get("p3").stamp == 1.0


def test_what_is_no_receptacle_any_more_supports_nothing():
    around = Surroundings(ontology())
    around.update([state(1, "CounterTop", 0, None), state(3, "CounterTop", 5, None)], [])
    assert around.support("Apple", (0.0, 0.0, 1.05), (0.1, 0.1, 0.1)) == "object-1"
    around.update([state(1, "Painting", 0, None)], [])
    assert around.support("Apple", (0.0, 0.0, 1.05), (0.1, 0.1, 0.1)) is None
    assert around.support("Apple", (5.0, 0.0, 1.05), (0.1, 0.1, 0.1)) == "object-3"
    around.update([], ["object-3", "object-9"])
    assert around.support("Apple", (5.0, 0.0, 1.05), (0.1, 0.1, 0.1)) is None
