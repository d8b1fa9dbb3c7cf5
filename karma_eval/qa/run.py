"""Record histories, ask every memory the same questions about them, and grade the answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from karma_eval.errors import EvalError
from karma_eval.metrics import bootstrap
from karma_eval.pool import spread
from karma_eval.qa.answers import Answer, Answerer, grade
from karma_eval.qa.history import record
from karma_eval.qa.questions import Ability, Question, make_questions
from sim.simulation import Simulation

__all__ = ["HOMES", "MEMORIES", "Exam", "examine", "summarise_answers"]

HOMES: tuple[str, ...] = tuple(
    f"FloorPlan{base + n}" for n in (2, 5, 8, 11, 14, 17, 20, 23, 26) for base in (0, 200, 300, 400)
)
"""Homes of the default exam: nine of each type of room."""


@dataclass(frozen=True, kw_only=True)
class Exam:
    """What is asked of whom.

    Attributes:
        homes: Scenes.
        questions: How many in all.
        memories: Names of memories, of `MEMORIES`.
        seed: Of the histories and of the choice of questions.
    """

    homes: Sequence[str] = HOMES
    questions: int = 1500
    memories: Sequence[str] = ("karma", "last seen")
    seed: int = 0


_FIELDS = ("position", "positions", "stale", "state", "states", "stamp", "count", "yes", "labels")
"""Fields of a question and of an answer that hold what is right and what was said."""


def _karma() -> Answerer:
    from karma_eval.qa.karma import KarmaAnswerer

    return KarmaAnswerer()


def _emem() -> Answerer:
    from karma_eval.qa.emem import EmemAnswerer

    return EmemAnswerer()


def _last_seen() -> Answerer:
    from karma_eval.qa.last_seen import LastSeenAnswerer

    return LastSeenAnswerer()


MEMORIES: dict[str, Callable[[], Answerer]] = {"karma": _karma, "emem": _emem, "last seen": _last_seen}
"""What can be examined, by name."""


def examine(
    exam: Exam,
    *,
    workers: int = 1,
    kept: Path | None = None,
    on_home: Callable[[str, int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """Ask all memories about all homes.

    Args:
        exam: What is asked of whom.
        workers: Homes at a time, each in a process of its own.
        kept: JSON Lines file that gets each home as soon as it is done; those of this exam in it are not done again.
        on_home: Takes a home's name, how many are done, and of how many.

    Returns:
        A record for each question and memory: home, memory, ability, asks, text, right answer, answer, score.

    Raises:
        EvalError: If a memory is unknown or not installed, or `kept` holds something else.
        SimError: If a scene does not exist or the simulator fails.
    """
    unknown = [name for name in exam.memories if name not in MEMORIES]
    if unknown or not exam.memories or not exam.homes:
        raise EvalError(f"unknown memory {', '.join(unknown) or '(none)'}; use any of {', '.join(MEMORIES)}")
    for name in exam.memories:
        MEMORIES[name]().close()  # what is not installed is told before an hour is spent
    records: list[dict[str, Any]] = []
    for done, (home, answers) in enumerate(_homes(exam, workers, kept), start=1):
        records += answers
        if on_home is not None:
            on_home(home, done, len(exam.homes))
    order = {home: n for n, home in enumerate(exam.homes)}
    return sorted(records, key=lambda r: (order[r["home"]], r["number"], r["memory"]))


def _homes(exam: Exam, workers: int, kept: Path | None) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    share, rest = divmod(exam.questions, len(exam.homes))
    jobs = [(home, share + (n < rest)) for n, home in enumerate(exam.homes)]
    work = partial(_home, memories=tuple(exam.memories), seed=exam.seed)
    if kept is None:
        yield from spread(work, jobs, workers=workers)
        return
    counts = dict(jobs)
    done = {
        line["home"]: line["answers"]
        for line in _lines(kept)
        if _name(exam, line["home"], counts.get(line["home"], -1)) == line["exam"]
    }
    yield from done.items()
    with kept.open("a", encoding="utf-8") as file:
        for home, answers in spread(work, [job for job in jobs if job[0] not in done], workers=workers):
            file.write(json.dumps({"exam": _name(exam, home, counts[home]), "home": home, "answers": answers}) + "\n")
            file.flush()
            yield home, answers


def _name(exam: Exam, home: str, count: int) -> str:
    """What determines the answers about one home."""
    return json.dumps([home, count, sorted(exam.memories), exam.seed])


def _lines(path: Path) -> list[dict[str, Any]]:
    """The homes in a file; a last line that was cut off by a kill is cut off for good."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    try:
        lines = [json.loads(line) for line in whole.splitlines()]
        if all({"exam", "home", "answers"} <= line.keys() for line in lines):
            return lines
    except (ValueError, AttributeError):
        pass
    raise EvalError(f"{path} holds something else than homes that were examined; name another file")


def _home(job: tuple[str, int], *, memories: Sequence[str], seed: int) -> tuple[str, list[dict[str, Any]]]:
    home, count = job
    with Simulation.start(home) as simulation:
        recording = record(simulation, home, seed=seed)
    questions = make_questions(recording, count=count, seed=seed)
    records = []
    for name in memories:
        answerer = MEMORIES[name]()
        try:
            for frame in recording.frames:
                answerer.observe(frame)
            for number, question in enumerate(questions):
                answer = answerer.answer(question)
                records.append(
                    {
                        "home": home,
                        "number": number,
                        "memory": name,
                        "ability": question.ability.value,
                        "asks": question.asks.value,
                        "text": question.text,
                        "right": _filled(question) if question.known else None,
                        "answer": _filled(answer) if answer.known else None,
                        "score": grade(question, answer),
                    }
                )
        finally:
            answerer.close()
    return home, records


def _filled(value: Question | Answer) -> dict[str, Any]:
    """The fields of an answer that say something, JSON-ready."""
    fields = {name: getattr(value, name, None) for name in _FIELDS}
    return {name: sorted(f) if isinstance(f, frozenset) else f for name, f in fields.items() if f or f in (False, 0)}


def summarise_answers(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each memory and ability, and one for all: mean score with its 95 % bootstrap interval."""
    rows = []
    for memory in dict.fromkeys(r["memory"] for r in records):
        mine = [r for r in records if r["memory"] == memory]
        for ability in ("all", *Ability):
            asked = [r for r in mine if ability in ("all", r["ability"])]
            if asked:
                interval = bootstrap(asked, _mean_score)
                rows.append(
                    {
                        "memory": memory,
                        "ability": str(ability),
                        "n": len(asked),
                        "score": interval.value,
                        "score_ci": None if interval.low is None else [interval.low, interval.high],
                    }
                )
    return rows


def _mean_score(records: Sequence[Any]) -> float | None:
    return sum(r["score"] for r in records) / len(records) if records else None
