"""AI2-THOR as a robot: the planner's `Robot`, over the real `Controller`.

The robot drives, looks and handles things by AI2-THOR's actions, and knows what `sim.sensing` lets through. Time is
simulated (`sim.clock`): it passes by the cost of what the robot does and by nothing else.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from planner_node.robot import Frame, SkillCall, SkillCode, SkillResult
from scene_graph.ontology import ontology
from scene_graph.perception import Instance, perceive
from scene_graph.types import FloatArray, Point, View
from sim import frames, sensing, skills
from sim.clock import COSTS, SimulatedClock
from sim.navigation import STEP, Navigator, Pose, Route, Viewpoint, horizon_to
from sim.noise import SensorNoise
from sim.simulation import Simulation
from sim.tokens import TokenTable

__all__ = ["ThorRobot"]

T = TypeVar("T")

_log = logging.getLogger(__name__)

_MAX_BUMPS = 12
"""Blocked steps after which a drive is given up."""

_VIEWPOINTS = 8
"""How many viewpoints of one target `SkillCall.attempt` can choose from."""

_HAND_RANGE = 0.7
"""Depth nearer than this is what the hand holds and what lies on it, when the hand is full; metres."""

_STEPS = ("MoveAhead", "MoveRight", "MoveBack", "MoveLeft")
"""Steps in one direction, by the quarter turns counter-clockwise from there to where the robot faces."""

_HAND_REACH, _SIDES = 0.5, 2
"""Metres ahead of the robot where what it holds needs room, and how many sides are tried for a step with it."""

_LOOK_DOWN = 30.0
"""Pitch for driving and looking around, degrees: the floor ahead and all but the tops of cupboards are in view."""

_THROW = 100.0
"""Default magnitude of a throw, in AI2-THOR's units."""


class _CancelledError(Exception):
    """`ThorRobot.cancel` was called."""


class _Effort:
    """What one skill has spent so far."""

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock
        self._began = clock()
        self.actions = 0
        self.distance = 0.0

    def result(self, code: SkillCode, message: str, seq: int) -> SkillResult:
        return SkillResult(
            code=code,
            message=message,
            seq=seq,
            actions=self.actions,
            seconds=self._clock() - self._began,
            distance=self.distance,
        )


class ThorRobot:
    """A household robot in AI2-THOR.

    Args:
        simulation: The scene it lives in. Whoever started it ends it.
        clock: Simulated time; its own, from 0, by default.
        reissue_tokens: Give objects new ids in every frame, as reported runs do.
        limits: What the camera can make out.
        noise: What sensors and detector get wrong; nothing by default. Wheels and gripper do not err: the robot drives
            where it means to, but takes itself and what it sees to be elsewhere.
        perceives: Whether frames bring what `scene_graph.perception` makes of them. Without it they bring the gripper's
            report only, and whoever takes them perceives for himself, from `instances` and depth.
    """

    def __init__(
        self,
        simulation: Simulation,
        *,
        clock: SimulatedClock | None = None,
        reissue_tokens: bool = True,
        limits: sensing.SensorLimits | None = None,
        noise: SensorNoise | None = None,
        perceives: bool = True,
    ) -> None:
        self._simulation = simulation
        self._perceives = perceives
        self._limits = limits or sensing.SensorLimits()
        self._noise = noise or SensorNoise()
        self._tokens = TokenTable(reissue=reissue_tokens)
        self._listeners: list[Callable[[Frame], None]] = []
        self._navigator = Navigator()
        self._cancelled = threading.Event()
        self._busy = threading.Lock()
        self._seq = 0
        self._epoch = 0
        self.clock = clock or SimulatedClock()
        self._effort = _Effort(self.clock)
        self._event = simulation.event
        self._frame = self._sense(self._event)

    # What the planner uses: planner_node.robot.Robot.

    def frame(self) -> Frame:
        """The newest frame."""
        return self._frame

    def subscribe(self, listener: Callable[[Frame], None]) -> Callable[[], None]:
        """Call `listener` with every new frame, in order; returns what ends the subscription."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def execute(self, call: SkillCall) -> SkillResult:
        """Do a primitive skill and report; every frame on the way reaches the listeners before this returns.

        Raises:
            SimulatorDiedError: If the simulator stopped answering: the world itself is gone.
        """
        with self._busy:
            self._cancelled.clear()
            self._effort = _Effort(self.clock)
            try:
                code, message = self._dispatch(call)
            except _CancelledError:
                code, message = SkillCode.CANCELLED, f"{call.skill} was cancelled"
            return self._effort.result(code, message, self._seq)

    def cancel(self) -> None:
        """Stop what `execute` is doing after the running primitive action; it returns `SkillCode.CANCELLED`."""
        self._cancelled.set()

    # What runs use around it.

    def restart(self) -> Frame:
        """Begin a new epoch after the simulation was reset: new clock, empty map, first frame."""
        self._epoch += 1
        self.clock = SimulatedClock()
        self._navigator.forget()
        self._tokens.clear()
        self._event = self._simulation.event
        return self._publish()

    def refresh(self) -> Frame:
        """Look again without moving, as after somebody changed the world: a new frame at no cost of time."""
        self._event = self._simulation.step("Pass")
        return self._publish()

    def forget_map(self) -> None:
        """Drop what was learned of the free space, as a robot without memory between instructions does."""
        self._navigator.forget()

    def instances(self) -> tuple[npt.NDArray[np.uint16], Mapping[int, Instance]]:
        """What a detector would say of the newest frame's picture.

        Returns:
            (H, W) number of the object that each pixel shows, 0 for none; and what the numbers stand for. What the
            hand holds is not among them.
        """
        return self._instances

    @property
    def view(self) -> View:
        """What the depth camera shows in the newest frame, at its full resolution."""
        return self._view

    @property
    def tokens(self) -> TokenTable:
        """Tokens and what is behind them: for the judge and for disturbances, never for memory or planner."""
        return self._tokens

    # Skills.

    def _dispatch(self, call: SkillCall) -> tuple[SkillCode, str]:
        if call.skill in skills.OBJECT_ACTIONS:
            return self._act_on(call)
        match call.skill:
            case "go_to" | "go_to_pose" | "look_at":
                if call.target is None:
                    return SkillCode.INVALID_ARGUMENT, f"{call.skill} needs a target point in the map"
                if call.skill == "go_to":
                    return self._go_to(call.target, call.attempt)
                if call.skill == "look_at":
                    return self._look_at(call.target)
                return self._go_to_pose(call.target, call.yaw)
            case "look_around":
                return self._look_around()
            case "drop":
                return self._hand_action("DropHandObject", forceAction=True)
            case "throw":
                return self._hand_action("ThrowObject", moveMagnitude=call.amount or _THROW, forceAction=True)
            case "wait":
                seconds = 1.0 if call.amount is None else call.amount
                if not (math.isfinite(seconds) and seconds >= 0):
                    return SkillCode.INVALID_ARGUMENT, f"cannot wait {seconds} s"
                self._primitive("Pass", seconds)
                return SkillCode.OK, ""
        return SkillCode.UNSUPPORTED, f"this robot has no skill {call.skill!r}"

    def _go_to(self, target: Point, attempt: int) -> tuple[SkillCode, str]:
        def plan(bold: bool) -> tuple[Viewpoint, Route] | None:
            options = self._navigator.viewpoints(self._pose(), target, count=_VIEWPOINTS, bold=bold)
            return options[attempt % len(options)] if options else None

        code, viewpoint = self._travel(plan)
        if viewpoint is None:
            return code, "no place from which it could be seen and reached was found to be free"
        self._assume(viewpoint)
        return SkillCode.OK, ""

    def _go_to_pose(self, target: Point, yaw: float | None) -> tuple[SkillCode, str]:
        def plan(bold: bool) -> tuple[bool, Route] | None:
            route = self._navigator.route_to(self._pose(), target[0], target[1], bold=bold)
            return None if route is None else (True, route)

        code, arrived = self._travel(plan)
        if not arrived:
            return code, "no free way to that place was found"
        if yaw is not None:
            self._turn_to(round(yaw / (math.pi / 4)) * (math.pi / 4))
        self._pitch_to(_LOOK_DOWN)
        return SkillCode.OK, ""

    def _travel(self, plan: Callable[[bool], tuple[T, Route] | None]) -> tuple[SkillCode, T | None]:
        """Drive by a plan, made anew after every bump.

        Where no way is known, the robot looks around, for what blocked it may have gone, and then tries gaps that its
        map says are too narrow.

        Args:
            plan: Makes the goal and the route to it, boldly or not; None if there is none.

        Returns:
            The code, and the goal that was reached, None if none was.
        """
        looked = bold = False
        for _ in range(_MAX_BUMPS):
            planned = plan(bold)
            if planned is None and not looked:
                looked = True
                self._navigator.forget_bumps()
                self._look_around()
                planned = plan(bold)
            if planned is None and not bold:
                bold = True
                planned = plan(bold)
            if planned is None:
                return SkillCode.NO_PATH, None
            goal, route = planned
            if self._drive(route.headings):
                return SkillCode.OK, goal
        return SkillCode.BLOCKED, None

    def _look_around(self) -> tuple[SkillCode, str]:
        self._stand()
        self._pitch_to(_LOOK_DOWN)
        for _ in range(3):
            self._turn_by(90.0)
        return SkillCode.OK, ""

    def _look_at(self, target: Point) -> tuple[SkillCode, str]:
        pose = self._pose()
        yaw = math.atan2(target[1] - pose.y, target[0] - pose.x)
        self._turn_to(round(yaw / (math.pi / 4)) * (math.pi / 4))
        self._pitch_to(horizon_to((pose.x, pose.y), target, crouch=not self._event.metadata["agent"]["isStanding"]))
        return SkillCode.OK, ""

    def _act_on(self, call: SkillCall) -> tuple[SkillCode, str]:
        simulator_id = self._tokens.resolve(call.object_id)
        if simulator_id is None:
            return SkillCode.UNKNOWN_OBJECT, f"{call.object_id!r} is no object of the newest frame"
        if call.skill == "slice" and not self._holds_blade():
            return SkillCode.PRECONDITION, "slicing needs a knife in the hand"
        if call.skill == "put" and not self._event.metadata["inventoryObjects"]:
            return SkillCode.HAND_EMPTY, "the hand holds nothing"
        spec = skills.OBJECT_ACTIONS[call.skill]
        if call.skill == "put":
            simulator_id = self._basin_of(simulator_id)
        arguments: dict[str, Any] = {"objectId": simulator_id, **dict(spec.arguments)}
        if spec.amount is not None:
            arguments[spec.amount] = spec.default_amount if call.amount is None else call.amount
        return self._outcome(self._primitive(spec.action, COSTS.interaction, **arguments))

    def _basin_of(self, simulator_id: str) -> str:
        """The basin in view of a sink or bathtub, for what is put there: AI2-THOR has the two as whole and part."""
        part = f"{simulator_id}|"
        return next((i for i in self._tokens.current if i.startswith(part) and i.endswith("Basin")), simulator_id)

    def _hand_action(self, action: str, **arguments: Any) -> tuple[SkillCode, str]:
        if not self._event.metadata["inventoryObjects"]:
            return SkillCode.HAND_EMPTY, "the hand holds nothing"
        return self._outcome(self._primitive(action, COSTS.interaction, **arguments))

    def _outcome(self, event: Any) -> tuple[SkillCode, str]:
        if event.metadata["lastActionSuccess"]:
            return SkillCode.OK, ""
        message = event.metadata["errorMessage"] or ""
        _log.debug("%s failed: %s", event.metadata["lastAction"], message)
        return skills.explain(message)

    def _holds_blade(self) -> bool:
        held = self._event.metadata["inventoryObjects"]
        return any("cuts" in ontology().get(item["objectType"]).affordances for item in held)

    # Motion.

    def _pose(self) -> Pose:
        agent = self._event.metadata["agent"]
        x, y, _ = frames.map_from_thor(agent["position"], frames.floor_height(agent["position"]))
        return Pose(x, y, frames.yaw_from_thor(agent["rotation"]["y"]))

    def _drive(self, headings: tuple[int, ...]) -> bool:
        """Take the steps of a route; False as soon as one is blocked, which is then known."""
        if headings:
            self._stand()
            self._pitch_to(_LOOK_DOWN)
        for heading in headings:
            before = self._pose()
            if not self._step(heading) and not self._sidestep(heading):
                self._navigator.bump(before.x, before.y, heading)
                return False
        return True

    def _step(self, heading: int, *, ahead: int = 0) -> bool:
        """Take a step along a heading, in quarter turns from map x; False if something was in the way.

        Args:
            heading: Where to.
            ahead: Quarter turns, counter-clockwise, from there to where the robot faces meanwhile.
        """
        if not self._turn_to((heading + ahead) * math.pi / 2):
            return False
        before = self._pose()
        event = self._primitive(_STEPS[ahead % 4], COSTS.move(STEP), moveMagnitude=STEP)
        after = self._pose()
        self._effort.distance += math.hypot(after.x - before.x, after.y - before.y)
        return bool(event.metadata["lastActionSuccess"])

    def _sidestep(self, heading: int) -> bool:
        """Take a step that failed with the hand on the side that has most room: what it holds sticks out ahead."""
        if not self._event.metadata["inventoryObjects"]:
            return False
        here = self._pose()
        sides = (1, -1, 2)
        angles = (heading + np.array(sides)) * math.pi / 2
        room = self._navigator.room(
            np.array([here.x, here.y]) + _HAND_REACH * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        )
        best = sorted(zip(-room, sides, strict=True))[:_SIDES]
        return any(self._step(heading, ahead=side) for _, side in best)

    def _assume(self, viewpoint: Viewpoint) -> None:
        self._turn_to(viewpoint.yaw)
        if viewpoint.crouch:
            self._primitive("Crouch", COSTS.look)
        else:
            self._stand()
        self._pitch_to(viewpoint.horizon)

    def _turn_to(self, yaw: float) -> bool:
        """Turn to a heading, radians; False if something was in the way of what the hand holds."""
        self._turn_by(math.degrees(math.remainder(yaw - self._pose().yaw, math.tau)))
        return abs(math.remainder(yaw - self._pose().yaw, math.tau)) < math.radians(1.0)

    def _turn_by(self, degrees: float) -> None:
        """Turn counter-clockwise (as the map has it) by an angle; nothing for less than half a degree."""
        if abs(degrees) < 0.5:
            return
        action = "RotateLeft" if degrees > 0 else "RotateRight"
        self._primitive(action, COSTS.turn(degrees), degrees=round(abs(degrees), 3))

    def _pitch_to(self, horizon: float) -> None:
        change = horizon - float(self._event.metadata["agent"]["cameraHorizon"])
        if abs(change) < 1.0:
            return
        self._primitive("LookDown" if change > 0 else "LookUp", COSTS.look, degrees=round(abs(change), 1))

    def _stand(self) -> None:
        if not self._event.metadata["agent"]["isStanding"]:
            self._primitive("Stand", COSTS.look)

    # Sensing.

    def _primitive(self, action: str, seconds: float, **arguments: Any) -> Any:
        """One action of the simulator: time passes, and what the camera then shows reaches the listeners."""
        if self._cancelled.is_set():
            raise _CancelledError
        self.clock.advance(seconds)
        self._event = self._simulation.step(action, **arguments)
        self._effort.actions += 1
        self._publish()
        return self._event

    def _publish(self) -> Frame:
        self._frame = self._sense(self._event)
        for listener in tuple(self._listeners):
            listener(self._frame)
        return self._frame

    def _sense(self, event: Any) -> Frame:
        self._seq += 1
        stamp = self.clock()
        sighting = sensing.sight(event, self._limits)
        held = [item["objectId"] for item in event.metadata["inventoryObjects"]]
        in_view = [*sighting.simulator_ids, *(h for h in held if h not in sighting.simulator_ids)]
        tokens = self._tokens.issue(self._seq, in_view, renewed=self._noise.reissue(len(in_view), self._seq))
        objects = {o["objectId"]: o for o in event.metadata["objects"] if o["objectId"] in tokens}
        # What the hand holds is the gripper's to report, not the camera's.
        there = {
            number: sensing.instance(objects[simulator_id], token=tokens[simulator_id])
            for number, simulator_id in enumerate(sighting.simulator_ids, start=1)
            if simulator_id not in held
        }
        legend = self._noise.detect(there, self._seq)
        self._instances = (sighting.instances, legend)
        self._view = view = self._believed_view(event)
        perceived = perceive(sighting.instances, view, legend, stamp=stamp) if self._perceives else []
        hand = self._hand(event)
        in_hand = [
            sensing.held_observation(objects[simulator_id], token=tokens[simulator_id], stamp=stamp, hand=hand)
            for simulator_id in held
        ]
        view = sensing.coarse_view(view, self._limits)
        if held:
            # What the hand carries is no part of the room: neither an obstacle nor evidence of what is behind it.
            view = View(view.pose, view.intrinsics, np.where(view.depth < _HAND_RANGE, np.nan, view.depth))
        self._navigator.update(view)
        pose = self._pose()
        dx, dy, turn = self._noise.pose_error(self._seq)
        return Frame(
            seq=self._seq,
            epoch=self._epoch,
            stamp=stamp,
            observations=(*perceived, *in_hand),
            view=view,
            robot_pose=(pose.x + dx, pose.y + dy, pose.yaw + turn),
            map_id=self._simulation.scene,
        )

    def _believed_view(self, event: Any) -> View:
        """The whole depth image as the sensor gives it, from where the robot takes itself to be."""
        view = sensing.event_view(event)
        if not self._noise:
            return view
        return View(
            self._believed(view.pose),
            view.intrinsics,
            self._noise.blur_depth(view.depth, self._seq),
        )

    def _believed(self, pose: FloatArray) -> FloatArray:
        """A (4, 4) pose in the map as the robot believes it to be in this frame."""
        base = self._pose()
        return self._noise.move_pose(pose, (base.x, base.y), self._seq)

    def _hand(self, event: Any) -> Point:
        """Where the hand is, from the arm's joints and where the robot takes itself to be, metres."""
        floor = frames.floor_height(event.metadata["agent"]["position"])
        hand = np.eye(4)
        hand[:3, 3] = frames.map_from_thor(event.metadata["heldObjectPose"]["position"], floor)
        x, y, z = self._believed(hand)[:3, 3].tolist()
        return (x, y, z)
