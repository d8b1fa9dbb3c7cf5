"""Policies by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from memory_node.policies.adaptive import Adaptive
from memory_node.policies.base import Context, K, Policy, PolicyError, V
from memory_node.policies.ebbinghaus import Ebbinghaus
from memory_node.policies.fifo import FIFO
from memory_node.policies.karma import Karma
from memory_node.policies.lfu import LFU
from memory_node.policies.lru import LRU
from memory_node.policies.relevance import Relevance
from memory_node.policies.s3fifo import S3FIFO
from memory_node.policies.sieve import Sieve
from memory_node.policies.spatial import Spatial
from memory_node.policies.wtinylfu import WTinyLFU

__all__ = ["DEFAULT", "create", "names"]

DEFAULT = Adaptive.name
"""The policy used where none is asked for."""

_POLICIES: dict[str, type[Policy[Any, Any]]] = {
    policy.name: policy
    for policy in (FIFO, LRU, LFU, WTinyLFU, Karma, S3FIFO, Sieve, Ebbinghaus, Spatial, Relevance, Adaptive)
}


def names() -> tuple[str, ...]:
    """All policies that `create` knows."""
    return tuple(_POLICIES)


def create(
    name: str,
    capacity: int,
    *,
    clock: Callable[[], float] | None = None,
    seed: int = 0,
    context: Context | None = None,
    on_evict: Callable[[K, V], None] | None = None,
) -> Policy[K, V]:
    """Make an empty cache.

    Args:
        name: One of `names`; parameters of its own may follow, as in ``karma:window=0.9:protected=0.5``.
        capacity: How many keys it holds.
        clock: See `Policy`.
        seed: See `Policy`.
        context: See `Policy`.
        on_evict: See `Policy`.

    Raises:
        PolicyError: Unknown name or parameter, or a bad capacity.

    Example:
        >>> cache = create("lru", 2)
        >>> cache["mug"], cache["plate"], cache["fork"] = 1, 2, 3
        >>> list(cache)
        ['plate', 'fork']
    """
    name, *settings = name.split(":")
    if name not in _POLICIES:
        hint = "; it knows the future, so only `simulate` offers it" if name == "opt" else ""
        raise PolicyError(f"no policy {name!r}{hint}; choose one of {', '.join(_POLICIES)}")
    parameters = _parameters(name, settings)
    return _POLICIES[name](capacity, clock=clock, seed=seed, context=context, on_evict=on_evict, **parameters)


def _parameters(name: str, settings: list[str]) -> dict[str, Any]:
    """A policy's own parameters, from ``parameter=number`` each."""
    signature = inspect.signature(_POLICIES[name].__init__).parameters.values()
    common = {p.name for p in inspect.signature(Policy.__init__).parameters.values()}
    own = {p.name for p in signature if p.kind is p.KEYWORD_ONLY} - common
    parameters: dict[str, Any] = {}
    for setting in settings:
        key, _, value = setting.partition("=")
        if key not in own:
            raise PolicyError(f"policy {name} has no parameter {key!r}; it has {', '.join(sorted(own)) or 'none'}")
        try:
            parameters[key] = int(value) if value.isdigit() else float(value)
        except ValueError:
            raise PolicyError(f"{key} of policy {name} is a number, not {value!r}") from None
    return parameters
