"""Which paths an edit may name at all; the workshop refuses more (links, gitlinks)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from core.errors import ActionFailed
from core.protocol import Problem
from core.text import clean_line

_SHORT_GIT: Final = re.compile(r"git~\d+")
_IGNORED_BY_HFS: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad]")


def checked_path(path: str) -> str:
    """The path without a leading "./".

    Raises `ActionFailed("refused path")` for what leaves the repository or reaches git's own
    files under any spelling that some file system folds (CVE-2014-9390 and its kin).
    """
    path = path.removeprefix("./")
    if why := _refusal(path):
        raise ActionFailed(
            Problem(
                "refused path",
                f'The path "{clean_line(path)}" is refused: {why}. Nothing of the reply was'
                " applied; name files by their path inside the repository.",
                retry=True,
            )
        )
    return path


def _refusal(path: str) -> str:
    if not path:
        return "it is empty"
    if path.startswith(("/", "~")) or re.match(r"[A-Za-z]:", path):
        return "it is not relative to the repository"
    if "\\" in path:
        return "it has a backslash"
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in path):
        return "it has control characters"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return 'it has an empty, "." or ".." part'
        if _is_git(part):
            return "it reaches into .git"
    return ""


def _is_git(part: str) -> bool:
    folded = unicodedata.normalize("NFKC", _IGNORED_BY_HFS.sub("", part)).casefold()
    folded = folded.partition(":")[0].rstrip(". ")
    return folded == ".git" or _SHORT_GIT.fullmatch(folded) is not None
