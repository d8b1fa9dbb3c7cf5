"""What finished tasks taught: examples of plans that worked, tips from those that did not, places that refused.

Plans that worked come back as examples for similar instructions, failures as tips (Mobile-Agent-E, arXiv 2501.11733;
RoboMemory, arXiv 2508.01415). A tip goes when the same clause works later, or when somebody forgets it. Which places
did not take a thing is kept apart, so that planners without a language model heed it too. All is kept in one SQLite
file, so that a crash loses nothing that was recorded and two processes may share it.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner_node.errors import PlannerError
from planner_node.parser.words import word_set
from scene_graph.types import Point

__all__ = ["SAME_PLACE", "Example", "Experience", "ExperienceError", "Refusal", "Tip"]

_VERSION = 1
_WORD = re.compile(r"[a-z0-9]+")
_COMMON = word_set("a an the to in on of it and then please you me my your for with from is are this that now")
"""Words that say nothing about which task an instruction is."""

_LEAST = 0.15
"""Similarity below which an instruction is no example for another."""

SAME_PLACE = 0.25
"""Metres within which two places of a class are one."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS example (
    id INTEGER PRIMARY KEY, instruction TEXT NOT NULL UNIQUE, reply TEXT NOT NULL,
    seconds REAL NOT NULL, actions INTEGER NOT NULL, uses INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS tip (
    id INTEGER PRIMARY KEY, instruction TEXT NOT NULL, clause TEXT NOT NULL, reason TEXT NOT NULL,
    seen INTEGER NOT NULL DEFAULT 1, UNIQUE (clause, reason));
CREATE TABLE IF NOT EXISTS refusal (
    id INTEGER PRIMARY KEY, thing TEXT NOT NULL, place TEXT NOT NULL, map TEXT NOT NULL,
    x REAL NOT NULL, y REAL NOT NULL, z REAL NOT NULL, reason TEXT NOT NULL);
"""


class ExperienceError(PlannerError):
    """The file of experience cannot be used; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A task that was carried out.

    Attributes:
        number: By which it can be forgotten.
        instruction: The person's words.
        reply: The plan, as a language model would have to answer it: JSON.
        seconds: What it cost, seconds of the robot's time.
        actions: What it cost, primitive actions.
    """

    number: int
    instruction: str
    reply: str
    seconds: float
    actions: int


@dataclass(frozen=True, kw_only=True)
class Tip:
    """What went wrong once.

    Attributes:
        number: By which it can be forgotten.
        instruction: The person's words.
        clause: What was tried, e.g. ``move(knife, cabinet)``.
        reason: Why it failed.
        seen: How often it went wrong in this way.
    """

    number: int
    instruction: str
    clause: str
    reason: str
    seen: int

    def describe(self) -> str:
        """For people and for prompts."""
        often = f" ({self.seen} times)" if self.seen > 1 else ""
        return f"{self.clause} failed before{often}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A place that did not take a thing.

    Attributes:
        thing: Class of the thing.
        place: Class of the place.
        position: Where the place is, map frame, metres.
        map_id: Of which map.
        reason: Why, in words.
    """

    thing: str
    place: str
    position: Point
    map_id: str
    reason: str


class Experience:
    """Examples, tips and refusals, in a file or in memory only; a context manager. May be used from any thread.

    Args:
        path: SQLite file, made if it does not exist; None keeps everything in memory.
        most: Examples and tips kept of each, the oldest going first.

    Raises:
        ExperienceError: If the file is of another kind, damaged, or cannot be written.
    """

    def __init__(self, path: Path | None = None, *, most: int = 500) -> None:
        self._path = path
        self._most = most
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(":memory:" if path is None else path, check_same_thread=False, timeout=10.0)
            self._prepare()
        except sqlite3.Error as error:
            raise ExperienceError(f"{path}: not a usable file of experience ({error}); move it away") from error

    def _prepare(self) -> None:
        with self._db:
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version > _VERSION:
                raise ExperienceError(f"{self._path}: written by a newer version ({version}); update karma")
            if version == 0 and self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise ExperienceError(f"{self._path}: a database of something else; choose another file")
            self._db.executescript(_SCHEMA)
            self._db.execute(f"PRAGMA user_version = {_VERSION}")

    def __enter__(self) -> Experience:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        with self._lock:
            self._db.close()

    # Learning.

    def succeeded(self, instruction: str, reply: str, *, clauses: Iterable[str], seconds: float, actions: int) -> None:
        """Take in a task that was carried out: the cheapest plan of an instruction is kept, its tips go.

        Args:
            instruction: The person's words.
            reply: The plan as JSON, as a language model would have to answer it.
            clauses: What was done, e.g. ``move(knife, cabinet)``.
            seconds: What it cost, seconds of the robot's time.
            actions: What it cost, primitive actions.
        """
        said = _normal(instruction)
        with self._lock, self._writing() as db:
            db.execute(
                "INSERT INTO example (instruction, reply, seconds, actions) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (instruction) DO UPDATE SET uses = uses + 1, "
                "reply = CASE WHEN excluded.seconds < seconds THEN excluded.reply ELSE reply END, "
                "actions = CASE WHEN excluded.seconds < seconds THEN excluded.actions ELSE actions END, "
                "seconds = min(seconds, excluded.seconds)",
                (said, reply, seconds, actions),
            )
            db.executemany("DELETE FROM tip WHERE clause = ?", [(clause,) for clause in clauses])
            self._prune(db, "example")

    def failed(self, instruction: str, clause: str, reason: str) -> None:
        """Take in what went wrong.

        Args:
            instruction: The person's words.
            clause: What was tried.
            reason: Why it failed.
        """
        with self._lock, self._writing() as db:
            db.execute(
                "INSERT INTO tip (instruction, clause, reason) VALUES (?, ?, ?) "
                "ON CONFLICT (clause, reason) DO UPDATE SET seen = seen + 1, instruction = excluded.instruction",
                (_normal(instruction), clause, reason),
            )
            self._prune(db, "tip")

    def refused(self, refusal: Refusal) -> None:
        """Take in that a place did not take a thing; the same place is noted once for each class of things."""
        with self._lock, self._writing() as db:
            self._drop_refusals(db, refusal)
            db.execute(
                "INSERT INTO refusal (thing, place, map, x, y, z, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (refusal.thing, refusal.place, refusal.map_id, *refusal.position, refusal.reason),
            )
            self._prune(db, "refusal")

    def took(self, refusal: Refusal) -> None:
        """Take in that a place took a thing: what `refusal` says of it is no longer so."""
        with self._lock, self._writing() as db:
            self._drop_refusals(db, refusal)

    @staticmethod
    def _drop_refusals(db: sqlite3.Connection, refusal: Refusal) -> None:
        x, y, z = refusal.position
        db.execute(
            "DELETE FROM refusal WHERE thing = ? AND place = ? AND map = ? "
            "AND abs(x - ?) < ? AND abs(y - ?) < ? AND abs(z - ?) < ?",
            (refusal.thing, refusal.place, refusal.map_id, x, SAME_PLACE, y, SAME_PLACE, z, SAME_PLACE),
        )

    def refusals(self, thing: str | None = None, *, map_id: str = "") -> list[Refusal]:
        """Places that did not take a thing of a class, on one map; all refusals without a class."""
        columns = "SELECT thing, place, map, x, y, z, reason FROM refusal"
        rows = self._read(f"{columns} ORDER BY id")
        found = [
            Refusal(thing=t, place=place, map_id=m, position=(x, y, z), reason=reason)
            for t, place, m, x, y, z, reason in rows
        ]
        return found if thing is None else [r for r in found if (r.thing, r.map_id) == (thing, map_id)]

    def _prune(self, db: sqlite3.Connection, table: str) -> None:
        db.execute(
            f"DELETE FROM {table} WHERE id NOT IN (SELECT id FROM {table} ORDER BY id DESC LIMIT ?)", (self._most,)
        )

    # Recalling.

    def examples(self, instruction: str, *, k: int = 3) -> list[Example]:
        """Tasks most like an instruction that were carried out, the most similar first."""
        columns = "id, instruction, reply, seconds, actions"
        rows = self._read(f"SELECT {columns} FROM example ORDER BY id")
        found = [
            Example(number=n, instruction=said, reply=reply, seconds=seconds, actions=actions)
            for n, said, reply, seconds, actions in rows
        ]
        order = _rank(instruction, [e.instruction for e in found])
        return [found[i] for i in order[:k]]

    def tips(self, instruction: str | None = None, *, k: int = 3) -> list[Tip]:
        """What went wrong with the tasks most like an instruction, the most similar first; of all tasks without one."""
        rows = self._read("SELECT id, instruction, clause, reason, seen FROM tip ORDER BY id")
        found = [
            Tip(number=n, instruction=said, clause=clause, reason=reason, seen=seen)
            for n, said, clause, reason, seen in rows
        ]
        if instruction is None:
            return found[-k:]
        order = _rank(instruction, [f"{t.instruction} {t.clause}" for t in found])
        return [found[i] for i in order[:k]]

    def _read(self, query: str) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._db.execute(query).fetchall()
            except sqlite3.Error as error:
                raise ExperienceError(f"{self._path}: experience cannot be read ({error})") from error

    # Forgetting.

    def forget(self, *, tips: Sequence[int] = (), examples: Sequence[int] = (), like: str | None = None) -> int:
        """Forget by number, or all that mentions a word or phrase.

        Args:
            tips: Numbers of tips.
            examples: Numbers of examples.
            like: A text that the instruction, clause or reason holds, in any case.

        Returns:
            How many entries went.
        """
        with self._lock, self._writing() as db:
            before = db.total_changes
            db.executemany("DELETE FROM tip WHERE id = ?", [(n,) for n in tips])
            db.executemany("DELETE FROM example WHERE id = ?", [(n,) for n in examples])
            if like:
                text = like.lower()
                told = "instruction || ' ' || clause || ' ' || reason"
                db.execute(f"DELETE FROM tip WHERE instr(lower({told}), ?)", (text,))
                db.execute("DELETE FROM example WHERE instr(lower(instruction || ' ' || reply), ?)", (text,))
                told = "thing || ' ' || place || ' ' || reason"
                db.execute(f"DELETE FROM refusal WHERE instr(lower({told}), ?)", (text,))
            return db.total_changes - before

    def _writing(self) -> _Transaction:
        return _Transaction(self._db, self._path)

    def to_json(self) -> dict[str, list[dict[str, object]]]:
        """All of it, JSON-ready, for people to read."""
        rows = self._read("SELECT id, instruction, reply, seconds, actions FROM example ORDER BY id")
        return {
            "examples": [
                {"number": r[0], "instruction": r[1], "plan": json.loads(r[2]), "seconds": r[3], "actions": r[4]}
                for r in rows
            ],
            "tips": [dict(vars(t)) for t in self.tips(k=self._most)],
            "refusals": [dict(vars(r)) for r in self.refusals()],
        }


class _Transaction:
    """`with` for one change: all of it is kept, or nothing."""

    def __init__(self, db: sqlite3.Connection, path: Path | None) -> None:
        self._db = db
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        return self._db

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            self._db.rollback() if kind is not None else self._db.commit()
        except sqlite3.Error as broken:
            raise ExperienceError(f"{self._path}: experience cannot be written ({broken})") from broken
        if isinstance(error, sqlite3.Error):
            raise ExperienceError(f"{self._path}: experience cannot be written ({error})") from error


def _normal(text: str) -> str:
    return " ".join(text.split())


def _terms(text: str) -> Counter[str]:
    return Counter(w for w in _WORD.findall(text.lower()) if w not in _COMMON)


def _rank(query: str, texts: Sequence[str]) -> list[int]:
    """Indices of the texts that are like a query, best first: cosine of words, rare ones counting more (TF-IDF)."""
    bags = [_terms(text) for text in texts]
    spread = Counter(word for bag in bags for word in bag)

    def weight(word: str) -> float:
        return math.log((1 + len(bags)) / (1 + spread[word])) + 1.0

    def length(bag: Counter[str]) -> float:
        return math.sqrt(sum((n * weight(w)) ** 2 for w, n in bag.items()))

    wanted = _terms(query)
    scored = []
    for i, bag in enumerate(bags):
        shared = sum(n * bag[w] * weight(w) ** 2 for w, n in wanted.items())
        norm = length(wanted) * length(bag)
        if norm and shared / norm >= _LEAST:
            scored.append((-shared / norm, -i))
    return [-i for _, i in sorted(scored)]
