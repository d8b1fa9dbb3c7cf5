"""A robot of another kind: all it does is publish ObservationArray and serve execute_skill."""

import pytest
from karma import msg
from karma.action import ExecuteSkill
from rclpy.action import ActionServer

from karma_cli.processes import NodeSpec
from planner_node.robot import Frame, SkillCode, SkillResult
from planner_node.ros.messages import frame_to_message, result_to_message
from scene_graph.ros.qos import EVENTS
from scene_graph.types import Observation

pytestmark = [pytest.mark.ros, pytest.mark.timeout(240)]


class LampRobot:
    """Stands before a floor lamp, and can switch it."""

    def __init__(self, node):
        self._clock = node.get_clock()
        self.lit = True
        self.seq = 0
        self.skills = []
        self._publisher = node.create_publisher(msg.ObservationArray, "robot/observations", EVENTS)
        self._server = ActionServer(node, ExecuteSkill, "robot/execute_skill", self._execute)
        self._look()
        # Nodes come up one by one: like any robot, this one shows its newest frame again and again.
        self._timer = node.create_timer(0.5, self._publish)

    def _look(self):
        self.seq += 1
        stamp = self._clock.now().nanoseconds * 1e-9
        lamp = Observation(
            "FloorLamp", (1.2, 0.0, 0.8), stamp=stamp, object_id=f"lamp@{self.seq}", size=(0.4, 0.4, 1.6),
            states=frozenset(["on" if self.lit else "off"]), source="camera",
        )  # fmt: skip
        self._frame = Frame(seq=self.seq, epoch=0, stamp=stamp, observations=(lamp,), map_id="flat")
        self._publish()

    def _publish(self):
        self._publisher.publish(frame_to_message(self._frame))

    def _execute(self, goal):
        call = goal.request
        self.skills.append(call.skill)
        code = SkillCode.OK
        if call.skill in ("toggle_on", "toggle_off"):
            if call.object_id == f"lamp@{self.seq}":
                self.lit = call.skill == "toggle_on"
            else:
                code = SkillCode.UNKNOWN_OBJECT
        self._look()
        goal.succeed() if code is SkillCode.OK else goal.abort()
        return result_to_message(SkillResult(code=code, seq=self.seq, actions=1, seconds=1.0))


def test_the_planner_works_with_it(stack, client, memory_nodes):
    robot = LampRobot(client.node)
    planner = {"use_sim_time": False}
    stack.start(
        *memory_nodes(),
        NodeSpec(name="planner", module="planner_node.node", config="planner.yaml", parameters=planner),
    )
    client.wait_active(stack, "scene_graph", "memory", "planner")
    events = []
    result = client.execute_task("Turn off the lamp.", events.append)
    assert result.claimed, result.reason
    assert not robot.lit
    assert "toggle_off" in robot.skills
    assert [record["label"] for record in result.recalled] == ["FloorLamp"]
