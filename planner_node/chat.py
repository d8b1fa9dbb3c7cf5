"""One exchange with an OpenAI-compatible chat endpoint: bounded in time, tokens and money, cancelled at once.

The request runs in a thread of its own, so that neither a server that says nothing nor one that drips holds up whoever
waits; given up, its connection is closed behind it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai
from openai.types.chat import ChatCompletion

from planner_node.errors import PlannerError
from planner_node.planner import Usage
from planner_node.prompts import estimate_tokens

__all__ = ["ChatClient", "LlmConfig", "ModelError"]

_log = logging.getLogger(__name__)

_OUTPUTS = ("json_schema", "tools", "text")
_MODES = ("plan", "step")

_LARGEST = 4_000_000
"""Bytes of an answer that is not streamed, unpacked."""


class ModelError(PlannerError):
    """The endpoint did not answer, or answered what is not a reply; the message says what to check."""


@dataclass(frozen=True, kw_only=True)
class LlmConfig:
    """How to reach a model and what it may cost.

    Attributes:
        base_url: Of the endpoint, ending in ``/v1``; None for OpenAI's own.
        model: Its name there.
        api_key_env: Environment variable that holds the key; local servers need none.
        mode: ``"plan"``: the whole plan at once; ``"step"``: one skill at a time, with what came of it.
        temperature: Of sampling.
        timeout: Until a request is answered, and again until a streamed answer has ended, seconds.
        deadline: Of all requests for one instruction in mode ``"plan"``, for one step in mode ``"step"``, seconds.
        retries: After connection errors, 429 and 5xx, with back-off.
        prompt_tokens: Of one prompt, about.
        reply_tokens: Of one reply at most.
        total_tokens: Of all requests of this planner at most; None for no bound.
        prices: What a million tokens of prompt and of reply cost, in any currency.
        budget: Most that all requests of this planner may cost, in that currency; None for no bound.
        output: ``"json_schema"``, ``"tools"`` for servers that have only tool calls, or ``"text"``.
        stream: Receive the reply piece by piece.
        transcript: JSON Lines file to which every exchange is appended, keys redacted; None for none.
    """

    base_url: str | None = None
    model: str = "gpt-4o-mini"
    api_key_env: str = "OPENAI_API_KEY"
    mode: str = "plan"
    temperature: float = 0.0
    timeout: float = 30.0
    deadline: float = 90.0
    retries: int = 2
    prompt_tokens: int = 3500
    reply_tokens: int = 1024
    total_tokens: int | None = None
    prices: tuple[float, float] = (0.0, 0.0)
    budget: float | None = None
    output: str = "json_schema"
    stream: bool = True
    transcript: Path | None = None


@dataclass
class _Exchange:
    """A request under way.

    Attributes:
        ended: Set when there is a reply or a failure, or when nobody waits for one any more.
        text: The reply's text.
        failure: Why there is none, for people.
        prompt: Tokens of the prompt, as the server counted; 0 if it did not tell.
        reply: Tokens of the reply, likewise.
        abandoned: Nobody waits for it.
        stream: What to close to end it.
    """

    ended: threading.Event = field(default_factory=threading.Event)
    text: str = ""
    failure: str = ""
    prompt: int = 0
    reply: int = 0
    abandoned: bool = False
    stream: Any = None

    def abandon(self) -> None:
        """Stop waiting, and close the connection."""
        self.abandoned = True
        stream = self.stream
        if stream is not None:
            with contextlib.suppress(Exception):  # it may be closing by itself in the other thread
                stream.close()


@dataclass
class ChatClient:
    """Sends chat requests within bounds, and keeps the transcript.

    Attributes:
        config: Endpoint and bounds.
        clock: Monotonic seconds.
        used: So far, tokens as reported or estimated.

    Raises:
        ModelError: If the configuration makes no sense, or there is no key.
    """

    config: LlmConfig
    clock: Callable[[], float] = time.monotonic
    used: Usage = field(default_factory=Usage)

    def __post_init__(self) -> None:
        if self.config.output not in _OUTPUTS:
            raise ModelError(f"output must be one of {', '.join(_OUTPUTS)}, got {self.config.output!r}")
        if self.config.mode not in _MODES:
            raise ModelError(f"mode must be one of {', '.join(_MODES)}, got {self.config.mode!r}")
        self._key = os.environ.get(self.config.api_key_env, "")
        if not self._key and self.config.base_url is None:
            raise ModelError(f"set {self.config.api_key_env} to your key, or base_url to a local server")
        self._client = openai.OpenAI(
            base_url=self.config.base_url,
            api_key=self._key or "none",
            timeout=self.config.timeout,
            max_retries=self.config.retries,
            # What the prompt tells of a home goes to the server that was chosen, and to no other that it names.
            http_client=openai.DefaultHttpxClient(follow_redirects=False),
        )
        self._waiting: _Exchange | None = None

    def wake(self) -> None:
        """Have a waiting `ask` look at its `cancelled`, from another thread."""
        waiting = self._waiting
        if waiting is not None:
            waiting.ended.set()

    def ask(
        self, messages: list[dict[str, str]], schema: Mapping[str, Any], *, ends: float, cancelled: threading.Event
    ) -> str:
        """The reply to a conversation.

        Args:
            messages: The conversation.
            schema: JSON schema that the reply is held to.
            ends: When to give up, by the clock.
            cancelled: Set to give up; call `wake` afterwards.

        Raises:
            ModelError: If there is no reply, or a bound is reached.
        """
        size = sum(estimate_tokens(m["content"]) for m in messages)
        left = self._check_bounds(size, ends)
        started = self.clock()
        exchange = self._waiting = _Exchange()
        request = self._request(messages, schema, min(left, self.config.timeout))
        if cancelled.is_set():
            raise ModelError("cancelled before the model was asked")
        threading.Thread(target=self._run, args=(exchange, request), name="chat", daemon=True).start()
        answered = exchange.ended.wait(left)
        self._waiting = None
        if cancelled.is_set():
            exchange.abandon()
            exchange.failure = "cancelled while the model was answering"
        elif not answered:
            exchange.abandon()
            exchange.failure = f"the model did not answer within {left:.3g} s"
        used = exchange.prompt or size, exchange.reply or estimate_tokens(exchange.text)
        cost = sum(n * price / 1e6 for n, price in zip(used, self.config.prices, strict=True))
        self.used += Usage(prompt_tokens=used[0], completion_tokens=used[1], cost=cost)
        self._record(messages, exchange, self.clock() - started)
        if exchange.failure:
            raise ModelError(exchange.failure)
        return exchange.text

    def _check_bounds(self, size: int, ends: float) -> float:
        """Seconds left for a request of so many tokens."""
        config = self.config
        if config.total_tokens is not None and self.used.tokens + size > config.total_tokens:
            raise ModelError(f"the budget of {config.total_tokens} tokens is spent")
        least = size * config.prices[0] / 1e6
        if config.budget is not None and self.used.cost + least > config.budget:
            raise ModelError(f"the budget of {config.budget:g} is spent ({self.used.cost:.4g} so far)")
        left = ends - self.clock()
        if left <= 0:
            raise ModelError(f"the model took longer than {config.deadline:g} s; raise the deadline")
        return left

    # The request's own thread.

    def _run(self, exchange: _Exchange, request: dict[str, Any]) -> None:
        try:
            self._streamed(exchange, request) if self.config.stream else self._whole(exchange, request)
        except ModelError as error:
            exchange.failure = str(error)
        except openai.APITimeoutError:
            exchange.failure = f"the model did not answer within {request['timeout']:.3g} s"
        except openai.APIConnectionError:
            exchange.failure = f"no model answers at {self._client.base_url}; is the server running?"
        except openai.APIStatusError as error:
            exchange.failure = f"the model's server answered {error.status_code}"
        except Exception as error:
            # Whatever else the client library trips over is the server's not speaking the chat protocol.
            exchange.failure = f"the model's server answered what is not a chat completion ({type(error).__name__})"
        finally:
            exchange.ended.set()

    def _request(self, messages: list[dict[str, str]], schema: Mapping[str, Any], timeout: float) -> dict[str, Any]:
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
                "json_schema": {"name": "plan", "strict": True, "schema": schema},
            }
        elif self.config.output == "tools":
            tool = {"name": "plan", "description": "what to do", "parameters": schema}
            request["tools"] = [{"type": "function", "function": tool}]
            request["tool_choice"] = "required"
        return request

    def _whole(self, exchange: _Exchange, request: dict[str, Any]) -> None:
        ends = self.clock() + request["timeout"]
        body = bytearray()
        with self._client.chat.completions.with_streaming_response.create(**request) as response:
            exchange.stream = response
            for piece in response.iter_bytes():
                body += piece
                if len(body) > _LARGEST or exchange.abandoned:
                    raise ModelError(f"the model's server answered more than {_LARGEST} bytes")
                if self.clock() > ends:
                    raise ModelError(f"the model did not end its answer within {request['timeout']:.3g} s")
        reply: Any = ChatCompletion.model_validate_json(bytes(body))
        message = reply.choices[0].message
        calls = message.tool_calls
        exchange.text = calls[0].function.arguments if calls else message.content or ""
        self._count(exchange, reply.usage)

    def _streamed(self, exchange: _Exchange, request: dict[str, Any]) -> None:
        length = 0
        with self._client.chat.completions.create(**request, stream=True) as stream:
            exchange.stream = stream
            if exchange.abandoned:
                return
            pieces: list[str] = []
            # The client library bounds each silence of the server; a reply that keeps coming is bounded here.
            ends = self.clock() + request["timeout"]
            for chunk in stream:
                if self.clock() > ends:
                    raise ModelError(f"the model did not end its answer within {request['timeout']:.3g} s")
                self._count(exchange, chunk.usage)
                if not chunk.choices:
                    continue
                delta = chunk.choices[0].delta
                text = delta.content or ""
                if delta.tool_calls:
                    called = delta.tool_calls[0].function
                    text = (called.arguments or "") if called else ""
                pieces.append(text)
                length += len(text)
                if length > 8 * self.config.reply_tokens:
                    raise ModelError("the model's reply is longer than it was asked to be")
            exchange.text = "".join(pieces)

    @staticmethod
    def _count(exchange: _Exchange, usage: Any) -> None:
        if usage is not None:
            exchange.prompt, exchange.reply = usage.prompt_tokens, usage.completion_tokens

    # Transcript.

    def _record(self, messages: list[dict[str, str]], exchange: _Exchange, seconds: float) -> None:
        if self.config.transcript is None:
            return
        entry = {
            "model": self.config.model,
            "messages": messages,
            "reply": exchange.text,
            "failure": exchange.failure,
            "seconds": round(seconds, 3),
            "tokens": self.used.tokens,
            "cost": round(self.used.cost, 6),
        }
        line = _redact(json.dumps(entry, ensure_ascii=False), self._key)
        try:
            with self.config.transcript.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            _log.warning("the exchange is not in the transcript: %s", error)


def _redact(text: str, key: str) -> str:
    """Without keys and images."""
    if key:
        text = text.replace(key, "[key]")
    text = re.sub(r"\b(sk|key|token)-[A-Za-z0-9_-]{8,}", "[key]", text)
    text = re.sub(r"(?i)bearer [A-Za-z0-9._-]{8,}", "Bearer [key]", text)
    return re.sub(r"data:image/[a-z]+;base64,[A-Za-z0-9+/=]+", "[image]", text)
