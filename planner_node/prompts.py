"""The prompt of a language model, in KARMA's order: role, skills, examples, earlier changes, instruction, memory.

The same inputs give the same text. What memory holds came in through sensors, so it is fenced, stripped of anything
but plain words, and declared to be data; what a model makes of it is verified like any other plan.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from planner_node.session import Session
from planner_node.skills import SKILLS

__all__ = ["EXAMPLES", "Prompt", "build_prompt", "estimate_tokens", "plain"]

_ROLE = (
    "You plan for a household robot with one hand. Turn the instruction into skill calls, in order. "
    "Use only the skills listed. Name things by their memory id where memory lists them, else by a short phrase; "
    "the robot searches for what memory does not list. Prefer the composite skills: they open and close doors and free "
    "the hand by themselves. Use slice, cut, cook, break and throw_away only if the instruction asks for them. "
    "If the instruction cannot be understood, return no steps and ask a question. Reply with JSON only."
)

EXAMPLES: tuple[tuple[str, str], ...] = (
    ("Wash the apple.", '{"steps":[{"skill":"wash","object":"apple","receptacle":null}],"question":""}'),
    (
        "Put a chilled tomato slice on the plate.",
        (
            '{"steps":[{"skill":"cut","object":"tomato","tool":null},'
            '{"skill":"cool","object":"tomato slice","receptacle":null},'
            '{"skill":"move","object":"tomato slice","receptacle":"plate"}],"question":""}'
        ),
    ),
)
"""Instructions with good replies."""


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has: four characters each, as with common tokenizers on English."""
    return -(-len(text) // 4)


def plain(text: str) -> str:
    """A text from sensors without what could pass for markup or a new section: letters, digits, mild punctuation."""
    lines = (re.sub(r"[^\w .,:;()\[\]/%+°\-]", " ", line)[:300].strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


@dataclass(frozen=True)
class Prompt:
    """What is sent to a model.

    Attributes:
        system: Role, skills and examples: equal for every instruction.
        user: Earlier changes, instruction and memory.
    """

    system: str
    user: str

    @property
    def tokens(self) -> int:
        """About how many tokens it has."""
        return estimate_tokens(self.system) + estimate_tokens(self.user)

    def messages(self) -> list[dict[str, str]]:
        """As chat messages."""
        return [{"role": "system", "content": self.system}, {"role": "user", "content": self.user}]


def system_text(examples: Sequence[tuple[str, str]] = EXAMPLES) -> str:
    """Role, skills and examples."""
    skills = "\n".join(f"- {skill.signature()}: {skill.description}" for skill in SKILLS.values())
    shown = "\n".join(f"Instruction: {said}\nReply: {reply}" for said, reply in examples)
    return f"{_ROLE}\n\nSkills (? marks what may be null):\n{skills}\n\nExamples:\n{shown}"


def changes_text(session: Session, *, most: int = 8) -> str:
    """What earlier instructions changed, newest last, a line each."""
    return "\n".join(f"- {plain(skill)} {plain(object_id)}" for skill, object_id, _ in session.deeds[-most:])


def build_prompt(
    instruction: str,
    session: Session,
    memory: str,
    *,
    token_budget: int,
    examples: Sequence[tuple[str, str]] = EXAMPLES,
) -> Prompt:
    """The prompt for one instruction.

    Args:
        instruction: The person's words.
        session: What was done before.
        memory: Rendered memory, short-term before long-term.
        token_budget: Tokens of the whole prompt; memory is cut at a line to keep it, the rest never is.
        examples: Instructions with good replies.
    """
    system = system_text(examples)
    changes = changes_text(session)
    head = f"Changed by earlier tasks:\n{changes}\n\n" if changes else ""
    head += f"Instruction: {' '.join(instruction.split())}\n\n<memory>\n"
    tail = "\n</memory>"
    room = token_budget - estimate_tokens(system) - estimate_tokens(head + tail)
    kept: list[str] = []
    for line in plain(memory).splitlines():
        room -= estimate_tokens(line + "\n")
        if room < 0:
            break
        kept.append(line)
    return Prompt(system=system, user=head + "\n".join(kept) + tail)
