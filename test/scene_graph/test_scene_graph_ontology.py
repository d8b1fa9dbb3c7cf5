"""Household knowledge: what the shipped file says, and what other people's files do wrong."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from scene_graph.ontology import Ontology, OntologyError, ontology, plural

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ("mug", ["Mug"]),
        ("Coffee Mugs", ["Mug"]),
        ("knives", ["Knife", "ButterKnife"]),
        ("kitchen-knife", ["Knife"]),
        ("slices of bread", ["BreadSliced"]),
        ("tv", ["Television"]),
        ("TVStand", ["TVStand"]),
        ("CoffeeMachine", ["CoffeeMachine"]),
        ("keys", ["KeyChain"]),
        ("potatoes", ["Potato"]),
        ("unicorn", []),
    ],
)
def test_finds_classes_by_what_people_call_them(words: str, labels: list[str]) -> None:
    assert ontology().find(words) == labels


def test_names_are_never_matched_by_prefix() -> None:
    known = ontology()
    assert known.derives("AppleSliced", "Apple")
    assert known.derives("Pot", "Pot")
    assert not known.derives("Potato", "Pot")
    assert not known.derives("Pencil", "Pen")
    assert not known.derives("SinkBasin", "Sink")
    assert "Potato" not in known.find("pot")


def test_an_unknown_class_gets_an_entry_from_its_name() -> None:
    info = ontology().get("RiceCooker")
    assert info.words == ("rice cooker",)
    assert not info.static
    assert not info.affordances
    assert "RiceCooker" not in ontology()


def test_knives_cut_and_microwaves_heat_what_is_put_into_them() -> None:
    known = ontology()
    assert {label for label in known.labels() if "cuts" in known.get(label).affordances} == {"Knife", "ButterKnife"}
    assert {"Tomato", "Mug", "Potato"} <= known.get("Microwave").holds
    assert known.get("CoffeeMachine").holds == {"Mug"}
    assert known.get("Microwave").closes
    assert not known.get("Bowl").closes


def test_classes_that_hold_things_are_receptacles_and_what_is_held_is_known() -> None:
    known = ontology()
    for label in known.labels():
        info = known.get(label)
        assert info.words, label
        assert info.description, label
        assert info.holds <= set(known.labels())
        assert not info.holds or "receptacle" in info.affordances, label
        assert info.derived_from is None or info.derived_from in known


def test_rooms_are_named_by_what_is_in_them() -> None:
    known = ontology()
    assert known.room_name(["Fridge", "Chair", "StoveBurner"]) == "kitchen"
    assert known.room_name(["Toilet", "Mirror"]) == "bathroom"
    assert known.room_name(["Bed", "ArmChair", "Television", "Desk"]) == "bedroom"
    assert known.room_name(["ArmChair", "Television", "Sofa", "AlarmClock"]) == "living room"
    assert known.room_name(["Toilet", "WashingMachine", "Bathtub"]) == "bathroom"
    assert known.room_name(["Chair"]) == "room"
    assert known.room_name([]) == "room"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("classes = 3", "must be tables"),
        ("[classes.Mug]\nwords = 'mug'", "list of strings"),
        ("[classes.Mug]\ngoes = ['@nowhere']", "does not name"),
        ("[classes.Mug]\nsize = [1, 2]", "three positive metres"),
        ("version = 9", "version 9"),
        ("[classes", "not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_reason(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(OntologyError, match=complaint) as error:
        Ontology.load(path)
    assert str(path) in str(error.value)


def test_a_users_own_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[classes.Vise]\nstatic = true\n[classes.Bolt]\nwords = ["bolt"]\ngoes = ["Vise"]\n')
    mine = Ontology.load(path)
    assert mine.get("Vise").holds == {"Bolt"}
    assert mine.find("bolts") == ["Bolt"]
    with pytest.raises(OntologyError, match="cannot read"):
        Ontology.load(tmp_path / "missing.toml")


@pytest.mark.parametrize(
    ("one", "many"),
    [("knife", "knives"), ("dish", "dishes"), ("tomato", "tomatoes"), ("battery", "batteries"), ("toy", "toys")],
)
def test_plural(one: str, many: str) -> None:
    assert plural(one) == many


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_allows_every_placement_of_alfreds_experts() -> None:
    known = ontology()
    names = {label.lower(): label for label in known.labels()} | {"glassbottle": "Bottle"}
    with gzip.open(DATA / "alfred_train.jsonl.gz", "rt") as lines:
        pairs = {tuple(step[1]) for line in lines for step in json.loads(line)["plan"] if step[0] == "PutObject"}
    assert len(pairs) > 400
    assert [(a, b) for a, b in pairs if names[a] not in known.get(names[b]).holds] == []
