"""Work spread over processes, with results as they come."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

__all__ = ["spread"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_ITEMS_A_PROCESS = 20
"""After so much work processes are replaced, so that nothing they leak adds up."""


def spread(work: Callable[[Item], Result], items: Sequence[Item], *, workers: int = 1) -> Iterator[Result]:
    """Do some work for every item; yields results in the order in which they are done.

    Args:
        work: A module's function; it runs in another process unless `workers` is 1.
        items: What to do it for; they must pickle.
        workers: Processes; they end with this one, also when it is killed.

    Raises:
        BrokenProcessPool: If a process was killed. What was yielded before stands.
    """
    if workers <= 1 or len(items) <= 1:
        yield from map(work, items)
        return
    # Spawned, not forked: the work starts simulators, threads and numerical libraries of its own. Lest what it leaks
    # adds up, each batch has processes of its own: `max_tasks_per_child` would do it, but with it the executor of
    # Python 3.11 and 3.12 waits for ever (python/cpython#115634).
    context = multiprocessing.get_context("spawn")
    size = workers * _ITEMS_A_PROCESS
    for start in range(0, len(items), size):
        batch = items[start : start + size]
        with ProcessPoolExecutor(
            min(workers, len(batch)), mp_context=context, initializer=_end_with_parent
        ) as executor:
            futures = [executor.submit(work, item) for item in batch]
            try:
                for future in as_completed(futures):
                    yield future.result()
            finally:
                for future in futures:
                    future.cancel()


def _end_with_parent() -> None:
    """End this process as soon as the one that started it is gone: nobody else would tell it that it may stop."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)  # from a thread nothing else ends the work that is under way

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
