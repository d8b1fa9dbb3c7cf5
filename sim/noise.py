"""What a real robot's sensors and detector get wrong, for testing memory; nothing of it happens unless asked for.

Depth errs with the square of the distance, as that of cameras that triangulate does (Khoshelham and Oude Elberink,
"Accuracy and resolution of Kinect depth data", Sensors 12(2), 2012: about 0.0015 at 1 m), and some pixels have none.
The pose errs by a small turn and shift on the floor, anew in every frame. A detector misses things, or takes one for
another of about the same size. The same seed and frame number give the same errors, whatever came before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Self

import numpy as np

from scene_graph.ontology import ontology
from scene_graph.perception import Instance
from scene_graph.types import FloatArray
from sim.errors import NoiseError

__all__ = ["LIMITS", "WORDS", "SensorNoise", "confusable"]

LIMITS: dict[str, tuple[float, float]] = {
    "depth": (0.0, 0.1),
    "dropout": (0.0, 1.0),
    "position": (0.0, 1.0),
    "heading": (0.0, 1.0),
    "missed": (0.0, 1.0),
    "mislabelled": (0.0, 1.0),
    "reissued": (0.0, 1.0),
}
"""The least and the greatest value of each kind of noise."""

WORDS: dict[str, str] = {
    "depth": "standard deviation of depth at 1 m, metres; it grows with the square of the distance",
    "dropout": "share of pixels without depth",
    "position": "standard deviation of where the robot takes itself to be, metres, along each axis",
    "heading": "standard deviation of the heading that it takes itself to have, radians",
    "missed": "share of detections that are missed",
    "mislabelled": "share of the others that get the label of another class of about the same size",
    "reissued": "how often an object gets a new sensor id, per frame; where ids last (reissue_ids off)",
}
"""What each kind of noise is."""

_DEPTH, _POSE, _DETECTIONS, _IDS = range(4)
"""Numbers of the streams of random numbers, so that one kind of noise does not change another."""

_CONFUSABLE = 5
"""Classes that one can be taken for."""


@dataclass(frozen=True, kw_only=True)
class SensorNoise:
    """How much the sensors err; by default not at all.

    Attributes are named as in `WORDS`, which says what each is, and lie within `LIMITS`; `seed` is that of all.

    Raises:
        NoiseError: If a value is out of its range.
    """

    depth: float = 0.0
    dropout: float = 0.0
    position: float = 0.0
    heading: float = 0.0
    missed: float = 0.0
    mislabelled: float = 0.0
    reissued: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= high):
                raise NoiseError(f"noise {name} is {value}; it must be from {low:g} to {high:g}")
        if self.seed < 0:
            raise NoiseError(f"the seed of noise is {self.seed}; it must not be negative")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read noise as the command line has it.

        Args:
            text: ``depth=0.002,missed=0.1,seed=3``: names and values of attributes; the others stay as they are.

        Raises:
            NoiseError: If it is anything else.
        """
        names = [field.name for field in fields(cls)]
        values: dict[str, float] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, equals, value = (piece.strip() for piece in part.partition("="))
            if name not in names or not equals or name in values:
                raise NoiseError(
                    f"{part!r} is no noise; write for example depth=0.002,missed=0.1 "
                    f"with each of {', '.join(names)} at most once"
                )
            try:
                values[name] = float(value)
            except ValueError:
                raise NoiseError(f"noise {name} is {value!r}, which is no number") from None
        seed = values.pop("seed", 0.0)
        if not (math.isfinite(seed) and seed == int(seed)):
            raise NoiseError(f"the seed of noise is {seed:g}; it must be a whole number")
        return cls(**values, seed=int(seed))

    def __str__(self) -> str:
        """As `parse` reads it; empty if the sensors do not err."""
        given = [(name, getattr(self, name)) for name in LIMITS if getattr(self, name)]
        return ",".join(f"{name}={value:g}" for name, value in (*given, ("seed", self.seed))) if given else ""

    def __bool__(self) -> bool:
        """Whether anything errs."""
        return any(getattr(self, name) for name in LIMITS)

    def blur_depth(self, depth: FloatArray, frame: int) -> FloatArray:
        """A depth image as the sensor gives it.

        Args:
            depth: (H, W) float32 metres; 0 or NaN is unknown, and stays so.
            frame: Number of the frame.

        Returns:
            (H, W) float32 metres, NaN where the sensor found none.
        """
        if not (self.depth or self.dropout):
            return depth
        generator = self._generator(frame, _DEPTH)
        seen = np.array(depth, dtype=np.float32)
        if self.depth:
            error = generator.standard_normal(seen.shape, dtype=np.float32)
            # a surface is never measured behind the camera, and never where there is none
            seen = np.where(seen > 0, np.maximum(seen + np.float32(self.depth) * seen**2 * error, 1e-3), seen)
        if self.dropout:
            seen[generator.random(seen.shape, dtype=np.float32) < self.dropout] = np.nan
        return seen

    def pose_error(self, frame: int) -> tuple[float, float, float]:
        """By how much the robot is wrong about its own pose.

        Args:
            frame: Number of the frame.

        Returns:
            Shift along the map's x and y, metres, and turn, radians counter-clockwise.
        """
        if not (self.position or self.heading):
            return (0.0, 0.0, 0.0)
        x, y, turn = self._generator(frame, _POSE).standard_normal(3).tolist()
        return (self.position * x, self.position * y, self.heading * turn)

    def move_pose(self, pose: FloatArray, base: tuple[float, float], frame: int) -> FloatArray:
        """A camera's pose as the robot believes it to be, wrong by `pose_error`.

        Args:
            pose: (4, 4) camera-to-map transform.
            base: Where the robot stands (x, y), metres: it is about there that it errs in its heading.
            frame: Number of the frame.

        Returns:
            (4, 4) camera-to-map transform.
        """
        x, y, turn = self.pose_error(frame)
        sine, cosine = math.sin(turn), math.cos(turn)
        error = np.eye(4)
        error[:2, :2] = (cosine, -sine), (sine, cosine)
        centre = np.array(base)
        error[:2, 3] = centre + np.array([x, y]) - error[:2, :2] @ centre
        believed: FloatArray = error @ pose
        return believed

    def detect(self, legend: Mapping[int, Instance], frame: int) -> dict[int, Instance]:
        """What the detector makes of the instances in a frame.

        Args:
            legend: What is there, by number in the instance masks.
            frame: Number of the frame.

        Returns:
            What is detected, some things under a wrong label. The masks of what is missing show background.
        """
        if not (self.missed or self.mislabelled):
            return dict(legend)
        generator = self._generator(frame, _DETECTIONS)
        detected: dict[int, Instance] = {}
        for number, instance in legend.items():
            # drawn for every instance, so that what becomes of one does not depend on another
            missed, wrong, other = generator.random(3).tolist()
            if missed < self.missed:
                continue
            if wrong < self.mislabelled:
                others = confusable(instance.label)
                instance = replace(instance, label=others[int(other * len(others))]) if others else instance
            detected[number] = instance
        return detected

    def reissue(self, count: int, frame: int) -> frozenset[int]:
        """Which of so many seen objects get new ids in a frame, by their places in the frame's order."""
        if not self.reissued:
            return frozenset()
        drawn = self._generator(frame, _IDS).random(count)
        return frozenset(np.flatnonzero(drawn < self.reissued).tolist())

    def _generator(self, frame: int, stream: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, frame, stream))


@cache
def confusable(label: str) -> tuple[str, ...]:
    """Classes that one is easily taken for: those nearest in size, among what moves or among what does not.

    Args:
        label: Class name; one of unknown size is taken for nothing else.
    """
    known = ontology()
    info = known.get(label)
    if info.size is None:
        return ()
    size = np.log(np.maximum(info.size, 0.01))
    ranked = []
    for name in known.labels():
        other = known.get(name)
        if name != label and other.size is not None and other.static == info.static:
            ranked.append((float(np.abs(np.log(np.maximum(other.size, 0.01)) - size).sum()), name))
    return tuple(name for _, name in sorted(ranked)[:_CONFUSABLE])
