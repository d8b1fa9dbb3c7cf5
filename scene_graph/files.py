"""Scene-graph files: versioned JSON that people can read, written so that a crash at any moment loses nothing."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import stat
import tempfile
from os import PathLike
from pathlib import Path
from typing import Any

import msgspec

from scene_graph.objects import SceneObject
from scene_graph.types import SceneGraphError

__all__ = [
    "FORMAT",
    "VERSION",
    "GraphFileError",
    "digest",
    "read_graph",
    "temporary_of",
    "write_graph",
    "write_text",
]

FORMAT = "karma-scene-graph"
VERSION = 2
_TEMPORARY = ".part"
_END = "\n}\n"
"""How a file ends."""


class GraphFileError(SceneGraphError, ValueError):
    """A file that is no scene graph, is damaged, or was written by a newer release; it was left as it is."""


def read_graph(path: str | PathLike[str]) -> dict[str, Any]:
    """Read and check a scene-graph file.

    Returns:
        Its content; the objects as `SceneObject` where all their fields are known.

    Raises:
        GraphFileError: If it cannot be read, with the reason and what to do.
    """
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise GraphFileError(f"cannot read scene graph {path}: {error.strerror or error}") from error
    try:
        parts = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        data = {key: msgspec.json.decode(raw) for key, raw in parts.items() if key != "objects"}
    except msgspec.ValidationError as error:
        raise GraphFileError(f"{path} is no scene graph: it is not a mapping") from error
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError) as error:
        raise GraphFileError(f"{path} is damaged or no scene graph ({error}); restore a copy of it") from error
    if data.get("format") != FORMAT:
        raise GraphFileError(f"{path} is no scene graph: its field 'format' is not {FORMAT!r}")
    version = data.get("version")
    if not isinstance(version, int) or version < 1:
        raise GraphFileError(f"{path} has no valid version: {version!r}")
    if version > VERSION:
        raise GraphFileError(
            f"{path} has version {version}, this release reads up to {VERSION}: install a newer release to open it"
        )
    try:
        _check_digest(path, text, data.get("digest"))
        if "objects" in parts:
            data["objects"] = _objects(parts["objects"], version)
    except (UnicodeDecodeError, json.JSONDecodeError, msgspec.DecodeError, RecursionError) as error:
        raise GraphFileError(f"{path} is damaged ({error}); restore a copy of it") from error
    return upgrade(data)


def _check_digest(path: str | PathLike[str], text: bytes, told: Any) -> None:
    """Compare a file's content with the digest that it was written with; none, or an empty one, vouches for nothing.

    Raises:
        GraphFileError: If they do not agree.
    """
    if not told:
        return
    end = _digest_line(told).encode()
    if text.endswith(end):  # as this release lays it out: no need to build anything from it
        own = hashlib.sha256(memoryview(text)[: -len(end)])
        own.update(_END.encode())
        if own.hexdigest() == told:
            return
    data = json.loads(text)
    if told not in (digest(data), _digest_of_old(data)):
        raise GraphFileError(
            f"{path} is not as it was written: its content does not agree with its field 'digest'. If it is damaged, "
            'restore a copy; if you edited it, write "digest": "" there, and it is taken as it is'
        )


def _objects(raw: msgspec.Raw, version: int) -> Any:
    """The objects, built at once where all their fields are known, as mappings otherwise."""
    if version == VERSION:
        with contextlib.suppress(msgspec.ValidationError):
            return msgspec.json.decode(raw, type=list[SceneObject])
    return msgspec.json.decode(raw)


def upgrade(data: dict[str, Any]) -> dict[str, Any]:
    """Bring the content of an older file up to this release's version; what is not understood stays as it is."""
    if data.get("version") != 1:
        return data
    objects = []
    for item in data.get("objects", ()):
        thing = dict(item)
        viewpoint, score = thing.pop("viewpoint", None), thing.pop("view_score", 0.0)
        if viewpoint is not None:
            thing["viewpoints"] = [[*viewpoint, score]]
        objects.append(thing)
    return {**data, "version": VERSION, "objects": objects, "apart": [[a, b, 1] for a, b in data.get("apart", ())]}


def write_graph(path: str | PathLike[str], data: dict[str, Any]) -> None:
    """Write a scene-graph file in one step: whoever reads it, or is killed, sees the old one or the new one.

    Raises:
        GraphFileError: If it cannot be written, or another file stands there that is no scene graph or is newer.
    """
    target = Path(path)
    if target.exists() and target.stat().st_size:
        read_graph(target)  # never write over what we could not have read
    text = dumps(_undigested(data))
    own = hashlib.sha256(text.encode()).hexdigest()
    write_text(target, text.removesuffix(_END) + _digest_line(own))


def write_text(path: str | PathLike[str], text: str) -> None:
    """Write a text file in one step: whoever reads it, or is killed, sees the old one or the new one.

    Raises:
        GraphFileError: If it cannot be written.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=_TEMPORARY, dir=target.parent)
        try:
            os.chmod(name, _mode(target))
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(name, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise GraphFileError(f"cannot write {path}: {error.strerror or error}") from error


def _mode(target: Path) -> int:
    """Permissions of the file that is replaced, else what a new file gets; temporary files are the owner's alone."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def temporary_of(path: str | PathLike[str]) -> list[Path]:
    """What writes of a file that were cut short, by a kill or a power cut, have left beside it."""
    target = Path(path)
    return sorted(target.parent.glob(f".{glob.escape(target.name)}.*{_TEMPORARY}")) if target.parent.is_dir() else []


def dumps(data: dict[str, Any]) -> str:
    """JSON text with one line for each element of the long lists, for people and for diffs."""
    parts = []
    for key, value in data.items():
        if isinstance(value, list) and value:
            body = ",\n  ".join(json.dumps(item, ensure_ascii=False) for item in value)
            parts.append(f"{json.dumps(key)}: [\n  {body}\n ]")
        elif isinstance(value, dict) and value:
            body = ",\n  ".join(f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in value.items())
            parts.append(f"{json.dumps(key)}: {{\n  {body}\n }}")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n " + ",\n ".join(parts) + _END


def digest(data: dict[str, Any]) -> str:
    """SHA-256 over the content as a file lays it out without its field ``digest``, which holds this."""
    return hashlib.sha256(dumps(_undigested(data)).encode()).hexdigest()


def _digest_line(own: Any) -> str:
    """How a file ends that has a digest."""
    return f',\n "digest": "{own}"{_END}'


def _undigested(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "digest"}


def _digest_of_old(data: dict[str, Any]) -> str:
    """The digest that files had first, which did not depend on how they were laid out."""
    content = _undigested(data)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
