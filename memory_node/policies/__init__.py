"""Replacement policies for short-term memory: each a bounded `MutableMapping` behind one protocol.

`create` makes one by name, `simulate` measures one on a trace of keys.
"""

from memory_node.policies.base import Context, PinError, Policy, PolicyError
from memory_node.policies.picture import draw_rates
from memory_node.policies.registry import DEFAULT, create, names
from memory_node.policies.simulation import HitRate, simulate
from memory_node.policies.traces import FORMATS, household_tasks, read_trace

__all__ = [
    "DEFAULT",
    "FORMATS",
    "Context",
    "HitRate",
    "PinError",
    "Policy",
    "PolicyError",
    "create",
    "draw_rates",
    "household_tasks",
    "names",
    "read_trace",
    "simulate",
]
