"""Mapping a home before anything is asked: drive where the scene graph's explorer says, look around, repeat."""

from __future__ import annotations

from planner_node.robot import Robot, SkillCall
from scene_graph.exploration import Explorer
from scene_graph.graph import SceneGraph

__all__ = ["explore"]


def explore(robot: Robot, graph: SceneGraph, *, seconds: float) -> float:
    """Explore until the home is known, or the time is up.

    Args:
        robot: The embodiment, whose frames reach the graph.
        graph: Long-term memory, which grows meanwhile.
        seconds: Of the robot's clock, at most.

    Returns:
        Seconds that it took.
    """
    explorer = Explorer()
    began = robot.frame().stamp
    reached = True
    while robot.frame().stamp - began < seconds:
        x, y, _ = robot.frame().robot_pose
        if reached:
            robot.execute(SkillCall(skill="look_around"))
            explorer.looked(x, y)
        view = explorer.next(graph.grid, (x, y))
        if view is None:
            break
        call = SkillCall(skill="go_to_pose", target=(*view.position, graph.grid.floor), yaw=view.yaw)
        reached = robot.execute(call).ok
        if not reached:
            explorer.give_up(view.position)
    return robot.frame().stamp - began
