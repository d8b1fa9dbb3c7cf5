"""Taking frames into a scene graph: joining and fusing, absence, what was searched, and the floor."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from scene_graph.association import Distance, Gates, Track, associate, box_distance
from scene_graph.boxes import Boxed, alike, overlap, union_share
from scene_graph.frame import Box, Frame, seen_box
from scene_graph.merging import merge, part, unmerge
from scene_graph.objects import SceneObject
from scene_graph.relations import relate
from scene_graph.routing import Evidence, is_static, left_for_short_term
from scene_graph.state import GraphState, Note, number_of
from scene_graph.types import Change, ChangeKind, Observation, View
from scene_graph.visibility import Sight, clear_view, visible_fraction

__all__ = ["belongs", "has_left", "take_frame"]

_STEP = 0.5
"""Square metres of newly seen floor after which areas and rooms follow."""
_FOLLOW = 20
"""Frames after which they follow smaller changes, too."""
_CROWD = 48
"""Known objects of one class up to which all are candidates; above, only those near."""
_NEAR = 1.0
"""Metres between boxes beyond which they are not the same thing, whatever the noise."""
_SAME_PLACE = 0.2
"""Metres from where it was missed within which a thing that is seen again came back, rather than moved."""
_POSE = (0.02, 0.0175)
"""Error of a localised robot's pose: metres, and metres a metre of range (1°)."""
_OVERLAP = 0.4
"""Share of the smaller of two boxes that the other covers at least if only an error of the pose explains their gap."""
_SAME_THING = 0.6
"""Intersection over union of two boxes of *different* classes above which one of the names is wrong."""
_YOUNG = 4
"""Views up to which a thing's relations are looked at each time; later now and then."""
_NOW_AND_THEN = 8
_LOOK_RANGE = 2.5
"""A surface seen from farther away was not searched for small things, metres."""
_NOTES = 200
"""How many notes are kept."""


def belongs(state: GraphState, observation: Observation) -> bool:
    """Whether an observed thing is the graph's, rather than short-term memory's.

    The class's prior decides; a thing of a class of which one left the graph because it moves belongs to short-term
    memory, unless it is one that the graph still has at its place.
    """
    if "shell" in state.knowledge.get(observation.label).categories:
        return False  # floor, walls and ceiling are space, not things in it
    if not is_static(observation, knowledge=state.knowledge):
        return False
    return not has_left(state, observation)


def has_left(state: GraphState, observation: Observation) -> bool:
    """Whether an observed thing is of a class of which one left the graph because it moves, and none that is known."""
    if not state.notes:
        return False
    known = [thing.state() for thing in state.of_label(observation.label).values()]
    return left_for_short_term(observation, {note.label for note in state.notes}, known)


def take_frame(state: GraphState, observations: Iterable[Observation], view: View | None) -> list[Change]:
    """Take one frame's observations in; the clock and the grid follow it already.

    Args:
        state: The graph.
        observations: Of the frame, in the map frame.
        view: What was in clear view, if that is known.

    Returns:
        What changed, by the objects' numbers.
    """
    frame = Frame(state, [o for o in observations if belongs(state, o)], view)
    _join(frame)
    if view is not None:
        for key in frame.present:
            state.things[key].note_viewpoint(view.position)
        _miss(frame)
    part(frame)
    merge(frame)
    _relate(frame)
    if view is not None:
        _note_looks(state, view)
    _follow_floor(frame)
    return sorted(frame.changes, key=lambda c: number_of(c.object_id))


# -- joining --------------------------------------------------------------------------------------------------------


def _join(frame: Frame) -> None:
    state, seen = frame.state, frame.seen
    candidates = {label: _tracks(state, label, seen) for label in dict.fromkeys(o.label for o in seen)}
    joined = associate(candidates, seen, distance=_distance_for(frame.view))
    for match in joined.pairs:
        _update(frame, state.things[str(match.track.key)], match.index)
    for match in joined.moved:
        thing = state.things[str(match.track.key)]
        if _same_place(thing, seen_box(seen[match.index])):
            _update(frame, thing, match.index)
        else:
            _move(frame, thing, match.index)
    for index in sorted([*joined.new, *(match.index for match in joined.provisional)]):
        if index in frame.present.values() or unmerge(frame, index) or _vote(frame, index):
            continue
        thing = state.create(seen[index])
        frame.present[thing.object_id] = index
        frame.tell(ChangeKind.APPEARED, thing)


def _distance_for(view: View | None) -> Distance:
    """Distance between tracks and observations that allows for a localised robot's pose.

    The error grows with the range. What the sensor's own error does not explain must overlap as well, so that two
    drawers above one another stay two.
    """

    def near(track: Track, observation: Observation, gates: Gates) -> float:
        plain = box_distance(track, observation, gates)
        if plain < math.inf or view is None or track.size is None or observation.size is None:
            return plain
        off = math.hypot(_POSE[0], _POSE[1] * math.dist(view.position, observation.position))
        if alike(Box(track.position, track.size), seen_box(observation)) < _OVERLAP:
            return math.inf
        return box_distance(track, observation, replace(gates, floor=off, sensor=max(gates.sensor, 2 * off)))

    return near


def _same_place(thing: SceneObject, box: Boxed) -> bool:
    """Whether a box is where a thing was, so that it came back, or was merely overlooked, rather than moved."""
    return math.dist(thing.position, box.position) < _SAME_PLACE or overlap(thing, box) > 0


def _tracks(state: GraphState, label: str, seen: list[Observation]) -> list[Track]:
    members = state.of_label(label)
    movable = "moveable" in state.knowledge.get(label).affordances
    own = [o for o in seen if o.label == label]
    things: Iterable[SceneObject] = members.values()
    if len(members) > _CROWD:
        near = {t.object_id: t for o in own for t in state.around(o.position, 1.5) if t.label == label}
        things = [near[key] for key in sorted(near, key=number_of)] if len(near) > 1 else list(near.values())
    return [
        _track(thing, movable=movable and thing.stale)
        for thing in things
        if (movable and thing.stale) or any(_reaches(thing, o) for o in own)
    ]


def _reaches(thing: SceneObject, observation: Observation) -> bool:
    """Whether a thing is near enough to an observation to be looked at more closely."""
    (x, y, _), (a, b, _) = thing.position, observation.position
    width, depth, _ = observation.size or (0.0, 0.0, 0.0)
    return abs(x - a) <= (thing.size[0] + width) / 2 + _NEAR and abs(y - b) <= (thing.size[1] + depth) / 2 + _NEAR


def _track(thing: SceneObject, *, movable: bool) -> Track:
    return Track(
        key=thing.object_id,
        label=thing.label,
        position=thing.position,
        stamp=thing.stamp,
        deviations=thing.deviations if thing.fitted else None,
        size=thing.size if thing.sized else None,
        sensor_id=thing.sensor_ids[-1] if thing.sensor_ids else None,
        movable=movable,
        gone=movable,
    )


def _update(frame: Frame, thing: SceneObject, index: int) -> None:
    observation = frame.seen[index]
    frame.present[thing.object_id] = index
    back = thing.stale
    states = not observation.states <= thing.states.keys() and bool(thing.states)
    before = thing.state() if back or states else None
    _take(frame.state, thing, observation)
    if back:
        frame.tell(ChangeKind.REAPPEARED, thing, before)
    elif states:
        frame.tell(ChangeKind.STATE_CHANGED, thing, before)


def _take(state: GraphState, thing: SceneObject, observation: Observation) -> None:
    label = thing.label
    thing.take(observation)
    state.refile(thing, label)


def _vote(frame: Frame, index: int) -> bool:
    """Take an observation of no known thing for a wrong name of one that lies exactly there and was not seen."""
    state, observation = frame.state, frame.seen[index]
    if observation.size is None or observation.covariance is None:
        return False
    box = Box(observation.position, observation.size)
    best: tuple[float, str] | None = None
    for thing in state.around(observation.position, 0.5 * max(0.2, *observation.size)):
        if thing.object_id in frame.present or thing.label == observation.label or not thing.fitted:
            continue
        if _go_together(state, thing.label, observation.label):
            continue
        share = union_share(thing, box)
        if share >= _SAME_THING:
            best = max(best, (share, thing.object_id)) if best else (share, thing.object_id)
    if best is None:
        return False
    thing = state.things[best[1]]
    before = thing.state()
    _take(state, thing, observation)
    frame.present[thing.object_id] = index
    if thing.label != before.label:
        frame.tell(ChangeKind.STATE_CHANGED, thing, before)
    return True


def _go_together(state: GraphState, a: str, b: str) -> bool:
    """Whether a thing of one class may well fill one of the other: what is put into it, and the basin of a sink."""
    first, second = state.knowledge.get(a), state.knowledge.get(b)
    if a in second.holds or b in first.holds:
        return True
    return f" {first.word} " in f" {second.word} " or f" {second.word} " in f" {first.word} "


def _move(frame: Frame, thing: SceneObject, index: int) -> None:
    """Follow a thing to another place; what moves too readily for a fixture leaves for short-term memory."""
    state, observation = frame.state, frame.seen[index]
    before, area = thing.state(), thing.area
    stays = thing.seen - thing.moves
    label = thing.label
    thing.relocate(observation)
    state.refile(thing, label)
    frame.present[thing.object_id] = index
    frame.tell(ChangeKind.MOVED, thing, before)
    _let_go(frame, thing, stays, Note(thing.object_id, thing.label, before.position, state.time(), area))


def _let_go(frame: Frame, thing: SceneObject, stays: int, note: Note) -> None:
    """Leave to short-term memory what moves too readily for a thing that keeps its place."""
    state = frame.state
    now = Observation(thing.label, thing.position, stamp=thing.stamp)
    if is_static(now, Evidence(moves=thing.moves, stays=stays), knowledge=state.knowledge):
        return
    state.notes = [*state.notes, note][-_NOTES:]
    frame.present.pop(thing.object_id, None)
    state.remove(thing.object_id)


# -- absence --------------------------------------------------------------------------------------------------------


def _miss(frame: Frame) -> None:
    """Note clear views of places where a thing should be and was not seen."""
    state, view = frame.state, frame.view
    assert view is not None
    near = [
        thing
        for thing in state.around(view.position, state.sight.max_range)
        if thing.object_id not in frame.present and not thing.stale and thing.sized and not _shut_in(state, thing)
    ]
    if not near:
        return
    clear = clear_view(
        view, [thing.position for thing in near], sizes=[thing.size for thing in near], sight=state.sight
    )
    for thing, in_view in zip(near, clear.tolist(), strict=True):
        if not in_view:
            continue
        before = thing.state()
        if thing.miss():
            state.refile(thing)
            frame.tell(ChangeKind.STALE, thing, before)
            _follow_to_new_place(frame, thing)


def _shut_in(state: GraphState, thing: SceneObject) -> bool:
    parent = state.things.get(thing.parent) if thing.parent else None
    return parent is not None and thing.relation == "in" and "open" not in parent.states


def _follow_to_new_place(frame: Frame, thing: SceneObject) -> None:
    """A thing that can be moved is gone, and a like one turned up since: they are one."""
    state = frame.state
    if "moveable" not in state.knowledge.get(thing.label).affordances:
        return
    since = [
        other
        for other in state.of_label(thing.label).values()
        if other is not thing and not other.stale and other.first_stamp > thing.stamp and other.moves == 0
    ]
    if not since:
        return
    other = min(since, key=lambda o: (math.dist(o.position, thing.position), number_of(o.object_id)))
    before, area, stays = thing.state(), thing.area, thing.seen
    index = frame.present.pop(other.object_id, None)
    state.remove(thing.object_id)
    state.remove(other.object_id)
    state.aliases[other.object_id] = thing.object_id
    # The newer one knows the place, the older one the rest.
    other.adopt(thing)
    moved = not _same_place(thing, other)  # else it was one thing, twice in the graph
    other.object_id, other.moves = thing.object_id, thing.moves + moved
    state.add(other)
    if index is not None:
        frame.present[other.object_id] = index
    frame.tell(ChangeKind.MOVED if moved else ChangeKind.MERGED, other, before)
    _let_go(frame, other, stays, Note(other.object_id, other.label, before.position, state.time(), area))


# -- what follows from it -------------------------------------------------------------------------------------------


def _relate(frame: Frame) -> None:
    """Say what is on or in what: as the sensor says, else by the boxes."""
    state = frame.state
    by_sensor = {frame.seen[index].object_id: key for key, index in frame.present.items()}
    for key, index in frame.present.items():
        thing, observation = state.things[key], frame.seen[index]
        told = by_sensor.get(observation.parent) if observation.parent else None
        if told is None and thing.seen > _YOUNG and thing.seen % _NOW_AND_THEN:
            continue
        if told is None and not state.knowledge.holders(thing.label):
            continue
        relate(state, thing, told=state.things[told] if told else None)


def _note_looks(state: GraphState, view: View) -> None:
    """Note the surfaces that a frame searched, and the areas that it was taken from."""
    near = [
        thing
        for thing in state.around(view.position, _LOOK_RANGE + 1.0)
        if state.knowledge.get(thing.label).holds
        and thing.sized
        and (not state.knowledge.get(thing.label).closes or "open" in thing.states)
    ]
    if near:
        sight = Sight(max_range=_LOOK_RANGE, tolerance=state.sight.tolerance)
        shares = visible_fraction(view, [o.position for o in near], [o.size for o in near], sight=sight)
        for thing, share in zip(near, shares.tolist(), strict=True):
            if share >= 0.5:
                thing.looked = state.stamp
    for area_id, (x, y) in state.areas.areas.items():
        if math.dist((x, y), view.position[:2]) <= 0.5:
            state.looked[area_id] = state.stamp


def _follow_floor(frame: Frame) -> None:
    """Let areas follow the floor that was seen, and things hang under the areas."""
    state = frame.state
    touched: Iterable[str] = frame.present
    if frame.view is not None and state.robot is not None:
        covered_floor = state.grid.area()
        grown = covered_floor - state.covered
        now_and_then = state.frames % _FOLLOW == 0 and (abs(grown) >= _STEP / 10 or not state.settled)
        if grown >= _STEP or now_and_then:
            state.covered = covered_floor
            state.settled = grown < _STEP
            if state.areas.update(state.grid, state.robot, settled=state.settled):
                touched = state.things
    if not state.areas.areas:
        return
    for key in touched:
        thing = state.things[key]
        if thing.area is None or thing.seen <= _YOUNG or touched is state.things or thing.seen % _NOW_AND_THEN == 0:
            area = state.area_for(thing)
            if area != thing.area:
                thing.area = area
                state.refile(thing)
