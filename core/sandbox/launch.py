"""Runs a command in its place: with bubblewrap where there is one, else on the bare machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.context import Context
from core.protocol import Isolation
from core.sandbox import process, reaper
from core.sandbox.environment import variables
from core.sandbox.mounts import Bind, Place, bwrap_argv, tidy

PRIVATE = Path("/run/loopwright")
"""Where our own things (plugin, results) appear inside a sandbox."""


_running: Counter[Path] = Counter()
_running_lock = threading.Lock()


@contextlib.contextmanager
def occupied(place: Place) -> Iterator[None]:
    """Tidy the tree when its last command has ended.

    Not sooner: removing a mount point here takes the mount away inside a sandbox that runs.
    """
    with _running_lock:
        _running[place.work] += 1
    try:
        yield
    finally:
        with _running_lock:
            _running[place.work] -= 1
            if not _running[place.work]:
                del _running[place.work]
                tidy(place)


@dataclass(frozen=True)
class Sandbox:
    """How commands run in one place."""

    place: Place
    isolation: Isolation
    bins: tuple[Path, ...] = ()
    """Folders that come first on PATH."""
    virtual_env: Path | None = None

    @property
    def sandboxed(self) -> bool:
        return self.isolation.kind == "bubblewrap"

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

    def command(
        self, argv: Sequence[str], env: Mapping[str, str], binds: Sequence[Bind] = ()
    ) -> tuple[list[str], dict[str, str]]:
        """The argv and environment to start with: bubblewrap's, or the reaper's.

        `binds` are used with bubblewrap alone: without it, paths stay what they are.
        """
        if self.sandboxed:
            program = shutil.which("bwrap") or "bwrap"
            wrapped = bwrap_argv(
                self.place, argv, env=env, home=Path.home(), binds=binds, program=program
            )
            return wrapped, {"PATH": os.defpath}
        me = [sys.executable, "-I", "-S", reaper.__file__, str(os.getpid())]
        return [*me, *argv], dict(env)

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
        command, outer = self.command(argv, self.variables() | dict(env or {}), binds)
        with occupied(self.place) if self.sandboxed else contextlib.nullcontext():
            return process.run(
                command,
                env=outer,
                cwd=self.place.work,
                timeout=timeout,
                sink=sink,
                context=context,
                tick=tick,
            )
