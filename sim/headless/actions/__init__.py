"""What the agent can be told to do, by AI2-THOR's names."""

from sim.headless.actions import arranging, containers, hand, handling, initialize, movement, pushing, queries, states
from sim.headless.actions.registry import ACTIONS, perform

__all__ = [
    "ACTIONS",
    "arranging",
    "containers",
    "hand",
    "handling",
    "initialize",
    "movement",
    "perform",
    "pushing",
    "queries",
    "states",
]
