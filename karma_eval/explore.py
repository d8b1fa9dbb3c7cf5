"""Mapping a home before anything is asked: drive where the scene graph's explorer says, look around, repeat.

Then, if asked to, look into everything that opens, nearest first, and shut it again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from planner_node.robot import Robot, SkillCall
from scene_graph.exploration import Explorer
from scene_graph.graph import SceneGraph
from scene_graph.types import ObjectState, Observation

__all__ = ["Exploration", "explore"]

_ATTEMPTS = 3
"""Viewpoints from which opening a container is tried."""
_SAME = 0.4
"""Metres between a container's middle and that of its front in the newest frame, at most."""


@dataclass(frozen=True, kw_only=True)
class Exploration:
    """How far an exploration is.

    Attributes:
        seconds: Of the robot's clock, since it began.
        floor: Free floor seen, square metres.
        areas: How many areas cover it.
        things: How many things that keep their place were found.
        opened: How many containers were looked into.
        doing: What comes next, in words.
    """

    seconds: float
    floor: float
    areas: int
    things: int
    opened: int
    doing: str


def explore(
    robot: Robot,
    graph: SceneGraph,
    *,
    seconds: float,
    open_containers: bool = False,
    on_progress: Callable[[Exploration], None] | None = None,
) -> float:
    """Explore until the home is known, or the time is up.

    Args:
        robot: The embodiment, whose frames reach the graph.
        graph: Long-term memory, which grows meanwhile.
        seconds: Of the robot's clock, at most.
        open_containers: Whether to look into cupboards, drawers and the like as well.
        on_progress: Called before each step.

    Returns:
        Seconds that it took.
    """
    run = _Run(robot, graph, robot.frame().stamp + seconds, on_progress)
    run.look_everywhere()
    if open_containers:
        run.open_everything()
    return run.seconds


class _Run:
    """One exploration."""

    def __init__(
        self, robot: Robot, graph: SceneGraph, deadline: float, on_progress: Callable[[Exploration], None] | None
    ) -> None:
        self._robot = robot
        self._graph = graph
        self._began = robot.frame().stamp
        self._deadline = deadline
        self._on_progress = on_progress
        self._opened = 0

    @property
    def seconds(self) -> float:
        """Since it began, on the robot's clock."""
        return self._robot.frame().stamp - self._began

    @property
    def _in_time(self) -> bool:
        return self._robot.frame().stamp < self._deadline

    def look_everywhere(self) -> None:
        """Go where the explorer says until it is content."""
        explorer = Explorer()
        x, y, _ = self._robot.frame().robot_pose
        self._tell("looking around")
        self._robot.execute(SkillCall(skill="look_around"))
        explorer.looked(x, y)
        while self._in_time:
            x, y, _ = self._robot.frame().robot_pose
            view = explorer.next(self._graph.grid, (x, y))
            if view is None:
                return
            what = "unseen floor" if view.reason == "frontier" else "furniture seen from afar only"
            self._tell(f"{view.gain:.1f} m² of {what}, {view.cost:.1f} m away")
            call = SkillCall(skill="go_to_pose", target=(*view.position, self._graph.grid.floor), yaw=view.yaw)
            if not self._robot.execute(call).ok:
                explorer.give_up(view.position)
                continue
            self._robot.execute(SkillCall(skill="look_around"))
            x, y, _ = self._robot.frame().robot_pose
            explorer.looked(x, y, meant=view.position)

    def open_everything(self) -> None:
        """Open each closed container once, nearest first, look, and shut it."""
        done: set[str] = set()
        while self._in_time:
            container = self._nearest_closed(done)
            if container is None:
                return
            done.add(container.object_id)
            self._tell(f"looking into {container.label} {container.object_id}")
            self._opened += self._look_into(container)

    def _nearest_closed(self, done: set[str]) -> ObjectState | None:
        known = self._graph.knowledge
        closed = [
            thing
            for thing in self._graph.objects()
            if thing.object_id not in done and not thing.stale and known.get(thing.label).closes
        ]
        closed = [thing for thing in closed if "open" not in thing.states]
        if not closed:
            return None
        x, y, _ = self._robot.frame().robot_pose
        ways = self._graph.grid.distances((x, y), [thing.position[:2] for thing in closed], within=1.0).tolist()
        return min(zip(ways, closed, strict=True), key=lambda pair: (pair[0], pair[1].object_id))[1]

    def _look_into(self, container: ObjectState) -> bool:
        """Whether it could be opened and looked into."""
        for attempt in range(_ATTEMPTS):
            if not self._in_time:
                return False
            self._robot.execute(SkillCall(skill="go_to", target=container.position, attempt=attempt))
            shut = self._in_view(container, "closed")
            if shut is None or not self._robot.execute(SkillCall(skill="open", object_id=shut.object_id)).ok:
                continue
            self._robot.execute(SkillCall(skill="look_at", target=container.position))
            wide = self._in_view(container, "open")
            if wide is not None:
                self._robot.execute(SkillCall(skill="close", object_id=wide.object_id))
            return True
        return False

    def _in_view(self, container: ObjectState, state: str) -> Observation | None:
        """The container's observation in the newest frame: of its class, in that state, nearest to its place."""

        def apart(seen: Observation) -> float:
            # An open drawer is nearer to the robot than a shut one, and still at its height.
            level, height = math.dist(seen.position[:2], container.position[:2]), seen.position[2]
            return level + 2.0 * abs(height - container.position[2])

        like = [o for o in self._robot.frame().observations if o.label == container.label and state in o.states]
        nearest = min(like, key=apart, default=None)
        slide = max(container.size or (0.0,)) / 2
        return nearest if nearest is not None and apart(nearest) < _SAME + slide else None

    def _tell(self, doing: str) -> None:
        if self._on_progress is not None:
            self._on_progress(
                Exploration(
                    seconds=self.seconds,
                    floor=self._graph.grid.area(),
                    areas=len(self._graph.areas.areas),
                    things=len(self._graph),
                    opened=self._opened,
                    doing=doing,
                )
            )
