"""A history to ask about: a robot visits a home several times, handles things, and others change it meanwhile.

What every memory gets is the same list of frames. Beside it stands what those frames showed in truth, from which the
right answers are made: only what was in the robot's view, never what it missed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from karma_eval.explore import explore
from planner_node.robot import Frame, SkillCall
from scene_graph.graph import SceneGraph
from scene_graph.ontology import ontology
from scene_graph.types import Point, View
from sim import frames as axes
from sim import sensing
from sim.bridge import ThorRobot
from sim.simulation import Simulation

__all__ = ["PAUSE", "Recording", "Sighting", "Visit", "record"]

PAUSE = 1800.0
"""Simulated seconds between two visits, in which somebody else changes the home."""

_TOUR = 240.0
_CHORES = 4
_STOPS = 4
_MOVES = 6
_STATES = 3


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """What one frame showed of one object, in truth.

    Attributes:
        stamp: Time of the frame, seconds.
        visit: Number of the visit, from 0.
        object_id: The simulator's id.
        label: Class.
        position: Centre of its box, map frame, metres.
        place: Simulator id of what it was directly on or in; None for the floor or the hand.
        states: As its flags say.
        held: Whether the robot held it.
    """

    stamp: float
    visit: int
    object_id: str
    label: str
    position: Point
    place: str | None
    states: frozenset[str]
    held: bool


@dataclass(frozen=True)
class Visit:
    """From when to when a visit lasted, seconds."""

    start: float
    end: float


@dataclass(kw_only=True)
class Recording:
    """All that a robot saw of a home in several visits.

    Attributes:
        home: Scene name.
        seed: Of what was done in it.
        frames: What a memory gets, in order.
        sightings: For each frame, what it showed in truth.
        visits: In order.
        labels: Classes of all objects of the home, seen or not, with how many there are.
    """

    home: str
    seed: int
    frames: list[Frame] = field(default_factory=list)
    sightings: list[list[Sighting]] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)

    def seen_gone(self, sighting: Sighting) -> bool:
        """Whether a later frame looked clearly through the place where an object was seen last."""
        return any(
            frame.stamp > sighting.stamp and frame.view is not None and _looked_through(frame.view, sighting.position)
            for frame in self.frames
        )


def record(simulation: Simulation, home: str, *, seed: int, visits: int = 4) -> Recording:
    """Let a robot visit a home and write down what it saw.

    Args:
        simulation: A running simulator, which is reset.
        home: Scene name.
        seed: Of what the robot does and of what others change meanwhile.
        visits: How many.

    Raises:
        SimError: If the scene does not exist or the simulator fails.
    """
    simulation.reset(home)
    return _Recorder(simulation, home, seed).record(visits)


class _Recorder:
    def __init__(self, simulation: Simulation, home: str, seed: int) -> None:
        self._simulation = simulation
        self._rng = random.Random(f"qa:{home}:{seed}")
        self._robot = ThorRobot(simulation)
        self._visit = 0
        self._recording = Recording(home=home, seed=seed)
        self._last: dict[str, Sighting] = {}

    def record(self, visits: int) -> Recording:
        robot, recording = self._robot, self._recording
        for metadata in self._simulation.event.metadata["objects"]:
            label = metadata["objectType"]
            recording.labels[label] = recording.labels.get(label, 0) + 1
        self._write(robot.frame())
        end = robot.subscribe(self._write)
        try:
            for self._visit in range(visits):
                if self._visit > 0:
                    robot.clock.advance(PAUSE)
                    seed = self._rng.randrange(2**31)
                    self._simulation.step("DisturbScene", randomSeed=seed, moves=_MOVES, states=_STATES)
                    robot.refresh()
                start = robot.clock()
                if self._visit == 0:
                    explore(robot, SceneGraph(map_id=recording.home), seconds=_TOUR)
                else:
                    self._tour()
                for _ in range(_CHORES):
                    self._chore()
                recording.visits.append(Visit(start, robot.clock()))
        finally:
            end()
        return recording

    def _write(self, frame: Frame) -> None:
        metadata = self._simulation.event.metadata
        objects = {o["objectId"]: o for o in metadata["objects"]}
        floor = axes.floor_height(metadata["agent"]["position"])
        shown = []
        for observation in frame.observations:
            object_id = self._robot.tokens.reveal(observation.object_id)
            if object_id is None or object_id not in objects:
                continue
            truth = objects[object_id]
            shown.append(
                Sighting(
                    stamp=frame.stamp,
                    visit=self._visit,
                    object_id=object_id,
                    label=truth["objectType"],
                    position=axes.map_from_thor(truth["axisAlignedBoundingBox"]["center"], floor),
                    place=_place(truth, objects),
                    states=sensing.object_states(truth),
                    held=truth["isPickedUp"],
                )
            )
        self._last.update((s.object_id, s) for s in shown)
        self._recording.frames.append(frame)
        self._recording.sightings.append(shown)

    def _tour(self) -> None:
        """Look again at a few of the places that are known."""
        known = sorted(s.object_id for s in self._last.values() if "receptacle" in ontology().get(s.label).affordances)
        for object_id in self._rng.sample(known, min(_STOPS, len(known))):
            if self._robot.execute(SkillCall(skill="go_to", target=self._last[object_id].position)).ok:
                self._robot.execute(SkillCall(skill="look_around"))

    def _chore(self) -> None:
        """Carry something elsewhere, or open, close or switch something."""
        if self._rng.random() < 0.6:
            self._carry()
        else:
            self._switch()

    def _carry(self) -> None:
        movable = sorted(i for i, s in self._last.items() if "pickupable" in ontology().get(s.label).affordances)
        for object_id in self._rng.sample(movable, min(3, len(movable))):
            if not self._act("pick_up", object_id):
                continue
            takers = ontology().holders(self._last[object_id].label)
            places = sorted(i for i, s in self._last.items() if s.label in takers and i != self._last[object_id].place)
            for place in self._rng.sample(places, min(4, len(places))):
                if "closed" in self._last[place].states:
                    self._act("open", place)
                if self._act("put", place):
                    return
            self._robot.execute(SkillCall(skill="drop"))
            return

    def _switch(self) -> None:
        able = sorted(i for i, s in self._last.items() if s.states & {"open", "closed", "on", "off"})
        for object_id in self._rng.sample(able, min(3, len(able))):
            states = self._last[object_id].states
            options = {"closed": "open", "open": "close", "off": "toggle_on", "on": "toggle_off"}
            skill = next(options[s] for s in sorted(states) if s in options)
            if self._act(skill, object_id):
                return

    def _act(self, skill: str, object_id: str) -> bool:
        """Drive to a thing where it was last seen, and act on it if it is there."""
        robot = self._robot
        for attempt in range(2):
            if not robot.execute(SkillCall(skill="go_to", target=self._last[object_id].position, attempt=attempt)).ok:
                return False
            for observation in robot.frame().observations:
                if robot.tokens.reveal(observation.object_id) == object_id:
                    if robot.execute(SkillCall(skill=skill, object_id=observation.object_id)).ok:
                        return True
                    break
        return False


def _place(truth: dict[str, Any], objects: dict[str, Any]) -> str | None:
    """The innermost receptacle of an object; None for the floor or the hand."""
    parents: list[str] = [
        p for p in truth["parentReceptacles"] or () if p in objects and objects[p]["objectType"] != "Floor"
    ]
    if truth["isPickedUp"] or not parents:
        return None
    outer = {grand for p in parents for grand in objects[p]["parentReceptacles"] or ()}
    return next((p for p in parents if p not in outer), parents[0])


def _looked_through(view: View, point: Sequence[float]) -> bool:
    """Whether depth at the pixels around a point reaches well past it."""
    pixels, depth = view.project([point])
    z = float(depth[0])
    if not 0.2 < z < sensing.SensorLimits().max_range:
        return False
    column, row = (round(float(v)) for v in pixels[0])
    height, width = view.depth.shape
    if not (2 <= row < height - 2 and 2 <= column < width - 2):
        return False
    return bool((view.depth[row - 1 : row + 2, column - 1 : column + 2] > z + 0.15).all())
