"""The bound: a robot that is told, when an instruction begins, where everything is. No memory can do better."""

from __future__ import annotations

from memory_node.memory import Memory
from planner_node.local import LocalKnowledge
from planner_node.robot import Robot
from scene_graph.types import Observation
from sim import frames, sensing
from sim.simulation import Simulation

__all__ = ["OmniscientKnowledge"]


class OmniscientKnowledge(LocalKnowledge):
    """Memory that takes in the simulator's ground truth beside what the robot sees.

    Args:
        memory: Both memories, large enough for everything.
        robot: Whose frames memory takes in as well.
        simulation: Where the truth is.
    """

    def __init__(self, memory: Memory, *, robot: Robot, simulation: Simulation) -> None:
        self._simulation = simulation
        super().__init__(memory, robot=robot)

    def begin_instruction(self) -> None:
        """Be told where everything is now."""
        super().begin_instruction()
        metadata = self._simulation.event.metadata
        floor = frames.floor_height(metadata["agent"]["position"])
        stamp = self._robot.frame().stamp
        told = []
        for truth in metadata["objects"]:
            if truth["isPickedUp"]:
                continue
            size = truth["axisAlignedBoundingBox"]["size"]
            parents = truth["parentReceptacles"] or ()
            told.append(
                Observation(
                    truth["objectType"],
                    frames.map_from_thor(truth["axisAlignedBoundingBox"]["center"], floor),
                    stamp=stamp,
                    object_id=truth["objectId"],
                    size=(size["z"], size["x"], size["y"]),
                    states=sensing.object_states(truth),
                    parent=parents[0] if parents else None,
                    source="truth",
                )
            )
        self._memory.observe(told, stamp=stamp)
