"""A recorded session, looked at without its repository: for pictures, tests and reports.

A recording holds the journal's entries and what the reader answered about them, so that it
needs neither the journal's blobs nor git.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from core import protocol as p
from core.errors import JournalError
from core.fold import fold
from core.landings import last_word
from core.printed import Lines
from core.reading import FOUND, Session
from core.search import Found, look, said, terms
from core.state import Iteration, State


class Recording(p.Value, frozen=True):
    entries: tuple[p.Entry, ...]
    diffs: dict[p.Tree, tuple[p.FileDiff, ...]] = {}
    records: dict[p.BlobRef, p.Records] = {}
    outputs: dict[p.BlobRef, str] = {}
    replies: dict[p.BlobRef, str] = {}
    files: dict[str, bytes] = {}
    """"TREE:PATH" → content."""
    patches: dict[p.BlobRef, bytes] = {}


def load(path: Path) -> Recording:
    """Raises `JournalError` when the file is no recording."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Recording)
    except (OSError, msgspec.DecodeError) as error:
        raise JournalError(f"{path} is not a recorded session: {error}") from error


def save(recording: Recording, path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(recording), indent=1) + b"\n")


def capture(entries: Iterable[p.Entry], session: Session) -> Recording:
    """Everything that a replay of these entries may be asked, read out of a session."""
    kept = tuple(entries)
    reader = session.reader
    diffs: dict[p.Tree, tuple[p.FileDiff, ...]] = {}
    records, outputs, replies, patches = {}, {}, {}, {}
    files: dict[str, bytes] = {}

    def keep(tree: p.Tree, path: str) -> None:
        content = reader.file(tree, path)
        if content is not None:
            files[f"{tree}:{path}"] = content

    for event in (entry.event for entry in kept):
        match event:
            case p.ChangeBuilt(change=change):
                diffs[change.tree] = reader.diff(change)
                for f in change.files:
                    keep(change.tree, f.path)
                patches[change.patch] = reader.patch(change)
            case p.BuildFailed(conflict=conflict) if conflict is not None:
                for path in conflict.paths:
                    keep(conflict.tree, path)
            case p.UndoPlanned(plan=plan) if plan.change is not None:
                diffs[plan.change.tree] = reader.diff(plan.change)
            case p.CheckFinished(result=result):
                if result.records:
                    records[result.records] = reader.records(result)
                if result.output:
                    outputs[result.output] = reader.output(result)
            case p.PlanProposed(reply=reply) | p.ProposalMade(reply=reply):
                if reply.text:
                    replies[reply.text] = reader.reply(reply)
            case _:
                pass
    return Recording(kept, diffs, records, outputs, replies, files, patches)


class ReplayReader:
    def __init__(self, recording: Recording, iterations: tuple[Iteration, ...]) -> None:
        self._recording = recording
        self._iterations = iterations

    def diff(self, change: p.Change) -> tuple[p.FileDiff, ...]:
        return self._recording.diffs.get(change.tree, ())

    def patch(self, change: p.Change) -> bytes:
        return self._recording.patches.get(change.patch, b"")

    def records(self, result: p.CheckResult) -> p.Records:
        return self._recording.records.get(result.records, p.Records())

    def output(self, result: p.CheckResult) -> str:
        return self._recording.outputs.get(result.output, "")

    def lines(self, result: p.CheckResult) -> Lines:
        return Lines.of(self.output(result).encode("utf-8", "replace"))

    def reply(self, reply: p.Reply) -> str:
        return self._recording.replies.get(reply.text, "")

    def file(self, tree: p.Tree, path: str) -> bytes | None:
        return self._recording.files.get(f"{tree}:{path}")

    def iterations(self) -> tuple[Iteration, ...]:
        return self._iterations

    def find(self, words: str, limit: int = FOUND) -> tuple[Found, ...]:
        entries = self._recording.entries
        opened = entries[0].event if entries else None
        session = opened.session if isinstance(opened, p.SessionOpened) else ""
        return look(session, said(entries), reversed(self._iterations), terms(words), limit)


class Replay:
    """A `Session` that stands still at one moment of a recording.

    `upto` is the last entry that has happened, by its sequence number; 0 means all of them.
    """

    def __init__(self, recording: Recording, upto: int = 0) -> None:
        state, seen = State(), dict[int, Iteration]()
        for entry in recording.entries:
            if upto and entry.seq > upto:
                break
            before, state = state.iteration, fold(state, entry)
            see(seen, before, state)
        self._state = state
        self._reader = ReplayReader(recording, tuple(seen[n] for n in sorted(seen)))

    @property
    def state(self) -> State:
        return self._state

    @property
    def reader(self) -> ReplayReader:
        return self._reader

    @property
    def held_by(self) -> str:
        return ""

    def submit(self, command: p.AnyCommand) -> None:
        """Nothing: what is recorded has been decided."""

    def close(self) -> None:
        """Nothing to give back."""


def see(seen: dict[int, Iteration], before: Iteration | None, after: State) -> None:
    """Keeps in `seen` what an entry said of iterations; `before` was the live one until then."""
    if before is not None and (after.iteration is None or after.iteration.n != before.n):
        seen[before.n] = last_word(before, after)
    for it in (*after.tries, *((after.iteration,) if after.iteration else ())):
        seen[it.n] = it


def gates(recording: Recording) -> dict[str, int]:
    """Kind of gate → the sequence number at which the first (results: the last) opened.

    Also "comment" → that of the last comment.
    """
    found: dict[str, int] = {}
    for entry in recording.entries:
        if isinstance(entry.event, p.GateOpened):
            kind = entry.event.gate.kind
            if kind == "result" or kind not in found:
                found[kind] = entry.seq
        elif isinstance(entry.event, p.CommentAdded):
            found["comment"] = entry.seq
    return found
