"""What an embodiment must offer: execute a skill, and yield what its sensors show.

`sim` implements `Robot` for AI2-THOR, `karma_robots` for physical ones, and the planner node for whatever serves
the ROS action `execute_skill` and publishes `ObservationArray`. Skills of a robot are *primitive*: the planner's
composite skills (wash, heat …) expand into them.

Primitive skills, with the arguments that each reads from `SkillCall`:

| name | arguments | effect |
| --- | --- | --- |
| ``go_to`` | ``target`` (point, map frame), ``attempt`` | stand where the point can be seen and reached, facing it |
| ``go_to_pose`` | ``target``, ``yaw`` | stand at that place with that heading |
| ``look_around`` | – | turn once around, looking at every direction and height that matters |
| ``look_at`` | ``target`` | turn the camera to a point without travelling |
| ``pick_up`` ``open`` ``close`` ``toggle_on`` ``toggle_off`` | ``object_id`` | act on that object |
| ``slice`` ``break`` ``clean`` ``fill`` ``empty`` | ``object_id`` | act on that object |
| ``put`` | ``object_id`` (the receptacle) | put what is held on or in it |
| ``drop`` ``throw`` ``wait`` | – (``amount``: m/s, s) | as named |
| ``push`` ``pull`` | ``object_id``, ``amount`` (N) | as named |

`object_id` is a sensor id from the robot's *newest* frame; others are refused with `SkillCode.UNKNOWN_OBJECT`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from scene_graph.types import Observation, Point, View

__all__ = ["PRIMITIVES", "Frame", "Robot", "SkillCall", "SkillCode", "SkillResult"]

PRIMITIVES: frozenset[str] = frozenset(
    [
        "go_to",
        "go_to_pose",
        "look_around",
        "look_at",
        "pick_up",
        "put",
        "open",
        "close",
        "toggle_on",
        "toggle_off",
        "slice",
        "break",
        "clean",
        "fill",
        "empty",
        "drop",
        "throw",
        "wait",
        "push",
        "pull",
    ]
)
"""Names that every embodiment understands; one it cannot do it answers with `SkillCode.UNSUPPORTED`."""


class SkillCode(StrEnum):
    """How a skill ended; all but `OK` are failures, with the reason in words beside them."""

    OK = "ok"
    UNSUPPORTED = "unsupported"
    INVALID_ARGUMENT = "invalid_argument"
    UNKNOWN_OBJECT = "unknown_object"
    NOT_VISIBLE = "not_visible"
    OUT_OF_REACH = "out_of_reach"
    BLOCKED = "blocked"
    NO_PATH = "no_path"
    HAND_FULL = "hand_full"
    HAND_EMPTY = "hand_empty"
    CLOSED = "closed"
    INCOMPATIBLE = "incompatible"
    NO_ROOM = "no_room"
    PRECONDITION = "precondition"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class SkillCall:
    """One call of a primitive skill.

    Attributes:
        skill: One of `PRIMITIVES`.
        object_id: Sensor id, from the newest frame, of the object acted on.
        target: Point in the map frame, metres.
        yaw: Heading about map z, radians, counter-clockwise from x.
        attempt: Which viewpoint to try, best first from 0: a retry asks for another one.
        amount: Skill-specific magnitude, see the module's table.
    """

    skill: str
    object_id: str | None = None
    target: Point | None = None
    yaw: float | None = None
    attempt: int = 0
    amount: float | None = None


@dataclass(frozen=True, kw_only=True)
class SkillResult:
    """How a primitive skill ended.

    Attributes:
        code: `SkillCode.OK` or the reason of failure.
        message: The reason in words.
        seq: Number of the frame that shows the world after it. Memory is up to date once it has taken in that frame.
        actions: Primitive actions spent (steps, turns, looks, interactions).
        seconds: Time spent on the robot's clock, seconds.
        distance: Distance travelled, metres.
    """

    code: SkillCode
    message: str = ""
    seq: int = 0
    actions: int = 0
    seconds: float = 0.0
    distance: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the skill succeeded."""
        return self.code is SkillCode.OK


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """What one reading of the robot's sensors shows: the in-process twin of ROS `ObservationArray`.

    Attributes:
        seq: Counts frames from 1.
        epoch: Counts restarts of time (a reset, a bag that loops); nothing is compared across epochs.
        stamp: Time of the frame, seconds.
        observations: Objects visible in it.
        view: What was in clear view.
        robot_pose: (x, y, yaw) of the base in the map frame, metres and radians.
        map_id: Which map `frame_id="map"` means.
    """

    seq: int
    epoch: int
    stamp: float
    observations: Sequence[Observation] = field(default_factory=tuple)
    view: View | None = None
    robot_pose: tuple[float, float, float] = (0.0, 0.0, 0.0)
    map_id: str = ""


class Robot(Protocol):
    """An embodiment: a simulator's agent or a physical mobile manipulator."""

    def frame(self) -> Frame:
        """The newest frame."""
        ...

    def subscribe(self, listener: Callable[[Frame], None]) -> Callable[[], None]:
        """Call `listener` with every new frame, in order; returns what ends the subscription."""
        ...

    def execute(self, call: SkillCall) -> SkillResult:
        """Do it and report. Never raises for what can go wrong in the world: that is a `SkillResult`.

        Every frame on the way reaches the listeners before this returns.
        """
        ...

    def cancel(self) -> None:
        """Stop what `execute` is doing, from another thread; it then returns `SkillCode.CANCELLED`."""
        ...
