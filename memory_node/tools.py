"""Memory as tools for a language model: OpenAI-style function schemas, and what runs a call of one.

A model's arguments are data: they are checked against the schema before anything is asked, and what is wrong with them
goes back to the model as text that says how to do it right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from memory_node.errors import MemoryNodeError
from memory_node.memory import Memory
from memory_node.recollection import Recollection
from scene_graph.types import ObjectState, SceneGraphError

__all__ = ["call_tool", "tool_schemas"]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Near(_Arguments):
    x: Annotated[float, Field(description="metres, map frame", allow_inf_nan=False)]
    y: Annotated[float, Field(description="metres, map frame", allow_inf_nan=False)]
    z: Annotated[float, Field(description="metres, map frame", allow_inf_nan=False)] = 0.0
    radius: Annotated[float, Field(description="metres", ge=0, allow_inf_nan=False)]


class _Recall(_Arguments):
    """Find remembered objects that answer a question, best first: what, in which state, where, when, and what not."""

    query: Annotated[str, Field(description='plain words, e.g. "dirty dishes on the table"; may be empty')]
    k: Annotated[int, Field(description="how many at most", ge=1, le=50)] = 5
    near: Annotated[_Near | None, Field(description="only within a radius of a point")] = None
    within: Annotated[str | None, Field(description="only within the area or container of this id")] = None
    after: Annotated[float | None, Field(description="only seen at this time or later, seconds")] = None
    before: Annotated[float | None, Field(description="only seen at this time or earlier, seconds")] = None
    labels: Annotated[list[str] | None, Field(description="only of these classes")] = None
    states: Annotated[list[str] | None, Field(description="only with all of these states")] = None


class _Locate(_Arguments):
    """Say where one thing is, how old that knowledge is, where else it could be, and where to look if it is stale."""

    query: Annotated[str, Field(description='plain words, e.g. "the red fruit"')]


class _History(_Arguments):
    """Tell where an object was before, newest first."""

    object_id: Annotated[str, Field(description="id of a remembered object")]


class _Labels(_Arguments):
    """List the classes of all remembered objects."""


def _recall(memory: Memory, asked: _Recall) -> Any:
    near = ((asked.near.x, asked.near.y, asked.near.z), asked.near.radius) if asked.near is not None else None
    found = memory.recall(
        asked.query,
        k=asked.k,
        near=near,
        within=asked.within,
        after=asked.after,
        before=asked.before,
        labels=asked.labels,
        states=asked.states,
    )
    return [_brief(recollection) for recollection in found]


def _locate(memory: Memory, asked: _Locate) -> Any:
    found = memory.locate(asked.query)
    if found is None:
        return None
    return {
        **_brief(found),
        "could_also_be": [_place(state) for state in found.alternatives],
        "look_next": [
            {"place_id": p.place_id, "label": p.label, "probability": round(p.probability, 3)} for p in found.look_next
        ],
    }


def _history(memory: Memory, asked: _History) -> Any:
    return [{**_place(state), "states": sorted(state.states)} for state in memory.history(asked.object_id)]


def _labels(memory: Memory, asked: _Labels) -> Any:
    return memory.labels()


_TOOLS: dict[str, tuple[type[_Arguments], Callable[[Memory, Any], Any]]] = {
    "recall": (_Recall, _recall),
    "locate": (_Locate, _locate),
    "history": (_History, _history),
    "labels": (_Labels, _labels),
}


def tool_schemas() -> list[dict[str, Any]]:
    """All tools, as the ``tools`` of an OpenAI-style chat request."""
    return [
        {
            "type": "function",
            "function": {
                "name": name,
                "description": " ".join((arguments.__doc__ or "").split()),
                "parameters": arguments.model_json_schema(),
            },
        }
        for name, (arguments, _) in _TOOLS.items()
    ]


def call_tool(memory: Memory, name: str, arguments: str | Mapping[str, Any]) -> str:
    """Run one tool call of a model.

    Args:
        memory: Whom to ask.
        name: Of the tool.
        arguments: As the model gave them: JSON text, or a mapping.

    Returns:
        JSON text for the model: ``{"result": …}``, or ``{"error": …}`` saying what to do differently. Never raises for
        what a model can get wrong.
    """
    if name not in _TOOLS:
        return json.dumps({"error": f"no tool is called {name!r}; there are {', '.join(_TOOLS)}"})
    model, run = _TOOLS[name]
    try:
        if isinstance(arguments, str):
            checked = model.model_validate_json(arguments or "{}")
        else:
            checked = model.model_validate(arguments)
        return json.dumps({"result": run(memory, checked)})
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or name}: {e['msg']}" for e in error.errors())
        return json.dumps({"error": f"bad arguments: {problems}"})
    except (MemoryNodeError, SceneGraphError) as error:
        return json.dumps({"error": str(error)})


def _brief(found: Recollection) -> dict[str, Any]:
    state = found.object
    return {
        **_place(state),
        "states": sorted(state.states),
        "held": state.held,
        "parent": state.parent,
        "age": None if found.age is None else round(found.age, 1),
        "stale": found.stale,
        "tier": found.tier,
        "score": round(found.score, 3),
    }


def _place(state: ObjectState) -> dict[str, Any]:
    return {
        "object_id": state.object_id,
        "label": state.label,
        "position": [round(v, 2) for v in state.position],
        "stamp": state.stamp,
    }
