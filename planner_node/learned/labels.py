"""What an ALFRED instruction asks for: its fields, their labels, and which combinations make a goal.

ALFRED (Shridhar et al., CVPR 2020) describes a household task by six fields. They are not independent: a lamp is
toggled only to look at something, only food is sliced, only a few things carry others. `GoalSpace` lists every
combination that makes sense, so that a parser chooses among goals and never assembles an impossible one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ACTIONS",
    "FIELDS",
    "FIELD_LABELS",
    "FIELD_PAIRS",
    "NO_ARGUMENT",
    "OBJECTS",
    "PLACES",
    "RECEPTACLES",
    "SLICEABLE",
    "STEP_OBJECTS",
    "STEP_PLACES",
    "GoalSpace",
    "goal_key",
]

TASK_TYPES: Final = (
    "look_at_obj_in_light",
    "pick_and_place_simple",
    "pick_and_place_with_movable_recep",
    "pick_clean_then_place_in_recep",
    "pick_cool_then_place_in_recep",
    "pick_heat_then_place_in_recep",
    "pick_two_obj_and_place",
)
OBJECTS: Final = (
    "AlarmClock",
    "Apple",
    "BaseballBat",
    "BasketBall",
    "Book",
    "Bowl",
    "Box",
    "Bread",
    "ButterKnife",
    "CD",
    "Candle",
    "CellPhone",
    "Cloth",
    "CreditCard",
    "Cup",
    "DishSponge",
    "Egg",
    "Fork",
    "Glassbottle",
    "HandTowel",
    "Kettle",
    "KeyChain",
    "Knife",
    "Ladle",
    "Laptop",
    "Lettuce",
    "Mug",
    "Newspaper",
    "Pan",
    "Pen",
    "Pencil",
    "PepperShaker",
    "Pillow",
    "Plate",
    "Plunger",
    "Pot",
    "Potato",
    "RemoteControl",
    "SaltShaker",
    "SoapBar",
    "SoapBottle",
    "Spatula",
    "Spoon",
    "SprayBottle",
    "Statue",
    "TennisRacket",
    "TissueBox",
    "ToiletPaper",
    "Tomato",
    "Vase",
    "Watch",
    "WateringCan",
    "WineBottle",
)
CARRIERS: Final = ("Bowl", "Box", "Cup", "Mug", "Pan", "Plate", "Pot")
PLACES: Final = (
    "ArmChair",
    "BathtubBasin",
    "Bed",
    "Cabinet",
    "Cart",
    "CoffeeMachine",
    "CoffeeTable",
    "CounterTop",
    "Desk",
    "DiningTable",
    "Drawer",
    "Dresser",
    "Fridge",
    "GarbageCan",
    "Microwave",
    "Ottoman",
    "Safe",
    "Shelf",
    "SideTable",
    "SinkBasin",
    "Sofa",
    "StoveBurner",
    "Toilet",
    "ToiletPaperHanger",
)
LAMPS: Final = ("DeskLamp", "FloorLamp")
SLICEABLE: Final = ("Apple", "Bread", "Egg", "Lettuce", "Potato", "Tomato")
"""What a goal may ask to be sliced."""

ACTIONS: Final = (
    "GotoLocation",
    "PickupObject",
    "PutObject",
    "CleanObject",
    "CoolObject",
    "HeatObject",
    "SliceObject",
    "ToggleObject",
)
"""Actions of the expert's high-level plan, one a step sentence."""

NO_ARGUMENT: Final = ""
FIELDS: Final = ("task_type", "object_target", "mrecep_target", "parent_target", "toggle_target", "object_sliced")
FIELD_LABELS: Final[dict[str, tuple[str, ...]]] = {
    "task_type": TASK_TYPES,
    "object_target": OBJECTS,
    "mrecep_target": (NO_ARGUMENT, *CARRIERS),
    "parent_target": (NO_ARGUMENT, *PLACES),
    "toggle_target": (NO_ARGUMENT, *LAMPS),
    "object_sliced": ("False", "True"),
}
FIELD_PAIRS: Final = (
    ("task_type", "object_target"),
    ("task_type", "parent_target"),
    ("task_type", "object_sliced"),
    ("object_target", "mrecep_target"),
    ("object_target", "parent_target"),
    ("object_target", "object_sliced"),
    ("object_target", "toggle_target"),
    ("mrecep_target", "parent_target"),
)
"""Fields whose compatibility is learned."""

STEP_OBJECTS: Final = (NO_ARGUMENT, *OBJECTS, *LAMPS)
"""What a step picks up, puts, cleans, cools, heats, slices or toggles; nothing for GotoLocation."""
RECEPTACLES: Final = (*PLACES, *CARRIERS)
STEP_PLACES: Final = (NO_ARGUMENT, *sorted({*RECEPTACLES, *OBJECTS, *LAMPS, "HandTowelHolder"}))
"""Where a step goes or puts something; nothing for the other actions."""


def goal_key(task_type: str, parameters: dict[str, Any]) -> tuple[str, ...]:
    """Return a goal's labels in the order of `FIELDS`, from ALFRED's ``task_type`` and ``pddl_params``."""
    return (
        task_type,
        *(str(parameters[field]) for field in FIELDS[1:5]),
        str(bool(parameters["object_sliced"])),
    )


@dataclass(frozen=True)
class GoalSpace:
    """Every goal that makes sense, as a table of label indices.

    Attributes:
        indices: ``(goals, fields)`` index of each goal's label in `FIELD_LABELS`, in the order of `FIELDS`.
    """

    indices: NDArray[np.int64]

    @classmethod
    def build(cls) -> GoalSpace:
        """List all goals, in a fixed order."""
        things = [(thing, "False") for thing in OBJECTS] + [(thing, "True") for thing in SLICEABLE]
        goals: list[tuple[str, ...]] = []
        for task_type in TASK_TYPES:
            for thing, is_sliced in things:
                if task_type == "look_at_obj_in_light":
                    if is_sliced == "False":
                        goals += [(task_type, thing, NO_ARGUMENT, NO_ARGUMENT, lamp, is_sliced) for lamp in LAMPS]
                    continue
                carriers = CARRIERS if task_type == "pick_and_place_with_movable_recep" else (NO_ARGUMENT,)
                goals += [
                    (task_type, thing, carrier, place, NO_ARGUMENT, is_sliced)
                    for carrier in carriers
                    if carrier != thing
                    for place in PLACES
                ]
        index = [{label: i for i, label in enumerate(FIELD_LABELS[field])} for field in FIELDS]
        return cls(np.array([[index[f][label] for f, label in enumerate(goal)] for goal in goals], dtype=np.int64))

    def goal(self, row: int) -> tuple[str, ...]:
        """Return the labels of one goal, in the order of `FIELDS`."""
        return tuple(FIELD_LABELS[field][self.indices[row, f]] for f, field in enumerate(FIELDS))

    def unknown(self, home: Collection[str]) -> NDArray[np.int64]:
        """Count the classes that each goal needs and `home` does not hold, ``(goals,)``."""
        count = np.zeros(len(self.indices), dtype=np.int64)
        for f, field in enumerate(FIELDS[1:5], start=1):
            is_unknown = np.array([label != NO_ARGUMENT and label not in home for label in FIELD_LABELS[field]])
            count += is_unknown[self.indices[:, f]]
        return count
