"""The `llm` planner: any OpenAI-compatible chat endpoint, answering in the skill table's JSON schema.

A reply is data: it is parsed, its phrases are resolved against memory, and the plan is verified. What is wrong with
it goes back to the model once, with the reasons; after that the planner gives up, and the agent's fallback plans.
In mode ``"step"`` the model is asked for one skill at a time and told what came of it (ReAct, arXiv 2210.03629).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pydantic

from planner_node.chat import ChatClient, LlmConfig, ModelError
from planner_node.compose import Composer
from planner_node.experience import ExperienceError
from planner_node.parser import Intent, NounPhrase, noun_phrase
from planner_node.plan import Plan
from planner_node.planner import Move, NotUnderstoodError, Situation, Usage
from planner_node.prompts import EXAMPLES, Prompt, build_prompt
from planner_node.resolve import Resolver
from planner_node.schema import CallReply, PlanReply, StepReply, plan_schema, step_schema
from planner_node.skills import SKILLS
from planner_node.verifier import verify

__all__ = ["LlmConfig", "LlmPlanner", "ModelError"]

_REPAIR = "That plan is refused: {reasons}. Reply with a better one."

_RETRIEVED = 2
"""Examples and tips from experience in one prompt, of each."""

_Reply = TypeVar("_Reply", bound=pydantic.BaseModel)
_Read = TypeVar("_Read")


@dataclass
class LlmPlanner:
    """Plans by asking a language model.

    Attributes:
        config: Endpoint and bounds.
        clock: Monotonic seconds.
        name: Of the planner, for plans.

    Raises:
        ModelError: If the configuration makes no sense, or there is no key.
    """

    config: LlmConfig
    clock: Callable[[], float] = time.monotonic
    name: str = field(default="llm", init=False)

    def __post_init__(self) -> None:
        self.chat = ChatClient(self.config, clock=self.clock)

    @property
    def stepwise(self) -> bool:
        """Whether it is to be asked for one step at a time."""
        return self.config.mode == "step"

    @property
    def used(self) -> Usage:
        """Tokens and cost so far."""
        return self.chat.used

    def cancel(self) -> None:
        """Stop a request that is under way, once the situation's `cancelled` is set."""
        self.chat.wake()

    def plan(self, instruction: str, situation: Situation) -> Plan:
        """See `planner_node.planner.Planner`.

        Raises:
            NotUnderstoodError: If the model asks back, cannot be reached, or gives no good plan in two replies.
        """

        def read(text: str) -> Plan:
            reply = _parse(PlanReply, text)
            if not reply.steps:
                raise NotUnderstoodError("the model made no plan", question=reply.question or "What shall I do?")
            return self._plan(instruction, reply.steps, situation)

        def refused(plan: Plan) -> list[str]:
            return [violation.message for violation in verify(plan, situation)]

        return self._converse(self._prompt(instruction, situation), plan_schema(), read, refused, situation)

    def next_move(self, instruction: str, situation: Situation) -> Move:
        """The next step, given what `situation.working` says was done so far.

        Raises:
            NotUnderstoodError: If the model asks back, cannot be reached, or gives no good step in two replies.
        """

        def read(text: str) -> Move:
            reply = _parse(StepReply, text)
            if reply.done:
                return Move(done=True, thought=reply.thought)
            if reply.step is None:
                raise NotUnderstoodError("the model made no step", question=reply.question or "What shall I do?")
            return Move(plan=self._plan(instruction, [reply.step], situation), thought=reply.thought)

        def refused(move: Move) -> list[str]:
            if move.plan is None:
                return []
            return [v.message for v in verify(move.plan, situation, whole=False)]

        prompt = self._prompt(instruction, situation, progress=situation.working.progress())
        return self._converse(prompt, step_schema(), read, refused, situation)

    def _prompt(self, instruction: str, situation: Situation, *, progress: str | None = None) -> Prompt:
        examples, tips = list(EXAMPLES), []
        if situation.experience is not None:
            try:
                known = situation.experience.examples(instruction, k=_RETRIEVED)
                examples = [*((e.instruction, e.reply) for e in known), *EXAMPLES]
                tips = [t.describe() for t in situation.experience.tips(instruction, k=_RETRIEVED)]
            except ExperienceError:
                # An instruction can be carried out without it; the agent says that it is out of order.
                pass
        return build_prompt(
            instruction,
            situation.working.changes(),
            situation.knowledge.render(instruction, token_budget=self.config.prompt_tokens),
            token_budget=self.config.prompt_tokens,
            examples=examples,
            tips=tips,
            progress=progress,
        )

    def _converse(
        self,
        prompt: Prompt,
        schema: dict[str, Any],
        read: Callable[[str], _Read],
        refused: Callable[[_Read], list[str]],
        situation: Situation,
    ) -> _Read:
        """A reply that can be used, the second at latest.

        Raises:
            NotUnderstoodError: If there is none.
        """
        ends = self.clock() + self.config.deadline
        messages = prompt.messages()
        reasons: list[str] = []
        question = ""
        for _ in range(2):
            try:
                text = self.chat.ask(messages, schema, ends=ends, cancelled=situation.cancelled)
            except ModelError as error:
                raise NotUnderstoodError(str(error)) from error
            try:
                result = read(text)
            except ModelError as error:
                reasons = [str(error)]
            except NotUnderstoodError as error:
                reasons, question = [str(error)], error.question
            else:
                reasons = refused(result)
                if not reasons:
                    return result
            repair = _REPAIR.format(reasons="; ".join(reasons)[:1500])
            messages = [
                *prompt.messages(),
                {"role": "assistant", "content": text[:4000]},
                {"role": "user", "content": repair},
            ]
        raise NotUnderstoodError(
            f"the model gave no plan that can be carried out: {'; '.join(reasons)}", question=question
        )

    # Reading.

    def _plan(self, instruction: str, calls: list[CallReply], situation: Situation) -> Plan:
        """A plan from the calls of a reply.

        Raises:
            ModelError: If one names a skill or argument that does not exist.
            NotUnderstoodError: If one names a thing that means nothing.
        """
        intents = []
        for number, call in enumerate(calls):
            skill = SKILLS.get(call.skill)
            if skill is None:
                raise ModelError(f"step {number}: there is no skill {call.skill!r}")
            known = {p.name for p in skill.parameters}
            given = {n: v for n, v in call.model_dump(exclude={"skill", "amount"}).items() if v}
            if set(given) - known:
                raise ModelError(f"step {number}: {skill.signature()} takes no {sorted(set(given) - known)[0]}")
            missing = [
                p.name for p in skill.parameters if not p.optional and p.kind == "object" and p.name not in given
            ]
            if missing:
                raise ModelError(f"step {number}: {skill.signature()} needs {missing[0]}")
            phrases = {name: self._phrase(value, situation) for name, value in given.items()}
            intents.append(Intent(skill=call.skill, phrases=phrases, amount=call.amount, text=f"step {number}"))
        composer = Composer(instruction, situation.grounder(), self.name)
        Resolver(composer).run(intents)
        return composer.plan()

    @staticmethod
    def _phrase(value: str, situation: Situation) -> NounPhrase:
        if situation.knowledge.get(value) is not None:
            return NounPhrase(words=(value,), memory_id=value)
        return noun_phrase(value, situation.ontology)


def _parse(kind: type[_Reply], text: str) -> _Reply:
    """A reply of a kind from a text.

    Raises:
        ModelError: If it is not of the schema.
    """
    try:
        return kind.model_validate_json(_json_part(text))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the reply"
        raise ModelError(f"not a plan in the schema: {where}: {first['msg']}") from error


def _json_part(text: str) -> str:
    """The outermost JSON object in a text: models wrap it in prose or fences where no schema holds them."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text
