"""The oracle: carries out milestones with ground truth, to prove that a task can be carried out at all.

It knows where everything is and stands at once where it can act, but it acts as the robot does: no forced actions,
only on what is in sight and in reach. The linter is its only user. It is no condition of an evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from karma_eval.errors import EvalError
from karma_eval.tasks import Milestone, Predicate, Selector
from karma_eval.world import Binding, World, origin
from scene_graph.ontology import ontology
from scene_graph.types import OPPOSITES
from sim.simulation import Simulation

__all__ = ["Oracle", "UnreachableError"]

_POSES = 16
"""Poses from which an action is tried before it counts as impossible."""

_REACH = 1.6
"""Metres from an object's box beyond which no place is tried."""

_ROOM = 0.9
"""Metres that the oracle likes to stand away."""

_CHOICES = 8
"""Ways to choose the objects of a milestone that are tried."""

_PUT_DOWN = ("CounterTop", "DiningTable", "CoffeeTable", "Desk", "Dresser", "SideTable", "Bed", "Sofa", "TVStand")
"""Where the oracle rids itself of what it holds, best first."""

_TOOLS = ("Knife", "ButterKnife")


class UnreachableError(EvalError):
    """The oracle could not do it; the message says what failed."""


class Oracle:
    """Acts in a scene with all that the simulator knows.

    Args:
        simulation: The scene.
        avoid: Ids of wholes that it shall not choose where the task leaves it a choice.
    """

    def __init__(self, simulation: Simulation, *, avoid: Sequence[str] = ()) -> None:
        self._simulation = simulation
        self._avoid = frozenset(avoid)
        self._places: list[dict[str, float]] | None = None

    @property
    def world(self) -> World:
        """Ground truth now."""
        return World(self._simulation.event.metadata["objects"])

    def achieve(self, milestone: Milestone, binding: Binding, met: Callable[[Binding], bool]) -> dict[str, str]:
        """Make a milestone true.

        Args:
            milestone: What.
            binding: Names that are bound already.
            met: Whether it was met with names bound so, as the judge sees it.

        Returns:
            The binding, with the names that had to be chosen.

        Raises:
            UnreachableError: If no choice of objects led there.
        """
        reasons: list[str] = []
        for chosen in islice(self._choices(milestone, binding), _CHOICES):
            try:
                self._make(milestone, chosen)
            except UnreachableError as error:
                reasons.append(str(error))
            if met(chosen):
                return chosen
        raise UnreachableError(f"{milestone}: {'; '.join(dict.fromkeys(reasons)) or 'done, but it does not hold'}")

    def _choices(self, milestone: Milestone, binding: Binding) -> Iterator[dict[str, str]]:
        """Ways to bind the names of a milestone, those first that leave what is to be avoided alone."""
        unbound = [s for s in milestone.selectors if s.name and s.name not in binding]
        if not unbound:
            yield dict(binding)
            return
        first = unbound[0]
        assert first.name is not None
        world = self.world
        wholes = list(dict.fromkeys(origin(i) for i in self._ordered(world, world.matching(_sources(first.types)))))
        for whole in wholes:
            yield from self._choices(milestone, {**binding, first.name: whole})

    def _ordered(self, world: World, ids: Sequence[str]) -> list[str]:
        """Ids in the order in which they are tried: what is not in a closed thing first; the basin before its rim."""
        rims = {i.rsplit("|", 1)[0] for i in ids if i.endswith("Basin")}
        return sorted(ids, key=lambda i: (origin(i) in self._avoid, len(_closed_around(world, i)), i in rims, i))

    def _subjects(self, selector: Selector, binding: Binding) -> list[str]:
        world = self.world
        return self._ordered(world, world.select(selector, binding))

    def _make(self, milestone: Milestone, binding: Binding) -> None:
        if milestone.negated:
            self._unmake(milestone, binding)
            return
        subjects = self._subjects(milestone.subject, binding)
        if not subjects:
            self._make_pieces(milestone.subject, binding)
            subjects = self._subjects(milestone.subject, binding)
        world = self.world
        others = [] if milestone.other is None else self._subjects(milestone.other, binding)
        one = milestone.model_copy(update={"count": 1})
        done = [s for s in subjects if world.satisfies(s, one, set(others))]
        reasons: list[str] = []
        for subject in (s for s in subjects if s not in done):
            if len(done) >= milestone.count:
                return
            if any(subject == o for o in others) and len(others) == 1:
                continue
            try:
                self._make_one(subject, milestone, [o for o in others if o != subject])
            except UnreachableError as error:
                reasons.append(str(error))
            else:
                done.append(subject)
        if len(done) < milestone.count:
            raise UnreachableError("; ".join(dict.fromkeys(reasons)) or f"there are not {milestone.count} of them")

    def _make_one(self, subject: str, milestone: Milestone, others: Sequence[str]) -> None:
        match milestone.predicate:
            case Predicate.HELD:
                self.take(subject)
            case Predicate.ON | Predicate.IN:
                self.place(subject, others)
            case Predicate.NEAR:
                self._place_near(subject, milestone, others)
            case Predicate.STATE:
                self._give_state(subject, str(milestone.state))

    def _unmake(self, milestone: Milestone, binding: Binding) -> None:
        """Make what is inside a ``not`` false."""
        others = set() if milestone.other is None else set(self._subjects(milestone.other, binding))
        one = milestone.model_copy(update={"count": 1, "negated": False})
        for subject in self._subjects(milestone.subject, binding):
            if not self.world.satisfies(subject, one, others):
                continue
            if milestone.predicate is Predicate.HELD:
                self.free_hand()
            elif milestone.predicate is Predicate.STATE:
                opposite = sorted(OPPOSITES.get(str(milestone.state).split(":")[0], frozenset()))
                if not opposite:
                    raise UnreachableError(f"what is {milestone.state} stays so")
                self._give_state(subject, opposite[0])
            else:
                self.take(subject)

    # What a robot can do.

    def take(self, object_id: str) -> None:
        """Have an object in the hand."""
        if self._holds(object_id):
            return
        self.free_hand()
        self._uncover(object_id)
        self._act(object_id, "PickupObject")

    def place(self, object_id: str, receptacles: Sequence[str]) -> None:
        """Put an object into or onto one of these, in turn until one takes it."""
        if not receptacles:
            raise UnreachableError("there is nothing to put it on or in")
        self.take(object_id)
        reasons = []
        for receptacle in self._ordered(self.world, receptacles):
            try:
                self._open_up(receptacle)
                self._act(receptacle, "PutObject")
                return
            except UnreachableError as error:
                reasons.append(str(error))
        raise UnreachableError("; ".join(dict.fromkeys(reasons[:3])))

    def free_hand(self) -> None:
        """Put down what is held, where it does no harm."""
        held = self._held()
        if held is None:
            return
        world = self.world
        for label in _PUT_DOWN:
            for receptacle in world.matching((label,)):
                try:
                    self._act(receptacle, "PutObject")
                    return
                except UnreachableError:
                    continue
        if not self._step("DropHandObject"):
            raise UnreachableError("the hand cannot be freed")

    def _place_near(self, subject: str, milestone: Milestone, others: Sequence[str]) -> None:
        world = self.world
        surfaces = [i for i in world.by_id if world.by_id[i]["receptacle"] and i != subject]
        surfaces = [i for i in surfaces if world.by_id[i]["objectType"] not in ("GarbageCan", "Floor")]
        for other in others:
            nearest = sorted(surfaces, key=lambda i: world.gap(i, other))[:6]
            for surface in nearest:
                try:
                    self.place(subject, [surface])
                except UnreachableError:
                    continue
                if self.world.satisfies(subject, milestone, {other}):
                    return
            self.take(subject)
            for pose in self._poses(other):
                if self._stand(pose) and self._step("DropHandObject"):
                    if self.world.satisfies(subject, milestone, {other}):
                        return
                    self.take(subject)
        raise UnreachableError("there is no place near it")

    def _give_state(self, object_id: str, state: str) -> None:
        base, _, liquid = state.partition(":")
        metadata = self.world.by_id[object_id]
        match base:
            case "open":
                self._uncover(object_id)
                self._act(object_id, "OpenObject")
            case "closed":
                self._act(object_id, "CloseObject")
            case "on" | "off":
                self._uncover(object_id)
                if base == "on" and metadata["openable"] and metadata["receptacle"] and metadata["isOpen"]:
                    self._act(object_id, "CloseObject")
                self._act(object_id, "ToggleObjectOn" if base == "on" else "ToggleObjectOff")
            case "sliced":
                self._slice(object_id)
            case "broken":
                self._uncover(object_id)
                self._act(object_id, "BreakObject")
            case "empty":
                self._uncover(object_id)
                self._act(object_id, "EmptyLiquidFromObject")
            case "clean":
                self._rinse(object_id)
            case "filled" if liquid in ("", "water"):
                self._rinse(object_id)
            case "filled" if liquid == "coffee":
                self._use(object_id, "CoffeeMachine")
            case "cold":
                self.place(object_id, self.world.matching(("Fridge",)))
            case "hot" | "cooked":
                self._heat(object_id, base)
            case _:
                raise UnreachableError(f"nothing that the robot can do makes things {state}")

    def _slice(self, object_id: str) -> None:
        for tool in self._ordered(self.world, self.world.matching(_TOOLS)):
            try:
                self._uncover(object_id)
                self.take(tool)
                self._act(object_id, "SliceObject")
                return
            except UnreachableError as error:
                reason = str(error)
        raise UnreachableError(f"cannot slice it: {reason}" if self.world.matching(_TOOLS) else "there is no knife")

    def _make_pieces(self, selector: Selector, binding: Binding) -> None:
        """Slice what a selector's pieces are made of."""
        world = self.world
        bound = binding.get(selector.name) if selector.name else None
        for whole in self._ordered(world, world.matching(_sources(selector.types))):
            if bound is None or origin(whole) == bound:
                self._slice(whole)
                return
        raise UnreachableError(f"there is no {selector}")

    def _rinse(self, object_id: str) -> None:
        """Let water run over it in a basin."""
        world = self.world
        taps = world.matching(("Faucet",))
        basins = world.matching(("SinkBasin",)) or world.matching(("Sink",))
        reasons = []
        for basin in basins:
            try:
                if basin not in world.containers(object_id):
                    self.place(object_id, [basin])
                for tap in sorted(taps, key=lambda i: world.gap(i, basin))[:1]:
                    if self.world.by_id[tap]["isToggled"]:
                        self._act(tap, "ToggleObjectOff")
                    self._act(tap, "ToggleObjectOn")
                    self._act(tap, "ToggleObjectOff")
                return
            except UnreachableError as error:
                reasons.append(str(error))
        raise UnreachableError("; ".join(reasons) or "there is no sink")

    def _heat(self, object_id: str, state: str) -> None:
        """In the microwave, else in a pan on the stove, else in the toaster."""
        reasons = []
        ways: tuple[Callable[[], None], ...] = (
            lambda: self._use(object_id, "Microwave"),
            lambda: self._use(object_id, "Toaster"),
            lambda: self._fry(object_id),
            lambda: self._use(object_id, "CoffeeMachine"),
        )
        for way in ways:
            try:
                way()
                if object_id not in self.world.by_id or self.world.has_state(object_id, state):
                    return
            except UnreachableError as error:
                reasons.append(str(error))
        raise UnreachableError("; ".join(dict.fromkeys(reasons)) or f"nothing makes it {state}")

    def _use(self, object_id: str, appliance: str) -> None:
        """Put it into an appliance, let that run, and switch it off."""
        found = self.world.matching((appliance,))
        if not found:
            raise UnreachableError(f"there is no {appliance}")
        machine = found[0]
        if self.world.by_id[machine]["isToggled"]:
            self._act(machine, "ToggleObjectOff")
        if machine not in self.world.containers(object_id):
            self.place(object_id, [machine])
        if self.world.by_id[machine]["openable"] and self.world.by_id[machine]["isOpen"]:
            self._act(machine, "CloseObject")
        self._act(machine, "ToggleObjectOn")
        self._act(machine, "ToggleObjectOff")

    def _fry(self, object_id: str) -> None:
        world = self.world
        for knob in world.matching(("StoveKnob",)):
            burners = [b for b in world.by_id[knob]["controlledObjects"] or () if b in world.by_id]
            for vessel in (None, *world.matching(("Pan", "Pot"))):
                try:
                    if vessel is not None:
                        if not set(burners) & world.containers(vessel):
                            self.place(vessel, burners)
                        self.place(object_id, [vessel])
                    else:
                        self.place(object_id, burners)
                    self._act(knob, "ToggleObjectOn")
                    self._act(knob, "ToggleObjectOff")
                    return
                except UnreachableError:
                    continue
        raise UnreachableError("the stove does not take it")

    # How it acts.

    def _uncover(self, object_id: str) -> None:
        """Open all that shuts an object in, from the outside in."""
        for container in reversed(_closed_around(self.world, object_id)):
            self._open_up(container)

    def _open_up(self, receptacle: str) -> None:
        self._uncover(receptacle)
        metadata = self.world.by_id[receptacle]
        if metadata["openable"] and metadata["receptacle"] and not metadata["isOpen"]:
            if metadata["toggleable"] and metadata["isToggled"]:
                self._act(receptacle, "ToggleObjectOff")
            self._act(receptacle, "OpenObject")

    def _act(self, object_id: str, action: str) -> None:
        """Act on an object from the first pose from which it works."""
        reason = "it cannot be seen from anywhere"
        for pose in self._poses(object_id):
            if not self._stand(pose):
                reason = str(self._simulation.event.metadata["errorMessage"])
            elif self._step(action, objectId=object_id):
                return
            else:
                reason = str(self._simulation.event.metadata["errorMessage"])
        label = object_id.split("|", 1)[0]
        raise UnreachableError(f"{action} {label}: {reason}")

    def _poses(self, object_id: str) -> list[dict[str, Any]]:
        """Poses from which an object is in sight and reach, standing before crouching."""
        places = self._places_near(object_id)
        for standing in (True, False):
            event = self._simulation.step(
                "GetInteractablePoses",
                objectId=object_id,
                positions=places,
                horizons=[30.0, 0.0, 60.0, -30.0],
                standings=[standing],
                maxPoses=_POSES,
            )
            if event.metadata["actionReturn"]:
                return list(event.metadata["actionReturn"])
        return []

    def _places_near(self, object_id: str) -> list[dict[str, float]]:
        """Where the agent can stand within reach of an object's box, those first that leave a drawer room to open."""
        if self._places is None:
            self._places = list(self._simulation.step("GetReachablePositions").metadata["actionReturn"] or [])
        box = self.world.by_id[object_id]["axisAlignedBoundingBox"]

        def distance(place: dict[str, float]) -> float:
            beside = (max(0.0, abs(place[a] - box["center"][a]) - box["size"][a] / 2) for a in "xz")
            return float(sum(d * d for d in beside) ** 0.5)

        found = ((distance(p), n) for n, p in enumerate(self._places))
        near = sorted((abs(d - _ROOM), n) for d, n in found if d <= _REACH)
        return [self._places[n] for _, n in near]

    def _stand(self, pose: dict[str, Any]) -> bool:
        return self._step(
            "TeleportFull",
            position={axis: pose[axis] for axis in "xyz"},
            rotation={"x": 0.0, "y": pose["rotation"], "z": 0.0},
            horizon=pose["horizon"],
            standing=pose["standing"],
        )

    def _step(self, action: str, **arguments: Any) -> bool:
        return bool(self._simulation.step(action, **arguments).metadata["lastActionSuccess"])

    def _held(self) -> str | None:
        held = self._simulation.event.metadata["inventoryObjects"]
        return str(held[0]["objectId"]) if held else None

    def _holds(self, object_id: str) -> bool:
        return self._held() == object_id


def _sources(types: tuple[str, ...]) -> tuple[str, ...]:
    """Types, with what they are made of: a bread slice is made of a bread."""
    bases = (ontology().get(t).derived_from for t in types)
    return (*types, *(b for b in bases if b is not None))


def _closed_around(world: World, object_id: str) -> list[str]:
    """The closed containers that an object is in, the innermost first."""
    return [
        i
        for i in world.ancestors(object_id)
        if world.by_id[i]["openable"] and world.by_id[i]["receptacle"] and not world.by_id[i]["isOpen"]
    ]
