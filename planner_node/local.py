"""Memory in the planner's own process: `Knowledge` served from a `memory_node.Memory`.

It listens to the robot, so that memory has taken in every frame before the skill that caused it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum

from memory_node.errors import MemoryNodeError
from memory_node.memory import Memory
from memory_node.recollection import Recollection
from planner_node.knowledge import KnowledgeError, SearchPlace
from planner_node.robot import Frame, Robot
from scene_graph.graph import SceneGraph
from scene_graph.ontology import Ontology, ontology
from scene_graph.types import Point, SceneGraphError

__all__ = ["LocalKnowledge", "MemoryMode"]


class MemoryMode(StrEnum):
    """Which memories outlive an instruction; what does not is used within it all the same.

    ``FULL``: both. ``NO_LTM``: short-term only. ``NO_STM``: long-term only. ``NONE``: neither, the reference that
    remembers within an instruction only.
    """

    FULL = "full"
    NO_LTM = "no-ltm"
    NO_STM = "no-stm"
    NONE = "none"


@contextmanager
def _asking() -> Iterator[None]:
    """Turn memory's errors into the planner's."""
    try:
        yield
    except (MemoryNodeError, SceneGraphError) as error:
        raise KnowledgeError(str(error)) from error


class LocalKnowledge:
    """Serves `planner_node.knowledge.Knowledge`; call `close` when done.

    Args:
        memory: Both memories.
        robot: Whose frames memory takes in.
        mode: Which memories outlive an instruction.
        classes: Class knowledge; what ships by default.
    """

    def __init__(
        self, memory: Memory, *, robot: Robot, mode: MemoryMode = MemoryMode.FULL, classes: Ontology | None = None
    ) -> None:
        self._memory = memory
        self._robot = robot
        self._mode = mode
        self._ontology = classes or ontology()
        self._observe(robot.frame())
        self._end: Callable[[], None] | None = robot.subscribe(self._observe)

    def close(self) -> None:
        """Stop listening to the robot; a second call does nothing."""
        if self._end is not None:
            self._end()
            self._end = None

    def begin_instruction(self) -> None:
        """Forget what the mode does not let outlive an instruction; what is in view stays known."""
        if self._mode is MemoryMode.FULL:
            return
        with _asking():
            if self._mode in {MemoryMode.NO_STM, MemoryMode.NONE}:
                moving = [label for label in self._memory.labels() if not self._ontology.get(label).static]
                if moving:
                    self._memory.forget(labels=moving)
            if self._mode in {MemoryMode.NO_LTM, MemoryMode.NONE}:
                self._memory.scene_graph = SceneGraph(map_id=self._memory.scene_graph.map_id)
        self._observe(self._robot.frame())

    def _observe(self, frame: Frame) -> None:
        self._memory.observe(frame.observations, view=frame.view, stamp=frame.stamp, robot_pose=frame.robot_pose)

    def settle(self, seq: int, *, timeout: float = 5.0) -> None:
        """Nothing to wait for: frames are taken in as they come."""

    def recall(
        self,
        query: str,
        *,
        k: int = 5,
        min_score: float | None = None,
        near: tuple[Point, float] | None = None,
        within: str | None = None,
        labels: Collection[str] | None = None,
        states: Collection[str] | None = None,
    ) -> list[Recollection]:
        """See `memory_node.Memory.recall`."""
        with _asking():
            return self._memory.recall(
                query, k=k, min_score=min_score, near=near, within=within, labels=labels, states=states
            )

    def get(self, object_id: str) -> Recollection | None:
        """What memory believes now about one object."""
        with _asking():
            return self._memory.get(object_id)

    def rank_places(
        self, sought: str, *, start: Point, exclude: Collection[str] = (), k: int = 10
    ) -> list[SearchPlace]:
        """See `scene_graph.SceneGraph.rank_places`."""
        with _asking():
            return self._memory.scene_graph.rank_places(sought, start=start, exclude=exclude, k=k)

    def labels(self) -> Sequence[str]:
        """Classes of all that is remembered, sorted."""
        with _asking():
            return self._memory.labels()

    def render(self, instruction: str, *, token_budget: int) -> str:
        """See `memory_node.Memory.render`."""
        with _asking():
            return self._memory.render(instruction, token_budget=token_budget)

    def pin(self, object_id: str) -> None:
        """Keep an object of the running task in short-term memory, as far as there is room."""
        with _asking():
            self._memory.pin(object_id)

    def unpin(self, object_id: str) -> None:
        """Undo `pin`."""
        with _asking():
            self._memory.unpin(object_id)

    def placed(self, object_id: str, holder_id: str) -> bool:
        """Tell memory where a thing was put. See `memory_node.Memory.placed`."""
        with _asking():
            return self._memory.placed(object_id, holder_id)

    def used(self, object_id: str) -> bool:
        """Tell memory that a skill used this object; returns whether it was a hit."""
        with _asking():
            return self._memory.used(object_id)
