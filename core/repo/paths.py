"""Which paths a change may touch, by name alone and by what the base holds there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from core.errors import ActionFailed
from core.protocol import Problem
from core.repo.entries import FOLDER, GITLINK, LINK, Entry, entries
from core.repo.git import Git, split
from core.text import clean_line

# What HFS+ ignores in names, and what else nobody sees.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_SHORT = re.compile(r"git~\d+|gi[0-9a-f]{4}~\d+")


def check_name(path: str) -> None:
    """Raise `ActionFailed("refused path")` for a name that no change may carry.

    Absolute, with `..`, with control characters, or anything that some file system folds to
    `.git` (case, zero-width characters, trailing dots and spaces, streams, short names).
    """
    if why := _name_problem(path):
        raise _refused(path, why)


def check_entries(
    git: Git, tree: str, paths: Collection[str], filters: Collection[str]
) -> dict[str, Entry]:
    """What the tree holds at these paths.

    Raises `ActionFailed("refused path")` where it holds a link, a submodule or a folder at a
    path, or a file or link where a path wants a folder.
    """
    wanted = sorted({part for path in paths for part in (path, *parents(path))})
    held = entries(git, tree, wanted)
    for path in paths:
        mode = held.get(path, ("", ""))[0]
        if mode in (LINK, GITLINK, FOLDER):
            what = {LINK: "a symbolic link", GITLINK: "a submodule", FOLDER: "a folder"}[mode]
            raise _refused(path, f"it is {what}")
        for parent in parents(path):
            mode = held.get(parent, (FOLDER, ""))[0]
            if mode in (LINK, GITLINK):
                raise _refused(path, f'"{clean_line(parent)}" leads out of the repository')
            if mode != FOLDER and parent not in paths:
                raise _refused(path, f'"{clean_line(parent)}" is a file')
    if filters:
        _check_filters(git, paths, filters)
    return held


def parents(path: str) -> tuple[str, ...]:
    """Folders above a path, outermost first."""
    parts = path.split("/")
    return tuple("/".join(parts[:n]) for n in range(1, len(parts)))


def _name_problem(path: str) -> str:
    if not path:
        return "it is empty"
    if path.startswith(("/", "~")) or re.match(r"[A-Za-z]:", path):
        return "it is not relative to the repository"
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in path):
        return "it has control or hidden characters"
    if len(path.encode()) > 4000 or any(len(part.encode()) > 255 for part in path.split("/")):
        return "it is too long"
    for part in re.split(r"[/\\]", path):
        if part in ("", ".", ".."):
            return 'it has an empty, "." or ".." part'
        if _folds_to_git(part):
            return "it reaches into .git"
    if "\\" in path:
        return "it has a backslash"
    return ""


def _folds_to_git(part: str) -> bool:
    folded = unicodedata.normalize("NFKC", _UNSEEN.sub("", part)).casefold()
    folded = folded.partition(":")[0].rstrip(". ")
    return folded == ".git" or _SHORT.fullmatch(folded) is not None


def _check_filters(git: Git, paths: Collection[str], filters: Collection[str]) -> None:
    names = b"".join(path.encode() + b"\0" for path in paths)
    answer = split(git.run("check-attr", "-z", "--stdin", "filter", input=names))
    for path, _, value in zip(*[iter(answer)] * 3, strict=True):
        if value in filters:
            raise _refused(
                path, f'it is kept by the filter "{clean_line(value)}", which is not run'
            )


def _refused(path: str, why: str) -> ActionFailed:
    return ActionFailed(
        Problem(
            "refused path",
            f'The path "{clean_line(path)}" is refused: {why}. Nothing was applied; name'
            " ordinary files by their path inside the repository.",
            retry=True,
        )
    )
