"""What a user brings along: a class of a file, named ``FILE.py:CLASS`` where a name of ours would stand."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from typing import Any

from karma_eval.errors import EvalError

__all__ = ["is_own", "load_own"]


def is_own(name: str) -> bool:
    """Whether a name is ``FILE.py:CLASS``."""
    return ":" in name


def load_own(name: str, what: str) -> Callable[..., Any]:
    """The class that a name means.

    Args:
        name: ``FILE.py:CLASS``.
        what: What it is used as, for error messages.

    Raises:
        EvalError: If the file cannot be loaded, or has no such class.
    """
    path, _, attribute = name.rpartition(":")
    try:
        found = runpy.run_path(path)[attribute]
    except KeyError:
        raise EvalError(f"{path} defines no {attribute}; name a class of it") from None
    except Exception as error:  # whatever the user's file raises
        raise EvalError(f"{path} cannot be loaded as a {what}: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise EvalError(f"{attribute} of {path} is no class")
    return found  # type: ignore[no-any-return]
