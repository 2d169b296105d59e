"""Reads what sessions left behind: for screens, `log` and `show`. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from core import protocol as p
from core.errors import JournalError, Refused, UsageError
from core.journal import Journal, SessionRow
from core.journal.finding import find
from core.printed import Lines
from core.reading import FOUND
from core.repo import hunks
from core.search import Found, Said, said
from core.state import Iteration, State
from core.text import clean, decode

_records = msgspec.json.Decoder(p.Records)


class JournalReader:
    """The `Reader` of one session."""

    def __init__(
        self,
        journal: Journal,
        session: str,
        read_file: Callable[[p.Tree, str], bytes | None] = lambda _tree, _path: None,
    ) -> None:
        self._journal, self._session, self._read_file = journal, session, read_file

    def diff(self, change: p.Change) -> tuple[p.FileDiff, ...]:
        known = {f.path: f for f in change.files}
        parsed = hunks.parse(self._journal.blobs.get(change.patch))
        return tuple(p.FileDiff(known.get(f.change.path, f.change), f.hunks) for f in parsed)

    def patch(self, change: p.Change) -> bytes:
        """The diff's bytes, as `git apply` takes them."""
        return self._journal.blobs.get(change.patch)

    def records(self, result: p.CheckResult) -> p.Records:
        if not result.records:
            return p.Records(result.failing, result.diagnostics)
        return _records.decode(self._journal.blobs.get(result.records))

    def output(self, result: p.CheckResult) -> str:
        return decode(self._journal.blobs.get(result.output))

    def lines(self, result: p.CheckResult) -> Lines:
        ref = result.output
        if not ref:
            return Lines.of(b"")
        try:
            return Lines.of_file(self._journal.blobs.path(ref), ref)
        except (OSError, ValueError) as error:
            raise JournalError(f"The record {ref[:12]} cannot be read ({error}).") from error

    def reply(self, reply: p.Reply) -> str:
        return clean(decode(self._journal.blobs.get(reply.text)))

    def file(self, tree: p.Tree, path: str) -> bytes | None:
        return self._read_file(tree, path)

    def iterations(self) -> tuple[Iteration, ...]:
        return self._journal.iterations(self._session)

    def find(self, words: str, limit: int = FOUND) -> tuple[Found, ...]:
        return find(self._journal, words, limit)


class Archive:
    """Every session of one repository, read-only."""

    def __init__(self, folder: Path) -> None:
        """Raises `Refused` when no session has been recorded there."""
        if not (folder / "journal.db").exists():
            raise Refused("No session has been recorded for this repository yet.")
        self._journal = Journal(folder, readonly=True)

    def sessions(self) -> tuple[SessionRow, ...]:
        """Newest first."""
        return self._journal.sessions()

    def find(self, words: str, limit: int = FOUND) -> tuple[Found, ...]:
        """Where all the words are, in every session: the newest session first."""
        return find(self._journal, words, limit)

    def session(self, session: str = "") -> SessionRow:
        """A session by id or by an unambiguous beginning of it; "" is the newest.

        Raises `UsageError`.
        """
        rows = self.sessions()
        matching = [r for r in rows if r.id.startswith(session)]
        exact = [r for r in rows if r.id == session]
        if exact or (matching and not session) or len(matching) == 1:
            return (exact or matching)[0]
        if matching:
            names = ", ".join(r.id for r in matching[:5])
            raise UsageError(f"{session} could be {names}; give more of it.")
        raise UsageError(f"There is no session {session}; `loopwright log` lists them.")

    def said(self, session: str) -> Said:
        """Goals, comments and undos of a session."""
        return said(self._journal.said(session))

    def state(self, session: str) -> State:
        return self._journal.load(session)

    def entries(self, session: str, after: int = 0) -> tuple[p.Entry, ...]:
        return tuple(self._journal.entries(session, after))

    def reader(self, session: str) -> JournalReader:
        return JournalReader(self._journal, session)

    def close(self) -> None:
        self._journal.close()
