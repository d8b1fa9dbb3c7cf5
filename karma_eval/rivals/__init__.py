"""Memories as others keep them, behind the same planner and skills, for comparison."""

from karma_eval.rivals.registry import RIVALS, is_own, open_rival

__all__ = ["RIVALS", "is_own", "open_rival"]
