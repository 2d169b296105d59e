"""The `loopwright` command as a person starts it: a process of its own, in an empty home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.stage import clean_environment

HOUSE = Path(__file__).parents[2]
DOOR = HOUSE / "loopwright.py"


def heeding_interrupts() -> None:
    """A shell's background job, which a test run may be, has its children ignore them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@dataclass
class Person:
    """Somebody with a home folder, and nothing configured in it."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {**clean_environment(self.home), **self.env, **(more or {})}

    def start(self, *argv: str, cwd: Path | None = None, **more: object) -> subprocess.Popen[bytes]:
        options: dict[str, object] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "env": self.environment(),
            "cwd": cwd or self.home,
            "preexec_fn": heeding_interrupts,
            **more,
        }
        return subprocess.Popen([sys.executable, str(DOOR), *argv], **options)  # type: ignore[call-overload,no-any-return]

    def loopwright(self, *argv: str, cwd: Path | None = None, **more: object) -> Said:
        """Runs it to its end, without a terminal."""
        child = self.start(*argv, cwd=cwd, **more)
        out, err = child.communicate(timeout=90)
        return Said(child.returncode, out.decode(), err.decode())


def make_person(home: Path, env: Mapping[str, str] | None = None) -> Person:
    home.mkdir(exist_ok=True)
    os.chmod(home, 0o755)
    return Person(home, dict(env or {}))


def sentences(said: Said) -> Sequence[str]:
    """What was said beside the output; fails on a traceback."""
    assert "Traceback" not in said.err + said.out, said.err
    return said.err.strip().splitlines()
