"""Which thing is which, what became of it, and what may be concluded from not seeing it."""

import math

import numpy as np
import pytest

from memory_node import Memory
from scene_graph.types import ChangeKind, Observation, View


def see(label, x, y, stamp, *, z=0.9, **more):
    return Observation(label, (x, y, z), stamp=stamp, size=more.pop("size", (0.1, 0.1, 0.1)), **more)


def look_at(x, y, *, z=0.9, distance=0.8, blocked=None):
    """A view from `distance` metres in front (−x) of a point, level, with depth 6 m or `blocked` everywhere."""
    pose = np.eye(4)
    # Optical axes in the map: z ahead = +x, x right = −y, y down = −z.
    pose[:3, 0], pose[:3, 1], pose[:3, 2] = (0, -1, 0), (0, 0, -1), (1, 0, 0)
    pose[:3, 3] = (x - distance, y, z)
    depth = np.full((60, 60), 6.0 if blocked is None else blocked, dtype=np.float32)
    return View(pose, (30.0, 30.0, 29.5, 29.5), depth)


@pytest.fixture
def memory():
    with Memory.open() as opened:
        yield opened


def kinds(changes):
    return [change.kind for change in changes]


class TestMoved:
    def test_the_answer_is_where_it_was_seen_last(self, memory):
        for stamp in range(5):
            memory.observe([see("Mug", 0, 0, stamp, object_id=f"track-{stamp}", source="camera")])
        changes = memory.observe([see("Mug", 20, 0, 10.0, object_id="track-9", source="camera")])
        assert kinds(changes) == [ChangeKind.MOVED]
        assert changes[0].before.position[0] == 0
        assert changes[0].after.position[0] == 20
        found = memory.locate("mug")
        assert found.position == (20, 0, 0.9)
        assert (found.stamp, found.age, found.source, found.frame_id) == (10.0, 0.0, "camera", "map")
        assert [state.position[0] for state in memory.history("track-0")] == [20, 0]
        assert [state.position[0] for state in found.history] == [0]
        assert found.object.provisional
        assert [state.position[0] for state in found.alternatives] == [0]
        assert len(memory.recall("mug")) == 1

    def test_a_clear_view_of_the_empty_old_place_settles_that_it_moved(self, memory):
        memory.observe([see("Mug", 0, 0, 0)])
        memory.observe([see("Mug", 8, 0, 1)])
        changes = memory.observe([], view=look_at(0, 0), stamp=2)
        assert kinds(changes) == [ChangeKind.MERGED]
        found = memory.locate("mug")
        assert not found.object.provisional
        assert found.alternatives == ()
        assert found.position[0] == 8

    def test_a_second_one_at_the_old_place_settles_that_they_are_two(self, memory):
        memory.observe([see("Mug", 0, 0, 0, object_id="a")])
        memory.observe([see("Mug", 8, 0, 1, object_id="b")])
        changes = memory.observe([see("Mug", 0, 0, 2, object_id="c")], view=look_at(0, 0))
        assert ChangeKind.SPLIT in kinds(changes)
        found = memory.recall("mug")
        assert sorted(r.position[0] for r in found) == [0, 8]
        assert not any(r.object.provisional for r in found)
        assert memory.get("a").position[0] == memory.get("c").position[0] == 0
        assert memory.get("b").position[0] == 8
        assert [s.position[0] for s in memory.history("c")] == [0]
        assert [s.position[0] for s in memory.history("b")] == [8]

    def test_what_vanished_first_and_is_seen_elsewhere_is_the_same(self, memory):
        memory.observe([see("Mug", 0, 0, 0)])
        assert kinds(memory.observe([], view=look_at(0, 0), stamp=1)) == [ChangeKind.STALE]
        assert kinds(memory.observe([see("Mug", 5, 0, 2)])) == [ChangeKind.REAPPEARED]
        found = memory.recall("mug")
        assert [(r.position[0], r.stale, r.object.provisional) for r in found] == [(5, False, False)]

    def test_slow_drift_adds_up_to_a_move(self, memory):
        changes = []
        for step in range(8):
            changes += memory.observe([see("Mug", 0.03 * step, 0, step)])
        assert ChangeKind.MOVED in kinds(changes)
        assert len(memory.recall("mug")) == 1


class TestNoise:
    """Sensors whose places scatter, and whose ids are new in every frame."""

    @pytest.mark.parametrize(("sigma", "told"), [(0.08, True), (0.05, True), (0.03, False)])
    def test_one_thing_stays_one(self, sigma, told):
        many = 0
        for seed in range(10):
            rng = np.random.default_rng(seed)
            covariance = np.eye(3) * sigma**2 if told else None
            with Memory.open() as memory:
                for step in range(30):
                    x, y = rng.normal(0, sigma, 2)
                    memory.observe([see("Mug", x, y, step, object_id=f"t{step}", covariance=covariance)])
                many += len(memory.recall("mug", k=9)) > 1
        assert many <= 1, "three standard deviations are left now and then"

    def test_two_that_are_seen_side_by_side_are_two_whatever_the_noise(self):
        rng = np.random.default_rng(3)
        with Memory.open() as memory:
            for step in range(20):
                places = np.array([(0.0, 0.0), (0.28, 0.0)]) + rng.normal(0, 0.02, (2, 2))
                memory.observe([see("Mug", x, y, step, object_id=f"{step}-{x}") for x, y in places])
            assert len(memory.recall("mug", k=9)) == 2


class TestAlike:
    @pytest.mark.parametrize("gap", [0.2, 0.4, 3.0])
    def test_two_seen_together_stay_two(self, memory, gap):
        for stamp in range(4):
            memory.observe([see("Mug", 0, 0, stamp), see("Mug", gap, 0, stamp)])
        assert sorted(r.position[0] for r in memory.recall("mug")) == [0, gap]

    def test_two_seen_one_after_the_other_by_a_robot_that_turns_are_two(self, memory):
        memory.observe([see("Vase", 0, 0, 0.0)], view=look_at(0, 0))
        memory.observe([see("Vase", 0, 1.5, 1.0)], view=look_at(0, 1.5))
        memory.observe([see("Vase", 0, 3.0, 2.0)], view=look_at(0, 3.0))
        found = memory.recall("vase")
        assert len(found) == 3
        assert not any(r.object.provisional for r in found)

    def test_one_seen_elsewhere_after_a_while_may_have_been_carried(self, memory):
        memory.observe([see("Vase", 0, 0, 0.0)], view=look_at(0, 0))
        memory.observe([see("Vase", 0, 3.0, 60.0)], view=look_at(0, 3.0))
        (found,) = memory.recall("vase")
        assert found.object.provisional

    def test_ids_that_churn_make_no_new_objects(self, memory):
        for stamp in range(200):
            memory.observe(
                [see("Mug", 0, 0, stamp, object_id=f"m{stamp}"), see("Mug", 0.4, 0, stamp, object_id=f"n{stamp}")]
            )
        assert memory.stats.short == 2
        assert memory.get("m199").position[0] == 0
        assert memory.get("n199").object.object_id != memory.get("m199").object.object_id

    def test_swapped_sensor_ids_do_not_swap_objects(self, memory):
        memory.observe([see("Mug", 0, 0, 0, object_id="a"), see("Mug", 2, 0, 0, object_id="b")])
        first = memory.get("a").object.object_id
        memory.observe([see("Mug", 0, 0, 1, object_id="b"), see("Mug", 2, 0, 1, object_id="a")])
        assert memory.get("b").object.object_id == first


class TestAbsence:
    def test_what_is_not_at_its_place_becomes_stale_and_is_not_deleted(self, memory):
        memory.observe([see("Mug", 0, 0, 0)])
        changes = memory.observe([], view=look_at(0, 0), stamp=1)
        assert kinds(changes) == [ChangeKind.STALE]
        assert changes[0].stamp == 1
        found = memory.locate("mug")
        assert found.stale
        assert found.stamp == 0

    def test_nothing_is_concluded_where_the_view_was_blocked_or_elsewhere(self, memory):
        memory.observe([see("Mug", 0, 0, 0)])
        assert not memory.observe([], view=look_at(0, 0, blocked=0.4), stamp=1)
        assert not memory.observe([], view=look_at(0, 4), stamp=2)
        assert not memory.observe([], stamp=3)
        assert not memory.locate("mug").stale

    def test_seen_there_again_it_reappears(self, memory):
        memory.observe([see("Mug", 0, 0, 0)])
        memory.observe([], view=look_at(0, 0), stamp=1)
        assert kinds(memory.observe([see("Mug", 0, 0, 2)])) == [ChangeKind.REAPPEARED]
        assert not memory.locate("mug").stale

    def test_fresh_outranks_stale(self, memory):
        memory.observe([see("Mug", 0, 0, 0), see("Mug", 3, 0, 0)])
        memory.observe([see("Mug", 0, 0, 500)])
        memory.observe([], view=look_at(0, 0), stamp=600)
        assert memory.locate("mug").position[0] == 3

    def test_what_is_in_a_closed_container_stays_inside(self, memory):
        box = {"z": 0.9, "size": (0.4, 0.4, 0.4)}
        memory.observe([see("Box", 0, 0, 0, object_id="box", states=frozenset({"open"}), **box)])
        memory.observe(
            [
                see("Box", 0, 0, 1, object_id="box", states=frozenset({"open"}), **box),
                see("Watch", 0, 0, 1, z=0.85, parent="box"),
            ]
        )
        closed = see("Box", 0, 0, 2, object_id="box", states=frozenset({"closed"}), **box)
        memory.observe([closed], view=look_at(0, 0))
        assert not memory.locate("watch").stale
        opened = see("Box", 0, 0, 3, object_id="box", states=frozenset({"open"}), **box)
        memory.observe([opened], view=look_at(0, 0))
        assert memory.locate("watch").stale


class TestHand:
    def test_what_is_held_is_at_the_hand_until_the_gripper_says_otherwise(self, memory):
        memory.observe([see("Apple", 0, 0, 0, object_id="a")])
        known = memory.get("a").object.object_id
        memory.observe([see("Apple", 0.5, 0, 1, held=True, source="gripper")], view=look_at(0, 0))
        memory.observe([see("Apple", 4, 4, 2, held=True, source="gripper")], view=look_at(4, 4))
        found = memory.locate("apple")
        assert found.object.object_id == known
        assert found.object.held
        assert found.position == (4, 4, 0.9)
        memory.observe([], view=look_at(0, 0), stamp=3)  # the gripper reports nothing: the hand is empty
        assert not memory.locate("apple").object.held
        assert not memory.locate("apple").stale

    def test_what_is_on_something_carried_travels_with_it(self, memory):
        plate = {"size": (0.3, 0.3, 0.02)}
        memory.observe([see("Plate", 0, 0, 0, object_id="p", **plate), see("Apple", 0, 0, 0, z=0.96, parent="p")])
        memory.observe([see("Plate", 1, 0, 1, object_id="p", held=True, **plate)], view=look_at(1, 0))
        memory.observe([see("Plate", 5, 2, 2, object_id="p", held=True, **plate)], view=look_at(9, 9))
        memory.observe([see("Plate", 6, 2, 3, object_id="p", **plate)], view=look_at(9, 9))
        apple = memory.locate("apple")
        assert apple.position == pytest.approx((6, 2, 0.96))
        assert apple.stamp == 0, "it was not seen again"

    def test_what_is_held_does_not_leave_a_full_cache(self):
        with Memory.open(capacity=2, policy="lru") as memory:
            memory.observe([see("Apple", 0, 0, 0, held=True)])
            for step in range(1, 6):
                memory.observe([see("Apple", 0, 0, step, held=True), see(f"Thing{step}", step, 0, step)])
            assert memory.locate("apple").tier == "short"


class TestContents:
    """What was in or on something that was seen elsewhere, without the contents."""

    def plate_elsewhere(self, memory, label="Plate"):
        size = (0.3, 0.3, 0.04)
        memory.observe([see(label, 0, 0, 0.0, size=size), see("Apple", 0.05, 0, 0.0, z=0.96, object_id="a")])
        assert memory.get("a").object.parent is not None
        memory.observe([see(label, 8, 3, 100.0, size=size)])

    def test_they_came_along_if_the_old_place_is_empty(self, memory):
        self.plate_elsewhere(memory)
        assert memory.get("a").position == pytest.approx((0.05, 0, 0.96))
        memory.observe([], view=look_at(0, 0), stamp=101.0)
        assert memory.get("a").position == pytest.approx((8.05, 3, 0.96))

    def test_they_stay_if_another_one_was_seen(self, memory):
        self.plate_elsewhere(memory)
        memory.observe([see("Plate", 0, 0, 110.0, size=(0.3, 0.3, 0.04))])
        assert memory.get("a").position == pytest.approx((0.05, 0, 0.96))
        assert len(memory.recall("plate")) == 2

    def test_what_is_shut_in_comes_along_at_once_and_goes_back_if_there_are_two(self, memory):
        size = (0.4, 0.4, 0.3)
        shut = {"size": size, "states": frozenset({"closed"})}
        memory.observe([see("Laptop", 0, 0, 0.0, object_id="l"), see("Box", 0, 0, 0.0, object_id="b", **shut)])
        memory.observe(
            [see("Pencil", 0.1, 0, 0.0, object_id="p", parent="b"), see("Box", 0, 0, 0.0, object_id="b", **shut)]
        )
        memory.observe([see("Box", 9, 1, 100.0, **shut)])
        assert memory.get("p").position == pytest.approx((9.1, 1, 0.9))
        memory.observe([see("Box", 0, 0, 110.0, **shut)])
        assert memory.get("p").position == pytest.approx((0.1, 0, 0.9))


class TestLetGo:
    """What leaves the hand unseen."""

    @pytest.fixture
    def room(self, memory):
        """A counter, and a fridge two metres from it, seen first."""
        memory.observe(
            [
                see("CounterTop", 0, 0, 0.0, z=0.5, size=(2.0, 0.6, 1.0), object_id="counter"),
                see("Fridge", 4, 0, 0.0, z=0.9, size=(0.8, 0.8, 1.8), object_id="fridge", states=frozenset({"open"})),
            ]
        )
        return memory

    def let_go(self, memory, x, y, z):
        memory.observe([see("Apple", x, y, 1.0, z=z, object_id="a", held=True)])
        memory.observe([], view=look_at(50, 50), stamp=2.0)
        found = memory.get("a").object
        assert not found.held
        return found, memory.get(found.parent).object.label if found.parent else None

    def test_it_lies_on_the_surface_that_the_hand_was_above(self, room):
        found, holder = self.let_go(room, 0.5, 0.4, 1.3)
        assert holder == "CounterTop"
        assert found.position == pytest.approx((0.5, 0.3, 1.05))
        assert found.covariance[0] > 0.0

    def test_it_is_in_the_open_container_that_the_hand_was_at(self, room):
        found, holder = self.let_go(room, 3.4, 0.1, 1.2)
        assert holder == "Fridge"
        assert found.position == pytest.approx((3.6, 0.1, 1.2))
        room.observe([see("Fridge", 4, 0, 3.0, z=0.9, size=(0.8, 0.8, 1.8), states=frozenset({"closed"}))])
        room.observe([], view=look_at(3.6, 0.1, z=1.2), stamp=4.0)
        assert not room.get("a").stale, "what is shut in is not missed"

    def test_a_shut_container_does_not_take_it(self, room):
        room.observe([see("Fridge", 4, 0, 0.5, z=0.9, size=(0.8, 0.8, 1.8), states=frozenset({"closed"}))])
        _, holder = self.let_go(room, 3.4, 0.1, 1.2)
        assert holder is None

    def test_with_nothing_near_it_is_where_the_hand_was(self, room):
        found, holder = self.let_go(room, 10.0, 10.0, 1.2)
        assert (found.position, holder) == ((10.0, 10.0, 1.2), None)


class TestStates:
    def test_a_new_state_replaces_its_opposite_and_a_move_keeps_states(self, memory):
        memory.observe([see("Plate", 0, 0, 0, states=frozenset({"dirty"}))])
        changes = memory.observe([see("Plate", 0, 0, 1, states=frozenset({"clean"}))])
        assert kinds(changes) == [ChangeKind.STATE_CHANGED]
        memory.observe([see("Plate", 6, 0, 2)])
        found = memory.locate("plate")
        assert found.object.states == {"clean"}
        assert dict(found.object.state_stamps) == {"clean": 1.0}
        assert [set(state.states) for state in memory.history(found.object.object_id)] == [
            {"clean"},
            {"clean"},
            {"dirty"},
        ]

    def test_states_are_not_shared_among_like_things(self, memory):
        memory.observe([see("Plate", 0, 0, 0, states=frozenset({"dirty"})), see("Plate", 2, 0, 0)])
        assert memory.locate("dirty plate").position[0] == 0
        assert memory.get("dirty plate") is None


class TestSlices:
    def test_slices_descend_from_their_whole(self, memory):
        memory.observe([see("Tomato", 0, 0, 0, states=frozenset({"clean"}))])
        slices = [see("TomatoSliced", 0.03 * n, 0, 1, size=(0.02, 0.08, 0.08)) for n in range(3)]
        changes = memory.observe(slices, view=look_at(0, 0))
        assert ChangeKind.SPLIT in kinds(changes)
        assert ChangeKind.STALE not in kinds(changes)
        found = memory.recall("tomato")
        assert {r.object.label for r in found} == {"TomatoSliced"}
        assert len(found) == 3
        assert all("clean" in r.object.states for r in found)
        assert memory.locate("slice of tomato").object.label == "TomatoSliced"

    def test_a_whole_does_not_answer_for_slices(self, memory):
        memory.observe([see("Tomato", 0, 0, 0)])
        assert memory.locate("tomato slice") is None

    def test_slices_far_from_any_whole_leave_it_alone(self, memory):
        memory.observe([see("Tomato", 0, 0, 0)])
        memory.observe([see("TomatoSliced", 9, 0, 1)])
        assert memory.recall("tomato")[0].object.label == "Tomato"


class TestTime:
    def test_a_jump_back_begins_an_epoch_and_ages_are_not_compared_across_it(self, memory):
        memory.observe([see("Mug", 0, 0, 1000)])
        memory.observe([see("Plate", 0, 0, 3)])
        assert memory.epoch == 1
        assert memory.locate("mug").age is None
        assert memory.locate("plate").age == 0
        assert not memory.recall("mug", after=0)

    def test_a_late_frame_does_not_undo_a_newer_one(self, memory):
        memory.observe([see("Mug", 0, 0, 10.0)])
        memory.observe([see("Mug", 0.05, 0, 9.5)])
        assert memory.epoch == 0
        assert memory.locate("mug").position[0] == 0

    def test_the_clock_is_injected(self):
        with Memory.open(clock=lambda: 100.0) as memory:
            memory.observe([see("Mug", 0, 0, 40)])
            assert memory.locate("mug").age == 60


def test_maps_are_kept_apart(memory):
    memory.map_id = "home"
    memory.observe([see("Mug", 0, 0, 0)])
    memory.map_id = "office"
    assert memory.locate("mug") is None
    memory.observe([see("Mug", 0, 0, 1)])
    assert len(memory.recall("mug")) == 1
    memory.map_id = "home"
    assert memory.locate("mug").stamp == 0


def test_positions_are_fused_and_their_uncertainty_shrinks(memory):
    covariance = np.eye(3) * 0.01
    rng = np.random.default_rng(3)
    for stamp in range(30):
        x, y, z = rng.normal(0, 0.1, 3)
        memory.observe([Observation("Mug", (x, y, z), stamp=stamp, covariance=covariance)])
    found = memory.recall("mug")
    assert len(found) == 1
    assert math.dist(found[0].position, (0, 0, 0)) < 0.08
    assert found[0].covariance[0] < 0.002


def test_the_same_frames_give_the_same_digest():
    def run():
        with Memory.open(capacity=3) as memory:
            for stamp in range(30):
                memory.observe([see("Mug", stamp % 7, 0, stamp), see("Plate", stamp % 3, 1, stamp)])
            return memory.digest()

    assert run() == run()


class TestPartialViews:
    """A tall thing that nobody touches, seen in part, by a camera that knows how little it saw."""

    def frames(self, count, seed=3):
        rng = np.random.default_rng(seed)
        for step in range(count):
            low = 0.0 if step % 3 else float(rng.uniform(0.2, 1.0))
            high = 1.8 if step % 4 else float(rng.uniform(low + 0.3, 1.8))
            part = high - low < 1.75
            noise = rng.normal(0.0, 0.01, 3)
            yield Observation(
                "Guitar",
                (2.0 + noise[0], 1.0 + noise[1], (low + high) / 2 + noise[2]),
                stamp=float(step),
                size=(0.3, 0.3, high - low),
                covariance=np.diag([1e-4, 1e-4, 0.1 if part else 1e-4]),
                object_id=f"churn-{step}",
            )

    def test_it_neither_moves_nor_goes_stale_nor_multiplies(self):
        with Memory.open() as memory:
            kinds = [c.kind.value for o in self.frames(200) for c in memory.observe([o])]
            assert kinds == ["appeared"]
            assert memory.get("churn-199").object.position == pytest.approx((2.0, 1.0, 0.9), abs=0.1)

    def test_that_it_was_carried_off_is_still_noticed(self):
        with Memory.open() as memory:
            for o in self.frames(50):
                memory.observe([o])
            moved = Observation(
                "Guitar",
                (2.6, 1.0, 0.9),
                stamp=60.0,
                size=(0.3, 0.3, 1.8),
                covariance=np.diag([1e-4, 1e-4, 1e-4]),
            )
            assert [c.kind.value for c in memory.observe([moved])] == ["moved"]


class TestPlaced:
    """What the robot says that it put somewhere, where it cannot see it."""

    @pytest.fixture
    def chest(self, memory):
        """A watch in the hand, let go of before an open safe that is lower than the hand."""
        safe = {"z": 0.25, "size": (0.6, 0.5, 0.5), "object_id": "safe"}
        memory.observe([see("Safe", 3, 0, 0.0, states=frozenset({"open"}), **safe)])
        memory.observe([see("Watch", 2.0, 0, 1.0, z=1.2, size=(0.05, 0.05, 0.02), object_id="w", held=True)])
        memory.observe([], view=look_at(50, 50), stamp=2.0)
        return memory

    def test_it_is_believed_to_be_in_it(self, chest):
        assert chest.get("w").object.parent is None
        assert chest.placed("w", "safe")
        found = chest.get("w").object
        assert chest.get(found.parent).object.label == "Safe"
        assert found.position == pytest.approx((3, 0, 0.25))
        assert found.covariance[0] > 0.01
        assert not found.stale

    def test_not_being_seen_in_the_open_container_does_not_speak_against_it(self, chest):
        chest.placed("w", "safe")
        chest.observe([see("Safe", 3, 0, 3.0, z=0.25, size=(0.6, 0.5, 0.5))], view=look_at(3, 0, z=0.25), stamp=3.0)
        assert not chest.get("w").stale

    def test_where_it_is_seen_counts_for_more(self, chest):
        chest.placed("w", "safe")
        changes = chest.observe([see("Watch", 6, 2, 4.0, size=(0.05, 0.05, 0.02), object_id="w")])
        assert kinds(changes) == [ChangeKind.MOVED]
        assert chest.get("w").position == (6, 2, 0.9)
        assert chest.get("w").object.parent is None

    def test_where_it_is_seen_it_stays_though_its_class_is_not_known_to_go_there(self, memory):
        drawer = {"z": 0.6, "size": (0.5, 0.6, 0.2), "object_id": "d"}
        lamp = {"z": 0.6, "size": (0.1, 0.1, 0.2), "object_id": "s"}
        memory.observe(
            [see("Drawer", 3, 0, 0.0, states=frozenset({"open"}), **drawer), see("Statue", 3, 0.1, 0, **lamp)]
        )
        assert memory.get("s").object.parent is None
        assert memory.placed("s", "d")
        assert memory.get("s").position == (3, 0.1, 0.6)
        memory.observe(
            [see("Drawer", 3, 0, 1.0, states=frozenset({"open"}), **drawer), see("Statue", 3, 0.1, 1, **lamp)]
        )
        assert memory.get("s").object.parent == memory.get("d").object.object_id
        shut = see("Drawer", 3, 0.2, 2.0, states=frozenset({"closed"}), **drawer)
        memory.observe([shut], view=look_at(3, 0, z=0.6), stamp=2.0)
        assert not memory.get("s").stale

    def test_what_was_put_in_a_drawer_is_not_on_the_worktop_over_it_when_it_shows_from_elsewhere(self, memory):
        top = see("CounterTop", 3, 0, 0.0, z=0.6, size=(2.0, 2.0, 0.6), object_id="c")
        drawer = see("Drawer", 3, 0, 0.0, z=0.6, size=(0.5, 0.5, 0.2), object_id="d", states=frozenset({"open"}))
        spoon = {"z": 0.6, "size": (0.1, 0.02, 0.02), "object_id": "s"}
        memory.observe([top, drawer, see("Spoon", 3, 0, 0.0, **spoon)])
        assert memory.placed("s", "d")
        memory.observe([see("Spoon", 3.3, 0, 1.0, **spoon)])
        assert memory.get("s").object.parent == memory.get("d").object.object_id
        memory.observe([see("Spoon", 3.8, 0, 2.0, **spoon)])
        assert memory.get("s").object.parent == memory.get("c").object.object_id

    def test_it_is_kept_in_the_file(self, tmp_path):
        path = tmp_path / "memory.db"
        with Memory.open(path) as memory:
            memory.observe([see("Bowl", 3, 0, 0.0, object_id="b"), see("Apple", 0, 0, 0.0, object_id="a")])
            assert memory.placed("a", "b")
            kept = memory.get("a").object
        with Memory.open(path) as memory:
            assert memory.get("a").object == kept

    def test_what_is_not_known_is_not_believed(self, chest):
        assert not chest.placed("w", "nowhere")
        assert not chest.placed("nothing", "safe")
        assert not chest.placed("safe", "safe")
        assert not chest.placed("w", "w")
