"""How well the learned parser reads human instructions from homes it never saw: ``karma bench planner_alfred``.

Measured on the held-out floor plans of ALFRED's annotations, which training never looks at. Needs the annotations and
layouts under ``../shared/data``, or in the folder that the environment variable ``KARMA_ALFRED`` names.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter
from typing import Any

from planner_node.learned.data import DataError
from planner_node.learned.figures import LAYOUTS, measure
from planner_node.learned.model import WEIGHTS, LearnedParser

__all__ = ["run"]


def run() -> dict[str, Any]:
    """Measure the project's weights on the held-out floor plans."""
    folder = Path(os.environ.get("KARMA_ALFRED", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if not (folder / LAYOUTS).is_file():
        raise DataError(f"no {folder / LAYOUTS}; what homes hold is needed to measure how far it helps")
    began = perf_counter()
    parser = LearnedParser.load(WEIGHTS)
    seconds = perf_counter() - began
    figures = measure(parser, folder / "alfred_train.jsonl.gz", split="held_out")
    return {"weights_mb": WEIGHTS.stat().st_size / 1e6, "load_s": seconds, **figures}
