"""Merging three ways: whole trees, and the bytes of one file that holds uncommitted work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from core.repo.git import Git, split

_CONFLICTS = range(1, 256)

# A file stays where its own side put it: a guess of git's about folders is no conflict.
_SETTINGS = (("merge.directoryRenames", "false"), ("merge.conflictStyle", "merge"))


def merge_commits(git: Git, ours: str, theirs: str) -> tuple[str, tuple[str, ...]]:
    """Tree of the merge of two commits, and the paths where they meet, sorted.

    `git` must see no working tree, whose attributes could name another way to merge.
    """
    code, said = git.having({}, _SETTINGS).status(
        "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs,
        ok=(0, 1),
    )  # fmt: skip
    tree, *paths = split(said)
    return tree, tuple(sorted(set(paths))) if code else ()


def relabelled(content: bytes, names: Mapping[str, str]) -> bytes:
    """A merged file whose markers name their sides in words, where git put commit ids."""
    sides = b"|".join(re.escape(oid.encode()) for oid in names)
    marker = re.compile(rb"^(<{7,}|>{7,}|\|{7,}) (" + sides + rb")\b", re.MULTILINE)
    return marker.sub(lambda m: m[1] + b" " + names[m[2].decode()].encode(), content)


def renamed(path: str, names: Mapping[str, str]) -> str:
    """Where a file and a folder want one name, git adds the side to the file's."""
    for oid, name in names.items():
        path = path.replace(f"~{oid}", f"~{name}")
    return path


def merge_file(git: Git, folder: Path, base: bytes, mine: bytes, new: bytes) -> bytes | None:
    """What the person's bytes become when what leads from `base` to `new` is added to them.

    None where both touch the same lines, and for what is no text. Uses files in `folder`.
    """
    if any(b"\0" in content for content in (base, mine, new)):
        return None
    with ExitStack() as left:
        files = []
        for name, content in (("mine", mine), ("base", base), ("new", new)):
            file = folder / name
            left.callback(file.unlink, missing_ok=True)
            file.write_bytes(content)
            files.append(str(file))
        code, merged = git.having({}, _SETTINGS).status(
            "merge-file", "-p", "-q", *files, ok=(0, *_CONFLICTS)
        )
    return None if code else merged
