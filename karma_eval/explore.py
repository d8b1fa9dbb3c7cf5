"""Mapping a home before anything is asked: drive to where the floor seen so far ends, look around, repeat."""

from __future__ import annotations

import math

from planner_node.robot import Robot, SkillCall
from scene_graph.graph import SceneGraph

__all__ = ["explore"]

_SAME = 0.4
"""Frontiers nearer to one another than this are one, metres."""


def explore(robot: Robot, graph: SceneGraph, *, seconds: float) -> float:
    """Explore until nothing is left that can be reached, or the time is up.

    Args:
        robot: The embodiment, whose frames reach the graph.
        graph: Long-term memory, which knows where the seen floor ends.
        seconds: Of the robot's clock, at most.

    Returns:
        Seconds that it took.
    """
    began = robot.frame().stamp
    done: list[tuple[float, float]] = []
    robot.execute(SkillCall(skill="look_around"))
    while robot.frame().stamp - began < seconds:
        x, y, _ = robot.frame().robot_pose
        open_ends = [
            f for f in graph.grid.frontiers(start=(x, y)) if all(math.dist(f.position, old) > _SAME for old in done)
        ]
        if not open_ends:
            break
        # Near and long first: a metre of frontier is worth two of travel.
        best = min(open_ends, key=lambda f: math.dist(f.position, (x, y)) - 2 * f.length)
        done.append(best.position)
        ahead = math.atan2(best.position[1] - y, best.position[0] - x)
        goal = (*best.position, 0.0)
        if robot.execute(SkillCall(skill="go_to_pose", target=goal, yaw=ahead)).ok:
            robot.execute(SkillCall(skill="look_around"))
    return robot.frame().stamp - began
