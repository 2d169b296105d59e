"""What it takes to run a check somewhere: place, isolation, interpreter, and a scratch folder."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from core.checks import plugin, tools
from core.checks.interpreter import Interpreter
from core.protocol import CheckSpec, Isolation
from core.sandbox.launch import PRIVATE, Sandbox
from core.sandbox.limits import Limits
from core.sandbox.mounts import Bind, Place

_LENT = ("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments")
_LENT_INFO = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")
_PLUGIN = Path(plugin.__file__).parent


@dataclass(frozen=True)
class Runner:
    """Runs checks with one interpreter in one place."""

    sandbox: Sandbox
    interpreter: Interpreter
    scratch: Path
    """A folder of ours (never the repository's) for results of runs; made when missing."""

    @property
    def place(self) -> Place:
        return self.sandbox.place

    def at(self, folder: Path) -> Runner:
        """The same, with another folder as the tree."""
        return replace(self, sandbox=replace(self.sandbox, place=self.place.at(folder)))

    def seeing(self, prefixes: Sequence[Path], bins: Sequence[Path] = ()) -> Runner:
        """The same, with more folders visible, and more of them on PATH."""
        place = replace(
            self.place, prefixes=tuple(dict.fromkeys((*self.place.prefixes, *prefixes)))
        )
        bins = tuple(dict.fromkeys((*self.sandbox.bins, *bins)))
        return replace(self, sandbox=replace(self.sandbox, place=place, bins=bins))

    def allowing(self, check: CheckSpec) -> Runner:
        """The same, with what this check may do more: the network, and caches of its own."""
        caches = []
        for name in check.caches if self.sandbox.sandboxed else ():
            kept = self.scratch / "caches" / hashlib.sha256(name.encode()).hexdigest()[:16]
            caches.append(Bind(kept, Path.home() / name.removeprefix("~/"), writable=True))
        sandbox = replace(self.sandbox, network=check.network, caches=tuple(caches))
        return replace(self, sandbox=sandbox)

    def environment(self, argv: Sequence[str], how: Sequence[str] = ()) -> str:
        """Hash of interpreter, program, isolation and command: another makes other evidence.

        `how` names what else was not the plain run of the command ("warm", "-x").
        """
        parts = [self.interpreter.fingerprint(), self.sandbox.isolation.kind, list(argv), *how]
        program = tools.stamp(argv[0], self.place.repo, self.interpreter)
        parts += [program] if program else []
        parts += ["network"] if self.sandbox.network else []
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """A fresh private folder for one run, gone afterwards."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.scratch))
        try:
            cache = self.scratch / "cache"
            cache.mkdir(exist_ok=True)
            yield Desk(folder, cache, self.sandbox.sandboxed)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def make_runner(
    place: Place,
    isolation: Isolation,
    interpreter: Interpreter,
    scratch: Path,
    limits: Limits = Limits(),  # noqa: B008
) -> Runner:
    """A runner whose sandbox sees what the interpreter needs."""
    prefixes = tuple(dict.fromkeys((*place.prefixes, *interpreter.prefixes)))
    sandbox = Sandbox(
        place=replace(place, prefixes=prefixes),
        isolation=isolation,
        bins=interpreter.bins,
        virtual_env=interpreter.virtual_env,
        limits=limits,
    )
    return Runner(sandbox, interpreter, scratch)


@dataclass(frozen=True)
class Desk:
    """The private things of one run: as we see them, and as the command does."""

    folder: Path
    keep: Path
    sandboxed: bool

    @property
    def plugin(self) -> Path:
        return PRIVATE / "plugin" if self.sandboxed else _PLUGIN

    @property
    def results(self) -> Path:
        return PRIVATE / "results" if self.sandboxed else self.folder

    @property
    def cache(self) -> Path:
        """Folder that later runs find again (a type checker's cache)."""
        return PRIVATE / "cache" if self.sandboxed else self.keep

    @property
    def site(self) -> Path:
        """Folder of the pytest that we lend to an interpreter that has none."""
        if self.sandboxed:
            return PRIVATE / "site"
        site = self.folder / "site"
        site.mkdir(exist_ok=True)
        for source in lent():
            link = site / source.name
            if not link.is_symlink():
                link.symlink_to(source)
        return site

    @property
    def binds(self) -> tuple[Bind, ...]:
        return (
            Bind(_PLUGIN, PRIVATE / "plugin"),
            Bind(self.folder, PRIVATE / "results", writable=True),
            Bind(self.keep, PRIVATE / "cache", writable=True),
            *(Bind(source, PRIVATE / "site" / source.name) for source in lent()),
        )

    def read(self, name: str, limit: int = 64 << 20) -> bytes:
        """A result file's bytes, at most `limit`; b"" when it is missing or no plain file.

        The command could have put anything there: a link or a pipe is not followed.
        """
        try:
            handle = os.open(
                self.folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            )
        except OSError:
            return b""
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            return b""
        with os.fdopen(handle, "rb") as file:
            return file.read(limit)


@functools.cache
def lent() -> tuple[Path, ...]:
    """Our own pytest and what it imports, as files and folders of our site-packages."""
    found = []
    for name in _LENT:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            path = Path(spec.origin)
            found.append(path.parent if path.name == "__init__.py" else path)
    for name in _LENT_INFO:
        try:
            files = importlib.metadata.distribution(name).files or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for file in files[:200]:
            if file.parts and file.parts[0].endswith(".dist-info"):
                found.append(Path(str(file.locate())).parent)
                break
    return tuple(dict.fromkeys(found))
