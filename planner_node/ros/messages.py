"""Types of `planner_node` ↔ ROS messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from karma import msg
from karma.action import ExecuteSkill, ExecuteTask

from planner_node.result import TaskResult
from planner_node.robot import Frame, SkillCall, SkillCode, SkillResult
from scene_graph.ros.frames import robot_pose
from scene_graph.ros.messages import (
    header,
    observation_from_message,
    observation_to_message,
    optional,
    point_from_message,
    point_to_message,
    pose_from_planar,
    seconds_from_time,
    view_from_message,
    view_to_message,
)

__all__ = [
    "call_from_goal",
    "call_to_goal",
    "frame_from_message",
    "frame_to_message",
    "result_from_message",
    "result_to_message",
    "task_result_from_message",
    "task_result_to_message",
]


def frame_to_message(frame: Frame, *, map_frame: str = "map") -> msg.ObservationArray:
    """A frame as a message."""
    return msg.ObservationArray(
        header=header(frame.stamp, map_frame),
        seq=frame.seq,
        epoch=frame.epoch,
        map_id=frame.map_id,
        robot_pose=pose_from_planar(*frame.robot_pose),
        view=[] if frame.view is None else [view_to_message(frame.view)],
        observations=[observation_to_message(observation) for observation in frame.observations],
    )


def frame_from_message(message: msg.ObservationArray) -> Frame:
    """A message's frame.

    Raises:
        InvalidObservationError: If something in it cannot be true.
    """
    stamp = seconds_from_time(message.header.stamp)
    view = optional(message.view)
    return Frame(
        seq=message.seq,
        epoch=message.epoch,
        stamp=stamp,
        observations=tuple(observation_from_message(o, now=stamp) for o in message.observations),
        view=None if view is None else view_from_message(view),
        robot_pose=robot_pose(message),
        map_id=message.map_id,
    )


def call_to_goal(call: SkillCall) -> Any:
    """A skill call as a goal of `execute_skill`."""
    return ExecuteSkill.Goal(
        skill=call.skill,
        object_id=call.object_id or "",
        target=[] if call.target is None else [point_to_message(call.target)],
        yaw=[] if call.yaw is None else [float(call.yaw)],
        attempt=call.attempt,
        amount=[] if call.amount is None else [float(call.amount)],
    )


def call_from_goal(goal: Any) -> SkillCall:
    """A goal's skill call."""
    target = optional(goal.target)
    return SkillCall(
        skill=goal.skill,
        object_id=goal.object_id or None,
        target=None if target is None else point_from_message(target),
        yaw=optional(goal.yaw),
        attempt=goal.attempt,
        amount=optional(goal.amount),
    )


def result_to_message(result: SkillResult) -> Any:
    """A skill's result as the result of `execute_skill`."""
    return ExecuteSkill.Result(
        code=result.code.value,
        message=result.message,
        seq=result.seq,
        actions=result.actions,
        seconds=float(result.seconds),
        distance=float(result.distance),
    )


def result_from_message(message: Any) -> SkillResult:
    """A message's result; a code that is not known counts as a failure."""
    known = message.code in SkillCode._value2member_map_
    return SkillResult(
        code=SkillCode(message.code) if known else SkillCode.FAILED,
        message=message.message if known else f"{message.code}: {message.message}",
        seq=message.seq,
        actions=message.actions,
        seconds=message.seconds,
        distance=message.distance,
    )


def task_result_to_message(result: TaskResult) -> Any:
    """A task's result as the result of `execute_task`."""
    return ExecuteTask.Result(
        claimed=result.claimed,
        reason=result.reason,
        question=result.question,
        cancelled=result.cancelled,
        plan=[] if result.plan is None else [_plan_to_message(result.plan)],
        skills=[
            msg.SkillOutcome(
                skill=record["skill"],
                object=record["object"],
                code=record["code"],
                message=record["message"],
                actions=record["actions"],
                seconds=float(record["seconds"]),
            )
            for record in result.skills
        ],
        recalled=[
            msg.RecalledObject(
                name=record["name"],
                phrase=record["phrase"],
                object_id=record["object_id"] or "",
                label=record["label"] or "",
                age=[] if record["age"] is None else [float(record["age"])],
                tier=record["tier"] or "",
                stale=bool(record["stale"]),
            )
            for record in result.recalled
        ],
        searched=[
            msg.SearchedPlace(
                sought=record["sought"], place_id=record["place"], kind=record["kind"], label=record["label"]
            )
            for record in result.searched
        ],
        actions=result.actions,
        seconds=float(result.seconds),
        planning_seconds=float(result.planning_seconds),
        uses=result.uses,
        hits=result.hits,
        stale=result.stale,
        recovered=result.recovered,
        prompt_tokens=result.prompt_tokens,
        completion_tokens=result.completion_tokens,
        cost=float(result.cost),
    )


def _plan_to_message(plan: Mapping[str, Any]) -> msg.Plan:
    return msg.Plan(
        planner=plan["planner"],
        steps=[
            msg.PlanStep(
                skill=step["skill"],
                arguments=[msg.Argument(name=k, value=str(v)) for k, v in step.items() if k != "skill"],
            )
            for step in plan["steps"]
        ],
        objects=[
            msg.PlannedObject(
                name=name, phrase=ref["phrase"], labels=list(ref["labels"]), object_id=ref["object_id"] or ""
            )
            for name, ref in plan["objects"].items()
        ],
        goals=list(plan["goals"]),
        notes=list(plan["notes"]),
    )


def task_result_from_message(message: Any, *, instruction: str) -> TaskResult:
    """A message's task result.

    Args:
        message: The result of `execute_task`.
        instruction: What was asked.
    """
    plan = optional(message.plan)
    return TaskResult(
        instruction=instruction,
        claimed=message.claimed,
        reason=message.reason,
        question=message.question,
        cancelled=message.cancelled,
        plan=None if plan is None else _plan_from_message(plan),
        skills=[
            {
                "skill": record.skill,
                "object": record.object,
                "code": record.code,
                "message": record.message,
                "actions": record.actions,
                "seconds": record.seconds,
            }
            for record in message.skills
        ],
        recalled=[
            {
                "name": record.name,
                "phrase": record.phrase,
                "object_id": record.object_id or None,
                "label": record.label or None,
                "age": optional(record.age),
                "tier": record.tier or None,
                "stale": record.stale if record.label else None,
            }
            for record in message.recalled
        ],
        searched=[
            {"sought": record.sought, "place": record.place_id, "kind": record.kind, "label": record.label}
            for record in message.searched
        ],
        actions=message.actions,
        seconds=message.seconds,
        planning_seconds=message.planning_seconds,
        uses=message.uses,
        hits=message.hits,
        stale=message.stale,
        recovered=message.recovered,
        prompt_tokens=message.prompt_tokens,
        completion_tokens=message.completion_tokens,
        cost=message.cost,
    )


def _plan_from_message(plan: msg.Plan) -> dict[str, Any]:
    return {
        "planner": plan.planner,
        "steps": [{"skill": step.skill, **{a.name: a.value for a in step.arguments}} for step in plan.steps],
        "objects": {
            ref.name: {"phrase": ref.phrase, "labels": list(ref.labels), "object_id": ref.object_id or None}
            for ref in plan.objects
        },
        "goals": list(plan.goals),
        "notes": list(plan.notes),
    }
