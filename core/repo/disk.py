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
        return digest_of(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return ""


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_aside(
    path: Path, data: bytes, *, executable: bool = False, permissions: int | None = None
) -> None:
    """Write a new file and sync it, with exactly these permissions, or those that the umask
    leaves."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    handle = os.open(path, flags, 0o777 if executable else 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        if permissions is not None:
            os.fchmod(handle, permissions)
        os.fsync(handle)
    finally:
        os.close(handle)


def copy_aside(source: Path, path: Path) -> None:
    """A synced copy of a file, with its permissions and times."""
    permissions = stat.S_IMODE(source.stat().st_mode)
    write_aside(path, source.read_bytes(), permissions=permissions)
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


def claim(source: Path, target: Path) -> None:
    """A second name for a file, which is a lock. Raises `FileExistsError` where it is held."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Exclusive still, but a kill in between leaves an empty lock that is nobody's.
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            os.write(handle, source.read_bytes())
            os.fsync(handle)
        finally:
            os.close(handle)


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


def sync(path: Path) -> None:
    """Make a file that git wrote durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def fsync_dir(path: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_tree(path: Path) -> None:
    """Remove a folder of ours with all that is in it, if it is there."""
    if not path.is_dir() or path.is_symlink():
        return
    for entry in path.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            remove_tree(entry)
        else:
            os.unlink(entry)
    os.rmdir(path)
