"""A patch that the person wrote, as a tree: held to the same rules as any other change."""

from __future__ import annotations

from core.errors import ActionFailed
from core.protocol import Problem, Tree
from core.repo.entries import FILE_MODES
from core.repo.git import object_id
from core.repo.workshop import Workshop
from core.text import clean_line


def patched(workshop: Workshop, base: Tree, patch: bytes) -> Tree:
    """The tree that a patch makes out of `base`; its hunks' counts need not be right.

    Raises `ActionFailed`: "conflict" where it does not fit, "refused path" for names, links and
    modes that no change may carry.
    """
    tree = workshop.apply(base, patch, recount=True)
    listing = workshop.git.names(
        "diff-tree", "-r", "-z", "--raw", "--no-renames", object_id(base), object_id(tree)
    )
    files: dict[str, bytes | None] = {}
    modes: dict[str, str] = {}
    for meta, path in zip(listing[::2], listing[1::2], strict=True):
        mode = meta.split(" ")[1]
        if mode == "000000":
            files[path] = None
            continue
        if mode not in FILE_MODES:
            says = f"{clean_line(path)} would be a link or a submodule. Nothing was applied."
            raise ActionFailed(Problem("refused path", says))
        files[path], modes[path] = workshop.read(tree, path), mode
    return workshop.build(base, files, modes)
