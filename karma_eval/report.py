"""A report that opens in any browser: one self-contained page, readable in light and dark, narrow and wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

__all__ = ["markdown_table", "write_report"]

_COLUMNS = (
    "class",
    "memory",
    "planner",
    "n",
    "SR",
    "GC",
    "MRA",
    "precision",
    "hit_rate",
    "E",
    "T",
    "RE",
    "RT",
    "speedup",
)

_MEANING = {
    "SR": "share of tasks with every milestone met",
    "GC": "share of milestones met",
    "MRA": "share of instructions for which recall returned all that was needed, at k = 5",
    "precision": "share of what recall returned that was needed",
    "hit_rate": "share of uses of remembered things that short-term memory served",
    "E": "areas and closed containers visited in search of something",
    "T": "simulated seconds",
    "RE": "share of E that was saved against the reference, which remembers within an instruction only",
    "RT": "share of T that was saved against the reference",
    "speedup": "T of the reference over T",
}

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --bad: #b3261e; --good: #1b7f3b; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --good: #7fd89a; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 0 auto; padding: 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child, .words td { text-align: left; }
.words td { white-space: normal; }
small { opacity: .75; }
.no { color: var(--bad); } .yes { color: var(--good); }
"""


def markdown_table(summary: Sequence[Mapping[str, Any]]) -> str:
    """The summary as a Markdown table."""
    columns = [c for c in _COLUMNS if any(row.get(c) is not None for row in summary)]
    lines = ["| " + " | ".join(columns) + " |", "| " + " | ".join("---" for _ in columns) + " |"]
    lines += ["| " + " | ".join(_cell(row, c) for c in columns) + " |" for row in summary]
    return "\n".join(lines) + "\n"


def write_report(summary: Sequence[Mapping[str, Any]], runs: Sequence[Mapping[str, Any]], folder: Path) -> Path:
    """Write ``report.html`` and ``report.md`` into a results folder; returns the page's path.

    Args:
        summary: Rows of `karma_eval.metrics.summarise`.
        runs: The runs that they count.
        folder: Where to.
    """
    (folder / "report.md").write_text(markdown_table(summary), encoding="utf-8")
    columns = [c for c in _COLUMNS if any(row.get(c) is not None for row in summary)]
    head = "".join(f'<th title="{escape(_MEANING.get(c, c))}">{escape(c)}</th>' for c in columns)
    body = "".join("<tr>" + "".join(f"<td>{_html_cell(row, c)}</td>" for c in columns) + "</tr>" for row in summary)
    meanings = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in _MEANING.items() if k in columns)
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>karma: does memory help?</title><style>{_STYLE}</style></head><body>
<h1>Does memory help?</h1>
<p>A robot carried out histories of instructions in AI2-THOR's homes, knowing only what its camera had shown it. A judge
with the simulator's ground truth says what was carried out. Times are simulated: a step of 0.25 m takes 1 s, a turn of
90° 1 s, a look 0.5 s, an action on a thing 2 s. Brackets hold 95 % bootstrap intervals over runs.</p>
<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>
<details><summary>What the columns mean</summary><dl>{meanings}</dl></details>
<h2>What failed</h2>
{_failures(runs)}
</body></html>
"""
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def _cell(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if value is None:
        return "–"
    text = f"{value:.2f}" if isinstance(value, float) else str(value)
    interval = row.get(f"{column}_ci")
    return f"{text} [{interval[0]:.2f}, {interval[1]:.2f}]" if interval else text


def _html_cell(row: Mapping[str, Any], column: str) -> str:
    text = _cell(row, column)
    value, _, interval = text.partition(" [")
    return escape(value) + (f" <small>[{escape(interval)}</small>" if interval else "")


def _failures(runs: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for run in runs:
        for item in run["instructions"]:
            if item["judged"] is False:
                unmet = [m["milestone"] for m in item["milestones"] if not m["met"]]
                harm = [f"{h['label']} was {h['kind']}" for h in item["harm"]]
                claimed = '<span class="no">claimed</span>' if item["claimed"] else "not claimed"
                cause = "; ".join([item["reason"], *unmet, *harm, item["judge_error"] or ""]).strip("; ")
                words = (run["task"], run["memory"], item["instruction"])
                cells = "".join(f"<td>{escape(str(w))}</td>" for w in words)
                rows.append(f"<tr>{cells}<td>{claimed}</td><td>{escape(cause)}</td></tr>")
    if not rows:
        return "<p>Nothing.</p>"
    head = "<tr><th>task</th><th>memory</th><th>instruction</th><th>robot's word</th><th>cause</th></tr>"
    return f'<div class="wide"><table class="words"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>'
