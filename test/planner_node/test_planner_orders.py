"""The reader of oddly worded orders: its corpus, what its weights read, and the plain words it is said again in."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner_node.agent import Agent
from planner_node.goals import LearnedPlanner
from planner_node.learned.weights import WeightsError
from planner_node.orders.corpus import (
    NO_CLASS,
    SKILLS,
    CorpusError,
    Example,
    Order,
    Span,
    parse_line,
    read_corpus,
    read_phrases,
)
from planner_node.orders.reader import WEIGHTS, OrderReader
from planner_node.orders.rewrite import plainly
from planner_node.parser import read_instruction
from scene_graph.ontology import ontology


def words(example: Example, span: Span | None) -> str:
    return "^" if span is None else example.text[span.start : span.end]


def shown(text: str) -> list[tuple[str, str, str]]:
    example = Example(text, OrderReader.default().read(text).orders)
    return [(o.skill, words(example, o.thing), words(example, o.place) if o.place else "") for o in example.orders]


# The corpus.


def test_the_corpus_is_read_whole_and_asks_for_every_skill():
    examples = read_corpus()
    assert len(examples) > 4000
    assert {order.skill for example in examples for order in example.orders} == set(SKILLS)
    assert any(not example.orders for example in examples)


def test_phrases_mean_classes_that_household_knowledge_has():
    known = {*ontology().labels(), NO_CLASS}
    assert {label for phrase in read_phrases() for label in phrase.labels} <= known


def test_a_line_tells_what_is_done_with_which_words():
    example = parse_line("Fork and spoon to the sink => move(Fork > the sink) ; move(spoon > the sink)")
    assert [(o.skill, words(example, o.thing), words(example, o.place)) for o in example.orders] == [
        ("move", "Fork", "the sink"),
        ("move", "spoon", "the sink"),
    ]


def test_words_said_twice_are_numbered_or_taken_in_turn():
    numbered = parse_line("Wash it, dry it => wash(it#2)")
    assert numbered.orders == (Order("wash", Span(13, 15)),)
    in_turn = parse_line("Wash it, then put it away => wash(it) ; move(it > ^)")
    assert [order.thing for order in in_turn.orders] == [Span(5, 7), Span(18, 20)]


def test_words_inside_other_words_are_not_meant():
    assert parse_line("Switch it off => toggle_off(it)").orders[0].thing == Span(7, 9)


@pytest.mark.parametrize(
    "line",
    [
        "no arrow",
        " => move(it > there)",
        "Put it there => move(it, there)",
        "Put it there => teleport(it)",
        "Put it there => move(the mug > there)",
        "Put it there => move(it#3 > there)",
    ],
)
def test_a_wrong_line_is_refused(line):
    with pytest.raises(CorpusError):
        parse_line(line)


def test_a_mistake_in_a_file_is_told_with_its_line(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("# comment\n\nOpen it => open(it)\nOpen it => opn(it)\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"corpus\.txt:4"):
        read_corpus(path)
    with pytest.raises(CorpusError, match="cannot read"):
        read_corpus(tmp_path / "none.txt")
    path.write_text("the thing\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"corpus\.txt:1"):
        read_phrases(path)


# The weights.


def test_orders_are_read_in_words_that_grammar_does_not_know():
    assert shown("Would you be a dear and give that filthy mug a good scrub?") == [("wash", "that filthy mug", "")]
    assert shown("The laptop would be much better off on the desk.") == [("move", "The laptop", "the desk")]


def test_a_mere_remark_asks_for_nothing():
    assert shown("Thanks, that was lovely!") == []


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text):
    reading = OrderReader.default().read(text)
    assert 0.0 <= reading.confidence <= 1.0
    for order in reading.orders:
        for span in (order.thing, order.place):
            assert span is None or 0 <= span.start < span.end <= len(text)


def test_a_phrase_is_told_by_what_the_thing_is_for():
    classes = OrderReader.default().classes("the thing I unlock the front door with")
    assert max(classes, key=classes.__getitem__) == "KeyChain"
    assert sum(classes.values()) == pytest.approx(1.0, abs=1e-3)


def test_things_that_the_ontology_lacks_mean_none_of_its_classes():
    classes = OrderReader.default().classes("my electric guitar")
    assert max(classes, key=classes.__getitem__) == NO_CLASS


def test_damaged_weights_say_what_to_run(tmp_path):
    broken = tmp_path / "weights.safetensors"
    broken.write_bytes(WEIGHTS.read_bytes()[:1000])
    with pytest.raises(WeightsError, match="karma train-orders"):
        OrderReader.load(broken)
    with pytest.raises(WeightsError, match="karma train-orders"):
        OrderReader.load(tmp_path / "none.safetensors")
    shutil.copy(WEIGHTS.parent.parent / "learned" / "weights.safetensors", broken)
    with pytest.raises(WeightsError, match="another version"):
        OrderReader.load(broken)


# Plain words.


def plain(line: str, before: str = "") -> str:
    example = parse_line(line)
    earlier = read_instruction(before, ontology()).intents if before else []
    said = plainly(example.text, example.orders, ontology(), earlier)
    return said.shown() if said is not None else ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Fork: drawer. => move(Fork > drawer)", "put Fork in drawer."),
        ("The vase, it belongs beside the lamp => move(it > the lamp)", "put the vase next to the lamp."),
        ("In there with it => move(it > there)", "put it in there."),
        ("Water for the cup => fill(the cup > Water)", "fill the cup with Water."),
        ("It's too dark in here. => toggle_on(^)", "turn on it's too dark in here."),
        ("The one you squirt, wash it? No: bring it. => hand_over(The one you squirt)", "bring me the one you squirt."),
        ("Cut, please => cut(^)", "slice it."),
    ],
)
def test_an_order_is_said_again_in_plain_words(line, said):
    assert plain(line) == said


def test_the_same_again_and_what_takes_it_back_lean_on_what_was_asked_before():
    assert plain("The spoon too => same(The spoon)", "Wash the fork.") == "do the same with The spoon."
    assert plain("No, as it was => undo(^)", "Turn on the lamp.") == "turn off it."
    assert plain("No, as it was => undo(^)", "Put the mug in the sink.") == "put it back."
    assert plain("And again => same(^)") == ""


def test_phrases_that_name_no_class_are_kept_as_they_were_said():
    example = parse_line("What I drink from goes where we eat => move(What I drink from > where we eat)")
    said = plainly(example.text, example.orders, ontology())
    assert said is not None
    (intent,) = said.filled_in(read_instruction(said.text, ontology()).intents)
    assert intent.skill == "move"
    assert intent.phrases["object"].said == "what i drink from"
    assert intent.phrases["receptacle"].said == "where we eat"


def test_a_reading_that_is_not_sure_is_asked_about(setup):
    result = Agent(setup.robot, setup.knowledge, planner=LearnedPlanner(sure=1.1, surer=1.1, surest=1.1)).run(
        "That filthy mug would love a good scrub."
    )
    assert not result.claimed
    assert not result.skills
    assert result.question.startswith("Do you mean: wash")


def test_nonsense_is_not_acted_on(setup):
    agent = Agent(setup.robot, setup.knowledge, planner=LearnedPlanner())
    for text in ("Colourless green ideas sleep furiously.", "Twas brillig, and the slithy toves did gyre."):
        result = agent.run(text)
        assert not result.claimed
        assert not result.skills
