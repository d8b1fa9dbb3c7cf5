"""``karma bench``: the project's benchmarks, found in the repository's `benchmarks` folder."""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.table import Table

from karma_cli.errors import CliError

__all__ = ["run_benchmarks"]


def run_benchmarks(names: list[str], json_file: Path | None, options: Mapping[str, Any] | None = None) -> int:
    """Run benchmarks and print their figures; returns the exit code.

    A benchmark is a module ``benchmarks/bench_NAME.py`` with a function ``run() -> dict`` of JSON-ready figures.

    Args:
        names: Which; all if empty.
        json_file: Where to write the figures, if anywhere.
        options: Arguments by name for benchmarks whose `run` takes them.

    Raises:
        CliError: If one does not exist or takes no such option, or the repository's benchmarks are not there.
    """
    folder = Path(__file__).resolve().parent.parent / "benchmarks"
    known = {path.stem.removeprefix("bench_"): path for path in sorted(folder.glob("bench_*.py"))}
    if not known:
        raise CliError(f"there are no benchmarks in {folder}; run `karma bench` from a checkout of the repository")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise CliError(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(known)}")
    console = Console()
    figures: dict[str, Mapping[str, Any]] = {}
    for name in names or known:
        console.print(f"[bold]{name}[/bold] …")
        figures[name] = _run(known[name], options or {})
        console.print(_table(figures[name]))
        if json_file is not None:
            json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def _run(path: Path, options: Mapping[str, Any]) -> Mapping[str, Any]:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # as an import would: dataclasses look their module up
    spec.loader.exec_module(module)
    run: Callable[..., Mapping[str, Any]] | None = getattr(module, "run", None)
    if run is None:
        raise CliError(f"{path} has no function run(); it should return a dict of figures")
    refused = [f"--{name}" for name in options if name not in inspect.signature(run).parameters]
    if refused:
        raise CliError(f"{path.stem.removeprefix('bench_')} takes no {', '.join(refused)}; leave it out")
    return run(**options)


def _table(figures: Mapping[str, Any]) -> Table:
    table = Table(show_header=False)
    for name, value in figures.items():
        table.add_row(name, f"{value:,.4g}" if isinstance(value, float) else str(value))
    return table
