"""What the executor believes: only what it sees; and how it leaves the home."""

import threading
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planner_world import AREAS, Home, SymbolicRobot, TrackingKnowledge, kitchen

from planner_node.agent import Agent
from planner_node.evidence import Box, Evidence, contradicts, whereabouts
from planner_node.knowledge import KnowledgeError
from planner_node.robot import Frame, SkillCall, SkillCode
from scene_graph.types import Observation

BOX = Box((0.0, 0.0, 0.5), (1.0, 1.0, 1.0))


def frame(*things):
    return Frame(seq=1, epoch=0, stamp=0.0, observations=things)


def mug(x, y, z, **more):
    return Observation("Mug", (x, y, z), stamp=0.0, object_id=more.pop("object_id", "m"), **more)


@pytest.mark.parametrize(
    ("thing", "before", "evidence"),
    [
        (mug(0.5, 0.5, 1.05), 0, Evidence.THERE),
        (mug(0.5, 0.5, 0.05), 0, Evidence.ELSEWHERE),
        (mug(3.0, 0.5, 1.0), 0, Evidence.ELSEWHERE),
        (mug(3.0, 0.5, 1.0, parent="table"), 0, Evidence.THERE),
        (None, 1, Evidence.UNSEEN),
    ],
)
def test_where_a_thing_that_was_put_down_is_seen(thing, before, evidence):
    shown = frame(*([thing] if thing is not None else []))
    assert whereabouts(shown, "Mug", BOX, receptacle="table", own=thing, before=before) is evidence


def test_a_twin_that_lay_there_before_proves_nothing():
    twin = mug(0.2, 0.2, 1.0, object_id="twin")
    assert whereabouts(frame(twin), "Mug", BOX, receptacle=None, own=None, before=1) is Evidence.UNSEEN
    both = frame(twin, mug(0.8, 0.8, 1.0))
    assert whereabouts(both, "Mug", BOX, receptacle=None, own=None, before=1) is Evidence.THERE


def test_another_liquid_contradicts_and_any_liquid_fills():
    assert contradicts({"filled:water"}, "filled:coffee")
    assert not contradicts({"filled:coffee"}, "filled:coffee")
    assert not contradicts({"filled:water"}, "filled")
    assert contradicts({"empty"}, "filled:coffee")
    assert not contradicts({"dirty"}, "filled:coffee")


def test_what_falls_beside_its_place_is_taken_up_again(setup):
    once = []

    def slip(call):
        if call.skill == "look_at" and not once:
            return
        if call.skill == "put" and not once:
            once.append(call)

    original = setup.robot._put

    def put(thing):
        held = setup.home.things[setup.home.held]
        code = original(thing)
        if len(once) == 1 and code is SkillCode.OK:
            once.append("slipped")
            held.parent = None
            held.position = (thing.position[0] - 0.3, thing.position[1], 0.02)
        return code

    setup.robot.before, setup.robot._put = slip, put
    result = setup.run("Put the apple on the table.")
    assert result.claimed, result.reason
    assert setup.home.things["apple"].parent == "table"
    assert [c for c in setup.robot.calls if c[0] == "put"] == [("put", "table")] * 2


def test_what_cannot_be_seen_in_its_place_is_said(setup):
    original = setup.home.sees
    setup.home.sees = lambda thing: (
        (original(thing) and setup.home.things["apple"].parent != "bin") or (thing.name != "apple" and original(thing))
    )
    result = setup.run("Put the apple in the bin.")
    assert result.claimed
    assert "could not see" in result.reason


def test_what_somebody_moves_while_the_robot_reaches_for_it_is_found_again(setup):
    def move(call):
        if call.skill == "pick_up" and setup.home.things["apple"].parent == "counter":
            apple = setup.home.things["apple"]
            apple.position, apple.parent = (0.2, 2.5, 0.75), "table"
            setup.home.fail["pick_up", "apple"] = [SkillCode.NOT_VISIBLE]

    setup.robot.before = move
    result = setup.run("Put the apple in the sink.")
    assert result.claimed, result.reason
    assert setup.home.inside("apple", "basin")


def test_one_that_was_spoken_of_is_not_replaced_by_a_look_alike(setup):
    setup.home.add("cup", "Cup", 2.0, 0.2, 0.95, on="counter", states={"filled:water"})
    setup.robot.execute(SkillCall(skill="look_around"))
    assert setup.run("Put the cup on the table.").claimed
    setup.home.things.pop("cup")
    setup.robot.names = {}
    result = setup.run("Empty the cup.")
    assert not result.claimed
    assert "cup" in result.reason


def test_coffee_is_not_claimed_of_water(setup):
    setup.home.state("mug").discard("empty")
    setup.home.state("mug").add("filled:water")
    setup.robot.execute(SkillCall(skill="look_around"))
    result = setup.run("Make coffee in the mug.")
    assert result.claimed, result.reason
    assert ("empty", "mug") in setup.robot.calls


@settings(max_examples=25, deadline=None)
@given(
    at=st.integers(min_value=0, max_value=22),
    instruction=st.sampled_from(["Wash the plate.", "Heat the potato in the microwave.", "Heat the pot on the stove."]),
    broken_memory=st.booleans(),
)
def test_cancelled_at_any_moment_nothing_is_left_running_and_memory_is_true(at, instruction, broken_memory):
    robot = SymbolicRobot(kitchen())
    knowledge = TrackingKnowledge(robot, AREAS)
    robot.execute(SkillCall(skill="look_around"))
    agent = Agent(robot, knowledge)
    count = [0]

    def interrupt(call):
        count[0] += 1
        if count[0] == at + 1:
            thread = threading.Thread(target=agent.cancel)
            thread.start()
            thread.join()
            if broken_memory:

                def fail(*arguments, **options):
                    raise KnowledgeError("away")

                knowledge.get = fail

    robot.before = interrupt
    result = agent.run(instruction)
    assert result.cancelled or result.claimed or broken_memory
    assert not (result.cancelled and result.claimed)
    assert all("on" not in robot.home.state(n) for n in ("faucet", "microwave", "knob", "knob2", "burner", "burner2"))
    held = [s for s in knowledge.known.values() if s.held]
    assert [s.object_id for s in held] == ([f"m-{robot.home.held}"] if robot.home.held else [])


def test_cancelled_before_it_runs_it_does_not_begin(setup):
    result = setup.agent.run("Wash the plate.", given_up=lambda: True)
    assert result.cancelled
    assert setup.robot.calls == [("look_around", "")]


class WrongDoor(Home):
    """Nothing shows of the potato, nor that it is gone, unless the second cabinet is open."""

    def sees(self, thing):
        if thing.label == "Potato" and "open" not in self.state("cabinet2") and thing.name != self.held:
            return False
        return super().sees(thing)


def hidden_setup(home, *doors):
    """A robot that has seen what is behind doors, which somebody has closed since."""
    for door in doors:
        home.things[door].states = {"open"}
    robot = SymbolicRobot(home)
    knowledge = TrackingKnowledge(robot, AREAS)
    robot.execute(SkillCall(skill="look_around"))
    for door in doors:
        home.things[door].states = {"closed"}
    robot.execute(SkillCall(skill="look_around"))
    return Agent(robot, knowledge), knowledge


def test_of_like_doors_in_a_row_the_next_is_opened_when_the_one_that_memory_takes_for_it_hides_nothing():
    plain = kitchen()
    home = WrongDoor(things=plain.things, pose=plain.pose, knobs=plain.knobs)
    home.add("cabinet2", "Cabinet", 2.0, -1.1, 0.4, states={"closed"})
    home.things["potato"].parent, home.things["potato"].position = "cabinet2", (2.0, -1.0, 0.4)
    agent, knowledge = hidden_setup(home, "cabinet2")
    knowledge.known["m-potato"] = knowledge.known["m-potato"].but(parent="m-cabinet")
    result = agent.run("pick up the potato")
    assert result.claimed
    assert home.held == "potato"
    assert not result.searched
    assert home.state("cabinet") == home.state("cabinet2") == {"closed"}


def test_what_is_in_a_dish_behind_a_door_is_behind_that_door():
    home = kitchen()
    home.add("cup", "Cup", 2.0, -0.7, 0.4, on="cabinet", states={"clean", "empty"})
    home.add("pencil", "Pencil", 2.0, -0.7, 0.45, on="cup")
    agent, _ = hidden_setup(home, "cabinet")
    result = agent.run("pick up the pencil")
    assert result.claimed
    assert home.held == "pencil"
    assert not result.searched
    assert home.state("cabinet") == {"closed"}


def test_memory_is_told_where_a_thing_was_put_that_it_would_not_take_for_its_place(setup):
    told = []
    setup.knowledge.placed = lambda thing, holder: bool(told.append((thing, holder))) or True
    assert setup.run("put the apple on the table").claimed
    assert told == []
    known = setup.knowledge.get

    def without_place(object_id):
        found = known(object_id)
        return found and replace(found, object=found.object.but(parent=None))

    setup.knowledge.get = without_place
    assert setup.run("put the apple in the fridge").claimed
    assert told == [("m-apple", "m-fridge")]


def test_a_place_that_something_stands_in_the_way_of_is_soon_left_for_another_like_it(setup):
    setup.home.fail["put", "counter"] = [SkillCode.BLOCKED] * 20
    assert setup.run("put the plate on the counter").claimed
    assert setup.home.things["plate"].parent == "counter2"
    assert 0 < setup.robot.calls.count(("put", "counter")) <= 2


def test_the_only_place_is_tried_from_more_sides(setup):
    setup.home.fail["put", "table"] = [SkillCode.BLOCKED] * 4
    assert setup.run("put the mug on the table").claimed
    assert setup.home.things["mug"].parent == "table"
