"""Uncommitted work of the person's in files that a change touches: what they become together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from core.repo import disk
from core.repo.contents import checked_out
from core.repo.entries import Entry, index_entries
from core.repo.merging import merge_file
from core.repo.moved import in_place
from core.repo.workshop import Workshop


@dataclass(frozen=True)
class Merged:
    """One file, by its bytes on disk."""

    mine: bytes
    """As the person left it."""
    content: bytes
    """The same with what the change does to it."""


def merge_work(
    workshop: Workshop,
    tree: str,
    touched: Mapping[str, tuple[Entry | None, Entry | None]],
    new: Mapping[str, bytes],
) -> dict[str, Merged]:
    """Those of the touched files whose work on disk and the change merge. Writes nothing.

    `touched` holds old entry (in `tree`) and new entry of each path, `new` what git would
    check out. Left out: what is staged, is no plain file, comes or goes, is no text, or meets
    the change in the same lines or in its mode.
    """
    root = workshop.facts.root
    index = index_entries(workshop.facts.git, touched)
    able = {
        path: old
        for path, (old, entry) in touched.items()
        if old and entry and index.get(path) == old and in_place(root, path, old)
        if old[0] == entry[0] or os.access(root / path, os.X_OK) == (old[0] == "100755")
    }
    if not able:
        return {}
    found: dict[str, Merged] = {}
    before = checked_out(workshop, tree, able)
    with workshop.temporary("merge") as folder:
        folder.mkdir()
        try:
            for path, base in before.items():
                mine = (root / path).read_bytes()
                content = merge_file(workshop.git, folder, base, mine, new[path])
                if content is not None:
                    found[path] = Merged(mine, content)
        finally:
            disk.remove_tree(folder)
    return found
