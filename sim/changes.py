"""Disturbances as task files write them, for objects named by class: what the `disturb` service understands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from scene_graph.ontology import ontology
from sim import disturb
from sim.errors import DisturbanceError
from sim.simulation import Simulation

__all__ = ["apply_changes", "read_changes"]

_EXAMPLE = "[{put: [Plate, Cabinet]}, {state: [DeskLamp, off]}]"


def read_changes(text: str) -> list[dict[str, Any]]:
    """Read changes.

    Args:
        text: YAML 1.2, where ``on`` and ``off`` are words: a list of ``{put: [object, receptacle]}`` and
            ``{state: [object, state]}``.

    Raises:
        DisturbanceError: If it is anything else.
    """
    try:
        data = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise DisturbanceError(f"the changes are no YAML; write them as {_EXAMPLE}") from error
    if not isinstance(data, list) or not data or not all(_is_change(change) for change in data):
        raise DisturbanceError(f"write the changes as {_EXAMPLE}, not {text!r}")
    return data


def _is_change(change: Any) -> bool:
    if not isinstance(change, dict) or len(change) != 1:
        return False
    ((kind, arguments),) = change.items()
    is_pair = isinstance(arguments, list) and len(arguments) == 2 and all(isinstance(a, str) for a in arguments)
    return kind in {"put", "state"} and is_pair


def apply_changes(simulation: Simulation, text: str) -> str:
    """Carry changes out in turn; of several objects of a class, the first that will do is taken.

    Args:
        simulation: The scene.
        text: See `read_changes`.

    Returns:
        What was done, in words.

    Raises:
        DisturbanceError: If one cannot be carried out; those before it were.
    """
    done = []
    for change in read_changes(text):
        ((kind, (label, value)),) = change.items()
        if kind == "put":
            pairs = [(o, r) for o in _of_class(simulation, label) for r in _of_class(simulation, value)]
        else:
            pairs = [(o, value) for o in _of_class(simulation, label)]
        _try_each(simulation, kind, pairs)
        done.append(f"{label} put in or on {value}" if kind == "put" else f"{label} made {value}")
    return "; ".join(done)


def _of_class(simulation: Simulation, words: str) -> list[str]:
    """Simulator ids of the objects of a class, or of either class of ``A|B``, with what derives from it."""
    derives = ontology().derives
    found = [
        str(o["objectId"])
        for o in simulation.event.metadata["objects"]
        if any(derives(o["objectType"], label) for label in words.split("|"))
    ]
    if not found:
        raise DisturbanceError(f"there is no {words} in {simulation.scene}")
    return sorted(found)


def _try_each(simulation: Simulation, kind: str, pairs: Sequence[tuple[str, str]]) -> None:
    for number, (object_id, value) in enumerate(pairs, start=1):
        try:
            if kind == "put":
                disturb.put(simulation, object_id, value)
            else:
                disturb.set_state(simulation, object_id, value)
        except DisturbanceError:
            if number == len(pairs):
                raise
        else:
            return
