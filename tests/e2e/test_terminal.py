"""The product in a real pseudo-terminal, by keys alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.repos import git, snapshot
from tests.fakes.stage import (
    GOAL,
    bare_python,
    change,
    clean_environment,
    edit,
    shop,
    write_script,
)
from tests.fakes.terminal import Terminal

ROOT = Path(__file__).parents[2]


@pytest.fixture
def open_terminal(tmp_path):
    opened = []

    def start(*argv, columns=120, rows=40, **env):
        terminal = Terminal(
            [sys.executable, str(ROOT / "loopwright.py"), *argv],
            columns=columns,
            rows=rows,
            cwd=tmp_path,
            env={**clean_environment(tmp_path), "TMPDIR": str(tmp_path), **env},
        )
        opened.append(terminal)
        return terminal

    yield start
    for terminal in opened:
        terminal.kill()


@pytest.fixture
def quick_python(tmp_path):
    """The demo's checks run with a bare Python, so that its plugins cost no time."""
    config = tmp_path / "config" / "loopwright"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(f'interpreter = "{bare_python()}"\n')


def press(terminal: Terminal, key: str, until: str, seconds: float = 30.0) -> str:
    """Types a key until the screen answers: a gate takes none in its first 0.3 seconds."""
    for _ in range(40):
        terminal.type(key)
        for _ in range(10):
            terminal.pump(0.05)
            if re.search(until, terminal.text):
                return terminal.text
    return terminal.wait(until, seconds)


SIZES = (
    [(120, 40, "1"), (80, 24, "")] if os.environ.get("LOOPWRIGHT_EVERY_POINT") else [(80, 24, "1")]
)


@pytest.mark.parametrize(("columns", "rows", "forgetful"), SIZES)
def test_the_demo_from_start_to_landing_by_keys_alone(
    open_terminal, quick_python, tmp_path, columns, rows, forgetful
):
    terminal = open_terminal("demo", columns=columns, rows=rows, LOOPWRIGHT_FORGETFUL=forgetful)
    terminal.wait("approve the plan", 90)
    (repo,) = tmp_path.glob("loopwright-demo-*/slotbook")
    before = snapshot(repo)
    head = git(repo, "rev-parse", "HEAD")
    press(terminal, "a", "is green|candidates|proposing|trying|Try 1")
    terminal.wait("is green", 90)
    assert snapshot(repo) == before
    press(terminal, "a", "land this|land it")
    assert snapshot(repo) == before
    press(terminal, "\r", "another goal", 60)
    assert git(repo, "rev-parse", "HEAD~1") == head
    assert "Assisted-by: Loopwright" in git(repo, "log", "-1", "--format=%B")
    assert git(repo, "status", "--porcelain") == ""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=repo,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    terminal.type("q")
    assert terminal.ended() == 0


@pytest.fixture
def repo(tmp_path, quick_python):
    """A repository, with a script that has one right reply for it."""
    right = change("Nothing is to be added.", edit(" + 0.01", ""))
    write_script(tmp_path / "script.jsonl", [right])
    with (tmp_path / "config" / "loopwright" / "config.toml").open("a") as config:
        config.write('level = "step"\n')
    return shop(tmp_path / "shop")


def asked(terminal: Terminal) -> None:
    """Types a goal, trusts the checks, and waits for the result."""
    terminal.wait("What should be true")
    terminal.type(GOAL + "\r")
    press(terminal, "y", "is green", 60)


def test_the_terminal_is_given_back_as_it_was(open_terminal, repo, tmp_path):
    terminal = open_terminal(
        str(repo), "--no-plan", "--proposer", f"script:{tmp_path}/script.jsonl"
    )
    asked(terminal)
    press(terminal, "q", "resume` takes the")
    press(terminal, "q", "Closing")
    assert terminal.ended() == 0
    assert b"\x1b[?1049h" in terminal.raw
    assert terminal.raw.rindex(b"\x1b[?1049l") > terminal.raw.rindex(b"\x1b[?1049h")
    assert b"\x1b[?25h" in terminal.raw[terminal.raw.rindex(b"\x1b[?1049l") - 200 :]
    assert b"Traceback" not in terminal.raw


def test_a_second_workbench_looks_on_and_says_who_decides(open_terminal, repo, tmp_path):
    first = open_terminal(str(repo), "--no-plan", "--proposer", f"script:{tmp_path}/script.jsonl")
    asked(first)
    second = open_terminal(str(repo))
    text = second.wait("read-only", 30)
    assert "Another Loopwright" in text
    second.wait("is green", 30)
    second.type("a")
    second.wait("decides|read-only")
    press(first, "s", "You stopped it", 60)
    second.wait("You stopped it", 30)


def test_kill_at_a_gate_and_resume(open_terminal, repo, tmp_path):
    argv = ("--no-plan", "--proposer", f"script:{tmp_path}/script.jsonl")
    terminal = open_terminal(str(repo), *argv)
    asked(terminal)
    before = snapshot(repo)
    terminal.kill()
    assert snapshot(repo) == before
    again = open_terminal("resume", "--repo", str(repo))
    again.wait("is green", 60)
    press(again, "a", "land this|land it")
    press(again, "\r", "another goal", 60)
    assert "Assisted-by" in git(repo, "log", "-1", "--format=%B")
