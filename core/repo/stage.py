"""The folder inside the person's `.git` that holds a landing in the making.

    stage/lock      the text that marks the index lock as ours
    stage/made      folders that the landing makes, one a line
    stage/new-N     content that will become file N
    stage/old-N     what file N was: a second name of the very file, times and all
    stage/index     the index as it will be

On a file's own file system where that is another one, since renames do not cross them.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Mapping
from pathlib import Path

from core.protocol import LandingFile, LandingIntent
from core.repo import disk
from core.repo.facts import Facts
from core.repo.git import split
from core.repo.history import subject
from core.repo.paths import parents


class Stage:
    """One landing's things in the person's repository; every write of a landing is in here."""

    def __init__(self, facts: Facts, intent: LandingIntent) -> None:
        self.facts = facts
        self.intent = intent
        self.folder = Path(intent.stage)
        self.index = facts.git_dir / "index"
        self.lock = facts.git_dir / "index.lock"
        self.keep_ref = f"refs/loopwright/{intent.lock}"
        self.plain = facts.git.having({}, (("core.fsync", "all"),))
        self.git = self.plain.having({"GIT_INDEX_FILE": str(self.folder / "index")})
        """git on the index in the making."""
        self._mark = f"loopwright {intent.lock}\n".encode()

    # Making it

    def keep_objects(self) -> None:
        """A ref, so that a prune at this moment cannot take the new objects; and a proof that
        they are all there."""
        new, old = self.intent.new_commit, self.intent.old_commit
        quiet = self.plain.having({}, (("core.logAllRefUpdates", "false"),))
        quiet.run("update-ref", self.keep_ref, new, self.facts.nothing)
        quiet.run("rev-list", "--objects", "--quiet", new, f"^{old}")

    @property
    def is_open(self) -> bool:
        """Whether anything of the person's files may have been written and not cleared away."""
        return (self.folder / "lock").is_file()

    def make(self, contents: Mapping[str, bytes]) -> None:
        """Write everything aside that can be."""
        disk.make_folder(self.folder)
        made = [folder for folder in self._wanted_folders() if not os.path.lexists(folder)]
        listed = b"\0".join(os.fsencode(folder) for folder in made)
        disk.write_aside(self.folder / "made", listed)
        disk.write_aside(self.folder / "lock", self._mark)
        for n, file in enumerate(self.intent.files):
            if file.new_blob:
                self._write_new(n, file, contents[file.path])
        disk.fsync_dir(self.folder)

    def _write_new(self, n: int, file: LandingFile, content: bytes) -> None:
        if disk.digest_of(content) != file.new_hash:
            raise OSError(errno.EIO, "line ending rules changed during the landing", file.path)
        executable = file.new_mode == "100755"
        permissions = None
        # A file that is gone by now is found to be so under the lock.
        if file.old_blob and self.target(file).exists():
            permissions = stat.S_IMODE(self.target(file).stat().st_mode)
            if file.new_mode != file.old_mode:
                readable = (permissions & 0o444) >> 2
                permissions = permissions | readable if executable else permissions & ~0o111
        disk.write_aside(
            self._place("new", n, file), content, executable=executable, permissions=permissions
        )

    def take_lock(self, seconds: float) -> None:
        """Take git's lock on the index, with our mark in it from its first instant.

        Raises `BlockingIOError` when another holds it for longer than `seconds`.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                disk.claim(self.folder / "lock", self.lock)
                disk.fsync_dir(self.lock.parent)
                return
            except FileExistsError as error:
                if self.holds_lock():
                    return
                if time.monotonic() > deadline:
                    raise BlockingIOError(
                        errno.EAGAIN, "another git holds the index lock", str(self.lock)
                    ) from error
                time.sleep(0.02)

    def holds_lock(self) -> bool:
        try:
            return self.lock.read_bytes() == self._mark
        except FileNotFoundError:
            return False

    def copy_index(self) -> None:
        left = self.folder / "index.lock"
        if left.exists():
            disk.unlink(left)
        if self.index.is_file():
            # With its times: git tells by them which entries it must compare by content.
            disk.copy_aside(self.index, self.folder / "index")

    def refresh_index(self) -> None:
        """Note the new files' sizes and times, so that git need not read them again."""
        self.git.run("update-index", "-q", "--refresh", ok=(0, 1))
        disk.sync(self.folder / "index")

    # The person's files

    def target(self, file: LandingFile) -> Path:
        return self.facts.root / file.path

    def put(self, n: int, file: LandingFile) -> None:
        """One file takes its new content; what it was stays aside.

        Raises `FileExistsError` where a new file's name was taken in the meantime.
        """
        target, old, new = self.target(file), self._place("old", n, file), None
        if not file.new_blob:
            disk.rename(target, old)
            return
        new = self._place("new", n, file)
        if file.old_blob:
            disk.keep(target, old)
            disk.rename(new, target)
            return
        for parent in parents(file.path):
            folder = self.facts.root / parent
            if not folder.is_dir():
                disk.make_folder(folder)
        disk.put_new(new, target)

    def was_written(self, n: int, file: LandingFile) -> bool:
        """Whether what was put aside is not what was seen before."""
        return bool(file.old_blob) and disk.digest(self.kept(n, file)) != file.old_hash

    def sync_folders(self) -> None:
        above = {part for file in self.intent.files for part in parents(file.path)}
        for folder in (self.facts.root, *(self.facts.root / part for part in sorted(above))):
            if folder.is_dir():
                disk.fsync_dir(folder)

    def move_branch(self) -> None:
        """The instant in which the change lands, if the branch is where it was."""
        intent = self.intent
        gone, come = intent.old_commit, intent.new_commit
        what = (
            f"take back {subject(self.plain, gone)}"
            if intent.backward
            else (subject(self.plain, come))
        )
        # What the branch leaves behind stays in its reflog, and in the workshop's own store.
        self.plain.run(
            "update-ref", "--no-deref", "-m", f"loopwright: {what}", intent.ref, come, gone
        )

    def finish_index(self) -> None:
        disk.rename(self.folder / "index", self.index)
        disk.fsync_dir(self.index.parent)

    # Clearing it away

    def kept(self, n: int, file: LandingFile) -> Path:
        return self._place("old", n, file)

    def remove_made_folders(self) -> None:
        """Remove folders that the landing made, where they are empty."""
        for folder in reversed(self._made()):
            disk.remove_folder(folder)

    def remove_emptied_folders(self) -> None:
        """Remove folders whose last file the change deleted, as git does."""
        for file in self.intent.files:
            if not file.new_blob:
                for parent in reversed(parents(file.path)):
                    disk.remove_folder(self.facts.root / parent)

    def clear(self) -> None:
        """Release our lock (only ours) and remove everything that was put aside."""
        for n, file in enumerate(self.intent.files):
            for kind in ("new", "old"):
                beside = self._beside(kind, n, file)
                if os.path.lexists(beside):
                    disk.unlink(beside)
        if self.holds_lock():
            disk.unlink(self.lock)
        if self.is_open:
            disk.unlink(self.folder / "lock")
        disk.remove_tree(self.folder)
        if self.plain.status("rev-parse", "-q", "--verify", self.keep_ref, ok=(0, 1))[0] == 0:
            self.plain.run("update-ref", "-d", self.keep_ref)
        disk.remove_folder(self.facts.common_dir / "refs" / "loopwright")

    def _wanted_folders(self) -> list[Path]:
        found = {p for f in self.intent.files if f.new_blob for p in parents(f.path)}
        return [self.facts.root / parent for parent in sorted(found)]

    def _made(self) -> list[Path]:
        """Folders that the landing makes, outermost first."""
        try:
            return [Path(part) for part in split((self.folder / "made").read_bytes())]
        except FileNotFoundError:
            return []

    def _place(self, kind: str, n: int, file: LandingFile) -> Path:
        """Where a file is put aside: here, or near its target on another file system."""
        near = self._near(file)
        same = not self.folder.exists() or near.stat().st_dev == self.folder.stat().st_dev
        return self.folder / f"{kind}-{n}" if same else self._beside(kind, n, file)

    def _beside(self, kind: str, n: int, file: LandingFile) -> Path:
        return self._near(file) / f".loopwright-{self.intent.lock}-{kind}-{n}"

    def _near(self, file: LandingFile) -> Path:
        """The innermost folder above a file that was there before the landing."""
        made, folder = self._made(), self.target(file).parent
        while folder in made or not folder.is_dir():
            folder = folder.parent
        return folder
