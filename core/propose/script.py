"""Replies from a file: for demonstrations, replays and tests of the whole loop.

The file is TOML with one `[[reply]]` table for each reply, or JSON lines with one object each:

    [[reply]]
    kind = "change"             # or "plan"
    text = '''...'''            # a whole reply in the reply format; or:
    chunks = ["...", "..."]     # the same, streamed in these pieces
    expect = "test_half_even"   # optional: the request must hold this
    usd = 0.01                  # optional: what it claims to cost; also tokens_in, tokens_out
    hold = true                 # optional: streams, then waits until it is cancelled
    fail = "rate"               # optional, after the text: ends with this problem
    says = "…"                  # optional: that problem's sentence
    retry = true                # optional: whether the loop may ask again by itself

Plans and changes are taken in the file's order, each from its own queue.
"""

from __future__ import annotations

import threading
import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec

from core.context import Context
from core.errors import ActionFailed, UsageError
from core.propose.base import Brief, Finished
from core.propose.model.prompt import request_text
from core.protocol import Problem, ProblemKind, Reserved, Streamed, Usage, Value
from core.text import clean, clean_line

Kind = Literal["plan", "change"]


class ScriptedReply(Value, frozen=True, forbid_unknown_fields=True):
    kind: Kind
    text: str = ""
    chunks: tuple[str, ...] = ()
    expect: str = ""
    usd: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    hold: bool = False
    fail: ProblemKind | None = None
    says: str = ""
    retry: bool = False


class ScriptProposer:
    """A `Proposer` that answers from a script.

    A session that goes on says how many plans and changes it has had already. A cancelled reply
    is not used up.
    """

    def __init__(self, path: Path, plans_taken: int = 0, changes_taken: int = 0) -> None:
        self._path = path
        self._replies = read_script(path)
        self._taken: dict[Kind, int] = {"plan": plans_taken, "change": changes_taken}

    def plan(self, brief: Brief, context: Context, action: str) -> Finished:
        return self._answer("plan", brief, context, action)

    def propose(self, brief: Brief, context: Context, action: str) -> Finished:
        return self._answer("change", brief, context, action)

    def close(self) -> None:
        """Nothing is held open."""

    def _answer(self, kind: Kind, brief: Brief, context: Context, action: str) -> Finished:
        reply = self._next(kind)
        context.check()
        if reply.expect and reply.expect not in request_text(brief, kind):
            raise ActionFailed(
                Problem(
                    "not found",
                    f"The script expects the request to hold {clean_line(reply.expect)!r}, and it"
                    " does not. Nothing was proposed; correct the script.",
                )
            )
        if reply.usd:
            context.record(Reserved(action, reply.usd))
        chunks = reply.chunks or (reply.text,)
        for chunk in chunks:
            context.check()
            context.show(Streamed(action, clean(chunk)))
        if reply.hold:
            _wait_for_cancel(context)
        self._taken[kind] += 1
        usage = Usage(reply.tokens_in, reply.tokens_out, reply.usd)
        if reply.fail:
            says = clean_line(reply.says) or f"The script fails here: {reply.fail}."
            raise ActionFailed(Problem(reply.fail, says, reply.retry), usage)
        return Finished("".join(chunks), usage)

    def _next(self, kind: Kind) -> ScriptedReply:
        queue = [reply for reply in self._replies if reply.kind == kind]
        if self._taken[kind] >= len(queue):
            raise ActionFailed(
                Problem(
                    "not found",
                    f"The script {self._path.name} has {len(queue)} replies of kind {kind}, and all"
                    " are used. Nothing was proposed; add one, or choose another proposer.",
                )
            )
        return queue[self._taken[kind]]


def read_script(path: Path) -> tuple[ScriptedReply, ...]:
    """Raises `UsageError` for a file that cannot be read as a script."""
    try:
        text = path.read_text(encoding="utf-8")
        return msgspec.convert(_tables(text), tuple[ScriptedReply, ...])
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The script {path} cannot be read: {error}.") from error
    except (tomllib.TOMLDecodeError, msgspec.DecodeError) as error:
        raise UsageError(
            f"The script {path} is not a list of replies: {clean_line(str(error))}. Nothing was"
            " started; correct it."
        ) from error


def _tables(text: str) -> list[Any]:
    if text.lstrip().startswith("{"):
        return [msgspec.json.decode(line) for line in text.splitlines() if line.strip()]
    tables = tomllib.loads(text)
    if set(tables) != {"reply"} or not isinstance(tables["reply"], list):
        raise msgspec.ValidationError("it must hold [[reply]] tables and nothing else")
    return list(tables["reply"])


def _wait_for_cancel(context: Context) -> None:
    cancelled = threading.Event()
    context.on_cancel(cancelled.set)
    cancelled.wait()
    context.check()
