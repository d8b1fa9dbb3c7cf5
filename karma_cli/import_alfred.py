"""``karma eval import-alfred``: ALFRED's records as task files."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from karma_cli.counting import counting
from karma_cli.errors import CliError
from karma_eval.alfred_import import Imported, import_histories, import_tasks
from karma_eval.alfred_records import KNOWN_FILES, fingerprint
from karma_eval.write import to_yaml

__all__ = ["ImportRequest", "import_alfred"]


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What the user asked for; see the command's help."""

    data: Path
    out: Path
    sample: int | None
    histories: int
    length: int
    seed: int
    proved: bool
    sha256: str | None
    jobs: int | None


def import_alfred(request: ImportRequest) -> int:
    """Import, write the task file and print what was skipped; returns the exit code.

    Raises:
        CliError: If the data have another SHA-256 than asked for, or the request makes no sense.
        EvalError: If the data cannot be read.
    """
    if request.histories and request.sample:
        raise CliError("--sample is for single tasks; histories draw their own records")
    digest = fingerprint(request.data)
    if request.sha256 is not None and request.sha256.lower() != digest:
        raise CliError(f"{request.data} has SHA-256 {digest}, not {request.sha256}; fetch it again")
    console = Console()
    console.print(f"SHA-256 {digest} ({KNOWN_FILES.get(digest, 'not a file that the importer was tried on')})")
    workers = request.jobs or os.cpu_count() or 1
    with counting(console) as progress:
        bar = progress.add_task("histories" if request.histories else "records", total=None)

        def on_progress(done: int, total: int) -> None:
            progress.update(bar, completed=done, total=total)

        imported = _import(request, workers, on_progress)
    for reason, times in imported.skipped.most_common():
        console.print(f"skipped {times}: {reason}", highlight=False, markup=False)
    for line in imported.short:
        console.print(line, highlight=False, markup=False)
    if not imported.tasks:
        raise CliError("nothing could be imported; see the reasons above")
    what = f"--histories {request.histories} --length {request.length}" if request.histories else _sampling(request)
    comment = (
        f"Imported from ALFRED (Shridhar et al., CVPR 2020; MIT licence): {request.data.name}, SHA-256\n{digest}\n"
        f"by karma eval import-alfred {what} --seed {request.seed}\n"
        f"{len(imported.tasks)} tasks; {imported.skipped.total()} records skipped."
    )
    request.out.write_text(to_yaml(imported.tasks, comment=comment), encoding="utf-8")
    said = sum(len(task.instructions) for task in imported.tasks)
    console.print(f"{request.out}: {len(imported.tasks)} tasks, {said} instructions")
    return 0


def _import(request: ImportRequest, workers: int, on_progress: Callable[[int, int], None]) -> Imported:
    if request.histories:
        return import_histories(
            request.data,
            histories=request.histories,
            length=request.length,
            seed=request.seed,
            workers=workers,
            on_progress=on_progress,
        )
    return import_tasks(
        request.data,
        sample=request.sample,
        seed=request.seed,
        proved=request.proved,
        workers=workers,
        on_progress=on_progress,
    )


def _sampling(request: ImportRequest) -> str:
    parts = [f"--sample {request.sample}"] if request.sample else []
    return " ".join([*parts, *(["--proved"] if request.proved else [])])
