"""What can be wrong with an evaluation, short of a robot that fails."""

from __future__ import annotations

__all__ = ["AlreadyTrueError", "EvalError", "TaskError"]


class EvalError(Exception):
    """Root of all errors raised by `karma_eval`."""


class TaskError(EvalError, ValueError):
    """A task that is malformed or does not fit its scene; the message says where and what to do."""


class AlreadyTrueError(TaskError):
    """A milestone that already holds when its instruction begins: a robot that does nothing would meet it."""
