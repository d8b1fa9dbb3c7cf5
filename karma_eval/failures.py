"""What failed in a set of runs: each instruction that was not carried out, its cause, and which are the worst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Failure", "causes", "list_failures", "worst"]

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Failure:
    """An instruction that was not carried out.

    Attributes:
        run: The run's record.
        index: Of the instruction, from 0.
        kind: Its cause, in words that fit many failures.
        cause: What the robot, the judge or the traceback say of this one.
    """

    run: Record
    index: int
    kind: str
    cause: str

    @property
    def item(self) -> Record:
        """The instruction's part of the record; empty if the run broke off before."""
        items = self.run["instructions"]
        return items[self.index] if self.index < len(items) else {}

    @property
    def claimed(self) -> bool:
        """Whether the robot says that it was carried out."""
        return bool(self.item.get("claimed"))

    @property
    def name(self) -> str:
        """A short name, the same for the same run and instruction."""
        return f"{self.run.get('run', self.run['task'])}-{self.index + 1}"


def list_failures(runs: Sequence[Record]) -> list[Failure]:
    """All instructions that were not carried out: those that the robot claims all the same first."""
    failures = []
    for run in runs:
        if run.get("crash"):
            last = str(run["crash"]).strip().splitlines()[-1]
            failures.append(Failure(run, len(run["instructions"]), "the program broke off", last))
        failures += [
            Failure(run, index, _kind(item), _cause(item))
            for index, item in enumerate(run["instructions"])
            if item["judged"] is False
        ]
    return sorted(failures, key=lambda f: (not f.claimed, f.run["memory"] != "full"))


def causes(failures: Sequence[Failure]) -> list[tuple[str, int]]:
    """Kinds of causes, the commonest first."""
    return Counter(f.kind for f in failures).most_common()


def worst(failures: Sequence[Failure], count: int) -> list[Failure]:
    """Failures to look at: of every kind in turn, of another task each; full memory and false claims first."""
    by_kind: dict[str, list[Failure]] = {}
    for failure in sorted(failures, key=lambda f: (f.run["memory"] != "full", not f.item.get("harm"), not f.claimed)):
        by_kind.setdefault(failure.kind, []).append(failure)
    chosen: list[Failure] = []
    tasks: set[str] = set()
    while len(chosen) < count and any(by_kind.values()):
        for candidates in by_kind.values():
            while candidates and candidates[0].run["task"] in tasks:
                candidates.pop(0)
            if candidates and len(chosen) < count:
                chosen.append(candidates.pop(0))
                tasks.add(chosen[-1].run["task"])
    return chosen


def _kind(item: Record) -> str:
    """The cause as far as the record tells it: by what happened, not by the words of the reason."""
    failed = [skill for skill in item.get("skills") or () if skill["code"] != "ok"]
    if item["harm"]:
        return "something was spoiled that nobody had named"
    if item["claimed"]:
        return "the robot did something else than was meant, and claims success"
    if not item.get("skills"):
        return "not understood, or refused before anything was tried"
    if failed and failed[-1] is item["skills"][-1]:
        return f"a skill failed: {failed[-1]['code'].replace('_', ' ')}"
    if item.get("searched"):
        return "not found, or given up after a search"
    return "given up on the way"


def _cause(item: Record) -> str:
    unmet = [f"not met: {m['milestone']}" for m in item["milestones"] if not m["met"]]
    harm = [f"{h['label']} was {h['kind']}" for h in item["harm"]]
    return "; ".join(filter(None, [item["reason"], *unmet, *harm, item["judge_error"] or ""]))
