"""Merging and parting: two that were one thing, one that was two.

Identity errs both ways, so neither way is final. Two of a class whose boxes grew into one another are *merged*, unless
they were seen side by side; seeing two within a merged box in one frame undoes it. Two that were seen side by side are
kept apart until whole views of the one have covered the place of the other as often: then it was one thing that had
been seen in pieces.
"""

from __future__ import annotations

import math

from scene_graph.boxes import alike, covered, gap, overlap
from scene_graph.frame import Frame, seen_box
from scene_graph.objects import SceneObject
from scene_graph.state import GraphState, number_of
from scene_graph.types import ChangeKind
from scene_graph.visibility import sample_depth

__all__ = ["merge", "part", "unmerge"]

_CROWD = 48
"""Known objects of one class up to which all are candidates; above, only those near."""
_SAME_BOX = 0.55
"""Share of the smaller of two boxes of one class that the other covers, above which they are one thing."""
_WHOLE = 0.8
"""Share of a box that a single view must cover to show that it is part of the thing viewed."""
_TANGLED = 0.3
"""Share of the smaller of two boxes seen side by side above which at least one of them is wrong."""
_SAME_FRONT = 0.35
"""The same for boxes of which what is thin may be off; solid things of one class do not interpenetrate so far."""
_SPACE = (0, 1, 2)
_STRAY = 0.15
"""Metres between two boxes up to which the one may be an odd view of the other."""
_KNOWN_WELL = 5
"""A thing was seen so many times as often as an odd view of it."""
_STRIKES = 2
"""Views of the one in which the other should be seen and is not, after which it is given up."""
_CLOSE = 3.5
"""A thing farther away than so many metres may go unseen."""
_HIDDEN = 0.25
"""Metres by which something must be nearer than a thing's centre to hide it."""
_TOUCHING = 0.1
"""Share of the smaller of two boxes up to which they merely touch."""
_SURE = 5
"""Most that seeing two side by side counts."""


def part(frame: Frame) -> None:
    """Two of a class seen in one frame are two, however their boxes overlap."""
    state = frame.state
    by_label: dict[str, list[str]] = {}
    for key in frame.present:
        by_label.setdefault(state.things[key].label, []).append(key)
    for members in by_label.values():
        for n, a in enumerate(members):
            for b in members[n + 1 :]:
                if gap(state.things[a], state.things[b], axes=_SPACE) > _STRAY:
                    continue
                share = overlap(state.things[a], state.things[b])
                pair = (min(a, b), max(a, b))
                state.apart[pair] = min(max(state.apart.get(pair, 0), 0) + 1, _SURE)
                if share > _TANGLED:
                    _untangle(frame, a, b)


def _untangle(frame: Frame, a: str, b: str) -> None:
    """The boxes of two that were seen side by side had run into one another: the frame itself shows how they lie."""
    seen_a, seen_b = frame.box(a), frame.box(b)
    if seen_a is None or seen_b is None or overlap(seen_a, seen_b) > _TOUCHING:
        return
    for key, other in ((a, seen_b), (b, seen_a)):
        thing = frame.state.things[key]
        if overlap(thing, other) > _TANGLED:
            thing.start_afresh(frame.seen[frame.present[key]])
            frame.state.refile(thing)


def merge(frame: Frame) -> None:
    """Join things of a class whose boxes grew into one another, unless they were seen side by side."""
    state = frame.state
    for key in sorted(frame.present, key=number_of) if len(frame.present) > 1 else list(frame.present):
        thing = state.things.get(key)
        if thing is None or not thing.sized or len(state.of_label(thing.label)) < 2:
            continue
        for other in _alike(state, thing):
            if alike(thing, other) >= _SAME_FRONT and _may_merge(frame, thing, other):
                kept, gone = sorted((thing, other), key=lambda o: number_of(o.object_id))
                kept.absorb(gone)
            elif _stray(frame, thing, other):
                kept, gone = thing, other
                kept.adopt(gone)
            else:
                continue
            before = gone.state()
            index = frame.present.pop(gone.object_id, None)
            if index is not None:
                frame.present.setdefault(kept.object_id, index)
            state.remove(gone.object_id)
            state.aliases = {k: kept.object_id if v == gone.object_id else v for k, v in state.aliases.items()}
            state.aliases[gone.object_id] = kept.object_id
            state.refile(kept)
            frame.tell(ChangeKind.MERGED, kept, before)
            break


def _stray(frame: Frame, thing: SceneObject, other: SceneObject) -> bool:
    """Whether another was but an odd view of a well-known thing: hardly ever seen, close by, and in view but not seen.

    A view from a pose that is off can put a thing where nothing is. As with tentative tracks in multi-target tracking,
    what further views do not confirm is given up.
    """
    state, view = frame.state, frame.view
    if view is None or other.object_id in frame.present or thing.seen < _KNOWN_WELL * other.seen:
        return False
    pair = (min(thing.object_id, other.object_id), max(thing.object_id, other.object_id))
    strikes = state.apart.get(pair, 0)
    if strikes > 0 or gap(thing, other, axes=_SPACE) > _STRAY:
        return False
    pixels, depths = view.project([other.position])
    depth = float(depths[0])
    height, width = view.depth.shape
    if not (0 < depth < _CLOSE and 0 <= pixels[0, 0] < width and 0 <= pixels[0, 1] < height):
        return False
    if not float(sample_depth(view, pixels)[0]) > depth - _HIDDEN:
        return False
    state.apart[pair] = strikes - 1
    return strikes - 1 <= -_STRIKES


def _alike(state: GraphState, thing: SceneObject) -> list[SceneObject]:
    """Other things of its class that may overlap it."""
    members = state.of_label(thing.label)
    near = list(members.values()) if len(members) <= _CROWD else state.around(thing.position, 1.5 + max(thing.size) / 2)
    return [
        other
        for other in near
        if other is not thing
        and other.label == thing.label
        and other.sized
        and abs(other.position[0] - thing.position[0]) <= (other.size[0] + thing.size[0]) / 2 + 0.15
    ]


def _may_merge(frame: Frame, thing: SceneObject, other: SceneObject) -> bool:
    """Whether two whose boxes overlap are one; what was once seen apart must be seen as one as often."""
    pair = (min(thing.object_id, other.object_id), max(thing.object_id, other.object_id))
    doubts = frame.state.apart.get(pair, 0)
    if doubts <= 0:
        return True
    seen = frame.box(thing.object_id)
    if other.object_id in frame.present or seen is None or covered(other, seen) < _WHOLE:
        return False
    frame.state.apart[pair] = doubts - 1
    if doubts > 1:
        return False
    del frame.state.apart[pair]
    return True


def unmerge(frame: Frame, index: int) -> bool:
    """Undo a merge when two of the things are seen within the merged box in one frame."""
    state, observation = frame.state, frame.seen[index]
    if observation.size is None:
        return False
    box = seen_box(observation)
    for thing in state.of_label(observation.label).values():
        if len(thing.merged) < 2 or covered(box, thing) < _SAME_BOX:
            continue
        matched = frame.present.get(thing.object_id)
        partner = _partner(frame, index, thing) if matched is None else matched
        if partner is None or overlap(box, seen_box(frame.seen[partner])) > _TOUCHING:
            continue
        _split(frame, thing, index, partner)
        return True
    return False


def _partner(frame: Frame, index: int, thing: SceneObject) -> int | None:
    """Another observation of the frame within a thing's box and beside the one that is given."""
    observation = frame.seen[index]
    taken = set(frame.present.values())
    for n, other in enumerate(frame.seen):
        if n in taken or n == index or other.label != observation.label or other.size is None:
            continue
        box = seen_box(other)
        if covered(box, thing) >= _SAME_BOX and overlap(box, seen_box(observation)) <= _TOUCHING:
            return n
    return None


def _split(frame: Frame, thing: SceneObject, index: int, partner: int) -> None:
    """Make two of a thing, as two observations show them, with the ids that they had before they were merged."""
    state = frame.state
    boxes = [seen_box(frame.seen[n]) for n in (partner, index)]
    own, *parts = thing.merged
    before = thing.state()
    # What covers the thing itself was a view of both in one.
    parts = [p for p in parts if overlap(p, own) < _SAME_BOX and p.object_id not in state.things]
    part = min(parts, key=lambda p: (min(math.dist(p.position, b.position) for b in boxes), p.object_id), default=None)
    first, second = partner, index
    if part is not None:
        straight = math.dist(boxes[0].position, own.position) + math.dist(boxes[1].position, part.position)
        crossed = math.dist(boxes[1].position, own.position) + math.dist(boxes[0].position, part.position)
        if crossed < straight:
            first, second = index, partner
        state.aliases.pop(part.object_id, None)
    thing.merged = ()
    thing.start_afresh(frame.seen[first])
    state.refile(thing)
    again = state.create(frame.seen[second], part.object_id if part else None)
    frame.present[thing.object_id], frame.present[again.object_id] = first, second
    frame.tell(ChangeKind.SPLIT, thing, before)
    frame.tell(ChangeKind.APPEARED, again)
