"""Whether the person's branch or files moved under a change: truth by content, not by times."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from core.protocol import Base, Moved
from core.repo import disk
from core.repo.entries import FILE_MODES, Entry, entries, index_entries, put_entries
from core.repo.facts import tip
from core.repo.paths import parents
from core.repo.workshop import Workshop
from core.text import clean_line


def moved(workshop: Workshop, base: Base, paths: Collection[str]) -> Moved | None:
    """What is no longer as the base has it; None while nothing moved.

    Looks at the tip of the branch and, for each path, at the file and at the index entry.
    Content is compared as git compares it (line endings), without running any filter. For
    paths whose uncommitted content is in the base, that content is what must still be there.
    """
    held = entries(workshop.git, base.tree, paths)
    expected = {path: held.get(path) for path in paths}
    return compare(workshop, base, expected)


def compare(
    workshop: Workshop,
    base: Base,
    expected: Mapping[str, Entry | None],
    mine: Mapping[str, str] | None = None,
) -> Moved | None:
    """`moved`, with what must be at each path (None: nothing) at hand.

    `mine` holds digests of files with uncommitted work: those bytes must still be there.
    """
    branch, head = tip(workshop.facts)
    paths = _differing(workshop, expected, frozenset(base.dirty), mine or {})
    if head == base.commit and branch == base.branch and not paths:
        return None
    says = []
    if branch != base.branch:
        says.append(f"HEAD went from {base.branch or 'no branch'} to {branch or 'no branch'}")
    elif head != base.commit:
        says.append(f"{branch or 'HEAD'} went from {base.commit[:9]} to {head[:9]}")
    if paths:
        says.append(f"{', '.join(clean_line(path) for path in paths)} changed in your files")
    return Moved(head=head, paths=paths, says="; ".join(says) + ".")


def _differing(
    workshop: Workshop,
    expected: Mapping[str, Entry | None],
    dirty: frozenset[str],
    mine: Mapping[str, str],
) -> tuple[str, ...]:
    root = workshop.facts.root
    index = index_entries(workshop.facts.git, expected)
    found = {path for path, entry in expected.items() if not in_place(root, path, entry)}
    for path, entry in expected.items():
        if path not in dirty and index.get(path) != entry:
            found.add(path)
        if any(other.startswith(f"{path}/") for other in index):
            found.add(path)
    found |= {path for path, held in mine.items() if disk.digest(root / path) != held}
    known = found | mine.keys()
    present = {path: entry for path, entry in expected.items() if entry and path not in known}
    return tuple(sorted(found | _rewritten(workshop, root, present)))


def in_place(root: Path, path: str, entry: Entry | None) -> bool:
    """Whether there is a plain file where one is wanted, and nothing where nothing is."""
    for parent in parents(path):
        folder = root / parent
        if folder.is_symlink() or (os.path.lexists(folder) and not folder.is_dir()):
            return False
    target = root / path
    if entry is None:
        return not os.path.lexists(target)
    return entry[0] in FILE_MODES and target.is_file() and not target.is_symlink()


def _rewritten(workshop: Workshop, root: Path, present: Mapping[str, Entry]) -> set[str]:
    """Paths whose files are not these blobs, by git's own comparison.

    An index that holds no times makes git compare content, under the line ending rules.
    """
    if not present:
        return set()
    with workshop.temporary("index") as index:
        git = workshop.room.looking_at(root, index)
        put_entries(git, present, workshop.facts.nothing)
        git.run("update-index", "-q", "--refresh", ok=(0, 1))
        return set(git.names("diff-files", "-z", "--name-only"))
