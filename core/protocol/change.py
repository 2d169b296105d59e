"""Changes: what a proposal makes out of its base, and what it takes to land one."""

from __future__ import annotations

from typing import Literal

from core.protocol.values import Base, BlobRef, Tree, Value


class FileChange(Value, frozen=True):
    path: str
    status: Literal["added", "deleted", "modified", "renamed", "mode"]
    added: int = 0
    removed: int = 0
    old_path: str = ""
    binary: bool = False
    hunks: tuple[str, ...] = ()
    """Ids of its hunks, in order. A binary, mode-only or empty file has one id too."""
    outside_scope: bool = False
    runs_later: str = ""
    """Why this file runs code later (hook, CI, conftest, lock file…); "" when it does not."""
    weakens: tuple[str, ...] = ()
    """Hunk by hunk, what it takes from the tests that the base had; "" for nothing, () for none."""
    blob: str = ""
    """Object id of its content in the change's tree; "" where there is none or it is not known."""


class Change(Value, frozen=True):
    """The git tree that a proposal makes out of its base."""

    tree: Tree
    base: Base
    files: tuple[FileChange, ...]
    patch: BlobRef
    """Blob: `git diff` of base.tree to tree, raw bytes."""

    @property
    def hunk_ids(self) -> tuple[str, ...]:
        return tuple(h for f in self.files for h in f.hunks)


class DiffLine(Value, frozen=True):
    kind: Literal[" ", "+", "-"]
    text: str
    """Cleaned for the screen; the bytes are in the patch."""
    old: int = 0
    new: int = 0
    no_newline: bool = False


class Hunk(Value, frozen=True):
    id: str
    path: str
    header: str
    lines: tuple[DiffLine, ...]


class FileDiff(Value, frozen=True):
    """A file of a patch, parsed for the screen."""

    change: FileChange
    hunks: tuple[Hunk, ...]


class Conflict(Value, frozen=True):
    """What a merge of three could not settle by itself."""

    tree: Tree
    """The merge with both sides between markers where they meet."""
    paths: tuple[str, ...]


class Moved(Value, frozen=True):
    """What moved in the person's repository under a change."""

    head: str
    """The commit that the branch is on now."""
    paths: tuple[str, ...] = ()
    """Touched paths whose files or index entries are no longer the base's."""
    says: str = ""
    mergeable: tuple[str, ...] = ()
    """Those of `paths` whose only movement is uncommitted work of the person's that merges."""


class LandingIntent(Value, frozen=True):
    """Everything recovery needs after a kill inside a landing. Made by `core.repo.landing`."""

    ref: str
    """The ref that moves ("refs/heads/main"), or "HEAD" when it is detached."""
    old_commit: str
    new_commit: str
    files: tuple[LandingFile, ...]
    lock: str
    """A token that marks the index lock as ours."""
    stage: str
    """Folder (inside the person's .git) that holds files written aside."""
    backward: bool = False
    """True where the branch goes back to `new_commit`, an ancestor of `old_commit`."""


class LandingFile(Value, frozen=True):
    path: str
    old_blob: str
    """"" when the file is new."""
    old_mode: str
    new_blob: str
    """"" when the file goes."""
    new_mode: str
    old_hash: str
    """SHA-256 of the file's bytes on disk before; "" when there was none."""
    new_hash: str
    """SHA-256 of the bytes that the landing writes; "" when the file goes."""
    merged: bool = False
    """True where the file held uncommitted work, which stays in it beside what lands."""


class UndoPlan(Value, frozen=True):
    """What it would take to take a landing back, or to bring one that was taken back in again."""

    commit: str
    """The commit whose effect is to go (undo) or to come back (redo)."""
    redo: bool = False
    change: Change | None = None
    """From the branch's tip to the tree that it would hold; None where it cannot be made."""
    conflict: Conflict | None = None
    """Where later commits touch the same lines."""
    move_to: str = ""
    """The commit that the branch could simply move to; "" where it has to be a new commit."""
    says: str = ""
    """Why it cannot be done, or what the person should know; "" when there is nothing."""
