"""The journal's file: its tables, and SQLite's errors in our words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import JournalError

SCHEMA = 1

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


def opened(path: Path, readonly: bool) -> sqlite3.Connection:
    """The journal's database, made where there is none. Raises `JournalError`."""
    with translated(path.parent):
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
def translated(folder: Path) -> Iterator[None]:
    """SQLite's errors as ours, with what to do next."""
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(
            f"The journal in {folder} cannot be used ({error}). What was recorded before is kept;"
            " check the folder's space and permissions, then resume."
        ) from error
