"""What the person's files hold now, as a tree: for a base that includes uncommitted work.

Their index and their objects stay byte for byte as they are: git works on a copy of the index
and writes new objects into the workshop's store.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from core.repo.facts import Facts
from core.repo.git import Git, object_id, split


def dirty_tree(facts: Facts, head_tree: str, index: Path, objects: Path) -> str:
    """Tree of the person's tracked and untracked, not ignored, files. `index` is a scratch file.

    Files behind filters and submodules stay as HEAD has them: their content cannot be taken in
    without running what the repository names.
    """
    git = facts.git.having(
        {
            "GIT_INDEX_FILE": str(index),
            "GIT_OBJECT_DIRECTORY": str(objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(facts.object_dir),
        }
    )
    _copy_index(facts, index)
    git.run("update-index", "-q", "--refresh", ok=(0, 1))
    changed = git.names("diff-files", "-z", "--name-only", "--ignore-submodules=all")
    new = [
        path
        for path in git.names("ls-files", "-z", "-o", "--exclude-standard")
        # A trailing slash is somebody's repository inside this one.
        if not path.endswith("/")
    ]
    wanted = _unfiltered(git, (*changed, *new)) if facts.filters else (*changed, *new)
    data = b"".join(os.fsencode(path) + b"\0" for path in wanted)
    git.run("update-index", "-z", "--add", "--remove", "--replace", "--stdin", input=data)
    return _with_submodules_of(git, head_tree, git.text("write-tree"))


def _copy_index(facts: Facts, index: Path) -> None:
    theirs = facts.root / facts.git.text("rev-parse", "--git-path", "index")
    if theirs.is_file():
        # With its times: git tells by them which entries it must compare by content.
        shutil.copy2(theirs, index)


def _unfiltered(git: Git, paths: tuple[str, ...]) -> tuple[str, ...]:
    names = b"".join(os.fsencode(path) + b"\0" for path in paths)
    answer = split(git.run("check-attr", "-z", "--stdin", "filter", input=names))
    values = {path: value for path, _, value in zip(*[iter(answer)] * 3, strict=True)}
    return tuple(path for path in paths if values[path] in ("unspecified", "unset"))


def _with_submodules_of(git: Git, head_tree: str, tree: str) -> str:
    """The tree, with submodules as HEAD has them."""
    listing = git.names(
        "diff-tree", "-r", "-z", "--no-renames", "--raw", "--no-abbrev", head_tree, tree
    )
    back = []
    for meta, path in zip(listing[::2], listing[1::2], strict=True):
        old_mode, new_mode, old, _, _ = meta.removeprefix(":").split(" ")
        if "160000" in (old_mode, new_mode):
            back.append(f"{old_mode if old_mode != '000000' else '0'} {old}\t{path}")
    if not back:
        return object_id(tree)
    data = b"".join(os.fsencode(line) + b"\0" for line in back)
    git.run("update-index", "-z", "--index-info", input=data)
    return git.text("write-tree")


def _quoted(path: Path) -> str:
    """For a list that is split at colons, unless quoted."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
