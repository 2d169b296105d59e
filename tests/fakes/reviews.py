"""A change that real git made, before the person at a gate."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from core import protocol as p
from core.repo.hunks import parse
from tests.fakes.repos import git, make_repo, write
from tests.fakes.shop import Shop, change_of

Files = Mapping[str, str | bytes]


def made_by_git(
    folder: Path, before: Files, after: Files, executable: Collection[str] = ()
) -> tuple[p.FileDiff, ...]:
    """What git says of the way from `before` to `after`; `executable` names files of `after`."""
    repo = make_repo(folder, before)
    for name in before:
        (repo / name).unlink()
    write(repo, after)
    for name in executable:
        (repo / name).chmod(0o755)
    git(repo, "add", "-A")
    tree = git(repo, "write-tree")
    patch = git(repo, "diff-tree", "-r", "-p", "-M", "--full-index", "--binary", "HEAD", tree)
    return parse(patch.encode("utf-8", "surrogateescape") + b"\n")


def apart(
    diff: p.FileDiff, *, weakens: Mapping[int, str] | None = None, **fields: Any
) -> p.FileDiff:
    """The file with reasons to look twice at it; `weakens` by the hunk's number."""
    if weakens:
        fields["weakens"] = tuple(weakens.get(n, "") for n in range(len(diff.hunks)))
    return p.FileDiff(replace(diff.change, **fields), diff.hunks)


def reviewing(diffs: tuple[p.FileDiff, ...], files: Files | None = None) -> Callable[[Any], Shop]:
    """A shop that asks about this change; `files` are what its tree holds."""
    change = change_of(*diffs, name="a review")

    def make(sink: Any) -> Shop:
        session = Shop(sink)
        held = {
            f"{change.tree}:{path}": text.encode() if isinstance(text, str) else text
            for path, text in (files or {}).items()
        }
        session.recording = replace(session.recording, diffs={change.tree: diffs}, files=held)
        session.reports[p.Build] = lambda s, a: [p.ChangeBuilt(a.id, change)]
        session.reports[p.Propose] = lambda s, a: [p.ProposalMade(a.id, p.Reply("", ""))]
        return session.to("red")

    return make
