"""A kitchen whose objects a test changes by hand, and a judge that watches."""

import copy

from karma_eval.judge import Judge
from karma_eval.tasks import Task


def thing(object_id, at=(0.0, 1.0, 0.0), size=0.1, parents=(), **flags):
    """Metadata of one object as an event has it, at THOR position `at`."""
    label = object_id.split("|")[0] if object_id.count("|") < 4 else object_id.rsplit("|", 1)[1].rsplit("_", 1)[0]
    xyz = dict(zip("xyz", at, strict=True))
    return {
        "objectId": object_id,
        "objectType": label,
        "position": xyz,
        "axisAlignedBoundingBox": {"center": dict(xyz), "size": dict.fromkeys("xyz", size)},
        "parentReceptacles": list(parents),
        "pickupable": True,
        "openable": False,
        "isOpen": False,
        "toggleable": False,
        "isToggled": False,
        "dirtyable": False,
        "isDirty": False,
        "canFillWithLiquid": False,
        "isFilledWithLiquid": False,
        "fillLiquid": None,
        "isUsedUp": False,
        "isSliced": False,
        "isCooked": False,
        "isBroken": False,
        "isPickedUp": False,
        "temperature": "RoomTemp",
    } | flags


APPLE, TWIN, PLATE, FRIDGE = "Apple|1|1|1", "Apple|2|1|1", "Plate|3|1|1", "Fridge|9|0|0"
LAMP, BASIN, FAUCET, BIN = "FloorLamp|4|0|0", "SinkBasin|5|1|0", "Faucet|5|1|0", "GarbageCan|7|0|0"


class Home:
    """A kitchen whose objects a test changes by hand, as a robot would."""

    def __init__(self):
        self.objects = {
            o["objectId"]: o
            for o in (
                thing(APPLE, (1, 1, 1)),
                thing(TWIN, (2, 1, 1)),
                thing(PLATE, (3, 1, 1), canFillWithLiquid=False, dirtyable=True, isDirty=True, breakable=True),
                thing(FRIDGE, (9, 1, 0), 1.0, openable=True, pickupable=False),
                thing(LAMP, (4, 1, 0), toggleable=True, pickupable=False),
                thing(BASIN, (5, 1, 0), 0.5, pickupable=False),
                thing(FAUCET, (5, 1.2, 0), toggleable=True, pickupable=False),
                thing(BIN, (7, 0.2, 0), pickupable=False),
                thing("Potato|6|1|1", (6, 1, 1)),
                thing("Pot|6|1|2", (6, 1, 2)),
            )
        }

    def change(self, object_id, **flags):
        self.objects[object_id] |= flags

    def slice(self, object_id, pieces=3):
        whole = self.objects.pop(object_id)
        for k in range(pieces):
            name = f"{object_id}|{whole['objectType']}Sliced_{k}"
            self.objects[name] = copy.deepcopy(whole) | {"objectId": name, "objectType": f"{whole['objectType']}Sliced"}

    def now(self):
        return copy.deepcopy(list(self.objects.values()))


def task(*instructions, **extra):
    return Task.model_validate(
        {"id": "t", "class": "simple", "scene": "FloorPlan1", "instructions": list(instructions), **extra}
    )


def say(*milestones, **extra):
    return {"say": "Do it.", "milestones": list(milestones), **extra}


def play(judge, home, *moves):
    """Make each move and show the judge the world after it."""
    for stamp, move in enumerate(moves, start=1):
        move(home)
        judge.observe(home.now(), float(stamp))
    return judge.end()


def run(what, *moves):
    home = Home()
    judge = Judge(what, home.now())
    judge.begin(0)
    return play(judge, home, *moves)
