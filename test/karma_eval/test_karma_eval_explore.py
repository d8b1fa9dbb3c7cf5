"""Mapping an unknown home to its end, and looking into what opens."""

import pytest

from karma_eval.explore import explore
from scene_graph import SceneGraph
from sim.bridge import ThorRobot
from sim.simulation import Simulation

pytestmark = [pytest.mark.sim, pytest.mark.timeout(240)]


def mapped(scene, **options):
    """Explore a scene; returns its graph, what was told on the way, and the simulator's objects at the end."""
    with Simulation.start(scene, width=300, height=300) as simulation:
        robot, graph, told = ThorRobot(simulation), SceneGraph(map_id=scene), []

        def take(frame):
            graph.observe(frame.observations, frame.view, robot_pose=frame.robot_pose, stamp=frame.stamp)

        take(robot.frame())
        robot.subscribe(take)
        seconds = explore(robot, graph, on_progress=told.append, **options)
        return graph, told, seconds, simulation.event.metadata["objects"]


def test_exploration_ends_by_itself_and_tells_how_far_it_is():
    # In this plan the robot's lattice misses the places that the explorer asks for.
    graph, told, seconds, _ = mapped("FloorPlan417", seconds=1000.0)
    assert 0 < seconds < 300
    assert {"Toilet", "Sink"} <= set(graph.labels())
    assert [t.seconds for t in told] == sorted(t.seconds for t in told)
    assert told[-1].floor > told[0].floor
    assert all(t.opened == 0 for t in told)


def test_containers_are_opened_looked_into_and_shut_again():
    graph, told, _, objects = mapped("FloorPlan403", seconds=1500.0, open_containers=True)
    doors = [o for o in objects if o["objectType"] in ("Cabinet", "Drawer")]
    assert doors
    assert told[-1].opened >= len(doors) // 2
    assert not [o["objectId"] for o in doors if o["isOpen"]]
    looked = [thing for thing in graph.things.values() if thing.label in ("Cabinet", "Drawer")]
    assert any("closed" in thing.states for thing in looked)


def test_the_time_is_kept():
    _, _, seconds, _ = mapped("FloorPlan403", seconds=10.0)
    assert 10.0 <= seconds < 40.0
