"""From where things were seen: kept, followed, forgotten, and used for what shows from few places."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planner_world import AREAS, Home, SymbolicRobot, TrackingKnowledge, kitchen

from planner_node.agent import Agent
from planner_node.robot import Frame, SkillCall
from planner_node.sightings import Sightings
from scene_graph.types import Observation


def frame(*observations, pose=(0.0, 0.0, 0.0), seq=1):
    return Frame(seq=seq, epoch=0, stamp=float(seq), observations=observations, robot_pose=pose)


def mug(sensor_id, x=1.0, *, confidence=1.0, held=False):
    return Observation("Mug", (x, 0.0, 0.9), stamp=0.0, object_id=sensor_id, confidence=confidence, held=held)


def test_the_pose_from_which_it_showed_best_is_kept_under_the_newest_sensor_id():
    sightings = Sightings()
    sightings(frame(mug("a", confidence=0.6), pose=(0.0, 0.0, 0.0)))
    sightings(frame(mug("b", confidence=0.9), pose=(0.2, 0.0, 0.5)))
    sightings(frame(mug("c", confidence=0.7), pose=(0.1, 0.0, 1.0)))
    assert sightings.of("a") is None
    assert sightings.of("b") is None
    assert sightings.of("c").pose == (0.2, 0.0, 0.5)


def test_what_is_out_of_reach_or_held_is_no_sighting_but_renews_the_id_of_one():
    sightings = Sightings()
    sightings(frame(mug("held", held=True)))
    sightings(frame(mug("far"), pose=(-3.0, 0.0, 0.0)))
    assert sightings.of("held") is None
    assert sightings.of("far") is None
    sightings(frame(mug("near", confidence=0.5)))
    sightings(frame(mug("far again"), pose=(-3.0, 0.0, 0.0)))
    assert sightings.of("far again").pose == (0.0, 0.0, 0.0)


def test_what_memory_forgot_is_forgotten():
    sightings = Sightings()
    sightings(frame(mug("a"), mug("b", 0.5)))
    sightings.drop_unknown(lambda sensor_id: sensor_id == "b")
    assert sightings.of("a") is None
    assert sightings.of("b") is not None


@given(st.lists(st.tuples(st.floats(-1.0, 1.0), st.floats(0.0, 1.0)), max_size=40))
def test_each_thing_seen_last_is_found_and_few_are_kept(seen):
    sightings = Sightings()
    for n, (x, confidence) in enumerate(seen):
        sightings(frame(mug(f"m{n}", x, confidence=confidence), seq=n + 1))
        assert sightings.of(f"m{n}") is not None
    assert sum(sightings.of(f"m{n}") is not None for n in range(len(seen))) <= 12


class Shy(Home):
    """The potato shows only where `shows` says so, once `shy` is set; nor does its absence."""

    shy = False

    def shows(self, x, y, off):
        raise NotImplementedError

    def sees(self, thing):
        if thing.label != "Potato" or not self.shy or thing.name == self.held:
            return super().sees(thing)
        x, y, yaw = self.pose
        px, py, _ = thing.position
        off = abs((math.atan2(py - y, px - x) - yaw + math.pi) % (2 * math.pi) - math.pi)
        return super().sees(thing) and self.shows(x, y, off)


class ShowsAtTheSide(Shy):
    def shows(self, x, y, off):
        return off > math.radians(25)


class ShowsFromOnePlace(Shy):
    def shows(self, x, y, off):
        return math.dist((x, y), (1.0, 0.0)) < 0.05


@pytest.mark.parametrize("kind", [ShowsAtTheSide, ShowsFromOnePlace])
def test_what_shows_from_few_places_is_picked_up_without_a_search(kind):
    plain = kitchen()
    home = kind(things=plain.things, pose=(1.0, 0.0, 0.0), knobs=plain.knobs)
    robot = SymbolicRobot(home)
    knowledge = TrackingKnowledge(robot, AREAS)
    robot.execute(SkillCall(skill="look_around"))
    agent = Agent(robot, knowledge)
    assert agent.run("turn on the lamp").claimed
    home.shy = True
    result = agent.run("pick up the potato")
    assert result.claimed
    assert home.held == "potato"
    assert not result.searched
    assert not result.stale
