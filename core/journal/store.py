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

import msgspec

from core import protocol as p
from core.errors import JournalError
from core.fold import fold_all
from core.journal.blobs import Blobs
from core.journal.texts import TextWriting
from core.landings import last_word
from core.state import Iteration, State

SCHEMA = 1
SNAPSHOT_EVERY = 500
"""Entries between two snapshots of the fold."""

_TABLES = """
CREATE TABLE entries (session TEXT, seq INTEGER, at REAL, event BLOB,
                      PRIMARY KEY (session, seq)) WITHOUT ROWID;
CREATE TABLE sessions (id TEXT PRIMARY KEY, opened REAL, goal TEXT, ended INTEGER, says TEXT,
                       landing INTEGER);
CREATE TABLE iterations (session TEXT, n INTEGER, row BLOB,
                         PRIMARY KEY (session, n)) WITHOUT ROWID;
CREATE TABLE evidence (tree TEXT, check_name TEXT, environment TEXT, result BLOB,
                       PRIMARY KEY (tree, check_name, environment));
CREATE TABLE snapshots (session TEXT PRIMARY KEY, seq INTEGER, shape TEXT, state BLOB);
"""

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
        self._db = _open(folder / "journal.db", readonly)

    def close(self) -> None:
        with self._guard:
            self._db.close()

    def put_text(self, text: str) -> p.BlobRef:
        """Stores a text with every known secret taken out."""
        return self.blobs.put(self._redact(text).encode("utf-8", "surrogatepass"))

    def writing(self) -> TextWriting:
        """A text that is stored as it comes, with every known secret taken out."""
        return TextWriting(self.blobs.writing(), self._redact)

    def append(self, before: State, entry: p.Entry, after: State) -> None:
        """Writes an entry and what follows from it; durable when this returns."""
        event = self._redact(_encode(entry.event).decode()).encode()
        session = after.session
        with self._guard, _translated(self.folder), self._db:
            self._db.execute(
                "INSERT INTO entries VALUES (?, ?, ?, ?)", (session, entry.seq, entry.at, event)
            )
            self._project(session, before, after)
            if isinstance(entry.event, p.CheckFinished):
                self._keep_evidence(entry.event.result)
            if entry.seq % SNAPSHOT_EVERY == 0:
                self._db.execute(
                    "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)",
                    (session, entry.seq, _shape(), _encode(after)),
                )

    def _project(self, session: str, before: State, after: State) -> None:
        changed = {i.n: i for i in (*after.tries[-1:], after.iteration) if i is not None}
        if before.iteration is not None and before.iteration.n not in changed:
            # Landed or left: it is no longer the live step's, and its last word is in the event.
            changed[before.iteration.n] = last_word(before.iteration, after)
        for n, row in changed.items():
            if row is not before.iteration:
                self._db.execute(
                    "INSERT OR REPLACE INTO iterations VALUES (?, ?, ?)", (session, n, _encode(row))
                )
        ended = after.closed or after.ended is not None
        says = after.ended.says if after.ended else ""
        self._db.execute(
            "INSERT OR REPLACE INTO sessions VALUES (?,"
            " coalesce((SELECT opened FROM sessions WHERE id = ?), ?), ?, ?, ?, ?)",
            (session, session, after.at, after.goal, ended, says, after.intent is not None),
        )

    def _keep_evidence(self, result: p.CheckResult) -> None:
        if result.verdict in ("pass", "fail", "no tests"):
            key = (result.tree, result.check, result.environment)
            self._db.execute(
                "INSERT OR REPLACE INTO evidence VALUES (?, ?, ?, ?)", (*key, _encode(result))
            )

    def evidence(self, tree: p.Tree, check: str, environment: str) -> p.CheckResult | None:
        """An earlier run of this check on this very tree in this very environment."""
        rows = self._read(
            "SELECT result FROM evidence WHERE tree = ? AND check_name = ? AND environment = ?",
            (tree, check, environment),
        )
        return _result.decode(rows[0][0]) if rows else None

    def entries(self, session: str, after: int = 0) -> Iterator[p.Entry]:
        rows = self._read(
            "SELECT seq, at, event FROM entries WHERE session = ? AND seq > ? ORDER BY seq",
            (session, after),
        )
        for seq, at, event in rows:
            try:
                yield p.Entry(seq, at, _entry.decode(event))
            except msgspec.DecodeError as error:
                raise JournalError(
                    f"Entry {seq} of session {session} in {self.folder} cannot be read: {error}"
                ) from error

    def load(self, session: str) -> State:
        """The session's state, from its newest snapshot where that is of this version."""
        state, seq = State(), 0
        rows = self._read(
            "SELECT seq, state FROM snapshots WHERE session = ? AND shape = ?", (session, _shape())
        )
        if rows:
            try:
                state, seq = _state.decode(rows[0][1]), rows[0][0]
            except msgspec.DecodeError:
                state, seq = State(), 0
        return fold_all(self.entries(session, seq), state)

    def iterations(self, session: str) -> tuple[Iteration, ...]:
        rows = self._read("SELECT row FROM iterations WHERE session = ? ORDER BY n", (session,))
        return tuple(_iteration.decode(row) for (row,) in rows)

    def sessions(self) -> tuple[SessionRow, ...]:
        """Newest first."""
        rows = self._read(
            "SELECT id, opened, goal, ended, says, landing FROM sessions"
            " ORDER BY opened DESC, rowid DESC",
            (),
        )
        return tuple(
            SessionRow(id_, opened, goal, bool(ended), says, bool(landing))
            for id_, opened, goal, ended, says, landing in rows
        )

    def _read(self, query: str, values: tuple[object, ...]) -> list[tuple]:  # type: ignore[type-arg]
        with self._guard, _translated(self.folder):
            return self._db.execute(query, values).fetchall()


def _open(path: Path, readonly: bool) -> sqlite3.Connection:
    with _translated(path.parent):
        uri = path.absolute().as_uri() + ("?mode=ro" if readonly else "")
        db = sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=5.0)
        db.execute("PRAGMA busy_timeout = 5000")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA:
            db.close()
            raise JournalError(
                f"{path} was written by a newer Loopwright (schema {version}, this one knows"
                f" {SCHEMA}). Nothing was changed; upgrade Loopwright to open it."
            )
        if readonly:
            return db
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if version == 0:
            with db:
                db.execute("BEGIN IMMEDIATE")
                if db.execute("PRAGMA user_version").fetchone()[0] == 0:
                    for statement in _TABLES.split(";"):
                        db.execute(statement)
                    db.execute(f"PRAGMA user_version = {SCHEMA}")
        return db


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    """SQLite's errors as ours, with what to do next."""
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(
            f"The journal in {folder} cannot be used ({error}). What was recorded before is kept;"
            " check the folder's space and permissions, then resume."
        ) from error


@cache
def _shape() -> str:
    """Changes whenever the state does, so that a snapshot of another version is not read."""
    schema = msgspec.json.encode(msgspec.json.schema(State))
    source = Path(fold_all.__code__.co_filename).read_bytes()
    return hashlib.sha256(schema + source).hexdigest()
