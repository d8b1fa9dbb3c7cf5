"""Changing the state of objects directly: broken, cooked, clean, full, used up, hot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sim.headless.actions.containers import open_to, toggle
from sim.headless.actions.registry import action
from sim.headless.errors import ActionError
from sim.headless.objects import SimObject
from sim.headless.placement import let_fall, settle
from sim.headless.rules import MUST_BE_CLOSED_TO_RUN, MUST_BE_OFF_TO_OPEN, fill
from sim.headless.session import Session
from sim.headless.slicing import slice_up

LIQUIDS = frozenset(["water", "coffee", "wine"])
"""Liquids that things can be filled with."""

USED_UP_TYPES = frozenset(["PaperTowelRoll", "SoapBottle", "TissueBox", "ToiletPaper"])
"""Types that can be used up; AI2-THOR 5.0 records ``canBeUsedUp`` as false for them all the same."""

_TEMPERATURES = {"hot": "Hot", "cold": "Cold", "roomtemp": "RoomTemp"}


def break_up(session: Session, obj: SimObject) -> None:
    """Break an object; an egg cracks, and what is held falls out of the hand.

    Raises:
        ActionError: If it cannot break, or is broken.
    """
    if not obj.kind.breakable:
        raise ActionError(f"{obj.name} does not have the CanBreak property!!")
    if obj.is_broken:
        raise ActionError(f"{obj.name} is already broken!")
    world = session.world
    if obj is world.held:
        world.held, obj.is_held = None, False
        world.agent.reset_hand()
        let_fall(world, obj, obj.center)
    obj.is_broken, obj.is_filled, obj.fill_liquid, obj.is_toggled = True, False, None, False
    world.touch(obj)
    if obj.object_type == "Egg":
        slice_up(world, obj)
    elif obj.kind.pickupable:  # its pieces hold nothing
        for child in world.children(obj):
            settle(world, child, child.center, child.rotation)


@action("BreakObject", open_ended=True)
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


@action("CookObject", open_ended=True)
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
    if not obj.kind.cookable:
        raise ActionError("target object is not cookable")
    if obj.is_cooked:
        raise ActionError(f"{obj.object_id} is already Toasted!")
    obj.is_cooked = True
    session.world.touch(obj)


def soil(session: Session, obj: SimObject, dirty: bool) -> None:
    """Make an object dirty or clean.

    Raises:
        ActionError: If it cannot be dirty, or is so already.
    """
    if not obj.kind.dirtyable:
        raise ActionError(f"{obj.name} does not have {'CanBeDirty' if dirty else 'dirtyable'} property!")
    if obj.is_dirty == dirty:
        raise ActionError(f"{obj.name} is already {'dirty' if dirty else 'Clean'}!")
    obj.is_dirty = dirty
    session.world.touch(obj)


@action("DirtyObject", open_ended=True)
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


@action("CleanObject", open_ended=True)
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


@action("FillObjectWithLiquid", open_ended=True)
def fill_object_with_liquid(
    session: Session,
    *,
    object_id: str | None = None,
    x: float | None = None,
    y: float | None = None,
    fill_liquid: str | None = None,
    force_action: bool = False,
) -> None:
    """Fill an object with water, coffee or wine."""
    obj = session.target(object_id, x, y, force_action)
    if fill_liquid is None:
        raise ActionError("InvalidOperationException: Missing Liquid string for FillObject action")
    liquid = fill_liquid.lower()
    if not obj.kind.can_fill:
        raise ActionError(f"ArgumentException: {obj.name} does not have CanBeFilled property!")
    if liquid not in LIQUIDS:
        raise ActionError(f"ArgumentException: {liquid} is not a valid Liquid Type")
    if obj.is_filled:
        raise ActionError(f"InvalidOperationException: {obj.name} is already Filled!")
    fill(session.world, obj, liquid)


@action("EmptyLiquidFromObject", open_ended=True)
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
    if not obj.kind.can_fill:
        raise ActionError(f"{obj.name} does not have CanBeFilled property!")
    if not obj.is_filled:
        raise ActionError("object already empty")
    obj.is_filled, obj.fill_liquid = False, None
    session.world.touch(obj)


@action("UseUpObject", open_ended=True)
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
    if not (obj.kind.can_be_used_up or obj.object_type in USED_UP_TYPES):
        raise ActionError(f"{obj.name} does not have CanBeUsedUp property!")
    if obj.is_used_up:
        raise ActionError("object already used up!")
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


@action("SetObjectStates", open_ended=True)
def set_object_states(session: Session, *, set_object_states: dict[str, Any] | None = None) -> None:
    """Set a state of all objects of a type, or of all objects that have it; irreversible ones only forwards."""
    if set_object_states is None:
        raise ActionError("action.SetObjectStates is null or not initialized!")
    change, object_type = set_object_states.get("stateChange"), set_object_states.get("objectType")
    if change is None and object_type is None:
        raise ActionError(
            "action.SetObjectStates has objectType and stateChange strings null. Please pass in valid strings."
        )
    if change is None:
        raise ActionError(
            "action.SetObjectStates is missing stateChange string. If setting objects by objectType, Please specify "
            "both an objectType and a stateChange compatible with that objectType to set."
        )
    if change not in _STATE_CHANGES:
        return  # as AI2-THOR has it
    wanted = bool(set_object_states.get(_STATE_CHANGES[change], False))
    for obj in list(session.world):
        if object_type in (None, obj.object_type):
            _set_state(session, obj, change, wanted)


def _set_state(session: Session, obj: SimObject, change: str, wanted: bool) -> None:
    kind = obj.kind
    if change == "toggleable" and kind.toggleable:
        _switch(session, obj, wanted)
    elif change == "openable" and kind.openable and obj.is_open != wanted:
        if not (obj.object_type in MUST_BE_OFF_TO_OPEN and obj.is_toggled):
            open_to(session, obj, float(wanted))
    elif change == "breakable" and kind.breakable and wanted and not obj.is_broken:
        break_up(session, obj)
    elif change == "canFillWithLiquid" and kind.can_fill and obj.is_filled != wanted:
        obj.is_filled, obj.fill_liquid = wanted, "water" if wanted else None
        session.world.touch(obj)
    elif change == "dirtyable" and kind.dirtyable and obj.is_dirty != wanted:
        soil(session, obj, wanted)
    elif change == "cookable" and kind.cookable and wanted:
        obj.is_cooked = True
        session.world.touch(obj)
    elif change == "sliceable" and kind.sliceable and wanted and obj is not session.world.held:
        obj.is_sliced = True
        slice_up(session.world, obj)
    elif change == "canBeUsedUp" and (kind.can_be_used_up or obj.object_type in USED_UP_TYPES) and wanted:
        obj.is_used_up = True
        session.world.touch(obj)


def _switch(session: Session, obj: SimObject, wanted: bool) -> None:
    if obj.is_toggled != wanted and not (wanted and (obj.object_type in MUST_BE_CLOSED_TO_RUN and obj.is_open)):
        toggle(session, obj, wanted)


@action("SetRoomTempDecayTimeForType")
def set_decay_for_type(session: Session, *, object_type: str, time_until_room_temp: float = 0.0) -> None:
    """Set the simulated seconds after which objects of a type are at room temperature again."""
    session.household.decay_by_type[object_type] = time_until_room_temp


@action("SetGlobalRoomTempDecayTime")
def set_decay(session: Session, *, time_until_room_temp: float = 0.0) -> None:
    """Set the simulated seconds after which all objects are at room temperature again."""
    session.household.decay_seconds = time_until_room_temp
    session.household.decay_by_type.clear()


@action("SetTemperatureDecayTime")
def set_temperature_decay_time(session: Session, *, decay_time: float, object_id: str | None = None) -> None:
    """Set the simulated seconds after which an object, or every object, is at room temperature again."""
    if decay_time < 0:
        raise ActionError(f"ArgumentOutOfRangeException: decayTime must be >= 0. You gave {decay_time:g}")
    if object_id is None:
        set_decay(session, time_until_room_temp=decay_time)
        session.household.decay_by_id.clear()
    else:
        session.household.decay_by_id[session.find(object_id).object_id] = decay_time


@action("SetDecayTemperatureBool")
def set_decay_enabled(session: Session, *, allow_decay_temperature: bool) -> None:
    """Say whether temperatures return to the room's at all."""
    session.household.decay = allow_decay_temperature


@action("EnableTemperatureDecay")
def enable_decay(session: Session) -> None:
    """Let temperatures return to the room's."""
    session.household.decay = True


@action("DisableTemperatureDecay")
def disable_decay(session: Session) -> None:
    """Keep temperatures as they are."""
    session.household.decay = False


@action("SetMassProperties")
def set_mass_properties(session: Session, *, object_id: str, mass: float, drag: float, angular_drag: float) -> None:
    """Set the mass of what can move, kilograms; there is no drag here."""
    obj = session.world.objects.get(object_id)
    if obj is None:
        raise ActionError(f"object with ObjectID: {object_id}, could not be found in this scene")
    if not obj.can_move:
        raise ActionError(
            f"object with ObjectID: {object_id}, is not Moveable or Pickupable, and the Mass Properties cannot be "
            "changed"
        )
    obj.kind = replace(obj.kind, mass=mass)
    session.world.touch(obj)


@action("MakeAllObjectsUnbreakable")
def make_all_unbreakable(session: Session) -> None:
    """Let no fall and no throw break anything."""
    session.world.unbreakable |= session.world.objects.keys()


@action("MakeObjectsOfTypeUnbreakable")
def make_type_unbreakable(session: Session, *, object_type: str) -> None:
    """Let no fall and no throw break objects of a type."""
    session.world.unbreakable |= {obj.object_id for obj in session.world.of_type(object_type)}


@action("MakeAllObjectsBreakable")
def make_all_breakable(session: Session) -> None:
    """Take MakeAllObjectsUnbreakable back."""
    session.world.unbreakable.clear()


@action("MakeObjectBreakable")
def make_breakable(session: Session, *, object_id: str) -> None:
    """Let falls and throws break one object again."""
    session.world.unbreakable.discard(session.find(object_id).object_id)


@action("SetObjectTemperature")
def set_object_temperature(session: Session, *, object_id: str, temperature: str) -> None:
    """Make an object hot, cold or as warm as the room; not an action of AI2-THOR."""
    wanted = _TEMPERATURES.get(temperature.lower())
    if wanted is None:
        raise ActionError("temperature must be Hot, Cold or RoomTemp", code="InvalidArgument")
    obj = session.find(object_id)
    obj.temperature, obj.temperature_left = wanted, session.household.time_until_room_temperature(obj)
    session.world.touch(obj)
