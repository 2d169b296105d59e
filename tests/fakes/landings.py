"""A repository with a change ready to land, and a way to kill what lands it anywhere."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.protocol import Base, Change
from core.repo import git as gateway
from core.repo.facts import inspect
from core.repo.hunks import parse
from core.repo.workshop import Workshop
from tests.fakes.repos import make_repo

_CALLS = ("replace", "rename", "link", "unlink", "mkdir", "rmdir", "write", "fsync", "open")
_WRITING_GIT = ("update-ref", "update-index", "unpack-objects")


@dataclass
class Bench:
    """A repository, its workshop, and a base."""

    repo: Path
    shop: Workshop
    base: Base

    def change(
        self, files: Mapping[str, bytes | None], modes: Mapping[str, str] | None = None
    ) -> Change:
        return self.as_change(self.shop.build(self.base.tree, files, modes))

    def as_change(self, tree: str) -> Change:
        patch = self.shop.diff(self.base.tree, tree)
        return Change(tree, self.base, tuple(f.change for f in parse(patch)), patch="")


def make_bench(
    folder: Path, files: Mapping[str, str | bytes], *, include_dirty: bool = False, **options: Any
) -> Bench:
    """A repository in folder/repo and its workshop in folder/shop."""
    return open_bench(folder, make_repo(folder / "repo", files, **options), include_dirty)


def open_bench(folder: Path, repo: Path, include_dirty: bool = False) -> Bench:
    shop = Workshop.open(folder / "shop", inspect(repo))
    return Bench(repo, shop, shop.base(include_dirty=include_dirty))


def put_back(pristine: Path, repo: Path) -> None:
    """The repository as it was, with its times."""
    shutil.rmtree(repo, ignore_errors=True)
    shutil.copytree(pristine, repo, symlinks=True)


def killed(work: Callable[[], object], at: int, within: Path) -> bool:
    """Run `work` in a child that is killed just before its system call number `at` that writes
    below `within`; returns whether it was killed before it was done.

    A git call that writes counts as one call. Raises if the child failed in another way.
    """
    child = os.fork()
    if child == 0:
        code = 70
        try:
            _arm(at, str(within))
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the child failed by itself"
    return False


def _arm(at: int, within: str) -> None:
    left = [at]

    def tick() -> None:
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    for name in _CALLS:
        setattr(os, name, _counting(getattr(os, name), name, within, tick))
    execute = gateway._execute

    def counted(cwd: Path, argv: tuple[str, ...], *rest: Any) -> Any:
        if any(word in argv for word in _WRITING_GIT):
            tick()
        return execute(cwd, argv, *rest)

    gateway._execute = counted


def _counting(call: Any, name: str, within: str, tick: Callable[[], None]) -> Any:
    def counted(*args: Any, **named: Any) -> Any:
        by_handle = name in ("write", "fsync")
        reading = name == "open" and not args[1] & os.O_WRONLY
        if not reading and (by_handle or any(within in str(arg) for arg in args)):
            tick()
            if name == "write" and len(args[1]) > 30:
                # Half of it arrives, and the next call is where it may be killed.
                args = (args[0], args[1][: len(args[1]) // 2])
        return call(*args, **named)

    return counted
