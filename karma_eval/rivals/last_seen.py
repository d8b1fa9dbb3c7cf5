"""A map of where things were seen last, as CAPEAM (arXiv 2308.07241) keeps it: unbounded, and never in doubt."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from karma_eval.rivals.table import TableKnowledge
from memory_node.memory import Memory
from planner_node.robot import Frame, Robot
from scene_graph.types import ObjectState, Observation

__all__ = ["LastSeenKnowledge"]

_SAME = 0.5
"""Metres within which an observation is of the thing in a row."""


class LastSeenKnowledge(TableKnowledge):
    """One row a thing: its newest place and states. No absence, no history, no bound.

    Args:
        memory: For what keeps its place.
        robot: Whose frames it takes in.
    """

    def __init__(self, memory: Memory, *, robot: Robot) -> None:
        self._rows: dict[str, ObjectState] = {}
        self._sensor: dict[str, str] = {}
        super().__init__(memory, robot=robot)

    def take(self, seen: Sequence[Observation], frame: Frame) -> None:
        """Overwrite the nearest row of the class, or add one."""
        self._sensor = {}
        taken: set[str] = set()
        for observation in sorted(seen, key=lambda o: not o.held):
            row = self._row_of(observation, taken)
            taken.add(row)
            self._rows[row] = ObjectState(
                object_id=row,
                label=observation.label,
                position=observation.position,
                stamp=frame.stamp,
                states=observation.states,
                size=observation.size,
                held=observation.held,
                source=observation.source,
                sensor_id=observation.object_id,
            )
            if observation.object_id is not None:
                self._sensor[observation.object_id] = row
        for row, state in self._rows.items():
            if state.held and row not in taken:
                self._rows[row] = state.but(held=False)  # the gripper reports it no more

    def find(self, query: str, labels: Collection[str] | None) -> list[tuple[ObjectState, float]]:
        """Rows of the classes, newest first."""
        wanted = set(labels) if labels is not None else set(self._ontology.find(query))
        rows = sorted((s for s in self._rows.values() if s.label in wanted), key=lambda s: -s.stamp)
        return [(state, 0.9 - 0.01 * min(n, 50)) for n, state in enumerate(rows)]

    def state(self, object_id: str) -> ObjectState | None:
        """The row of an id."""
        return self._rows.get(self._sensor.get(object_id, object_id))

    def kept(self) -> Collection[str]:
        """Classes in the table."""
        return {state.label for state in self._rows.values()}

    def _row_of(self, observation: Observation, taken: set[str]) -> str:
        alike = [s for s in self._rows.values() if s.label == observation.label and s.object_id not in taken]
        # What was in the hand a frame ago is what lies there now.
        carried = [s for s in alike if s.held]
        near = [s for s in alike if math.dist(s.position, observation.position) <= _SAME]
        best = min(carried or near, key=lambda s: math.dist(s.position, observation.position), default=None)
        return best.object_id if best is not None else f"row-{len(self._rows)}"
