"""A kitchen, a robot in it, and an agent that has looked around once."""

import pytest
from planner_http import Server
from planner_world import AREAS, SymbolicRobot, TrackingKnowledge, kitchen

from planner_node.agent import Agent
from planner_node.robot import SkillCall


class Setup:
    def __init__(self, home, *, look=True):
        self.home = home
        self.robot = SymbolicRobot(home)
        self.knowledge = TrackingKnowledge(self.robot, AREAS)
        if look:
            self.robot.execute(SkillCall(skill="look_around"))
        self.events = []
        self.agent = Agent(self.robot, self.knowledge, on_event=self.events.append)

    def run(self, instruction):
        self.robot.calls.clear()
        result = self.agent.run(instruction)
        # Every instruction begins with a look at what is there now.
        self.robot.calls = [call for call in self.robot.calls if call[0] != "wait"]
        return result


@pytest.fixture
def setup():
    return Setup(kitchen())


@pytest.fixture
def stranger():
    """The same home, never seen before."""
    return Setup(kitchen(), look=False)


@pytest.fixture
def serve():
    servers = []

    def start(behave):
        servers.append(Server(behave))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
