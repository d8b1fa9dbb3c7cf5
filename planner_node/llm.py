"""The `llm` planner: any OpenAI-compatible chat endpoint, answering in the skill table's JSON schema.

A reply is data: it is parsed, its phrases are resolved against memory, and the plan is verified. What is wrong with
it goes back to the model once, with the reasons; after that the planner gives up, and the agent's fallback plans.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai
import pydantic

from planner_node.compose import Composer
from planner_node.errors import PlannerError
from planner_node.parser import Intent, NounPhrase, noun_phrase
from planner_node.plan import Plan
from planner_node.planner import NotUnderstoodError, Situation
from planner_node.prompts import build_prompt, estimate_tokens
from planner_node.resolve import Resolver
from planner_node.schema import PlanReply, plan_schema
from planner_node.skills import SKILLS
from planner_node.verifier import verify

__all__ = ["LlmConfig", "LlmPlanner", "ModelError"]


_REPAIR = "That plan is refused: {reasons}. Reply with a better one."


class ModelError(PlannerError):
    """The endpoint did not answer, or answered what is not a reply; the message says what to check."""


@dataclass(frozen=True, kw_only=True)
class LlmConfig:
    """How to reach a model and what it may cost.

    Attributes:
        base_url: Of the endpoint, ending in ``/v1``; None for OpenAI's own.
        model: Its name there.
        api_key_env: Environment variable that holds the key; local servers need none.
        temperature: Of sampling.
        timeout: Of one request, seconds.
        deadline: Of all requests for one instruction, seconds.
        retries: After connection errors, 429 and 5xx, with back-off.
        prompt_tokens: Of one prompt, about.
        reply_tokens: Of one reply at most.
        total_tokens: Of all requests of this planner at most; None for no bound.
        output: ``"json_schema"``, ``"tools"`` for servers that have only tool calls, or ``"text"``.
        stream: Receive the reply piece by piece, so that cancelling takes effect at once.
        transcript: JSON Lines file to which every exchange is appended, keys redacted; None for none.
    """

    base_url: str | None = None
    model: str = "gpt-4o-mini"
    api_key_env: str = "OPENAI_API_KEY"
    temperature: float = 0.0
    timeout: float = 30.0
    deadline: float = 90.0
    retries: int = 2
    prompt_tokens: int = 3500
    reply_tokens: int = 1024
    total_tokens: int | None = None
    output: str = "json_schema"
    stream: bool = True
    transcript: Path | None = None


@dataclass
class LlmPlanner:
    """Plans by asking a language model.

    Attributes:
        config: Endpoint and bounds.
        cancelled: Set it to stop a request that is under way.
        clock: Monotonic seconds.
        spent: Tokens used so far, as reported or estimated.
    """

    config: LlmConfig
    cancelled: threading.Event = field(default_factory=threading.Event)
    clock: Callable[[], float] = time.monotonic
    spent: int = 0
    name: str = "llm"

    def __post_init__(self) -> None:
        if self.config.output not in {"json_schema", "tools", "text"}:
            raise ModelError(f"output must be json_schema, tools or text, got {self.config.output!r}")
        self._key = os.environ.get(self.config.api_key_env, "")
        if not self._key and self.config.base_url is None:
            raise ModelError(f"set {self.config.api_key_env} to your key, or base_url to a local server")
        self._client = openai.OpenAI(
            base_url=self.config.base_url,
            api_key=self._key or "none",
            timeout=self.config.timeout,
            max_retries=self.config.retries,
        )

    def plan(self, instruction: str, situation: Situation) -> Plan:
        """See `planner_node.planner.Planner`.

        Raises:
            NotUnderstoodError: If the model asks back, cannot be reached, or gives no good plan in two replies.
        """
        self.cancelled.clear()
        began = self.clock()
        memory = situation.knowledge.render(instruction, token_budget=self.config.prompt_tokens)
        prompt = build_prompt(instruction, situation.session, memory, token_budget=self.config.prompt_tokens)
        messages = prompt.messages()
        reasons: list[str] = []
        for _ in range(2):
            try:
                text = self._ask(messages, began)
            except ModelError as error:
                raise NotUnderstoodError(str(error)) from error
            try:
                plan = self._read(instruction, text, situation)
                reasons = [violation.message for violation in verify(plan, situation)]
            except (ModelError, NotUnderstoodError) as error:
                reasons = [str(error)]
            else:
                if not reasons:
                    return plan
            messages = [
                *prompt.messages(),
                {"role": "assistant", "content": text[:4000]},
                {
                    "role": "user",
                    "content": _REPAIR.format(reasons="; ".join(reasons)[:1500]),
                },
            ]
        raise NotUnderstoodError(f"the model gave no plan that can be carried out: {'; '.join(reasons)}")

    def cancel(self) -> None:
        """Stop a request that is under way."""
        self.cancelled.set()

    # Asking.

    def _ask(self, messages: list[dict[str, str]], began: float) -> str:
        """One exchange.

        Raises:
            ModelError: If there is no reply, or a bound is reached.
        """
        left = self.config.deadline - (self.clock() - began)
        if left <= 0:
            raise ModelError(f"the model took longer than {self.config.deadline:g} s; raise the deadline")
        size = sum(estimate_tokens(m["content"]) for m in messages)
        if self.config.total_tokens is not None and self.spent + size > self.config.total_tokens:
            raise ModelError(f"the budget of {self.config.total_tokens} tokens is spent")
        started = self.clock()
        text, failure, used = "", "", 0
        try:
            text, used = self._exchange(messages, min(left, self.config.timeout))
        except ModelError as error:
            failure = str(error)
        except openai.APITimeoutError:
            failure = f"the model did not answer within {self.config.timeout:g} s"
        except openai.APIConnectionError:
            failure = f"no model answers at {self._client.base_url}; is the server running?"
        except openai.APIStatusError as error:
            failure = f"the model's server answered {error.status_code}"
        except openai.OpenAIError as error:
            failure = f"the model's server cannot be used: {type(error).__name__}"
        except (ValueError, TypeError, AttributeError, IndexError, KeyError):
            # The client library trips in many ways over what is not the chat protocol.
            failure = "the model's server answered what is not a chat completion"
        self.spent += used or size + estimate_tokens(text)
        self._record(messages, text, failure, self.clock() - started)
        if failure:
            raise ModelError(failure)
        return text

    def _exchange(self, messages: list[dict[str, str]], timeout: float) -> tuple[str, int]:
        """The reply's text, and tokens used (0 if not told)."""
        request: dict[str, Any] = {
            "model": self.config.model,
            "messages": messages,
            "temperature": self.config.temperature,
            "max_tokens": self.config.reply_tokens,
            "timeout": timeout,
        }
        if self.config.output == "json_schema":
            request["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "plan", "strict": True, "schema": plan_schema()},
            }
        elif self.config.output == "tools":
            request["tools"] = [
                {
                    "type": "function",
                    "function": {"name": "plan", "description": "the plan", "parameters": plan_schema()},
                }
            ]
            request["tool_choice"] = "required"
        if self.config.stream:
            return self._streamed(request)
        reply = self._client.chat.completions.create(**request)
        message = reply.choices[0].message
        calls = message.tool_calls
        text = calls[0].function.arguments if calls else message.content or ""
        return text, reply.usage.total_tokens if reply.usage is not None else 0

    def _streamed(self, request: dict[str, Any]) -> tuple[str, int]:
        pieces: list[str] = []
        used = 0
        length = 0
        ends = self.clock() + request["timeout"]
        with self._client.chat.completions.create(**request, stream=True) as stream:
            for chunk in stream:
                if self.cancelled.is_set():
                    raise ModelError("cancelled while the model was answering")
                if self.clock() > ends:
                    raise ModelError(f"the model did not finish within {request['timeout']:g} s")
                if chunk.usage is not None:
                    used = chunk.usage.total_tokens
                if not chunk.choices:
                    continue
                delta = chunk.choices[0].delta
                text = delta.content or ""
                if delta.tool_calls:
                    text = (delta.tool_calls[0].function.arguments or "") if delta.tool_calls[0].function else ""
                pieces.append(text)
                length += len(text)
                if length > 8 * self.config.reply_tokens:
                    raise ModelError("the model's reply is longer than it was asked to be")
        return "".join(pieces), used

    # Reading.

    def _read(self, instruction: str, text: str, situation: Situation) -> Plan:
        """A plan from a reply's text.

        Raises:
            ModelError: If it is not of the schema.
            NotUnderstoodError: If it asks back, or names what means nothing.
        """
        try:
            reply = PlanReply.model_validate_json(_json_part(text))
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the reply"
            raise ModelError(f"not a plan in the schema: {where}: {first['msg']}") from error
        if not reply.steps:
            raise NotUnderstoodError("the model made no plan", question=reply.question or "What shall I do?")
        intents = []
        for number, step in enumerate(reply.steps):
            skill = SKILLS.get(step.skill)
            if skill is None:
                raise ModelError(f"step {number}: there is no skill {step.skill!r}")
            known = {p.name for p in skill.parameters}
            given = {n: v for n, v in step.model_dump(exclude={"skill", "amount"}).items() if v}
            if set(given) - known:
                raise ModelError(f"step {number}: {skill.signature()} takes no {sorted(set(given) - known)[0]}")
            missing = [
                p.name for p in skill.parameters if not p.optional and p.kind == "object" and p.name not in given
            ]
            if missing:
                raise ModelError(f"step {number}: {skill.signature()} needs {missing[0]}")
            phrases = {name: self._phrase(value, situation) for name, value in given.items()}
            intents.append(Intent(skill=step.skill, phrases=phrases, amount=step.amount, text=f"step {number}"))
        composer = Composer(instruction, situation.grounder(), self.name)
        Resolver(composer).run(intents)
        return composer.plan()

    @staticmethod
    def _phrase(value: str, situation: Situation) -> NounPhrase:
        if situation.knowledge.get(value) is not None:
            return NounPhrase(words=(value,), memory_id=value)
        return noun_phrase(value, situation.ontology)

    # Transcript.

    def _record(self, messages: list[dict[str, str]], reply: str, failure: str, seconds: float) -> None:
        if self.config.transcript is None:
            return
        entry = {
            "model": self.config.model,
            "messages": messages,
            "reply": reply,
            "failure": failure,
            "seconds": round(seconds, 3),
        }
        line = _redact(json.dumps(entry, ensure_ascii=False), self._key)
        with self.config.transcript.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def _json_part(text: str) -> str:
    """The outermost JSON object in a text: models wrap it in prose or fences where no schema holds them."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text


def _redact(text: str, key: str) -> str:
    """Without keys and images."""
    if key:
        text = text.replace(key, "[key]")
    text = re.sub(r"\b(sk|key|token)-[A-Za-z0-9_-]{8,}", "[key]", text)
    text = re.sub(r"(?i)bearer [A-Za-z0-9._-]{8,}", "Bearer [key]", text)
    return re.sub(r"data:image/[a-z]+;base64,[A-Za-z0-9+/=]+", "[image]", text)
