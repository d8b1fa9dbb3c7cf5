"""What memory asks of the long-term scene graph: served by `scene_graph.SceneGraph`, or by a replica of one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from scene_graph.search import SearchPlace
from scene_graph.types import Change, ObjectState, Observation, Point, View

__all__ = ["LongTerm"]


class LongTerm(Protocol):
    """The part of `scene_graph.SceneGraph` that memory uses."""

    @property
    def read_only(self) -> bool:
        """Whether it is a replica that another process keeps up to date."""
        ...

    @property
    def version(self) -> int:
        """Differs whenever its content does."""
        ...

    @property
    def map_id(self) -> str:
        """Which map its coordinates belong to."""
        ...

    def align(self, observations: Iterable[Observation], view: View) -> tuple[list[Observation], View]:
        """A frame from where it agrees best with what is known; memory does not call it on a replica."""
        ...

    def observe(
        self,
        observations: Iterable[Observation],
        view: View | None = None,
        *,
        robot_pose: Sequence[float] | None = None,
        stamp: float | None = None,
        aligned: bool = False,
    ) -> list[Change]:
        """Take in what keeps its place; memory does not call it on a replica."""
        ...

    def objects(self) -> list[ObjectState]:
        """All that it holds."""
        ...

    def news(self, version: int) -> tuple[list[ObjectState], list[str]]:
        """What was added or changed after a version of it, and ids of what was removed after that."""
        ...

    def place_of(self, point: Point) -> str | None:
        """Id of the area that a place belongs to."""
        ...

    def contains(self, place_id: str, point: Point) -> bool:
        """Whether a place is in an area or a room."""
        ...

    def rank_places(
        self,
        sought: str,
        *,
        start: Sequence[float],
        exclude: Collection[str] = (),
        k: int = 10,
        last_seen: Point | None = None,
        now: float | None = None,
    ) -> list[SearchPlace]:
        """Where to look for something; a replica that cannot tell gives none."""
        ...

    def forget(self, *, object_id: str | None = None, labels: Collection[str] | None = None) -> list[str]:
        """Erase objects and habits; a replica asks its owner to, or raises `ReadOnlyError`."""
        ...

    def left(self, observation: Observation) -> bool:
        """Whether a thing whose class keeps its place turned out to move, so that it is short-term memory's."""
        ...

    def consolidate(self, changes: Iterable[Change]) -> int:
        """Learn where things are put from what short-term memory noticed; a replica leaves that to its owner."""
        ...

    def digest(self) -> str:
        """Of all that it holds."""
        ...
