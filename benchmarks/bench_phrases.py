"""How often a vague phrase finds the right thing: "the red fruit", "something to read", "the used tableware".

The phrases and their right answers are in three files written for this benchmark: on the first set, what memory knows
of words was developed; the second and the third were written, whole, before any of them was asked, and show what other
people's words meet. The homes they are asked in are below, with what is where and in which state. Phrases whose right
answer is "I don't know" count like all others. Beside accuracy at the threshold in use, the benchmark sweeps the
threshold, and reports recall at K.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from memory_node import Memory
from scene_graph.types import Observation

HOMES: dict[str, str] = {
    "kitchen": """Fridge; CounterTop; DiningTable; Sink; SinkBasin; Microwave; CoffeeMachine; Toaster; GarbageCan;
        Faucet; Cabinet; StoveBurner; Chair; Window
        DiningTable: Apple, Mug clean, Plate dirty, SaltShaker, PepperShaker
        CounterTop: Tomato, Bread, Potato, Knife, Spoon, Fork, ButterKnife, Cup clean, PaperTowelRoll, Spatula, Ladle
        SinkBasin: Bowl dirty, DishSponge, SoapBottle
        StoveBurner: Pan, Pot, Kettle hot
        Fridge: Lettuce, Egg, WineBottle""",
    "living": """Sofa; ArmChair; CoffeeTable; SideTable; TVStand; Television off; FloorLamp on; DeskLamp off; Painting;
        HousePlant; LightSwitch; Shelf
        Sofa: Pillow, RemoteControl, Newspaper
        CoffeeTable: Laptop off, Watch, Candle, Book
        SideTable: CellPhone, CreditCard, KeyChain, Pen, Pencil, TissueBox
        Shelf: Vase, Statue, Box, WateringCan
        ArmChair: BasketBall, TennisRacket""",
    "bedroom": """Bed; Dresser; Desk; Mirror; LaundryHamper; Blinds; Chair; Drawer; Window
        Bed: Pillow, TeddyBear, CellPhone
        Desk: AlarmClock, CD, Dumbbell, Cloth dirty
        Dresser: BaseballBat, TennisRacket, Boots""",
    "bathroom": """Toilet; Sink; SinkBasin; Bathtub; BathtubBasin; TowelHolder; HandTowelHolder; Mirror; Faucet;
        ShowerDoor
        TowelHolder: Towel
        HandTowelHolder: HandTowel
        SinkBasin: SoapBar, Cloth
        Toilet: ToiletPaper, Candle, SprayBottle, SoapBottle
        Bathtub: ScrubBrush, Plunger""",
    "galley": """Fridge; CounterTop; DiningTable; Sink; SinkBasin; Microwave open; CoffeeMachine off; Toaster;
        GarbageCan; Faucet; Cabinet; StoveBurner; Drawer; Stool
        DiningTable: Plate clean, Apple, Mug filled, SaltShaker
        CounterTop: Tomato, Potato cooked, Bread, Knife, PepperShaker, AluminumFoil, PaperTowelRoll, Cup dirty empty
        SinkBasin: Bowl dirty, DishSponge
        StoveBurner: Pan, Pot
        Drawer: Fork, Spoon, ButterKnife, Spatula, Ladle
        Fridge: Egg, Lettuce, WineBottle""",
    "studio": """Bed; Sofa; Ottoman; Desk; Dresser; TVStand; Television; FloorLamp off; DeskLamp on; Painting; Poster;
        HousePlant; Curtains; Blinds; Safe; DogBed; Shelf; SideTable; VacuumCleaner
        Bed: Pillow, TeddyBear
        Sofa: Newspaper, RemoteControl
        Desk: Laptop on, Desktop off, Pen, Pencil, Book, CD
        SideTable: AlarmClock, CellPhone, Watch, TissueBox
        Dresser: KeyChain, CreditCard, Box
        Shelf: Vase, Statue, Dumbbell, BaseballBat, BasketBall, Boots""",
    "washroom": """Toilet; Sink; SinkBasin; Bathtub; BathtubBasin; ShowerHead; TowelHolder; HandTowelHolder; Mirror;
        Faucet; LaundryHamper; CounterTop
        TowelHolder: Towel
        HandTowelHolder: HandTowel
        SinkBasin: SoapBar, SoapBottle
        Toilet: ToiletPaper
        Bathtub: ScrubBrush, SprayBottle, Plunger
        CounterTop: Candle on, Cloth dirty""",
    "diner": """Fridge; CounterTop; DiningTable; Sink; SinkBasin; Microwave; CoffeeMachine off; Toaster; GarbageCan;
        Faucet; Cabinet; StoveBurner; Drawer; Stool
        DiningTable: Plate clean, Bowl clean, Cup clean, Mug filled:coffee, Fork dirty
        CounterTop: Apple, Bread sliced, Lettuce, Knife, SaltShaker, PepperShaker, AluminumFoil, PaperTowelRoll
        SinkBasin: DishSponge, SoapBottle
        StoveBurner: Pan dirty, Pot dirty, Kettle, Potato hot
        Drawer: Spoon, ButterKnife, Spatula, Ladle
        Fridge: Tomato, Egg, WineBottle""",
    "den": """Bed; Sofa; ArmChair; CoffeeTable; SideTable; Desk; Dresser; TVStand; Television on; FloorLamp off;
        DeskLamp on; Painting; HousePlant; Curtains; Mirror; Shelf; LightSwitch
        Bed: TeddyBear
        Sofa: Pillow, RemoteControl, Newspaper
        CoffeeTable: Candle off, Watch, KeyChain, CreditCard, Pen, Pencil
        SideTable: AlarmClock, TissueBox, Book
        Desk: Laptop off, CellPhone
        Shelf: Vase, Statue, Box, WateringCan, Boots, CD, BasketBall, TennisRacket, Dumbbell""",
    "spa": """Toilet; Sink; SinkBasin; Bathtub; BathtubBasin; TowelHolder; HandTowelHolder; Mirror; Faucet;
        LaundryHamper; CounterTop
        TowelHolder: Towel
        HandTowelHolder: HandTowel
        SinkBasin: SoapBar
        CounterTop: SoapBottle, Candle off
        Toilet: ToiletPaper, SprayBottle
        Bathtub: ScrubBrush, Plunger, Cloth dirty""",
}
"""What is where: things that keep their place first, then what is on or in them, with states."""

SETS = {"developed on": "bench_phrases.txt", "second": "bench_phrases_second.txt", "third": "bench_phrases_third.txt"}
"""Sets of phrases by name, with their files."""

THRESHOLDS = (0.0, 0.15, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7)


@dataclass(frozen=True)
class Phrase:
    """One question of the benchmark; no answers mean that memory must not know."""

    home: str
    text: str
    answers: frozenset[str]


def read_phrases(name: str) -> list[Phrase]:
    """The phrases of a set, from the file beside this module."""
    lines = Path(__file__).with_name(SETS[name]).read_text(encoding="utf-8").splitlines()
    fields = [line.split(" | ") for line in lines if line and not line.startswith("#")]
    return [Phrase(h, t, frozenset() if a.strip() == "-" else frozenset(a.split())) for h, t, a in fields]


def furnish(home: str) -> Memory:
    """A memory of a home, seen once."""
    memory = Memory.open(capacity=64)
    fixed, *shelves = HOMES[home].split("\n")
    while shelves and ":" not in shelves[0]:
        fixed += shelves.pop(0)
    places: dict[str, Observation] = {}
    for number, entry in enumerate(fixed.split(";")):
        label, *states = entry.split()
        places[label] = Observation(
            label, (3.0 * number, 0.0, 0.5), stamp=0.0, object_id=label, size=(1.0, 1.0, 1.0), states=frozenset(states)
        )
    things: list[Observation] = []
    for line in shelves:
        parent, _, rest = line.strip().partition(": ")
        for number, entry in enumerate(rest.split(", ")):
            label, *states = entry.split()
            x, y, z = places[parent].position
            place = (x - 0.4 + 0.08 * number, y, z + 0.55)
            things.append(
                Observation(label, place, stamp=0.0, size=(0.06, 0.06, 0.1), states=frozenset(states), parent=parent)
            )
    memory.observe([*places.values(), *things])
    return memory


def measure(name: str) -> dict[str, object]:
    """Ask every phrase of a set, print what went wrong, and return the figures."""
    phrases = read_phrases(name)
    homes = {home: furnish(home) for home in sorted({p.home for p in phrases})}
    answered: list[tuple[Phrase, list[tuple[str, float]]]] = []
    for phrase in phrases:
        found = homes[phrase.home].recall(phrase.text, k=5, min_score=0.0)
        answered.append((phrase, [(r.object.label, r.score) for r in found]))
    by_threshold = {
        str(bound): round(
            sum(_right(p, [f for f in found if f[1] >= bound]) for p, found in answered) / len(phrases), 3
        )
        for bound in THRESHOLDS
    }
    located = [(p, homes[p.home].locate(p.text)) for p in phrases]
    wrong = [
        (p, r.object.label if r else "nothing", r.score if r else 0.0)
        for p, r in located
        if (r.object.label not in p.answers if r else bool(p.answers))
    ]
    answerable = [(p, found) for p, found in answered if p.answers]
    result: dict[str, object] = {
        "phrases": len(phrases),
        "accuracy": 1 - len(wrong) / len(phrases),
        "accuracy_by_threshold": by_threshold,
        "recall_at_k": {
            str(k): round(
                sum(any(label in p.answers for label, _ in f[:k]) for p, f in answerable) / len(answerable), 3
            )
            for k in (1, 2, 3, 5)
        },
        "wrong": [{"home": p.home, "phrase": p.text, "got": got, "score": round(s, 3)} for p, got, s in wrong],
    }
    for p, got, s in wrong:
        print(f"{p.home:9} {p.text:45} → {got} ({s:.2f}), right: {', '.join(sorted(p.answers)) or 'nothing'}")
    print(f"{name}: accuracy {result['accuracy']:.3f} over {len(phrases)} phrases; by threshold {by_threshold}")
    print(f"{name}: recall at K of {len(answerable)} phrases with an answer: {result['recall_at_k']}")
    return result


def main(json_path: str | None = None) -> dict[str, object]:
    """Ask all sets.

    Args:
        json_path: File to write the result to, if any.
    """
    result: dict[str, object] = {name: measure(name) for name in SETS}
    if json_path is not None:
        Path(json_path).write_text(json.dumps(result, indent=2), encoding="utf-8")
    return result


def run() -> dict[str, object]:
    """The figures, for `karma bench`."""
    return main()


def _share(right: list[bool]) -> float:
    return round(sum(right) / len(right), 3)


def _right(phrase: Phrase, found: list[tuple[str, float]]) -> bool:
    return found[0][0] in phrase.answers if found else not phrase.answers


if __name__ == "__main__":
    main()
