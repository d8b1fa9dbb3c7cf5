"""What somebody else does in the home, behind the robot's back: for task set-ups, demonstrations and tests.

It works on ground truth, which the robot does not see; no time passes and no frame is published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from sim.errors import DisturbanceError
from sim.simulation import Simulation

__all__ = ["Passing", "pass_by", "put", "set_state"]

_POINTS_TRIED = 40
"""Places on a receptacle that are tried before it counts as full."""

_STATE_ACTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "open": ("OpenObject", {"forceAction": True}),
    "closed": ("CloseObject", {"forceAction": True}),
    "on": ("ToggleObjectOn", {"forceAction": True}),
    "off": ("ToggleObjectOff", {"forceAction": True}),
    "sliced": ("SliceObject", {"forceAction": True}),
    "cooked": ("CookObject", {"forceAction": True}),
    "clean": ("CleanObject", {"forceAction": True}),
    "dirty": ("DirtyObject", {"forceAction": True}),
    "filled": ("FillObjectWithLiquid", {"forceAction": True, "fillLiquid": "water"}),
    "empty": ("EmptyLiquidFromObject", {"forceAction": True}),
    "broken": ("BreakObject", {"forceAction": True}),
}

_FLAGS: dict[str, tuple[str, bool]] = {
    "open": ("isOpen", True),
    "closed": ("isOpen", False),
    "on": ("isToggled", True),
    "off": ("isToggled", False),
    "cooked": ("isCooked", True),
    "clean": ("isDirty", False),
    "dirty": ("isDirty", True),
    "filled": ("isFilledWithLiquid", True),
    "empty": ("isFilledWithLiquid", False),
    "broken": ("isBroken", True),
}


@dataclass(frozen=True, kw_only=True)
class Passing:
    """What somebody who passes through the home does, at random but reproducibly; nothing by default.

    Attributes:
        moves: Things put elsewhere.
        states: Lamps, taps and the like switched, dishes soiled or cleaned.
        closings: Open containers closed.
        seed: Of what is chosen.
    """

    moves: int = 0
    states: int = 0
    closings: int = 0
    seed: int = 0

    def __bool__(self) -> bool:
        """Whether anything is done."""
        return bool(self.moves or self.states or self.closings)

    def __str__(self) -> str:
        """As `parse` reads it; empty if nothing is done."""
        return ",".join(f"{field.name}={getattr(self, field.name)}" for field in fields(self)) if self else ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it as the command line has it.

        Args:
            text: ``moves=2,states=1,seed=3``: names and values of attributes.

        Raises:
            DisturbanceError: If it is anything else.
        """
        names = [field.name for field in fields(cls)]
        values: dict[str, int] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, value = (piece.strip() for piece in part.partition("="))
            if name not in names or name in values or not value.isdecimal():
                raise DisturbanceError(
                    f"{part!r} is no disturbance; write for example moves=2,states=1: whole numbers, "
                    f"with each of {', '.join(names)} at most once"
                )
            values[name] = int(value)
        return cls(**values)


def pass_by(simulation: Simulation, passing: Passing, *, turn: int) -> list[str]:
    """Let somebody pass through the home; what the robot sees at the time is left alone.

    Args:
        simulation: The scene, of the headless simulator.
        passing: What is done.
        turn: Which time it is: another one gives other changes.

    Returns:
        What was done, in words that are for people, not for the robot.

    Raises:
        DisturbanceError: If the simulator cannot do it.
    """
    if not passing:
        return []
    event = simulation.step(
        "DisturbScene",
        randomSeed=(passing.seed * 1_000 + turn) % 2**31,
        moves=passing.moves,
        states=passing.states,
        closings=passing.closings,
    )
    if not event.metadata["lastActionSuccess"]:
        raise DisturbanceError(
            "Only the headless simulator lets somebody pass through the home; leave the disturbances or --real-thor out"
        )
    return [f"{done['objectId']} {done['change']}: {done['to']}" for done in event.metadata["actionReturn"]]


def put(simulation: Simulation, object_id: str, receptacle_id: str) -> None:
    """Move an object on or into a receptacle, open or closed.

    Args:
        simulation: The scene.
        object_id: Simulator id of the object.
        receptacle_id: Simulator id of the receptacle.

    Raises:
        DisturbanceError: If one of them does not exist, or there is no room for it there; then the object is put back.
    """
    receptacle = _object(simulation, receptacle_id)
    if not receptacle["receptacle"]:
        raise DisturbanceError(f"Nothing can be put on or in a {receptacle['objectType']}; choose a receptacle")
    before = _object(simulation, object_id)
    was_closed = receptacle["openable"] and not receptacle["isOpen"]
    if was_closed:
        simulation.step("OpenObject", objectId=receptacle_id, forceAction=True)
    try:
        event = simulation.step("GetSpawnCoordinatesAboveReceptacle", objectId=receptacle_id, anywhere=True)
        centre = receptacle["axisAlignedBoundingBox"]["center"]
        for point in _spread(event.metadata["actionReturn"] or [], centre):
            event = simulation.step("PlaceObjectAtPoint", objectId=object_id, position=point)
            if event.metadata["lastActionSuccess"] and receptacle_id in (
                _object(simulation, object_id)["parentReceptacles"] or ()
            ):
                return
        _put_back(simulation, before)
    finally:
        if was_closed:
            simulation.step("CloseObject", objectId=receptacle_id, forceAction=True)
    label = before["objectType"]
    raise DisturbanceError(f"There is no room for a {label} on or in the {receptacle['objectType']} {receptacle_id}")


def _put_back(simulation: Simulation, before: Mapping[str, Any]) -> None:
    """Undo places that were tried in vain: an object goes back to where its metadata of before has it."""
    object_id = before["objectId"]
    if _object(simulation, object_id)["position"] == before["position"]:
        return
    if before["isPickedUp"]:
        simulation.step("PickupObject", objectId=object_id, forceAction=True)
        return
    pose = {"position": before["position"], "rotation": before["rotation"]}
    simulation.step("TeleportObject", objectId=object_id, **pose, forceAction=True)


def set_state(simulation: Simulation, object_id: str, state: str) -> None:
    """Give an object a state, unless it has it.

    Args:
        simulation: The scene.
        object_id: Simulator id of the object.
        state: ``open``, ``closed``, ``on``, ``off``, ``sliced``, ``cooked``, ``clean``, ``dirty``, ``filled``,
            ``filled:LIQUID``, ``empty`` or ``broken``.

    Raises:
        DisturbanceError: If there is no such object or state, or the object cannot have it.
    """
    metadata = _object(simulation, object_id)
    base, _, liquid = state.partition(":")
    if base not in _STATE_ACTIONS:
        raise DisturbanceError(f"{state!r} is no state that can be set; use one of {', '.join(sorted(_STATE_ACTIONS))}")
    if _has(metadata, base, liquid):
        return
    action, arguments = _STATE_ACTIONS[base]
    if liquid:
        arguments = {**arguments, "fillLiquid": liquid}
    event = simulation.step(action, objectId=object_id, **arguments)
    if not event.metadata["lastActionSuccess"]:
        raise DisturbanceError(f"A {metadata['objectType']} cannot be made {state}: {event.metadata['errorMessage']}")


def _has(metadata: Mapping[str, Any], base: str, liquid: str) -> bool:
    if base not in _FLAGS:
        return False
    flag, value = _FLAGS[base]
    return bool(metadata[flag]) is value and (not liquid or metadata["fillLiquid"] == liquid)


def _object(simulation: Simulation, object_id: str) -> Mapping[str, Any]:
    for metadata in simulation.event.metadata["objects"]:
        if metadata["objectId"] == object_id:
            return metadata  # type: ignore[no-any-return]
    raise DisturbanceError(f"There is no object {object_id!r} in {simulation.scene}")


def _spread(points: Sequence[Mapping[str, float]], centre: Mapping[str, float]) -> list[dict[str, float]]:
    """Some of the points, spread over all of them, those near the middle first."""
    stride = max(1, len(points) // _POINTS_TRIED)
    chosen = [{axis: float(point[axis]) for axis in "xyz"} for point in points[::stride]]
    return sorted(chosen, key=lambda p: (p["x"] - centre["x"]) ** 2 + (p["z"] - centre["z"]) ** 2)
