"""The executor's closed loop in a symbolic home."""

import threading

import pytest

from planner_node.robot import SkillCode


def test_wash_puts_it_under_the_running_tap_and_turns_it_off(setup):
    result = setup.run("Wash the plate.")
    assert result.claimed, result.reason
    assert setup.home.things["plate"].parent == "basin"
    assert "clean" in setup.home.state("plate")
    assert "off" in setup.home.state("faucet")
    assert [c for c in setup.robot.calls if c[0] != "go_to"] == [
        ("pick_up", "plate"),
        ("put", "basin"),
        ("toggle_on", "faucet"),
        ("toggle_off", "faucet"),
    ]


def test_history_resolves_what_it_and_the_red_fruit_mean(setup):
    for instruction in (
        "Wash the apple.",
        "Slice the red fruit.",
        "Put it on a plate and put the plate in the fridge.",
    ):
        result = setup.run(instruction)
        assert result.claimed, (instruction, result.reason)
    assert "apple" not in setup.home.things
    assert "tomato" in setup.home.things
    on_plate = [n for n in setup.home.things if n.startswith("apple_slice") and setup.home.inside(n, "plate")]
    assert on_plate
    assert setup.home.inside("plate", "fridge")
    assert "closed" in setup.home.state("fridge")
    assert setup.home.held is None


@pytest.mark.parametrize(
    ("instruction", "check"),
    [
        ("Heat the potato.", lambda h: "hot" in h.state("potato") and h.held == "potato"),
        (
            "Please cook the potato and put it on the plate.",
            lambda h: "cooked" in h.state("potato") and h.inside("potato", "plate"),
        ),
        ("Chill the tomato", lambda h: h.inside("tomato", "fridge") and "closed" in h.state("fridge")),
        ("Fill the mug with water", lambda h: "filled:water" in h.state("mug")),
        ("Make me a coffee", lambda h: "filled:coffee" in h.state("mug")),
        ("Throw the egg away", lambda h: h.inside("egg", "bin") and "closed" in h.state("fridge")),
        ("Look at the book under the lamp.", lambda h: h.held == "book" and "on" in h.state("lamp")),
        ("Turn the lamp on.", lambda h: "on" in h.state("lamp")),
        ("Open the fridge", lambda h: "open" in h.state("fridge")),
        ("Bring me the apple", lambda h: h.held == "apple"),
        ("Put the knife in the drawer.", lambda h: h.inside("knife", "drawer") and "closed" in h.state("drawer")),
        ("Heat up the pot", lambda h: "hot" in h.state("pot") and "off" in h.state("burner")),
    ],
)
def test_what_people_ask_for_is_done(setup, instruction, check):
    result = setup.run(instruction)
    assert result.claimed, result.reason
    assert check(setup.home)


def test_unknown_things_are_searched_for_and_doors_are_closed_again(stranger):
    stranger.home.things["apple"].parent = "fridge"
    stranger.home.things["apple"].position = stranger.home.things["fridge"].position
    result = stranger.run("Bring me the apple.")
    assert result.claimed, result.reason
    assert any(place["kind"] == "container" for place in result.searched)
    assert "closed" in stranger.home.state("fridge")


def test_what_was_moved_meanwhile_is_found_again(setup):
    mug = setup.home.things["mug"]
    mug.position, mug.parent = (0.2, 2.5, 0.75), "table"
    result = setup.run("Put the mug in the sink.")
    assert result.claimed, result.reason
    assert setup.home.inside("mug", "basin")


def test_taken_away_in_mid_task_fails_with_a_reason(setup):
    setup.home.things.pop("apple")
    result = setup.run("Wash the apple.")
    assert not result.claimed
    assert "apple" in result.reason


def test_a_full_receptacle_is_replaced_by_another_of_its_class(setup):
    setup.home.state("counter").add("full")
    result = setup.run("Put the mug on the counter.")
    assert result.claimed, result.reason
    assert setup.home.inside("mug", "counter2")


def test_out_of_reach_is_tried_from_other_viewpoints(setup):
    setup.home.fail[("pick_up", "apple")] = [SkillCode.OUT_OF_REACH, SkillCode.BLOCKED]
    result = setup.run("Take the apple.")
    assert result.claimed, result.reason
    assert setup.home.held == "apple"


def test_what_is_seen_outweighs_a_wrong_report(setup):
    setup.home.lies["put", "table"] = SkillCode.FAILED
    result = setup.run("Put the apple on the table.")
    assert result.claimed, result.reason
    assert setup.home.things["apple"].parent == "table"
    assert [c for c in setup.robot.calls if c[0] == "put"] == [("put", "table")]


def test_the_red_fruit_that_is_gone_is_not_replaced_by_a_tomato(setup):
    assert setup.run("Wash the apple.").claimed
    setup.home.things.pop("apple")
    result = setup.run("Slice the red fruit.")
    assert not result.claimed
    assert "tomato" in setup.home.things


def test_knobs_are_tried_until_the_right_burner_is_lit(setup):
    result = setup.run("Heat the pot on the stove.")
    assert result.claimed, result.reason
    assert "hot" in setup.home.state("pot")
    assert all("off" in setup.home.state(name) for name in ("burner", "burner2", "knob", "knob2"))


def test_what_fits_nowhere_is_dropped_unless_it_breaks(setup):
    assert setup.run("Pick up the book.").claimed
    for thing in setup.home.things.values():
        thing.states.add("full")
    assert setup.run("Pick up the apple.").claimed
    assert setup.run("Pick up the mug.").claimed
    result = setup.run("Pick up the knife.")
    assert not result.claimed
    assert setup.home.held == "mug"


def test_hands_are_freed_first(setup):
    assert setup.run("Pick up the apple.").claimed
    result = setup.run("Pick up the mug.")
    assert result.claimed, result.reason
    assert setup.home.held == "mug"
    assert setup.home.things["apple"].parent is not None


def test_cancel_from_another_thread_leaves_the_tap_off(setup):
    reached = threading.Event()

    def interrupt(call):
        if call.skill == "toggle_off" and not reached.is_set():
            reached.set()
            thread = threading.Thread(target=setup.agent.cancel)
            thread.start()
            thread.join()

    setup.robot.before = interrupt
    result = setup.run("Wash the plate.")
    assert result.cancelled
    assert not result.claimed
    assert "off" in setup.home.state("faucet")


def test_where_it_was_is_remembered(setup):
    assert setup.run("Pick up the book.").claimed
    assert setup.run("Put it in the sink.").claimed is False
    result = setup.run("Put it back where it was.")
    assert result.claimed, result.reason
    assert setup.home.things["book"].parent == "table"


def test_nonsense_asks_back(setup):
    result = setup.run("The weather is nice")
    assert not result.claimed
    assert result.question


def test_empty_instruction_asks_back(setup):
    result = setup.run("   ")
    assert not result.claimed
    assert result.question
