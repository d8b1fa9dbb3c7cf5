"""Which types of object may be put in or on which.

AI2-THOR's documentation lists the receptacles of each type; its recorded floor plans and its experts' demonstrations
add pairs that the documentation lacks (a tomato in a microwave, a mug under a coffee machine). All are kept.
"""

from __future__ import annotations

from functools import cache

from sim.headless.recordings import receptacle_statistics

__all__ = ["MADE_FOR", "fits"]

MADE_FOR = frozenset(["StoveBurner", "CoffeeMachine", "Toaster", "ToiletPaperHanger", "TowelHolder", "HandTowelHolder"])
"""Receptacles made for certain things, with room for one; even `forceAction` puts nothing else there."""

_TABLES = "DiningTable TVStand CoffeeTable SideTable CounterTop"
_FLAT = f"{_TABLES} Desk Dresser"
_SEATS = "Sofa ArmChair Ottoman"
_WET = "Sink SinkBasin"
_BATH = "Bathtub BathtubBasin"
_DISHES = "Pot Pan Bowl Plate"
_FOOD = f"{_DISHES} Microwave Fridge {_WET} {_FLAT} GarbageCan"
_CUTLERY = f"{_DISHES} Mug Cup {_WET} {_TABLES} Desk Drawer"
_CROCKERY = f"Microwave Fridge {_FLAT} {_WET} Cabinet Shelf"
_DECOR = f"Box {_FLAT} Cart Shelf Safe"
_SUPPLIES = f"{_FLAT} Toilet Cart Cabinet Shelf Drawer GarbageCan"
_POCKET = f"{_SEATS} Box {_FLAT} Shelf Drawer Safe"
_PAPER = f"{_SEATS} {_FLAT} Bed Cabinet Shelf Drawer"

_MADE_OF: dict[str, str] = {
    "AlarmClock": f"Box {_FLAT} Shelf Bed",
    "AluminumFoil": f"{_TABLES} Cabinet Drawer Shelf",
    "Apple": _FOOD,
    "BaseballBat": f"Bed {_TABLES} Desk",
    "BasketBall": f"Sofa ArmChair Dresser Desk Bed {_TABLES}",
    "Book": f"{_PAPER} Box",
    "Boots": "Floor Cabinet",
    "Bottle": f"Fridge Box {_FLAT} {_WET} Cabinet Shelf GarbageCan",
    "Bowl": _CROCKERY,
    "Box": f"{_SEATS} {_FLAT} Cabinet Shelf Bed",
    "Bread": f"Microwave Fridge {_FLAT} GarbageCan Plate Pan",
    "BreadSliced": f"Microwave Fridge {_FLAT} GarbageCan Plate Pan Toaster",
    "ButterKnife": _CUTLERY,
    "CD": f"{_POCKET} Cabinet GarbageCan",
    "Candle": f"Box {_SUPPLIES} {_BATH}",
    "CellPhone": f"{_POCKET} Bed",
    "Cloth": f"{_SEATS} Box LaundryHamper {_SUPPLIES} {_BATH} {_WET}",
    "CreditCard": _POCKET,
    "Cup": _CROCKERY,
    "DishSponge": f"{_DISHES} Box {_SUPPLIES} {_BATH} {_WET}",
    "Dumbbell": f"Floor Bed {_FLAT}",
    "Egg": _FOOD,
    "EggCracked": _FOOD,
    "Footstool": "Floor",
    "Fork": _CUTLERY,
    "HandTowel": "HandTowelHolder",
    "Kettle": f"{_TABLES} {_WET} Cabinet StoveBurner Shelf",
    "KeyChain": _POCKET,
    "Knife": _CUTLERY,
    "Ladle": f"{_DISHES} {_WET} Cabinet {_TABLES} Drawer",
    "Laptop": f"{_SEATS} {_FLAT} Bed",
    "Lettuce": _FOOD,
    "Mug": f"{_CROCKERY} CoffeeMachine",
    "Newspaper": f"{_PAPER} Toilet GarbageCan",
    "Pan": f"{_TABLES} {_WET} Cabinet StoveBurner Fridge",
    "PaperTowelRoll": f"{_SUPPLIES}",
    "Pen": f"Mug Box {_FLAT} Shelf Drawer GarbageCan",
    "Pencil": f"Mug Box {_FLAT} Shelf Drawer GarbageCan",
    "PepperShaker": f"{_TABLES} Drawer Cabinet Shelf",
    "Pillow": f"{_SEATS} Bed",
    "Plate": _CROCKERY,
    "Plunger": "Cart Cabinet Floor",
    "Pot": f"StoveBurner Fridge {_WET} Cabinet {_TABLES} Shelf",
    "Potato": _FOOD,
    "RemoteControl": _POCKET,
    "SaltShaker": f"{_TABLES} Drawer Cabinet Shelf",
    "ScrubBrush": f"Floor {_SUPPLIES} {_BATH}",
    "SoapBar": f"{_SUPPLIES} {_BATH} {_WET}",
    "SoapBottle": f"{_SUPPLIES} {_BATH} Sink",
    "Spatula": _CUTLERY,
    "Spoon": _CUTLERY,
    "SprayBottle": _SUPPLIES,
    "Statue": _DECOR,
    "TableTopDecor": _DECOR,
    "TeddyBear": f"Bed {_SEATS} {_FLAT} Safe",
    "TennisRacket": f"Dresser Desk Bed {_TABLES}",
    "TissueBox": f"Box {_SUPPLIES}",
    "ToiletPaper": f"ToiletPaperHanger {_SUPPLIES} Bathtub",
    "Tomato": _FOOD,
    "Towel": f"TowelHolder {_BATH}",
    "Vase": f"{_DECOR} Cabinet",
    "Watch": f"Box {_FLAT} Shelf Drawer Safe",
    "WateringCan": f"{_FLAT} Cabinet Shelf Drawer",
    "WineBottle": f"Fridge {_FLAT} Cabinet Shelf GarbageCan",
}
"""By type of what is put: the receptacles it may be put in or on."""

_SLICES = {
    "AppleSliced": "Apple",
    "LettuceSliced": "Lettuce",
    "PotatoSliced": "Potato",
    "TomatoSliced": "Tomato",
}
_ANYTHING = frozenset(["Floor"])
"""Receptacles that refuse no type: what is dropped comes to rest there."""


def fits(object_type: str, receptacle_type: str) -> bool:
    """Whether objects of one type may be put in or on those of another; size is not judged here."""
    if receptacle_type in _ANYTHING:
        return True
    base = _SLICES.get(object_type, object_type)
    return receptacle_type in _allowed(base)


@cache
def _allowed(object_type: str) -> frozenset[str]:
    listed = set(_MADE_OF.get(object_type, "").split())
    if object_type in _MADE_OF:
        listed |= {
            receptacle
            for receptacle, found in receptacle_statistics().items()
            if receptacle not in ("Chair", "Stool") and found.get(object_type, {}).get("count", 0) > 0
        }
    return frozenset(listed)
