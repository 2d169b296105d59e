"""Whose Python the checks run with, found by looking alone: nothing of a repository runs here."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import UsageError

_FOLDERS = (".venv", "venv", "env", ".env")


@dataclass(frozen=True)
class Interpreter:
    path: Path
    """As it is started: inside a virtual environment where there is one."""
    real: Path
    """The file behind all links."""
    virtual_env: Path | None
    prefixes: tuple[Path, ...]
    """Folders outside the repository that it needs to see, by every name on the way."""
    source: str
    """Where it was found, in words."""

    @property
    def bins(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys((self.path.parent, self.real.parent)))

    def fingerprint(self) -> str:
        """Changes when the interpreter or the packages installed beside it do."""
        hashed = hashlib.sha256(str(self.path).encode())
        for name in _installed(self.virtual_env or self.real.parent.parent):
            hashed.update(name.encode("utf-8", "surrogateescape"))
        stat = self.real.stat() if self.real.exists() else None
        hashed.update(repr((str(self.real), stat and (stat.st_size, stat.st_mtime_ns))).encode())
        return hashed.hexdigest()


def find(repo: Path, configured: str = "", environ: Mapping[str, str] | None = None) -> Interpreter:
    """The configured Python, else the repository's virtual environment, the active one, PATH's.

    Ours is taken last. Raises `UsageError` when the configured one is not there.
    """
    outer = os.environ if environ is None else environ
    if configured:
        return _configured(repo, configured, outer)
    for name in _FOLDERS:
        path = repo / name / "bin" / "python"
        if _is_venv(repo / name) and _runs(path):
            return _described(path, repo, f"{name} in the repository")
    active = outer.get("VIRTUAL_ENV", "")
    if active and not _ours(Path(active)) and _runs(Path(active) / "bin" / "python"):
        return _described(Path(active) / "bin" / "python", repo, "the active virtual environment")
    for name in ("python3", "python"):
        for path in on_path(name, repo, outer):
            return _described(path, repo, f"{name} on PATH")
    own = Path(getattr(sys, "_base_executable", None) or sys.executable)
    return _described(own, repo, "the Python that Loopwright runs on")


def _configured(repo: Path, configured: str, outer: Mapping[str, str]) -> Interpreter:
    source = "the configuration"
    if os.sep not in configured:
        for path in on_path(configured, repo, outer):
            return _described(path, repo, source)
    else:
        path = Path(os.path.normpath(repo / os.path.expanduser(configured)))
        if _is_venv(path):
            path = path / "bin" / "python"
        if _runs(path):
            return _described(path, repo, source)
    raise UsageError(
        f"The configured Python {configured!r} is not there or cannot be run. Nothing was"
        " changed; name another in the configuration, or leave it out to have one found."
    )


def on_path(name: str, repo: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    """Programs called `name` on PATH, best first; not ours, and not from inside the repository.

    A pyenv shim is a script that decides late; it is followed here by reading the same files.
    """
    for entry in environ.get("PATH", os.defpath).split(os.pathsep):
        folder = Path(entry)
        if not folder.is_absolute() or _ours(folder.parent) or _within(folder, repo):
            continue
        if folder.name == "shims" and os.path.isdir(folder.parent / "versions"):
            yield from _pyenv(folder.parent, name, repo, environ)
        elif _runs(folder / name):
            yield folder / name


def _pyenv(root: Path, name: str, repo: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    chosen = environ.get("PYENV_VERSION", "").split(":")
    for file in (*(p / ".python-version" for p in (repo, *repo.parents)), root / "version"):
        if any(chosen):
            break
        chosen = _words(file)
    installed = sorted((root / "versions").iterdir(), key=_version, reverse=True)
    for version in filter(None, chosen):
        for folder in installed:
            if folder.name == version or folder.name.startswith(version + "."):
                if _runs(folder / "bin" / name):
                    yield folder / "bin" / name
                break


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace")[:1000].split()
    except OSError:
        return []


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", folder.name))


def _described(path: Path, repo: Path, source: str) -> Interpreter:
    real = Path(os.path.realpath(path))
    folder = path.parent.parent
    virtual_env = folder if _is_venv(folder) else None
    prefixes = [p for p in _prefixes(path) if not _within(p, repo)]
    return Interpreter(path, real, virtual_env, tuple(dict.fromkeys(prefixes)), source)


def _prefixes(path: Path) -> Iterator[Path]:
    """What must be visible for `path` to start: a folder for each link on the way to it."""
    for _ in range(16):
        yield from program_prefix(path)
        config = path.parent.parent / "pyvenv.cfg"
        for line in _lines(config):
            key, _, value = line.partition("=")
            if key.strip() == "home" and value.strip():
                yield from program_prefix(Path(value.strip()) / path.name)
        if not path.is_symlink():
            return
        path = Path(os.path.normpath(path.parent / os.readlink(path)))


def program_prefix(path: Path) -> Iterator[Path]:
    """The installation that a program in a `bin` folder belongs to, or the file alone.

    Never a home folder or anything above one: `~/bin/tool` must not lay the whole home open,
    nor `~/.cargo/bin/tool` the tokens beside it.
    """
    prefix = path.parent.parent
    home = Path.home()
    whole = path.parent.name in ("bin", "Scripts") and len(prefix.parts) > 2
    own = (home / ".local", home / ".cargo")
    open_home = prefix == home or prefix in home.parents or prefix in own
    if whole and not open_home:
        yield prefix
        return
    yield path
    if open_home:
        yield from (prefix / "lib").glob("python3*")


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()[:50]
    except OSError:
        return []


def _installed(prefix: Path) -> list[str]:
    names = []
    for folder in prefix.glob("lib/python3*/*-packages"):
        try:
            names += [entry.name for entry in os.scandir(folder) if entry.name.endswith("-info")]
        except OSError:
            continue
    return sorted(names)


def _is_venv(folder: Path) -> bool:
    return os.path.isfile(folder / "pyvenv.cfg")


def _runs(path: Path) -> bool:
    """Not `Path.is_file`, which raises where a folder of PATH may not be entered."""
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _ours(prefix: Path) -> bool:
    """Whether this is the virtual environment that Loopwright itself was installed into."""
    return sys.prefix != sys.base_prefix and os.path.realpath(prefix) == os.path.realpath(
        sys.prefix
    )


def _within(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents
