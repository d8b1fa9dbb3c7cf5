"""The launch files: as Python everywhere, as launch descriptions where ROS's launch is there."""

import ast
import importlib.util
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
LAUNCH_FILES = sorted((ROOT / "launch").glob("*.launch.py"))


def arguments_of(path):
    """Names of the launch arguments that a file declares."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return {c.args[0].value for c in calls if getattr(c.func, "id", "") == "DeclareLaunchArgument"}


def test_all_launch_files_are_there():
    assert [path.name for path in LAUNCH_FILES] == ["demo.launch.py", "memory.launch.py", "sim.launch.py"]


def test_the_demo_takes_the_arguments_that_it_promises():
    wanted = {"scene", "planner", "policy", "capacity", "namespace"}
    assert arguments_of(ROOT / "launch" / "demo.launch.py") >= wanted


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_launch_files_name_executables_that_are_installed(path):
    cmake = (ROOT / "CMakeLists.txt").read_text()
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    named = {
        keyword.value.value
        for call in calls
        for keyword in call.keywords
        if keyword.arg == "executable" and keyword.value.value != "rviz2"
    }
    assert named
    for executable in named:
        assert f'"{executable}=' in cmake
        assert importlib.util.find_spec(executable) is None, "a script of a package's name would shadow it"


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_launch_files_describe_a_launch(path):
    pytest.importorskip("launch_ros", reason="ROS's launch is not on PyPI; source a ROS 2 to run this")
    from launch import LaunchContext, LaunchService

    spec = importlib.util.spec_from_file_location(path.stem.replace(".", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    description = module.generate_launch_description()
    assert {a.name for a in description.get_launch_arguments()} >= arguments_of(path)
    service = LaunchService(argv=["namespace:=test"])
    service.include_launch_description(description)
    assert isinstance(service.context, LaunchContext)


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_parameter_files_name_only_parameters_that_exist(path):
    """A misspelt parameter in a file would pass unseen."""
    sources = {
        "robot": "sim/node.py",
        "scene_graph": "scene_graph/node.py",
        "memory": "memory_node/node.py",
        "planner": "planner_node/node.py",
    }
    for key, value in YAML(typ="safe", pure=True).load(path.read_text()).items():
        name = key.removeprefix("/**/")
        source = ast.parse((ROOT / sources[name]).read_text())
        declared = {
            getattr(node.args[0], "value", None)  # a name that is put together has none
            for node in ast.walk(source)
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "parameter"
        }
        assert set(value["ros__parameters"]) <= declared | {"use_sim_time", "autostart"}
