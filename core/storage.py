"""The state folder: how much is kept in it, and what of that may go.

    state home/repositories/NAME-HASH/    one repository's: journal.db, blobs, lock, workshop, runs

A repository's journal is collected under its lock, so never while a session is open there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import HeldByAnother, JournalError
from core.journal import Journal, RepositoryLock, SessionRow, collect
from core.places import repository_path, state_home
from core.repo.room import remove
from core.repo.workshop import borrows_from

_GOING = ".going-"
_DISPOSABLE = ("workshop", "runs")
MOST_FILES = 200_000
"""A folder's size is counted up to this many files."""


@dataclass(frozen=True)
class Collected:
    """What was (or would be) freed of one repository's folder."""

    repository: str
    """Its path where that is known, else the name of its folder."""
    sessions: tuple[SessionRow, ...] = ()
    files: int = 0
    """Records that no session names any more."""
    workshop: bool = False
    """True where the repository is no more, and its workshop (or all of its folder) goes."""
    size: int = 0
    """Bytes."""
    kept: str = ""
    """Why nothing of it went; "" where that is no matter."""


def collect_one(
    env: Mapping[str, str], root: Path, *, keep_days: float, dry_run: bool = False
) -> Collected:
    """Collects what is kept of the repository at `root`.

    Raises `HeldByAnother` while a session is open there, and `JournalError`.
    """
    return _collect(repository_path(env, root), str(root), keep_days, dry_run)


def collect_all(
    env: Mapping[str, str], *, keep_days: float, dry_run: bool = False
) -> Iterator[Collected]:
    """Collects every repository's folder, one after another; what cannot be is said in `kept`."""
    home = state_home(env) / "repositories"
    for folder in sorted(home.iterdir()) if home.is_dir() else ():
        if folder.is_symlink() or not folder.is_dir():
            continue
        name = folder.name
        try:
            if name.startswith(_GOING):
                yield _finish_going(folder, dry_run)
            else:
                yield _collect(folder, "", keep_days, dry_run)
        except (HeldByAnother, JournalError) as error:
            yield Collected(name, kept=str(error))
        except OSError as error:
            yield Collected(name, kept=f"It cannot be removed ({error.strerror or error}).")


def shrink(journal: Journal, cap: int, keep: str) -> tuple[SessionRow, ...]:
    """Brings a store of more than `cap` bytes below it, the oldest ended sessions first.

    `keep` is the session that is being opened. The caller holds the lock. Returns what went.
    """
    if collect.store_size(journal) <= cap:
        return ()
    sessions = collect.held(journal)
    most = int(cap * collect.ROOM)
    going = collect.oldest(sessions, journal, most, {keep})
    collect.carry_out(journal, collect.plan(journal, sessions, going), compact=False)
    return tuple(h.row for h in going)


def size_below(folder: Path) -> int:
    """Bytes on disk below a folder; links are not followed."""
    total = seen = 0
    for where, _, names in os.walk(folder):
        for name in names:
            seen += 1
            if seen > MOST_FILES:
                return total
            try:
                total += os.lstat(os.path.join(where, name)).st_blocks * 512
            except OSError:
                continue
    return total


def in_units(size: int) -> str:
    """ "0 kB", "812 kB", "12.3 MB", "1.20 GB"."""
    if size < 1_000_000:
        return f"{max(0, size + 500) // 1000} kB"
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.2f} GB"


def _collect(folder: Path, root: str, keep_days: float, dry_run: bool) -> Collected:
    if not (folder / "journal.db").is_file():
        return Collected(root or folder.name)
    lock = RepositoryLock(folder / "lock")
    if not dry_run:
        lock.take()
    try:
        journal = Journal(folder, readonly=dry_run)
        try:
            known = root or journal.repository()
            sessions = collect.held(journal)
            going = collect.older(sessions, time.time() - keep_days * 86_400)
            what = collect.plan(journal, sessions, going)
            size = what.size if dry_run else collect.carry_out(journal, what)
        finally:
            journal.close()
        stale = _is_gone(known, folder) and (len(going) == len(sessions) or _has_workshop(folder))
        if stale:
            size += _remove_stale(folder, dry_run, whole=len(going) == len(sessions))
    finally:
        lock.release()
    return Collected(known or folder.name, what.sessions, what.files, stale, size)


def _is_gone(root: str, folder: Path) -> bool:
    """Whether the repository is no more. Its path may be known from its workshop alone."""
    place = Path(root) if root else borrows_from(folder / "workshop")
    return place is not None and not place.is_dir()


def _has_workshop(folder: Path) -> bool:
    names = (*_DISPOSABLE, *(_GOING + name for name in _DISPOSABLE))
    return any((folder / name).is_dir() for name in names)


def _remove_stale(folder: Path, dry_run: bool, *, whole: bool) -> int:
    """Removes the workshop, or the whole folder where no session is left in it; its bytes."""
    parts = [folder] if whole else [folder / name for name in _DISPOSABLE]
    # Out of the way in one step, so that nobody finds half of it; a kill may have left that.
    asides = [part.with_name(_GOING + part.name) for part in parts]
    size = sum(size_below(place) for place in (*parts, *asides))
    for part, aside in zip(parts, asides, strict=True):
        if dry_run:
            continue
        remove(aside)
        if part.is_dir():
            os.rename(part, aside)
            remove(aside)
    return size


def _finish_going(folder: Path, dry_run: bool) -> Collected:
    """A removal that was killed."""
    size = size_below(folder)
    if not dry_run:
        remove(folder)
    return Collected(folder.name.removeprefix(_GOING), workshop=True, size=size)
