"""The rules of the household, without a client in between."""

import numpy as np
import pytest

from sim.headless.actions import perform
from sim.headless.errors import ActionError
from sim.headless.scene import load_scene
from sim.headless.session import Session

pytestmark = pytest.mark.sim


@pytest.fixture(scope="module")
def shared_session():
    return Session(load_scene("FloorPlan1"), 120, 120)


@pytest.fixture
def kitchen(shared_session):
    shared_session.start(load_scene("FloorPlan1"))
    return House(shared_session)


class House:
    """Acts on objects by type, with force, as the tests are about what happens and not about seeing it."""

    def __init__(self, session):
        self.session = session

    def __getitem__(self, object_type):
        return self.session.world.of_type(object_type)[0]

    def do(self, name, target=None, **arguments):
        if target is not None:
            obj = self[target] if isinstance(target, str) else target
            arguments |= {"objectId": obj.object_id, "forceAction": True}
        return perform(self.session, {"action": name, **arguments})

    def put(self, thing, receptacle):
        self.do("PickupObject", thing)
        self.do("PutObject", receptacle)


def test_a_running_tap_cleans_and_fills_what_is_in_its_basin_only(kitchen):
    kitchen.do("DirtyObject", "Plate")
    kitchen.do("DirtyObject", "Bowl")
    kitchen.put("Plate", "SinkBasin")
    kitchen.put("Mug", "SinkBasin")
    assert kitchen["Plate"].is_dirty
    kitchen.do("ToggleObjectOn", "Faucet")
    assert not kitchen["Plate"].is_dirty
    assert kitchen["Bowl"].is_dirty
    assert (kitchen["Mug"].is_filled, kitchen["Mug"].fill_liquid) == (True, "water")
    assert not kitchen["Cup"].is_filled


def test_a_fridge_cools_what_is_on_a_plate_in_it(kitchen):
    kitchen.put("Tomato", "Plate")
    kitchen.do("OpenObject", "Fridge")
    kitchen.put("Plate", "Fridge")
    assert kitchen["Tomato"].parent == kitchen["Plate"].object_id
    assert kitchen["Tomato"].temperature == kitchen["Plate"].temperature == "Cold"


def test_a_microwave_takes_things_open_and_heats_and_cooks_them_closed(kitchen):
    kitchen.do("PickupObject", "Potato")
    with pytest.raises(ActionError, match="CLOSED, can't place"):
        kitchen.do("PutObject", "Microwave")
    kitchen.do("OpenObject", "Microwave")
    kitchen.do("PutObject", "Microwave")
    with pytest.raises(ActionError, match="must be closed to Toggle On"):
        kitchen.do("ToggleObjectOn", "Microwave")
    kitchen.do("CloseObject", "Microwave")
    assert kitchen["Potato"].temperature == "RoomTemp"
    kitchen.do("ToggleObjectOn", "Microwave")
    assert kitchen["Potato"].temperature == "Hot"
    assert kitchen["Potato"].is_cooked
    with pytest.raises(ActionError, match="Target must be OFF to open!"):
        kitchen.do("OpenObject", "Microwave")


def test_a_knob_lights_its_burner_which_cooks_what_is_in_the_pan_on_it(kitchen):
    knob = kitchen["StoveKnob"]
    burner = kitchen.session.world.objects[knob.controlled[0]]
    other = next(b for b in kitchen.session.world.of_type("StoveBurner") if b is not burner)
    kitchen.put("Pan", burner)
    kitchen.put("Pot", other)
    kitchen.do("SliceObject", "Egg")
    kitchen.put("EggCracked", "Pan")
    kitchen.do("ToggleObjectOn", knob)
    assert kitchen["EggCracked"].is_cooked
    assert kitchen["EggCracked"].temperature == kitchen["Pan"].temperature == "Hot"
    assert kitchen["Pot"].temperature == "RoomTemp"
    with pytest.raises(ActionError, match="not toggleable"):
        kitchen.do("ToggleObjectOn", burner)


def test_heat_goes_away_after_ten_simulated_seconds(kitchen):
    kitchen.do("OpenObject", "Microwave")
    kitchen.put("Potato", "Microwave")
    kitchen.do("CloseObject", "Microwave")
    kitchen.do("ToggleObjectOn", "Microwave")
    kitchen.do("ToggleObjectOff", "Microwave")
    kitchen.do("OpenObject", "Microwave")
    kitchen.put("Potato", "CounterTop")
    kitchen.session.after(9.0)
    assert kitchen["Potato"].temperature == "Hot"
    kitchen.session.after(2.0)
    assert kitchen["Potato"].temperature == "RoomTemp"


def test_the_toaster_takes_a_slice_of_bread_and_nothing_else(kitchen):
    kitchen.do("SliceObject", "Bread")
    kitchen.do("PickupObject", "Tomato")
    toaster = kitchen["Toaster"]
    agent = kitchen.session.world.agent
    agent.position, agent.yaw, agent.horizon = np.array([-1.25, 0.901, 0.25]), 270.0, 30.0
    with pytest.raises(ActionError, match="not a valid Object Type to be placed in"):
        perform(kitchen.session, {"action": "PutObject", "objectId": toaster.object_id})
    kitchen.do("PutObject", "CounterTop")
    kitchen.put("BreadSliced", "Toaster")
    kitchen.do("ToggleObjectOn", "Toaster")
    assert kitchen["BreadSliced"].is_cooked


def test_the_coffee_machine_fills_a_mug_with_hot_coffee(kitchen):
    kitchen.put("Mug", "CoffeeMachine")
    kitchen.do("ToggleObjectOn", "CoffeeMachine")
    mug = kitchen["Mug"]
    assert (mug.is_filled, mug.fill_liquid, mug.temperature) == (True, "coffee", "Hot")


def test_slices_have_the_ids_of_the_real_thing_and_inherit_state(kitchen):
    kitchen.do("OpenObject", "Fridge")
    kitchen.put("Apple", "Fridge")
    whole = kitchen["Apple"].object_id
    kitchen.do("SliceObject", "Apple")
    world = kitchen.session.world
    slices = world.of_type("AppleSliced")
    assert whole not in world.objects
    assert [s.object_id for s in slices] == [f"{whole}|AppleSliced_{k}" for k in range(len(slices))]
    assert {s.temperature for s in slices} == {"Cold"}
    assert {s.parent for s in slices} == {kitchen["Fridge"].object_id}


def test_contents_travel_with_what_carries_them(kitchen):
    kitchen.put("Apple", "Bowl")
    offset = kitchen["Apple"].position - kitchen["Bowl"].position
    kitchen.put("Bowl", kitchen.session.world.of_type("CounterTop")[1])
    assert kitchen["Apple"].position - kitchen["Bowl"].position == pytest.approx(offset, abs=0.2)
    assert np.linalg.norm(offset) == pytest.approx(np.linalg.norm(kitchen["Apple"].position - kitchen["Bowl"].position))


def test_an_opened_drawer_brings_its_contents_out_and_back(kitchen):
    drawer = next(d for d in kitchen.session.world.of_type("Drawer") if d.children)
    inside = kitchen.session.world.objects[drawer.children[0]]
    before, box = inside.position.copy(), drawer.position.copy()
    kitchen.do("OpenObject", drawer)
    moved = inside.position - before
    assert np.linalg.norm(moved) > 0.1
    assert moved == pytest.approx(drawer.position - box)
    kitchen.do("CloseObject", drawer)
    assert inside.position == pytest.approx(before)


def test_dropped_things_lie_on_the_floor_and_a_hard_throw_breaks_a_plate(kitchen):
    kitchen.do("PickupObject", "Mug")
    kitchen.do("DropHandObject")
    assert kitchen["Mug"].parent == kitchen["Floor"].object_id
    assert not kitchen["Mug"].is_broken  # as the Unity player recorded it
    kitchen.session.world.agent.yaw = 90.0
    kitchen.do("PickupObject", "Plate")
    kitchen.do("ThrowObject", moveMagnitude=500.0)
    assert kitchen["Plate"].is_broken


def test_what_stood_on_a_removed_thing_falls_on_what_is_below(kitchen):
    kitchen.put("Apple", "Plate")
    kitchen.put("Plate", "CounterTop")
    kitchen.do("RemoveFromScene", objectId=kitchen["Plate"].object_id)
    assert kitchen["Apple"].parent == kitchen["CounterTop"].object_id


def test_what_is_held_must_not_stick_in_a_fridge(kitchen):
    session = kitchen.session
    kitchen.do("PickupObject", "Pan")
    places = [session.world.agent.position.copy()]

    def approach():
        while True:
            perform(session, {"action": "MoveAhead"})
            places.append(session.world.agent.position.copy())

    with pytest.raises(ActionError, match=rf"is blocking the Agent from moving by \(.*\) with {kitchen['Pan'].name}"):
        approach()
    assert (session.world.agent.position == places[-1]).all()
    perform(session, {"action": "MoveAhead", "forceAction": True})
    kitchen.do("DropHandObject")
    assert not session.touched_by_held()


def test_refused_actions_change_nothing(kitchen):
    apple = kitchen["Apple"]
    before = apple.position.copy(), apple.parent
    with pytest.raises(ActionError, match="not found within the specified visibility"):
        perform(kitchen.session, {"action": "PickupObject", "objectId": apple.object_id})
    with pytest.raises(ActionError, match="is not the objectId on any object"):
        perform(kitchen.session, {"action": "PickupObject", "objectId": "Apple|nowhere"})
    with pytest.raises(ActionError, match="CanPickup"):
        kitchen.do("PickupObject", "Fridge")
    kitchen.do("PickupObject", "Mug")
    with pytest.raises(ActionError, match="something in it already"):
        kitchen.do("PickupObject", "Apple")
    with pytest.raises(ActionError, match="NOT a receptacle"):
        kitchen.do("PutObject", "Book")
    assert (apple.position == before[0]).all()
    assert apple.parent == before[1]


def test_disturbances_are_seeded_reported_and_spare_what_is_seen(kitchen, shared_session):
    def run(seed):
        shared_session.start(load_scene("FloorPlan1"))
        kitchen.do("OpenObject", "Microwave")
        seen = set(shared_session.visible())
        before = {o.object_id: (o.parent, o.is_toggled, o.is_dirty, o.openness) for o in shared_session.world}
        done = perform(
            shared_session, {"action": "DisturbScene", "randomSeed": seed, "moves": 3, "states": 2, "closings": 1}
        )
        after = {o.object_id: (o.parent, o.is_toggled, o.is_dirty, o.openness) for o in shared_session.world}
        changed = {i for i in after if after[i] != before[i]}
        assert changed == {entry["objectId"] for entry in done}
        assert not changed & seen
        return done

    assert run(1) == run(1) != run(2)
    assert [entry["change"] for entry in run(1)].count("moved") == 3
    assert {"change": "closed", "objectId": kitchen["Microwave"].object_id, "to": "closed"} in run(1)


def test_random_spawn_is_reproducible_and_keeps_every_object(kitchen, shared_session):
    ids = set(shared_session.world.objects)

    def spawn(seed):
        shared_session.start(load_scene("FloorPlan1"))
        perform(shared_session, {"action": "InitialRandomSpawn", "randomSeed": seed})
        return {o.object_id: (o.parent, *o.position.tolist()) for o in shared_session.world}

    first, again, other = spawn(3), spawn(3), spawn(4)
    assert first == again
    assert first != other
    assert set(first) == ids


def test_a_candle_is_lit_and_put_out_and_a_broken_lamp_stays_dark(shared_session):
    shared_session.start(load_scene("FloorPlan401"))
    house = House(shared_session)
    candle = house["Candle"]
    house.do("ToggleObjectOn" if not candle.is_toggled else "ToggleObjectOff", candle)
    house.do("ToggleObjectOff" if candle.is_toggled else "ToggleObjectOn", candle)
    with pytest.raises(ActionError, match=r"can't toggle object (on|off) if it's already"):
        house.do("ToggleObjectOn" if candle.is_toggled else "ToggleObjectOff", candle)
    shared_session.start(load_scene("FloorPlan301"))
    lamp = house["DeskLamp"]
    if lamp.kind.breakable:
        house.do("BreakObject", lamp)
        assert not lamp.is_toggled
        with pytest.raises(ActionError, match="broken and cannot be Toggled On"):
            house.do("ToggleObjectOn", lamp)


def test_a_broken_egg_is_cracked_and_its_whole_stays_in_the_metadata_only(kitchen):
    egg = kitchen["Egg"]
    kitchen.do("BreakObject", egg)
    world = kitchen.session.world
    assert egg.object_id not in world.objects
    assert world.remains[egg.object_id].is_broken
    assert [o.object_id for o in world.of_type("EggCracked")] == [f"{egg.object_id}|EggCracked_0"]
    with pytest.raises(ActionError, match="not found within the specified visibility"):
        kitchen.do("PickupObject", egg)


def test_breaking_what_is_held_empties_the_hand_and_what_it_held_falls(kitchen):
    kitchen.put("Tomato", "Bowl")
    kitchen.do("PickupObject", "Bowl")
    kitchen.do("BreakObject", "Bowl")
    assert kitchen.session.held is None
    assert kitchen["Bowl"].is_broken
    assert not kitchen["Bowl"].children
    assert kitchen["Tomato"].parent not in (None, kitchen["Bowl"].object_id)


def test_what_lies_on_a_plate_that_breaks_in_a_shut_cabinet_stays_in_there(kitchen):
    plate, world = kitchen["Plate"], kitchen.session.world
    cabinet = world.objects[plate.parent]
    assert cabinet.object_type == "Cabinet"
    kitchen.do("OpenObject", cabinet)
    fork = kitchen["Fork"]
    kitchen.do("PickupObject", fork)
    kitchen.do("PutObject", plate)
    kitchen.do("CloseObject", cabinet)
    assert fork.parent == plate.object_id
    kitchen.do("BreakObject", plate)
    assert fork.parent == cabinet.object_id
    assert (fork.low >= cabinet.low - 0.01).all()


def test_what_was_made_unbreakable_survives_a_throw(kitchen):
    kitchen.do("MakeAllObjectsUnbreakable")
    kitchen.session.world.agent.yaw = 90.0
    kitchen.do("PickupObject", "Plate")
    kitchen.do("ThrowObject", moveMagnitude=500.0)
    assert not kitchen["Plate"].is_broken


def test_single_things_can_stay_warm_for_longer(kitchen):
    for thing in ("Potato", "Tomato"):
        kitchen.do("SetObjectTemperature", objectId=kitchen[thing].object_id, temperature="Hot")
    kitchen.do("SetTemperatureDecayTime", objectId=kitchen["Potato"].object_id, decayTime=30.0)
    for thing in ("Potato", "Tomato"):  # the time runs from the exposure
        kitchen.do("SetObjectTemperature", objectId=kitchen[thing].object_id, temperature="Hot")
    kitchen.session.after(11.0)
    assert kitchen["Tomato"].temperature == "RoomTemp"
    assert kitchen["Potato"].temperature == "Hot"
    kitchen.do("DisableTemperatureDecay")
    kitchen.session.after(60.0)
    assert kitchen["Potato"].temperature == "Hot"
    kitchen.do("EnableTemperatureDecay")
    kitchen.session.after(60.0)
    assert kitchen["Potato"].temperature == "RoomTemp"


def test_a_tipped_vessel_spills_and_drops_what_is_in_it(kitchen):
    kitchen.put("Apple", "Bowl")
    kitchen.do("FillObjectWithLiquid", "Bowl", fillLiquid="water")
    kitchen.do("PickupObject", "Bowl")
    assert kitchen["Apple"].parent == kitchen["Bowl"].object_id
    kitchen.do("RotateHeldObject", roll=100.0)
    assert not kitchen["Bowl"].is_filled
    assert kitchen["Apple"].parent != kitchen["Bowl"].object_id


def test_pushing_goes_the_way_the_agent_looks(kitchen):
    kitchen.do("PickupObject", "Apple")
    kitchen.do("DropHandObject", forceAction=True)
    apple = kitchen["Apple"]
    before, forward = apple.position.copy(), kitchen.session.world.agent.forward
    kitchen.do("PullObject", apple, moveMagnitude=0.0)
    assert apple.position == pytest.approx(before, abs=0.02)
    kitchen.do("DirectionalPush", apple, moveMagnitude=10.0, pushAngle=90)
    moved = apple.position - before
    assert abs(float(moved @ forward)) < 0.02
    assert float(np.linalg.norm(moved)) > 0.05


def test_what_falls_does_not_fall_into_the_agent_that_looks_down_on_it(kitchen):
    world = kitchen.session.world
    kitchen.do("PickupObject", "Pot")
    world.agent.horizon = 60.0
    world.carry()
    kitchen.do("DropHandObject", forceAction=True)
    pot = kitchen["Pot"]
    off = np.maximum(np.maximum(pot.low - world.agent.position, world.agent.position - pot.high), 0.0)
    assert float(np.hypot(off[0], off[2])) > 0.19
    kitchen.do("PickupObject", "Apple")
    kitchen.do("PutObject", "Floor")
    assert kitchen["Apple"].parent == kitchen["Floor"].object_id
    assert float(np.hypot(*(kitchen["Apple"].position - world.agent.position)[[0, 2]])) > 0.2
