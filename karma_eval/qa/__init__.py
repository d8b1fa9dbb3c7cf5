"""Memory question answering: histories of visits to a home, questions about them, and how memories answer."""

from karma_eval.qa.answers import Answer, Answerer
from karma_eval.qa.questions import Ability, Asks, Question

__all__ = ["Ability", "Answer", "Answerer", "Asks", "Question"]
