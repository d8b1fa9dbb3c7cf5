"""Prompt text: golden, within budget, and stable under what does not matter."""

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_node import Memory, QueryError
from memory_node.render import Line, count_tokens, render
from scene_graph.types import ObjectState, Observation


def seen(label, x, stamp, **more):
    size = more.pop("size", (0.1, 0.1, 0.1))
    return Observation(label, (x, 0.0, 0.9), stamp=stamp, size=size, **more)


@pytest.fixture
def memory():
    with Memory.open() as opened:
        opened.observe(
            [
                seen("CounterTop", 0, 0.0, object_id="counter", size=(2.0, 0.6, 0.9)),
                seen("Fridge", 4, 0.0, object_id="fridge", states=frozenset({"closed"}), size=(0.8, 0.8, 1.8)),
            ]
        )
        opened.observe(
            [
                seen("Apple", 0.2, 30.0, parent="counter", states=frozenset({"clean"})),
                seen("Plate", 0.5, 30.0, parent="counter", states=frozenset({"dirty"})),
                seen("Knife", 2.0, 30.0, held=True),
            ]
        )
        yield opened


def test_golden(memory):
    assert memory.render("Put the apple on a plate.", token_budget=500) == textwrap.dedent(
        """\
        Things that keep their place:
        - CounterTop [object-1] at (0.0, 0.0, 0.9)
        - Fridge [object-2] at (4.0, 0.0, 0.9), closed
        Objects that move:
        - Knife [knife-3] in the gripper, seen just now
        - Apple [apple-1] in/on CounterTop [object-1], at (0.2, 0.0, 0.9), clean, seen just now
        - Plate [plate-2] in/on CounterTop [object-1], at (0.5, 0.0, 0.9), dirty, seen just now"""
    )


def test_golden_at_a_small_budget(memory):
    assert memory.render("Put the apple on a plate.", token_budget=90) == textwrap.dedent(
        """\
        Things that keep their place: CounterTop, Fridge.
        Objects that move:
        - Knife [knife-3] in the gripper, seen just now
        - Apple [apple-1] in/on CounterTop [object-1], at (0.2, 0.0, 0.9), clean, seen just now"""
    )


def test_what_the_instruction_names_comes_first(memory):
    text = memory.render("Wash the plate.", token_budget=500)
    assert text.index("Plate [") < text.index("Apple [")


def test_text_is_stable_while_nothing_of_importance_happens(memory):
    before = memory.render("Wash the plate.", token_budget=500)
    memory.observe([seen("Apple", 0.201, 31.0, parent="counter"), seen("Plate", 0.5, 31.0, parent="counter")])
    memory.recall("plate")
    memory.used("apple-1")
    assert memory.render("Wash the plate.", token_budget=500) == before


def test_stale_things_say_so_and_the_past_has_no_age(memory):
    memory.observe([seen("Mug", 9, 1.0)])  # time began again
    assert "Apple [apple-1] in/on CounterTop [object-1], at (0.2, 0.0, 0.9), clean, seen in an earlier session" in (
        memory.render("", token_budget=500)
    )


def test_a_negative_budget_is_refused(memory):
    with pytest.raises(QueryError):
        memory.render("", token_budget=-1)


LINES = st.lists(
    st.builds(
        lambda n, label, states, place: Line(
            ObjectState(f"{label}-{n}", label, (n, 0.0, 0.0), 0.0, states=states), float(n), place
        ),
        st.integers(0, 5000),
        st.sampled_from(["Mug", "CounterTop", "Fridge", "a very long name of a thing"]),
        st.frozensets(st.sampled_from(["clean", "open", "hot"])),
        st.sampled_from(["", "Fridge [object-2]"]),
    ),
    max_size=30,
)


@given(long=LINES, short=LINES, budget=st.integers(0, 600))
@settings(max_examples=150, deadline=None)
def test_the_budget_is_kept_and_room_is_not_wasted(long, short, budget):
    text = render(long, short, token_budget=budget)
    assert count_tokens(text) <= budget
    assert text == render(long, short, token_budget=budget)
    assert count_tokens(text) <= count_tokens(render(long, short, token_budget=budget + 200))
