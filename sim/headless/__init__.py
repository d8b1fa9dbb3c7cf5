"""A headless AI2-THOR: the 120 iTHOR floor plans behind AI2-THOR's own wire protocol, on a CPU, without a download.

The real client starts it, and cannot tell it from the Unity player::

    Controller(local_executable_path=f"{sys.executable} -m sim.headless", x_display=":0", scene="FloorPlan1")

It imports nothing of the rest of the project. Physics is replaced by kinematics: bodies are boxes, what is put down
rests on what is below it, and the rules of the household (what opens, holds, cooks, fills, cools, breaks) are kept.
`docs/simulator.md` lists the supported actions, the rules and the measured figures.
"""

from sim.headless.errors import HeadlessError, SceneError
from sim.headless.launch import command

__all__ = ["HeadlessError", "SceneError", "command"]
