"""The robot's mind in this process: memory, planner and what connects them to the bridge, for one run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from karma_eval.condition import PLANNERS, Condition
from karma_eval.errors import EvalError
from karma_eval.explore import Exploration, explore
from karma_eval.own import is_own, load_own
from karma_eval.rivals import RIVALS, open_rival
from memory_node import policies
from memory_node.memory import Memory
from planner_node.local import LocalKnowledge, MemoryMode
from planner_node.planner import Planner
from planner_node.rules import RulesPlanner
from scene_graph.graph import SceneGraph
from sim.bridge import ThorRobot
from sim.simulation import Simulation

__all__ = ["MEMORIES", "Stack", "make_planner"]

MEMORIES = (*(mode.value for mode in MemoryMode), *RIVALS)
"""Names of memories: ours, whole and in part, and those that it is compared with."""


def make_planner(name: str) -> Planner:
    """A planner by name, or by ``FILE.py:CLASS``; ``llm`` reads its endpoint from the environment.

    Raises:
        EvalError: If there is none of that name, or the file cannot be loaded.
        PlannerError: If it cannot be set up; the message says what is missing.
    """
    if is_own(name):
        own: Planner = load_own(name, "planner")()
        if not all(hasattr(own, needed) for needed in ("name", "plan", "cancel")):
            raise EvalError(f"{name} is no planner: it needs a name, plan(instruction, situation) and cancel()")
        return own
    match name:
        case "rules":
            return RulesPlanner()
        case "llm":
            from planner_node.llm import LlmConfig, LlmPlanner

            defaults = LlmConfig()
            return LlmPlanner(
                LlmConfig(
                    base_url=os.environ.get("OPENAI_BASE_URL") or None,
                    model=os.environ.get("KARMA_LLM_MODEL") or defaults.model,
                )
            )
        case "learned":
            from planner_node.goals import LearnedPlanner

            return LearnedPlanner()
    raise EvalError(f"there is no planner {name!r}; use one of {', '.join(PLANNERS)}")


@dataclass
class Stack:
    """Robot, memory and knowledge, connected.

    Attributes:
        robot: The bridge.
        graph: Long-term memory.
        memory: Short-term memory and recall over both.
        knowledge: What the planner asks.
    """

    robot: ThorRobot
    graph: SceneGraph
    memory: Memory
    knowledge: LocalKnowledge
    mode: MemoryMode

    @classmethod
    @contextmanager
    def open(
        cls, robot: ThorRobot, condition: Condition, *, simulation: Simulation, map_file: Path | None = None
    ) -> Iterator[Stack]:
        """Connect a robot to new memories, for as long as the context lasts.

        Args:
            robot: The bridge.
            condition: Which memories, of what size.
            simulation: The robot's scene, which an omniscient memory reads.
            map_file: A saved scene graph to begin with.

        Raises:
            EvalError: If the condition names an unknown memory.
            PolicyError: If it names an unknown policy.
            SceneGraphError: If the map cannot be read, or is of another scene.
        """
        rival = condition.memory in RIVALS or is_own(condition.memory)
        if condition.memory not in MEMORIES and not rival:
            raise EvalError(
                f"there is no memory {condition.memory!r}; use one of {', '.join(MEMORIES)}, or FILE.py:CLASS"
            )
        map_id = robot.frame().map_id
        graph = SceneGraph(map_id=map_id) if map_file is None else SceneGraph.load(map_file)
        if graph.map_id and graph.map_id != map_id:
            raise EvalError(f"{map_file} is a map of {graph.map_id}; build one of {map_id} with `karma graph build`")
        with Memory.open(
            capacity=condition.capacity,
            policy=condition.policy or policies.DEFAULT,
            archive=condition.archive,
            clock=lambda: robot.clock(),
            scene_graph=graph,
        ) as memory:
            if rival:
                mode, knowledge = MemoryMode.FULL, open_rival(condition.memory, memory, robot, simulation)
            else:
                mode = MemoryMode(condition.memory)
                knowledge = LocalKnowledge(memory, robot=robot, mode=mode)
            try:
                yield cls(robot=robot, graph=graph, memory=memory, knowledge=knowledge, mode=mode)
            finally:
                knowledge.close()

    def begin_instruction(self) -> None:
        """A new instruction: a robot without memory forgets everything, the free space included."""
        if self.mode is MemoryMode.NONE:
            self.robot.forget_map()
        self.knowledge.begin_instruction()

    def explore(
        self,
        seconds: float,
        *,
        open_containers: bool = False,
        on_progress: Callable[[Exploration], None] | None = None,
    ) -> float:
        """Explore for at most so long, see `karma_eval.explore`; returns the simulated seconds that it took."""
        return explore(
            self.robot, self.graph, seconds=seconds, open_containers=open_containers, on_progress=on_progress
        )
