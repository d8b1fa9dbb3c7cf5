"""The queries as tools of a language model."""

import json

import pytest

from memory_node import Memory
from memory_node.tools import call_tool, tool_schemas
from scene_graph.types import Observation


@pytest.fixture
def memory():
    with Memory.open() as opened:
        opened.observe([Observation("Apple", (1.0, 0, 0), stamp=0.0), Observation("Plate", (4.0, 0, 0), stamp=0.0)])
        opened.observe([Observation("Apple", (8.0, 0, 0), stamp=5.0)])
        yield opened


def test_schemas_are_what_chat_endpoints_take():
    tools = tool_schemas()
    assert [tool["function"]["name"] for tool in tools] == ["recall", "locate", "history", "labels"]
    for tool in tools:
        assert tool["type"] == "function"
        assert tool["function"]["description"].endswith(".")
        assert tool["function"]["parameters"]["type"] == "object"
        json.dumps(tool)


def test_calls_answer_in_json(memory):
    found = json.loads(call_tool(memory, "locate", '{"query": "apple"}'))["result"]
    assert found["position"] == [8.0, 0.0, 0.0]
    assert found["could_also_be"][0]["position"] == [1.0, 0.0, 0.0]
    near = {"x": 4, "y": 0, "z": 0, "radius": 1}
    (plate,) = json.loads(call_tool(memory, "recall", {"query": "", "near": near}))["result"]
    assert plate["label"] == "Plate"
    past = json.loads(call_tool(memory, "history", json.dumps({"object_id": found["object_id"]})))["result"]
    assert [state["position"][0] for state in past] == [8.0, 1.0]
    assert json.loads(call_tool(memory, "labels", ""))["result"] == ["Apple", "Plate"]
    assert json.loads(call_tool(memory, "locate", {"query": "spaceship"}))["result"] is None


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("delete_everything", "{}"),
        ("recall", "not json"),
        ("recall", "{}"),
        ("recall", '{"query": "mug", "k": 0}'),
        ("recall", '{"query": "mug", "near": {"x": 0, "y": 0, "radius": -1}}'),
        ("recall", '{"query": "mug", "near": {"x": NaN, "y": 0, "radius": 1}}'),
        ("locate", '{"query": "mug", "force": true}'),
        ("history", "[1]"),
    ],
)
def test_what_a_model_gets_wrong_is_told_and_does_no_harm(memory, name, arguments):
    before = memory.digest()
    assert "error" in json.loads(call_tool(memory, name, arguments))
    assert memory.digest() == before
