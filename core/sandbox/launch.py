"""Runs a command in its place: with bubblewrap where there is one, else on the bare machine."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.context import Context
from core.protocol import Isolation
from core.sandbox import process, reaper, seccomp
from core.sandbox.environment import variables
from core.sandbox.handshake import handshake
from core.sandbox.limits import MB, Limits
from core.sandbox.mounts import Bind, Place, bwrap_argv, lend, take_back, tidy
from core.sandbox.probe import helper, options
from core.sandbox.rules import rules
from core.sandbox.watch import Watch

PRIVATE = Path("/run/loopwright")
"""Where our own things (plugin, results) appear inside a sandbox."""


_running: Counter[Path] = Counter()
_lent: dict[Path, tuple[Path, ...]] = {}
_running_lock = threading.Lock()


def _bwrap() -> str:
    return shutil.which("bwrap") or "bwrap"


@contextlib.contextmanager
def _filter() -> Iterator[tuple[int, ...]]:
    """The descriptor to read the filter of system calls from; none where there is no filter."""
    program = seccomp.program()
    if not program:
        yield ()
        return
    with tempfile.TemporaryFile() as file:
        file.write(program)
        file.seek(0)
        yield (file.fileno(),)


@contextlib.contextmanager
def occupied(place: Place, *, mounted: bool) -> Iterator[None]:
    """Furnish the tree for its first command, and tidy it when its last has ended.

    Not sooner: removing a mount point here takes the mount away inside a sandbox that runs.
    """
    with _running_lock:
        if not _running[place.work] and not mounted:
            _lent[place.work] = lend(place)
        _running[place.work] += 1
    try:
        yield
    finally:
        with _running_lock:
            _running[place.work] -= 1
            if not _running[place.work]:
                del _running[place.work]
                take_back(_lent.pop(place.work, ()))
                if mounted:
                    tidy(place)


@dataclass(frozen=True)
class Prepared:
    argv: list[str]
    env: dict[str, str]
    fds: tuple[int, ...]
    """Descriptors to pass on."""
    begin: Callable[[int], Watch]
    """To be called once with the id of what was started, which waits for it."""


@dataclass(frozen=True)
class Sandbox:
    """How commands run in one place."""

    place: Place
    isolation: Isolation
    bins: tuple[Path, ...] = ()
    """Folders that come first on PATH."""
    virtual_env: Path | None = None
    limits: Limits = field(default_factory=Limits)
    network: bool = False
    caches: tuple[Bind, ...] = ()
    """Writable folders of ours, made when missing; used where the tree is mounted."""

    @property
    def sandboxed(self) -> bool:
        """Whether the tree stands at the repository's own path, and can be nothing else."""
        return self.isolation.kind in ("bubblewrap", "namespaces")

    @property
    def root(self) -> Path:
        """Where the tree is, as commands see it."""
        return self.place.repo if self.sandboxed else self.place.work

    def seen(self, path: Path) -> Path:
        """How a command sees a path of the person's repository."""
        if self.sandboxed or path in self.place.environment:
            return path
        inside = any(e in path.parents for e in self.place.environment)
        if inside or self.place.repo not in path.parents:
            return path
        return self.place.work / path.relative_to(self.place.repo)

    def variables(self, outer: Mapping[str, str] | None = None) -> dict[str, str]:
        return variables(
            self.place,
            os.environ if outer is None else outer,
            home=Path.home(),
            bins=self.bins,
            virtual_env=self.virtual_env,
            sandboxed=self.sandboxed,
        )

    @contextlib.contextmanager
    def prepared(
        self, argv: Sequence[str], env: Mapping[str, str], binds: Sequence[Bind] = ()
    ) -> Iterator[Prepared]:
        """What to start for `argv`: bubblewrap, or the reaper.

        The block starts it and sees it off; after the block nothing of it is left, and the
        tree is tidy. `env` is added to the allowed variables. `binds` are used with bubblewrap
        alone: without it, paths stay what they are.
        """
        env = self.variables() | dict(env)
        folders = [self.place.work, *(bind.source for bind in binds if bind.writable)]
        way = self._mounted if self.sandboxed else self._in_place
        with occupied(self.place, mounted=self.sandboxed), way(argv, env, binds, folders) as ready:
            yield ready

    @contextlib.contextmanager
    def _mounted(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        binds: Sequence[Bind],
        folders: Sequence[Path],
    ) -> Iterator[Prepared]:
        limits = self.limits.settled()
        for cache in self.caches:
            cache.source.mkdir(parents=True, exist_ok=True)
        with handshake(limits) as met, _filter() as calls:

            def begin(pid: int) -> Watch:
                watch = Watch(pid, limits, folders)
                met.begin()
                return watch

            ours = self.isolation.kind == "namespaces"
            sized = ours or "--size" in options()
            wrapped = bwrap_argv(
                self.place,
                argv,
                env=env,
                home=Path.home(),
                binds=(*self.caches, *binds),
                network=self.network,
                program=[
                    *([*helper("namespaces"), str(os.getpid())] if ours else [_bwrap()]),
                    *met.words,
                    *(word for fd in calls for word in ("--seccomp", str(fd))),
                ],
                room=(limits.tmp or 0) * MB if sized else 0,
            )
            yield Prepared(wrapped, {"PATH": os.defpath}, (*met.fds, *calls), begin)

    @contextlib.contextmanager
    def _in_place(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        binds: Sequence[Bind],
        folders: Sequence[Path],
    ) -> Iterator[Prepared]:
        limits = self.limits.settled()
        reap = [sys.executable, "-I", "-S", reaper.__file__, str(os.getpid())]
        reap.append(str((limits.file or 0) * MB))
        if self.isolation.kind == "none":
            yield Prepared([*reap, *argv], dict(env), (), lambda p: Watch(p, limits, folders))
            return
        with tempfile.TemporaryDirectory(prefix="loopwright-", ignore_cleanup_errors=True) as name:
            own = Path(name)
            for part in ("home", "tmp"):
                (own / part).mkdir()
            env = {**env, "HOME": str(own / "home"), "TMPDIR": str(own / "tmp")}
            read, write = rules(self.place, binds, own)
            program = seccomp.program(alone=not self.network).hex()
            rest = {"filter": program, "network": self.network}
            asked = json.dumps({"read": read, "write": write, **rest})
            words = [*reap, *helper("landlock"), asked, *argv]
            watched = [*folders, own]
            yield Prepared(words, env, (), lambda p: Watch(p, limits, watched))

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        sink: Callable[[bytes], None],
        context: Context | None = None,
        tick: Callable[[], None] = lambda: None,
        env: Mapping[str, str] | None = None,
        binds: Sequence[Bind] = (),
    ) -> process.Ended:
        """Run `argv` at the tree's root; `env` is added to the allowed variables."""
        with self.prepared(argv, env or {}, binds) as prepared:
            return process.run(
                prepared.argv,
                env=prepared.env,
                cwd=self.place.work,
                timeout=timeout,
                sink=sink,
                context=context,
                tick=tick,
                pass_fds=prepared.fds,
                begin=prepared.begin,
                most_output=(self.limits.settled().output or 0) * MB,
            )
