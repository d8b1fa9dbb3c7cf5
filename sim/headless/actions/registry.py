"""Actions by name, with their arguments checked as AI2-THOR checks them.

An action is a function ``(session, *, argument: type = default, …)``; `move_magnitude` is AI2-THOR's ``moveMagnitude``.
What it returns is the event's ``actionReturn``; it fails by raising `ActionError`.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sim.headless.errors import ActionError
from sim.headless.session import Session

__all__ = ["ACTIONS", "Action", "action", "perform", "unsupported"]

_EVERYWHERE = frozenset(
    [
        "action", "sequenceId", "agentId", "renderImage", "renderObjectImage", "renderClassImage", "renderNormalsImage",
        "renderInstanceSegmentation", "renderSemanticSegmentation", "visibilityDistance", "simulatePhysics",
    ]
)  # fmt: skip
"""Arguments that every action accepts and none needs."""

_NAMES: dict[type, str] = {float: "float", int: "int", bool: "Boolean", str: "String", dict: "Vector3", list: "List"}

_WIRE_NAMES = {"set_object_states": "SetObjectStates", "time_until_room_temp": "TimeUntilRoomTemp"}
"""Arguments whose names in the protocol do not follow the rule."""

_missing = object()


@dataclass(frozen=True)
class Action:
    """An action that the simulator can do.

    Attributes:
        name: As in the protocol.
        function: What does it.
        seconds: Simulated time it takes.
        open_ended: Accepts arguments that it does not know, as AI2-THOR's older actions do.
        ignored: Arguments that AI2-THOR knows and that change nothing here.
    """

    name: str
    function: Callable[..., Any]
    seconds: float
    open_ended: bool
    ignored: tuple[str, ...] = ()

    @cached_property
    def parameters(self) -> dict[str, tuple[tuple[type, ...], Any]]:
        """By AI2-THOR's name: accepted types (NoneType among them if null is) and the default."""
        hints = typing.get_type_hints(self.function)
        found: dict[str, tuple[tuple[type, ...], Any]] = {}
        for name, parameter in inspect.signature(self.function).parameters.items():
            if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
                continue
            default = _missing if parameter.default is inspect.Parameter.empty else parameter.default
            found[_WIRE_NAMES.get(name, _camel(name))] = (_plain_types(hints[name]), default)
        return found

    def bind(self, given: dict[str, Any]) -> dict[str, Any]:
        """The arguments for `function`.

        Raises:
            ActionError: If one is missing, unknown or of a wrong type.
        """
        known = self.parameters
        unknown = [name for name in given if name not in known and name not in (*self.ignored, *_EVERYWHERE)]
        if unknown and not self.open_ended:
            raise ActionError(self._unknown_arguments(unknown, given), code="InvalidArgument")
        missing = [name for name, (_, default) in known.items() if default is _missing and given.get(name) is None]
        if {"objectId", "x", "y"} <= known.keys() and not self.open_ended:
            # a target, by id or by place in the frame; the older actions take the frame's corner for granted
            missing += [] if any(given.get(name) is not None for name in ("objectId", "x", "y")) else ["objectId"]
        if missing:
            message = f"action: {self.name} is missing the following arguments: {','.join(missing)}"
            raise ActionError(message, code="MissingArguments")
        given_known = (name for name in known if given.get(name) is not None)
        return {_snake(name): self._convert(name, given[name]) for name in given_known}

    def _convert(self, name: str, value: Any) -> Any:
        accepted = self.parameters[name][0]
        for wanted in accepted:
            if wanted is float and isinstance(value, (int, float)) and not isinstance(value, bool):
                return float(value)
            if wanted is int and isinstance(value, float) and value.is_integer():
                return int(value)
            if wanted is bool and value in (0, 1) and not isinstance(value, float):
                return bool(value)
            if isinstance(value, wanted) and not (isinstance(value, bool) and wanted in (int, float)):
                return value
        kind = next((_NAMES[t] for t in accepted if t in _NAMES), accepted[0].__name__)
        message = f"action: {self.name} has an invalid argument: {name} (=={value}). Cannot convert to: {kind}"
        raise ActionError(message, code="InvalidArgument")

    def _unknown_arguments(self, unknown: list[str], given: dict[str, Any]) -> str:
        plural = "s" if len(unknown) > 1 else ""
        yours = ", ".join(f"'{name}'" for name in given if name not in ("action", "sequenceId"))
        signature = ", ".join(
            f"{_NAMES.get(accepted[0], accepted[0].__name__)} {name}" + ("" if default is _missing else f" = {default}")
            for name, (accepted, default) in self.parameters.items()
        )
        return (
            f'\n\tAction: "{self.name}" called with invalid argument{plural}: '
            + ", ".join(f"'{name}'" for name in unknown)
            + f"\n\tExpected arguments: {', '.join(self.parameters)}\n\tYour arguments: {yours}"
            + f'\n\tValid ways to call "{self.name}" action:\n\t\tpublic void {self.name}({signature})'
        )


ACTIONS: dict[str, Action] = {}
"""All supported actions."""

_UNSUPPORTED: dict[str, str] = {}


def action(
    *names: str, seconds: float = 0.02, open_ended: bool = False, ignored: tuple[str, ...] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as an action under one or more names."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            ACTIONS[name] = Action(name, function, seconds, open_ended, ignored)
        return function

    return register


def unsupported(reason: str, *names: str) -> None:
    """Name actions of AI2-THOR that this simulator cannot do, and why."""
    _UNSUPPORTED.update(dict.fromkeys(names, reason))


def perform(session: Session, request: dict[str, Any]) -> Any:
    """Do what the client asks for.

    Args:
        session: Whose.
        request: The action and its arguments, as sent.

    Returns:
        The event's ``actionReturn``.

    Raises:
        ActionError: If it cannot be done.
    """
    name = request["action"]
    known = ACTIONS.get(name)
    if known is None:
        if name in _UNSUPPORTED:
            message = f"Invalid action: {name} (the headless simulator does not support it: {_UNSUPPORTED[name]})"
            raise ActionError(message, code="InvalidAction")
        raise ActionError(f"Invalid action: {name}", code="InvalidAction")
    arguments = known.bind(request)
    result = known.function(session, **arguments)
    session.after(known.seconds)
    return result


def _plain_types(hint: Any) -> tuple[type, ...]:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return tuple(t for part in typing.get_args(hint) for t in _plain_types(part) if t is not type(None))
    origin = typing.get_origin(hint)
    return (origin or hint,)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda match: "_" + match[0].lower(), name).lstrip("_")
