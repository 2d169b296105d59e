"""Real sandboxes, interpreters and runners for tests, and marks for those that need them."""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

import core.sandbox.probe
from core.checks.commands import from_command
from core.checks.how import How
from core.checks.interpreter import find
from core.checks.run import run_check
from core.checks.runner import Runner, make_runner
from core.context import Context, PlainContext
from core.protocol import CheckResult, CheckSpec, Isolation, Records
from core.sandbox import landlock, powers
from core.sandbox.limits import Limits
from core.sandbox.mounts import Place
from core.sandbox.probe import probe, unsandboxed

REQUIRED = os.environ.get("LOOPWRIGHT_REQUIRE_SANDBOX") == "1"


needs_sandbox = pytest.mark.skipif(
    probe().kind != "bubblewrap" and not REQUIRED, reason=probe().says
)
"""Skips where bubblewrap is missing; where it is required, the test runs and fails."""


def bubblewrap() -> Isolation:
    """The real sandbox; fails, with the reason, where a test needs it and there is none."""
    isolation = probe()
    assert isolation.kind == "bubblewrap", isolation.says
    return isolation


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


@functools.cache
def plain_python() -> str:
    """A Python without pytest or anything else: a bare virtual environment, made once."""
    folder = Path(tempfile.mkdtemp(prefix="plain-python-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-m", "venv", "--without-pip", str(folder)], check=True)
    return str(folder / "bin" / "python")


def processes(mark: str) -> list[int]:
    """Ids of running processes whose command line holds `mark`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if mark.encode() in words:
                found.append(int(entry.name))
    return found


@dataclass
class Bench:
    """A repository, the workshop's copy of it, and runners for both."""

    folder: Path
    blobs: dict[str, bytes] = field(default_factory=dict)
    repo: Path = Path()

    def __post_init__(self) -> None:
        if self.repo == Path():
            self.repo = self.folder / "repo"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def put(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        self.blobs[name] = data
        return name

    def runner(self, isolation: Isolation, python: str | None = None, **place: Any) -> Runner:
        self.repo.mkdir(exist_ok=True)
        self.work.mkdir(exist_ok=True)
        interpreter = find(self.repo, plain_python() if python is None else python)
        limits = place.pop("limits", Limits())
        where = Place(work=self.work, repo=self.repo, **place)
        return make_runner(where, isolation, interpreter, self.folder / "scratch", limits)

    def check(
        self,
        runner: Runner,
        command: str,
        context: Context | None = None,
        how: How | None = None,
        **spec: Any,
    ) -> CheckResult:
        return self.run(runner, from_command(command, **spec), context, how)

    def run(
        self,
        runner: Runner,
        spec: CheckSpec,
        context: Context | None = None,
        how: How | None = None,
    ) -> CheckResult:
        return run_check(
            spec,
            tree="t",
            runner=runner,
            context=context or PlainContext(),
            action="a",
            put_blob=self.put,
            how=how or How(),
        )

    def output(self, result: CheckResult) -> str:
        return self.blobs[result.output].decode()

    def records(self, result: CheckResult) -> Records:
        return msgspec.json.decode(self.blobs[result.records], type=Records)


def _kind(name: str) -> Any:
    """A parameter: gives the isolation, and skips where this machine has it not.

    bubblewrap can be installed, so where it is required it fails; the rest is the kernel's to give.
    """
    found = getattr(core.sandbox.probe, name)

    def give() -> Isolation:
        isolation = found()
        assert isolation.kind == name, isolation.says
        return isolation

    required = REQUIRED and name == "bubblewrap"
    missing = found().kind != name and not required
    return pytest.param(give, marks=pytest.mark.skipif(missing, reason=found().says), id=name)


MOUNTED = [_kind("bubblewrap"), _kind("namespaces")]
"""Those that show the tree at the repository's own path."""

LANDLOCK = _kind("landlock")

SANDBOXES = [
    *MOUNTED,
    LANDLOCK,
    pytest.param(unsandboxed, id="none"),
]
"""Functions that give an isolation, to parametrise with."""

USUAL = SANDBOXES if os.environ.get("LOOPWRIGHT_EVERY_POINT") else [SANDBOXES[0], SANDBOXES[-1]]
"""For what hardly depends on the kind: all of them only where there is time for it (.ci/run)."""


def under_landlock(layers: int) -> Callable[[], None]:
    """For `preexec_fn`: a process that may open everything and mount nothing.

    So neither bubblewrap nor namespaces work below it; Landlock does until there are 16 layers.
    """

    def restrict() -> None:
        powers.libc.prctl(38, 1, 0, 0, 0)  # no_new_privs
        for _ in range(layers):
            landlock.restrict([], ["/"], network=True)

    return restrict
