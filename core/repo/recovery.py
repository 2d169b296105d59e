"""After a kill inside a landing: the repository becomes the old one or the new one, whole.

Which one follows from the branch alone: it holds the new commit (or, going back, has let go of
the old one) or it does not. Idempotent;
may itself be killed anywhere and run again. What the person did to their repository between
the kill and the recovery stands: a file is taken back only where it is what we wrote and
neither HEAD nor the index has come to hold it, and an index entry is set only where it is
still what it was. A file that was merged with work of theirs is taken back to that work, by the
same rule.

A git that is killed in the middle of moving a ref can leave that ref's own lock; nothing says
whose such a lock is, so it stays, and git names it.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.protocol import LandingFile, LandingIntent
from core.repo import disk
from core.repo.entries import Entry, entries, index_entries, put_entries
from core.repo.facts import Facts
from core.repo.history import contains
from core.repo.stage import Stage

_LOCK_WAIT = 2.0


@dataclass(frozen=True)
class Recovered:
    """What a landing came to."""

    outcome: Literal["old", "new"]
    """"new": the change landed. "old": it did not, and nothing of it is left."""
    commit: str
    """What the landing's ref is on now."""


def recover(facts: Facts, intent: LandingIntent) -> Recovered:
    """Finish or undo a landing that was interrupted. Once it is done, does nothing.

    Raises `BlockingIOError` when another git holds the index, `OSError` and `GitFailed` when
    the repository cannot be written; then call it again later.
    """
    stage = Stage(facts, intent)
    commit = stage.plain.text("rev-parse", "-q", "--verify", f"{intent.ref}^{{commit}}")
    if has_landed(stage):
        go_forward(stage)
        return Recovered("new", commit)
    roll_back(stage, certain=False)
    return Recovered("old", commit)


def has_landed(stage: Stage) -> bool:
    """Whether the branch holds the new commit, at its tip or below.

    One that goes back holds that either way: there, whether it has let go of the old commit and
    of what that did, since a person's own amend lets go of the commit alone.
    """
    intent, git = stage.intent, stage.plain
    if not intent.backward:
        return contains(git, intent.ref, intent.new_commit)
    if contains(git, intent.ref, intent.old_commit):
        return False
    held = entries(git, git.text("rev-parse", f"{intent.ref}^{{tree}}"), _paths(intent.files))
    return any(held.get(f.path) != old_entry(f) for f in intent.files)


def go_forward(stage: Stage, *, prepared: bool = False) -> None:
    """The branch has moved: bring the index after it, and clear everything away.

    `prepared` says that the stage holds the index as it will be, made under our lock.
    """
    if prepared:
        stage.finish_index()
    elif stage.is_open:
        _bring_index_forward(stage)
    if stage.is_open:
        stage.remove_emptied_folders()
    stage.clear()


def _bring_index_forward(stage: Stage) -> None:
    files = stage.intent.files
    held = entries(stage.plain, stage.plain.text("rev-parse", "HEAD^{tree}"), _paths(files))
    index = index_entries(stage.plain, _paths(files))
    late = {
        f.path: new_entry(f)
        for f in files
        if index.get(f.path) == old_entry(f) and held.get(f.path) == new_entry(f)
    }
    if not late:
        return
    stage.take_lock(_LOCK_WAIT)
    stage.copy_index()
    put_entries(stage.git, late, stage.facts.nothing)
    stage.refresh_index()
    stage.finish_index()


def roll_back(stage: Stage, *, certain: bool) -> None:
    """The branch has not moved: take back what was written, and clear everything away.

    `certain` says that the landing is our own and still holds its lock, so nobody else can
    have come to rely on what it wrote.
    """
    if stage.is_open:
        _take_all_back(stage, certain)
    stage.clear()


def _take_all_back(stage: Stage, certain: bool) -> None:
    files = stage.intent.files
    ours = {f.path for f in files}
    if not certain:
        held = entries(stage.plain, stage.plain.text("rev-parse", "HEAD^{tree}"), _paths(files))
        index = index_entries(stage.plain, _paths(files))
        ours = {
            f.path
            for f in files
            if held.get(f.path) == old_entry(f) and index.get(f.path) == old_entry(f)
        }
    for n, file in enumerate(files):
        if file.path in ours:
            _take_back(stage, n, file)
    stage.remove_made_folders()
    stage.sync_folders()


def _take_back(stage: Stage, n: int, file: LandingFile) -> None:
    target, kept = stage.target(file), stage.kept(n, file)
    aside = os.path.lexists(kept)
    if not file.new_blob:
        if aside and not os.path.lexists(target):
            disk.put_new(kept, target)
        return
    if not _is_written(target, file):
        return
    if not file.old_blob:
        disk.unlink(target)
    elif aside:
        disk.rename(kept, target)


def _is_written(target: Path, file: LandingFile) -> bool:
    """Whether the file is what the landing wrote: content, and mode where that changes."""
    if disk.digest(target) != file.new_hash:
        return False
    executable = bool(target.stat().st_mode & stat.S_IXUSR)
    return file.old_mode == file.new_mode or executable == (file.new_mode == "100755")


def old_entry(file: LandingFile) -> Entry | None:
    """What the index held for it before."""
    return (file.old_mode, file.old_blob) if file.old_blob else None


def new_entry(file: LandingFile) -> Entry | None:
    """What the index holds for it after."""
    return (file.new_mode, file.new_blob) if file.new_blob else None


def _paths(files: tuple[LandingFile, ...]) -> tuple[str, ...]:
    return tuple(file.path for file in files)
