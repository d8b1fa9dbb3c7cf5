"""Orders as people put them in passing: without verbs, as wishes, after what they say about other things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner_node.parser import read_instruction
from planner_node.parser.terse import spelt_out
from scene_graph.ontology import ontology


def read(text, before=""):
    earlier = tuple(read_instruction(before, ontology()).intents) if before else ()
    reading = read_instruction(text, ontology(), earlier)
    return [" ".join([i.skill, *(p.text for p in i.phrases.values())]) for i in reading.intents], reading.unclear


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Plate on the counter, cup in the cabinet.", ["move plate counter", "move cup cabinet"]),
        ("Vase on the dresser and the desk lamp on.", ["move vase dresser", "toggle_on desk lamp"]),
        ("Fork and knife in the drawer", ["move fork drawer", "move knife drawer"]),
        ("Egg out of the fridge, onto the counter.", ["move egg counter"]),
        ("Into the box with the watch!", ["move watch box"]),
        ("Fill the pot, back on the stove with it.", ["fill pot", "move it stove"]),
        ("Two errands: pen in the drawer, laptop shut.", ["move pen drawer", "close laptop"]),
        ("Candle to the dresser, and light it.", ["move candle dresser", "toggle_on it"]),
        ("Candle off, and back on the shelf.", ["toggle_off candle", "move it shelf"]),
    ],
)
def test_orders_without_a_verb(text, expected):
    assert read(text) == (expected, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Could the ladle go in the drawer?", ["move ladle drawer"]),
        ("The candle can go out now.", ["toggle_off candle"]),
        ("The newspaper may be thrown away.", ["throw_away newspaper"]),
        ("The statue would look better on the shelf.", ["move statue shelf"]),
        ("The potato wants washing and a slicing.", ["wash potato", "cut it"]),
        ("I'd like the tomato sliced and the knife put in the sink.", ["cut tomato", "move knife sink"]),
        ("Have the pan washed.", ["wash pan"]),
        ("Why don't you open the blinds?", ["open blinds"]),
        ("Any chance you could close the safe?", ["close safe"]),
        ("Use the microwave for the soup bowl.", ["heat soup bowl microwave"]),
        ("Unless the cup is clean, rinse it.", ["wash it"]),
        ("Bring the book to the sofa, but close the laptop first.", ["close laptop", "move book sofa"]),
        ("Put the laptop on the desk, closed.", ["move laptop desk", "close it"]),
        ("Instead of the fork, take the spoon.", ["pick_up spoon"]),
        ("Turn the heater, sorry, turn the toaster on when you are done.", ["toggle_on toaster"]),
    ],
)
def test_wishes_and_other_ways_round(text, expected):
    found, unclear = read(text)
    assert found[-len(expected) :] == expected
    assert not [text for text in unclear if "heater" not in text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "There is a fork in the sink, and a spoon. Put both in the drawer.",
            ["move fork drawer", "move spoon drawer"],
        ),
        ("The bowl is dirty. So is the pan. Wash them.", ["wash bowl", "wash pan"]),
        ("We need eggs. Put one in the pan.", ["move egg pan"]),
        ("The milk has gone off, I fear. The egg too. Bin it.", ["throw_away egg"]),
        ("Lettuce: wash, then chop.", ["wash lettuce", "cut it"]),
        ("They eat from the bowl, so put the apple in there.", ["move apple bowl"]),
        ("I'll read in bed. Book on the bed, please.", ["move book bed"]),
        ("Book on the sofa, she'll want it.", ["move book sofa"]),
        ("Keep the wine cool until they are here.", ["move wine fridge"]),
    ],
)
def test_what_is_told_names_things(text, expected):
    assert read(text)[0] == expected


@pytest.mark.parametrize(
    ("before", "text", "expected"),
    [
        ("Put the pen on the desk.", "Now the pencil.", ["move pencil desk"]),
        ("Put the pen on the desk.", "Also the book, please.", ["move book desk"]),
        ("Take the mug.", "The cabinet is fine.", ["move it cabinet"]),
        ("Put the mug on the table.", "Not there after all. In the sink.", ["move it sink"]),
        ("Put the watch on the shelf.", "Add the keys.", ["move keys shelf"]),
    ],
)
def test_fragments_take_up_what_was_asked_before(before, text, expected):
    assert read(text, before) == (expected, [])


@pytest.mark.parametrize(
    "text",
    [
        "Fill the kettle and paint the table.",
        "Wash the mug and frobnicate the spoon.",
        "Close the safe, tickle the statue.",
    ],
)
def test_what_is_left_over_is_not_passed_over(text):
    intents, unclear = read(text)
    assert intents
    assert unclear


WORDS = ["put", "the", "a", "mug", "desk", "on", "off", "in", "and", ",", "then", "with", "it", "is", "back", "fork"]


@given(st.lists(st.sampled_from(WORDS), max_size=9))
def test_spelling_out_loses_no_word(tokens):
    said = tuple(tokens)
    result = spelt_out(said, {"mug", "desk", "fork"}.__contains__)
    kept = [token for order in result for token in order]
    for noun in ("mug", "desk", "fork"):
        assert kept.count(noun) == tokens.count(noun)
