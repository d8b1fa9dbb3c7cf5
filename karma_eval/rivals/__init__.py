"""Memories as others keep them, behind the same planner and skills, for comparison."""

from karma_eval.rivals.registry import RIVALS, open_rival

__all__ = ["RIVALS", "open_rival"]
