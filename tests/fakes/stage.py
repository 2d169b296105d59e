"""Real sessions: a real repository, real checks, a real workshop, answers from a script."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from core import protocol as p
from core.config import Settings
from core.edits.format import Edit, Replace, render
from core.propose.script import ScriptedReply
from core.sandbox.probe import probe
from core.session import LiveSession, open_session
from core.state import State
from tests.fakes.driver import Told, Watcher
from tests.fakes.repos import make_repo
from tests.fakes.sandbox import plain_python

CART = '''\
def total(prices):
    """The sum of the prices, rounded half-even."""
    return round(sum(prices) + 0.01, 2)


def count(prices):
    return len(prices)
'''
TESTS = """\
from cart import count, total


def test_total():
    assert total([1.25, 2.5]) == 3.75


def test_count():
    assert count([1, 2]) == 2
"""
GOAL = "total() must not add anything"
FAILING = "tests/test_cart.py::test_total"
PYPROJECT = '[tool.pytest.ini_options]\npythonpath = ["."]\ntestpaths = ["tests"]\n'


def shop(path: Path, more: Mapping[str, str | bytes] | None = None) -> Path:
    """A small package with one failing test."""
    files = {"cart.py": CART, "tests/test_cart.py": TESTS, "pyproject.toml": PYPROJECT}
    return make_repo(path, {**files, **(more or {})})


def edit(old: str, new: str) -> Replace:
    """An edit of the one line of the cart that holds `old`."""
    line = next(x for x in CART.splitlines() if old in x)
    return Replace("cart.py", line + "\n", line.replace(old, new) + "\n")


@functools.cache
def bare_python() -> str:
    """A Python without plugins, made once for each process: checks start fast and alike."""
    return plain_python()


def clean_environment(home: Path) -> dict[str, str]:
    """A person without keys or configuration, whose XDG folders are the test's.

    The first Python on their PATH is a bare one.
    """
    kept = {k: os.environ[k] for k in ("LANG", "PYENV_ROOT") if k in os.environ}
    bare = os.path.dirname(bare_python())
    return {
        **kept,
        "PATH": f"{bare}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
    }


def change(reasons: str, *edits: Edit, **more: object) -> ScriptedReply:
    return ScriptedReply("change", render(reasons, edits), **more)  # type: ignore[arg-type]


def write_script(path: Path, replies: Sequence[ScriptedReply]) -> Path:
    path.write_bytes(b"\n".join(msgspec.json.encode(r) for r in replies) + b"\n")
    return path


class Stage(Told):
    """A live session as the product opens it."""

    def __init__(
        self,
        repo: Path,
        home: Path,
        *,
        proposer: str = "repair",
        options: p.Options = p.Options(with_plan=False, trust_for_run=True),
        env: Mapping[str, str] | None = None,
        forgetful: bool = False,
        **more: object,
    ) -> None:
        self.watcher = Watcher()
        self.repo = repo
        more.setdefault("interpreter", bare_python())
        self.settings = Settings(
            repo=repo,
            env={**clean_environment(home), **(env or {})},
            # Without a sandbox the same story is told in the open: `trust` speaks of commands only.
            options=replace(options, allow_unsandboxed=probe().kind == "none"),
            proposer=proposer,
            **more,  # type: ignore[arg-type]
        )
        self.session: LiveSession = open_session(self.settings, self.watcher, forgetful=forgetful)

    @property
    def state(self) -> State:
        return self.session.state

    def submit(self, command: p.AnyCommand) -> None:
        self.session.submit(command)

    def close(self) -> None:
        self.session.close()
