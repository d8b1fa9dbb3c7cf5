"""The prompt of a language model, in KARMA's order: role, skills, examples, earlier changes, instruction, memory.

The same inputs give the same text. What memory holds came in through sensors, so it is fenced, stripped of anything
but plain words, and declared to be data; what a model makes of it is verified like any other plan.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from planner_node.skills import SKILLS

__all__ = ["EXAMPLES", "Prompt", "build_prompt", "estimate_tokens", "plain"]

_LEAST_MEMORY = 300
"""Tokens that are kept for memory before examples, tips and progress may have the rest."""

_ROLE = (
    "You plan for a household robot with one hand. Turn the instruction into skill calls, in order. "
    "Use only the skills listed. Name things by their memory id where memory lists them, else by a short phrase; "
    "the robot searches for what memory does not list. Prefer the composite skills: they open and close doors and free "
    "the hand by themselves. Use slice, cut, cook, break and throw_away only if the instruction asks for them. "
    "If the instruction cannot be understood, return no steps and ask a question. Reply with JSON only."
)

_STEPWISE = (
    " Reply with the next skill call only; you will be told what came of it and asked again. When everything that was "
    "asked for is done, reply with done true and step null."
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


_END = "\n</memory>"


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
        system: Role, skills, examples and tips.
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


def _system(examples: Sequence[tuple[str, str]], tips: Sequence[str], *, stepwise: bool) -> str:
    """Role, skills, examples and what went wrong before."""
    skills = "\n".join(f"- {skill.signature()}: {skill.description}" for skill in SKILLS.values())
    parts = [_ROLE + (_STEPWISE if stepwise else ""), f"Skills (? marks what may be null):\n{skills}"]
    if examples:
        shown = "\n".join(
            f"Instruction: {said}\nReply: {_as_step(reply) if stepwise else reply}" for said, reply in examples
        )
        parts.append(f"Examples:\n{shown}")
    if tips:
        parts.append("Went wrong before:\n" + "\n".join(f"- {plain(tip)}" for tip in tips))
    return "\n\n".join(parts)


def _as_step(reply: str) -> str:
    """The first step of an example's reply, as mode ``"step"`` wants it."""
    step = {"thought": "", "step": json.loads(reply)["steps"][0], "done": False, "question": ""}
    return json.dumps(step, ensure_ascii=False, separators=(",", ":"))


def build_prompt(
    instruction: str,
    changes: str,
    memory: str,
    *,
    token_budget: int,
    examples: Sequence[tuple[str, str]] = EXAMPLES,
    tips: Sequence[str] = (),
    progress: str | None = None,
) -> Prompt:
    """The prompt for one instruction.

    Args:
        instruction: The person's words.
        changes: What earlier instructions came to, a line each.
        memory: Rendered memory, short-term before long-term.
        token_budget: Tokens of the whole prompt. To keep it, memory is cut at a line; if that is not enough, examples
            and tips go from the last, then the oldest progress and changes. Role, skills and instruction always stay.
        examples: Instructions with good replies, the most telling first.
        tips: What went wrong before with instructions like this one.
        progress: In mode ``"step"``, what was done for this instruction so far; None for a plan at once.
    """
    examples, tips = list(examples), list(tips)
    lines = {"Changed by earlier tasks": plain(changes).splitlines(), "Done so far": plain(progress or "").splitlines()}

    def texts() -> tuple[str, str]:
        system = _system(examples, tips, stepwise=progress is not None)
        said = f"Instruction: {' '.join(instruction.split())}"
        before, after = (f"{title}:\n" + "\n".join(kept) if kept else "" for title, kept in lines.items())
        return system, "\n\n".join(part for part in (before, said, after, "<memory>\n") if part)

    def room() -> int:
        return token_budget - sum(estimate_tokens(t) for t in texts()) - estimate_tokens(_END)

    while room() < _LEAST_MEMORY:
        shortened = examples or tips or lines["Done so far"] or lines["Changed by earlier tasks"]
        if not shortened:
            break
        shortened.pop(-1 if shortened is examples or shortened is tips else 0)
    system, head = texts()
    left = room()
    kept: list[str] = []
    for line in plain(memory).splitlines():
        left -= estimate_tokens(line + "\n")
        if left < 0:
            break
        kept.append(line)
    return Prompt(system=system, user=head + "\n".join(kept) + _END)
