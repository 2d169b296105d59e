"""What of one journal may go, and its going: old sessions that ended, and blobs nobody names.

The entries go first, in one transaction, and the blobs after them: killed anywhere, the journal
names no blob that is not there, and the next collection takes what this one left. Whoever
carries one out holds the repository's lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from core.errors import JournalError
from core.journal.refs import blobs_of
from core.journal.store import Journal, SessionRow
from core.protocol import BlobRef, CheckResult

_result = msgspec.json.Decoder(CheckResult)
ROOM = 0.9
"""How full a store that was over its cap is left, so that not every start collects again."""


@dataclass(frozen=True)
class Held:
    """What one session holds."""

    row: SessionRow
    last: float
    """When its newest entry was written, in seconds since the epoch."""
    size: int
    """Bytes of its entries."""
    blobs: frozenset[BlobRef]

    @property
    def closed(self) -> bool:
        """Whether it may go at all: it ended, and no landing of it is unfinished."""
        return self.row.ended and not self.row.landing


@dataclass(frozen=True)
class Plan:
    """What goes; nothing of it has gone yet."""

    sessions: tuple[SessionRow, ...]
    named: frozenset[BlobRef]
    """The blobs that the sessions that stay name."""
    files: int
    """Files of the blobs' store that go."""
    size: int
    """Bytes that their going frees, about."""


def store_size(journal: Journal) -> int:
    """Bytes on disk that the entries and their blobs need."""
    return journal.used() + sum(size for _, size in journal.blobs.stored())


def held(journal: Journal) -> tuple[Held, ...]:
    """Every session with what it holds, the one that was idle longest first.

    Raises `JournalError` where an entry cannot be read: nothing may go then, since nobody knows
    what it names.
    """
    found = []
    for row in journal.sessions():
        last, size, blobs = row.opened, 0, set[BlobRef]()
        for entry, length in journal.measured(row.id):
            last, size = entry.at, size + length
            blobs |= blobs_of(entry.event)
        found.append(Held(row, last, size, frozenset(blobs)))
    return tuple(sorted(found, key=lambda h: h.last))


def older(sessions: tuple[Held, ...], before: float) -> tuple[Held, ...]:
    """Those that ended and were last touched before a moment."""
    return tuple(h for h in sessions if h.closed and h.last < before)


def oldest(
    sessions: tuple[Held, ...], journal: Journal, most: int, keep: Collection[str]
) -> tuple[Held, ...]:
    """As many of the oldest as it takes to bring the store to `most` bytes; `keep` stays."""
    sizes = dict(journal.blobs.stored())
    names = Counter(ref for h in sessions for ref in h.blobs)
    left = journal.used() + sum(size for ref, size in sizes.items() if ref in names)
    going: list[Held] = []
    for one in sessions:
        if left <= most:
            break
        if not one.closed or one.row.id in keep:
            continue
        going.append(one)
        names.subtract(one.blobs)
        left -= one.size + sum(sizes.get(ref, 0) for ref in one.blobs if not names[ref])
    return tuple(going)


def plan(journal: Journal, sessions: tuple[Held, ...], going: tuple[Held, ...]) -> Plan:
    gone = {h.row.id for h in going}
    stays = (h.blobs for h in sessions if h.row.id not in gone)
    named = frozenset[BlobRef]().union(*stays)
    loose = [size for ref, size in journal.blobs.stored() if ref not in named]
    size = sum(loose) + sum(h.size for h in going)
    return Plan(tuple(h.row for h in going), named, len(loose), size)


def carry_out(journal: Journal, what: Plan, *, compact: bool = True) -> int:
    """Removes it; the bytes that came free. Safe to be killed anywhere, and to be run again.

    Without `compact`, which takes its time, the journal's own file keeps its size and has room.
    """
    before = store_size(journal)
    if what.sessions:
        _drop(journal, what)
    try:
        journal.blobs.sweep(what.named)
    except OSError as error:
        raise JournalError(
            f"A record in {journal.folder} cannot be removed ({error.strerror}). Nothing that a"
            " session needs is gone; mend the folder's permissions and collect again."
        ) from error
    if compact:
        journal.compact()
    return before - store_size(journal)


def _drop(journal: Journal, what: Plan) -> None:
    """The sessions' entries and all that follows from them, in one transaction."""
    stale = [
        key
        for *key, result in journal.read(
            "SELECT tree, check_name, environment, result FROM evidence"
        )
        if not blobs_of(_result.decode(result)) <= what.named
    ]
    ids = [(row.id,) for row in what.sessions]
    with journal.writing() as db:
        for table in ("entries", "iterations", "snapshots"):
            db.executemany(f"DELETE FROM {table} WHERE session = ?", ids)
        db.executemany("DELETE FROM sessions WHERE id = ?", ids)
        # Evidence without its records is none: such a check runs again.
        db.executemany(
            "DELETE FROM evidence WHERE tree = ? AND check_name = ? AND environment = ?", stale
        )
