"""What the person trusts: check commands and configuration of a repository, by their content."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from core.errors import JournalError
from core.places import ensure, state_home
from core.protocol import CheckSpec, Isolation

KEPT_FOR_EACH = 50
"""Hashes remembered for one repository; the oldest go first."""


class _Store(msgspec.Struct, frozen=True):
    version: int = 1
    repositories: dict[str, tuple[str, ...]] = {}
    """Real path of the working tree's root → trusted hashes, oldest first."""


def trust_hash(
    root: Path,
    checks: tuple[CheckSpec, ...],
    config: bytes,
    interpreter: str,
    isolation: Isolation,
) -> str:
    """Hash of everything that trusting this repository would let run or obey, as 64 hex digits.

    `root` is the working tree's root, `config` what its configuration says
    (`core.config.config_bytes`). How a check was found does not count, what it runs does.
    """
    parts = (
        os.path.realpath(root),
        tuple((c.name, c.argv, c.reader, c.timeout, c.network, c.caches) for c in checks),
        hashlib.sha256(config).hexdigest(),
        interpreter,
        isolation.kind,
    )
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


def is_trusted(env: Mapping[str, str], root: Path, trusted: str) -> bool:
    """Whether the person has trusted this hash for this repository. Raises `JournalError`."""
    return trusted in _read(_file(env)).repositories.get(os.path.realpath(root), ())


def remember(env: Mapping[str, str], root: Path, trusted: str) -> None:
    """Keep the person's trust. Whole or not at all, mode 0600. Raises `JournalError`."""
    file = _file(env)
    ensure(file.parent)
    try:
        with _only_writer(file.parent):
            store = _read(file)
            real = os.path.realpath(root)
            known = tuple(h for h in store.repositories.get(real, ()) if h != trusted)
            hashes = (*known, trusted)[-KEPT_FOR_EACH:]
            repositories = {**store.repositories, real: hashes}
            _write(file, _Store(repositories=repositories))
    except OSError as error:
        raise _unusable(file, "written", error.strerror or str(error)) from error


def _file(env: Mapping[str, str]) -> Path:
    return state_home(env) / "trust.json"


def _read(file: Path) -> _Store:
    try:
        store = msgspec.json.decode(file.read_bytes(), type=_Store)
    except FileNotFoundError:
        return _Store()
    except OSError as error:
        raise _unusable(file, "read", error.strerror or str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unusable(file, "understood", str(error)) from error
    if store.version != 1:
        raise _unusable(file, "understood", f"version {store.version} is newer than ours")
    return store


def _write(file: Path, store: _Store) -> None:
    descriptor, aside = tempfile.mkstemp(prefix=".trust-", dir=file.parent)  # made as 0600
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(store)))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(aside, file)
    except BaseException:
        os.unlink(aside)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / "trust.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _unusable(file: Path, what: str, why: str) -> JournalError:
    return JournalError(
        f"{file} cannot be {what} ({why}). Nothing was trusted; repair it or move it away, and"
        " trust anew."
    )
