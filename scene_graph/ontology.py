"""What is known of the classes of household things: words, looks, purpose, affordances, and where they may be put.

The knowledge is data: `household.toml` beside this module ships with the package, and `Ontology.load` reads a
user's own file of the same form. Unknown classes are no error: they get an entry made from their name, so that a
detector with other classes works from the start.

Affordances:

| word | meaning |
| --- | --- |
| ``pickupable`` ``moveable`` | a robot may lift it; it may only be pushed |
| ``receptacle`` ``openable`` | things may be put in or on it; it opens and closes |
| ``toggleable`` ``sliceable`` ``breakable`` ``fillable`` ``usable_up`` | as named |
| ``dirtyable`` ``cookable`` ``heatable`` ``coolable`` | it can become dirty (and clean), cooked, hot, cold |
| ``heats`` ``cooks`` ``cools`` ``washes`` ``cuts`` | what it does to other things put into, under or before it |
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

from scene_graph.types import Point, SceneGraphError

__all__ = ["ClassInfo", "Ontology", "OntologyError", "ontology", "plural"]

VERSION = 1
"""Version of the file format that this module reads."""


_DEFINING = 4
"""How many telling things one that makes a room what it is outweighs."""


class OntologyError(SceneGraphError, ValueError):
    """A household knowledge file that cannot be read."""


@dataclass(frozen=True)
class ClassInfo:
    """What is known of one class of things.

    Attributes:
        label: Class name, e.g. ``"Mug"``.
        words: How people call one, singular; the first is the usual word.
        description: One phrase: what it is, colour, material, what it is for.
        categories: Kinds that it belongs to, e.g. ``"fruit"``, ``"tableware"``, ``"furniture"``.
        static: Class prior that it does not move.
        affordances: What can be done with it, see the module's table.
        holds: Labels that may be put in or on it.
        derived_from: Label that it is made from, e.g. ``"Apple"`` for ``"AppleSliced"``.
        size: Usual extents (longer, shorter, height) in metres, where known.
    """

    label: str
    words: tuple[str, ...]
    description: str
    categories: frozenset[str] = frozenset()
    static: bool = False
    affordances: frozenset[str] = frozenset()
    holds: frozenset[str] = frozenset()
    derived_from: str | None = None
    size: Point | None = None

    @property
    def word(self) -> str:
        """The usual word for one, e.g. ``"alarm clock"``."""
        return self.words[0]

    @property
    def closes(self) -> bool:
        """Whether things can be shut up in it: it holds things, and opens and closes."""
        return "receptacle" in self.affordances and "openable" in self.affordances


class Ontology:
    """Household knowledge by class: `get`, `find`, `derives` and `labels`.

    Args:
        classes: What is known of each class.
        rooms: Classes by which each kind of room is recognised.
        defining: Classes that make it one, whatever else is in it.
    """

    def __init__(
        self,
        classes: Mapping[str, ClassInfo],
        rooms: Mapping[str, Iterable[str]] | None = None,
        defining: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self._classes = dict(classes)
        self._rooms = {name: dict.fromkeys(labels, 1) for name, labels in (rooms or {}).items()}
        for name, labels in (defining or {}).items():
            self._rooms.setdefault(name, {}).update(dict.fromkeys(labels, _DEFINING))
        self._unknown: dict[str, ClassInfo] = {}
        self._holders: dict[str, frozenset[str]] | None = None
        ranked: dict[str, list[tuple[int, str]]] = {}
        for label, info in self._classes.items():
            spellings = (*info.words, _split(label))
            for rank, word in enumerate(spellings):
                for form in {_normal(word), plural(_normal(word))}:
                    ranked.setdefault(form, []).append((rank, label))
        # A class that people call so first comes before one for which it is a second name.
        self._by_word = {form: list(dict.fromkeys(lb for _, lb in sorted(hits))) for form, hits in ranked.items()}

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Ontology:
        """Read a household knowledge file.

        Raises:
            OntologyError: If there is no such file or it is not of the form of `household.toml`.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise OntologyError(f"cannot read household knowledge from {path}: {error}") from error
        return cls.parse(text, source=str(path))

    @classmethod
    def parse(cls, text: str, *, source: str = "household knowledge") -> Ontology:
        """Read household knowledge from TOML text.

        Args:
            text: Of the form of `household.toml`.
            source: Where it came from, for error messages.

        Raises:
            OntologyError: If it is not of that form.
        """
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise OntologyError(f"{source} is not TOML: {error}") from error
        version = data.get("version", VERSION)
        if version != VERSION:
            raise OntologyError(f"{source} has version {version!r}; this release reads version {VERSION}")
        entries = data.get("classes", {})
        groups = data.get("groups", {})
        rooms, defining = data.get("rooms", {}), data.get("defining", {})
        if not all(isinstance(table, dict) for table in (entries, groups, rooms, defining)):
            raise OntologyError(f"{source}: [classes], [groups], [rooms] and [defining] must be tables")
        holds: dict[str, set[str]] = {}
        for label, entry in entries.items():
            for receptacle in _receptacles(label, entry, groups, source):
                holds.setdefault(receptacle, set()).add(label)
        return cls(
            {label: _class_info(label, entry, holds, source) for label, entry in entries.items()},
            {name: _strings("[rooms]", rooms, name, source) for name in rooms},
            {name: _strings("[defining]", defining, name, source) for name in defining},
        )

    def get(self, label: str) -> ClassInfo:
        """What is known of a class; an unknown one gets an entry made from its name, that moves and affords nothing."""
        known = self._classes.get(label) or self._unknown.get(label)
        if known is None:
            word = _split(label) or label
            known = self._unknown[label] = ClassInfo(label=label, words=(word,), description=f"a {word}")
        return known

    def __contains__(self, label: object) -> bool:
        return label in self._classes

    def labels(self) -> list[str]:
        """All known classes, sorted."""
        return sorted(self._classes)

    def derives(self, label: str, base: str) -> bool:
        """Whether `label` is `base` or is made from it, as a slice is from its whole; spelling never decides it."""
        current: str | None = label
        while current is not None:
            if current == base:
                return True
            info = self._classes.get(current)
            current = info.derived_from if info else None
        return False

    def find(self, words: str) -> list[str]:
        """Classes that people call so, exactly; case and number do not matter.

        >>> ontology().find("Fridges")
        ['Fridge']
        """
        return list(self._by_word.get(_normal(words)) or self._by_word.get(_split(words)) or ())

    def class_of(self, name: str) -> str:
        """The class that another tool's name for one means, ``coffee_table`` or ``coffee table``; else the name itself.

        >>> ontology().class_of("coffee_table")
        'CoffeeTable'
        """
        if name in self:
            return name
        known = self.find(name.replace("_", " ").replace("-", " ").strip().lower())
        return known[0] if known else name

    def find_last(self, words: Sequence[str]) -> list[str]:
        """Classes that the last words name, as many of them as do: the head of a phrase with its own modifiers.

        >>> ontology().find_last(["old", "coffee", "mug"])
        ['Mug']
        """
        return next((found for i in range(len(words)) if (found := self.find(" ".join(words[i:])))), [])

    def room_name(self, labels: Iterable[str]) -> str:
        """What a room with such things in it is called: ``"room"`` where they do not tell."""
        present = set(labels)
        scores = {name: sum(telling.get(label, 0) for label in present) for name, telling in self._rooms.items()}
        best = max(scores, key=lambda name: (scores[name], name), default="room")
        return best if scores.get(best, 0) else "room"

    def holders(self, label: str) -> frozenset[str]:
        """Classes in or on which a thing of class `label` may be put."""
        if self._holders is None:
            found: dict[str, set[str]] = {}
            for receptacle, info in self._classes.items():
                for held in info.holds:
                    found.setdefault(held, set()).add(receptacle)
            self._holders = {held: frozenset(receptacles) for held, receptacles in found.items()}
        return self._holders.get(label, frozenset())


@cache
def ontology() -> Ontology:
    """The household knowledge that ships with the package, read once."""
    return Ontology.parse(
        resources.files("scene_graph").joinpath("household.toml").read_text(encoding="utf-8"), source="household.toml"
    )


_IRREGULAR = {"knife": "knives", "loaf": "loaves", "shelf": "shelves", "bookshelf": "bookshelves", "cloth": "cloths"}


def plural(word: str) -> str:
    """English plural of a noun phrase, of its last word or of the one before ``of``.

    >>> plural("slice of bread"), plural("butter knife"), plural("dish")
    ('slices of bread', 'butter knives', 'dishes')
    """
    head, of, rest = word.partition(" of ")
    start, space, noun = head.rpartition(" ")
    if noun in _IRREGULAR:
        noun = _IRREGULAR[noun]
    elif noun.endswith(("s", "x", "z", "ch", "sh")):
        # A word that ends in one s is a plural already ("keys", "blinds"), one in ss is not ("glass").
        noun += "" if noun.endswith("s") and not noun.endswith("ss") else "es"
    elif noun.endswith(("ato", "hero")):
        noun += "es"
    elif noun.endswith("y") and noun[-2:-1] not in "aeiou":
        noun = noun[:-1] + "ies"
    else:
        noun += "s"
    return f"{start}{space}{noun}{of}{rest}"


def _split(label: str) -> str:
    """Words of a class name: ``"TVStand"`` → ``"tv stand"``, ``"coffee_table"`` → ``"coffee table"``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", label)
    return _normal(spaced)


def _normal(words: str) -> str:
    return " ".join(re.sub(r"[-_\s]+", " ", words).lower().split())


def _strings(label: str, entry: Mapping[str, Any], key: str, source: str) -> list[str]:
    value = entry.get(key, [])
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise OntologyError(f"{source}: {key} of {label} must be a list of strings, got {value!r}")
    return value


def _receptacles(label: str, entry: Any, groups: Mapping[str, Any], source: str) -> Iterable[str]:
    """Classes in or on which `label` may be put, groups expanded."""
    if not isinstance(entry, dict):
        raise OntologyError(f"{source}: {label} must be a table, got {entry!r}")
    for name in _strings(label, entry, "goes", source):
        if not name.startswith("@"):
            yield name
        elif name[1:] in groups:
            yield from _strings("[groups]", groups, name[1:], source)
        else:
            raise OntologyError(f"{source}: {label} goes to {name}, which [groups] does not name")


def _class_info(label: str, entry: Mapping[str, Any], holds: Mapping[str, set[str]], source: str) -> ClassInfo:
    size = entry.get("size")
    if size is not None and not (
        isinstance(size, list) and len(size) == 3 and all(isinstance(v, int | float) and v > 0 for v in size)
    ):
        raise OntologyError(f"{source}: size of {label} must be three positive metres, got {size!r}")
    words = tuple(_strings(label, entry, "words", source)) or (_split(label),)
    return ClassInfo(
        label=label,
        words=words,
        description=str(entry.get("description", f"a {words[0]}")),
        categories=frozenset(_strings(label, entry, "categories", source)),
        static=bool(entry.get("static", False)),
        affordances=frozenset(_strings(label, entry, "affordances", source)),
        holds=frozenset(holds.get(label, ())),
        derived_from=entry.get("derived_from"),
        size=None if size is None else (float(size[0]), float(size[1]), float(size[2])),
    )
