"""``karma policies``: hit rates of replacement policies on a trace."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from karma_cli.errors import CliError
from memory_node.policies import FORMATS, names, read_trace, simulate

__all__ = ["compare"]


def compare(trace: Path, *, trace_format: str, capacity: int, policy: str | None, as_json: bool) -> int:
    """Print each policy's hit rate; returns the exit code.

    Args:
        trace: Trace file.
        trace_format: A key of `memory_node.policies.FORMATS`.
        capacity: Of the cache.
        policy: Comma-separated names; None for all, and the optimum.
        as_json: Print JSON instead of a table.

    Raises:
        CliError: If a format or a policy is unknown.
        PolicyError: If the trace cannot be read.
    """
    if trace_format not in FORMATS:
        raise CliError(f"unknown trace format {trace_format!r}; use one of {', '.join(FORMATS)}")
    known = [*names(), "opt"]
    chosen = [p.strip() for p in policy.split(",") if p.strip()] if policy else known
    unknown = [p for p in chosen if p.partition(":")[0] not in known]
    if unknown or not chosen:
        raise CliError(f"unknown policy {', '.join(unknown) or policy!r}; use any of {', '.join(known)}")
    requests = read_trace(trace, trace_format)
    rates = [simulate(requests, policy=name, capacity=capacity) for name in chosen]
    if as_json:
        rows = [
            {"policy": name, "capacity": capacity, "hits": r.hits, "requests": r.requests, "rate": r.rate}
            for name, r in zip(chosen, rates, strict=True)
        ]
        print(json.dumps(rows, indent=2))
        return 0
    table = Table(title=f"{trace.name}: {len(requests):,} requests, capacity {capacity}")
    table.add_column("policy")
    table.add_column("hits", justify="right")
    table.add_column("hit rate", justify="right")
    for name, rate in sorted(zip(chosen, rates, strict=True), key=lambda pair: -pair[1].rate):
        table.add_row(name, f"{rate.hits:,}", f"{rate.rate:.2%}")
    Console().print(table)
    return 0
