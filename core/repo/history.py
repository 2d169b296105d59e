"""What a branch's history holds, and what else holds it. Runs nothing that a repository names."""

from __future__ import annotations

import os

from core.repo.facts import Facts
from core.repo.git import Git, object_id
from core.text import clean_line, decode

# A stash and our own refs are nobody's copy of a branch.
_PRIVATE = ("refs/stash", "refs/loopwright/")


def is_there(git: Git, commit: str) -> bool:
    """Whether the commit's object can be read."""
    return git.status("cat-file", "-e", f"{object_id(commit)}^{{commit}}", ok=(0, 1, 128))[0] == 0


def contains(git: Git, of: str, commit: str) -> bool:
    """Whether a commit is in the history of `of` (a commit or a ref), at its tip or below."""
    if not is_there(git, commit):
        return False
    return git.status("merge-base", "--is-ancestor", commit, of, ok=(0, 1))[0] == 0


def parents_of(git: Git, commit: str) -> tuple[str, ...]:
    """Parents that can be read: a shallow clone's last commit has none."""
    said = git.text("rev-list", "--parents", "--no-walk", object_id(commit))
    return tuple(said.split(" ")[1:])


def tree_of(git: Git, commit: str) -> str:
    return git.text("rev-parse", "--verify", f"{object_id(commit)}^{{tree}}")


def subject(git: Git, commit: str) -> str:
    """The first line of a commit's message, safe to show."""
    # Not by `git log`: the repository can make that run a signature checker.
    _, _, message = git.run("cat-file", "commit", object_id(commit)).partition(b"\n\n")
    return clean_line(decode(message.lstrip(b"\n").split(b"\n")[0]))


def elsewhere(facts: Facts, commit: str, branch: str) -> tuple[str, ...]:
    """Refs beside the branch that hold a commit: somebody may have seen it there."""
    listing = facts.git.run(
        "for-each-ref", f"--contains={object_id(commit)}", "--format=%(refname)"
    )
    names = (os.fsdecode(line) for line in listing.splitlines())
    return tuple(
        name for name in names if name != f"refs/heads/{branch}" and not name.startswith(_PRIVATE)
    )
