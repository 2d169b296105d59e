"""The bytes of files as git would check them out: blobs under the person's line ending rules."""

from __future__ import annotations

import os
from collections.abc import Mapping

from core.repo import disk
from core.repo.entries import Entry, entries, put_entries
from core.repo.paths import parents
from core.repo.workshop import Workshop


def checked_out(
    workshop: Workshop, tree: str, wanted: Mapping[str, Entry | None]
) -> dict[str, bytes]:
    """Contents of these entries of a tree (None: no file)."""
    tree = workshop.git.text("rev-parse", tree)
    files = {path: entry for path, entry in wanted.items() if entry}
    rules = {f"{above}.gitattributes" for path in wanted for above in _folders(path)}
    # The person's attributes as they lie there, unless the change brings its own.
    apart = any(path.rpartition("/")[2] == ".gitattributes" for path in wanted)
    root = workshop.folder / "empty" if apart else workshop.facts.root
    with workshop.temporary("index") as index:
        git = workshop.room.looking_at(root, index)
        held = entries(workshop.git, tree, rules)
        put_entries(git, {**held, **files}, workshop.facts.nothing)
        folder = index.with_name(index.name + ".out")
        names = b"".join(os.fsencode(path) + b"\0" for path in files)
        try:
            git.run("checkout-index", "-z", "--stdin", f"--prefix={folder}/", input=names)
            return {path: (folder / path).read_bytes() for path in files}
        finally:
            disk.remove_tree(folder)


def _folders(path: str) -> tuple[str, ...]:
    return ("", *(f"{parent}/" for parent in parents(path)))
