"""Real git repositories in temporary folders, and a fingerprint of everything in one."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

NAME, MAIL = "Ada Lovelace", "ada@example.org"

_ENV = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_DATE": "2024-02-03T04:05:06+0100",
    "GIT_COMMITTER_DATE": "2024-02-03T04:05:06+0100",
    "LC_ALL": "C",
}


def git(path: Path, *args: str, input: bytes | None = None, ok: tuple[int, ...] = (0,)) -> str:
    """Run git there as a person without configuration would; returns its output, stripped."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | _ENV
    done = subprocess.run(
        ["git", "-C", str(path), *args], input=input or b"", capture_output=True, env=env
    )
    if done.returncode not in ok:
        raise AssertionError(f"git {args}: {done.returncode}\n{done.stderr.decode()}")
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")


def write(path: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files below a folder, as they are."""
    for name, content in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)


def make_repo(
    path: Path,
    files: Mapping[str, str | bytes],
    *,
    commit: bool = True,
    object_format: str = "sha1",
    branch: str = "main",
) -> Path:
    """A repository with these files, committed by `NAME`; returns its real path."""
    path.mkdir(parents=True, exist_ok=True)
    git(
        path,
        "init",
        "-q",
        "--template=",
        f"--initial-branch={branch}",
        f"--object-format={object_format}",
    )
    git(path, "config", "user.name", NAME)
    git(path, "config", "user.email", MAIL)
    write(path, files)
    if commit:
        git(path, "add", "-A")
        git(path, "commit", "-q", "--allow-empty", "-m", "first")
    return path.resolve()


def snapshot(
    path: Path, *, objects: bool = False, skip: tuple[str, ...] = ()
) -> dict[str, tuple[str, ...]]:
    """Everything below a working tree and its git folder(s), byte for byte.

    Maps each path to its kind, permissions, content hash; `objects` includes the object store.
    Compare two of them with ==.
    """
    root = path.resolve()
    folders = {root}
    if (root / ".git").is_file():
        for which in ("--absolute-git-dir", "--git-common-dir"):
            folders.add((root / git(root, "rev-parse", which)).resolve())
    found: dict[str, tuple[str, ...]] = {}
    for folder in sorted(folders):
        for entry in sorted(folder.rglob("*")):
            name = str(entry)
            if not objects and "/objects/" in name and ".git/" in name:
                continue
            if any(part in name for part in skip):
                continue
            found[name] = _fingerprint(entry)
    return found


def _fingerprint(path: Path) -> tuple[str, ...]:
    info = path.lstat()
    mode = oct(info.st_mode)
    if stat.S_ISLNK(info.st_mode):
        return (mode, os.readlink(path))
    if stat.S_ISREG(info.st_mode):
        return (mode, hashlib.sha256(path.read_bytes()).hexdigest())
    return (mode,)
