"""Processor time by phase, measured by wrapping functions of the program while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Stopwatch"]


class Stopwatch:
    """Adds up the processor time that this process spends in phases."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time what runs inside; phases must not contain each other."""
        begin = time.process_time()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - begin

    @contextmanager
    def on(self, owner: Any, name: str, phase: str) -> Iterator[None]:
        """Time a function of a class or module as a phase, while inside."""
        function: Callable[..., Any] = getattr(owner, name)

        def timed(*arguments: Any, **options: Any) -> Any:
            with self.phase(phase):
                return function(*arguments, **options)

        setattr(owner, name, timed)
        try:
            yield
        finally:
            setattr(owner, name, function)

    def milliseconds(self, whole: float, steps: int) -> dict[str, float]:
        """Of each phase, and of what is in none, for one of the steps that took `whole` seconds in all."""
        rest = whole - sum(self.seconds.values())
        return {name: 1000 * spent / steps for name, spent in (*self.seconds.items(), ("other", rest))}
