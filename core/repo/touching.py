"""Which paths a change touches, and whether a commit can hold all of it and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import ActionFailed
from core.protocol import Base, Change, Problem, Tree
from core.repo.entries import FILE_MODES, Entry
from core.repo.git import object_id
from core.repo.paths import parents
from core.repo.workshop import Workshop
from core.text import clean_line

Touched = dict[str, tuple[Entry | None, Entry | None]]
"""Old and new entry of every path that differs."""


def touchable(workshop: Workshop, base: Base, change: Change) -> Touched:
    """The paths that a change touches.

    Raises `ActionFailed`: "empty" for a change without differences, "conflict" where it touches
    a file whose uncommitted content the base includes, "refused path" for links and submodules.
    """
    touched = _touched(workshop, base.tree, change.tree)
    if not touched:
        raise ActionFailed(Problem("empty", "The change is empty: there is nothing to land."))
    if mixed := overlap(touched, base.dirty):
        raise refused(
            f"{clean_line(', '.join(mixed))}: the change touches what also holds uncommitted"
            " work of yours, and a commit cannot tell them apart. Nothing landed; commit or"
            " put aside your work there, then rebuild the change."
        )
    return touched


def _touched(workshop: Workshop, base: Tree, tree: Tree) -> Touched:
    listing = workshop.git.names(
        "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev",
        object_id(base), object_id(tree),
    )  # fmt: skip
    found: Touched = {}
    for meta, path in zip(listing[::2], listing[1::2], strict=True):
        old_mode, new_mode, old, new, _ = meta.removeprefix(":").split(" ")
        pair = tuple(
            None if mode == "000000" else (mode, oid)
            for mode, oid in ((old_mode, old), (new_mode, new))
        )
        if any(entry and entry[0] not in FILE_MODES for entry in pair):
            raise ActionFailed(
                Problem("refused path", f"{clean_line(path)} is a link or a submodule. Nothing"
                        " landed; leave it out of the change.")
            )  # fmt: skip
        found[path] = (pair[0], pair[1])
    return found


def overlap(touched: Mapping[str, object], dirty: tuple[str, ...]) -> list[str]:
    """Dirty paths that are touched, or are in the way of one that is."""
    lies_under = {parent for path in touched for parent in parents(path)}
    return [
        path
        for path in dirty
        if path in touched or path in lies_under or any(p in touched for p in parents(path))
    ]


def refused(says: str) -> ActionFailed:
    return ActionFailed(Problem("conflict", says))
