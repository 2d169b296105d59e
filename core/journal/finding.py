"""Finds words in everything that one journal holds; see `core.search` for what is looked at.

The rows of the iterations are scanned as they lie there; only those that can hold the words are
decoded. That is fast enough without an index, which would have to be kept true.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from core.journal.store import Journal
from core.search import Found, Said, look, said, terms
from core.state import Iteration

_iteration = msgspec.json.Decoder(Iteration)


def find(journal: Journal, words: str, limit: int) -> tuple[Found, ...]:
    """At most `limit` places that hold all the words: newest session first, then newest."""
    wanted = terms(words)
    found: list[Found] = []
    for row in journal.sessions() if wanted else ():
        heard = said(journal.said(row.id))
        found += look(row.id, heard, _tries(journal, row.id, heard, wanted), wanted, limit)
        if len(found) >= limit:
            break
    return tuple(found[:limit])


def _tries(
    journal: Journal, session: str, heard: Said, wanted: tuple[str, ...]
) -> Iterator[Iteration]:
    """The session's tries, newest first, whose rows hold what neither goals nor comments do."""
    beside = [goal for _, goal in heard.goals] + [
        text for _, c in heard.comments for text in (c.text, c.path, str(c.line))
    ]
    there = "\n".join(beside).casefold()
    commented = {c.iteration for _, c in heard.comments}
    raw = [_as_json(word) for word in wanted]
    needed = [_as_json(word) for word in wanted if word not in there]
    for n, row in reversed(journal.rows(session)):
        text = row.decode().casefold()
        if all(w in text for w in needed) and (n in commented or any(w in text for w in raw)):
            yield _iteration.decode(row)


def _as_json(word: str) -> str:
    """The word as it stands within a JSON text."""
    return msgspec.json.encode(word)[1:-1].decode().casefold()
