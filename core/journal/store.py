"""The journal of one repository: sessions and their entries, in SQLite.

Entries are the truth. The tables `iterations` and `evidence` and the snapshots are projections
written in the same transaction as the entry they follow from; all can be rebuilt from entries.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from core import protocol as p
from core.errors import JournalError
from core.fold import fold_all
from core.journal.blobs import Blobs
from core.journal.database import opened, translated
from core.journal.texts import TextWriting
from core.landings import last_word
from core.state import Iteration, State

SNAPSHOT_EVERY = 500
"""Entries between two snapshots of the fold."""

_SAID = ("GoalSet", "CommentAdded", "CommentDropped", "TakenBack")

_entry = msgspec.json.Decoder(p.AnyEvent)
_iteration = msgspec.json.Decoder(Iteration)
_result = msgspec.json.Decoder(p.CheckResult)
_state = msgspec.json.Decoder(State)
_encode = msgspec.json.Encoder().encode


class SessionRow(p.Value, frozen=True):
    id: str
    opened: float
    goal: str
    ended: bool
    says: str
    landing: bool
    """True while a landing of it has begun and was not reported as done."""


class Journal:
    """One writer, many readers. Raises `JournalError` for whatever the disk says no to."""

    def __init__(
        self,
        folder: Path,
        *,
        readonly: bool = False,
        redact: Callable[[str], str] = lambda text: text,
    ) -> None:
        self.folder = folder
        self.blobs = Blobs(folder / "blobs")
        self._redact = redact
        self._guard = threading.RLock()
        self._db = opened(folder / "journal.db", readonly)

    def close(self) -> None:
        with self._guard:
            self._db.close()

    def put_text(self, text: str) -> p.BlobRef:
        """Stores a text with every known secret taken out."""
        return self.blobs.put(self._redact(text).encode("utf-8", "surrogatepass"))

    def writing_text(self) -> TextWriting:
        """A text that is stored as it comes, with every known secret taken out."""
        return TextWriting(self.blobs.writing(), self._redact)

    def append(self, before: State, entry: p.Entry, after: State) -> None:
        """Writes an entry and what follows from it; durable when this returns."""
        event = self._json(entry.event)
        session = after.session
        with self._guard, translated(self.folder), self._db:
            self._db.execute(
                "INSERT INTO entries VALUES (?, ?, ?, ?)", (session, entry.seq, entry.at, event)
            )
            self._project(session, before, after)
            for result in _results_in(entry.event):
                self._keep_evidence(result)
            if entry.seq % SNAPSHOT_EVERY == 0:
                self._db.execute(
                    "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)",
                    (session, entry.seq, _shape(), self._json(after)),
                )

    def _project(self, session: str, before: State, after: State) -> None:
        rows = [i for i in (*after.tries[-1:], after.iteration) if i is not None]
        if before.iteration is not None and all(before.iteration.n != i.n for i in rows):
            # Landed or left: it is no longer the live step's, and its last word is in the event.
            rows.append(last_word(before.iteration, after))
        known = (before.iteration, *before.tries[-1:])
        for row in rows:
            if not any(row is old for old in known):
                self._db.execute(
                    "INSERT OR REPLACE INTO iterations VALUES (?, ?, ?)",
                    (session, row.n, self._json(row)),
                )
        ended = after.closed or after.ended is not None
        says = self._redact(after.ended.says) if after.ended else ""
        goal = self._redact(after.goal)
        self._db.execute(
            "INSERT OR REPLACE INTO sessions VALUES (?,"
            " coalesce((SELECT opened FROM sessions WHERE id = ?), ?), ?, ?, ?, ?)",
            (session, session, after.at, goal, ended, says, after.intent is not None),
        )

    def _keep_evidence(self, result: p.CheckResult) -> None:
        if result.verdict in ("pass", "fail", "no tests"):
            key = (result.tree, result.check, result.environment)
            self._db.execute(
                "INSERT OR REPLACE INTO evidence VALUES (?, ?, ?, ?)", (*key, self._json(result))
            )

    def _json(self, value: msgspec.Struct) -> bytes:
        return self._redact(_encode(value).decode()).encode()

    def evidence(self, tree: p.Tree, check: str, environment: str) -> p.CheckResult | None:
        """An earlier run of this check on this very tree in this very environment."""
        rows = self.read(
            "SELECT result FROM evidence WHERE tree = ? AND check_name = ? AND environment = ?",
            (tree, check, environment),
        )
        return _result.decode(rows[0][0]) if rows else None

    def repository(self) -> str:
        """Path of the repository that the newest session was opened in; "" where there is none."""
        rows = self.read("SELECT event FROM entries WHERE seq = 1 ORDER BY at DESC LIMIT 1")
        event = _entry.decode(rows[0][0]) if rows else None
        return event.repository if isinstance(event, p.SessionOpened) else ""

    def entries(self, session: str, after: int = 0) -> Iterator[p.Entry]:
        for entry, _ in self.measured(session, after):
            yield entry

    def measured(self, session: str, after: int = 0) -> Iterator[tuple[p.Entry, int]]:
        """Entries, each with its length in bytes."""
        rows = self.read(
            "SELECT seq, at, event FROM entries WHERE session = ? AND seq > ? ORDER BY seq",
            (session, after),
        )
        for seq, at, event in rows:
            try:
                yield p.Entry(seq, at, _entry.decode(event)), len(event)
            except msgspec.DecodeError as error:
                raise JournalError(
                    f"Entry {seq} of session {session} in {self.folder} cannot be read: {error}"
                ) from error

    def load(self, session: str) -> State:
        """The session's state, from its newest snapshot where that is of this version."""
        state, seq = State(), 0
        rows = self.read(
            "SELECT seq, state FROM snapshots WHERE session = ? AND shape = ?", (session, _shape())
        )
        if rows:
            try:
                state, seq = _state.decode(rows[0][1]), rows[0][0]
            except msgspec.DecodeError:
                state, seq = State(), 0
        return fold_all(self.entries(session, seq), state)

    def iterations(self, session: str) -> tuple[Iteration, ...]:
        return tuple(_iteration.decode(row) for _, row in self.rows(session))

    def rows(self, session: str) -> list[tuple[Any, ...]]:
        """Number and JSON of each iteration."""
        return self.read("SELECT n, row FROM iterations WHERE session = ? ORDER BY n", (session,))

    def said(self, session: str) -> Iterator[p.Entry]:
        """The few entries that hold goals, comments and undos, of however many there are."""
        heads = [f'{{"type":"{kind}"'.encode() for kind in _SAID]
        either = " OR ".join("substr(event, 1, ?) = ?" for _ in heads)
        rows = self.read(
            f"SELECT seq, at, event FROM entries WHERE session = ? AND ({either}) ORDER BY seq",
            (session, *(x for head in heads for x in (len(head), head))),
        )
        for seq, at, event in rows:
            yield p.Entry(seq, at, _entry.decode(event))

    def sessions(self) -> tuple[SessionRow, ...]:
        """Newest first."""
        rows = self.read(
            "SELECT id, opened, goal, ended, says, landing FROM sessions"
            " ORDER BY opened DESC, rowid DESC",
            (),
        )
        return tuple(
            SessionRow(id_, opened, goal, bool(ended), says, bool(landing))
            for id_, opened, goal, ended, says, landing in rows
        )

    def read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query; for the modules beside this one, which know the tables."""
        with self._guard, translated(self.folder):
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is durable once this ends, or nothing of it happened."""
        with self._guard, translated(self.folder), self._db:
            yield self._db

    def used(self) -> int:
        """Bytes that the journal's file needs; what was deleted in it is free for what comes."""
        pages, free, size = self._pages()
        return (pages - free) * size

    def compact(self) -> None:
        """Gives the space of what was deleted back to the disk, where it is worth the while."""
        pages, free, _ = self._pages()
        if free * 10 > pages:
            with self._guard, translated(self.folder):
                self._db.execute("VACUUM")
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _pages(self) -> tuple[int, int, int]:
        """Pages of the file, how many of them are free, and the bytes of one."""
        ((pages, free, size),) = self.read(
            "SELECT page_count, freelist_count, page_size"
            " FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
        )
        return pages, free, size


def _results_in(event: p.AnyEvent) -> tuple[p.CheckResult, ...]:
    """What checks showed, of whatever tree: none of them has to run there again."""
    match event:
        case p.CheckFinished():
            return (event.result,)
        case p.RedShown() | p.NeedsFound():
            return event.results
        case _:
            return ()


@cache
def _shape() -> str:
    """Changes whenever the state does, so that a snapshot of another version is not read."""
    schema = msgspec.json.encode(msgspec.json.schema(State))
    source = Path(fold_all.__code__.co_filename).read_bytes()
    return hashlib.sha256(schema + source).hexdigest()
