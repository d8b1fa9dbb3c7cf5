"""All units by id: those in use in the process, the others wherever they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from memory_node.columns import LONG, Columns
from memory_node.units import Unit

__all__ = ["UnitSource", "UnitTable"]

_HOT = 32_768
"""Units held in the process, if they are also kept elsewhere."""


class UnitSource(Protocol):
    """Where units are kept that are not in the process."""

    def load(self, object_id: str) -> Unit:
        """A unit that is kept there."""
        ...

    def owner(self, sensor_id: str) -> str | None:
        """Id of the unit that a sensor id joined."""
        ...

    def cool(self, object_id: str) -> None:
        """Take note that a unit, as it is kept there, is no longer in the process."""
        ...


class UnitTable(Mapping[str, Unit]):
    """Units by memory's id, and memory's ids by the sensor's.

    A unit that is taken from the table stays the same object until `cool` is called.

    Args:
        columns: Which units there are.
        source: Where those are that are not in the process; None if all are.
    """

    def __init__(self, columns: Columns, source: UnitSource | None) -> None:
        self._columns = columns
        self._source = source
        self._hot: dict[str, Unit] = {}
        self._aliases: dict[str, str] = {}
        self._count = 0

    def __getitem__(self, object_id: str) -> Unit:
        unit = self._hot.get(object_id)
        if unit is None:
            if self._source is None or object_id not in self:
                raise KeyError(object_id)
            unit = self._hot[object_id] = self._source.load(object_id)
            self._aliases.update(dict.fromkeys(unit.aliases, object_id))
        return unit

    def __contains__(self, object_id: object) -> bool:
        if object_id in self._hot:
            return True
        row = self._columns.rows.get(object_id)  # type: ignore[call-overload]  # asked for what is no id, it has none
        return row is not None and self._source is not None and self._columns.column("tier")[row] != LONG

    def __iter__(self) -> Iterator[str]:
        if self._source is None:
            return iter(list(self._hot))
        tiers = self._columns.column("tier")
        return iter([i for i, row in self._columns.rows.items() if i in self._hot or tiers[row] != LONG])

    def __len__(self) -> int:
        return self._count

    def resolve(self, object_id: str) -> str | None:
        """Memory's id for one of either kind; None if no unit has it."""
        if object_id in self:
            return object_id
        owner = self._aliases.get(object_id)
        if owner is None and self._source is not None and self._count > len(self._hot):
            owner = self._source.owner(object_id)
            if owner is not None and (owner in self._hot or owner not in self):
                return None  # the file is behind: it was taken from that unit
        return owner

    def add(self, unit: Unit) -> None:
        """Take in a new unit."""
        self._hot[unit.id] = unit
        self._count += 1
        self._aliases.update(dict.fromkeys(unit.aliases, unit.id))

    def counted(self, number: int) -> None:
        """Take note that the source has as many units."""
        self._count = number

    def pop(self, object_id: str) -> Unit:
        """Take a unit out.

        Raises:
            KeyError: If there is no such unit.
        """
        unit = self[object_id]
        del self._hot[object_id]
        self._count -= 1
        self._drop_aliases(unit)
        return unit

    def join(self, unit: Unit, sensor_id: str) -> None:
        """Make a sensor id a unit's, whosever it was."""
        if next(reversed(unit.aliases), None) == sensor_id and self._aliases.get(sensor_id) == unit.id:
            return
        owner = self.resolve(sensor_id) if sensor_id not in self else None
        if owner is not None and owner != unit.id:
            self[owner].aliases.pop(sensor_id, None)
        self._aliases[sensor_id] = unit.id
        dropped = unit.add_alias(sensor_id)
        if dropped is not None and self._aliases.get(dropped) == unit.id:
            del self._aliases[dropped]

    def cool(self, busy: Iterable[str]) -> None:
        """Let go of units that the source keeps, if there are many in the process.

        Args:
            busy: Ids of those that stay.
        """
        if self._source is None or len(self._hot) <= _HOT:
            return
        staying = set(busy)
        for object_id in [i for i in self._hot if i not in staying][: len(self._hot) - _HOT // 2]:
            unit = self._hot.pop(object_id)
            self._drop_aliases(unit)
            self._source.cool(object_id)

    def _drop_aliases(self, unit: Unit) -> None:
        for alias in unit.aliases:
            if self._aliases.get(alias) == unit.id:
                del self._aliases[alias]
