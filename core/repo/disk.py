"""Every write to a person's files goes through here, one system call at a time.

A change is written aside and synced, then takes its place by one rename or link: a kill
leaves the old bytes or the new ones, never a mixture. Crash tests enumerate these calls.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from pathlib import Path

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)


def digest(path: Path) -> str:
    """SHA-256 of a regular file's bytes; "" where there is nothing. "not a file" for the rest."""
    try:
        info = path.lstat()
        if not stat.S_ISREG(info.st_mode):
            return "not a file"
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def write_aside(path: Path, data: bytes, permissions: int) -> None:
    """Write a new file and sync it. `permissions` are set whatever the umask."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fchmod(handle, permissions)
        os.fsync(handle)
    finally:
        os.close(handle)


def copy_aside(source: Path, path: Path) -> None:
    """A synced copy of a file, with its permissions and times."""
    write_aside(path, source.read_bytes(), stat.S_IMODE(source.stat().st_mode))
    shutil.copystat(source, path)


def rename(source: Path, target: Path) -> None:
    os.replace(source, target)


def keep(source: Path, target: Path) -> None:
    """A second name for a file, so that it can come back byte for byte, times and all."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        copy_aside(source, target)


def put_new(source: Path, target: Path) -> None:
    """Give a file its name where there was none. Raises `FileExistsError` where there was."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "already there", str(target)) from error
        os.rename(source, target)


def unlink(path: Path) -> None:
    os.unlink(path)


def make_folder(path: Path) -> None:
    os.mkdir(path)


def remove_folder(path: Path) -> None:
    """Remove an empty folder; one that is not empty, or is gone, stays as it is."""
    try:
        os.rmdir(path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR):
            raise


def fsync_dir(path: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
