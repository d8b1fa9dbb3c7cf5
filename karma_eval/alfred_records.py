"""ALFRED's records of tasks in AI2-THOR's floor plans, with the sentences that people wrote for them.

Two layouts are read: JSON Lines, one record a line (``.jsonl``, ``.jsonl.gz``), and the folders of the public download
(``json_2.1.0/SPLIT/TASK/TRIAL/traj_data.json``), which ALFRED's ``data/download_data.sh json`` fetches from
https://ai2-vision-alfred.s3-us-west-2.amazonaws.com/json_2.1.0.7z (Shridhar et al., CVPR 2020; MIT licence).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from karma_eval.errors import EvalError

__all__ = ["KNOWN_FILES", "AlfredPose", "AlfredRecord", "fingerprint", "read_records"]

KNOWN_FILES: dict[str, str] = {
    "de5632a1e540881d308da24dde539c705b3c9ac002ba6e10eb5f21840b1b5260": "alfred_train.jsonl.gz, 6,574 records",
}
"""SHA-256 of files that the importer was tried on."""

_TRAJECTORY = "traj_data.json"


@dataclass(frozen=True)
class AlfredPose:
    """Where an object stood.

    Attributes:
        label: Its class in AI2-THOR 2.1.
        position: x, y, z in AI2-THOR's frame, metres.
    """

    label: str
    position: tuple[float, float, float]


@dataclass(frozen=True)
class AlfredRecord:
    """One task as ALFRED recorded it.

    Attributes:
        name: ALFRED's name of the trial.
        task_type: One of its seven.
        goal: ``object_target``, ``parent_target``, ``mrecep_target``, ``toggle_target``, ``object_sliced``.
        floor_plan: AI2-THOR's scene.
        poses: Of the objects at the beginning.
        lamps_off: Classes that were switched off at the beginning.
        sentences: What people wrote for the whole of it.
    """

    name: str
    task_type: str
    goal: Mapping[str, Any]
    floor_plan: str
    poses: tuple[AlfredPose, ...]
    lamps_off: frozenset[str]
    sentences: tuple[str, ...]


def fingerprint(source: Path) -> str:
    """SHA-256 of a file, or of all ``traj_data.json`` below a folder in the order of their paths.

    Raises:
        EvalError: If there is nothing to read.
    """
    digest = hashlib.sha256()
    for path in _files(source):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def read_records(source: Path) -> Iterator[AlfredRecord]:
    """The records of a JSON Lines file or of a folder of the public download.

    Raises:
        EvalError: If there is none, or one is malformed; the message says where.
    """
    for path in _files(source):
        if path.name == _TRAJECTORY:
            yield _record(_decode(path.read_text(encoding="utf-8"), str(path)), str(path))
            continue
        try:
            with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as f:
                for number, line in enumerate(f, start=1):
                    if line.strip():
                        yield _record(_decode(line, f"{path}:{number}"), f"{path}:{number}")
        except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError) as error:
            raise EvalError(f"{path}: damaged ({error}); fetch it again") from error


def _files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    found = sorted(source.rglob(_TRAJECTORY)) if source.is_dir() else []
    if not found:
        raise EvalError(
            f"{source}: neither a file of ALFRED's records nor a folder with {_TRAJECTORY} below it; give one a "
            "record a line (.jsonl, .jsonl.gz), or the folder that ALFRED's download_data.sh made"
        )
    return found


def _decode(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise EvalError(f"{where}: not JSON: {error}") from error


def _record(data: Any, where: str) -> AlfredRecord:
    try:
        if "turk_annotations" in data:
            return _from_download(data)
        return AlfredRecord(
            name=str(data["task_id"]),
            task_type=str(data["task_type"]),
            goal=dict(data["pddl_params"]),
            floor_plan=str(data["floor_plan"]),
            poses=tuple(_pose(item["name"], item["p"]) for item in data["object_poses"]),
            lamps_off=frozenset(t["objectType"] for t in data["object_toggles"] if not t["isOn"]),
            sentences=tuple(str(item["task"]) for item in data["annotations"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise EvalError(f"{where}: not a record of ALFRED ({type(error).__name__}: {error})") from error


def _from_download(data: Mapping[str, Any]) -> AlfredRecord:
    scene = data["scene"]
    return AlfredRecord(
        name=str(data["task_id"]),
        task_type=str(data["task_type"]),
        goal=dict(data["pddl_params"]),
        floor_plan=str(scene["floor_plan"]),
        poses=tuple(
            _pose(item["objectName"], [item["position"][axis] for axis in "xyz"]) for item in scene["object_poses"]
        ),
        lamps_off=frozenset(t["objectType"] for t in scene["object_toggles"] if not t["isOn"]),
        sentences=tuple(str(item["task_desc"]) for item in data["turk_annotations"]["anns"]),
    )


def _pose(name: str, position: Any) -> AlfredPose:
    x, y, z = (float(value) for value in position)
    return AlfredPose(label=name.rsplit("_", 1)[0], position=(x, y, z))
