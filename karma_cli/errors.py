"""How the command line fails: one clear message, exit code 2, no traceback."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

__all__ = ["CliError", "friendly"]

P = ParamSpec("P")
R = TypeVar("R")


class CliError(Exception):
    """What the user asked for cannot be done; the message says what to do instead."""


def friendly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the project's own errors, and a missing file, into one message and exit code 2."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except KeyboardInterrupt:
            typer.echo("Interrupted.", err=True)
            raise typer.Exit(130) from None
        except BrokenPipeError:
            sys.stderr.close()  # whoever read the output has left: nothing more to say
            raise typer.Exit(0) from None
        except Exception as error:
            if not isinstance(error, _expected()):
                raise
            typer.echo(f"karma: {_message(error)}", err=True)
            raise typer.Exit(2) from error

    return wrapper


def _message(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _expected() -> tuple[type[Exception], ...]:
    """Root errors of the parts that are loaded: those that are not cannot have been raised."""
    roots = {
        "karma_eval.errors": "EvalError",
        "memory_node.errors": "MemoryNodeError",
        "planner_node.errors": "PlannerError",
        "planner_node.knowledge": "KnowledgeError",
        "scene_graph.types": "SceneGraphError",
        "sim.errors": "SimError",
    }
    loaded = (getattr(sys.modules.get(module), name, None) for module, name in roots.items())
    return (CliError, OSError, *(error for error in loaded if error is not None))
