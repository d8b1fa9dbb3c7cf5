"""The planner over the real memory, in one process."""

import pytest
from planner_world import SymbolicRobot, kitchen

from memory_node.memory import Memory
from planner_node.agent import Agent
from planner_node.knowledge import KnowledgeError
from planner_node.local import LocalKnowledge, MemoryMode
from planner_node.robot import SkillCall


@pytest.fixture
def make():
    opened = []

    def build(mode=MemoryMode.FULL, capacity=40):
        robot = SymbolicRobot(kitchen())
        memory = Memory.open(capacity=capacity, clock=lambda: robot.frame().stamp)
        knowledge = LocalKnowledge(memory, robot=robot, mode=mode)
        opened.extend([knowledge, memory])
        robot.execute(SkillCall(skill="look_around"))
        return robot, memory, knowledge

    yield build
    for item in opened:
        item.close()


def test_a_history_of_instructions_over_real_memory(make):
    robot, _, knowledge = make()
    agent = Agent(robot, knowledge)
    for text in ("Wash the mug.", "Put it on the table.", "Put the apple in the fridge.", "Slice the tomato."):
        result = agent.run(text)
        assert result.claimed, (text, result.reason)
    assert robot.home.things["apple"].parent == "fridge"
    assert "clean" in robot.home.state("mug")


def test_hits_are_counted(make):
    robot, _, knowledge = make()
    result = Agent(robot, knowledge).run("Take the apple.")
    assert result.claimed, result.reason
    assert (result.uses, result.hits) == (1, 1)


@pytest.mark.parametrize(
    ("mode", "moving", "fixed"),
    [
        (MemoryMode.FULL, True, True),
        (MemoryMode.NO_STM, False, True),
        (MemoryMode.NO_LTM, True, False),
        (MemoryMode.NONE, False, False),
    ],
)
def test_modes_say_what_outlives_an_instruction(make, mode, moving, fixed):
    robot, _, knowledge = make(mode)
    robot.execute(SkillCall(skill="look_at", target=(2.0, 0.0, 0.0)))
    knowledge.begin_instruction()
    labels = set(knowledge.labels())
    assert ("Tomato" in labels) == moving
    assert ("CoffeeMachine" in labels) == fixed
    assert "Apple" in labels, "what is in view stays known"


def test_errors_of_memory_are_the_planner_s(make):
    _, _, knowledge = make()
    with pytest.raises(KnowledgeError):
        knowledge.pin("nobody")


def test_closing_ends_listening(make):
    robot, _, knowledge = make()
    knowledge.close()
    robot.home.add("vase", "Vase", 1.0, 0.0)
    robot.execute(SkillCall(skill="look_around"))
    assert "Vase" not in knowledge.labels()
