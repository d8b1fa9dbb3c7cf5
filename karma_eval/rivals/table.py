"""What rival memories share: fixtures go to the same scene graph as ours, and things that move to a table of theirs.

So a comparison is of how movable things are remembered, and of nothing else: planner, skills, sight and long-term
memory are the same.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Collection, Sequence

from memory_node.memory import Memory
from memory_node.recollection import Recollection
from planner_node.local import LocalKnowledge
from planner_node.robot import Frame, Robot
from scene_graph.types import ObjectState, Observation, Point

__all__ = ["TableKnowledge"]


class TableKnowledge(LocalKnowledge):
    """`planner_node.knowledge.Knowledge` over a table of movable things.

    A rival says what it keeps of a frame (`take`), and what it has on a question (`find`).

    Args:
        memory: For what keeps its place; nothing that moves is put into it.
        robot: Whose frames it takes in.
    """

    def __init__(self, memory: Memory, *, robot: Robot) -> None:
        self._now = 0.0
        super().__init__(memory, robot=robot)

    @abstractmethod
    def take(self, seen: Sequence[Observation], frame: Frame) -> None:
        """Take in the movable things of a frame."""

    @abstractmethod
    def find(self, query: str, labels: Collection[str] | None) -> list[tuple[ObjectState, float]]:
        """What is remembered of these classes, or of what a text means, with a score in [0, 1], best first."""

    @abstractmethod
    def state(self, object_id: str) -> ObjectState | None:
        """What is remembered under an id of this memory's or a sensor id of the newest frame."""

    @abstractmethod
    def kept(self) -> Collection[str]:
        """Classes of the movable things that are remembered."""

    def _observe(self, frame: Frame) -> None:
        fixed = [o for o in frame.observations if self._ontology.get(o.label).static]
        self._memory.observe(fixed, view=frame.view, stamp=frame.stamp, robot_pose=frame.robot_pose)
        self.take([o for o in frame.observations if not self._ontology.get(o.label).static], frame)
        self._now = frame.stamp

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
        """See `planner_node.knowledge.Knowledge.recall`; containers' contents are judged by nearness alone."""
        fixed = super().recall(query, k=k, min_score=min_score, near=near, within=within, labels=labels, states=states)
        around = near
        if within is not None:
            container = super().get(within)
            around = None if container is None else (container.position, 0.6)
        moving = [
            self._recollect(state, score)
            for state, score in self.find(query, labels)
            if (around is None or math.dist(state.position, around[0]) <= around[1])
            and set(states or ()) <= {s.split(":", 1)[0] for s in state.states} | state.states
        ]
        return sorted([*moving, *fixed], key=lambda r: -r.score)[:k]

    def get(self, object_id: str) -> Recollection | None:
        """What is remembered about one object."""
        state = self.state(object_id)
        return super().get(object_id) if state is None else self._recollect(state, 1.0)

    def labels(self) -> Sequence[str]:
        """Classes of all that is remembered, sorted."""
        return sorted({*super().labels(), *self.kept()})

    def pin(self, object_id: str) -> None:
        """Nothing leaves a table."""

    def unpin(self, object_id: str) -> None:
        """Nothing leaves a table."""

    def placed(self, object_id: str, holder_id: str) -> bool:
        """A table knows only what was seen."""
        return False

    def used(self, object_id: str) -> bool:
        """There is no short-term memory to hit."""
        return False

    def _recollect(self, state: ObjectState, score: float) -> Recollection:
        return Recollection(object=state, score=score, age=self._now - state.stamp, tier="archive")
