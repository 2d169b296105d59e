"""Entries of trees and indexes: mode and object at a path."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

from core.repo.git import Git, object_id

LINK, GITLINK, FOLDER = "120000", "160000", "040000"
FILE_MODES = ("100644", "100755")
Entry = tuple[str, str]
"""Mode and object id, as git writes them."""


def entries(git: Git, tree: str, paths: Collection[str]) -> dict[str, Entry]:
    """What a tree holds at exactly these paths; folders too. Nothing where it holds nothing."""
    found: dict[str, Entry] = {}
    names = list(paths)
    for start in range(0, len(names), 500):
        some = names[start : start + 500]
        for line in git.names("ls-tree", "-z", "-t", "--full-tree", object_id(tree), "--", *some):
            meta, _, path = line.partition("\t")
            mode, _, oid = meta.split(" ")
            found[path] = (mode, oid)
    return {path: found[path] for path in names if path in found}


def index_entries(git: Git, paths: Collection[str]) -> dict[str, Entry]:
    """What the index holds at and below these paths."""
    found: dict[str, Entry] = {}
    names = list(paths)
    for start in range(0, len(names), 500):
        some = names[start : start + 500]
        for line in git.names("ls-files", "-z", "-s", "--", *some):
            meta, _, path = line.partition("\t")
            mode, oid, stage = meta.split(" ")
            # An unmerged path equals nothing.
            found[path] = (mode, oid) if stage == "0" else ("unmerged", oid)
    return found


def put_entries(git: Git, new: Mapping[str, Entry | None], nothing: str) -> None:
    """Set (None: remove) entries of the index that `git` uses; `nothing` is `Facts.nothing`."""
    gone = [path for path, entry in new.items() if entry is None]
    lines = [f"0 {nothing}\t{path}" for path in gone]
    lines += [f"{entry[0]} {entry[1]}\t{path}" for path, entry in new.items() if entry]
    if lines:
        data = b"".join(os.fsencode(line) + b"\0" for line in lines)
        git.run("update-index", "-z", "--index-info", input=data)
