"""What the agent can be told to do, by AI2-THOR's names."""

from sim.headless.actions import containers, handling, initialize, movement, queries
from sim.headless.actions.registry import ACTIONS, perform

__all__ = ["ACTIONS", "containers", "handling", "initialize", "movement", "perform", "queries"]
