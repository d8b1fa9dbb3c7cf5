"""Changing the state of objects directly: broken, cooked, clean, full, used up, hot."""

from __future__ import annotations

from typing import Any

from sim.headless.actions.containers import open_to
from sim.headless.actions.registry import action
from sim.headless.errors import ActionError
from sim.headless.objects import SimObject
from sim.headless.rules import fill
from sim.headless.session import Session
from sim.headless.slicing import slice_up

LIQUIDS = frozenset(["water", "coffee", "wine"])
"""Liquids that things can be filled with."""

USED_UP_TYPES = frozenset(["PaperTowelRoll", "SoapBottle", "TissueBox", "ToiletPaper"])
"""Types that can be used up; AI2-THOR 5.0 records ``canBeUsedUp`` as false for them all the same."""

_TEMPERATURES = {"hot": "Hot", "cold": "Cold", "roomtemp": "RoomTemp"}


def _need(obj: SimObject, able: bool, component: str) -> None:
    if not able:
        raise ActionError(f"{obj.name} does not have {component} component!")


def break_up(session: Session, obj: SimObject) -> None:
    """Break an object; an egg cracks, what is in a vessel comes to rest where it is.

    Raises:
        ActionError: If it cannot break, or is broken.
    """
    if not obj.kind.breakable:
        raise ActionError(f"{obj.name} does not have the CanBreak property!!")
    if obj.is_broken:
        raise ActionError(f"{obj.name} is already broken!")
    if obj.object_type == "Egg":
        slice_up(session.world, obj)
        return
    obj.is_broken, obj.is_filled, obj.fill_liquid, obj.is_toggled = True, False, None, False
    session.world.touch(obj)


@action("BreakObject")
def break_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    force_action: bool = False,
) -> None:
    """Break an object."""
    break_up(session, session.target(object_id, x, y, force_action))


@action("CookObject")
def cook_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    force_action: bool = False,
) -> None:
    """Cook an object where it is."""
    obj = session.target(object_id, x, y, force_action)
    _need(obj, obj.kind.cookable, "CanBeCooked")
    if obj.is_cooked:
        raise ActionError(f"{obj.name} is already Cooked!")
    obj.is_cooked = True
    session.world.touch(obj)


def soil(session: Session, obj: SimObject, dirty: bool) -> None:
    """Make an object dirty or clean.

    Raises:
        ActionError: If it cannot be dirty, or is so already.
    """
    _need(obj, obj.kind.dirtyable, "CanBeDirty")
    if obj.is_dirty == dirty:
        raise ActionError(f"{obj.name} is already {'dirty' if dirty else 'Clean'}!")
    obj.is_dirty = dirty
    session.world.touch(obj)


@action("DirtyObject")
def dirty_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    force_action: bool = False,
) -> None:
    """Make an object dirty."""
    soil(session, session.target(object_id, x, y, force_action), True)


@action("CleanObject")
def clean_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    force_action: bool = False,
) -> None:
    """Make an object clean."""
    soil(session, session.target(object_id, x, y, force_action), False)


@action("FillObjectWithLiquid", "FillObject")
def fill_object_with_liquid(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    fill_liquid: str,
    force_action: bool = False,
) -> None:
    """Fill an object with water, coffee or wine."""
    obj = session.target(object_id, x, y, force_action)
    _need(obj, obj.kind.can_fill, "CanBeFilled")
    if fill_liquid not in LIQUIDS:
        raise ActionError(f"{fill_liquid} is not a valid Liquid Type; valid are {', '.join(sorted(LIQUIDS))}")
    if obj.is_filled:
        raise ActionError(f"{obj.name} is already Filled!")
    fill(session.world, obj, fill_liquid)


@action("EmptyLiquidFromObject", "EmptyObject")
def empty_liquid_from_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    force_action: bool = False,
) -> None:
    """Pour out what is in an object."""
    obj = session.target(object_id, x, y, force_action)
    _need(obj, obj.kind.can_fill, "CanBeFilled")
    if not obj.is_filled:
        raise ActionError("object already empty")
    obj.is_filled, obj.fill_liquid = False, None
    session.world.touch(obj)


@action("UseUpObject")
def use_up_object(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    force_action: bool = False,
) -> None:
    """Use an object up."""
    obj = session.target(object_id, x, y, force_action)
    _need(obj, obj.kind.can_be_used_up or obj.object_type in USED_UP_TYPES, "CanBeUsedUp")
    if obj.is_used_up:
        raise ActionError("object has already been used up!")
    obj.is_used_up = True
    session.world.touch(obj)


_STATE_CHANGES = {
    "toggleable": "isToggled",
    "openable": "isOpen",
    "breakable": "isBroken",
    "canFillWithLiquid": "isFilledWithLiquid",
    "dirtyable": "isDirty",
    "cookable": "isCooked",
    "sliceable": "isSliced",
    "canBeUsedUp": "isUsedUp",
}
"""What SetObjectStates can change, and the key that says to what."""


@action("SetObjectStates")
def set_object_states(session: Session, *, set_object_states: dict[str, Any]) -> None:
    """Set a state of all objects of a type, or of all objects that have it; irreversible ones only forwards."""
    change = set_object_states.get("stateChange")
    if change not in _STATE_CHANGES:
        raise ActionError(f"stateChange must be one of {', '.join(_STATE_CHANGES)}, got {change}")
    wanted = bool(set_object_states.get(_STATE_CHANGES[change], False))
    object_type = set_object_states.get("objectType")
    for obj in list(session.world):
        if object_type in (None, "", obj.object_type):
            _set_state(session, obj, change, wanted)


def _set_state(session: Session, obj: SimObject, change: str, wanted: bool) -> None:
    kind = obj.kind
    if change == "toggleable" and kind.toggleable:
        obj.is_toggled = wanted
    elif change == "openable" and kind.openable and obj.is_open != wanted and not (wanted and obj.is_toggled):
        open_to(session, obj, float(wanted))
    elif change == "breakable" and kind.breakable and wanted and not obj.is_broken:
        break_up(session, obj)
        return
    elif change == "canFillWithLiquid" and kind.can_fill:
        obj.is_filled, obj.fill_liquid = wanted, "water" if wanted else None
    elif change == "dirtyable" and kind.dirtyable:
        obj.is_dirty = wanted
    elif change == "cookable" and kind.cookable:
        obj.is_cooked = obj.is_cooked or wanted
    elif change == "sliceable" and kind.sliceable and wanted and obj is not session.world.held:
        slice_up(session.world, obj)
        return
    elif change == "canBeUsedUp" and (kind.can_be_used_up or obj.object_type in USED_UP_TYPES):
        obj.is_used_up = obj.is_used_up or wanted
    else:
        return
    session.world.touch(obj)


@action("SetRoomTempDecayTimeForType")
def set_decay_for_type(session: Session, *, object_type: str, time_until_room_temp: float = 0.0) -> None:
    """Set the simulated seconds after which objects of a type are at room temperature again."""
    session.household.decay_by_type[object_type] = time_until_room_temp


@action("SetGlobalRoomTempDecayTime")
def set_decay(session: Session, *, time_until_room_temp: float = 0.0) -> None:
    """Set the simulated seconds after which all objects are at room temperature again."""
    session.household.decay_seconds = time_until_room_temp


@action("SetDecayTemperatureBool")
def set_decay_enabled(session: Session, *, allow_decay_temperature: bool) -> None:
    """Say whether temperatures return to the room's at all."""
    session.household.decay = allow_decay_temperature


@action("SetObjectTemperature")
def set_object_temperature(session: Session, *, object_id: str, temperature: str) -> None:
    """Make an object hot, cold or as warm as the room; not an action of AI2-THOR."""
    wanted = _TEMPERATURES.get(temperature.lower())
    if wanted is None:
        raise ActionError("temperature must be Hot, Cold or RoomTemp", code="InvalidArgument")
    obj = session.find(object_id)
    obj.temperature, obj.temperature_left = wanted, session.household.decay_seconds
    session.world.touch(obj)
