"""Real nodes in processes of their own, for the tests of this folder."""

import os

import pytest

pytest.importorskip("rclpy", reason="no ROS 2 here: run `make setup`, or source one")
pytest.importorskip("karma.msg", reason="the interfaces are not built: run `make setup`, or source your workspace")

from karma_cli.client import Client
from karma_cli.processes import NodeProcesses, NodeSpec, loopback_environment

_FIRST_DOMAIN = int(os.environ.get("KARMA_TEST_DOMAIN", "110"))
"""Beyond the domains that demonstrations use; each worker of pytest-xdist has its own.

Two checkouts that are tested at once on one machine set the variable, four or more apart.
"""


def pytest_collection_modifyitems(items):
    for item in items:
        if "environment" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.ros)


@pytest.fixture(scope="session")
def environment(worker_id):
    number = 0 if worker_id == "master" else 1 + int(worker_id.removeprefix("gw"))
    variables = loopback_environment(_FIRST_DOMAIN + number)
    os.environ.update(variables)
    return variables


@pytest.fixture(scope="session")
def worker_id(request):
    """The worker's name also where pytest-xdist is not installed."""
    return getattr(request.config, "workerinput", {}).get("workerid", "master")


@pytest.fixture
def stack(environment, tmp_path):
    """Starts nodes in a namespace of the test's own; ends them after it."""
    with NodeProcesses(tmp_path, environment=environment, namespace="test") as processes:
        yield processes


@pytest.fixture
def client(environment):
    with Client(environment=environment, namespace="test") as client:
        yield client


def memory_specs(**parameters):
    """The two memory nodes, on wall time."""
    common = {"use_sim_time": False}
    return [
        NodeSpec(name="scene_graph", module="scene_graph.node", config="memory.yaml", parameters=common),
        NodeSpec(name="memory", module="memory_node.node", config="memory.yaml", parameters={**common, **parameters}),
    ]


@pytest.fixture
def memory_nodes():
    return memory_specs
