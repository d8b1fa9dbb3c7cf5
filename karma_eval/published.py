"""What was published: KARMA's table (arXiv 2409.14908, GPT-4o), for printing beside what is measured here."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CLASSES", "DIFFERENCES", "PUBLISHED", "Published"]

CLASSES = ("simple", "composite", "complex")
"""Classes of tasks, in the paper's order."""


@dataclass(frozen=True)
class Published:
    """A system's printed figures on one class of tasks; None where none is printed."""

    system: str
    task_class: str
    sr: float
    mra: float | None
    re: float | None
    rt: float | None


PUBLISHED: tuple[Published, ...] = (
    Published("LoTa-Bench (modified)", "simple", 0.41, None, None, None),
    Published("LoTa-Bench (modified)", "composite", 0.23, None, None, None),
    Published("LoTa-Bench (modified)", "complex", 0.04, None, None, None),
    Published("HELPER", "simple", 0.40, None, 0.251, 0.263),
    Published("HELPER", "composite", 0.21, None, 0.243, 0.178),
    Published("HELPER", "complex", 0.09, None, 0.018, 0.011),
    Published("CAPEAM", "simple", 0.35, None, -0.054, -0.002),
    Published("CAPEAM", "composite", 0.33, None, 0.293, 0.201),
    Published("CAPEAM", "complex", 0.07, None, 0.012, 0.008),
    Published("KARMA", "simple", 0.42, None, 0.582, 0.612),
    Published("KARMA", "composite", 0.43, 0.93, 0.902, 0.687),
    Published("KARMA", "complex", 0.21, 0.42, 0.867, 0.690),
    Published("KARMA without LTM", "simple", 0.40, None, 0.011, 0.002),
    Published("KARMA without LTM", "composite", 0.35, 1.0, 0.329, 0.210),
    Published("KARMA without LTM", "complex", 0.12, 0.43, 0.021, 0.013),
    Published("KARMA without STM", "simple", 0.44, None, 0.573, 0.605),
    Published("KARMA without STM", "composite", 0.22, None, 0.774, 0.624),
    Published("KARMA without STM", "complex", 0.05, None, 0.784, 0.654),
)

DIFFERENCES: tuple[tuple[str, str, str], ...] = (
    ("planner", "GPT-4o, prompted", "grammar and a small trained parser, without a language model or a key"),
    ("execution", "open loop: a plan is carried out as written", "closed loop; open loop only for “paper”"),
    (
        "sight",
        "places looked up in the simulator; exploration finds a thing by distance, without seeing it",
        "what depth, masks and poses of the camera show, up to 5 m; opaque ids that change every frame",
    ),
    ("tasks", "the authors' own, of 3 classes", "other tasks of those classes, written for this project, frozen"),
    ("simulator", "AI2-THOR's Unity player", "a headless one that speaks its protocol, on its floor plans"),
    (
        "reference of RE and RT",
        "not said",
        "the same planner and sensors, remembering within an instruction only; failed runs are charged the dearest run",
    ),
    ("long-term memory", "built before the tasks", "empty at the start, built on the way"),
    ("figures", "one number each", "means with 95 % bootstrap intervals, paired tests"),
)
"""What differs in set-up between the printed figures and those measured here: (what, printed, here)."""
