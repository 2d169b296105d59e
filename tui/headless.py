"""The same engine without a screen: prints what happens, and answers gates by option or by asking.

It waits on one queue that the engine's sink feeds, and never polls.
"""

from __future__ import annotations

import os
import queue
import shutil
import sys
from collections.abc import Callable
from typing import NoReturn, TextIO, TypeAlias

import msgspec

from core import protocol as p
from core.admit import admit
from core.errors import NotNow, UsageError
from core.fold import fold
from core.reading import Session
from core.state import State
from core.text import clean_line
from tui import asking, telling
from tui.answers import Approve, Leave, answer, ended, without_checks

SHOWN_LINES = 60
"""How much of a change is printed where nobody is asked about it."""

Said: TypeAlias = "p.Entry | p.AnyDelta"


class Inbox:
    """What the engine says, in order. `put` is the engine's sink; it never blocks.

    A flood must not pile up here: of progress only the newest waits, and streamed text and
    output are dropped at the door.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[p.Entry | p.Notice | None] = queue.SimpleQueue()
        self._progress: p.Progress | None = None

    def put(self, item: Said) -> None:
        if isinstance(item, p.Progress):
            waiting, self._progress = self._progress, item
            if waiting is None:
                self._queue.put(None)
        elif isinstance(item, p.Entry | p.Notice):
            self._queue.put(item)

    def get(self) -> p.Entry | p.Notice | p.Progress:
        item = self._queue.get()
        if item is not None:
            return item
        progress, self._progress = self._progress, None
        return progress or p.Progress("", "")


class Run:
    """One goal's way through a session, from its start to an exit code."""

    def __init__(self, session: Session, inbox: Inbox, approve: Approve, *, as_json: bool) -> None:
        self._session, self._inbox = session, inbox
        self._approve, self._json = approve, as_json
        self._state = State()  # every entry of a new session comes through the inbox
        self._answered = ""
        self._rebuilds = 0

    def reach(self, goal: str) -> int:
        """Starts the goal and returns the exit code. The session stays open."""
        self._session.submit(p.StartGoal(goal))
        while True:
            item = self._inbox.get()
            if isinstance(item, p.Progress):
                show_progress(item)
                continue
            if isinstance(item, p.Notice):
                say(item.says)
                if item.level == "error":  # the engine stands still until somebody does something
                    return 2
                continue
            # An own fold: what is printed and answered is the state right after this event, even
            # where the engine has gone on meanwhile.
            self._state = fold(self._state, item)
            self._print(item)
            leave = self._respond()
            if leave is not None:
                if leave.says:
                    say(leave.says)
                return leave.code

    def _respond(self) -> Leave | None:
        """Answers the gate that is open, if one is; says how the run ends, if it does."""
        state = self._state
        code = ended(state)
        if code is not None:
            return Leave(code, "")
        if state.closed:
            return Leave(1, "The session was ended.")
        if self._approve != "ask" and (nothing := without_checks(state)):
            return nothing
        if state.gate is None or state.gate.id == self._answered:
            return None
        found = answer(state.gate, state, self._approve, self._rebuilds) or self._ask(state.gate)
        if isinstance(found, Leave):
            return found
        if why := refusal(state, found):
            return Leave(1, why)
        self._answered = state.gate.id
        self._rebuilds += found.kind == "rebuild"
        # Refused only where the engine has gone on, and then its events say so.
        self._session.submit(p.Decide(found))
        return None

    def _ask(self, gate: p.Gate) -> p.Decision | Leave:
        while True:
            found = asking.ask(gate, self._state, self._session.reader)
            if isinstance(found, Leave):
                return found
            if found is not None:
                why = refusal(self._state, found)
                if not why:
                    return found
                say(why)

    def _print(self, entry: p.Entry) -> None:
        if self._json:
            write_json(entry)
            return
        text = telling.tell(entry.event, self._state)
        if text:
            write(text)
        if isinstance(entry.event, p.ChangeBuilt) and self._approve != "ask":
            shown = telling.diff(self._session.reader.diff(entry.event.change), SHOWN_LINES)
            write("\n".join(f"  {line}" for line in shown))


def refusal(state: State, decision: p.Decision) -> str:
    """Why the engine would not take this decision in this state; "" when it would."""
    try:
        admit(state, p.Decide(decision), _no_choice)
    except NotNow as error:
        return str(error)
    return ""


def _no_choice(name: str) -> NoReturn:
    raise UsageError(f"{name} cannot be chosen here.")


def require_answers(approve: Approve, *, terminal: bool) -> None:
    """Raises `UsageError` where questions would be asked and nobody could answer them."""
    if approve == "ask" and not terminal:
        raise UsageError(
            "There is no terminal to ask on. Give --approve green (land what is green and wholly"
            " inside its scope) or --approve never (land nothing, leave it ready)."
        )


def can_ask() -> bool:
    """Whether there is somebody to ask: questions are read from stdin and written to stderr."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def write(text: str) -> None:
    if sys.stdout is not None:
        _clear_progress()
        sys.stdout.write(telling.plain(text) + "\n")
        sys.stdout.flush()


def write_json(value: object) -> None:
    """One line of JSON, whatever the encoding of the terminal."""
    if sys.stdout is not None:
        sys.stdout.flush()
        sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
        sys.stdout.buffer.flush()


def say(text: str) -> None:
    """A sentence for the person, beside the output."""
    if sys.stderr is not None:
        _clear_progress()
        sys.stderr.write(telling.plain(text) + "\n")
        sys.stderr.flush()


def show_progress(progress: p.Progress) -> None:
    """One line that is written over, where somebody watches."""
    if _is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb":
        count = f" {progress.done}/{progress.total}" if progress.total else ""
        width = shutil.get_terminal_size().columns - 1
        line = clean_line(f"… {progress.says}{count}")[:width]
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()


def _clear_progress() -> None:
    if _is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb":
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def run(
    open_session: Callable[[Callable[[Said], None]], Session],
    goal: str,
    approve: Approve,
    *,
    as_json: bool,
) -> int:
    """Opens a session, reaches for the goal, closes the session; the exit code.

    `KeyboardInterrupt` passes through, after the session was closed.
    """
    inbox = Inbox()
    session = open_session(inbox.put)
    try:
        return Run(session, inbox, approve, as_json=as_json).reach(goal)
    finally:
        session.close()
