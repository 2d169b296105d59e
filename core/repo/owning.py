"""What the workshop takes over from the person's repository: refs, and the base's own objects.

Borrowed objects can vanish (an amend and a prune); those of every base are copied, which is
cheap and makes the base independent of the person's store.
"""

from __future__ import annotations

import os
from pathlib import Path

from core.repo.facts import Facts
from core.repo.git import Git

Ref = tuple[str, str, str]
"""Object, full name, and the object that a tag stands for ("" for none)."""


def refs_of(facts: Facts) -> list[Ref]:
    """The person's branches, remote branches and tags."""
    listing = facts.git.run(
        "for-each-ref", "--format=%(objectname) %(refname) %(*objectname)",
        "refs/heads", "refs/tags", "refs/remotes",
    )  # fmt: skip
    found = []
    for line in listing.splitlines():
        oid, name, peeled = os.fsdecode(line).split(" ")
        found.append((oid, name, peeled))
    return found


def own_commit(git: Git, owned: Path, head: str) -> None:
    """Copy a commit and its tree's objects in, unless the list at `owned` says it was done.

    Raises `GitFailed` when what was copied before is damaged.
    """
    before = owned.read_text().split() if owned.is_file() else []
    if head in before:
        git.run("cat-file", "-e", f"{head}^{{tree}}")
        return
    known = [f"^{before[-1]}^{{tree}}"] if before else []
    own_objects(git, [f"{head}^{{tree}}", *known], also=head)
    owned.write_text("\n".join([*before, head]))


def own_objects(git: Git, revisions: list[str], also: str = "") -> None:
    """Copy the objects that `git rev-list --objects` lists (and one more) into a pack of ours."""
    listed = git.run(
        "rev-list", "--objects", "--stdin", input="\n".join(revisions).encode() + b"\n"
    )
    if listed or also:
        pack = Path(dict(git.env)["GIT_DIR"]) / "objects" / "pack" / "pack"
        more = f"{also}\n".encode() if also else b""
        git.run("pack-objects", "-q", str(pack), input=listed + more)
