"""Identity, change and absence of the things that move: what a frame means for what memory believes.

`scene_graph.association` decides which observation is which known object; `ShortTermMemory` draws the consequences.
It knows nothing of capacity: which units are in the cache and which in the archive is the facade's matter, because
what an object is must not depend on what the cache evicted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from memory_node.candidates import Candidates, ghost_key
from memory_node.columns import HELD, Columns, Entry
from memory_node.surroundings import Surroundings, is_shut
from memory_node.unit_table import UnitSource, UnitTable
from memory_node.units import MAX_GHOSTS, Past, Unit
from scene_graph.association import Match, Track, fuse
from scene_graph.ontology import Ontology
from scene_graph.types import Change, ChangeKind, FloatArray, ObjectState, Observation, Point, View, apply_states
from scene_graph.visibility import Sight

__all__ = ["Outcome", "ShortTermMemory"]

_MOVED = 0.1
"""Metres that a thing which is seen at its place may drift before that counts as a move."""
_LEAST_SIGMA = 0.03
"""Standard deviation of a place, metres, below which looking again and again does not bring it: errors of a sensor and
of the robot's own pose are the same in many frames."""
_SIGMA_OF_SIZE = 0.05
"""The same as a share of the extents: what is seen of a large thing differs from view to view."""
_LET_GO = (0.0625, 0.0, 0.0, 0.0, 0.0625, 0.0, 0.0, 0.0, 0.01)
"""Covariance, m², of the place of what was let go of unseen: a quarter of a metre along the surface."""
_TOLD = 0.5
"""Metres from where a thing was when the robot said where it had put it, within which that is believed."""
_BESIDE = 0.3
"""Metres within which a robot that sees one of two like things sees the other, too."""
_PARTS_RADIUS = 0.8
"""Metres from a whole within which its slices turn up."""


@dataclass(slots=True)
class Outcome:
    """What a frame changed.

    Attributes:
        changes: In the order in which they were found.
        touched: Ids of units whose record changed, in order.
        entered: Ids of units that came into sight, or changed, with this frame: accesses for the cache.
    """

    changes: list[Change] = field(default_factory=list)
    touched: dict[str, None] = field(default_factory=dict)
    entered: dict[str, None] = field(default_factory=dict)


class ShortTermMemory:
    """All objects that move, joined over time.

    Args:
        knowledge: What is known of classes.
        columns: Where what is believed is laid out for identity and recall; this class writes it.
        new_id: Makes the id of a new unit of a class.
        source: Where units are that are not in the process; None if all are.
        sight: What the sensor can be relied upon to see.
    """

    def __init__(
        self,
        knowledge: Ontology,
        *,
        columns: Columns,
        new_id: Callable[[str], str],
        source: UnitSource | None = None,
        sight: Sight | None = None,
    ) -> None:
        self.units = UnitTable(columns, source)
        self._columns = columns
        self._knowledge = knowledge
        self._new_id = new_id
        self._candidates = Candidates(columns, self.units.__getitem__, sight if sight is not None else Sight())
        self._held: dict[str, None] = {}
        self._frame = 0
        self._seen: set[str] = set()  # ids of what the present frame shows
        self._changed: dict[str, Unit] = {}  # whose rows are not yet written
        self._holders: dict[str, frozenset[str]] = {}

    # Access.

    def find(self, object_id: str) -> Unit | None:
        """A unit by memory's id or by any sensor id that joined it."""
        known = self.units.resolve(object_id)
        return self.units[known] if known is not None else None

    def held(self) -> list[Unit]:
        """What the gripper holds."""
        return [self.units[i] for i in self._held]

    def children(self, object_id: str) -> list[Unit]:
        """What is on or in an object, as far as memory knows."""
        return [self.units[i] for i in self._children(object_id)]

    def add(self, unit: Unit) -> None:
        """Take in a unit as it is, e.g. from another memory."""
        self.units.add(unit)
        self._note(unit)
        self._write_rows()

    def restored(self, count: int, ghosts: Mapping[str, npt.NDArray[np.float64]]) -> None:
        """Take note of what a file holds, after the columns were filled from it.

        Args:
            count: How many units.
            ghosts: (N, 2) places (metres) where a unit may still be, by id.
        """
        columns = self._columns
        self.units.counted(count)
        for row in np.flatnonzero(columns.column("flags") & HELD).tolist():
            self._held[columns.ids[row]] = None
        for object_id, places in ghosts.items():
            map_id = columns.maps.names[columns.column("map")[columns.rows[object_id]]]
            self._candidates.note_places(object_id, map_id, places.tolist())

    def part(self, object_id: str, others: Container[str]) -> bool:
        """Let a unit forget that it was ever on, in or made from others; returns whether it knew of any."""
        unit = self.units[object_id]
        if not unit.part_from(others):
            return False
        self._note(unit)
        self._write_rows()
        return True

    def remove(self, object_id: str) -> Unit:
        """Forget a unit.

        Raises:
            KeyError: If memory has no such unit.
        """
        unit = self.units.pop(object_id)
        self._held.pop(object_id, None)
        self._candidates.note_places(object_id, "", ())
        return unit

    # Observation.

    def observe(
        self,
        observations: Sequence[Observation],
        *,
        view: View | None,
        surroundings: Surroundings,
        static_ids: dict[str, str],
        epoch: int,
        map_id: str,
        frame_id: str = "map",
        stamp: float,
    ) -> Outcome:
        """Bring what is believed up to date with one frame.

        Args:
            observations: Of things that may move, in `frame_id`.
            view: What was in clear view; None if unknown, and then nothing is concluded from what was not seen.
            surroundings: Receptacles that do not move.
            static_ids: Sensor id → memory's id of the frame's things that do not move, for `Observation.parent`.
            epoch: Of the stamps.
            map_id: Of the positions.
            frame_id: Of the positions: what is known in another frame of reference takes no part.
            stamp: Of the frame, seconds.
        """
        self._frame += 1
        outcome = Outcome()
        result = self._candidates.join(
            observations,
            view=view,
            hidden=lambda track: self._hidden(track, surroundings, observations),
            hinted=self.units.resolve,
            held=self._held,
            map_id=map_id,
            frame_id=frame_id,
            epoch=epoch,
        )
        joined: dict[int, Unit] = {}
        self._seen = {
            str(m.track.key) for m in (*result.pairs, *result.moved, *result.provisional) if not m.track.ghost
        }
        ghosts = [m for m in result.pairs if m.track.ghost]
        for match in result.pairs:
            if not match.track.ghost:
                unit = self.units[str(match.track.key)]
                self._seen_at_place(unit, observations[match.index], epoch, outcome)
                joined[match.index] = unit
        for match in result.moved:
            joined[match.index] = self._seen_elsewhere(match, observations[match.index], epoch, outcome, sure=True)
        for match in result.provisional:
            joined[match.index] = self._seen_elsewhere(match, observations[match.index], epoch, outcome, sure=False)
        for match in sorted(ghosts, key=lambda m: ghost_key(m.track), reverse=True):
            joined[match.index] = self._split(match, observations[match.index], epoch, outcome)
        for index in result.new:
            joined[index] = self._new(observations[index], epoch, map_id, outcome)
        for index in result.new:
            self._descend(joined[index], stamp, epoch, outcome)
        self._missing(result.absent, stamp, epoch, outcome)
        self._grip(observations, joined, view, surroundings, outcome)
        self._write_rows()
        sensor_ids = {o.object_id: joined[i].id for i, o in enumerate(observations) if o.object_id is not None}
        for index, unit in sorted(joined.items()):
            self._place(unit, observations[index], surroundings, {**static_ids, **sensor_ids}, outcome)
        changed = {change.object_id for change in outcome.changes}
        for unit in joined.values():
            if unit.sighting != self._frame - 1 or unit.id in changed:
                outcome.entered[unit.id] = None
            unit.sighting = self._frame
        self._write_rows()
        return outcome

    def put(self, object_id: str, holder: ObjectState, *, stamp: float) -> Outcome:
        """Believe that the robot put something in or on something else.

        Where it is, the newest frame says if that shows it; else it is taken to be anywhere in or on that.

        Args:
            object_id: Of the unit.
            holder: What it was put in or on.
            stamp: When, seconds.
        """
        outcome = Outcome()
        unit = self.units[object_id]
        before = unit.state
        if unit.sighting == self._frame and not before.held:
            self._set(unit, before.but(parent=holder.object_id), unit.epoch, outcome, None)
            unit.told = before.position
            self._write_rows()
            return outcome
        x, y, z = holder.position
        wide, deep, high = holder.size or (0.0, 0.0, 0.0)
        thick = before.size[2] if before.size is not None else 0.0
        if not self._knowledge.get(holder.label).closes:
            z += (high + thick) / 2
        # Anywhere within the box: a quarter of an extent is about the standard deviation of a uniform distribution.
        variances = [max(extent / 4, 0.02) ** 2 for extent in (wide, deep, high)]
        after = before.but(
            held=False,
            stale=False,
            parent=holder.object_id,
            position=(x, y, z),
            covariance=_flat(np.diag(variances)),
        )
        self._set(unit, after, unit.epoch, outcome, ChangeKind.MOVED, at=stamp)
        self._carry(unit, before.position, after.position, outcome)
        unit.inferred, unit.told = True, after.position
        self._write_rows()
        return outcome

    # Clear view.

    def _hidden(self, track: Track, surroundings: Surroundings, observations: Sequence[Observation]) -> bool:
        """Whether it is shut up in something, in or on something that is held, or somewhere in what it was put in."""
        state = self._state_of(track.key)
        if not isinstance(track.key, tuple) and self._is_within(self.units[str(track.key)], surroundings):
            return True
        for _ in range(8):  # containers nest, but not without end
            if state is None or state.parent is None:
                return False
            parent = surroundings.get(state.parent)
            if parent is None and state.parent in self.units:
                parent = _as_observed(self.units[state.parent].state, observations)
            if parent is not None and (parent.held or is_shut(parent, self._knowledge)):
                return True
            state = parent
        return False

    def _is_within(self, unit: Unit, surroundings: Surroundings) -> bool:
        """Whether it was put into a container unseen: where in it is not known, and so no view of it is clear."""
        parent = surroundings.get(unit.state.parent) if unit.inferred and unit.state.parent is not None else None
        return parent is not None and self._knowledge.get(parent.label).closes

    def _state_of(self, key: Hashable) -> ObjectState | None:
        if isinstance(key, tuple):
            object_id, index = key
            return self.units[object_id].ghosts[index]
        return self.units[str(key)].state

    # Consequences.

    def _seen_at_place(self, unit: Unit, observation: Observation, epoch: int, outcome: Outcome) -> None:
        before = unit.state
        late = epoch == unit.epoch and observation.stamp < before.stamp
        if late:
            self._alias(unit, observation)
            return
        after = _updated(before, observation)
        missing = _missing_extent(before.size, observation.size)
        grown = _missing_extent(observation.size, before.size)
        if before.covariance is not None and observation.covariance is not None and not observation.held:
            known = np.array(before.covariance).reshape(3, 3) + np.diag(np.square(grown))
            seen = observation.covariance + np.diag(np.square(missing))
            position, covariance = fuse(before.position, known, observation.position, seen)
            least = np.square(_LEAST_SIGMA) + np.square(_SIGMA_OF_SIZE * np.array(after.size or (0.0, 0.0, 0.0)))
            np.fill_diagonal(covariance, np.maximum(np.diag(covariance), least))
            after = after.but(position=position, covariance=_flat(covariance))
        kind: ChangeKind | None = None
        # A thing in the hand is carried about; that it moves with the robot is no news.
        carried = before.held and after.held
        if not carried and _drift(unit.anchor, after.position, missing, grown, observation) > _MOVED:
            kind = ChangeKind.MOVED
        elif after.states != before.states or after.held != before.held:
            kind = ChangeKind.STATE_CHANGED
        if before.stale:
            kind = ChangeKind.REAPPEARED
        self._alias(unit, observation)
        self._set(unit, after, epoch, outcome, kind)
        if max(grown) > _MOVED / 2:
            unit.anchor = after.position  # only now is it known where its middle is
        if carried:
            self._carry(unit, before.position, after.position, outcome)

    def _seen_elsewhere(
        self, match: Match, observation: Observation, epoch: int, outcome: Outcome, *, sure: bool
    ) -> Unit:
        unit = self.units[str(match.track.key)]
        before = unit.state
        after = _updated(before, observation).but(parent=None, provisional=not sure)
        ghosts = [] if sure else [*unit.ghosts, before][-MAX_GHOSTS:]
        self._alias(unit, observation)
        kind = ChangeKind.REAPPEARED if before.stale else ChangeKind.MOVED
        unit.ghosts = ghosts
        self._set(unit, after, epoch, outcome, kind)
        if sure or after.held or is_shut(after, self._knowledge):
            # What can be seen in it will be, or will not: only then is it known whether it came along.
            self._carry(unit, before.position, after.position, outcome)
        return unit

    def _split(self, match: Match, observation: Observation, epoch: int, outcome: Outcome) -> Unit:
        """The old place of a thing that was seen elsewhere holds one still: they are two.

        The one at the old place is the one that memory knew first, and keeps its id; unless the other is in the hand,
        where a task relies on its id.
        """
        object_id, index = ghost_key(match.track)
        unit = self.units[object_id]
        before = unit.state
        if index >= len(unit.ghosts):  # an earlier split of this frame settled it
            return self._new(observation, epoch, unit.map_id, outcome)
        ghost = unit.ghosts.pop(index)
        if not before.held and unit.id not in self._seen and math.dist(ghost.position, before.position) <= _BESIDE:
            # Never seen side by side: one thing, whose place the sensor tells less well than it says.
            unit.state = before.but(provisional=bool(unit.ghosts))
            self._seen.add(unit.id)
            self._seen_at_place(unit, observation, epoch, outcome)
            return unit
        if before.held:
            other = self._create(observation, epoch, unit.map_id)
            self._return_contents(unit, other.id, before.position, ghost.position, outcome)
            self._set(unit, before.but(provisional=bool(unit.ghosts)), epoch, outcome, None)
            outcome.changes.append(Change(ChangeKind.SPLIT, other.id, observation.stamp, before, other.state))
            outcome.touched[other.id] = None
            return other
        since = next((p.since for p in reversed(unit.history) if p.state is ghost), ghost.stamp)
        elsewhere = before.but(object_id=self._new_id(before.label), provisional=bool(unit.ghosts))
        twin = Unit(elsewhere, unit.since, unit.epoch, unit.map_id, ghosts=list(unit.ghosts), sighting=unit.sighting)
        if before.sensor_id is not None and before.sensor_id != observation.object_id:
            unit.aliases.pop(before.sensor_id, None)
            twin.aliases[before.sensor_id] = None
        # What happened since it was seen at the old place happened to the twin.
        cut = next((n for n, p in enumerate(unit.history) if p.state is ghost), len(unit.history))
        self._return_contents(unit, unit.id, before.position, ghost.position, outcome)
        twin.history = [_renamed(p, twin.id) for p in unit.history[cut + 1 :]]
        del unit.history[cut:]
        unit.ghosts.clear()
        self.units.add(twin)
        unit.state, unit.since, unit.epoch = _updated(ghost, observation).but(provisional=False), since, epoch
        self._alias(unit, observation)
        self._note(unit)
        self._note(twin)
        outcome.touched[unit.id] = outcome.touched[twin.id] = None
        outcome.changes.append(Change(ChangeKind.SPLIT, twin.id, observation.stamp, before, twin.state))
        return unit

    def _new(self, observation: Observation, epoch: int, map_id: str, outcome: Outcome) -> Unit:
        unit = self._create(observation, epoch, map_id)
        outcome.touched[unit.id] = None
        outcome.changes.append(Change(ChangeKind.APPEARED, unit.id, observation.stamp, None, unit.state))
        return unit

    def _create(self, observation: Observation, epoch: int, map_id: str) -> Unit:
        state = ObjectState(
            object_id=self._new_id(observation.label),
            label=observation.label,
            position=observation.position,
            stamp=observation.stamp,
            states=observation.states,
            state_stamps=tuple((s, observation.stamp) for s in sorted(observation.states)),
            size=observation.size,
            covariance=_flat(observation.covariance) if observation.covariance is not None else None,
            confidence=observation.confidence,
            frame_id=observation.frame_id,
            source=observation.source,
            held=observation.held,
            sensor_id=observation.object_id,
        )
        unit = Unit(state, observation.stamp, epoch, map_id, image=observation.image)
        self.units.add(unit)
        self._note(unit)
        self._alias(unit, observation)
        return unit

    def _missing(self, absent: Iterable[Track], stamp: float, epoch: int, outcome: Outcome) -> None:
        """Places that were in clear view without what memory had there."""
        ghosts: dict[str, list[int]] = {}
        for track in absent:
            if track.ghost:
                object_id, index = ghost_key(track)
                ghosts.setdefault(object_id, []).append(index)
            else:
                unit = self.units[str(track.key)]
                if unit.retired or unit.state.stale or unit.id in self._seen:
                    continue
                self._set(unit, unit.state.but(stale=True), epoch, outcome, ChangeKind.STALE, at=stamp)
        for object_id, indices in ghosts.items():
            unit = self.units[object_id]
            before = unit.state
            for index in sorted(indices, reverse=True):
                if index < len(unit.ghosts):
                    del unit.ghosts[index]
            confirmed = not unit.ghosts
            self._set(unit, before.but(provisional=not confirmed), epoch, outcome, None)
            if confirmed:
                self._fetch_contents(unit, outcome)
                outcome.changes.append(Change(ChangeKind.MERGED, object_id, stamp, before, unit.state))

    def _grip(
        self,
        observations: Sequence[Observation],
        joined: dict[int, Unit],
        view: View | None,
        surroundings: Surroundings,
        outcome: Outcome,
    ) -> None:
        """Believe the gripper's latest report: a full frame without a held thing means an empty hand."""
        now_held = {joined[i].id for i, o in enumerate(observations) if o.held}
        if view is None and not now_held:
            return
        for object_id in [i for i in self._held if i not in now_held]:
            unit = self.units[object_id]
            # It left the hand unseen: in or on what was there for it, else it is about where the hand was last.
            before = unit.state
            after = before.but(held=False)
            rest = surroundings.rest(before.label, before.position, before.size) if before.frame_id == "map" else None
            if rest is not None:
                parent, place = rest
                after = after.but(parent=parent, position=place, covariance=_LET_GO)
            self._set(unit, after, unit.epoch, outcome, ChangeKind.STATE_CHANGED)
            self._carry(unit, before.position, after.position, outcome)
            unit.inferred = True

    def _descend(self, unit: Unit, stamp: float, epoch: int, outcome: Outcome) -> None:
        """A new slice descends from the whole that was where it turned up; the whole is no more."""
        whole_label = self._knowledge.get(unit.state.label).derived_from
        if whole_label is None:
            return
        code = self._columns.labels.get(whole_label)
        if code is None:
            return
        x, y, _ = unit.state.position
        near = [self._columns.ids[row] for row in self._columns.of_label_near(code, x, y, 1)]
        candidates = [
            whole
            for whole in (self.units[i] for i in near if i in self.units and i not in self._seen)
            if whole.map_id == unit.map_id and math.dist(whole.state.position, unit.state.position) <= _PARTS_RADIUS
        ]
        if not candidates:
            return
        whole = min(candidates, key=lambda w: (w.retired, math.dist(w.state.position, unit.state.position)))
        unit.origin = whole.id
        outcome.touched[unit.id] = None
        # Slicing changes the shape, not the temperature: what was known of the whole holds for its slices.
        inherited = [s for s in whole.state.states if s.split(":", 1)[0] not in {"sliced", "on", "off"}]
        states = apply_states(inherited, unit.state.states)
        self._set(unit, unit.state.but(states=states), unit.epoch, outcome, None)
        if not whole.retired:
            before = whole.state
            whole.retired = True
            self._set(whole, before.but(stale=True, held=False), epoch, outcome, None)
            outcome.changes.append(Change(ChangeKind.SPLIT, whole.id, stamp, before, unit.state))

    # Containment.

    def _place(
        self,
        unit: Unit,
        observation: Observation,
        surroundings: Surroundings,
        sensor_ids: dict[str, str],
        outcome: Outcome,
    ) -> None:
        """Say what the object is on or in: by the robot's word while it stays there, the sensor's, else by geometry."""
        if unit.told is not None and (unit.state.held or math.dist(unit.told, unit.state.position) > _TOLD):
            unit.told = None
        if unit.state.held:
            parent = None
        elif unit.told is not None and self._exists(unit.state.parent, surroundings):
            parent = unit.state.parent
        elif observation.parent is not None:
            parent = sensor_ids.get(observation.parent) or self.units.resolve(observation.parent)
        else:
            parent = self._carrier(unit) or surroundings.support(unit.state.label, unit.state.position, unit.state.size)
        if parent != unit.state.parent and parent != unit.id:
            self._set(unit, unit.state.but(parent=parent), unit.epoch, outcome, None)

    def _exists(self, object_id: str | None, surroundings: Surroundings) -> bool:
        return object_id is not None and (surroundings.get(object_id) is not None or object_id in self.units)

    def _carrier(self, unit: Unit) -> str | None:
        """A movable receptacle, such as a plate or a box, that the object is on or in."""
        position, size = unit.state.position, unit.state.size
        bottom = position[2] - (size[2] if size is not None else 0.05) / 2
        best: tuple[float, str] | None = None
        for object_id in self._near_any(unit):
            other = self.units[object_id].state
            if other.size is None or other.object_id == unit.id or other.stale or other.frame_id != unit.state.frame_id:
                continue
            info = self._knowledge.get(other.label)
            if "receptacle" not in info.affordances or unit.state.label not in info.holds:
                continue
            dx, dy = abs(position[0] - other.position[0]), abs(position[1] - other.position[1])
            low, high = other.position[2] - other.size[2] / 2, other.position[2] + other.size[2] / 2
            if dx <= other.size[0] / 2 and dy <= other.size[1] / 2 and low - 0.02 <= bottom <= high + 0.05:
                candidate = (dx + dy, object_id)
                best = candidate if best is None or candidate < best else best
        return best[1] if best is not None else None

    def _near_any(self, unit: Unit) -> Iterable[str]:
        holders = self._holders.get(unit.state.label)
        if holders is None:
            holders = self._holders[unit.state.label] = self._knowledge.holders(unit.state.label)
        if not holders:
            return
        x, y, _ = unit.state.position
        columns = self._columns
        for row in columns.cells_near(x, y, 1):
            if columns.label_of(row) in holders and columns.ids[row] in self.units:
                yield columns.ids[row]

    def _carry(self, container: Unit, before: Point, after: Point, outcome: Outcome) -> None:
        """What is in or on something travels with it."""
        delta = [b - a for a, b in zip(before, after, strict=True)]
        if not any(delta):
            return
        for object_id in self._children(container.id):
            unit = self.units[object_id]
            if object_id in self._seen or unit.state.held or unit.state.stale:
                continue
            old = unit.state.position
            new = (old[0] + delta[0], old[1] + delta[1], old[2] + delta[2])
            self._set(unit, unit.state.but(position=new), unit.epoch, outcome, None)
            unit.inferred = True
            self._carry(unit, old, new, outcome)

    def _fetch_contents(self, container: Unit, outcome: Outcome) -> None:
        """What was in or on a thing when it left its place, and was not seen since, left with it."""
        for object_id in self._children(container.id):
            unit = self.units[object_id]
            if unit.inferred or object_id in self._seen or unit.state.held or unit.epoch != container.epoch:
                continue
            there = [p.state for p in container.history if p.epoch == unit.epoch and p.since <= unit.state.stamp]
            if unit.state.stamp >= container.since or not there:
                continue
            moved = zip(unit.state.position, there[-1].position, container.state.position, strict=True)
            x, y, z = (own + after - before for own, before, after in moved)
            self._set(unit, unit.state.but(position=(x, y, z)), unit.epoch, outcome, None)
            unit.inferred = True

    def _return_contents(self, container: Unit, holder: str, carried: Point, place: Point, outcome: Outcome) -> None:
        """What was taken to have travelled in a container stayed, since the container did, under the id of `holder`."""
        delta = [b - a for a, b in zip(carried, place, strict=True)]
        for object_id in self._children(container.id):
            unit = self.units[object_id]
            if not unit.inferred or object_id in self._seen or unit.state.held:
                continue
            old = unit.state.position
            new = (old[0] + delta[0], old[1] + delta[1], old[2] + delta[2])
            self._set(unit, unit.state.but(position=new, parent=holder), unit.epoch, outcome, None)

    # Records.

    def _set(
        self,
        unit: Unit,
        after: ObjectState,
        epoch: int,
        outcome: Outcome,
        kind: ChangeKind | None,
        *,
        at: float | None = None,
    ) -> None:
        """Replace a unit's belief; with a kind of change, the old one becomes history and the change is told."""
        before = unit.state
        if kind is None:
            unit.state, unit.epoch = after, epoch
            if after.provisional != before.provisional or after.held:
                unit.anchor = after.position
        else:
            unit.become(after, epoch)
            outcome.changes.append(Change(kind, unit.id, at if at is not None else after.stamp, before, after))
        unit.inferred = False
        self._note(unit)
        outcome.touched[unit.id] = None

    def _alias(self, unit: Unit, observation: Observation) -> None:
        if observation.image is not None:
            unit.image = observation.image
        if observation.object_id is not None:
            self.units.join(unit, observation.object_id)

    def _note(self, unit: Unit) -> None:
        """Keep up with what a unit became."""
        if unit.state.held:
            self._held[unit.id] = None
        else:
            self._held.pop(unit.id, None)
        self._candidates.note_places(unit.id, unit.map_id, [ghost.position for ghost in unit.ghosts])
        self._changed[unit.id] = unit

    def _write_rows(self) -> None:
        """Lay out what changed in the columns."""
        self._columns.put_all(
            [Entry(u.state, u.epoch, u.map_id, u.retired, bool(u.ghosts)) for u in self._changed.values()]
        )
        self._changed.clear()

    def _children(self, object_id: str) -> list[str]:
        """Ids of what is on or in an object."""
        columns = self._columns
        code = columns.parents.get(object_id)
        if code is None:
            return []
        ids = [columns.ids[row] for row in np.flatnonzero(columns.column("parent") == code).tolist()]
        return [i for i in ids if i in self.units]


def _as_observed(container: ObjectState, observations: Sequence[Observation]) -> ObjectState:
    """A container with the states that the present frame shows of it, which may have just been shut."""
    seen = [o for o in observations if o.label == container.label]
    if not seen:
        return container
    nearest = min(seen, key=lambda o: (o.object_id != container.sensor_id, math.dist(o.position, container.position)))
    return container.but(states=apply_states(container.states, nearest.states), held=nearest.held)


def _missing_extent(known: Point | None, seen: Point | None) -> Point:
    """How far the centre of the part that was seen may be from that of the whole, metres along each axis."""
    if known is None or seen is None:
        return (0.0, 0.0, 0.0)
    x, y, z = (max(0.0, a - b) / 2 for a, b in zip(known, seen, strict=True))
    return (x, y, z)


def _drift(anchor: Point, position: Point, missing: Point, grown: Point, observation: Observation) -> float:
    """Metres that a thing certainly is from where it was: what an uncertain or partial view leaves open is no move."""
    covariance = observation.covariance
    total = 0.0
    for axis in range(3):
        unsure = missing[axis] + grown[axis]
        if covariance is not None:
            unsure += 2 * math.sqrt(covariance[axis, axis])
        total += max(0.0, abs(position[axis] - anchor[axis]) - unsure) ** 2
    return math.sqrt(total)


def _updated(before: ObjectState, observation: Observation) -> ObjectState:
    """The belief after seeing the object again: all that was observed, and what was not stays known."""
    states, stamps = before.states, before.state_stamps
    if observation.states:
        states = apply_states(before.states, observation.states)
        seen_at = {**dict(before.state_stamps), **dict.fromkeys(observation.states, observation.stamp)}
        stamps = tuple((state, seen_at.get(state, observation.stamp)) for state in sorted(states))
    size = before.size
    if observation.size is not None:
        # A truncated view shows a lower bound of the extents.
        size = observation.size if size is None else tuple(map(max, size, observation.size))  # type: ignore[assignment]
    return ObjectState(
        object_id=before.object_id,
        label=before.label,
        position=observation.position,
        stamp=observation.stamp,
        states=states,
        state_stamps=stamps,
        size=size,
        covariance=_flat(observation.covariance) if observation.covariance is not None else None,
        confidence=observation.confidence,
        frame_id=observation.frame_id,
        source=observation.source,
        parent=before.parent,
        held=observation.held,
        provisional=before.provisional,
        sensor_id=observation.object_id if observation.object_id is not None else before.sensor_id,
    )


def _flat(covariance: FloatArray) -> tuple[float, ...]:
    return tuple(float(v) for v in covariance.ravel())


def _renamed(past: Past, object_id: str) -> Past:
    return Past(past.state.but(object_id=object_id), past.since, past.epoch)
