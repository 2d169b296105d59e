"""A room of the workshop: a folder with a tree checked out in it, and a git folder of its own.

The person's `.git` is not involved: a room borrows objects through alternates, and has neither
hooks nor filters. Checks run here, so everything in the folder may have been tampered with;
what git obeys (`config`) is put right before it is used.
"""

from __future__ import annotations

import os
import shutil
import stat
import threading
from collections.abc import Sequence
from pathlib import Path

from core.errors import GitFailed
from core.repo.alternates import quoted
from core.repo.facts import Facts, files_as_data
from core.repo.git import Git, object_id

CACHES = (
    ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox", ".venv",
    "venv", "node_modules",
)  # fmt: skip
"""Names of ignored folders that stay between checks: tool caches and mount points."""
_PASSING = (*CACHES, "__pycache__")
# A workshop is made again when it is lost, so it waits for no disk.
_FAST = (("core.fsync", "none"), ("core.logAllRefUpdates", "false"), ("checkout.workers", "0"))


class Room:
    """One checked-out tree. Calls on one room are taken one at a time."""

    def __init__(self, folder: Path, facts: Facts, object_dirs: Sequence[Path]) -> None:
        self.work = folder
        self.git_dir = folder / ".git"
        self.object_dirs = tuple(object_dirs)
        """Object stores that this room borrows from; git inside a sandbox needs them too."""
        self._facts = facts
        self._config = _config(facts)
        self._lock = threading.RLock()
        self.git = (
            Git(folder)
            .at(git_dir=self.git_dir, work_tree=folder)
            .having({}, (*facts.config.endings, *files_as_data(facts), *_FAST))
        )

    def looking_at(self, root: Path, index: Path) -> Git:
        """This room's git on another working tree and index: its objects, and no filters."""
        return (
            self.git.on(root)
            .at(git_dir=self.git_dir, work_tree=root)
            .having({"GIT_INDEX_FILE": str(index)})
        )

    def make(self) -> None:
        """Make the git folder if it is not there, and put right what git would obey in it."""
        self.work.mkdir(parents=True, exist_ok=True)
        if not (self.git_dir / "HEAD").exists():
            Git(self.work).run(
                "init", "-q", "--template=", f"--object-format={self._facts.object_format}",
                str(self.work),
            )  # fmt: skip
        self._distrust()
        for left in (*self.git_dir.glob("*.lock"), *self.git_dir.glob("refs/**/*.lock")):
            left.unlink()
        info = self.git_dir / "info"
        info.mkdir(exist_ok=True)
        for name in ("attributes", "exclude"):
            theirs = self._facts.common_dir / "info" / name
            (info / name).write_bytes(theirs.read_bytes() if theirs.is_file() else b"")
        alternates = self.git_dir / "objects" / "info" / "alternates"
        alternates.parent.mkdir(parents=True, exist_ok=True)
        alternates.write_bytes(b"".join(quoted(path) + b"\n" for path in self.object_dirs))
        if self._facts.shallow:
            theirs = self._facts.common_dir / "shallow"
            (self.git_dir / "shallow").write_bytes(theirs.read_bytes())

    def set_refs(self, head: str, branch: str, listing: Sequence[tuple[str, str, str]]) -> None:
        """Branches and tags as the person has them: (object, name, peeled object or "")."""
        lines = ["# pack-refs with: peeled fully-peeled sorted "]
        for oid, name, peeled in sorted(listing, key=lambda ref: os.fsencode(ref[1])):
            lines.append(f"{oid} {name}")
            if peeled:
                lines.append(f"^{peeled}")
        _replace(self.git_dir / "packed-refs", os.fsencode("\n".join(lines) + "\n"))
        value = f"ref: refs/heads/{branch}" if branch else head
        _replace(self.git_dir / "HEAD", os.fsencode(value) + b"\n")

    def checkout(self, tree: str) -> None:
        """Make the tracked files exactly the tree's, writing only those that differ."""
        with self._lock:
            self._distrust()
            self.git.run("read-tree", "--reset", "-u", object_id(tree))

    def rewritten(self, tree: str) -> tuple[str, ...]:
        """Paths where the folder is not the tree that was checked out: tracked files that
        something changed, and new files that git does not ignore. Tool caches do not count."""
        with self._lock:
            self._distrust()
            self.git.run("update-index", "-q", "--refresh", ok=(0, 1))
            changed = self.git.names(
                "diff-index", "-z", "--name-only", "--ignore-submodules=all", object_id(tree)
            )
            new = self.git.names("ls-files", "-z", "-o", "--exclude-standard")
        return tuple(sorted({*changed, *(path for path in new if not _passing(path))}))

    def restore(self, tree: str) -> None:
        """`checkout`, and remove everything that is neither tracked nor a tool's cache."""
        with self._lock:
            self.checkout(tree)
            argv = ["clean", "-ffdxq", *(part for name in CACHES for part in ("-e", name))]
            loose = {"GIT_LITERAL_PATHSPECS": "0"}
            try:
                self.git.run(*argv, env=loose)
            except GitFailed:
                # A folder that a check made unwritable.
                _open_up(self.work)
                self.git.run(*argv, env=loose)

    def _distrust(self) -> None:
        config = self.git_dir / "config"
        if config.is_symlink() or not config.is_file() or config.read_bytes() != self._config:
            _replace(config, self._config)


def _config(facts: Facts) -> bytes:
    """The whole configuration of a room's git, for git inside a sandbox as much as for ours."""
    sha256 = facts.object_format == "sha256"
    lines = ["[core]", f"\trepositoryformatversion = {int(sha256)}", "\tbare = false"]
    lines += [f"\t{key.removeprefix('core.')} = {value}" for key, value in facts.config.endings]
    lines += ["[gc]", "\tauto = 0"]
    if sha256:
        lines += ["[extensions]", "\tobjectformat = sha256"]
    return "\n".join(lines).encode() + b"\n"


def _passing(path: str) -> bool:
    parts = path.split("/")
    return (
        any(part in _PASSING or part.endswith(".egg-info") for part in parts)
        or parts[-1].endswith((".pyc", ".pyo"))
        or parts[-1].startswith(".coverage")
    )


def _replace(path: Path, data: bytes) -> None:
    aside = path.with_name(path.name + ".new")
    aside.write_bytes(data)
    os.replace(aside, path)


def _open_up(folder: Path) -> None:
    for here, folders, _ in os.walk(folder):
        for name in folders:
            inner = Path(here) / name
            if not inner.is_symlink():
                inner.chmod(stat.S_IMODE(inner.stat().st_mode) | stat.S_IRWXU)


def remove(folder: Path) -> None:
    """Remove a folder of ours, whatever a check did to the permissions in it."""
    if folder.exists():
        _open_up(folder)
        shutil.rmtree(folder)
