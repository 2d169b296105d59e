"""A session that is still being opened, so that the screen need not wait for it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Literal

from msgspec.structs import replace

from core import protocol as p
from core.printed import Lines
from core.reading import FOUND, Reader, Session
from core.search import Found
from core.state import Iteration, State

How = Literal["", "new", "again"]


class Opening:
    """A `Session`: blank until `opener`, on a thread of its own, has made the real one.

    What is submitted before is handed on then, in order. `opened` is called on that thread when
    it is over, well or badly; after a failure `failed` holds it and nothing else ever happens.
    `resumes`: an earlier session is taken up, so that no goal is asked for meanwhile.
    """

    def __init__(
        self, opener: Callable[[], Session], opened: Callable[[], None], *, resumes: bool = False
    ) -> None:
        self._opener, self._opened, self._resumes = opener, opened, resumes
        self._lock = threading.Lock()
        self._real: Session | None = None
        self._waiting: deque[p.AnyCommand] = deque()
        self._blank = State()
        self._ended = False
        self.failed: BaseException | None = None
        self._thread = threading.Thread(target=self._open, name="opening", daemon=True)

    def start(self) -> None:
        with self._lock:
            if not self._ended:
                self._thread.start()

    def _open(self) -> None:
        try:
            real = self._opener()
        except BaseException as error:  # noqa: BLE001 - told by whoever shows it, none is lost
            self.failed = error
        else:
            with self._lock:
                while self._waiting:
                    real.submit(self._waiting.popleft())
                self._real = real
        self._opened()

    @property
    def opening(self) -> How:
        """What is being opened; "" once the real session is there."""
        if self._real is not None:
            return ""
        return "again" if self._resumes else "new"

    @property
    def state(self) -> State:
        return self._blank if self._real is None else self._real.state

    @property
    def reader(self) -> Reader:
        return Nothing() if self._real is None else self._real.reader

    @property
    def held_by(self) -> str:
        return "" if self._real is None else self._real.held_by

    def submit(self, command: p.AnyCommand) -> None:
        with self._lock:
            if self._real is None:
                self._waiting.append(command)
                if isinstance(command, p.StartGoal):
                    self._blank = replace(self._blank, goal=command.goal)
                return
        self._real.submit(command)

    def close(self) -> None:
        """Waits for a session that is still being opened, and closes that too."""
        with self._lock:
            self._ended = True
        if self._thread.ident is not None:
            self._thread.join()
        if self._real is not None:
            self._real.close()


def opening(session: Session) -> How:
    """What a session is still waiting for; "" for one that is there."""
    return session.opening if isinstance(session, Opening) else ""


class Nothing:
    """A `Reader` of a session that has recorded nothing yet."""

    def diff(self, change: p.Change) -> tuple[p.FileDiff, ...]:  # noqa: ARG002
        return ()

    def patch(self, change: p.Change) -> bytes:  # noqa: ARG002
        return b""

    def records(self, result: p.CheckResult) -> p.Records:  # noqa: ARG002
        return p.Records()

    def output(self, result: p.CheckResult) -> str:  # noqa: ARG002
        return ""

    def lines(self, result: p.CheckResult) -> Lines:  # noqa: ARG002
        return Lines.of(b"")

    def reply(self, reply: p.Reply) -> str:  # noqa: ARG002
        return ""

    def file(self, tree: p.Tree, path: str) -> bytes | None:  # noqa: ARG002
        return None

    def iterations(self) -> tuple[Iteration, ...]:
        return ()

    def find(self, words: str, limit: int = FOUND) -> tuple[Found, ...]:  # noqa: ARG002
        return ()
