"""One call of the model proposer: its cancellation, its attempts, and what they cost."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from core.context import Context
from core.errors import ActionFailed
from core.propose.model.budget import Prices, Reservation, most_tokens, reserve
from core.propose.model.client import ModelClient, TimedOut
from core.propose.model.problems import RETRIED, failure
from core.propose.model.prompt import Message
from core.propose.redact import Redactor
from core.protocol import Notice, Problem, Progress, Reserved, Streamed, Usage, Value
from core.text import clean

_REPLY_LIMIT: Final = 2_000_000
"""Characters after which a reply is not listened to any more."""

_GRACE: Final = 3.0
"""Seconds that the model process has to report a silence itself, before it is killed for it."""


class ModelSettings(Value, frozen=True):
    """How a model is asked. All of it is the person's own; a repository sets none of it."""

    model: str
    """As litellm knows it."""
    api_base: str = ""
    """"" takes the provider's, or what OPENAI_BASE_URL and its kin say."""
    max_tokens: int = 16_000
    """Most tokens of a reply, reasoning included."""
    gap: float = 120.0
    """Longest silence in a reply, in seconds."""
    total: float = 900.0
    """Longest time for a reply, in seconds."""
    attempts: int = 4
    """How often one request is sent at most, when the provider is busy or fails."""
    longest_wait: float = 60.0
    """A provider that wants a longer wait between attempts is not waited for. Seconds."""
    first_wait: float = 1.0
    """Wait before the second attempt; doubles with each."""
    price: tuple[float, float] | None = None
    """The person's own: dollars for one token in and out. None takes litellm's."""


@dataclass
class Spent:
    """What one call of the proposer has cost so far, failed attempts included."""

    usage: Usage = field(default_factory=Usage)
    began: float = field(default_factory=time.monotonic)

    def add(self, tokens_in: int, tokens_out: int, usd: float) -> None:
        self.usage = Usage(
            self.usage.tokens_in + tokens_in,
            self.usage.tokens_out + tokens_out,
            self.usage.usd + usd,
        )

    def total(self) -> Usage:
        return msgspec.structs.replace(self.usage, seconds=time.monotonic() - self.began)


class Call:
    """One call of the proposer: its cancellation, its attempts and what they cost."""

    def __init__(
        self,
        settings: ModelSettings,
        client: ModelClient,
        redact: Redactor,
        context: Context,
        action: str,
        left: float | None,
    ) -> None:
        self.spent = Spent()
        self._settings = settings
        self._client = client
        self._redact = redact
        self._context = context
        self._action = action
        self._left = left
        self._cancelled = threading.Event()
        self._asking = threading.Lock()
        self._busy = False
        context.on_cancel(self._cancel)

    def run(self, prompt: tuple[Message, ...]) -> str:
        """The whole reply. Raises `ActionFailed` and `ActionCancelled`."""
        asked: list[Message] = [
            {"role": message["role"], "content": self._redact(message["content"])}
            for message in prompt
        ]
        text = "".join(message["content"] for message in asked)
        for attempt in range(1, self._settings.attempts + 1):
            prices = self._prices(text)
            reserved = self._reserve(prices, text)
            try:
                return self._once(asked, prices, reserved)
            except _Attempt as failed:
                kind = failed.problem.kind
                most = (
                    self._settings.attempts
                    if kind != "timeout"
                    else min(2, self._settings.attempts)
                )
                wait = self._wait(attempt, failed.wait)
                if attempt >= most or wait is None or failed.streamed or kind not in RETRIED:
                    # A stream that broke is worth a new request, and nobody need be asked.
                    retry = failed.problem.retry or (failed.streamed and kind in RETRIED)
                    problem = msgspec.structs.replace(failed.problem, retry=retry)
                    raise ActionFailed(problem) from failed
                self.notice(f"{failed.problem.says} Trying again in {wait:.1f} s.")
                self._cancelled.wait(wait)
                self._context.check()
        raise AssertionError("the last attempt returns or raises")

    def notice(self, says: str) -> None:
        self._context.show(Notice("warning", says))

    def _prices(self, text: str) -> Prices:
        self._context.show(Progress(self._action, f"asking {self._settings.model}"))
        request = {"do": "facts", **self._names(), "tokens": most_tokens(text)}
        try:
            answer = next(self._ask(request, gap=30.0, total=30.0))
        except TimedOut:
            raise ActionFailed(
                failure("worker", "it did not answer", self._settings.model)
            ) from None
        if answer["is"] == "failed":
            raise ActionFailed(self._failure(answer))
        prices = msgspec.convert(answer, Prices)
        if self._settings.price is None:
            return prices
        usd_in, usd_out = self._settings.price
        return msgspec.structs.replace(prices, known=True, usd_in=usd_in, usd_out=usd_out)

    def _reserve(self, prices: Prices, text: str) -> Reservation:
        left = None if self._left is None else max(0.0, self._left - self.spent.usage.usd)
        reserved = reserve(prices, text, self._settings.max_tokens, left)
        self._context.record(Reserved(self._action, reserved.usd))
        return reserved

    def _once(self, asked: list[Message], prices: Prices, reserved: Reservation) -> str:
        request = {
            "do": "ask",
            **self._names(),
            "messages": asked,
            "max_tokens": reserved.max_tokens,
            "timeout": self._settings.gap,
        }
        parts: list[str] = []
        size = 0
        try:
            for answer in self._ask(
                request, gap=self._settings.gap + _GRACE, total=self._settings.total
            ):
                if answer["is"] == "delta":
                    # A lone surrogate could not be kept, nor be written to a file.
                    parts.append(answer["text"].encode("utf-8", "replace").decode())
                    size += len(answer["text"])
                    self._context.show(Streamed(self._action, clean(answer["text"])))
                    if size > _REPLY_LIMIT:
                        self._client.abort()
                        raise self._broken("malformed", "it never ends", reserved, parts)
                elif answer["is"] == "failed":
                    raise self._refused(answer, reserved, parts)
                else:
                    return self._done(answer, prices, reserved, "".join(parts))
        except TimedOut:
            raise self._broken("timeout", "", reserved, parts) from None
        except ActionFailed as lost:
            if lost.problem.kind != "worker":
                raise
            self.spent.add(reserved.tokens_in, 0, reserved.usd)
            raise
        raise AssertionError("a request ends with an answer")

    def _done(
        self, answer: dict[str, Any], prices: Prices, reserved: Reservation, text: str
    ) -> str:
        tokens_in = answer["tokens_in"] or reserved.tokens_in
        tokens_out = answer["tokens_out"] or most_tokens(text)
        usd = answer["usd"]
        if prices.free:
            usd = 0.0
        elif self._settings.price or not prices.known or usd is None or not answer["tokens_in"]:
            usd = prices.usd(tokens_in, tokens_out)
        self.spent.add(tokens_in, tokens_out, usd)
        says = {"length": "cut off", "content_filter": "filtered"}.get(answer["finish"])
        if says == "cut off":
            raise ActionFailed(failure("cut off", "", self._settings.model))
        if says == "filtered":
            raise ActionFailed(failure("filtered", "", self._settings.model))
        if not text.strip():
            raise ActionFailed(failure("empty", "", self._settings.model))
        return text

    def _refused(self, answer: dict[str, Any], reserved: Reservation, parts: list[str]) -> _Attempt:
        problem = self._failure(answer)
        if parts or problem.kind == "timeout":
            self.spent.add(reserved.tokens_in, most_tokens("".join(parts)), reserved.usd)
        return _Attempt(problem, answer.get("wait"), bool(parts))

    def _broken(self, kind: Any, detail: str, reserved: Reservation, parts: list[str]) -> _Attempt:
        """An attempt that we gave up: nobody says what it cost, so all of it is counted."""
        self.spent.add(reserved.tokens_in, most_tokens("".join(parts)), reserved.usd)
        return _Attempt(failure(kind, detail, self._settings.model), None, bool(parts))

    def _failure(self, answer: dict[str, Any]) -> Problem:
        return failure(answer["kind"], self._redact(answer["says"]), self._settings.model)

    def _names(self) -> dict[str, str]:
        return {"model": self._settings.model, "api_base": self._settings.api_base}

    def _wait(self, attempt: int, told: float | None) -> float | None:
        """Seconds before the next attempt; None where the provider asks for too many."""
        if told is not None:
            return told if 0 <= told <= self._settings.longest_wait else None
        usual = self._settings.first_wait * 2.0 ** (attempt - 1)
        return min(self._settings.longest_wait, usual * random.uniform(1.0, 1.25))

    def _ask(
        self, request: dict[str, Any], *, gap: float, total: float
    ) -> Iterator[dict[str, Any]]:
        with self._asking:
            self._context.check()
            self._busy = True
        try:
            for answer in self._client.ask(request, gap=gap, total=total):
                self._context.check()
                yield answer
        except ActionFailed:
            self._context.check()  # a process that died of our cancel is no failure
            raise
        finally:
            self._busy = False

    def _cancel(self) -> None:
        self._cancelled.set()
        with self._asking:
            busy = self._busy
        if busy:
            self._client.abort()


class _Attempt(Exception):
    """An attempt that failed, and may be made again."""

    def __init__(self, problem: Problem, wait: float | None, streamed: bool) -> None:
        self.problem, self.wait, self.streamed = problem, wait, streamed
        super().__init__(problem.says)
