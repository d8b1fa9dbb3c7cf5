"""What memory keeps of one object: the unit of short-term memory and of the archive."""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from scene_graph.types import ObjectState, Point, as_point

__all__ = ["MAX_ALIASES", "MAX_GHOSTS", "MAX_HISTORY", "Past", "Unit"]

MAX_ALIASES = 64
"""Sensor ids remembered of one object: sensors that re-issue ids every frame would add one a frame for ever."""

MAX_HISTORY = 512
"""Earlier beliefs kept of one object; a door that is opened every minute would fill the disk."""

MAX_GHOSTS = 4
"""Old places kept of an object that is provisionally elsewhere."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was believed of an object for a while.

    Attributes:
        state: The belief; its stamp is the last observation of it.
        since: Stamp of the first observation of it, seconds.
        epoch: Epoch of both stamps.
    """

    state: ObjectState
    since: float
    epoch: int

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready mapping; `from_json` reads it back."""
        return {"state": self.state.to_json(), "since": self.since, "epoch": self.epoch}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Past:
        """Read what `to_json` wrote."""
        return cls(ObjectState.from_json(data["state"]), float(data["since"]), int(data["epoch"]))


@dataclass(slots=True, eq=False)
class Unit:
    """One object, as memory believes it to be now, and what it believed before.

    Attributes:
        state: The present belief.
        since: Stamp of the first observation of the present belief, seconds.
        epoch: Epoch of the present belief's stamps.
        map_id: Map of its position.
        aliases: Sensor ids that joined it, newest last.
        history: Earlier beliefs, oldest first.
        dropped: How many beliefs before those in `history` were given up.
        ghosts: Old places where it may still be, since nobody has looked there again; newest last.
        retired: It was made into other things, as a whole is into its slices, and is no more.
        origin: Id of what it was made from.
        inferred: Its place follows from that of its container; it was not itself seen there.
        told: Where it was when the robot said what it had put it in or on; None once it was held or seen elsewhere.
        sighting: Number of the newest frame that showed it.
        uses: How often a skill used it.
        image: Newest encoded crop of it.
        anchor: Where it was when its present belief began, metres: slow drift from there adds up to a move.
    """

    state: ObjectState
    since: float
    epoch: int = 0
    map_id: str = ""
    aliases: dict[str, None] = field(default_factory=dict)
    history: list[Past] = field(default_factory=list)
    dropped: int = 0
    ghosts: list[ObjectState] = field(default_factory=list)
    retired: bool = False
    origin: str | None = None
    inferred: bool = False
    told: Point | None = None
    sighting: int = 0
    uses: int = 0
    image: bytes | None = None
    anchor: Point = (math.nan, math.nan, math.nan)

    def __post_init__(self) -> None:
        if math.isnan(self.anchor[0]):
            self.anchor = self.state.position

    @property
    def id(self) -> str:
        """Memory's id of it."""
        return self.state.object_id

    def add_alias(self, sensor_id: str) -> str | None:
        """Remember a sensor id of it; returns the one that was dropped for it, if any."""
        self.aliases.pop(sensor_id, None)
        self.aliases[sensor_id] = None
        if len(self.aliases) > MAX_ALIASES:
            oldest = next(iter(self.aliases))
            del self.aliases[oldest]
            return oldest
        return None

    def become(self, state: ObjectState, epoch: int) -> None:
        """Take up a new belief; the present one becomes history."""
        self.history.append(Past(self.state, self.since, self.epoch))
        if len(self.history) > MAX_HISTORY:
            surplus = MAX_HISTORY // 4
            del self.history[:surplus]
            self.dropped += surplus
        self.state, self.since, self.epoch, self.anchor = state, state.stamp, epoch, state.position

    def part_from(self, object_ids: Container[str]) -> bool:
        """Forget that it was ever on, in or made from some objects; returns whether it knew of any."""

        def parted(state: ObjectState) -> ObjectState:
            return state.but(parent=None) if state.parent in object_ids else state

        state, ghosts = parted(self.state), [parted(ghost) for ghost in self.ghosts]
        history = [Past(parted(past.state), past.since, past.epoch) for past in self.history]
        known = self.origin is not None and self.origin in object_ids
        known |= state != self.state or ghosts != self.ghosts or history != self.history
        if known:
            # A ghost is the same object as the belief that became history with it: a later split looks for it there.
            for n, ghost in enumerate(self.ghosts):
                found = next((i for i, past in enumerate(self.history) if past.state is ghost), None)
                if found is not None:
                    ghosts[n] = history[found].state
            self.state, self.ghosts, self.history = state, ghosts, history
            if self.origin is not None and self.origin in object_ids:
                self.origin = None
        return known

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready mapping of all but history and image; `from_json` reads it back."""
        return {**self.record(), "aliases": list(self.aliases)}

    def record(self) -> dict[str, Any]:
        """The same without the sensor ids."""
        return {
            "state": self.state.to_json(),
            "since": self.since,
            "epoch": self.epoch,
            "map_id": self.map_id,
            "dropped": self.dropped,
            "ghosts": [ghost.to_json() for ghost in self.ghosts],
            "retired": self.retired,
            "origin": self.origin,
            "inferred": self.inferred,
            "told": self.told,
            "uses": self.uses,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Unit:
        """Read what `to_json` wrote.

        Raises:
            InvalidObservationError: If it holds no object state.
        """
        return cls(
            state=ObjectState.from_json(data["state"]),
            since=float(data["since"]),
            epoch=int(data["epoch"]),
            map_id=str(data["map_id"]),
            aliases=dict.fromkeys(data.get("aliases", ())),
            dropped=int(data["dropped"]),
            ghosts=[ObjectState.from_json(ghost) for ghost in data["ghosts"]],
            retired=bool(data["retired"]),
            origin=data["origin"],
            inferred=bool(data["inferred"]),
            told=as_point(data["told"]) if data.get("told") is not None else None,
            uses=int(data["uses"]),
        )
