"""Replays recorded AI2-THOR events and compares what changed, to measure how true the simulator is.

A recording is a list of events' metadata: the first gives the state, each later one what an action did. The actions'
arguments are not recorded; they follow from what changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from sim.headless.actions import perform
from sim.headless.errors import ActionError
from sim.headless.geometry import vector
from sim.headless.metadata import object_metadata
from sim.headless.scene import Spawn, recorded_scene
from sim.headless.session import Session

__all__ = ["SEMANTIC_KEYS", "SIGHT_KEYS", "Change", "Replay", "Tally", "replay"]

SEMANTIC_KEYS = (
    "isToggled", "isBroken", "isFilledWithLiquid", "fillLiquid", "isDirty", "isUsedUp", "isCooked", "temperature",
    "isSliced", "isOpen", "openness", "isPickedUp", "parentReceptacles", "receptacleObjectIds",
)  # fmt: skip
"""Keys of objects that mean something to a household; poses jitter in a physics engine."""

SIGHT_KEYS = ("visible", "isInteractable")
"""Keys that depend on what things look like, e.g. on which side a fridge has its hinges."""

_State = dict[str, dict[str, Any]]
Change = tuple[int, str, str]
"""Number of the event, object id, key."""


@dataclass
class Tally:
    """Changes of one key.

    Attributes:
        both: Made by both, to the same value.
        missed: Recorded, but not made (or to another value).
        extra: Made, but not recorded.
        drifted: Recorded, not made, and of things that no action touched: a sponge that sinks through a basin in the
            physics engine. Not the simulator's to reproduce, so they count neither way.
    """

    both: list[Change] = field(default_factory=list)
    missed: list[Change] = field(default_factory=list)
    extra: list[Change] = field(default_factory=list)
    drifted: list[Change] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in another tally."""
        self.both += other.both
        self.missed += other.missed
        self.extra += other.extra
        self.drifted += other.drifted

    @property
    def precision(self) -> float:
        """Of the changes made, the fraction recorded; 1 if none was made."""
        made = len(self.both) + len(self.extra)
        return len(self.both) / made if made else 1.0

    @property
    def recall(self) -> float:
        """Of the changes recorded, the fraction made; 1 if none was recorded."""
        recorded = len(self.both) + len(self.missed)
        return len(self.both) / recorded if recorded else 1.0


@dataclass
class Replay:
    """What a replay showed.

    Attributes:
        actions: The actions, as sent.
        success: For each: recorded and own success.
        errors: For each: recorded and own error message.
        tallies: By key.
        drift: Largest distance of an object that no action touched from its recorded first position, metres.
        misplaced: Objects put into something that ended elsewhere than recorded.
    """

    actions: list[dict[str, Any]]
    success: list[tuple[bool, bool]] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    drift: float = 0.0
    misplaced: list[str] = field(default_factory=list)


def replay(events: Sequence[Mapping[str, Any]]) -> Replay:
    """Set up a recording's first state, send its actions and compare.

    Args:
        events: Metadata of the recorded events.
    """
    session = _session(events[0])
    actions = [_action(before, after) for before, after in pairwise(events)]
    result = Replay(actions)
    recorded = _state_of(events[0]["objects"])
    start = {key: vector(value["position"]) for key, value in recorded.items()}
    own = _own_state(session)
    touched: set[str] = set()
    for number, (request, after) in enumerate(zip(actions, events[1:], strict=True), start=1):
        try:
            perform(session, request)
            error = ""
        except ActionError as failure:
            error = str(failure)
        result.success.append((bool(after["lastActionSuccess"]), not error))
        result.errors.append((str(after["errorMessage"]), error))
        recorded_after, own_after = _state_of(after["objects"]), _own_state(session)
        touched |= {i["objectId"] for i in after["inventoryObjects"]}
        _compare(number, (recorded, recorded_after), (own, own_after), touched, result.tallies)
        if request["action"] == "PutObject":
            result.misplaced += [
                i
                for i in touched
                if _within(recorded_after, i) != _within(own_after, i) and _was_put(own, own_after, i)
            ]
        recorded, own = recorded_after, own_after
    for object_id, state in own.items():
        if object_id in start and object_id not in touched:
            result.drift = max(result.drift, float(np.linalg.norm(vector(state["position"]) - start[object_id])))
    return result


def _session(event: Mapping[str, Any]) -> Session:
    match = re.match(r"FloorPlan(\d+)", event["sceneName"])
    if match is None:
        raise ValueError(f"{event['sceneName']} is no floor plan")
    agent = event["agent"]
    x, y, z = vector(agent["position"]).tolist()
    spawn = Spawn((x, y, z), float(agent["rotation"]["y"]), float(agent["cameraHorizon"]))
    session = Session(
        recorded_scene(int(match[1]), event["objects"], spawn), event["screenWidth"], event["screenHeight"]
    )
    perform(session, {"action": "Initialize"})
    return session


def _own_state(session: Session) -> _State:
    visible = session.visible()
    return {
        obj.object_id: object_metadata(session.world, obj)
        | {"visible": obj.object_id in visible, "isInteractable": obj.object_id in visible}
        for obj in session.world
    }


def _state_of(objects: Sequence[dict[str, Any]]) -> _State:
    return {record["objectId"]: record for record in objects}


def _value(state: _State, object_id: str, key: str) -> Any:
    value = state.get(object_id, {}).get(key)
    if isinstance(value, list):
        return frozenset(value)
    if key in ("parentReceptacles", "receptacleObjectIds") and value is None:
        return frozenset()
    return round(value, 2) if isinstance(value, float) else value


def _compare(
    number: int,
    recorded: tuple[_State, _State],
    own: tuple[_State, _State],
    touched: set[str],
    tallies: dict[str, Tally],
) -> None:
    for key in (*SEMANTIC_KEYS, *SIGHT_KEYS):
        tally = tallies.setdefault(key, Tally())
        for object_id in recorded[1].keys() | own[1].keys():
            theirs = [_value(state, object_id, key) for state in recorded]
            ours = [_value(state, object_id, key) for state in own]
            change = (number, object_id, key)
            if theirs[0] != theirs[1]:
                if ours[0] != ours[1] and _same_change(theirs, ours):
                    tally.both.append(change)
                elif _drifted(object_id, key, theirs, touched):
                    tally.drifted.append(change)
                else:
                    tally.missed.append(change)
            elif ours[0] != ours[1]:
                tally.extra.append(change)


def _drifted(object_id: str, key: str, theirs: list[Any], touched: set[str]) -> bool:
    """Whether a change of containment is only of things that no action touched."""
    if key == "parentReceptacles":
        return object_id not in touched
    return key == "receptacleObjectIds" and not (theirs[0] ^ theirs[1]) & touched


def _same_change(theirs: list[Any], ours: list[Any]) -> bool:
    """Whether the same came and went; for lists what stayed may differ, as a physics engine's jitter adds to it."""
    if isinstance(theirs[1], frozenset):
        return bool(theirs[1] - theirs[0] == ours[1] - ours[0] and theirs[0] - theirs[1] == ours[0] - ours[1])
    return bool(theirs[1] == ours[1])


def _within(state: _State, object_id: str) -> frozenset[str]:
    value: frozenset[str] = _value(state, object_id, "parentReceptacles")
    return value


def _was_put(before: _State, after: _State, object_id: str) -> bool:
    return bool(before[object_id]["isPickedUp"] and not after[object_id]["isPickedUp"])


def _action(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The action that was taken between two events, with the arguments that follow from what changed."""
    name = after["lastAction"]
    old, new = _state_of(before["objects"]), _state_of(after["objects"])
    request: dict[str, Any] = {"action": name}
    if name == "PickupObject":
        request |= {"objectId": after["actionReturn"], "forceAction": True}
    elif name == "PutObject":
        held = before["inventoryObjects"][0]["objectId"]
        parents = new[held]["parentReceptacles"] or []
        request |= {"objectId": _innermost(parents), "forceAction": True}
    elif name in ("OpenObject", "CloseObject"):
        changed = [i for i in new if old[i]["openness"] != new[i]["openness"]]
        # an action that left its object as it was: any openable one, asked for what it is
        target = changed[0] if changed else next(i for i in new if new[i]["objectType"] == "Fridge")
        request |= {"objectId": target, "forceAction": True}
        if name == "OpenObject":
            request["openness"] = new[target]["openness"]
    elif name in ("ToggleObjectOn", "ToggleObjectOff"):
        request |= {
            "objectId": next(i for i in new if old[i]["isToggled"] != new[i]["isToggled"]),
            "forceAction": True,
        }
    return request


def _innermost(parents: Sequence[str]) -> str:
    """Of the receptacles that an object is reported in, the one that it was put into."""
    return next((p for p in parents if not p.startswith("Floor")), parents[0])
