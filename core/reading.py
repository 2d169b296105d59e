"""What a front end may ask of a session: the two Protocols that a screen is written against."""

from __future__ import annotations

from typing import Protocol

from core import protocol as p
from core.printed import Lines
from core.search import Found
from core.state import Iteration, State

FOUND = 200
"""Places that a search gives, where it is not told how many."""


class Reader(Protocol):
    """Reads what the journal holds. Safe from any thread; may touch the disk."""

    def diff(self, change: p.Change) -> tuple[p.FileDiff, ...]:
        """The change's files and hunks, parsed and cleaned."""

    def patch(self, change: p.Change) -> bytes:
        """The diff's bytes, as `git apply` takes them; b"" where they are not kept."""

    def records(self, result: p.CheckResult) -> p.Records:
        """Every test and finding of a check."""

    def output(self, result: p.CheckResult) -> str:
        """What the check printed, cleaned but for colours."""

    def lines(self, result: p.CheckResult) -> Lines:
        """The same as lines, which are read where they are looked at."""

    def reply(self, reply: p.Reply) -> str:
        """A proposer's whole reply, cleaned."""

    def file(self, tree: p.Tree, path: str) -> bytes | None:
        """A file of a tree, or None where there is none."""

    def iterations(self) -> tuple[Iteration, ...]:
        """This session's iterations, oldest first."""

    def find(self, words: str, limit: int = FOUND) -> tuple[Found, ...]:
        """Where all the words are, in every session of the repository, the newest first."""


class Session(Protocol):
    """A session as a front end sees it: live, read-only or replayed."""

    @property
    def state(self) -> State:
        """The newest state; immutable, so safe to keep."""

    @property
    def reader(self) -> Reader: ...

    @property
    def held_by(self) -> str:
        """Who holds the repository when this session is read-only; "" when it is ours."""

    def submit(self, command: p.AnyCommand) -> None:
        """Hand a command over; never blocks. A refused one is answered with a `Notice`."""

    def close(self) -> None:
        """End what runs and give the repository back. The session can be resumed."""
