"""The learned instruction parser: ALFRED goals and steps from a person's sentences, without a language model."""

from planner_node.learned.alfred import AlfredGoal, ParsedStep, parse_goal, parse_steps

__all__ = ["AlfredGoal", "ParsedStep", "parse_goal", "parse_steps"]
