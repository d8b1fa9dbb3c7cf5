"""What a language model may answer: a JSON schema made from the skill table, and its parsed form."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from planner_node.skills import SKILLS, Skill

__all__ = ["CallReply", "PlanReply", "StepReply", "plan_schema", "step_schema"]

MOST_STEPS = 40
"""Steps of one reply at most."""


class CallReply(BaseModel):
    """One skill call as a model wrote it; names of things are phrases or memory's ids."""

    model_config = ConfigDict(extra="forbid", strict=True)

    skill: str = Field(max_length=40)
    object: str | None = Field(default=None, max_length=120)
    receptacle: str | None = Field(default=None, max_length=120)
    tool: str | None = Field(default=None, max_length=120)
    device: str | None = Field(default=None, max_length=120)
    amount: float | None = None


class PlanReply(BaseModel):
    """A whole plan as a model wrote it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    steps: list[CallReply] = Field(max_length=MOST_STEPS)
    question: str = Field(default="", max_length=400)


class StepReply(BaseModel):
    """The next step as a model wrote it, with its reasons, or that all is done."""

    model_config = ConfigDict(extra="forbid", strict=True)

    thought: str = Field(default="", max_length=1000)
    step: CallReply | None = None
    done: bool = False
    question: str = Field(default="", max_length=400)


def _step_schema(skill: Skill) -> dict[str, Any]:
    properties: dict[str, Any] = {"skill": {"type": "string", "enum": [skill.name]}}
    for parameter in skill.parameters:
        kind = "number" if parameter.kind == "number" else "string"
        properties[parameter.name] = {
            "type": [kind, "null"] if parameter.optional else kind,
            "description": parameter.description,
        }
    return {
        "type": "object",
        "description": skill.description,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def plan_schema() -> dict[str, Any]:
    """The JSON schema of `PlanReply`, with the arguments of each skill spelt out.

    Every property is required and none is added, as strict structured output demands; an optional argument may be
    null.
    """
    return {
        "type": "object",
        "properties": {
            "steps": {
                "type": "array",
                "items": {"anyOf": [_step_schema(skill) for skill in SKILLS.values()]},
                "maxItems": MOST_STEPS,
            },
            "question": {"type": "string", "description": "what to ask the person when the instruction is unclear"},
        },
        "required": ["steps", "question"],
        "additionalProperties": False,
    }


def step_schema() -> dict[str, Any]:
    """The JSON schema of `StepReply`, likewise."""
    return {
        "type": "object",
        "properties": {
            "thought": {"type": "string", "description": "why this step, in one sentence"},
            "step": {"anyOf": [*(_step_schema(skill) for skill in SKILLS.values()), {"type": "null"}]},
            "done": {"type": "boolean", "description": "whether everything that was asked for is done"},
            "question": {"type": "string", "description": "what to ask the person when the instruction is unclear"},
        },
        "required": ["thought", "step", "done", "question"],
        "additionalProperties": False,
    }
