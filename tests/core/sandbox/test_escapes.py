"""Attempts to get out of a check's sandbox, judged by what befell the outside."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.checks.commands import from_argv
from core.protocol import Isolation
from core.sandbox.probe import unsandboxed
from tests.fakes.escapes import ESCAPES, PREAMBLE, Escape
from tests.fakes.outside import Outside, outside, put_key
from tests.fakes.sandbox import LANDLOCK, MOUNTED, Bench

CANNOT: dict[str, frozenset[str]] = {
    "bubblewrap": frozenset(),
    "namespaces": frozenset(),
    "landlock": frozenset({"change modes and times", "see the engine"}),
}
"""What a kind of sandbox does not promise, and says so in its `Isolation.says`."""


def attempt(world: Outside, isolation: Isolation, script: str) -> bytes:
    """Run it as a check; what it printed."""
    (world.folder / "work" / "attempt.py").write_text(PREAMBLE + script)
    bench = Bench(world.folder, repo=world.repo)
    runner = bench.runner(
        isolation, git_dir=world.folder / "git", environment=(world.repo / ".venv",)
    )
    argv = ("python", "attempt.py", json.dumps(world.told()))
    result = bench.run(runner, from_argv(argv, timeout=20))
    assert result.verdict in ("pass", "fail"), (result, bench.output(result))
    return bench.output(result).encode()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with outside(tmp_path) as made:
        monkeypatch.setenv("HOME", str(made.home))
        put_key(made.mark)
        yield made


@pytest.mark.parametrize("isolate", [*MOUNTED, LANDLOCK])
@pytest.mark.parametrize("escape", ESCAPES, ids=lambda e: e.name)
def test_nothing_gets_out(world: Outside, escape: Escape, isolate: Callable[[], Isolation]) -> None:
    isolation = isolate()
    output = attempt(world, isolation, escape.script)
    escaped = world.befell(output)
    if escape.name in CANNOT[isolation.kind]:
        assert escaped, "it is kept after all: take it off the list"
    else:
        assert escaped == []


@pytest.mark.parametrize("isolate", [*MOUNTED, LANDLOCK])
def test_no_power_is_left_and_none_comes_back(
    world: Outside, isolate: Callable[[], Isolation]
) -> None:
    isolation = isolate()
    said = attempt(world, isolation, "read('/proc/self/status')").decode()
    status = dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)
    # Only who has powers can bound them; without any, no_new_privs is what keeps them away.
    bound = [] if isolation.kind == "landlock" and os.getuid() else ["Bnd"]
    assert {status[f"Cap{name}"] for name in ("Prm", "Eff", "Amb", *bound)} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


@pytest.mark.parametrize(
    "escape",
    [e for e in ESCAPES if e.opens == "anyone" or (e.opens == "root" and os.getuid() == 0)],
    ids=lambda e: e.name,
)
def test_the_same_attempt_succeeds_in_the_open(world: Outside, escape: Escape) -> None:
    """Else the attempt, or the look at what befell, would prove nothing."""
    output = attempt(world, unsandboxed(), escape.script)
    assert world.befell(output) != []
