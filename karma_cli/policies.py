"""``karma policies``: hit rates of replacement policies on a trace."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from karma_cli.errors import CliError
from memory_node.policies import FORMATS, draw_rates, names, read_trace, simulate

__all__ = ["compare"]


def compare(
    trace: Path,
    *,
    trace_format: str,
    capacity: str,
    policy: str | None,
    as_json: bool,
    seed: int = 0,
    plot: Path | None = None,
) -> int:
    """Print each policy's hit rate; returns the exit code.

    Args:
        trace: Trace file.
        trace_format: One of `memory_node.policies.FORMATS`.
        capacity: Of the cache; several, comma-separated.
        policy: Comma-separated names; None for all, and the optimum.
        as_json: Print JSON instead of a table.
        seed: Of a trace that is made from ALFRED's tasks.
        plot: Picture to draw of hit rates over capacities.

    Raises:
        CliError: If a format, a policy or a capacity is unknown.
        PolicyError: If the trace cannot be read.
    """
    if trace_format not in FORMATS:
        raise CliError(f"unknown trace format {trace_format!r}; use one of {', '.join(FORMATS)}")
    known = [*names(), "opt"]
    chosen = [p.strip() for p in policy.split(",") if p.strip()] if policy else known
    unknown = [p for p in chosen if p.partition(":")[0] not in known]
    if unknown or not chosen:
        raise CliError(f"unknown policy {', '.join(unknown) or policy!r}; use any of {', '.join(known)}")
    sizes = [part.strip() for part in capacity.split(",")]
    if not all(size.isdecimal() and int(size) > 0 for size in sizes):
        raise CliError(f"capacity must be a number of at least 1, or several with commas between, got {capacity!r}")
    requests = read_trace(trace, trace_format, seed=seed)
    capacities = [int(size) for size in sizes]
    rates = {name: [simulate(requests, policy=name, capacity=size) for size in capacities] for name in chosen}
    if plot is not None:
        drawn = {name: {r.capacity: r.rate for r in row} for name, row in rates.items()}
        try:
            draw_rates(drawn, plot, title=f"{trace.name}: {len(requests):,} requests")
        except (OSError, ValueError) as error:
            raise CliError(f"cannot draw {plot}: {error}") from error
    if as_json:
        rows = [
            {"policy": name, "capacity": r.capacity, "hits": r.hits, "requests": r.requests, "rate": r.rate}
            for size in range(len(sizes))
            for name, r in ((name, row[size]) for name, row in rates.items())
        ]
        print(json.dumps(rows, indent=2))
        return 0
    of = f"capacity {capacities[0]}" if len(capacities) == 1 else "hit rate by capacity"
    table = Table(title=f"{trace.name}: {len(requests):,} requests, {of}")
    table.add_column("policy")
    for size in capacities:
        table.add_column("hit rate" if len(capacities) == 1 else str(size), justify="right")
    for name, row in sorted(rates.items(), key=lambda item: -sum(r.rate for r in item[1])):
        table.add_row(name, *(f"{r.rate:.2%}" for r in row))
    Console().print(table)
    return 0
