"""A small symbolic home for tests of the planner: things, doors, a robot that sees only what is before it.

Sensor ids are issued anew with every frame. `TrackingKnowledge` keeps what was seen, never what is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from memory_node.recollection import Recollection
from planner_node.robot import Frame, SkillCall, SkillCode, SkillResult
from scene_graph.ontology import ontology
from scene_graph.search import SearchPlace
from scene_graph.types import ObjectState, Observation, Point, apply_states

SIGHT = 4.0
REACH = 1.2


@dataclass
class Thing:
    name: str
    label: str
    position: Point
    parent: str | None = None
    states: set[str] = field(default_factory=set)

    @property
    def info(self):
        return ontology().get(self.label)


@dataclass
class Home:
    """The world's truth; `fail` maps (skill, thing's name) to codes that the next calls end with, `lies` to
    what a call reports though it was done."""

    things: dict[str, Thing] = field(default_factory=dict)
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0)
    held: str | None = None
    fail: dict[tuple[str, str], list[SkillCode]] = field(default_factory=dict)
    lies: dict[tuple[str, str], SkillCode] = field(default_factory=dict)
    knobs: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, label: str, x: float, y: float, z: float = 0.9, *, on: str | None = None, states=()):
        self.things[name] = Thing(name, label, (x, y, z), on, set(states))
        return self

    def state(self, name: str) -> set[str]:
        return self.things[name].states

    def inside(self, name: str, holder: str) -> bool:
        parent = self.things[name].parent
        while parent is not None:
            if parent == holder:
                return True
            parent = self.things[parent].parent
        return False

    def hidden(self, thing: Thing) -> bool:
        parent = thing.parent
        while parent is not None:
            holder = self.things[parent]
            if holder.info.closes and "open" not in holder.states:
                return True
            parent = holder.parent
        return False

    def place(self, thing: Thing) -> Point:
        if self.held == thing.name:
            x, y, yaw = self.pose
            return (x + 0.4 * math.cos(yaw), y + 0.4 * math.sin(yaw), 1.0)
        if thing.parent is not None and self.held == thing.parent:
            return self.place(self.things[thing.parent])
        return thing.position

    def sees(self, thing: Thing) -> bool:
        if thing.name == self.held:
            return True
        if self.hidden(thing):
            return False
        x, y, yaw = self.pose
        px, py, _ = self.place(thing)
        off = abs((math.atan2(py - y, px - x) - yaw + math.pi) % (2 * math.pi) - math.pi)
        return math.hypot(px - x, py - y) <= SIGHT and off <= math.radians(50)


class SymbolicRobot:
    """Carries out primitive skills in a `Home` with the household's rules."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.calls: list[tuple[str, str]] = []
        self.names: dict[str, str] = {}
        self._seq = 0
        self._time = 0.0
        self._listeners: list[Callable[[Frame], None]] = []
        self._cancelled = False
        self.before: Callable[[SkillCall], None] = lambda call: None
        self._frame = self._look()

    def frame(self) -> Frame:
        return self._frame

    def subscribe(self, listener):
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def cancel(self) -> None:
        self._cancelled = True

    def _look(self) -> Frame:
        self._seq += 1
        self.names = {}
        observations = []
        for i, thing in enumerate(self.home.things.values()):
            if self.home.sees(thing):
                sensor_id = f"f{self._seq}-{i}"
                self.names[sensor_id] = thing.name
                observations.append(
                    Observation(
                        thing.label,
                        self.home.place(thing),
                        stamp=self._time,
                        object_id=sensor_id,
                        states=frozenset(thing.states),
                        held=thing.name == self.home.held,
                    )
                )
        self._frame = Frame(
            seq=self._seq, epoch=0, stamp=self._time, observations=tuple(observations), robot_pose=self.home.pose
        )
        for listener in list(self._listeners):
            listener(self._frame)
        return self._frame

    def execute(self, call: SkillCall) -> SkillResult:
        self.before(call)
        name = self.names.get(call.object_id or "", "")
        self.calls.append((call.skill, name))
        if self._cancelled:
            self._cancelled = False
            return SkillResult(code=SkillCode.CANCELLED, seq=self._seq)
        planned = self.home.fail.get((call.skill, name))
        code = planned.pop(0) if planned else self._act(call, name)
        if self.home.lies.get((call.skill, name)):
            code = self.home.lies.pop((call.skill, name))
        seconds = 2.0
        self._time += seconds
        if call.skill == "look_around":
            x, y, yaw = self.home.pose
            for turn in (1, 2, 3):
                self.home.pose = (x, y, yaw + turn * math.pi / 2)
                self._look()
            self.home.pose = (x, y, yaw)
        self._look()
        return SkillResult(
            code=code, message="" if code is SkillCode.OK else str(code), seq=self._seq, actions=1, seconds=seconds
        )

    def _act(self, call: SkillCall, name: str) -> SkillCode:
        home = self.home
        if call.skill in {"go_to", "go_to_pose", "look_at"}:
            return self._move(call)
        if call.skill in {"look_around", "wait"}:
            return SkillCode.OK
        if call.skill == "drop":
            home.held = None
            return SkillCode.OK
        if not name:
            return SkillCode.UNKNOWN_OBJECT
        thing = home.things[name]
        x, y, _ = home.pose
        px, py, _ = home.place(thing)
        if math.hypot(px - x, py - y) > REACH:
            return SkillCode.OUT_OF_REACH
        return getattr(self, f"_{call.skill}")(thing)

    def _move(self, call: SkillCall) -> SkillCode:
        x, y, _ = self.home.pose
        tx, ty, _ = call.target
        if call.skill == "look_at":
            self.home.pose = (x, y, math.atan2(ty - y, tx - x))
        elif call.skill == "go_to_pose":
            self.home.pose = (tx, ty, call.yaw or 0.0)
        else:
            angle = math.atan2(y - ty, x - tx) + call.attempt * math.pi / 2
            stand = (tx + 0.7 * math.cos(angle), ty + 0.7 * math.sin(angle))
            self.home.pose = (*stand, math.atan2(ty - stand[1], tx - stand[0]))
        return SkillCode.OK

    def _pick_up(self, thing: Thing) -> SkillCode:
        if self.home.held is not None:
            return SkillCode.HAND_FULL
        if "pickupable" not in thing.info.affordances:
            return SkillCode.INCOMPATIBLE
        thing.parent = None
        self.home.held = thing.name
        return SkillCode.OK

    def _put(self, thing: Thing) -> SkillCode:
        if self.home.held is None:
            return SkillCode.HAND_EMPTY
        held = self.home.things[self.home.held]
        if held.label not in thing.info.holds:
            return SkillCode.INCOMPATIBLE
        if thing.info.closes and "open" not in thing.states:
            return SkillCode.CLOSED
        if "full" in thing.states:
            return SkillCode.NO_ROOM
        held.parent = thing.name
        self._settle(held, (thing.position[0] + 0.05, thing.position[1] + 0.02, thing.position[2] + 0.05))
        self.home.held = None
        if "cools" in thing.info.affordances:
            held.states = set(apply_states(held.states, {"cold"}))
        return SkillCode.OK

    def _settle(self, thing: Thing, position: Point) -> None:
        thing.position = position
        for other in self.home.things.values():
            if other.parent == thing.name:
                self._settle(other, position)

    def _open(self, thing: Thing) -> SkillCode:
        if "openable" not in thing.info.affordances or "on" in thing.states:
            return SkillCode.PRECONDITION
        thing.states = set(apply_states(thing.states, {"open"}))
        return SkillCode.OK

    def _close(self, thing: Thing) -> SkillCode:
        thing.states = set(apply_states(thing.states, {"closed"}))
        return SkillCode.OK

    def _toggle_on(self, thing: Thing) -> SkillCode:
        if "toggleable" not in thing.info.affordances or "open" in thing.states or "on" in thing.states:
            return SkillCode.PRECONDITION
        thing.states = set(apply_states(thing.states, {"on"}))
        served = thing.name
        if thing.label == "Faucet":
            basins = [t for t in self.home.things.values() if t.label in {"SinkBasin", "BathtubBasin"}]
            served = min(basins, key=lambda t: math.dist(t.position, thing.position)).name
        if thing.label == "StoveKnob":
            served = self.home.knobs[thing.name]
            self.home.things[served].states = {"on"}
        for other in self.home.things.values():
            if other.name != served and self.home.inside(other.name, served):
                self._treat(other, thing)
        return SkillCode.OK

    @staticmethod
    def _treat(thing: Thing, device: Thing) -> None:
        gained = set()
        if device.label == "Faucet":
            gained |= {"clean"} if "dirtyable" in thing.info.affordances else set()
            gained |= {"filled:water"} if "fillable" in thing.info.affordances else set()
        if device.label in {"Microwave", "StoveKnob", "Toaster"}:
            gained |= {"hot"} | ({"cooked"} if "cookable" in thing.info.affordances else set())
        if device.label == "CoffeeMachine":
            gained |= {"filled:coffee"}
        thing.states = set(apply_states(thing.states, gained))

    def _toggle_off(self, thing: Thing) -> SkillCode:
        if "on" not in thing.states:
            return SkillCode.PRECONDITION
        thing.states = set(apply_states(thing.states, {"off"}))
        if thing.label == "StoveKnob":
            self.home.things[self.home.knobs[thing.name]].states = {"off"}
        return SkillCode.OK

    def _slice(self, thing: Thing) -> SkillCode:
        if "sliceable" not in thing.info.affordances or self.home.held == thing.name:
            return SkillCode.INCOMPATIBLE
        made = next(lb for lb in ontology().labels() if ontology().get(lb).derived_from == thing.label)
        del self.home.things[thing.name]
        x, y, z = thing.position
        for i in range(3):
            self.home.add(f"{thing.name}_slice{i}", made, x + 0.03 * i, y, z, on=thing.parent, states={"sliced"})
        return SkillCode.OK

    def _clean(self, thing: Thing) -> SkillCode:
        thing.states = set(apply_states(thing.states, {"clean"}))
        return SkillCode.OK

    def _break(self, thing: Thing) -> SkillCode:
        thing.states.add("broken")
        return SkillCode.OK

    def _empty(self, thing: Thing) -> SkillCode:
        thing.states = set(apply_states(thing.states, {"empty"}))
        return SkillCode.OK


class TrackingKnowledge:
    """What the robot has seen, by thing; what a view shows to be gone is stale. Searches areas, then containers."""

    def __init__(self, robot: SymbolicRobot, areas: Sequence[Point] = ()) -> None:
        self._robot = robot
        self._areas = list(areas)
        self.known: dict[str, ObjectState] = {}
        self.pinned: set[str] = set()
        robot.subscribe(self._observe)
        self._observe(robot.frame())

    def _observe(self, frame: Frame) -> None:
        home = self._robot.home
        seen = set()
        for o in frame.observations:
            name = self._robot.names[o.object_id]
            seen.add(name)
            thing = home.things[name]
            self.known[f"m-{name}"] = ObjectState(
                object_id=f"m-{name}",
                label=o.label,
                position=o.position,
                stamp=o.stamp,
                states=o.states,
                parent=f"m-{thing.parent}" if thing.parent is not None else None,
                held=o.held,
                sensor_id=o.object_id,
            )
        for key, state in list(self.known.items()):
            if key.removeprefix("m-") in seen or state.stale:
                continue
            ghost = Thing("?", state.label, state.position, state.parent.removeprefix("m-") if state.parent else None)
            if ghost.parent is not None and ghost.parent not in home.things:
                ghost.parent = None
            if not state.held and home.sees(ghost):
                self.known[key] = state.but(stale=True, sensor_id=None)

    def settle(self, seq: int, *, timeout: float = 5.0) -> None:
        assert seq <= self._robot.frame().seq

    def recall(self, query, *, k=5, min_score=None, near=None, within=None, labels=None, states=None):
        found = []
        for state in self.known.values():
            if labels is not None and state.label not in labels:
                continue
            if labels is None and not set(query.split()) & set(" ".join(ontology().get(state.label).words).split()):
                continue
            if near is not None and math.dist(near[0], state.position) > near[1]:
                continue
            found.append(state)
        found.sort(key=lambda s: (s.stale, -s.stamp, s.object_id))
        return [self._recollection(s) for s in found[:k]]

    def _recollection(self, state: ObjectState) -> Recollection:
        return Recollection(object=state, score=0.8, age=self._robot.frame().stamp - state.stamp, tier="short")

    def get(self, object_id: str):
        if object_id in self.known:
            return self._recollection(self.known[object_id])
        found = next((s for s in self.known.values() if s.sensor_id == object_id), None)
        return self._recollection(found) if found is not None else None

    def rank_places(self, sought: str, *, start: Point, exclude: Collection[str] = (), k: int = 10):
        places = [
            SearchPlace(place_id=f"area{i}", kind="area", label=f"area {i}", position=p)
            for i, p in enumerate(self._areas)
        ]
        places += [
            SearchPlace(place_id=s.object_id, kind="container", label=s.label, position=s.position)
            for s in self.known.values()
            if ontology().get(s.label).closes and sought in ontology().get(s.label).holds
        ]
        return [p for p in places if p.place_id not in exclude][:k]

    def labels(self):
        return sorted({s.label for s in self.known.values()})

    def render(self, instruction: str, *, token_budget: int) -> str:
        return "\n".join(f"{s.object_id}: {s.label}" for s in self.known.values())[: 4 * token_budget]

    def pin(self, object_id: str) -> None:
        self.pinned.add(object_id)

    def unpin(self, object_id: str) -> None:
        self.pinned.discard(object_id)

    def placed(self, object_id: str, holder_id: str) -> bool:
        return object_id in self.known and holder_id in self.known

    def used(self, object_id: str) -> bool:
        return object_id in self.known


def kitchen() -> Home:
    """A kitchen of 6 m × 4 m; the robot starts in the middle."""
    home = Home(pose=(0.0, 0.0, 0.0))
    home.add("counter", "CounterTop", 2.0, 0.0)
    home.add("counter2", "CounterTop", -2.0, 0.5)
    home.add("table", "DiningTable", 0.0, 2.5, 0.7)
    home.add("sink", "Sink", 2.0, 1.5)
    home.add("basin", "SinkBasin", 2.0, 1.5, 0.85)
    home.add("faucet", "Faucet", 2.2, 1.5, 1.1, states={"off"})
    home.add("fridge", "Fridge", -2.5, -1.5, 0.9, states={"closed"})
    home.add("microwave", "Microwave", 2.0, -1.5, 1.2, states={"closed", "off"})
    home.add("cabinet", "Cabinet", 2.0, -0.7, 0.4, states={"closed"})
    home.add("drawer", "Drawer", 0.5, -2.0, 0.6, states={"closed"})
    home.add("bin", "GarbageCan", -1.0, -2.0, 0.2)
    home.add("machine", "CoffeeMachine", -2.0, 1.0, 1.0, states={"off"})
    home.add("burner", "StoveBurner", 0.8, -1.8, 0.9, states={"off"})
    home.add("burner2", "StoveBurner", 1.1, -1.8, 0.9, states={"off"})
    home.add("knob", "StoveKnob", 0.8, -1.7, 0.9, states={"off"})
    home.add("knob2", "StoveKnob", 1.1, -1.7, 0.9, states={"off"})
    home.knobs = {"knob": "burner2", "knob2": "burner"}
    home.add("lamp", "DeskLamp", 0.3, 2.5, 1.0, on="table", states={"off"})
    home.add("apple", "Apple", 2.0, 0.1, 0.95, on="counter")
    home.add("tomato", "Tomato", -2.0, 0.6, 0.95, on="counter2")
    home.add("knife", "Knife", 2.1, -0.2, 0.95, on="counter")
    home.add("plate", "Plate", 0.1, 2.4, 0.75, on="table", states={"dirty"})
    home.add("mug", "Mug", -2.1, 0.4, 0.95, on="counter2", states={"dirty", "empty"})
    home.add("egg", "Egg", -2.5, -1.5, 0.8, on="fridge")
    home.add("pot", "Pot", 0.8, -1.8, 0.95, on="burner", states={"clean", "empty"})
    home.add("potato", "Potato", 1.9, -0.1, 0.95, on="counter")
    home.add("book", "Book", -0.2, 2.6, 0.75, on="table", states={"closed"})
    return home


AREAS = ((0.5, 0.0, 0.0), (0.0, 1.5, 0.0), (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0))
