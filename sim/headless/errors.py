"""Errors of the headless simulator.

`HeadlessError` is what a user of the package sees; `ActionError` is what an action answers with, worded as AI2-THOR
words it, and never leaves the simulator's process.
"""

from __future__ import annotations

__all__ = ["ActionError", "HeadlessError", "ProtocolError", "SceneError"]


class HeadlessError(Exception):
    """Root of all errors that the headless simulator raises."""


class SceneError(HeadlessError, ValueError):
    """A scene or a house that cannot be loaded."""


class ProtocolError(HeadlessError):
    """The client sent bytes that are no message; the connection cannot go on."""


class ActionError(HeadlessError):
    """An action failed.

    Args:
        message: As the client reads it in ``errorMessage``.
        code: AI2-THOR's ``errorCode``, e.g. ``"InvalidAction"``; the client raises ValueError on four of them.
            None for an action that was understood but could not be done.
    """

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code
