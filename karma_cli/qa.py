"""``karma eval qa``: memories examined by questions about what they were shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from karma_cli.counting import counting
from karma_eval.qa.questions import Ability
from karma_eval.qa.run import HOMES, Exam, examine, summarise_answers

__all__ = ["run_exam"]


def run_exam(
    *, homes: list[str], questions: int, memories: str, seed: int, jobs: int, json_file: Path | None, kept: Path | None
) -> int:
    """Examine memories and print a table of scores; returns the exit code.

    Args:
        homes: Scenes; those of the default exam if empty.
        questions: How many in all.
        memories: Names, comma-separated.
        seed: Of histories and questions.
        jobs: Homes at a time.
        kept: File of the homes that are done, from which an exam that was killed goes on.
        json_file: Where the summary and every question with all answers go, if anywhere.

    Raises:
        EvalError: If a memory is unknown or not installed.
        SimError: If a scene does not exist.
    """
    names = [name.strip() for name in memories.split(",") if name.strip()]
    exam = Exam(homes=tuple(homes) or HOMES, questions=questions, memories=names, seed=seed)
    console = Console()
    with counting(console) as progress:
        bar = progress.add_task("homes", total=len(exam.homes))
        records = examine(
            exam,
            workers=jobs,
            kept=kept,
            on_home=lambda home, done, total: progress.update(bar, completed=done, total=total),
        )
    summary = summarise_answers(records)
    if json_file is not None:
        data = {"summary": summary, "answers": records}
        json_file.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    console.print(_table(summary, names))
    asked = len(records) // len(names)
    if asked < questions:
        console.print(f"{asked} questions could be asked of these histories, fewer than the {questions} wanted")
    return 0


def _table(summary: list[dict[str, Any]], names: list[str]) -> Table:
    scores = {(row["memory"], row["ability"]): row for row in summary}
    table = Table(title="Questions answered rightly")
    table.add_column("ability")
    table.add_column("n", justify="right")
    for name in names:
        table.add_column(name, justify="right")
    for ability in ("all", *Ability):
        rows = [scores.get((name, str(ability))) for name in names]
        if rows[0] is not None:
            table.add_row(str(ability), str(rows[0]["n"]), *(_score(row) for row in rows))
    return table


def _score(row: dict[str, Any] | None) -> str:
    if row is None:
        return "–"
    interval = row["score_ci"]
    return f"{row['score']:.3f}" + (f" [{interval[0]:.2f}, {interval[1]:.2f}]" if interval else "")
