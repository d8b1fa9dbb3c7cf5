"""The root of what `planner_node` raises."""

__all__ = ["PlannerError"]


class PlannerError(Exception):
    """Root of all errors raised by `planner_node`; what goes wrong in the world is a result, not an error."""
