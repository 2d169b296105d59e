"""Large texts and outputs, each under the SHA-256 of its bytes.

A blob is synced before its reference is given out, so an event never names one that a crash
could lose.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import threading
from collections.abc import Collection, Iterator
from pathlib import Path

from core.errors import JournalError
from core.protocol import BlobRef


class Blobs:
    """A folder of blobs. Safe from any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> BlobRef:
        """Stores bytes durably and returns their reference. Raises `JournalError`."""
        ref = hashlib.sha256(data).hexdigest()
        path = self._path(ref)
        if path.exists():
            return ref
        aside = path.with_name(f".{ref}.{os.getpid()}.{threading.get_ident()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(aside, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, path)
            _sync_folder(path.parent)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise _unwritable(self._folder, error) from error
        return ref

    def writing(self) -> BlobWriting:
        """A blob that is written as its bytes come. Raises `JournalError`."""
        return BlobWriting(self._folder)

    def path(self, ref: BlobRef) -> Path:
        """Where its bytes lie. They are not checked here."""
        return self._path(ref)

    def get(self, ref: BlobRef) -> bytes:
        """The bytes of a reference; b"" for "". Raises `JournalError` where it is damaged."""
        if not ref:
            return b""
        try:
            data = self._path(ref).read_bytes()
        except OSError as error:
            raise JournalError(
                f"The record {ref[:12]} is missing from {self._folder} ({error.strerror})."
            ) from error
        if hashlib.sha256(data).hexdigest() != ref:
            raise JournalError(f"The record {ref[:12]} in {self._folder} is damaged.")
        return data

    def stored(self) -> Iterator[tuple[BlobRef, int]]:
        """Every file in the store with its bytes on disk; one that was never finished is ""."""
        for folder in _folders(self._folder):
            with os.scandir(folder) as files:
                for file in files:
                    ref = "" if file.name.startswith(".") else folder.name + file.name
                    yield ref, file.stat(follow_symlinks=False).st_blocks * 512

    def sweep(self, named: Collection[BlobRef]) -> None:
        """Removes every file but the named blobs. Only while nobody else can write here."""
        for folder in _folders(self._folder):
            with os.scandir(folder) as files:
                names = [f.name for f in files]
            for name in names:
                if name.startswith(".") or folder.name + name not in named:
                    os.unlink(folder / name)

    def _path(self, ref: BlobRef) -> Path:
        return self._folder / ref[:2] / ref[2:]


class BlobWriting:
    """A blob in the making; it has its name once all of it is durable."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hash = hashlib.sha256()
        # In a folder as blobs are, and named as what was never finished: `sweep` finds it.
        self._aside = folder / "new" / f".{secrets.token_hex(8)}.{os.getpid()}"
        try:
            self._aside.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self._aside, "xb", buffering=1 << 16)  # noqa: SIM115
        except OSError as error:
            raise _unwritable(folder, error) from error

    def write(self, data: bytes) -> None:
        """Raises `JournalError`."""
        self._hash.update(data)
        try:
            self._file.write(data)
        except OSError as error:
            self.drop()
            raise _unwritable(self._folder, error) from error

    def done(self) -> BlobRef:
        """Its reference, durable as that of `Blobs.put`. Raises `JournalError`."""
        ref = self._hash.hexdigest()
        path = self._folder / ref[:2] / ref[2:]
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            path.parent.mkdir(exist_ok=True)
            os.replace(self._aside, path)
            _sync_folder(path.parent)
        except OSError as error:
            self.drop()
            raise _unwritable(self._folder, error) from error
        return ref

    def drop(self) -> None:
        """Forget it; does nothing once it is done."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._aside.unlink(missing_ok=True)


def _unwritable(folder: Path, error: OSError) -> JournalError:
    return JournalError(
        f"The state folder {folder} cannot be written ({error.strerror})."
        " Everything up to here is kept; free some space and resume."
    )


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(x for x in folder.iterdir() if x.is_dir() and not x.is_symlink())
    except FileNotFoundError:
        return []


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
