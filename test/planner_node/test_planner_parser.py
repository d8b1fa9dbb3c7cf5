"""What people say, and the skills that it means."""

import pytest

from planner_node.parser import noun_phrase, parse_instruction, read_instruction
from planner_node.parser.alfred import alfred_goal
from planner_node.parser.syntax import singular, tokenize
from scene_graph.ontology import ontology


def read(text):
    intents, unclear = parse_instruction(text, ontology())
    return [(i.skill, {name: p.text for name, p in i.phrases.items()}) for i in intents], unclear


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wash the apple.", [("wash", {"object": "apple"})]),
        ("Could you please rinse off the apple?", [("wash", {"object": "apple"})]),
        ("Turn the lamp on", [("toggle_on", {"object": "lamp"})]),
        ("switch off the lamp", [("toggle_off", {"object": "lamp"})]),
        ("Pick it up", [("pick_up", {"object": "it"})]),
        ("Throw it away!", [("throw_away", {"object": "it"})]),
        ("Put the cup in the sink", [("move", {"object": "cup", "receptacle": "sink"})]),
        ("Take the cup from the sink to the table", [("move", {"object": "cup", "receptacle": "table"})]),
        ("Make me a cup of coffee", [("brew", {"object": "mug"})]),
        ("Fill the cup with water", [("fill", {"object": "cup"})]),
        ("Look at the book under the lamp", [("examine", {"object": "book", "device": "lamp"})]),
        ("bring me the keys", [("hand_over", {"object": "keys"})]),
        ("I'd like an apple", [("hand_over", {"object": "apple"})]),
        ("I want you to close the fridge", [("close", {"object": "fridge"})]),
        ("Don't open the fridge. Close the microwave.", [("close", {"object": "microwave"})]),
        (
            "Before you put the mug in the cabinet, wash it.",
            [("wash", {"object": "mug"}), ("move", {"object": "it", "receptacle": "cabinet"})],
        ),
        (
            "Wash the bowl after putting the egg in the microwave",
            [("move", {"object": "egg", "receptacle": "microwave"}), ("wash", {"object": "bowl"})],
        ),
        (
            "Put the fork in the sink and the plate on the table.",
            [
                ("move", {"object": "fork", "receptacle": "sink"}),
                ("move", {"object": "plate", "receptacle": "table"}),
            ],
        ),
        ("wash and slice the tomato", [("wash", {"object": "tomato"}), ("cut", {"object": "it"})]),
        (
            "Put a plate with a fork on it on a table.",
            [
                ("move", {"object": "fork", "receptacle": "plate"}),
                ("move", {"object": "plate", "receptacle": "table"}),
            ],
        ),
        (
            "Put a chilled tomato in the microwave",
            [("cool", {"object": "tomato"}), ("move", {"object": "tomato", "receptacle": "microwave"})],
        ),
    ],
)
def test_clauses_become_skills(text, expected):
    found, unclear = read(text)
    assert found == expected
    assert unclear == []


@pytest.mark.parametrize("text", ["", "...", "the weather is nice", "fold the towel", "?!"])
def test_what_no_skill_can_do_is_not_understood(text):
    found, _ = read(text)
    assert found == []


@pytest.mark.parametrize("text", ["and and and", "put", "put the", "of of of", "if", "before", "it " * 500, "\x00\n☃"])
def test_no_text_breaks_the_parser(text):
    read(text)


def test_noun_phrases_keep_what_describes_the_thing():
    phrase = noun_phrase("the clean plate that you washed", ontology())
    assert phrase.words == ("plate",)
    assert phrase.states == ("clean",)
    assert phrase.relative == ("that", "you", "washed")
    two = noun_phrase("two of the red pens", ontology())
    assert (two.count, two.words, two.plural) == (2, ("red", "pen"), True)
    assert noun_phrase("a slice of tomato", ontology()).part
    assert noun_phrase("tomato slices", ontology()).part


def test_pot_is_no_potato_and_pen_no_pencil():
    for word, label in (("pot", "Pot"), ("pen", "Pen"), ("potato", "Potato"), ("pencil", "Pencil")):
        assert ontology().find(word)[0] == label
        found, _ = read(f"pick up the {word}")
        assert found == [("pick_up", {"object": word})]


def test_words_are_told_apart():
    assert tokenize("Don't, it's the cup's lid!") == ("do", "not", ",", "it", "is", "the", "cup", "lid", "!")
    assert [singular(w) for w in ("knives", "dishes", "glass", "tomatoes", "pens", "cds")] == [
        "knife",
        "dish",
        "glass",
        "tomato",
        "pen",
        "cd",
    ]


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("Put a watch on the coffee table", ("pick_and_place_simple", "Watch", "", "CoffeeTable", "", False)),
        ("Put two remotes on the couch", ("pick_two_obj_and_place", "RemoteControl", "", "Sofa", "", False)),
        ("Examine a box by the light of a floor lamp", ("look_at_obj_in_light", "Box", "", "", "FloorLamp", False)),
        ("Put a clean mug in the cabinet", ("pick_clean_then_place_in_recep", "Mug", "", "Cabinet", "", False)),
        (
            "Place a heated slice of apple in the fridge",
            ("pick_heat_then_place_in_recep", "Apple", "", "Fridge", "", True),
        ),
        (
            "Put a pencil in a mug and place it on a desk",
            ("pick_and_place_with_movable_recep", "Pencil", "Mug", "Desk", "", False),
        ),
    ],
)
def test_alfred_goals(text, goal):
    assert tuple(alfred_goal(text, ontology()).values()) == goal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I would be happy if you chopped the lettuce.", [("cut", {"object": "lettuce"})]),
        ("The vase belongs on the shelf.", [("move", {"object": "vase", "receptacle": "shelf"})]),
        ("Laptop on the desk, please", [("move", {"object": "laptop", "receptacle": "desk"})]),
        ("Give the pot a good scrub.", [("wash", {"object": "pot"})]),
        ("Let the soup bowl cool.", [("cool", {"object": "soup bowl"})]),
        ("Any idea where my watch is?", [("explore", {"object": "watch"})]),
        ("The spoon: rinse it, would you?", [("wash", {"object": "spoon"})]),
        ("Put the pen on the bed. No, the pencil.", [("move", {"object": "pencil", "receptacle": "bed"})]),
        ("Close the fridge, no wait, open the fridge.", [("open", {"object": "fridge"})]),
        (
            "Wash the cup and put it on the shelf, then do the same with the plate.",
            [
                ("wash", {"object": "cup"}),
                ("move", {"object": "it", "receptacle": "shelf"}),
                ("wash", {"object": "plate"}),
                ("move", {"object": "plate", "receptacle": "shelf"}),
            ],
        ),
        (
            "Turn on the toaster once you have put the bread in it.",
            [("move", {"object": "bread", "receptacle": "toaster"}), ("toggle_on", {"object": "toaster"})],
        ),
        ("Use the big knife to slice the bread.", [("cut", {"object": "bread", "tool": "big knife"})]),
        ("Open the safe but leave the box alone.", [("open", {"object": "safe"})]),
        (
            "Heat the egg, and when it is hot put it on a plate.",
            [("heat", {"object": "egg"}), ("move", {"object": "it", "receptacle": "plate"})],
        ),
        (
            "Cool the egg. Put what you chilled in the sink.",
            [("cool", {"object": "egg"}), ("move", {"object": "egg", "receptacle": "sink"})],
        ),
        (
            "Put both the fork and the spoon in the drawer",
            [
                ("move", {"object": "fork", "receptacle": "drawer"}),
                ("move", {"object": "spoon", "receptacle": "drawer"}),
            ],
        ),
    ],
)
def test_people_have_many_ways_to_say_it(text, expected):
    found, unclear = read(text)
    assert found == expected
    assert unclear == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My phone is in the way. A drawer, please.", [("move", {"object": "phone", "receptacle": "drawer"})]),
        ("Mug into the sink.", [("move", {"object": "mug", "receptacle": "sink"})]),
        ("The round one in a bowl.", [("move", {"object": "round one", "receptacle": "bowl"})]),
        ("Light off, I'm leaving.", [("toggle_off", {"object": "light"})]),
        ("Lamp on in the bedroom.", [("toggle_on", {"object": "lamp"})]),
        (
            "Heat the mug. Into the fridge with it.",
            [("heat", {"object": "mug"}), ("move", {"object": "it", "receptacle": "fridge"})],
        ),
        ("Wash the apple. The tomato too.", [("wash", {"object": "apple"}), ("wash", {"object": "tomato"})]),
    ],
)
def test_what_goes_without_a_verb_is_told_by_what_was_said_before(text, expected):
    found, unclear = read(text)
    assert found == expected
    assert unclear == []


def test_whatever_is_somewhere_is_told_by_place_and_state():
    thing = noun_phrase("everything that is in the sink", ontology())
    assert thing.determiner == "all"
    assert [(p.relation, p.phrase.text) for p in thing.places] == [("in", "sink")]
    assert noun_phrase("the dishes that are dirty", ontology()).states == ("dirty",)
    assert noun_phrase("one of the two pens", ontology()).count == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Guests! The table looks bare, so set a vase on it.", [("move", {"object": "vase", "receptacle": "table"})]),
        ("We do want it, so set it out on the desk.", [("move", {"object": "it", "receptacle": "desk"})]),
        ("My back hurts. Pillow on the sofa, please.", [("move", {"object": "pillow", "receptacle": "sofa"})]),
        ("Bin the potato because it has started to rot.", [("throw_away", {"object": "potato"})]),
        ("Since the bread is stale, throw it away.", [("throw_away", {"object": "it"})]),
        ("The sponge is falling apart. I never liked it. Bin it.", [("throw_away", {"object": "sponge"})]),
        ("Who left the pan here? Wash it.", [("wash", {"object": "pan"})]),
        (
            "The kids left a spoon on the floor. On the shelf? No room there, so into the sink it goes.",
            [("move", {"object": "spoon", "receptacle": "sink"})],
        ),
        (
            "No toys at dinner, says grandma. Put the ball in the box.",
            [("move", {"object": "ball", "receptacle": "box"})],
        ),
        ("What a mess! Clean the plate.", [("wash", {"object": "plate"})]),
    ],
)
def test_what_is_only_told_asks_for_nothing(text, expected):
    found, unclear = read(text)
    assert found == expected
    assert unclear == []
    assert read_instruction(text, ontology()).told


@pytest.mark.parametrize(
    "text",
    [
        "Wash the cup. The plate could be cleaner.",
        "Wash the cup. Mum wants the bat in the box.",
        "Wash the cup. The lamp is supposed to be off.",
        "Wash the cup, vacuum the rug.",
        "Wash the cup. Levitate the spoon.",
        "It is dark. Wash the cup and frobnicate the spoon.",
        "Wash the cup. The pan is to be polymerised.",
        "Wash the cup. Mum said the plate has to be polymerised.",
        "Wash the cup. The mug is next.",
    ],
)
def test_an_order_that_is_not_understood_is_no_context(text):
    reading = read_instruction(text, ontology())
    assert [i.skill for i in reading.intents] == ["wash"]
    assert len(reading.unclear) == 1


@pytest.mark.parametrize(
    ("before", "text", "expected"),
    [
        ("Put the book on the bed.", "The pen too.", [("move", {"object": "pen", "receptacle": "bed"})]),
        ("Wash the cup.", "Fork as well.", [("wash", {"object": "fork"})]),
        ("Put a plate in a cabinet.", "And the bowl.", [("move", {"object": "bowl", "receptacle": "cabinet"})]),
        (
            "Rinse the apple and put it in the fridge.",
            "The tomato too, please.",
            [("wash", {"object": "tomato"}), ("move", {"object": "tomato", "receptacle": "fridge"})],
        ),
    ],
)
def test_a_thing_too_takes_up_the_last_instruction(before, text, expected):
    earlier = read_instruction(before, ontology()).intents
    reading = read_instruction(text, ontology(), earlier)
    assert [(i.skill, {name: p.text for name, p in i.phrases.items()}) for i in reading.intents] == expected
    assert reading.unclear == []
    assert read_instruction(text, ontology()).intents == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("There's a potato on the table; I'd like it hot.", [("heat", {"object": "potato"})]),
        ("I want the bread sliced.", [("cut", {"object": "bread"})]),
        ("We'd like the fridge open.", [("open", {"object": "fridge"})]),
        ("Make the mug warm.", [("heat", {"object": "mug"})]),
        ("I would like it on the shelf.", [("move", {"object": "it", "receptacle": "shelf"})]),
        (
            "Bread on a plate, one slice will do.",
            [("cut", {"object": "bread"}), ("move", {"object": "bread", "receptacle": "plate"})],
        ),
        (
            "Apple in the bowl, a piece is plenty.",
            [("cut", {"object": "apple"}), ("move", {"object": "apple", "receptacle": "bowl"})],
        ),
        ("Hang the towel back up.", [("move", {"object": "towel", "receptacle": "hang"})]),
        ("Take the pillow off the sofa.", [("put_down", {"object": "pillow"})]),
        ("Remove it off there.", [("put_down", {"object": "it"})]),
        ("Anyway, take the book off the bed.", [("put_down", {"object": "book"})]),
        ("Take the cup off the desk and wash it.", [("pick_up", {"object": "cup"}), ("wash", {"object": "it"})]),
    ],
)
def test_wishes_and_what_is_to_be_off_or_back(text, expected):
    found, unclear = read(text)
    assert found == expected
    assert unclear == []
